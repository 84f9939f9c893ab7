//! Draws the outline of a file; only the lines in view are looked at.

use super::DrawContext;
use super::text::fit;
use super::theme::Role;
use crate::app::command::Command;
use crate::app::outline::{Line as OutlineLine, OutlineView};
use crate::domain::text::harmless;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthStr;

/// Draws the head and the lines from the first in view on.
pub fn draw(
    frame: &mut Frame,
    area: Rect,
    view: DrawContext,
    outline: &OutlineView,
    is_focused: bool,
) {
    let row = |y: u16| Rect {
        y,
        height: 1,
        ..area
    };
    if area.height == 0 {
        return;
    }
    let key = view.model.keymap.first_key(Command::Open);
    let head = format!("{}; {key} shows a statement.", outline.head());
    let head = fit(&head, area.width.into(), view.symbols.more());
    frame.render_widget(Line::styled(head, view.style(Role::Muted)), row(area.y));
    for (y, at) in (area.y + 1..area.bottom()).zip(outline.top..outline.len()) {
        let Some(one) = outline.line(at) else {
            return;
        };
        let mut line = line(view, outline, &one, area.width.into());
        if at == outline.selected {
            let role = if is_focused {
                Role::Selection
            } else {
                Role::SelectionDim
            };
            line = line.patch_style(view.style(role));
        }
        frame.render_widget(line, row(y));
    }
}

/// The number of the line, whether it opens, what it does, and how large it is at the right.
fn line(
    view: DrawContext<'_>,
    outline: &OutlineView,
    one: &OutlineLine,
    width: usize,
) -> Line<'static> {
    let number = format!("{:>digits$} ", one.number, digits = outline.digits());
    let mark = match (one.group, one.is_inside) {
        (Some(true), _) => "- ",
        (Some(false), _) => "+ ",
        (None, true) => "    ",
        (None, false) => "  ",
    };
    let taken = number.width() + mark.width();
    // What it does comes first where there is no room for both.
    let has_size = width > taken + one.size.width() + 24;
    let room = width.saturating_sub(taken + if has_size { one.size.width() + 2 } else { 0 });
    let text = fit(&harmless(&one.text), room, view.symbols.more());
    let gap = " ".repeat(room.saturating_sub(text.width()) + 2);
    let role = if one.group.is_some() {
        Role::Accent
    } else {
        Role::Text
    };
    let mut spans = vec![
        Span::styled(number, view.style(Role::Border)),
        Span::styled(mark, view.style(Role::Key)),
        Span::styled(text, view.style(role)),
    ];
    if has_size {
        spans.push(Span::raw(gap));
        spans.push(Span::styled(one.size.clone(), view.style(Role::Muted)));
    }
    Line::from(spans)
}
