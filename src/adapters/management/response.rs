//! What the API's reply to a call means for the database: it ran, it was refused, it was turned away, or nobody knows.
//!
//! A status alone proves little: the document names 500 for a failed query, 400 has been seen, and a gateway answers with
//! either on its own account. Only an SQLSTATE in the text shows that it was Postgres that refused.

use super::endpoint::ProjectAccess;
use super::error_text::ErrorText;
use crate::adapters::http::{Fault, Reply};
use crate::domain::problem::{Kind, Problem};
use crate::domain::text;
use serde_json::Value;
use std::time::Duration;

/// Why a call did not give rows.
#[derive(Debug)]
pub(super) enum Failure {
    /// Postgres refused; nothing of the call remains.
    Refused(Box<ErrorText>),
    /// The API refused before anything ran.
    TurnedAway(Box<Problem>),
    /// The API has no room for it yet, and perhaps says how long to wait; it has not run.
    Later(Option<Duration>),
    /// Nothing was sent.
    Unsent(String),
    /// The API said no in words that are not Postgres's: most likely nothing ran, but it does not follow.
    Unclear(String),
    /// Nobody knows whether it ran.
    Unknown(String),
    /// The user stopped while the call waited for its turn; nothing was sent.
    Cancelled,
}

/// A call that gave no whole reply.
pub(super) fn fault(fault: &Fault, access: &ProjectAccess) -> Failure {
    let said = fault.problem(access.server()).to_string();
    match fault {
        Fault::Refused(problem) => Failure::TurnedAway(problem.clone()),
        Fault::Internal(_) | Fault::Unreachable(_) => Failure::Unsent(said),
        _ => Failure::Unknown(said),
    }
}

/// The rows of the last statement that gave any, or why there are none.
pub(super) fn read(reply: &Reply, access: &ProjectAccess) -> Result<Vec<Value>, Failure> {
    let body = serde_json::from_slice::<Value>(&reply.body).ok();
    if reply.is_success() {
        return body.and_then(rows).ok_or_else(|| {
            Failure::Unknown(format!(
                "The Management API answered {} with something that is no list of rows.",
                reply.status
            ))
        });
    }
    let message = body.as_ref().and_then(message);
    if let Some(said) = message.as_deref().and_then(ErrorText::parse) {
        return Err(if said.is_fatal {
            Failure::Unknown(said.message)
        } else {
            Failure::Refused(Box::new(said))
        });
    }
    if let Some(problem) = turned_away(reply.status, access) {
        return Err(Failure::TurnedAway(Box::new(problem)));
    }
    let words = message.map(|words| text::cell(&words).into_owned());
    let said = match (words, reply.status) {
        (Some(words), status) => format!("The Management API answered {status}: {words}"),
        (None, status) => format!("The Management API answered {status} and gave no reason."),
    };
    Err(match reply.status {
        400..=499 => Failure::Unclear(said),
        _ => Failure::Unknown(said),
    })
}

/// Rows as such, or the last list of rows that is not empty among several.
fn rows(body: Value) -> Option<Vec<Value>> {
    let Value::Array(values) = body else {
        return None;
    };
    if values.iter().any(Value::is_array) {
        let mut lists = values.into_iter().rev().filter_map(|value| match value {
            Value::Array(rows) => Some(rows),
            _ => None,
        });
        return Some(lists.find(|rows| !rows.is_empty()).unwrap_or_default());
    }
    Some(values)
}

fn message(body: &Value) -> Option<String> {
    let words = ["message", "error", "msg"];
    let found = words.iter().find_map(|word| body.get(word)?.as_str())?;
    Some(found.to_owned()).filter(|words| !words.trim().is_empty())
}

/// The statuses by which the API turns a call away before it looks at the query.
fn turned_away(status: u16, access: &ProjectAccess) -> Option<Problem> {
    let reference = access.reference();
    Some(match status {
        401 => Problem::new(
            Kind::Auth,
            "The Management API did not accept the access token.",
            "It is wrong, expired or revoked.",
        )
        .with_hint("Make a new one on the account page of the dashboard, and set SUPABASE_ACCESS_TOKEN."),
        403 => Problem::new(
            Kind::Denied,
            format!("The access token may not work on the database of project {reference}."),
            "The Management API answered 403.",
        )
        .with_hint("Use the token of a member who may, or a token that is allowed to read and write databases."),
        404 => Problem::new(
            Kind::Config,
            format!("The Management API knows no project {reference}."),
            "The ref is wrong, or the project belongs to somebody else.",
        )
        .with_hint("Compare the profile's project ref with the project's URL in the dashboard."),
        413 => Problem::new(
            Kind::Config,
            "This is too large for the Management API, and nothing of it was run.",
            "It answered 413 to the call, which carries the whole file.",
        )
        .with_hint("Run it over a database URL (--db-url), or write it as several smaller files."),
        _ => return None,
    }
    .with_code(status.to_string()))
}

/// The API has had too many requests for too long.
pub(super) fn no_turn() -> Failure {
    let problem = Problem::new(
        Kind::Network,
        "The Management API takes no more requests for now.",
        "It allows about sixty a minute, for all programs of an account together.",
    )
    .with_code("429")
    .with_hint("Wait a minute, then try again.")
    .retryable();
    Failure::TurnedAway(Box::new(problem))
}

#[cfg(test)]
mod tests {
    use super::*;
    use reqwest::header::HeaderMap;
    use serde_json::json;

    fn access() -> ProjectAccess {
        ProjectAccess::new(None, "abcdefghijklmnopqrst", &"sbp_1".to_owned().into()).unwrap()
    }

    fn reading(status: u16, body: &str) -> Result<Vec<Value>, Failure> {
        let reply = Reply {
            status,
            headers: HeaderMap::new(),
            body: body.as_bytes().to_vec(),
        };
        read(&reply, &access())
    }

    #[test]
    fn rows_and_lists_of_rows_are_both_read() {
        assert_eq!(reading(201, "[]").unwrap(), Vec::<Value>::new());
        assert_eq!(reading(200, r#"[{"a":1}]"#).unwrap(), [json!({"a": 1})]);
        let several = r#"[[],[{"a":1}],[{"a":2}],[]]"#;
        assert_eq!(reading(201, several).unwrap(), [json!({"a": 2})]);
    }

    #[test]
    fn success_without_rows_proves_nothing() {
        for body in ["", "[{\"a\":1", "{}", "null", "<html>"] {
            assert!(
                matches!(reading(201, body), Err(Failure::Unknown(_))),
                "{body}"
            );
        }
    }

    #[test]
    fn only_a_code_of_postgres_means_that_postgres_refused() {
        for status in [400, 403, 500] {
            let body = json!({"message": "Failed to run sql query: ERROR:  42P07: there\n"});
            let failure = reading(status, &body.to_string()).unwrap_err();
            assert!(
                matches!(&failure, Failure::Refused(said) if said.code == "42P07"),
                "{failure:?}"
            );
        }
        for body in [
            "",
            "{}",
            "<html>oops</html>",
            r#"{"message":"Connection terminated"}"#,
            r#"{"message":7}"#,
        ] {
            assert!(
                matches!(reading(400, body), Err(Failure::Unclear(_))),
                "{body}"
            );
            assert!(
                matches!(reading(500, body), Err(Failure::Unknown(_))),
                "{body}"
            );
            assert!(
                matches!(reading(302, body), Err(Failure::Unknown(_))),
                "{body}"
            );
        }
        let ended = r#"{"message":"FATAL:  57P01: terminating connection"}"#;
        assert!(matches!(reading(400, ended), Err(Failure::Unknown(_))));
    }

    #[test]
    fn a_token_or_project_that_is_wrong_is_said_so() {
        for (status, kind) in [(401, Kind::Auth), (403, Kind::Denied), (404, Kind::Config)] {
            let failure = reading(status, r#"{"message":"no"}"#).unwrap_err();
            let Failure::TurnedAway(problem) = failure else {
                panic!("{failure:?}");
            };
            assert_eq!(problem.kind, kind);
            assert!(problem.hint.is_some());
        }
    }
}
