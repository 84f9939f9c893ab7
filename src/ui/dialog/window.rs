//! The window of a dialog, and what can be put into one.

use crate::app::field::Field;
use crate::ui::DrawContext;
use crate::ui::text::fit;
use crate::ui::theme::Role;
use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, BorderType, Borders, Clear};
use unicode_width::UnicodeWidthStr;

/// Draws an empty box in the middle of the screen and returns its inside.
pub fn window(
    frame: &mut Frame,
    view: DrawContext,
    width: u16,
    height: u16,
    title: &str,
    role: Role,
) -> Rect {
    let all = frame.area();
    let (width, height) = (width.min(all.width), height.min(all.height));
    let area = Rect::new(
        (all.width - width) / 2,
        (all.height - height) / 2,
        width,
        height,
    );
    frame.render_widget(Clear, area);
    let border = if view.symbols.is_ascii {
        ASCII
    } else {
        BorderType::Rounded.to_border_set()
    };
    let title = format!(
        " {} ",
        fit(
            title,
            usize::from(width.saturating_sub(6)),
            view.symbols.more()
        )
    );
    let block = Block::new()
        .style(view.style(Role::Text))
        .borders(Borders::ALL)
        .border_set(border)
        .border_style(view.style(Role::Border))
        .title(Line::styled(title, view.style(role)));
    let inside = block.inner(area);
    frame.render_widget(block, area);
    Rect {
        x: inside.x + inside.width.min(1),
        width: inside.width.saturating_sub(2),
        ..inside
    }
}

const ASCII: ratatui::symbols::border::Set = ratatui::symbols::border::Set {
    top_left: "+",
    top_right: "+",
    bottom_left: "+",
    bottom_right: "+",
    vertical_left: "|",
    vertical_right: "|",
    horizontal_top: "-",
    horizontal_bottom: "-",
};

/// The line of an area so many lines down; empty when there is none.
pub fn line_at(area: Rect, row: u16) -> Rect {
    if row < area.height {
        Rect {
            y: area.y + row,
            height: 1,
            ..area
        }
    } else {
        Rect { height: 0, ..area }
    }
}

/// Draws a line, if there is room for it.
pub fn put(frame: &mut Frame, area: Rect, row: u16, line: Line) {
    frame.render_widget(line, line_at(area, row));
}

/// Draws a line on the last row of an area.
pub fn put_last(frame: &mut Frame, area: Rect, up: u16, line: Line) {
    if area.height > up {
        put(frame, area, area.height - 1 - up, line);
    }
}

/// Draws lines to read, from `top` on, with the keys that lead away below them, and how to see the rest where there is one.
pub fn read(
    frame: &mut Frame,
    inside: Rect,
    view: DrawContext,
    lines: &[Line<'static>],
    top: usize,
    keys: &[(String, &str)],
) {
    let count = lines.len();
    let line = |at: usize| lines.get(at).cloned().unwrap_or_default();
    read_rows(frame, inside, view, count, line, top, keys);
}

/// The same where each row is made when it is drawn.
pub fn read_rows(
    frame: &mut Frame,
    inside: Rect,
    view: DrawContext,
    count: usize,
    line: impl Fn(usize) -> Line<'static>,
    top: usize,
    keys: &[(String, &str)],
) {
    let room = usize::from(inside.height.saturating_sub(2));
    // A single line is never hidden: it stands where the way to it would.
    let room = room + usize::from(count == room + 1);
    let top = top.min(count.saturating_sub(room));
    let last = (top + room).min(count);
    for (row, at) in (top..last).enumerate() {
        put(frame, inside, row as u16, line(at));
    }
    if last - top < count {
        let text = format!(
            "Lines {} to {last} of {count}: up, down, pgup, pgdn, home and end scroll.",
            top + 1
        );
        put_last(frame, inside, 1, Line::styled(text, view.style(Role::Warn)));
    }
    put_last(frame, inside, 0, keys_line(view, keys));
}

/// Draws a labelled text field, and the cursor when it has the keys.
pub fn field(
    frame: &mut Frame,
    area: Rect,
    row: u16,
    view: DrawContext,
    label: &str,
    field: &Field,
    is_focused: bool,
) {
    let area = line_at(area, row);
    if area.height == 0 {
        return;
    }
    let label_role = if is_focused {
        Role::Accent
    } else {
        Role::Muted
    };
    let room = usize::from(area.width).saturating_sub(label.width() + 2);
    // A text longer than the field shows the part around the cursor.
    let (visible, cursor) = field.window(room, view.symbols.mask());
    let style = if is_focused {
        view.style(Role::SelectionDim)
    } else {
        view.style(Role::Text)
    };
    let spans = vec![
        Span::styled(label.to_owned(), view.style(label_role)),
        Span::raw("  "),
        Span::styled(crate::ui::text::pad(&visible, room, ""), style),
    ];
    frame.render_widget(Line::from(spans), area);
    if is_focused {
        let x = area.x + (label.width() + 2 + cursor) as u16;
        frame.set_cursor_position(Position::new(x.min(area.right().saturating_sub(1)), area.y));
    }
}

/// The keys of a dialog as one line.
pub fn keys_line(view: DrawContext<'_>, pairs: &[(String, &str)]) -> Line<'static> {
    let mut spans = Vec::new();
    for (key, word) in pairs {
        spans.push(Span::styled(key.clone(), view.style(Role::Key)));
        spans.push(Span::styled(format!(" {word}  "), view.style(Role::Muted)));
    }
    Line::from(spans)
}
