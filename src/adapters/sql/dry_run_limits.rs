//! The bounds of every dry run, however it is made: how its transaction begins, how long it may wait and work, and how it is
//! known to be undone.

use super::quote::{block, dollar};
use crate::domain::problem::{Kind, Problem};
use crate::domain::script::{Limits, RunError, STATEMENT};
use std::time::Duration;

/// How long the server waits for the next statement: a program that hangs must not hold locks.
const IDLE: Duration = Duration::from_mins(1);
/// How long counting one table may take.
pub(in crate::adapters) const COUNT: Duration = Duration::from_secs(5);
pub(in crate::adapters) const NOT_BEGUN: &str = "The dry run could not begin.";
pub(in crate::adapters) const NOT_MEASURED: &str = "The dry run could not be measured.";
/// SQLSTATE: there is no transaction any more.
pub(in crate::adapters) const NO_TRANSACTION: &str = "25P01";

/// What a commit would check, as one block. Each deferrable constraint is named: `ALL` would also hold for those that later
/// files make. Constraints of schemas that the file's role may not use are left to [`end_session`]. And a run writes its
/// history behind the file, which a transaction that was made read-only refuses.
pub(in crate::adapters) fn settle() -> String {
    block(&format!(
        "declare names pg_catalog.text; begin {}; \
        if pg_catalog.current_setting('transaction_read_only')::pg_catalog.bool then \
        raise exception 'cannot execute INSERT in a read-only transaction' using errcode = '25006'; end if; end",
        immediate("and pg_catalog.has_schema_privilege(n.oid, 'usage')")
    ))
}

/// What the COMMIT of a file's own would check, as one block. Behind it constraints that are deferred from the start are so again.
pub(in crate::adapters) fn settle_within() -> String {
    let usable = "and pg_catalog.has_schema_privilege(n.oid, 'usage')";
    block(&format!(
        "declare names pg_catalog.text; begin {}; {}; end",
        immediate(usable),
        deferred(usable)
    ))
}

/// Lines of a block that make deferrable constraints immediate, under another condition on them.
fn immediate(given: &str) -> String {
    format!(
        "select pg_catalog.string_agg(distinct pg_catalog.concat(pg_catalog.quote_ident(n.nspname), '.', pg_catalog.quote_ident(c.conname)), ', ') into names \
        from pg_catalog.pg_constraint c join pg_catalog.pg_namespace n on n.oid = c.connamespace \
        where c.condeferrable {given}; \
        if names is not null then execute pg_catalog.concat('{SETTLES}', names, ' immediate'); end if"
    )
}

/// Lines of a block that defer the constraints which are deferred from the start, under another condition on them.
fn deferred(given: &str) -> String {
    format!(
        "select pg_catalog.string_agg(distinct pg_catalog.concat(pg_catalog.quote_ident(n.nspname), '.', pg_catalog.quote_ident(c.conname)), ', ') into names \
        from pg_catalog.pg_constraint c join pg_catalog.pg_namespace n on n.oid = c.connamespace where c.condeferred {given} \
        and not exists (select from pg_catalog.pg_constraint o where o.conname = c.conname and o.connamespace = c.connamespace and not o.condeferred); \
        if names is not null then execute pg_catalog.concat('{SETTLES}', names, ' deferred'); end if"
    )
}

/// How the command begins by which a block has deferred triggers run.
const SETTLES: &str = "set constraints ";

/// What [`settle`] failed with, without the lines of the block that stands for a commit here.
pub(in crate::adapters) fn as_by_commit(halt: RunError) -> RunError {
    let RunError::Refused(mut refused) = halt else {
        return halt;
    };
    refused.context = refused.context.and_then(|context| {
        let ours = context.find(&format!("\"{SETTLES}"));
        let end = ours.map_or(0, |at| context[..at].rfind('\n').unwrap_or(0));
        Some(context[..end].to_owned()).filter(|text| !text.is_empty())
    });
    RunError::Refused(refused)
}

/// Ends what a run ends behind a file. What a commit would check and the file's role could not is checked before that, and
/// constraints that are deferred from the start are so again.
pub(in crate::adapters) fn end_session() -> String {
    let check = block(&format!(
        "declare names pg_catalog.text; begin {}; end",
        immediate("")
    ));
    let defer = block(&format!(
        "declare names pg_catalog.text; begin {}; end",
        deferred("")
    ));
    format!(
        "reset session authorization; reset role; {check}; {}; {defer}",
        super::between::end_session()
    )
}

/// How long a statement of a dry run may take. Waiting for a lock without end is for runs that somebody watches: here it
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
pub(in crate::adapters) fn clamp_timeouts(limits: &Limits) -> String {
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
        Some("committed") => Err(left_transaction()),
        _ => Err(Problem::new(
            Kind::Database,
            "The server does not say that the dry run is undone.",
            "It undoes the transaction at the latest when it notices that the connection is gone.",
        )),
    }
}

/// A statement ended the transaction although none was seen to do so.
pub(in crate::adapters) fn left_transaction() -> Problem {
    Problem::new(
        Kind::Database,
        "A statement ended the transaction of the dry run.",
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
        "What would run now is not what comes after it.",
    )
    .with_hint("Try again when it is done.")
    .retryable()
}
