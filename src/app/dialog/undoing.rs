//! What a rollback undoes, what stays, whether rows go along, and the words that confirm it. Its title is in `plan_summary`.

use crate::domain::lint::Assessment;
use crate::domain::migration::Plan;
use crate::domain::migration::plan_summary::newest_left;
use crate::domain::plural::counted;

/// The words to type: how many are undone, or that it is all of them.
pub(super) fn word(plan: &Plan) -> String {
    match newest_left(plan) {
        Some(_) => format!("rollback {}", plan.steps.len()),
        None => "rollback everything".to_owned(),
    }
}

/// What is undone, what stays, and whether rows go along.
pub(super) fn facts(plan: &Plan, risks: Option<&[Assessment]>) -> Vec<(&'static str, String)> {
    let names: Vec<&str> = plan.steps.iter().map(|step| step.name.as_str()).collect();
    let files = counted(plan.steps.len(), "migration");
    let left = match newest_left(plan) {
        Some(version) => format!("at {version}"),
        None => "no migration applied".to_owned(),
    };
    vec![
        ("undoes", format!("{files}: {}", names.join(", "))),
        ("then", left),
        losses(plan, risks),
    ]
}

/// Whether a rollback takes rows along, as far as its text tells. The fact is called `note` only where it does.
fn losses(plan: &Plan, risks: Option<&[Assessment]>) -> (&'static str, String) {
    let (name, text) = match risks {
        _ if plan.statement_count() == 0 => (
            "rows",
            "There is no statement to run: only the record of the migration goes.",
        ),
        None => (
            "note",
            "Objects that these statements may drop, and their rows, cannot be brought back.",
        ),
        Some(risks) if risks.iter().any(Assessment::may_lose_data) => (
            "note",
            "Dropped objects and their rows cannot be brought back.",
        ),
        Some(_) => (
            "rows",
            "No statement drops or empties anything that holds rows.",
        ),
    };
    (name, text.to_owned())
}
