//! A row of a table as an INSERT statement: its names and values as Postgres reads them, whatever they hold.

use super::column::{ColumnInfo, ColumnKind};
use crate::domain::problem::{Kind, Problem};
use crate::domain::text;
use serde_json::Value;

/// A text in quotes that mean the same under every setting.
pub fn quoted(text: &str) -> String {
    let inner = text.replace('\'', "''");
    if inner.contains('\\') {
        return format!("E'{}'", inner.replace('\\', "\\\\"));
    }
    format!("'{inner}'")
}

/// A value of a column. What cannot be written without knowing more of its type is refused.
pub fn literal(column: &ColumnInfo, value: &Value) -> Result<String, Problem> {
    let is_document = matches!(column.kind(), ColumnKind::Json | ColumnKind::Jsonb);
    Ok(match value {
        // A document that is `null` comes as no value does; only where that cannot be, it is the document.
        Value::Null if is_document && !column.nullable => "'null'".to_owned(),
        Value::Null => "null".to_owned(),
        value if is_document => quoted(&value.to_string()),
        Value::Bool(is) => is.to_string(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => quoted(text),
        Value::Array(parts) if column.kind() == ColumnKind::Array => {
            let holds_documents = matches!(column.base_type.as_str(), "json[]" | "jsonb[]");
            let array = array(parts, holds_documents).ok_or_else(|| unwritable(column))?;
            quoted(&array)
        }
        Value::Array(_) | Value::Object(_) => return Err(unwritable(column)),
    })
}

/// An array as Postgres writes it; none where a part is of a type that is not known here.
fn array(parts: &[Value], holds_documents: bool) -> Option<String> {
    let element = |text: &str| {
        let inner = text.replace('\\', "\\\\").replace('"', "\\\"");
        format!("\"{inner}\"")
    };
    let part = |part: &Value| match part {
        Value::Null => Some("NULL".to_owned()),
        part if holds_documents => Some(element(&part.to_string())),
        Value::Bool(is) => Some(is.to_string()),
        Value::Number(number) => Some(number.to_string()),
        Value::String(text) => Some(element(text)),
        Value::Array(parts) => array(parts, false),
        Value::Object(_) => None,
    };
    let parts: Option<Vec<String>> = parts.iter().map(part).collect();
    Some(format!("{{{}}}", parts?.join(",")))
}

fn unwritable(column: &ColumnInfo) -> Problem {
    let of = if column.data_type.is_empty() {
        "Its type is not known here".to_owned()
    } else {
        format!("It is of type {}", text::cell(&column.data_type))
    };
    Problem::new(
        Kind::Usage,
        format!(
            "The column `{}` cannot be written as SQL.",
            text::cell(&column.name)
        ),
        format!("{of}, whose values come as objects and arrays of JSON."),
    )
    .with_hint("Leave it out with --select, or take --format jsonl.")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn column(base_type: &str, nullable: bool) -> ColumnInfo {
        ColumnInfo {
            name: "x\u{1b}\"".into(),
            data_type: base_type.into(),
            base_type: base_type.into(),
            nullable,
            ..ColumnInfo::default()
        }
    }

    #[test]
    fn each_value_is_written_as_its_column_reads_it() {
        for (base, value, sql) in [
            ("text", json!("it's \\ x"), "E'it''s \\\\ x'"),
            ("text", json!(null), "null"),
            ("bigint", json!(-7), "-7"),
            ("boolean", json!(true), "true"),
            ("jsonb", json!("x"), "'\"x\"'"),
            ("jsonb", json!({"a": ["'"]}), "'{\"a\":[\"''\"]}'"),
            ("jsonb", json!(null), "null"),
            (
                "text[]",
                json!(["a\"b", "c\\", null, "NULL", ""]),
                "E'{\"a\\\\\"b\",\"c\\\\\\\\\",NULL,\"NULL\",\"\"}'",
            ),
            ("integer[]", json!([[1, 2], [3, 4]]), "'{{1,2},{3,4}}'"),
            (
                "jsonb[]",
                json!([{"a": 1}, [1]]),
                "E'{\"{\\\\\"a\\\\\":1}\",\"[1]\"}'",
            ),
        ] {
            assert_eq!(literal(&column(base, true), &value).unwrap(), sql, "{base}");
        }
        assert_eq!(
            literal(&column("jsonb", false), &json!(null)).unwrap(),
            "'null'"
        );
    }

    #[test]
    fn what_needs_more_knowledge_is_refused_and_not_guessed() {
        for (base, value) in [
            ("point_pair", json!({"a": 1})),
            ("point_pair[]", json!([{"a": 1}])),
            ("", json!(["a"])),
        ] {
            let problem = literal(&column(base, true), &value).unwrap_err();
            assert!(!problem.to_string().contains('\u{1b}'), "{problem}");
        }
    }

    proptest! {
        #[test]
        fn a_text_is_one_token_of_sql(text in "[a'\\\\;$\"\n-]{0,16}") {
            for sql in [quoted(&text), crate::domain::sql::name::always_quoted(&text)] {
                let tokens: Vec<_> = crate::domain::sql::lexer::tokens(&sql).collect();
                prop_assert_eq!(tokens.len(), 1, "{}", sql);
                prop_assert!(tokens[0].closed);
            }
        }
    }
}
