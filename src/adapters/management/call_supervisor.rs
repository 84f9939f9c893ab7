//! While a call is awaited: the user's wish to stop, who is in the way of the run, and what the server does when the answer
//! is lost.

use super::client::Api;
use super::database::ManagementDatabase;
use super::response::Failure;
use crate::adapters::sql::activity::{SIGHT_COLUMNS, activity_sql, parse_blocking_chain};
use crate::domain::migration::Blocker;
use crate::domain::run_event::RunEvent;
use crate::ports::Events;
use serde_json::Value;
use std::pin::pin;
use std::sync::Arc;
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

/// The pauses between two looks at the server while an answer is lost.
const LOOK_FIRST: Duration = Duration::from_millis(500);
const LOOK_SLOWEST: Duration = Duration::from_secs(10);
/// How long the end of such a run is awaited once it was told to stop.
const LINGER_STOPPED: Duration = Duration::from_secs(20);

/// Awaits one call that holds a run's mark.
pub(super) struct CallSupervisor<'a> {
    pub(super) api: &'a Arc<Api>,
    pub(super) run: &'a str,
    pub(super) events: Events<'a>,
    pub(super) cancel: &'a CancellationToken,
    /// How long the server has to obey a request to stop.
    pub(super) limit: Duration,
}

impl CallSupervisor<'_> {
    /// Sends the call and awaits its answer, which also ends a call that was asked to stop.
    pub(super) async fn call(
        &mut self,
        sql: &str,
        mut lookout: Option<ActivityMonitor>,
    ) -> Result<Vec<Value>, Failure> {
        let mut call = pin!(self.api.call(sql, self.api.patience.script));
        let mut stop = Stop::new(self.cancel, self.limit);
        loop {
            tokio::select! {
                biased;
                ended = &mut call => return ended,
                blocker = seen(&mut lookout) => (self.events)(RunEvent::Blocked { step: 0, blocker }),
                is_over = stop.due() => {
                    if is_over {
                        return Err(Failure::Unknown("The server did not answer the request to stop.".to_owned()));
                    }
                    if stop.ask() {
                        (self.events)(RunEvent::Cancelling);
                    }
                    drop(tokio::spawn(Arc::clone(self.api).stop(self.run.to_owned())));
                }
            }
        }
    }

    /// Waits while the server is seen at work on a run whose answer is lost: gateways give up sooner than migrations do.
    pub(super) async fn wait_until_idle(&mut self) {
        let api = self.api;
        let mut pause = LOOK_FIRST;
        let mut end = Instant::now() + api.patience.linger;
        let mut is_stopping = false;
        while Instant::now() < end && api.is_running(self.run).await.is_ok_and(|is| is) {
            if self.cancel.is_cancelled() {
                if !is_stopping {
                    (self.events)(RunEvent::Cancelling);
                    is_stopping = true;
                    end = end.min(Instant::now() + LINGER_STOPPED);
                }
                Arc::clone(api).stop(self.run.to_owned()).await;
                tokio::time::sleep(pause).await;
            } else {
                let _ = tokio::time::timeout(pause, self.cancel.cancelled()).await;
            }
            pause = (pause * 2).min(LOOK_SLOWEST);
        }
    }
}

/// Who is in the way, when anybody looks out for them.
async fn seen(lookout: &mut Option<ActivityMonitor>) -> Blocker {
    match lookout {
        Some(lookout) => lookout.next().await,
        None => std::future::pending().await,
    }
}

/// The name under which others see a run.
pub(super) fn name_of(run: &str) -> String {
    format!("supadeck {}", run.get(..12).unwrap_or(run))
}

/// The user's wish to stop, and when to pass it on again.
struct Stop<'a> {
    token: &'a CancellationToken,
    limit: Duration,
    asked: Option<Instant>,
    pause: Duration,
    again: Instant,
}

impl<'a> Stop<'a> {
    fn new(token: &'a CancellationToken, limit: Duration) -> Self {
        Self {
            token,
            limit,
            asked: None,
            pause: STOP_AGAIN,
            again: Instant::now(),
        }
    }

    /// Returns when the wish is to be passed on, or says that it has been for too long.
    async fn due(&self) -> bool {
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
    fn ask(&mut self) -> bool {
        let now = Instant::now();
        let is_first = self.asked.is_none();
        self.asked.get_or_insert(now);
        self.again = now + self.pause;
        self.pause = (self.pause * 2).min(STOP_SLOWEST);
        is_first
    }
}

/// A look-out for one run. Dropping it ends it.
pub(super) struct ActivityMonitor {
    seen: UnboundedReceiver<Blocker>,
    task: JoinHandle<()>,
}

impl ActivityMonitor {
    /// Looks out for the session of a name.
    pub(super) fn new(database: ManagementDatabase, name: String) -> Self {
        let (sender, seen) = unbounded_channel();
        let task = tokio::spawn(async move {
            let sql = activity_sql(&name);
            let mut known = None;
            let mut pause = FIRST_LOOK;
            loop {
                tokio::time::sleep(pause).await;
                pause = LOOK;
                let Ok(told) = database.tell(Some((&sql, SIGHT_COLUMNS))).await else {
                    continue;
                };
                let is_news = |found: &Blocker| match &known {
                    Some(known) => found.is_news(known),
                    None => true,
                };
                if let Some(blocker) = parse_blocking_chain(&told.rows).filter(is_news) {
                    known = Some(blocker.clone());
                    if sender.send(blocker).is_err() {
                        return;
                    }
                }
            }
        });
        Self { seen, task }
    }

    /// Who is in the way, each once. Never ends when nobody is.
    async fn next(&mut self) -> Blocker {
        match self.seen.recv().await {
            Some(blocker) => blocker,
            None => std::future::pending().await,
        }
    }
}

impl Drop for ActivityMonitor {
    fn drop(&mut self) {
        self.task.abort();
    }
}
