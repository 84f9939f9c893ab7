//! Draws the form that asks which row is to be explained.

use super::window::{field, keys_line, put, put_last, window};
use crate::app::command::Command;
use crate::app::dialog::explain::ExplainForm;
use crate::domain::access::rules::Verb;
use crate::domain::text::harmless;
use crate::ui::DrawContext;
use crate::ui::table;
use crate::ui::text::fit;
use crate::ui::theme::Role;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

pub fn draw(frame: &mut Frame, form: &ExplainForm, view: DrawContext) {
    let title = format!("Explain a row of {}", form.table);
    let inside = window(frame, view, 80, 11, &title, Role::Accent);
    let more = view.symbols.more();
    let room = usize::from(inside.width).saturating_sub(10);
    let who = fit(&form.viewer, room, more);
    let line = Line::from(vec![
        Span::styled("as        ", view.style(Role::Muted)),
        Span::styled(who, view.style(Role::Text)),
    ]);
    put(frame, inside, 0, line);
    let mut verbs = vec![Span::styled("operation ", view.style(Role::Muted))];
    for verb in Verb::ALL {
        let (role, text) = if verb == form.verb {
            (Role::Selection, format!("[{}]", verb.word().to_uppercase()))
        } else {
            (Role::Muted, format!(" {} ", verb.word().to_uppercase()))
        };
        verbs.push(Span::styled(text, view.style(role)));
    }
    put(frame, inside, 1, Line::from(verbs));
    field(frame, inside, 3, view, "row       ", &form.field, true);
    let has_row = form.field.text().trim().is_empty()
        && form.row.as_ref().is_some_and(|row| !row.columns.is_empty());
    let (role, text) = match &form.problem {
        Some(problem) => (Role::Danger, problem.clone()),
        None if form.verb != Verb::Insert && has_row => {
            let row = form.row.as_ref().map(|row| row.words.as_str());
            let marked = form.row.as_ref().is_some_and(|row| row.written.is_some());
            let marked = if marked && form.verb == Verb::Update {
                ", with the values that are marked"
            } else {
                ""
            };
            let text = format!(
                "The selected row, {}{marked}. Another key can be typed. Nothing is changed.",
                harmless(row.unwrap_or_default())
            );
            (Role::Text, text)
        }
        None if form.verb == Verb::Insert
            && form.row.as_ref().is_some_and(|row| row.written.is_some()) =>
        {
            (
                Role::Muted,
                "A new row with the values that are marked. Nothing is changed.".to_owned(),
            )
        }
        None if form.verb == Verb::Insert => (
            Role::Muted,
            "A new row with its defaults; `supadeck access explain --set` takes values.".to_owned(),
        ),
        None => (
            Role::Muted,
            format!("Which row: {}. Nothing is changed.", form.key_hint),
        ),
    };
    let area = Rect {
        y: inside.y + inside.height.min(5),
        height: inside.height.saturating_sub(6),
        ..inside
    };
    table::lines(frame, area, view, &[(role, text)]);
    let keys = &view.model.keymap;
    let pairs = [
        (keys.first_key(Command::Confirm), "explain"),
        (keys.first_key(Command::NextField), "next operation"),
        (keys.first_key(Command::Cancel), "close"),
    ];
    put_last(frame, inside, 0, keys_line(view, &pairs));
}
