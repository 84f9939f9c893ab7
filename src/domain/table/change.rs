//! A change of one row of a table: what is asked, what is sent, and what must still be so for it to be made.
//!
//! A row is changed only while it is as it was read: each column whose value the server can compare is a condition of the
//! request. So nobody's work is overwritten, however long one looks at a row.

use super::cell::cell_text;
use super::column::{ColumnInfo, ColumnKind, column_text};
use super::info::TableInfo;
use super::paging::RowValues;
use crate::domain::audit::diff::window;
use crate::domain::filter::text::Typed;
use crate::domain::near::edits;
use crate::domain::problem::{Kind, Problem};
use crate::domain::query::{Filter as Condition, Op};
use crate::domain::text;
use serde::Serialize;
use serde_json::{Number, Value};

/// Values up to this length are compared by the server: they become part of a URL.
const LONGEST: usize = 400;
/// The columns of a value where a change is told.
const TOLD: usize = 120;
/// So long may all of them be together.
const LONGEST_ALL: usize = 3_000;

/// A change of one row.
#[derive(Debug, Clone, PartialEq)]
pub enum RowChange {
    /// A new row.
    Insert {
        /// What is given; the rest are defaults.
        values: RowValues,
    },
    /// Other values of a row.
    Update {
        /// The row as it was read.
        was: RowValues,
        /// What changes, and only that.
        values: RowValues,
    },
    /// A row less.
    Delete {
        /// The row as it was read.
        was: RowValues,
    },
}

/// What must be so for a row to be changed.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct AsRead {
    /// What the server is asked to compare: the key, and every column that it can.
    pub conditions: Vec<Condition>,
    /// The columns that it cannot compare: they are looked at right before.
    pub looked_at: Vec<String>,
}

/// What became of a change.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RowChanged {
    /// What was done: `insert`, `update` or `delete`.
    pub verb: &'static str,
    /// The row as it is now; for one that is gone, as it was.
    pub row: RowValues,
    /// Columns that the database changed besides: by triggers and defaults.
    pub besides: Vec<String>,
}

impl RowChanged {
    /// What was done, in a line.
    pub fn summary(&self, table: &TableInfo) -> String {
        let words = match self.verb {
            "insert" => "Added",
            "update" => "Changed",
            _ => "Deleted",
        };
        let besides = if self.besides.is_empty() {
            String::new()
        } else {
            format!(
                " The database changed besides: {}.",
                self.besides.join(", ")
            )
        };
        format!(
            "{words} {}.{}",
            key_words(table, &self.row),
            text::harmless(&besides)
        )
    }
}

/// A column that a change gives another value.
#[derive(Debug, Clone, PartialEq)]
pub struct ColumnChange {
    /// The column.
    pub column: String,
    /// Its value before; absent for a new row.
    pub old: Option<Value>,
    /// Its value afterwards; absent where the row goes.
    pub new: Option<Value>,
}

impl RowChange {
    /// A new row; what cannot be given is refused.
    pub fn insert(table: &TableInfo, values: RowValues) -> Result<Self, Problem> {
        for name in values.keys() {
            let column = table.find(name)?;
            writable(&column, column.may_insert)?;
        }
        Ok(Self::Insert { values })
    }

    /// Other values of a row; none where nothing would change.
    pub fn update(
        table: &TableInfo,
        was: RowValues,
        values: RowValues,
    ) -> Result<Option<Self>, Problem> {
        keyed(table, &was)?;
        let mut changed = RowValues::new();
        for (name, value) in values {
            let column = table.find(&name)?;
            writable(&column, column.may_update)?;
            if was.get(&name) != Some(&value) {
                changed.insert(name, value);
            }
        }
        Ok((!changed.is_empty()).then_some(Self::Update {
            was,
            values: changed,
        }))
    }

    /// A row less.
    pub fn delete(table: &TableInfo, was: RowValues) -> Result<Self, Problem> {
        keyed(table, &was)?;
        Ok(Self::Delete { was })
    }

    /// The word for it.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Insert { .. } => "insert",
            Self::Update { .. } => "update",
            Self::Delete { .. } => "delete",
        }
    }

    /// The row as it was read.
    pub fn was(&self) -> Option<&RowValues> {
        match self {
            Self::Insert { .. } => None,
            Self::Update { was, .. } | Self::Delete { was } => Some(was),
        }
    }

    /// The conditions of the request.
    pub fn as_read(&self, table: &TableInfo) -> AsRead {
        match self.was() {
            Some(was) => as_read(table, was),
            None => AsRead::default(),
        }
    }

    /// What changes, column by column.
    pub fn columns(&self) -> Vec<ColumnChange> {
        let change = |column: &String, old: Option<&Value>, new: Option<&Value>| ColumnChange {
            column: column.clone(),
            old: old.cloned(),
            new: new.cloned(),
        };
        match self {
            Self::Insert { values } => {
                let values = values.iter();
                values
                    .map(|(name, new)| change(name, None, Some(new)))
                    .collect()
            }
            Self::Update { was, values } => {
                let values = values.iter();
                values
                    .map(|(name, new)| change(name, was.get(name), Some(new)))
                    .collect()
            }
            Self::Delete { was } => {
                let was = was.iter();
                was.map(|(name, old)| change(name, Some(old), None))
                    .collect()
            }
        }
    }

    /// Which row it is, in the words of its key: `id 7`.
    pub fn row(&self, table: &TableInfo) -> String {
        match self.was() {
            Some(was) => key_words(table, was),
            None => "a new row".to_owned(),
        }
    }

    /// The change to be read: the request, and a line a column.
    pub fn preview(&self, table: &TableInfo) -> Vec<String> {
        let mut lines = vec![self.request(table)];
        for one in self.columns() {
            let kind = table
                .column(&one.column)
                .map_or(ColumnKind::Unknown, ColumnInfo::kind);
            let cell = |value: &Value| cell_text(kind, value, None).text;
            let name = text::harmless(&one.column).into_owned();
            lines.push(match (&one.old, &one.new) {
                (Some(old), Some(new)) => {
                    let (old, new) = window(&cell(old), &cell(new), (TOLD, TOLD), "…");
                    format!("  {name}: {old} → {new}")
                }
                (None, Some(new)) => format!("  {name}: {}", cell(new)),
                (Some(old), None) => format!(
                    "  - {name}: {}",
                    window(&cell(old), "", (TOLD, TOLD), "…").0
                ),
                (None, None) => continue,
            });
        }
        lines
    }

    /// The request in one line, as PostgREST gets it, without the address and the values of its conditions.
    pub fn request(&self, table: &TableInfo) -> String {
        let name = table.full_name().to_string();
        let name = text::harmless(&name);
        match self {
            Self::Insert { .. } => format!("POST {name}"),
            Self::Update { .. } => format!("PATCH {name}, the row {}", self.row(table)),
            Self::Delete { .. } => format!("DELETE {name}, the row {}", self.row(table)),
        }
    }
}

/// A row in the words of its key.
pub fn key_words(table: &TableInfo, row: &RowValues) -> String {
    let word = |name: &String| {
        let kind = table
            .column(name)
            .map_or(ColumnKind::Unknown, ColumnInfo::kind);
        let value = row.get(name).unwrap_or(&Value::Null);
        format!(
            "{} {}",
            text::harmless(name),
            cell_text(kind, value, None).text
        )
    };
    let words: Vec<String> = table.key.iter().map(word).collect();
    words.join(", ")
}

/// The conditions under which a row is the one that was read, by its key alone.
pub fn same_key(table: &TableInfo, row: &RowValues) -> Vec<Condition> {
    let key = table.key.iter().filter_map(|name| {
        let kind = table
            .column(name)
            .map_or(ColumnKind::Unknown, ColumnInfo::kind);
        condition(kind, name, row.get(name)?)
    });
    key.collect()
}

fn as_read(table: &TableInfo, was: &RowValues) -> AsRead {
    let mut found = AsRead {
        conditions: same_key(table, was),
        looked_at: Vec::new(),
    };
    let mut left = LONGEST_ALL;
    for (name, value) in was {
        if table.key.contains(name) {
            continue;
        }
        let kind = table
            .column(name)
            .map_or(ColumnKind::Unknown, ColumnInfo::kind);
        let length = match value {
            Value::String(text) => in_url(text),
            other => in_url(&other.to_string()),
        };
        match condition(kind, name, value) {
            Some(condition) if length <= LONGEST.min(left) => {
                left -= length;
                found.conditions.push(condition);
            }
            _ => found.looked_at.push(name.clone()),
        }
    }
    found
}

/// How long a text is as a part of a URL.
fn in_url(text: &str) -> usize {
    let length = |byte: u8| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            1
        } else {
            3
        }
    };
    text.bytes().map(length).sum()
}

/// That a column has a value; none where Postgres cannot compare its values, or writes them otherwise than it reads them.
fn condition(kind: ColumnKind, name: &str, value: &Value) -> Option<Condition> {
    let column = column_text(name);
    Some(match (kind, value) {
        // A document that is `null` comes as no value does.
        (ColumnKind::Jsonb, Value::Null) => Condition::Any(vec![
            Condition::IsNull {
                column: column.clone(),
            },
            Condition::compare(column, Op::Eq, "null"),
        ]),
        (_, Value::Null) => Condition::IsNull { column },
        (ColumnKind::Json | ColumnKind::Other | ColumnKind::Unknown | ColumnKind::Array, _) => {
            return None;
        }
        (ColumnKind::Jsonb, value) => Condition::compare(column, Op::Eq, value.to_string()),
        (_, Value::String(text)) => Condition::compare(column, Op::Eq, text),
        (_, Value::Number(_) | Value::Bool(_)) => {
            Condition::compare(column, Op::Eq, value.to_string())
        }
        (_, Value::Array(_) | Value::Object(_)) => return None,
    })
}

/// What differs between two readings of a row.
pub fn differences(one: &RowValues, other: &RowValues) -> Vec<ColumnChange> {
    let changed = one
        .iter()
        .filter(|(name, value)| other.get(*name) != Some(value));
    changed
        .map(|(name, old)| ColumnChange {
            column: name.clone(),
            old: Some(old.clone()),
            new: other.get(name).cloned(),
        })
        .collect()
}

/// One row must be told from every other.
fn keyed(table: &TableInfo, was: &RowValues) -> Result<(), Problem> {
    let has_value = |name: &String| was.get(name).is_some_and(|value| !value.is_null());
    let is_known = !table.key.is_empty() && table.key.iter().all(has_value);
    if is_known && same_key(table, was).len() == table.key.len() {
        return Ok(());
    }
    let name = table.full_name().to_string();
    Err(Problem::new(
        Kind::Usage,
        format!("A row of {} cannot be changed here.", text::harmless(&name)),
        if table.is_unknown() {
            "Nothing is known of the table, so that one row cannot be told from another."
        } else {
            "It has no key that tells one row from another."
        },
    )
    .with_hint(if table.is_unknown() {
        "Set SUPABASE_DB_URL or SUPABASE_ACCESS_TOKEN: then its key is known."
    } else {
        "Give it a primary key, or change it with SQL."
    }))
}

fn writable(column: &ColumnInfo, may: Option<bool>) -> Result<(), Problem> {
    let name = text::cell(&column.name).into_owned();
    if column.is_generated {
        return Err(Problem::new(
            Kind::Usage,
            format!("`{name}` cannot be given a value."),
            "The database always computes it.",
        ));
    }
    if may == Some(false) {
        return Err(Problem::new(
            Kind::Denied,
            format!("The identity may not write `{name}`."),
            "The role has no grant on this column.",
        ));
    }
    Ok(())
}

/// Reads a value as it is typed for a column: `null` without quotes is no value, anything in quotes is a text; the rest goes by
/// the type of the column. JSON and arrays are typed as JSON.
pub fn typed_value(column: &ColumnInfo, typed: &Typed) -> Result<Value, Problem> {
    let given = typed.text.as_str();
    if given == "null" && !typed.was_quoted {
        if !column.nullable {
            return Err(no_value(column, given, "it takes no null"));
        }
        return Ok(Value::Null);
    }
    let number = |is_whole: bool| -> Result<Value, Problem> {
        let trimmed = given.trim();
        let special = ["NaN", "Infinity", "-Infinity"];
        if !is_whole
            && let Some(word) = special
                .iter()
                .find(|word| word.eq_ignore_ascii_case(trimmed))
        {
            return Ok(Value::from(*word));
        }
        let number: Option<Number> = serde_json::from_str(trimmed).ok();
        let number = number.filter(|_| !is_whole || trimmed.parse::<i128>().is_ok());
        let what = if is_whole {
            "a whole number is wanted"
        } else {
            "a number is wanted"
        };
        number
            .map(Value::Number)
            .ok_or_else(|| no_value(column, given, what))
    };
    match column.kind() {
        ColumnKind::Integer(bits) => {
            let most = (1_i128 << (bits - 1)) - 1;
            match given.trim().parse::<i128>() {
                Ok(value) if !(-most - 1..=most).contains(&value) => Err(no_value(
                    column,
                    given,
                    &format!("it holds {} to {most}", -most - 1),
                )),
                _ => number(true),
            }
        }
        ColumnKind::Number => number(false),
        ColumnKind::Boolean => match given.trim().to_ascii_lowercase().as_str() {
            "true" | "t" | "yes" => Ok(Value::Bool(true)),
            "false" | "f" | "no" => Ok(Value::Bool(false)),
            _ => Err(no_value(column, given, "`true` or `false` is wanted")),
        },
        ColumnKind::Uuid => match uuid::Uuid::try_parse(given.trim()) {
            Ok(id) => Ok(Value::from(id.to_string())),
            Err(_) => Err(no_value(column, given, "a UUID is wanted")),
        },
        ColumnKind::Enum if !column.values.iter().any(|value| value == given) => {
            let values: Vec<_> = column
                .values
                .iter()
                .map(|value| text::cell(value))
                .collect();
            let problem = no_value(
                column,
                given,
                &format!("it is one of {}", values.join(", ")),
            );
            let near = column
                .values
                .iter()
                .map(|value| (edits(value, given), value));
            Err(match near.filter(|(edits, _)| *edits <= 2).min() {
                Some((_, meant)) => {
                    problem.with_hint(format!("Did you mean `{}`?", text::cell(meant)))
                }
                None => problem,
            })
        }
        // Postgres would read it in the zone of the connection, which nobody sees.
        ColumnKind::Moment if has_no_offset(given) => {
            Err(no_value(column, given, "its offset is missing")
                .with_hint("Give it, such as `2026-10-04 12:30+00`."))
        }
        ColumnKind::Json | ColumnKind::Jsonb => serde_json::from_str(given).map_err(|error| {
            let where_ = format!("it is no JSON: {error}");
            no_value(column, given, &where_)
                .with_hint("A text stands in double quotes inside JSON: '\"text\"'.")
        }),
        ColumnKind::Array => match serde_json::from_str(given) {
            Ok(value @ Value::Array(_)) => Ok(value),
            // Postgres' own form.
            _ if given.starts_with('{') && given.ends_with('}') => Ok(Value::from(given)),
            _ => Err(no_value(
                column,
                given,
                "a JSON array is wanted, such as [\"a\", \"b\"]",
            )),
        },
        _ => Ok(Value::from(given)),
    }
}

/// Whether a text is a day, or a day and a time, without the offset that makes a moment of it.
fn has_no_offset(text: &str) -> bool {
    let text = text.trim();
    let behind_day = text.get(10..).unwrap_or_default();
    let is_offset = |c: char| matches!(c, '+' | '-') || (c.is_ascii_alphabetic() && c != 'T');
    text.parse::<jiff::civil::DateTime>().is_ok() && !behind_day.contains(is_offset)
}

fn no_value(column: &ColumnInfo, given: &str, why: &str) -> Problem {
    let name = text::cell(&column.name).into_owned();
    Problem::new(
        Kind::Usage,
        format!("`{}` cannot be the value of {name}.", text::cell(given)),
        format!(
            "The column is of type {}, and {why}.",
            text::cell(&column.data_type)
        ),
    )
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::info::TableSource;
    use super::super::name::TableName;
    use super::*;
    use serde_json::json;

    fn column(name: &str, base_type: &str, values: &[&str]) -> ColumnInfo {
        ColumnInfo {
            name: name.to_owned(),
            data_type: base_type.to_owned(),
            base_type: base_type.to_owned(),
            nullable: name != "id",
            values: values.iter().map(|value| (*value).to_owned()).collect(),
            ..ColumnInfo::default()
        }
    }

    fn table() -> TableInfo {
        let mut made = column("made", "text", &[]);
        made.is_generated = true;
        let mut hidden = column("hidden", "text", &[]);
        hidden.may_update = Some(false);
        TableInfo {
            columns: vec![
                column("id", "bigint", &[]),
                column("qty", "smallint", &[]),
                column("price", "numeric", &[]),
                column("notes", "text", &[]),
                column("status", "status", &["planned", "done"]),
                column("data", "jsonb", &[]),
                column("raw", "json", &[]),
                column("tags", "text[]", &[]),
                column("off", "boolean", &[]),
                made,
                hidden,
            ],
            key: vec!["id".into()],
            source: TableSource::Database,
            ..TableInfo::unknown(&TableName::new("public", "t"))
        }
    }

    fn row(value: &Value) -> RowValues {
        value.as_object().unwrap().clone()
    }

    fn typed(name: &str, text: &str) -> Result<Value, Problem> {
        let was_quoted = text.len() > 1 && text.starts_with('\'');
        let text = text.trim_matches('\'').to_owned();
        typed_value(table().column(name).unwrap(), &Typed { text, was_quoted })
    }

    #[test]
    fn a_moment_is_typed_with_its_offset() {
        for (given, is_taken) in [
            ("2026-10-04 12:30+00", true),
            ("2026-10-04T12:30:00Z", true),
            ("2026-10-04T12:30:00.5-03:30", true),
            ("2026-10-04 12:30 Europe/Berlin", true),
            ("now", true),
            ("infinity", true),
            ("2026-10-04 12:30", false),
            ("2026-10-04T12:30:00", false),
            (" 2026-10-04 ", false),
        ] {
            let column = ColumnInfo {
                name: "at".into(),
                data_type: "timestamp with time zone".into(),
                base_type: "timestamp with time zone".into(),
                ..ColumnInfo::default()
            };
            let typed = Typed {
                text: given.to_owned(),
                was_quoted: false,
            };
            assert_eq!(typed_value(&column, &typed).is_ok(), is_taken, "{given}");
        }
    }

    #[test]
    fn a_value_is_as_long_as_it_is_in_a_url() {
        assert_eq!(in_url("ab-9"), 4);
        assert_eq!(in_url("ä b"), 10);
    }

    #[test]
    fn a_row_is_changed_only_while_it_is_as_it_was_read() {
        let was = row(&json!({
            "id": 7, "qty": 1, "price": null, "notes": "x".repeat(500), "status": "done",
            "data": {"a": 1}, "raw": {"a": 1}, "tags": ["x"], "off": true,
        }));
        let change = RowChange::update(&table(), was, row(&json!({"qty": 2})))
            .unwrap()
            .unwrap();
        let as_read = change.as_read(&table());
        assert_eq!(as_read.conditions[0], Condition::eq("id", "7"));
        let has = |condition: Condition| as_read.conditions.contains(&condition);
        assert!(has(Condition::eq("qty", "1")) && has(Condition::eq("status", "done")));
        assert!(
            has(Condition::IsNull {
                column: "price".into()
            }) && has(Condition::eq("off", "true"))
        );
        assert!(has(Condition::eq("data", "{\"a\":1}")));
        assert_eq!(as_read.looked_at, ["notes", "raw", "tags"]);
    }

    #[test]
    fn what_does_not_change_is_not_sent_and_what_cannot_is_refused() {
        let was = || row(&json!({"id": 7, "qty": 1, "notes": "x"}));
        let update = |values: Value| RowChange::update(&table(), was(), row(&values));
        assert_eq!(update(json!({"qty": 1})).unwrap(), None);
        let some = update(json!({"qty": 1, "notes": null})).unwrap().unwrap();
        assert_eq!(some.columns().len(), 1);
        assert_eq!(update(json!({"made": "x"})).unwrap_err().kind, Kind::Usage);
        assert_eq!(
            update(json!({"hidden": "x"})).unwrap_err().kind,
            Kind::Denied
        );
        assert_eq!(
            update(json!({"nothing": "x"})).unwrap_err().kind,
            Kind::Usage
        );
        let mut bare = table();
        bare.key.clear();
        assert!(RowChange::delete(&bare, was()).is_err());
        assert!(RowChange::delete(&table(), row(&json!({"qty": 1}))).is_err());
        assert!(
            RowChange::delete(&table(), was())
                .unwrap()
                .request(&table())
                .contains("DELETE t, the row id 7")
        );
    }

    #[test]
    fn values_are_typed_as_their_column_wants_them() {
        for (name, text, value) in [
            ("qty", "3", json!(3)),
            ("off", "yes", json!(true)),
            ("notes", "null", json!(null)),
            ("notes", "'null'", json!("null")),
            ("notes", "", json!("")),
            ("notes", "3", json!("3")),
            ("status", "done", json!("done")),
            ("data", "[1, {\"a\": null}]", json!([1, {"a": null}])),
            ("tags", "[\"a\"]", json!(["a"])),
            ("tags", "{a,b}", json!("{a,b}")),
            ("price", "nan", json!("NaN")),
        ] {
            assert_eq!(typed(name, text).unwrap(), value, "{name} {text}");
        }
        assert_eq!(
            typed("price", "12345678901234567890.10")
                .unwrap()
                .to_string(),
            "12345678901234567890.10"
        );
        for (name, text, told) in [
            ("qty", "3.5", "a whole number"),
            ("qty", "40000", "-32768 to 32767"),
            ("off", "maybe", "`true` or `false`"),
            ("status", "dome", "Did you mean `done`?"),
            ("data", "text", "no JSON"),
            ("tags", "a", "JSON array"),
            ("id", "null", "takes no null"),
        ] {
            let problem = typed(name, text).unwrap_err();
            let all = format!("{problem} {}", problem.hint.clone().unwrap_or_default());
            assert!(all.contains(told), "{name} {text}: {all}");
        }
    }
}
