//! Reads the rows of a file for a table: CSV with a heading, or JSON Lines. Each value is checked against its column, and what is
//! wrong is told with its line.

use super::change::{RowChange, typed_value};
use super::column::{ColumnInfo, ColumnKind};
use super::info::TableInfo;
use super::paging::RowValues;
use crate::domain::csv_reader::{CsvCell, CsvFault, CsvReader, CsvRecord};
use crate::domain::filter::text::Typed;
use crate::domain::problem::{Kind, Problem};
use crate::domain::text;
use serde_json::Value;

/// The form of a file that rows are read from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImportFormat {
    /// JSON Lines: an object a line.
    JsonLines,
    /// CSV whose first record names the columns.
    Csv,
}

impl ImportFormat {
    /// What the end of a file's name says.
    pub fn of_name(file: &str) -> Option<Self> {
        let (_, end) = file.rsplit_once('.')?;
        match end.to_ascii_lowercase().as_str() {
            "json" | "jsonl" | "ndjson" => Some(Self::JsonLines),
            "csv" => Some(Self::Csv),
            _ => None,
        }
    }

    /// Its word.
    pub fn word(self) -> &'static str {
        match self {
            Self::JsonLines => "jsonl",
            Self::Csv => "csv",
        }
    }
}

/// A row of a file.
#[derive(Debug, Clone, PartialEq)]
pub struct FileRow {
    /// The line on which it begins, from 1.
    pub line: u64,
    /// Its values.
    pub values: RowValues,
}

/// Reads rows, a line at a time.
#[derive(Debug)]
pub struct RowReader<'a> {
    table: &'a TableInfo,
    form: ImportFormat,
    csv: CsvReader,
    heading: Option<Vec<ColumnInfo>>,
    lines: u64,
}

impl<'a> RowReader<'a> {
    /// For a table.
    pub fn new(table: &'a TableInfo, form: ImportFormat) -> Self {
        Self {
            table,
            form,
            csv: CsvReader::default(),
            heading: None,
            lines: 0,
        }
    }

    /// Takes a line with its end; gives the row that ends with it.
    pub fn line(&mut self, line: &[u8]) -> Result<Option<FileRow>, Problem> {
        self.lines += 1;
        let found = match self.form {
            ImportFormat::JsonLines => self.object(line),
            ImportFormat::Csv => match self.csv.line(line) {
                Ok(None) => return Ok(None),
                Ok(Some(record)) => {
                    let at = record.line;
                    let found = self.record(&record);
                    return found.map_err(|problem| on_line(at, problem));
                }
                Err(fault) => return Err(unreadable(&fault)),
            },
        };
        found.map_err(|problem| on_line(self.lines, problem))
    }

    /// Makes sure that the file ends where a row does.
    pub fn end(&self) -> Result<(), Problem> {
        self.csv.end().map_err(|fault| unreadable(&fault))
    }

    fn object(&self, line: &[u8]) -> Result<Option<FileRow>, Problem> {
        let line = match self.lines {
            1 => line.strip_prefix("\u{feff}".as_bytes()).unwrap_or(line),
            _ => line,
        };
        if line.iter().all(u8::is_ascii_whitespace) {
            return Ok(None);
        }
        let object: RowValues = serde_json::from_slice(line).map_err(|error| {
            let problem = Problem::new(
                Kind::Usage,
                "It is no object of JSON.",
                format!("{}.", text::cell(&error.to_string())),
            );
            if line.trim_ascii_start().starts_with(b"[") {
                return problem.with_hint(
                    "JSON Lines has one object a line: `table export` writes it so, an array is none.",
                );
            }
            problem
        })?;
        let mut values = RowValues::new();
        for (name, value) in object {
            let column = self.table.find(&name)?;
            values.insert(column.name.clone(), checked(&column, value)?);
        }
        self.row(self.lines, values).map(Some)
    }

    fn record(&mut self, record: &CsvRecord) -> Result<Option<FileRow>, Problem> {
        let Some(heading) = &self.heading else {
            self.heading = Some(self.heading_of(record)?);
            return Ok(None);
        };
        if record.cells.len() != heading.len() {
            return Err(Problem::new(
                Kind::Usage,
                format!(
                    "It has {} cells, and the heading has {}.",
                    record.cells.len(),
                    heading.len()
                ),
                "Each row needs a cell for each column.",
            ));
        }
        let mut values = RowValues::new();
        for (column, cell) in heading.iter().zip(&record.cells) {
            values.insert(column.name.clone(), cell_value(column, cell)?);
        }
        self.row(record.line, values).map(Some)
    }

    fn heading_of(&self, record: &CsvRecord) -> Result<Vec<ColumnInfo>, Problem> {
        let mut heading: Vec<ColumnInfo> = Vec::new();
        for cell in &record.cells {
            let column = self.table.find(&cell.text).map_err(|problem| {
                if record.cells.len() == 1 && cell.text.contains([';', '\t']) {
                    return problem.with_hint("Cells stand between commas.");
                }
                problem
            })?;
            if heading.iter().any(|known| known.name == column.name) {
                return Err(Problem::new(
                    Kind::Usage,
                    format!("The heading names `{}` twice.", text::cell(&column.name)),
                    "A column takes one value.",
                ));
            }
            heading.push(column);
        }
        // What may not be written is told by the heading, and not of each row.
        let none = heading.iter().map(|one| (one.name.clone(), Value::Null));
        RowChange::insert(self.table, none.collect())?;
        Ok(heading)
    }

    fn row(&self, line: u64, values: RowValues) -> Result<FileRow, Problem> {
        match RowChange::insert(self.table, values)? {
            RowChange::Insert { values } => Ok(FileRow { line, values }),
            _ => Err(Problem::internal("A new row is none.")),
        }
    }
}

/// Puts the line in front of a problem.
pub fn on_line(line: u64, mut problem: Problem) -> Problem {
    problem.what = format!("Line {line}: {}", problem.what);
    problem
}

fn unreadable(fault: &CsvFault) -> Problem {
    on_line(
        fault.line,
        Problem::new(Kind::Usage, "It cannot be read as CSV.", fault.why),
    )
}

/// A cell of CSV: without a letter and without quotes it is no value. The word `null` is a text here.
fn cell_value(column: &ColumnInfo, cell: &CsvCell) -> Result<Value, Problem> {
    let text = if cell.text.is_empty() && !cell.was_quoted {
        "null"
    } else {
        &cell.text
    };
    let typed = Typed {
        text: text.to_owned(),
        was_quoted: cell.was_quoted || !cell.text.is_empty(),
    };
    typed_value(column, &typed)
}

/// A value of JSON that the column can take.
fn checked(column: &ColumnInfo, value: Value) -> Result<Value, Problem> {
    let typed = |text: String, was_quoted: bool| typed_value(column, &Typed { text, was_quoted });
    match (column.kind(), value) {
        (ColumnKind::Json | ColumnKind::Jsonb, Value::Null) if !column.nullable => Ok(Value::Null),
        (_, Value::Null) => typed("null".to_owned(), false),
        (ColumnKind::Json | ColumnKind::Jsonb | ColumnKind::Unknown | ColumnKind::Other, value)
        | (ColumnKind::Array, value @ Value::Array(_))
        | (ColumnKind::Text, value @ (Value::Number(_) | Value::Bool(_))) => Ok(value),
        (_, Value::String(text)) => typed(text, true),
        (_, value @ (Value::Number(_) | Value::Bool(_))) => typed(value.to_string(), true),
        (_, value @ (Value::Array(_) | Value::Object(_))) => {
            let shown: String = value.to_string().chars().take(60).collect();
            Err(Problem::new(
                Kind::Usage,
                format!(
                    "`{}` cannot be the value of {}.",
                    text::cell(&shown),
                    text::cell(&column.name)
                ),
                format!(
                    "The column is of type {}, which takes no array and no object.",
                    text::cell(&column.data_type)
                ),
            ))
        }
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
        let mut id = column("id", "integer");
        id.nullable = false;
        let mut made = column("made", "text");
        made.is_generated = true;
        TableInfo {
            columns: vec![
                id,
                column("x,\"\n\u{1b}", "text"),
                column("at", "timestamp with time zone"),
                column("tags", "text[]"),
                column("data", "jsonb"),
                made,
            ],
            key: vec!["id".into()],
            source: TableSource::Database,
            ..TableInfo::unknown(&TableName::new("public", "t"))
        }
    }

    fn read(form: ImportFormat, text: &str) -> Result<Vec<FileRow>, Problem> {
        let table = table();
        let mut reader = RowReader::new(&table, form);
        let mut rows = Vec::new();
        for line in text.as_bytes().split_inclusive(|byte| *byte == b'\n') {
            rows.extend(reader.line(line)?);
        }
        reader.end()?;
        Ok(rows)
    }

    #[test]
    fn csv_has_no_value_an_empty_text_and_the_text_null() {
        let text = "id,\"x,\"\"\n\u{1b}\",tags\n1,,\"[\"\"a\"\"]\"\n2,\"\",\n3,null,{}\n";
        let rows = read(ImportFormat::Csv, text).unwrap();
        let of = |at: usize| Value::Object(rows[at].values.clone());
        let name = "x,\"\n\u{1b}";
        assert_eq!(of(0), json!({"id": 1, name: null, "tags": ["a"]}));
        assert_eq!(of(1), json!({"id": 2, name: "", "tags": null}));
        assert_eq!(of(2), json!({"id": 3, name: "null", "tags": "{}"}));
        // The heading takes two lines.
        assert_eq!((rows[0].line, rows[2].line), (3, 5));
    }

    #[test]
    fn json_lines_are_checked_against_their_columns() {
        let text = "{\"id\": 1, \"data\": \"x\"}\n\n{\"id\": \"2\", \"data\": null, \"at\": \"2026-01-01T00:00Z\"}\r\n";
        let rows = read(ImportFormat::JsonLines, text).unwrap();
        assert_eq!((rows[0].line, rows[1].line), (1, 3));
        assert_eq!(rows[0].values["data"], "x");
        assert_eq!(rows[1].values["id"], 2);
    }

    #[test]
    fn what_does_not_fit_is_told_with_its_line_and_harmless() {
        use ImportFormat::{Csv, JsonLines};
        for (form, text, line, word) in [
            (Csv, "id\n1\nx\n", 3, "whole number"),
            (Csv, "id,at\n1,2026-01-01 10:00\n", 2, "offset"),
            (Csv, "id,at\n1\n", 2, "1 cells"),
            (Csv, "id,id\n", 1, "twice"),
            (Csv, "id;at\n", 1, "commas"),
            (Csv, "id,made\n", 1, "computes"),
            (Csv, "id,\u{1b}[2J\n", 1, "not a column"),
            (Csv, "id\n1\n\"\n", 3, "not closed"),
            (Csv, "id\n\n", 2, "no null"),
            (JsonLines, "{\"id\": 1}\n{\"id\": 1.5}\n", 2, "whole number"),
            (JsonLines, "{\"id\": {\"a\": 1}}\n", 1, "no object"),
            (JsonLines, "[{\"id\": 1}]\n", 1, "array"),
            (JsonLines, "{\"id\": 1\n", 1, "no object of JSON"),
            (JsonLines, "{\"nope\\u001b\": 1}\n", 1, "not a column"),
        ] {
            let problem = read(form, text).unwrap_err();
            let said = format!("{problem} {}", problem.hint.clone().unwrap_or_default());
            assert!(
                problem.what.starts_with(&format!("Line {line}: ")) && said.contains(word),
                "{text:?}: {said}"
            );
            assert!(!said.contains('\u{1b}'), "{said}");
        }
    }
}
