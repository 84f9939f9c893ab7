//! Draws how a run ended.

use super::window::{read, window};
use crate::app::command::Command;
use crate::app::dialog::ResultState;
use crate::app::go_on::goes_on_with;
use crate::app::layout;
use crate::ui::DrawContext;
use crate::ui::theme::Role;
use ratatui::Frame;
use ratatui::text::{Line, Span};

pub fn draw(frame: &mut Frame, state: &ResultState, view: DrawContext) {
    let all = frame.area();
    let width = layout::result_width(all.width);
    let lines = state.view.wrapped(layout::result_columns(all.width));
    let lines: Vec<Line> = lines
        .into_iter()
        .map(|line| {
            let mut spans = vec![Span::raw(" ".repeat(line.indent))];
            let pieces = line.spans.iter();
            spans.extend(pieces.map(|piece| {
                Span::styled(piece.text().to_owned(), view.style(Role::of(piece.tone)))
            }));
            Line::from(spans)
        })
        .collect();
    let role = if state.view.is_good {
        Role::Ok
    } else {
        Role::Danger
    };
    let height = (lines.len().min(1_000) as u16 + 4).min(all.height.saturating_sub(2));
    let inside = window(frame, view, width, height, &state.view.title, role);
    let keys = &view.model.keymap;
    // What was only read, a difference or a review, is asked for anew.
    let is_kept = view.model.last_result.as_ref() == Some(&state.view);
    let again = keys.first_key(Command::LastResult);
    let close = if is_kept {
        format!("close; {again} shows it again")
    } else {
        "close".to_owned()
    };
    let mut pairs = Vec::new();
    if let Some(next) = goes_on_with(view.model, &state.view) {
        let word = match next {
            Command::Redo => "redo it",
            Command::Rollback => "roll it back",
            _ => "apply it",
        };
        pairs.push((keys.first_key(next), word));
    }
    pairs.push((keys.first_key(Command::Cancel), close.as_str()));
    read(frame, inside, view, &lines, state.top, &pairs);
}
