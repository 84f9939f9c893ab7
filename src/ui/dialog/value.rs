//! Draws one value of an audit record, whole.

use super::window::{read_rows, window};
use crate::app::command::Command;
use crate::app::dialog::value::{Shown, Side, ValueView};
use crate::app::layout;
use crate::domain::text::harmless;
use crate::ui::DrawContext;
use crate::ui::theme::Role;
use ratatui::Frame;
use ratatui::style::Modifier;
use ratatui::text::{Line, Span};

pub fn draw(frame: &mut Frame, value: &ValueView, view: DrawContext) {
    let all = frame.area();
    let height = (value.row_count().min(1_000) as u16 + 4).min(all.height.saturating_sub(2));
    let width = layout::result_width(all.width);
    let title = harmless(&value.title);
    let inside = window(frame, view, width, height, &title, Role::Accent);
    let line = |at| line(value.row(at), view);
    let key = view.model.keymap.first_key(Command::Cancel);
    read_rows(
        frame,
        inside,
        view,
        value.row_count(),
        line,
        value.top,
        &[(key, "close")],
    );
}

fn line(row: Option<Shown<'_>>, view: DrawContext) -> Line<'static> {
    let role = |side| match side {
        Side::Before => Role::Removed,
        Side::After => Role::Added,
        Side::Same => Role::Text,
        Side::Alone => Role::Muted,
    };
    match row {
        Some(Shown::Heading(side, words)) => Line::styled(words, view.style(role(side))),
        Some(Shown::Text(side, pieces)) => {
            let piece = |(text, is_changed): (&str, bool)| {
                let style = if is_changed {
                    view.style(role(side))
                        .add_modifier(Modifier::UNDERLINED | Modifier::BOLD)
                } else {
                    view.style(Role::Text)
                };
                Span::styled(text.to_owned(), style)
            };
            Line::from(pieces.into_iter().map(piece).collect::<Vec<_>>())
        }
        None => Line::default(),
    }
}
