//! Draws how a run ended.

use crate::app::command::Command;
use crate::app::dialog::ResultState;
use crate::app::dialog::result::Tone;
use crate::app::layout;
use crate::ui::View;
use crate::ui::text::wrap;
use crate::ui::theme::Role;
use ratatui::Frame;
use ratatui::text::Line;

pub fn draw(frame: &mut Frame, state: &ResultState, view: View) {
    let all = frame.area();
    let width = layout::result_width(all.width);
    let mut lines = Vec::new();
    for (tone, text) in &state.view.lines {
        let style = view.style(role(*tone));
        // Wrapped lines keep the indent of their first.
        let inner = text.trim_start_matches(' ');
        let indent = " ".repeat(text.len() - inner.len());
        let columns = layout::result_columns(all.width).saturating_sub(indent.len());
        lines.extend(
            wrap(inner, columns)
                .into_iter()
                .map(|line| Line::styled(format!("{indent}{line}"), style)),
        );
    }
    let role = if state.view.is_good {
        Role::Ok
    } else {
        Role::Danger
    };
    let height = (lines.len().min(1_000) as u16 + 4).min(all.height.saturating_sub(2));
    let inside = super::window(frame, view, width, height, &state.view.title, role);
    let room = usize::from(inside.height.saturating_sub(2));
    let top = state.top.min(lines.len().saturating_sub(room));
    let (count, last) = (lines.len(), (top + room).min(lines.len()));
    for (row, line) in lines.into_iter().skip(top).take(room).enumerate() {
        super::put(frame, inside, row as u16, line);
    }
    if last - top < count {
        let text = format!(
            "Lines {} to {last} of {count}: up, down, pgup and pgdn scroll.",
            top + 1
        );
        super::put_last(frame, inside, 1, Line::styled(text, view.style(Role::Warn)));
    }
    let keys = &view.model.keymap;
    let close = format!(
        "close; {} shows it again",
        keys.first_key(Command::LastResult)
    );
    super::put_last(
        frame,
        inside,
        0,
        super::keys_line(view, &[(keys.first_key(Command::Cancel), &close)]),
    );
}

fn role(tone: Tone) -> Role {
    match tone {
        Tone::Ok => Role::Ok,
        Tone::Warn => Role::Warn,
        Tone::Danger => Role::Removed,
        Tone::Text => Role::Text,
        Tone::Muted => Role::Muted,
    }
}
