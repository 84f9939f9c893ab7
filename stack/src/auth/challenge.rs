//! A second factor asked for and given: `POST /factors/{id}/challenge`, then `POST /factors/{id}/verify` with the code,
//! which raises the session to `aal2` and ends the user's sessions that are below it.

use super::factor::Factor;
use super::refusal::Refusal;
use super::{Auth, jwt, read_json, session, text, user};
use crate::totp;
use axum::Json;
use axum::extract::{Path, Request, State};
use axum::http::HeaderMap;
use serde_json::{Value, json};
use tokio_postgres::Transaction;
use uuid::Uuid;

/// Life of a challenge, in seconds, as on the platform.
const LIFE_S: u32 = 300;

/// `POST /factors/{id}/challenge`.
pub(super) async fn ask(
    State(auth): State<Auth>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Json<Value>, Refusal> {
    let mut turn = auth.inner.database.lock().await?;
    let tx = turn.begin().await?;
    let caller = user::authenticate(&auth.inner, &tx, &headers).await?;
    let factor = Factor::find(&tx, &caller, &id).await?;
    factor.must_be_totp()?;
    let challenge = Uuid::new_v4().to_string();
    let row = tx
        .query_one(
            "insert into auth.mfa_challenges (id, factor_id, created_at, ip_address) \
             values ($1::text::uuid, $2::text::uuid, clock_timestamp(), '127.0.0.1') \
             returning extract(epoch from created_at)::bigint",
            &[&challenge, &factor.id],
        )
        .await?;
    let asked_s: i64 = row.get(0);
    tx.execute(
        "update auth.mfa_factors set last_challenged_at = clock_timestamp() where id = $1::text::uuid",
        &[&factor.id],
    )
    .await?;
    tx.commit().await?;
    Ok(Json(json!({
        "id": challenge,
        "type": "totp",
        "expires_at": asked_s + i64::from(LIFE_S),
    })))
}

/// `POST /factors/{id}/verify`: a code for new tokens of the same session.
pub(super) async fn verify(
    State(auth): State<Auth>,
    Path(id): Path<String>,
    headers: HeaderMap,
    request: Request,
) -> Result<Json<Value>, Refusal> {
    let body = read_json(request).await?;
    let (challenge, code) = (text(&body, "challenge_id"), text(&body, "code"));
    let mut turn = auth.inner.database.lock().await?;
    let tx = turn.begin().await?;
    let caller = user::authenticate(&auth.inner, &tx, &headers).await?;
    let factor = Factor::find(&tx, &caller, &id).await?;
    if code.is_empty() {
        return Err(Refusal::new(
            400,
            "validation_failed",
            "Code needs to be non-empty",
        ));
    }
    factor.must_be_totp()?;
    match Standing::of(&tx, &factor, challenge).await? {
        Standing::Open => {}
        Standing::Unknown => {
            let message = "MFA factor with the provided challenge ID not found";
            return Err(Refusal::new(422, "mfa_factor_not_found", message));
        }
        // The real one says this of both: another address, and a challenge that was met already.
        Standing::Met => {
            let message = "Challenge and verify IP addresses mismatch.";
            return Err(Refusal::new(422, "mfa_ip_address_mismatch", message));
        }
        Standing::Expired => {
            let forget = "delete from auth.mfa_challenges where id = $1::text::uuid";
            tx.execute(forget, &[&challenge]).await?;
            tx.commit().await?;
            let message = format!(
                "MFA challenge {challenge} has expired, verify against another challenge or create a new challenge."
            );
            return Err(Refusal::new(422, "mfa_challenge_expired", message));
        }
    }
    if !totp::is_right(&factor.secret, code, jwt::now_s()) {
        let message = "Invalid TOTP code entered";
        return Err(Refusal::new(422, "mfa_verification_failed", message));
    }
    tx.execute(
        "update auth.mfa_challenges set verified_at = now() where id = $1::text::uuid",
        &[&challenge],
    )
    .await?;
    tx.execute(
        "update auth.mfa_factors set status = 'verified', updated_at = now() where id = $1::text::uuid and status <> 'verified'",
        &[&factor.id],
    )
    .await?;
    let token = session::raise(&tx, &caller, &factor.id).await?;
    for statement in [
        "delete from auth.sessions where user_id = $1::text::uuid and aal < 'aal2'",
        "delete from auth.mfa_factors where user_id = $1::text::uuid and status = 'unverified' and factor_type = 'totp'",
    ] {
        tx.execute(statement, &[&caller.id]).await?;
    }
    let answer = session::describe(&auth.inner, &tx, &caller.id, &caller.session, token).await?;
    tx.commit().await?;
    Ok(Json(answer))
}

/// How a challenge stands.
enum Standing {
    Open,
    Unknown,
    Met,
    Expired,
}

impl Standing {
    async fn of(tx: &Transaction<'_>, factor: &Factor, id: &str) -> Result<Self, Refusal> {
        let row = tx
            .query_opt(
                "select verified_at is not null, created_at + make_interval(secs => $3) < clock_timestamp() \
                 from auth.mfa_challenges where id::text = $1 and factor_id = $2::text::uuid",
                &[&id, &factor.id, &f64::from(LIFE_S)],
            )
            .await?;
        Ok(match row {
            None => Self::Unknown,
            Some(row) if row.get(0) => Self::Met,
            Some(row) if row.get(1) => Self::Expired,
            Some(_) => Self::Open,
        })
    }
}
