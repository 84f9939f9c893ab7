//! The text of a value in a list: on one line, with what is no text told apart from text.

use super::column::ColumnKind;
use crate::domain::audit::path::quoted;
use crate::domain::text;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::Value;

/// What a cell shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CellText {
    /// The text, harmless and bounded.
    pub text: String,
    /// Whether it stands for a value and is not the value: no value, a text without any letter, bytes.
    pub is_sign: bool,
}

/// The text of a value. Moments are told in the zone, where one is given; else as they came.
pub fn cell_text(kind: ColumnKind, value: &Value, zone: Option<&TimeZone>) -> CellText {
    let plain = |text: &str| CellText {
        text: text::cell(text).into_owned(),
        is_sign: false,
    };
    let sign = |text: String| CellText {
        text,
        is_sign: true,
    };
    match value {
        Value::Null => sign("null".to_owned()),
        Value::Bool(is) => plain(&is.to_string()),
        Value::Number(number) => plain(&number.to_string()),
        Value::String(text) if text.is_empty() => sign("\"\"".to_owned()),
        Value::String(text) => match (kind, zone) {
            (ColumnKind::Bytes, _) => match byte_count(text) {
                Some(count) => sign(size(count)),
                None => plain(text),
            },
            (ColumnKind::Moment, Some(zone)) => plain(&local(text, zone)),
            // A text that reads like the sign for no value.
            _ if text == "null" || text.trim().is_empty() => plain(&quoted(text, |_| false)),
            _ => plain(text),
        },
        Value::Array(_) | Value::Object(_) => plain(&folded(value)),
    }
}

/// A document on one line, cut where a cell ends anyway: ten megabytes are not written out for eighty columns.
fn folded(value: &Value) -> String {
    let mut out = String::new();
    fold(value, &mut out);
    out
}

fn fold(value: &Value, out: &mut String) {
    if out.len() > text::CELL_LIMIT {
        return;
    }
    match value {
        Value::Array(parts) => {
            out.push('[');
            for (at, part) in parts.iter().enumerate() {
                if at > 0 {
                    out.push_str(", ");
                }
                fold(part, out);
                if out.len() > text::CELL_LIMIT {
                    return;
                }
            }
            out.push(']');
        }
        Value::Object(parts) => {
            out.push('{');
            for (at, (key, part)) in parts.iter().enumerate() {
                if at > 0 {
                    out.push_str(", ");
                }
                out.push_str(key);
                out.push_str(": ");
                fold(part, out);
                if out.len() > text::CELL_LIMIT {
                    return;
                }
            }
            out.push('}');
        }
        Value::String(text) => {
            let cut: String = text.chars().take(text::CELL_LIMIT).collect();
            out.push_str(&quoted(&cut, |_| false));
        }
        other => out.push_str(&other.to_string()),
    }
}

/// A moment in a zone, to the second, or finer where it is; what is no moment stays as it is.
fn local(text: &str, zone: &TimeZone) -> String {
    match text.parse::<Timestamp>() {
        Ok(at) => {
            let at = at.to_zoned(zone.clone());
            at.strftime("%Y-%m-%d %H:%M:%S%.f").to_string()
        }
        Err(_) => text.to_owned(),
    }
}

/// How many bytes `\x…` stands for.
fn byte_count(text: &str) -> Option<u64> {
    let digits = text.strip_prefix("\\x")?;
    Some(digits.len() as u64 / 2)
}

/// A size in bytes as people read it.
pub fn size(bytes: u64) -> String {
    let units = [
        (1 << 40, "TB"),
        (1 << 30, "GB"),
        (1 << 20, "MB"),
        (1 << 10, "kB"),
    ];
    match units.into_iter().find(|(unit, _)| bytes >= *unit) {
        None if bytes == 1 => "1 byte".to_owned(),
        None => format!("{bytes} bytes"),
        Some((unit, name)) => {
            let tenths = bytes.saturating_mul(10) / unit;
            if tenths < 100 {
                format!("{}.{} {name}", tenths / 10, tenths % 10)
            } else {
                format!("{} {name}", bytes / unit)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn shown(kind: ColumnKind, value: &Value) -> String {
        let cell = cell_text(kind, value, Some(&TimeZone::fixed(jiff::tz::offset(2))));
        format!("{}{}", cell.text, if cell.is_sign { " (sign)" } else { "" })
    }

    #[test]
    fn no_value_no_letter_and_the_text_null_are_told_apart() {
        let text = |value: Value| shown(ColumnKind::Text, &value);
        assert_eq!(text(json!(null)), "null (sign)");
        assert_eq!(text(json!("")), "\"\" (sign)");
        assert_eq!(text(json!("null")), "\"null\"");
        assert_eq!(text(json!("  ")), "\"  \"");
        assert_eq!(text(json!("a\nb\u{1b}[2J")), "a⏎b␛[2J");
    }

    #[test]
    fn each_kind_has_its_form() {
        assert_eq!(
            shown(ColumnKind::Bytes, &json!("\\x00ff10")),
            "3 bytes (sign)"
        );
        assert_eq!(
            shown(ColumnKind::Moment, &json!("2025-10-04T10:30:00.25+00:00")),
            "2025-10-04 12:30:00.25"
        );
        assert_eq!(shown(ColumnKind::Moment, &json!("infinity")), "infinity");
        let document = json!({"a": [1, "x\"y"], "b": null});
        assert_eq!(
            shown(ColumnKind::Jsonb, &document),
            "{a: [1, \"x\\\"y\"], b: null}"
        );
        let number: Value =
            serde_json::from_str("12345678901234567890.123456789").unwrap_or_default();
        assert_eq!(
            shown(ColumnKind::Number, &number),
            "12345678901234567890.123456789"
        );
    }

    #[test]
    fn a_large_document_is_not_written_out() {
        let large = json!(vec!["x".repeat(1_000); 10_000]);
        let cell = cell_text(ColumnKind::Jsonb, &large, None);
        assert!(cell.text.chars().count() <= text::CELL_LIMIT + 1);
    }

    #[test]
    fn sizes_have_two_or_three_digits() {
        for (bytes, text) in [
            (0, "0 bytes"),
            (1, "1 byte"),
            (1_536, "1.5 kB"),
            (12_582_912, "12 MB"),
            (u64::MAX, "16777215 TB"),
        ] {
            assert_eq!(size(bytes), text);
        }
    }
}
