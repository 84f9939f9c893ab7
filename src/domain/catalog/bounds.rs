//! Reads `week_no >= 1 AND week_no <= 12` out of check constraints, so that a Zod schema refuses what the database would.
//! Only plain conjunctions are read; whatever else a check says is left to the database.

use super::Relation;
use super::json_kind::JsonKind;
use crate::domain::sql::name::always_quoted;
use std::fmt::Write as _;

/// What the checks of a table say about one of its columns.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Bounds {
    /// `>=`, `>`, `<=` and `<` as methods of Zod, each with a number literal.
    pub(super) limits: Vec<(&'static str, String)>,
    /// Which of NaN, Infinity and -Infinity the checks refuse. To Postgres, NaN is greater than every number.
    refused: [bool; 3],
}

/// What is no number in JSON.
const WORDS: [&str; 3] = ["NaN", "Infinity", "-Infinity"];

/// What the checks of a table say about one of its columns.
pub(super) fn bounds(relation: &Relation, column: &str) -> Bounds {
    let mut bounds = Bounds::default();
    for check in &relation.checks {
        let mut check = check.clone();
        for of in ["numeric", "double precision", "real"] {
            for word in WORDS {
                check = check.replace(&format!("'{word}'::{of}"), word);
            }
            check = check.replace(&format!("::{of}"), "");
        }
        if !is_plain(&check) {
            continue;
        }
        let inside = check.strip_prefix("CHECK ").unwrap_or(&check);
        let quoted = always_quoted(column);
        for part in inside.split(" AND ") {
            let part = part.trim_matches(['(', ')']);
            let name = part
                .strip_prefix(column)
                .or_else(|| part.strip_prefix(&quoted));
            let comparison = name.and_then(|rest| rest.strip_prefix(' '));
            let words: Vec<_> = comparison.unwrap_or_default().split(' ').collect();
            if let [sign, value] = words[..] {
                bounds.take(sign, value.trim_matches(['(', ')']));
            }
        }
    }
    bounds
}

impl Bounds {
    fn take(&mut self, sign: &str, value: &str) {
        let word = WORDS.iter().position(|&word| word == value);
        let [nan, above, below] = &mut self.refused;
        match (sign, word) {
            ("<", Some(0)) => *nan = true,
            ("<", Some(1)) | ("<=", Some(2)) => (*nan, *above) = (true, true),
            ("<=", Some(1)) => *nan = true,
            (">", Some(2)) | (">=", Some(1)) => *below = true,
            ("<>", Some(0)) => *nan = true,
            ("<>", Some(1)) => *above = true,
            ("<>", Some(2)) => *below = true,
            _ => {
                let Some(value) = number(value) else { return };
                let method = match sign {
                    ">=" => "min",
                    ">" => "gt",
                    "<=" => "max",
                    "<" => "lt",
                    _ => return,
                };
                if sign.starts_with('>') {
                    *below = true;
                } else {
                    (*nan, *above) = (true, true);
                }
                self.limits.retain(|(other, _)| *other != method);
                self.limits.push((method, value));
            }
        }
    }

    /// The Zod schema of a number within these bounds; nothing where they say nothing.
    pub(super) fn schema(&self, kind: JsonKind<'_>, is_read: bool) -> Option<String> {
        let says_nothing = self.limits.is_empty() && !self.refused.contains(&true);
        let start = match kind {
            _ if says_nothing => return None,
            JsonKind::Int2 => "int2",
            JsonKind::Int4 => "int4",
            JsonKind::Int8 | JsonKind::Number => "z.number()",
            _ => return None,
        };
        let mut schema = start.to_owned();
        for (method, value) in &self.limits {
            let _ = write!(schema, ".{method}({value})");
        }
        if kind == JsonKind::Int8 {
            schema.push_str(".refine(Number.isInteger, \"Invalid integer\")");
        }
        let possible: Vec<_> = WORDS
            .iter()
            .zip(self.refused)
            .filter(|(_, is_refused)| !is_refused)
            .map(|(word, _)| format!("\"{word}\""))
            .collect();
        if kind == JsonKind::Number && is_read && !possible.is_empty() {
            let possible = possible.join(", ");
            schema = format!("z.union([{schema}, beyond({possible})])");
        }
        Some(schema)
    }
}

/// Whether a check is a conjunction of comparisons: no string, no other operator, no call that could turn one around.
fn is_plain(check: &str) -> bool {
    let is_word = |word: &str| {
        check
            .split(|c: char| !c.is_alphanumeric())
            .any(|one| one == word)
    };
    let has_call = check
        .split('(')
        .rev()
        .skip(1)
        .any(|before| before.ends_with(|c: char| c.is_alphanumeric() || c == '_'));
    !check.contains('\'')
        && !has_call
        && !["OR", "NOT", "CASE", "IS", "INHERIT"]
            .into_iter()
            .any(is_word)
}

/// A literal such as `12` or `(0)::numeric` as a number of JavaScript.
fn number(literal: &str) -> Option<String> {
    let bare = literal.split("::").next()?.trim_matches(['(', ')']);
    bare.parse::<serde_json::Number>()
        .ok()
        .map(|_| bare.to_owned())
}
