//! `POST /token?grant_type=password`. The database compares the password: the hash never leaves it.

use super::refusal::Refusal;
use super::session::{self, Client};
use super::{Inner, text};
use serde_json::Value;

/// An unknown address costs the same comparison as a known one. The hash is of nothing that can be typed.
const FIND: &str = "
    select u.id::text,
        coalesce(extensions.crypt($2, case
            when u.encrypted_password like '$2%' then u.encrypted_password
            else '$2a$10$PJ2Fk5rV1uC4m3xS8wQzGeZk7y0b6n9t1d4h7j2l5p8s3v6x9a0c.'
        end) = u.encrypted_password, false),
        coalesce(u.banned_until > now(), false),
        u.email_confirmed_at is not null
    from (select) as one
    left join auth.users as u on lower(u.email) = lower($1) and not u.is_sso_user and u.deleted_at is null
    limit 1";

/// Signs in with email and password.
pub(super) async fn sign_in(
    inner: &Inner,
    body: &Value,
    client: &Client,
) -> Result<Value, Refusal> {
    let (email, password) = (text(body, "email").trim(), text(body, "password"));
    if email.is_empty() {
        let message = if text(body, "phone").is_empty() {
            "missing email or phone"
        } else {
            "Phone logins are disabled"
        };
        return Err(Refusal::new(400, "validation_failed", message));
    }
    let mut turn = inner.database.lock().await?;
    let tx = turn.begin().await?;
    let row = tx.query_one(FIND, &[&email, &password]).await?;
    let (id, is_right, is_banned, is_confirmed): (Option<String>, bool, bool, bool) =
        (row.get(0), row.get(1), row.get(2), row.get(3));
    let Some(id) = id else {
        return Err(Refusal::credentials());
    };
    if is_banned {
        return Err(Refusal::new(400, "user_banned", "User is banned"));
    }
    if !is_right {
        return Err(Refusal::credentials());
    }
    if !is_confirmed {
        return Err(Refusal::new(
            400,
            "email_not_confirmed",
            "Email not confirmed",
        ));
    }
    let answer = session::begin(inner, &tx, &id, "password", client).await?;
    tx.commit().await?;
    Ok(answer)
}
