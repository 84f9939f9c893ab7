//! Runs a script in one call, and tells truly how it ended.
//!
//! The call is the whole transaction: head, statements, history, COMMIT. COMMIT is the last statement, so an error of
//! Postgres means that nothing remains. Everything else that is no clear answer ends as lost, and is looked up.

use super::call_supervisor::{ActivityMonitor, CallSupervisor, name_of};
use super::client::{RateLimitWait, extract, tag};
use super::database::ManagementDatabase;
use super::outcome::{halt, no_copy, nothing_ran, refused};
use super::response::Failure;
use crate::adapters::sql::history_table::RollbackColumn;
use crate::adapters::sql::journal::Operator;
use crate::adapters::sql::transaction::resets_session;
use crate::adapters::sql::transaction::{
    AssembledTx, Behind, TxIdentity, epilogue, prologue, whole,
};
use crate::domain::problem::Problem;
use crate::domain::run_event::RunEvent;
use crate::domain::script::{Expected, Limits, Record, RunError, Script, ServerError};
use crate::ports::{Database as _, Events, Run, Session, Task};
use serde_json::Value;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// What an at-once transaction tells before COMMIT: how many rows it has changed so far.
const ROWS: &str = "select 'inserted ' || coalesce(pg_catalog.sum(n_tup_ins), 0) || ', updated ' || coalesce(pg_catalog.sum(n_tup_upd), 0) \
    || ', deleted ' || coalesce(pg_catalog.sum(n_tup_del), 0) as supadeck \
    from pg_catalog.pg_stat_xact_user_tables where schemaname <> 'supabase_migrations'";

/// Why a file outside a transaction does not run over the API.
pub(super) const NOT_ALONE: &str = "The Management API runs every call in a transaction, and nobody could follow a file from statement to statement. Run it over a database URL (--db-url).";

/// Runs scripts, one call each.
pub(super) struct ApiSession {
    database: ManagementDatabase,
    limits: Limits,
    runner: Operator,
    has_journal: bool,
    has_positions: bool,
    column: Option<RollbackColumn>,
}

impl ApiSession {
    pub(super) fn new(database: ManagementDatabase, limits: Limits) -> Self {
        Self {
            database,
            limits,
            runner: Operator::here(),
            has_journal: false,
            has_positions: false,
            column: None,
        }
    }

    async fn run_script(
        &self,
        script: &Script,
        events: Events<'_>,
        cancel: &CancellationToken,
    ) -> Result<(), RunError> {
        if let Some(part) = script.parts.iter().position(|part| part.data.is_some()) {
            return Err(no_copy(part));
        }
        if script.alone.is_some() {
            return Err(RunError::NotAlone(NOT_ALONE.to_owned()));
        }
        let begun = Instant::now();
        let mut is_waiting = false;
        loop {
            if cancel.is_cancelled() {
                return Err(RunError::Cancelled);
            }
            match self.attempt(script, events, cancel).await {
                Err(RunError::Busy { .. }) if begun.elapsed() < self.limits.runner_timeout => {
                    if !is_waiting {
                        let holder = self.database.holder().await;
                        events(RunEvent::WaitingForLock { holder });
                        is_waiting = true;
                    }
                    self.wait_for_runner(begun, cancel).await?;
                }
                ended => return ended,
            }
        }
    }

    /// Waits in short calls until no other runner holds the lock; it may be gone again when the script gets there.
    async fn wait_for_runner(
        &self,
        begun: Instant,
        cancel: &CancellationToken,
    ) -> Result<(), RunError> {
        loop {
            let waited = tokio::select! {
                biased;
                () = cancel.cancelled() => return Err(RunError::Cancelled),
                waited = self.database.wait_for_lock() => waited,
            };
            match waited {
                Ok(_) => return Ok(()),
                Err(Failure::Refused(said)) if said.code == "55P03" => {}
                Err(failure) => return Err(nothing_ran(failure)),
            }
            if begun.elapsed() >= self.limits.runner_timeout {
                let holder = self.database.holder().await;
                return Err(RunError::Busy { holder });
            }
        }
    }

    /// One call with the whole transaction.
    async fn attempt(
        &self,
        script: &Script,
        events: Events<'_>,
        cancel: &CancellationToken,
    ) -> Result<(), RunError> {
        let run = uuid::Uuid::new_v4().simple().to_string();
        let mut turn = RateLimitWait::default();
        let (whole, ended) = loop {
            // The time until which it may begin is counted anew for each turn.
            let whole = self.whole(script, &run);
            let lookout = ActivityMonitor::new(self.database.clone(), name_of(&run));
            let mut watcher = self.watcher(&run, events, cancel);
            let ended = watcher.call(&whole.sql, Some(lookout)).await;
            let Err(Failure::Later(asked)) = ended else {
                break (whole, ended);
            };
            let waited = turn.wait(&self.database.api, asked, cancel).await;
            waited.map_err(nothing_ran)?;
        };
        match ended {
            Ok(rows) => {
                tell_done(script, &rows, events);
                Ok(())
            }
            Err(Failure::Unclear(why)) if self.is_untouched(script).await => {
                Err(refused(ServerError {
                    message: why,
                    ..ServerError::default()
                }))
            }
            Err(failure) => {
                if let Failure::Unknown(_) = &failure {
                    self.watcher(&run, events, cancel).wait_until_idle().await;
                }
                Err(halt(failure, &whole, cancel))
            }
        }
    }

    fn watcher<'a>(
        &'a self,
        run: &'a str,
        events: Events<'a>,
        cancel: &'a CancellationToken,
    ) -> CallSupervisor<'a> {
        CallSupervisor {
            api: &self.database.api,
            run,
            events,
            cancel,
            limit: self.limits.cancel_timeout,
        }
    }

    fn whole(&self, script: &Script, run: &str) -> AssembledTx {
        let fence = self
            .database
            .fence
            .guard_sql(self.database.api.patience.on_the_way);
        let head = format!(
            "{}{}; {fence}; set local application_name = '{}'",
            tag(run),
            prologue(script, &self.limits, self.has_positions, Behind::Anything),
            name_of(run)
        );
        // A file that resets settings would lose the one that the transaction is known by.
        let anchor = if resets_session(script) {
            TxIdentity::Lock
        } else {
            TxIdentity::Setting
        };
        let journal = self.has_journal.then_some(&self.runner);
        let tail = epilogue(script, anchor, None, self.column, journal);
        let rows = match &script.record {
            Record::Seeded { .. } => ROWS,
            _ => "select 'done' as supadeck",
        };
        // COMMIT must stay the last: whatever failed behind it would look like a refusal.
        let tail = match tail.rsplit_once("commit") {
            Some((books, "")) => format!("{books}{rows}; commit"),
            _ => tail,
        };
        whole(&head, script, &tail)
    }

    /// Whether the history is still what the script expects it to be, once nothing can change it any more.
    async fn is_untouched(&self, script: &Script) -> bool {
        let Some(expected) = &script.expects else {
            return false;
        };
        match self.database.settled("").await {
            Ok(history) => Expected::of(history.versions().iter()) == *expected,
            Err(_) => false,
        }
    }
}

impl Session for ApiSession {
    fn name(&self) -> &'static str {
        "management API"
    }

    fn prepare(&mut self) -> Task<'_, ()> {
        Box::pin(async move {
            let present = self.database.make_books().await?;
            self.has_journal = present.journal;
            self.has_positions = present.positions;
            self.column = present.rollback();
            Ok::<(), Problem>(())
        })
    }

    fn stores_rollbacks(&self) -> bool {
        self.column.is_some()
    }

    fn run<'a>(
        &'a mut self,
        scripts: &'a [Script],
        events: Events<'a>,
        cancel: &'a CancellationToken,
    ) -> Run<'a> {
        Box::pin(async move {
            for (step, script) in scripts.iter().enumerate() {
                let begun = Instant::now();
                let mut shifted = |event: RunEvent| events(event.shifted(step));
                if let Err(halt) = self.run_script(script, &mut shifted, cancel).await {
                    return (step, Err(halt));
                }
                let took = begun.elapsed();
                events(RunEvent::StepDone { step, took });
            }
            (scripts.len(), Ok(()))
        })
    }
}

/// Tells what became of a script that is done.
fn tell_done(script: &Script, rows: &[Value], events: Events<'_>) {
    match &script.record {
        // How many rows each statement changed is not told; how many all of them did is.
        Record::Seeded { .. } => {
            if let Some(told) = extract(rows).and_then(Value::as_str) {
                let counts = told.split(|c: char| !c.is_ascii_digit());
                events(RunEvent::RowsChanged {
                    step: 0,
                    rows: counts.filter_map(|count| count.parse::<u64>().ok()).sum(),
                });
                events(RunEvent::Notice {
                    step: 0,
                    text: format!("Rows in all: {told}."),
                });
            }
        }
        _ => {
            if let Some(last) = script.parts.last() {
                events(RunEvent::StatementDone {
                    step: 0,
                    done: last.statement + 1,
                    rows: 0,
                });
            }
        }
    }
}
