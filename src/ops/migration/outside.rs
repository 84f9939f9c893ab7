//! Files that reach outside the database in a way that no rollback undoes. They are not run on the target only to see what
//! they do, however the transaction around them ends.

use crate::domain::dry_run::Environment;
use crate::domain::lint::assess;
use crate::domain::migration::{Plan, Step};
use crate::domain::problem::{Kind, Problem};

/// Why each file of a plan is not run in a dry run at a place, where that is so.
pub(super) fn refused(plan: &Plan, on: Environment) -> Vec<Option<String>> {
    let steps = plan.steps.iter();
    steps
        .map(|step| match on {
            Environment::Target => reason(step).as_deref().map(note),
            // Its roles reach nothing outside it.
            Environment::Scratch => None,
        })
        .collect()
}

/// The same for one file of a round trip on the target, as the reason of its finding.
pub(super) fn problem(step: &Step) -> Option<Problem> {
    let why = reason(step)?;
    let what = format!(
        "{}_{} was not run on this database only to check it.",
        step.version, step.name
    );
    let problem = Problem::new(Kind::Findings, what, why);
    Some(problem.with_hint(
        "Read it line by line. `--on scratch` runs it on a scratch database, whose roles reach nothing outside of it.",
    ))
}

/// The first statement that reaches outside, and what it does there.
fn reason(step: &Step) -> Option<String> {
    step.statements.that_run().find_map(|(index, sql)| {
        let assessment = assess(sql);
        let finding = assessment.stays()?;
        Some(format!("Statement {}: {}", index + 1, finding.reason))
    })
}

fn note(reason: &str) -> String {
    format!(
        "{reason} So it was not run here; later files ran without it. `--on scratch` runs it, as a role that reaches nothing outside the scratch database."
    )
}
