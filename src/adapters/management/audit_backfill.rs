//! The backfill of `audit_log.changed` as a port, with the statements of `adapters/sql`: one call a piece. A call that is sent
//! again fills nothing twice.

use super::client::extract;
use super::database::ManagementDatabase;
use super::query::problem;
use crate::adapters::sql::audit_backfill::{
    EXTENT, UNBUILT, UNFILLED, UNREADABLE, as_owner, extent, index_state, index_state_sql, piece,
};
use crate::domain::audit::backfill::{Index, IndexState, LogExtent};
use crate::domain::problem::{Kind, Problem};
use crate::ports::{AuditUpkeep, Task};
use std::ops::Range;

impl AuditUpkeep for ManagementDatabase {
    fn extent(&self) -> Task<'_, LogExtent> {
        Box::pin(async move {
            let told = self.tell(Some((EXTENT, 3))).await;
            extent(&told.map_err(|failure| problem(failure, UNREADABLE))?.rows)
        })
    }

    fn fill<'a>(&'a self, blocks: &'a Range<u64>) -> Task<'a, u64> {
        Box::pin(async move {
            let rows = self.api.ask(&piece(blocks)).await;
            let rows = rows.map_err(|failure| as_owner(problem(failure, UNFILLED)))?;
            // A count is a bigint, which the API may give as a text.
            let count = extract(&rows).and_then(|count| match count.as_str() {
                Some(text) => text.parse().ok(),
                None => count.as_u64(),
            });
            count.ok_or_else(|| Problem::internal("The API did not say how many it filled in."))
        })
    }

    fn index_state<'a>(&'a self, index: &'a Index) -> Task<'a, IndexState> {
        Box::pin(async move {
            let told = self.tell(Some((&index_state_sql(index), 2))).await;
            let told = told.map_err(|failure| problem(failure, UNBUILT))?;
            Ok(index_state(&told.rows))
        })
    }

    fn build_index<'a>(&'a self, _index: &'a Index, _state: IndexState) -> Task<'a, ()> {
        Box::pin(async {
            Err(Problem::new(
                Kind::Config,
                UNBUILT,
                "The Management API runs every call in a transaction, in which an index keeps writers waiting.",
            )
            .with_hint("Run it over a database URL (--db-url)."))
        })
    }
}
