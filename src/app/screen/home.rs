//! The Home screen: which of its lines lead somewhere, and which of those is selected.

use crate::app::command::Command;
use crate::app::list::Move;
use crate::app::model::Model;
use crate::domain::table::name::TableName;
use ratatui::layout::Rect;
use std::collections::VecDeque;

/// The most cycles that Home tells one by one.
pub const CYCLES: usize = 6;
/// The most changes that Home tells.
pub const CHANGES: usize = 8;
/// The most tables of another project that Home tells.
pub const TABLES: usize = 16;

/// A body of so many columns has two columns of sections.
const WIDE: u16 = 96;
/// A body of fewer rows does not show all sections.
const LOW: u16 = 14;

/// Whether the sections stand in two columns.
pub fn is_wide(body: Rect) -> bool {
    body.width >= WIDE
}

/// Whether there is so little room that what the header says too comes last.
pub fn is_low(body: Rect) -> bool {
    !is_wide(body) && body.height < LOW
}

/// Where a line of Home leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// To the choice of who reads.
    Identity,
    /// To the migrations.
    Migrations,
    /// To the seeds.
    Seeds,
    /// To a cycle, by its place in the list.
    Cycle(usize),
    /// To an audit record, by its place among the newest.
    Change(usize),
    /// To the rows of a table, by its place in the list.
    Table(usize),
}

/// The lines of Home that lead somewhere, in the order in which they stand.
pub fn places(model: &Model) -> Vec<Place> {
    if model.project.is_none() {
        return Vec::new();
    }
    let mut places = vec![Place::Identity];
    let is_low = is_low(model.areas().body);
    if is_low {
        places.clear();
    }
    if model.migrations.table.remote.ready().is_ok() {
        places.push(Place::Migrations);
        if model.seeds.table.remote.ready().is_ok() {
            places.push(Place::Seeds);
        }
    }
    let count = |length: usize, most: usize| 0..length.min(most);
    if model.is_other_project() {
        let tables = model.browser.table.remote.ready().map_or(0, Vec::len);
        places.extend(count(tables, TABLES).map(Place::Table));
    } else {
        let cycles = count(model.cycles.rows().len(), CYCLES);
        places.extend(cycles.map(Place::Cycle));
        let changes = model.audit.rows.ready().map_or(0, VecDeque::len);
        places.extend(count(changes, CHANGES).map(Place::Change));
    }
    if is_low {
        places.push(Place::Identity);
    }
    places
}

/// The selected one.
pub fn selected(model: &Model) -> Option<Place> {
    let mut places = places(model);
    let last = places.len().checked_sub(1)?;
    Some(places.swap_remove(model.home.min(last)))
}

/// Moves the selection.
pub fn go(model: &mut Model, movement: Move) {
    let last = places(model).len().saturating_sub(1);
    let now = model.home.min(last);
    model.home = movement.from(now, last);
}

/// Where a line leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Leads {
    /// To where a command goes.
    To(Command),
    /// To the rows of a table.
    Rows(TableName),
}

/// Where the selected line leads. The list there is moved to what the line is about.
pub fn open(model: &mut Model) -> Option<Leads> {
    let command = match selected(model)? {
        Place::Identity => Command::Identity,
        Place::Migrations => Command::Migrations,
        Place::Seeds => Command::Seeds,
        Place::Cycle(row) => {
            model.cycles.list.select_row(row);
            super::super::requests::leave_cycle(model);
            Command::Cycles
        }
        Place::Change(row) => {
            model.audit.selected = row;
            Command::Audit
        }
        Place::Table(row) => {
            let tables = model.browser.table.remote.ready().ok()?;
            return Some(Leads::Rows(tables.get(row)?.info.full_name()));
        }
    };
    Some(Leads::To(command))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::keymap::Keymap;
    use crate::app::model::Project;
    use crate::domain::identity::Identity;

    #[test]
    fn without_a_project_there_is_nowhere_to_go() {
        let mut model = Model::new((80, 24), None, Identity::Anon, Keymap::default());
        assert_eq!(open(&mut model), None);
        go(&mut model, Move::Last);
        assert_eq!(model.home, 0);
        model.project = Some(Project::default());
        assert_eq!(open(&mut model), Some(Leads::To(Command::Identity)));
        go(&mut model, Move::By(5));
        assert_eq!(selected(&model), Some(Place::Identity));
    }
}
