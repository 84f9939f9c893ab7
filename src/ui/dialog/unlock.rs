//! Draws the form of an emergency unlock.

use super::window::{field, keys_line, put, put_last, window};
use crate::app::command::Command;
use crate::app::dialog::unlock::UnlockForm;
use crate::domain::lock::LONGEST_UNLOCK_MINUTES;
use crate::domain::moment::{Form, moment};
use crate::ui::DrawContext;
use crate::ui::table;
use crate::ui::text::fit;
use crate::ui::theme::Role;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

pub fn draw(frame: &mut Frame, form: &UnlockForm, view: DrawContext) {
    let (title, now) = match form.running_until {
        Some(until) => (
            format!("Change the unlock of week {}", form.week),
            format!("open until {}", moment(until, Form::Detail)),
        ),
        None => (
            format!("Emergency unlock of week {}", form.week),
            "locked".to_owned(),
        ),
    };
    let inside = window(frame, view, 80, 13, &title, Role::Warn);
    let more = view.symbols.more();
    let facts = [
        ("owner", &form.owner),
        ("cycle", &form.cycle),
        ("now", &now),
    ];
    for (row, (name, text)) in facts.into_iter().enumerate() {
        let text = fit(text, usize::from(inside.width).saturating_sub(9), more);
        let name = Span::styled(format!("{name:<8} "), view.style(Role::Muted));
        let line = Line::from(vec![name, Span::styled(text, view.style(Role::Text))]);
        put(frame, inside, row as u16, line);
    }
    field(
        frame,
        inside,
        4,
        view,
        "minutes",
        &form.minutes,
        !form.is_in_rationale,
    );
    field(
        frame,
        inside,
        5,
        view,
        "reason ",
        &form.rationale,
        form.is_in_rationale,
    );
    let (role, text) = match &form.problem {
        Some(problem) => (Role::Danger, problem.clone()),
        None if form.is_asking => (Role::Muted, "Looking at the week.".to_owned()),
        None => (
            Role::Muted,
            format!(
                "From now, 1 to {LONGEST_UNLOCK_MINUTES} minutes. The reason goes into the audit log."
            ),
        ),
    };
    let area = Rect {
        y: inside.y + inside.height.min(7),
        height: inside.height.saturating_sub(8),
        ..inside
    };
    table::lines(frame, area, view, &[(role, text)]);
    let keys = &view.model.keymap;
    let pairs = [
        (keys.first_key(Command::Confirm), "go on"),
        (keys.first_key(Command::NextField), "next field"),
        (keys.first_key(Command::Cancel), "close"),
    ];
    put_last(frame, inside, 0, keys_line(view, &pairs));
}
