//! The columns of a grid as a list: each can be hidden, moved and sized. Nothing is shown otherwise before the list is accepted.

use crate::app::command::Command;
use crate::app::key::{Code, Key};
use crate::app::list::{Move, window_top};
use crate::app::screen::grid::Grid;
use crate::app::screen::grid::columns::wider;
use crate::domain::table::column_choice::ColumnChoice;
use crate::domain::table::name::TableName;

/// What a dialog of such a list has besides its lines: borders, a line above and two below.
pub const FRAME_ROWS: u16 = 5;

/// A column of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnLine {
    /// Its name.
    pub name: String,
    /// Its type.
    pub data_type: String,
    /// Whether it is of the key, and stays in view.
    pub is_key: bool,
    /// Whether it is shown.
    pub is_shown: bool,
    /// How wide it is.
    pub width: u16,
    /// Whether that was chosen.
    pub is_sized: bool,
}

/// The list.
#[derive(Debug, Clone, PartialEq)]
pub struct ColumnsForm {
    /// The table.
    pub name: TableName,
    /// Its columns in the order in which they are shown.
    pub lines: Vec<ColumnLine>,
    /// The selected one.
    pub selected: usize,
    /// The first line in view.
    pub top: usize,
    /// Why a key did nothing.
    pub problem: Option<&'static str>,
    /// The names in the order of the table.
    natural: Vec<ColumnLine>,
    /// The choice as it was: what it says of columns that are not here stays.
    before: ColumnChoice,
}

/// What a key asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asked {
    /// The list stays.
    Nothing,
    /// The list closes.
    Close,
    /// The list closes, and the grid shows this.
    Show(ColumnChoice),
}

impl ColumnsForm {
    /// The columns of a grid, the one under the cursor selected.
    pub fn new(grid: &Grid) -> Self {
        let names: Vec<&str> = grid.columns.iter().map(|one| one.name.as_str()).collect();
        let line = |at: usize| {
            let column = &grid.columns[at];
            ColumnLine {
                name: column.name.clone(),
                data_type: column.data_type.clone(),
                is_key: at < grid.frozen,
                is_shown: grid.shown.contains(&at),
                width: grid.widths[at],
                is_sized: grid.choice.width(&column.name).is_some(),
            }
        };
        let places = grid.choice.places(&names, grid.frozen);
        let selected = places.iter().position(|at| *at == grid.column);
        Self {
            name: grid.name.clone(),
            lines: places.into_iter().map(line).collect(),
            selected: selected.unwrap_or(0),
            top: 0,
            problem: None,
            natural: (0..names.len()).map(line).collect(),
            before: grid.choice.clone(),
        }
    }

    /// Brings the selected line into view of a terminal so high.
    pub(super) fn fit(&mut self, height: u16) {
        let rows = usize::from(height.saturating_sub(FRAME_ROWS)).max(1);
        self.top = window_top(self.top, self.selected, rows);
        self.top = self.top.min(self.lines.len().saturating_sub(rows));
    }

    /// How many columns are not shown.
    pub fn hidden(&self) -> usize {
        self.lines.iter().filter(|line| !line.is_shown).count()
    }

    /// Takes a key, in a terminal so high.
    pub(super) fn press(&mut self, key: Key, command: Option<Command>, height: u16) -> Asked {
        self.problem = None;
        let rows = usize::from(height.saturating_sub(FRAME_ROWS)).max(1);
        let page = isize::try_from(rows.saturating_sub(1).max(1)).unwrap_or(1);
        match (command, key.code) {
            (Some(Command::Cancel), _) => return Asked::Close,
            (Some(Command::Confirm), _) => return Asked::Show(self.choice()),
            (Some(Command::NextField), _) | (_, Code::Char('j')) => self.go(Move::By(1)),
            (Some(Command::PreviousField), _) | (_, Code::Char('k')) => self.go(Move::By(-1)),
            (_, Code::PageDown) => self.go(Move::By(page)),
            (_, Code::PageUp) => self.go(Move::By(-page)),
            (_, Code::Home | Code::Char('g')) => self.go(Move::First),
            (_, Code::End | Code::Char('G')) => self.go(Move::Last),
            (_, Code::Char(' ')) => self.toggle(),
            (_, Code::Left | Code::Char('h')) => self.shift(false),
            (_, Code::Right | Code::Char('l')) => self.shift(true),
            (_, Code::Char('>')) => self.widen(true),
            (_, Code::Char('<')) => self.widen(false),
            (_, Code::Char('r')) => self.reset(),
            _ => {}
        }
        Asked::Nothing
    }

    fn go(&mut self, movement: Move) {
        let last = self.lines.len().saturating_sub(1);
        self.selected = movement.from(self.selected, last);
    }

    fn toggle(&mut self) {
        let shown = self.lines.len() - self.hidden();
        let Some(line) = self.lines.get_mut(self.selected) else {
            return;
        };
        if line.is_shown && shown == 1 {
            self.problem = Some("One column has to be shown.");
        } else {
            line.is_shown = !line.is_shown;
        }
    }

    /// Moves the selected column to the right in the grid, or to the left.
    fn shift(&mut self, is_right: bool) {
        let other = if is_right {
            self.selected.checked_add(1)
        } else {
            self.selected.checked_sub(1)
        };
        let (own, other) = (self.selected, other.unwrap_or(usize::MAX));
        match (self.lines.get(own), self.lines.get(other)) {
            (Some(line), _) if line.is_key => {
                self.problem = Some("The key stays in front.");
            }
            (Some(_), Some(beside)) if !beside.is_key => {
                self.lines.swap(own, other);
                self.selected = other;
            }
            _ => {}
        }
    }

    fn widen(&mut self, is_wider: bool) {
        if let Some(line) = self.lines.get_mut(self.selected) {
            line.width = wider(line.width, is_wider);
            line.is_sized = true;
        }
    }

    /// Back to all columns in the order of the table, as wide as their values want. What was chosen of columns that are not here stays.
    fn reset(&mut self) {
        let selected = self.lines.get(self.selected).map(|line| line.name.clone());
        self.lines.clone_from(&self.natural);
        for line in &mut self.lines {
            (line.is_shown, line.is_sized) = (true, false);
        }
        let same = self.lines.iter();
        let same = same.map(|line| &line.name);
        let mut same = same.zip(0..);
        let at = same.find(|(name, _)| Some(*name) == selected.as_ref());
        self.selected = at.map_or(0, |(_, at)| at);
    }

    /// What was chosen. What the choice said before of columns that are not here, such as those that who reads may not see, stays.
    pub fn choice(&self) -> ColumnChoice {
        let is_here = |name: &String| self.lines.iter().any(|line| line.name == *name);
        let mut choice = self.before.clone();
        choice.hidden.retain(|name| !is_here(name));
        choice.widths.retain(|name, _| !is_here(name));
        choice.order.retain(|name| !is_here(name));
        for line in &self.lines {
            if !line.is_shown {
                choice.hidden.insert(line.name.clone());
            }
            if line.is_sized {
                choice.widths.insert(line.name.clone(), line.width);
            }
        }
        let order = |lines: &[ColumnLine]| -> Vec<String> {
            let lines = lines.iter().filter(|line| !line.is_key);
            lines.map(|line| line.name.clone()).collect()
        };
        let (own, natural) = (order(&self.lines), order(&self.natural));
        if own != natural {
            let gone = std::mem::take(&mut choice.order);
            choice.order = own.into_iter().chain(gone).collect();
        }
        choice
    }
}
