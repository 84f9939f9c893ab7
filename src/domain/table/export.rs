//! The rows of a table as a file: JSON Lines, CSV, INSERT statements, or a seed.

use super::column::{ColumnInfo, ColumnKind};
use super::info::TableInfo;
use super::paging::RowValues;
use super::sql_text::{literal, quoted};
use crate::domain::csv;
use crate::domain::deep_json::holds_marker;
use crate::domain::plural::counted;
use crate::domain::problem::{Kind, Problem};
use crate::domain::sql::name::always_quoted;
use crate::domain::text::{self, harmless};
use serde::Serialize;
use serde_json::Value;
use std::path::PathBuf;

/// The form of a file of rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowsFormat {
    /// JSON Lines: a row a line.
    JsonLines,
    /// Comma-separated values.
    Csv,
    /// An INSERT statement a row.
    Sql,
    /// The same as a seed: what is there already stays, and sequences go on behind the rows.
    Seed,
}

impl RowsFormat {
    /// Its word.
    pub fn word(self) -> &'static str {
        match self {
            Self::JsonLines => "jsonl",
            Self::Csv => "csv",
            Self::Sql => "sql",
            Self::Seed => "seed",
        }
    }

    /// What the end of a file's name says.
    pub fn of_name(file: &str) -> Option<Self> {
        if file.to_ascii_lowercase().ends_with("seed.sql") {
            return Some(Self::Seed);
        }
        let (_, end) = file.rsplit_once('.')?;
        match end.to_ascii_lowercase().as_str() {
            "json" | "jsonl" | "ndjson" => Some(Self::JsonLines),
            "csv" => Some(Self::Csv),
            "sql" => Some(Self::Sql),
            _ => None,
        }
    }

    fn is_sql(self) -> bool {
        matches!(self, Self::Sql | Self::Seed)
    }
}

/// What was exported.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TableExported {
    /// The file.
    pub file: PathBuf,
    /// Its form.
    pub format: &'static str,
    /// How many rows it holds.
    pub rows: u64,
    /// How long it is.
    pub bytes: u64,
    /// The columns.
    pub columns: Vec<String>,
    /// Whether rows came by a key: else what is written meanwhile can shift them.
    pub is_keyed: bool,
}

impl TableExported {
    /// That it was written, and where.
    pub fn sentence(&self) -> String {
        format!(
            "Wrote {} to {}.",
            counted(self.rows, "row"),
            harmless(&self.file.display().to_string())
        )
    }
}

/// Writes rows in a form.
#[derive(Debug, Clone)]
pub struct RowWriter {
    form: RowsFormat,
    table: String,
    columns: Vec<ColumnInfo>,
    /// What stands between the columns and the values of an INSERT.
    overriding: &'static str,
}

impl RowWriter {
    /// For the columns that are wanted, else those that the first row has, else those that may be read.
    pub fn new(
        form: RowsFormat,
        table: &TableInfo,
        wanted: &[String],
        first: Option<&RowValues>,
    ) -> Self {
        let known = |name: &String| {
            let found = table.column(name).cloned();
            found.unwrap_or_else(|| ColumnInfo::unknown(name))
        };
        let mut columns: Vec<ColumnInfo> = match (wanted, first) {
            ([], Some(row)) => row.keys().map(known).collect(),
            ([], None) => {
                let may = |column: &&ColumnInfo| column.may_select != Some(false);
                table.columns.iter().filter(may).cloned().collect()
            }
            (wanted, _) => wanted.iter().map(known).collect(),
        };
        if form.is_sql() {
            // No INSERT gives a generated column a value.
            columns.retain(|column| !column.is_generated || is_identity(column));
        }
        let overriding = if columns.iter().any(is_identity) {
            " overriding system value"
        } else {
            ""
        };
        Self {
            form,
            table: format!(
                "{}.{}",
                always_quoted(&table.schema),
                always_quoted(&table.name)
            ),
            columns,
            overriding,
        }
    }

    /// The names of the columns that are written.
    pub fn columns(&self) -> Vec<String> {
        let names = self.columns.iter().map(|column| column.name.clone());
        names.collect()
    }

    /// What stands before the first row.
    pub fn head(&self) -> String {
        match self.form {
            RowsFormat::JsonLines | RowsFormat::Sql => String::new(),
            RowsFormat::Csv => {
                let names: Vec<&str> = self.columns.iter().map(|one| one.name.as_str()).collect();
                csv::record(&names)
            }
            RowsFormat::Seed => format!(
                "-- Rows of {}, written by supadeck. What is there already stays as it is.\n",
                text::cell(&self.table)
            ),
        }
    }

    /// A row.
    pub fn row(&self, row: &RowValues) -> Result<String, Problem> {
        let value = |column: &ColumnInfo| row.get(&column.name).unwrap_or(&Value::Null).clone();
        if let Some(column) = self.columns.iter().find(|one| holds_marker(&value(one))) {
            return Err(Problem::new(
                Kind::Database,
                format!(
                    "A value of `{}` cannot be exported.",
                    text::cell(&column.name)
                ),
                "Its JSON is nested more deeply than is read here, so what would be written is not what is there.",
            )
            .with_hint("Leave the column out with --select."));
        }
        Ok(match self.form {
            RowsFormat::JsonLines => {
                let columns = self.columns.iter();
                let kept: RowValues = columns
                    .map(|column| (column.name.clone(), value(column)))
                    .collect();
                format!("{}\n", Value::Object(kept))
            }
            RowsFormat::Csv => {
                // A string inside JSON keeps its quotes: without them `"1"` would come back as a number.
                let cell = |one: &ColumnInfo| match (one.kind(), value(one)) {
                    (ColumnKind::Json | ColumnKind::Jsonb, Value::String(text)) => {
                        Some(Value::String(text).to_string())
                    }
                    (_, value) => plain(&value),
                };
                let cells: Vec<Option<String>> = self.columns.iter().map(cell).collect();
                csv::values(&cells)
            }
            RowsFormat::Sql | RowsFormat::Seed => self.insert(row)?,
        })
    }

    fn insert(&self, row: &RowValues) -> Result<String, Problem> {
        let unless = if self.form == RowsFormat::Seed {
            " on conflict do nothing"
        } else {
            ""
        };
        if self.columns.is_empty() {
            return Ok(format!(
                "insert into {} default values{unless};\n",
                self.table
            ));
        }
        let names: Vec<String> = self
            .columns
            .iter()
            .map(|one| always_quoted(&one.name))
            .collect();
        let values = self.columns.iter().map(|column| {
            let value = row.get(&column.name).unwrap_or(&Value::Null);
            literal(column, value)
        });
        let values: Vec<String> = values.collect::<Result<_, _>>()?;
        Ok(format!(
            "insert into {} ({}){} values ({}){unless};\n",
            self.table,
            names.join(", "),
            self.overriding,
            values.join(", ")
        ))
    }

    /// What stands behind the last row: of a seed, that the sequences of its key go on behind the rows.
    pub fn end(&self, key: &[String]) -> String {
        if self.form != RowsFormat::Seed {
            return String::new();
        }
        let numbers = self.columns.iter().filter(|column| {
            key.contains(&column.name) && matches!(column.kind(), ColumnKind::Integer(_))
        });
        let line = |column: &ColumnInfo| {
            let (table, own) = (&self.table, always_quoted(&column.name));
            format!(
                "select pg_catalog.setval(s.name::pg_catalog.regclass, greatest((select pg_catalog.max({own}) from {table}), \
                 pg_catalog.pg_sequence_last_value(s.name::pg_catalog.regclass), 1))\n  \
                 from pg_catalog.pg_get_serial_sequence({}, {}) s (name) where s.name is not null;\n",
                quoted(table),
                quoted(&column.name)
            )
        };
        numbers.map(line).collect()
    }
}

/// An identity that takes no value unless that is said; a generated column has an expression.
fn is_identity(column: &ColumnInfo) -> bool {
    column.is_generated
        && column.default.is_none()
        && matches!(column.kind(), ColumnKind::Integer(_))
}

/// A value whole, as a program reads it; none where there is no value.
pub fn plain(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::info::TableSource;
    use super::super::name::TableName;
    use super::*;
    use serde_json::json;

    fn table() -> TableInfo {
        let column = |name: &str, base: &str| ColumnInfo {
            data_type: base.into(),
            base_type: base.into(),
            ..ColumnInfo::unknown(name)
        };
        let mut id = column("id", "bigint");
        id.is_generated = true;
        let mut made = column("made", "text");
        made.is_generated = true;
        made.default = Some("upper(a)".into());
        TableInfo {
            columns: vec![id, column("=a';\n\"", "text"), made],
            key: vec!["id".into()],
            source: TableSource::Database,
            ..TableInfo::unknown(&TableName::new("public", "t\n--"))
        }
    }

    fn written(form: RowsFormat) -> String {
        let table = table();
        let row = json!({"id": 7, "=a';\n\"": "=cmd()", "made": "x"});
        let row = row.as_object().unwrap();
        let writer = RowWriter::new(form, &table, &[], Some(row));
        writer.head() + &writer.row(row).unwrap() + &writer.end(&table.key)
    }

    #[test]
    fn each_form_holds_hostile_names_and_values_as_what_they_are() {
        assert_eq!(
            written(RowsFormat::JsonLines),
            "{\"id\":7,\"=a';\\n\\\"\":\"=cmd()\",\"made\":\"x\"}\n"
        );
        assert_eq!(
            written(RowsFormat::Csv),
            "id,\"'=a';\n\"\"\",made\r\n7,'=cmd(),x\r\n"
        );
        assert_eq!(
            written(RowsFormat::Sql),
            "insert into \"public\".\"t\n--\" (\"id\", \"=a';\n\"\"\") overriding system value values (7, '=cmd()');\n"
        );
        let seed = written(RowsFormat::Seed);
        assert!(
            seed.starts_with("-- Rows of \"public\".\"t⏎--\", written")
                && seed.contains(" on conflict do nothing;\nselect pg_catalog.setval(")
                && seed.contains("('\"public\".\"t\n--\"', 'id')"),
            "{seed}"
        );
    }

    #[test]
    fn what_was_not_read_whole_is_not_written() {
        let deep = format!("[{}{}]", "[".repeat(200), "]".repeat(200));
        let deep = crate::domain::deep_json::flattened(deep.as_bytes());
        let row = json!({"id": 1, "x": serde_json::from_slice::<Value>(&deep).unwrap()});
        let row = row.as_object().unwrap();
        let writer = RowWriter::new(RowsFormat::JsonLines, &table(), &[], Some(row));
        assert!(writer.row(row).unwrap_err().what.contains("`x`"));
    }

    #[test]
    fn the_end_of_a_name_says_the_form() {
        assert_eq!(
            RowsFormat::of_name("a.b.JSONL"),
            Some(RowsFormat::JsonLines)
        );
        assert_eq!(RowsFormat::of_name("a.csv"), Some(RowsFormat::Csv));
        assert_eq!(
            RowsFormat::of_name("supabase/seed.sql"),
            Some(RowsFormat::Seed)
        );
        assert_eq!(RowsFormat::of_name("a"), None);
    }
}
