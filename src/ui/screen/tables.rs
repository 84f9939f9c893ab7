//! Draws the Tables screen: the list of tables with what is known of one, or the grid that is open.

use super::list::List;
use super::{grid, row_form};
use crate::app::layout;
use crate::app::model::Focus;
use crate::app::screen::tables::ListedTable;
use crate::domain::plural::grouped;
use crate::domain::report::row_security;
use crate::domain::table::cell::size;
use crate::ui::DrawContext;
use crate::ui::table::{self, Cell, Column};
use crate::ui::theme::Role;
use ratatui::Frame;

/// The name is never left out; the rest goes by what one chooses a table by.
const COLUMNS: [Column; 6] = [
    Column::rest("table", 16, 0),
    Column::fixed("rows", 11, 0),
    Column::between("RLS", (12, 22), 1),
    Column::between("grants", (10, 30), 1),
    Column::fixed("size", 9, 2),
    Column::between("kind", (5, 17), 3),
];

pub fn draw(frame: &mut Frame, view: DrawContext) {
    let panes = view.model.panes();
    if view.model.browser.grid.is_some() {
        grid::draw(frame, panes.list, view);
        if view.model.focus == Focus::Detail {
            row_form::draw(frame, panes.detail, view);
        }
        return;
    }
    let list = List {
        name: "Tables",
        columns: &COLUMNS,
        rows: &view.model.browser.table,
        nothing: Some("The schemas that REST serves have no tables."),
    };
    list.draw(frame, panes.list, view, |listed| cells(listed, view));
    let is_focused = view.model.focus == Focus::Detail;
    let selected = view.model.browser.table.selected();
    let title = selected.map(|listed| listed.info.full_name().to_string());
    table::heading(
        frame,
        panes.detail,
        view,
        &title.unwrap_or_default(),
        is_focused,
    );
    let lines = view.model.browser.detail(view.model.identity.role());
    table::read(frame, layout::inside(panes.detail), view, &lines);
}

fn cells(listed: &ListedTable, view: DrawContext) -> Vec<Cell> {
    let table = &listed.info;
    let browser = &view.model.browser;
    let name = table.full_name();
    let rows = match (browser.counts.get(&name), table.rows) {
        _ if browser.counting.as_ref() == Some(&name) => Some("counting".to_owned()),
        (Some(rows), _) => Some(grouped(*rows)),
        (None, rows) => rows.map(|rows| format!("~{}", grouped(rows))),
    };
    let rows = rows.map(|rows| format!("{rows:>11}"));
    let (tone, rls) = row_security::words(table, view.model.identity.role());
    let grants = match table.rights {
        Some(may) if may.verbs().is_empty() => Cell::of("none", Role::Muted),
        Some(may) if may.verbs().len() == 4 => Cell::text("all"),
        Some(may) => Cell::text(may.words()),
        None => Cell::text(""),
    };
    vec![
        Cell::text(table.full_name().to_string()),
        Cell::text(rows.unwrap_or_default()),
        Cell::of(rls, Role::of(tone)),
        grants,
        Cell::of(
            format!("{:>9}", table.bytes.map(size).unwrap_or_default()),
            Role::Muted,
        ),
        Cell::of(table.kind.word(), Role::Muted),
    ]
}
