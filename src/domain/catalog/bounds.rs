//! Reads `week_no >= 1 AND week_no <= 12` out of check constraints, so that a Zod schema refuses what the database would.
//! Only plain conjunctions are read; whatever else a check says is left to the database.

use super::Relation;

/// The least and the greatest value of a column, as number literals.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Bounds {
    /// `>=`
    pub(super) min: Option<String>,
    /// `<=`
    pub(super) max: Option<String>,
}

/// What the checks of a table say about one of its columns.
pub(super) fn bounds(relation: &Relation, column: &str) -> Bounds {
    let mut bounds = Bounds::default();
    for check in &relation.checks {
        let check = check.replace("'Infinity'::numeric", "Infinity");
        if !is_plain(&check) {
            continue;
        }
        let inside = check.strip_prefix("CHECK ").unwrap_or(&check);
        for part in inside.split(" AND ") {
            let part = part.trim_matches(['(', ')']);
            let words: Vec<_> = part.split(' ').collect();
            let [name, sign, value] = words[..] else {
                continue;
            };
            let Some(value) = number(value).filter(|_| name == column) else {
                continue;
            };
            match sign {
                ">=" => bounds.min = Some(value),
                "<=" => bounds.max = Some(value),
                _ => {}
            }
        }
    }
    bounds
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
    !check.contains('\'') && !has_call && !["OR", "NOT", "CASE", "IS"].into_iter().any(is_word)
}

/// A literal such as `12` or `(0)::numeric` as a number of JavaScript.
fn number(literal: &str) -> Option<String> {
    let bare = literal.split("::").next()?.trim_matches(['(', ')']);
    bare.parse::<serde_json::Number>()
        .ok()
        .map(|_| bare.to_owned())
}
