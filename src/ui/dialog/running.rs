//! Draws the run that is under way: the file and statement it is at, and what the server says.

use crate::app::command::Command;
use crate::domain::count::counted;
use crate::ui::View;
use crate::ui::text::fit;
use crate::ui::theme::Role;
use ratatui::Frame;
use ratatui::text::{Line, Span};

pub fn draw(frame: &mut Frame, view: View) {
    let Some(running) = &view.model.running else {
        return;
    };
    let inside = super::window(frame, view, 90, 18, &running.what, Role::Accent);
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
    super::put(frame, inside, 0, Line::from(bar));
    let at = match progress.steps.get(progress.step) {
        _ if running.is_cancelling => {
            "Cancelling: the server has been told, its answer is awaited.".to_owned()
        }
        _ if progress.waits_for.is_some() => progress.waits_for.clone().unwrap_or_default(),
        Some((name, count)) => format!(
            "{name}: statement {} of {count}",
            (progress.done + 1).min(*count)
        ),
        None => "Waiting for the server.".to_owned(),
    };
    let role = if running.is_cancelling || progress.waits_for.is_some() {
        Role::Warn
    } else {
        Role::Text
    };
    let at = fit(&at, inside.width.into(), view.symbols.more());
    super::put(frame, inside, 1, Line::styled(at, view.style(role)));
    let room = usize::from(inside.height.saturating_sub(5));
    let skip = progress.notices.len().saturating_sub(room);
    for (row, notice) in progress.notices.iter().skip(skip).enumerate() {
        let text = fit(notice, inside.width.into(), view.symbols.more());
        super::put(
            frame,
            inside,
            row as u16 + 3,
            Line::styled(text, view.style(Role::Muted)),
        );
    }
    let pairs = [(
        view.model.keymap.first_key(Command::Cancel),
        if progress.is_alone {
            "cancel: what a file outside a transaction has done stays"
        } else {
            "cancel: nothing of the file in work will remain"
        },
    )];
    if running.can_cancel {
        super::put_last(frame, inside, 0, super::keys_line(view, &pairs));
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
