//! Values as text for one line: JSON as it was written, bounded, harmless to draw. Nothing recursive.

use super::super::path;
use super::look_alike::told_apart;
use super::window::window;
use crate::domain::text;
use serde_json::Value;

/// The most characters of one value.
pub(super) const LONGEST: usize = 2_000;

/// What is left to write of a value.
enum Piece<'a> {
    Text(&'static str),
    Key(&'a str),
    Value(&'a Value),
}

/// A value as JSON on one line, with `…` where it was cut.
pub(super) fn value(value: &Value) -> String {
    bounded(&written(value, LONGEST))
}

/// A value as JSON on one line, or its beginning: at least `most` characters, and no string in it much longer.
fn written(value: &Value, most: usize) -> String {
    let mut out = String::new();
    let mut pieces = vec![Piece::Value(value)];
    while let Some(piece) = pieces.pop() {
        if out.len() / 4 > most {
            break;
        }
        match piece {
            Piece::Text(text) => out.push_str(text),
            Piece::Key(key) => {
                out.push_str(&quoted(key, most));
                out.push_str(": ");
            }
            Piece::Value(Value::String(text)) => out.push_str(&quoted(text, most)),
            Piece::Value(Value::Array(items)) => {
                out.push('[');
                pieces.push(Piece::Text("]"));
                // What will never be shown need not be put in line.
                let first = items.iter().take(most).enumerate();
                let some: Vec<_> = first.collect();
                for (index, item) in some.into_iter().rev() {
                    pieces.push(Piece::Value(item));
                    if index > 0 {
                        pieces.push(Piece::Text(", "));
                    }
                }
            }
            Piece::Value(Value::Object(map)) => {
                out.push('{');
                pieces.push(Piece::Text("}"));
                let some: Vec<_> = map.iter().take(most).enumerate().collect();
                for (index, (key, item)) in some.into_iter().rev() {
                    pieces.push(Piece::Value(item));
                    pieces.push(Piece::Key(key));
                    if index > 0 {
                        pieces.push(Piece::Text(", "));
                    }
                }
            }
            Piece::Value(leaf) => out.push_str(&leaf.to_string()),
        }
    }
    out
}

/// The name of a key as part of a path; with everything escaped that is not ASCII where it looks like another.
pub(super) fn key(name: &str, is_look_alike: bool) -> String {
    let text = if is_look_alike {
        path::quoted(name, |c| !c.is_ascii() || c.is_ascii_control())
    } else {
        path::key_text(name)
    };
    bounded(&text)
}

/// Two different values as texts that differ, also in their looks: of long ones the part where they part.
pub(super) fn both(old: &Value, new: &Value) -> (String, String) {
    let (old, new) = (written(old, usize::MAX), written(new, usize::MAX));
    let (old, new) = window(&old, &new, (LONGEST, LONGEST), "…");
    told_apart(&old, &new)
}

/// A string as JSON writes it; of a huge one only as much as can be shown.
fn quoted(text: &str, most: usize) -> String {
    match text.char_indices().nth(most.saturating_add(1)) {
        None => Value::from(text).to_string(),
        Some((cut, _)) => Value::from(&text[..cut]).to_string(),
    }
}

fn bounded(text: &str) -> String {
    match text.char_indices().nth(LONGEST) {
        None => text::harmless(text).into_owned(),
        Some((cut, _)) => format!("{}…", text::harmless(&text[..cut])),
    }
}
