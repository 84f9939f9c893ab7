//! Fills in `changed` of audit records that are older than the column, piece by piece, and then builds the indexes that the migration left
//! out. It may be stopped anywhere and begun again: what is done is passed over.

use crate::domain::audit::backfill::{BackfillProgress, INDEXES, IndexState, PieceSize};
use crate::domain::problem::{Kind, Problem};
use crate::ports::AuditUpkeep;
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

/// How often a piece is tried again after the line broke or the server gave it up.
const ATTEMPTS: u32 = 6;
/// How long is waited before the first of them; each time twice as long.
pub const PAUSE: Duration = Duration::from_millis(250);

/// How a backfill ended: how far it came, and why no further.
pub type Ended = (BackfillProgress, Option<Problem>);

/// Looks through the whole audit log. Cancelled between two pieces. `pause` is how long is waited after the first failure.
pub async fn run(
    upkeep: &dyn AuditUpkeep,
    pause: Duration,
    mut told: impl FnMut(&BackfillProgress) + Send,
    cancel: &CancellationToken,
) -> Result<Ended, Problem> {
    let extent = upkeep.extent().await?;
    if !extent.has_column {
        return Err(Problem::new(
            Kind::Conflict,
            "The audit log has no column `changed`.",
            "The migration `audit_changed` makes it.",
        )
        .with_hint("Apply it with `supadeck migration apply`."));
    }
    let mut progress = BackfillProgress {
        blocks: extent.blocks,
        ..BackfillProgress::default()
    };
    let mut size = PieceSize::default();
    let mut failures = 0;
    while !progress.is_over() {
        if cancel.is_cancelled() {
            let what = "The backfill was stopped.";
            return Ok((progress, Some(Problem::cancelled(what).with_hint(AGAIN))));
        }
        let piece = size.next(&progress);
        let begun = Instant::now();
        match upkeep.fill(&piece).await {
            Ok(filled) => {
                failures = 0;
                size = size.after(begun.elapsed());
                progress.done = piece.end;
                progress.filled += filled;
                told(&progress);
            }
            Err(problem) if problem.retry && failures < ATTEMPTS => {
                size = size.after_failure();
                let pause = pause * 2_u32.pow(failures);
                failures += 1;
                tokio::select! {
                    () = cancel.cancelled() => {}
                    () = tokio::time::sleep(pause) => {}
                }
            }
            Err(problem) => {
                let problem = match problem.hint {
                    Some(_) => problem,
                    None => problem.with_hint(AGAIN),
                };
                return Ok((progress, Some(problem)));
            }
        }
    }
    match build(upkeep, &mut progress, &mut told, cancel).await {
        Ok(()) => Ok((progress, None)),
        Err(problem) => Ok((progress, Some(problem))),
    }
}

/// Builds what is missing, and anew what was broken off.
async fn build(
    upkeep: &dyn AuditUpkeep,
    progress: &mut BackfillProgress,
    mut told: impl FnMut(&BackfillProgress) + Send,
    cancel: &CancellationToken,
) -> Result<(), Problem> {
    for index in &INDEXES {
        let state = upkeep.index_state(index).await?;
        match state {
            IndexState::Valid => continue,
            IndexState::BeingBuilt => {
                let what = format!("The index {} is not built here.", index.name);
                let why = "Another session builds it right now.";
                return Err(Problem::new(Kind::Conflict, what, why).with_hint(AGAIN));
            }
            IndexState::Invalid | IndexState::Missing => {}
        }
        tokio::select! {
            biased;
            () = cancel.cancelled() => {
                let what = format!("The build of {} was not awaited.", index.name);
                let why = "The server may go on with it.";
                return Err(Problem::new(Kind::Cancelled, what, why).with_hint(AGAIN));
            }
            built = upkeep.build_index(index, state) => built?,
        }
        progress.indexes += 1;
        told(progress);
    }
    Ok(())
}

const AGAIN: &str = "Run it again: what is done is passed over.";

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::domain::audit::backfill::{Index, LogExtent};
    use crate::ports::Task;
    use std::ops::Range;
    use std::sync::Mutex;

    /// An audit log that answers as it is told, and remembers the pieces that it filled.
    struct Log {
        blocks: u64,
        /// Every so many calls the line breaks; 0 never.
        breaks: u64,
        calls: Mutex<u64>,
        pieces: Mutex<Vec<Range<u64>>>,
        has_column: bool,
        refusal: Option<Problem>,
        indexes: Mutex<Vec<(&'static str, IndexState)>>,
    }

    impl Log {
        fn of(blocks: u64, breaks: u64) -> Self {
            Self {
                blocks,
                breaks,
                calls: Mutex::default(),
                pieces: Mutex::default(),
                has_column: true,
                refusal: None,
                indexes: Mutex::new(vec![
                    ("audit_log_changed_idx", IndexState::Invalid),
                    ("audit_log_row_idx", IndexState::Valid),
                ]),
            }
        }
    }

    impl AuditUpkeep for Log {
        fn extent(&self) -> Task<'_, LogExtent> {
            Box::pin(async {
                Ok(LogExtent {
                    blocks: self.blocks,
                    records: 0,
                    has_column: self.has_column,
                })
            })
        }

        fn fill<'a>(&'a self, blocks: &'a Range<u64>) -> Task<'a, u64> {
            Box::pin(async move {
                let mut calls = self.calls.lock().unwrap();
                *calls += 1;
                if let Some(refusal) = &self.refusal {
                    return Err(refusal.clone());
                }
                if self.breaks > 0 && (*calls).is_multiple_of(self.breaks) {
                    return Err(Problem::new(Kind::Network, "Lost.", "").retryable());
                }
                self.pieces.lock().unwrap().push(blocks.clone());
                Ok(blocks.end - blocks.start)
            })
        }

        fn index_state<'a>(&'a self, index: &'a Index) -> Task<'a, IndexState> {
            Box::pin(async move {
                let indexes = self.indexes.lock().unwrap();
                let found = indexes.iter().find(|(name, _)| *name == index.name);
                Ok(found.map_or(IndexState::Missing, |(_, state)| *state))
            })
        }

        fn build_index<'a>(&'a self, index: &'a Index, state: IndexState) -> Task<'a, ()> {
            Box::pin(async move {
                let mut indexes = self.indexes.lock().unwrap();
                let there = indexes.iter().any(|(name, _)| *name == index.name);
                assert_eq!(there, state == IndexState::Invalid);
                indexes.retain(|(name, _)| *name != index.name);
                indexes.push((index.name, IndexState::Valid));
                Ok(())
            })
        }
    }

    async fn run_on(log: &Log) -> Result<Ended, Problem> {
        run(log, Duration::ZERO, |_| {}, &CancellationToken::new()).await
    }

    #[tokio::test]
    async fn every_block_is_filled_once_over_a_line_that_breaks() {
        for breaks in [0, 2, 3] {
            let log = Log::of(3_001, breaks);
            let (progress, problem) = run_on(&log).await.unwrap();
            assert_eq!(problem, None);
            assert_eq!((progress.done, progress.filled), (3_001, 3_001));
            assert_eq!(
                (progress.indexes, log.indexes.lock().unwrap().len()),
                (5, 6)
            );
            let mut next = 0;
            for piece in log.pieces.lock().unwrap().iter() {
                assert_eq!(piece.start, next);
                next = piece.end;
            }
            assert_eq!(next, 3_001);
        }
    }

    #[tokio::test]
    async fn what_does_not_pass_ends_it_with_its_reason() {
        let mut log = Log::of(10, 1);
        let (progress, problem) = run_on(&log).await.unwrap();
        assert_eq!(
            (progress.done, problem.unwrap().hint),
            (0, Some(AGAIN.to_owned()))
        );
        assert_eq!(*log.calls.lock().unwrap(), u64::from(ATTEMPTS) + 1);

        log = Log::of(10, 0);
        log.refusal = Some(Problem::new(Kind::Denied, "No.", "").with_hint("Be the owner."));
        let (_, problem) = run_on(&log).await.unwrap();
        assert_eq!(problem.unwrap().hint.unwrap(), "Be the owner.");
        assert_eq!(*log.calls.lock().unwrap(), 1);

        log = Log::of(10, 0);
        log.has_column = false;
        assert_eq!(run_on(&log).await.unwrap_err().kind, Kind::Conflict);
    }

    #[tokio::test]
    async fn it_stops_between_two_pieces() {
        let log = Log::of(100_000, 0);
        let cancel = CancellationToken::new();
        let told = |progress: &BackfillProgress| {
            if progress.done > 1_000 {
                cancel.cancel();
            }
        };
        let (progress, problem) = run(&log, Duration::ZERO, told, &cancel).await.unwrap();
        assert!(problem.unwrap().is_cancelled());
        assert!(!progress.is_over());
        assert_eq!(
            log.pieces.lock().unwrap().last().unwrap().end,
            progress.done
        );
    }
}
