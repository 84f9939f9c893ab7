//! Keeps the ledger while a dry run runs: turns measures after each statement into what that statement locked, wrote anew
//! and changed, and in the end into the strongest lock of each table and the data that is lost.

use super::backfill::{Assigned, are_new, assigned, is_of_another, unqualified};
use super::losses::{Candidates, Open, Renewal, gone, loss, renewed};
use super::measure::{
    Baseline, BaselineTable, Blocks, Recount, Rows, StatementStats, TouchedTable, Uncounted,
};
use super::moved::{enter_moves, lineage, partitions};
use super::savepoint::Marks;
use super::undone::{Undoing, Undone};
use super::{Loss, LossKind, NotCounted, TableLock, TableLockSummary, TableRows};
use crate::domain::lint::LockMode;
use crate::domain::snapshot::{Kind, Object, Snapshot};
use crate::domain::sql::statement_kind::outer_words;
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
#[derive(Clone)]
struct State {
    name: String,
    /// What it is called now.
    now: String,
    file: Option<u32>,
    bytes: u64,
    /// Whether it got its file in this transaction.
    is_renewed: bool,
    /// Whether dropping it loses rows: no materialized view, and nothing that is kept elsewhere.
    holds_rows: bool,
    mode: Option<LockMode>,
}

/// The ledger of one dry run.
#[derive(Clone)]
pub struct EffectLedger {
    tables: HashMap<u32, State>,
    about: BTreeMap<String, Option<u64>>,
    held: BTreeMap<String, TableLockSummary>,
    /// Locks of the file that runs.
    open: BTreeSet<String>,
    /// When the statement of each lock began, in milliseconds of the dry run.
    begun_ms: BTreeMap<String, u64>,
    elapsed_ms: u64,
    lost: Lost,
    /// The same when the file that runs began.
    kept: Lost,
    /// The same at each savepoint of the file that still stands.
    marks: Marks<Lost>,
    /// What is known of work that statements undid themselves.
    undoing: Undoing,
    /// The transaction number below which each was taken when the last statement had ended.
    next_xid: u64,
    /// The table each partition belongs to.
    partitions: BTreeMap<u32, u32>,
}

/// What the statements so far did to data. Tables go by the names that they had before.
#[derive(Debug, Clone, Default)]
struct Lost {
    emptied: BTreeSet<String>,
    deleted: BTreeMap<String, u64>,
    overwritten: BTreeMap<String, u64>,
    /// What plain updates wrote of a table.
    assigned: BTreeMap<u32, Filled>,
    /// Tables that are new, into which a statement moved rows of others.
    moved_into: BTreeMap<u32, BTreeSet<u32>>,
    /// Tables that are not there any more.
    gone: BTreeSet<u32>,
    /// Tables that were written anew, with what they held right afterwards.
    renewals: BTreeMap<u32, Vec<Renewal>>,
    /// The files and sizes of tables that have new ones.
    files: HashMap<u32, (Option<u32>, u64)>,
    /// The rows that the server counted of each table when it was measured last.
    rows: HashMap<u32, Rows>,
    /// Tables of which the server counts rows too that a statement undid itself.
    doubtful: BTreeSet<u32>,
    /// Tables of which rows are deleted or overwritten that cannot be counted, with the reason.
    uncounted: BTreeMap<u32, Uncounted>,
}

/// What plain updates wrote of a table.
#[derive(Debug, Clone, Default)]
struct Filled {
    rows: u64,
    /// The columns that they assign.
    columns: BTreeSet<String>,
    /// How they call it, where they leave out its schema.
    bare_names: BTreeSet<String>,
}

/// What updates assigned to the rows of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Updates<'a> {
    /// No row was updated.
    None,
    /// Plain statements, and only these columns, as the catalog prints them.
    Of(&'a BTreeSet<String>),
    /// Something else too.
    Unknown,
}

impl EffectLedger {
    /// A ledger of what happens to these tables; one that is made on the way is nobody's else and does not count.
    pub fn new(baseline: &Baseline) -> Self {
        let state = |known: &BaselineTable| State {
            name: known.table.clone(),
            now: known.table.clone(),
            file: known.file,
            bytes: known.bytes,
            is_renewed: false,
            holds_rows: known.holds_rows,
            mode: None,
        };
        let tables = &baseline.tables;
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
            lost: Lost::default(),
            kept: Lost::default(),
            marks: Marks::default(),
            undoing: Undoing::default(),
            next_xid: 0,
            partitions: BTreeMap::new(),
        }
    }

    /// The same, which knows what of the database may undo its own work: as it was before, and as it is afterwards.
    #[must_use]
    pub fn with_undoing(self, before: &Snapshot, after: &Snapshot) -> Self {
        let undoing = Undoing::of([before, after]);
        Self { undoing, ..self }
    }

    /// The same, which knows of each partition what table it belongs to.
    #[must_use]
    pub fn with_partitions(self, partitions: BTreeMap<u32, u32>) -> Self {
        Self { partitions, ..self }
    }

    /// The ledger of the next file of the same transaction: the server goes on counting where it was, and nothing of what the
    /// files before did is this one's.
    pub fn next(mut self) -> Self {
        let lost = std::mem::take(&mut self.lost);
        for (id, (file, bytes)) in lost.files {
            if let Some(state) = self.tables.get_mut(&id) {
                (state.file, state.bytes, state.is_renewed) = (file, bytes, true);
            }
        }
        self.lost.rows = lost.rows;
        self.lost.doubtful = lost.doubtful;
        self.kept = Lost::default();
        self.marks.clear();
        self
    }

    /// A file begins. What was undone in all is known, and below which number each transaction was taken then, where something was
    /// undone right before.
    pub fn open_file(&mut self, undone: &Undone, begun_xid: Option<u64>) {
        self.undoing.enter(undone);
        self.next_xid = self.next_xid.max(begun_xid.unwrap_or_default());
        self.kept = self.lost.clone();
        self.marks.clear();
    }

    /// What the file did to data is undone; its locks were held all the same.
    pub fn undo_file(&mut self) {
        self.lost = self.kept.clone();
    }

    /// Enters a statement that ran.
    pub fn record_statement(
        &mut self,
        version: &str,
        statement: usize,
        sql: &str,
        ran: &StatementStats,
    ) -> Effect {
        let begun_ms = self.elapsed_ms;
        self.add_time(ran.took);
        // What was done to data behind a savepoint is undone by a return to it.
        self.marks.enter(sql, &mut self.lost);
        let mut effect = Effect::default();
        let mut changed = self.changed(&ran.touched);
        let is_undone = self.has_undone(sql, ran);
        let had = changed.clone();
        let moved = enter_moves(sql, ran.rows, &mut changed, &ran.touched);
        self.enter_refuges(&had, &changed);
        for touched in &ran.touched {
            let was = self.lost.rows.insert(touched.id, touched.rows);
            let Some(state) = self.tables.get_mut(&touched.id) else {
                continue;
            };
            match &touched.table {
                None => {
                    self.lost.gone.insert(touched.id);
                }
                Some(name) => {
                    self.lost.gone.remove(&touched.id);
                    state.now.clone_from(name);
                }
            }
            let rows = changed.iter().find(|(id, _)| *id == touched.id);
            let rows = rows.map_or_else(Rows::default, |(_, rows)| *rows);
            // A truncation lowers the server's numbers.
            if is_undone && was.unwrap_or_default() != touched.rows {
                self.lost.doubtful.insert(touched.id);
            }
            if rows != Rows::default() {
                let table = state.name.clone();
                if is_undone {
                    if rows.deleted + rows.updated > 0 && state.holds_rows {
                        self.lost.uncounted.insert(touched.id, Uncounted::Undone);
                    }
                } else if moved.contains(&touched.id) {
                    self.lost.uncounted.insert(touched.id, Uncounted::Moved);
                } else if rows.deleted > 0 && state.holds_rows {
                    *self.lost.deleted.entry(table.clone()).or_default() += rows.deleted;
                }
                effect.changed.push(TableRows {
                    table,
                    rows,
                    at_most: is_undone,
                });
            }
            let recount = ran.recounts.iter().find(|recount| recount.id == touched.id);
            let had = (state.file, state.bytes);
            let (file, bytes) = self.lost.files.get(&touched.id).copied().unwrap_or(had);
            let is_doubtful = self.lost.doubtful.contains(&touched.id);
            let counted = recount.filter(|_| !is_doubtful);
            let is_renewed = state.is_renewed || self.lost.files.contains_key(&touched.id);
            let how = new_file((file, bytes, is_renewed), touched, counted, sql);
            if how.is_some() {
                let now = (touched.file, touched.bytes.unwrap_or_default());
                self.lost.files.insert(touched.id, now);
            }
            if let Some(recount) = recount {
                let renewals = self.lost.renewals.entry(touched.id).or_default();
                renewals.push(Renewal {
                    tally: recount.tally.clone(),
                    changed: touched.rows,
                    is_doubtful,
                });
            }
            let rewritten = match how {
                None => false,
                // What a materialized view held is in its tables.
                Some(NewFile::Emptied) if !state.holds_rows => true,
                Some(NewFile::Emptied) => {
                    self.lost.emptied.insert(state.name.clone());
                    false
                }
                Some(NewFile::Rewritten) => {
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
                    TableLockSummary {
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

    /// Enters the new tables into which a statement moved rows of those that were there before.
    fn enter_refuges(&mut self, had: &[(u32, Rows)], now: &[(u32, Rows)]) {
        let pairs = || had.iter().zip(now);
        let moved = pairs().filter(|((_, had), (_, now))| had.deleted > now.deleted);
        let sources: BTreeSet<u32> = moved.map(|((id, _), _)| *id).collect();
        if sources.is_empty() {
            return;
        }
        for ((id, had), _) in pairs() {
            if had.inserted > 0 && !self.tables.contains_key(id) {
                let known = self.lost.moved_into.entry(*id).or_default();
                known.extend(&sources);
            }
        }
    }

    /// The rows that a statement changed of the tables that were there before, and of new partitions of them.
    fn changed(&self, touched: &[TouchedTable]) -> Vec<(u32, Rows)> {
        let changed = touched.iter().map(|touched| {
            let had = self.lost.rows.get(&touched.id).copied().unwrap_or_default();
            (touched.id, touched.rows.since(had))
        });
        changed.collect()
    }

    /// Whether a statement undid a part of what it did itself. The server goes on counting those rows.
    fn has_undone(&mut self, sql: &str, ran: &StatementStats) -> bool {
        let Some(next) = ran.next_xid else {
            return false;
        };
        let xids = std::mem::replace(&mut self.next_xid, next)..next;
        let tables = ran.touched.iter().filter_map(|touched| {
            let was = self.lost.rows.get(&touched.id).copied();
            let is_changed = was.unwrap_or_default() != touched.rows;
            let state = self.tables.get(&touched.id).filter(|_| is_changed)?;
            Some(state.name.as_str())
        });
        self.undoing.may_have_undone(sql, xids, tables)
    }

    /// Enters what the commit of a file would run: deferred triggers. It counts as its last statement.
    pub fn record_commit(&mut self, version: &str, last: usize, ran: &StatementStats) {
        let effect = self.record_statement(version, last, "", ran);
        self.record_overwrite("", ran.rows, &effect.changed);
    }

    /// Enters the rows that a statement changed. Of several statements the most is taken: they may change the same rows.
    /// `told` is how many rows the statement touched, as its own answer says: where more were updated, code that it calls did that.
    pub fn record_overwrite(&mut self, sql: &str, told: u64, changed: &[TableRows]) {
        let mut counted = changed
            .iter()
            .filter(|one| one.rows.updated > 0 && !one.at_most)
            .peekable();
        if counted.peek().is_none() {
            return;
        }
        let counted: Vec<&TableRows> = counted.collect();
        let assigned = assigned(sql).filter(|assigned| {
            let targets = counted.iter().filter(|one| {
                let id = self.id_of(&one.table);
                id.is_some_and(|id| self.is_called(id, assigned))
            });
            targets.map(|one| one.rows.updated).sum::<u64>() == told
        });
        for TableRows { table, rows, .. } in counted {
            let own = assigned.as_ref().and_then(|assigned| {
                let id = self.id_of(table)?;
                self.is_called(id, assigned).then_some((id, assigned))
            });
            if let Some((id, assigned)) = own {
                let entry = self.lost.assigned.entry(id).or_default();
                entry.rows = entry.rows.max(rows.updated);
                entry.columns.extend(assigned.columns.iter().cloned());
                if assigned.schema.is_none() {
                    entry.bare_names.insert(assigned.table.clone());
                }
                continue;
            }
            let overwritten = self.lost.overwritten.entry(table.clone()).or_default();
            *overwritten = (*overwritten).max(rows.updated);
        }
    }

    /// Whether an update of this name is one of a table, or of one that it is a partition of.
    fn is_called(&self, id: u32, assigned: &Assigned) -> bool {
        let mut own = Some(id);
        // A table is no partition of itself, whatever a catalog says.
        for _ in 0..=self.partitions.len() {
            let Some(id) = own else { break };
            let now = self.tables.get(&id).map_or("", |state| &state.now);
            let is_called = match &assigned.schema {
                Some(schema) => now == format!("{schema}.{}", assigned.table),
                None => unqualified(now) == assigned.table,
            };
            if is_called {
                return true;
            }
            own = self.partitions.get(&id).copied();
        }
        false
    }

    fn id_of(&self, table: &str) -> Option<u32> {
        let mut tables = self.tables.iter();
        tables
            .find(|(_, state)| state.name == table)
            .map(|(id, _)| *id)
    }

    /// Enters time in which no lock came: what a commit checks, or a statement that failed.
    pub fn add_time(&mut self, took: Duration) {
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

    /// The strongest lock of each table, the most blocking first. Up to now the dry run has held all of them.
    pub fn locks(&self) -> Vec<TableLockSummary> {
        let mut held: Vec<TableLockSummary> = self.held.values().cloned().collect();
        for one in &mut held {
            let since = self.begun_ms.get(&one.table).copied().unwrap_or_default();
            one.rehearsal_held_ms = self.elapsed_ms.saturating_sub(since);
        }
        held.sort_by(|a, b| (b.mode, &a.table).cmp(&(a.mode, &b.table)));
        held
    }

    /// What may be lost by the statements that were entered, between two catalogs; the numbers are open.
    pub fn candidates(&self, before: &Snapshot, after: &Snapshot) -> Candidates {
        let mut open = gone(before, after);
        // What belongs to an extension is in no snapshot.
        for id in &self.lost.gone {
            let state = self.tables.get(id).filter(|state| {
                !before.has(&Object {
                    kind: Kind::Table,
                    on: None,
                    name: state.name.clone(),
                }) && state.holds_rows
            });
            open.extend(state.map(|state| Open {
                loss: loss(LossKind::TableDropped, &state.name, None),
                parts: vec![(*id, None)],
                attribute: None,
            }));
        }
        let dropped: BTreeSet<String> = open
            .iter()
            .filter(|open| open.loss.way == LossKind::TableDropped)
            .map(|open| open.loss.table.clone())
            .collect();
        // Each row counts once: a table that goes or is emptied takes those with it that were deleted before.
        let is_gone = |table: &String| dropped.contains(table);
        let id_of = |table: &str| self.id_of(table).map(|id| (id, None));
        let emptied = &self.lost.emptied;
        open.retain(|open| open.loss.column.is_none() || !emptied.contains(&open.loss.table));
        open.extend(
            emptied
                .iter()
                .filter(|table| !is_gone(table))
                .map(|table| Open {
                    loss: loss(LossKind::TableEmptied, table, None),
                    parts: id_of(table).into_iter().collect(),
                    attribute: None,
                }),
        );
        let mut overwritten = self.lost.overwritten.clone();
        let parents = [partitions(before), partitions(after)];
        for (id, filled) in &self.lost.assigned {
            let lineage = lineage(*id, &parents);
            let is_of_another = |name: &String| is_of_another(name, &lineage, [before, after]);
            if let Some(state) = self.tables.get(id)
                && (filled.bare_names.iter().any(is_of_another)
                    || !are_new(&lineage, &filled.columns, before, after))
            {
                let most = overwritten.entry(state.name.clone()).or_default();
                *most = (*most).max(filled.rows);
            }
        }
        let ways = [
            (LossKind::RowsDeleted, &self.lost.deleted),
            (LossKind::RowsChanged, &overwritten),
        ];
        for (way, tables) in ways {
            let left = tables
                .iter()
                .filter(|(table, rows)| **rows > 0 && !is_gone(table) && !emptied.contains(*table));
            open.extend(left.map(|(table, rows)| Open {
                loss: Loss {
                    rows: Some(*rows),
                    // Of the rows that were overwritten some may be those that were deleted.
                    counted: way != LossKind::RowsChanged || !self.lost.deleted.contains_key(table),
                    ..loss(way, table, None)
                },
                parts: Vec::new(),
                attribute: None,
            }));
        }
        let renewals = self.lost.renewals.iter().filter_map(|(id, renewals)| {
            let name = &self.tables.get(id)?.name;
            let is_told = is_gone(name) || emptied.contains(name);
            (!is_told).then(|| renewed(*id, name, renewals.clone(), before, after))
        });
        let renewed = renewals.collect();
        let mut uncounted = self.lost.uncounted.clone();
        let stands: BTreeSet<u32> = after.identities.values().map(|own| own.id).collect();
        let lost_refuges = (self.lost.moved_into.iter()).filter(|(id, _)| !stands.contains(id));
        for id in lost_refuges.flat_map(|(_, sources)| sources) {
            uncounted.entry(*id).or_insert(Uncounted::MovedAndDropped);
        }
        let uncounted = uncounted.iter().filter_map(|(id, why)| {
            let table = self.tables.get(id)?.name.clone();
            let is_told = is_gone(&table) || emptied.contains(&table);
            (!is_told).then_some(NotCounted { table, why: *why })
        });
        Candidates {
            open,
            renewed,
            uncounted: uncounted.collect(),
        }
    }

    /// What updates assigned to the rows of a table.
    pub fn updates(&self, id: u32) -> Updates<'_> {
        let Some(state) = self.tables.get(&id) else {
            return Updates::Unknown;
        };
        let is_unknown = self.lost.overwritten.contains_key(&state.name)
            || self.lost.uncounted.contains_key(&id)
            || self.partitions.values().any(|parent| *parent == id);
        match self.lost.assigned.get(&id) {
            _ if is_unknown => Updates::Unknown,
            Some(filled) => Updates::Of(&filled.columns),
            None => Updates::None,
        }
    }

    /// About how many rows a table had.
    pub fn about(&self, table: &str) -> Option<u64> {
        self.about.get(table).copied().flatten()
    }
}

enum NewFile {
    Emptied,
    Rewritten,
}

/// Whether a table got a new file, and why as far as that shows.
fn new_file(
    (file, bytes, is_renewed): (Option<u32>, u64, bool),
    touched: &TouchedTable,
    recount: Option<&Recount>,
    sql: &str,
) -> Option<NewFile> {
    // A table that got its file in this transaction is truncated in place: the file stays and shrinks.
    if touched.file.is_some() && touched.file == file {
        let has_shrunk = touched.bytes.is_some_and(|now| now < bytes);
        return (is_renewed && has_shrunk).then_some(NewFile::Emptied);
    }
    touched.file?;
    let is_empty = touched.bytes == Some(0);
    let was_empty = bytes == 0;
    let truncates = || outer_words(sql).iter().any(|word| word == "truncate");
    // Rows that were written anew are no inserted ones: what holds just these was emptied before.
    let rows = touched.rows;
    let is_refilled = recount
        .and_then(|recount| recount.tally.as_ref().ok())
        .is_some_and(|tally| tally.rows + rows.deleted == rows.inserted);
    Some(
        if (is_empty || is_refilled) && (!was_empty || truncates()) {
            NewFile::Emptied
        } else {
            NewFile::Rewritten
        },
    )
}
