//! Draws why a text that was typed in the user's editor cannot be the value.

use super::window::{keys_line, put_last, window};
use crate::app::command::Command;
use crate::app::dialog::edit_text::RefusedText;
use crate::domain::text::harmless;
use crate::ui::DrawContext;
use crate::ui::table;
use crate::ui::theme::Role;
use ratatui::Frame;
use ratatui::layout::Rect;

pub fn draw(frame: &mut Frame, refused: &RefusedText, view: DrawContext) {
    let title = format!("{} is not marked", refused.edit.column.name);
    let inside = window(frame, view, 80, 10, &title, Role::Danger);
    let lines = Rect {
        height: inside.height.saturating_sub(1),
        ..inside
    };
    let said = harmless(&refused.problem).into_owned();
    let kept = "What was typed is kept until it is dropped. Nothing was sent.".to_owned();
    table::lines(
        frame,
        lines,
        view,
        &[(Role::Danger, said), (Role::Muted, kept)],
    );
    let keys = &view.model.keymap;
    let pairs = [
        (keys.first_key(Command::Confirm), "edit it again"),
        (keys.first_key(Command::Cancel), "drop it"),
    ];
    put_last(frame, inside, 0, keys_line(view, &pairs));
}
