//! The advisory lock that every runner takes, and who holds it.

use super::codes::BUSY;
use crate::domain::migration::LockHolder;

/// Key of the lock: the bytes of `supadeck`.
const LOCK: i64 = 0x7375_7061_6465_636b;
/// Key of the lock under which the tables are made, so that nobody waits for a runner only to find them there.
pub(in crate::adapters) const MAKING_LOCK: i64 = LOCK + 1;

/// Takes the lock for the transaction, in a block, or raises [`BUSY`]. Waiting for it in the server would hold a snapshot,
/// for which another runner's `CREATE INDEX CONCURRENTLY` would wait in turn.
pub(in crate::adapters) fn take() -> String {
    format!(
        "if not pg_catalog.pg_try_advisory_xact_lock({LOCK}) then \
        raise exception 'supadeck: another runner is at work' using errcode = '{BUSY}'; end if; "
    )
}

/// Waits for the lock and takes it for the transaction.
pub(in crate::adapters) fn wait() -> String {
    format!("select pg_catalog.pg_advisory_xact_lock({LOCK})")
}

/// Takes the lock for the session, and says whether that was so.
pub(in crate::adapters) fn try_for_session() -> String {
    format!("select pg_catalog.pg_try_advisory_lock({LOCK})")
}

/// Gives the session's lock back.
pub(in crate::adapters) fn release() -> String {
    format!("select pg_catalog.pg_advisory_unlock({LOCK})")
}

/// The condition on `pg_locks` that a row is the lock: the key's upper and lower half stand in two columns.
pub(in crate::adapters) fn is_it(alias: &str) -> String {
    format!(
        "{alias}.locktype = 'advisory' and {alias}.granted and {alias}.objsubid = 1 and {alias}.classid = {} and {alias}.objid = {}",
        LOCK >> 32,
        LOCK & 0xffff_ffff
    )
}

/// The holder of the runners' lock: pid, user, application, since, query.
pub(in crate::adapters) fn holder() -> String {
    format!(
        "select {} from pg_catalog.pg_stat_activity a where a.pid = ({})",
        person("a"),
        lock_pids("")
    )
}

/// The columns that name a session.
pub(in crate::adapters) fn person(alias: &str) -> String {
    format!(
        "{alias}.pid, {alias}.usename, {alias}.application_name, \
        pg_catalog.date_trunc('second', coalesce({alias}.xact_start, {alias}.state_change, {alias}.backend_start))::text, {alias}.query"
    )
}

/// Reads the columns of [`person`], the first of which is at `at`.
pub(in crate::adapters) fn read_person(row: &[Option<String>], at: usize) -> Option<LockHolder> {
    let cell = |offset: usize| row.get(at + offset).and_then(Option::as_deref);
    Some(LockHolder::of(
        cell(0)?.parse().ok()?,
        cell(1).unwrap_or_default(),
        cell(2).unwrap_or_default(),
        cell(3),
        cell(4),
    ))
}

/// The backend that has the runners' lock in this database.
pub(in crate::adapters) fn lock_pids(and: &str) -> String {
    format!(
        "select k.pid from pg_catalog.pg_locks k where {} \
        and k.database = (select oid from pg_catalog.pg_database where datname = pg_catalog.current_database()){and} limit 1",
        is_it("k")
    )
}
