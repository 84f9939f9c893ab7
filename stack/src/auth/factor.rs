//! Second factors of a user: enrolled, looked up, given up. Only authenticator apps (TOTP); a code is asked for and
//! checked in `challenge`. The SVG of the QR code is left out: the `otpauth` URI says the same.

use super::refusal::Refusal;
use super::user::{self, Caller};
use super::{Auth, read_json, text};
use crate::totp;
use axum::Json;
use axum::extract::{Path, Request, State};
use axum::http::HeaderMap;
use serde_json::{Value, json};
use tokio_postgres::Transaction;
use uuid::Uuid;

/// As many as the platform allows.
const MOST: i64 = 10;
/// An unverified factor that was never asked for ends after this, in seconds.
const UNUSED_LIFE_S: f64 = 300.0;

/// A factor of the caller.
pub(super) struct Factor {
    /// Its id.
    pub(super) id: String,
    /// Whether a right code was given once.
    pub(super) is_verified: bool,
    /// The shared secret, in base32.
    pub(super) secret: String,
    kind: String,
}

impl Factor {
    /// Finds a factor among the caller's own.
    pub(super) async fn find(
        tx: &Transaction<'_>,
        caller: &Caller,
        id: &str,
    ) -> Result<Self, Refusal> {
        if Uuid::parse_str(id).is_err() {
            return Err(Refusal::new(
                404,
                "validation_failed",
                "factor_id must be an UUID",
            ));
        }
        let row = tx
            .query_opt(
                "select id::text, status = 'verified', coalesce(secret, ''), factor_type::text \
                 from auth.mfa_factors where id = $1::text::uuid and user_id = $2::text::uuid",
                &[&id, &caller.id],
            )
            .await?;
        let row =
            row.ok_or_else(|| Refusal::new(404, "mfa_factor_not_found", "Factor not found"))?;
        Ok(Self {
            id: row.get(0),
            is_verified: row.get(1),
            secret: row.get(2),
            kind: row.get(3),
        })
    }

    /// Refuses what no code can be asked for here: factors that did not come from this stack.
    pub(super) fn must_be_totp(&self) -> Result<(), Refusal> {
        let (code, kind) = match self.kind.as_str() {
            "totp" => return Ok(()),
            "phone" => ("mfa_phone_verify_not_enabled", "Phone"),
            _ => ("mfa_webauthn_verify_not_enabled", "WebAuthn"),
        };
        let message = format!("MFA verification is disabled for {kind}");
        Err(Refusal::new(422, code, message))
    }
}

/// `POST /factors`: a new factor with its secret, unverified until a right code was given.
pub(super) async fn enroll(
    State(auth): State<Auth>,
    headers: HeaderMap,
    request: Request,
) -> Result<Json<Value>, Refusal> {
    let body = read_json(request).await?;
    let mut turn = auth.inner.database.lock().await?;
    let tx = turn.begin().await?;
    let caller = user::authenticate(&auth.inner, &tx, &headers).await?;
    match text(&body, "factor_type") {
        "totp" => {}
        "phone" => return Err(disabled("mfa_phone_enroll_not_enabled", "Phone")),
        "webauthn" => return Err(disabled("mfa_webauthn_enroll_not_enabled", "WebAuthn")),
        _ => {
            return Err(Refusal::new(
                400,
                "validation_failed",
                "factor_type needs to be totp, phone, or webauthn",
            ));
        }
    }
    let name = text(&body, "friendly_name");
    admit(&tx, &caller, name).await?;
    let host = auth.inner.issuer.trim_start_matches("http://");
    let issuer = match text(&body, "issuer") {
        "" => host.split('/').next().unwrap_or_default(),
        issuer => issuer,
    };
    let (id, secret) = (Uuid::new_v4().to_string(), totp::new_secret());
    tx.execute(
        "insert into auth.mfa_factors (id, user_id, friendly_name, factor_type, status, created_at, updated_at, secret) \
         values ($1::text::uuid, $2::text::uuid, $3, 'totp', 'unverified', now(), now(), $4)",
        &[&id, &caller.id, &name, &secret],
    )
    .await?;
    let uri = totp::uri(issuer, caller.user.text("email"), &secret);
    tx.commit().await?;
    Ok(Json(json!({
        "id": id,
        "type": "totp",
        "friendly_name": name,
        "totp": { "secret": secret, "uri": uri },
    })))
}

fn disabled(code: &'static str, kind: &str) -> Refusal {
    Refusal::new(422, code, format!("MFA enroll is disabled for {kind}"))
}

/// Whether the caller may have one factor more under this name.
async fn admit(tx: &Transaction<'_>, caller: &Caller, name: &str) -> Result<(), Refusal> {
    tx.execute(
        "delete from auth.mfa_factors as f where status <> 'verified' \
         and created_at + make_interval(secs => $1) < now() \
         and not exists (select from auth.mfa_challenges where factor_id = f.id)",
        &[&UNUSED_LIFE_S],
    )
    .await?;
    let row = tx
        .query_one(
            "select count(*), count(*) filter (where status = 'verified'), \
             coalesce(bool_or(coalesce(friendly_name, '') = $2), false) \
             from auth.mfa_factors where user_id = $1::text::uuid",
            &[&caller.id, &name],
        )
        .await?;
    let (all, verified, is_taken): (i64, i64, bool) = (row.get(0), row.get(1), row.get(2));
    if is_taken {
        let message =
            format!("A factor with the friendly name {name:?} for this user already exists");
        return Err(Refusal::new(422, "mfa_factor_name_conflict", message));
    }
    if all >= MOST {
        let message = "Maximum number of verified factors reached, unenroll to continue";
        return Err(Refusal::new(422, "too_many_enrolled_mfa_factors", message));
    }
    if verified > 0 && !caller.is_aal2 {
        let message = "AAL2 required to enroll a new factor";
        return Err(Refusal::new(403, "insufficient_aal", message));
    }
    Ok(())
}

/// `DELETE /factors/{id}`: sessions that were raised by it are of one factor again.
pub(super) async fn unenroll(
    State(auth): State<Auth>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Json<Value>, Refusal> {
    let mut turn = auth.inner.database.lock().await?;
    let tx = turn.begin().await?;
    let caller = user::authenticate(&auth.inner, &tx, &headers).await?;
    let factor = Factor::find(&tx, &caller, &id).await?;
    if factor.is_verified && !caller.is_aal2 {
        let message = "AAL2 required to unenroll verified factor";
        return Err(Refusal::new(422, "insufficient_aal", message));
    }
    for statement in [
        "delete from auth.mfa_amr_claims where authentication_method = 'totp' \
         and session_id in (select id from auth.sessions where factor_id = $1::text::uuid)",
        "update auth.sessions set aal = 'aal1', factor_id = null where factor_id = $1::text::uuid",
        "delete from auth.mfa_factors where id = $1::text::uuid",
    ] {
        tx.execute(statement, &[&factor.id]).await?;
    }
    tx.commit().await?;
    Ok(Json(json!({ "id": factor.id })))
}
