//! How long the server may take over what supadeck reads and writes for itself, outside of the user's own scripts.
//!
//! The limits for the server stand in the same message as the statements, so they hold behind a pooler too and are gone
//! with the message's transaction. A line on which nothing comes any more is given up a little later.

use super::connection::Connection;
use crate::domain::problem::{Kind, Problem};
use std::future::Future;
use std::time::Duration;

/// How long one statement of ours may take, unless somebody says otherwise.
const STATEMENT: Duration = Duration::from_secs(20);

/// How long one statement of ours may take on the server. Waiting for a lock may take half of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct StatementTimeout(pub(super) Duration);

impl Default for StatementTimeout {
    fn default() -> Self {
        Self(STATEMENT)
    }
}

/// How many statements [`StatementTimeout::with_limits`] puts in front.
pub(super) const LIMITS: usize = 3;

impl StatementTimeout {
    /// The SQL as one message with its limits, and with names written as they are elsewhere. The message must not open a transaction of its own.
    pub(super) fn with_limits(self, sql: &str) -> String {
        let milliseconds = |limit: Duration| limit.as_millis().max(1);
        format!(
            "set local lock_timeout = {}; set local statement_timeout = {}; set local quote_all_identifiers = off; {sql}",
            milliseconds(self.0 / 2),
            milliseconds(self.0)
        )
    }

    /// Awaits what is done on a connection for half as long again as a statement may take; then the line is given up.
    pub(super) async fn on<T>(
        self,
        connection: &Connection,
        what: &str,
        task: impl Future<Output = Result<T, Problem>>,
    ) -> Result<T, Problem> {
        with_deadline(self.0 * 3 / 2, connection, what, task).await
    }
}

/// Awaits what is done on a connection for some time; then the line is given up, and `what` failed.
pub(super) async fn with_deadline<T>(
    limit: Duration,
    connection: &Connection,
    what: &str,
    task: impl Future<Output = Result<T, Problem>>,
) -> Result<T, Problem> {
    let Ok(ended) = tokio::time::timeout(limit, task).await else {
        connection.give_up();
        return Err(Problem::new(
            Kind::Network,
            what,
            format!(
                "The database did not answer for {} seconds.",
                limit.as_secs()
            ),
        )
        .with_hint("Check the network, then try again.")
        .retryable());
    };
    ended
}
