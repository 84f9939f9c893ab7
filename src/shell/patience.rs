//! Says whom a read waits for, once its answer takes long. A screen that only says that it reads looks like one that hangs.

use crate::app::msg::Msg;
use crate::app::ticket::Ticket;
use jiff::Timestamp;
use std::time::Duration;
use tokio::sync::mpsc;

/// How long an answer is awaited without a word.
const SILENCE: Duration = Duration::from_secs(3);

/// The patience with one read.
pub(super) struct Patience<'a> {
    /// Where it is said.
    pub(super) inbox: &'a mpsc::UnboundedSender<Msg>,
    /// Of which read.
    pub(super) ticket: Ticket,
}

impl Patience<'_> {
    /// Awaits an answer; when it takes long, says from whom.
    pub(super) async fn with<T>(&self, whom: &str, answer: impl Future<Output = T>) -> T {
        tokio::pin!(answer);
        tokio::select! {
            biased;
            answered = &mut answer => return answered,
            () = tokio::time::sleep(SILENCE) => {}
        }
        // The inbox is closed only when the deck is over; then nobody wants to know.
        let _ = self.inbox.send(Msg::Waiting {
            ticket: self.ticket,
            at: Timestamp::now(),
            whom: whom.to_owned(),
        });
        answer.await
    }
}
