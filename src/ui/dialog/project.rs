//! Draws the list of the projects that can be opened.

use super::choose;
use super::window::{keys_line, put_last, window};
use crate::app::command::Command;
use crate::app::dialog::project::ProjectDialog;
use crate::ui::DrawContext;
use crate::ui::table;
use crate::ui::theme::Role;
use ratatui::Frame;
use ratatui::layout::Rect;

/// Rows for what went wrong.
const PROBLEM: u16 = 4;

pub fn draw(frame: &mut Frame, dialog: &ProjectDialog, view: DrawContext) {
    let entries = dialog.entries();
    let is_told = dialog.is_busy || dialog.problem.is_some() || entries.len() < 2;
    let below = if is_told { PROBLEM } else { 0 };
    let height = choose::height(&entries).saturating_add(below + 3);
    let inside = window(frame, view, 78, height, "Project", Role::Accent);
    let list = Rect {
        height: inside.height.saturating_sub(below + 1),
        ..inside
    };
    let used = choose::draw(frame, list, &dialog.list, &entries, view);
    let row = (used + 1).min(inside.height);
    let area = Rect {
        y: inside.y + row,
        height: inside.height.saturating_sub(row + 1),
        ..inside
    };
    if dialog.is_busy {
        table::lines(
            frame,
            area,
            view,
            &[(Role::Muted, "It is being opened.".into())],
        );
    } else if let Some(problem) = &dialog.problem {
        table::problem_lines(frame, area, view, problem);
    } else if entries.len() < 2 {
        let text = "There is no other. `supadeck profile add` keeps a project under a name.";
        table::lines(frame, area, view, &[(Role::Muted, text.into())]);
    }
    let keys = &view.model.keymap;
    let pairs = [
        ("1-9".to_owned(), "open"),
        ("a-z".to_owned(), "find"),
        (keys.first_key(Command::Confirm), "open"),
        (keys.first_key(Command::Cancel), "close"),
    ];
    put_last(frame, inside, 0, keys_line(view, &pairs));
}
