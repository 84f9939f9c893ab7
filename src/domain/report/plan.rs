//! A plan as it is read before it runs: what a dry run found in sum, the risks, what to think about, then every file.

use super::{Extent, Lines, Tone, dry_run, locks, problem, risks, statements};
use crate::domain::dry_run::Report;
use crate::domain::lint::Assessment;
use crate::domain::migration::plan_summary::{self, newest_left};
use crate::domain::migration::{Plan, Target};
use crate::domain::plural::counted;

/// A plan and what its files can do.
#[derive(Debug, Clone, PartialEq)]
pub struct Planned {
    /// The plan.
    pub plan: Plan,
    /// One assessment a step, in their order; absent when there is too much SQL to look at while somebody waits.
    pub risks: Option<Vec<Assessment>>,
}

/// The database in one line.
pub fn target(target: &Target) -> String {
    let Target {
        host,
        database,
        role,
        server_version,
        ..
    } = target;
    format!("Database {database} on {host} as {role} (Postgres {server_version})")
}

/// The whole plan. Absent risks are those of more SQL than was looked at. What stopped the dry run is part of it where
/// nothing else says it.
pub fn page(
    plan: &Plan,
    assessments: Option<&[Assessment]>,
    report: Option<&Report>,
    extent: Extent,
    with_problem: bool,
) -> Lines {
    let mut lines = Lines::of(extent);
    lines.put(0, Tone::Strong, &target(&plan.target));
    match report {
        None => lines.put(
            0,
            Tone::Warn,
            "No dry run: what follows is known from the text alone.",
        ),
        Some(report) => {
            dry_run::place(&mut lines, report);
            if let Some(stopped) = report.problem.as_ref().filter(|_| with_problem) {
                lines.blank();
                problem(&mut lines, stopped);
                lines.blank();
            }
            dry_run::summary(&mut lines, report);
        }
    }
    if report.is_none() {
        locks::foretold(&mut lines, plan);
    }
    if let Some(assessments) = assessments {
        risks::section(&mut lines, plan, assessments);
    } else {
        lines.heading("Risks");
        lines.put(2, Tone::Danger, TOO_MUCH);
    }
    cautions(&mut lines, plan);
    statements::list(&mut lines, plan, assessments, report);
    lines
}

/// What is said where nobody looked for risks.
pub const TOO_MUCH: &str = "too much SQL to look at here, so all of it must be read; `supadeck migration plan` looks at it";

/// What there is to think about before a plan runs.
pub fn cautions(lines: &mut Lines, plan: &Plan) {
    let cautions = plan_summary::cautions(plan);
    if !cautions.is_empty() {
        lines.heading("Note");
        for caution in cautions {
            lines.put(2, Tone::Warn, &caution);
        }
    }
}

/// The words that confirm a rollback: how many are undone, or that it is all of them.
pub fn rollback_word(plan: &Plan) -> String {
    match newest_left(plan) {
        Some(_) => format!("rollback {}", plan.steps.len()),
        None => "rollback everything".to_owned(),
    }
}

/// What a rollback undoes, what stays, and whether rows go along as far as its text tells. That fact is called `note` only
/// where they do.
pub fn rollback_facts(
    plan: &Plan,
    risks: Option<&[Assessment]>,
) -> [(&'static str, Tone, String); 3] {
    let names: Vec<&str> = plan.steps.iter().map(|step| step.name.as_str()).collect();
    let files = counted(plan.steps.len(), "migration");
    let left = match newest_left(plan) {
        Some(version) => format!("at {version}"),
        None => "no migration applied".to_owned(),
    };
    let (name, tone, text) = match risks {
        _ if plan.statement_count() == 0 => (
            "rows",
            Tone::Text,
            "There is no statement to run: only the record of the migration goes.",
        ),
        None => (
            "note",
            Tone::Danger,
            "Objects that these statements may drop, and their rows, cannot be brought back.",
        ),
        Some(risks) if risks.iter().any(Assessment::may_lose_data) => (
            "note",
            Tone::Danger,
            "Dropped objects and their rows cannot be brought back.",
        ),
        Some(_) => (
            "rows",
            Tone::Text,
            "No statement drops or empties anything that holds rows.",
        ),
    };
    [
        (
            "undoes",
            Tone::Text,
            format!("{files}: {}", names.join(", ")),
        ),
        ("then", Tone::Text, left),
        (name, tone, text.to_owned()),
    ]
}
