//! Runs a script statement by statement outside a transaction, with its position in the journal.
//!
//! Two connections: the control connection has the lock on the runners and writes the journal, the worker runs the statements. So
//! nothing a statement does to its session loses the lock or the position. Behind a pooler in transaction mode neither
//! would hold, and the run is refused.

use super::activity_monitor::ActivityMonitor;
use super::atomic_group::{AtomicGroup, parted, units};
use super::connection::{Connection, rows_as_text};
use super::control_connection::{Broken, ControlConnection, first_cell, lost};
use super::database::PgDatabase;
use super::error::refused;
use super::lock_wait::LockWait;
use super::non_transactional_worker::{self, Backend, StopPoint};
use super::supervisor::{Failure, Supervisor};
use crate::adapters::sql::between::BEGIN;
use crate::adapters::sql::between::end_session;
use crate::adapters::sql::codes::{BUSY, HISTORY_CHANGED, INTERRUPTED_RUN, LEFT_TRANSACTION};
use crate::adapters::sql::history_row::record;
use crate::adapters::sql::history_table::RollbackColumn;
use crate::adapters::sql::journal::{self, JournalEntry, Operator};
use crate::adapters::sql::lock;
use crate::adapters::sql::quote;
use crate::adapters::sql::transaction::checks;
use crate::domain::problem::{Kind, Problem};
use crate::domain::run_event::RunEvent;
use crate::domain::script::{
    Cause, Interrupted, Limits, NonTransactional, RunError, Script, ServerError,
};
use crate::domain::text::{harmless, sentence};
use crate::ports::Events;
use std::time::Duration;
use tokio_postgres::SimpleQueryMessage;
use tokio_util::sync::CancellationToken;

/// How long the end of a worker's backend is awaited.
const WORKER_END: Duration = Duration::from_secs(20);
/// The most of an error's text that the journal keeps, in characters.
const ERROR_CHARS: usize = 500;

/// One run outside a transaction.
pub(super) struct NonTransactionalRun<'a> {
    pub(super) keeper: ControlConnection<'a>,
    pub(super) database: &'a PgDatabase,
    pub(super) name: &'a str,
    pub(super) limits: &'a Limits,
    pub(super) runner: &'a Operator,
    pub(super) column: Option<RollbackColumn>,
    pub(super) positions: bool,
    pub(super) script: &'a Script,
    pub(super) alone: &'a NonTransactional,
}

impl NonTransactionalRun<'_> {
    /// Runs it, and tells where it stopped.
    pub(super) async fn run(
        &mut self,
        events: Events<'_>,
        cancel: &CancellationToken,
    ) -> Result<(), RunError> {
        if !self.positions {
            return Err(RunError::NotAlone(
                "The role of the database URL may not write the journal supabase_migrations.supadeck_journal with its position, without which nobody could go on after a failure.".to_owned(),
            ));
        }
        let mut worker =
            self.database
                .open_as(self.name)
                .await
                .map_err(|problem| RunError::Lost {
                    committing: false,
                    why: problem.to_string(),
                })?;
        let backend = self.probe(&worker).await?;
        self.lock(events, cancel).await?;
        self.restore(&worker, events).await?;
        let begun = self.begin(&backend).await;
        let ended = match begun {
            Ok(line) => {
                self.statements(line, &mut worker, &backend, events, cancel)
                    .await
            }
            Err(halt) => Err(halt),
        };
        worker.give_up();
        // The line's end frees the lock too.
        let _ = self
            .keeper
            .ask(&format!("rollback; {}", lock::release()))
            .await;
        ended
    }

    /// Refuses where the server's session changes under a connection, and readies the worker's.
    async fn probe(&self, worker: &Connection) -> Result<Backend, RunError> {
        let own = own_session(&self.keeper, worker).await.map_err(lost)?;
        let own = own.ok_or_else(|| RunError::NotAlone(POOLED.to_owned()))?;
        let limits = self.limits;
        let statement = limits.statement_timeout.unwrap_or_default().as_millis();
        let sql = format!(
            "{}; set lock_timeout = {}; set statement_timeout = {statement}",
            end_session(),
            limits.lock_timeout.as_millis()
        );
        self.keeper.ask_on(worker, &sql).await.map_err(lost)?;
        Ok(own)
    }

    /// Sets the worker's session as the statements left it that ran in another one before.
    async fn restore(&self, worker: &Connection, events: Events<'_>) -> Result<(), RunError> {
        for sql in &self.alone.session {
            let set = self.keeper.ask_on(worker, sql).await;
            set.map_err(|broken| match broken {
                Broken::Server(error) => RunError::Refused(Box::new(refused(&error))),
                Broken::Line(_) => lost(broken),
            })?;
            events(RunEvent::Notice {
                step: 0,
                text: format!(
                    "supadeck: ran `{}` again for the new session.",
                    harmless(sql)
                ),
            });
        }
        Ok(())
    }

    /// Takes the lock for the session, waiting for another runner as long as the limits say.
    async fn lock(&self, events: Events<'_>, cancel: &CancellationToken) -> Result<(), RunError> {
        let sql = format!(
            "set synchronous_commit = on; set default_transaction_read_only = off; {}",
            lock::try_for_session()
        );
        let mut queue = LockWait::new(self.limits.runner_timeout);
        loop {
            let taken = first_cell(self.keeper.ask(&sql).await.map_err(lost)?);
            if taken.as_deref() == Some("t") {
                return Ok(());
            }
            queue.wait(self.keeper.holder(), events, cancel).await?;
        }
    }

    /// Checks under the lock what the plan saw, and writes the line of the run.
    async fn begin(&self, backend: &Backend) -> Result<JournalEntry, RunError> {
        let (script, at) = (self.script, self.alone.begin_at + 1);
        let mut checks = checks(script, true);
        if script.is_resume && self.alone.begin_at > 0 {
            checks.push_str(&format!(
                "if not {} then raise exception 'supadeck: it stands elsewhere' using errcode = '{HISTORY_CHANGED}'; end if; ",
                journal::position_is(script, at)
            ));
        }
        let sql = format!(
            "{BEGIN}; set local lock_timeout = {}; {}; {}; commit",
            self.limits.lock_timeout.as_millis().max(1),
            quote::block(&format!("declare found pg_catalog.text; begin {checks}end")),
            journal::begin(
                script,
                self.alone.of,
                at,
                self.name,
                (&backend.pid, &backend.since),
                self.runner
            ),
        );
        let rows = rows_as_text(self.keeper.ask(&sql).await.map_err(|broken| {
            let Broken::Server(error) = &broken else {
                // Its line may stand in the journal, although nothing has run.
                let begin_at = self.alone.begin_at;
                return RunError::Halfway(Box::new(Interrupted {
                    statement: begin_at,
                    resume_at: begin_at,
                    is_in_doubt: false,
                    why: Cause::Lost(broken.why()),
                    is_recorded: false,
                    invalid_indexes: Vec::new(),
                }));
            };
            let detail = error.detail().unwrap_or_default();
            match error.code().code() {
                BUSY => RunError::Busy { holder: None },
                INTERRUPTED_RUN => RunError::Unsettled(detail.to_owned()),
                HISTORY_CHANGED => RunError::HistoryChanged(
                    detail
                        .split(',')
                        .filter(|version| !version.is_empty())
                        .map(str::to_owned)
                        .collect(),
                ),
                _ => RunError::Refused(Box::new(refused(error))),
            }
        })?);
        let number = |at: usize| {
            rows.last()
                .and_then(|row| row.get(at)?.as_deref()?.parse::<i64>().ok())
        };
        match (number(0), number(1).and_then(|pid| i32::try_from(pid).ok())) {
            (Some(id), Some(keeper)) => Ok(JournalEntry { id, keeper }),
            _ => Err(lost(Broken::Line("The journal gave no number.".to_owned()))),
        }
    }

    /// Runs unit by unit; the position is moved before each, and the history is written after the last.
    async fn statements(
        &self,
        line: JournalEntry,
        worker: &mut Connection,
        backend: &Backend,
        events: Events<'_>,
        cancel: &CancellationToken,
    ) -> Result<(), RunError> {
        let bytes: usize = self.script.parts.iter().map(|part| part.sql.len()).sum();
        let lookout = ActivityMonitor::new(
            self.database.clone(),
            self.name.to_owned(),
            self.limits.silence,
            bytes as u64,
            None,
        );
        let mut guard = Supervisor::new(worker, events, cancel, self.limits.cancel_timeout)
            .with_lookout(lookout);
        let mut begun = self.alone.begin_at;
        for (number, unit) in self.units().into_iter().enumerate() {
            let at = self.script.parts[unit.parts.start].statement;
            if guard.stop.is_wanted() {
                let stop = StopPoint::at(at, at, Cause::Cancelled);
                return Err(self.interrupt(line, backend, stop).await);
            }
            if number > 0 || at != begun {
                begun = at;
                if let Err(why) = self.moved(line, at + 1).await {
                    // Nobody holds the lock any more, or the journal is gone: nothing more may run.
                    let stop = StopPoint::at(at, at, Cause::Lost(why));
                    return Err(self.interrupt(line, backend, stop).await);
                }
            }
            if let Err(stop) =
                non_transactional_worker::run(&mut guard, &self.script.parts, &unit, self.limits)
                    .await
            {
                let is_nothing = number == 0 && self.alone.begin_at == 0 && stop.leaves_nothing;
                return Err(if is_nothing {
                    self.take_back(line, backend, stop).await
                } else {
                    self.interrupt(line, backend, stop).await
                });
            }
        }
        guard.forward_notices();
        if let Some(why) = still_open(&mut guard).await {
            drop(guard);
            let last = self.units().pop();
            let at = last.map_or(begun, |unit| self.script.parts[unit.parts.start].statement);
            let mut stop = StopPoint::at(at, at, why);
            stop.is_in_doubt = true;
            return Err(self.interrupt(line, backend, stop).await);
        }
        // A pooler may hand the session on as it is.
        let _ = guard.wait(guard.client.simple_query("discard all")).await;
        guard.drop_notices();
        drop(guard);
        self.finish(line, backend).await
    }

    fn units(&self) -> Vec<AtomicGroup> {
        if self.alone.is_parted {
            parted(&self.script.parts)
        } else {
            units(&self.script.parts)
        }
    }

    /// Moves the position; fails when the control connection no longer has the lock.
    async fn moved(&self, line: JournalEntry, at: usize) -> Result<(), String> {
        let answers = self
            .keeper
            .ask(&line.set_position(at))
            .await
            .map_err(Broken::why)?;
        let is_moved = answers
            .iter()
            .any(|answer| matches!(answer, SimpleQueryMessage::CommandComplete(1)));
        if is_moved {
            Ok(())
        } else {
            Err("The connection with the lock changed its session.".to_owned())
        }
    }

    /// Writes the history row and ends the line, in one transaction.
    async fn finish(&self, line: JournalEntry, backend: &Backend) -> Result<(), RunError> {
        let of = self.alone.of;
        let sql = format!(
            "{BEGIN}; set local lock_timeout = {}; {}; {}; notify pgrst, 'reload schema'; commit",
            self.limits.lock_timeout.as_millis().max(1),
            line.done(of, LEFT_TRANSACTION),
            record(&self.script.record, self.column),
        );
        let Err(broken) = self.keeper.ask(&sql).await else {
            return Ok(());
        };
        let why = match broken {
            Broken::Server(error) => {
                let mut refused = refused(&error);
                refused.at_commit = true;
                refused.character = None;
                Cause::Refused(Box::new(refused))
            }
            Broken::Line(why) => Cause::Lost(why),
        };
        // Past the last statement only the rows of the history are missing, and they are all or nothing.
        Err(self
            .interrupt(line, backend, StopPoint::at(of, of, why))
            .await)
    }

    /// Ends a run that stopped in its first unit, of which nothing remains: the version is as it was before.
    async fn take_back(&self, line: JournalEntry, backend: &Backend, stop: StopPoint) -> RunError {
        let repeats = self.script.is_resume;
        let ended = self.end_worker(backend).await;
        let left = self.keeper.ask(&journal::invalid_indexes(line)).await;
        if !left.is_ok_and(|answers| rows_as_text(answers).is_empty()) {
            return self.interrupt(line, backend, stop).await;
        }
        // Another run's line, which this one took the place of, must not come back as the one that is open.
        if repeats || ended.is_err() || self.keeper.ask(&line.take_back()).await.is_err() {
            return self.interrupt(line, backend, stop).await;
        }
        match stop.why {
            Cause::Refused(refused) => RunError::Refused(refused),
            Cause::Cancelled => RunError::Cancelled,
            Cause::Lost(why) => RunError::Lost {
                committing: false,
                why,
            },
        }
    }

    /// Ends what the worker still does.
    async fn end_worker(&self, backend: &Backend) -> Result<(), Broken> {
        let sql = format!(
            "rollback; select pg_catalog.pg_terminate_backend(pid, {}) from pg_catalog.pg_stat_activity where pid = {} and backend_start = {}::timestamptz",
            WORKER_END.as_millis(),
            backend.pid,
            quote::dollar(&backend.since)
        );
        let limit = WORKER_END + self.database.patience.0;
        self.keeper
            .ask_for(limit, self.keeper.connection, &sql)
            .await
            .map(drop)
    }

    /// Ends what the worker still does, and writes down where the run stands.
    async fn interrupt(&self, line: JournalEntry, backend: &Backend, stop: StopPoint) -> RunError {
        let keeper_is_lost = self.keeper.connection.client.is_closed();
        let mut halfway = Interrupted {
            statement: stop.statement,
            resume_at: stop.resume_at,
            is_in_doubt: stop.is_in_doubt,
            why: stop.why,
            is_recorded: false,
            invalid_indexes: Vec::new(),
        };
        if keeper_is_lost {
            return RunError::Halfway(Box::new(halfway));
        }
        let _ = self.end_worker(backend).await;
        let words = match &halfway.why {
            Cause::Refused(refused) => format!("{} ({})", refused.message, refused.code),
            Cause::Cancelled => "It was cancelled.".to_owned(),
            Cause::Lost(why) => why.clone(),
        };
        let words: String = harmless(&words).chars().take(ERROR_CHARS).collect();
        let sql = line.interrupt(
            halfway.resume_at + 1,
            halfway.statement + 1,
            halfway.is_in_doubt,
            &words,
        );
        halfway.is_recorded = self.keeper.ask(&sql).await.is_ok();
        if let Ok(answers) = self.keeper.ask(&journal::invalid_indexes(line)).await {
            let names = rows_as_text(answers).into_iter();
            halfway.invalid_indexes = names
                .filter_map(|row| row.into_iter().next().flatten())
                .map(|name| harmless(&name).into_owned())
                .collect();
        }
        RunError::Halfway(Box::new(halfway))
    }
}

/// Why the worker's session may still be in a transaction, whose work would be undone with it; none when it is not.
async fn still_open(guard: &mut Supervisor<'_>) -> Option<Cause> {
    const QUESTION: &str =
        "select pg_catalog.now() operator(pg_catalog.<) pg_catalog.statement_timestamp()";
    let answers = guard
        .wait(guard.client.simple_query(QUESTION))
        .await
        .map(first_cell);
    match answers {
        Ok(open) if open.as_deref() == Some("f") => None,
        Err(Failure::Line(why)) => Some(Cause::Lost(why)),
        Ok(_) | Err(Failure::Server(_)) => Some(Cause::Refused(Box::new(ServerError {
            code: LEFT_TRANSACTION.to_owned(),
            message: "It left a transaction open, and what it did in it is undone with its session"
                .to_owned(),
            ..ServerError::default()
        }))),
    }
}

const POOLED: &str = "The address is that of a pooler in transaction mode, where neither the lock nor the settings of a session hold. Use the direct address or the session pooler's (port 5432).";

/// The server's session of a second connection; none where sessions change under connections. While the second one holds a
/// transaction open, a pooler in transaction mode must give the first one another session, or has given its own away. A pooler
/// that hands out its sessions in turn shows itself when it is asked again after that.
async fn own_session(
    first: &ControlConnection<'_>,
    second: &Connection,
) -> Result<Option<Backend>, Broken> {
    let before = session_of(first).await?;
    let sql = "begin; select pg_catalog.pg_backend_pid(), backend_start from pg_catalog.pg_stat_activity \
        where pid = pg_catalog.pg_backend_pid()";
    let mut rows = rows_as_text(first.ask_on(second, sql).await?);
    let meanwhile = session_of(first).await?;
    first.ask_on(second, "rollback").await?;
    let (after, again) = tokio::try_join!(session_of(first), session_of(first))?;
    let mut cells = rows.pop().unwrap_or_default().into_iter().flatten();
    let (Some(pid), Some(since)) = (cells.next(), cells.next()) else {
        return Ok(None);
    };
    let is_kept = [meanwhile, after, again].iter().all(|one| *one == before);
    let is_own = before.as_deref() != Some(pid.as_str());
    Ok((is_kept && is_own).then_some(Backend { pid, since }))
}

async fn session_of(connection: &ControlConnection<'_>) -> Result<Option<String>, Broken> {
    let answers = connection.ask("select pg_catalog.pg_backend_pid()").await?;
    Ok(first_cell(answers))
}

impl PgDatabase {
    /// Why no file can run outside a transaction here, found as a run finds it.
    pub(super) async fn why_not_alone(&self) -> Result<Option<String>, Problem> {
        const WHAT: &str = "It cannot be found out whether the address is a pooler's.";
        let (one, two) = (self.open().await?, self.open().await?);
        let first = ControlConnection {
            connection: &one,
            patience: self.patience,
        };
        match own_session(&first, &two).await {
            Ok(own) => Ok(own.is_none().then(|| POOLED.to_owned())),
            Err(Broken::Server(error)) => Err(Problem::new(
                Kind::Database,
                WHAT,
                sentence(error.message()),
            )),
            Err(Broken::Line(why)) => {
                Err(Problem::new(Kind::Network, WHAT, sentence(&why)).retryable())
            }
        }
    }
}
