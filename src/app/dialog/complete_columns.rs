//! What can be typed next into the filter of a table: its columns, then values of the column, from its type and from the rows
//! that are held.

use super::complete::{Proposals, last_word};
use crate::app::screen::grid::Grid;
use crate::domain::audit::path::key_text;
use crate::domain::filter::text::quoted;
use crate::domain::table::column::{ColumnInfo, ColumnKind};
use serde_json::Value;

/// The most values that are looked at.
const MOST_SEEN: usize = 500;

/// Proposes how the text can go on.
pub(super) fn propose_columns(text: &str, grid: &Grid) -> Proposals {
    let word_start = last_word(text);
    let word = &text[word_start..];
    let sign = usize::from(word.starts_with('-'));
    let term = &word[sign..];
    let (start, typed, all) = match sign_of(term) {
        None => {
            let columns = grid.columns.iter();
            let columns = columns.map(|column| format!("{}:", key_text(&column.name)));
            (word_start + sign, term, columns.collect())
        }
        Some((at, width)) => {
            let values = &term[at + width..];
            let begin = values.rfind(',').map_or(0, |at| at + 1);
            let start = word_start + sign + at + width + begin;
            (start, &values[begin..], of_column(&term[..at], grid))
        }
    };
    Proposals::beginning_with(typed, start, all)
}

/// The first sign outside quotes, and its width.
fn sign_of(term: &str) -> Option<(usize, usize)> {
    let mut is_quoted = false;
    let mut chars = term.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' if is_quoted => drop(chars.next()),
            '"' => is_quoted = !is_quoted,
            ':' | '=' | '~' | '>' | '<' | '!' if !is_quoted => {
                let width = if term[at + 1..].starts_with('=') {
                    2
                } else {
                    1
                };
                return Some((at, width));
            }
            _ => {}
        }
    }
    None
}

fn of_column(key: &str, grid: &Grid) -> Vec<String> {
    let Some(at) = grid
        .columns
        .iter()
        .position(|column| key_text(&column.name) == key)
    else {
        return Vec::new();
    };
    let column = &grid.columns[at];
    let mut options = of_type(column);
    // What the rows in view have, in the order of its frequency there.
    let mut seen: Vec<(String, usize)> = Vec::new();
    for row in grid.rows.held().into_iter().flatten() {
        let text = match row.values.get(at) {
            Some(Value::String(text)) if !text.is_empty() && text.chars().count() <= 40 => {
                quoted(text)
            }
            Some(Value::Number(number)) => number.to_string(),
            _ => continue,
        };
        match seen.iter().position(|(own, _)| *own == text) {
            Some(at) => seen[at].1 += 1,
            None if seen.len() < MOST_SEEN => seen.push((text, 1)),
            None => {}
        }
    }
    seen.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let seen = seen.into_iter().map(|(text, _)| text);
    let is_new = |text: &String| !options.contains(text);
    let seen: Vec<String> = seen.filter(is_new).collect();
    options.extend(seen);
    options
}

fn of_type(column: &ColumnInfo) -> Vec<String> {
    let words = |words: &[&str]| {
        words
            .iter()
            .map(|word| (*word).to_owned())
            .collect::<Vec<_>>()
    };
    let mut options = match column.kind() {
        ColumnKind::Boolean => words(&["true", "false"]),
        ColumnKind::Enum => column.values.iter().map(|value| quoted(value)).collect(),
        ColumnKind::Date | ColumnKind::LocalTime | ColumnKind::Moment => {
            words(&["1h", "1d", "7d", "30d", "today", "yesterday"])
        }
        ColumnKind::Uuid => words(&["me"]),
        _ => Vec::new(),
    };
    if column.nullable {
        options.push("null".to_owned());
    }
    options
}
