//! The connection that runs the statements of a file outside a transaction: one unit of it, and where that stopped.

use super::atomic_group::AtomicGroup;
use super::error::refused;
use super::supervisor::{Failure, Supervisor};
use crate::domain::run_event::RunEvent;
use crate::domain::script::{Cause, Limits, Part};
use crate::domain::sql::execution_mode::runs_alone;
use crate::domain::sql::statement_kind::leading_words;
use crate::domain::sql::transaction::{Control, control};
use tokio_postgres::SimpleQueryMessage;

/// The worker's backend: its process id and when it began.
pub(super) struct Backend {
    pub(super) pid: String,
    pub(super) since: String,
}

/// Runs one statement, or one transaction of the file's own.
pub(super) async fn run(
    guard: &mut Supervisor<'_>,
    parts: &[Part],
    unit: &AtomicGroup,
    limits: &Limits,
) -> Result<(), StopPoint> {
    let start = parts[unit.parts.start].statement;
    let relaxed = unit.is_concurrent && !limits.is_lock_timeout_chosen;
    let ours = limits.lock_timeout.as_millis().to_string();
    if relaxed {
        // It waits without standing in anybody's way, and giving up would leave an invalid index.
        let set = swap_lock_timeout(guard, &ours, "0").await;
        set.map_err(|why| StopPoint::at(start, start, why))?;
    }
    if unit.opens {
        let opened = guard.wait(guard.client.simple_query("begin")).await;
        opened.map_err(|failure| StopPoint::at(start, start, why(guard, failure, None)))?;
    }
    for index in unit.parts.clone() {
        let part = &parts[index];
        let client = guard.client;
        let failure = match guard.wait(client.simple_query(&part.sql)).await {
            Ok(messages) => {
                let rows = messages.iter().rev().find_map(|message| match message {
                    SimpleQueryMessage::CommandComplete(rows) => Some(*rows),
                    _ => None,
                });
                guard.emit(RunEvent::StatementDone {
                    step: 0,
                    done: part.statement + 1,
                    rows: rows.unwrap_or_default(),
                });
                continue;
            }
            Err(failure) => failure,
        };
        let is_last = index + 1 == unit.parts.end && !unit.closes;
        let why = why(guard, failure, Some(part.statement));
        let mut stop = StopPoint::at(part.statement, start, why);
        // A transaction of the file's own that was not committed is undone with its session.
        // A procedure or a block outside a transaction may have committed before it ended.
        let commits = unit.parts.len() == 1
            && matches!(
                leading_words(&part.sql, 1).first().map(String::as_str),
                Some("call" | "do")
            );
        stop.is_in_doubt = is_last && (commits || matches!(stop.why, Cause::Lost(_)));
        stop.leaves_nothing = !stop.is_in_doubt
            && !commits
            && (is_transaction(parts, unit) || undoes_itself(&part.sql, &stop.why));
        return Err(stop);
    }
    if unit.closes {
        let last = parts[unit.parts.end - 1].statement;
        let closed = guard.wait(guard.client.simple_query("commit")).await;
        closed.map_err(|failure| {
            let mut stop = StopPoint::at(last, start, why(guard, failure, Some(last)));
            stop.is_in_doubt = matches!(stop.why, Cause::Lost(_));
            stop.leaves_nothing = !stop.is_in_doubt;
            stop
        })?;
    }
    if relaxed {
        let next = parts[unit.parts.end - 1].statement + 1;
        let set = swap_lock_timeout(guard, "0", &ours).await;
        set.map_err(|why| StopPoint::at(next, next, why))?;
    }
    Ok(())
}

/// Whether nothing remains of a statement that did not end well outside a transaction. Most of them are transactions of their own
/// all the same. One that commits on its way leaves nothing where it was refused before it began: as one that is not written right,
/// or that names what is not there or may not be touched. Its caller looks whether it left an invalid index.
fn undoes_itself(sql: &str, why: &Cause) -> bool {
    let Some(what) = runs_alone(sql) else {
        return true;
    };
    let is_whole = matches!(
        what,
        "ALTER SYSTEM"
            | "CREATE DATABASE"
            | "CREATE TABLESPACE"
            | "DISCARD ALL"
            | "VACUUM"
            | "CLUSTER of all tables"
            | "REINDEX of more than one table"
    );
    match why {
        Cause::Refused(refused) => is_whole || refused.code.starts_with("42"),
        Cause::Cancelled => is_whole,
        Cause::Lost(_) => false,
    }
}

/// Whether a unit is a transaction from its beginning to its end.
fn is_transaction(parts: &[Part], unit: &AtomicGroup) -> bool {
    let first = control(&parts[unit.parts.start].sql);
    unit.opens || matches!(first, Some(Control::Begin { .. }))
}

/// Why a statement did not end well.
fn why(guard: &mut Supervisor<'_>, failure: Failure, statement: Option<usize>) -> Cause {
    guard.forward_notices();
    match failure {
        Failure::Server(error) if error.code().code() == "57014" && guard.stop.is_wanted() => {
            Cause::Cancelled
        }
        Failure::Server(error) => {
            let mut refused = refused(&error);
            refused.part = statement;
            Cause::Refused(Box::new(refused))
        }
        Failure::Line(why) => {
            guard.give_up();
            Cause::Lost(why)
        }
    }
}

/// Sets the lock timeout, unless the file has set one of its own. Only a lost line is a failure.
async fn swap_lock_timeout(guard: &mut Supervisor<'_>, old: &str, new: &str) -> Result<(), Cause> {
    let sql = format!(
        "select pg_catalog.set_config('lock_timeout', '{new}', false) from pg_catalog.pg_settings where name = 'lock_timeout' and setting = '{old}'"
    );
    let client = guard.client;
    match guard.wait(client.simple_query(&sql)).await {
        Err(Failure::Line(why)) => Err(Cause::Lost(why)),
        Ok(_) | Err(Failure::Server(_)) => Ok(()),
    }
}

/// Where a run stopped, before it is written down.
pub(super) struct StopPoint {
    pub(super) statement: usize,
    pub(super) resume_at: usize,
    pub(super) is_in_doubt: bool,
    pub(super) why: Cause,
    /// Whether nothing remains of the unit that it stopped in.
    pub(super) leaves_nothing: bool,
}

impl StopPoint {
    /// Stopped at a statement that was certainly not done.
    pub(super) fn at(statement: usize, resume_at: usize, why: Cause) -> Self {
        Self {
            statement,
            resume_at,
            is_in_doubt: false,
            why,
            leaves_nothing: false,
        }
    }
}
