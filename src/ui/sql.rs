//! Draws SQL and other texts by their rows; only the visible ones are looked at.

use super::DrawContext;
use super::theme::Role;
use crate::app::rows::Rows;
use crate::domain::sql::lexer::Class;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use std::ops::Range;

/// Draws the rows from `top` on, as far as there is room.
pub fn draw(frame: &mut Frame, area: Rect, view: DrawContext, rows: &Rows, top: usize) {
    for (y, at) in (area.y..area.bottom()).zip(top..rows.len()) {
        let row = Rect {
            y,
            height: 1,
            ..area
        };
        frame.render_widget(line(view, rows, at), row);
    }
}

/// One row, with the number of its line where it has one.
pub fn line(view: DrawContext<'_>, rows: &Rows, at: usize) -> Line<'static> {
    let (row, gutter) = (rows.row(at), rows.gutter());
    let mut spans = Vec::new();
    if gutter > 0 {
        let digits = gutter - 1;
        let number = match row.number {
            Some(number) => format!("{number:>digits$} "),
            None => " ".repeat(gutter),
        };
        spans.push(Span::styled(number, view.style(Role::Border)));
    }
    spans.extend(spans_of(view, rows, row.shown));
    Line::from(spans)
}

/// Bytes of the text as spans.
fn spans_of(view: DrawContext<'_>, rows: &Rows, shown: Range<usize>) -> Vec<Span<'static>> {
    let (text, classes) = (rows.text(), rows.classes());
    let mut spans = Vec::new();
    let mut push = |bytes: Range<usize>, role: Role| {
        if !bytes.is_empty() {
            spans.push(Span::styled(text[bytes].to_owned(), view.style(role)));
        }
    };
    let mut at = shown.start;
    let first = classes.partition_point(|(range, _)| range.end <= shown.start);
    for (range, class) in &classes[first..] {
        if range.start >= shown.end {
            break;
        }
        let (from, to) = (range.start.max(shown.start), range.end.min(shown.end));
        push(at..from, Role::Text);
        push(from..to, role(*class));
        at = to;
    }
    push(at..shown.end, Role::Text);
    spans
}

fn role(class: Class) -> Role {
    match class {
        Class::Keyword => Role::Keyword,
        Class::String | Class::Number => Role::Literal,
        Class::Comment => Role::Comment,
        _ => Role::Text,
    }
}
