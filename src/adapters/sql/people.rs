//! The e-mail addresses of the project's users.

/// The query: the newest users, so many at most.
pub(in crate::adapters) fn query(most: usize) -> String {
    format!(
        "select id::text, email::text from auth.users where email is not null order by created_at desc nulls last limit {most}"
    )
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
