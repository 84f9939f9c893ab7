//! Looks at everything that supadeck needs and says what is wrong with it. Changes nothing; every check has its own outcome,
//! so that one thing that is broken does not hide the next.

mod wait;
mod weeksmith;

pub use wait::{PATIENCE, PendingChecks};

use crate::domain::identity::Identity;
use crate::domain::plural::counted;
use crate::domain::problem::{Kind, Problem};
use crate::domain::profile::Profile;
use crate::domain::query::Ping;
use crate::domain::secret::StoredIn;
use crate::ports::{Auth, Clock, Database, Profiles, Rest, Secrets};
use serde::Serialize;

/// How far apart the clocks may be, in seconds. Source: PostgREST accepts tokens that are up to 30 s off.
const MOST_SKEW_S: u64 = 30;

/// What is looked at.
pub struct Subject<'a> {
    /// The profile.
    pub profile: &'a Profile,
    /// The config file.
    pub profiles: &'a dyn Profiles,
    /// Where secrets are kept.
    pub secrets: &'a dyn Secrets,
    /// The REST interface.
    pub rest: &'a dyn Rest,
    /// The Auth interface.
    pub auth: &'a dyn Auth,
    /// Who reads.
    pub identity: &'a Identity,
    /// Whether the publishable key is known.
    pub has_publishable_key: bool,
    /// Whether the secret key is known.
    pub has_service_key: bool,
    /// What is set in the environment and belongs to another project.
    pub left_out: LeftOut,
    /// The database, where its URL is known; a URL that is none is the problem.
    pub database: Option<Result<Way<'a>, Problem>>,
    /// The clock.
    pub clock: &'a dyn Clock,
    /// How long anybody is waited for, and who is.
    pub waits: &'a PendingChecks,
}

/// Why a secret is not known although a variable with it is set, each as a sentence.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LeftOut {
    /// The publishable key.
    pub publishable_key: Option<String>,
    /// The secret key.
    pub secret_key: Option<String>,
    /// The database URL.
    pub db_url: Option<String>,
}

/// The way to a database.
pub struct Way<'a> {
    /// What it is called, such as `the database at localhost:5432`.
    pub name: String,
    /// The database.
    pub database: &'a dyn Database,
}

/// How a check ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// As it should be.
    Ok,
    /// Works, with something to know.
    Warn,
    /// Does not work.
    Fail,
    /// Could not be looked at, or does not apply.
    Skip,
}

/// The outcome of one check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Check {
    /// What was looked at: one or two words, always the same.
    pub name: &'static str,
    /// How it ended.
    pub state: State,
    /// What was found, as a sentence.
    pub what: String,
    /// What can be done.
    pub hint: Option<String>,
}

/// Looks at everything, in the order in which things depend on each other.
pub async fn check(subject: &Subject<'_>) -> Vec<Check> {
    let has_key = subject.has_publishable_key;
    let waits = subject.waits;
    let (at_rest, at_auth) = (
        subject.rest_name(),
        format!("Auth at {}", subject.profile.url),
    );
    let (config, keyring, rest, auth, service, (session, schema), database) = tokio::join!(
        subject.profiles.read(),
        subject.secrets.keeping(),
        waits.on(&at_rest, subject.rest.ping(&Identity::Anon)),
        waits.on(&at_auth, subject.auth.ping()),
        async {
            // The key is tried only where the service role was chosen: nothing is silently elevated.
            if *subject.identity == Identity::Service {
                let ping = subject.rest.ping(&Identity::Service);
                Some(waits.on(&at_rest, ping).await)
            } else {
                None
            }
        },
        async {
            // A session that is about to end is refreshed, and nothing is read as the user before.
            let session = match subject.identity {
                who @ Identity::User(_) => subject.auth.again(who),
                Identity::Anon | Identity::Service => subject.auth.current(),
            };
            let session = waits.on(&at_auth, session).await;
            let schema = match (subject.identity, &session) {
                (Identity::User(user), Err(problem)) if problem.kind == Kind::Network => skipped(
                    "weeksmith",
                    format!(
                        "Auth does not answer, so nothing can be read as {}.",
                        user.name()
                    ),
                ),
                (Identity::User(user), Err(_) | Ok(Identity::Anon)) => skipped(
                    "weeksmith",
                    format!(
                        "{} is not signed in, so nothing can be read as them.",
                        user.name()
                    ),
                ),
                _ => weeksmith::check(subject).await,
            };
            (session, schema)
        },
        database(subject),
    );
    let mut checks = vec![
        match config {
            Ok(book) => fine(
                "config",
                format!(
                    "{} holds {}.",
                    subject.profiles.path(),
                    counted(book.profiles.len(), "profile")
                ),
            ),
            Err(problem) => failed("config", &problem),
        },
        match keyring {
            Ok(StoredIn::Keyring) => fine("keyring", "The system's keyring answers."),
            Ok(StoredIn::Memory(why)) => {
                warned("keyring", format!("{why} Secrets are kept in memory."))
                    .with_hint("Say where each secret comes from with `supadeck profile add` (env:NAME or cmd:COMMAND), set environment variables, or start a keyring.")
            }
            Err(problem) => failed("keyring", &problem),
        },
        reachable(subject, &rest, &auth),
        clock(subject, &rest, &auth),
        answers("rest", "REST", &rest, has_key),
        answers("auth", "Auth", &auth, has_key),
        publishable(subject, &rest),
        match service {
            None if subject.has_service_key => skipped(
                "secret key",
                "One is known; it was not tried, because the service role was not chosen.",
            )
            .with_hint("Add `--as service` to try it."),
            None => skipped(
                "secret key",
                unknown(
                    subject.left_out.secret_key.as_ref(),
                    "the service role cannot be chosen.",
                ),
            ),
            Some(Ok(_)) => fine(
                "secret key",
                "It is accepted; it is used only for `--as service`.",
            ),
            Some(Err(problem)) if problem.kind == Kind::Network => {
                skipped("secret key", "REST does not answer.")
            }
            Some(Err(problem)) => failed("secret key", &problem),
        },
        match session {
            Ok(Identity::User(user)) => fine(
                "session",
                format!("{} is signed in ({}).", user.email, user.role),
            ),
            Ok(_) => skipped("session", "Nobody is signed in."),
            Err(problem) => failed("session", &problem),
        },
    ];
    checks.extend(database);
    checks.push(schema);
    checks
}

impl Subject<'_> {
    /// What REST is called when it does not answer.
    fn rest_name(&self) -> String {
        format!("REST at {}", self.profile.url)
    }
}

impl Check {
    fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

fn made(name: &'static str, state: State, what: impl Into<String>) -> Check {
    Check {
        name,
        state,
        what: what.into(),
        hint: None,
    }
}

fn fine(name: &'static str, what: impl Into<String>) -> Check {
    made(name, State::Ok, what)
}

fn warned(name: &'static str, what: impl Into<String>) -> Check {
    made(name, State::Warn, what)
}

fn skipped(name: &'static str, what: impl Into<String>) -> Check {
    made(name, State::Skip, what)
}

fn failed(name: &'static str, problem: &Problem) -> Check {
    let check = made(name, State::Fail, problem.to_string());
    match &problem.hint {
        Some(hint) => check.with_hint(hint),
        None => check,
    }
}

/// The URL is reachable when either interface answered, whatever it said.
fn reachable(
    subject: &Subject<'_>,
    rest: &Result<Ping, Problem>,
    auth: &Result<Ping, Problem>,
) -> Check {
    let url = &subject.profile.url;
    let quickest = [rest, auth]
        .into_iter()
        .filter_map(|ping| ping.as_ref().ok())
        .map(|pong| pong.took_ms)
        .min();
    match (quickest, rest, auth) {
        (Some(ms), _, _) => fine("url", format!("{url} answers in {ms} ms.")),
        (None, Err(problem), Err(other))
            if problem.kind == Kind::Network && other.kind == Kind::Network =>
        {
            failed("url", problem)
        }
        _ => fine("url", format!("{url} answers.")),
    }
}

fn clock(
    subject: &Subject<'_>,
    rest: &Result<Ping, Problem>,
    auth: &Result<Ping, Problem>,
) -> Check {
    let server = [rest, auth]
        .into_iter()
        .filter_map(|ping| ping.as_ref().ok())
        .find_map(|pong| pong.server_time);
    let Some(server) = server else {
        return skipped("clock", "The project did not say what time it is.");
    };
    let apart = server
        .duration_since(subject.clock.now())
        .unsigned_abs()
        .as_secs();
    if apart <= MOST_SKEW_S {
        return fine("clock", "This machine and the project agree on the time.");
    }
    warned(
        "clock",
        format!("This machine's clock and the project's are {apart} seconds apart."),
    )
    .with_hint("Set the clock: tokens may be refused as expired or not yet valid.")
}

fn answers(name: &'static str, word: &str, ping: &Result<Ping, Problem>, has_key: bool) -> Check {
    match ping {
        Ok(_) => fine(name, format!("{word} answers.")),
        Err(problem) if problem.kind == Kind::Auth && !has_key => {
            fine(name, format!("{word} answers, and asks for a key."))
        }
        Err(problem) if problem.kind == Kind::Auth => {
            fine(name, format!("{word} answers, and refused the key."))
        }
        Err(problem) => failed(name, problem),
    }
}

/// No secret is known, and what that means; a variable that is set all the same is named first.
fn unknown(left_out: Option<&String>, so: &str) -> String {
    match left_out {
        Some(why) => format!("{why} So {so}"),
        None => format!("None is known; {so}"),
    }
}

fn publishable(subject: &Subject<'_>, rest: &Result<Ping, Problem>) -> Check {
    let left_out = subject.left_out.publishable_key.as_ref();
    match rest {
        _ if !subject.has_publishable_key && left_out.is_some() => warned(
            "publishable key",
            unknown(left_out, "nothing can be read as anon or as a user."),
        )
        .with_hint("Give this project's key with `--key`, or keep it with `supadeck profile add`."),
        _ if !subject.has_publishable_key => warned(
            "publishable key",
            unknown(None, "nothing can be read as anon or as a user."),
        )
        .with_hint("Set SUPABASE_PUBLISHABLE_KEY, or keep it with `supadeck profile add`."),
        Ok(_) => fine("publishable key", "It is accepted."),
        Err(problem) if problem.kind == Kind::Network => {
            skipped("publishable key", "REST does not answer.")
        }
        Err(problem) => failed("publishable key", problem),
    }
}

async fn database(subject: &Subject<'_>) -> [Check; 2] {
    let history = match &subject.database {
        None => {
            let so = "migrations and seeds cannot run.";
            let what = match &subject.left_out.db_url {
                Some(why) => format!("{why} So {so}"),
                None => {
                    format!("No database URL and no access token with a project ref is known; {so}")
                }
            };
            let check = skipped("database", what);
            let hint = "Set SUPABASE_DB_URL or SUPABASE_ACCESS_TOKEN, or keep one with `supadeck profile add`.";
            return [
                check.with_hint(hint),
                skipped("history", "The database is not known."),
            ];
        }
        Some(Err(problem)) => Err(problem.clone()),
        Some(Ok(way)) => subject.waits.on(&way.name, way.database.history()).await,
    };
    match history {
        Err(problem) => [
            failed("database", &problem),
            skipped("history", "The database could not be read."),
        ],
        Ok(history) => {
            let target = &history.target;
            let found = format!(
                "{}/{} runs PostgreSQL {} for {}.",
                target.host, target.database, target.server_version, target.role
            );
            let records = match history.rows.len() {
                0 => warned("history", "No migration is recorded."),
                1 => fine("history", "One migration is recorded."),
                count => fine("history", format!("{count} migrations are recorded.")),
            };
            [fine("database", found), records]
        }
    }
}
