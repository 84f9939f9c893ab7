//! Draws the line in which a new file is named.

use super::window::{field, keys_line, put, put_last, window};
use crate::app::command::Command;
use crate::app::dialog::new_file::{Kind, NewFileForm};
use crate::ui::DrawContext;
use crate::ui::table;
use crate::ui::theme::Role;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;

pub fn draw(frame: &mut Frame, form: &NewFileForm, view: DrawContext) {
    let kind = form.kind();
    let inside = window(frame, view, 80, 11, &kind.title(), Role::Accent);
    if kind.has_name() {
        field(frame, inside, 1, view, "name", &form.field, true);
    } else {
        let text = "It begins with a line that says what it undoes.";
        put(frame, inside, 1, Line::styled(text, view.style(Role::Text)));
    }
    let (role, text) = match &form.problem {
        Some(problem) => (Role::Danger, problem.to_string()),
        None => (Role::Muted, help(kind).to_owned()),
    };
    let area = Rect {
        y: inside.y + inside.height.min(3),
        height: inside.height.saturating_sub(4),
        ..inside
    };
    table::lines(frame, area, view, &[(role, text)]);
    let keys = &view.model.keymap;
    let mut pairs = vec![(keys.first_key(Command::Confirm), "make it")];
    if form.kinds.len() > 1 {
        let other = match kind {
            Kind::Rollback { .. } => "a migration instead",
            _ => "the rollback file instead",
        };
        pairs.push((keys.first_key(Command::NextField), other));
    }
    pairs.push((keys.first_key(Command::Cancel), "close"));
    put_last(frame, inside, 0, keys_line(view, &pairs));
}

fn help(kind: &Kind) -> &'static str {
    match kind {
        Kind::Migration => {
            "What it does, such as add week lock. The time in UTC comes in front; a rollback file is made with it."
        }
        Kind::Rollback { .. } => "",
        Kind::Seed => {
            "Seeds run in the order of their names: a number in front places it, such as 030_bob."
        }
    }
}
