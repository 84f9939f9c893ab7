//! The statements of a question in lines, with the lines about them, and which of it all must be read before the answer.

use super::must_read::{Extent, parts};
use crate::app::rows::clean;
use crate::domain::plural::counted;
use std::ops::Range;

/// From so many lines or bytes of statements on, only what has a risk must be read to the last word.
const LONG: (usize, usize) = (2_000, 128 << 10);
/// In a long script so many lines that do nothing by themselves, one behind the other, are told in one line.
const PASSED_OVER: usize = 20;

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

    /// The same with less to scroll through where it is long: rows of an `insert`, comments and blank lines are told by
    /// their number. What runs otherwise stays line by line, whatever it is.
    pub fn outlined(self) -> Self {
        let bytes: usize = self.lines.iter().map(|line| line.len() + 1).sum();
        if self.lines.len() <= LONG.0 && bytes <= LONG.1 {
            return self;
        }
        // How many lines from each on are told in one.
        let mut passed_over = vec![0; self.lines.len()];
        for (lines, _) in &self.statements {
            let text = self.lines[lines.clone()].join("\n");
            let mut needed = parts(&text, Extent::All).into_iter().peekable();
            let (mut start, mut run) = (0, lines.start..lines.start);
            for at in lines.clone() {
                let end = start + self.lines[at].len();
                while needed.next_if(|part| part.end <= start).is_some() {}
                let is_needed = needed.peek().is_some_and(|part| part.start < end);
                start = end + 1;
                if is_needed {
                    passed_over[run.start.min(at)] = run.len();
                    run = at + 1..at + 1;
                } else {
                    run.end = at + 1;
                }
            }
        }
        self.without(&passed_over)
    }

    /// The same with one line in place of those that are told by their number.
    fn without(self, passed_over: &[usize]) -> Self {
        let mut lines = Vec::new();
        let mut now = Vec::with_capacity(self.lines.len() + 1);
        let mut left = 0;
        for (line, count) in self.lines.into_iter().zip(passed_over) {
            if left == 0 && *count >= PASSED_OVER {
                left = *count;
                let what = counted(*count, "line");
                now.push(lines.len());
                lines.push(format!(
                    "-- {what} of rows, comments and blanks are not shown here."
                ));
            } else if left == 0 {
                now.push(lines.len());
                lines.push(line);
            } else {
                now.push(lines.len() - 1);
            }
            left = left.saturating_sub(1);
        }
        now.push(lines.len());
        let moved = |range: &Range<usize>| now[range.start]..now[range.end].max(now[range.start]);
        Self {
            said: self.said.iter().map(moved).collect(),
            statements: self
                .statements
                .iter()
                .map(|(range, is_risky)| (moved(range), *is_risky))
                .collect(),
            risks: self.risks.iter().map(|line| now[*line]).collect(),
            is_unknown: self.is_unknown,
            lines,
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn script(statements: &[String]) -> Script {
        let mut script = Script::default();
        script.head("migration 1 x");
        for statement in statements {
            script.statement(Vec::new(), statement);
        }
        script
    }

    #[test]
    fn rows_of_a_long_script_are_counted_and_what_runs_among_them_is_not() {
        let row = |n: usize| match n {
            2_000 => "(2000, drop_all()),".to_owned(),
            n => format!("({n}, 'drop table a;'),"),
        };
        let rows: Vec<String> = (0..4_000).map(row).collect();
        let insert = format!("insert into a values\n{}\n(9, null)", rows.join("\n"));
        let outlined =
            script(&["create table a ()".into(), insert, "drop table b".into()]).outlined();
        let text = outlined.lines.join("\n");
        assert!(outlined.lines.len() < 20, "{}", outlined.lines.len());
        for part in [
            "create table a ();",
            "insert into a values",
            "drop_all()",
            "drop table b;",
            "2000 lines",
        ] {
            assert!(text.contains(part), "{part}\n{text}");
        }
        let starts = outlined.starts(&text);
        assert!(text[starts[1]..].starts_with("insert into a"));
        assert!(text[starts[2]..].starts_with("drop table b"));
        // What must be read is still all there is that runs.
        let (needed, _) = outlined.must_read(&text);
        let needed: Vec<&str> = needed.into_iter().map(|part| &text[part]).collect();
        assert!(
            needed.iter().any(|part| part.contains("drop_all")),
            "{needed:?}"
        );
    }

    #[test]
    fn a_short_script_stays_whole_and_one_that_nobody_could_read_keeps_all_that_runs() {
        let rows = vec!["(1),"; 500].join("\n");
        let short = script(&[format!("insert into a values\n{rows}\n(2)")]);
        let count = short.lines.len();
        assert_eq!(short.outlined().lines.len(), count);
        let rows = vec!["(1),"; 5_000].join("\n");
        let mut unknown = script(&[format!("insert into a values\n{rows}\n(2)")]);
        unknown.is_unknown = true;
        let lines = unknown.outlined().lines;
        assert_eq!(lines.len(), 4, "{lines:?}");
    }
}
