//! Runs a script statement by statement outside a transaction, with its position in the journal.
//!
//! Two connections: the keeper has the lock on the runners and writes the journal, the worker runs the statements. So
//! nothing a statement does to its session loses the lock or the position. Behind a pooler in transaction mode neither
//! would hold, and the run is refused.

use super::between::end_session;
use super::books::{self, LOCK, RollbackColumn, Runner};
use super::connection::{Connection, texts};
use super::database::PgDatabase;
use super::fault::{refused, statement_problem};
use super::guard::{Failure, Guard};
use super::journal::{self, Line};
use super::keeper::{Broken, Keeper, first_cell, lost};
use super::lookout::Lookout;
use super::message::{BUSY, ESCAPED, HISTORY_CHANGED, UNSETTLED, checks};
use super::queue::Queue;
use super::record::record;
use super::unit::{Unit, parted, units};
use super::worker::{self, Backend, Halted};
use crate::domain::problem::Problem;
use crate::domain::script::{Alone, Halfway, Halt, Limits, News, Refused, Script, Why};
use crate::domain::text::harmless;
use std::time::Duration;
use tokio_postgres::SimpleQueryMessage;
use tokio_util::sync::CancellationToken;

/// How long the end of a worker's backend is awaited.
const WORKER_END: Duration = Duration::from_secs(20);
/// The most of an error's text that the journal keeps, in characters.
const ERROR_CHARS: usize = 500;

/// One run outside a transaction.
pub(super) struct AloneRun<'a> {
    pub(super) keeper: Keeper<'a>,
    pub(super) database: &'a PgDatabase,
    pub(super) name: &'a str,
    pub(super) limits: &'a Limits,
    pub(super) runner: &'a Runner,
    pub(super) column: Option<RollbackColumn>,
    pub(super) positions: bool,
    pub(super) script: &'a Script,
    pub(super) alone: &'a Alone,
}

impl AloneRun<'_> {
    /// Runs it, and tells where it stopped.
    pub(super) async fn run(
        &mut self,
        news: &mut (dyn FnMut(News) + Send),
        cancel: &CancellationToken,
    ) -> Result<(), Halt> {
        if !self.positions {
            return Err(Halt::NotAlone(
                "The role of the database URL may not write the journal supabase_migrations.supadeck_journal with its position, without which nobody could go on after a failure.".to_owned(),
            ));
        }
        if self.database.is_transaction_pooler() {
            return Err(pooled());
        }
        let mut worker = self
            .database
            .open_as(self.name)
            .await
            .map_err(|problem| Halt::Lost {
                committing: false,
                why: problem.to_string(),
            })?;
        let backend = self.probe(&worker).await?;
        self.lock(news, cancel).await?;
        self.restore(&worker, news).await?;
        let begun = self.begin(&backend).await;
        let ended = match begun {
            Ok(line) => {
                self.statements(line, &mut worker, &backend, news, cancel)
                    .await
            }
            Err(halt) => Err(halt),
        };
        worker.give_up();
        // The line's end frees the lock too.
        let _ = self
            .keeper
            .ask(&format!(
                "rollback; select pg_catalog.pg_advisory_unlock({LOCK})"
            ))
            .await;
        ended
    }

    /// Refuses where the server's session changes under a connection. While the worker holds a transaction open, a pooler in
    /// transaction mode must give the keeper another session, or has given the worker the keeper's.
    async fn probe(&self, worker: &Connection) -> Result<Backend, Halt> {
        let pid = "select pg_catalog.pg_backend_pid()";
        let before = first_cell(self.keeper.ask(pid).await.map_err(lost)?);
        let sql = "begin; select pg_catalog.pg_backend_pid(), backend_start from pg_catalog.pg_stat_activity \
            where pid = pg_catalog.pg_backend_pid()";
        let mut rows = texts(self.keeper.ask_on(worker, sql).await.map_err(lost)?);
        let after = first_cell(self.keeper.ask(pid).await.map_err(lost)?);
        let limits = self.limits;
        let statement = limits.statement_timeout.unwrap_or_default().as_millis();
        let sql = format!(
            "rollback; {}; set lock_timeout = {}; set statement_timeout = {statement}",
            end_session(),
            limits.lock_timeout.as_millis()
        );
        self.keeper.ask_on(worker, &sql).await.map_err(lost)?;
        let mut cells = rows.pop().unwrap_or_default().into_iter().flatten();
        let (Some(pid), Some(since)) = (cells.next(), cells.next()) else {
            return Err(pooled());
        };
        if before != after || before.as_deref() == Some(pid.as_str()) {
            return Err(pooled());
        }
        Ok(Backend { pid, since })
    }

    /// Sets the worker's session as the statements left it that ran in another one before.
    async fn restore(
        &self,
        worker: &Connection,
        news: &mut (dyn FnMut(News) + Send),
    ) -> Result<(), Halt> {
        for sql in &self.alone.session {
            let set = self.keeper.ask_on(worker, sql).await;
            set.map_err(|broken| match broken {
                Broken::Server(error) => Halt::Refused(Box::new(refused(&error))),
                Broken::Line(_) => lost(broken),
            })?;
            news(News::Notice(format!(
                "supadeck: ran `{}` again for the new session.",
                harmless(sql)
            )));
        }
        Ok(())
    }

    /// Takes the lock for the session, waiting for another runner as long as the limits say.
    async fn lock(
        &self,
        news: &mut (dyn FnMut(News) + Send),
        cancel: &CancellationToken,
    ) -> Result<(), Halt> {
        let sql = format!(
            "set synchronous_commit = on; set default_transaction_read_only = off; select pg_catalog.pg_try_advisory_lock({LOCK})"
        );
        let mut queue = Queue::new(self.limits.runner_timeout);
        loop {
            let taken = first_cell(self.keeper.ask(&sql).await.map_err(lost)?);
            if taken.as_deref() == Some("t") {
                return Ok(());
            }
            queue.wait(self.keeper.holder(), news, cancel).await?;
        }
    }

    /// Checks under the lock what the plan saw, and writes the line of the run.
    async fn begin(&self, backend: &Backend) -> Result<Line, Halt> {
        let (script, at) = (self.script, self.alone.begin_at + 1);
        let mut checks = checks(script, true);
        if script.goes_on && self.alone.begin_at > 0 {
            checks.push_str(&format!(
                "if not {} then raise exception 'supadeck: it stands elsewhere' using errcode = '{HISTORY_CHANGED}'; end if; ",
                journal::stands_at(script, at)
            ));
        }
        let sql = format!(
            "begin isolation level read committed read write; set local lock_timeout = {}; {}; {}; commit",
            self.limits.lock_timeout.as_millis().max(1),
            books::block(&format!("declare found pg_catalog.text; begin {checks}end")),
            journal::begin(
                script,
                self.alone.of,
                at,
                self.name,
                (&backend.pid, &backend.since),
                self.runner
            ),
        );
        let rows = texts(self.keeper.ask(&sql).await.map_err(|broken| {
            let Broken::Server(error) = &broken else {
                // Its line may stand in the journal, although nothing has run.
                let begin_at = self.alone.begin_at;
                return Halt::Halfway(Box::new(Halfway {
                    statement: begin_at,
                    resume_at: begin_at,
                    is_in_doubt: false,
                    why: Why::Lost(broken.why()),
                    is_recorded: false,
                    invalid_indexes: Vec::new(),
                }));
            };
            let detail = error.detail().unwrap_or_default();
            match error.code().code() {
                BUSY => Halt::Busy { holder: None },
                UNSETTLED => Halt::Unsettled(detail.to_owned()),
                HISTORY_CHANGED => Halt::HistoryChanged(
                    detail
                        .split(',')
                        .filter(|version| !version.is_empty())
                        .map(str::to_owned)
                        .collect(),
                ),
                _ => Halt::Refused(Box::new(refused(error))),
            }
        })?);
        let number = |at: usize| {
            rows.last()
                .and_then(|row| row.get(at)?.as_deref()?.parse::<i64>().ok())
        };
        match (number(0), number(1).and_then(|pid| i32::try_from(pid).ok())) {
            (Some(id), Some(keeper)) => Ok(Line { id, keeper }),
            _ => Err(lost(Broken::Line("The journal gave no number.".to_owned()))),
        }
    }

    /// Runs unit by unit; the position is moved before each, and the books are written behind the last.
    async fn statements(
        &self,
        line: Line,
        worker: &mut Connection,
        backend: &Backend,
        news: &mut (dyn FnMut(News) + Send),
        cancel: &CancellationToken,
    ) -> Result<(), Halt> {
        let bytes: usize = self.script.parts.iter().map(|part| part.sql.len()).sum();
        let lookout = Lookout::new(
            self.database.clone(),
            self.name.to_owned(),
            self.limits.silence,
            bytes as u64,
            None,
        );
        let mut guard =
            Guard::new(worker, news, cancel, self.limits.cancel_timeout).with_lookout(lookout);
        let mut begun = self.alone.begin_at;
        for (number, unit) in self.units().into_iter().enumerate() {
            let at = self.script.parts[unit.parts.start].statement;
            if guard.stop.is_wanted() {
                let stop = Halted::at(at, at, Why::Cancelled);
                return Err(self.interrupt(line, backend, stop).await);
            }
            if number > 0 || at != begun {
                begun = at;
                if let Err(why) = self.moved(line, at + 1).await {
                    // Nobody holds the lock any more, or the journal is gone: nothing more may run.
                    let stop = Halted::at(at, at, Why::Lost(why));
                    return Err(self.interrupt(line, backend, stop).await);
                }
            }
            if let Err(stop) = worker::run(&mut guard, &self.script.parts, &unit, self.limits).await
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
            let mut stop = Halted::at(at, at, why);
            stop.is_in_doubt = true;
            return Err(self.interrupt(line, backend, stop).await);
        }
        // A pooler may hand the session on as it is.
        let _ = guard.answer(guard.client.simple_query("discard all")).await;
        guard.drop_notices();
        drop(guard);
        self.finish(line, backend).await
    }

    fn units(&self) -> Vec<Unit> {
        if self.alone.is_parted {
            parted(&self.script.parts)
        } else {
            units(&self.script.parts)
        }
    }

    /// Moves the position; fails when the keeper no longer has the lock.
    async fn moved(&self, line: Line, at: usize) -> Result<(), String> {
        let answers = self
            .keeper
            .ask(&line.move_to(at))
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
    async fn finish(&self, line: Line, backend: &Backend) -> Result<(), Halt> {
        let of = self.alone.of;
        let sql = format!(
            "begin isolation level read committed read write; set local lock_timeout = {}; {}; {}; notify pgrst, 'reload schema'; commit",
            self.limits.lock_timeout.as_millis().max(1),
            line.done(of, ESCAPED),
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
                Why::Refused(Box::new(refused))
            }
            Broken::Line(why) => Why::Lost(why),
        };
        // Past the last statement only the books are missing, and they are all or nothing.
        Err(self.interrupt(line, backend, Halted::at(of, of, why)).await)
    }

    /// Ends a run that stopped in its first unit, of which nothing remains: the version is as it was before.
    async fn take_back(&self, line: Line, backend: &Backend, stop: Halted) -> Halt {
        let repeats = self.script.goes_on;
        let ended = self.end_worker(backend).await;
        // Another run's line, which this one took the place of, must not come back as the one that is open.
        if repeats || ended.is_err() || self.keeper.ask(&line.take_back()).await.is_err() {
            return self.interrupt(line, backend, stop).await;
        }
        match stop.why {
            Why::Refused(refused) => Halt::Refused(refused),
            Why::Cancelled => Halt::Cancelled,
            Why::Lost(why) => Halt::Lost {
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
            books::dollar(&backend.since)
        );
        let limit = WORKER_END + self.database.patience.0;
        self.keeper
            .ask_for(limit, self.keeper.connection, &sql)
            .await
            .map(drop)
    }

    /// Ends what the worker still does, and writes down where the run stands.
    async fn interrupt(&self, line: Line, backend: &Backend, stop: Halted) -> Halt {
        let keeper_is_lost = self.keeper.connection.client.is_closed();
        let mut halfway = Halfway {
            statement: stop.statement,
            resume_at: stop.resume_at,
            is_in_doubt: stop.is_in_doubt,
            why: stop.why,
            is_recorded: false,
            invalid_indexes: Vec::new(),
        };
        if keeper_is_lost {
            return Halt::Halfway(Box::new(halfway));
        }
        let _ = self.end_worker(backend).await;
        let words = match &halfway.why {
            Why::Refused(refused) => format!("{} ({})", refused.message, refused.code),
            Why::Cancelled => "It was stopped.".to_owned(),
            Why::Lost(why) => why.clone(),
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
            let names = texts(answers).into_iter();
            halfway.invalid_indexes = names
                .filter_map(|row| row.into_iter().next().flatten())
                .map(|name| harmless(&name).into_owned())
                .collect();
        }
        Halt::Halfway(Box::new(halfway))
    }
}

/// Why the worker's session may still be in a transaction, whose work would be undone with it; none when it is not.
async fn still_open(guard: &mut Guard<'_>) -> Option<Why> {
    const QUESTION: &str =
        "select pg_catalog.now() operator(pg_catalog.<) pg_catalog.statement_timestamp()";
    let answers = guard
        .answer(guard.client.simple_query(QUESTION))
        .await
        .map(first_cell);
    match answers {
        Ok(open) if open.as_deref() == Some("f") => None,
        Err(Failure::Line(why)) => Some(Why::Lost(why)),
        Ok(_) | Err(Failure::Server(_)) => Some(Why::Refused(Box::new(Refused {
            code: ESCAPED.to_owned(),
            message: "It left a transaction open, and what it did in it is undone with its session"
                .to_owned(),
            ..Refused::default()
        }))),
    }
}

const POOLED: &str = "The address is that of a pooler in transaction mode, where neither the lock nor the settings of a session hold. Use the direct address or the session pooler's (port 5432).";

fn pooled() -> Halt {
    Halt::NotAlone(POOLED.to_owned())
}

impl PgDatabase {
    /// Why no file can run outside a transaction here: found as a run finds it, by a session that changes under its
    /// connection while another one holds a transaction open.
    pub(super) async fn why_not_alone(&self) -> Result<Option<String>, Problem> {
        const WHAT: &str = "It cannot be found out whether the address is a pooler's.";
        if self.is_transaction_pooler() {
            return Ok(Some(POOLED.to_owned()));
        }
        let (one, two) = (self.open().await?, self.open().await?);
        let pid = "select pg_catalog.pg_backend_pid()";
        let asking = async {
            let before = one.rows(pid).await?;
            let between = two.rows(&format!("begin; {pid}")).await?;
            let after = one.rows(pid).await?;
            two.client.simple_query("rollback").await?;
            Ok(before != after || before == between)
        };
        let asked = async {
            let swapped: Result<bool, tokio_postgres::Error> = asking.await;
            swapped.map_err(|error| statement_problem(&error, WHAT))
        };
        let swapped = self.patience.on(&one, WHAT, asked).await?;
        Ok(swapped.then(|| POOLED.to_owned()))
    }
}
