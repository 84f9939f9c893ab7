//! The statements of a question in lines, with the notes of their risks above them. Of megabytes an outline: a statement with a risk or
//! of a few words stands there as it is, any other is a line of its own, hundreds of a kind are one.

use crate::app::outline::OUTLINE_FROM;
use crate::app::rows::clean;
use crate::domain::lint::holds_only_values;
use crate::domain::plural::grouped;
use crate::domain::sql::outline::{Entry, Outline, Piece};
use crate::domain::table::cell::size;
use crate::domain::text::cell;
use std::ops::Range;

/// What a line of an outline stands for: where the line begins, and the statements.
pub(super) type Outlined = (usize, Vec<Piece>);

/// What will run.
#[derive(Debug, Default)]
pub(super) struct Script {
    /// In lines.
    pub lines: Vec<String>,
    /// The lines of statements.
    statements: Vec<Range<usize>>,
    /// The lines of the notes of risks.
    risks: Vec<Range<usize>>,
    /// Whether nobody looked for risks, so that its end must be seen in any case.
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
        let text = format!("-- {text}");
        self.lines.extend(clean(&text).lines().map(str::to_owned));
    }

    /// Adds a statement below its risks.
    pub fn statement(&mut self, risks: Vec<Vec<String>>, piece: Piece) {
        if self.is_outline && risks.is_empty() && self.may_be_told(&piece) {
            self.waiting.push(piece);
            return;
        }
        self.finish();
        for risk in risks {
            let begin = self.lines.len();
            self.lines.extend(risk);
            self.risks.push(begin..self.lines.len());
        }
        self.whole(&piece);
    }

    /// Adds a statement as it is.
    fn whole(&mut self, piece: &Piece) {
        let begin = self.lines.len();
        let text = format!("{};", &*piece.sql);
        self.lines.extend(clean(&text).lines().map(str::to_owned));
        self.statements.push(begin..self.lines.len());
    }

    /// Whether a few words can stand for a statement. Where nobody looked for risks, they can where it holds nothing but rows.
    fn may_be_told(&self, piece: &Piece) -> bool {
        !self.is_unknown || holds_only_values(&piece.sql)
    }

    /// Gives the statements that are told by an outline their lines.
    pub fn finish(&mut self) {
        let outline = Outline::of(std::mem::take(&mut self.waiting));
        for entry in &outline.entries {
            let (told, stands_for) = match entry {
                Entry::Statement(at) if outline.pieces[*at].is_short() => {
                    self.whole(&outline.pieces[*at]);
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
        let whole = self.statements.iter().map(|lines| (lines.start, 1));
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

    /// The bytes of the notes of risks, in its lines as one text, in order.
    pub fn risks(&self, text: &str) -> Vec<Range<usize>> {
        let starts = line_starts(text);
        let start = |line: usize| starts.get(line).copied().unwrap_or(text.len());
        let bytes = |lines: &Range<usize>| {
            let end = match starts.get(lines.end) {
                Some(next) => next - 1,
                None => text.len(),
            };
            start(lines.start).min(end)..end
        };
        self.risks.iter().map(bytes).collect()
    }
}

/// The bytes at which the lines of a text begin.
fn line_starts(text: &str) -> Vec<usize> {
    let ends = text.match_indices('\n').map(|(at, _)| at + 1);
    std::iter::once(0).chain(ends).collect()
}
