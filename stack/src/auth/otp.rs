//! Sign-in by a code sent to an address: `POST /otp` puts it in the inbox, `POST /verify` takes it once.

use super::inbox::Mail;
use super::refusal::Refusal;
use super::session::{self, Client};
use super::{Auth, jwt, read_json, text};
use crate::secret;
use axum::Json;
use axum::extract::{Request, State};
use serde_json::{Value, json};
use tokio_postgres::Transaction;

/// Life of a code, as on the platform, in seconds.
const CODE_LIFE_S: f64 = 3600.0;
const KIND: &str = "recovery_token";

/// `POST /otp`: makes a code, and the user when there is none.
pub(super) async fn send(
    State(auth): State<Auth>,
    request: Request,
) -> Result<Json<Value>, Refusal> {
    let body = read_json(request).await?;
    let email = text(&body, "email").trim().to_lowercase();
    if email.is_empty() {
        return Err(Refusal::new(
            400,
            "validation_failed",
            "One of email or phone must be set",
        ));
    }
    if !email.contains('@') {
        return Err(Refusal::new(
            400,
            "validation_failed",
            "Unable to validate email address: invalid format",
        ));
    }
    let mut turn = auth.inner.database.lock().await?;
    let tx = turn.begin().await?;
    let known = tx
        .query_opt(
            "select id::text, coalesce(banned_until > now(), false) from auth.users \
             where lower(email) = $1 and not is_sso_user and deleted_at is null",
            &[&email],
        )
        .await?;
    let id: String = match known {
        Some(row) if row.get(1) => return Err(Refusal::new(403, "user_banned", "User is banned")),
        Some(row) => row.get(0),
        None if body["create_user"] == false => {
            return Err(Refusal::new(
                422,
                "otp_disabled",
                "Signups not allowed for otp",
            ));
        }
        None => create_user(&tx, &email, &body["data"]).await?,
    };
    let code = secret::six_digits();
    let hash = hash(&email, &code);
    tx.execute(
        "insert into auth.one_time_tokens (id, user_id, token_type, token_hash, relates_to) \
         values (gen_random_uuid(), $1::text::uuid, $2, $3, $4) \
         on conflict (user_id, token_type) do update \
         set token_hash = excluded.token_hash, created_at = now(), updated_at = now()",
        &[&id, &KIND, &hash, &email],
    )
    .await?;
    tx.execute(
        "update auth.users set recovery_token = $2, recovery_sent_at = now() where id = $1::text::uuid",
        &[&id, &hash],
    )
    .await?;
    tx.commit().await?;
    auth.inner.inbox.put(
        &email,
        Mail {
            code,
            sent_s: jwt::now_s(),
        },
    );
    Ok(Json(json!({ "message_id": null })))
}

/// `POST /verify`: a code for a session.
pub(super) async fn verify(
    State(auth): State<Auth>,
    request: Request,
) -> Result<Json<Value>, Refusal> {
    let client = Client::of(&request);
    let body = read_json(request).await?;
    let email = text(&body, "email").trim().to_lowercase();
    let code = text(&body, "token");
    if !["email", "magiclink", "signup", "recovery"].contains(&text(&body, "type")) {
        return Err(Refusal::new(
            400,
            "validation_failed",
            "Verify requires a verification type",
        ));
    }
    if email.is_empty() || code.is_empty() {
        let message = "Only an email address or phone number should be provided on verify";
        return Err(Refusal::new(400, "validation_failed", message));
    }
    let mut turn = auth.inner.database.lock().await?;
    let tx = turn.begin().await?;
    let row = tx
        .query_opt(
            "select u.id::text, coalesce(u.banned_until > now(), false) \
             from auth.one_time_tokens as t join auth.users as u on u.id = t.user_id \
             where t.token_type = $1 and t.relates_to = $2 and t.token_hash = $3 and u.deleted_at is null \
             and t.created_at + make_interval(secs => $4) > now()",
            &[&KIND, &email, &hash(&email, code), &CODE_LIFE_S],
        )
        .await?;
    let Some(row) = row else {
        return Err(Refusal::new(
            403,
            "otp_expired",
            "Token has expired or is invalid",
        ));
    };
    let (id, is_banned): (String, bool) = (row.get(0), row.get(1));
    if is_banned {
        return Err(Refusal::new(403, "user_banned", "User is banned"));
    }
    tx.execute(
        "delete from auth.one_time_tokens where user_id = $1::text::uuid",
        &[&id],
    )
    .await?;
    tx.execute(
        "update auth.users set recovery_token = '', email_confirmed_at = coalesce(email_confirmed_at, now()) \
         where id = $1::text::uuid",
        &[&id],
    )
    .await?;
    let answer = session::begin(&auth.inner, &tx, &id, "otp", &client).await?;
    tx.commit().await?;
    Ok(Json(answer))
}

fn hash(email: &str, code: &str) -> String {
    secret::sha256_hex(&format!("{email}{code}"))
}

async fn create_user(tx: &Transaction<'_>, email: &str, data: &Value) -> Result<String, Refusal> {
    let data = if data.is_object() {
        data.to_string()
    } else {
        "{}".to_owned()
    };
    let row = tx
        .query_one(
            "with made as ( \
                insert into auth.users (instance_id, id, aud, role, email, encrypted_password, confirmation_token, \
                    recovery_token, email_change_token_new, email_change, raw_app_meta_data, raw_user_meta_data, \
                    created_at, updated_at) \
                values ('00000000-0000-0000-0000-000000000000', gen_random_uuid(), 'authenticated', 'authenticated', \
                    $1, '', '', '', '', '', '{\"provider\": \"email\", \"providers\": [\"email\"]}', \
                    $2::text::jsonb, now(), now()) \
                returning id), \
            identity as ( \
                insert into auth.identities (provider_id, user_id, identity_data, provider, created_at, updated_at) \
                select id::text, id, jsonb_build_object('sub', id, 'email', $1::text), 'email', now(), now() from made) \
            select id::text from made",
            &[&email, &data],
        )
        .await?;
    Ok(row.get(0))
}
