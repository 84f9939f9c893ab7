//! Draws the form that asks for the file into which rows or a review are written.

use super::window::{field, keys_line, put, put_last, window};
use crate::app::command::Command;
use crate::app::dialog::export::{ExportForm, Exported};
use crate::domain::text::harmless;
use crate::ui::DrawContext;
use crate::ui::table;
use crate::ui::text::fit;
use crate::ui::theme::Role;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

pub fn draw(frame: &mut Frame, form: &ExportForm, view: DrawContext) {
    let (title, label, which) = match &form.what {
        Exported::Rows { wanted, filter } => {
            let name = wanted.table.full_name().to_string();
            let which = if filter.is_empty() {
                "all that the identity sees".to_owned()
            } else {
                filter.clone()
            };
            (format!("Export rows of {}", harmless(&name)), "rows", which)
        }
        Exported::Review { cycle, week, start } => {
            let of = match start {
                Some(start) => format!("of the cycle from {start}"),
                None => format!("of the cycle {cycle}"),
            };
            let which = match week {
                Some(week) => format!("week {week} {of}"),
                None => format!("all {of}"),
            };
            ("Export the review".to_owned(), "weeks", which)
        }
    };
    let inside = window(frame, view, 80, 11, &title, Role::Accent);
    let more = view.symbols.more();
    let room = usize::from(inside.width).saturating_sub(label.len() + 1);
    let line = Line::from(vec![
        Span::styled(format!("{label} "), view.style(Role::Muted)),
        Span::styled(fit(&harmless(&which), room, more), view.style(Role::Text)),
    ]);
    put(frame, inside, 0, line);
    field(frame, inside, 2, view, "file", &form.field, true);
    let (role, text) = match &form.problem {
        Some(problem) => (Role::Danger, problem.as_str()),
        None => (Role::Muted, form.remark()),
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
