//! What a dry run found: per statement, and in sum what will change, what will be locked and what will be lost.
//! Pure: these are the words of the report, in the order in which they are shown.

pub mod access;
pub mod backfill;
pub mod coverage;
pub mod effects;
pub mod losses;
pub mod measure;
pub mod moved;
pub mod passed_over;
pub mod quiet;
pub mod recording;
pub mod savepoint;
#[cfg(test)]
mod tests;
pub mod undone;
pub mod unread;

use self::access::AccessChange;
use super::migration::platform_locks::PlatformLocks;
use super::migration::{Direction, Target};
use super::problem::Problem;
use super::snapshot::difference::Difference;
use crate::domain::lint::LockMode;
use measure::{Blocks, Rows, Uncounted};
use passed_over::PassedOver;
use serde::Serialize;

/// Where something was dry-run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Environment {
    /// The database itself, in a transaction that is never committed.
    Target,
    /// A scratch database that is thrown away.
    Scratch,
}

/// How the dry run of one file ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum End {
    /// Every statement ran.
    Passed,
    /// A statement failed, or the check at its commit would.
    Failed,
    /// It runs outside a transaction, so it cannot be dry-run here.
    Skipped,
    /// It reaches outside the database, where a rollback undoes nothing: it is not run before it is applied.
    Refused,
    /// It failed, and may do so only because of the dry run: all files share one transaction, and some are not run.
    Unsure,
    /// An earlier one stopped the dry run.
    NotReached,
}

/// A lock on one table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TableLock {
    /// The qualified table.
    pub table: String,
    /// The mode.
    pub mode: LockMode,
    /// Whom it makes wait.
    pub blocks: Blocks,
}

/// Rows of one table that a statement touched, also through functions and cascades.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TableRows {
    /// The qualified table.
    pub table: String,
    /// How many.
    #[serde(flatten)]
    pub rows: Rows,
    /// Whether they may be fewer: the statement undid a part of its work, and the server counts that too.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub at_most: bool,
}

/// One statement of a dry-run file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StatementReport {
    /// Its number in the file, from 1.
    pub statement: usize,
    /// The line of the file on which it begins, where the file can be read.
    pub line: Option<usize>,
    /// The SQL.
    pub sql: String,
    /// How long the server took, in milliseconds.
    pub took_ms: u64,
    /// Rows that it touched or returned, as the server counts them.
    pub rows: u64,
    /// What the server said meanwhile.
    pub notices: Vec<String>,
    /// Locks that it took on tables that were there before, where they are new or stronger.
    pub locks: Vec<TableLock>,
    /// Tables that it wrote anew from end to end.
    pub rewrites: Vec<String>,
    /// Rows of tables that were there before.
    pub changed: Vec<TableRows>,
    /// Why it failed.
    pub problem: Option<Problem>,
}

/// One file of a dry-run plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StepReport {
    /// The version.
    pub version: String,
    /// Its name.
    pub name: String,
    /// Which file.
    pub direction: Direction,
    /// How it ended.
    pub end: End,
    /// How long all its statements took, in milliseconds.
    pub took_ms: u64,
    /// Its statements, as far as they ran.
    pub statements: Vec<StatementReport>,
    /// Its own BEGIN and COMMIT words, where it was run in one transaction without them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub left_out: Vec<LeftOut>,
    /// What it changes; absent where the file was not dry-run or the plan is long.
    pub difference: Option<Difference>,
    /// Why it was skipped, and what that means for those behind it.
    pub note: Option<String>,
}

/// A word about transactions that a dry run left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LeftOut {
    /// The number of the statement in the file, from 1.
    pub statement: usize,
    /// The line of the file on which it stands, where the file can be read.
    pub line: Option<usize>,
    /// The SQL.
    pub sql: String,
}

/// The strongest lock on one table, and how long it was held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TableLockSummary {
    /// The qualified table, by the name it had before.
    pub table: String,
    /// The strongest mode.
    pub mode: LockMode,
    /// Whom it makes wait.
    pub blocks: Blocks,
    /// The version of the file that takes it.
    pub version: String,
    /// The number of the statement that takes it, from 1.
    pub statement: usize,
    /// From the beginning of that statement to the end of its file, in milliseconds: a real run commits there.
    pub held_ms: u64,
    /// From the beginning of that statement to the end of the dry run, in milliseconds: it commits nowhere, so others waited
    /// for the files behind too, and for the statement that failed.
    pub rehearsal_held_ms: u64,
    /// Whether the table is written anew under it.
    pub rewritten: bool,
}

/// How data goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LossKind {
    /// The table or materialized view is dropped.
    TableDropped,
    /// The column is dropped.
    ColumnDropped,
    /// An attribute of a type is dropped, and each value of the column loses it.
    AttributeDropped,
    /// The table is emptied by `TRUNCATE`.
    TableEmptied,
    /// Values of a column become null when the table is written anew, as by `ALTER COLUMN … TYPE … USING`.
    ValuesNulled,
    /// Values of a column read differently when the table is written anew, as by the same: truncated, rounded, replaced. The
    /// number is that of all values, of which some differ.
    ValuesConverted,
    /// Rows are deleted.
    RowsDeleted,
    /// Rows are overwritten by a statement that has no condition.
    RowsChanged,
}

/// Data that is gone afterwards.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Loss {
    /// How it goes.
    pub way: LossKind,
    /// The qualified table.
    pub table: String,
    /// The column, when only that goes.
    pub column: Option<String>,
    /// The attribute that its values lose, with its type.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attribute: Option<String>,
    /// Rows, or values other than null of the column; absent when nobody could count them in time, and on a scratch database,
    /// which has no data of the target.
    pub rows: Option<u64>,
    /// Whether the number was counted; else it is an estimate.
    pub counted: bool,
    /// Whether a table or column of the same name is there afterwards; it is another one, without these values.
    pub remade: bool,
    /// Why it was not counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uncounted: Option<Uncounted>,
}

/// A table that may have lost values or rows which nobody could count.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NotCounted {
    /// The qualified table.
    pub table: String,
    /// Why.
    pub why: Uncounted,
}

/// A sequence that a dry run moved in a way that matters to the run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SequenceNote {
    /// Its name.
    pub sequence: String,
    /// Its last value before; absent where it had given none.
    pub before: Option<i64>,
    /// Its last value now.
    pub after: Option<i64>,
}

impl SequenceNote {
    /// Of a sequence that moved, where there is something to say: it had given no number, or it was set back.
    pub fn of(sequence: &str, before: Option<&str>, after: Option<&str>) -> Option<Self> {
        let number = |text: Option<&str>| text.and_then(|text| text.parse().ok());
        let (before, after): (Option<i64>, Option<i64>) = (number(before), number(after));
        // No value is below every value.
        (before.is_none() || after < before).then(|| Self {
            sequence: sequence.to_owned(),
            before,
            after,
        })
    }
}

/// A dry-run plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Where it was dry-run.
    pub on: Environment,
    /// The database that was used.
    pub database: Target,
    /// One report a file of the plan.
    pub steps: Vec<StepReport>,
    /// Everything that is different afterwards.
    pub difference: Difference,
    /// The strongest lock of each table that was there before.
    pub locks: Vec<TableLockSummary>,
    /// What is lost.
    pub losses: Vec<Loss>,
    /// What may have lost values, and could not be counted.
    pub uncounted: Vec<NotCounted>,
    /// Who gains or loses access.
    pub access: Vec<AccessChange>,
    /// Sequences whose values moved: that is not undone, by Postgres' design.
    pub sequences: Vec<String>,
    /// Those of them that do not only stand further on.
    pub sequence_notes: Vec<SequenceNote>,
    /// What a scratch database did not run, because its server lacks what the platform has.
    pub passed_over: Vec<PassedOver>,
    /// What is locked of the platform, which stands in no other list of locks.
    pub platform_locks: Option<PlatformLocks>,
    /// What stopped the dry run.
    pub problem: Option<Problem>,
}

/// How the round trip of one version ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Rolling back restores the catalog, and applying again gives the same as before.
    Proven,
    /// The rollback leaves the catalog different.
    NotRestored,
    /// Applied again after a rollback, the catalog is not what it was.
    NotRepeatable,
    /// There is no rollback file, or nothing in it.
    NoRollback,
    /// A file failed.
    Failed,
    /// It runs outside a transaction, so it cannot be checked here.
    Skipped,
    /// It reaches outside the database, where a rollback undoes nothing: it is not run only to check it.
    Refused,
    /// A file failed, and may do so only because of the check: all files share one transaction, and some are not run.
    Unsure,
    /// An earlier one stopped the check.
    NotReached,
}

impl Verdict {
    /// Whether the version did not pass. One that was not reached was not looked at.
    pub fn is_fault(self) -> bool {
        !matches!(
            self,
            Self::Proven | Self::Skipped | Self::Refused | Self::Unsure | Self::NotReached
        )
    }
}

/// The round trip of one version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RoundTrip {
    /// The version.
    pub version: String,
    /// Its name.
    pub name: String,
    /// How it ended.
    pub finding: Verdict,
    /// What the rollback leaves different from before the migration.
    pub difference: Difference,
    /// What is different when the migration is applied once more.
    pub again: Difference,
    /// What the rollback throws away.
    pub losses: Vec<Loss>,
    /// What may have lost values, and could not be counted.
    pub uncounted: Vec<NotCounted>,
    /// Why a file failed or is missing.
    pub problem: Option<Problem>,
}

/// The round trips of several versions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Verification {
    /// Where it was checked.
    pub on: Environment,
    /// The database that was used.
    pub database: Target,
    /// One entry a version.
    pub versions: Vec<RoundTrip>,
    /// What a scratch database did not run, because its server lacks what the platform has.
    pub passed_over: Vec<PassedOver>,
}

impl Verification {
    /// How many versions did not pass.
    pub fn faults(&self) -> usize {
        self.versions
            .iter()
            .filter(|trip| trip.finding.is_fault())
            .count()
    }

    /// How many were not looked at, because of another one.
    pub fn not_reached(&self) -> usize {
        self.versions
            .iter()
            .filter(|trip| trip.finding == Verdict::NotReached)
            .count()
    }
}
