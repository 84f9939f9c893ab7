//! Puts into words how a file outside a transaction stopped in the middle: what that leaves, and the ways on.

use super::{NOT_THE_TARGET, offset, server_problem};
use crate::domain::dry_run::Environment;
use crate::domain::migration::interruption::drop_first;
use crate::domain::migration::{Direction, Step};
use crate::domain::problem::{Kind, Problem};
use crate::domain::script::{Cause, Interrupted};
use crate::domain::sql::position::excerpt;
use crate::domain::text::sentence;

/// A file outside a transaction stopped in the middle.
pub(super) fn problem(
    halfway: &Interrupted,
    step: &Step,
    text: Option<&str>,
    what: &str,
    on: Environment,
) -> Problem {
    let of = step.statements.len();
    let at = if halfway.statement >= of {
        format!("{what} ran all its {of} statements, and could not be recorded")
    } else {
        format!(
            "{what} stopped at statement {} of {of}",
            halfway.statement + 1
        )
    };
    let title = match on {
        Environment::Target => format!("{at}; {}.", remains(halfway, of)),
        Environment::Scratch => format!("{at}{NOT_THE_TARGET}."),
    };
    let mut problem = match &halfway.why {
        Cause::Refused(refused) => {
            let place = text.and_then(|text| {
                let offset = offset(text, refused.part?, refused.character)?;
                Some(excerpt(text, offset))
            });
            server_problem(refused, title, place, on)
        }
        Cause::Cancelled => Problem::cancelled(title),
        Cause::Lost(why) => Problem::new(Kind::Network, title, sentence(why)).retryable(),
    };
    let mut more: Vec<String> = problem.detail.take().into_iter().collect();
    if halfway.is_in_doubt {
        more.push(
            match halfway.why {
                Cause::Lost(_) => {
                    "The answer to that statement never came, so it may or may not have been done."
                }
                _ => "That statement may have committed a part of its work before it ended.",
            }
            .to_owned(),
        );
    }
    match on {
        Environment::Scratch => more.push(would_leave(halfway)),
        Environment::Target if halfway.invalid_indexes.is_empty() => {}
        Environment::Target => more.push(format!(
            "Left behind and invalid: {}.",
            halfway.invalid_indexes.join(", ")
        )),
    }
    if !more.is_empty() {
        problem.detail = Some(more.join("\n"));
    }
    if on == Environment::Scratch {
        let mend = "Fix the file, and plan again.";
        let hint = match problem.hint.take() {
            Some(hint) => format!("{hint} {mend}"),
            None => mend.to_owned(),
        };
        return problem.with_hint(hint);
    }
    let verb = step.direction.verb();
    if halfway.statement < step.repeats {
        return problem.with_hint(again(halfway, step, verb));
    }
    let indexes = drop_first(&halfway.invalid_indexes);
    let (done, undone) = match step.direction {
        Direction::Apply => ("applied", "reverted"),
        Direction::Rollback => ("reverted", "applied"),
    };
    let on = if halfway.resume_at >= of {
        format!("Record it with `supadeck migration {verb} --resume`, which runs nothing again")
    } else {
        format!(
            "Go on from statement {} with `supadeck migration {verb} --resume`",
            halfway.resume_at + 1
        )
    };
    problem.with_hint(format!(
        "{indexes}{on}, run the whole file again with `--retry`, or finish it by hand and say so with `supadeck migration repair --status {done} {version}` (`--status {undone}` when all of it was undone by hand).",
        version = step.version
    ))
}

/// What is done for good, and what a transaction of the file's own took back with it.
fn remains(halfway: &Interrupted, of: usize) -> String {
    let kept = match halfway.resume_at {
        0 => "nothing that ran before remains".to_owned(),
        1 => "statement 1 remains".to_owned(),
        last => format!("statements 1 to {last} remain"),
    };
    let last = halfway.statement.min(of);
    match last.saturating_sub(halfway.resume_at) {
        0 => kept,
        1 => format!("{kept}, statement {last} was undone"),
        _ => format!(
            "{kept}, statements {} to {last} were undone",
            halfway.resume_at + 1
        ),
    }
}

/// What the same failure leaves where the file runs for good.
fn would_leave(halfway: &Interrupted) -> String {
    let remains = match halfway.resume_at {
        0 => "Nothing that ran before it would remain".to_owned(),
        1 => "Statement 1 would remain done".to_owned(),
        last => format!("Statements 1 to {last} would remain done"),
    };
    let invalid = match halfway.invalid_indexes.as_slice() {
        [] => String::new(),
        indexes => format!(", {} would be left behind and invalid", indexes.join(", ")),
    };
    format!(
        "The same failure on the target: {remains}{invalid}, and the version would be interrupted."
    )
}

/// The hint behind a run from the start that stopped at what the run before it had done: the journal holds only where the
/// newer one stands.
fn again(halfway: &Interrupted, step: &Step, verb: &str) -> String {
    let (done, version) = (step.repeats, &step.version);
    let had = match done {
        1 => "statement 1".to_owned(),
        done => format!("statements 1 to {done}"),
    };
    let end = if done < step.statements.len() {
        format!(", and stopped at statement {}", done + 1)
    } else {
        String::new()
    };
    format!(
        "The run before had done {had}{end}. `supadeck migration {verb} --resume` goes on at statement {} from now on: undo by hand what the run before did and take it, or do by hand what is left and say so with `supadeck migration repair --status applied|reverted {version}`.",
        halfway.resume_at + 1,
    )
}
