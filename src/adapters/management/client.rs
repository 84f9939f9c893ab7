//! One call of the API: a query goes out once, and is repeated only when it cannot have run.

use super::endpoint::ProjectAccess;
use super::response::{Failure, fault, no_turn, read};
use crate::adapters::http::{Http, Limits, Request, jittered};
use crate::adapters::rest::secret_header;
use crate::adapters::sql::quote::dollar;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::{Method, Url};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How often a call that only reads is sent again for a fault that may pass.
const REPEATS: u32 = 2;
/// The words before a run's own mark. The SQL that looks for the mark must not hold both in one piece.
const MARK: &str = "supadeck-run ";

/// How long is waited for what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// For the answer to a call of supadeck's own.
    pub statement: Duration,
    /// For the answer to a file, before its end is looked for in the database instead.
    pub script: Duration,
    /// How long after it was sent a call may still begin.
    pub on_the_way: Duration,
    /// For a turn, in all, when the API has had too many requests.
    pub turn: Duration,
    /// For the end of a file whose answer is lost, while the server is seen at work on it.
    pub linger: Duration,
    /// For the lock of a lost call.
    pub settle: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            statement: Duration::from_secs(20),
            script: Duration::from_secs(150),
            on_the_way: Duration::from_secs(30),
            turn: Duration::from_secs(130),
            linger: Duration::from_mins(15),
            settle: Duration::from_secs(40),
        }
    }
}

/// The way to one project's database.
#[derive(Debug)]
pub(super) struct Api {
    pub(super) access: ProjectAccess,
    pub(super) patience: Timeouts,
    http: Http,
}

impl Api {
    pub(super) fn new(access: ProjectAccess, patience: Timeouts) -> Self {
        let limits = Limits {
            // Each call has a limit of its own; this one is for the longest.
            read: patience.script.max(patience.statement),
            ..Limits::default()
        };
        Self {
            access,
            patience,
            http: Http::new(limits),
        }
    }

    /// Runs a query that changes nothing, again where the API was out of reach for a moment.
    pub(super) async fn ask(&self, sql: &str) -> Result<Vec<Value>, Failure> {
        self.ask_within(sql, self.patience.statement).await
    }

    /// The same, with another time for the answer.
    pub(super) async fn ask_within(
        &self,
        sql: &str,
        limit: Duration,
    ) -> Result<Vec<Value>, Failure> {
        let none = CancellationToken::new();
        let mut turn = RateLimitWait::default();
        let mut repeats = 0;
        loop {
            match self.call(sql, limit).await {
                Err(Failure::Later(asked)) => turn.wait(self, asked, &none).await?,
                Err(Failure::Unsent(_) | Failure::Unknown(_)) if repeats < REPEATS => {
                    let base = self.http.limits().first_pause * 2_u32.pow(repeats);
                    tokio::time::sleep(jittered(base)).await;
                    repeats += 1;
                }
                ended => return ended,
            }
        }
    }

    /// Runs a query once. What a failure means is the caller's to judge.
    pub(super) async fn call(&self, sql: &str, limit: Duration) -> Result<Vec<Value>, Failure> {
        let request = self.request(sql)?;
        let sent = tokio::time::timeout(limit, self.http.send(&request)).await;
        match sent {
            // The limit on requests is in front of the database: a call that meets it has not run.
            Ok(Ok(reply)) if reply.status == 429 => {
                Err(Failure::Later(reply.retry_after(jiff::Timestamp::now())))
            }
            Ok(Ok(reply)) => read(&reply, &self.access),
            Ok(Err(broken)) => Err(fault(&broken, &self.access)),
            Err(_) => Err(Failure::Unknown(format!(
                "The Management API did not answer for {} seconds.",
                limit.as_secs()
            ))),
        }
    }

    fn request(&self, sql: &str) -> Result<Request, Failure> {
        let unsent = |why: String| Failure::Unsent(why);
        let url = Url::parse(&self.access.query_url())
            .map_err(|error| unsent(format!("The URL cannot be used: {error}.")))?;
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let bearer = format!("Bearer {}", self.access.token());
        secret_header(&mut headers, "authorization", &bearer)
            .map_err(|problem| Failure::TurnedAway(Box::new(problem)))?;
        Ok(Request {
            method: Method::POST,
            url,
            headers,
            body: Some(json!({ "query": sql }).to_string().into_bytes()),
        })
    }

    /// Whether the server is at work on a run.
    pub(super) async fn is_running(&self, run: &str) -> Result<bool, Failure> {
        let sql = format!(
            "select pg_catalog.count(*)::text as supadeck {}",
            of_run(run)
        );
        let rows = self.ask(&sql).await?;
        Ok(extract(&rows).and_then(Value::as_str) != Some("0"))
    }

    /// Asks the server to stop a run. Whether that came in time shows only in how the run ends.
    pub(super) async fn stop(self: Arc<Self>, run: String) {
        let sql = format!("select pg_catalog.pg_cancel_backend(pid) {}", of_run(&run));
        // A request that fails is repeated by the caller.
        let _ = self.call(&sql, self.patience.statement).await;
    }
}

/// The waits of a call that the API has no room for yet.
#[derive(Debug, Default)]
pub(super) struct RateLimitWait {
    waited: Duration,
    repeats: u32,
}

impl RateLimitWait {
    /// Waits as long as the API asks for, and never not at all; without a word from it, longer every time.
    pub(super) async fn wait(
        &mut self,
        api: &Api,
        asked: Option<Duration>,
        cancel: &CancellationToken,
    ) -> Result<(), Failure> {
        let first = api.http.limits().first_pause;
        let pause = asked.map_or_else(
            || jittered(first * 2_u32.pow(self.repeats.min(8) + 2)),
            |asked| asked.max(first),
        );
        if self.waited + pause > api.patience.turn {
            return Err(no_turn());
        }
        self.waited += pause;
        self.repeats += 1;
        tokio::select! {
            biased;
            () = cancel.cancelled() => Err(Failure::Cancelled),
            () = tokio::time::sleep(pause) => Ok(()),
        }
    }
}

/// The comment by which a run is found on the server.
pub(super) fn tag(run: &str) -> String {
    format!("/* {MARK}{run} */ ")
}

/// The sessions that work on a run. The call itself is not among them: its text holds the mark in two pieces.
fn of_run(run: &str) -> String {
    format!(
        "from pg_catalog.pg_stat_activity where state = 'active' and pid <> pg_catalog.pg_backend_pid() \
        and pg_catalog.strpos(query, '{MARK}' || {}) > 0",
        dollar(run)
    )
}

/// The value in the column `supadeck` of the last row that has one.
pub(super) fn extract(rows: &[Value]) -> Option<&Value> {
    rows.iter().rev().find_map(|row| row.get("supadeck"))
}
