//! What a file can do to a live database, statement by statement, before it runs: how severe it is and why, how to write
//! it more safely, and which locks it takes. Pure: the text is all it knows, so it says what the text cannot rule out.

mod allow;
mod context;
mod definers;
mod depth;
mod insert_elision;
pub mod level;
pub mod lock;
mod name;
mod read;
pub mod rule;
mod tree;

pub use insert_elision::holds_only_values;
pub use level::Level;
pub use lock::{LockMode, PredictedLock};
pub use read::irreversible_names;

use crate::domain::sql::execution_mode::is_marked;
use crate::domain::sql::split::split;
use context::FileContext;
use serde::Serialize;
use std::cmp::Reverse;

/// One thing that a statement does and that somebody should know before it runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The rule, in kebab-case; stable, the word of allow comments.
    pub rule: &'static str,
    /// How severe it is.
    pub level: Level,
    /// Index of the statement in the file, from 0, as the engine counts.
    pub statement: usize,
    /// Byte offset of the place in the file.
    pub at: usize,
    /// What happens, a sentence or two.
    pub reason: String,
    /// The object that the reason is about, as the text names it.
    #[serde(skip)]
    pub subject: String,
    /// How to write it more safely.
    pub safer: Option<String>,
    /// The reason of the comment that accepts the finding.
    pub allowed: Option<String>,
}

/// What is known about one statement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StatementRisk {
    /// Index of the statement in the file, from 0.
    pub statement: usize,
    /// The worst level among the findings that no comment accepts.
    pub level: Level,
    /// What was found, in the order of the file.
    pub findings: Vec<Finding>,
    /// The strongest lock on each relation that was there before the file.
    pub locks: Vec<PredictedLock>,
}

/// An allow comment that accepts nothing: with an unknown rule, without a reason, or without a finding to accept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct InvalidAllow {
    /// Byte offset of the comment in the file.
    pub at: usize,
    /// The rule as it is written.
    pub rule: String,
    /// What is wrong with it, a sentence.
    pub why: String,
}

/// What is known about a file.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Assessment {
    /// One for each statement of the file, in its order; those that only hold comments are safe.
    pub statements: Vec<StatementRisk>,
    /// Allow comments that accept nothing.
    pub faulty_allows: Vec<InvalidAllow>,
}

impl Assessment {
    /// The worst level of the file that no comment accepts.
    pub fn level(&self) -> Level {
        self.statements
            .iter()
            .map(|statement| statement.level)
            .max()
            .unwrap_or(Level::Safe)
    }

    /// Whether a statement loses data, or cannot be read and so may. A comment that accepts it does not bring a row back.
    pub fn may_lose_data(&self) -> bool {
        self.findings()
            .any(|finding| finding.level >= Level::LosesData)
    }

    /// What a statement does that a rollback does not undo, also where a comment accepts it: it cannot be tried in a
    /// transaction that is never committed.
    pub fn stays(&self) -> Option<&Finding> {
        self.findings()
            .find(|finding| !rule::is_undone(finding.rule))
    }

    /// Every finding, accepted or not, in the order of the statements.
    pub fn findings(&self) -> impl Iterator<Item = &Finding> {
        self.statements
            .iter()
            .flat_map(|statement| &statement.findings)
    }

    /// The findings that no comment accepts.
    pub fn open_findings(&self) -> impl Iterator<Item = &Finding> {
        self.findings().filter(|finding| finding.allowed.is_none())
    }

    /// Takes away what is known of so many statements from the first one: they do not run.
    pub fn leave_out(&mut self, count: usize) {
        for statement in self.statements.iter_mut().take(count) {
            statement.findings.clear();
            statement.locks.clear();
            statement.level = Level::Safe;
        }
    }

    /// The strongest lock on each relation over the whole file, by name.
    pub fn locks(&self) -> Vec<PredictedLock> {
        let mut strongest: std::collections::BTreeMap<&str, PredictedLock> =
            std::collections::BTreeMap::new();
        for lock in self
            .statements
            .iter()
            .flat_map(|statement| &statement.locks)
        {
            strongest
                .entry(&lock.table)
                .and_modify(|known| {
                    known.mode = known.mode.max(lock.mode);
                    known.rewrites |= lock.rewrites;
                })
                .or_insert_with(|| lock.clone());
        }
        strongest.into_values().collect()
    }
}

/// Reads a file and tells what each of its statements can do.
///
/// The file is SQL as the server gets it: a seed has its psql variables filled in before.
pub fn assess(sql: &str) -> Assessment {
    file(&mut FileContext::default(), sql)
}

/// Whether a statement, or a function that it makes, calls what no rollback undoes.
pub fn calls_irreversible(sql: &str) -> bool {
    assess(sql).stays().is_some()
}

/// Reads files that are applied one behind the other. A table that one of them creates is new in those behind it too,
/// so that a fresh database is no reason for warnings.
pub fn assess_in_order<'a>(files: impl IntoIterator<Item = &'a str>) -> Vec<Assessment> {
    assess_behind([], files)
}

/// The same behind files that were applied before: of those only the functions are of interest that policies call.
pub fn assess_behind<'a>(
    before: impl IntoIterator<Item = &'a str>,
    files: impl IntoIterator<Item = &'a str>,
) -> Vec<Assessment> {
    let mut earlier = FileContext::default();
    for sql in before {
        file(&mut earlier, sql);
    }
    let mut world = FileContext::default();
    world.believe_as(&earlier);
    let mut assessments: Vec<Assessment> = Vec::new();
    for sql in files {
        assessments.push(file(&mut world, sql));
        for (index, gone) in world.definers.withdrawn() {
            let statements = assessments.get_mut(index).map(|of| &mut of.statements);
            if let Some(statement) = statements.and_then(|of| of.get_mut(gone.statement)) {
                statement
                    .findings
                    .retain(|finding| (finding.rule, finding.at) != (gone.rule, gone.at));
                statement.level = worst(&statement.findings);
            }
        }
    }
    assessments
}

/// The worst level among the findings that no comment accepts.
fn worst(findings: &[Finding]) -> Level {
    let open = findings.iter().filter(|finding| finding.allowed.is_none());
    open.map(|finding| finding.level)
        .max()
        .unwrap_or(Level::Safe)
}

fn file(world: &mut FileContext, sql: &str) -> Assessment {
    let pieces = split(sql);
    let mut statements: Vec<StatementRisk> = pieces
        .iter()
        .enumerate()
        .map(|(index, piece)| read::statement(world, sql, index, piece))
        .collect();
    for finding in world.end_file() {
        if let Some(statement) = statements.get_mut(finding.statement) {
            statement.findings.push(finding);
        }
    }
    if is_marked(sql) {
        follow_advice(&mut statements);
    }
    let allows = allow::allows(sql, &pieces);
    let faulty_allows = allow::accept(
        &allows,
        statements
            .iter_mut()
            .flat_map(|statement| &mut statement.findings),
    );
    for statement in &mut statements {
        statement
            .findings
            .sort_by_key(|finding| (finding.at, Reverse(finding.level), finding.rule));
        statement.findings.dedup();
        statement.level = worst(&statement.findings);
    }
    Assessment {
        statements,
        faulty_allows,
    }
}

/// Leaves out the advice to mark the file where it is marked.
fn follow_advice(statements: &mut [StatementRisk]) {
    let findings = statements.iter_mut().flat_map(|one| &mut one.findings);
    for finding in findings.filter(|one| one.rule == rule::CANNOT_RUN_IN_TRANSACTION.name) {
        finding.safer = None;
    }
}

#[cfg(test)]
mod tests;
