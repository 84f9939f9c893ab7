//! Records a rehearsal over a connection: asks, runs and measures one by one, in a transaction that stays open.

use crate::domain::migration::Progress;
use crate::domain::problem::Problem;
use crate::domain::rehearsal::measure::Holding;
use crate::domain::rehearsal::recording::{Aftermath, Failed, Kept, Recording, Scene, Take};
use crate::domain::script::{Limits, News};
use crate::ports::{Recorder, Rehearsal, Stage, Task};
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

/// Who records a rehearsal on a stage: the stage itself, or somebody who asks it question by question.
pub(super) async fn recorder(
    stage: &dyn Stage,
    limits: Limits,
) -> Result<Box<dyn Recorder>, Problem> {
    match stage.recorder(limits) {
        Some(recorder) => Ok(recorder),
        None => Ok(Box::new(Live(stage.rehearsal(limits).await?))),
    }
}

/// A rehearsal in an open transaction.
struct Live(Box<dyn Rehearsal>);

impl Live {
    async fn all(
        &mut self,
        scenes: &[Scene],
        news: &mut (dyn FnMut(Progress) + Send),
        cancel: &CancellationToken,
    ) -> Result<Recording, Problem> {
        let session = self.0.as_mut();
        let before = session.picture().await?;
        let ground = session.ground().await?;
        session.mark().await?;
        let mut takes = Vec::with_capacity(scenes.len());
        for scene in scenes {
            let step = scene.step;
            news(Progress::StepStarted { step });
            let mut take = Take::default();
            let ran = &mut take.ran;
            let mut keep = |kept| ran.push(kept);
            match statements(session, scene, news, cancel, &mut keep).await {
                Ok(settled) => take.settled = settled,
                Err(failed) => {
                    take.failed = Some(failed);
                    takes.push(take);
                    break;
                }
            }
            let took: Duration = take.ran.iter().map(|kept| kept.ran.took).sum();
            news(Progress::StepDone { step, took });
            if scene.is_pictured {
                take.after = Some(session.picture().await?);
            }
            takes.push(take);
        }
        Ok(Recording {
            before,
            ground,
            takes,
        })
    }
}

impl Recorder for Live {
    fn record<'a>(
        &'a mut self,
        scenes: &'a [Scene],
        news: &'a mut (dyn FnMut(Progress) + Send),
        cancel: &'a CancellationToken,
    ) -> Task<'a, Recording> {
        Box::pin(self.all(scenes, news, cancel))
    }

    fn after<'a>(&'a mut self, holdings: &'a [Holding]) -> Task<'a, Aftermath> {
        Box::pin(async move {
            self.0.back().await?;
            let sequences = self.0.ground().await?.sequences;
            let counts = self.0.count(holdings).await?;
            Ok(Aftermath { sequences, counts })
        })
    }

    fn end(self: Box<Self>) -> Task<'static, ()> {
        self.0.end()
    }
}

/// Runs the statements of one file, and then what its commit would check; tells how long that check took.
pub(super) async fn statements(
    session: &mut dyn Rehearsal,
    scene: &Scene,
    news: &mut (dyn FnMut(Progress) + Send),
    cancel: &CancellationToken,
    keep: &mut (dyn FnMut(Kept) + Send),
) -> Result<Duration, Failed> {
    let step = scene.step;
    for part in &scene.parts {
        let (mut notices, mut blocker) = (Vec::new(), None);
        let begun = Instant::now();
        let ended = {
            let mut said = |one: News| match one {
                News::Notice(text) => {
                    notices.push(text.clone());
                    news(Progress::Notice { step, text });
                }
                News::Blocked(seen) => {
                    blocker = Some(seen.clone());
                    let blocker = seen;
                    news(Progress::Blocked { step, blocker });
                }
                News::Cancelling => news(Progress::Cancelling),
                _ => {}
            };
            session.run(&part.sql, &mut said, cancel).await
        };
        let statement = part.statement;
        match ended {
            Ok(ran) => keep(Kept {
                statement,
                notices,
                ran,
            }),
            Err(halt) => {
                let (took, halt) = (begun.elapsed(), halt.blaming(blocker));
                return Err(Failed::at(Some(statement), notices, took, halt));
            }
        }
        let done = statement + 1;
        news(Progress::StatementDone { step, done });
    }
    let begun = Instant::now();
    let settled = session.settle(&mut |_| {}, cancel).await;
    settled
        .map(|ran| ran.took)
        .map_err(|halt| Failed::at(None, Vec::new(), begun.elapsed(), halt))
}
