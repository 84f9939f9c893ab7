//! The term that asks for a value that a record has.

use super::{Side, quoted};
use crate::domain::audit::path;
use crate::domain::filter::condition::is_number;
use serde_json::Value;

/// The most characters of a text that are asked for; of a longer one its beginning is.
const LONGEST_VALUE: usize = 200;

/// The term for records that have a value at a path: this value, or where it is no single one, any.
pub fn holding(side: Side, path: &str, value: &Value) -> String {
    let side = side.word();
    match value {
        Value::Null => format!("{side}.{path}:null"),
        Value::Array(_) | Value::Object(_) => {
            format!("-{side}.{path}:null")
        }
        Value::String(text) if text.chars().count() > LONGEST_VALUE => {
            // A star would be any run of characters, and so it fits itself.
            let start: String = text.chars().take(LONGEST_VALUE).collect();
            format!("{side}.{path}~{}", path::quoted(&start, |_| false))
        }
        Value::String(text) => {
            let is_taken = text == "null" || is_number(text);
            let value = if is_taken {
                path::quoted(text, |_| false)
            } else {
                quoted(text)
            };
            format!("{side}.{path}:{value}")
        }
        leaf => format!("{side}.{path}:{leaf}"),
    }
}
