//! Draws the form of an emergency unlock.

use crate::app::command::Command;
use crate::app::dialog::unlock::UnlockForm;
use crate::ui::View;
use crate::ui::theme::Role;
use ratatui::Frame;
use ratatui::text::Line;

pub fn draw(frame: &mut Frame, form: &UnlockForm, view: View) {
    let title = format!("Emergency unlock of week {}", form.week);
    let inside = super::window(frame, view, 80, 9, &title, Role::Warn);
    super::field(
        frame,
        inside,
        0,
        view,
        "minutes",
        &form.minutes,
        !form.is_in_rationale,
    );
    super::field(
        frame,
        inside,
        1,
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
        3,
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
