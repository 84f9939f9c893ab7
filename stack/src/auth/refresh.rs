//! `POST /token?grant_type=refresh_token`: rotation, the window in which a used token is still good, and the end of
//! the session when one is used after it.

use super::refusal::Refusal;
use super::{Inner, session, text, user};
use serde_json::Value;

const FIND: &str = "
    select t.user_id, t.session_id::text, coalesce(t.revoked, false),
        t.updated_at + make_interval(secs => $2) < clock_timestamp(),
        s.id is null, coalesce(s.not_after <= clock_timestamp(), false)
    from auth.refresh_tokens as t
    left join auth.sessions as s on s.id = t.session_id
    where t.token = $1
    for update of t";

/// Exchanges a refresh token for new tokens.
pub(super) async fn exchange(inner: &Inner, body: &Value) -> Result<Value, Refusal> {
    let token = text(body, "refresh_token");
    if token.is_empty() {
        return Err(Refusal::new(
            400,
            "validation_failed",
            "refresh_token required",
        ));
    }
    let invalid =
        |code, why: &str| Refusal::new(400, code, format!("Invalid Refresh Token: {why}"));
    let mut turn = inner.database.lock().await?;
    let tx = turn.begin().await?;
    let Some(row) = tx
        .query_opt(FIND, &[&token, &inner.reuse_window.as_secs_f64()])
        .await?
    else {
        return Err(invalid(
            "refresh_token_not_found",
            "Refresh Token Not Found",
        ));
    };
    let (user_id, session): (String, Option<String>) = (row.get(0), row.get(1));
    let (is_used, is_late, is_orphan, is_over): (bool, bool, bool, bool) =
        (row.get(2), row.get(3), row.get(4), row.get(5));
    let Some(session) = session.filter(|_| !is_orphan) else {
        return Err(invalid("session_not_found", "Session Not Found"));
    };
    if user::find(&tx, &user_id)
        .await?
        .is_some_and(|user| user.is_banned)
    {
        return Err(invalid("user_banned", "User Banned"));
    }
    if is_used && (is_late || is_over) {
        // Somebody else has this token: whoever it is, the whole session ends.
        tx.execute(
            "update auth.refresh_tokens set revoked = true, updated_at = updated_at - interval '1 hour' \
             where session_id = $1::text::uuid and not revoked",
            &[&session],
        )
        .await?;
        tx.execute(
            "update auth.sessions set not_after = now() where id = $1::text::uuid",
            &[&session],
        )
        .await?;
        tx.commit().await?;
        return Err(invalid("refresh_token_already_used", "Already Used"));
    }
    if is_over {
        return Err(invalid("session_expired", "Session Expired"));
    }

    let current = "select token from auth.refresh_tokens \
                   where session_id = $1::text::uuid and not revoked order by id desc limit 1";
    let current = tx.query_opt(current, &[&session]).await?;
    let next = if let Some(row) = current.filter(|_| is_used) {
        // The client lost the first answer: it gets the same token again.
        row.get(0)
    } else {
        let retire = "update auth.refresh_tokens set revoked = true, updated_at = clock_timestamp() \
                      where token = $1 and not revoked";
        tx.execute(retire, &[&token]).await?;
        session::add_token(&tx, &user_id, &session, Some(token)).await?
    };
    tx.execute(
        "update auth.sessions set refreshed_at = now() at time zone 'utc', updated_at = now() where id = $1::text::uuid",
        &[&session],
    )
    .await?;
    let answer = session::describe(inner, &tx, &user_id, &session, next).await?;
    tx.commit().await?;
    Ok(answer)
}
