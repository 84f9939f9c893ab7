//! Draws the identity dialog.

use super::choose;
use super::window::{field, keys_line, put, put_last, window};
use crate::app::command::Command;
use crate::app::dialog::identity::{Choice, IdentityDialog, Step, choices, entries};
use crate::domain::text::cell;
use crate::ui::DrawContext;
use crate::ui::table;
use crate::ui::theme::Role;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;

/// Rows for what is waited for, or went wrong.
const PROBLEM: u16 = 5;

pub fn draw(frame: &mut Frame, dialog: &IdentityDialog, view: DrawContext) {
    let entries = entries(view.model);
    let is_told = dialog.is_busy || dialog.problem.is_some();
    let below = if is_told { PROBLEM } else { 0 };
    let (title, height) = match &dialog.step {
        Step::Second(second) => ("Second factor", super::mfa::height(second)),
        Step::Choose => (
            "Identity",
            choose::height(&entries).saturating_add(below + 3),
        ),
        _ => ("Identity", 14),
    };
    let inside = window(frame, view, 78, height, title, Role::Accent);
    let used = match &dialog.step {
        Step::Choose => {
            let list = Rect {
                height: inside.height.saturating_sub(below + 1),
                ..inside
            };
            choose::draw(frame, list, &dialog.list, &entries, view)
        }
        Step::Password => {
            field(
                frame,
                inside,
                0,
                view,
                "e-mail  ",
                &dialog.email,
                !dialog.is_in_secret,
            );
            field(
                frame,
                inside,
                1,
                view,
                "password",
                &dialog.secret,
                dialog.is_in_secret,
            );
            2
        }
        Step::Email => {
            field(frame, inside, 0, view, "e-mail", &dialog.email, true);
            1
        }
        Step::Act => {
            field(frame, inside, 0, view, "e-mail or id", &dialog.email, true);
            let text =
                "A token for five minutes is signed with the JWT secret, and kept in memory.";
            put(
                frame,
                inside,
                1,
                Line::styled(text, view.style(Role::Muted)),
            );
            2
        }
        Step::Code => {
            let text = format!("A code was sent to {}.", cell(dialog.email.text()));
            put(frame, inside, 0, Line::styled(text, view.style(Role::Text)));
            field(frame, inside, 1, view, "code", &dialog.secret, true);
            2
        }
        Step::Second(second) => super::mfa::draw(frame, inside, second, view),
    };
    let row = (used + 1).min(inside.height);
    let area = Rect {
        y: inside.y + row,
        height: inside.height.saturating_sub(row + 1),
        ..inside
    };
    let hint = view
        .model
        .project
        .as_ref()
        .and_then(|project| project.demo.as_ref()?.sign_in_hint());
    if dialog.is_busy {
        table::lines(frame, area, view, &waiting(view));
    } else if let Some(problem) = &dialog.problem {
        table::problem_lines(frame, area, view, problem);
    } else if let Step::Second(second) = &dialog.step {
        let text = super::mfa::hint(second);
        table::lines(frame, area, view, &[(Role::Muted, text)]);
    } else if let Some(hint) = hint.filter(|_| !matches!(dialog.step, Step::Choose | Step::Act)) {
        table::lines(frame, area, view, &[(Role::Muted, hint)]);
    }
    let keys = &view.model.keymap;
    let is_choice = dialog.step == Step::Choose;
    let mut pairs = vec![
        (
            keys.first_key(Command::Confirm),
            if is_choice { "choose" } else { "go on" },
        ),
        (
            keys.first_key(Command::Cancel),
            match &dialog.step {
                Step::Choose => "close",
                Step::Second(second) => super::mfa::cancel_word(second),
                _ => "back",
            },
        ),
    ];
    if is_choice {
        pairs.insert(0, ("0-9, a-z".to_owned(), "read as"));
        if let Some(Choice::Kept(_)) = choices(view.model).get(dialog.list.selected) {
            pairs.push(("delete".to_owned(), "sign out"));
        }
    }
    if matches!(dialog.step, Step::Second(_)) {
        pairs.push((keys.first_key(Command::NextField), "next"));
    }
    if dialog.step == Step::Password {
        pairs.push((keys.first_key(Command::NextField), "next field"));
    }
    put_last(frame, inside, 0, keys_line(view, &pairs));
}

/// Whom the dialog waits for, how long already, and when that is given up.
fn waiting(view: DrawContext) -> Vec<(Role, String)> {
    let Some(project) = &view.model.project else {
        return Vec::new();
    };
    let (url, waited) = (cell(&project.url), view.model.session_waited_s);
    let limit = project.patience_s;
    vec![
        (Role::Muted, format!("Waiting for {url}: {waited} s.")),
        (Role::Muted, format!("It is given up after {limit} s.")),
    ]
}
