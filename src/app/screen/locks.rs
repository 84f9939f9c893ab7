//! The Locks screen: a grid of cycles by weeks, and why the selected week is locked or open.

use crate::app::list::List;
use crate::app::loadable::Loadable;
use crate::app::screen::unlock_record::OpeningView;
use crate::domain::cycle::WEEKS;
use crate::domain::lock::WeekLock;
use crate::domain::problem::Problem;
use jiff::Timestamp;

/// One line of the grid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GridRow {
    /// The cycle.
    pub cycle_id: String,
    /// Its owner.
    pub user_id: String,
    /// The index of each week's lock among the rows that were read; weeks without a plan are absent.
    pub weeks: [Option<usize>; WEEKS as usize],
}

/// A week of a cycle, by what it is and not by where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The cycle.
    pub cycle_id: String,
    /// The week, 1 to 12.
    pub week: u8,
}

/// The state of the screen.
#[derive(Debug, Clone, PartialEq)]
pub struct Locks {
    /// The view's rows as they were read.
    pub remote: Loadable<Vec<WeekLock>>,
    /// The grid made of them.
    pub grid: Vec<GridRow>,
    /// The place among the cycles.
    pub list: List,
    /// The selected week, 1 to 12.
    pub week: u8,
    /// What was selected and is not among the rows. While it is set nothing is selected, so that no other week is
    /// taken for it.
    pub missing: Option<Place>,
    /// How the selected week's unlock came about, where one runs.
    pub opening: OpeningView,
}

impl Default for Locks {
    fn default() -> Self {
        Self {
            remote: Loadable::default(),
            grid: Vec::new(),
            list: List::default(),
            week: 1,
            missing: None,
            opening: OpeningView::default(),
        }
    }
}

impl Locks {
    /// The screen before its rows are read, which will look for this place in them.
    pub fn looking_for(place: Option<Place>) -> Self {
        Self {
            missing: place,
            ..Self::default()
        }
    }

    /// Takes the locks. The place stays, by what it is; without one the current week of the first cycle is selected.
    pub fn arrived(&mut self, result: Result<Vec<WeekLock>, Problem>, at: Timestamp) {
        let is_first = self.remote.held().is_none();
        let place = self.place();
        self.remote.arrived(result, at);
        self.grid = grid(self.locks());
        self.refresh();
        match place {
            Some(place) => self.find(place),
            None if is_first => self.go_to_current(),
            None => {}
        }
    }

    /// The selected place, or the one that is looked for.
    pub fn place(&self) -> Option<Place> {
        let selected = || {
            self.selected_row().map(|row| Place {
                cycle_id: row.cycle_id.clone(),
                week: self.week,
            })
        };
        self.missing.clone().or_else(selected)
    }

    fn find(&mut self, place: Place) {
        let is_it = |row: &GridRow| row.cycle_id == place.cycle_id;
        let row = self.grid.iter().position(is_it);
        if let Some(row) = row {
            self.list.select_row(row);
        }
        // A row that the filter hides cannot be selected either.
        if row.is_some() && self.list.current() == row {
            self.week = place.week;
            self.missing = None;
        } else {
            self.missing = Some(place);
        }
    }

    /// Selects the current week of the first cycle that has one.
    fn go_to_current(&mut self) {
        let current = |row: &GridRow| {
            let mut weeks = row
                .weeks
                .iter()
                .flatten()
                .map(|index| &self.locks()[*index]);
            weeks.find(|lock| lock.is_current_week)
        };
        let found = self.grid.iter().enumerate();
        let mut found = found.filter_map(|(at, row)| Some((at, current(row)?.week_no)));
        let (row, week) = found.next().unwrap_or((0, 1));
        self.list.select_row(row);
        self.week = week.clamp(1, WEEKS);
    }

    /// Gives up a place that is not among the rows; true when there was one and the current week is selected instead.
    pub fn give_up_missing(&mut self) -> bool {
        let was_missing = !self.grid.is_empty() && self.missing.take().is_some();
        if was_missing {
            self.go_to_current();
        }
        was_missing
    }

    /// Puts the lines in the order of the cycles' list.
    pub fn order(&mut self, cycle_ids: &[&str]) {
        let selected = self.place();
        let place = |row: &GridRow| {
            cycle_ids
                .iter()
                .position(|id| *id == row.cycle_id)
                .unwrap_or(usize::MAX)
        };
        self.grid.sort_by_key(place);
        self.refresh();
        if let Some(selected) = selected {
            self.find(selected);
        }
    }

    /// The rows as they were read.
    pub fn locks(&self) -> &[WeekLock] {
        self.remote.held().map_or(&[], Vec::as_slice)
    }

    /// The selected cycle's line.
    pub fn selected_row(&self) -> Option<&GridRow> {
        if self.missing.is_some() {
            return None;
        }
        self.grid.get(self.list.current()?)
    }

    /// The lock of the selected week.
    pub fn selected(&self) -> Option<&WeekLock> {
        let index = (*self.selected_row()?.weeks.get(usize::from(self.week) - 1)?)?;
        self.locks().get(index)
    }

    /// Moves along the weeks; true when it changed.
    pub fn go_week(&mut self, by: i8) -> bool {
        if self.missing.is_some() {
            return self.give_up_missing();
        }
        let next = self.week.saturating_add_signed(by).clamp(1, WEEKS);
        std::mem::replace(&mut self.week, next) != next
    }

    /// Puts a week that was read again in its place.
    pub fn replace(&mut self, lock: WeekLock) {
        if let Some(locks) = self.remote.held_mut()
            && let Some(old) = locks.iter_mut().find(|old| old.plan_id == lock.plan_id)
        {
            *old = lock;
        }
    }

    /// Sets the filter.
    pub fn set_filter(&mut self, filter: &str) {
        filter.clone_into(&mut self.list.filter);
        self.refresh();
        if let Some(missing) = self.missing.clone() {
            self.find(missing);
        }
    }

    fn refresh(&mut self) {
        let grid = &self.grid;
        self.list.refresh(grid.len(), |row| {
            format!("{} {}", grid[row].cycle_id, grid[row].user_id)
        });
    }
}

/// Groups the weeks by cycle, in the order in which the cycles were read.
fn grid(locks: &[WeekLock]) -> Vec<GridRow> {
    let mut grid: Vec<GridRow> = Vec::new();
    let mut places = std::collections::HashMap::new();
    for (index, lock) in locks.iter().enumerate() {
        let place = *places.entry(lock.cycle_id.as_str()).or_insert_with(|| {
            grid.push(GridRow {
                cycle_id: lock.cycle_id.clone(),
                user_id: lock.user_id.clone(),
                weeks: [None; WEEKS as usize],
            });
            grid.len() - 1
        });
        if let Some(week) = grid[place]
            .weeks
            .get_mut(usize::from(lock.week_no).wrapping_sub(1))
        {
            *week = Some(index);
        }
    }
    grid
}

/// The columns of the grid before its first week: the name of the cycle.
pub fn name_width(width: u16) -> u16 {
    width.saturating_sub(u16::from(WEEKS) * cell_width(width))
}

/// The columns of one week of the grid.
pub fn cell_width(width: u16) -> u16 {
    if width >= 60 {
        4
    } else {
        3.min(width / (u16::from(WEEKS) + 1)).max(1)
    }
}

/// The week that stands at a column of the grid.
pub fn week_at(column: u16, width: u16) -> Option<u8> {
    let week = column.checked_sub(name_width(width))? / cell_width(width) + 1;
    (1..=u16::from(WEEKS)).contains(&week).then_some(week as u8)
}
