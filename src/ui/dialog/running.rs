//! Draws the run that is under way: the file and statement it is at, what it waits for, and what the server says.

use super::window::{keys_line, put, put_last, window};
use crate::app::command::Command;
use crate::domain::plural::counted;
use crate::ui::DrawContext;
use crate::ui::text::{fit, wrap};
use crate::ui::theme::Role;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

/// What stands below the name of the file once it is to stop.
const CANCELLING: &str = "Cancelling: the server has been told, its answer is awaited.";

pub fn draw(frame: &mut Frame, view: DrawContext) {
    let Some(running) = &view.model.running else {
        return;
    };
    let inside = window(frame, view, 90, 18, &running.what, Role::Accent);
    let progress = &running.progress;
    let (done, all) = progress.ratio();
    let figure = figure(done, all);
    let width = usize::from(inside.width).saturating_sub(figure.len());
    let filled = (width * done).checked_div(all).unwrap_or(0).min(width);
    let (full, empty) = view.symbols.bar();
    let bar = vec![
        Span::styled(full.repeat(filled), view.style(Role::Ok)),
        Span::styled(empty.repeat(width - filled), view.style(Role::Border)),
        Span::styled(figure, view.style(Role::Text)),
    ];
    put(frame, inside, 0, Line::from(bar));
    let inside = rehearsed(frame, inside, view, progress.rehearsed_on.as_deref());
    let at = match progress.steps.get(progress.step) {
        Some((name, count)) => format!(
            "{name}: statement {} of {count}",
            (progress.done + 1).min(*count)
        ),
        None => "Waiting for the server.".to_owned(),
    };
    let width = usize::from(inside.width);
    let at = fit(&at, width, view.symbols.more());
    put(frame, inside, 1, Line::styled(at, view.style(Role::Text)));
    let waits_for = if running.is_cancelling {
        Some(CANCELLING)
    } else {
        progress.waits_for.as_deref()
    };
    let waits_for = waits_for.map_or_else(Vec::new, |text| wrap(text, width));
    // Below a wait a line is left free, as it is below the name of the file.
    let first = waits_for.len() as u16 + 3;
    for (row, line) in waits_for.into_iter().enumerate() {
        let line = Line::styled(line, view.style(Role::Warn));
        put(frame, inside, row as u16 + 2, line);
    }
    let room = usize::from(inside.height.saturating_sub(first + 2));
    let skip = progress.notices.len().saturating_sub(room);
    for (row, notice) in progress.notices.iter().skip(skip).enumerate() {
        let text = fit(notice, inside.width.into(), view.symbols.more());
        put(
            frame,
            inside,
            first + row as u16,
            Line::styled(text, view.style(Role::Muted)),
        );
    }
    let key = view.model.keymap.first_key(Command::Cancel);
    let pairs = [(key, progress.after_cancelling())];
    if running.can_cancel {
        put_last(frame, inside, 0, keys_line(view, &pairs));
    }
}

/// Says where it is dry-run and that nothing of it stays, below the bar; returns what is left below that.
fn rehearsed(frame: &mut Frame, inside: Rect, view: DrawContext, on: Option<&str>) -> Rect {
    let Some(on) = on else {
        return inside;
    };
    let lines = wrap(on, inside.width.into());
    let used = (lines.len() as u16).min(inside.height);
    for (row, line) in lines.into_iter().enumerate() {
        let line = Line::styled(line, view.style(Role::Accent));
        put(frame, inside, row as u16 + 1, line);
    }
    Rect {
        y: inside.y + used,
        height: inside.height - used,
        ..inside
    }
}

/// How many statements are done, always as wide for the same run; nothing where there are none to count.
fn figure(done: usize, all: usize) -> String {
    if all == 0 {
        return String::new();
    }
    let digits = all.to_string().len();
    format!(" {done:>digits$} of {}", counted(all, "statement"))
}
