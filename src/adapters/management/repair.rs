//! Changes the history without running anything, and lets the history tell what became of it when nobody else can.

use super::client::RateLimitWait;
use super::database::ManagementDatabase;
use super::query::problem;
use super::response::Failure;
use crate::adapters::postgres::repair::{UNCHANGED, resolve_outcome};
use crate::adapters::sql::between::{BEGIN, RESETS};
use crate::adapters::sql::codes::HISTORY_CHANGED;
use crate::adapters::sql::journal::Operator;
use crate::adapters::sql::lock;
use crate::adapters::sql::repair;
use crate::domain::problem::{Kind, Problem};
use crate::domain::script::{Change, Limits};
use tokio_util::sync::CancellationToken;

impl ManagementDatabase {
    /// Makes all changes in one transaction. An error says whether they were made, as far as that can be known.
    pub(super) async fn change_books(&self, changes: &[Change]) -> Result<(), Problem> {
        let present = self.make_books().await?;
        let runner = Operator::here();
        let limits = Limits::default();
        let statement = self.api.patience.statement;
        let sql: Vec<String> = changes
            .iter()
            .map(|change| repair::sql(change, &runner, present.journal))
            .collect();
        let sql = sql.join("; ");
        // The time until which it may begin is counted anew for each turn.
        let write = || {
            format!(
                "{BEGIN}; {RESETS}; set local lock_timeout = {}; {}; {}; set local lock_timeout = {}; \
                set local statement_timeout = {}; {sql}; commit",
                (statement / 2).as_millis().max(1),
                lock::wait(),
                self.fence.guard_sql(self.api.patience.on_the_way),
                limits.lock_timeout.as_millis(),
                statement.as_millis().max(1),
            )
        };
        let none = CancellationToken::new();
        let mut turn = RateLimitWait::default();
        let why = loop {
            match self.api.call(&write(), statement * 2).await {
                Ok(_) => return Ok(()),
                Err(Failure::Later(asked)) => {
                    let waited = turn.wait(&self.api, asked, &none).await;
                    waited.map_err(|failure| problem(failure, UNCHANGED))?;
                }
                Err(Failure::Refused(said)) if said.code == HISTORY_CHANGED => {
                    return Err(Problem::new(
                        Kind::Conflict,
                        "The history has changed meanwhile.",
                        "A version that was to be reverted is no longer in it, so nothing was changed.",
                    ));
                }
                Err(Failure::Unclear(why) | Failure::Unknown(why)) => break why,
                Err(failure) => return Err(problem(failure, UNCHANGED)),
            }
        };
        // There is no session that could be ended: what was lost is waited for.
        resolve_outcome(self, changes, "", why).await
    }
}
