//! Runs scripts, each in one transaction, and tells truly how they ended.
//!
//! `live` sends it statement by statement, `batch` in one message with others.

use super::activity_monitor::{ActivityMonitor, HistoryProgress};
use super::batch::{BatchEnd, TxTemplate, run_batch};
use super::batch_progress::BatchProgress;
use super::connection::Connection;
use super::control_connection::ControlConnection;
use super::database::{PgDatabase, Spare, make_books};
use super::error::refused;
use super::lock_wait::LockWait;
use super::non_transactional::NonTransactionalRun;
use super::per_statement::run_pipelined;
use super::supervisor::{Failure, Supervisor};
use crate::adapters::sql::between::end_session;
use crate::adapters::sql::codes::{
    BUSY, HISTORY_CHANGED, INTERRUPTED_RUN, LEFT_TRANSACTION, ROW_REJECTED,
};
use crate::adapters::sql::history_table::{InstalledTables, RollbackColumn};
use crate::adapters::sql::journal::Operator;
use crate::adapters::sql::transaction::{has_word, is_temporary, resets_session};
use crate::domain::problem::Problem;
use crate::domain::run_event::RunEvent;
use crate::domain::script::{Limits, NonTransactional, Part, RunError, Script, ServerError};
use crate::ports::{Events, Run, Session, Task};
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

/// How long the answer to a rollback is awaited: a failed transaction has nothing else to do.
const ROLLBACK_LIMIT: Duration = Duration::from_secs(10);

/// One connection that runs scripts.
pub(super) struct PgSession {
    connection: Connection,
    name: String,
    limits: Limits,
    database: PgDatabase,
    runner: Operator,
    /// Which tables there were when the connection was opened ahead.
    looked: Option<InstalledTables>,
    present: InstalledTables,
    column: Option<RollbackColumn>,
    /// How many messages of scripts were sent.
    messages: usize,
    /// Whether the next script is sent statement by statement, because it could not be followed in a message.
    goes_live: bool,
}

/// Where in a transaction something went wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    Prologue,
    Statement(usize),
    Epilogue,
}

impl PgSession {
    /// A session on an open connection.
    pub(super) fn new(spare: Spare, limits: Limits, database: PgDatabase) -> Self {
        Self {
            connection: spare.connection,
            name: spare.name,
            limits,
            database,
            runner: Operator::here(),
            looked: spare.looked,
            present: InstalledTables::default(),
            column: None,
            messages: 0,
            goes_live: false,
        }
    }

    /// How many of the scripts go in one message; none where the first cannot be sent at once.
    fn batch_len(scripts: &[Script]) -> usize {
        let goes =
            |script: &&Script| script.at_once && !resets_session(script) && !is_temporary(script);
        let goes_with_others = |script: &&Script| goes(script) && !touches_history(script);
        match scripts.first() {
            Some(first) if goes(&first) && touches_history(first) => 1,
            _ => scripts.iter().take_while(goes_with_others).count(),
        }
    }

    /// Runs one script outside a transaction.
    async fn run_alone(
        &mut self,
        script: &Script,
        alone: &NonTransactional,
        events: Events<'_>,
        cancel: &CancellationToken,
    ) -> Result<(), RunError> {
        let mut run = NonTransactionalRun {
            keeper: self.keeper(),
            database: &self.database,
            name: &self.name,
            limits: &self.limits,
            runner: &self.runner,
            column: self.column,
            positions: self.present.positions,
            script,
            alone,
        };
        let ended = run.run(events, cancel).await;
        self.drop_notices();
        ended
    }

    /// Drops what the server said of statements of ours: it is nobody's news.
    fn drop_notices(&mut self) {
        while self.connection.notices.try_recv().is_ok() {}
    }

    /// Runs the scripts that can go in one message, or the first one alone; tells how many are done.
    async fn run_next(
        &mut self,
        scripts: &[Script],
        events: Events<'_>,
        cancel: &CancellationToken,
    ) -> (usize, Result<(), RunError>) {
        let Some(script) = scripts.first() else {
            return (0, Ok(()));
        };
        let begun = Instant::now();
        let course = BatchProgress::new(events);
        let mut of = |event: RunEvent| course.tell(event);
        if let Some(alone) = &script.alone {
            let ended = self.run_alone(script, alone, &mut of, cancel).await;
            if ended.is_ok() {
                course.next(begun.elapsed());
            }
            return (course.at(), ended);
        }
        let together = if std::mem::take(&mut self.goes_live) {
            0
        } else {
            Self::batch_len(scripts)
        };
        let scripts = &scripts[..together.max(1)];
        self.messages += 1;
        let name = format!("{} {}", self.name, self.messages);
        let frame = TxTemplate {
            limits: &self.limits,
            positions: self.present.positions,
            column: self.column,
            journal: self.present.journal.then_some(&self.runner),
            name: &name,
        };
        let size = |part: &Part| part.sql.len() + part.data.as_ref().map_or(0, |rows| rows.len());
        let parts = scripts.iter().flat_map(|script| &script.parts);
        let bytes: usize = parts.map(size).sum();
        let lookout = ActivityMonitor::new(
            self.database.clone(),
            self.name.clone(),
            self.limits.silence,
            2 * bytes as u64,
            (together > 1)
                .then(|| HistoryProgress::of(scripts, course.seen()))
                .flatten(),
        );
        let limit = self.limits.cancel_timeout;
        let turns = self.connection.turns.clone();
        let mut guard =
            Supervisor::new(&mut self.connection, &mut of, cancel, limit).with_lookout(lookout);
        if together > 1 {
            guard = guard.ordered(turns.keep());
        }
        let ended = if together == 0 {
            let ended = run_pipelined(&mut guard, script, &frame).await;
            if ended.is_ok() {
                course.next(begun.elapsed());
            }
            ended.map(|()| BatchEnd::Done)
        } else {
            run_batch(&mut guard, scripts, &frame, &course).await
        };
        match &ended {
            Ok(BatchEnd::Done) => {}
            // A rollback would stand in line behind what does not answer; and the server ends it with the line.
            Err(RunError::Lost { .. }) => guard.give_up(),
            Ok(BatchEnd::RetryLive) | Err(_) => close(&mut guard).await,
        }
        self.goes_live = matches!(ended, Ok(BatchEnd::RetryLive));
        (course.at(), ended.map(drop))
    }

    /// Runs scripts one after the other, waiting before each for another runner as long as that may take.
    async fn run_scripts(
        &mut self,
        scripts: &[Script],
        events: Events<'_>,
        cancel: &CancellationToken,
    ) -> (usize, Result<(), RunError>) {
        let mut done = 0;
        let mut queue = LockWait::new(self.limits.runner_timeout);
        while done < scripts.len() {
            let before = done;
            let mut shifted = |event: RunEvent| events(event.shifted(before));
            let (more, ended) = self
                .run_next(&scripts[before..], &mut shifted, cancel)
                .await;
            done += more;
            if more > 0 {
                queue = LockWait::new(self.limits.runner_timeout);
            }
            let waited = match ended {
                Err(RunError::Busy { .. }) => {
                    let keeper = self.keeper();
                    queue.wait(keeper.holder(), &mut *events, cancel).await
                }
                ended => ended,
            };
            if let Err(halt) = waited {
                return (done, Err(halt));
            }
        }
        (done, Ok(()))
    }

    fn keeper(&self) -> ControlConnection<'_> {
        ControlConnection {
            connection: &self.connection,
            patience: self.database.patience,
        }
    }
}

impl Session for PgSession {
    fn name(&self) -> &str {
        &self.name
    }

    fn prepare(&mut self) -> Task<'_, ()> {
        Box::pin(async move {
            let patience = self.database.patience;
            let making = make_books(&self.connection, patience, self.looked.take());
            let what = "The tables of the migration history cannot be made.";
            let present = patience.on(&self.connection, what, making).await?;
            self.column = present.rollback();
            self.present = present;
            self.drop_notices();
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
        Box::pin(self.run_scripts(scripts, events, cancel))
    }
}

/// Ends a transaction that failed with what it left in the session: the file may be tried again, and behind a pooler the
/// session is somebody else's next. A line that breaks here, or is given up, has ended it too.
async fn close(guard: &mut Supervisor<'_>) {
    guard.forward_notices();
    // Nobody takes them any more.
    guard.end_turns();
    // Without a transaction the server warns, which is nobody's news. In one message, because behind a pooler the session is
    // another's after the rollback.
    let sql = format!("rollback; {}", end_session());
    let rollback = guard.client.simple_query(&sql);
    if tokio::time::timeout(ROLLBACK_LIMIT, rollback)
        .await
        .is_err()
    {
        guard.give_up();
    }
    guard.drop_notices();
}

/// What a failure means for the transaction.
pub(super) fn halt(
    guard: &mut Supervisor<'_>,
    failure: Failure,
    place: Phase,
    committing: bool,
) -> RunError {
    guard.forward_notices();
    let error = match failure {
        Failure::Line(why) => return RunError::Lost { committing, why },
        Failure::Server(error) => error,
    };
    let is_ours = !matches!(place, Phase::Statement(_));
    match error.code().code() {
        "57014" if guard.stop.is_wanted() => return RunError::Cancelled,
        BUSY if is_ours => return RunError::Busy { holder: None },
        HISTORY_CHANGED if is_ours => {
            let found = error.detail().unwrap_or_default();
            let versions = found.split(',').filter(|version| !version.is_empty());
            return RunError::HistoryChanged(versions.map(str::to_owned).collect());
        }
        "23505"
            if place == Phase::Epilogue
                && error.schema() == Some("supabase_migrations")
                && error.table() == Some("schema_migrations") =>
        {
            return RunError::HistoryChanged(Vec::new());
        }
        INTERRUPTED_RUN if is_ours => {
            return RunError::Unsettled(error.detail().unwrap_or_default().to_owned());
        }
        LEFT_TRANSACTION if is_ours => return RunError::Escaped,
        _ => {}
    }
    let mut refused = refused(&error);
    if is_ours && error.code().code() == ROW_REJECTED {
        refused = history_row_rejected();
    }
    match place {
        Phase::Prologue => refused.character = None,
        Phase::Statement(part) => refused.part = Some(part),
        Phase::Epilogue => {
            refused.at_commit = true;
            refused.character = None;
        }
    }
    RunError::Refused(Box::new(refused))
}

/// The history row was not written, and the server raised nothing.
pub(super) fn history_row_rejected() -> ServerError {
    ServerError {
        code: ROW_REJECTED.to_owned(),
        message: "Its history row was not written: an insert into supabase_migrations.schema_migrations had no effect".to_owned(),
        hint: Some(
            "A trigger there drops rows in silence: without it the file can be applied.".to_owned(),
        ),
        at_commit: true,
        ..ServerError::default()
    }
}

/// Whether a script's text names the schema of the history, which it may then change: what stands behind it in a message would
/// not compare it again.
fn touches_history(script: &Script) -> bool {
    has_word(script, &["supabase_migrations"])
}
