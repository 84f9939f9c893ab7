//! The end of the program by a signal or by a terminal that is gone. The write that runs is told to cancel right then, by a
//! task of its own: whoever draws may be held by a terminal that takes nothing any more.

use super::signal::Ends;
use crate::domain::problem::{Kind, Problem};
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::task::AbortHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// How long a cancelled write is awaited when the program has been told to end: longer than the engine itself waits
/// for the answer to a cancel request.
pub(super) const LAST_WRITE: Duration = Duration::from_secs(75);
/// How long the deck may take after that before it is taken to be held by the terminal.
const HELD: Duration = Duration::from_secs(5);

/// The writes that run, and how they are told to stop.
#[derive(Debug, Clone, Default)]
pub(super) struct Writes {
    stop: CancellationToken,
    tasks: TaskTracker,
}

impl Writes {
    /// Runs a write. The token is its own, and is cancelled with all others when the program is told to end.
    pub(super) fn spawn(&self, write: impl Future<Output = ()> + Send + 'static) {
        self.tasks.spawn(write);
    }

    /// A token for a write.
    pub(super) fn token(&self) -> CancellationToken {
        self.stop.child_token()
    }

    /// Whether one runs.
    pub(super) fn is_running(&self) -> bool {
        !self.tasks.is_empty()
    }

    /// Tells every write to stop.
    pub(super) fn stop(&self) {
        self.stop.cancel();
    }

    async fn ended(&self) {
        self.tasks.close();
        self.tasks.wait().await;
    }
}

/// Listens for the end as long as it lives.
pub(super) struct Ending {
    is_told: CancellationToken,
    /// Whether another program has the terminal, so that an interrupt from there is meant for that.
    is_lent: Arc<AtomicBool>,
    task: AbortHandle,
}

/// Interrupts are not for the deck as long as it lives.
pub(super) struct Lent(Arc<AtomicBool>);

impl Drop for Lent {
    fn drop(&mut self) {
        self.0.store(false, Ordering::SeqCst);
    }
}

impl Ending {
    /// Begins to listen.
    pub(super) fn listen(writes: Writes) -> Result<Self, Problem> {
        let is_lent = Arc::new(AtomicBool::new(false));
        let ends = Ends::listen(Arc::clone(&is_lent))?;
        let is_told = CancellationToken::new();
        let told = is_told.clone();
        let task = tokio::spawn(async move {
            ends.next().await;
            writes.stop();
            told.cancel();
            // The deck ends itself, and this with it, unless the terminal holds it while it draws.
            let _ = tokio::time::timeout(LAST_WRITE, writes.ended()).await;
            tokio::time::sleep(HELD).await;
            tracing::error!("the terminal takes nothing; the program ends without it");
            std::process::exit(Kind::Cancelled.exit_code().into());
        });
        let task = task.abort_handle();
        Ok(Self {
            is_told,
            is_lent,
            task,
        })
    }

    /// Begins to leave interrupts to the program that has the terminal.
    pub(super) fn ignore_interrupts(&self) -> Lent {
        self.is_lent.store(true, Ordering::SeqCst);
        Lent(Arc::clone(&self.is_lent))
    }

    /// Whether the program was told to end.
    pub(super) fn is_told(&self) -> bool {
        self.is_told.is_cancelled()
    }

    /// Waits until it is.
    pub(super) async fn wait_for_signal(&self) {
        self.is_told.cancelled().await;
    }
}

impl Drop for Ending {
    fn drop(&mut self) {
        self.task.abort();
    }
}
