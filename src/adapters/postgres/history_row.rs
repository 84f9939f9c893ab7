//! The row that a script leaves in the history: what its statement looks like, and its values.

use super::history_table::{RollbackColumn, array, block, dollar};
use super::transaction::{HISTORY_CHANGED, ROW_REJECTED, raise_expr};
use crate::domain::script::Record;

/// The statement that writes a script's row.
pub(super) fn record(record: &Record, column: Option<RollbackColumn>) -> String {
    let shape = RowShape::of(record, column);
    let (code, why) = shape.unchanged();
    block(&format!(
        "begin {}; if not found then raise exception '{why}' using errcode = '{code}'; end if; end",
        shape.change(&values(record, column))
    ))
}

pub(super) const TEXT: &str = "pg_catalog.text";

/// What the statements of several records have in common; only their values differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RowShape {
    /// A version, its name, its statements, and maybe its way back.
    Applied(Option<RollbackColumn>),
    /// A version.
    RolledBack,
    /// A path and a hash.
    Seeded,
}

impl RowShape {
    /// The shape of a record's statement, where the history has such a column for the way back.
    pub(super) fn of(record: &Record, column: Option<RollbackColumn>) -> Self {
        match record {
            Record::Applied { rollback, .. } => {
                Self::Applied(column.filter(|_| rollback.is_some()))
            }
            Record::RolledBack { .. } => Self::RolledBack,
            Record::Seeded { .. } => Self::Seeded,
        }
    }

    /// The types of the values.
    pub(super) fn types(self) -> &'static [&'static str] {
        const TEXTS: &str = "pg_catalog.text[]";
        match self {
            Self::Applied(None) => &[TEXT, TEXT, TEXTS],
            Self::Applied(Some(RollbackColumn::Array)) => &[TEXT, TEXT, TEXTS, TEXTS],
            Self::Applied(Some(RollbackColumn::Text)) => &[TEXT, TEXT, TEXTS, TEXT],
            Self::RolledBack => &[TEXT],
            Self::Seeded => &[TEXT, TEXT],
        }
    }

    /// The statement that changes the history; its values are expressions.
    fn change(self, values: &[String]) -> String {
        let values = values.join(", ");
        match self {
            Self::Applied(column) => {
                let way_back = column.map_or("", |_| ", rollback");
                format!(
                    "insert into supabase_migrations.schema_migrations(version, name, statements{way_back}) values ({values})"
                )
            }
            Self::RolledBack => format!(
                "delete from supabase_migrations.schema_migrations where version = {values}"
            ),
            Self::Seeded => format!(
                "insert into supabase_migrations.seed_files(path, hash) values ({values}) on conflict (path) do update set hash = excluded.hash"
            ),
        }
    }

    /// The code and the words for a change that changed nothing: a trigger can drop a row in silence.
    fn unchanged(self) -> (&'static str, &'static str) {
        match self {
            Self::RolledBack => (
                HISTORY_CHANGED,
                "supadeck: the version is not in the history",
            ),
            Self::Applied(_) | Self::Seeded => (ROW_REJECTED, "supadeck: the row was not taken"),
        }
    }

    /// The same and the journal's `line` in one statement, which can be prepared: a block of PL/pgSQL could not be.
    pub(super) fn with_line(self, values: &[String], line: &str) -> String {
        let (code, why) = self.unchanged();
        format!(
            "with changed as ({} returning 1), told as ({line}) select case when not exists (select from changed) then {} end",
            self.change(values),
            raise_expr(code, why)
        )
    }
}

/// The values of a record's statement, each as SQL.
pub(super) fn values(record: &Record, column: Option<RollbackColumn>) -> Vec<String> {
    match record {
        Record::Applied {
            version,
            name,
            statements,
            rollback,
        } => {
            let mut values = vec![dollar(version), dollar(name), array(statements.iter())];
            match (column, rollback) {
                (Some(RollbackColumn::Array), Some(pieces)) => values.push(array(pieces.iter())),
                (Some(RollbackColumn::Text), Some(pieces)) => {
                    let all: Vec<&str> = pieces.iter().flat_map(|one| [one, ";\n"]).collect();
                    values.push(dollar(&all.concat()));
                }
                _ => {}
            }
            values
        }
        Record::RolledBack { version } => vec![dollar(version)],
        Record::Seeded { path, hash } => vec![dollar(path), dollar(hash)],
    }
}
