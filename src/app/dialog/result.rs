//! How a run ended, as lines that can be read again.

use crate::domain::count::counted;
use crate::domain::migration::{Outcome, StepEnd};
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
        let mut lines = Vec::new();
        for step in &outcome.steps {
            let took = format!("{} ms", step.took.as_millis());
            let name = format!("{} {}", step.version, step.name);
            lines.push(ended(step.end, &name, &took, outcome.problem.as_ref()));
            lines.extend(
                step.notices
                    .iter()
                    .map(|notice| (Tone::Muted, format!("    {notice}"))),
            );
        }
        Self::finish(
            what,
            outcome.is_complete(),
            lines,
            outcome.problem.as_ref(),
            outcome.history.as_deref(),
        )
    }

    /// The result of a seed run.
    pub fn seeded(what: &str, outcome: &SeedOutcome) -> Self {
        let mut lines = Vec::new();
        for step in &outcome.steps {
            let rows = usize::try_from(step.rows).unwrap_or(usize::MAX);
            let rows = format!("{} changed", counted(rows, "row"));
            lines.push(ended(step.end, &step.path, &rows, outcome.problem.as_ref()));
            lines.extend(
                step.changes
                    .iter()
                    .map(|change| (Tone::Muted, format!("    {change}"))),
            );
            lines.extend(
                step.notices
                    .iter()
                    .map(|notice| (Tone::Muted, format!("    {notice}"))),
            );
        }
        let is_good =
            outcome.problem.is_none() && outcome.steps.iter().all(|step| step.end == StepEnd::Done);
        Self::finish(what, is_good, lines, outcome.problem.as_ref(), None)
    }

    /// A change of files or of the history that was made.
    pub fn fixed(what: &str) -> Self {
        let lines = vec![(
            Tone::Ok,
            "It is so, as the list that was read again says.".to_owned(),
        )];
        Self::of(format!("{what}: done"), true, lines, None)
    }

    /// A failure before anything was tried.
    pub fn failed(what: &str, problem: &Problem) -> Self {
        Self::finish(what, false, Vec::new(), Some(problem), None)
    }

    fn finish(
        what: &str,
        is_good: bool,
        mut lines: Vec<(Tone, String)>,
        problem: Option<&Problem>,
        history: Option<&[String]>,
    ) -> Self {
        if let Some(problem) = problem {
            if !lines.is_empty() {
                lines.push((Tone::Text, String::new()));
            }
            lines.extend(problem_lines(problem));
        }
        if let Some(history) = history {
            lines.push((Tone::Text, String::new()));
            let newest = history.last().map_or("none", String::as_str);
            lines.push((
                Tone::Muted,
                format!(
                    "Read again: {} in the history, the newest is {newest}.",
                    counted(history.len(), "version")
                ),
            ));
        }
        let end = match problem.map(|problem| problem.kind) {
            _ if is_good => "done",
            Some(Kind::Internal) => "unknown",
            Some(Kind::Cancelled) => "cancelled",
            _ => "not done",
        };
        Self::of(format!("{what}: {end}"), is_good, lines, problem)
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

fn ended(end: StepEnd, name: &str, figure: &str, problem: Option<&Problem>) -> (Tone, String) {
    match end {
        StepEnd::Done => (Tone::Ok, format!("done         {name}  ({figure})")),
        StepEnd::RolledBack if problem.is_some_and(Problem::is_cancelled) => (
            Tone::Warn,
            format!("cancelled    {name}: nothing of it remains"),
        ),
        StepEnd::RolledBack => (
            Tone::Danger,
            format!("rolled back  {name}: nothing of it remains"),
        ),
        StepEnd::Unknown => (
            Tone::Danger,
            format!("unknown      {name}: nobody can say yet; read the list again"),
        ),
        StepEnd::Interrupted => (
            Tone::Danger,
            format!("interrupted  {name}: what ran before remains"),
        ),
        StepEnd::NotRun => (Tone::Warn, format!("not run      {name}")),
    }
}
