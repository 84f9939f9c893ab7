//! Scrolls the details of the screen in view, as far as their text goes, and moves in the outline of a long one.

use super::dialog::statement::StatementView;
use super::layout;
use super::list::Move;
use super::model::{Model, Screen};
use super::outline::{OutlineView, rooms};
use super::screen::seeds;
use super::wrap::{width, wrap};
use crate::domain::report::Tone;

impl Model {
    /// The outline in the place of the details.
    pub fn outline(&self) -> Option<&OutlineView> {
        match self.screen {
            Screen::Migrations => self.migrations.outline.as_deref(),
            Screen::Seeds => self.seeds.outline.as_deref(),
            _ => None,
        }
    }

    /// The same to move in it.
    pub(super) fn outline_mut(&mut self) -> Option<&mut OutlineView> {
        match self.screen {
            Screen::Migrations => self.migrations.outline.as_deref_mut(),
            Screen::Seeds => self.seeds.outline.as_deref_mut(),
            _ => None,
        }
    }
}

/// Opens the selected group of an outline, or closes it; else gives the selected statement.
pub(super) fn enter_outline(model: &mut Model) -> Option<StatementView> {
    let outline = model.outline_mut()?;
    if outline.toggle() {
        return None;
    }
    outline.selected().map(StatementView::new)
}

/// Moves through the details.
pub(super) fn detail(model: &mut Model, movement: Move) {
    let height = model.detail_height();
    if model.screen == Screen::Audit {
        model.audit.go_detail(movement, height);
        return;
    }
    if model.screen == Screen::Tables && model.browser.grid.is_some() {
        let columns = layout::inside(model.panes().detail).width.into();
        model.browser.go_form(movement, (columns, height));
        return;
    }
    if let Some(outline) = model.outline_mut() {
        return outline.go(movement);
    }
    let last = last_top(model);
    model.detail_top = movement.from(model.detail_top, last);
}

/// The first row of the details to show so that the last one is in view.
fn last_top(model: &Model) -> usize {
    // An outline scrolls by itself, below what stands above it.
    if model.outline().is_some() {
        return 0;
    }
    let columns = layout::inside(model.panes().detail).width.into();
    let rows = match model.screen {
        Screen::Migrations => model.migrations.note_rows() + model.migrations.rows.len(),
        Screen::Journal => row_count(&model.journal.detail(), columns),
        Screen::Access => {
            let lines = model.access.detail(model.tried.as_ref());
            lines
                .iter()
                .map(|line| line.rows(columns, width).len())
                .sum()
        }
        Screen::Seeds => seeds::note_rows(model, columns) + model.seeds.rows.len(),
        Screen::Tables => row_count(&model.browser.detail(model.identity.role()), columns),
        Screen::Cycles => match &model.open_cycle {
            Some(open) => row_count(&open.detail(&model.beside_cycle()), columns),
            None => cycle_lines(model),
        },
        _ => 0,
    };
    rows.saturating_sub(model.detail_height())
}

/// Fits the details into the room there is; the text at the top stays there.
pub(super) fn fit(model: &mut Model) {
    let inside = layout::inside(model.panes().detail);
    model.audit.fit(inside);
    super::browse::fit(model);
    if model.screen == Screen::Seeds {
        model.seeds.fit(inside.width);
        let above = seeds::note_rows(model, inside.width.into());
        if let Some(outline) = model.outline_mut() {
            outline.follow(rooms(above, inside.height.into()).1);
        }
    }
    if model.screen == Screen::Migrations {
        model.detail_top = model
            .migrations
            .fit((inside.width, inside.height), model.detail_top);
    }
    if matches!(
        model.screen,
        Screen::Migrations | Screen::Journal | Screen::Seeds | Screen::Access | Screen::Cycles
    ) && model.detail_top > 0
    {
        model.detail_top = model.detail_top.min(last_top(model));
    }
}

/// How many rows paragraphs take in so many columns.
pub(super) fn row_count(paragraphs: &[(Tone, String)], columns: usize) -> usize {
    let rows = paragraphs.iter();
    rows.map(|(_, text)| wrap(text, columns).len()).sum()
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
    // What is said of rows that could not be read takes some lines too.
    let is_wrong = [model.goals.remote.failure(), model.locks.remote.failure()];
    2 * goals + weeks + 5 + 3 * is_wrong.into_iter().flatten().count()
}
