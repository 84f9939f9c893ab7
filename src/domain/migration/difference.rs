//! The difference between a file and what was applied from it: statement by statement, and line by line inside those
//! that changed. `-` is what was applied, `+` what the file says.

use super::State;
use super::history::comparable;
use crate::domain::sql::split::statements;
use crate::domain::sql::statement_kind::significant;
use serde::Serialize;
use similar::{Algorithm, DiffOp, capture_diff_slices};
use std::collections::HashMap;

/// More than this many on both sides together, between the equal ends, are not aligned: they count as replaced.
const MOST_ALIGNED: usize = 6_000;

/// The difference of one version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// The version.
    pub version: String,
    /// Its name.
    pub name: String,
    /// Its state.
    pub state: State,
    /// Whether file and history say different things.
    pub differs: bool,
    /// Whether they differ in comments and blanks alone.
    pub only_comments: bool,
    /// Every statement of both sides, in order.
    pub statements: Vec<Piece>,
    /// What the reader must know beside it.
    pub note: Option<String>,
}

/// What became of a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// On both sides.
    Same,
    /// In the file alone.
    Added,
    /// Applied, and no longer in the file.
    Removed,
    /// On both sides, in other words.
    Changed,
}

/// One statement of either side.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Piece {
    /// What became of it.
    pub change: Change,
    /// Its number among those applied, from 1.
    pub applied: Option<usize>,
    /// Its number in the file, from 1.
    pub file: Option<usize>,
    /// Its lines; empty for one that is the same.
    pub lines: Vec<Line>,
}

/// One line of a statement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Line {
    /// ` ` on both sides, `-` applied, `+` in the file.
    pub sign: char,
    /// The text, as it is.
    pub text: String,
}

/// The statements of both sides, compared.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Comparison {
    /// Every statement of both sides, in order.
    pub pieces: Vec<Piece>,
    /// Whether they differ in comments and blanks alone.
    pub only_comments: bool,
}

/// Compares what was applied with the text of a file.
pub fn compare(applied: &[String], file: &str) -> Comparison {
    let old = comparable(applied);
    let new = comparable(&statements(file));
    let pieces = align(&old, &new)
        .into_iter()
        .map(|(before, after)| piece(&old, &new, before, after))
        .collect();
    let only_comments = old != new && meaning(&old) == meaning(&new);
    Comparison {
        pieces,
        only_comments,
    }
}

impl Comparison {
    /// Whether the sides say different things.
    pub fn differs(&self) -> bool {
        self.pieces.iter().any(|piece| piece.change != Change::Same)
    }
}

/// What an edited file has beyond what was applied, and what it lacks: by meaning, wherever a statement stands.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Beyond {
    /// Statements of the file that were not applied, in order.
    pub added: Vec<String>,
    /// Statements that were applied and are no longer in the file, in order.
    pub dropped: Vec<String>,
}

/// Tells what an edited file has beyond what was applied.
pub fn beyond(applied: &[String], file: &str) -> Beyond {
    let old = comparable(applied);
    let new = comparable(&statements(file));
    Beyond {
        added: without(&new, &old),
        dropped: without(&old, &new),
    }
}

/// The statements of one side that the other does not have, each counted as often as it stands there.
fn without(these: &[String], those: &[String]) -> Vec<String> {
    let mut there: HashMap<Vec<&str>, usize> = HashMap::new();
    for statement in those {
        *there.entry(words(statement)).or_default() += 1;
    }
    these
        .iter()
        .filter(|statement| {
            let words = words(statement);
            if words.is_empty() {
                return false;
            }
            match there.get_mut(&words) {
                Some(count) if *count > 0 => {
                    *count -= 1;
                    false
                }
                _ => true,
            }
        })
        .cloned()
        .collect()
}

/// What a statement says to the server.
fn words(statement: &str) -> Vec<&str> {
    significant(statement)
        .map(|token| token.text(statement))
        .collect()
}

fn meaning(statements: &[String]) -> Vec<Vec<&str>> {
    let words = statements.iter().map(|statement| words(statement));
    words.filter(|words| !words.is_empty()).collect()
}

type Place = Option<usize>;

/// Which element is which, in order; elements that took each other's place are paired.
fn align(old: &[String], new: &[String]) -> Vec<(Place, Place)> {
    let mut pairs = Vec::with_capacity(old.len().max(new.len()));
    for op in operations(old, new) {
        let (_, before, after) = op.as_tag_tuple();
        let (before_len, after_len) = (before.len(), after.len());
        for at in 0..before_len.max(after_len) {
            pairs.push((
                (at < before_len).then(|| before.start + at),
                (at < after_len).then(|| after.start + at),
            ));
        }
    }
    pairs
}

/// The operations that make one side into the other. Time is bounded: what is too much to align is replaced as a whole.
fn operations<T: Eq + std::hash::Hash + Ord>(old: &[T], new: &[T]) -> Vec<DiffOp> {
    let start = old.iter().zip(new).take_while(|(a, b)| a == b).count();
    let end = old[start..]
        .iter()
        .rev()
        .zip(new[start..].iter().rev())
        .take_while(|(a, b)| a == b)
        .count();
    let (old_len, new_len) = (old.len() - start - end, new.len() - start - end);
    if old_len + new_len <= MOST_ALIGNED {
        return capture_diff_slices(Algorithm::Myers, old, new);
    }
    let equal = |old_index, new_index, len| DiffOp::Equal {
        old_index,
        new_index,
        len,
    };
    vec![
        equal(0, 0, start),
        DiffOp::Replace {
            old_index: start,
            old_len,
            new_index: start,
            new_len,
        },
        equal(start + old_len, start + new_len, end),
    ]
}

fn piece(old: &[String], new: &[String], before: Place, after: Place) -> Piece {
    let text = |side: &[String], at: Place| at.and_then(|at| side.get(at).cloned());
    let (applied, file) = (text(old, before), text(new, after));
    let (change, lines) = match (&applied, &file) {
        (Some(applied), Some(file)) if applied == file => (Change::Same, Vec::new()),
        (Some(applied), Some(file)) => (Change::Changed, lines(applied, file)),
        (Some(applied), None) => (Change::Removed, lines(applied, "")),
        (None, file) => (
            Change::Added,
            lines("", file.as_deref().unwrap_or_default()),
        ),
    };
    Piece {
        change,
        applied: before.map(|at| at + 1),
        file: after.map(|at| at + 1),
        lines,
    }
}

fn lines(old: &str, new: &str) -> Vec<Line> {
    let split = |text: &'_ str| -> Vec<String> {
        let lines = text.split('\n').map(str::to_owned);
        lines.filter(|_| !text.is_empty()).collect()
    };
    let (old, new) = (split(old), split(new));
    let mut lines = Vec::new();
    for op in operations(&old, &new) {
        let (tag, before, after) = op.as_tag_tuple();
        let mut add = |sign: char, texts: &[String]| {
            let signed = texts.iter().map(|text| Line {
                sign,
                text: text.clone(),
            });
            lines.extend(signed);
        };
        if tag == similar::DiffTag::Equal {
            add(' ', &old[before]);
        } else {
            add('-', &old[before]);
            add('+', &new[after]);
        }
    }
    lines
}

#[cfg(test)]
mod tests;
