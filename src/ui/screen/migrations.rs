//! Draws the Migrations screen.

use super::list::List;
use super::roles::state_role;
use crate::app::layout;
use crate::app::model::Focus;
use crate::app::outline::rooms;
use crate::domain::migration::Entry;
use crate::domain::plural::counted;
use crate::domain::text::harmless;
use crate::ui::DrawContext;
use crate::ui::outline;
use crate::ui::sql;
use crate::ui::table::{self, Cell, Column};
use crate::ui::theme::Role;
use ratatui::Frame;
use ratatui::layout::Rect;

const COLUMNS: [Column; 4] = [
    Column::fixed("state", 14, 0),
    Column::rest("name", 16, 0),
    Column::fixed("version", 14, 1),
    Column::fixed("rollback", 8, 2),
];

pub fn draw(frame: &mut Frame, view: DrawContext) {
    let panes = view.model.panes();
    let skipped = &view.model.migrations.skipped;
    let name = match skipped.len() {
        0 => "Migrations".to_owned(),
        count => format!("Migrations, {} skipped", counted(count, "file")),
    };
    let list = List {
        name: &name,
        columns: &COLUMNS,
        rows: &view.model.migrations.table,
        nothing: Some("No migration files. `supadeck migration new NAME` writes the first one."),
    };
    list.draw(frame, panes.list, view, |entry| cells(entry, view));
    draw_skipped(frame, panes.list, view);
    draw_detail(frame, panes.detail, view);
}

/// The files that are no migrations, below the last row, as far as there is room. The heading has their number.
fn draw_skipped(frame: &mut Frame, pane: Rect, view: DrawContext) {
    let table = &view.model.migrations.table;
    if table.remote.ready().is_err() {
        return;
    }
    let room = layout::rows(pane);
    let shown = table.list.len().saturating_sub(table.list.offset).max(1);
    let used = u16::try_from(shown).unwrap_or(u16::MAX).saturating_add(1);
    let below = Rect {
        y: room.y.saturating_add(used),
        height: room.height.saturating_sub(used),
        ..room
    };
    let skipped = view.model.migrations.skipped.iter();
    let lines = skipped.map(|why| (Role::Warn, format!("Skipped: {}", harmless(why))));
    table::lines(frame, below, view, &lines.collect::<Vec<_>>());
}

fn cells(entry: &Entry, view: DrawContext) -> Vec<Cell> {
    let role = state_role(entry.state);
    vec![
        Cell::of(
            format!(
                "{} {}",
                view.symbols.migration(entry.state),
                entry.state.word()
            ),
            role,
        ),
        Cell::text(&entry.name),
        Cell::of(&entry.version, Role::Muted),
        Cell::of(
            entry.way_back.word(),
            if entry.reversible {
                Role::Muted
            } else {
                Role::Warn
            },
        ),
    ]
}

fn draw_detail(frame: &mut Frame, pane: Rect, view: DrawContext) {
    let screen = &view.model.migrations;
    let is_focused = view.model.focus == Focus::Detail;
    let Some(entry) = screen.table.selected() else {
        table::heading(frame, pane, view, "", is_focused);
        return;
    };
    let title = format!("{} {}: {}", entry.version, entry.name, screen.side.title());
    table::heading(frame, pane, view, &title, is_focused);
    let inside = layout::inside(pane);
    let top = view.model.detail_top;
    // What is said of the version scrolls with its SQL: it may be longer than the pane is high.
    let room = match &screen.outline {
        Some(_) => rooms(screen.note_rows(), inside.height.into()).0 as u16,
        None => inside.height,
    };
    for (y, at) in (inside.y..inside.y + room).zip(top..screen.note.len()) {
        let line = sql::line(view, &screen.note, at).style(view.style(state_role(entry.state)));
        let row = Rect {
            y,
            height: 1,
            ..inside
        };
        frame.render_widget(line, row);
    }
    let used = match &screen.outline {
        Some(_) => room,
        None => (screen.note_rows().saturating_sub(top) as u16).min(inside.height),
    };
    let below = Rect {
        y: inside.y + used,
        height: inside.height - used,
        ..inside
    };
    if let Some(failure) = screen
        .sources
        .failure()
        .filter(|_| !screen.sources.is_loading())
    {
        return table::problem_lines(frame, below, view, failure.why);
    }
    if let Some(view_of) = &screen.outline {
        return outline::draw(frame, below, view, view_of, is_focused);
    }
    match screen.text() {
        Ok(text) if text.trim().is_empty() => {
            table::lines(
                frame,
                below,
                view,
                &[(Role::Muted, "The file is empty.".into())],
            );
        }
        Ok(_) => sql::draw(
            frame,
            below,
            view,
            &screen.rows,
            top.saturating_sub(screen.note_rows()),
        ),
        Err(why) => table::lines(frame, below, view, &[(Role::Muted, why.to_owned())]),
    }
}
