//! Files that run outside a transaction and stopped in the middle: they stop everything else until somebody has decided,
//! and go on from where they stand, or from their start. Runs nothing itself.

use super::plan::step;
use super::way_back::way_back;
use super::{Schema, local};
use crate::domain::migration::history::History;
use crate::domain::migration::interruption::unsettled;
use crate::domain::migration::{Direction, Interruption, Listing, Step};
use crate::domain::problem::{Kind, Problem};
use crate::domain::text::harmless;

/// Refuses to go on while a file stands in the middle.
pub(super) fn check_settled(history: &History) -> Result<(), Problem> {
    match unsettled(history).next() {
        Some(interruption) => Err(refused(interruption)),
        None => Ok(()),
    }
}

/// An interrupted file is in the way of everything else.
pub(super) fn refused(interruption: &Interruption) -> Problem {
    Problem::new(
        Kind::Conflict,
        format!(
            "Version {} is interrupted.",
            harmless(&interruption.version)
        ),
        interruption.note(),
    )
    .with_hint(interruption.ways_out())
}

/// The step that goes on with the interrupted file.
pub(super) fn go_on(
    schema: &Schema,
    listing: &Listing,
    history: &History,
    direction: Direction,
    from_start: bool,
) -> Result<Step, Problem> {
    let interruption = unsettled(history)
        .find(|interruption| interruption.direction == direction)
        .ok_or_else(|| nothing(history, direction))?;
    let version = &interruption.version;
    if let Some(leftover) = &interruption.leftover {
        return Err(Problem::new(
            Kind::Conflict,
            format!("The server is still at a statement of version {version}."),
            format!("Its runner is gone, and {leftover} works on."),
        )
        .with_hint(interruption.ways_out())
        .retryable());
    }
    let entry = listing
        .entries
        .iter()
        .find(|entry| &entry.version == version);
    let file = match (entry, direction) {
        (Some(entry), Direction::Apply) => entry.file.clone(),
        (Some(entry), Direction::Rollback) => way_back(&local::directory(&schema.root), entry)?,
        (None, _) => None,
    };
    let (Some(entry), Some(file)) = (entry, file) else {
        return Err(Problem::new(
            Kind::Config,
            format!("Version {version} is interrupted, and its file is not here."),
            interruption.note(),
        )
        .with_hint(format!(
            "Get the file from version control, or settle it by hand and run `supadeck migration repair --status applied|reverted {version}`."
        )));
    };
    let mut step = step(entry, direction, &file)?;
    if from_start {
        step.repeats = interruption.done();
        return Ok(step);
    }
    if step.sha256 != interruption.sha256 {
        return Err(Problem::new(
            Kind::Conflict,
            format!(
                "{} has changed since it was interrupted.",
                harmless(&file.display().to_string())
            ),
            format!(
                "Statement {} of it may not be the one it stopped at.",
                interruption.resume_at
            ),
        )
        .with_hint(format!(
            "Get the file back as it was, or run the whole of it with `supadeck migration {} --retry`.",
            interruption.verb()
        )));
    }
    step.begin_at = (interruption.resume_at - 1).min(step.statements.len());
    Ok(step)
}

fn nothing(history: &History, direction: Direction) -> Problem {
    let running = history
        .interrupted
        .iter()
        .find_map(|interruption| interruption.runner.as_ref());
    if let Some(runner) = running {
        return Problem::new(
            Kind::Conflict,
            "The file still runs.",
            format!("The runner is {runner}."),
        )
        .with_hint("Wait until it is done.")
        .retryable();
    }
    let other = unsettled(history).next();
    let what = match direction {
        Direction::Apply => "No migration is interrupted.",
        Direction::Rollback => "No rollback is interrupted.",
    };
    let problem = Problem::new(Kind::Usage, what, "There is nothing to go on with.");
    match other {
        Some(other) => problem.with_hint(other.ways_out()),
        None => problem.with_hint("`supadeck migration list` shows what there is."),
    }
}
