//! Connections that are opened before they are needed, while something else is awaited. Far away, the line, TLS and the sign-in
//! cost more round trips than everything that is asked afterwards.
//!
//! A spare connection is as good as one that is opened when it is needed: nothing has run on it, and what is read on it is
//! read then. One that could not be had, or that nobody wanted in time, is as if it had never been asked for.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::oneshot;

/// How long a connection is kept for somebody who wants it. Later it may be dead without anybody having noticed.
const KEPT: Duration = Duration::from_secs(10);

/// What a connection is opened for: one that runs something has a name of its own on the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// To ask.
    Read,
    /// To run scripts or a dry run.
    Run,
}

/// The spare connections of one address.
pub(super) struct Spares<C>(Mutex<Vec<Opening<C>>>);

struct Opening<C> {
    purpose: Purpose,
    /// Whoever wants it says where it is to be sent. Its task ends with this value.
    wish: oneshot::Sender<oneshot::Sender<C>>,
}

impl<C> Default for Spares<C> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<C: Send + 'static> Spares<C> {
    /// Keeps a connection for a while, once it is open.
    pub(super) fn keep(
        &self,
        purpose: Purpose,
        opening: impl Future<Output = Option<C>> + Send + 'static,
    ) {
        let (wish, wanted) = oneshot::channel::<oneshot::Sender<C>>();
        tokio::spawn(async move {
            let spare = opening.await;
            if let Some(spare) = spare
                && let Ok(Ok(whom)) = tokio::time::timeout(KEPT, wanted).await
            {
                // Whoever does not want it any more drops it.
                drop(whom.send(spare));
            }
        });
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|one| !one.wish.is_closed());
        all.push(Opening { purpose, wish });
    }

    /// Whether there is one, or will be.
    pub(super) fn has(&self, purpose: Purpose) -> bool {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.iter()
            .any(|one| one.purpose == purpose && !one.wish.is_closed())
    }

    /// A spare connection, once it is open; none where there is none, or where it is closed already.
    pub(super) async fn take(&self, purpose: Purpose, is_closed: fn(&C) -> bool) -> Option<C> {
        loop {
            let wish = {
                let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
                all.retain(|one| !one.wish.is_closed());
                let at = all.iter().position(|one| one.purpose == purpose)?;
                all.remove(at).wish
            };
            let (whom, sent) = oneshot::channel();
            if wish.send(whom).is_ok()
                && let Ok(spare) = sent.await
                && !is_closed(&spare)
            {
                return Some(spare);
            }
        }
    }
}
