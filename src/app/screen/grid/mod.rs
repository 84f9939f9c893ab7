//! The rows of one table as a grid: a window onto them, downwards by pages and sideways by columns. Only a few pages are held;
//! going on past an end of what is held asks for the next page from there and lets go of the page farthest away.

pub(in crate::app) mod columns;
mod pages;
mod staged;
#[cfg(test)]
mod tests;

pub use staged::{EditedRow, PointedRow};

use crate::app::list::{Move, window_top};
use crate::app::loadable::Loadable;
use crate::domain::filter::text::FilterFault;
use crate::domain::identity::Identity;
use crate::domain::problem::Problem;
use crate::domain::query::Direction;
use crate::domain::table::cell::{CellText, cell_text};
use crate::domain::table::change::RowChange;
use crate::domain::table::column::{ColumnInfo, ColumnKind};
use crate::domain::table::column_choice::ColumnChoice;
use crate::domain::table::filter::{RowFilter, RowFilterFor};
use crate::domain::table::info::{TableDescribed, TableInfo};
use crate::domain::table::name::TableName;
use crate::domain::table::paging::{RowOrder, RowValues};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::Value;
use std::collections::VecDeque;
use std::sync::OnceLock;

/// A row that is held.
#[derive(Debug, Clone, PartialEq)]
pub struct GridRow {
    /// Its values, in the order of the grid's columns.
    pub values: Vec<Value>,
    /// Whether a value was too large to be held whole.
    pub is_cut: bool,
    /// The row as JSON, once it was drawn so: a large one is not written out for every frame.
    json: OnceLock<String>,
}

impl GridRow {
    fn new(values: Vec<Value>, is_cut: bool) -> Self {
        Self {
            values,
            is_cut,
            json: OnceLock::new(),
        }
    }

    /// The row as JSON over several lines, with the names of these columns.
    pub fn json(&self, columns: &[ColumnInfo]) -> &str {
        self.json.get_or_init(|| {
            let names = columns.iter().map(|column| column.name.clone());
            let values: RowValues = names.zip(self.values.iter().cloned()).collect();
            serde_json::to_string_pretty(&Value::Object(values)).unwrap_or_default()
        })
    }
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
    /// The places of the columns that are shown, in their order.
    pub shown: Vec<usize>,
    /// Which columns are shown, in which order, and how wide.
    pub choice: ColumnChoice,
    /// The columns of the terminal that each takes.
    pub widths: Vec<u16>,
    /// The selected row among those held.
    pub selected: usize,
    /// The first row in the window, among those held.
    pub offset: usize,
    /// The selected column.
    pub column: usize,
    /// The first column in the window behind those that stay, by its place among those that are shown.
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
    /// How many rows fit the filter, where that was counted.
    pub counted: Loadable<u64>,
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
            shown: Vec::new(),
            choice: ColumnChoice::default(),
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
            counted: Loadable::default(),
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
            choice: self.choice.clone(),
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
        self.counted = Loadable::default();
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

    /// The selected row with the names of its columns.
    pub fn values(&self) -> Option<RowValues> {
        let row = self.selected_row()?;
        let names = self.columns.iter().map(|column| column.name.clone());
        Some(names.zip(row.values.iter().cloned()).collect())
    }

    /// The names of the columns that tell one row from another, as far as they are shown.
    fn key(&self) -> &[ColumnInfo] {
        &self.columns[..self.frozen.min(self.columns.len())]
    }

    /// Moves among the rows.
    pub fn go(&mut self, movement: Move, height: usize) -> GridStep {
        let last = self.held().saturating_sub(1);
        let next = match movement {
            Move::First if self.has_before => return GridStep::WantsStart,
            Move::Last if self.has_after && self.is_keyed() => return GridStep::WantsEnd,
            movement => movement.from(self.selected, last),
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
        self.offset = window_top(self.offset, self.selected, height);
        self.offset = self.offset.min(self.held().saturating_sub(height.max(1)));
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
