//! The statements of a question in lines, with the lines about them, and which of it all must be read before the answer.

use super::must_read::{Extent, parts};
use crate::app::rows::clean;
use std::ops::Range;

/// From so many lines or bytes of statements on, only what has a risk must be read to the last word.
const LONG: (usize, usize) = (2_000, 128 << 10);

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
}

impl Script {
    /// Adds the head of a file above its statements.
    pub fn head(&mut self, text: &str) {
        if !self.lines.is_empty() {
            self.lines.push(String::new());
        }
        let begin = self.lines.len();
        let text = format!("-- {text}");
        self.lines.extend(clean(&text).lines().map(str::to_owned));
        self.said.push(begin..self.lines.len());
    }

    /// Adds a statement below its risks.
    pub fn statement(&mut self, risks: Vec<Vec<String>>, statement: &str) {
        let is_risky = !risks.is_empty();
        for risk in risks {
            let begin = self.lines.len();
            self.risks.push(begin);
            self.lines.extend(risk);
            self.said.push(begin..self.lines.len());
        }
        let begin = self.lines.len();
        let text = format!("{statement};");
        self.lines.extend(clean(&text).lines().map(str::to_owned));
        self.statements.push((begin..self.lines.len(), is_risky));
    }

    /// The bytes at which its statements begin, in its lines as one text.
    pub fn starts(&self, text: &str) -> Vec<usize> {
        let mut starts = vec![0];
        starts.extend(text.match_indices('\n').map(|(at, _)| at + 1));
        let statements = self.statements.iter();
        let start = |lines: &Range<usize>| starts.get(lines.start).copied().unwrap_or(text.len());
        statements.map(|(lines, _)| start(lines)).collect()
    }

    /// The bytes that must be read of its lines as one text, in order, and those at which risks begin.
    pub fn must_read(&self, text: &str) -> (Vec<Range<usize>>, Vec<usize>) {
        let mut starts = vec![0];
        starts.extend(text.match_indices('\n').map(|(at, _)| at + 1));
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
