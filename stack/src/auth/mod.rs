//! A small Supabase Auth: password, refresh and email-code sign-in, second factors, users, sessions, over the tables of
//! schema `auth`. It trusts the gateway for keys, and mails nothing: codes go to the inbox.

mod challenge;
mod factor;
mod inbox;
pub(crate) mod jwt;
mod logout;
mod otp;
mod password;
mod refresh;
mod refusal;
mod session;
mod user;

use crate::database::Shared;
use axum::body::Bytes;
use axum::extract::{Query, Request, State};
use axum::middleware::from_fn;
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post};
use axum::{Json, Router};
use inbox::Inbox;
use refusal::Refusal;
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

/// Auth of one database; cheap to clone.
#[derive(Clone)]
pub(crate) struct Auth {
    inner: Arc<Inner>,
}

struct Inner {
    database: Shared,
    jwt_secret: String,
    issuer: String,
    token_life: Duration,
    reuse_window: Duration,
    inbox: Inbox,
}

/// What Auth is started with.
pub(crate) struct Setup {
    /// A connection as `supabase_auth_admin`.
    pub(crate) database: Shared,
    /// The HS256 secret.
    pub(crate) jwt_secret: String,
    /// Base URL of the stack.
    pub(crate) url: String,
    /// Life of an access token.
    pub(crate) token_life: Duration,
    /// How long a used refresh token is still accepted.
    pub(crate) reuse_window: Duration,
}

impl Auth {
    /// Sets it up; the first request connects.
    pub(crate) fn new(setup: Setup) -> Self {
        let Setup {
            database,
            jwt_secret,
            url,
            token_life,
            reuse_window,
        } = setup;
        let issuer = format!("{url}/auth/v1");
        let inbox = Inbox::default();
        Self {
            inner: Arc::new(Inner {
                database,
                jwt_secret,
                issuer,
                token_life,
                reuse_window,
                inbox,
            }),
        }
    }

    /// The last code "mailed" to an address.
    pub(crate) fn mail(&self, email: &str) -> Option<String> {
        self.inner.inbox.last(email).map(|mail| mail.code)
    }

    /// Closes the connection to the database.
    pub(crate) async fn stop(&self) {
        self.inner.database.close().await;
    }

    /// What needs a key.
    pub(crate) fn router(&self) -> Router {
        Router::new()
            .route("/token", post(token))
            .route("/otp", post(otp::send))
            .route("/verify", post(otp::verify))
            .route("/user", get(user::show))
            .route("/logout", post(logout::end))
            .route("/factors", post(factor::enroll))
            .route("/factors/{id}", delete(factor::unenroll))
            .route("/factors/{id}/challenge", post(challenge::ask))
            .route("/factors/{id}/verify", post(challenge::verify))
            .route("/settings", get(settings))
            .route("/health", get(health))
            .fallback(|| async { Refusal::new(404, "not_found", "404 page not found") })
            .layer(from_fn(refusal::shape))
            .with_state(self.clone())
    }

    /// What needs none: the key set, which leaves out the HMAC key, and so is empty.
    pub(crate) fn open_router() -> Router {
        Router::new().route(
            "/.well-known/jwks.json",
            get(|| async { Json(json!({ "keys": [] })) }),
        )
    }

    /// `GET /inbox?email=`.
    pub(crate) fn inbox_router(&self) -> Router {
        Router::new()
            .route("/inbox", get(inbox::show))
            .with_state(self.clone())
    }
}

#[derive(Deserialize)]
struct Grant {
    #[serde(default)]
    grant_type: String,
}

async fn token(State(auth): State<Auth>, Query(grant): Query<Grant>, request: Request) -> Response {
    let client = session::Client::of(&request);
    let body = match read_json(request).await {
        Ok(body) => body,
        Err(refusal) => return refusal.into_response(),
    };
    let answer = match grant.grant_type.as_str() {
        "password" => password::sign_in(&auth.inner, &body, &client).await,
        "refresh_token" => refresh::exchange(&auth.inner, &body).await,
        _ => Err(Refusal::new(
            400,
            "validation_failed",
            "unsupported_grant_type",
        )),
    };
    answer.map(Json).into_response()
}

async fn settings() -> Json<Value> {
    Json(json!({
        "external": { "anonymous_users": false, "email": true, "phone": false },
        "disable_signup": false,
        "mailer_autoconfirm": false,
        "phone_autoconfirm": false,
        "sms_provider": "",
        "saml_enabled": false
    }))
}

async fn health() -> Json<Value> {
    Json(json!({
        "version": concat!("supadeck-stack ", env!("CARGO_PKG_VERSION")),
        "name": "GoTrue",
        "description": "A stand-in for Supabase Auth on loopback"
    }))
}

/// Reads a JSON object, whatever the content type says.
async fn read_json(request: Request) -> Result<Value, Refusal> {
    let bad = || Refusal::new(400, "bad_json", "Could not parse request body as JSON");
    let bytes: Bytes = axum::body::to_bytes(request.into_body(), 1 << 20)
        .await
        .map_err(|_| bad())?;
    let body: Value = serde_json::from_slice(&bytes).map_err(|_| bad())?;
    if body.is_object() {
        Ok(body)
    } else {
        Err(bad())
    }
}

/// A text of a JSON object, empty when it is absent.
fn text<'a>(body: &'a Value, name: &str) -> &'a str {
    body[name].as_str().unwrap_or_default()
}
