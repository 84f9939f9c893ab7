//! Sessions and their tokens: begun at a sign-in, raised by a second factor, carried on by a refresh. Owns the claims of
//! an access token.

use super::refusal::Refusal;
use super::user::{self, Caller};
use super::{Inner, jwt};
use crate::secret;
use axum::extract::Request;
use axum::http::header;
use serde_json::{Value, json};
use tokio_postgres::Transaction;
use uuid::Uuid;

/// What a session remembers of the program that began it.
pub(super) struct Client {
    agent: Option<String>,
}

impl Client {
    /// Reads it from the request.
    pub(super) fn of(request: &Request) -> Self {
        let agent = request
            .headers()
            .get(header::USER_AGENT)
            .and_then(|value| value.to_str().ok());
        Self {
            agent: agent.map(str::to_owned),
        }
    }
}

/// Begins a session of a user who proved to be one by `method` (`password`, `otp`).
pub(super) async fn begin(
    inner: &Inner,
    tx: &Transaction<'_>,
    user_id: &str,
    method: &str,
    client: &Client,
) -> Result<Value, Refusal> {
    let session = Uuid::new_v4().to_string();
    tx.execute(
        "insert into auth.sessions (id, user_id, created_at, updated_at, aal, user_agent, ip) \
         values ($1::text::uuid, $2::text::uuid, now(), now(), 'aal1', $3, '127.0.0.1')",
        &[&session, &user_id, &client.agent],
    )
    .await?;
    tx.execute(
        "insert into auth.mfa_amr_claims (id, session_id, created_at, updated_at, authentication_method) \
         values (gen_random_uuid(), $1::text::uuid, now(), now(), $2)",
        &[&session, &method],
    )
    .await?;
    tx.execute("update auth.users set last_sign_in_at = now(), updated_at = now() where id = $1::text::uuid", &[&user_id])
        .await?;
    let token = add_token(tx, user_id, &session, None).await?;
    describe(inner, tx, user_id, &session, token).await
}

/// Adds a refresh token to a session.
pub(super) async fn add_token(
    tx: &Transaction<'_>,
    user_id: &str,
    session: &str,
    parent: Option<&str>,
) -> Result<String, Refusal> {
    let token = secret::url_token();
    tx.execute(
        "insert into auth.refresh_tokens \
         (instance_id, token, user_id, revoked, created_at, updated_at, parent, session_id) \
         values ('00000000-0000-0000-0000-000000000000', $1, $2, false, now(), now(), $3, $4::text::uuid)",
        &[&token, &user_id, &parent, &session],
    )
    .await?;
    Ok(token)
}

/// Raises the caller's session to `aal2` because of this factor, and gives its new refresh token: the old one was handed
/// out for one factor only.
pub(super) async fn raise(
    tx: &Transaction<'_>,
    caller: &Caller,
    factor: &str,
) -> Result<String, Refusal> {
    tx.execute(
        "insert into auth.mfa_amr_claims (id, session_id, created_at, updated_at, authentication_method) \
         values (gen_random_uuid(), $1::text::uuid, now(), now(), 'totp') \
         on conflict (session_id, authentication_method) do update set updated_at = now()",
        &[&caller.session],
    )
    .await?;
    tx.execute(
        "update auth.sessions set aal = 'aal2', factor_id = $2::text::uuid, updated_at = now() where id = $1::text::uuid",
        &[&caller.session, &factor],
    )
    .await?;
    let retired = tx
        .query(
            "update auth.refresh_tokens set revoked = true, updated_at = clock_timestamp() \
             where session_id = $1::text::uuid and not revoked returning token",
            &[&caller.session],
        )
        .await?;
    let parent: Option<&str> = retired.first().map(|row| row.get(0));
    add_token(tx, &caller.id, &caller.session, parent).await
}

/// The answer of a sign-in or refresh: a fresh access token, the refresh token, the user.
pub(super) async fn describe(
    inner: &Inner,
    tx: &Transaction<'_>,
    user_id: &str,
    session: &str,
    refresh_token: String,
) -> Result<Value, Refusal> {
    let user = user::find(tx, user_id)
        .await?
        .ok_or_else(Refusal::credentials)?;
    let methods = tx
        .query_one(
            "select coalesce(json_agg(json_build_object('method', authentication_method, \
             'timestamp', extract(epoch from updated_at)::bigint) order by updated_at desc), '[]')::text, \
             (select coalesce(aal, 'aal1')::text from auth.sessions where id = $1::text::uuid) \
             from auth.mfa_amr_claims where session_id = $1::text::uuid",
            &[&session],
        )
        .await?;
    let level: Option<String> = methods.get(1);
    let methods: Value = serde_json::from_str(methods.get(0)).unwrap_or_default();
    let now = jwt::now_s();
    let life = inner.token_life.as_secs();
    let claims = json!({
        "iss": inner.issuer,
        "sub": user_id,
        "aud": user.text("aud"),
        "exp": now + life,
        "iat": now,
        "email": user.text("email"),
        "phone": user.text("phone"),
        "app_metadata": user.json["app_metadata"],
        "user_metadata": user.json["user_metadata"],
        "role": user.text("role"),
        "aal": level.as_deref().unwrap_or("aal1"),
        "amr": methods,
        "session_id": session,
        "is_anonymous": user.json["is_anonymous"],
    });
    Ok(json!({
        "access_token": jwt::sign(&claims, &inner.jwt_secret),
        "token_type": "bearer",
        "expires_in": life,
        "expires_at": now + life,
        "refresh_token": refresh_token,
        "user": user.json,
    }))
}
