//! Changes of rows that are marked in the grid and not written yet, and a new row that is being made.

use super::{Grid, GridRow, RowForm};
use crate::app::loadable::Loadable;
use crate::domain::deep_json::holds_marker;
use crate::domain::problem::{Kind, Problem};
use crate::domain::table::change::{RowChange, RowChanged};
use crate::domain::table::column::ColumnInfo;
use crate::domain::table::info::TableInfo;
use crate::domain::table::name::TableName;
use crate::domain::table::paging::RowValues;
use crate::domain::text::{cell, harmless};
use serde_json::Value;

/// Which row a value is typed for.
#[derive(Debug, Clone, PartialEq)]
pub enum EditedRow {
    /// The new row.
    Draft,
    /// A row of this table as it was read.
    Read(TableName, RowValues),
}

/// The selected row as it is named for an explanation.
#[derive(Debug, Clone, PartialEq)]
pub struct PointedRow {
    /// The columns that name it, with their values.
    pub columns: Vec<(String, Option<String>)>,
    /// The same in words.
    pub words: String,
    /// What is marked to be written of it, or of the row that is to be added.
    pub written: Option<RowValues>,
}

impl Grid {
    /// The change that is marked of a row.
    pub fn staged_of(&self, row: &GridRow) -> Option<&RowChange> {
        let mut staged = self.staged.iter().filter(|_| !self.key().is_empty());
        staged.find(|change| change.was().is_some_and(|was| self.has_key_of(row, was)))
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

    /// What names the selected row for an explanation, and what is marked to be written of it; the values of a new row. Of a table without a
    /// key every value that can be compared names it.
    pub fn pointed_at(&self) -> PointedRow {
        if let Some(draft) = &self.draft {
            return PointedRow {
                columns: Vec::new(),
                words: "a new row".to_owned(),
                written: Some(draft.clone()),
            };
        }
        let key = self.table.held().map_or(&[][..], |table| &table.key);
        let names = |column: &&ColumnInfo| match key {
            [] => column.kind().is_ordered(),
            key => key.contains(&column.name),
        };
        let named = self.columns.iter().filter(names);
        let text = |value: &Value| match value {
            Value::Null => None,
            Value::String(text) => Some(text.clone()),
            other => Some(other.to_string()),
        };
        let columns: Vec<(String, Option<String>)> = named
            .filter_map(|column| Some((column.name.clone(), text(self.value(&column.name)?))))
            .collect();
        let words = columns.iter().map(|(name, value)| {
            let value = value.as_deref().unwrap_or("null");
            format!("{name} {}", cell(value))
        });
        let change = self.selected_row().and_then(|row| self.staged_of(row));
        PointedRow {
            words: words.collect::<Vec<_>>().join(", "),
            written: match change {
                Some(RowChange::Update { values, .. }) => Some(values.clone()),
                _ => None,
            },
            columns,
        }
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

    /// Whether the row is among those held.
    fn holds(&self, was: &RowValues) -> bool {
        let rows = self.rows.held();
        rows.is_some_and(|rows| rows.iter().any(|row| self.has_key_of(row, was)))
    }

    /// Whether a row has the key that stands in these values.
    fn has_key_of(&self, row: &GridRow, values: &RowValues) -> bool {
        let mut key = self.key().iter().zip(&row.values);
        key.all(|(column, value)| values.get(&column.name) == Some(value))
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
        self.counted = Loadable::default();
        let of_rows = done.len().min(self.staged.len());
        let staged: Vec<RowChange> = self.staged.drain(..of_rows).collect();
        if done.len() > of_rows {
            self.draft = None;
            self.is_uncertain = false;
        }
        self.whole = None;
        let mut rows = self.rows.take_held().unwrap_or_default();
        for (change, one) in staged.iter().zip(done) {
            let was = change.was().filter(|_| self.frozen > 0);
            let at = was.and_then(|was| rows.iter().position(|row| self.has_key_of(row, was)));
            let Some(at) = at else {
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
}

fn draft_first() -> Problem {
    Problem::new(
        Kind::Usage,
        "The new row is not written yet.",
        "Write it or drop it first.",
    )
}
