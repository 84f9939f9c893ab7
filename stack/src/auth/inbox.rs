//! The mail that is never sent: the last code for each address, for people and tests on this machine, as the mail
//! catcher of Supabase's own local stack gives it. Codes are secrets: they are not logged.

use super::Auth;
use axum::Json;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::json;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// The last mail of each address.
#[derive(Default)]
pub(super) struct Inbox {
    mails: Mutex<HashMap<String, Mail>>,
}

/// A mail.
#[derive(Clone)]
pub(super) struct Mail {
    /// The one-time code.
    pub(super) code: String,
    /// Seconds since 1970.
    pub(super) sent_s: u64,
}

impl Inbox {
    /// Puts a mail in.
    pub(super) fn put(&self, email: &str, mail: Mail) {
        self.mails
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(email.to_lowercase(), mail);
    }

    /// The last mail to an address.
    pub(super) fn last(&self, email: &str) -> Option<Mail> {
        self.mails
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&email.to_lowercase())
            .cloned()
    }
}

#[derive(Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    email: String,
}

/// `GET /inbox?email=`: `{"email", "code", "sent_at"}`, or 404.
pub(super) async fn show(
    State(auth): State<Auth>,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
) -> Response {
    // A web page that points its own name at 127.0.0.1 shows that name here.
    let host = headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok())
        .unwrap_or_default();
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    if !["127.0.0.1", "localhost", "[::1]"].contains(&name) {
        return (
            StatusCode::FORBIDDEN,
            Json(json!({ "message": "The inbox is for this machine only." })),
        )
            .into_response();
    }
    match auth.inner.inbox.last(&asked.email) {
        Some(mail) => {
            Json(json!({ "email": asked.email, "code": mail.code, "sent_at": mail.sent_s }))
                .into_response()
        }
        None => (
            StatusCode::NOT_FOUND,
            Json(json!({ "message": "No mail was sent to this address." })),
        )
            .into_response(),
    }
}
