//! Scrolls the details of the screen in view, as far as their text goes.

use super::list::Move;
use super::model::{Model, Screen};

/// Moves through the details.
pub(super) fn detail(model: &mut Model, movement: Move) {
    let height = model.detail_height();
    if model.screen == Screen::Audit {
        model.audit.go_detail(movement, height);
        return;
    }
    // Only SQL is longer than a screen; the other details end where their text ends.
    let lines = match model.screen {
        Screen::Migrations => model
            .migrations
            .text()
            .map_or(0, |text| text.lines().count()),
        Screen::Cycles => cycle_lines(model),
        _ => 0,
    };
    let last = lines.saturating_sub(height);
    model.detail_top = match movement {
        Move::By(rows) => model.detail_top.saturating_add_signed(rows).min(last),
        Move::First => 0,
        Move::Last => last,
    };
}

/// The lines of a cycle's details: two a goal, one a week, and what stands around them.
fn cycle_lines(model: &Model) -> usize {
    let Some(cycle) = model.cycles.selected() else {
        return 0;
    };
    let goals = model
        .goals
        .rows()
        .iter()
        .filter(|goal| goal.cycle_id == cycle.id)
        .count();
    let weeks = model
        .locks
        .locks()
        .iter()
        .filter(|lock| lock.cycle_id == cycle.id)
        .count();
    2 * goals + weeks + 5
}
