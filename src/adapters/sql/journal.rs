//! The SQL of supadeck's journal as far as runs outside a transaction need it: their line with its position, and reading
//! the lines that were never ended. The lines of ordinary runs are in `history_table`.

use super::history_table::{LOCK, Operator, dollar, in_ddl_lock};
use crate::domain::migration::{Direction, Interruption, LockHolder};
use crate::domain::script::{Failure, Script};

/// The lines of runs that were begun and not ended, and that no later line has settled.
const OPEN: &str = "j.outcome in ('running', 'interrupted') and not exists (select from supabase_migrations.supadeck_journal l \
    where l.version = j.version and l.id > j.id and l.outcome in ('done', 'running', 'interrupted'))";

/// The condition that an index is invalid and stays so. That of a partitioned table waits for its parts, and one that somebody
/// builds right now will be valid.
const INVALID: &str = "not i.indisvalid and c.relkind = 'i' \
    and not exists (select from pg_catalog.pg_stat_progress_create_index p where p.index_relid = i.indexrelid)";

/// SQL that makes the journal, or adds what the journal of an older supadeck lacks.
pub(in crate::adapters) fn make() -> String {
    in_ddl_lock(
        "create table if not exists supabase_migrations.supadeck_journal (\
        id bigint generated always as identity primary key, version text not null, direction text not null, \
        sha256 text, who text not null, host text, started timestamptz not null, finished timestamptz not null, \
        outcome text not null, failing_statement integer, error text); \
        alter table supabase_migrations.supadeck_journal add column if not exists position integer, \
        add column if not exists statements integer, add column if not exists in_doubt boolean, \
        add column if not exists session text, add column if not exists keeper integer, \
        add column if not exists worker integer, add column if not exists worker_since timestamptz, \
        add column if not exists invalid_before oid[]; \
        create index if not exists supadeck_journal_open on supabase_migrations.supadeck_journal (version) \
        where outcome in ('running', 'interrupted')",
    )
}

/// The condition that lines may be open: quick to plan and to look up, and true of settled ones too.
pub(in crate::adapters) fn has_open() -> &'static str {
    "exists (select from supabase_migrations.supadeck_journal where outcome in ('running', 'interrupted'))"
}

/// The condition, in a block that declares `found`, that somebody's interrupted run is in the way; `found` then names it.
/// What another tool has settled in the history since is in nobody's way.
pub(in crate::adapters) fn find_open() -> String {
    format!(
        "found := null; if {} then select j.version into found from supabase_migrations.supadeck_journal j where {OPEN} \
        and exists (select from supabase_migrations.schema_migrations m where m.version = j.version) = (j.direction = 'rollback') limit 1; end if",
        has_open()
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
        "select k.pid from pg_catalog.pg_locks k where k.locktype = 'advisory' and k.granted and k.objsubid = 1 \
        and k.database = (select oid from pg_catalog.pg_database where datname = pg_catalog.current_database()) \
        and k.classid = {} and k.objid = {}{and} limit 1",
        LOCK >> 32,
        LOCK & 0xffff_ffff
    )
}

/// How many columns [`interrupted`] has.
pub(in crate::adapters) const INTERRUPTED_COLUMNS: usize = 19;

/// The runs outside a transaction that were begun and not ended, with who is at them.
pub(in crate::adapters) fn interrupted() -> String {
    format!(
        "select j.version, j.direction, j.sha256, j.position, coalesce(j.failing_statement, j.position), j.statements, \
        j.outcome = 'running' or j.in_doubt, j.error, \
        (select pg_catalog.string_agg(pg_catalog.format('%I.%I', n.nspname, c.relname), pg_catalog.chr(30) order by n.nspname, c.relname) \
        from pg_catalog.pg_index i join pg_catalog.pg_class c on c.oid = i.indexrelid join pg_catalog.pg_namespace n on n.oid = c.relnamespace \
        where {INVALID} and i.indexrelid <> all (coalesce(j.invalid_before, '{{}}'))), {}, {} \
        from supabase_migrations.supadeck_journal j \
        left join pg_catalog.pg_stat_activity r on j.outcome = 'running' and r.pid = j.keeper and r.pid = ({}) \
        left join pg_catalog.pg_stat_activity w on r.pid is null and w.pid = j.worker and w.backend_start = j.worker_since and w.state <> 'idle' \
        where {OPEN} and j.position is not null order by j.id",
        person("r"),
        person("w"),
        lock_pids(" and k.pid = j.keeper"),
    )
}

/// Reads a row of [`interrupted`].
pub(in crate::adapters) fn read_interrupted(row: &[Option<String>]) -> Option<Interruption> {
    let cell = |at: usize| row.get(at).and_then(Option::as_deref);
    let number = |at: usize| cell(at).and_then(|text| text.parse::<usize>().ok());
    let shown = |text: &str| crate::domain::text::harmless(text).into_owned();
    Some(Interruption {
        version: cell(0)?.to_owned(),
        direction: match cell(1)? {
            "rollback" => Direction::Rollback,
            _ => Direction::Apply,
        },
        sha256: cell(2).unwrap_or_default().to_owned(),
        resume_at: number(3)?.max(1),
        statement: number(4)?.max(1),
        of: number(5)?,
        // A cast to text writes in full what the protocol abbreviates.
        is_in_doubt: matches!(cell(6), Some("t" | "true")),
        error: cell(7).map(shown),
        invalid_indexes: cell(8)
            .map(|names| names.split('\u{1e}').map(shown).collect())
            .unwrap_or_default(),
        runner: read_person(row, 9),
        leftover: read_person(row, 14),
    })
}

/// The line of a run that begins, behind the checks of the head; returns its id. `at` is the statement, from 1.
pub(in crate::adapters) fn begin(
    script: &Script,
    of: usize,
    at: usize,
    session: &str,
    worker: (&str, &str),
    runner: &Operator,
) -> String {
    let (version, direction) = script.record.names();
    format!(
        "insert into supabase_migrations.supadeck_journal(version, direction, sha256, who, host, started, finished, outcome, \
        position, statements, session, keeper, worker, worker_since, invalid_before) \
        select {0}, '{direction}', {1}, {2}, {3}, pg_catalog.clock_timestamp(), pg_catalog.clock_timestamp(), 'running', {at}, {of}, {4}, \
        pg_catalog.pg_backend_pid(), {5}, {6}::timestamptz, coalesce((select j.invalid_before from supabase_migrations.supadeck_journal j \
        where {OPEN} and j.version = {0} order by j.id desc limit 1), \
        array(select indexrelid from pg_catalog.pg_index where not indisvalid)) returning id, keeper",
        dollar(version),
        dollar(&script.sha256),
        runner.who(),
        dollar(&runner.host),
        dollar(session),
        worker.0,
        dollar(worker.1),
    )
}

/// The condition, in a block, that the interrupted run still stands where the plan saw it.
pub(in crate::adapters) fn position_is(script: &Script, at: usize) -> String {
    let (version, direction) = script.record.names();
    format!(
        "exists (select from supabase_migrations.supadeck_journal j where {OPEN} and j.version = {} \
        and j.direction = '{direction}' and j.sha256 = {} and j.position = {at})",
        dollar(version),
        dollar(&script.sha256),
    )
}

/// The line of a run and the backend that wrote it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::adapters) struct JournalEntry {
    pub(in crate::adapters) id: i64,
    pub(in crate::adapters) keeper: i32,
}

impl JournalEntry {
    /// Moves the position: the statement, from 1, comes next, and all before it are done. Changes nothing when another
    /// backend answers, as it may behind a pooler.
    pub(in crate::adapters) fn set_position(self, at: usize) -> String {
        let Self { id, keeper } = self;
        format!(
            "update supabase_migrations.supadeck_journal set position = {at}, finished = pg_catalog.clock_timestamp() \
            where id = {id} and pg_catalog.pg_backend_pid() = {keeper}"
        )
    }

    /// Ends it in the middle.
    pub(in crate::adapters) fn interrupt(
        self,
        resume_at: usize,
        statement: usize,
        in_doubt: bool,
        why: &str,
    ) -> String {
        format!(
            "update supabase_migrations.supadeck_journal set outcome = 'interrupted', position = {resume_at}, failing_statement = {statement}, \
            in_doubt = {in_doubt}, error = {}, finished = pg_catalog.clock_timestamp() where id = {}",
            dollar(why),
            self.id
        )
    }

    /// Takes it away: nothing remains of what the run did, and how it failed is written as of any other run.
    pub(in crate::adapters) fn take_back(self) -> String {
        format!(
            "delete from supabase_migrations.supadeck_journal where id = {}",
            self.id
        )
    }

    /// Ends it well; raises `code` when the line is gone, or another backend answers than the one that has the lock.
    pub(in crate::adapters) fn done(self, of: usize, code: &str) -> String {
        let Self { id, keeper } = self;
        super::history_table::block(&format!(
            "begin update supabase_migrations.supadeck_journal set outcome = 'done', position = {}, error = null, in_doubt = false, \
            failing_statement = null, finished = pg_catalog.clock_timestamp() where id = {id} and pg_catalog.pg_backend_pid() = {keeper}; \
            if not found then raise exception 'supadeck: the run has lost its line in the journal' using errcode = '{code}'; end if; end",
            of + 1
        ))
    }
}

/// The invalid indexes that were not there before a run.
pub(in crate::adapters) fn invalid_indexes(line: JournalEntry) -> String {
    format!(
        "select pg_catalog.format('%I.%I', n.nspname, c.relname) from pg_catalog.pg_index i \
        join pg_catalog.pg_class c on c.oid = i.indexrelid join pg_catalog.pg_namespace n on n.oid = c.relnamespace \
        join supabase_migrations.supadeck_journal j on j.id = {} \
        where {INVALID} and i.indexrelid <> all (coalesce(j.invalid_before, '{{}}')) order by 1",
        line.id
    )
}

/// Ends the line of a run whose runner lost it, once its session is over. What the runner knows to be done is not run again:
/// the position moves on to what comes after it.
pub(in crate::adapters) fn close_orphan(failure: &Failure) -> String {
    let number =
        |number: Option<usize>| number.map_or_else(|| "null".to_owned(), |one| one.to_string());
    let position = failure.done.map(|(done, _)| done + 1);
    format!(
        "update supabase_migrations.supadeck_journal j set outcome = 'interrupted', in_doubt = {}, \
        position = greatest(j.position, {}), \
        failing_statement = coalesce({}, j.position), error = {}, finished = pg_catalog.clock_timestamp() \
        where j.version = {} and j.outcome = 'running' and {OPEN}",
        failure.done.is_none_or(|(_, is_in_doubt)| is_in_doubt),
        number(position),
        number(failure.statement),
        dollar(&failure.error),
        dollar(&failure.version),
    )
}

/// The line that says that an interrupted version was settled by hand.
pub(in crate::adapters) fn settled(version: &str, runner: &Operator) -> String {
    super::history_table::journal(version, "repair_reverted", None, runner)
}
