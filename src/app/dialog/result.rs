//! How a run ended, as lines that can be read again.

use super::outcome::{self, Ended, FileRow};
use crate::app::keymap::Fault;
use crate::app::wrap::wrap;
use crate::domain::migration::{Direction, Outcome, StepEnd};
use crate::domain::plural::counted;
use crate::domain::problem::{Kind, Problem};
use crate::domain::seed::SeedOutcome;

/// The meaning of a line; the theme decides how it looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// Went well.
    Ok,
    /// Did not run, or wants attention.
    Warn,
    /// Failed.
    Danger,
    /// Plain text.
    Text,
    /// Less important.
    Muted,
    /// What comes next.
    Accent,
}

/// A result on screen.
#[derive(Debug, Clone, PartialEq)]
pub struct ResultView {
    /// The heading.
    pub title: String,
    /// Whether everything went well.
    pub is_good: bool,
    /// What there is to read.
    pub lines: Vec<(Tone, String)>,
    /// What stopped it, for a program that ends before anybody could read.
    pub problem: Option<Problem>,
}

/// Lines of a result that are kept: a seed may have one for each of a hundred thousand statements.
const SHOWN_LINES: usize = 2_000;

impl ResultView {
    /// The result of a migration run.
    pub fn migrated(what: &str, outcome: &Outcome) -> Self {
        let problem = outcome.problem.as_ref();
        let rows = outcome.steps.iter().map(|step| {
            let ended = Ended {
                end: step.end,
                is_cancelled: problem.is_some_and(Problem::is_cancelled),
                is_rollback: step.direction == Direction::Rollback,
            };
            let took = format!("{} ms", step.took.as_millis());
            let name = format!("{} {}", step.version, step.name);
            FileRow {
                line: ended.line(&name, &took),
                ended,
                name: step.name.clone(),
                notes: step.notices.clone(),
            }
        });
        let (is_good, history) = (outcome.is_complete(), outcome.history.as_deref());
        Self::finish(what, is_good, rows.collect(), problem, history)
    }

    /// The result of a seed run.
    pub fn seeded(what: &str, outcome: &SeedOutcome) -> Self {
        let problem = outcome.problem.as_ref();
        let rows = outcome.steps.iter().map(|step| {
            let ended = Ended {
                end: step.end,
                is_cancelled: problem.is_some_and(Problem::is_cancelled),
                is_rollback: false,
            };
            let count = usize::try_from(step.rows).unwrap_or(usize::MAX);
            let count = format!("{} changed", counted(count, "row"));
            FileRow {
                line: ended.line(&step.path, &count),
                ended,
                name: step.path.clone(),
                notes: step.changes.iter().chain(&step.notices).cloned().collect(),
            }
        });
        let is_good =
            problem.is_none() && outcome.steps.iter().all(|step| step.end == StepEnd::Done);
        Self::finish(what, is_good, rows.collect(), problem, None)
    }

    /// A change of files or of the history that was made.
    pub fn fixed(what: &str) -> Self {
        let lines = vec![(Tone::Ok, "Done; checked against the database.".to_owned())];
        Self::of(format!("{what}: done"), true, lines, None)
    }

    /// What is wrong with the user's file of keys, a line a fault.
    pub fn keymap(path: &str, faults: &[Fault]) -> Self {
        let title = format!("Keys: {}", counted(faults.len(), "fault"));
        let mut lines = vec![(Tone::Text, path.to_owned()), (Tone::Text, String::new())];
        lines.extend(
            faults
                .iter()
                .map(|fault| (Tone::Danger, format!("line {}: {}", fault.line, fault.what))),
        );
        lines.push((Tone::Text, String::new()));
        let rest = "The other lines count. `supadeck keys` shows the keys in use.";
        lines.push((Tone::Muted, rest.to_owned()));
        Self::of(title, false, lines, None)
    }

    /// A failure before anything was tried.
    pub fn failed(what: &str, problem: &Problem) -> Self {
        Self::finish(what, false, Vec::new(), Some(problem), None)
    }

    /// What matters stands first, however many files there are: the sum, what stopped it and what the history says now.
    fn finish(
        what: &str,
        is_good: bool,
        rows: Vec<FileRow>,
        problem: Option<&Problem>,
        history: Option<&[String]>,
    ) -> Self {
        let mut parts: Vec<Vec<(Tone, String)>> = vec![outcome::sum(&rows).into_iter().collect()];
        parts.extend(problem.map(problem_lines));
        parts.extend(history.map(|history| {
            let newest = history.last().map_or("none", String::as_str);
            let count = counted(history.len(), "migration");
            let text = format!("Checked: {count} applied, the newest is {newest}.");
            vec![(Tone::Muted, text)]
        }));
        parts.push(outcome::lines(rows));
        parts.retain(|part| !part.is_empty());
        let lines = parts.join(&(Tone::Text, String::new()));
        let end = match problem.map(|problem| problem.kind) {
            _ if is_good => "done",
            Some(Kind::Internal) => "unknown",
            Some(Kind::Cancelled) => "cancelled",
            _ => "not done",
        };
        Self::of(format!("{what}: {end}"), is_good, lines, problem)
    }

    /// The lines in so many columns; a line that is broken keeps the indent of its begin.
    pub fn wrapped(&self, columns: usize) -> Vec<(Tone, String)> {
        let mut out = Vec::new();
        for (tone, text) in &self.lines {
            let inner = text.trim_start_matches(' ');
            let indent = " ".repeat(text.len() - inner.len());
            let lines = wrap(inner, columns.saturating_sub(indent.len()));
            out.extend(
                lines
                    .into_iter()
                    .map(|line| (*tone, format!("{indent}{line}"))),
            );
        }
        out
    }

    /// Lines under a heading, as many as are kept.
    pub(super) fn of(
        title: String,
        is_good: bool,
        mut lines: Vec<(Tone, String)>,
        problem: Option<&Problem>,
    ) -> Self {
        if lines.len() > SHOWN_LINES {
            let rest = lines.len() - SHOWN_LINES;
            lines.truncate(SHOWN_LINES);
            lines.push((Tone::Muted, format!("and {}", counted(rest, "more line"))));
        }
        Self {
            title,
            is_good,
            lines,
            problem: problem.cloned(),
        }
    }
}

/// A problem as lines: what, why, the code, the detail, the hint.
pub fn problem_lines(problem: &Problem) -> Vec<(Tone, String)> {
    let mut lines = vec![(Tone::Danger, problem.what.clone())];
    if !problem.why.is_empty() {
        lines.extend(
            problem
                .why
                .lines()
                .map(|line| (Tone::Text, line.to_owned())),
        );
    }
    if let Some(detail) = &problem.detail {
        lines.extend(detail.lines().map(|line| (Tone::Muted, line.to_owned())));
    }
    if let Some(hint) = &problem.hint {
        lines.push((Tone::Warn, hint.clone()));
    }
    if let Some(code) = &problem.code {
        lines.push((Tone::Muted, format!("{} ({code})", problem.kind.heading())));
    }
    lines
}
