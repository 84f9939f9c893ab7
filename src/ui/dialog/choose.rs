//! Draws a list to choose from: the digit of each, what is in use, and the letters that were typed.

use super::window::{field, put};
use crate::app::dialog::choose::{Chooser, Entry};
use crate::domain::text::cell;
use crate::ui::DrawContext;
use crate::ui::table::selection_style;
use crate::ui::text::pad;
use crate::ui::theme::Role;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;

/// The rows that the list wants, with the line of the letters.
pub fn height(entries: &[Entry]) -> u16 {
    u16::try_from(entries.len())
        .unwrap_or(u16::MAX)
        .saturating_add(1)
}

/// Draws as much of the list as there is room for, the selected one always; returns the rows that were used.
pub fn draw(
    frame: &mut Frame,
    area: Rect,
    chooser: &Chooser,
    entries: &[Entry],
    view: DrawContext,
) -> u16 {
    let found = chooser.found(entries);
    let is_typing = !chooser.typed.is_empty();
    let above = u16::from(is_typing);
    if is_typing {
        field(frame, area, 0, view, "find", &chooser.typed, true);
    }
    let room = usize::from(area.height.saturating_sub(above));
    let at = found.iter().position(|one| *one == chooser.selected);
    let top = at.map_or(0, |at| (at + 1).saturating_sub(room));
    let rows = found.iter().skip(top).take(room);
    for (row, index) in (above..).zip(rows) {
        let entry = &entries[*index];
        let is_selected = *index == chooser.selected;
        let style = match (&entry.reason, entry.is_danger) {
            _ if is_selected => selection_style(view, true, true),
            (_, true) => view.style(Role::Danger),
            (Some(_), false) if !entry.is_here => view.style(Role::Muted),
            _ => view.style(Role::Text),
        };
        let mark = if is_selected {
            view.symbols.cursor()
        } else {
            " "
        };
        let digit = entry.digit.unwrap_or(' ');
        let reason = entry.reason.as_ref();
        let tail = reason.map_or_else(String::new, |reason| format!("  ({reason})"));
        let text = format!("{mark} {digit} {}{tail}", cell(&entry.title));
        let line = Line::styled(pad(&text, area.width.into(), view.symbols.more()), style);
        put(frame, area, row, line);
    }
    if found.is_empty() {
        let line = Line::styled("Nothing is called so.", view.style(Role::Muted));
        put(frame, area, above, line);
        return above + 1;
    }
    above + u16::try_from(found.len().min(room)).unwrap_or(0)
}
