//! The footer: the keys that apply now, a toast, or the line in which a filter is typed, with what is wrong with it above.

use super::DrawContext;
use super::text::{fit, wrap};
use super::theme::Role;
use crate::app::dialog::Dialog;
use crate::app::dialog::filter::FilterLine;
use crate::app::hints::{BEHIND, hints};
use crate::app::model::{Focus, Screen};
use crate::domain::text::cell;
use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Clear, Paragraph};

/// Draws the footer.
pub fn draw(frame: &mut Frame, area: Rect, view: DrawContext) {
    if area.height == 0 {
        return;
    }
    let more = view.symbols.more();
    if let Some(Dialog::Filter(line)) = view.model.dialogs.last() {
        if let Some(problem) = &line.problem {
            draw_above(frame, area, view, problem);
        }
        let help = match &line.problem {
            Some(_) => Span::raw(""),
            None if is_record_search(view) => Span::styled(
                "  searches inside this record; n and N go on",
                view.style(Role::Muted),
            ),
            None if line.proposals.is_some() => {
                Span::styled(proposed(line, view), view.style(Role::Muted))
            }
            None => Span::styled("  enter keeps it, esc drops it", view.style(Role::Muted)),
        };
        let room = usize::from(area.width.saturating_sub(2));
        let (text, cursor) = line.field.window(room, view.symbols.mask());
        let x = area.x + (2 + cursor as u16).min(area.width.saturating_sub(1));
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
    frame.render_widget(Line::from(keys(view, usize::from(area.width))), area);
}

/// What can be typed next, as far as it fits; it is cut where the line ends.
fn proposed(line: &FilterLine, view: DrawContext) -> String {
    match &line.proposals {
        Some((proposals, _)) if !proposals.options.is_empty() => {
            format!("   tab: {}", cell(&proposals.options.join("  ")))
        }
        _ if view.model.screen == Screen::Audit => {
            "   enter filters, up shows earlier ones, @NAME = in front saves it".to_owned()
        }
        _ => "   enter filters, up shows earlier ones".to_owned(),
    }
}

/// Draws why a filter cannot be used, on as many lines above the footer as it takes.
fn draw_above(frame: &mut Frame, area: Rect, view: DrawContext, problem: &str) {
    let lines = wrap(problem, usize::from(area.width.saturating_sub(2)));
    let height = (lines.len() as u16).min(area.y);
    let above = Rect {
        y: area.y - height,
        height,
        ..area
    };
    frame.render_widget(Clear, above);
    let style = view.style(Role::Danger);
    let lines = lines.into_iter().map(|line| Line::raw(format!(" {line}")));
    frame.render_widget(
        Paragraph::new(lines.collect::<Vec<_>>()).style(style),
        above,
    );
}

/// The keys of the commands that can run now, as many as fit.
fn keys(view: DrawContext<'_>, width: usize) -> Vec<Span<'static>> {
    let mut spans = Vec::new();
    for hint in hints(view.model, width) {
        if spans.is_empty() {
            spans.push(Span::raw(" ".repeat(hint.left)));
        }
        spans.push(Span::styled(hint.key, view.style(Role::Key)));
        let word = format!(" {}{}", hint.word, " ".repeat(BEHIND));
        spans.push(Span::styled(word, view.style(Role::Muted)));
    }
    spans
}

fn is_record_search(view: DrawContext) -> bool {
    view.model.screen == Screen::Audit && view.model.focus == Focus::Detail
}
