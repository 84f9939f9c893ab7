//! What the catalogs say of the history's table: its kind, its columns, what the role may do with it. Asked together with
//! who is connected, before the table itself is read, so that a table that cannot be read is still explained.

use super::target::{IRREVERSIBLE, PLATFORM, TIMEOUT, WHO};
use crate::domain::migration::history::Row;
use crate::domain::migration::history_table::{Column, HistoryTable};
use crate::domain::problem::{Kind, Problem};
use serde_json::Value;

/// [`HistoryTable`] as JSON: no row where there is no such table. It fails for no table and no role: the catalogs are joined by
/// name, because a lookup by `to_regclass` wants the right to use the schema. A trigger before each insert (`tgtype` 7)
/// may fill any column, so with one none counts as required.
pub(in crate::adapters) const BOOKS: &str = "\
    select pg_catalog.jsonb_build_object('kind', c.relkind::pg_catalog.text, \
    'insert', pg_catalog.has_any_column_privilege(c.oid, 'insert'), \
    'delete', pg_catalog.has_table_privilege(c.oid, 'delete'), \
    'update', pg_catalog.has_any_column_privilege(c.oid, 'update'), \
    'hides', pg_catalog.row_security_active(c.oid), \
    'unique', exists (select 1 from pg_catalog.pg_index i join pg_catalog.pg_attribute a \
    on a.attrelid = c.oid and a.attnum = i.indkey[0] where i.indrelid = c.oid and i.indisunique and i.indisvalid \
    and i.indnkeyatts = 1 and i.indpred is null and a.attname = 'version'), \
    'columns', (select pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object('name', a.attname, \
    'type', pg_catalog.format_type(a.atttypid, null), \
    'required', a.attnotnull and not a.atthasdef and a.attidentity = '' and not exists (\
    select 1 from pg_catalog.pg_trigger t where t.tgrelid = c.oid and not t.tgisinternal and t.tgtype & 7 = 7)) order by a.attnum) \
    from pg_catalog.pg_attribute a where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped)) \
    from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace \
    where n.nspname = 'supabase_migrations' and c.relname = 'schema_migrations'";

/// Who is connected to what, what that is recognised by, the statement timeout, [`BOOKS`] in the fifth column, and what the
/// platform locks, and the code that no rollback undoes.
pub(in crate::adapters) fn who_and_books(mark: &str) -> String {
    format!(
        "{WHO}, {mark}, {TIMEOUT}, ({BOOKS}), {PLATFORM}, {}",
        *IRREVERSIBLE
    )
}

/// What Postgres says when the table's columns are not those that are read: no such column, or another type.
pub(in crate::adapters) const OTHER_SHAPE: &[&str] = &["42703", "42883", "42804", "42P18", "0A000"];

/// Refuses a table without versions: it is no history, and taking it for an empty one would apply everything again.
pub(in crate::adapters) fn check(rows: &[Row]) -> Result<(), Problem> {
    if rows.iter().all(|row| !row.version.is_empty()) {
        return Ok(());
    }
    Err(Problem::new(
        Kind::Conflict,
        "supabase_migrations.schema_migrations is no migration history.",
        "It has rows without a version.",
    )
    .with_hint("Look at the table; move it away when another tool left it there."))
}

/// Reads what [`BOOKS`] gave.
pub(in crate::adapters) fn parse_shape(json: Option<&str>) -> HistoryTable {
    let Some(Ok(value)) = json.map(serde_json::from_str::<Value>) else {
        return HistoryTable::default();
    };
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let is = |name: &str| value[name] == Value::Bool(true);
    let columns = value["columns"].as_array().into_iter().flatten();
    HistoryTable {
        kind: text(&value["kind"]),
        columns: columns
            .map(|column| Column {
                name: text(&column["name"]),
                kind: text(&column["type"]),
                is_required: column["required"] == Value::Bool(true),
            })
            .collect(),
        may_insert: is("insert"),
        may_delete: is("delete"),
        may_update: is("update"),
        is_unique: is("unique"),
        hides_rows: is("hides"),
    }
}
