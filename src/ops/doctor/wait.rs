//! How long a check waits for a server, and what is waited for at the moment. It knows nothing of what is checked.

use crate::domain::problem::{Kind, Problem};
use std::future::Future;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// How long a server may take over one check. Whoever asks what is wrong wants to hear of a silent one soon; a read gets
/// more time.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// The waits of one look at everything.
#[derive(Debug)]
pub struct PendingChecks {
    patience: Duration,
    open: Mutex<Vec<String>>,
}

impl Default for PendingChecks {
    fn default() -> Self {
        Self::of(PATIENCE)
    }
}

impl PendingChecks {
    /// Waits that are given up after so long.
    pub fn of(patience: Duration) -> Self {
        Self {
            patience,
            open: Mutex::default(),
        }
    }

    /// What is waited for now, each once, in the order in which it was asked.
    pub fn open(&self) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        for name in self
            .open
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .iter()
        {
            if !names.contains(name) {
                names.push(name.clone());
            }
        }
        names
    }

    /// Awaits the answer of `whom`, such as `REST at https://…`, and gives it up in time.
    pub(super) async fn on<T>(
        &self,
        whom: &str,
        answer: impl Future<Output = Result<T, Problem>>,
    ) -> Result<T, Problem> {
        let _waiting = Waiting::begin(self, whom);
        let answered = tokio::time::timeout(self.patience, answer).await;
        answered.unwrap_or_else(|_| Err(self.silent(whom)))
    }

    fn silent(&self, whom: &str) -> Problem {
        let mut name = whom.to_owned();
        if let Some(first) = name.get_mut(..1) {
            first.make_ascii_uppercase();
        }
        Problem::new(
            Kind::Network,
            format!("{name} did not answer."),
            format!("It was given {} seconds.", self.patience.as_secs()),
        )
        .with_hint("Check the address, the network and whether the project is paused.")
        .retryable()
    }
}

/// One wait, for as long as it lives.
struct Waiting<'a> {
    waits: &'a PendingChecks,
    whom: &'a str,
}

impl<'a> Waiting<'a> {
    fn begin(waits: &'a PendingChecks, whom: &'a str) -> Self {
        let mut open = waits.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.push(whom.to_owned());
        Self { waits, whom }
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        let mut open = self
            .waits
            .open
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(at) = open.iter().position(|name| name == self.whom) {
            open.remove(at);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::pending;

    #[tokio::test]
    async fn a_silent_server_is_given_up_and_named() {
        let waits = PendingChecks::of(Duration::from_millis(1));
        let ended = waits
            .on("REST at http://x", pending::<Result<(), Problem>>())
            .await;
        let problem = ended.unwrap_err();
        assert_eq!(problem.kind, Kind::Network);
        assert_eq!(problem.what, "REST at http://x did not answer.");
        assert!(waits.open().is_empty());
    }

    #[tokio::test]
    async fn what_is_waited_for_is_told_once() {
        let waits = PendingChecks::default();
        let inside = async { Ok(waits.open()) };
        let outside = waits.on("REST", waits.on("REST", inside)).await;
        assert_eq!(outside.unwrap(), ["REST"]);
    }
}
