//! What following the trail gives, and how often the trail is asked.

use super::Summary;
use std::time::Duration;

/// The server is asked for at most so much of the time: one part in so many.
const SHARE: u32 = 5;
/// The longest wait before a broken line is tried again.
const LONGEST_WAIT: Duration = Duration::from_secs(30);
/// How often a wait is doubled at most.
const MOST_DOUBLINGS: u32 = 6;

/// Records that have come since the last time.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct News {
    /// The records, oldest first.
    pub rows: Vec<Summary>,
    /// How long it took to ask.
    pub took: Duration,
}

/// How long is waited between two questions: as long as was wished, longer where a question takes long or the line is broken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pace {
    every: Duration,
    failures: u32,
}

impl Default for Pace {
    fn default() -> Self {
        Self::new(Duration::from_secs(2))
    }
}

impl Pace {
    /// A question every so often, at most.
    pub fn new(every: Duration) -> Self {
        Self { every, failures: 0 }
    }

    /// The wait before the first question.
    pub fn first(&self) -> Duration {
        self.every
    }

    /// How often in a row the line was broken.
    pub fn failures(&self) -> u32 {
        self.failures
    }

    /// The wait after an answer that took so long.
    pub fn after(&mut self, took: Duration) -> Duration {
        self.failures = 0;
        self.every.max(took.saturating_mul(SHARE - 1))
    }

    /// The wait after a question to which no answer came.
    pub fn after_failure(&mut self) -> Duration {
        self.failures = self.failures.saturating_add(1);
        let wait = self.every * 2_u32.pow(self.failures.min(MOST_DOUBLINGS));
        wait.min(LONGEST_WAIT).max(self.every)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_grows_with_answers_that_take_long_and_with_failures() {
        let seconds = Duration::from_secs;
        let mut pace = Pace::default();
        assert_eq!(pace.after(Duration::from_millis(20)), seconds(2));
        assert_eq!(pace.after(seconds(3)), seconds(12));
        let waits: Vec<u64> = (0..8).map(|_| pace.after_failure().as_secs()).collect();
        assert_eq!(waits, [4, 8, 16, 30, 30, 30, 30, 30]);
        assert_eq!(pace.failures(), 8);
        assert_eq!(pace.after(Duration::ZERO), seconds(2));
        assert_eq!(pace.after_failure(), seconds(4));
        // No faster than it was wished.
        assert_eq!(Pace::new(seconds(600)).after_failure(), seconds(600));
    }
}
