//! Puts what the driver reports into problems, without a word of the URL.

use super::address::{ConnectionConfig, Endpoint};
use super::auth_filter::Refused as Unasked;
use super::handshake::HandshakeError;
use super::tls::certificate_problem;
use crate::domain::hidden::shown_path;
use crate::domain::problem::{Kind, Problem};
use crate::domain::script::ServerError;
use crate::domain::text::{harmless, sentence};
use std::error::Error as _;
use tokio_postgres::Error;
use tokio_postgres::error::{DbError, ErrorPosition, Severity};

/// Why a connection to a host could not be opened.
pub(super) fn connect_problem(
    error: &Error,
    address: &ConnectionConfig,
    endpoint: &Endpoint,
) -> Problem {
    let host = harmless(&endpoint.shown()).into_owned();
    if let Some(refused) = error.as_db_error() {
        return refused_connection(refused, &host, address);
    }
    if let Some(refused) = unanswered(error) {
        return unanswered_problem(refused, &host);
    }
    let handshake = error
        .source()
        .and_then(|source| source.downcast_ref::<HandshakeError>());
    match handshake {
        Some(HandshakeError::NoTls) => no_tls(&host, endpoint),
        Some(HandshakeError::Strange) => Problem::new(
            Kind::Network,
            format!("{host} is not a Postgres server."),
            "What answered there does not speak the protocol of Postgres.",
        )
        .with_hint("Check the host and the port of the database URL."),
        Some(HandshakeError::Tls(cause)) => {
            tls_problem(&cause.to_string(), &host, address, endpoint)
        }
        Some(HandshakeError::Line(_)) | None => unreachable_database(error, &host, address),
    }
}

/// What the server asked for at the sign-in and was not answered.
fn unanswered(error: &Error) -> Option<Unasked> {
    let mut cause = error.source();
    while let Some(inner) = cause {
        if let Some(io) = inner.downcast_ref::<std::io::Error>()
            && let Some(refused) = io.get_ref()
        {
            return refused.downcast_ref::<Unasked>().copied();
        }
        cause = inner.source();
    }
    None
}

fn unanswered_problem(refused: Unasked, host: &str) -> Problem {
    let what = format!("{host} was not signed in to: {refused}.");
    let unchecked = "Nobody has checked that it is the right server, so it was not answered.";
    let problem = |why: &str| Problem::new(Kind::Auth, what.clone(), why);
    match refused {
        Unasked::Cleartext | Unasked::Md5 => {
            let word = if refused == Unasked::Md5 { "md5" } else { "password" };
            problem(unchecked).with_hint(format!(
                "Check the server with `sslmode=verify-full`, or let it use SCRAM; `require_auth={word}` in the database URL answers all the same."
            ))
        }
        Unasked::Nothing => problem(unchecked).with_hint(
            "Check the server with `sslmode=verify-full`; `require_auth=none` in the database URL takes a server that asks for nothing.",
        ),
        Unasked::FewRounds(_) => problem(unchecked).with_hint(
            "Check the server with `sslmode=verify-full`, or set its password again with scram_iterations of 4096 or more.",
        ),
        Unasked::Scram => problem("The database URL or PGREQUIREAUTH says so."),
        Unasked::Unknown => {
            problem("Passwords in clear text, MD5 and SCRAM-SHA-256 are known here.")
        }
        Unasked::Garbled => problem("Something else may be listening there.")
            .with_hint("Check the host and the port of the database URL."),
    }
}

fn tls_problem(
    cause: &str,
    host: &str,
    address: &ConnectionConfig,
    endpoint: &Endpoint,
) -> Problem {
    let mut problem = Problem {
        what: format!("The TLS connection to {host} was not made."),
        ..certificate_problem(cause)
    };
    let (name, ip) = (endpoint.host.as_ref(), endpoint.address);
    if let Some(file) = address.requirements.policy(name, ip).roots.file {
        let file = file.display().to_string();
        problem.why = format!(
            "{} It was checked against {}.",
            problem.why,
            shown_path(&file)
        );
    }
    if endpoint.is_hosted() {
        problem.with_hint("Supabase's roots are built in. Somebody may be in between; where this network re-signs TLS, name its root with `sslrootcert`.")
    } else {
        problem
    }
}

fn no_tls(host: &str, endpoint: &Endpoint) -> Problem {
    let problem = Problem::new(
        Kind::Network,
        format!("{host} does not offer TLS."),
        if endpoint.is_hosted() {
            "A hosted project is never connected to without it."
        } else {
            "The database URL or PGSSLMODE asks for it."
        },
    );
    if endpoint.is_hosted() {
        problem.with_hint("Somebody may be in between: check the host, the port and the network.")
    } else {
        problem.with_hint("On a trusted network `sslmode=disable` does without.")
    }
}

fn refused_connection(refused: &DbError, host: &str, address: &ConnectionConfig) -> Problem {
    let (user, database) = (address.user(), address.database());
    let why = sentence(refused.message());
    let wants_tls =
        refused.message().contains("SSL required") || refused.message().contains("no encryption");
    let problem = match refused.code().code() {
        _ if wants_tls => Problem::new(Kind::Network, format!("{host} takes no unencrypted connection."), why)
            .with_hint("Use `sslmode=verify-full` in the database URL, or `require`, which checks nothing."),
        "28P01" | "28000" | "08P01" => Problem::new(
            Kind::Auth,
            format!("{host} did not accept the sign-in of {user}."),
            why,
        )
        .with_hint("Check the user and the password of the database URL; special characters must be percent-encoded."),
        "3D000" => Problem::new(Kind::Database, format!("There is no database {database} on {host}."), why)
            .with_hint("A Supabase project's database is called postgres."),
        "53300" => Problem::new(Kind::Database, format!("{host} takes no more connections."), why)
            .with_hint("Close other clients, or use the pooler's address.")
            .retryable(),
        "57P03" | "57P01" | "57P02" => {
            Problem::new(Kind::Network, format!("{host} is starting or stopping."), why).retryable()
        }
        "42501" => Problem::new(Kind::Denied, format!("{user} may not connect to {database}."), why),
        "XX000" if refused.message().contains("enant") => Problem::new(
            Kind::Auth,
            format!("The pooler {host} does not know {user}."),
            why,
        )
        .with_hint("Behind the pooler the user is postgres.<project ref>."),
        _ => Problem::new(Kind::Database, format!("{host} refused the connection."), why),
    };
    problem.with_code(refused.code().code())
}

fn unreachable_database(error: &Error, host: &str, address: &ConnectionConfig) -> Problem {
    let cause = innermost(error);
    match error.to_string().split(':').next().unwrap_or_default() {
        "invalid configuration" if cause.contains("password") => Problem::new(
            Kind::Auth,
            format!("{host} wants a password for {}.", address.user()),
            "The database URL has none.",
        )
        .with_hint("Put it into the URL, or store it with `supadeck profile add`."),
        "authentication error" => Problem::new(
            Kind::Auth,
            format!("{host} did not accept the sign-in of {}.", address.user()),
            sentence(&cause),
        ),
        _ => {
            let problem = Problem::new(
                Kind::Network,
                format!("The database at {host} cannot be reached."),
                sentence(&cause),
            )
            .retryable();
            if host.starts_with("db.") && host.contains(".supabase.") {
                problem.with_hint("A project's direct address has IPv6 only. Without IPv6 use the session pooler's address.")
            } else {
                problem.with_hint("Check the host, the port and the network.")
            }
        }
    }
}

/// The database did not answer in time.
pub(super) fn connect_timeout(address: &ConnectionConfig, seconds: u64) -> Problem {
    Problem::new(
        Kind::Network,
        format!("The database at {} did not answer.", address.host()),
        format!("It was given {seconds} seconds."),
    )
    .with_hint("Check the host, the port and the network.")
    .retryable()
}

/// Any other fault of a statement of ours, such as reading the history.
pub(super) fn statement_problem(error: &Error, what: &str) -> Problem {
    match error.as_db_error() {
        None => Problem::new(Kind::Network, what, sentence(&innermost(error))).retryable(),
        Some(refused) => {
            let kind = match refused.code().code() {
                "42501" => Kind::Denied,
                "55P03" => Kind::Conflict,
                // Nobody cancels statements of ours: this is their limit.
                "57014" => Kind::Network,
                _ => Kind::Database,
            };
            let problem = Problem::new(kind, what, sentence(refused.message()))
                .with_code(refused.code().code());
            match refused.hint() {
                Some(hint) => problem.with_hint(sentence(hint)),
                None if kind == Kind::Denied => {
                    problem.with_hint("Use the role that owns the schema supabase_migrations.")
                }
                None if kind == Kind::Conflict => problem
                    .with_hint("Somebody else holds a lock on it. Try again when that is over.")
                    .retryable(),
                None if kind == Kind::Network => problem.retryable(),
                None => problem,
            }
        }
    }
}

/// The server's words about a statement. Text is bounded here and made harmless where it is shown.
pub(super) fn refused(error: &DbError) -> ServerError {
    ServerError {
        code: error.code().code().to_owned(),
        message: error.message().to_owned(),
        detail: error.detail().map(Into::into),
        hint: error.hint().map(Into::into),
        context: error.where_().map(Into::into),
        part: None,
        character: match error.position() {
            Some(ErrorPosition::Original(character)) => usize::try_from(*character).ok(),
            _ => None,
        },
        at_commit: false,
        blocker: None,
    }
}

/// Whether the server closes the connection with this error, so that the answer to a COMMIT may never come.
pub(super) fn is_fatal(error: &DbError) -> bool {
    matches!(
        error.parsed_severity(),
        Some(Severity::Fatal | Severity::Panic)
    )
}

/// Whether a notice is one of the server's log, which it sends where `client_min_messages` asks for that.
pub(super) fn is_log(notice: &DbError) -> bool {
    use tokio_postgres::error::Severity;
    matches!(
        notice.parsed_severity(),
        Some(Severity::Debug | Severity::Log)
    )
}

/// A notice as one line.
pub(super) fn notice(notice: &DbError) -> String {
    harmless(&format!("{}: {}", notice.severity(), notice.message())).into_owned()
}

/// The deepest cause of an error, which says most.
pub(super) fn innermost(error: &Error) -> String {
    let mut cause = error.to_string();
    let mut next = error.source();
    while let Some(inner) = next {
        cause = inner.to_string();
        next = inner.source();
    }
    cause
}
