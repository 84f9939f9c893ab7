//! Draws a confirmation: where, as whom, the exact statements, and the word to type.

use super::window::{field, keys_line, put, put_last, window};
use crate::app::command::Command;
use crate::app::dialog::confirm::{Confirm, Refused, SCRATCH_KEY, Unread};
use crate::app::dialog::confirm_layout::{FactRow, NAME_COLUMNS, Place};
use crate::ui::DrawContext;
use crate::ui::sql;
use crate::ui::table;
use crate::ui::theme::Role;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

/// From these columns on the keys that scroll are named.
const SCROLL_COLUMNS: u16 = 72;

pub fn draw(frame: &mut Frame, confirm: &Confirm, view: DrawContext) {
    let sheet = &confirm.sheet;
    if let Some((columns, rows)) = sheet.needs {
        return too_small(frame, view, columns, rows);
    }
    let (width, height) = sheet.size;
    let inside = window(frame, view, width, height, &confirm.title, Role::Warn);
    for (row, pinned) in sheet.pinned.iter().enumerate() {
        put(frame, inside, row as u16, fact(view, confirm, pinned));
    }
    let in_view = sheet.in_view(confirm.top);
    for (row, at) in in_view.clone().enumerate() {
        let line = match sheet.place(at) {
            Place::Fact(row) => fact(view, confirm, row),
            Place::Blank => continue,
            Place::Text(row) => {
                let line = sql::line(view, &confirm.text, row);
                if confirm.is_found_in(row) {
                    line.style(view.style(Role::SelectionDim))
                } else {
                    line
                }
            }
        };
        put(frame, inside, sheet.above + row as u16, line);
    }
    let below = sheet.answer + 2;
    if in_view.len() < sheet.total {
        let (first, last, total) = (in_view.start + 1, in_view.end, sheet.total);
        let mut text = format!("Lines {first} to {last} of {total}");
        if let Some((at, count)) = confirm.statement_at_top().filter(|(_, count)| *count > 1) {
            text.push_str(&format!(", statement {at} of {count}"));
        }
        if inside.width >= SCROLL_COLUMNS {
            text.push_str(": up, down, pgup, pgdn, home and end scroll.");
        }
        let line = Line::styled(text, view.style(Role::Warn));
        put_last(frame, inside, below, line);
    }
    let is_read = confirm.is_read();
    answer(frame, inside, view, confirm, is_read);
    keys(frame, inside, view, confirm, is_read);
}

/// Says that nothing is asked here, and what is needed for that.
fn too_small(frame: &mut Frame, view: DrawContext, columns: usize, rows: usize) {
    let area = frame.area();
    frame.render_widget(ratatui::widgets::Clear, area);
    let escape = view.model.keymap.first_key(Command::Cancel);
    let text = [
        (Role::Warn, "Too small to confirm.".to_owned()),
        (
            Role::Text,
            format!("Needs {columns}x{rows}; {escape} cancels."),
        ),
    ];
    table::lines(frame, area, view, &text);
}

/// What is wrong, or how to go from risk to risk; and the keys.
fn keys(frame: &mut Frame, inside: Rect, view: DrawContext, confirm: &Confirm, is_read: bool) {
    let keys = &view.model.keymap;
    if let Some(search) = &confirm.search {
        let told = format!("/  {}", search.told());
        let row = inside.height.saturating_sub(2);
        field(frame, inside, row, view, &told, &search.field, true);
        let next = keys.first_key(Command::Confirm);
        let previous = keys.first_key(Command::PreviousField);
        let pairs = [
            (next, "next"),
            (previous, "previous"),
            (keys.first_key(Command::Cancel), "end the search"),
        ];
        return put_last(frame, inside, 0, keys_line(view, &pairs));
    }
    if let Some(refused) = confirm.refused {
        let text = match refused {
            Refused::Pasted => format!("Nothing was pasted: “{}” must be typed.", confirm.word),
            Refused::Wrong => format!("That is not “{}”. Nothing has run.", confirm.word),
            Refused::Rushed if confirm.asked.is_light() => {
                let key = confirm.asked.target_key().unwrap_or(SCRATCH_KEY);
                format!("Nothing has run: press {key} or {SCRATCH_KEY} by itself.")
            }
            Refused::Rushed => {
                let key = keys.first_key(Command::Confirm);
                format!("Nothing has run: press {key} by itself.")
            }
        };
        let line = Line::styled(text, view.style(Role::Danger));
        put_last(frame, inside, 1, line);
    } else if confirm.stop_count() > 0 {
        let count = confirm.stop_count();
        let next = match confirm.risk_at_top() {
            _ if !is_read => "next not shown".to_owned(),
            0 => format!("next risk (of {count})"),
            at => format!("next risk ({at} of {count})"),
        };
        let pairs = [
            (keys.first_key(Command::NextRisk), next.as_str()),
            (
                keys.first_key(Command::PreviousRisk),
                if is_read {
                    Command::PreviousRisk.spec().short
                } else {
                    "previous not shown"
                },
            ),
        ];
        put_last(frame, inside, 1, keys_line(view, &pairs));
    }
    let cancel = match confirm.form {
        Some(_) => "back to the form",
        None => "cancel",
    };
    let escape = keys.first_key(Command::Cancel);
    let pairs = match confirm.asked.target_key() {
        _ if !is_read => {
            let key = match confirm.unread() {
                Unread::Below => "pgdn".to_owned(),
                Unread::Beyond => "end".to_owned(),
                Unread::Elsewhere => keys.first_key(Command::NextRisk),
            };
            vec![(key, "see the rest"), (escape, cancel)]
        }
        Some(key) => {
            let target = (key.to_string(), "on this database");
            let scratch = (SCRATCH_KEY.to_string(), "on scratch");
            let cancel = (format!("n, {escape}"), cancel);
            // On production the one that locks nobody out comes first.
            if key == 'y' {
                vec![target, scratch, cancel]
            } else {
                vec![scratch, target, cancel]
            }
        }
        None => {
            let word = if confirm.is_sql { "run it" } else { "go on" };
            vec![(keys.first_key(Command::Confirm), word), (escape, cancel)]
        }
    };
    let mut pairs = pairs;
    if confirm.has_outline() {
        let key = keys.first_key(Command::ShowWhole);
        pairs.push((key, Command::ShowWhole.spec().short));
    }
    put_last(frame, inside, 0, keys_line(view, &pairs));
}

/// A row of a fact, with its name where it is the first.
fn fact(view: DrawContext<'_>, confirm: &Confirm, row: &FactRow) -> Line<'static> {
    let fact = &confirm.facts[row.fact];
    let (name, text) = (fact.name, fact.rows.text());
    let role = Role::of(fact.tone);
    let shown = if row.row == 0 { name } else { "" };
    let text = text[fact.rows.row(row.row).shown].to_owned();
    Line::from(vec![
        Span::styled(format!("{shown:<NAME_COLUMNS$}"), view.style(Role::Muted)),
        Span::styled(text, view.style(role)),
    ])
}

/// Draws the field for the word, once everything was seen that has to be.
fn answer(frame: &mut Frame, inside: Rect, view: DrawContext, confirm: &Confirm, is_read: bool) {
    let sheet = &confirm.sheet;
    let first = inside.height.saturating_sub(sheet.answer + 2);
    let text = if is_read {
        confirm.label()
    } else {
        confirm.unread_text().to_owned()
    };
    if is_read && !confirm.asked.is_light() && !sheet.is_field_apart() {
        return field(frame, inside, first, view, &text, &confirm.typed, true);
    }
    let area = Rect {
        y: inside.y + first.min(inside.height),
        height: sheet.answer.min(inside.height - first.min(inside.height)),
        ..inside
    };
    table::lines(frame, area, view, &[(Role::Accent, text)]);
    if is_read && !confirm.asked.is_light() {
        let last = first + sheet.answer.saturating_sub(1);
        field(frame, inside, last, view, "", &confirm.typed, true);
    }
}
