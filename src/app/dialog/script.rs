//! The statements of a question in lines, with the lines about them, and which of it all must be read before the answer. Of megabytes
//! an outline: a statement with a risk or of a few words stands there as it is, any other is a line of its own, hundreds of a kind are one.

use super::must_read::{Extent, parts};
use crate::app::outline::OUTLINE_FROM;
use crate::app::rows::clean;
use crate::domain::plural::grouped;
use crate::domain::sql::outline::{Entry, Outline, Piece};
use crate::domain::table::cell::size;
use crate::domain::text::cell;
use std::ops::Range;

/// From so many lines or bytes of statements on, only what has a risk must be read to the last word.
const LONG: (usize, usize) = (2_000, 128 << 10);

/// Where nobody looked for risks, a line stands for a statement only where its rows begin within so many bytes.
const HEAD: usize = 200;

/// What a line of an outline stands for: where the line begins, and the statements.
pub(super) type Outlined = (usize, Vec<Piece>);

/// What will run.
#[derive(Debug, Default)]
pub(super) struct Script {
    /// In lines.
    pub lines: Vec<String>,
    /// The lines of heads and of risks.
    said: Vec<Range<usize>>,
    /// The lines of statements, and whether they have a risk.
    statements: Vec<(Range<usize>, bool)>,
    /// The lines at which risks begin.
    pub risks: Vec<usize>,
    /// Whether nobody looked for risks, so that all of it must be read.
    pub is_unknown: bool,
    /// Whether it is shown by its outline.
    is_outline: bool,
    /// The lines of the outline, with what they stand for.
    outlined: Vec<Outlined>,
    /// Statements that have no lines yet.
    waiting: Vec<Piece>,
}

impl Script {
    /// One whose statements have so many bytes.
    pub fn of_bytes(bytes: usize) -> Self {
        Self {
            is_outline: bytes > OUTLINE_FROM,
            ..Self::default()
        }
    }

    /// Adds the head of a file above its statements.
    pub fn head(&mut self, text: &str) {
        self.finish();
        if !self.lines.is_empty() {
            self.lines.push(String::new());
        }
        let begin = self.lines.len();
        let text = format!("-- {text}");
        self.lines.extend(clean(&text).lines().map(str::to_owned));
        self.said.push(begin..self.lines.len());
    }

    /// Adds a statement below its risks.
    pub fn statement(&mut self, risks: Vec<Vec<String>>, piece: Piece) {
        if self.is_outline && risks.is_empty() && self.may_be_told(&piece) {
            self.waiting.push(piece);
            return;
        }
        self.finish();
        let is_risky = !risks.is_empty();
        for risk in risks {
            let begin = self.lines.len();
            self.risks.push(begin);
            self.lines.extend(risk);
            self.said.push(begin..self.lines.len());
        }
        self.whole(&piece, is_risky);
    }

    /// Adds a statement as it is.
    fn whole(&mut self, piece: &Piece, is_risky: bool) {
        let begin = self.lines.len();
        let text = format!("{};", &*piece.sql);
        self.lines.extend(clean(&text).lines().map(str::to_owned));
        self.statements.push((begin..self.lines.len(), is_risky));
    }

    /// Whether a few words can stand for a statement. Where nobody looked for risks, they can where nothing but rows follows.
    fn may_be_told(&self, piece: &Piece) -> bool {
        let ends_in_values = || {
            let mut needed = parts(&piece.sql, Extent::All);
            // The last character of a statement is always among them.
            needed.pop_if(|part| part.end == piece.sql.len() && part.len() == 1);
            let end = needed.last().map_or(0, |part| part.end);
            end <= HEAD && piece.sql[..end].to_ascii_lowercase().ends_with("values")
        };
        !self.is_unknown || ends_in_values()
    }

    /// Gives the statements that are told by an outline their lines.
    pub fn finish(&mut self) {
        let outline = Outline::of(std::mem::take(&mut self.waiting));
        for entry in &outline.entries {
            let (told, stands_for) = match entry {
                Entry::Statement(at) if outline.pieces[*at].is_short() => {
                    self.whole(&outline.pieces[*at], false);
                    continue;
                }
                Entry::Statement(at) => {
                    let piece = &outline.pieces[*at];
                    let (told, size) = (piece.told(), size(piece.bytes() as u64));
                    let told = format!("line {}: {told}, {size}", piece.line);
                    (told, vec![piece.clone()])
                }
                Entry::Group(at) => {
                    let group = &outline.groups[*at];
                    let pieces = group.statements.iter().map(|at| &outline.pieces[*at]);
                    let pieces: Vec<Piece> = pieces.cloned().collect();
                    let first = pieces.first().map_or(1, |piece| piece.line);
                    let (count, size) = (grouped(pieces.len() as u64), size(group.bytes as u64));
                    let told = group.deed.told();
                    let told = format!("from line {first} on: {told}, {count} statements, {size}");
                    (told, pieces)
                }
            };
            let begin = self.lines.len();
            self.lines.push(format!("-- {}", cell(&told)));
            self.said.push(begin..begin + 1);
            self.outlined.push((begin, stands_for));
        }
    }

    /// Whether lines of it stand for statements.
    pub fn has_outline(&self) -> bool {
        !self.outlined.is_empty()
    }

    /// What the lines of the outline stand for, by the bytes at which they begin in its lines as one text.
    pub fn outlined(&self, text: &str) -> Vec<Outlined> {
        let starts = line_starts(text);
        let lines = self.outlined.iter();
        let start = |line: usize| starts.get(line).copied().unwrap_or(text.len());
        lines
            .map(|(line, pieces)| (start(*line), pieces.clone()))
            .collect()
    }

    /// The bytes at which its statements begin, in its lines as one text. Those of a line of the outline all begin there.
    pub fn starts(&self, text: &str) -> Vec<usize> {
        let starts = line_starts(text);
        let start = |line: usize| starts.get(line).copied().unwrap_or(text.len());
        let whole = self.statements.iter().map(|(lines, _)| (lines.start, 1));
        let told = self
            .outlined
            .iter()
            .map(|(line, pieces)| (*line, pieces.len()));
        let mut lines: Vec<(usize, usize)> = whole.chain(told).collect();
        lines.sort_unstable();
        let all = lines.into_iter();
        all.flat_map(|(line, count)| std::iter::repeat_n(start(line), count))
            .collect()
    }

    /// The bytes that must be read of its lines as one text, in order, and those at which risks begin.
    pub fn must_read(&self, text: &str) -> (Vec<Range<usize>>, Vec<usize>) {
        let starts = line_starts(text);
        let start = |line: usize| starts.get(line).copied().unwrap_or(text.len());
        let bytes = |lines: &Range<usize>| {
            let end = match starts.get(lines.end) {
                Some(next) => next - 1,
                None => text.len(),
            };
            start(lines.start).min(end)..end
        };
        let all = self.statements.iter();
        let line_count: usize = all.map(|(lines, _)| lines.len()).sum();
        let is_long = line_count > LONG.0 || text.len() > LONG.1;
        let mut needed: Vec<Range<usize>> = self.said.iter().map(bytes).collect();
        for (lines, is_risky) in &self.statements {
            let bytes = bytes(lines);
            let extent = if is_long && !is_risky && !self.is_unknown {
                Extent::Outline
            } else {
                Extent::All
            };
            let found = parts(&text[bytes.clone()], extent).into_iter();
            needed.extend(found.map(|part| bytes.start + part.start..bytes.start + part.end));
        }
        needed.sort_unstable_by_key(|part| part.start);
        (needed, self.risks.iter().map(|line| start(*line)).collect())
    }
}

/// The bytes at which the lines of a text begin.
fn line_starts(text: &str) -> Vec<usize> {
    let ends = text.match_indices('\n').map(|(at, _)| at + 1);
    std::iter::once(0).chain(ends).collect()
}
