//! The values of a column with how many rows have each, to be filtered by.

use crate::app::command::Command;
use crate::app::key::{Code, Key};
use crate::app::list::{Move, window_top};
use crate::app::loadable::Loadable;
use crate::domain::table::column::ColumnInfo;
use crate::domain::table::name::TableName;
use crate::domain::table::values::ValueCounts;
use serde_json::Value;

/// What a dialog of such a list has besides its lines: borders, and three lines below.
pub const FRAME_ROWS: u16 = 5;

/// The values of a column.
#[derive(Debug, Clone, PartialEq)]
pub struct ValuesForm {
    /// The table.
    pub table: TableName,
    /// The column.
    pub column: ColumnInfo,
    /// The filter that the rows fit.
    pub filter: String,
    /// The values.
    pub counts: Loadable<ValueCounts>,
    /// The selected one.
    pub selected: usize,
    /// The first one in view.
    pub top: usize,
    /// Why the rows cannot be filtered by it.
    pub problem: Option<String>,
}

/// What a key asks for.
#[derive(Debug, Clone, PartialEq)]
pub enum Asked {
    /// The list stays.
    Nothing,
    /// The list closes; what is still read is not wanted.
    Close,
    /// The rows are filtered by this value.
    FilterBy(Value),
}

impl ValuesForm {
    /// The values of a column that are being counted.
    pub fn new(table: TableName, column: ColumnInfo, filter: &str) -> Self {
        let mut counts = Loadable::default();
        counts.started();
        Self {
            table,
            column,
            filter: filter.to_owned(),
            counts,
            selected: 0,
            top: 0,
            problem: None,
        }
    }

    fn len(&self) -> usize {
        self.counts.held().map_or(0, |counts| counts.values.len())
    }

    /// Brings the selected line into view of a terminal so high.
    pub(super) fn fit(&mut self, height: u16) {
        let rows = usize::from(height.saturating_sub(FRAME_ROWS)).max(1);
        self.top = window_top(self.top, self.selected, rows);
        self.top = self.top.min(self.len().saturating_sub(rows));
    }

    /// Takes a key, in a terminal so high.
    pub(super) fn press(&mut self, key: Key, command: Option<Command>, height: u16) -> Asked {
        self.problem = None;
        let rows = usize::from(height.saturating_sub(FRAME_ROWS)).max(1);
        let page = isize::try_from(rows.saturating_sub(1).max(1)).unwrap_or(1);
        let movement = match (command, key.code) {
            (Some(Command::Cancel), _) | (_, Code::Char('q')) => return Asked::Close,
            (Some(Command::Confirm), _) => {
                let counts = self.counts.held();
                let value = counts.and_then(|counts| counts.values.get(self.selected));
                return value.map_or(Asked::Nothing, |one| Asked::FilterBy(one.value.clone()));
            }
            (Some(Command::NextField), _) | (_, Code::Char('j')) => Move::By(1),
            (Some(Command::PreviousField), _) | (_, Code::Char('k')) => Move::By(-1),
            (_, Code::PageDown) => Move::By(page),
            (_, Code::PageUp) => Move::By(-page),
            (_, Code::Home | Code::Char('g')) => Move::First,
            (_, Code::End | Code::Char('G')) => Move::Last,
            _ => return Asked::Nothing,
        };
        self.selected = movement.from(self.selected, self.len().saturating_sub(1));
        Asked::Nothing
    }
}
