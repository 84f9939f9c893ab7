//! Keeps account while a rehearsal runs: turns measures after each statement into what that statement locked, wrote anew
//! and changed, and in the end into the strongest lock of each table and the data that is lost.

use super::measure::{Blocks, Ground, Holding, Known, Ran, Rows, Touched};
use super::{Held, Loss, TableLock, TableRows, Way};
use crate::domain::picture::difference::{Difference, Fate};
use crate::domain::picture::{Kind, Object, Picture};
use crate::domain::risk::LockMode;
use crate::domain::sql::command::outer_words;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

/// What one statement did to tables that were there before.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Effect {
    /// New or stronger locks.
    pub locks: Vec<TableLock>,
    /// Tables written anew.
    pub rewrites: Vec<String>,
    /// Rows.
    pub changed: Vec<TableRows>,
}

/// The state of one known table.
struct State {
    name: String,
    file: Option<u32>,
    bytes: u64,
    mode: Option<LockMode>,
    rows: Rows,
}

/// The account of one rehearsal.
pub struct Account {
    tables: HashMap<u32, State>,
    about: BTreeMap<String, Option<u64>>,
    held: BTreeMap<String, Held>,
    /// Locks of the file that runs.
    open: BTreeSet<String>,
    /// When the statement of each lock began, in milliseconds of the rehearsal.
    begun_ms: BTreeMap<String, u64>,
    elapsed_ms: u64,
    emptied: BTreeSet<String>,
    deleted: BTreeMap<String, u64>,
    overwritten: BTreeMap<String, u64>,
}

impl Account {
    /// An account of what happens to these tables; one that is made on the way is nobody's else and does not count.
    pub fn new(ground: &Ground) -> Self {
        let state = |known: &Known| State {
            name: known.table.clone(),
            file: known.file,
            bytes: known.bytes,
            mode: None,
            rows: Rows::default(),
        };
        let tables = &ground.tables;
        Self {
            tables: tables.iter().map(|one| (one.id, state(one))).collect(),
            about: tables
                .iter()
                .map(|one| (one.table.clone(), one.about))
                .collect(),
            held: BTreeMap::new(),
            open: BTreeSet::new(),
            begun_ms: BTreeMap::new(),
            elapsed_ms: 0,
            emptied: BTreeSet::new(),
            deleted: BTreeMap::new(),
            overwritten: BTreeMap::new(),
        }
    }

    /// Enters a statement that ran.
    pub fn enter(&mut self, version: &str, statement: usize, sql: &str, ran: &Ran) -> Effect {
        let begun_ms = self.elapsed_ms;
        self.pass(ran.took);
        let mut effect = Effect::default();
        for touched in &ran.touched {
            let Some(state) = self.tables.get_mut(&touched.id) else {
                continue;
            };
            let rows = touched.rows.since(state.rows);
            state.rows = touched.rows;
            if rows != Rows::default() {
                let table = state.name.clone();
                if rows.deleted > 0 {
                    *self.deleted.entry(table.clone()).or_default() += rows.deleted;
                    // A row that is gone is not counted as overwritten too.
                    if let Some(overwritten) = self.overwritten.get_mut(&table) {
                        *overwritten = overwritten.saturating_sub(rows.deleted);
                    }
                }
                effect.changed.push(TableRows { table, rows });
            }
            let rewritten = match renewed(state, touched, sql) {
                None => false,
                Some(Renewed::Emptied) => {
                    self.emptied.insert(state.name.clone());
                    false
                }
                Some(Renewed::Rewritten) => {
                    effect.rewrites.push(state.name.clone());
                    true
                }
            };
            let mode = touched.mode;
            if state.mode.is_none_or(|held| mode > held) {
                state.mode = Some(mode);
                effect.locks.push(TableLock {
                    table: state.name.clone(),
                    mode,
                    blocks: Blocks::of(mode),
                });
                self.open.insert(state.name.clone());
                self.begun_ms.insert(state.name.clone(), begun_ms);
                let before = self
                    .held
                    .get(&state.name)
                    .is_some_and(|held| held.rewritten);
                self.held.insert(
                    state.name.clone(),
                    Held {
                        table: state.name.clone(),
                        mode,
                        blocks: Blocks::of(mode),
                        version: version.to_owned(),
                        statement,
                        held_ms: 0,
                        rehearsal_held_ms: 0,
                        rewritten: before,
                    },
                );
            }
            if let Some(held) = self.held.get_mut(&state.name) {
                held.rewritten |= rewritten;
            }
        }
        effect
    }

    /// Enters that a statement without a condition made these changes: all rows of a table are the same rows each time.
    pub fn overwrite(&mut self, changed: &[TableRows]) {
        for TableRows { table, rows } in changed.iter().filter(|one| one.rows.updated > 0) {
            let overwritten = self.overwritten.entry(table.clone()).or_default();
            *overwritten = (*overwritten).max(rows.updated);
        }
    }

    /// Enters time in which no lock came: what a commit checks, or a statement that failed.
    pub fn pass(&mut self, took: Duration) {
        self.elapsed_ms += u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
    }

    /// The file has ended, and its locks would go with its commit.
    pub fn close_file(&mut self) {
        for table in std::mem::take(&mut self.open) {
            let since = self.begun_ms.get(&table).copied().unwrap_or_default();
            if let Some(held) = self.held.get_mut(&table) {
                held.held_ms = self.elapsed_ms.saturating_sub(since);
            }
        }
    }

    /// The strongest lock of each table, the most blocking first. Up to now the rehearsal has held all of them.
    pub fn locks(&self) -> Vec<Held> {
        let mut held: Vec<Held> = self.held.values().cloned().collect();
        for one in &mut held {
            let since = self.begun_ms.get(&one.table).copied().unwrap_or_default();
            one.rehearsal_held_ms = self.elapsed_ms.saturating_sub(since);
        }
        held.sort_by(|a, b| (b.mode, &a.table).cmp(&(a.mode, &b.table)));
        held
    }

    /// What is lost by a difference and by the statements that were entered; the numbers of dropped things are open.
    pub fn losses(&self, before: &Picture, difference: &Difference) -> Vec<Loss> {
        let mut losses = dropped(before, difference);
        let dropped: BTreeSet<String> = losses
            .iter()
            .filter(|loss| loss.way == Way::TableDropped)
            .map(|loss| loss.table.clone())
            .collect();
        // Each row counts once: a table that goes or is emptied takes those with it that were deleted before.
        let emptied = self.emptied.difference(&dropped);
        losses.extend(emptied.map(|table| loss(Way::TableEmptied, table, None)));
        let ways = [
            (Way::RowsDeleted, &self.deleted),
            (Way::RowsChanged, &self.overwritten),
        ];
        for (way, tables) in ways {
            let left = tables.iter().filter(|(table, rows)| {
                **rows > 0 && !dropped.contains(*table) && !self.emptied.contains(*table)
            });
            losses.extend(left.map(|(table, rows)| Loss {
                rows: Some(*rows),
                counted: true,
                ..loss(way, table, None)
            }));
        }
        losses
    }

    /// About how many rows a table had.
    pub fn about(&self, table: &str) -> Option<u64> {
        self.about.get(table).copied().flatten()
    }
}

/// What is dropped with data in it: tables that were there, and columns of tables that stay. What views and composites
/// show is kept elsewhere.
pub fn dropped(before: &Picture, difference: &Difference) -> Vec<Loss> {
    let is_table = |name: &str| {
        before.has(&Object {
            kind: Kind::Table,
            on: None,
            name: name.to_owned(),
        })
    };
    let removed = difference
        .heads()
        .filter(|change| change.fate == Fate::Removed);
    let mut losses = Vec::new();
    for change in removed {
        let object = &change.object;
        match (object.kind, &object.on) {
            (Kind::Table, _) => losses.push(loss(Way::TableDropped, &object.name, None)),
            (Kind::Column, Some(table)) if is_table(table) => {
                losses.push(loss(Way::ColumnDropped, table, Some(object.name.clone())));
            }
            _ => {}
        }
    }
    losses.sort_by(|a, b| (a.way, &a.table, &a.column).cmp(&(b.way, &b.table, &b.column)));
    losses
}

fn loss(way: Way, table: &str, column: Option<String>) -> Loss {
    Loss {
        way,
        table: table.to_owned(),
        column,
        rows: None,
        counted: false,
    }
}

impl Loss {
    /// What has to be counted for it, before anything runs.
    pub fn holding(&self) -> Option<Holding> {
        (self.rows.is_none()).then(|| Holding {
            table: self.table.clone(),
            column: self.column.clone(),
        })
    }
}

enum Renewed {
    Emptied,
    Rewritten,
}

/// Whether a table got a new file, and why as far as that shows.
fn renewed(state: &mut State, touched: &Touched, sql: &str) -> Option<Renewed> {
    let new = touched.file.filter(|file| Some(*file) != state.file)?;
    let is_empty = touched.bytes == Some(0);
    let was_empty = state.bytes == 0;
    state.file = Some(new);
    state.bytes = touched.bytes.unwrap_or_default();
    let truncates = outer_words(sql).iter().any(|word| word == "truncate");
    Some(if is_empty && (!was_empty || truncates) {
        Renewed::Emptied
    } else {
        Renewed::Rewritten
    })
}
