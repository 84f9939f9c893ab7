//! Runs a plan that rolls a version back and applies it again. It is two runs, each checked against the history after it:
//! where the second one fails, the report says of both what is there.

use super::run::{check, not_run, run_one_way};
use super::{RunControl, Workspace};
use crate::domain::migration::{Outcome, Plan, Step, StepEnd, plan_summary};
use crate::domain::problem::Problem;

/// Runs a plan, whichever way it goes. A failed step is told in the outcome; an error means that nothing was tried.
pub async fn run(schema: &Workspace, plan: &Plan, watch: &RunControl) -> Result<Outcome, Problem> {
    check(schema, plan, watch)?;
    match halves(plan) {
        Some((back, forth)) => both_ways(schema, (&back, &forth), watch).await,
        None => run_one_way(schema, plan, watch, 0).await,
    }
}

/// The two plans, where a plan goes both ways.
fn halves(plan: &Plan) -> Option<(Plan, Plan)> {
    let [back, forth] = plan.steps.as_slice() else {
        return None;
    };
    if !plan_summary::is_redo(plan) {
        return None;
    }
    let half = |step: &Step, history: Vec<String>| Plan {
        steps: vec![step.clone()],
        history,
        ..plan.clone()
    };
    let left = plan
        .history
        .iter()
        .filter(|version| **version != back.version);
    let left = left.cloned().collect();
    Some((half(back, plan.history.clone()), half(forth, left)))
}

/// Runs the first half, and where all of it is done the second.
async fn both_ways(
    schema: &Workspace,
    (back, forth): (&Plan, &Plan),
    watch: &RunControl,
) -> Result<Outcome, Problem> {
    let mut outcome = run_one_way(schema, back, watch, 0).await?;
    if !outcome.is_complete() {
        outcome.steps.extend(forth.steps.iter().map(not_run));
        return Ok(outcome);
    }
    let then = if watch.cancel.is_cancelled() {
        Err(Problem::cancelled("It was cancelled after the rollback."))
    } else {
        match check(schema, forth, watch) {
            Ok(()) => run_one_way(schema, forth, watch, back.steps.len()).await,
            Err(problem) => Err(problem),
        }
    };
    match then {
        Ok(then) => {
            outcome.steps.extend(then.steps);
            outcome.problem = then.problem;
            outcome.history = then.history;
        }
        Err(problem) => {
            outcome.steps.extend(forth.steps.iter().map(not_run));
            outcome.problem = Some(problem);
        }
    }
    let ends = outcome.steps.last().map(|step| step.end);
    if let (Some(problem), Some(StepEnd::RolledBack | StepEnd::NotRun)) =
        (&mut outcome.problem, ends)
    {
        let version = &forth.steps[0].version;
        let state = format!(
            "Version {version} is rolled back and not applied now: apply it once it is mended."
        );
        problem.hint = Some(match problem.hint.take() {
            Some(hint) => format!("{state} {hint}"),
            None => state,
        });
    }
    Ok(outcome)
}
