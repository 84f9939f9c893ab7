//! Draws the form of an emergency unlock.

use crate::app::command::Command;
use crate::app::dialog::unlock::UnlockForm;
use crate::ui::View;
use crate::ui::text::fit;
use crate::ui::theme::Role;
use ratatui::Frame;
use ratatui::text::{Line, Span};

pub fn draw(frame: &mut Frame, form: &UnlockForm, view: View) {
    let title = format!("Emergency unlock of week {}", form.week);
    let inside = super::window(frame, view, 80, 11, &title, Role::Warn);
    let more = view.symbols.more();
    for (row, (name, text)) in [("owner", &form.owner), ("cycle", &form.cycle)]
        .into_iter()
        .enumerate()
    {
        let text = fit(text, usize::from(inside.width).saturating_sub(9), more);
        let name = Span::styled(format!("{name:<8} "), view.style(Role::Muted));
        let line = Line::from(vec![name, Span::styled(text, view.style(Role::Text))]);
        super::put(frame, inside, row as u16, line);
    }
    super::field(
        frame,
        inside,
        3,
        view,
        "minutes",
        &form.minutes,
        !form.is_in_rationale,
    );
    super::field(
        frame,
        inside,
        4,
        view,
        "reason ",
        &form.rationale,
        form.is_in_rationale,
    );
    let (text, role) = match &form.problem {
        Some(problem) => (problem.as_str(), Role::Danger),
        None => (
            "At most 1440 minutes. The reason goes into the audit log.",
            Role::Muted,
        ),
    };
    super::put(
        frame,
        inside,
        6,
        Line::styled(text.to_owned(), view.style(role)),
    );
    let keys = &view.model.keymap;
    let pairs = [
        (keys.first_key(Command::Confirm), "go on"),
        (keys.first_key(Command::NextField), "next field"),
        (keys.first_key(Command::Cancel), "close"),
    ];
    super::put_last(frame, inside, 0, super::keys_line(view, &pairs));
}
