//! The one table that every list is drawn with. It touches the visible rows only.

use super::View;
use super::text::pad;
use super::theme::Role;
use crate::app::command::Command;
use crate::app::layout;
use crate::app::model::Focus;
use crate::app::remote::Blank;
use crate::domain::problem::{Kind, Problem};
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

/// A column: its heading and how wide it is.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    /// The heading.
    pub title: &'static str,
    /// Columns of the terminal; 0 shares what is left.
    pub width: u16,
    /// A narrow table leaves out the columns with the highest number.
    pub level: u8,
}

/// One cell of a row.
#[derive(Debug, Clone)]
pub struct Cell {
    /// The text.
    pub text: String,
    /// What it means.
    pub role: Role,
}

impl Cell {
    /// A cell of plain text.
    pub fn text(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            role: Role::Text,
        }
    }

    /// A cell with a meaning.
    pub fn of(text: impl Into<String>, role: Role) -> Self {
        Self {
            text: text.into(),
            role,
        }
    }
}

/// What a table shows.
pub struct Table<'a> {
    /// The heading of the pane.
    pub title: String,
    /// The columns.
    pub columns: &'a [Column],
    /// The first position in view.
    pub offset: usize,
    /// The selected position.
    pub selected: usize,
    /// How many positions there are.
    pub len: usize,
}

/// Draws a table; `row` gives the cells of a position and is asked for the visible ones only.
pub fn draw(
    frame: &mut Frame,
    pane: Rect,
    view: View,
    table: &Table,
    row: impl Fn(usize) -> Vec<Cell>,
) {
    if pane.height == 0 || pane.width == 0 {
        return;
    }
    let is_focused = view.model.focus == Focus::List;
    heading(frame, pane, view, &table.title, is_focused);
    let inside = layout::inside(pane);
    let rows = layout::rows(pane);
    let widths = widths(table.columns, rows.width);
    let more = view.symbols.more();
    let mut head = String::new();
    for (column, width) in table
        .columns
        .iter()
        .zip(&widths)
        .filter(|(_, width)| **width > 0)
    {
        head.push_str(&pad(column.title, usize::from(*width), more));
        head.push(' ');
    }
    if inside.height > 0 {
        let line = Rect {
            height: 1,
            ..inside
        };
        frame.render_widget(Line::styled(head, view.style(Role::Muted)), line);
    }
    for line in 0..rows.height {
        let position = table.offset + usize::from(line);
        if position >= table.len {
            break;
        }
        let is_selected = position == table.selected;
        let base = selection_style(view, is_selected, is_focused);
        let mut spans = Vec::new();
        for (cell, width) in row(position)
            .into_iter()
            .zip(&widths)
            .filter(|(_, width)| **width > 0)
        {
            let style = if is_selected {
                base
            } else {
                view.style(cell.role)
            };
            spans.push(Span::styled(
                pad(&cell.text, usize::from(*width), more),
                style,
            ));
            spans.push(Span::styled(" ", base));
        }
        let y = rows.y + line;
        frame.render_widget(
            Line::from(spans).style(base),
            Rect {
                y,
                height: 1,
                ..rows
            },
        );
        if is_selected {
            let mark = if is_focused {
                view.symbols.cursor()
            } else {
                " "
            };
            frame.render_widget(
                Line::styled(mark, view.style(Role::Accent)),
                Rect::new(pane.x, y, 1, 1),
            );
        }
    }
}

/// The style of a row.
pub fn selection_style(view: View, is_selected: bool, is_focused: bool) -> Style {
    match (is_selected, is_focused) {
        (true, true) => view.style(Role::Selection),
        (true, false) => view.style(Role::SelectionDim),
        (false, _) => view.style(Role::Text),
    }
}

/// Draws the heading of a pane: its name and a line to the right.
pub fn heading(frame: &mut Frame, pane: Rect, view: View, title: &str, is_focused: bool) {
    if pane.height == 0 {
        return;
    }
    let role = if is_focused {
        Role::Accent
    } else {
        Role::Muted
    };
    let text = super::text::fit(
        title,
        usize::from(pane.width).saturating_sub(3),
        view.symbols.more(),
    );
    let rule = if view.symbols.is_ascii { "-" } else { "─" };
    let left = usize::from(pane.width)
        .saturating_sub(unicode_width::UnicodeWidthStr::width(text.as_str()) + 3);
    let spans = vec![
        Span::raw(" "),
        Span::styled(text, view.style(role)),
        Span::raw(" "),
        Span::styled(rule.repeat(left), view.style(Role::Border)),
    ];
    frame.render_widget(Line::from(spans), Rect { height: 1, ..pane });
}

/// Fits the columns: those of a high level go first, then what is left is shared.
fn widths(columns: &[Column], width: u16) -> Vec<u16> {
    let level = (0..=3).rev().find(|level| {
        let shown = columns.iter().filter(|column| column.level <= *level);
        let need: u16 = shown.map(|column| column.width.max(12) + 1).sum();
        need <= width + 1
    });
    let level = level.unwrap_or(0);
    let is_shown = |column: &&Column| column.level <= level;
    let fixed: u16 = columns
        .iter()
        .filter(is_shown)
        .map(|column| column.width + 1)
        .sum();
    let flexible = columns
        .iter()
        .filter(is_shown)
        .filter(|column| column.width == 0)
        .count() as u16;
    let share = width
        .saturating_sub(fixed)
        .checked_div(flexible)
        .unwrap_or(0);
    columns
        .iter()
        .map(|column| match column {
            column if !is_shown(&column) => 0,
            Column { width: 0, .. } => share.max(4),
            column => column.width,
        })
        .collect()
}

/// Draws what stands in place of rows: the first reading, a failure, nothing visible, nothing found.
pub fn blank(frame: &mut Frame, area: Rect, view: View, blank: Result<&str, Blank>) {
    match blank {
        Ok(text) => lines(frame, area, view, &[(Role::Muted, text.to_owned())]),
        Err(Blank::Idle) => {}
        Err(Blank::Loading) => lines(frame, area, view, &[(Role::Muted, "Reading.".to_owned())]),
        Err(Blank::Failed(problem)) => problem_lines(frame, area, view, problem),
    }
}

/// What the reader can do here: in the deck another identity is one key away, whatever the command line would hint at.
pub fn hint(view: View, problem: &Problem) -> Option<String> {
    if problem.kind == Kind::Denied && view.model.identity.is_under_rls() {
        let key = view.model.keymap.first_key(Command::Identity);
        return Some(format!("Press {key} to choose who reads."));
    }
    problem.hint.clone()
}

/// Draws a problem in full.
pub fn problem_lines(frame: &mut Frame, area: Rect, view: View, problem: &Problem) {
    let role = match problem.kind {
        Kind::Denied => Role::Warn,
        _ => Role::Removed,
    };
    let mut out = vec![(
        role,
        format!("{}: {}", problem.kind.heading(), problem.what),
    )];
    out.push((Role::Text, problem.why.clone()));
    if let Some(hint) = hint(view, problem) {
        out.push((Role::Muted, hint));
    }
    if let Some(code) = &problem.code {
        out.push((Role::Muted, format!("Code {code}.")));
    }
    out.retain(|(_, text)| !text.is_empty());
    lines(frame, area, view, &out);
}

/// Draws paragraphs, wrapped.
pub fn lines(frame: &mut Frame, area: Rect, view: View, paragraphs: &[(Role, String)]) {
    let mut y = area.y;
    for (role, text) in paragraphs {
        for line in super::text::wrap(text, usize::from(area.width)) {
            if y >= area.bottom() {
                return;
            }
            frame.render_widget(
                Line::styled(line, view.style(*role)),
                Rect {
                    y,
                    height: 1,
                    ..area
                },
            );
            y += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: [Column; 3] = [
        Column {
            title: "a",
            width: 10,
            level: 0,
        },
        Column {
            title: "b",
            width: 0,
            level: 0,
        },
        Column {
            title: "c",
            width: 20,
            level: 1,
        },
    ];

    #[test]
    fn a_narrow_table_leaves_columns_out() {
        assert_eq!(widths(&COLUMNS, 60), [10, 27, 20]);
        assert_eq!(widths(&COLUMNS, 30), [10, 18, 0]);
    }

    #[test]
    fn no_width_is_too_small() {
        for width in 0..40 {
            assert_eq!(widths(&COLUMNS, width).len(), 3);
        }
    }
}
