//! How long the scripts of a message take. Their answers can come together, so that only the server's clock tells it: what is
//! counted are its microseconds. A script ends where the next one begins, so its COMMIT is in its time.

use std::time::{Duration, Instant};

/// The times of one message.
pub(super) struct BatchTiming {
    sent: Instant,
    /// When the first script began.
    first: Option<i64>,
    /// When the last one began, and when it was about to be committed.
    begun: Option<i64>,
    ended: Option<i64>,
}

impl BatchTiming {
    /// A message that is sent now.
    pub(super) fn new() -> Self {
        Self {
            sent: Instant::now(),
            first: None,
            begun: None,
            ended: None,
        }
    }

    /// A script begins, which ends the one before it: tells how long that took.
    pub(super) fn begin(&mut self, at: Option<i64>) -> Duration {
        self.ended = at.or(self.ended);
        let took = self.took();
        self.first = self.first.or(at);
        (self.begun, self.ended) = (at, None);
        took
    }

    /// The script is about to be committed.
    pub(super) fn end(&mut self, at: Option<i64>) {
        self.ended = at.or(self.ended);
    }

    /// How long the last script took; all of the message's time that no other took where its end is not known.
    pub(super) fn took(&self) -> Duration {
        let span = |from: i64, to: i64| {
            let micros = u64::try_from(to.checked_sub(from)?).ok()?;
            Some(Duration::from_micros(micros))
        };
        let since_sent = self.sent.elapsed();
        let took = || match (self.first?, self.begun?, self.ended) {
            (_, begun, Some(ended)) => span(begun, ended),
            (first, begun, None) => Some(since_sent.saturating_sub(span(first, begun)?)),
        };
        took().unwrap_or(since_sent)
    }
}
