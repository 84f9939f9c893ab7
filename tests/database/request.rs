//! A REST request as data, and what came back. Small on purpose: the tests must not lean on the client they ship with.

use crate::test_database::Caller;
use reqwest::Method;
use serde_json::Value;
use std::fmt;
use supadeck_stack::Info;

/// A request to `/rest/v1`; every write asks for the rows that it touched.
#[derive(Debug, Clone)]
pub struct Request {
    method: Method,
    path: String,
    body: Option<Value>,
    prefer: Vec<&'static str>,
    headers: Vec<(&'static str, Vec<u8>)>,
}

impl Request {
    fn new(method: Method, path: impl Into<String>, body: Option<Value>) -> Self {
        Self {
            method,
            path: path.into(),
            body,
            prefer: vec!["return=representation"],
            headers: Vec::new(),
        }
    }

    /// Reads.
    pub fn get(path: impl Into<String>) -> Self {
        Self::new(Method::GET, path, None)
    }

    /// Inserts a row or a list of rows.
    pub fn insert(path: impl Into<String>, body: Value) -> Self {
        Self::new(Method::POST, path, Some(body))
    }

    /// Inserts a row, or updates the one that has its primary key.
    pub fn upsert(path: impl Into<String>, body: Value) -> Self {
        let mut request = Self::insert(path, body);
        request.prefer.push("resolution=merge-duplicates");
        request
    }

    /// Updates the rows that the filter in the path finds.
    pub fn update(path: impl Into<String>, body: Value) -> Self {
        Self::new(Method::PATCH, path, Some(body))
    }

    /// Deletes the rows that the filter in the path finds.
    pub fn delete(path: impl Into<String>) -> Self {
        Self::new(Method::DELETE, path, None)
    }

    /// Calls a function.
    pub fn call(function: &str, arguments: Value) -> Self {
        Self::new(Method::POST, format!("rpc/{function}"), Some(arguments))
    }

    /// Adds a header; its value may be any bytes that HTTP lets through.
    pub fn header(mut self, name: &'static str, value: impl AsRef<[u8]>) -> Self {
        self.headers.push((name, value.as_ref().to_vec()));
        self
    }

    /// Asks for nothing back. Then no select policy has a say, and the checks of a write stand alone.
    pub fn silent(mut self) -> Self {
        self.prefer
            .retain(|preference| *preference != "return=representation");
        self.prefer.push("return=minimal");
        self
    }

    /// Adds a preference.
    pub fn prefer(mut self, preference: &'static str) -> Self {
        self.prefer.push(preference);
        self
    }

    /// Sends it with the key of the caller, and the caller's token if there is one. An error is a broken connection.
    pub async fn send(
        &self,
        http: &reqwest::Client,
        info: &Info,
        caller: Caller,
        token: Option<&str>,
    ) -> Result<Answer, reqwest::Error> {
        let key = if caller == Caller::Service {
            &info.secret_key
        } else {
            &info.publishable_key
        };
        let mut request = http
            .request(
                self.method.clone(),
                format!("{}/rest/v1/{}", info.url, self.path),
            )
            .header("apikey", key)
            .header("prefer", self.prefer.join(","));
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        for (name, value) in &self.headers {
            request = request.header(
                *name,
                reqwest::header::HeaderValue::from_bytes(value).unwrap(),
            );
        }
        if let Some(body) = &self.body {
            request = request
                .header("content-type", "application/json")
                .body(body.to_string());
        }
        let response = request.send().await?;
        let status = response.status();
        let bytes = response.bytes().await?;
        let body = serde_json::from_slice(&bytes)
            .unwrap_or_else(|_| Value::String(String::from_utf8_lossy(&bytes).into_owned()));
        Ok(Answer {
            is_success: status.is_success(),
            body,
        })
    }
}

/// What came back.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Whether the status says success. Which failure it was is in the body.
    pub is_success: bool,
    /// The body; text that is no JSON is a string.
    pub body: Value,
}

impl Answer {
    /// The `code` of a refusal.
    pub fn code(&self) -> Option<&str> {
        if self.is_success {
            None
        } else {
            Some(self.body["code"].as_str().unwrap_or("none"))
        }
    }

    /// A text member of a refusal: `message`, `details` or `hint`.
    pub fn said(&self, member: &str) -> &str {
        self.body[member].as_str().unwrap_or_default()
    }

    /// The rows of a success.
    pub fn rows(&self) -> &[Value] {
        match &self.body {
            Value::Array(rows) => rows,
            Value::Object(_) => std::slice::from_ref(&self.body),
            _ => &[],
        }
    }

    /// The only row of a success.
    pub fn row(&self) -> &Value {
        match self.rows() {
            [row] if self.is_success => row,
            _ => panic!("expected one row: {self}"),
        }
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.code() {
            None => write!(f, "{} rows", self.rows().len()),
            Some("none") => write!(f, "refused: {}", self.body),
            Some(code) => write!(f, "{code} {}", self.said("message")),
        }
    }
}
