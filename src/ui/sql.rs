//! Draws SQL with its words told apart; only the visible lines are looked at closely.

use super::View;
use super::text::fit;
use super::theme::Role;
use crate::domain::sql::lexer::{Class, highlight};
use crate::domain::text::harmless;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use std::ops::Range;

/// Draws the lines from `top` on, with their numbers.
pub fn draw(frame: &mut Frame, area: Rect, view: View, text: &str, top: usize) {
    let starts: Vec<usize> = std::iter::once(0)
        .chain(text.match_indices('\n').map(|(at, _)| at + 1))
        .collect();
    let top = top.min(starts.len().saturating_sub(1));
    let digits = starts.len().to_string().len();
    let classes = classes(text);
    for (row, index) in (top..starts.len())
        .take(usize::from(area.height))
        .enumerate()
    {
        let start = starts[index];
        let end = starts.get(index + 1).map_or(text.len(), |next| next - 1);
        if index + 1 == starts.len() && start == end {
            break;
        }
        let number = Span::styled(format!("{:>digits$} ", index + 1), view.style(Role::Border));
        let mut spans = vec![number];
        spans.extend(spans_of(
            view,
            text,
            start,
            end,
            &classes,
            usize::from(area.width).saturating_sub(digits + 1),
        ));
        frame.render_widget(
            Line::from(spans),
            Rect {
                y: area.y + row as u16,
                height: 1,
                ..area
            },
        );
    }
}

/// The most bytes that are read for their words in each frame; longer texts are drawn plain.
const HIGHLIGHT_BYTES: usize = 128 << 10;

/// The words of a text, unless it is too long to be read in each frame.
pub fn classes(text: &str) -> Vec<(Range<usize>, Class)> {
    if text.len() > HIGHLIGHT_BYTES {
        Vec::new()
    } else {
        highlight(text)
    }
}

/// One line of the text as spans, cut to the columns there are.
pub fn spans_of(
    view: View<'_>,
    text: &str,
    start: usize,
    end: usize,
    classes: &[(Range<usize>, Class)],
    columns: usize,
) -> Vec<Span<'static>> {
    let mut spans = Vec::new();
    let mut at = start;
    let mut room = columns;
    let mut push = |piece: &str, role: Role| {
        if room == 0 || piece.is_empty() {
            return;
        }
        let shown = fit(
            &harmless(&piece.replace('\t', "    ")),
            room,
            view.symbols.more(),
        );
        room -= unicode_width::UnicodeWidthStr::width(shown.as_str()).min(room);
        spans.push(Span::styled(shown, view.style(role)));
    };
    let first = classes.partition_point(|(range, _)| range.end <= start);
    for (range, class) in &classes[first..] {
        if range.start >= end {
            break;
        }
        let (from, to) = (range.start.max(start), range.end.min(end));
        push(&text[at..from], Role::Text);
        push(&text[from..to], role(*class));
        at = to;
    }
    push(&text[at..end], Role::Text);
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
