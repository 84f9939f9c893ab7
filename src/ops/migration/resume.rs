//! Files that run outside a transaction and stopped in the middle: they stop everything else until somebody has decided,
//! and go on from where they stand, or from their start. Runs nothing itself.

use super::plan::step;
use super::rollback_file::way_back;
use super::{Workspace, read_files};
use crate::domain::migration::history::History;
use crate::domain::migration::interruption::unsettled;
use crate::domain::migration::{Direction, Interruption, MigrationList, Step};
use crate::domain::problem::{Kind, Problem};
use crate::domain::sql::session_effect::{SessionEffect, trace};
use crate::domain::sql::statement_kind::{index_unless_there, leading_words};
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
    schema: &Workspace,
    listing: &MigrationList,
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
        (Some(entry), Direction::Rollback) => {
            way_back(&read_files::directory(&schema.root), entry)?
        }
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
        check_indexes(&step, interruption)?;
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
            "Get the file back as it was, run the whole of it with `supadeck migration {} --retry`, or run by hand what is left of it and say so with `supadeck migration repair --status {} {version}`.",
            interruption.direction.verb(),
            match direction {
                Direction::Apply => "applied",
                Direction::Rollback => "reverted",
            }
        )));
    }
    step.begin_at = (interruption.resume_at - 1).min(step.statements.len());
    check_session(&step, interruption)?;
    check_indexes(&step, interruption)?;
    Ok(step)
}

/// Refuses to go on without what the statements before left in a session that is gone.
fn check_session(step: &Step, interruption: &Interruption) -> Result<(), Problem> {
    let before = step.statements.iter().take(step.begin_at).enumerate();
    let mut left = before.filter_map(|(at, sql)| match trace(sql)? {
        SessionEffect::Thing(what) => Some((at + 1, what)),
        SessionEffect::Setting => None,
    });
    let Some((statement, what)) = left.next() else {
        return Ok(());
    };
    let (verb, version) = (
        interruption.direction.verb(),
        harmless(&interruption.version),
    );
    Err(Problem::new(
        Kind::Conflict,
        format!("Version {version} cannot go on in another session."),
        format!("Its statement {statement} made {what}, which is gone with the session it ran in."),
    )
    .with_hint(format!(
        "Run the whole file again with `supadeck migration {verb} --retry`, or settle it by hand and run `supadeck migration repair --status applied|reverted {version}`."
    )))
}

/// Refuses where a statement would find an invalid index of its name: with `IF NOT EXISTS` it passes over it, and the version
/// would count as applied with an index that nobody uses. A file that drops indexes itself may well know what it does.
fn check_indexes(step: &Step, interruption: &Interruption) -> Result<(), Problem> {
    let left = step.statements.iter().skip(step.begin_at);
    let left = left.take_while(|sql| leading_words(sql, 2) != ["drop", "index"]);
    let Some(index) = left.filter_map(index_unless_there).find_map(|name| {
        let is_it = |index: &&String| index.rsplit('.').next() == Some(name.as_str());
        interruption.invalid_indexes.iter().find(is_it)
    }) else {
        return Ok(());
    };
    Err(Problem::new(
        Kind::Conflict,
        format!(
            "The index {index} of version {} is invalid.",
            harmless(&interruption.version)
        ),
        "It was left behind by the run that stopped, and a statement with IF NOT EXISTS would pass over it.",
    )
    .with_hint(format!(
        "Drop it with `drop index concurrently {index}`, then go on."
    )))
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
