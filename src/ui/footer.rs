//! The footer: the keys that apply now, a toast, or the line in which a filter is typed.

use super::View;
use super::text::fit;
use super::theme::Role;
use crate::app::availability::availability;
use crate::app::command::{Command, TABLE};
use crate::app::dialog::Dialog;
use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthStr;

/// Draws the footer.
pub fn draw(frame: &mut Frame, area: Rect, view: View) {
    if area.height == 0 {
        return;
    }
    let more = view.symbols.more();
    if let Some(Dialog::Filter(line)) = view.model.dialogs.last() {
        let help = match &line.problem {
            Some(problem) => Span::styled(format!("  {problem}"), view.style(Role::Danger)),
            None if view.model.screen == crate::app::model::Screen::Audit => Span::styled(
                "  action:plan_item.* actor:me since:2h correlation:ID after.status:completed",
                view.style(Role::Muted),
            ),
            None => Span::styled("  enter keeps it, esc drops it", view.style(Role::Muted)),
        };
        let text = line.field.shown();
        let before: String = text.chars().take(line.field.cursor()).collect();
        let x = area.x + (2 + before.width() as u16).min(area.width.saturating_sub(1));
        frame.set_cursor_position(Position::new(x, area.y));
        let spans = vec![
            Span::styled(" /", view.style(Role::Key)),
            Span::raw(text),
            help,
        ];
        frame.render_widget(Line::from(spans), area);
        return;
    }
    if let Some(toast) = &view.model.toast {
        let text = format!(
            " {}",
            fit(toast, usize::from(area.width).saturating_sub(2), more)
        );
        frame.render_widget(Line::styled(text, view.style(Role::Warn)), area);
        return;
    }
    frame.render_widget(Line::from(hints(view, usize::from(area.width))), area);
}

/// Key and word of every command that can run now, the most special first, as many as fit; help always.
fn hints(view: View<'_>, width: usize) -> Vec<Span<'static>> {
    let model = view.model;
    let keymap = &model.keymap;
    let is_dialog = !model.dialogs.is_empty();
    let last = if is_dialog {
        [Command::Confirm, Command::Cancel]
    } else {
        [Command::Help, Command::Quit]
    };
    let hint = |command: Command| (keymap.first_key(command), command.spec().short);
    let tail: Vec<(String, &str)> = last.into_iter().map(hint).collect();
    let size = |(key, word): &(String, &str)| key.width() + word.width() + 3;
    let mut room = width.saturating_sub(1 + tail.iter().map(size).sum::<usize>());
    let mut shown = Vec::new();
    for context in model.contexts() {
        let own = TABLE
            .iter()
            .filter(|spec| spec.context == *context && !spec.short.is_empty());
        for spec in own.filter(|spec| !last.contains(&spec.command)) {
            let hint = hint(spec.command);
            let is_live = !hint.0.is_empty() && availability(spec.command, model).is_ok();
            if is_live && size(&hint) <= room {
                room -= size(&hint);
                shown.push(hint);
            }
        }
    }
    shown.extend(tail);
    let mut spans = vec![Span::raw(" ")];
    for (key, word) in shown {
        spans.push(Span::styled(key, view.style(Role::Key)));
        spans.push(Span::styled(format!(" {word}  "), view.style(Role::Muted)));
    }
    spans
}
