//! Values as text for one line: JSON as it was written, bounded, harmless to draw. Nothing recursive.

use crate::domain::text;
use serde_json::Value;

/// The most characters of one value.
pub(super) const LONGEST: usize = 2_000;
/// How far into two long texts the first difference may be before the texts are shown from there.
const LOOK_BACK: usize = 60;

/// What is left to write of a value.
enum Piece<'a> {
    Text(&'static str),
    Key(&'a str),
    Value(&'a Value),
}

/// A value as JSON on one line, with `…` where it was cut.
pub(super) fn value(value: &Value) -> String {
    let mut out = String::new();
    let mut pieces = vec![Piece::Value(value)];
    while let Some(piece) = pieces.pop() {
        if out.len() > LONGEST * 4 {
            break;
        }
        match piece {
            Piece::Text(text) => out.push_str(text),
            Piece::Key(key) => {
                out.push_str(&quoted(key));
                out.push_str(": ");
            }
            Piece::Value(Value::String(text)) => out.push_str(&quoted(text)),
            Piece::Value(Value::Array(items)) => {
                out.push('[');
                pieces.push(Piece::Text("]"));
                // What will never be shown need not be put in line.
                let first = items.iter().take(LONGEST).enumerate();
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
                let some: Vec<_> = map.iter().take(LONGEST).enumerate().collect();
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
    bounded(&out)
}

/// The name of a key as it is drawn.
pub(super) fn key(name: &str) -> String {
    bounded(name)
}

/// Two different values as texts that differ: of long strings the part where they part.
pub(super) fn both(old: &Value, new: &Value) -> (String, String) {
    if let (Value::String(a), Value::String(b)) = (old, new) {
        let start = first_difference(a, b);
        if start > LOOK_BACK && a.chars().count().max(b.chars().count()) > LONGEST {
            let part = |text: &str| {
                let tail: String = text.chars().skip(start - LOOK_BACK).take(LONGEST).collect();
                bounded(&format!("…{}", quoted(&tail)))
            };
            return (part(a), part(b));
        }
    }
    (value(old), value(new))
}

fn first_difference(a: &str, b: &str) -> usize {
    a.chars().zip(b.chars()).take_while(|(x, y)| x == y).count()
}

/// A string as JSON writes it; of a huge one only as much as can be shown.
fn quoted(text: &str) -> String {
    match text.char_indices().nth(LONGEST + 1) {
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
