//! What there is to read in a window of its own: how a run ended, a dry run, a difference. The words are those of
//! `domain::report`.

use crate::app::effect::Fix;
use crate::app::keymap::Fault;
use crate::app::msg::Planned;
use crate::app::wrap::width;
use crate::domain::access::explain::Explanation;
use crate::domain::dry_run;
use crate::domain::migration::difference::Difference;
use crate::domain::migration::{Outcome, StepEnd};
use crate::domain::people::People;
use crate::domain::plural::counted;
use crate::domain::problem::Problem;
use crate::domain::report::outcome::{self, Beside};
use crate::domain::report::{self, Extent, Line, Lines, Tone, difference, explained, plan};
use crate::domain::review::Review;
use crate::domain::seed::SeedOutcome;

/// A result on screen.
#[derive(Debug, Clone, PartialEq)]
pub struct ResultView {
    /// The heading.
    pub title: String,
    /// Whether everything went well.
    pub is_good: bool,
    /// What there is to read.
    pub lines: Vec<Line>,
    /// What stopped it, for a program that ends before anybody could read.
    pub problem: Option<Problem>,
    /// Whether it is a dry run that went well, so that its files can be run.
    pub is_passed: bool,
}

/// Lines of a result that are kept: a seed may have one for each of a hundred thousand statements.
const SHOWN_LINES: usize = 2_000;

impl ResultView {
    /// The result of a migration run.
    pub fn migrated(what: &str, outcome: &Outcome) -> Self {
        let problem = outcome.problem.as_ref();
        let beside = Beside {
            problem,
            history: Some(outcome.history.as_deref()),
            with_notes: true,
        };
        let lines = outcome::page(&outcome::migrated(outcome), beside);
        Self::ended(what, outcome.is_complete(), lines, problem)
    }

    /// The result of a seed run.
    pub fn seeded(what: &str, outcome: &SeedOutcome) -> Self {
        let problem = outcome.problem.as_ref();
        let is_good =
            problem.is_none() && outcome.steps.iter().all(|step| step.end == StepEnd::Done);
        let beside = Beside {
            problem,
            history: None,
            with_notes: true,
        };
        let lines = outcome::page(&outcome::seeded(outcome), beside);
        Self::ended(what, is_good, lines, problem)
    }

    /// A dry run, of the plan that was made for it.
    pub fn rehearsed(what: &str, planned: &Planned, report: &dry_run::Report) -> Self {
        let settled = planned.risks.as_ref();
        let settled = settled.map(|risks| report::seen::settle(risks, report));
        let lines = plan::page(
            &planned.plan,
            settled.as_deref(),
            Some(report),
            Extent::Short,
            true,
        );
        let mut lines = lines;
        if !report.access.is_empty() {
            lines.put(
                0,
                Tone::Muted,
                "The Access screen shows these tables, and who may do what with them now.",
            );
        }
        let title = format!("{what}: {}", report::dry_run::end(report));
        let is_good = report::dry_run::is_good(report);
        Self {
            is_passed: is_good,
            ..Self::of(title, is_good, lines, report.problem.as_ref())
        }
    }

    /// The difference between a file and what was applied from it.
    pub fn difference(found: &Difference) -> Self {
        let title = format!("{} {}: file against history", found.version, found.name);
        Self::of(title, !found.differs, difference::page(found), None)
    }

    /// The review of a cycle or of a week.
    pub fn review(review: &Review, people: &People) -> Self {
        Self::of(review.title(), true, review.lines(people), None)
    }

    /// A change of files or of the history that was made.
    pub fn fixed(what: &str) -> Self {
        let mut lines = Lines::default();
        let text = match what.strip_prefix(Fix::DELETE) {
            Some(name) => format!("Deleted {name}."),
            None => "Done; checked against the database.".to_owned(),
        };
        lines.put(0, Tone::Ok, &text);
        Self::of(format!("{what}: done"), true, lines, None)
    }

    /// Changes of rows, of which one was refused.
    pub fn rows(what: &str, done: &[String], of: usize, problem: &Problem) -> Self {
        let mut lines = Lines::default();
        for one in done {
            lines.put(0, Tone::Ok, one);
        }
        if of > 1 {
            let text = format!(
                "{} of {of} done; the rest was not tried and stays marked.",
                done.len()
            );
            lines.put(0, Tone::Warn, &text);
        }
        report::problem(&mut lines, problem);
        Self::ended(what, false, lines, Some(problem))
    }

    /// What is wrong with the user's file of keys, a line a fault.
    pub fn keymap(path: &str, faults: &[Fault]) -> Self {
        let title = format!("Keys: {}", counted(faults.len(), "fault"));
        let mut lines = Lines::default();
        lines.put(0, Tone::Text, path);
        lines.blank();
        for fault in faults {
            let text = format!("line {}: {}", fault.line, fault.what);
            lines.put(0, Tone::Danger, &text);
        }
        lines.blank();
        let is_whole = faults.iter().any(Fault::is_of_whole_file);
        let others = if is_whole {
            ""
        } else {
            "The other lines count. "
        };
        let rest = format!("{others}`supadeck keys` shows the keys in use.");
        lines.put(0, Tone::Muted, &rest);
        Self::of(title, false, lines, None)
    }

    /// Why somebody may do something with a row, or may not.
    pub fn explained(told: &Explanation) -> Self {
        let is_good = told.disagrees.is_none();
        Self::of(explained::title(told), is_good, explained::page(told), None)
    }

    /// A failure before anything was tried.
    pub fn failed(what: &str, problem: &Problem) -> Self {
        let mut lines = Lines::default();
        report::problem(&mut lines, problem);
        Self::ended(what, false, lines, Some(problem))
    }

    fn ended(what: &str, is_good: bool, lines: Lines, problem: Option<&Problem>) -> Self {
        let end = outcome::end(is_good, problem);
        Self::of(format!("{what}: {end}"), is_good, lines, problem)
    }

    /// The lines in rows of so many columns.
    pub fn wrapped(&self, columns: usize) -> Vec<Line> {
        let lines = self.lines.iter();
        lines.flat_map(|line| line.rows(columns, width)).collect()
    }

    /// Lines under a heading, as many as are kept.
    fn of(title: String, is_good: bool, lines: Lines, problem: Option<&Problem>) -> Self {
        let mut lines = lines.lines;
        if lines.len() > SHOWN_LINES {
            let rest = counted(lines.len() - SHOWN_LINES, "more line");
            lines.truncate(SHOWN_LINES);
            lines.push(Line::new(Tone::Muted, &format!("and {rest}")));
        }
        Self {
            title,
            is_good,
            lines,
            problem: problem.cloned(),
            is_passed: false,
        }
    }
}
