//! Draws a confirmation: where, as whom, the exact statements, and the word to type.

use crate::app::command::Command;
use crate::app::dialog::confirm::Confirm;
use crate::ui::View;
use crate::ui::sql::{classes, spans_of};
use crate::ui::text::fit;
use crate::ui::theme::Role;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

pub fn draw(frame: &mut Frame, confirm: &Confirm, view: View) {
    let all = frame.area();
    let need = confirm.facts.len() + confirm.lines.len() + 7;
    let height = (need.min(usize::from(all.height.saturating_sub(2))) as u16).max(9);
    let width = all.width.saturating_sub(4).min(110);
    let inside = super::window(frame, view, width, height, &confirm.title, Role::Warn);
    let more = view.symbols.more();
    for (row, (name, text)) in confirm.facts.iter().enumerate() {
        let role = if text.contains("PRODUCTION") {
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
    draw_lines(frame, area, confirm, view);
    let total = confirm.lines.len();
    if total > usize::from(room) {
        let last = (confirm.top + usize::from(room)).min(total);
        let text = format!(
            "Lines {} to {last} of {total}; up, down and pgdn scroll.",
            confirm.top + 1
        );
        super::put_last(
            frame,
            inside,
            3,
            Line::styled(text, view.style(Role::Muted)),
        );
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
    let pairs = [
        (keys.first_key(Command::Confirm), "run it"),
        (keys.first_key(Command::Cancel), "leave everything as it is"),
    ];
    super::put_last(frame, inside, 0, super::keys_line(view, &pairs));
}

fn draw_lines(frame: &mut Frame, area: Rect, confirm: &Confirm, view: View) {
    let shown = confirm
        .lines
        .iter()
        .skip(confirm.top)
        .take(area.height.into());
    if !confirm.is_sql {
        for (row, line) in shown.enumerate() {
            let text = fit(line, area.width.into(), view.symbols.more());
            super::put(
                frame,
                area,
                row as u16,
                Line::styled(text, view.style(Role::Text)),
            );
        }
        return;
    }
    // Strings and comments may span lines: the whole text is read, the visible lines are drawn.
    let text = confirm.lines.join("\n");
    let classes = classes(&text);
    let mut start: usize = confirm
        .lines
        .iter()
        .take(confirm.top)
        .map(|line| line.len() + 1)
        .sum();
    for (row, line) in shown.enumerate() {
        let end = start + line.len();
        let spans = spans_of(view, &text, start, end, &classes, area.width.into());
        super::put(frame, area, row as u16, Line::from(spans));
        start = end + 1;
    }
}
