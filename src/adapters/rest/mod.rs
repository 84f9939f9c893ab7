//! The REST interface (PostgREST) of a project: queries composed with the `postgrest` crate's grammar, sent by our own
//! client, refusals put into words. Every request goes out under the identity that the caller names, and no other.
//!
//! ```text
//! Select / Call ─► compose (URL, parameters) ─► exchange (keys, retries, refresh) ─► Http ─► project
//! Answer        ◄─ refusal (code → Problem) ◄──────────────┘
//! ```

mod error;
mod request;
mod send;

use super::auth::GoTrue;
use super::http::{Http, Reply};
use super::key::Key;
use crate::domain::given::ref_of_key;
use crate::domain::identity::Identity;
use crate::domain::problem::{Kind, Problem};
use crate::domain::query::{Answer, Call, Ping, Range, RowWrite, Select, Verb};
use crate::ports::{Clock, Counting, Rest, Task};
use error::Operation;
pub(in crate::adapters) use error::{sentence, shown};
use send::RetryPolicy;
pub(in crate::adapters) use send::{host_of, no_publishable_key, no_secret_key, secret_header};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Instant;

/// The API keys of a project.
#[derive(Debug, Clone, Default)]
pub struct Keys {
    /// For anon and for signed-in users.
    pub publishable: Option<Key>,
    /// For the service role.
    pub secret: Option<Key>,
    /// Why one is missing although a key was given in its place.
    pub misplaced: Misplaced,
}

impl Keys {
    /// The ref of the hosted project that a legacy key among them is of. Nothing is looked up for it.
    pub fn project_ref(&self) -> Option<String> {
        let known = |key: &Option<Key>| match key {
            Some(Key::Known(key)) => ref_of_key(key),
            _ => None,
        };
        known(&self.secret).or_else(|| known(&self.publishable))
    }
}

/// Why a key is missing although one was given in its place: it is of the other kind. Each is a sentence that names where
/// it was given.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Misplaced {
    /// Why there is no publishable key.
    pub publishable: Option<String>,
    /// Why there is no secret key.
    pub secret: Option<String>,
}

/// The REST interface of one project.
pub struct PostgRest {
    base: String,
    keys: Keys,
    http: Arc<Http>,
    auth: Arc<GoTrue>,
    clock: Arc<dyn Clock>,
    grammar: OnceLock<postgrest::Postgrest>,
    /// When the schema may have changed last. A start counts: what ran right before it is not known.
    changed: Mutex<Instant>,
}

impl std::fmt::Debug for PostgRest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PostgRest({})", self.base)
    }
}

impl PostgRest {
    /// The interface under the project's base URL. `auth` holds the session of signed-in users.
    pub fn new(
        url: &str,
        keys: Keys,
        http: Arc<Http>,
        auth: Arc<GoTrue>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self {
            base: format!("{url}/rest/v1"),
            keys,
            http,
            auth,
            clock,
            grammar: OnceLock::new(),
            changed: Mutex::new(Instant::now()),
        }
    }

    /// Whether a name that the server does not know may be one that it has not noticed yet.
    fn schema_cache_may_be_stale(&self) -> bool {
        let changed = *self.changed.lock().unwrap_or_else(PoisonError::into_inner);
        changed.elapsed() < self.http.limits().notice
    }

    /// The grammar of the `postgrest` crate. It holds a client of its own, which never sends anything: made once.
    fn grammar(&self) -> &postgrest::Postgrest {
        self.grammar
            .get_or_init(|| postgrest::Postgrest::new(&self.base))
    }
}

impl Rest for PostgRest {
    fn select<'a>(&'a self, who: &'a Identity, query: &'a Select) -> Task<'a, Answer> {
        Box::pin(async move {
            let request = request::select(self.grammar(), query)?;
            let deed = Operation::Read(&query.table);
            let correlation = query.correlation.as_deref();
            let errand = errand(query);
            self.exchange(who, request, correlation, errand, deed)
                .await
                .map(answer)
        })
    }

    fn count<'a>(&'a self, who: &'a Identity, query: &'a Select, how: Counting) -> Task<'a, u64> {
        Box::pin(async move {
            let request = request::count(self.grammar(), query, how)?;
            let deed = Operation::Read(&query.table);
            let correlation = query.correlation.as_deref();
            let reply = self
                .exchange(who, request, correlation, errand(query), deed)
                .await?;
            let range = reply.header("content-range").and_then(Range::parse);
            range.and_then(|range| range.total).ok_or_else(|| {
                Problem::new(
                    Kind::Database,
                    "The project did not say how many rows there are.",
                    "Its answer has no total.",
                )
            })
        })
    }

    fn call<'a>(&'a self, who: &'a Identity, call: &'a Call) -> Task<'a, Answer> {
        Box::pin(async move {
            let request = request::call(self.grammar(), call)?;
            let errand = if call.is_read {
                RetryPolicy::Read
            } else {
                RetryPolicy::Write
            };
            let deed = Operation::Call(&call.function);
            let correlation = call.correlation.as_deref();
            let reply = self
                .exchange(who, request, correlation, errand, deed)
                .await?;
            Ok(answer(reply))
        })
    }

    fn write<'a>(&'a self, who: &'a Identity, write: &'a RowWrite) -> Task<'a, Answer> {
        Box::pin(async move {
            let request = request::write(self.grammar(), write)?;
            let deed = Operation::Write(write.verb, &write.table);
            let correlation = write.correlation.as_deref();
            let policy = RetryPolicy::Write;
            let plain = (write.verb != Verb::Insert).then(|| request.clone());
            let sent = self.exchange(who, request, correlation, policy, deed).await;
            let reply = match (sent, plain) {
                // An older server takes no such bound; nothing has run then.
                (Err(problem), Some(plain)) if problem.code.as_deref() == Some("PGRST122") => {
                    let plain = request::without_bound(plain);
                    self.exchange(who, plain, correlation, policy, deed).await?
                }
                (sent, _) => sent?,
            };
            // `Content-Range` of a change says which rows were asked for, not how many came back.
            Ok(Answer {
                body: reply.body,
                range: None,
            })
        })
    }

    fn describe<'a>(&'a self, who: &'a Identity, schema: &'a str) -> Task<'a, Answer> {
        Box::pin(async move {
            let request = request::describe(&self.base, schema)?;
            let deed = Operation::Read("the API's own description");
            self.exchange(who, request, None, RetryPolicy::Read, deed)
                .await
                .map(answer)
        })
    }

    fn ping<'a>(&'a self, who: &'a Identity) -> Task<'a, Ping> {
        Box::pin(async move {
            let started = Instant::now();
            // Not the root: its OpenAPI document is refused to anon on the platform. A function that is not there is
            // answered by PostgREST itself, after the gateway and the key.
            let call = Call::to("supadeck_ping", serde_json::json!({}));
            let request = request::call(self.grammar(), &call)?;
            let deed = Operation::Call("supadeck_ping");
            let (server_time, refused) = self.exchange_raw(who, request, deed).await?;
            let took_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
            match refused {
                Some(problem) if !error::is_missing_function(&problem) => Err(problem),
                _ => Ok(Ping {
                    server_time,
                    took_ms,
                }),
            }
        })
    }

    fn schema_changed(&self) {
        *self.changed.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }
}

fn errand(query: &Select) -> RetryPolicy {
    if query.is_long {
        RetryPolicy::LongRead
    } else {
        RetryPolicy::Read
    }
}

fn answer(reply: Reply) -> Answer {
    let range = reply.header("content-range").and_then(Range::parse);
    Answer {
        body: reply.body,
        range,
    }
}
