//! The row that a script leaves in the history.

use super::codes::{HISTORY_CHANGED, ROW_REJECTED};
use super::history_table::RollbackColumn;
use super::quote::{array, block, dollar};
use crate::domain::script::Record;
use crate::domain::sql::Statements;

/// The statement that writes a script's row. It raises when nothing was changed: a trigger can drop a row in silence.
pub(in crate::adapters) fn record(record: &Record, column: Option<RollbackColumn>) -> String {
    let (change, code, why) = match record {
        Record::Applied {
            version,
            name,
            statements,
            rollback,
        } => {
            let way_back = column.zip(rollback.as_ref());
            let (name_of_column, value) = match way_back {
                Some((column, pieces)) => (", rollback", format!(", {}", stored(column, pieces))),
                None => ("", String::new()),
            };
            let change = format!(
                "insert into supabase_migrations.schema_migrations(version, name, statements{name_of_column}) values ({}, {}, {}{value})",
                dollar(version),
                dollar(name),
                array(statements.iter())
            );
            (change, ROW_REJECTED, "the row was not taken")
        }
        Record::RolledBack { version } => {
            let change = format!(
                "delete from supabase_migrations.schema_migrations where version = {}",
                dollar(version)
            );
            (change, HISTORY_CHANGED, "the version is not in the history")
        }
        Record::Seeded { path, hash } => {
            let change = format!(
                "insert into supabase_migrations.seed_files(path, hash) values ({}, {}) on conflict (path) do update set hash = excluded.hash",
                dollar(path),
                dollar(hash)
            );
            (change, ROW_REJECTED, "the row was not taken")
        }
    };
    block(&format!(
        "begin {change}; if not found then raise exception 'supadeck: {why}' using errcode = '{code}'; end if; end"
    ))
}

/// The way back as the column has it.
fn stored(column: RollbackColumn, pieces: &Statements) -> String {
    match column {
        RollbackColumn::Array => array(pieces.iter()),
        RollbackColumn::Text => {
            let all: Vec<&str> = pieces.iter().flat_map(|one| [one, ";\n"]).collect();
            dollar(&all.concat())
        }
    }
}
