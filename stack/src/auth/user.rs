//! Users as Auth shows them, and the check of a bearer token against its user and session. Read-only.

use super::refusal::Refusal;
use super::{Auth, Inner, jwt};
use crate::gateway::bearer;
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use serde_json::Value;
use std::sync::LazyLock;
use tokio_postgres::Transaction;

/// The user as JSON, with null for what Auth leaves out.
static SHOW: LazyLock<String> = LazyLock::new(|| {
    let time = |column: &str| {
        format!("to_char({column} at time zone 'utc', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')")
    };
    format!(
        "select json_build_object(
            'id', u.id, 'aud', coalesce(nullif(u.aud, ''), 'authenticated'),
            'role', coalesce(nullif(u.role, ''), 'authenticated'),
            'email', coalesce(u.email, ''), 'email_confirmed_at', {}, 'invited_at', {},
            'phone', coalesce(u.phone, ''), 'phone_confirmed_at', {}, 'confirmed_at', {},
            'recovery_sent_at', {}, 'last_sign_in_at', {}, 'banned_until', {},
            'app_metadata', coalesce(u.raw_app_meta_data, '{{}}'), 'user_metadata', coalesce(u.raw_user_meta_data, '{{}}'),
            'identities', coalesce((
                select json_agg(json_build_object(
                    'identity_id', i.id, 'id', i.provider_id, 'user_id', i.user_id, 'identity_data', i.identity_data,
                    'provider', i.provider, 'last_sign_in_at', {}, 'created_at', {}, 'updated_at', {},
                    'email', i.email) order by i.created_at)
                from auth.identities as i where i.user_id = u.id), '[]'),
            'factors', (
                select json_agg(jsonb_build_object(
                    'id', f.id, 'created_at', {}, 'updated_at', {}, 'status', f.status, 'factor_type', f.factor_type,
                    'phone', coalesce(f.phone, ''), 'last_challenged_at', {})
                    || case when coalesce(f.friendly_name, '') = '' then '{{}}'
                        else jsonb_build_object('friendly_name', f.friendly_name) end order by f.created_at)
                from auth.mfa_factors as f where f.user_id = u.id),
            'created_at', {}, 'updated_at', {}, 'is_anonymous', u.is_anonymous)::text,
            coalesce(u.banned_until > now(), false)
        from auth.users as u where u.id = $1::text::uuid and u.deleted_at is null",
        time("u.email_confirmed_at"),
        time("u.invited_at"),
        time("u.phone_confirmed_at"),
        time("u.confirmed_at"),
        time("u.recovery_sent_at"),
        time("u.last_sign_in_at"),
        time("u.banned_until"),
        time("i.last_sign_in_at"),
        time("i.created_at"),
        time("i.updated_at"),
        time("f.created_at"),
        time("f.updated_at"),
        time("f.last_challenged_at"),
        time("u.created_at"),
        time("u.updated_at"),
    )
});

/// A user as Auth shows it.
pub(super) struct User {
    /// The JSON body.
    pub(super) json: Value,
    /// Whether a ban is running.
    pub(super) is_banned: bool,
}

impl User {
    /// A field as text.
    pub(super) fn text(&self, name: &str) -> &str {
        self.json[name].as_str().unwrap_or_default()
    }
}

/// Reads a user.
pub(super) async fn find(tx: &Transaction<'_>, id: &str) -> Result<Option<User>, Refusal> {
    let Some(row) = tx.query_opt(SHOW.as_str(), &[&id]).await? else {
        return Ok(None);
    };
    let mut json: Value = serde_json::from_str(row.get(0)).unwrap_or_default();
    if let Some(fields) = json.as_object_mut() {
        fields.retain(|_, value| !value.is_null());
    }
    Ok(Some(User {
        json,
        is_banned: row.get(1),
    }))
}

/// Who a request comes from.
pub(super) struct Caller {
    /// The user.
    pub(super) user: User,
    /// The user's id.
    pub(super) id: String,
    /// The session of the token.
    pub(super) session: String,
    /// Whether a second factor was given in it.
    pub(super) is_aal2: bool,
}

/// Checks the bearer token, its user and its session, as Auth does before anything that needs a user.
pub(super) async fn authenticate(
    inner: &Inner,
    tx: &Transaction<'_>,
    headers: &HeaderMap,
) -> Result<Caller, Refusal> {
    let authorization = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok());
    let token = authorization.and_then(bearer).ok_or_else(|| {
        Refusal::new(
            401,
            "no_authorization",
            "This endpoint requires a valid Bearer token",
        )
    })?;
    let bad = |why: &str| {
        Refusal::new(
            403,
            "bad_jwt",
            format!("invalid JWT: unable to parse or verify signature, {why}"),
        )
    };
    let claims = jwt::verify(token, &inner.jwt_secret).map_err(|fault| match fault {
        jwt::Fault::Invalid => bad("token signature is invalid"),
        jwt::Fault::Expired => bad("token has invalid claims: token is expired"),
    })?;
    let id = claims["sub"]
        .as_str()
        .filter(|id| uuid::Uuid::parse_str(id).is_ok());
    let Some(id) = id else {
        return Err(Refusal::new(
            403,
            "bad_jwt",
            "invalid claim: missing sub claim",
        ));
    };
    let user = find(tx, id).await?.ok_or_else(|| {
        Refusal::new(
            403,
            "user_not_found",
            "User from sub claim in JWT does not exist",
        )
    })?;
    if user.is_banned {
        return Err(Refusal::new(403, "user_banned", "User is banned"));
    }
    let session = claims["session_id"].as_str().unwrap_or_default().to_owned();
    let live = tx
        .query_opt(
            "select coalesce(aal >= 'aal2', false) from auth.sessions \
             where id::text = $1 and user_id::text = $2 and (not_after is null or not_after > now())",
            &[&session, &id],
        )
        .await?;
    let Some(live) = live else {
        let message = "Session from session_id claim in JWT does not exist";
        return Err(Refusal::new(403, "session_not_found", message));
    };
    Ok(Caller {
        id: id.to_owned(),
        user,
        session,
        is_aal2: live.get(0),
    })
}

/// `GET /user`.
pub(super) async fn show(
    State(auth): State<Auth>,
    headers: HeaderMap,
) -> Result<Json<Value>, Refusal> {
    let mut turn = auth.inner.database.lock().await?;
    let tx = turn.begin().await?;
    let caller = authenticate(&auth.inner, &tx, &headers).await?;
    Ok(Json(caller.user.json))
}
