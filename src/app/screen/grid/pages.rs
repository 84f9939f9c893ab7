//! The pages of the grid: what is asked for next, and what an answer does to the rows that are held.

use super::{Grid, GridRow, RowForm, Wanted};
use crate::app::loadable::Loadable;
use crate::domain::problem::Problem;
use crate::domain::query::Filter as Condition;
use crate::domain::table::cell::cell_text;
use crate::domain::table::column::column_text;
use crate::domain::table::info::TableInfo;
use crate::domain::table::paging::{PageStart, RowOrder, RowPage, RowValues, RowsWanted};
use crate::domain::text::CELL_LIMIT;
use jiff::Timestamp;
use serde_json::Value;
use std::collections::VecDeque;

/// The most rows of a page (design section 6).
pub(super) const PAGE_ROWS: usize = 200;
/// The most values of a page: a table of many columns has fewer rows a page.
const PAGE_CELLS: usize = 10_000;
/// What an answer should hold at most, in bytes.
const ANSWER_BYTES: usize = 2 << 20;
/// So many pages are held.
pub(super) const HELD_PAGES: usize = 3;

impl Grid {
    pub(super) fn let_go(&mut self) {
        self.rows = Loadable::default();
        (self.selected, self.offset, self.before) = (0, 0, Some(0));
        (self.has_before, self.has_after, self.wanted) = (false, false, None);
        self.whole = None;
        self.form = RowForm::default();
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
        let whole = GridRow::new(values.collect(), false);
        if self.key_of(&whole) == self.selected_key() {
            self.whole = Some(whole);
        }
    }

    /// How many rows to ask for.
    pub(super) fn page_rows(&self) -> usize {
        let by_cells = PAGE_CELLS / self.columns.len().max(1);
        let by_bytes = ANSWER_BYTES / self.row_bytes.max(1);
        by_cells.min(by_bytes).clamp(5, PAGE_ROWS)
    }

    pub(super) fn request(
        &self,
        order: RowOrder,
        from: PageStart,
        limit: usize,
        passed: usize,
    ) -> RowsWanted {
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

    /// What to ask for to have every row that fits, in the order of the grid, for somebody who takes them page by page.
    pub fn request_all(&self) -> RowsWanted {
        self.request(self.order.clone(), PageStart::First, self.page_rows(), 0)
    }

    /// Waits for nothing more: what was asked for comes to nobody.
    pub fn gave_up(&mut self) {
        self.wanted = None;
        self.counted.gave_up();
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
    pub(super) fn whole_values(&self, row: &GridRow) -> RowValues {
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
    pub(super) fn learn(&mut self, rows: &[RowValues]) {
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
    pub(super) fn taken(&self, mut row: RowValues) -> GridRow {
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
        GridRow::new(values.collect(), is_cut)
    }

    pub(super) fn key_of(&self, row: &GridRow) -> Option<Vec<Value>> {
        (self.frozen > 0).then(|| row.values.iter().take(self.frozen).cloned().collect())
    }

    pub(super) fn selected_key(&self) -> Option<Vec<Value>> {
        self.key_of(self.row(self.selected)?)
    }
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
