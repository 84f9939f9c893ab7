//! Where a message of several scripts is. It is told from two sides: by the answers, and by the activity monitor, while
//! answers are kept back.

use crate::domain::run_event::RunEvent;
use crate::ports::Events;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// The scripts of a message, and who is told about them.
pub(super) struct BatchProgress<'a> {
    /// How many are committed, by their answers.
    at: AtomicUsize,
    /// The script that the activity monitor saw at work; the answers of those before it may not have come yet.
    seen: Arc<AtomicUsize>,
    events: Mutex<Events<'a>>,
}

impl<'a> BatchProgress<'a> {
    /// Progress of a batch that has not begun.
    pub(super) fn new(events: Events<'a>) -> Self {
        Self {
            at: AtomicUsize::new(0),
            seen: Arc::default(),
            events: Mutex::new(events),
        }
    }

    /// How many scripts are committed, by their answers.
    pub(super) fn at(&self) -> usize {
        self.at.load(Ordering::Relaxed)
    }

    /// Where the activity monitor leaves which script it saw at work.
    pub(super) fn seen(&self) -> Arc<AtomicUsize> {
        Arc::clone(&self.seen)
    }

    /// Tells an event of the script that is at work.
    pub(super) fn tell(&self, event: RunEvent) {
        let seen = self.seen.load(Ordering::Relaxed);
        let at = match event {
            RunEvent::StepStarted { .. } if seen <= self.at() => return,
            RunEvent::StepStarted { .. } | RunEvent::Blocked { .. } => self.at().max(seen),
            _ => self.at(),
        };
        self.pass(event.shifted(at));
    }

    /// The script whose answers were read is committed.
    pub(super) fn next(&self, took: Duration) {
        let step = self.at.fetch_add(1, Ordering::Relaxed);
        self.pass(RunEvent::StepDone { step, took });
    }

    /// The script is undone, and will begin again.
    pub(super) fn restart(&self) {
        self.pass(RunEvent::StepRestarted { step: self.at() });
    }

    fn pass(&self, event: RunEvent) {
        let mut to = self.events.lock().unwrap_or_else(PoisonError::into_inner);
        to(event);
    }
}
