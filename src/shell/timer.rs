//! The timers that effects arm. Without an armed timer nothing wakes up.

use crate::app::effect::Timer;
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::time::Instant;

/// The armed timers.
#[derive(Debug, Default)]
pub(super) struct Timers {
    due: BTreeMap<Timer, Instant>,
}

impl Timers {
    /// Arms a timer; one that is armed already starts anew.
    pub(super) fn arm(&mut self, timer: Timer, after: Duration) {
        self.due.insert(timer, Instant::now() + after);
    }

    /// When the next one runs out.
    pub(super) fn next(&self) -> Option<Instant> {
        self.due.values().min().copied()
    }

    /// Takes those that have run out.
    pub(super) fn take_due(&mut self) -> Vec<Timer> {
        let now = Instant::now();
        let due: Vec<Timer> = self
            .due
            .iter()
            .filter(|(_, at)| **at <= now)
            .map(|(timer, _)| *timer)
            .collect();
        for timer in &due {
            self.due.remove(timer);
        }
        due
    }
}
