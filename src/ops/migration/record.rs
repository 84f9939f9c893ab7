//! Records a dry run over a connection: asks, runs and measures one by one, in a transaction that stays open.

use crate::domain::dry_run::access::{Rights, changes};
use crate::domain::dry_run::measure::{CountTarget, StatementStats};
use crate::domain::dry_run::recording::{
    DryRunResult, Failed, FileResult, FileScript, PostRollback, StatementResult,
};
use crate::domain::migration::{Blocker, Progress};
use crate::domain::problem::Problem;
use crate::domain::script::{Limits, News, RunError};
use crate::ports::{GoesOn, Recorder, Rehearsal, Stage, Task};
use std::ops::Range;
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

/// Who records a dry run on a stage: the stage itself, or somebody who asks it question by question.
pub(super) async fn recorder(
    stage: &dyn Stage,
    limits: Limits,
) -> Result<Box<dyn Recorder>, Problem> {
    match stage.recorder(limits) {
        Some(recorder) => Ok(recorder),
        None => Ok(Box::new(Live(stage.rehearsal(limits).await?))),
    }
}

/// A dry run in an open transaction.
struct Live(Box<dyn Rehearsal>);

impl Live {
    async fn all(
        &mut self,
        scenes: &[FileScript],
        goes_on: GoesOn<'_>,
        news: &mut (dyn FnMut(Progress) + Send),
        cancel: &CancellationToken,
    ) -> Result<DryRunResult, Problem> {
        let session = self.0.as_mut();
        let before = session.picture().await?;
        let ground = session.ground().await?;
        let mut rights = Rights {
            before: session.rights().await?,
            ..Rights::default()
        };
        session.mark().await?;
        let mut takes = Vec::with_capacity(scenes.len());
        let (mut undone, mut is_seen) = (Vec::new(), true);
        for scene in scenes {
            let step = scene.step;
            news(Progress::StepStarted { step });
            let mut take = FileResult::default();
            let ran = &mut take.ran;
            let mut keep = |kept| ran.push(kept);
            session.open_file().await?;
            match statements(session, scene, news, cancel, &mut keep).await {
                Ok(settled) => take.settled = settled,
                Err(failed) => {
                    let is_over = !goes_on(step, &failed, &undone);
                    if matches!(failed.halt, RunError::Refused(_)) {
                        session.undo_file().await?;
                        if !is_seen {
                            take.after = Some(session.picture().await?);
                            is_seen = true;
                        }
                    }
                    take.failed = Some(failed);
                    takes.push(take);
                    if is_over {
                        break;
                    }
                    undone.push(step);
                    continue;
                }
            }
            session.close_file().await?;
            is_seen = scene.is_pictured;
            let took: Duration = take.ran.iter().map(|kept| kept.ran.took).sum();
            news(Progress::StepDone { step, took });
            if scene.is_pictured {
                take.after = Some(session.picture().await?);
            }
            takes.push(take);
        }
        // A transaction that is lost answers nothing any more.
        let is_there = takes
            .last()
            .and_then(|take: &FileResult| take.failed.as_ref())
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
            ground,
            takes,
            rights,
        })
    }
}

impl Recorder for Live {
    fn record<'a>(
        &'a mut self,
        scenes: &'a [FileScript],
        goes_on: GoesOn<'a>,
        news: &'a mut (dyn FnMut(Progress) + Send),
        cancel: &'a CancellationToken,
    ) -> Task<'a, DryRunResult> {
        Box::pin(self.all(scenes, goes_on, news, cancel))
    }

    fn after<'a>(
        &'a mut self,
        holdings: &'a [CountTarget],
        seen: &'a [(String, u32)],
    ) -> Task<'a, PostRollback> {
        Box::pin(async move {
            self.0.back().await?;
            let sequences = self.0.ground().await?.sequences;
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
    fn enter(&mut self, one: News, step: usize, news: &mut (dyn FnMut(Progress) + Send)) {
        match one {
            News::Notice(text) => {
                self.notices.push(text.clone());
                news(Progress::Notice { step, text });
            }
            News::Blocked(blocker) => {
                self.blocker = Some(blocker.clone());
                news(Progress::Blocked { step, blocker });
            }
            News::Cancelling => news(Progress::Cancelling),
            _ => {}
        }
    }
}

/// Runs the statements of one file, and then what its commit would check; returns what that check did.
pub(super) async fn statements(
    session: &mut dyn Rehearsal,
    scene: &FileScript,
    news: &mut (dyn FnMut(Progress) + Send),
    cancel: &CancellationToken,
    keep: &mut (dyn FnMut(StatementResult) + Send),
) -> Result<StatementStats, Failed> {
    let step = scene.step;
    let parts = &scene.parts;
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
        together(session, scene, at..end - 1, news, cancel, keep).await?;
        let part = &parts[end - 1];
        at = end;
        let mut heard = Heard::default();
        let begun = Instant::now();
        let ended = {
            let mut said = |one: News| heard.enter(one, step, news);
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
        news(Progress::StatementDone { step, done });
    }
    let begun = Instant::now();
    let settled = session.settle(&mut |_| {}, cancel).await;
    settled.map_err(|halt| Failed::at(None, Vec::new(), begun.elapsed(), halt))
}

/// Runs statements that are measured with the one behind them.
async fn together(
    session: &mut dyn Rehearsal,
    scene: &FileScript,
    range: Range<usize>,
    news: &mut (dyn FnMut(Progress) + Send),
    cancel: &CancellationToken,
    keep: &mut (dyn FnMut(StatementResult) + Send),
) -> Result<(), Failed> {
    if range.is_empty() {
        return Ok(());
    }
    let (step, parts) = (scene.step, &scene.parts[range]);
    let statements: Vec<&str> = parts.iter().map(|part| &*part.sql).collect();
    let mut heard = Heard::default();
    let (mut at, mut begun) = (0, Instant::now());
    let ended = {
        let mut said = |one: News| match one {
            News::PartDone { done, rows } => {
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
                news(Progress::StatementDone { step, done });
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
