//! Draws the ways out of a state.

use super::window::{keys_line, put, put_last, window};
use crate::app::command::Command;
use crate::app::dialog::resolutions::Resolutions;
use crate::ui::DrawContext;
use crate::ui::table::selection_style;
use crate::ui::text::{pad, wrap};
use crate::ui::theme::Role;
use ratatui::Frame;
use ratatui::text::Line;

pub fn draw(frame: &mut Frame, dialog: &Resolutions, view: DrawContext) {
    let width = frame.area().width.saturating_sub(4).min(100);
    let columns = usize::from(width.saturating_sub(4));
    let note = wrap(&dialog.note, columns);
    // The sign of the selection stands before each line of what a way does.
    let ways: Vec<Vec<String>> = dialog
        .ways
        .iter()
        .map(|way| wrap(&way.what, columns.saturating_sub(1)))
        .collect();
    let commands: Vec<Vec<String>> = dialog
        .ways
        .iter()
        .map(|way| wrap(&way.resolution.command(), columns.saturating_sub(3)))
        .collect();
    let rows = ways.iter().chain(&commands).map(Vec::len).sum::<usize>() + ways.len();
    let height = (note.len() + rows + 5) as u16;
    let inside = window(frame, view, width, height, &dialog.title, Role::Warn);
    let mut row = 0;
    for line in note {
        put(
            frame,
            inside,
            row,
            Line::styled(line, view.style(Role::Text)),
        );
        row += 1;
    }
    row += 1;
    for (at, (command, lines)) in commands.iter().zip(&ways).enumerate() {
        let is_selected = at == dialog.selected;
        let style = selection_style(view, is_selected, true);
        let mark = if is_selected {
            view.symbols.cursor()
        } else {
            " "
        };
        for line in lines {
            let text = pad(&format!("{mark}{line}"), columns, view.symbols.more());
            put(frame, inside, row, Line::styled(text, style));
            row += 1;
        }
        for line in command {
            let line = Line::styled(format!("   {line}"), view.style(Role::Muted));
            put(frame, inside, row, line);
            row += 1;
        }
        row += 1;
    }
    let keys = &view.model.keymap;
    let pairs = [
        (
            keys.first_key(Command::Confirm),
            dialog.accepting(view.model),
        ),
        (keys.first_key(Command::Cancel), "cancel"),
    ];
    put_last(frame, inside, 0, keys_line(view, &pairs));
}
