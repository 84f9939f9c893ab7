//! Draws a confirmation: where, as whom, the exact statements, and the word to type.

use crate::app::command::Command;
use crate::app::dialog::confirm::Confirm;
use crate::ui::View;
use crate::ui::sql::{self, How};
use crate::ui::text::fit;
use crate::ui::theme::Role;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

pub fn draw(frame: &mut Frame, confirm: &Confirm, view: View) {
    let all = frame.area();
    let width = all.width.saturating_sub(4).min(110);
    // Long lines are wrapped; more of them than any screen has need not be counted.
    let columns = usize::from(width.saturating_sub(4)).max(1);
    let shown = confirm.text.lines().take(usize::from(all.height));
    let rows: usize = shown.map(|line| sql::row_count(line, columns)).sum();
    let need = confirm.facts.len() + rows + 7;
    let height = (need.min(usize::from(all.height.saturating_sub(2))) as u16).max(9);
    let inside = super::window(frame, view, width, height, &confirm.title, Role::Warn);
    let more = view.symbols.more();
    for (row, (name, text)) in confirm.facts.iter().enumerate() {
        let role = if text.contains("PRODUCTION") || *name == "mind" {
            Role::Danger
        } else {
            Role::Text
        };
        let text = fit(text, usize::from(inside.width).saturating_sub(10), more);
        let name = Span::styled(format!("{name:<9} "), view.style(Role::Muted));
        let line = Line::from(vec![name, Span::styled(text, view.style(role))]);
        super::put(frame, inside, row as u16, line);
    }
    let above = (confirm.facts.len() as u16 + 1).min(inside.height);
    let room = inside.height.saturating_sub(above + 4);
    let area = Rect {
        y: inside.y + above,
        height: room,
        ..inside
    };
    let how = How {
        top: confirm.top,
        has_numbers: false,
        is_sql: confirm.is_sql,
    };
    let (begun, total) = sql::draw(frame, area, view, &confirm.text, how);
    if begun < total {
        let text = format!(
            "Lines {} to {} of {total}: up, down, pgup, pgdn, home and end scroll.",
            confirm.top + 1,
            confirm.top + begun
        );
        super::put_last(frame, inside, 3, Line::styled(text, view.style(Role::Warn)));
    }
    let label = format!("Type {} to go on:", confirm.word);
    let row = inside.height.saturating_sub(3);
    super::field(frame, inside, row, view, &label, &confirm.typed, true);
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
    let pairs = [
        (
            keys.first_key(Command::Confirm),
            if confirm.is_sql { "run it" } else { "go on" },
        ),
        (keys.first_key(Command::Cancel), cancel),
    ];
    super::put_last(frame, inside, 0, super::keys_line(view, &pairs));
}
