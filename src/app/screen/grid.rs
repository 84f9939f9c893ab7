//! The rows of one table as a grid: a window onto them, downwards by pages and sideways by columns. Only a few pages are held;
//! going on past an end of what is held asks for the next page from there and lets go of the page farthest away.

use crate::app::list::Move;
use crate::app::loadable::Loadable;
use crate::domain::deep_json::holds_marker;
use crate::domain::filter::text::FilterFault;
use crate::domain::identity::Identity;
use crate::domain::problem::{Kind, Problem};
use crate::domain::query::{Direction, Filter as Condition};
use crate::domain::table::cell::{CellText, cell_text};
use crate::domain::table::change::{RowChange, RowChanged};
use crate::domain::table::column::{ColumnInfo, ColumnKind, column_text};
use crate::domain::table::filter::{RowFilter, RowFilterFor};
use crate::domain::table::info::{TableDescribed, TableInfo};
use crate::domain::table::name::TableName;
use crate::domain::table::paging::{PageStart, RowOrder, RowPage, RowValues, RowsWanted};
use crate::domain::text::{CELL_LIMIT, harmless};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::Value;
use std::collections::VecDeque;
use unicode_width::UnicodeWidthStr;

/// The most rows of a page (design section 6).
const PAGE_ROWS: usize = 200;
/// The most values of a page: a table of many columns has fewer rows a page.
const PAGE_CELLS: usize = 10_000;
/// What an answer should hold at most, in bytes.
const ANSWER_BYTES: usize = 2 << 20;
/// So many pages are held.
const HELD_PAGES: usize = 3;
/// The least and the most columns of the terminal that a column of the grid takes.
const WIDTHS: (usize, usize) = (3, 32);

/// A row that is held.
#[derive(Debug, Clone, PartialEq)]
pub struct GridRow {
    /// Its values, in the order of the grid's columns.
    pub values: Vec<Value>,
    /// Whether a value was too large to be held whole.
    pub is_cut: bool,
}

/// Which row a value is typed for.
#[derive(Debug, Clone, PartialEq)]
pub enum EditedRow {
    /// The new row.
    Draft,
    /// A row of this table as it was read.
    Read(TableName, RowValues),
}

/// What an awaited page is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wanted {
    Start,
    End,
    After,
    Before,
    /// The rows behind one of those held, which stays the first.
    Around(usize),
}

/// What a movement led to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GridStep {
    /// Another row or column is selected.
    Moved,
    /// There was nowhere to go.
    Stayed,
    /// The first row is not held.
    WantsStart,
    /// The last row is not held.
    WantsEnd,
}

/// The grid.
#[derive(Debug, Clone, PartialEq)]
pub struct Grid {
    /// The table.
    pub name: TableName,
    /// What is known of it.
    pub table: Loadable<Box<TableInfo>>,
    /// Why that is not more.
    pub note: Option<String>,
    /// The rows that are held, and their freshness.
    pub rows: Loadable<VecDeque<GridRow>>,
    /// The columns: those of the key first.
    pub columns: Vec<ColumnInfo>,
    /// How many columns stay in view: those of the key.
    pub frozen: usize,
    /// The columns of the terminal that each takes.
    pub widths: Vec<u16>,
    /// The selected row among those held.
    pub selected: usize,
    /// The first row in the window, among those held.
    pub offset: usize,
    /// The selected column.
    pub column: usize,
    /// The first column in the window behind those that stay.
    pub left: usize,
    /// The columns that rows are sorted by.
    pub sort: Vec<(String, Direction)>,
    /// Which rows are asked for.
    pub filter: RowFilter,
    /// The filter as it was typed.
    pub filter_text: String,
    /// Why the filter cannot be used, where it came from elsewhere.
    pub filter_problem: Option<Problem>,
    /// Whether there are rows before those held.
    pub has_before: bool,
    /// Whether there are rows behind those held.
    pub has_after: bool,
    /// How many rows lie before those held; absent when that is not known.
    pub before: Option<usize>,
    /// How many rows the server sends at most, where that was noticed.
    pub cut_at: Option<usize>,
    /// The place in the selected row as a form.
    pub form: RowForm,
    /// Changes that are marked and not written yet.
    pub staged: Vec<RowChange>,
    /// A new row that is being made.
    pub draft: Option<RowValues>,
    /// Whether the new row was sent and its answer did not come: it may be there already.
    pub is_uncertain: bool,
    /// Whether its changes are being written.
    pub is_writing: bool,
    /// The selected row whole, where the grid holds it cut.
    whole: Option<GridRow>,
    order: RowOrder,
    row_bytes: usize,
    wanted: Option<Wanted>,
    /// How many rows were asked for, where they are counted off upwards.
    asked: usize,
    /// How many rows come at most there, where fewer came than were asked for.
    most_before: Option<usize>,
}

/// The place in the form of a row.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RowForm {
    /// The selected line: a column, or behind the columns a foreign key that leads here.
    pub at: usize,
    /// The first line in view.
    pub top: usize,
    /// Whether the row is shown as JSON.
    pub is_json: bool,
}

impl Grid {
    /// The grid of a table of which nothing is read yet. The filter is read once its columns are known.
    pub fn new(name: TableName, filter: &str) -> Self {
        Self {
            name,
            table: Loadable::default(),
            note: None,
            rows: Loadable::default(),
            columns: Vec::new(),
            frozen: 0,
            widths: Vec::new(),
            selected: 0,
            offset: 0,
            column: 0,
            left: 0,
            sort: Vec::new(),
            filter: RowFilter::default(),
            filter_text: filter.to_owned(),
            filter_problem: None,
            has_before: false,
            has_after: false,
            before: Some(0),
            cut_at: None,
            form: RowForm::default(),
            staged: Vec::new(),
            draft: None,
            is_uncertain: false,
            is_writing: false,
            whole: None,
            order: RowOrder::default(),
            row_bytes: 0,
            wanted: None,
            asked: 0,
            most_before: None,
        }
    }

    /// The same table, filter and order for somebody else: nothing that was read stays.
    #[must_use]
    pub fn anew(&self) -> Self {
        Self {
            sort: self.sort.clone(),
            column: self.column,
            left: self.left,
            ..Self::new(self.name.clone(), &self.filter_text)
        }
    }

    /// Takes what is known of the table. True where rows can be asked for.
    pub fn described(
        &mut self,
        result: Result<TableDescribed, Problem>,
        who: &Identity,
        at: Timestamp,
    ) -> bool {
        let is_known = result.is_ok();
        let result = result.map(|described| {
            self.note = described.note.map(|problem| problem.to_string());
            Box::new(described.table)
        });
        self.table.arrived(result, at);
        let Some(table) = self.table.held().filter(|_| is_known).cloned() else {
            return false;
        };
        self.arrange(&table);
        self.sort.retain(|(name, _)| table.find(name).is_ok());
        self.order = RowOrder::of(&table, &self.sort).unwrap_or_default();
        let text = self.filter_text.clone();
        match self.set_filter(&text, who, at) {
            Ok(()) => true,
            Err(fault) => {
                self.filter_problem = Some(fault.problem);
                false
            }
        }
    }

    /// Puts the key first.
    fn arrange(&mut self, table: &TableInfo) {
        let is_shown = |column: &&ColumnInfo| column.may_select != Some(false);
        let of_key = |column: &&ColumnInfo| table.key.contains(&column.name);
        let shown: Vec<&ColumnInfo> = table.columns.iter().filter(is_shown).collect();
        let key = shown.iter().copied().filter(of_key);
        let rest = shown.iter().copied().filter(|column| !of_key(column));
        self.columns = key.chain(rest).cloned().collect();
        self.frozen = shown.iter().filter(|column| of_key(column)).count();
        let heading = |column: &ColumnInfo| column.name.width().clamp(WIDTHS.0, WIDTHS.1) as u16;
        self.widths = self.columns.iter().map(heading).collect();
        self.column = self.column.min(self.columns.len().saturating_sub(1));
    }

    /// Sets the filter; words that cannot be understood leave it as it was.
    pub fn set_filter(
        &mut self,
        text: &str,
        who: &Identity,
        now: Timestamp,
    ) -> Result<(), FilterFault> {
        let unknown = TableInfo::unknown(&self.name);
        let table = self.table.held().map_or(&unknown, |table| table);
        self.filter = RowFilter::read(text, RowFilterFor { table, who, now })?;
        text.trim().clone_into(&mut self.filter_text);
        self.filter_problem = None;
        self.let_go();
        Ok(())
    }

    /// Sorts by the selected column: upwards, then downwards, then no more.
    pub fn sort_by_column(&mut self) {
        let Some(column) = self.columns.get(self.column) else {
            return;
        };
        let name = column.name.clone();
        self.sort = match self.sort.first() {
            Some((own, Direction::Ascending)) if *own == name => {
                vec![(name, Direction::Descending)]
            }
            Some((own, Direction::Descending)) if *own == name => Vec::new(),
            _ => vec![(name, Direction::Ascending)],
        };
        if let Some(table) = self.table.held() {
            self.order = RowOrder::of(table, &self.sort).unwrap_or_default();
        }
        self.let_go();
    }

    fn let_go(&mut self) {
        self.rows = Loadable::default();
        (self.selected, self.offset, self.before) = (0, 0, Some(0));
        (self.has_before, self.has_after, self.wanted) = (false, false, None);
        self.whole = None;
        self.form = RowForm::default();
    }

    /// Whether rows are read by a key; else they are counted off.
    pub fn is_keyed(&self) -> bool {
        self.order.is_keyed
    }

    /// The way a column is sorted.
    pub fn direction(&self, column: &str) -> Option<Direction> {
        let mut sort = self.sort.iter();
        sort.find(|(name, _)| name == column).map(|(_, way)| *way)
    }

    /// How many rows are held.
    pub fn held(&self) -> usize {
        self.rows.held().map_or(0, VecDeque::len)
    }

    /// A row among those held.
    pub fn row(&self, at: usize) -> Option<&GridRow> {
        self.rows.held()?.get(at)
    }

    /// The selected row, whole where it was read so.
    pub fn selected_row(&self) -> Option<&GridRow> {
        self.whole.as_ref().or_else(|| self.row(self.selected))
    }

    /// The value of the selected row in a column.
    pub fn value(&self, column: &str) -> Option<&Value> {
        let at = self.columns.iter().position(|own| own.name == column)?;
        self.selected_row()?.values.get(at)
    }

    /// What to ask for to have the selected row whole; nothing where it is, or has no key.
    pub fn request_whole(&self) -> Option<RowsWanted> {
        let table = self.table.held()?;
        let row = self.selected_row().filter(|row| row.is_cut)?;
        if self.frozen == 0 || self.frozen != table.key.len() {
            return None;
        }
        let key = self.columns.iter().zip(&row.values).take(self.frozen);
        let filter = key.map(|(column, value)| {
            let value = match value {
                Value::String(text) => text.clone(),
                Value::Number(_) | Value::Bool(_) => value.to_string(),
                _ => return None,
            };
            Some(Condition::eq(column_text(&column.name), value))
        });
        Some(RowsWanted {
            filter: filter.collect::<Option<Vec<_>>>()?,
            ..self.request(self.order.clone(), PageStart::First, 1, 0)
        })
    }

    /// Takes the selected row whole. One that was left meanwhile, or is gone, is not taken.
    pub fn whole_arrived(&mut self, page: RowPage) {
        let Some(mut row) = page.rows.into_iter().next() else {
            return;
        };
        let values = self
            .columns
            .iter()
            .map(|column| row.remove(&column.name).unwrap_or(Value::Null));
        let whole = GridRow {
            values: values.collect(),
            is_cut: false,
        };
        if self.key_of(&whole) == self.selected_key() {
            self.whole = Some(whole);
        }
    }

    /// The selected row with the names of its columns.
    pub fn values(&self) -> Option<RowValues> {
        let row = self.selected_row()?;
        let names = self.columns.iter().map(|column| column.name.clone());
        Some(names.zip(row.values.iter().cloned()).collect())
    }

    /// The change that is marked of a row.
    pub fn staged_of(&self, row: &GridRow) -> Option<&RowChange> {
        let key = &self.columns[..self.frozen.min(self.columns.len())];
        if key.is_empty() {
            return None;
        }
        self.staged.iter().find(|change| {
            let was = change.was();
            was.is_some_and(|was| {
                let mut pairs = key.iter().zip(&row.values);
                pairs.all(|(column, value)| was.get(&column.name) == Some(value))
            })
        })
    }

    /// How many changes are marked.
    pub fn marked(&self) -> usize {
        self.staged.len() + usize::from(self.draft.is_some())
    }

    /// The value of a column that is marked for the row in the form, where it is another one than the row has.
    pub fn marked_value(&self, column: &str) -> Option<&Value> {
        if let Some(draft) = &self.draft {
            return draft.get(column);
        }
        match self.staged_of(self.selected_row()?)? {
            RowChange::Update { values, .. } => values.get(column),
            _ => None,
        }
    }

    /// Whether the selected row is marked to be deleted.
    pub fn is_marked_deleted(&self) -> bool {
        let row = self.selected_row().filter(|_| self.draft.is_none());
        let change = row.and_then(|row| self.staged_of(row));
        matches!(change, Some(RowChange::Delete { .. }))
    }

    /// The selected row as it was read, for a change: whole, and of a table that is known.
    fn as_read(&self) -> Result<(&TableInfo, RowValues), Problem> {
        let table = self.table.held();
        let table =
            table.ok_or_else(|| Problem::new(Kind::Usage, "The table is not known yet.", ""))?;
        let row = self.selected_row();
        let row = row.ok_or_else(|| Problem::new(Kind::Usage, "No row is selected.", ""))?;
        if row.is_cut {
            return Err(Problem::new(
                Kind::Usage,
                "The row is too large to be held whole.",
                "Open it first: then it is read whole.",
            ));
        }
        let values = self.values().unwrap_or_default();
        // A row that is marked already is changed from what it was then.
        let marked = self.staged_of(row).and_then(RowChange::was).cloned();
        Ok((table, marked.unwrap_or(values)))
    }

    /// The row that a value is typed for now: the new one, or the selected one as it was read.
    pub fn edited(&self) -> Result<EditedRow, Problem> {
        if self.draft.is_some() {
            return Ok(EditedRow::Draft);
        }
        let (_, was) = self.as_read()?;
        Ok(EditedRow::Read(self.name.clone(), was))
    }

    /// Marks another value of a column of a row, wherever the selection stands by now.
    pub fn stage(&mut self, edited: &EditedRow, column: &str, value: Value) -> Result<(), Problem> {
        let was = match (edited, &self.draft) {
            (EditedRow::Draft, Some(draft)) => {
                let mut draft = draft.clone();
                draft.insert(column.to_owned(), value);
                if let Some(table) = self.table.held() {
                    RowChange::insert(table, draft.clone())?;
                }
                self.draft = Some(draft);
                return Ok(());
            }
            (EditedRow::Read(name, was), None) if *name == self.name => Some(was),
            _ => None,
        };
        let was = was.filter(|was| self.holds(was));
        let (Some(table), Some(was)) = (self.table.held(), was) else {
            return Err(Problem::new(
                Kind::Conflict,
                "The row is no longer shown.",
                "It was read again meanwhile, or another one is in view. The value was not marked.",
            ));
        };
        let mut values = match self.staged.iter().find(|one| self.is_of(one, was)) {
            Some(RowChange::Update { values, .. }) => values.clone(),
            _ => RowValues::new(),
        };
        values.insert(column.to_owned(), value);
        let change = RowChange::update(table, was.clone(), values)?;
        self.replace(was, change);
        Ok(())
    }

    /// The names of the columns that tell one row from another, as far as they are shown.
    fn key(&self) -> &[ColumnInfo] {
        &self.columns[..self.frozen.min(self.columns.len())]
    }

    /// Whether the row is among those held.
    fn holds(&self, was: &RowValues) -> bool {
        let key = self.key();
        let is_it = |row: &GridRow| {
            let mut pairs = key.iter().zip(&row.values);
            pairs.all(|(column, value)| was.get(&column.name) == Some(value))
        };
        self.rows.held().is_some_and(|rows| rows.iter().any(is_it))
    }

    /// Whether a change is one of this row.
    fn is_of(&self, change: &RowChange, row: &RowValues) -> bool {
        let mut key = self.key().iter();
        self.frozen > 0
            && change
                .was()
                .is_some_and(|was| key.all(|column| was.get(&column.name) == row.get(&column.name)))
    }
    /// Marks the selected row to be deleted, or no more.
    pub fn stage_delete(&mut self) -> Result<(), Problem> {
        if self.draft.is_some() {
            return Err(draft_first());
        }
        let (table, was) = self.as_read()?;
        let change = if self.is_marked_deleted() {
            None
        } else {
            Some(RowChange::delete(table, was.clone())?)
        };
        self.replace(&was, change);
        Ok(())
    }

    /// Puts a change in the place of the one that is marked of a row.
    fn replace(&mut self, was: &RowValues, change: Option<RowChange>) {
        let others = self.staged.iter().filter(|one| !self.is_of(one, was));
        self.staged = others.cloned().chain(change).collect();
    }

    /// Drops what is marked of the selected row, or the new one.
    pub fn drop_staged(&mut self) {
        if self.draft.take().is_some() {
            self.is_uncertain = false;
            return;
        }
        let marked = self.selected_row().and_then(|row| self.staged_of(row));
        if let Some(marked) = marked.cloned() {
            self.staged.retain(|change| *change != marked);
        }
    }

    /// Begins a new row: empty, or with the values of the selected one that can be given. A row that is not held as it is
    /// cannot be copied.
    pub fn begin_draft(&mut self, is_copy: bool) -> Result<(), Problem> {
        if self.draft.is_some() {
            return Err(draft_first());
        }
        let mut draft = RowValues::new();
        if is_copy {
            let (table, _) = self.as_read()?;
            let row = self.selected_row().map_or(&[][..], |row| &row.values);
            for (column, value) in self.columns.iter().zip(row) {
                let has_default = column.default.is_some();
                let is_own = table.key.contains(&column.name) && has_default;
                let may = column.may_insert != Some(false) && !column.is_generated;
                if !may || is_own {
                    continue;
                }
                if holds_marker(value) {
                    return Err(Problem::new(
                        Kind::Usage,
                        format!("`{}` cannot be copied.", harmless(&column.name)),
                        "It is nested too deeply to be held whole.",
                    ));
                }
                // No value is a value where a default would come in its place.
                if !value.is_null() || has_default {
                    draft.insert(column.name.clone(), value.clone());
                }
            }
        }
        self.draft = Some(draft);
        self.form = RowForm::default();
        Ok(())
    }

    /// All that is marked.
    pub fn changes(&self) -> Result<Vec<RowChange>, Problem> {
        let mut changes = self.staged.clone();
        if let (Some(draft), Some(table)) = (&self.draft, self.table.held()) {
            changes.push(RowChange::insert(table, draft.clone())?);
        }
        Ok(changes)
    }

    /// Changes were written, in their order: those rows are as the server said from now on, and marked no more.
    pub fn written(&mut self, done: &[RowChanged]) {
        self.is_writing = false;
        let of_rows = done.len().min(self.staged.len());
        let staged: Vec<RowChange> = self.staged.drain(..of_rows).collect();
        if done.len() > of_rows {
            self.draft = None;
            self.is_uncertain = false;
        }
        self.whole = None;
        let mut rows = self.rows.take_held().unwrap_or_default();
        for (change, one) in staged.iter().zip(done) {
            let at = rows.iter().position(|row| {
                let mut pairs = self.key().iter().zip(&row.values);
                let was = change.was();
                pairs.all(|(column, value)| {
                    was.is_some_and(|was| was.get(&column.name) == Some(value))
                })
            });
            let Some(at) = at.filter(|_| self.frozen > 0) else {
                continue;
            };
            if matches!(change, RowChange::Delete { .. }) {
                rows.remove(at);
                self.selected -= usize::from(at < self.selected);
            } else {
                rows[at] = self.taken(one.row.clone());
            }
        }
        self.selected = self.selected.min(rows.len().saturating_sub(1));
        self.rows.put_held(rows);
    }

    /// How many rows to ask for.
    fn page_rows(&self) -> usize {
        let by_cells = PAGE_CELLS / self.columns.len().max(1);
        let by_bytes = ANSWER_BYTES / self.row_bytes.max(1);
        by_cells.min(by_bytes).clamp(5, PAGE_ROWS)
    }

    fn request(&self, order: RowOrder, from: PageStart, limit: usize, passed: usize) -> RowsWanted {
        let table = self.table.held();
        RowsWanted {
            table: table.map_or_else(|| TableInfo::unknown(&self.name), |table| (**table).clone()),
            filter: self.filter.conditions().to_vec(),
            order,
            columns: Vec::new(),
            from,
            limit,
            passed,
        }
    }

    /// Waits for nothing more: what was asked for comes to nobody.
    pub fn gave_up(&mut self) {
        self.wanted = None;
        self.rows.gave_up();
        self.table.gave_up();
    }

    /// What to ask for to begin at the first row.
    pub fn request_start(&mut self) -> RowsWanted {
        self.rows.started();
        self.wanted = Some(Wanted::Start);
        self.request(self.order.clone(), PageStart::First, self.page_rows(), 0)
    }

    /// What to ask for to have the rows about the selection again; it stays where it is.
    pub fn request_around(&mut self) -> RowsWanted {
        let most = self.page_rows().min(self.cut_at.unwrap_or(usize::MAX));
        let at = self.selected.saturating_sub(most / 2);
        let first = self.row(at).filter(|_| at > 0 || self.has_before);
        let (Some(first), Some(before)) = (first, self.before.or(self.is_keyed().then_some(0)))
        else {
            return self.request_start();
        };
        let passed = before + at + 1;
        let from = self.order.next(&self.whole_values(first), passed);
        if self.before.is_none() && matches!(from, PageStart::Offset(_)) {
            return self.request_start();
        }
        self.rows.started();
        self.wanted = Some(Wanted::Around(at));
        self.request(self.order.clone(), from, self.page_rows(), passed)
    }

    /// The values of a row behind which one can go on: of one that is not held whole such rows are counted off.
    fn whole_values(&self, row: &GridRow) -> RowValues {
        let is_whole = |value: &Value| {
            !row.is_cut
                || !matches!(value, Value::String(text) if text.chars().count() >= CELL_LIMIT / 4)
        };
        let names = self.columns.iter().map(|column| column.name.clone());
        let all = names.zip(row.values.iter().cloned());
        all.filter(|(_, value)| is_whole(value)).collect()
    }

    /// What to ask for to begin at the last row; nothing where rows are counted off.
    pub fn request_end(&mut self) -> Option<RowsWanted> {
        if !self.is_keyed() {
            return None;
        }
        self.rows.started();
        self.wanted = Some(Wanted::End);
        let order = self.order.reversed();
        Some(self.request(order, PageStart::First, self.page_rows(), 0))
    }

    /// What to ask for when the selection came near an end of what is held; nothing when it has been asked for.
    pub fn request_near_end(&mut self) -> Option<RowsWanted> {
        if self.wanted.is_some() {
            return None;
        }
        let near = self.page_rows() / 2;
        let rows = self.rows.held()?;
        let (wanted, request) = if self.has_after && self.selected + near >= rows.len() {
            let last = self.whole_values(rows.back()?);
            let passed = self.before.unwrap_or(0) + rows.len();
            let from = self.order.next(&last, passed);
            let request = self.request(self.order.clone(), from, self.page_rows(), passed);
            (Wanted::After, request)
        } else if self.has_before && self.selected < near {
            if self.is_keyed() {
                let order = self.order.reversed();
                let from = order.next(&self.whole_values(rows.front()?), 0);
                (
                    Wanted::Before,
                    self.request(order, from, self.page_rows(), 0),
                )
            } else {
                let before = self.before?;
                let most = self.most_before.or(self.cut_at).unwrap_or(usize::MAX);
                let limit = self.page_rows().min(before).min(most.max(1));
                self.asked = limit;
                let from = PageStart::Offset(before - limit);
                let request = self.request(self.order.clone(), from, limit, before - limit);
                (Wanted::Before, request)
            }
        } else {
            return None;
        };
        self.wanted = Some(wanted);
        self.rows.started();
        Some(request)
    }

    /// Takes a page.
    ///
    /// True where it was not the whole of what lies between: then it is not taken, and fewer rows are to be asked for.
    pub fn arrived(
        &mut self,
        result: Result<RowPage, Problem>,
        at: Timestamp,
        height: usize,
    ) -> bool {
        let wanted = self.wanted.take().unwrap_or(Wanted::Start);
        if matches!(wanted, Wanted::Start | Wanted::End | Wanted::Around(_)) {
            self.whole = None;
        }
        let page = match result {
            Ok(page) => page,
            Err(problem) => {
                self.rows.arrived(Err(problem), at);
                return false;
            }
        };
        // Rows that are counted off upwards must reach those held: fewer would leave some out in between.
        let count = page.rows.len();
        let is_short = (1..self.asked).contains(&count);
        if wanted == Wanted::Before && !self.is_keyed() && is_short {
            self.most_before = Some(count);
            self.rows.gave_up();
            return true;
        }
        self.learn(&page.rows);
        self.row_bytes = page.row_bytes.max(self.row_bytes);
        self.cut_at = page.cut_at.or(self.cut_at);
        let has_more = page.next.is_some();
        let key = self.selected_key();
        let mut new: VecDeque<GridRow> = page.rows.into_iter().map(|row| self.taken(row)).collect();
        self.measure(&new);
        let mut rows = self.rows.take_held().unwrap_or_default();
        let most = HELD_PAGES * self.page_rows();
        match wanted {
            Wanted::Start => {
                rows = new;
                (self.has_before, self.has_after, self.before) = (false, has_more, Some(0));
                // A refresh keeps the row that was selected, where it is still on the first page.
                let same = key.and_then(|key| {
                    rows.iter()
                        .position(|row| self.key_of(row) == Some(key.clone()))
                });
                self.selected = same.unwrap_or(0);
            }
            Wanted::End => {
                new.make_contiguous().reverse();
                rows = new;
                (self.has_before, self.has_after) = (has_more, false);
                self.before = (!has_more).then_some(0);
                self.selected = rows.len().saturating_sub(1);
            }
            Wanted::After => {
                self.has_after = has_more;
                rows.extend(new);
                let excess = rows.len().saturating_sub(most).min(self.selected);
                rows.drain(..excess);
                self.has_before |= excess > 0;
                self.before = self.before.map(|before| before + excess);
                self.selected -= excess;
                self.offset = self.offset.saturating_sub(excess);
            }
            Wanted::Around(first) => {
                let at = self.selected.saturating_sub(first);
                rows.drain(..first.min(rows.len()));
                rows.truncate(1);
                rows.extend(new);
                self.before = self.before.map(|before| before + first);
                (self.has_before, self.has_after) = (true, has_more);
                let same = key.and_then(|key| {
                    rows.iter()
                        .position(|row| self.key_of(row) == Some(key.clone()))
                });
                self.offset = self.offset.saturating_sub(first);
                self.selected = same.unwrap_or(at);
            }
            Wanted::Before => {
                let count = new.len();
                if self.is_keyed() {
                    self.has_before = has_more;
                    new.make_contiguous().reverse();
                } else {
                    self.has_before = self.before.is_some_and(|before| before > count);
                }
                self.before = match self.before {
                    _ if !self.has_before => Some(0),
                    before => before.and_then(|before| before.checked_sub(count)),
                };
                new.extend(rows);
                rows = new;
                self.selected += count;
                self.offset += count;
                let least = self.selected + 1;
                if rows.len() > most.max(least) {
                    rows.truncate(most.max(least));
                    self.has_after = true;
                }
            }
        }
        self.selected = self.selected.min(rows.len().saturating_sub(1));
        self.rows.arrived(Ok(rows), at);
        self.follow(height);
        false
    }

    /// Takes the names of columns from rows, where nothing is known of the table.
    fn learn(&mut self, rows: &[RowValues]) {
        let Some(table) = self.table.held_mut().filter(|table| table.is_unknown()) else {
            return;
        };
        let count = table.columns.len();
        table.learn(rows.first().into_iter().flat_map(|row| row.keys()));
        if table.columns.len() != count {
            let table = table.clone();
            self.arrange(&table);
        }
    }

    /// A row as it is held: a value that is larger than a cell is cut.
    fn taken(&self, mut row: RowValues) -> GridRow {
        let mut is_cut = false;
        let values = self.columns.iter().map(|column| {
            let value = row.remove(&column.name).unwrap_or(Value::Null);
            match value {
                Value::String(text) if text.len() > CELL_LIMIT => {
                    is_cut = true;
                    Value::String(text.chars().take(CELL_LIMIT / 4).collect())
                }
                Value::Array(_) | Value::Object(_) if is_large(&value, &mut CELL_LIMIT.clone()) => {
                    is_cut = true;
                    let text = cell_text(column.kind(), &value, None).text;
                    Value::String(text.chars().take(CELL_LIMIT / 4).collect())
                }
                other => other,
            }
        });
        GridRow {
            values: values.collect(),
            is_cut,
        }
    }

    /// Makes columns as wide as their values want. They never get narrower, so that nothing jumps.
    fn measure(&mut self, rows: &VecDeque<GridRow>) {
        for row in rows {
            for ((column, width), value) in
                self.columns.iter().zip(&mut self.widths).zip(&row.values)
            {
                if usize::from(*width) < WIDTHS.1 {
                    let wide = grid_text(column.kind(), value, &TimeZone::UTC, "…")
                        .text
                        .width();
                    *width = (*width).max(wide.clamp(WIDTHS.0, WIDTHS.1) as u16);
                }
            }
        }
    }

    fn key_of(&self, row: &GridRow) -> Option<Vec<Value>> {
        (self.frozen > 0).then(|| row.values.iter().take(self.frozen).cloned().collect())
    }

    fn selected_key(&self) -> Option<Vec<Value>> {
        self.key_of(self.row(self.selected)?)
    }

    /// Moves among the rows.
    pub fn go(&mut self, movement: Move, height: usize) -> GridStep {
        let last = self.held().saturating_sub(1);
        let next = match movement {
            Move::By(rows) => self.selected.saturating_add_signed(rows).min(last),
            Move::First if self.has_before => return GridStep::WantsStart,
            Move::Last if self.has_after && self.is_keyed() => return GridStep::WantsEnd,
            Move::First => 0,
            Move::Last => last,
        };
        if std::mem::replace(&mut self.selected, next) == next {
            return GridStep::Stayed;
        }
        self.whole = None;
        self.form = RowForm {
            is_json: self.form.is_json,
            ..RowForm::default()
        };
        self.follow(height);
        GridStep::Moved
    }

    /// Brings the selected row into view.
    pub fn follow(&mut self, height: usize) {
        let height = height.max(1);
        if self.selected < self.offset {
            self.offset = self.selected;
        } else if self.selected >= self.offset + height {
            self.offset = self.selected + 1 - height;
        }
        self.offset = self.offset.min(self.held().saturating_sub(height));
    }

    /// Moves among the columns, and brings the selected one into view of so many columns of the terminal.
    pub fn go_column(&mut self, by: isize, room: u16) {
        let last = self.columns.len().saturating_sub(1);
        self.column = self.column.saturating_add_signed(by).min(last);
        self.follow_column(room);
    }

    /// Brings the selected column into view.
    pub fn follow_column(&mut self, room: u16) {
        self.left = self
            .left
            .clamp(self.frozen.min(self.columns.len()), self.columns.len());
        if self.column < self.frozen {
            return;
        }
        if self.column < self.left {
            self.left = self.column;
        }
        while self.left < self.column
            && !self.visible(room).iter().any(|(at, _)| *at == self.column)
        {
            self.left += 1;
        }
    }

    /// The columns in view of so many columns of the terminal, each with its width. The key takes no more than half.
    pub fn visible(&self, room: u16) -> Vec<(usize, u16)> {
        let mut shown = Vec::new();
        let mut used = 0_u16;
        for at in 0..self.frozen.min(self.columns.len()) {
            let width = self.widths[at];
            if at > 0 && used + width > room / 2 {
                break;
            }
            let width = width.min(room.max(1));
            shown.push((at, width));
            used = used.saturating_add(width + 1);
        }
        for at in self.left.max(self.frozen)..self.columns.len() {
            let left = room.saturating_sub(used);
            let width = self.widths[at];
            // The last one may be cut, but not to nothing; the first is always there.
            if left < width
                && (left < 8.min(width) || left == 0)
                && shown.iter().any(|(at, _)| *at >= self.frozen)
            {
                break;
            }
            if left == 0 {
                break;
            }
            let width = width.min(left);
            shown.push((at, width));
            used = used.saturating_add(width + 1);
        }
        shown
    }
}

/// The text of a value in the grid: that of a cell, and of a UUID its beginning, which filters take, and its end.
pub fn grid_text(kind: ColumnKind, value: &Value, zone: &TimeZone, more: &str) -> CellText {
    let cell = cell_text(kind, value, Some(zone));
    if kind == ColumnKind::Uuid && cell.text.len() == 36 && cell.text.is_ascii() {
        let text = format!("{}{more}{}", &cell.text[..8], &cell.text[32..]);
        return CellText { text, ..cell };
    }
    cell
}

fn draft_first() -> Problem {
    Problem::new(
        Kind::Usage,
        "The new row is not written yet.",
        "Write it or drop it first.",
    )
}

/// Whether a document has more than so many characters, as far as one has to look.
fn is_large(value: &Value, left: &mut usize) -> bool {
    let mut take = |count: usize| {
        *left = left.saturating_sub(count);
        *left == 0
    };
    match value {
        Value::String(text) => take(text.len() + 2),
        Value::Array(parts) => take(2) || parts.iter().any(|part| is_large(part, left)),
        Value::Object(parts) => {
            take(2)
                || parts.iter().any(|(key, part)| {
                    *left = left.saturating_sub(key.len() + 2);
                    *left == 0 || is_large(part, left)
                })
        }
        _ => take(4),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::domain::table::info::TableSource;
    use proptest::prelude::*;
    use serde_json::json;

    fn column(name: &str, base_type: &str) -> ColumnInfo {
        ColumnInfo {
            name: name.to_owned(),
            data_type: base_type.to_owned(),
            base_type: base_type.to_owned(),
            ..ColumnInfo::default()
        }
    }

    fn grid(key: &[&str], columns: usize) -> Grid {
        let mut table = TableInfo {
            columns: vec![column("n", "integer"), column("id", "integer")],
            key: key.iter().map(|name| (*name).to_owned()).collect(),
            source: TableSource::Database,
            ..TableInfo::unknown(&TableName::new("public", "t"))
        };
        table
            .columns
            .extend((2..columns).map(|at| column(&format!("c{at}"), "text")));
        let mut grid = Grid::new(TableName::new("public", "t"), "");
        let described = TableDescribed { table, note: None };
        assert!(grid.described(Ok(described), &Identity::Anon, Timestamp::UNIX_EPOCH));
        grid
    }

    /// What a server with so many rows answers; ids are 0, 1, 2 ….
    fn answer(wanted: &RowsWanted, total: usize) -> RowPage {
        answer_cut(wanted, total, usize::MAX)
    }

    /// The same of one that sends so many rows at most.
    fn answer_cut(wanted: &RowsWanted, total: usize, most: usize) -> RowPage {
        let all: Vec<usize> = match wanted.order.columns.first().map(|column| column.direction) {
            Some(Direction::Descending) => (0..total).rev().collect(),
            _ => (0..total).collect(),
        };
        let start = match &wanted.from {
            PageStart::First => 0,
            PageStart::Offset(rows) => *rows,
            PageStart::Behind(row) => {
                let id = row["id"].as_u64().unwrap() as usize;
                all.iter().position(|own| *own == id).unwrap() + 1
            }
        };
        let rows: Vec<RowValues> = all
            .iter()
            .skip(start)
            .take(wanted.limit.min(most))
            .map(|id| json!({"n": id % 3, "id": id}).as_object().unwrap().clone())
            .collect();
        let end = start + rows.len();
        let next = (end < total).then(|| wanted.order.next(rows.last().unwrap(), end));
        RowPage {
            rows,
            next,
            ..RowPage::default()
        }
    }

    /// A grid with these rows.
    fn with_rows(mut grid: Grid, rows: &[Value]) -> Grid {
        let _ = grid.request_start();
        let page = RowPage {
            rows: rows
                .iter()
                .map(|row| row.as_object().unwrap().clone())
                .collect(),
            ..RowPage::default()
        };
        grid.arrived(Ok(page), Timestamp::UNIX_EPOCH, 10);
        grid
    }

    #[test]
    fn only_a_row_that_is_held_as_it_is_is_copied() {
        let deep = format!("{}1{}", "[".repeat(130), "]".repeat(130));
        let deep = crate::domain::deep_json::flattened(deep.as_bytes());
        let deep: Value = serde_json::from_slice(&deep).unwrap();
        for (value, is_copied) in [
            (json!("short"), true),
            (json!("x".repeat(5_000)), false),
            (json!({"a": "x".repeat(5_000)}), false),
            (json!({"a": deep}), false),
            (deep, false),
        ] {
            let row = json!({"n": 1, "id": 7, "c2": value});
            let mut grid = with_rows(grid(&["id"], 3), &[row]);
            assert_eq!(grid.begin_draft(true).is_ok(), is_copied, "{value}");
            assert_eq!(grid.draft.is_some(), is_copied);
        }
    }

    #[test]
    fn no_value_is_copied_as_no_value_where_a_default_would_come_in_its_place() {
        let mut grid = grid(&["id"], 4);
        for column in &mut grid.columns {
            column.default = (column.name != "c3").then(|| "'x'".to_owned());
        }
        let mut grid = with_rows(grid, &[json!({"n": 1, "id": 7, "c2": null, "c3": null})]);
        grid.begin_draft(true).unwrap();
        assert_eq!(
            Value::Object(grid.draft.clone().unwrap()),
            json!({"n": 1, "c2": null})
        );
        // A second one does not take the place of the first, and no hidden row is marked behind it.
        assert!(grid.begin_draft(false).is_err() && grid.stage_delete().is_err());
        assert!(grid.staged.is_empty());
    }

    fn id(grid: &Grid) -> u64 {
        grid.value("id").unwrap().as_u64().unwrap()
    }

    proptest! {
        #[test]
        fn wherever_one_goes_the_window_shows_what_is_there(
            is_keyed in any::<bool>(),
            total in 1..1_500_usize,
            most in prop_oneof![Just(usize::MAX), 5..90_usize],
            moves in prop::collection::vec(prop_oneof![
                4 => (-150..300_isize).prop_map(Move::By),
                1 => Just(Move::First),
                1 => Just(Move::Last),
            ], 1..40),
        ) {
            let key: &[&str] = if is_keyed { &["id"] } else { &[] };
            let mut grid = grid(key, 2);
            let height = 20;
            let wanted = grid.request_start();
            grid.arrived(Ok(answer_cut(&wanted, total, most)), Timestamp::UNIX_EPOCH, height);
            let mut place = 0;
            for movement in moves {
                let held = grid.held();
                let selected = grid.selected;
                match grid.go(movement, height) {
                    GridStep::Moved | GridStep::Stayed => {
                        match movement {
                            Move::By(by) => {
                                let within = selected.saturating_add_signed(by).min(held - 1);
                                place = place + within - selected;
                            }
                            Move::First => place = 0,
                            Move::Last => place = place + held - 1 - selected,
                        }
                        let mut asks = true;
                        while asks {
                            asks = false;
                            if let Some(wanted) = grid.request_near_end() {
                                let page = answer_cut(&wanted, total, most);
                                asks = grid.arrived(Ok(page), Timestamp::UNIX_EPOCH, height);
                            }
                        }
                    }
                    GridStep::WantsStart => {
                        let wanted = grid.request_start();
                        grid.selected = 0;
                        grid.arrived(Ok(answer_cut(&wanted, total, most)), Timestamp::UNIX_EPOCH, height);
                        grid.go(Move::First, height);
                        place = 0;
                    }
                    GridStep::WantsEnd => {
                        let wanted = grid.request_end().unwrap();
                        grid.arrived(Ok(answer_cut(&wanted, total, most)), Timestamp::UNIX_EPOCH, height);
                        place = total - 1;
                    }
                }
                prop_assert_eq!(id(&grid), place as u64);
                prop_assert!(grid.held() <= 2 * HELD_PAGES * PAGE_ROWS);
                prop_assert!(grid.offset <= grid.selected && grid.selected < grid.offset + height);
                let rows = grid.rows.held().unwrap();
                let ids: Vec<u64> = rows.iter().map(|row| row.values[usize::from(!is_keyed)].as_u64().unwrap()).collect();
                prop_assert!(ids.windows(2).all(|pair| pair[0] + 1 == pair[1]));
                if let Some(before) = grid.before {
                    prop_assert_eq!(before as u64, ids[0]);
                }
            }
        }

        #[test]
        fn what_is_read_again_about_the_selection_leaves_it_where_it_is(
            is_keyed in any::<bool>(),
            total in 1..1_500_usize,
            steps in prop::collection::vec(0..190_isize, 1..12),
        ) {
            let key: &[&str] = if is_keyed { &["id"] } else { &[] };
            let mut grid = grid(key, 2);
            let wanted = grid.request_start();
            grid.arrived(Ok(answer(&wanted, total)), Timestamp::UNIX_EPOCH, 20);
            for by in steps {
                grid.go(Move::By(by), 20);
                if let Some(wanted) = grid.request_near_end() {
                    grid.arrived(Ok(answer(&wanted, total)), Timestamp::UNIX_EPOCH, 20);
                }
                let at = id(&grid);
                grid.written(&[]);
                let wanted = grid.request_around();
                grid.arrived(Ok(answer(&wanted, total)), Timestamp::UNIX_EPOCH, 20);
                // Without a key one cannot tell the row on the first page; elsewhere it is counted.
                if is_keyed || wanted.from != PageStart::First {
                    prop_assert_eq!(id(&grid), at);
                }
                let rows = grid.rows.held().unwrap();
                let ids: Vec<u64> = rows.iter().map(|row| row.values[usize::from(!is_keyed)].as_u64().unwrap()).collect();
                prop_assert!(ids.windows(2).all(|pair| pair[0] + 1 == pair[1]));
                prop_assert_eq!(grid.before, Some(ids[0] as usize));
                prop_assert_eq!(grid.has_after, (*ids.last().unwrap() as usize) + 1 < total);
            }
        }

        #[test]
        fn the_selected_column_is_in_view_beside_the_key(
            columns in 2..200_usize,
            room in 1..200_u16,
            moves in prop::collection::vec(-30..40_isize, 1..20),
        ) {
            let mut grid = grid(&["id"], columns);
            for by in moves {
                grid.go_column(by, room);
                let shown = grid.visible(room);
                prop_assert_eq!(shown[0].0, 0);
                let used: u16 = shown.iter().map(|(_, width)| width + 1).sum();
                prop_assert!(used <= room + 1);
                if room > 20 {
                    prop_assert!(shown.iter().any(|(at, _)| *at == grid.column), "{} {shown:?}", grid.column);
                }
            }
        }
    }

    #[test]
    fn a_large_value_is_not_held_and_the_row_says_so() {
        let mut grid = grid(&["id"], 4);
        let _ = grid.request_start();
        let row = json!({"id": 1, "n": 2, "c2": "x".repeat(10_000_000), "c3": ["y".repeat(9_000)]});
        let page = RowPage {
            rows: vec![row.as_object().unwrap().clone()],
            row_bytes: 10_000_000,
            ..RowPage::default()
        };
        grid.arrived(Ok(page), Timestamp::UNIX_EPOCH, 10);
        let row = grid.row(0).unwrap();
        assert!(row.is_cut);
        assert!(
            row.values
                .iter()
                .all(|value| value.to_string().len() < 2 * CELL_LIMIT)
        );
        assert_eq!(grid.page_rows(), 5);
    }

    #[test]
    fn a_column_is_sorted_up_then_down_then_no_more() {
        let mut grid = grid(&["id"], 2);
        grid.column = 1;
        let mut ways = Vec::new();
        for _ in 0..3 {
            grid.sort_by_column();
            ways.push(grid.direction("n"));
        }
        assert_eq!(
            ways,
            [
                Some(Direction::Ascending),
                Some(Direction::Descending),
                None
            ]
        );
        assert!(grid.is_keyed());
    }

    #[test]
    fn a_table_that_nothing_is_known_of_shows_what_its_rows_have() {
        let name = TableName::new("public", "x");
        let mut grid = Grid::new(name.clone(), "a:1");
        let described = TableDescribed {
            table: TableInfo::unknown(&name),
            note: None,
        };
        assert!(grid.described(Ok(described), &Identity::Anon, Timestamp::UNIX_EPOCH));
        let _ = grid.request_start();
        let page = RowPage {
            rows: vec![json!({"b": "x", "a": 1}).as_object().unwrap().clone()],
            ..RowPage::default()
        };
        grid.arrived(Ok(page), Timestamp::UNIX_EPOCH, 10);
        let names: Vec<&str> = grid
            .columns
            .iter()
            .map(|column| column.name.as_str())
            .collect();
        assert_eq!(names, ["b", "a"]);
        assert_eq!(grid.value("a"), Some(&json!(1)));
        assert_eq!((grid.frozen, grid.is_keyed()), (0, false));
    }
}
