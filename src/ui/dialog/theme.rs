//! Draws the list of the themes. The one that the cursor is on is what everything is drawn in.

use super::choose;
use super::window::{keys_line, put_last, window};
use crate::app::command::Command;
use crate::app::dialog::theme::ThemeDialog;
use crate::ui::DrawContext;
use crate::ui::table;
use crate::ui::theme::Role;
use ratatui::Frame;
use ratatui::layout::Rect;

/// Rows for what there is to say besides.
const NOTE: u16 = 2;

pub fn draw(frame: &mut Frame, dialog: &ThemeDialog, view: DrawContext) {
    let entries = dialog.shown(&view.model.themes);
    let height = choose::height(&entries).saturating_add(NOTE + 3);
    let inside = window(frame, view, 64, height, "Theme", Role::Accent);
    let list = Rect {
        height: inside.height.saturating_sub(2),
        ..inside
    };
    let used = choose::draw(frame, list, &dialog.list, &entries, view);
    let note = if view.model.themes.names.len() > 1 {
        "It is kept for the next time, and comes before the theme of config.toml until that is changed."
    } else {
        "NO_COLOR, TERM=dumb or a locale without UTF-8 leaves no other."
    };
    let row = (used + 1).min(inside.height);
    let area = Rect {
        y: inside.y + row,
        height: inside.height.saturating_sub(row + 1).min(NOTE),
        ..inside
    };
    table::lines(frame, area, view, &[(Role::Muted, note.into())]);
    let keys = &view.model.keymap;
    let pairs = [
        ("j k".to_owned(), "try"),
        (keys.first_key(Command::Confirm), "keep"),
        (keys.first_key(Command::Cancel), "back to before"),
    ];
    put_last(frame, inside, 0, keys_line(view, &pairs));
}
