//! One HTTP exchange with the project: bounded in time and size, no redirects, no retries.
//! Knows nothing of keys, PostgREST or Auth; whoever calls it decides what an answer means.

use super::proxy::{Proxies, Route};
use crate::domain::problem::{Kind, Problem};
use crate::domain::text;
use reqwest::header::HeaderMap;
use reqwest::{Method, Url};
use std::fmt;
use std::sync::OnceLock;
use std::time::Duration;

/// What the program calls itself. Never browser-like: secret keys are refused with such a name.
pub const USER_AGENT: &str = concat!("supadeck/", env!("CARGO_PKG_VERSION"));

/// How long a connection is kept for the next request. Gateways close theirs after a minute or more.
const IDLE: Duration = Duration::from_secs(30);

/// The bounds of every exchange.
#[derive(Debug, Clone)]
pub struct Limits {
    /// The longest time until a connection stands.
    pub connect: Duration,
    /// The longest silence while an answer is awaited or read.
    pub read: Duration,
    /// The same for a read that takes no time where the server is well.
    pub quick: Duration,
    /// The largest body after decompression, in bytes.
    pub body_bytes: usize,
    /// The pause before the first repetition; each further one is twice as long, give or take a half.
    pub first_pause: Duration,
    /// The longest wait that a server may ask for with `Retry-After`.
    pub longest_wait: Duration,
    /// The longest time that continuing a session may take in all: waiting for another process, connecting, repeating.
    pub session: Duration,
    /// The same for ending a session on the server, which nobody is to wait for.
    pub farewell: Duration,
    /// How long a name that REST does not know may be one that it has not noticed yet, behind a change of the schema.
    pub notice: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            read: Duration::from_mins(1),
            quick: Duration::from_secs(20),
            body_bytes: 64 * 1024 * 1024,
            first_pause: Duration::from_millis(200),
            longest_wait: Duration::from_secs(30),
            session: Duration::from_secs(20),
            farewell: Duration::from_secs(2),
            // PostgREST 14 took 0.3 to 0.8 s for a small schema on a machine that others kept busy.
            notice: Duration::from_millis(1500),
        }
    }
}

/// A request that is ready to be sent. `Debug` shows neither headers nor body.
#[derive(Clone)]
pub struct Request {
    /// The method.
    pub method: Method,
    /// The whole address.
    pub url: Url,
    /// The headers, keys included.
    pub headers: HeaderMap,
    /// The body, if there is one.
    pub body: Option<Vec<u8>>,
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.url.path())
    }
}

/// A whole answer, whatever its status.
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, decompressed and complete.
    pub body: Vec<u8>,
}

impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({} bytes)", self.status, self.body.len())
    }
}

impl Reply {
    /// A header as text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// Whether the status means success.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// How long the server asks to wait, by `Retry-After` in seconds or as a date.
    pub fn retry_after(&self, now: jiff::Timestamp) -> Option<Duration> {
        let text = self.header("retry-after")?.trim();
        if let Ok(seconds) = text.parse::<u64>() {
            return Some(Duration::from_secs(seconds));
        }
        let date = jiff::fmt::rfc2822::parse(text).ok()?.timestamp();
        Some(Duration::try_from(date.duration_since(now)).unwrap_or(Duration::ZERO))
    }

    /// The server's clock by its `Date` header.
    pub fn date(&self) -> Option<jiff::Timestamp> {
        let date = jiff::fmt::rfc2822::parse(self.header("date")?).ok()?;
        Some(date.timestamp())
    }
}

/// Why there is no whole answer.
#[derive(Debug)]
pub enum Fault {
    /// No connection came about; nothing was sent.
    Unreachable(String),
    /// The connection broke after the request may have been sent.
    Broken(String),
    /// The server was silent for too long.
    Silent,
    /// The body is larger than the bound.
    TooLarge(usize),
    /// The body could not be decompressed.
    Garbled,
    /// It must not be sent as things are set up, such as through a proxy that cannot be used.
    Refused(Box<Problem>),
    /// supadeck itself could not make the request.
    Internal(String),
}

impl Fault {
    /// Whether the server cannot have seen the request.
    pub fn is_unsent(&self) -> bool {
        matches!(self, Self::Unreachable(_) | Self::Refused(_))
    }

    /// Whether a moment later the same may work.
    pub fn is_passing(&self) -> bool {
        matches!(self, Self::Unreachable(_) | Self::Broken(_) | Self::Garbled)
    }

    /// The fault in words; `host` is where the request went.
    pub fn problem(&self, host: &str) -> Problem {
        let host = text::cell(host);
        let network = |what: String, why: String| Problem::new(Kind::Network, what, why);
        match self {
            Self::Unreachable(why) => {
                network(format!("{host} could not be reached."), format!("{why}."))
                    .with_hint("Check the URL, the network and whether the project is paused.")
                    .retryable()
            }
            Self::Broken(why) => network(
                format!("The connection to {host} broke."),
                format!("The answer was cut off: {why}."),
            )
            .retryable(),
            Self::Silent => network(
                format!("{host} did not answer in time."),
                "The request was given up.".to_owned(),
            )
            .with_hint("Try again.")
            .retryable(),
            Self::TooLarge(bytes) => network(
                format!("The answer of {host} is too large."),
                format!("More than {} MB came.", bytes / 1024 / 1024),
            )
            .with_hint("Narrow down what is asked for."),
            Self::Garbled => network(
                format!("The answer of {host} could not be read."),
                "Its compression is broken.".to_owned(),
            )
            .retryable(),
            Self::Refused(problem) => problem.as_ref().clone(),
            Self::Internal(why) => Problem::internal(why.clone()),
        }
    }
}

/// The client. Made at the first request: reading the system's certificates takes longer than drawing the first screen.
#[derive(Debug)]
pub struct Http {
    client: OnceLock<Result<reqwest::Client, String>>,
    limits: Limits,
    proxies: Proxies,
}

impl Http {
    /// A client with these bounds.
    pub fn new(limits: Limits) -> Self {
        Self {
            client: OnceLock::new(),
            limits,
            proxies: Proxies::from_environment(),
        }
    }

    /// Its bounds.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Sends one request and reads the whole answer.
    pub async fn send(&self, request: &Request) -> Result<Reply, Fault> {
        self.send_within(request, self.limits.read).await
    }

    /// The same with a shorter silence than the client's own.
    pub async fn send_within(&self, request: &Request, silence: Duration) -> Result<Reply, Fault> {
        let route = self.proxies.route(&request.url);
        if let Route::Refused(problem) = route {
            return Err(Fault::Refused(problem));
        }
        let client = self
            .client
            .get_or_init(|| build(&self.limits, self.proxies.clone()));
        let client = client
            .as_ref()
            .map_err(|why| Fault::Internal(why.clone()))?;
        let mut outgoing = client
            .request(request.method.clone(), request.url.clone())
            .headers(request.headers.clone());
        if let Some(body) = &request.body {
            outgoing = outgoing.body(body.clone());
        }
        let mut response = match (timely(silence, outgoing.send()).await, route) {
            (Err(Fault::Unreachable(why)), Route::Tunnel(_)) => {
                let variable = self.proxies.variable().unwrap_or_default();
                return Err(Fault::Unreachable(format!(
                    "Through the proxy that {variable} names: {why}"
                )));
            }
            (sent, _) => sent?,
        };
        let status = response.status().as_u16();
        let headers = response.headers().clone();
        let mut body = Vec::new();
        while let Some(chunk) = timely(silence, response.chunk()).await? {
            if body.len() + chunk.len() > self.limits.body_bytes {
                return Err(Fault::TooLarge(self.limits.body_bytes));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Reply {
            status,
            headers,
            body,
        })
    }
}

/// A part of an answer, unless the server is silent for too long.
async fn timely<T>(
    silence: Duration,
    part: impl Future<Output = Result<T, reqwest::Error>>,
) -> Result<T, Fault> {
    match tokio::time::timeout(silence, part).await {
        Ok(part) => part.map_err(|error| sort(&error)),
        Err(_) => Err(Fault::Silent),
    }
}

/// The one place where an HTTP client is made.
fn build(limits: &Limits, proxies: Proxies) -> Result<reqwest::Client, String> {
    // Somebody else may have installed the same provider already, which is just as well.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
        .user_agent(USER_AGENT)
        .connect_timeout(limits.connect)
        .read_timeout(limits.read)
        // A write on a connection that the server has closed meanwhile leaves its outcome open.
        .pool_idle_timeout(IDLE)
        // A redirect would carry the key to wherever it points.
        .redirect(reqwest::redirect::Policy::none())
        // Not by the library's own reading of the environment, which sends plain http to a proxy, keys and all.
        .no_proxy()
        .proxy(reqwest::Proxy::custom(move |url| {
            match proxies.route(url) {
                Route::Tunnel(proxy) => Some(proxy),
                Route::Direct | Route::Refused(_) => None,
            }
        }))
        .build()
        .map_err(|error| format!("The HTTP client could not be made: {}.", reason(&error)))
}

fn sort(error: &reqwest::Error) -> Fault {
    if error.is_connect() {
        Fault::Unreachable(reason(error))
    } else if error.is_timeout() {
        Fault::Silent
    } else if error.is_decode() && reason(error).contains("gzip") {
        Fault::Garbled
    } else if error.is_builder() {
        Fault::Internal(format!("The request could not be made: {}.", reason(error)))
    } else {
        Fault::Broken(reason(error))
    }
}

/// The innermost cause, which is the one that says something; URLs, which could hold what should not be shown, are left out.
fn reason(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    if cause.downcast_ref::<reqwest::Error>().is_some() {
        return "no further reason is known".to_owned();
    }
    let shown = cause.to_string();
    text::cell(shown.trim_end_matches('.')).into_owned()
}

/// A pause of about `base`, between half of it and one and a half times, so that many clients do not come back at once.
pub fn jittered(base: Duration) -> Duration {
    let (random, _) = uuid::Uuid::new_v4().as_u64_pair();
    let share = (random >> 48) as f64 / f64::from(u16::MAX);
    base.mul_f64(0.5 + share)
}
