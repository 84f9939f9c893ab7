//! The bounds of every rehearsal, however it is made: how its transaction begins, how long it may wait and work, and how it is
//! known to be undone.

use super::books::{LOCK, block, dollar};
use super::message::BUSY;
use crate::domain::problem::{Kind, Problem};
use crate::domain::script::Limits;
use std::time::Duration;

/// How long a statement may take when nobody says otherwise: what it locks is locked for everybody else meanwhile.
const STATEMENT: Duration = Duration::from_mins(1);
/// How long the server waits for the next statement: a program that hangs must not hold locks.
const IDLE: Duration = Duration::from_mins(1);
/// How long counting one table may take.
pub(in crate::adapters) const COUNT: Duration = Duration::from_secs(5);
pub(in crate::adapters) const NOT_BEGUN: &str = "The rehearsal could not begin.";
pub(in crate::adapters) const NOT_MEASURED: &str = "The rehearsal could not be measured.";
/// SQLSTATE: there is no transaction any more.
pub(in crate::adapters) const NO_TRANSACTION: &str = "25P01";

/// Opens the transaction under the runners' lock, as a run does but for the wait.
pub(in crate::adapters) fn begin() -> String {
    let check = block(&format!(
        "begin if not pg_catalog.pg_try_advisory_xact_lock({LOCK}) then \
        raise exception 'supadeck: another runner is at work' using errcode = '{BUSY}'; end if; end"
    ));
    format!(
        "begin isolation level read committed read write; reset all; reset session authorization; reset role; {check}"
    )
}

/// How long a statement of a rehearsal may take. Waiting for a lock without end is for runs that somebody watches: here it
/// would hold the locks that were taken before.
pub(in crate::adapters) fn statement_limit(limits: &Limits) -> Duration {
    let chosen = limits.statement_timeout;
    // Without a limit it would hold its locks for as long as it likes.
    chosen.filter(|limit| !limit.is_zero()).unwrap_or(STATEMENT)
}

fn lock_limit(limits: &Limits) -> Duration {
    if limits.lock_timeout.is_zero() {
        Limits::default().lock_timeout
    } else {
        limits.lock_timeout
    }
}

/// The body of a block that lowers the waiting times to the limits, where the file raised them or took them away.
pub(in crate::adapters) fn caps(limits: &Limits) -> String {
    let cap = |name: &str, limit: Duration| {
        let limit = limit.as_millis().max(1);
        format!(
            "if (extract(epoch from pg_catalog.current_setting('{name}')::pg_catalog.interval) * 1000)::pg_catalog.int8 not between 1 and {limit} \
            then perform pg_catalog.set_config('{name}', '{limit}', true); end if; "
        )
    };
    format!(
        "begin {}{}{}end",
        cap("lock_timeout", lock_limit(limits)),
        cap("statement_timeout", statement_limit(limits)),
        cap("idle_in_transaction_session_timeout", IDLE)
    )
}

/// The question what became of a transaction.
pub(in crate::adapters) fn status(number: &str) -> String {
    format!(
        "pg_catalog.txid_status({}::pg_catalog.int8)",
        dollar(number)
    )
}

/// What the answer to [`status`] means.
pub(in crate::adapters) fn undone(status: Option<&str>) -> Result<(), Problem> {
    match status {
        Some("aborted") => Ok(()),
        Some("committed") => Err(escaped()),
        _ => Err(Problem::new(
            Kind::Database,
            "The server does not say that the rehearsal is undone.",
            "It undoes the transaction at the latest when it notices that the connection is gone.",
        )),
    }
}

/// A statement ended the transaction although none was seen to do so.
pub(in crate::adapters) fn escaped() -> Problem {
    Problem::new(
        Kind::Database,
        "A statement ended the transaction of the rehearsal.",
        "What ran before it may have been COMMITTED to the database.",
    )
    .with_code(NO_TRANSACTION)
    .with_hint("Compare the database with the migrations at once; `supadeck migration list` shows the history.")
}

/// Another runner holds the lock.
pub(in crate::adapters) fn busy() -> Problem {
    Problem::new(
        Kind::Conflict,
        "Another runner is migrating this database.",
        "What would be rehearsed now is not what comes after it.",
    )
    .with_hint("Try again when it is done.")
    .retryable()
}
