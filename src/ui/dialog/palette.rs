//! Draws the palette.

use super::window::{field, put, window};
use crate::app::dialog::palette::Palette;
use crate::domain::moment::{Form, moment as written};
use crate::ui::DrawContext;
use crate::ui::table::selection_style;
use crate::ui::text::{fit, pad, wrap};
use crate::ui::theme::Role;
use ratatui::Frame;
use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthStr;

/// Rows at the bottom for the reason why the selected command cannot run now: a free one and two of text.
const REASON_ROWS: usize = 3;

fn moment_text(at: jiff::Timestamp) -> String {
    written(at, Form::Detail)
}

pub fn draw(frame: &mut Frame, palette: &Palette, view: DrawContext) {
    let inside = window(frame, view, 96, 20, "Commands", Role::Accent);
    field(frame, inside, 0, view, ">", &palette.field, true);
    if let Some(moment) = &palette.moment {
        let at = moment_text(moment.day_end().unwrap_or(moment.at()));
        let text = match moment.day_end() {
            Some(_) => format!(
                "enter goes to the last record of {} in the audit trail",
                moment.typed()
            ),
            None => format!("enter goes to the last record before {at} in the audit trail"),
        };
        put(frame, inside, 2, Line::styled(text, view.style(Role::Text)));
    } else if palette.found.is_empty() {
        put(
            frame,
            inside,
            2,
            Line::styled("No command has such a name.", view.style(Role::Muted)),
        );
    }
    let width = usize::from(inside.width);
    let height = usize::from(inside.height).saturating_sub(2 + REASON_ROWS);
    let top = (palette.selected + 1).saturating_sub(height.max(1));
    for (row, (command, reason)) in palette.found.iter().skip(top).take(height).enumerate() {
        let spec = command.spec();
        let is_selected = row + top == palette.selected;
        let base = selection_style(view, is_selected, true);
        let quiet = if is_selected {
            base
        } else {
            view.style(Role::Muted)
        };
        let tail = match reason {
            Some(reason) => format!("({reason})"),
            None => view.model.keymap.keys_text(*command),
        };
        // A reason may be cut here: that of the selected command stands below in full.
        let more = view.symbols.more();
        let tail = fit(&tail, width.saturating_sub(spec.title.width() + 1), more);
        let title = pad(spec.title, width.saturating_sub(tail.width() + 1), more);
        let line = Line::from(vec![
            Span::styled(title, if reason.is_some() { quiet } else { base }),
            Span::styled(format!(" {tail}"), quiet),
        ]);
        put(frame, inside, row as u16 + 2, line);
    }
    let selected = palette.found.get(palette.selected);
    if let Some((_, Some(reason))) = selected {
        let first = inside.height.saturating_sub(REASON_ROWS as u16 - 1);
        let text = wrap(&format!("It cannot run now: {reason}."), width);
        for (row, line) in text.into_iter().enumerate() {
            let line = Line::styled(line, view.style(Role::Warn));
            put(frame, inside, first + row as u16, line);
        }
    }
}
