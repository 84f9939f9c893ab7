//! Draws one statement of a long file, whole.

use super::window::{read_rows, window};
use crate::app::command::Command;
use crate::app::dialog::statement::StatementView;
use crate::app::layout;
use crate::domain::text::harmless;
use crate::ui::DrawContext;
use crate::ui::sql;
use crate::ui::theme::Role;
use ratatui::Frame;

pub fn draw(frame: &mut Frame, statement: &StatementView, view: DrawContext) {
    let all = frame.area();
    let count = statement.rows.len();
    let height = (count.min(1_000) as u16 + 4).min(all.height.saturating_sub(2));
    let width = layout::result_width(all.width);
    let title = harmless(&statement.title);
    let inside = window(frame, view, width, height, &title, Role::Accent);
    let line = |at| sql::line(view, &statement.rows, at);
    let key = view.model.keymap.first_key(Command::Cancel);
    let keys = [(key, "close")];
    read_rows(frame, inside, view, count, line, statement.top, &keys);
}
