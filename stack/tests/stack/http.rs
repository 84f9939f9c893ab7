//! A small HTTP client for the tests: one connection a request, nothing hidden.

use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpStream;

/// A client of one stack, with a key.
#[derive(Clone)]
pub(crate) struct Http {
    address: String,
    headers: Vec<(String, String)>,
}

/// An answer, read to its end.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    /// The body as JSON; null when it is none.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_default()
    }
}

impl Http {
    /// With a key in `apikey`.
    pub(crate) fn new(url: &str, key: &str) -> Self {
        Self::bare(url).with("apikey", key)
    }

    /// Without a key.
    pub(crate) fn bare(url: &str) -> Self {
        Self {
            address: url.trim_start_matches("http://").to_owned(),
            headers: Vec::new(),
        }
    }

    /// The same with one header more, or another value of it.
    pub(crate) fn with(&self, name: &str, value: &str) -> Self {
        let mut other = self.clone();
        other.headers.retain(|(known, _)| known != name);
        other.headers.push((name.to_owned(), value.to_owned()));
        other
    }

    /// The same for a user.
    pub(crate) fn bearer(&self, token: &str) -> Self {
        self.with("authorization", &format!("Bearer {token}"))
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send("GET", path, None).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        self.send("POST", path, Some(body)).await
    }

    pub(crate) async fn send(&self, method: &str, path: &str, body: Option<Value>) -> Answer {
        let stream = TcpStream::connect(&self.address).await.unwrap();
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
            .await
            .unwrap();
        tokio::spawn(connection);
        let mut request = Request::builder().method(method).uri(path);
        if !self.headers.iter().any(|(name, _)| name == "host") {
            request = request.header("host", &self.address);
        }
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        let body = match body {
            Some(body) => {
                request = request.header("content-type", "application/json");
                Body::from(body.to_string())
            }
            None => Body::empty(),
        };
        let answer = sender
            .send_request(request.body(body).unwrap())
            .await
            .unwrap();
        let (parts, body) = answer.into_parts();
        let bytes = to_bytes(Body::new(body), usize::MAX).await.unwrap();
        Answer {
            status: parts.status.as_u16(),
            headers: parts.headers,
            text: String::from_utf8(bytes.to_vec()).unwrap(),
        }
    }

    /// Signs in with the password of every test user.
    pub(crate) async fn sign_in(&self, email: &str) -> Value {
        let answer = self
            .post(
                "/auth/v1/token?grant_type=password",
                json!({ "email": email, "password": super::PASSWORD }),
            )
            .await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.json()
    }
}
