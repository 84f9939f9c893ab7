//! The SQL of the tables in schema `supabase_migrations`: the history and the seed files, which are the Supabase CLI's.

use super::between::BEGIN;
use super::lock::MAKING_LOCK;
use super::quote::array;
use crate::domain::migration::history::{HistoryMark, Row, Stored};

/// The digest of a row's statements, as [`digest`](crate::domain::migration::history::digest) makes it: `$` is their text with
/// separators.
macro_rules! digest_of {
    ($text:literal) => {
        concat!(
            "pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(pg_catalog.replace(pg_catalog.replace(",
            $text,
            ", pg_catalog.chr(13) || pg_catalog.chr(10), pg_catalog.chr(10)), pg_catalog.chr(13), pg_catalog.chr(10)), 'UTF8')), 'hex')"
        )
    };
}

/// The digest of the column `statements`.
pub(in crate::adapters) const STATEMENTS_DIGEST: &str =
    digest_of!("pg_catalog.array_to_string(statements, pg_catalog.chr(30))");

/// The history with digests of the statements. Fails where a table of an older tool lacks a column.
pub(in crate::adapters) const HISTORY: &str = concat!(
    "select version, name, ",
    digest_of!("pg_catalog.array_to_string(statements, pg_catalog.chr(30))"),
    " from supabase_migrations.schema_migrations order by version collate \"C\""
);

/// The history of an older tool, whatever columns it has.
pub(in crate::adapters) const OLD_HISTORY: &str = concat!(
    "select pg_catalog.to_jsonb(m) ->> 'version', pg_catalog.to_jsonb(m) ->> 'name', \
    case pg_catalog.jsonb_typeof(pg_catalog.to_jsonb(m) -> 'statements') when 'array' then ",
    digest_of!(
        "coalesce((select pg_catalog.string_agg(value, pg_catalog.chr(30) order by ordinality) \
        from pg_catalog.jsonb_array_elements_text(pg_catalog.to_jsonb(m) -> 'statements') with ordinality), '')"
    ),
    " end from supabase_migrations.schema_migrations m order by pg_catalog.to_jsonb(m) ->> 'version' collate \"C\""
);

/// A mark of the history's rows: where each row stands and which transaction wrote it. It needs no column, so that the table of an
/// older tool has one too, and reads no statements.
pub(in crate::adapters) const HISTORY_MARK: &str = "select pg_catalog.md5(coalesce(pg_catalog.string_agg(\
    m.ctid::pg_catalog.text || ' ' || m.xmin::pg_catalog.text, ',' order by m.ctid), '')) from supabase_migrations.schema_migrations m";

/// The mark as [`HISTORY_MARK`] tells it; that of no table is empty.
pub(in crate::adapters) fn history_mark(rows: Vec<Vec<Option<String>>>) -> HistoryMark {
    let cell = rows.into_iter().flatten().flatten().next();
    HistoryMark(cell.unwrap_or_default())
}

/// The seed files.
pub(in crate::adapters) const SEEDS: &str =
    "select path, hash from supabase_migrations.seed_files order by path collate \"C\"";

/// Which of the tables there are, whether their schema is there, and the history's columns with their types.
pub(in crate::adapters) const PRESENT: &str = "select \
    pg_catalog.to_regnamespace('supabase_migrations') is not null, \
    pg_catalog.to_regclass('supabase_migrations.seed_files') is not null, \
    pg_catalog.to_regclass('supabase_migrations.supadeck_journal') is not null, \
    exists (select from pg_catalog.pg_attribute where attrelid = pg_catalog.to_regclass('supabase_migrations.supadeck_journal') \
    and attname = 'invalid_before' and not attisdropped), \
    (select pg_catalog.string_agg(attname || ':' || pg_catalog.format_type(atttypid, null), ',') \
    from pg_catalog.pg_attribute where attrelid = pg_catalog.to_regclass('supabase_migrations.schema_migrations') \
    and attnum > 0 and not attisdropped)";

/// What [`PRESENT`] found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::adapters) struct InstalledTables {
    schema: bool,
    seeds: bool,
    pub(in crate::adapters) journal: bool,
    /// Whether the journal has places for the positions of runs outside a transaction.
    pub(in crate::adapters) positions: bool,
    /// Columns of the history as `name:type`; none without a table.
    columns: Vec<String>,
}

impl InstalledTables {
    pub(in crate::adapters) fn of(rows: &[Vec<Option<String>>]) -> Self {
        let cell = |at: usize| {
            rows.first()
                .and_then(|row| row.get(at))
                .and_then(Option::as_deref)
                .unwrap_or_default()
        };
        Self {
            schema: cell(0) == "t",
            seeds: cell(1) == "t",
            journal: cell(2) == "t",
            positions: cell(3) == "t",
            columns: cell(4)
                .split(',')
                .filter(|column| !column.is_empty())
                .map(str::to_owned)
                .collect(),
        }
    }

    /// SQL that makes what is missing of the CLI's own tables, in one transaction; nothing when all is there.
    pub(in crate::adapters) fn missing(&self) -> Option<String> {
        let has = |column: &str| {
            self.columns
                .iter()
                .any(|own| own.split(':').next() == Some(column))
        };
        let mut sql = Vec::new();
        if !self.schema {
            sql.push("create schema if not exists supabase_migrations");
        }
        if self.columns.is_empty() {
            sql.push("create table if not exists supabase_migrations.schema_migrations (version text not null primary key)");
        }
        if !has("statements") {
            sql.push("alter table supabase_migrations.schema_migrations add column if not exists statements text[]");
        }
        if !has("name") {
            sql.push("alter table supabase_migrations.schema_migrations add column if not exists name text");
        }
        if !self.seeds {
            sql.push("create table if not exists supabase_migrations.seed_files (path text not null primary key, hash text not null)");
        }
        (!sql.is_empty()).then(|| in_ddl_lock(&sql.join("; ")))
    }

    /// How the history stores the way back, when it has a column for it that fits.
    pub(in crate::adapters) fn rollback(&self) -> Option<RollbackColumn> {
        self.columns
            .iter()
            .find_map(|column| match column.as_str() {
                "rollback:text[]" => Some(RollbackColumn::Array),
                "rollback:text" => Some(RollbackColumn::Text),
                _ => None,
            })
    }
}

/// The type of the history's `rollback` column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::adapters) enum RollbackColumn {
    /// `text[]`
    Array,
    /// `text`
    Text,
}

/// SQL in a transaction of its own, under the lock for making tables.
pub(in crate::adapters) fn in_ddl_lock(sql: &str) -> String {
    format!(
        "{BEGIN}; set local lock_timeout = '4s'; set local statement_timeout = '20s'; \
        select pg_catalog.pg_advisory_xact_lock({MAKING_LOCK}); set local client_min_messages = warning; {sql}; commit"
    )
}

/// The full rows of some versions, whatever columns the table has.
pub(in crate::adapters) fn stored(versions: &[String]) -> String {
    format!(
        "select version::text, pg_catalog.to_jsonb(m) ->> 'name', pg_catalog.to_jsonb(m) -> 'statements', pg_catalog.to_jsonb(m) -> 'rollback' \
        from supabase_migrations.schema_migrations m where version::text = any ({}) order by version::text collate \"C\"",
        array(versions.iter().map(String::as_str))
    )
}

/// Reads a row of [`HISTORY`].
pub(in crate::adapters) fn history_row(row: Vec<Option<String>>) -> Row {
    let mut cells = row.into_iter();
    let mut cell = || cells.next().flatten();
    Row {
        version: cell().unwrap_or_default(),
        name: cell(),
        digest: cell(),
    }
}

/// Reads a row of [`stored`].
pub(in crate::adapters) fn stored_row(row: Vec<Option<String>>) -> Stored {
    let mut cells = row.into_iter();
    let mut cell = || cells.next().flatten();
    Stored {
        version: cell().unwrap_or_default(),
        name: cell(),
        statements: cell().as_deref().and_then(pieces),
        rollback: cell().as_deref().and_then(pieces),
    }
}

/// A JSON array of strings, or one string.
fn pieces(json: &str) -> Option<Vec<String>> {
    match serde_json::from_str(json).ok()? {
        serde_json::Value::String(text) => Some(vec![text]),
        serde_json::Value::Array(values) => values
            .into_iter()
            .map(|value| value.as_str().map(str::to_owned))
            .collect(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_missing_is_made() {
        let cell = |text: &str| Some(text.to_owned());
        let all = vec![vec![
            cell("t"),
            cell("t"),
            cell("t"),
            cell("t"),
            cell("version:text,statements:text[],name:text,rollback:text[]"),
        ]];
        let present = InstalledTables::of(&all);
        assert_eq!(present.missing(), None);
        assert_eq!(present.rollback(), Some(RollbackColumn::Array));
        let old = vec![vec![
            cell("t"),
            cell("t"),
            cell("f"),
            cell("f"),
            cell("version:text,rollback:integer"),
        ]];
        let present = InstalledTables::of(&old);
        let made = present.missing().unwrap_or_default();
        assert!(
            made.contains("statements text[]") && !made.contains("create schema"),
            "{made}"
        );
        assert_eq!(present.rollback(), None);
        assert!(
            InstalledTables::of(&[vec![cell("f"), cell("f"), cell("f"), cell("f"), None]])
                .missing()
                .is_some()
        );
    }
}
