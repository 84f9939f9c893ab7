//! What only the database and the run know about a refusal: which timeout stopped a statement, and whose the object is that
//! the role may not touch. Nothing is said where they do not tell.

use crate::domain::dry_run::Environment;
use crate::domain::migration::{Target, limit, owner};
use crate::domain::problem::Problem;
use crate::domain::script::{Cause, RunError, ServerError};
use crate::ops::migration::Workspace;

/// The same problem, with a hint that names the cause. `statements` are those of the file, of which the refused one is known
/// by its index.
pub(in crate::ops) async fn with_cause(
    problem: Problem,
    schema: &Workspace,
    target: &Target,
    halt: &RunError,
    statements: &[&str],
) -> Problem {
    let Some(refused) = refusal(halt) else {
        return problem;
    };
    let is_scratch = schema.place == Environment::Scratch;
    if is_scratch && refused.code != "42501" {
        return problem;
    }
    let at = refused
        .part
        .unwrap_or(statements.len())
        .min(statements.len());
    let before = || statements[..at].iter().copied();
    let cause = match refused.code.as_str() {
        "57014" if refused.message.contains("user request") => {
            Some("Somebody cancelled it on the server.".to_owned())
        }
        "57014" => Some(limit::stopped_by(&schema.limits, target, before())),
        "42501" => {
            let statement = statements.get(at).copied().unwrap_or_default();
            let owned = match owner::named(&refused.message) {
                Some(name) => schema.database.owners(name).await.unwrap_or_default(),
                None => Vec::new(),
            };
            let role = owner::role_in_use(&target.role, before());
            let way_out = owner::way_out(&role, statement, &owned);
            if is_scratch {
                // What it lacks may be the reason, unless it is somebody's.
                return match way_out {
                    Some(way_out) => problem.with_hint(way_out),
                    None => problem,
                };
            }
            Some(
                way_out
                    .unwrap_or_else(|| format!("It ran as {}.", crate::domain::text::cell(&role))),
            )
        }
        _ => None,
    };
    match cause {
        Some(cause) => with(problem, refused, &cause),
        None => problem,
    }
}

/// Puts the cause in the place of what could only be guessed, or in front of what the server or the report says.
fn with(mut problem: Problem, refused: &ServerError, cause: &str) -> Problem {
    let guessed = super::hint::ours(&refused.code).unwrap_or_default();
    let rest = problem.hint.take().unwrap_or_default();
    let rest = match refused.code.as_str() {
        // Who it was is known now; that another role is wanted may still be all that can be said.
        "42501" if !cause.contains("belongs to") => rest,
        _ => rest.replace(guessed, ""),
    };
    let hint = format!("{cause} {}", rest.trim());
    problem.with_hint(hint.trim())
}

fn refusal(halt: &RunError) -> Option<&ServerError> {
    match halt {
        RunError::Refused(refused) => Some(refused),
        RunError::Halfway(halfway) => match &halfway.why {
            Cause::Refused(refused) => Some(refused),
            _ => None,
        },
        _ => None,
    }
}
