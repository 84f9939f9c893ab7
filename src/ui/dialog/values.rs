//! Draws the values of a column with how many rows have each.

use super::window::{keys_line, put, put_last, window};
use crate::app::command::Command;
use crate::app::dialog::values::{FRAME_ROWS, ValuesForm};
use crate::domain::plural::grouped;
use crate::domain::table::cell::cell_text;
use crate::domain::text::cell;
use crate::ui::DrawContext;
use crate::ui::table::{self, selection_style};
use crate::ui::text::pad;
use crate::ui::theme::Role;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;

/// The rows that a state without values has room for.
const BLANK_ROWS: u16 = 8;

pub fn draw(frame: &mut Frame, form: &ValuesForm, view: DrawContext) {
    let ready = form.counts.ready();
    let rows = match ready {
        Ok(counts) => u16::try_from(counts.values.len().max(1)).unwrap_or(u16::MAX),
        Err(_) => BLANK_ROWS,
    };
    let height = rows.saturating_add(FRAME_ROWS).min(frame.area().height);
    let title = format!("Values of {} in {}", form.column.name, form.table);
    let inside = window(frame, view, 80, height, &title, Role::Accent);
    let rows = Rect {
        height: inside.height.saturating_sub(FRAME_ROWS - 2),
        ..inside
    };
    let keys = &view.model.keymap;
    let close = (keys.first_key(Command::Cancel), "close");
    let counts = match ready {
        Err(blank) => {
            table::blank(frame, rows, view, Err(blank));
            let word = if form.counts.is_loading() {
                "stop"
            } else {
                "close"
            };
            put_last(frame, inside, 0, keys_line(view, &[(close.0, word)]));
            return;
        }
        Ok(counts) => counts,
    };
    if counts.values.is_empty() {
        let text = view.model.identity.no_rows();
        table::blank(frame, rows, view, Ok(&text));
    }
    let most = counts.values.first().map_or(0, |one| one.rows);
    let digits = grouped(most).len();
    let shown = counts.values.iter().enumerate().skip(form.top);
    for (row, (at, one)) in (0..rows.height).zip(shown) {
        let is_selected = at == form.selected;
        let value = cell_text(form.column.kind(), &one.value, Some(&view.model.zone));
        let style = match (is_selected, value.is_sign) {
            (true, _) => selection_style(view, true, true),
            (false, true) => view.style(Role::Muted),
            (false, false) => view.style(Role::Text),
        };
        let mark = if is_selected {
            view.symbols.cursor()
        } else {
            " "
        };
        let text = format!("{mark} {:>digits$}  {}", grouped(one.rows), value.text);
        let text = pad(&text, inside.width.into(), view.symbols.more());
        put(frame, inside, row, Line::styled(text, style));
    }
    let (role, said) = match &form.problem {
        Some(problem) => (Role::Danger, problem.clone()),
        None if form.filter.is_empty() => (Role::Muted, format!("{}.", counts.summary())),
        None => {
            let filter = cell(&form.filter);
            (
                Role::Muted,
                format!("{} that fit /{filter}.", counts.summary()),
            )
        }
    };
    let below = Rect {
        y: rows.bottom(),
        height: inside.height.saturating_sub(rows.height).saturating_sub(1),
        ..inside
    };
    table::lines(frame, below, view, &[(role, said)]);
    let pairs = [(keys.first_key(Command::Confirm), "filter by it"), close];
    put_last(frame, inside, 0, keys_line(view, &pairs));
}
