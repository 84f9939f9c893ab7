//! Passes over on a scratch database what its server lacks, names it, and tries the file again without it.

use super::dry_run::lines;
use super::read_files;
use crate::domain::dry_run::passed_over::{Lacking, PassedOver, is_absence};
use crate::domain::migration::{Direction, Step, StepMode};
use crate::domain::problem::Problem;
use std::collections::{BTreeMap, BTreeSet};

/// What a scratch database has passed over so far.
#[derive(Debug, Default)]
pub struct Passing {
    lacking: Lacking,
    /// The statements by the file they stand in: a version, and whether it is the rollback.
    left_out: BTreeMap<(String, bool), BTreeSet<usize>>,
    passed: Vec<PassedOver>,
}

/// What a failure of a step on a scratch database says.
pub(super) enum Judged {
    /// Nothing: it is to be tried again without the statement.
    Again,
    /// Nothing, and it cannot be tried again: why.
    Unsure(String),
    /// It is the file's own.
    Own,
}

impl Passing {
    /// For a server of a major version that is known to be the project's, or not.
    pub fn on(is_right_version: bool) -> Self {
        Self {
            lacking: Lacking::on(is_right_version),
            ..Self::default()
        }
    }

    /// What was passed over, in the order in which it was met.
    pub fn passed(&self) -> &[PassedOver] {
        &self.passed
    }

    /// Leaves out of a step what was passed over in the same file before.
    pub(super) fn enter(&self, step: &mut Step) {
        let known = self.left_out.get(&key(step));
        step.passed_over.extend(known.into_iter().flatten());
    }

    /// Judges a step that failed at a statement, counted from 1, and leaves that out of it where the server lacks what it needs.
    pub(super) fn judge(
        &mut self,
        step: &mut Step,
        statement: Option<usize>,
        problem: &Problem,
    ) -> Judged {
        let Some(at) = statement.and_then(|number| number.checked_sub(1)) else {
            return Judged::Own;
        };
        let sql = step.statements.iter().nth(at).unwrap_or_default();
        let Some(reason) = self.lacking.reason(sql, problem) else {
            return Judged::Own;
        };
        let lacks = reason.lacks.clone();
        // Its second half may be done for good.
        let is_repeatable = step.mode == StepMode::Transaction && step.passed_over.insert(at);
        self.left_out.entry(key(step)).or_default().insert(at);
        let text = read_files::read(&step.file).ok().map(|source| source.text);
        let line = text.and_then(|text| lines(&text).get(at).copied());
        self.passed.push(PassedOver::of(step, at, line, reason));
        if is_repeatable {
            return Judged::Again;
        }
        Judged::Unsure(format!(
            "The scratch database lacks {lacks}, and a file that runs outside a transaction is not tried again without a statement: whether it runs on the project is not known."
        ))
    }

    /// A step that ran to its end: what it made is there.
    pub(super) fn ran(&mut self, step: &Step) {
        let ran = step.left().filter(|(at, _)| !step.passed_over.contains(at));
        for (_, sql) in ran {
            self.lacking.ran(sql);
        }
    }

    /// A failure that is told as the file's own, with the word that something before it was not run.
    pub(in crate::ops) fn own(&self, mut problem: Problem) -> Problem {
        if problem.code.as_deref().is_some_and(is_absence) && !self.lacking.is_empty() {
            problem.why.push_str(
                " Statements before it were not run here, see “Not covered”: it may fail only because of that.",
            );
        }
        problem
    }
}

fn key(step: &Step) -> (String, bool) {
    let is_rollback = step.direction == Direction::Rollback;
    (step.version.clone(), is_rollback)
}
