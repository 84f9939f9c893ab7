//! Draws the ways out of a state.

use crate::app::command::Command;
use crate::app::dialog::ways::Ways;
use crate::ui::View;
use crate::ui::table::selection_style;
use crate::ui::text::{pad, wrap};
use crate::ui::theme::Role;
use ratatui::Frame;
use ratatui::text::Line;

pub fn draw(frame: &mut Frame, dialog: &Ways, view: View) {
    let width = frame.area().width.saturating_sub(4).min(100);
    let columns = usize::from(width.saturating_sub(4));
    let note = wrap(&dialog.note, columns);
    let height = (note.len() + 3 * dialog.ways.len() + 5) as u16;
    let inside = super::window(frame, view, width, height, &dialog.title, Role::Warn);
    let mut row = 0;
    for line in note {
        super::put(
            frame,
            inside,
            row,
            Line::styled(line, view.style(Role::Text)),
        );
        row += 1;
    }
    row += 1;
    for (at, way) in dialog.ways.iter().enumerate() {
        let is_selected = at == dialog.selected;
        let style = selection_style(view, is_selected, true);
        let mark = if is_selected {
            view.symbols.cursor()
        } else {
            " "
        };
        let text = pad(&format!("{mark}{}", way.what), columns, view.symbols.more());
        super::put(frame, inside, row, Line::styled(text, style));
        let command = pad(&format!("   {}", way.command), columns, view.symbols.more());
        super::put(
            frame,
            inside,
            row + 1,
            Line::styled(command, view.style(Role::Muted)),
        );
        row += 3;
    }
    let keys = &view.model.keymap;
    let pairs = [
        (
            keys.first_key(Command::Confirm),
            dialog.accepting(view.model),
        ),
        (keys.first_key(Command::Cancel), "leave everything as it is"),
    ];
    super::put_last(frame, inside, 0, super::keys_line(view, &pairs));
}
