//! Draws the Journal screen.

use super::list::List;
use crate::app::layout;
use crate::app::model::Focus;
use crate::domain::migration::journal::Line;
use crate::domain::moment::{Form, LIST_COLUMNS, moment};
use crate::ui::DrawContext;
use crate::ui::table::{self, Cell, Column};
use crate::ui::theme::Role;
use ratatui::Frame;
use ratatui::layout::Rect;

/// Whether something was applied or rolled back is never left out.
const COLUMNS: [Column; 4] = [
    Column::fixed("when (UTC)", LIST_COLUMNS, 0),
    Column::fixed("outcome", 11, 0),
    Column::between("action", (8, 15), 0),
    Column::rest("version", 14, 1),
];

pub fn draw(frame: &mut Frame, view: DrawContext) {
    let panes = view.model.panes();
    let journal = &view.model.journal;
    let list = List {
        name: "Journal",
        columns: &COLUMNS,
        rows: &journal.table,
        nothing: Some(if journal.is_kept {
            "Nothing was run or repaired here yet."
        } else {
            "This database has no journal yet: the first run of supadeck makes it."
        }),
    };
    list.draw(frame, panes.list, view, |kept| cells(&kept.line));
    draw_detail(frame, panes.detail, view);
}

fn cells(line: &Line) -> Vec<Cell> {
    vec![
        Cell::of(when(line, Form::List), Role::Muted),
        Cell::of(&line.outcome, role(&line.outcome)),
        Cell::text(action(&line.direction)),
        Cell::text(&line.version),
    ]
}

fn when(line: &Line, form: Form) -> String {
    let at = line.started;
    at.map_or_else(String::new, |at| moment(at, form))
}

/// What was done, in words: the journal's own are for programs.
fn action(direction: &str) -> String {
    direction.replace('_', " ")
}

fn role(outcome: &str) -> Role {
    match outcome {
        "done" => Role::Ok,
        "cancelled" => Role::Warn,
        _ => Role::Removed,
    }
}

fn draw_detail(frame: &mut Frame, pane: Rect, view: DrawContext) {
    let is_focused = view.model.focus == Focus::Detail;
    let Some(kept) = view.model.journal.table.selected() else {
        table::heading(frame, pane, view, "", is_focused);
        return;
    };
    let line = &kept.line;
    let title = format!(
        "{} {}: {}",
        action(&line.direction),
        line.version,
        line.outcome
    );
    table::heading(frame, pane, view, &title, is_focused);
    let lines = view.model.journal.detail();
    table::read(frame, layout::inside(pane), view, &lines);
}
