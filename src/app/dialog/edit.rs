//! The line in which a value of a row is typed. It is read as the column wants it; nothing is sent: the change is marked, and written
//! with the others.

use super::DialogResult;
use crate::app::browse;
use crate::app::command::Command;
use crate::app::field::Field;
use crate::app::key::{Code, Key};
use crate::app::model::Model;
use crate::app::screen::grid::EditedRow;
use crate::domain::audit::path::quoted;
use crate::domain::filter::text::{Typed, unquoted};
use crate::domain::problem::Problem;
use crate::domain::table::change::typed_value;
use crate::domain::table::column::{ColumnInfo, ColumnKind};
use serde_json::Value;

/// The longest text that is edited in a line.
const LONGEST: usize = 2_000;

/// A value being typed.
#[derive(Debug, Clone, PartialEq)]
pub struct EditForm {
    /// The row that the value is for, as it was read when the line was opened.
    pub row: EditedRow,
    /// The column.
    pub column: ColumnInfo,
    /// What is typed.
    pub field: Field,
    /// What the column takes, in a line.
    pub help: String,
    /// The values that the arrow keys go through: of an enum, of a boolean.
    pub choices: Vec<String>,
    /// Why it cannot be the value.
    pub problem: Option<String>,
}

impl EditForm {
    /// A line that starts with the value there is. None where it cannot be typed in a line.
    pub fn new(row: EditedRow, column: &ColumnInfo, value: Option<&Value>) -> Option<Self> {
        let text = match value {
            None => String::new(),
            Some(Value::Null) => "null".to_owned(),
            Some(Value::String(text)) => as_typed(column, text),
            Some(other) => other.to_string(),
        };
        if text.len() > LONGEST || text.contains(['\n', '\r', '\t']) {
            return None;
        }
        let mut choices = match column.kind() {
            ColumnKind::Boolean => vec!["true".to_owned(), "false".to_owned()],
            ColumnKind::Enum => column
                .values
                .iter()
                .map(|value| as_typed(column, value))
                .collect(),
            _ => Vec::new(),
        };
        if !choices.is_empty() && column.nullable {
            choices.push("null".to_owned());
        }
        Some(Self {
            row,
            help: help(column),
            column: column.clone(),
            field: Field::with(&text),
            choices,
            problem: None,
        })
    }

    /// The value that is typed.
    pub fn value(&self) -> Result<Value, Problem> {
        let text = self.field.text();
        let is_document = matches!(
            self.column.kind(),
            ColumnKind::Json | ColumnKind::Jsonb | ColumnKind::Array
        );
        let is_quoted = text.len() >= 2 && text.starts_with('"') && text.ends_with('"');
        let typed = if is_quoted && !is_document {
            unquoted(text)?
        } else {
            Typed {
                text: text.to_owned(),
                was_quoted: false,
            }
        };
        typed_value(&self.column, &typed)
    }

    /// Puts the next of the choices in place.
    fn choose(&mut self, by: isize) {
        let count = self.choices.len() as isize;
        if count == 0 {
            return;
        }
        let at = self
            .choices
            .iter()
            .position(|choice| choice == self.field.text());
        let next = match at {
            Some(at) => (at as isize + by).rem_euclid(count),
            None if by > 0 => 0,
            None => count - 1,
        };
        self.field = Field::with(&self.choices[next as usize]);
    }

    pub(super) fn press(
        &mut self,
        key: Key,
        command: Option<Command>,
        model: &mut Model,
    ) -> DialogResult {
        match command {
            Some(Command::Cancel) => return DialogResult::Close(Vec::new()),
            Some(Command::Confirm) => match self.value() {
                Ok(value) => {
                    let name = self.column.name.clone();
                    return match browse::stage_value(model, &self.row, &name, value) {
                        Ok(effects) => DialogResult::Close(effects),
                        Err(problem) => {
                            self.problem = Some(said(&problem));
                            DialogResult::Stay(Vec::new())
                        }
                    };
                }
                Err(problem) => self.problem = Some(said(&problem)),
            },
            Some(Command::NextField) => self.choose(1),
            Some(Command::PreviousField) => self.choose(-1),
            _ if matches!(key.code, Code::Up | Code::Down) => {}
            _ => {
                if self.field.press(key) {
                    self.problem = None;
                }
            }
        }
        DialogResult::Stay(Vec::new())
    }
}

/// A text as it has to be typed: in quotes where it would be taken for no value, or loses quotes of its own.
fn as_typed(column: &ColumnInfo, text: &str) -> String {
    let is_text = !matches!(
        column.kind(),
        ColumnKind::Json | ColumnKind::Jsonb | ColumnKind::Array
    );
    let has_quotes = text.starts_with('"') && text.ends_with('"');
    if is_text && (text == "null" || has_quotes) {
        return quoted(text, |_| false);
    }
    if is_text {
        return text.to_owned();
    }
    Value::from(text).to_string()
}

fn help(column: &ColumnInfo) -> String {
    let null = if column.nullable {
        "; null is no value, in quotes it is the text"
    } else {
        ""
    };
    let kind = match column.kind() {
        ColumnKind::Enum | ColumnKind::Boolean => "the arrow keys go through its values",
        ColumnKind::Json | ColumnKind::Jsonb => "JSON",
        ColumnKind::Array => "a JSON array",
        ColumnKind::Integer(_) => "a whole number",
        ColumnKind::Number => "a number",
        ColumnKind::Date => "a day, such as 2026-10-04",
        ColumnKind::LocalTime => "a time, such as 2026-10-04 12:30",
        ColumnKind::Moment => "a time with its offset, such as 2026-10-04 12:30+00",
        ColumnKind::Uuid => "a UUID",
        ColumnKind::Bytes => "bytes, such as \\x00ff",
        _ => "text",
    };
    format!("{kind}{null}")
}

fn said(problem: &Problem) -> String {
    match &problem.hint {
        Some(hint) => format!("{hint} {problem}"),
        None => problem.to_string(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use serde_json::json;

    fn column(base_type: &str) -> ColumnInfo {
        ColumnInfo {
            name: "x".into(),
            data_type: base_type.into(),
            base_type: base_type.into(),
            nullable: true,
            ..ColumnInfo::default()
        }
    }

    #[test]
    fn a_value_that_is_not_touched_stays_what_it_is() {
        for (base_type, value) in [
            ("text", json!("plain")),
            ("text", json!("null")),
            ("text", json!("\"quoted\"")),
            ("text", json!("half\"")),
            ("text", json!("")),
            ("text", json!(null)),
            ("text", json!("  blanks ")),
            ("jsonb", json!({"a": [1, "x"]})),
            ("jsonb", json!("a text")),
            ("json", json!("null")),
            ("text[]", json!(["a", "b,c"])),
            ("numeric", serde_json::from_str("12.50").unwrap()),
            ("boolean", json!(true)),
            ("integer", json!(-3)),
        ] {
            let form = EditForm::new(EditedRow::Draft, &column(base_type), Some(&value)).unwrap();
            assert_eq!(
                form.value().unwrap(),
                value,
                "{base_type} {}",
                form.field.text()
            );
        }
    }

    #[test]
    fn what_has_several_lines_is_not_edited_in_one() {
        assert_eq!(
            EditForm::new(EditedRow::Draft, &column("text"), Some(&json!("a\nb"))),
            None
        );
        assert_eq!(
            EditForm::new(
                EditedRow::Draft,
                &column("text"),
                Some(&json!("x".repeat(5_000)))
            ),
            None
        );
    }
}
