//! Records a dry run over a connection: asks, runs and measures one by one, in a transaction that stays open.

use crate::domain::dry_run::access::{Rights, changes};
use crate::domain::dry_run::measure::{CountTarget, StatementStats};
use crate::domain::dry_run::recording::{
    DryRunResult, Failed, FileResult, FileScript, PostRollback, StatementResult,
};
use crate::domain::migration::Blocker;
use crate::domain::problem::Problem;
use crate::domain::run_event::RunEvent;
use crate::domain::script::{Limits, RunError};
use crate::ports::{DryRun, DryRunDatabase, DryRunTransaction, Events, GoesOn, Task};
use std::ops::Range;
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

/// Who records a dry run on a stage: the stage itself, or somebody who asks it question by question.
pub(super) async fn recorder(
    stage: &dyn DryRunDatabase,
    limits: Limits,
) -> Result<Box<dyn DryRun>, Problem> {
    match stage.one_call_dry_run(limits) {
        Some(recorder) => Ok(recorder),
        None => Ok(Box::new(StatementByStatement(
            stage.begin_dry_run(limits).await?,
        ))),
    }
}

/// A dry run in an open transaction.
struct StatementByStatement(Box<dyn DryRunTransaction>);

impl StatementByStatement {
    async fn all(
        &mut self,
        scripts: &[FileScript],
        goes_on: GoesOn<'_>,
        news: Events<'_>,
        cancel: &CancellationToken,
    ) -> Result<DryRunResult, Problem> {
        let session = self.0.as_mut();
        let before = session.snapshot().await?;
        let baseline = session.baseline().await?;
        let mut rights = Rights {
            before: session.rights().await?,
            ..Rights::default()
        };
        session.set_mark().await?;
        let mut results = Vec::with_capacity(scripts.len());
        let (mut undone, mut is_seen) = (Vec::new(), true);
        for script in scripts {
            let step = script.step;
            news(RunEvent::StepStarted { step });
            let mut result = FileResult::default();
            let ran = &mut result.statements;
            let mut keep = |kept| ran.push(kept);
            session.open_file().await?;
            match run_statements(session, script, news, cancel, &mut keep).await {
                Ok(settled) => result.commit = settled,
                Err(failed) => {
                    let is_over = !goes_on(step, &failed, &undone);
                    if matches!(failed.halt, RunError::Refused(_)) {
                        session.undo_file().await?;
                        if !is_seen {
                            result.after = Some(session.snapshot().await?);
                            is_seen = true;
                        }
                    }
                    result.failed = Some(failed);
                    results.push(result);
                    if is_over {
                        break;
                    }
                    undone.push(step);
                    continue;
                }
            }
            session.close_file().await?;
            is_seen = script.wants_snapshot;
            let took: Duration = result.statements.iter().map(|kept| kept.ran.took).sum();
            news(RunEvent::StepDone { step, took });
            if script.wants_snapshot {
                result.after = Some(session.snapshot().await?);
            }
            results.push(result);
        }
        // A transaction that is lost answers nothing any more.
        let is_there = results
            .last()
            .and_then(|result: &FileResult| result.failed.as_ref())
            .is_none_or(|failed| matches!(failed.halt, RunError::Refused(_)));
        if is_there {
            let after = session.rights().await?;
            let changes = changes(&rights.before, &after);
            let wanted: Vec<(String, u32)> = changes
                .iter()
                .filter(|change| change.may_show())
                .map(|change| (change.role.clone(), change.ids.0))
                .collect();
            rights.visible = session.visible(&wanted).await?;
            rights.after = Some(after);
        }
        Ok(DryRunResult {
            before,
            baseline,
            files: results,
            rights,
        })
    }
}

impl DryRun for StatementByStatement {
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
        Box::pin(async move {
            self.0.rollback_to_mark().await?;
            let sequences = self.0.baseline().await?.sequences;
            let counts = self.0.count(holdings).await?;
            let visible = self.0.visible(seen).await?;
            Ok(PostRollback {
                sequences,
                counts,
                visible,
            })
        })
    }

    fn end(self: Box<Self>) -> Task<'static, ()> {
        self.0.end()
    }
}

/// What the server says while a statement runs: kept for its result, and passed on.
#[derive(Default)]
struct Heard {
    notices: Vec<String>,
    blocker: Option<Blocker>,
}

impl Heard {
    fn enter(&mut self, event: RunEvent, step: usize, news: Events<'_>) {
        match &event {
            RunEvent::Notice { text, .. } => self.notices.push(text.clone()),
            RunEvent::Blocked { blocker, .. } => self.blocker = Some(blocker.clone()),
            RunEvent::Cancelling => {}
            _ => return,
        }
        news(event.shifted(step));
    }
}

/// Runs the statements of one file, and then what its commit would check; returns what that check did.
pub(super) async fn run_statements(
    session: &mut dyn DryRunTransaction,
    script: &FileScript,
    news: Events<'_>,
    cancel: &CancellationToken,
    keep: &mut (dyn FnMut(StatementResult) + Send),
) -> Result<StatementStats, Failed> {
    let step = script.step;
    let parts = &script.parts;
    let mut at = 0;
    let mut is_quiet = None;
    while at < parts.len() {
        // Several that need no measure of their own go together, and the last of them is measured for all.
        let mut end = at + 1;
        let mut goes_on = is_quiet
            .take()
            .unwrap_or_else(|| session.is_quiet(&parts[at].sql));
        while goes_on && end < parts.len() {
            goes_on = session.is_quiet(&parts[end].sql);
            if goes_on {
                end += 1;
            } else {
                is_quiet = Some(false);
            }
        }
        run_quiet(session, script, at..end - 1, news, cancel, keep).await?;
        let part = &parts[end - 1];
        at = end;
        let mut heard = Heard::default();
        let begun = Instant::now();
        let ended = {
            let mut said = |event: RunEvent| heard.enter(event, step, news);
            session.run(&part.sql, &mut said, cancel).await
        };
        let Heard { notices, blocker } = heard;
        let statement = part.statement;
        match ended {
            Ok(ran) => keep(StatementResult {
                statement,
                notices,
                ran,
            }),
            Err(halt) => {
                let (took, halt) = (begun.elapsed(), halt.with_blocker(blocker));
                return Err(Failed::at(Some(statement), notices, took, halt));
            }
        }
        let done = statement + 1;
        let rows = 0;
        news(RunEvent::StatementDone { step, done, rows });
    }
    let begun = Instant::now();
    let settled = session.check_deferred(&mut |_| {}, cancel).await;
    settled.map_err(|halt| Failed::at(None, Vec::new(), begun.elapsed(), halt))
}

/// Runs statements that are measured with the one behind them.
async fn run_quiet(
    session: &mut dyn DryRunTransaction,
    script: &FileScript,
    range: Range<usize>,
    news: Events<'_>,
    cancel: &CancellationToken,
    keep: &mut (dyn FnMut(StatementResult) + Send),
) -> Result<(), Failed> {
    if range.is_empty() {
        return Ok(());
    }
    let (step, parts) = (script.step, &script.parts[range]);
    let statements: Vec<&str> = parts.iter().map(|part| &*part.sql).collect();
    let mut heard = Heard::default();
    let (mut at, mut begun) = (0, Instant::now());
    let ended = {
        let mut said = |event: RunEvent| match event {
            RunEvent::StatementDone { done, rows, .. } => {
                let statement = parts[done - 1].statement;
                let ran = StatementStats {
                    took: begun.elapsed(),
                    rows,
                    touched: Vec::new(),
                    recounts: Vec::new(),
                };
                (at, begun) = (done, Instant::now());
                keep(StatementResult {
                    statement,
                    notices: std::mem::take(&mut heard.notices),
                    ran,
                });
                let done = statement + 1;
                news(RunEvent::StatementDone { step, done, rows });
            }
            other => heard.enter(other, step, news),
        };
        session.run_quiet(&statements, &mut said, cancel).await
    };
    ended.map_err(|halt| {
        let statement = parts.get(at).map(|part| part.statement);
        let halt = halt.with_blocker(heard.blocker);
        Failed::at(statement, heard.notices, begun.elapsed(), halt)
    })
}
