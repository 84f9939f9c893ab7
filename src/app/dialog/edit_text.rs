//! A value of a row that is typed in the user's editor: a long text, a document, an array. It is read as the column wants it; one that
//! cannot be the value is not lost, but can be gone on with.

use crate::app::command::Command;
use crate::app::screen::grid::EditedRow;
use crate::domain::deep_json::holds_marker;
use crate::domain::filter::text::Typed;
use crate::domain::problem::{Kind, Problem};
use crate::domain::table::change::typed_value;
use crate::domain::table::column::{ColumnInfo, ColumnKind};
use crate::domain::text::harmless;
use serde_json::Value;

/// A value in the user's editor.
#[derive(Debug, Clone, PartialEq)]
pub struct TextEdit {
    /// The row that the value is for, as it was read when the editor was opened.
    pub row: EditedRow,
    /// The column.
    pub column: ColumnInfo,
    /// What stands in the editor's file.
    pub text: String,
    /// What stood there at first.
    before: String,
}

/// A text that cannot be the value, and why.
#[derive(Debug, Clone, PartialEq)]
pub struct RefusedText {
    /// The text.
    pub edit: TextEdit,
    /// Why.
    pub problem: String,
}

/// What a key asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// Nothing.
    Nothing,
    /// The text is dropped.
    Close,
    /// The text is edited once more.
    Again,
}

impl RefusedText {
    /// Takes a key.
    pub(super) fn press(command: Option<Command>) -> Asked {
        match command {
            Some(Command::Cancel) => Asked::Close,
            Some(Command::Confirm) => Asked::Again,
            _ => Asked::Nothing,
        }
    }
}

impl TextEdit {
    /// The value of a column of a row, to be edited.
    pub fn new(
        row: EditedRow,
        column: &ColumnInfo,
        value: Option<&Value>,
    ) -> Result<Self, Problem> {
        if value.is_some_and(holds_marker) {
            return Err(Problem::new(
                Kind::Usage,
                format!("`{}` cannot be edited.", harmless(&column.name)),
                "It is nested too deeply to be held whole.",
            ));
        }
        let text = match value {
            None | Some(Value::Null) => String::new(),
            Some(Value::String(text)) if !is_document(column) => text.clone(),
            Some(other) => serde_json::to_string_pretty(other).unwrap_or_default(),
        };
        Ok(Self {
            row,
            column: column.clone(),
            before: text.clone(),
            text,
        })
    }

    /// How the name of the editor's file ends, so that the editor knows what it is.
    pub fn suffix(&self) -> &'static str {
        if is_document(&self.column) {
            ".json"
        } else {
            ".txt"
        }
    }

    /// Takes what the editor left. Editors end the last line of a file: that is of the value only where it was before.
    pub fn edited(&mut self, text: String) {
        self.text = text;
        if !self.before.ends_with('\n') {
            let end = self.text.strip_suffix("\r\n");
            let end = end.filter(|_| !self.before.ends_with('\r'));
            let end = end.or_else(|| self.text.strip_suffix('\n'));
            self.text.truncate(end.map_or(self.text.len(), str::len));
        }
    }

    /// Whether it is as it was.
    pub fn is_same(&self) -> bool {
        self.text == self.before
    }

    /// The value that was typed.
    pub fn value(&self) -> Result<Value, Problem> {
        // In a file of its own the word `null` is a text where texts are wanted.
        let is_text = matches!(
            self.column.kind(),
            ColumnKind::Text | ColumnKind::Unknown | ColumnKind::Other
        );
        let text = if is_text {
            self.text.clone()
        } else {
            self.text.trim().to_owned()
        };
        let typed = Typed {
            text,
            was_quoted: is_text,
        };
        typed_value(&self.column, &typed)
    }
}

/// Whether the values of the column are written as JSON.
fn is_document(column: &ColumnInfo) -> bool {
    matches!(
        column.kind(),
        ColumnKind::Json | ColumnKind::Jsonb | ColumnKind::Array
    )
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use serde_json::json;

    fn edit(base_type: &str, value: &Value) -> TextEdit {
        let column = ColumnInfo {
            name: "x".into(),
            data_type: base_type.into(),
            base_type: base_type.into(),
            nullable: true,
            ..ColumnInfo::default()
        };
        TextEdit::new(EditedRow::Draft, &column, Some(value)).unwrap()
    }

    #[test]
    fn what_the_editor_left_as_it_was_is_no_change() {
        for (base_type, value) in [
            ("text", json!("one\ntwo")),
            ("text", json!("ends\n")),
            ("text", json!("null")),
            ("text", json!("\"quoted\"")),
            ("text", json!("")),
            ("jsonb", json!({"a": [1, {"b": null}]})),
            ("jsonb", json!("a text")),
            ("text[]", json!(["a", "b\nc"])),
            ("numeric", serde_json::from_str("12.50").unwrap()),
        ] {
            let mut edit = edit(base_type, &value);
            let text = edit.text.clone();
            // As editors do.
            let saved = if text.ends_with('\n') {
                text
            } else {
                format!("{text}\n")
            };
            edit.edited(saved);
            assert!(edit.is_same(), "{base_type} {value}");
            assert_eq!(edit.value().unwrap(), value);
        }
    }

    #[test]
    fn a_text_is_taken_as_it_is_and_a_document_is_read() {
        let mut text = edit("text", &json!("a"));
        text.edited("b\n\n".to_owned());
        assert_eq!(
            (text.value().unwrap(), text.suffix()),
            (json!("b\n"), ".txt")
        );
        let mut text = edit("text", &json!("a\r"));
        text.edited("a\r\n".to_owned());
        assert!(text.is_same(), "{text:?}");
        let mut document = edit("jsonb", &json!({"a": 1}));
        document.edited("{\n  \"a\": 2\n}\r\n".to_owned());
        assert_eq!(document.value().unwrap(), json!({"a": 2}));
        assert_eq!(document.suffix(), ".json");
        document.edited("{\"a\": ".to_owned());
        assert!(document.value().is_err());
        let mut list = edit("text[]", &json!(["a"]));
        list.edited("a, b".to_owned());
        assert!(list.value().is_err());
        // The form of Postgres is one too.
        list.edited("{a,b}\n".to_owned());
        assert_eq!(list.value().unwrap(), json!("{a,b}"));
    }
}
