//! The SQL of supadeck's journal: the line that a run leaves, the line of a run outside a transaction with its position, and
//! the lines that were never ended.

use super::history_table::in_ddl_lock;
use super::lock::{lock_pids, person, read_person};
use super::quote::{block, dollar};
use crate::domain::migration::{Direction, Interruption};
use crate::domain::script::{Failure, INTERRUPTED, Record, Script};

/// The lines of runs that were begun and not ended, and that no later line has settled.
const OPEN: &str = "j.outcome in ('running', 'interrupted') and not exists (select from supabase_migrations.supadeck_journal l \
    where l.version = j.version and l.id > j.id and l.outcome in ('done', 'running', 'interrupted'))";

/// The condition that an index is invalid and stays so. That of a partitioned table waits for its parts, and one that somebody
/// builds right now will be valid.
fn invalid() -> String {
    format!("not i.indisvalid and c.relkind = 'i' and not {BEING_BUILT}")
}

/// The condition that somebody builds an index right now.
pub(super) const BEING_BUILT: &str = "exists (select from pg_catalog.pg_stat_progress_create_index p where p.index_relid = i.indexrelid)";

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

/// Who runs, for the journal: never more than names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::adapters) struct Operator {
    pub(in crate::adapters) user: String,
    pub(in crate::adapters) host: String,
}

impl Operator {
    /// The user of the operating system, and the machine's name.
    pub(in crate::adapters) fn here() -> Self {
        let unknown = |_| "unknown".to_owned();
        Self {
            user: whoami::username().unwrap_or_else(unknown),
            host: whoami::hostname().unwrap_or_else(unknown),
        }
    }

    /// Somebody, as the role of the connection.
    pub(in crate::adapters) fn who(&self) -> String {
        format!("{} || ' as ' || session_user", dollar(&self.user))
    }
}

/// The journal's line of a script that is about to be committed.
pub(in crate::adapters) fn journal_done(
    record: &Record,
    sha256: &str,
    runner: &Operator,
) -> String {
    let (version, direction) = record.names();
    journal(version, direction, Some(sha256), runner)
}

/// A line of the journal that is written with what it tells. Several transactions of one message begin at the same time by
/// Postgres' clock, so a line begins where the one before it ended.
pub(in crate::adapters) fn journal(
    version: &str,
    direction: &str,
    sha256: Option<&str>,
    runner: &Operator,
) -> String {
    format!(
        "insert into supabase_migrations.supadeck_journal(version, direction, sha256, who, host, started, finished, outcome) \
        values ({}, '{direction}', {}, {}, {}, greatest(pg_catalog.now(), \
        (select finished from supabase_migrations.supadeck_journal order by id desc limit 1)), pg_catalog.clock_timestamp(), 'done')",
        dollar(version),
        sha256.map_or_else(|| "null".to_owned(), dollar),
        runner.who(),
        dollar(&runner.host),
    )
}

/// The journal's line of a failed run, written afterwards.
pub(in crate::adapters) fn journal_failed(failure: &Failure, runner: &Operator) -> String {
    if failure.outcome == INTERRUPTED {
        return close_orphan(failure);
    }
    let direction = failure.direction.verb();
    format!(
        "insert into supabase_migrations.supadeck_journal(version, direction, sha256, who, host, started, finished, outcome, failing_statement, error) \
        values ({}, '{direction}', {}, {}, {}, pg_catalog.clock_timestamp() - interval '{} milliseconds', pg_catalog.clock_timestamp(), '{}', {}, {})",
        dollar(&failure.version),
        dollar(&failure.sha256),
        runner.who(),
        dollar(&runner.host),
        failure.took.as_millis(),
        failure.outcome,
        failure
            .statement
            .map_or_else(|| "null".to_owned(), |statement| statement.to_string()),
        dollar(&failure.error),
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

/// How many columns [`interrupted`] has.
pub(in crate::adapters) const INTERRUPTED_COLUMNS: usize = 19;

/// The runs outside a transaction that were begun and not ended, with who is at them.
pub(in crate::adapters) fn interrupted() -> String {
    format!(
        "select j.version, j.direction, j.sha256, j.position, coalesce(j.failing_statement, j.position), j.statements, \
        j.outcome = 'running' or j.in_doubt, j.error, \
        (select pg_catalog.string_agg(pg_catalog.format('%I.%I', n.nspname, c.relname), pg_catalog.chr(30) order by n.nspname, c.relname) \
        from pg_catalog.pg_index i join pg_catalog.pg_class c on c.oid = i.indexrelid join pg_catalog.pg_namespace n on n.oid = c.relnamespace \
        where {} and i.indexrelid <> all (coalesce(j.invalid_before, '{{}}'))), {}, {} \
        from supabase_migrations.supadeck_journal j \
        left join pg_catalog.pg_stat_activity r on j.outcome = 'running' and r.pid = j.keeper and r.pid = ({}) \
        left join pg_catalog.pg_stat_activity w on r.pid is null and w.pid = j.worker and w.backend_start = j.worker_since and w.state <> 'idle' \
        where {OPEN} and j.position is not null order by j.id",
        invalid(),
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
        block(&format!(
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
        where {} and i.indexrelid <> all (coalesce(j.invalid_before, '{{}}')) order by 1",
        line.id,
        invalid()
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
    journal(version, "repair_reverted", None, runner)
}
