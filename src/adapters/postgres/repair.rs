//! Changes the history without running anything, and finds out what became of it when the line broke meanwhile.

use super::answers::has_code;
use super::connection::Connection;
use super::database::{PgDatabase, make_books};
use super::error::{innermost, is_fatal, statement_problem};
use super::lock_wait::PAUSE;
use super::timeout::with_deadline;
use crate::adapters::sql::between;
use crate::adapters::sql::codes::{BUSY, HISTORY_CHANGED};
use crate::adapters::sql::journal::Operator;
use crate::adapters::sql::repair;
use crate::domain::migration::history::{History, Stored};
use crate::domain::problem::{Kind, Problem};
use crate::domain::script::{Change, Limits};
use crate::ports::Database;
use std::time::Instant;
use tokio_postgres::Error;

/// Said when the server refused, and when the history was seen to be as before.
pub(in crate::adapters) const UNCHANGED: &str = "The migration history was not changed.";
/// Said when nobody can tell.
const UNKNOWN: &str = "It is not known whether the migration history was changed.";

impl PgDatabase {
    /// Makes all changes in one transaction. An error says whether they were made, as far as that can be known.
    pub(super) async fn apply_repairs(&self, changes: &[Change]) -> Result<(), Problem> {
        // A name of its own, so that what is left of it can be found and ended.
        let name = super::database::session_name();
        let connection = self.open_as(&name).await?;
        let present = self
            .patience
            .on(
                &connection,
                UNCHANGED,
                make_books(&connection, self.patience, None),
            )
            .await?;
        let runner = Operator::here();
        let limits = Limits::default();
        let sql: Vec<String> = changes
            .iter()
            .map(|change| repair::sql(change, &runner, present.journal))
            .collect();
        let sql = format!(
            "{}; set local lock_timeout = {}; set local statement_timeout = {}; {}; commit",
            between::open(),
            limits.lock_timeout.as_millis(),
            self.patience.0.as_millis().max(1),
            sql.join("; ")
        );
        let limit = limits.runner_timeout + limits.lock_timeout + self.patience.0;
        let changed = with_deadline(limit, &connection, UNKNOWN, async {
            let deadline = Instant::now() + limits.runner_timeout;
            loop {
                match connection.client.simple_query(&sql).await {
                    Err(error) if has_code(&error, &[BUSY]) && Instant::now() < deadline => {
                        let _ = connection.client.simple_query("rollback").await;
                        tokio::time::sleep(PAUSE).await;
                    }
                    answer => break Ok(answer),
                }
            }
        });
        let why = match changed.await {
            Ok(Ok(_)) => return Ok(()),
            Ok(Err(error)) if !is_lost(&error) => return Err(refusal(&error)),
            Ok(Err(error)) => lost(&connection, &error),
            Err(silent) => silent.why,
        };
        drop(connection);
        resolve_outcome(self, changes, &name, why).await
    }
}

/// Lets the history tell whether the changes were made, once nothing can make them any more.
pub(in crate::adapters) async fn resolve_outcome(
    database: &dyn Database,
    changes: &[Change],
    session: &str,
    why: String,
) -> Result<(), Problem> {
    let versions: Vec<String> = changes
        .iter()
        .flat_map(|change| match change {
            Change::Rename { from, version, .. } => vec![from.clone(), version.clone()],
            _ => vec![version(change).clone()],
        })
        .collect();
    let seen = async {
        let history = database.settled(session).await?;
        let rows = database.stored(&versions).await?;
        Ok::<_, Problem>((history, rows))
    };
    match seen.await {
        Ok((history, rows))
            if changes
                .iter()
                .all(|change| is_made(change, &rows, &history)) =>
        {
            Ok(())
        }
        Ok(_) => Err(Problem::new(Kind::Network, UNCHANGED, why)
            .with_hint("The history was read again to be sure. Try again.")
            .retryable()),
        Err(unread) => Err(Problem::new(Kind::Network, UNKNOWN, why)
            .with_hint("Run `supadeck migration list` when the database can be reached.")
            .with_detail(unread.to_string())),
    }
}

/// Whether the answer to COMMIT may be missing.
fn is_lost(error: &Error) -> bool {
    error.as_db_error().is_none_or(is_fatal)
}

fn lost(connection: &Connection, error: &Error) -> String {
    let why = if error.is_closed() {
        connection.end.why(error)
    } else {
        innermost(error)
    };
    crate::domain::text::sentence(&why)
}

fn refusal(error: &Error) -> Problem {
    if has_code(error, &[HISTORY_CHANGED]) {
        return Problem::new(
            Kind::Conflict,
            "The history has changed meanwhile.",
            "A version is no longer recorded as it was shown, so nothing was changed.",
        );
    }
    if has_code(error, &[BUSY]) {
        return Problem::new(
            Kind::Conflict,
            UNCHANGED,
            "Another runner held the migration lock all the time.",
        )
        .with_hint("Wait until it is done, then try again.")
        .retryable();
    }
    statement_problem(error, UNCHANGED)
}

/// The version that a change is about.
fn version(change: &Change) -> &String {
    match change {
        Change::Apply { version, .. }
        | Change::Revert { version }
        | Change::Rename { version, .. }
        | Change::Expect { version, .. }
        | Change::Settle { version } => version,
    }
}

/// Whether the history says what the change was to make it say.
fn is_made(change: &Change, rows: &[Stored], history: &History) -> bool {
    let row = rows.iter().find(|row| &row.version == version(change));
    match (change, row) {
        (Change::Revert { .. }, row) => row.is_none(),
        // It never was in the history: the journal alone tells.
        (Change::Settle { version }, _) => history
            .interrupted
            .iter()
            .all(|open| &open.version != version),
        (Change::Rename { from, name, .. }, Some(row)) => {
            row.name.as_ref() == Some(name) && rows.iter().all(|other| &other.version != from)
        }
        (Change::Expect { .. }, _) => true,
        (Change::Rename { .. }, None) => false,
        (
            Change::Apply {
                name, statements, ..
            },
            Some(row),
        ) => {
            row.name.as_ref() == Some(name)
                && row
                    .statements
                    .as_ref()
                    .is_some_and(|stored| statements.iter().eq(stored))
        }
        (Change::Apply { .. }, None) => false,
    }
}
