//! An export of audit records: the records as lines, the state of an export that can be gone on with, and the manifest of one that is whole.

use super::mask::Mask;
use super::{Cursor, Record};
use crate::domain::csv;
use crate::domain::people::People;
use crate::domain::problem::{Kind, Problem};
use crate::domain::text;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// A whole record, every column by its name.
pub type ExportRow = Map<String, Value>;

/// The columns of CSV, as far as a project has them.
pub const COLUMNS: [&str; 14] = [
    "id",
    "created_at",
    "actor_user_id",
    "actor_type",
    "subject_user_id",
    "action",
    "before_state",
    "after_state",
    "rationale",
    "correlation_id",
    "source_ip",
    "user_agent",
    "changed",
    "transaction_id",
];

/// The columns of the names of those whom a record names, where the project's settings tell them.
pub const NAMES: [&str; 2] = ["actor_name", "subject_name"];

/// The same record with the names of those whom it names, as far as they are known: of an id that is masked none is.
pub fn named(mut row: ExportRow, people: &People) -> ExportRow {
    for (column, id) in NAMES.into_iter().zip(["actor_user_id", "subject_user_id"]) {
        let name = row.get(id).and_then(Value::as_str);
        let name = name.and_then(|id| people.called(id));
        let name = name.map_or(Value::Null, Value::from);
        row.insert(column.to_owned(), name);
    }
    row
}

/// A whole record as the list and the forms take it; a project whose records have other columns is told so.
pub fn record(row: ExportRow) -> Result<Record, Problem> {
    serde_json::from_value(row.into()).map_err(|error| {
        Problem::new(
            Kind::Database,
            "The project's records do not have the columns that were expected.",
            text::cell(&error.to_string()).into_owned(),
        )
    })
}

/// The columns that a record has, in the order of CSV.
pub fn columns_of(row: &ExportRow) -> Vec<&'static str> {
    let has = |column: &&str| row.contains_key(*column);
    COLUMNS.into_iter().chain(NAMES).filter(has).collect()
}

/// A record as a line of CSV; documents and lists are JSON text.
pub fn csv_line(row: &ExportRow, columns: &[&str]) -> String {
    let cells: Vec<String> = columns
        .iter()
        .map(|column| match row.get(*column) {
            None | Some(Value::Null) => String::new(),
            Some(Value::String(text)) => text.clone(),
            Some(value) => value.to_string(),
        })
        .collect();
    csv::record(&cells)
}

/// Where a record stands in the list; none where a column is missing.
pub fn cursor(row: &ExportRow) -> Option<Cursor> {
    let text = |column: &str| row.get(column)?.as_str().map(str::to_owned);
    Some(Cursor {
        created_at: text("created_at")?,
        id: text("id")?,
    })
}

/// What is exported, as whom: an export is gone on with only by the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExportRequest {
    /// The project.
    pub project: String,
    /// The table, where it is one of the project's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trail: Option<String>,
    /// The filter as it was typed.
    pub filter: String,
    /// The same with ids in place of names and times in place of spans.
    pub meaning: String,
    /// `json`, `csv` or `markdown`.
    pub format: String,
    /// What is masked.
    pub masked: Vec<String>,
    /// Whether names stand beside ids.
    #[serde(default)]
    pub names: bool,
    /// As whom it is read.
    pub identity: String,
    /// The role in the database.
    pub role: String,
    /// Whether Row Level Security applies.
    pub rls: bool,
}

impl ExportRequest {
    /// What is different in another one, as words; none where all is the same.
    pub fn difference(&self, other: &Self) -> Option<&'static str> {
        [
            ("project", self.project == other.project),
            ("trail", self.trail == other.trail),
            ("filter", self.filter == other.filter),
            ("meaning of the filter", self.meaning == other.meaning),
            ("format", self.format == other.format),
            ("list of masks", self.masked == other.masked),
            ("setting about names", self.names == other.names),
            (
                "identity",
                self.identity == other.identity && self.role == other.role && self.rls == other.rls,
            ),
        ]
        .into_iter()
        .find_map(|(name, is_same)| (!is_same).then_some(name))
    }
}

/// How far an export has come, as it is kept beside the part of the file that is there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExportState {
    /// What is exported.
    pub wanted: ExportRequest,
    /// When it began: relative times of the filter count from then.
    pub started_at: String,
    /// How many records were written.
    pub records: u64,
    /// How many bytes.
    pub bytes: u64,
    /// The first record.
    pub first: Option<Cursor>,
    /// The last one; the next is the one behind it.
    pub last: Option<Cursor>,
    /// The columns of CSV.
    pub columns: Vec<String>,
    /// How many records each mask matched, in their order.
    #[serde(default)]
    pub mask_matches: Vec<u64>,
}

impl ExportState {
    /// Of an export that begins.
    pub fn new(wanted: ExportRequest, started_at: String) -> Self {
        Self {
            wanted,
            started_at,
            records: 0,
            bytes: 0,
            first: None,
            last: None,
            columns: Vec::new(),
            mask_matches: Vec::new(),
        }
    }
}

/// What stands beside the file of a whole export: what it holds, of whom, and how to see that it is that file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Manifest {
    /// The file's name, without its folder.
    pub file: String,
    /// SHA-256 of its bytes.
    pub sha256: String,
    /// Its length.
    pub bytes: u64,
    /// How many records it holds.
    pub records: u64,
    /// The first record in it.
    pub first: Option<Cursor>,
    /// The last record in it.
    pub last: Option<Cursor>,
    /// How many records each mask matched, in the order of `masked`.
    pub mask_matches: Vec<u64>,
    /// How they are ordered.
    pub order: &'static str,
    /// What was exported.
    #[serde(flatten)]
    pub wanted: ExportRequest,
    /// When it began.
    pub started_at: String,
    /// When it was whole.
    pub finished_at: String,
    /// What made it.
    pub supadeck: &'static str,
}

/// Masks a record, and counts for each mask whether it matched.
pub fn masked(mut row: ExportRow, masks: &[Mask], matches: &mut Vec<u64>) -> ExportRow {
    matches.resize(masks.len(), 0);
    for (mask, count) in masks.iter().zip(matches) {
        *count += u64::from(mask.apply(&mut row));
    }
    row
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use serde_json::json;

    #[test]
    fn a_line_of_csv_has_the_columns_that_are_there_and_no_formula() {
        let row = json!({
            "id": "1", "action": "=cmd", "before_state": null, "after_state": {"n": 1.5}, "rationale": "a;=b",
            "changed": ["a", "b"], "transaction_id": -7, "more": 1, "created_at": "2026"
        });
        let row = row.as_object().unwrap();
        let columns = columns_of(row);
        assert_eq!(
            columns,
            [
                "id",
                "created_at",
                "action",
                "before_state",
                "after_state",
                "rationale",
                "changed",
                "transaction_id"
            ]
        );
        assert_eq!(
            csv_line(row, &columns),
            "1,2026,'=cmd,,\"{\"\"n\"\":1.5}\",\"a;'=b\",\"[\"\"a\"\",\"\"b\"\"]\",-7\r\n"
        );
    }

    #[test]
    fn names_stand_in_columns_of_their_own_and_of_a_masked_id_in_none() {
        let mut people = People::new();
        let name = Some("=cmd Bob".to_owned());
        people.add("b0b", crate::domain::people::Known { name, email: None });
        let row = json!({"id": "1", "actor_user_id": "b0b", "subject_user_id": "b0b"});
        let masks = [Mask::read("subject_user_id").unwrap()];
        let row = masked(row.as_object().unwrap().clone(), &masks, &mut Vec::new());
        let row = named(row, &people);
        let columns = columns_of(&row);
        assert_eq!(columns[3..], ["actor_name", "subject_name"]);
        assert_eq!(csv_line(&row, &columns), "1,b0b,[masked],'=cmd Bob,\r\n");
    }

    #[test]
    fn another_export_is_told_by_what_differs() {
        let wanted = ExportRequest {
            trail: None,
            project: "p".into(),
            filter: String::new(),
            meaning: String::new(),
            format: "csv".into(),
            masked: vec!["*.a".into()],
            names: false,
            identity: "anon".into(),
            role: "anon".into(),
            rls: true,
        };
        assert_eq!(wanted.difference(&wanted.clone()), None);
        let changed = |change: fn(&mut ExportRequest)| {
            let mut other = wanted.clone();
            change(&mut other);
            wanted.difference(&other)
        };
        assert_eq!(changed(|other| other.filter = "x".into()), Some("filter"));
        assert_eq!(
            changed(|other| other.meaning = "actor:1".into()),
            Some("meaning of the filter")
        );
        assert_eq!(changed(|other| other.masked.clear()), Some("list of masks"));
        let names = changed(|other| other.names = true);
        assert_eq!(names, Some("setting about names"));
        assert_eq!(changed(|other| other.rls = false), Some("identity"));
        assert_eq!(
            changed(|other| other.role = "auditor".into()),
            Some("identity")
        );
        assert_eq!(
            changed(|other| other.format = "json".into()),
            Some("format")
        );
        assert_eq!(changed(|other| other.project = "q".into()), Some("project"));
    }
}
