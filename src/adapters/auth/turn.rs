//! Whose turn it is to change the stored session: a lock that stands beside the store, so that all processes which share
//! the session share the lock, whatever config folder they have.

use crate::adapters::file_lock::{FileLock, LockFault};
use crate::adapters::user_lock::{self, Attempt};
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// How often a lock that somebody else holds is tried.
const PAUSE: Duration = Duration::from_millis(20);

/// The lock of one place in the store.
#[derive(Debug)]
pub(super) struct Turns {
    /// What the store calls the place.
    place: String,
    /// A lock file for where the user has no directory for locks.
    fallback: Option<PathBuf>,
}

/// A turn that was asked for.
#[derive(Debug)]
pub(super) enum Turn {
    /// It is ours for as long as this lives; without a lock where none can be had.
    Ours(#[allow(dead_code)] Option<FileLock>),
    /// Another process has it.
    Theirs,
}

impl Turns {
    pub(super) fn new(place: String, fallback: Option<PathBuf>) -> Self {
        Self { place, fallback }
    }

    /// Takes the turn if nobody else has it.
    pub(super) fn take(&self) -> Turn {
        let error = match user_lock::try_take(&self.place) {
            Ok(Attempt::Taken(lock)) => return Turn::Ours(Some(lock)),
            Ok(Attempt::Held) => return Turn::Theirs,
            Err(error) => error,
        };
        tracing::warn!(%error, "the user has no directory for locks");
        let Some(path) = &self.fallback else {
            return Turn::Ours(None);
        };
        match FileLock::take(path, Duration::ZERO) {
            Ok(lock) => Turn::Ours(Some(lock)),
            Err(LockFault::Held) => Turn::Theirs,
            // A read-only home directory must not keep anybody from working.
            Err(LockFault::Io(error)) => {
                tracing::warn!(%error, "no lock file: refreshes are not guarded between processes");
                Turn::Ours(None)
            }
        }
    }

    /// Waits for the turn until then.
    pub(super) async fn take_until(&self, until: Instant) -> Turn {
        loop {
            match self.take() {
                Turn::Theirs if Instant::now() < until => pause().await,
                turn => return turn,
            }
        }
    }
}

/// A moment for whoever has the turn.
pub(super) async fn pause() {
    tokio::time::sleep(PAUSE).await;
}
