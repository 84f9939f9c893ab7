//! The backfill of `audit_log.changed`: how large the log is, the piece that is filled in, and the state of an index.

use super::journal::BEING_BUILT;
use crate::domain::audit::backfill::{Index, IndexState, LogExtent};
use crate::domain::problem::{Kind, Problem};
use std::ops::Range;

/// What failed when the extent cannot be read.
pub(in crate::adapters) const UNREADABLE: &str = "The audit log cannot be looked at.";
/// What failed when a piece fails.
pub(in crate::adapters) const UNFILLED: &str = "The names of changed fields cannot be filled in.";

/// What failed when an index cannot be looked at or built.
pub(in crate::adapters) const UNBUILT: &str = "An index of the audit log cannot be built.";

/// One row where the index is there: whether it is valid, and whether somebody builds it right now.
pub(in crate::adapters) fn index_state_sql(index: &Index) -> String {
    format!(
        "select i.indisvalid::text as valid, ({BEING_BUILT})::text as being_built from pg_catalog.pg_index i \
         where i.indexrelid = pg_catalog.to_regclass('public.{}')",
        index.name
    )
}

/// Reads the row of [`index_state_sql`].
pub(in crate::adapters) fn index_state(rows: &[Vec<Option<String>>]) -> IndexState {
    let Some(row) = rows.first() else {
        return IndexState::Missing;
    };
    let is = |at: usize| matches!(row.get(at), Some(Some(text)) if matches!(text.as_str(), "t" | "true"));
    match (is(0), is(1)) {
        (true, _) => IndexState::Valid,
        (false, true) => IndexState::BeingBuilt,
        (false, false) => IndexState::Invalid,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_index_that_somebody_builds_is_not_a_broken_one() {
        let row = |valid: &str, built: &str| {
            index_state(&[vec![Some(valid.to_owned()), Some(built.to_owned())]])
        };
        assert_eq!(index_state(&[]), IndexState::Missing);
        assert_eq!(row("true", "false"), IndexState::Valid);
        assert_eq!(row("t", "f"), IndexState::Valid);
        assert_eq!(row("false", "false"), IndexState::Invalid);
        assert_eq!(row("f", "t"), IndexState::BeingBuilt);
        assert_eq!(row("false", "true"), IndexState::BeingBuilt);
    }
}
