//! The calls of the Auth interface. Every one carries the publishable key; none is logged.

use super::error;
use super::session::{Received, ReceivedUser, Session};
use crate::adapters::http::{Fault, Http, Reply, Request, jittered};
use crate::adapters::key::Key;
use crate::adapters::rest::{host_of, no_publishable_key, secret_header};
use crate::domain::problem::{Kind, Problem};
use crate::domain::secret::ApiKey;
use crate::ports::Clock;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::{Method, Url};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How often a refresh is repeated. A refresh token is accepted again for ten seconds, so a lost answer loses nothing.
const REPEATS: u32 = 2;
/// With an answer that took longer, the ten seconds may be over before the next one.
const REUSE: Duration = Duration::from_secs(3);

/// The Auth interface as calls.
pub(super) struct GoTrueClient {
    pub(super) url: String,
    pub(super) key: Option<Key>,
    /// Why it is missing although a key was given in its place.
    pub(super) misplaced: Option<String>,
    pub(super) http: Arc<Http>,
    pub(super) clock: Arc<dyn Clock>,
}

impl GoTrueClient {
    /// This machine's clock, in seconds since 1970.
    pub(super) fn now(&self) -> i64 {
        self.clock.now().as_second()
    }

    /// A call that answers with a session.
    pub(super) async fn session(&self, path: &str, body: &Value) -> Result<Session, Problem> {
        let reply = self.post(path, body, None).await?;
        self.read(&reply)
    }

    /// The user of a token as the server knows it now.
    pub(super) async fn user(&self, bearer: &SecretString) -> Result<ReceivedUser, Problem> {
        let reply = self.send(Method::GET, "user", None, Some(bearer)).await?;
        self.json(&reply, "a user")
    }

    /// Asks for a second factor; returns the id of the challenge.
    pub(super) async fn challenge(
        &self,
        factor: &str,
        bearer: &SecretString,
    ) -> Result<String, Problem> {
        #[derive(Deserialize)]
        struct Challenge {
            id: String,
        }
        let path = format!("factors/{factor}/challenge");
        let reply = self.post(&path, &json!({}), Some(bearer)).await?;
        let challenge: Challenge = self.json(&reply, "a challenge")?;
        Ok(challenge.id)
    }

    /// Gives the code that a challenge asks for; the answer is the session that follows.
    pub(super) async fn verify_factor(
        &self,
        factor: &str,
        challenge: &str,
        code: &SecretString,
        bearer: &SecretString,
    ) -> Result<Session, Problem> {
        let body = json!({"challenge_id": challenge, "code": code.expose_secret()});
        let path = format!("factors/{factor}/verify");
        let reply = self.post(&path, &body, Some(bearer)).await?;
        self.read(&reply)
    }

    /// Exchanges a refresh token for a new session, in this time; repeated when the way there or back was broken. A server
    /// that says nothing is not asked again: once the token was used there, it is good for ten more seconds only.
    pub(super) async fn refresh(
        &self,
        token: &SecretString,
        until: Instant,
    ) -> Result<Session, Problem> {
        let body = json!({"refresh_token": token.expose_secret()});
        let left = until.saturating_duration_since(Instant::now());
        let asked = tokio::time::timeout(left, async {
            let mut repeats = 0;
            loop {
                let started = Instant::now();
                let path = "token?grant_type=refresh_token";
                match self.post(path, &body, None).await {
                    Ok(reply) => return self.read(&reply),
                    Err(problem)
                        if problem.retry
                            && problem.code.is_none()
                            && repeats < REPEATS
                            && started.elapsed() < REUSE =>
                    {
                        let pause = self.http.limits().first_pause * 2_u32.pow(repeats);
                        tokio::time::sleep(jittered(pause)).await;
                        repeats += 1;
                    }
                    Err(problem) => return Err(problem),
                }
            }
        });
        asked.await.unwrap_or_else(|_| Err(self.silent()))
    }

    /// The problem that nothing was answered.
    pub(super) fn silent(&self) -> Problem {
        Fault::Silent.problem(&self.name())
    }

    /// The same interface of another project, with its key.
    pub(super) fn elsewhere(&self, url: &str, key: ApiKey) -> Self {
        Self {
            url: url.to_owned(),
            key: Some(key.into()),
            misplaced: None,
            http: Arc::clone(&self.http),
            clock: Arc::clone(&self.clock),
        }
    }

    /// What the server is called in messages: REST of the same host is another.
    fn name(&self) -> String {
        format!("Auth at {}", host_of(&self.url))
    }

    /// A POST with a JSON body, and with a bearer token where one is given.
    pub(super) async fn post(
        &self,
        path: &str,
        body: &Value,
        bearer: Option<&SecretString>,
    ) -> Result<Reply, Problem> {
        let body = Some(body.to_string().into_bytes());
        self.send(Method::POST, path, body, bearer).await
    }

    /// Asks for the settings, which every Auth server answers; returns its clock.
    pub(super) async fn settings(&self) -> Result<Option<jiff::Timestamp>, Problem> {
        let key = match &self.key {
            Some(key) => key.get().await.ok(),
            None => None,
        };
        let reply = self
            .send_with(key.as_ref(), Method::GET, "settings", None, None)
            .await?;
        Ok(reply.date())
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<Vec<u8>>,
        bearer: Option<&SecretString>,
    ) -> Result<Reply, Problem> {
        let missing = || no_publishable_key(self.misplaced.as_deref());
        let key = self.key.as_ref().ok_or_else(missing)?;
        let key = key.get().await?;
        self.send_with(Some(&key), method, path, body, bearer).await
    }

    async fn send_with(
        &self,
        key: Option<&ApiKey>,
        method: Method,
        path: &str,
        body: Option<Vec<u8>>,
        bearer: Option<&SecretString>,
    ) -> Result<Reply, Problem> {
        let url = Url::parse(&format!("{}/auth/v1/{path}", self.url))
            .map_err(|_| Problem::internal("The Auth URL cannot be made."))?;
        let mut headers = HeaderMap::new();
        if let Some(key) = key {
            secret_header(&mut headers, "apikey", key.expose())?;
        }
        let token = match bearer {
            Some(token) => Some(token.expose_secret()),
            None => key.filter(|key| key.is_jwt()).map(ApiKey::expose),
        };
        if let Some(token) = token {
            secret_header(&mut headers, "authorization", &format!("Bearer {token}"))?;
        }
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let request = Request {
            method,
            url,
            headers,
            body,
        };
        // Somebody sits and waits for it, whatever it is.
        let patience = self.http.limits().session;
        let sent = tokio::time::timeout(patience, self.http.send(&request)).await;
        let sent = sent.unwrap_or(Err(Fault::Silent));
        let reply = sent.map_err(|fault| fault.problem(&self.name()))?;
        if reply.is_success() {
            return Ok(reply);
        }
        Err(error::problem(&reply, host_of(&self.url), key))
    }

    fn read(&self, reply: &Reply) -> Result<Session, Problem> {
        let received: Received = self.json(reply, "a session")?;
        Ok(Session::new(received, self.now()))
    }

    fn json<T: DeserializeOwned>(&self, reply: &Reply, what: &str) -> Result<T, Problem> {
        serde_json::from_slice(&reply.body).map_err(|_| {
            Problem::new(
                Kind::Network,
                format!("{} did not answer with {what}.", host_of(&self.url)),
                "What came is not what an Auth server sends.",
            )
            .with_hint("Check the URL and the proxy.")
        })
    }
}
