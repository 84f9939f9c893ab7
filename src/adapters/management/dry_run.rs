//! Dry-runs in one call, and makes sure in a second one that it is undone.
//!
//! A dry run whose answer is lost is of no use to anybody, so the server is told to stop it; then it is waited for until no
//! such call can be at work or begin any more, and asked for what only a commit would have left.

use super::call_supervisor::{ActivityMonitor, CallSupervisor, name_of};
use super::client::{RateLimitWait, extract};
use super::database::ManagementDatabase;
use super::dry_run_parse;
use super::dry_run_script::{DryRunScript, afterwards, afterwards_limit, longest};
use super::error_position::{SYNTAX, parse_only};
use super::query::problem;
use super::response::Failure;
use crate::adapters::sql::codes::BUSY;
use crate::adapters::sql::codes::TOO_LATE;
use crate::adapters::sql::dry_run_limits::{
    NOT_BEGUN, NOT_MEASURED, busy, left_transaction, undone,
};
use crate::adapters::sql::snapshot;
use crate::domain::dry_run::measure::CountTarget;
use crate::domain::dry_run::recording::{DryRunResult, FileResult, FileScript, PostRollback};
use crate::domain::migration::Blocker;
use crate::domain::problem::{Kind, Problem};
use crate::domain::run_event::RunEvent;
use crate::domain::script::{Limits, RunError};
use crate::ports::{DryRun, Events, GoesOn, Task};
use serde::Deserialize;
use serde_json::Value;
use tokio_util::sync::CancellationToken;

/// How many files are left out at most: each of them costs a call.
const MOST_LEFT_OUT: usize = 8;

/// A dry run of one call, or of one more for each file that is left out.
pub(super) struct ApiDryRun {
    database: ManagementDatabase,
    limits: Limits,
    state: State,
}

/// What is known of the transaction.
enum State {
    /// It was never begun, or the server said that it is undone.
    Nothing,
    /// It has answered; its number.
    Answered(String),
    /// Its answer is lost.
    Lost { run: String, witness: u32 },
}

/// What [`afterwards`] tells.
#[derive(Debug, Deserialize)]
struct RollbackCheck {
    status: Option<String>,
    sequences: Vec<(String, Option<String>)>,
    counts: Vec<snapshot::Count>,
    visible: Vec<snapshot::Seen>,
}

impl ApiDryRun {
    pub(super) fn new(database: ManagementDatabase, limits: Limits) -> Self {
        Self {
            database,
            limits,
            state: State::Nothing,
        }
    }

    /// Records; a file whose failure comes only of the dry run is left out of another call, in which those behind it run.
    async fn all(
        &mut self,
        scripts: &[FileScript],
        goes_on: GoesOn<'_>,
        news: Events<'_>,
        cancel: &CancellationToken,
    ) -> Result<DryRunResult, Problem> {
        let mut left: Vec<FileScript> = scripts.to_vec();
        let mut undone: Vec<(usize, FileResult)> = Vec::new();
        loop {
            let mut recording = self.once(&left, news, cancel).await?;
            let failed = recording.files.len().checked_sub(1).and_then(|at| {
                let failed = recording.files[at].failed.as_ref()?;
                let steps: Vec<usize> = undone.iter().map(|(step, _)| *step).collect();
                let step = left[at].step;
                goes_on(step, failed, &steps).then_some((at, step))
            });
            if let Some((at, step)) = failed.filter(|_| undone.len() < MOST_LEFT_OUT) {
                // Nothing of a call is left to doubt before the next one.
                self.aftermath(&[], &[]).await?;
                undone.push((step, recording.files.remove(at)));
                left.remove(at);
                if let Some(last) = left.last_mut() {
                    last.wants_snapshot = true;
                }
                continue;
            }
            for (step, result) in undone {
                let at = scripts.iter().position(|script| script.step == step);
                let at = at.unwrap_or_default().min(recording.files.len());
                recording.files.insert(at, result);
            }
            return Ok(recording);
        }
    }

    async fn once(
        &mut self,
        scripts: &[FileScript],
        news: Events<'_>,
        cancel: &CancellationToken,
    ) -> Result<DryRunResult, Problem> {
        if let Some(script) = scripts.first() {
            news(RunEvent::StepStarted { step: script.step });
        }
        let (rows, blocker) = self.call(scripts, news, cancel).await?;
        let text = match extract(&rows) {
            Some(Value::String(text)) => text.clone(),
            Some(value) => value.to_string(),
            None => return Err(lost(Kind::Network, "It held no rows.".to_owned())),
        };
        let read = dry_run_parse::read(&text, scripts, cancel.is_cancelled());
        let (number, mut recording) = read?;
        self.state = State::Answered(number);
        for failed in recording
            .files
            .iter_mut()
            .filter_map(|result| result.failed.as_mut())
        {
            failed.halt = failed.halt.clone().with_blocker(blocker.clone());
        }
        for (script, result) in scripts.iter().zip(&mut recording.files) {
            self.point(script, result).await;
            tell(script, result, news);
        }
        Ok(recording)
    }

    /// Sends the call, and keeps in mind what is known of its transaction; tells who was seen in its way last.
    async fn call(
        &mut self,
        scripts: &[FileScript],
        news: Events<'_>,
        cancel: &CancellationToken,
    ) -> Result<(Vec<Value>, Option<Blocker>), Problem> {
        let api = &self.database.api;
        let id = uuid::Uuid::new_v4();
        let run = id.simple().to_string();
        // The numbers of objects that users make begin at 16384.
        let witness = u32::try_from(id.as_u128() & 0x7fff_ffff).unwrap_or_default() | 0x4000_0000;
        let mut blocker = None;
        let mut said = |event: RunEvent| match event {
            RunEvent::Cancelling => news(RunEvent::Cancelling),
            RunEvent::Blocked { blocker: seen, .. } => blocker = Some(seen),
            _ => {}
        };
        let mut turn = RateLimitWait::default();
        let failure = loop {
            // The time until which it may begin is counted anew for each turn.
            let frame = DryRunScript {
                run: &run,
                witness,
                fence: &self.database.fence.guard_sql(api.patience.on_the_way),
                limits: &self.limits,
                longest: longest(api.patience.script, &self.limits),
            };
            let mut watcher = CallSupervisor {
                api,
                run: &run,
                events: &mut said,
                cancel,
                limit: self.limits.cancel_timeout,
            };
            let lookout = ActivityMonitor::new(self.database.clone(), name_of(&run));
            match watcher.call(&frame.whole(scripts), Some(lookout)).await {
                Ok(rows) => {
                    self.state = State::Lost { run, witness };
                    return Ok((rows, blocker));
                }
                Err(Failure::Later(asked)) => {
                    if let Err(failure) = turn.wait(api, asked, cancel).await {
                        break failure;
                    }
                }
                Err(failure) => break failure,
            }
        };
        let (kind, why) = match failure {
            Failure::Refused(said) => return Err(refusal(Failure::Refused(said), cancel)),
            Failure::Unknown(why) => (Kind::Network, why),
            Failure::Unclear(why) => (Kind::Database, why),
            other => return Err(refusal(other, cancel)),
        };
        self.state = State::Lost { run, witness };
        Err(lost(kind, why))
    }

    /// Finds the place of a syntax error.
    async fn point(&self, script: &FileScript, result: &mut FileResult) {
        let Some(failed) = &mut result.failed else {
            return;
        };
        let part = script
            .parts
            .iter()
            .find(|part| Some(part.statement) == failed.statement);
        let (Some(part), RunError::Refused(refused)) = (part, &mut failed.halt) else {
            return;
        };
        if refused.code != SYNTAX || refused.context.is_some() {
            return;
        }
        let (sql, before) = parse_only(&part.sql);
        let api = &self.database.api;
        if let Err(Failure::Refused(said)) = api.call(&sql, api.patience.statement).await
            && said.code == SYNTAX
        {
            let at = said.character(&sql);
            refused.character = at.and_then(|at| at.checked_sub(before));
        }
    }

    async fn aftermath(
        &mut self,
        holdings: &[CountTarget],
        seen: &[(String, u32)],
    ) -> Result<PostRollback, Problem> {
        let State::Answered(number) = &self.state else {
            return Err(Problem::internal("No dry run was made."));
        };
        let api = &self.database.api;
        let limit = afterwards_limit(api.patience.statement);
        let rows = api
            .ask_within(&afterwards(number, holdings, seen), limit)
            .await;
        let rows = rows.map_err(|failure| problem(failure, NOT_MEASURED))?;
        let read = match extract(&rows) {
            Some(Value::String(text)) => serde_json::from_str::<RollbackCheck>(text),
            Some(value) => serde_json::from_value(value.clone()),
            None => return Err(Problem::internal("The count has no rows.")),
        };
        let found = read.map_err(|error| {
            Problem::internal(format!("The count of the dry run cannot be read: {error}."))
        })?;
        undone(found.status.as_deref())?;
        self.state = State::Nothing;
        Ok(PostRollback {
            sequences: found.sequences,
            counts: snapshot::parse_counts(&found.counts),
            visible: snapshot::parse_visible(found.visible),
        })
    }

    /// Stops a dry run whose answer is lost, and asks whether it is undone once nothing of it can be at work or begin.
    async fn settle(&self, run: &str, witness: u32) -> Result<(), Problem> {
        let cancel = CancellationToken::new();
        cancel.cancel();
        let mut watcher = CallSupervisor {
            api: &self.database.api,
            run,
            events: &mut |_| {},
            cancel: &cancel,
            limit: self.limits.cancel_timeout,
        };
        watcher.wait_until_idle().await;
        self.database.settle().await.map_err(unknown)?;
        let sql = format!(
            "select pg_catalog.count(*) from pg_catalog.pg_largeobject_metadata where oid = {witness}"
        );
        let told = self.database.tell(Some((&sql, 1))).await;
        let told = told.map_err(|failure| unknown(problem(failure, NOT_MEASURED)))?;
        match told.rows.into_iter().flatten().flatten().next().as_deref() {
            Some("0") => Ok(()),
            _ => Err(left_transaction()),
        }
    }
}

impl DryRun for ApiDryRun {
    fn run_files<'a>(
        &'a mut self,
        scripts: &'a [FileScript],
        goes_on: GoesOn<'a>,
        news: Events<'a>,
        cancel: &'a CancellationToken,
    ) -> Task<'a, DryRunResult> {
        Box::pin(self.all(scripts, goes_on, news, cancel))
    }

    fn measure_before<'a>(
        &'a mut self,
        holdings: &'a [CountTarget],
        seen: &'a [(String, u32)],
    ) -> Task<'a, PostRollback> {
        Box::pin(self.aftermath(holdings, seen))
    }

    fn end(mut self: Box<Self>) -> Task<'static, ()> {
        Box::pin(async move {
            match &self.state {
                State::Nothing => Ok(()),
                State::Answered(_) => self.aftermath(&[], &[]).await.map(drop),
                State::Lost { run, witness } => self.settle(run, *witness).await,
            }
        })
    }
}

/// Tells what an answer says of a file, as if it had been watched.
fn tell(script: &FileScript, result: &FileResult, news: Events<'_>) {
    let step = script.step;
    news(RunEvent::StepStarted { step });
    for kept in &result.statements {
        let done = kept.statement + 1;
        news(RunEvent::StatementDone {
            step,
            done,
            rows: 0,
        });
    }
    if result.failed.is_none() {
        let took = result.statements.iter().map(|kept| kept.ran.took).sum();
        news(RunEvent::StepDone { step, took });
    }
}

/// The call was refused: nothing of it remains, and it says nothing of the files.
fn refusal(failure: Failure, cancel: &CancellationToken) -> Problem {
    let stopped = "The dry run was stopped, and nothing of it remains.";
    let Failure::Refused(said) = &failure else {
        return match failure {
            Failure::Cancelled => Problem::cancelled(stopped),
            other => problem(other, NOT_BEGUN),
        };
    };
    let is_ours = said.message.starts_with("supadeck: ");
    match said.code.as_str() {
        BUSY if is_ours => busy(),
        TOO_LATE if is_ours => {
            let why = "The Management API kept the call waiting for too long.";
            Problem::new(Kind::Network, NOT_BEGUN, why).retryable()
        }
        "57014" if cancel.is_cancelled() => Problem::cancelled(stopped),
        _ => problem(failure, NOT_MEASURED),
    }
}

/// Nobody will see the report. Whether nothing remains is asked before this is shown.
fn lost(kind: Kind, why: String) -> Problem {
    let what = "The answer to the dry run was lost, and nothing of it remains.";
    let lost = Problem::new(kind, what, why).retryable();
    match kind {
        Kind::Network => lost.with_hint(
            "Where a dry run results longer than the API waits, use a database URL (--db-url).",
        ),
        _ => lost,
    }
}

/// The server could not be asked.
fn unknown(why: Problem) -> Problem {
    let what = "The answer to the dry run was lost, and nobody knows yet whether it is undone.";
    Problem { what: what.to_owned(), ..why }.with_hint(
        "Its call holds no COMMIT, so nothing of it can remain; while it is at work it holds its locks. `supadeck migration list` asks again.",
    )
}
