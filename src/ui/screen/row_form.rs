//! Draws the selected row of a grid: its columns one under the other with where their keys lead, or the row as JSON.

use crate::app::layout;
use crate::app::model::Focus;
use crate::app::screen::grid::Grid;
use crate::app::screen::tables::FormLine;
use crate::domain::audit::diff::window;
use crate::domain::table::cell::cell_text;
use crate::domain::text::harmless;
use crate::ui::DrawContext;
use crate::ui::table;
use crate::ui::text::{fit, pad, wrap};
use crate::ui::theme::Role;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use std::collections::VecDeque;
use unicode_width::UnicodeWidthStr;

/// Names up to this width have their values in one column.
const NAME_COLUMNS: usize = 24;

pub fn draw(frame: &mut Frame, pane: Rect, view: DrawContext) {
    let browser = &view.model.browser;
    let Some(grid) = &browser.grid else {
        return;
    };
    if pane.width == 0 || pane.height == 0 {
        return;
    }
    let is_focused = view.model.focus == Focus::Detail;
    let form = match (&grid.draft, grid.form.is_json) {
        (Some(_), _) => "a new row",
        (None, true) => "as JSON",
        (None, false) if grid.is_marked_deleted() => "row, marked to be deleted",
        (None, false) => "row",
    };
    let cut = match browser.row() {
        Some(row) if row.is_cut && grid.draft.is_none() => ", cut",
        _ => "",
    };
    let title = format!("{}: {form}{cut}", grid.name);
    table::heading(frame, pane, view, &title, is_focused);
    let inside = layout::inside(pane);
    if browser.row().is_none() && grid.draft.is_none() {
        return;
    }
    if grid.form.is_json && grid.draft.is_none() {
        json(frame, inside, view, grid);
        return;
    }
    let lines = browser.form_lines();
    let name_columns = grid.columns.iter().map(|column| column.name.width()).max();
    let name_columns = name_columns.unwrap_or_default().min(NAME_COLUMNS);
    let height = usize::from(inside.height);
    let top = grid.form.top.min(lines.len().saturating_sub(1));
    for (y, (at, line)) in
        (inside.y..inside.bottom()).zip(lines.iter().enumerate().skip(top).take(height))
    {
        let is_selected = at == grid.form.at;
        let base = table::selection_style(view, is_selected, is_focused);
        let plain = |role: Role| if is_selected { base } else { view.style(role) };
        let room = usize::from(inside.width).saturating_sub(name_columns + 1);
        let spans = match line {
            FormLine::Column(at, link) => {
                let column = &grid.columns[*at];
                let row = browser.row().filter(|_| grid.draft.is_none());
                let own = row.and_then(|row| row.values.get(*at));
                let marked = grid.marked_value(&column.name);
                let value = marked.or(own);
                let zone = Some(&view.model.zone);
                let cell = value.map(|value| cell_text(column.kind(), value, zone));
                let is_sign = cell.as_ref().is_some_and(|cell| cell.is_sign);
                let mut text = cell.map(|cell| cell.text).unwrap_or_default();
                if let (Some(_), Some(own)) = (marked, own) {
                    let old = cell_text(column.kind(), own, Some(&view.model.zone)).text;
                    let (old, new) = window(&old, &text, (room / 2, room / 2), view.symbols.more());
                    text = format!("{old} {} {new}", arrow(view));
                } else if value.is_none() {
                    text = column.default.as_ref().map_or_else(
                        || "not given".to_owned(),
                        |default| format!("default {default}"),
                    );
                }
                let role = match (marked, value) {
                    (Some(_), _) => Role::Changed,
                    (None, None) => Role::Muted,
                    _ if is_sign => Role::Muted,
                    _ => Role::Text,
                };
                let is_null = value.is_none_or(serde_json::Value::is_null);
                let led = link.filter(|_| !is_null);
                let led = led
                    .map(|link| format!(" {} {}", arrow(view), link.table))
                    .unwrap_or_default();
                let led = fit(&led, room / 2, view.symbols.more());
                let text = fit(&text, room.saturating_sub(led.width()), view.symbols.more());
                vec![
                    Span::styled(
                        pad(&column.name, name_columns, view.symbols.more()),
                        plain(if *at < grid.frozen {
                            Role::Accent
                        } else {
                            Role::Muted
                        }),
                    ),
                    Span::styled(" ", base),
                    Span::styled(text, plain(role)),
                    Span::styled(led, plain(Role::Key)),
                ]
            }
            FormLine::Back(link) => {
                let text = format!("{} ({})", link.table, link.other_columns.join(", "));
                vec![
                    Span::styled(
                        pad("referenced by", name_columns.max(13), view.symbols.more()),
                        plain(Role::Muted),
                    ),
                    Span::styled(" ", base),
                    Span::styled(fit(&text, room, view.symbols.more()), plain(Role::Key)),
                ]
            }
        };
        let area = Rect {
            y,
            height: 1,
            ..inside
        };
        frame.render_widget(Line::from(spans).style(base), area);
        if is_selected && is_focused {
            frame.render_widget(
                Line::styled(view.symbols.cursor(), view.style(Role::Accent)),
                Rect::new(pane.x, y, 1, 1),
            );
        }
    }
}

fn arrow(view: DrawContext) -> &'static str {
    if view.symbols.is_ascii { "->" } else { "→" }
}

/// The row as JSON over several lines, from the line on to which it is scrolled.
fn json(frame: &mut Frame, inside: Rect, view: DrawContext, grid: &Grid) {
    let Some(text) = view.model.browser.row_json() else {
        return;
    };
    let (width, height) = (usize::from(inside.width), usize::from(inside.height));
    let lines = text.lines().flat_map(|line| wrap(&harmless(line), width));
    // Nothing below the window is wrapped; scrolled past the end, the last lines are shown.
    let mut shown = VecDeque::with_capacity(height + 1);
    for line in lines.take(grid.form.top.saturating_add(height)) {
        shown.push_back(line);
        if shown.len() > height {
            shown.pop_front();
        }
    }
    for (y, line) in (inside.y..inside.bottom()).zip(shown) {
        let area = Rect {
            y,
            height: 1,
            ..inside
        };
        frame.render_widget(Line::styled(line, view.style(Role::Text)), area);
    }
}
