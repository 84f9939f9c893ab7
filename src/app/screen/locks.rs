//! The Locks screen: a grid of cycles by weeks, and why the selected week is locked or open.

use crate::app::list::List;
use crate::app::remote::Remote;
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

/// The state of the screen.
#[derive(Debug, Clone, PartialEq)]
pub struct Locks {
    /// The view's rows as they were read.
    pub remote: Remote<Vec<WeekLock>>,
    /// The grid made of them.
    pub grid: Vec<GridRow>,
    /// The place among the cycles.
    pub list: List,
    /// The selected week, 1 to 12.
    pub week: u8,
}

impl Default for Locks {
    fn default() -> Self {
        Self {
            remote: Remote::default(),
            grid: Vec::new(),
            list: List::default(),
            week: 1,
        }
    }
}

impl Locks {
    /// Takes the locks; on the first answer the current week of the first cycle is selected.
    pub fn arrived(&mut self, result: Result<Vec<WeekLock>, Problem>, at: Timestamp) {
        let is_first = self.remote.value.is_none();
        let key = self.selected_row().map(|row| row.cycle_id.clone());
        self.remote.arrived(result, at);
        self.grid = grid(self.locks());
        self.refresh();
        if let Some(row) = key.and_then(|key| self.grid.iter().position(|row| row.cycle_id == key))
        {
            self.list.select_row(row);
        }
        if is_first {
            let current = self.selected_row().and_then(|row| {
                row.weeks
                    .iter()
                    .flatten()
                    .find(|index| self.locks()[**index].is_current_week)
                    .copied()
            });
            self.week = current.map_or(1, |index| self.locks()[index].week_no.clamp(1, WEEKS));
        }
    }

    /// The rows as they were read.
    pub fn locks(&self) -> &[WeekLock] {
        self.remote.value.as_deref().unwrap_or_default()
    }

    /// The selected cycle's line.
    pub fn selected_row(&self) -> Option<&GridRow> {
        self.grid.get(self.list.current()?)
    }

    /// The lock of the selected week.
    pub fn selected(&self) -> Option<&WeekLock> {
        let index = (*self.selected_row()?.weeks.get(usize::from(self.week) - 1)?)?;
        self.locks().get(index)
    }

    /// Moves along the weeks; true when it changed.
    pub fn go_week(&mut self, by: i8) -> bool {
        let next = self.week.saturating_add_signed(by).clamp(1, WEEKS);
        std::mem::replace(&mut self.week, next) != next
    }

    /// Puts a week that was read again in its place.
    pub fn replace(&mut self, lock: WeekLock) {
        if let Some(locks) = &mut self.remote.value
            && let Some(old) = locks.iter_mut().find(|old| old.plan_id == lock.plan_id)
        {
            *old = lock;
        }
    }

    /// Sets the filter.
    pub fn set_filter(&mut self, filter: &str) {
        filter.clone_into(&mut self.list.filter);
        self.refresh();
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
