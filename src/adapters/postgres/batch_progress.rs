//! Where a message of scripts is: which of them are committed, which one seems to be at work, and who is told.

use crate::domain::script::{BatchNews, News};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Where a message is, and who is told.
pub(super) struct BatchProgress<'a> {
    /// The script whose answers are read: all before it are committed.
    at: AtomicUsize,
    /// The script that the look-out saw at work; the answers of those before it may not have come yet.
    seen: Arc<AtomicUsize>,
    news: Mutex<&'a mut (dyn FnMut(BatchNews) + Send)>,
}

impl<'a> BatchProgress<'a> {
    /// Progress of a batch that has not begun.
    pub(super) fn new(news: &'a mut (dyn FnMut(BatchNews) + Send)) -> Self {
        Self {
            at: AtomicUsize::new(0),
            seen: Arc::default(),
            news: Mutex::new(news),
        }
    }

    /// How many scripts are committed, by their answers.
    pub(super) fn at(&self) -> usize {
        self.at.load(Ordering::Relaxed)
    }

    /// Where the look-out leaves which script it saw at work.
    pub(super) fn seen(&self) -> Arc<AtomicUsize> {
        Arc::clone(&self.seen)
    }

    /// Tells news.
    pub(super) fn tell(&self, news: News) {
        let seen = self.seen.load(Ordering::Relaxed);
        let at = match news {
            News::AtWork if seen <= self.at() => return,
            News::AtWork | News::Blocked(_) => self.at().max(seen),
            _ => self.at(),
        };
        self.pass(BatchNews::Of(at, news));
    }

    /// The script whose answers were read is committed, and took so long by the server's clock.
    pub(super) fn next(&self, took: Option<Duration>) {
        let at = self.at.fetch_add(1, Ordering::Relaxed);
        self.pass(BatchNews::Done { at, took });
    }

    /// The script is undone, and will begin again.
    pub(super) fn restart(&self) {
        self.pass(BatchNews::Again(self.at()));
    }

    fn pass(&self, news: BatchNews) {
        let mut to = self.news.lock().unwrap_or_else(PoisonError::into_inner);
        to(news);
    }
}
