//! While a call is awaited: the user's wish to stop, and who is in the way of the run.

use super::database::ManagementDatabase;
use crate::adapters::postgres::lookout::{SIGHT_COLUMNS, blocker, sight};
use crate::domain::migration::Blocker;
use std::time::Duration;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// The pauses between two requests to stop: each is one of about sixty calls a minute.
const STOP_AGAIN: Duration = Duration::from_secs(2);
const STOP_SLOWEST: Duration = Duration::from_secs(10);
/// How long a run is left alone before it is looked at, and how often it is then.
const FIRST_LOOK: Duration = Duration::from_secs(2);
const LOOK: Duration = Duration::from_secs(10);

/// The user's wish to stop, and when to pass it on again.
pub(super) struct Stop<'a> {
    token: &'a CancellationToken,
    limit: Duration,
    asked: Option<Instant>,
    pause: Duration,
    again: Instant,
}

impl<'a> Stop<'a> {
    pub(super) fn new(token: &'a CancellationToken, limit: Duration) -> Self {
        Self {
            token,
            limit,
            asked: None,
            pause: STOP_AGAIN,
            again: Instant::now(),
        }
    }

    /// Returns when the wish is to be passed on, or says that it has been for too long.
    pub(super) async fn due(&self) -> bool {
        match self.asked {
            None => {
                self.token.cancelled().await;
                false
            }
            Some(first) => {
                let end = first + self.limit;
                tokio::time::sleep_until(self.again.min(end)).await;
                Instant::now() >= end
            }
        }
    }

    /// Notes that it is passed on; whether for the first time.
    pub(super) fn ask(&mut self) -> bool {
        let now = Instant::now();
        let is_first = self.asked.is_none();
        self.asked.get_or_insert(now);
        self.again = now + self.pause;
        self.pause = (self.pause * 2).min(STOP_SLOWEST);
        is_first
    }
}

/// A look-out for one run. Dropping it ends it.
pub(super) struct Lookout {
    seen: UnboundedReceiver<Blocker>,
    task: JoinHandle<()>,
}

impl Lookout {
    /// Looks out for the session of a name.
    pub(super) fn new(database: ManagementDatabase, name: String) -> Self {
        let (sender, seen) = unbounded_channel();
        let task = tokio::spawn(async move {
            let sql = sight(&name);
            let mut known = None;
            let mut pause = FIRST_LOOK;
            loop {
                tokio::time::sleep(pause).await;
                pause = LOOK;
                let Ok(told) = database.tell(Some((&sql, SIGHT_COLUMNS))).await else {
                    continue;
                };
                let found = told.rows.iter().find_map(|row| blocker(row));
                if let Some(blocker) = found.filter(|found| known != Some(found.holder.pid)) {
                    known = Some(blocker.holder.pid);
                    if sender.send(blocker).is_err() {
                        return;
                    }
                }
            }
        });
        Self { seen, task }
    }

    /// Who is in the way, each once. Never ends when nobody is.
    pub(super) async fn next(&mut self) -> Blocker {
        match self.seen.recv().await {
            Some(blocker) => blocker,
            None => std::future::pending().await,
        }
    }
}

impl Drop for Lookout {
    fn drop(&mut self) {
        self.task.abort();
    }
}
