//! Draws the form that asks for the file into which rows are written.

use super::window::{field, keys_line, put, put_last, window};
use crate::app::command::Command;
use crate::app::dialog::export::ExportForm;
use crate::domain::text::harmless;
use crate::ui::DrawContext;
use crate::ui::table;
use crate::ui::text::fit;
use crate::ui::theme::Role;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

pub fn draw(frame: &mut Frame, form: &ExportForm, view: DrawContext) {
    let name = form.wanted.table.full_name().to_string();
    let title = format!("Export rows of {}", harmless(&name));
    let inside = window(frame, view, 80, 11, &title, Role::Accent);
    let more = view.symbols.more();
    let which = if form.filter.is_empty() {
        "all that the identity sees".to_owned()
    } else {
        harmless(&form.filter).into_owned()
    };
    let room = usize::from(inside.width).saturating_sub(5);
    let line = Line::from(vec![
        Span::styled("rows ", view.style(Role::Muted)),
        Span::styled(fit(&which, room, more), view.style(Role::Text)),
    ]);
    put(frame, inside, 0, line);
    field(frame, inside, 2, view, "file", &form.field, true);
    let (role, text) = match &form.problem {
        Some(problem) => (Role::Danger, problem.as_str()),
        None => (
            Role::Muted,
            "Its end says the form: .jsonl, .csv, .sql, or seed.sql for a seed. What is there already is not written over.",
        ),
    };
    let area = Rect {
        y: inside.y + inside.height.min(4),
        height: inside.height.saturating_sub(5),
        ..inside
    };
    table::lines(frame, area, view, &[(role, text.to_owned())]);
    let keys = &view.model.keymap;
    let pairs = [
        (keys.first_key(Command::Confirm), "export"),
        (keys.first_key(Command::Cancel), "close"),
    ];
    put_last(frame, inside, 0, keys_line(view, &pairs));
}
