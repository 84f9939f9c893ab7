//! Runs scripts through a session, and again where a lock on a table was not to be had in time. Migrations and seeds both run
//! through here.

use crate::domain::migration::Blocker;
use crate::domain::run_event::RunEvent;
use crate::domain::script::{LOCKED, Limits, RunError, Script};
use crate::ports::{Events, Session};
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

/// How scripts ended that ran one after the other.
pub(in crate::ops) struct Ended {
    /// How many are done.
    pub(in crate::ops) done: usize,
    /// Why the next one is not.
    pub(in crate::ops) halt: Option<RunError>,
    /// How long that one took.
    pub(in crate::ops) took: Duration,
}

/// Runs scripts, of which the first is the step `first`. On a lock timeout, waits and runs again from the script that failed:
/// its transaction was rolled back, so whoever waited behind it had their turn.
pub(in crate::ops) async fn run_scripts(
    session: &mut dyn Session,
    scripts: &[Script],
    first: usize,
    limits: &Limits,
    events: Events<'_>,
    cancel: &CancellationToken,
) -> Ended {
    let (mut done, mut pause, mut attempt) = (0, limits.lock_pause, 1);
    loop {
        let step = first + done;
        events(RunEvent::StepStarted { step });
        let mut tracker = Tracker::new(&mut *events, step, step + scripts.len() - done);
        let mut take = |event: RunEvent| tracker.take(event.shifted(step));
        let (more, ended) = session.run(&scripts[done..], &mut take, cancel).await;
        let Tracker { since, blocker, .. } = tracker;
        let ended = Ended {
            done: done + more,
            halt: ended.err().map(|halt| halt.with_blocker(blocker)),
            took: since.elapsed(),
        };
        done = ended.done;
        if more > 0 {
            (pause, attempt) = (limits.lock_pause, 1);
        }
        let is_blocked =
            matches!(&ended.halt, Some(RunError::Refused(refused)) if refused.code == LOCKED);
        if !is_blocked || attempt > limits.lock_retries {
            return ended;
        }
        attempt += 1;
        events(RunEvent::TryingAgain {
            step: first + done,
            attempt,
            of: limits.lock_retries + 1,
            pause,
        });
        tokio::select! {
            () = tokio::time::sleep(pause) => pause *= 2,
            () = cancel.cancelled() => {
                let halt = Some(RunError::Cancelled);
                return Ended { halt, ..ended };
            }
        }
    }
}

/// Where the scripts are that were sent.
struct Tracker<'a> {
    events: Events<'a>,
    /// The step that is at work, and since when.
    at: usize,
    since: Instant,
    /// The step behind the last one.
    end: usize,
    /// Who was seen in the way of it last.
    blocker: Option<Blocker>,
}

impl<'a> Tracker<'a> {
    fn new(events: Events<'a>, at: usize, end: usize) -> Self {
        Self {
            events,
            at,
            since: Instant::now(),
            end,
            blocker: None,
        }
    }

    /// Passes an event on, and says which step begins behind one that is done.
    fn take(&mut self, event: RunEvent) {
        let is_done = matches!(event, RunEvent::StepDone { .. });
        match &event {
            RunEvent::Blocked { blocker, .. } => self.blocker = Some(blocker.clone()),
            RunEvent::StepRestarted { step } => self.begin(*step),
            RunEvent::StepDone { step, .. } => self.begin(step + 1),
            _ => {}
        }
        (self.events)(event);
        if is_done && self.at < self.end {
            (self.events)(RunEvent::StepStarted { step: self.at });
        }
    }

    fn begin(&mut self, step: usize) {
        (self.at, self.since, self.blocker) = (step, Instant::now(), None);
    }
}
