//! Sends a composed request under an identity: puts the keys on, repeats what may be repeated, refreshes an expired token
//! once. A request that may have written is never sent twice.

use super::PostgRest;
use super::error::{Operation, Refusal, wrong_clock};
use crate::adapters::http::{Fault, Limits, Reply, Request, jittered};
use crate::domain::identity::Identity;
use crate::domain::problem::{Kind, Problem};
use crate::domain::secret::ApiKey;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use secrecy::{ExposeSecret, SecretString};
use std::time::Duration;

/// How often a request is repeated for a fault that may pass (design section 6).
const REPEATS: u32 = 2;

/// What a request is for: it decides whether it is sent again, and how long the server may say nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RetryPolicy {
    /// It changes nothing and is answered soon. Sent again after any fault that may pass.
    Read,
    /// A read that may search a large table.
    LongRead,
    /// It may write. Sent again only when it cannot have run, and its answer is awaited for long.
    Write,
}

impl RetryPolicy {
    fn may_repeat(self) -> bool {
        self != Self::Write
    }

    fn silence(self, limits: &Limits) -> Duration {
        match self {
            Self::Read => limits.quick.min(limits.read),
            Self::LongRead | Self::Write => limits.read,
        }
    }
}

/// The headers of an identity.
struct Credentials {
    /// Absent only when looking whether the server is there.
    key: Option<ApiKey>,
    token: Option<SecretString>,
}

/// What an exchange came to: the server's clock, and the problem if it refused.
pub(super) type Seen = (Option<jiff::Timestamp>, Option<Problem>);

impl PostgRest {
    /// Sends the request until it succeeds or must not be repeated.
    pub(super) async fn exchange(
        &self,
        who: &Identity,
        request: Request,
        correlation: Option<&str>,
        errand: RetryPolicy,
        deed: Operation<'_>,
    ) -> Result<Reply, Problem> {
        let mut repeats = 0;
        let mut has_refreshed = false;
        loop {
            let credentials = self.credentials(who).await?;
            let outgoing = with_credentials(&request, &credentials, correlation)?;
            let reply = match self.send(&outgoing, errand).await {
                Ok(reply) if reply.is_success() => return Ok(reply),
                Ok(reply) => reply,
                Err(fault) => {
                    let may = fault.is_unsent() || (errand.may_repeat() && fault.is_passing());
                    if may && repeats < REPEATS {
                        self.pause(repeats).await;
                        repeats += 1;
                        continue;
                    }
                    let problem = self.fault(&fault, errand);
                    return Err(if deed.is_write() && !fault.is_unsent() {
                        problem.of_unknown_outcome()
                    } else {
                        problem
                    });
                }
            };
            let refusal = Refusal::read(&reply);
            if let Some(token) = &credentials.token
                && refusal.is_about_the_token()
                && !has_refreshed
            {
                if who.is_acted() && refusal.is_about_the_time() {
                    return Err(wrong_clock(&refusal));
                }
                self.auth.renew(who, token).await?;
                has_refreshed = true;
                continue;
            }
            // A request that was turned away for its rate has not run, whatever it was.
            if reply.status == 429
                && repeats < REPEATS
                && let Some(wait) = self.wait_asked_for(&reply, repeats)
            {
                tokio::time::sleep(wait).await;
                repeats += 1;
                continue;
            }
            // Nothing has run either. PostgREST answers from the schema that it knew for a moment after a migration.
            if refusal.is_stale_schema() && self.schema_cache_may_be_stale() {
                self.pause(0).await;
                continue;
            }
            if errand.may_repeat() && refusal.is_passing() && repeats < REPEATS {
                self.pause(repeats).await;
                repeats += 1;
                continue;
            }
            let is_unknown = deed.is_write() && refusal.may_have_run();
            let problem = refusal.problem(who, deed, &self.base, credentials.key.as_ref());
            return Err(if is_unknown {
                problem.of_unknown_outcome()
            } else {
                problem
            });
        }
    }

    /// One request, and what came back, refusal or not. For looking whether the server is there, which goes without a key
    /// too: whoever asks for one is there.
    pub(super) async fn exchange_raw(
        &self,
        who: &Identity,
        request: Request,
        deed: Operation<'_>,
    ) -> Result<Seen, Problem> {
        let credentials = match who {
            Identity::Anon => Credentials {
                key: match &self.keys.publishable {
                    Some(key) => key.get().await.ok(),
                    None => None,
                },
                token: None,
            },
            other => self.credentials(other).await?,
        };
        let outgoing = with_credentials(&request, &credentials, None)?;
        let sent = self.send(&outgoing, RetryPolicy::Read).await;
        let reply = sent.map_err(|fault| self.fault(&fault, RetryPolicy::Read))?;
        let problem = (!reply.is_success()).then(|| {
            Refusal::read(&reply).problem(who, deed, &self.base, credentials.key.as_ref())
        });
        Ok((reply.date(), problem))
    }

    async fn credentials(&self, who: &Identity) -> Result<Credentials, Problem> {
        let publishable = || {
            self.keys
                .publishable
                .as_ref()
                .ok_or_else(|| no_publishable_key(self.keys.misplaced.publishable.as_deref()))
        };
        match who {
            Identity::Anon => {
                let key = Some(publishable()?.get().await?);
                Ok(Credentials { key, token: None })
            }
            Identity::User(_) => {
                let key = Some(publishable()?.get().await?);
                let token = self.auth.bearer(who).await?;
                Ok(Credentials {
                    key,
                    token: Some(token),
                })
            }
            Identity::Service => {
                let key = self
                    .keys
                    .secret
                    .as_ref()
                    .ok_or_else(|| no_secret_key(self.keys.misplaced.secret.as_deref()))?;
                Ok(Credentials {
                    key: Some(key.get().await?),
                    token: None,
                })
            }
        }
    }

    async fn pause(&self, repeats: u32) {
        let base = self.http.limits().first_pause * 2_u32.pow(repeats);
        tokio::time::sleep(jittered(base)).await;
    }

    /// How long to wait after a 429; `None` when the server asks for longer than anybody would sit there.
    fn wait_asked_for(&self, reply: &Reply, repeats: u32) -> Option<Duration> {
        let limits = self.http.limits();
        let asked = reply.retry_after(self.clock.now());
        let wait = asked.unwrap_or_else(|| jittered(limits.first_pause * 2_u32.pow(repeats + 1)));
        (wait <= limits.longest_wait).then_some(wait)
    }

    async fn send(&self, request: &Request, errand: RetryPolicy) -> Result<Reply, Fault> {
        let silence = errand.silence(self.http.limits());
        self.http.send_within(request, silence).await
    }

    fn fault(&self, fault: &Fault, errand: RetryPolicy) -> Problem {
        let mut problem = fault.problem(host_of(&self.base));
        if let Fault::Silent = fault {
            let seconds = errand.silence(self.http.limits()).as_secs();
            problem.why =
                format!("It said nothing for {seconds} seconds, which is supadeck's own limit.");
        }
        match fault {
            Fault::Silent if errand == RetryPolicy::LongRead => {
                problem.with_hint("Try again, or ask for less, with `--limit` or a filter.")
            }
            _ => problem,
        }
    }
}

/// Puts the keys and the correlation id on a copy of the request.
/// Publishable and secret keys go into `apikey` only; `Authorization` is for user tokens and legacy JWT keys.
fn with_credentials(
    request: &Request,
    credentials: &Credentials,
    correlation: Option<&str>,
) -> Result<Request, Problem> {
    let mut request = request.clone();
    let key = credentials.key.as_ref();
    if let Some(key) = key {
        secret_header(&mut request.headers, "apikey", key.expose())?;
    }
    let bearer = match &credentials.token {
        Some(token) => Some(token.expose_secret()),
        None => key.filter(|key| key.is_jwt()).map(ApiKey::expose),
    };
    if let Some(bearer) = bearer {
        secret_header(
            &mut request.headers,
            "authorization",
            &format!("Bearer {bearer}"),
        )?;
    }
    if let Some(correlation) = correlation {
        let value = HeaderValue::from_str(correlation)
            .map_err(|_| Problem::internal("A correlation id cannot be sent."))?;
        request.headers.insert("x-correlation-id", value);
    }
    Ok(request)
}

/// Adds a header that is marked as sensitive, so that no layer below prints it.
pub(in crate::adapters) fn secret_header(
    headers: &mut HeaderMap,
    name: &'static str,
    value: &str,
) -> Result<(), Problem> {
    let mut value = HeaderValue::from_str(value).map_err(|_| {
        Problem::new(
            Kind::Auth,
            "A key or token cannot be sent.",
            "It has characters in it that no key has.",
        )
        .with_hint("Copy the key again from the project's settings.")
    })?;
    value.set_sensitive(true);
    headers.insert(HeaderName::from_static(name), value);
    Ok(())
}

/// The host and port of a URL, for messages.
pub(in crate::adapters) fn host_of(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.split('/').next().unwrap_or(rest)
}

/// The publishable key is missing: nothing can be read as anon or as a user. `misplaced` says what was given in its place.
pub(in crate::adapters) fn no_publishable_key(misplaced: Option<&str>) -> Problem {
    let so = "Without it nothing can be read, neither as anon nor as a user.";
    Problem::new(
        Kind::Config,
        "The project's publishable key is not known.",
        misplaced.map_or_else(|| so.to_owned(), |why| format!("{why} {so}")),
    )
    .with_hint("Set SUPABASE_PUBLISHABLE_KEY, or keep it, or where it comes from, with `supadeck profile add --replace`.")
}

/// The secret key is missing, which the service role needs. `misplaced` says what was given in its place.
pub(in crate::adapters) fn no_secret_key(misplaced: Option<&str>) -> Problem {
    let problem = Problem::new(
        Kind::Config,
        "The service role cannot be used.",
        misplaced.unwrap_or("The project's secret key is not known."),
    );
    problem.with_hint(match misplaced {
        Some(_) => "Set SUPABASE_SECRET_KEY to the secret key, which begins with sb_secret_ or is the legacy service_role key.",
        None => "Set SUPABASE_SECRET_KEY, or keep it, or where it comes from, with `supadeck profile add --replace`.",
    })
}
