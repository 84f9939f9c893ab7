//! Draws the line in which a value of a row is typed.

use super::window::{field, keys_line, put_last, window};
use crate::app::command::Command;
use crate::app::dialog::edit::EditForm;
use crate::ui::DrawContext;
use crate::ui::table;
use crate::ui::theme::Role;
use ratatui::Frame;
use ratatui::layout::Rect;

pub fn draw(frame: &mut Frame, form: &EditForm, view: DrawContext) {
    let title = format!("{} ({})", form.column.name, form.column.data_type);
    let inside = window(frame, view, 80, 10, &title, Role::Accent);
    field(frame, inside, 1, view, "value", &form.field, true);
    let (role, text) = match &form.problem {
        Some(problem) => (Role::Danger, problem.clone()),
        None => (Role::Muted, format!("Takes {}.", form.help)),
    };
    let area = Rect {
        y: inside.y + inside.height.min(3),
        height: inside.height.saturating_sub(4),
        ..inside
    };
    table::lines(frame, area, view, &[(role, text)]);
    let keys = &view.model.keymap;
    let pairs = [
        (keys.first_key(Command::Confirm), "mark the change"),
        (keys.first_key(Command::Cancel), "close"),
    ];
    put_last(frame, inside, 0, keys_line(view, &pairs));
}
