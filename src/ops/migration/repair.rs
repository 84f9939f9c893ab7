//! Mends the history where it disagrees with the database: says that a version is applied, that it is not, or that it
//! was applied from a file of another version. It never guesses: what is not certain is refused, with the reason.

use super::diff::difference;
use super::list::{entry, read, unknown, way_out};
use super::{Workspace, read_files};
use crate::domain::migration::difference::Difference;
use crate::domain::migration::history::{History, Row, Stored};
use crate::domain::migration::history_table::TableAccess;
use crate::domain::migration::resolution::Repair;
use crate::domain::migration::{Entry, MigrationList, State, Target};
use crate::domain::problem::{Kind, Problem};
use crate::domain::script::Change;
use crate::domain::sql::Statements;
use serde::Serialize;
use std::collections::{HashMap, HashSet};

/// What will change in the history; it is shown and confirmed first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RepairPlan {
    /// What the history shall say.
    pub status: Repair,
    /// One for each version.
    pub rows: Vec<RowChange>,
    /// The database.
    pub target: Target,
    #[serde(skip)]
    changes: Vec<Change>,
}

/// A row of the history before and after.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RowChange {
    /// The row as it is; absent when there is none.
    pub before: Option<Record>,
    /// The row as it will be; absent when it goes.
    pub after: Option<Record>,
    /// The difference between the statements stored and those of the file, where the file is recorded.
    pub difference: Option<Difference>,
}

/// A row of the history in short.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Record {
    /// The version.
    pub version: String,
    /// The name.
    pub name: Option<String>,
    /// How many statements it stores; absent when it stores none at all.
    pub statements: Option<usize>,
}

/// Says what would change. Nothing is changed, and what cannot be certain is refused.
pub async fn plan_repair(
    schema: &Workspace,
    versions: &[String],
    how: Repair,
) -> Result<RepairPlan, Problem> {
    if versions.is_empty() {
        return Err(Problem::new(
            Kind::Usage,
            "No version was named.",
            "Repair changes only what is named.",
        ));
    }
    schema.check_root()?;
    if let Some(doubt) = read_files::doubt(&schema.root) {
        return Err(Problem::new(
            Kind::Config,
            "The history was not changed: it would be compared with no files at all.",
            doubt,
        )
        .with_hint("Name the project's directory with `--dir`, or make the folder `migrations` in it when it has none on purpose."));
    }
    let (listing, history) = read(schema).await?;
    let usage = match how {
        Repair::Applied => TableAccess::Upsert,
        Repair::Reverted => TableAccess::Delete,
        Repair::Renamed => TableAccess::Update,
    };
    usable(&history, usage)?;
    let mut seen = HashSet::new();
    let named: Vec<&String> = versions
        .iter()
        .filter(|version| seen.insert(*version))
        .collect();
    let rows = schema.database.stored(versions).await?;
    let mut planner = Planner {
        listing: &listing,
        history: &history,
        stored: rows.iter().map(|row| (row.version.as_str(), row)).collect(),
        changes: Vec::new(),
    };
    let mut changed = Vec::with_capacity(named.len());
    for version in named {
        changed.push(match how {
            Repair::Applied => planner.applied(version)?,
            Repair::Reverted => planner.reverted(version)?,
            Repair::Renamed => planner.renamed(version)?,
        });
    }
    Ok(RepairPlan {
        status: how,
        rows: changed,
        changes: planner.changes,
        target: history.target,
    })
}

/// Changes the history as the plan says and runs no migration. All versions change, or none does; an error says which,
/// as far as it can be known. Nothing changes when a row is no longer as the plan saw it.
pub async fn carry_out(schema: &Workspace, plan: &RepairPlan) -> Result<MigrationList, Problem> {
    schema.database.repair(&plan.changes).await?;
    let (listing, _) = read(schema).await.map_err(|unread| Problem {
        what: "The migration history was changed, but could not be read again.".to_owned(),
        why: unread.to_string(),
        hint: Some(
            "Look at `supadeck migration list`; the change need not be repeated.".to_owned(),
        ),
        retry: false,
        ..unread
    })?;
    Ok(listing)
}

/// Plans and changes in one go, for callers that have shown the change by other means.
pub async fn repair(
    schema: &Workspace,
    versions: &[String],
    how: Repair,
) -> Result<MigrationList, Problem> {
    let plan = plan_repair(schema, versions, how).await?;
    carry_out(schema, &plan).await
}

/// Refuses a history that is known not to take what is to be done.
pub(super) fn usable(history: &History, usage: TableAccess) -> Result<(), Problem> {
    let Some(obstacle) = history.books.blocker(usage) else {
        return Ok(());
    };
    let problem = Problem::new(
        Kind::Database,
        "The migration history of this database cannot be written.",
        obstacle.what,
    );
    Err(match obstacle.way_out {
        Some(way) => problem.with_hint(way),
        None => problem,
    })
}

struct Planner<'a> {
    listing: &'a MigrationList,
    history: &'a History,
    stored: HashMap<&'a str, &'a Stored>,
    changes: Vec<Change>,
}

impl Planner<'_> {
    fn applied(&mut self, version: &str) -> Result<RowChange, Problem> {
        let entry = entry(self.listing, version)?;
        if entry.state == State::Renamed {
            return Err(refused(
                entry,
                "It is recorded already, under another version; a second row would be too many.",
            ));
        }
        let Some(file) = &entry.file else {
            return Err(refused(
                entry,
                "Its statements would be taken from the file, and there is none.",
            ));
        };
        let source = read_files::read(file)?;
        let statements = Statements::of(source.text);
        let after = Record {
            version: version.to_owned(),
            name: Some(entry.name.clone()),
            statements: Some(statements.len()),
        };
        let difference = difference(entry, self.stored.get(version).copied())?;
        self.expect(version);
        self.changes.push(Change::Apply {
            version: version.to_owned(),
            name: entry.name.clone(),
            statements,
            sha256: source.sha256,
        });
        Ok(RowChange {
            before: self.record(version),
            after: Some(after),
            difference: Some(difference),
        })
    }

    fn reverted(&mut self, version: &str) -> Result<RowChange, Problem> {
        if self.row(version).is_none() {
            let entry = self
                .listing
                .entries
                .iter()
                .find(|entry| entry.version == version)
                .ok_or_else(|| unknown(version))?;
            if entry.state == State::Interrupted {
                // It never got into the history; only the journal knows of it.
                self.expect(version);
                self.changes.push(Change::Settle {
                    version: version.to_owned(),
                });
                return Ok(RowChange {
                    before: None,
                    after: None,
                    difference: None,
                });
            }
            return Err(refused(
                entry,
                "It is not in the history: there is nothing to revert.",
            ));
        }
        self.expect(version);
        self.changes.push(Change::Revert {
            version: version.to_owned(),
        });
        Ok(RowChange {
            before: self.record(version),
            after: None,
            difference: None,
        })
    }

    fn renamed(&mut self, version: &str) -> Result<RowChange, Problem> {
        let entry = entry(self.listing, version)?;
        let (State::Renamed, Some(from)) = (entry.state, &entry.recorded) else {
            return Err(refused(
                entry,
                "No row of the history is known to be this file and nothing else.",
            ));
        };
        let row = self
            .row(from)
            .ok_or_else(|| Problem::internal("A recorded version is not in the history."))?;
        // Stored statements were asked for by the names that were typed; the digest stands for them.
        let before = Record {
            version: from.clone(),
            name: row.name.clone(),
            statements: None,
        };
        let after = Record {
            version: version.to_owned(),
            name: Some(entry.name.clone()),
            statements: None,
        };
        self.expect(from);
        self.expect(version);
        self.changes.push(Change::Rename {
            from: from.clone(),
            version: version.to_owned(),
            name: entry.name.clone(),
        });
        Ok(RowChange {
            before: Some(before),
            after: Some(after),
            difference: None,
        })
    }

    fn row(&self, version: &str) -> Option<&Row> {
        self.history.rows.iter().find(|row| row.version == version)
    }

    /// Makes everything fail when the row is another one by then.
    fn expect(&mut self, version: &str) {
        let row = self.row(version).cloned();
        self.changes.push(Change::Expect {
            version: version.to_owned(),
            row,
        });
    }

    fn record(&self, version: &str) -> Option<Record> {
        let row = self.row(version)?;
        let stored = self.stored.get(version);
        Some(Record {
            version: row.version.clone(),
            name: row.name.clone(),
            statements: stored.and_then(|row| row.statements.as_ref()).map(Vec::len),
        })
    }
}

fn refused(entry: &Entry, why: &str) -> Problem {
    let problem = Problem::new(
        Kind::Conflict,
        format!(
            "Version {} is {}, so the history was not changed.",
            entry.version,
            entry.state.word()
        ),
        why,
    );
    if entry.ways.is_empty() {
        problem
    } else {
        problem.with_hint(way_out(entry))
    }
}
