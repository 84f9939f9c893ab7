//! What a dry run records, however it is made: question by question over a connection, or all of it in one call. The
//! report is made of this and of nothing else.

use super::access::{Rights, Visible};
use super::losses::Counts;
use super::measure::{Baseline, Rows, StatementStats};
use super::undone::Undone;
use crate::domain::script::{Part, RunError};
use crate::domain::snapshot::Snapshot;
use std::time::Duration;

/// A file that is to be dry-run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileScript {
    /// Index of its step in the plan.
    pub step: usize,
    /// Its statements.
    pub parts: Vec<Part>,
    /// Whether the catalog is looked at behind it.
    pub wants_snapshot: bool,
}

/// A dry run as far as it came.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DryRunResult {
    /// The catalog before anything ran.
    pub before: Snapshot,
    /// The tables and sequences before anything ran.
    pub baseline: Baseline,
    /// One a file, in their order, up to the first that failed.
    pub files: Vec<FileResult>,
    /// What each role may do before and after.
    pub rights: Rights,
}

/// What became of one file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FileResult {
    /// The statements that ran.
    pub statements: Vec<StatementResult>,
    /// Why it failed.
    pub failed: Option<Failed>,
    /// What its commit would check and run, such as deferred triggers.
    pub commit: StatementStats,
    /// The catalog behind it, when it was looked at.
    pub after: Option<Snapshot>,
    /// The transaction number below which each was taken when it began; known where something was undone before it.
    pub begun_xid: Option<u64>,
    /// The transactions that were undone while the dry run ran.
    pub undone: Undone,
}

impl FileResult {
    /// Whether rows were changed of tables that were there before.
    pub fn has_changed_rows(&self) -> bool {
        let all = self
            .statements
            .iter()
            .map(|one| &one.ran)
            .chain([&self.commit]);
        let mut touched = all.flat_map(|ran| &ran.touched);
        touched.any(|table| table.rows != Rows::default())
    }
}

/// A statement that ran.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatementResult {
    /// Its index in the file.
    pub statement: usize,
    /// What the server said meanwhile.
    pub notices: Vec<String>,
    /// What it did.
    pub ran: StatementStats,
}

/// Where a file failed, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failed {
    /// The index of the statement; absent when it was what a commit checks.
    pub statement: Option<usize>,
    /// What the server said meanwhile.
    pub notices: Vec<String>,
    /// How long it took to fail, in which every lock was held that was there.
    pub took: Duration,
    /// Why.
    pub halt: RunError,
}

impl Failed {
    /// A failure that knows its place: the statement, or the check of what a commit would check.
    pub fn at(
        statement: Option<usize>,
        notices: Vec<String>,
        took: Duration,
        mut halt: RunError,
    ) -> Self {
        if let RunError::Refused(refused) = &mut halt {
            refused.part = statement;
            if statement.is_none() {
                refused.at_commit = true;
                refused.character = None;
            }
        }
        Self {
            statement,
            notices,
            took,
            halt,
        }
    }
}

/// What is asked once everything is undone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PostRollback {
    /// The sequences that the role may read, with their last values.
    pub sequences: Vec<(String, Option<String>)>,
    /// What was counted of each table.
    pub counts: Counts,
    /// The rows that roles see.
    pub visible: Vec<Visible>,
}
