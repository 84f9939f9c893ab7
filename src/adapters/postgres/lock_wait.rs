//! Waits for another runner: how long that may go on, and who is told about it. The lock itself is tried again by whoever
//! waits; waiting for it in the server would hold a snapshot.

use crate::domain::migration::LockHolder;
use crate::domain::run_event::RunEvent;
use crate::domain::script::RunError;
use crate::ports::Events;
use std::future::Future;
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

/// How long to wait before the lock is tried again.
pub(super) const PAUSE: Duration = Duration::from_millis(150);

/// The place of somebody who waits for another runner.
pub(super) struct LockWait {
    deadline: Instant,
    /// Whether somebody was told, and about whom when the server said who it is.
    is_told: bool,
    holder: Option<LockHolder>,
}

impl LockWait {
    /// Stands in line for as long as a runner may be waited for.
    pub(super) fn new(patience: Duration) -> Self {
        Self {
            deadline: Instant::now() + patience,
            is_told: false,
            holder: None,
        }
    }

    /// The lock was held by somebody else: tells so once, and pauses. Ends in a halt when it has been long enough or the
    /// user does not want to wait.
    pub(super) async fn wait(
        &mut self,
        holder: impl Future<Output = Option<LockHolder>>,
        events: Events<'_>,
        cancel: &CancellationToken,
    ) -> Result<(), RunError> {
        let is_late = Instant::now() >= self.deadline;
        if !self.is_told || is_late {
            let holder = holder.await.or_else(|| self.holder.take());
            if self.is_told {
                return Err(RunError::Busy { holder });
            }
            self.is_told = true;
            self.holder.clone_from(&holder);
            events(RunEvent::WaitingForLock { holder });
        }
        tokio::select! {
            () = tokio::time::sleep(PAUSE) => Ok(()),
            () = cancel.cancelled() => Err(RunError::Cancelled),
        }
    }
}
