//! Draws the palette.

use crate::app::dialog::palette::Palette;
use crate::ui::View;
use crate::ui::table::selection_style;
use crate::ui::text::pad;
use crate::ui::theme::Role;
use ratatui::Frame;
use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthStr;

pub fn draw(frame: &mut Frame, palette: &Palette, view: View) {
    let inside = super::window(frame, view, 96, 20, "Commands", Role::Accent);
    super::field(frame, inside, 0, view, ">", &palette.field, true);
    if palette.found.is_empty() {
        super::put(
            frame,
            inside,
            2,
            Line::styled("No command has such a name.", view.style(Role::Muted)),
        );
    }
    let height = usize::from(inside.height.saturating_sub(2));
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
        let room = usize::from(inside.width)
            .saturating_sub(tail.width() + 1)
            .max(20);
        let title = pad(spec.title, room, view.symbols.more());
        let line = Line::from(vec![
            Span::styled(title, if reason.is_some() { quiet } else { base }),
            Span::styled(format!(" {tail}"), quiet),
        ]);
        super::put(frame, inside, row as u16 + 2, line);
    }
}
