//! The backfill of `audit_log.changed` as a port. Each piece is one statement with a transaction of its own, so that whatever becomes
//! of the line a piece is done or not begun, and doing it again fills nothing twice.

use super::database::PgDatabase;
use super::error::statement_problem;
use crate::domain::audit::backfill::{Index, IndexState, LogExtent};
use crate::domain::problem::{Kind, Problem};
use crate::ports::{AuditUpkeep, Task};
use std::ops::Range;

/// What failed when the extent cannot be read.
pub(in crate::adapters) const UNREADABLE: &str = "The audit log cannot be looked at.";
/// What failed when a piece fails.
pub(in crate::adapters) const UNFILLED: &str = "The names of changed fields cannot be filled in.";

/// What failed when an index cannot be looked at or built.
pub(in crate::adapters) const UNBUILT: &str = "An index of the audit log cannot be built.";

/// One row, `true` or `false`, where the index is there.
pub(in crate::adapters) fn index_state_sql(index: &Index) -> String {
    format!(
        "select i.indisvalid::text as valid from pg_catalog.pg_index i \
         where i.indexrelid = pg_catalog.to_regclass('public.{}')",
        index.name
    )
}

/// Reads the row of [`index_state_sql`].
pub(in crate::adapters) fn index_state(rows: &[Vec<Option<String>>]) -> IndexState {
    match rows.first().and_then(|row| row.first()) {
        None => IndexState::Missing,
        Some(Some(valid)) if matches!(valid.as_str(), "t" | "true") => IndexState::Valid,
        Some(_) => IndexState::Invalid,
    }
}

/// One row: the blocks, about how many records, and whether the column is there.
pub(in crate::adapters) const EXTENT: &str = "select pg_catalog.pg_relation_size(c.oid) / pg_catalog.current_setting('block_size')::bigint as blocks, \
     greatest(c.reltuples, 0)::bigint as records, \
     exists (select from pg_catalog.pg_attribute a where a.attrelid = c.oid and a.attname = 'changed' and not a.attisdropped)::text as has_column \
     from pg_catalog.pg_class c where c.oid = pg_catalog.to_regclass('public.audit_log')";

/// Fills in what is missing in some blocks, and tells how many records that were. Nothing but `changed` is touched; the trigger of the
/// table sees to that.
pub(in crate::adapters) fn piece(blocks: &Range<u64>) -> String {
    let Range { start, end } = blocks;
    format!(
        "with filled as (update public.audit_log set changed = private.changed_keys(before_state, after_state) \
         where ctid >= '({start},0)' and ctid < '({end},0)' and changed is null returning 1) \
         select pg_catalog.count(*) as supadeck from filled"
    )
}

/// Reads the row of [`EXTENT`].
pub(in crate::adapters) fn extent(rows: &[Vec<Option<String>>]) -> Result<LogExtent, Problem> {
    let Some(row) = rows.first() else {
        return Err(Problem::new(
            Kind::Conflict,
            "There is no audit log.",
            "The database has no table public.audit_log.",
        )
        .with_hint("See `supadeck migration list`."));
    };
    let cell = |at: usize| row.get(at).and_then(Option::as_deref).unwrap_or_default();
    let number = |at: usize| {
        cell(at)
            .parse::<u64>()
            .map_err(|_| Problem::internal("The size of the audit log is no number."))
    };
    Ok(LogExtent {
        blocks: number(0)?,
        records: number(1)?,
        has_column: matches!(cell(2), "t" | "true"),
    })
}

/// Whoever is not the owner may not fill anything in.
pub(in crate::adapters) fn as_owner(mut problem: Problem) -> Problem {
    if problem.kind == Kind::Denied {
        problem.hint = Some("Use the role that owns the table audit_log.".to_owned());
    }
    problem
}

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
