//! `POST /logout?scope=`: ends this session, the others, or all. Access tokens live on until they expire, but Auth no
//! longer accepts them.

use super::refusal::Refusal;
use super::{Auth, user};
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};
use serde::Deserialize;

#[derive(Deserialize)]
pub(super) struct Scope {
    scope: Option<String>,
}

/// Ends sessions; the default scope is `global`.
pub(super) async fn end(
    State(auth): State<Auth>,
    Query(asked): Query<Scope>,
    headers: HeaderMap,
) -> Result<StatusCode, Refusal> {
    let which = match asked.scope.as_deref() {
        None | Some("" | "global") => "true",
        Some("local") => "id::text = $2",
        Some("others") => "id::text <> $2",
        Some(other) => {
            let message = format!("Unsupported logout scope {other:?}");
            return Err(Refusal::new(400, "validation_failed", message));
        }
    };
    let mut turn = auth.inner.database.lock().await?;
    let tx = turn.begin().await?;
    let caller = user::authenticate(&auth.inner, &tx, &headers).await?;
    // The second parameter is named in every form, so that it always has a type.
    let statement = format!(
        "delete from auth.sessions where user_id = $1::text::uuid and $2::text is not null and {which}"
    );
    tx.execute(&statement, &[&caller.id, &caller.session])
        .await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}
