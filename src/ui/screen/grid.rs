//! Draws the grid of a table: the rows and columns in view, and nothing else of it.

use crate::app::layout;
use crate::app::model::Focus;
use crate::app::screen::grid::{Grid, grid_text};
use crate::app::screen::tables::place;
use crate::domain::plural::{counted, grouped};
use crate::domain::query::Direction;
use crate::domain::table::change::RowChange;
use crate::ui::DrawContext;
use crate::ui::table;
use crate::ui::text::{fit, pad};
use crate::ui::theme::Role;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Modifier;
use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthStr;

pub fn draw(frame: &mut Frame, pane: Rect, view: DrawContext) {
    let Some(grid) = &view.model.browser.grid else {
        return;
    };
    if pane.width == 0 || pane.height == 0 {
        return;
    }
    let is_focused = view.model.focus == Focus::List;
    table::heading(frame, pane, view, &title(grid, view), is_focused);
    let rows = layout::rows(pane);
    if let Some(problem) = &grid.filter_problem {
        table::problem_lines(frame, rows, view, problem);
        return;
    }
    if let Err(blank) = grid.table.ready() {
        table::blank(frame, rows, view, Err(blank));
        return;
    }
    let columns = grid.visible(rows.width);
    head(frame, pane, view, grid, &columns);
    for line in 0..rows.height {
        let at = grid.offset + usize::from(line);
        if grid.row(at).is_none() {
            break;
        }
        let area = Rect {
            y: rows.y + line,
            height: 1,
            ..rows
        };
        row(frame, area, view, grid, at, &columns);
        let marked = grid.row(at).and_then(|row| grid.staged_of(row));
        if let Some(change) = marked.filter(|_| at != grid.selected || !is_focused) {
            let (sign, role) = match change {
                RowChange::Delete { .. } => ("-", Role::Removed),
                _ => ("~", Role::Changed),
            };
            frame.render_widget(
                Line::styled(sign, view.style(role)),
                Rect::new(pane.x, area.y, 1, 1),
            );
        } else if at == grid.selected {
            let mark = if is_focused {
                view.symbols.cursor()
            } else {
                " "
            };
            frame.render_widget(
                Line::styled(mark, view.style(Role::Accent)),
                Rect::new(pane.x, area.y, 1, 1),
            );
        }
    }
    match grid.rows.ready() {
        Err(blank) => table::blank(frame, rows, view, Err(blank)),
        Ok(held) if held.is_empty() => {
            let who = &view.model.identity;
            let table = grid.table.held();
            let is_whole = table.is_some_and(|table| table.hides_no_row());
            let text = match (grid.filter_text.is_empty(), is_whole) {
                (true, _) => table.map_or_else(|| who.no_rows(), |it| it.no_rows(who, false)),
                (false, true) => format!("Nothing fits “{}”.", grid.filter_text),
                (false, false) => format!(
                    "{} Nothing else fits “{}”.",
                    who.no_rows(),
                    grid.filter_text
                ),
            };
            table::blank(frame, rows, view, Ok(&text));
        }
        Ok(_) => {}
    }
}

fn title(grid: &Grid, view: DrawContext) -> String {
    let mut parts = Vec::new();
    let place = place(grid);
    if !place.is_empty() {
        parts.push(place);
    }
    if grid.columns.len() > 1 {
        let shown = grid.shown.len();
        parts.push(format!("column {} of {shown}", grid.place() + 1));
    }
    if grid.hidden() > 0 {
        parts.push(format!("{} hidden", counted(grid.hidden(), "column")));
    }
    if grid.table.held().is_some() && !grid.is_keyed() && (grid.has_after || grid.has_before) {
        parts.push("no primary key: pages by OFFSET".to_owned());
    }
    if let Some(rows) = grid.cut_at {
        parts.push(format!(
            "the server sends {} at a time",
            grouped(rows as u64)
        ));
    }
    if grid.marked() > 0 {
        parts.push(format!("{} not written", counted(grid.marked(), "change")));
    }
    if !grid.filter_text.is_empty() {
        parts.push(format!("/{}", grid.filter_text));
    }
    let back = view.model.browser.came_from.last();
    let back = back
        .map(|back| format!("{} > ", back.name))
        .unwrap_or_default();
    if parts.is_empty() {
        return format!("{back}{}", grid.name);
    }
    format!("{back}{} ({})", grid.name, parts.join(", "))
}

/// The names of the columns, with the way they are sorted.
fn head(frame: &mut Frame, pane: Rect, view: DrawContext, grid: &Grid, columns: &[(usize, u16)]) {
    let inside = layout::inside(pane);
    if inside.height == 0 {
        return;
    }
    let mut spans = Vec::new();
    for (at, width) in columns {
        let column = &grid.columns[*at];
        let sign = match (grid.direction(&column.name), view.symbols.is_ascii) {
            (Some(Direction::Ascending), false) => "↑",
            (Some(Direction::Descending), false) => "↓",
            (Some(Direction::Ascending), true) => "^",
            (Some(Direction::Descending), true) => "v",
            (None, _) => "",
        };
        let name = format!("{sign}{}", column.name);
        let width = usize::from(*width);
        let text = if column.kind().is_number() {
            right(&name, width, view.symbols.more())
        } else {
            pad(&name, width, view.symbols.more())
        };
        let role = if *at < grid.frozen {
            Role::Accent
        } else {
            Role::Muted
        };
        let style = view.style(role);
        let style = if *at == grid.column {
            style.add_modifier(Modifier::UNDERLINED)
        } else {
            style
        };
        spans.push(Span::styled(text, style));
        spans.push(Span::raw(" "));
    }
    let line = Rect {
        height: 1,
        ..inside
    };
    frame.render_widget(Line::from(spans), line);
}

fn row(
    frame: &mut Frame,
    area: Rect,
    view: DrawContext,
    grid: &Grid,
    at: usize,
    columns: &[(usize, u16)],
) {
    let is_focused = view.model.focus == Focus::List;
    let is_selected = at == grid.selected;
    let base = table::selection_style(view, is_selected, is_focused);
    let Some(row) = grid.row(at) else {
        return;
    };
    let change = grid.staged_of(row);
    let mut spans = Vec::new();
    for (place, width) in columns {
        let (Some(column), Some(value)) = (grid.columns.get(*place), row.values.get(*place)) else {
            continue;
        };
        let new = match change {
            Some(RowChange::Update { values, .. }) => values.get(&column.name),
            _ => None,
        };
        let value = new.unwrap_or(value);
        let plain = match change {
            Some(RowChange::Delete { .. }) => Role::Removed,
            _ if new.is_some() => Role::Changed,
            _ => Role::Text,
        };
        let cell = grid_text(column.kind(), value, &view.model.zone, view.symbols.more());
        let width = usize::from(*width);
        let text = if column.kind().is_number() && !cell.is_sign {
            right(&cell.text, width, view.symbols.more())
        } else {
            pad(&cell.text, width, view.symbols.more())
        };
        let style = match (is_selected, cell.is_sign) {
            (true, _) => base,
            (false, true) => view.style(Role::Muted),
            (false, false) => view.style(plain),
        };
        let style = if is_selected && is_focused && *place == grid.column {
            style.add_modifier(Modifier::UNDERLINED | Modifier::BOLD)
        } else {
            style
        };
        spans.push(Span::styled(text, style));
        spans.push(Span::styled(" ", base));
    }
    frame.render_widget(Line::from(spans).style(base), area);
}

/// The text at the right of so many columns.
fn right(text: &str, columns: usize, more: &str) -> String {
    let text = fit(text, columns, more);
    let missing = columns.saturating_sub(text.width());
    format!("{}{text}", " ".repeat(missing))
}
