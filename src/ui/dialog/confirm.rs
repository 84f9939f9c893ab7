//! Draws a confirmation: where, as whom, the exact statements, and the word to type.

use crate::app::command::Command;
use crate::app::dialog::confirm::{Asked, Confirm};
use crate::app::dialog::sheet::{NAME_COLUMNS, Sheet};
use crate::ui::View;
use crate::ui::sql::{self, How};
use crate::ui::theme::Role;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

pub fn draw(frame: &mut Frame, confirm: &Confirm, view: View) {
    let all = frame.area();
    let sheet = Sheet::of(confirm, (all.width, all.height));
    let (width, height) = sheet.size;
    let inside = super::window(frame, view, width, height, &confirm.title, Role::Warn);
    facts(frame, inside, view, confirm, &sheet);
    let area = Rect {
        y: inside.y + sheet.above.min(inside.height),
        height: sheet.room.min(inside.height.saturating_sub(sheet.above)),
        ..inside
    };
    let how = How {
        top: confirm.top,
        has_numbers: false,
        is_sql: confirm.is_sql,
    };
    let (_, total) = sql::draw(frame, area, view, &confirm.text, how);
    let end = sheet.end(confirm);
    if confirm.top > 0 || end < total {
        let text = format!(
            "Lines {} to {} of {total}: up, down, pgup, pgdn, home and end scroll.",
            confirm.top + 1,
            end.max(confirm.top + 1)
        );
        super::put_last(frame, inside, 3, Line::styled(text, view.style(Role::Warn)));
    }
    answer(frame, inside, view, confirm);
    if confirm.is_wrong {
        let text = format!("That is not “{}”. Nothing has run.", confirm.word);
        super::put_last(
            frame,
            inside,
            1,
            Line::styled(text, view.style(Role::Danger)),
        );
    }
    let keys = &view.model.keymap;
    if !confirm.is_wrong && !confirm.risks.is_empty() {
        let count = confirm.risks.len();
        let next = match confirm.risk_at_top() {
            0 => format!("next risk (of {count})"),
            at => format!("next risk ({at} of {count})"),
        };
        let pairs = [
            (keys.first_key(Command::NextRisk), next.as_str()),
            (
                keys.first_key(Command::PreviousRisk),
                Command::PreviousRisk.spec().short,
            ),
        ];
        super::put_last(frame, inside, 1, super::keys_line(view, &pairs));
    }
    let cancel = match confirm.form {
        Some(_) => "back to the form",
        None => "leave everything as it is",
    };
    let escape = keys.first_key(Command::Cancel);
    let pairs = match &confirm.asked {
        Asked::Rehearse(_) => [
            ("y".to_owned(), "rehearse it"),
            (format!("n, {escape}"), cancel),
        ],
        _ if !confirm.is_read(view.model.size) => {
            [("end".to_owned(), "see the rest"), (escape, cancel)]
        }
        _ => {
            let word = if confirm.is_sql { "run it" } else { "go on" };
            [(keys.first_key(Command::Confirm), word), (escape, cancel)]
        }
    };
    super::put_last(frame, inside, 0, super::keys_line(view, &pairs));
}

/// Draws where it happens, as whom, and what there is to think about.
fn facts(frame: &mut Frame, inside: Rect, view: View, confirm: &Confirm, sheet: &Sheet) {
    let mut row = 0;
    for (at, lines) in &sheet.facts {
        let (name, text) = &confirm.facts[*at];
        let role = if text.contains("PRODUCTION") || *name == "mind" {
            Role::Danger
        } else {
            Role::Text
        };
        let mut shown = *name;
        for line in lines {
            if row + 1 >= sheet.above {
                return;
            }
            let name = Span::styled(format!("{shown:<NAME_COLUMNS$}"), view.style(Role::Muted));
            let line = Line::from(vec![name, Span::styled(line.clone(), view.style(role))]);
            super::put(frame, inside, row, line);
            (row, shown) = (row + 1, "");
        }
    }
}

/// Draws the field for the word, once everything was seen that has to be.
fn answer(frame: &mut Frame, inside: Rect, view: View, confirm: &Confirm) {
    let row = inside.height.saturating_sub(3);
    let text = match &confirm.asked {
        asked if asked.is_light() => "Rehearse it now?",
        _ if !confirm.is_read(view.model.size) => {
            "More risks stand below. The word is asked for when they were seen."
        }
        _ => {
            let label = format!("Type {} to go on:", confirm.word);
            return super::field(frame, inside, row, view, &label, &confirm.typed, true);
        }
    };
    super::put(
        frame,
        inside,
        row,
        Line::styled(text, view.style(Role::Accent)),
    );
}
