//! The backfill of `audit_log.changed` as a port. Each piece is one statement with a transaction of its own, so that whatever becomes
//! of the line a piece is done or not begun, and doing it again fills nothing twice.

use super::database::PgDatabase;
use super::error::statement_problem;
use crate::adapters::sql::audit_backfill::{
    EXTENT, UNBUILT, UNFILLED, UNREADABLE, as_owner, extent, index_state, index_state_sql, piece,
};
use crate::domain::audit::backfill::{Index, IndexState, LogExtent};
use crate::domain::problem::{Kind, Problem};
use crate::ports::{AuditUpkeep, Task};
use std::ops::Range;

impl AuditUpkeep for PgDatabase {
    fn extent(&self) -> Task<'_, LogExtent> {
        Box::pin(async move {
            let connection = self.open().await?;
            let sql = self.patience.with_limits(EXTENT);
            let reading = async {
                let rows = connection.rows(&sql).await;
                rows.map_err(|error| statement_problem(&error, UNREADABLE))
            };
            extent(&self.patience.on(&connection, UNREADABLE, reading).await?)
        })
    }

    fn fill<'a>(&'a self, blocks: &'a Range<u64>) -> Task<'a, u64> {
        Box::pin(async move {
            let connection = self.open().await?;
            let sql = self.patience.with_limits(&piece(blocks));
            let filling = async {
                let rows = connection.rows(&sql).await;
                rows.map_err(|error| as_owner(statement_problem(&error, UNFILLED)))
            };
            let rows = self.patience.on(&connection, UNFILLED, filling).await?;
            let count = rows.into_iter().flatten().flatten().next();
            count
                .and_then(|count| count.parse().ok())
                .ok_or_else(|| Problem::internal("The server did not say how many it filled in."))
        })
    }

    fn index_state<'a>(&'a self, index: &'a Index) -> Task<'a, IndexState> {
        Box::pin(async move {
            let connection = self.open().await?;
            let sql = self.patience.with_limits(&index_state_sql(index));
            let reading = async {
                let rows = connection.rows(&sql).await;
                rows.map_err(|error| statement_problem(&error, UNBUILT))
            };
            Ok(index_state(
                &self.patience.on(&connection, UNBUILT, reading).await?,
            ))
        })
    }

    fn build_index<'a>(&'a self, index: &'a Index, state: IndexState) -> Task<'a, ()> {
        Box::pin(async move {
            let Index { name, definition } = index;
            // Behind a pooler in transaction mode the setting below would stay with somebody else's session.
            if let Some(why) = self.why_not_alone().await? {
                return Err(Problem::new(Kind::Config, UNBUILT, why));
            }
            let connection = self.open().await?;
            let broken = state == IndexState::Invalid;
            let drop = broken.then(|| format!("drop index concurrently if exists public.{name}"));
            let build =
                format!("create index concurrently {name} on public.audit_log {definition}");
            // Each a message of its own: neither runs in a transaction, and a role may have two minutes for a statement.
            let statements = ["set statement_timeout = 0".to_owned()]
                .into_iter()
                .chain(drop)
                .chain([build]);
            for sql in statements {
                let ran = connection.rows(&sql).await;
                ran.map_err(|error| as_owner(statement_problem(&error, UNBUILT)))?;
            }
            Ok(())
        })
    }
}
