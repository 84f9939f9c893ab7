//! Makes a script of a step: what of the file is run, what is recorded with it, and how it is sent. Runs nothing.

use super::read_files;
use crate::domain::migration::{Direction, Plan, Step, StepMode};
use crate::domain::script::{Expected, Limits, NonTransactional, Part, Record, RunError, Script};
use crate::domain::sql::execution_mode::is_marked;
use crate::domain::sql::session_effect::{SessionEffect, trace};
use crate::domain::sql::statement_kind::significant;
use crate::domain::sql::transaction::{Shape, shape};
use crate::domain::sql::{Slice, Statements};
use std::collections::BTreeSet;

/// A file with more is always sent statement by statement.
const AT_ONCE_STATEMENTS: usize = 64;
const AT_ONCE_BYTES: usize = 64 * 1024;

/// Whether a step of a plan may go to the server in one message with others.
pub(super) fn goes_at_once(limits: &Limits, plan: &Plan, step: &Step) -> bool {
    plan.steps.len() > limits.live_files
        && step.mode == StepMode::Transaction
        && step.statements.len() <= AT_ONCE_STATEMENTS
        && bytes(step) <= AT_ONCE_BYTES
}

/// How much SQL a step has.
pub(super) fn bytes(step: &Step) -> usize {
    step.statements.bytes()
}

/// The script of a step, where the history holds what is expected. The way back is read only where it is stored.
pub(super) fn script(
    limits: &Limits,
    plan: &Plan,
    step: &Step,
    expected: &BTreeSet<String>,
    stores_rollbacks: bool,
) -> Script {
    Script {
        parts: parts(step),
        record: match step.direction {
            Direction::Apply => Record::Applied {
                version: step.version.clone(),
                name: step.name.clone(),
                statements: step.statements.clone(),
                rollback: stores_rollbacks.then(|| way_back(step)).flatten(),
            },
            Direction::Rollback => Record::RolledBack {
                version: step.version.clone(),
            },
        },
        sha256: step.sha256.clone(),
        expects: Some(Expected::of(expected.iter())),
        at_once: goes_at_once(limits, plan, step),
        is_resume: plan.is_resume,
        alone: (step.mode == StepMode::Alone).then_some(NonTransactional {
            of: step.statements.len(),
            begin_at: step.begin_at,
            session: session(step),
            is_parted: is_parted(step),
        }),
        settings: Vec::new(),
    }
}

/// Whether what stands between two of its `COMMIT`s is a transaction. A file that asks to run outside one has said otherwise.
fn is_parted(step: &Step) -> bool {
    let texts: Vec<&str> = step.statements.iter().collect();
    matches!(shape(&texts), Shape::Parted { .. }) && !is_marked(step.statements.text())
}

/// What is run of a file's statements: not the comments, and not a `BEGIN` … `COMMIT` around all of it or a `COMMIT` at its
/// end, whose place our own transaction takes.
pub(super) fn parts(step: &Step) -> Vec<Part> {
    let statements = &step.statements;
    let texts: Vec<&str> = statements.iter().collect();
    let left_out = match shape(&texts) {
        _ if step.mode == StepMode::Alone => Vec::new(),
        Shape::Wrapped { words } => words,
        _ => Vec::new(),
    };
    statements
        .iter()
        .enumerate()
        .skip(step.begin_at)
        .filter(|(index, _)| !left_out.contains(index) && !step.passed_over.contains(index))
        .filter(|(_, sql)| significant(sql).next().is_some())
        .filter_map(|(statement, _)| {
            Some(Part {
                statement,
                sql: statements.piece(statement)?,
                data: None,
            })
        })
        .collect()
}

/// The statements in front of the one that a step goes on with which only set the session.
fn session(step: &Step) -> Vec<Slice> {
    let before = step.statements.iter().take(step.begin_at).enumerate();
    before
        .filter(|(_, sql)| trace(sql) == Some(SessionEffect::Setting))
        .filter_map(|(at, _)| step.statements.piece(at))
        .collect()
}

/// The rollback file's statements: hosted histories have a place for them.
fn way_back(step: &Step) -> Option<Statements> {
    let file = step
        .file
        .parent()?
        .join(read_files::ROLLBACK)
        .join(step.file.file_name()?);
    Some(Statements::of(read_files::read(&file).ok()?.text))
}

/// Counts the failing part as a statement of the file.
pub(in crate::ops) fn with_statement(mut halt: RunError, script: &Script) -> RunError {
    if let RunError::Refused(refused) = &mut halt {
        refused.part = refused
            .part
            .and_then(|part| Some(script.parts.get(part)?.statement));
    }
    halt
}
