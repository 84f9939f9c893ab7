//! Auth's error bodies, in the two shapes that clients meet: by API version, numbers or names in `code`.

use crate::database::Fault;
use axum::Json;
use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde_json::json;

/// Clients that name this version or a newer one get `{code: "…", message}`.
const NAMED_SINCE: &str = "2024-01-01";

/// A refused request.
#[derive(Debug, Clone)]
pub(super) struct Refusal {
    status: u16,
    code: &'static str,
    message: String,
}

impl Refusal {
    /// With Auth's own code and words.
    pub(super) fn new(status: u16, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            status,
            code,
            message: message.into(),
        }
    }

    /// Wrong password, unknown user: the same words for both.
    pub(super) fn credentials() -> Self {
        Self::new(400, "invalid_credentials", "Invalid login credentials")
    }
}

impl From<tokio_postgres::Error> for Refusal {
    fn from(error: tokio_postgres::Error) -> Self {
        Fault::Database(error).into()
    }
}

impl From<Fault> for Refusal {
    fn from(fault: Fault) -> Self {
        tracing::warn!(%fault, "Auth could not use its database");
        Self::new(500, "unexpected_failure", "Database error querying schema")
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut answer = status.into_response();
        answer.extensions_mut().insert(self);
        answer
    }
}

/// Writes the body of a refusal in the shape that the request asked for.
pub(super) async fn shape(request: Request, next: Next) -> Response {
    let version = request.headers().get("x-supabase-api-version").cloned();
    let is_named = version
        .as_ref()
        .and_then(|v| v.to_str().ok())
        .is_some_and(|version| version >= NAMED_SINCE);
    let mut answer = next.run(request).await;
    let Some(Refusal {
        status,
        code,
        message,
    }) = answer.extensions_mut().remove::<Refusal>()
    else {
        return answer;
    };
    let body = if is_named {
        json!({ "code": code, "message": message })
    } else {
        json!({ "code": status, "error_code": code, "msg": message })
    };
    let mut answer = (answer.status(), Json(body)).into_response();
    answer
        .headers_mut()
        .insert("x-sb-error-code", HeaderValue::from_static(code));
    if is_named {
        answer.headers_mut().insert(
            "x-supabase-api-version",
            HeaderValue::from_static(NAMED_SINCE),
        );
    }
    answer
}
