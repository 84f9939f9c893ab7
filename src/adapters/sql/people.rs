//! The e-mail addresses of the project's users, and one of them with what a token would say of them.

use super::quote::dollar;
use crate::domain::account::AuthAccount;
use crate::domain::text;

/// The query: the newest users, so many at most.
pub(in crate::adapters) fn query(most: usize) -> String {
    format!(
        "select id::text, email::text from auth.users where email is not null order by created_at desc nulls last limit {most}"
    )
}

/// The query for one user: by e-mail address, phone number or id. An older Auth has no anonymous users and no column for them.
pub(in crate::adapters) fn account_query(name: &str) -> String {
    let name = dollar(name.trim());
    format!(
        "select id::text, coalesce(email::text, ''), coalesce(phone::text, ''), coalesce(nullif(role::text, ''), 'authenticated'), \
        coalesce(raw_app_meta_data, '{{}}')::text, coalesce(raw_user_meta_data, '{{}}')::text, coalesce(to_jsonb(u) ->> 'is_anonymous', 'false') \
        from auth.users u where lower(email::text) = lower({name}) or phone::text = ltrim({name}, '+') or id::text = lower({name}) limit 1"
    )
}

/// The columns of that query.
pub(in crate::adapters) const ACCOUNT_COLUMNS: usize = 7;

/// Its row. The texts are those of a server.
pub(in crate::adapters) fn account(rows: Vec<Vec<Option<String>>>) -> Option<AuthAccount> {
    let mut row = rows
        .into_iter()
        .next()?
        .into_iter()
        .map(Option::unwrap_or_default);
    let mut next = || row.next().unwrap_or_default();
    let json = |text: String| serde_json::from_str(&text).unwrap_or_default();
    Some(AuthAccount {
        id: text::cell(&next()).into_owned(),
        email: text::cell(&next()).into_owned(),
        phone: text::cell(&next()).into_owned(),
        role: text::cell(&next()).into_owned(),
        app_metadata: json(next()),
        user_metadata: json(next()),
        is_anonymous: next() == "true",
    })
}

/// What cannot be done where it fails.
pub(in crate::adapters) const WHAT: &str = "The e-mail addresses of the users cannot be read.";

/// Its rows.
pub(in crate::adapters) fn pairs(rows: Vec<Vec<Option<String>>>) -> Vec<(String, String)> {
    let pair = |row: Vec<Option<String>>| {
        let mut row = row.into_iter().flatten();
        Some((row.next()?, row.next()?))
    };
    rows.into_iter().filter_map(pair).collect()
}
