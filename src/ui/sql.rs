//! Draws SQL with its words told apart; only the visible lines are looked at closely.

use super::View;
use super::text::fit;
use super::theme::Role;
use crate::app::wrap::parts;
use crate::domain::sql::lexer::{Class, highlight};
use crate::domain::text::harmless;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use std::ops::Range;

/// How a text is drawn.
#[derive(Debug, Clone, Copy)]
pub struct How {
    /// The first line, from 0.
    pub top: usize,
    /// Whether lines have their numbers.
    pub has_numbers: bool,
    /// Whether the text is SQL, and its words are told apart.
    pub is_sql: bool,
}

/// Draws the lines from `top` on; a line that is too long goes on in the next row, so that nothing is hidden.
/// Returns how many lines were begun, and how many there are.
pub fn draw(frame: &mut Frame, area: Rect, view: View, text: &str, how: How) -> (usize, usize) {
    let starts: Vec<usize> = std::iter::once(0)
        .chain(text.match_indices('\n').map(|(at, _)| at + 1))
        .filter(|start| *start < text.len())
        .collect();
    let digits = if how.has_numbers {
        starts.len().to_string().len()
    } else {
        0
    };
    let gutter = if how.has_numbers { digits + 1 } else { 0 };
    let columns = usize::from(area.width).saturating_sub(gutter).max(1);
    let classes = if how.is_sql {
        classes(text)
    } else {
        Vec::new()
    };
    let (mut row, mut begun) = (0, 0);
    for (index, start) in starts.iter().enumerate().skip(how.top) {
        if row >= area.height {
            break;
        }
        begun += 1;
        let end = starts
            .get(index + 1)
            .map_or(text.trim_end_matches('\n').len(), |next| next - 1);
        for (part, range) in parts(text, *start, end.max(*start), columns)
            .into_iter()
            .enumerate()
        {
            if row >= area.height {
                break;
            }
            let mut spans = Vec::new();
            if how.has_numbers {
                let number = if part == 0 {
                    format!("{:>digits$} ", index + 1)
                } else {
                    " ".repeat(gutter)
                };
                spans.push(Span::styled(number, view.style(Role::Border)));
            }
            spans.extend(spans_of(
                view,
                text,
                range.start,
                // A space that no longer fits is not there to be cut.
                range.start + text[range.clone()].trim_end_matches(' ').len(),
                &classes,
                columns,
            ));
            let line = Rect {
                y: area.y + row,
                height: 1,
                ..area
            };
            frame.render_widget(Line::from(spans), line);
            row += 1;
        }
    }
    (begun, starts.len())
}

/// The most bytes that are read for their words in each frame; longer texts are drawn plain.
const HIGHLIGHT_BYTES: usize = 128 << 10;

/// The words of a text, unless it is too long to be read in each frame.
fn classes(text: &str) -> Vec<(Range<usize>, Class)> {
    if text.len() > HIGHLIGHT_BYTES {
        Vec::new()
    } else {
        highlight(text)
    }
}

/// One line of the text as spans, cut to the columns there are.
fn spans_of(
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
