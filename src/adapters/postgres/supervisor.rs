//! Waits for the server while a script runs: hands on its notices, and asks it to stop when the user wants that.

use super::activity_monitor::{ActivityMonitor, Liveness};
use super::cancel::Canceller;
use super::connection::{CloseReason, Connection, Notice, OrderedNotices};
use super::error::{innermost, is_fatal};
use crate::domain::run_event::RunEvent;
use crate::ports::Events;
use std::future::Future;
use std::pin::pin;
use std::time::Duration;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::task::{AbortHandle, JoinHandle};
use tokio::time::Instant;
use tokio_postgres::error::DbError;
use tokio_postgres::{Client, Error};
use tokio_util::sync::CancellationToken;

/// A cancel request can get lost between two statements, so it is repeated until the server has stopped.
const CANCEL_AGAIN: Duration = Duration::from_secs(1);

/// Why something did not run.
pub(super) enum Failure {
    /// The server refused it; the connection still stands.
    Server(Box<DbError>),
    /// The line broke, or the server is closing it.
    Line(String),
}

/// The user's wish to stop, and what was done about it.
pub(super) struct Stop<'a> {
    token: &'a CancellationToken,
    /// How long the answer to a cancel request is awaited before the line is given up.
    limit: Duration,
    asked: Option<Instant>,
    again: Instant,
}

impl<'a> Stop<'a> {
    /// Nothing was asked yet.
    pub(super) fn new(token: &'a CancellationToken, limit: Duration) -> Self {
        Self {
            token,
            limit,
            asked: None,
            again: Instant::now(),
        }
    }

    /// Whether the user wants to stop, or the server was told so.
    pub(super) fn is_wanted(&self) -> bool {
        self.asked.is_some() || self.token.is_cancelled()
    }

    async fn due(&self) {
        match self.asked {
            None => self.token.cancelled().await,
            Some(_) => tokio::time::sleep_until(self.again).await,
        }
    }
}

/// Everything that is looked after while an answer is awaited.
pub(super) struct Supervisor<'a> {
    pub(super) client: &'a Client,
    pub(super) stop: Stop<'a>,
    end: &'a CloseReason,
    notices: &'a mut UnboundedReceiver<Notice>,
    in_turn: Option<OrderedNotices>,
    /// A notice that waits until every answer before it was given.
    held: Option<Notice>,
    events: Events<'a>,
    canceller: Canceller,
    driver: &'a AbortHandle,
    request: Option<JoinHandle<()>>,
    lookout: Option<ActivityMonitor>,
}

impl<'a> Supervisor<'a> {
    /// Looks after a connection for the time of one script.
    pub(super) fn new(
        connection: &'a mut Connection,
        events: Events<'a>,
        token: &'a CancellationToken,
        cancel_timeout: Duration,
    ) -> Self {
        let Connection {
            client,
            notices,
            end,
            canceller,
            driver,
            ..
        } = connection;
        Self {
            client,
            stop: Stop::new(token, cancel_timeout),
            end,
            notices,
            in_turn: None,
            held: None,
            events,
            canceller: canceller.clone(),
            driver,
            request: None,
            lookout: None,
        }
    }

    /// Has somebody look at the run from a second connection while answers are awaited.
    pub(super) fn with_lookout(mut self, lookout: ActivityMonitor) -> Self {
        self.lookout = Some(lookout);
        self
    }

    /// Has every notice told behind the answers that came before it, and before those that come behind it.
    pub(super) fn ordered(mut self, turns: OrderedNotices) -> Self {
        self.in_turn = Some(turns);
        self
    }

    /// Ends that again: from now on nobody need take notices for the line to read on.
    pub(super) fn end_turns(&mut self) {
        self.in_turn = None;
    }

    /// Awaits an answer, and tells the notices that come before it.
    pub(super) async fn wait<T>(
        &mut self,
        future: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Failure> {
        let mut future = pin!(future);
        loop {
            tokio::select! {
                biased;
                answer = &mut future => {
                    if self.in_turn.is_none() {
                        self.forward_notices();
                    }
                    if let Some(lookout) = &self.lookout {
                        lookout.answered();
                    }
                    return answer.map_err(|error| self.failure(&error));
                }
                // Nothing more was there to be given.
                () = std::future::ready(()), if self.held.is_some() => {
                    let held = self.held.take();
                    self.notice(held);
                }
                Some(notice) = self.notices.recv() => match &self.in_turn {
                    // What came before it may have come in just now.
                    Some(_) => self.held = Some(notice),
                    None => self.notice(Some(notice)),
                },
                seen = next(&mut self.lookout) => match seen {
                    Liveness::AtWork => (self.events)(RunEvent::StepStarted { step: 0 }),
                    Liveness::Blocked(blocker) => (self.events)(RunEvent::Blocked { step: 0, blocker }),
                    Liveness::Dead(why) => {
                        // Nobody looks any more, so nothing may be awaited on it again.
                        self.give_up();
                        return Err(Failure::Line(why));
                    }
                },
                () = self.stop.due() => {
                    let now = Instant::now();
                    let first = *self.stop.asked.get_or_insert(now);
                    if first == now {
                        (self.events)(RunEvent::Cancelling);
                    }
                    if now.duration_since(first) >= self.stop.limit {
                        return Err(Failure::Line("The server did not answer the request to stop.".to_owned()));
                    }
                    self.stop.again = (now + CANCEL_AGAIN).min(first + self.stop.limit);
                    if self.request.as_ref().is_none_or(JoinHandle::is_finished) {
                        self.request = Some(tokio::spawn(self.canceller.clone().send()));
                    }
                }
            }
        }
    }

    /// Closes the line at once, whatever is still awaited on it.
    pub(super) fn give_up(&self) {
        self.driver.abort();
    }

    /// Tells an event, after every notice that the server sent before it.
    pub(super) fn emit(&mut self, event: RunEvent) {
        if self.in_turn.is_none() {
            self.forward_notices();
        }
        (self.events)(event);
    }

    fn notice(&mut self, notice: Option<Notice>) {
        if let Some(notice) = notice {
            (self.events)(RunEvent::Notice {
                step: 0,
                text: notice.text,
            });
        }
    }

    /// Hands on the notices that have arrived.
    pub(super) fn forward_notices(&mut self) {
        let held = self.held.take();
        self.notice(held);
        while let Ok(notice) = self.notices.try_recv() {
            self.notice(Some(notice));
        }
    }

    /// Drops the notices that have arrived: those of statements of ours are nobody's news.
    pub(super) fn drop_notices(&mut self) {
        while self.notices.try_recv().is_ok() {}
    }

    fn failure(&self, error: &Error) -> Failure {
        match error.as_db_error() {
            Some(refused) if !is_fatal(refused) => Failure::Server(Box::new(refused.clone())),
            Some(fatal) => Failure::Line(fatal.message().to_owned()),
            None if error.is_closed() => Failure::Line(self.end.why(error)),
            None => Failure::Line(innermost(error)),
        }
    }
}

async fn next(lookout: &mut Option<ActivityMonitor>) -> Liveness {
    match lookout {
        Some(lookout) => lookout.next().await,
        None => std::future::pending().await,
    }
}
