//! JSON that is nested more deeply than a recursive reader can follow: what lies too deep becomes a text that says so.

use serde_json::Value;
use sha2::{Digest, Sha256};
use std::fmt::Write as _;

/// How many levels are kept. The reader stops at 128; an answer has two around each row's values.
const LEVELS: usize = 100;

/// The document with each array and object below `LEVELS` replaced by a text with its size and digest, so that two that
/// differ still do. Reads the bytes once and never recurses.
pub fn flattened(json: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(json.len().min(1 << 20));
    let (mut depth, mut is_string, mut deep_from) = (0_usize, false, None);
    let mut at = 0;
    while at < json.len() {
        let byte = json[at];
        let mut end = at + 1;
        match byte {
            b'\\' if is_string => end = (at + 2).min(json.len()),
            b'"' => is_string = !is_string,
            b'[' | b'{' if !is_string => {
                if depth == LEVELS {
                    deep_from = Some(at);
                }
                depth += 1;
            }
            b']' | b'}' if !is_string => {
                depth = depth.saturating_sub(1);
                if depth == LEVELS
                    && let Some(from) = deep_from.take()
                {
                    out.extend(marker(&json[from..end]).into_bytes());
                    at = end;
                    continue;
                }
            }
            _ => {}
        }
        if deep_from.is_none() {
            out.extend_from_slice(&json[at..end]);
        }
        at = end;
    }
    out
}

fn marker(deep: &[u8]) -> String {
    let mut digest = String::new();
    for byte in Sha256::digest(deep).iter().take(8) {
        let _ = write!(digest, "{byte:02x}");
    }
    format!(
        "\"{MARKER}{LEVELS} levels, {} bytes, SHA-256 {digest}…)\"",
        deep.len()
    )
}

/// How the text in place of what lies too deep begins.
const MARKER: &str = "(not shown: nested deeper than ";

/// Whether a value, or a part of it, is a text in place of what was nested too deeply: it is not the value that is there.
pub fn holds_marker(value: &Value) -> bool {
    match value {
        Value::String(text) => text.starts_with(MARKER),
        Value::Array(parts) => parts.iter().any(holds_marker),
        Value::Object(parts) => parts.values().any(holds_marker),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;
    use serde_json::Value;

    fn nested(levels: usize, inside: &str) -> String {
        format!("{}{inside}{}", "[".repeat(levels), "]".repeat(levels))
    }

    #[test]
    fn what_lies_too_deep_is_named_and_the_rest_stays() {
        let text = format!(
            "[{{\"a\":\"]}}\\\"[\",\"b\":{},\"c\":1}}]",
            nested(5_000, "\"x\"")
        );
        let rows: Vec<Value> = serde_json::from_slice(&flattened(text.as_bytes())).unwrap();
        assert_eq!(rows[0]["a"], "]}\"[");
        assert_eq!(rows[0]["c"], 1);
        assert!(
            rows[0]["b"]
                .to_string()
                .contains("nested deeper than 100 levels")
        );
        let other = flattened(text.replace('x', "y").as_bytes());
        assert_ne!(flattened(text.as_bytes()), other);
    }

    #[test]
    fn a_hundred_levels_are_kept() {
        let text = nested(LEVELS, "1");
        assert_eq!(flattened(text.as_bytes()), text.as_bytes());
    }

    proptest! {
        #[test]
        fn shallow_documents_are_kept(text in "[\\[\\]{}\",:a1\\\\ ]{0,60}") {
            // Fewer than 100 signs of any kind cannot be too deep.
            prop_assert_eq!(flattened(text.as_bytes()), text.as_bytes());
        }
    }
}
