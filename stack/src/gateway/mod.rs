//! The HTTP side of one database: `/rest/v1` and `/auth/v1` behind the platform's key rules, and the inbox. Owns what
//! the platform's gateway does; answers nothing of REST or Auth itself.

mod key;

pub(crate) use key::{Keys, bearer};

use crate::auth::Auth;
use crate::auth::jwt;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::uri::PathAndQuery;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::{Json, Router};
use key::Refusal;
use serde_json::{Value, json};
use std::sync::Arc;

const APIKEY: HeaderName = HeaderName::from_static("apikey");
const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
/// Error answers are short; a longer one is passed on as it is.
const ERROR_LIMIT: usize = 1 << 20;

/// Puts the parts together.
pub(crate) fn router(keys: Keys, rest: Router, auth: &Auth) -> Router {
    let keys = Arc::new(keys);
    let rest = rest.layer(from_fn_with_state(keys.clone(), guard_rest));
    let guarded = auth
        .router()
        .layer(from_fn_with_state(keys.clone(), guard_auth));
    let inbox = auth
        .inbox_router()
        .layer(from_fn_with_state(keys, guard_inbox));
    Router::new()
        .nest_service("/rest/v1", rest)
        .nest_service("/auth/v1", Auth::open_router().fallback_service(guarded))
        .merge(inbox)
        .fallback(|| async {
            (
                StatusCode::NOT_FOUND,
                Json(json!({ "message": "no Route matched with those values" })),
            )
        })
}

async fn guard_auth(State(keys): State<Arc<Keys>>, mut request: Request, next: Next) -> Response {
    match admit(&keys, &mut request) {
        Ok(_) => next.run(request).await,
        Err(refusal) => refusal.into_response(),
    }
}

/// The inbox is for whoever has the secret key: a code signs in as anybody.
async fn guard_inbox(State(keys): State<Arc<Keys>>, request: Request, next: Next) -> Response {
    let admitted = {
        let headers = request.headers();
        let text = |name: &HeaderName| headers.get(name)?.to_str().ok();
        let key = text(&APIKEY).or_else(|| bearer(text(&header::AUTHORIZATION)?));
        keys.admit_operator(key, text(&header::USER_AGENT))
    };
    match admitted {
        Ok(()) => next.run(request).await,
        Err(refusal) => refusal.into_response(),
    }
}

async fn guard_rest(State(keys): State<Arc<Keys>>, mut request: Request, next: Next) -> Response {
    match admit(&keys, &mut request) {
        Ok(bearer) => {
            let answer = next.run(request).await;
            if answer.status() == StatusCode::UNAUTHORIZED
                && jwt::role(&bearer).is_some_and(|role| role != "anon")
            {
                return denied_not_unknown(answer).await;
            }
            answer
        }
        Err(refusal) => refusal.into_response(),
    }
}

/// Checks the key, removes it, and sets the `Authorization` that the parts behind understand. Returns its token.
fn admit(keys: &Keys, request: &mut Request) -> Result<String, Refusal> {
    let (rest_of_query, from_query) = split_query(request.uri().query().unwrap_or_default());
    let text = |headers: &HeaderMap, name: &HeaderName| {
        headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .map(str::to_owned)
    };
    let apikey = text(request.headers(), &APIKEY).or(from_query.clone());
    let authorization = text(request.headers(), &header::AUTHORIZATION);
    let agent = text(request.headers(), &header::USER_AGENT);
    let bearer = keys.admit(
        apikey.as_deref(),
        authorization.as_deref(),
        agent.as_deref(),
    )?;

    if from_query.is_some() {
        set_query(request, &rest_of_query);
    }
    let headers = request.headers_mut();
    headers.remove(APIKEY);
    match HeaderValue::from_str(&format!("Bearer {bearer}")) {
        Ok(value) => headers.insert(header::AUTHORIZATION, value),
        Err(_) => return Err(Refusal::UnknownKey),
    };
    // The platform's proxies say where a request came from; here it is always this machine.
    headers
        .entry(FORWARDED_FOR)
        .or_insert(HeaderValue::from_static("127.0.0.1"));
    Ok(bearer)
}

/// Takes `apikey` out of a query: to REST it would be a filter.
fn split_query(query: &str) -> (String, Option<String>) {
    let (keys, others): (Vec<&str>, Vec<&str>) = query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .partition(|pair| pair.starts_with("apikey="));
    (
        others.join("&"),
        keys.first()
            .and_then(|pair| pair.strip_prefix("apikey="))
            .map(str::to_owned),
    )
}

fn set_query(request: &mut Request, query: &str) {
    let path = request.uri().path();
    let target = if query.is_empty() {
        path.to_owned()
    } else {
        format!("{path}?{query}")
    };
    if let Ok(target) = target.parse::<PathAndQuery>() {
        let mut parts = request.uri().clone().into_parts();
        parts.path_and_query = Some(target);
        if let Ok(uri) = Uri::from_parts(parts) {
            *request.uri_mut() = uri;
        }
    }
}

/// postrust answers 42501 with 401 always; PostgREST does so to anon only, and with 403 to anybody who signed in.
async fn denied_not_unknown(answer: Response) -> Response {
    let (mut parts, body) = answer.into_parts();
    let Ok(bytes) = to_bytes(body, ERROR_LIMIT).await else {
        return StatusCode::BAD_GATEWAY.into_response();
    };
    let is_denied =
        serde_json::from_slice::<Value>(&bytes).is_ok_and(|error| error["code"] == "42501");
    if is_denied {
        parts.status = StatusCode::FORBIDDEN;
        parts.headers.remove(header::WWW_AUTHENTICATE);
    }
    Response::from_parts(parts, Body::from(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn key_is_taken_out_of_the_query() {
        assert_eq!(
            split_query("select=*&apikey=k&id=eq.1"),
            ("select=*&id=eq.1".into(), Some("k".into()))
        );
        assert_eq!(split_query("a=1"), ("a=1".into(), None));
    }

    #[test]
    fn query_is_replaced() {
        let mut request = Request::get("/t?apikey=k")
            .body(Body::empty())
            .unwrap_or_default();
        set_query(&mut request, "");
        assert_eq!(request.uri().to_string(), "/t");
    }
}
