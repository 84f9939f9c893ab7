//! The one table that every list is drawn with. It touches the visible rows only.

use super::DrawContext;
use super::loadable::{hint, role};
use super::text::pad;
use super::theme::Role;
use crate::app::layout;
use crate::app::loadable::Placeholder;
use crate::app::model::Focus;
use crate::app::wrap::width;
use crate::domain::problem::Problem;
use crate::domain::report::{self, Tone};
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

/// A column: its heading, how wide it is, and what goes before it. A table that is too narrow leaves out the columns with
/// the highest level first.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    title: &'static str,
    /// Columns of the terminal from which on it can be read.
    least: u16,
    /// What it takes at most; all that is left where this is the largest number.
    most: u16,
    level: u8,
}

impl Column {
    /// A column that is always as wide.
    pub const fn fixed(title: &'static str, width: u16, level: u8) -> Self {
        Self::between(title, (width, width), level)
    }

    /// A column that is as wide as there is room, within bounds.
    pub const fn between(title: &'static str, (least, most): (u16, u16), level: u8) -> Self {
        Self {
            title,
            least,
            most,
            level,
        }
    }

    /// A column that takes what the others leave, and can be read from so many columns on.
    pub const fn rest(title: &'static str, least: u16, level: u8) -> Self {
        Self::between(title, (least, u16::MAX), level)
    }
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
    view: DrawContext,
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
pub fn selection_style(view: DrawContext, is_selected: bool, is_focused: bool) -> Style {
    match (is_selected, is_focused) {
        (true, true) => view.style(Role::Selection),
        (true, false) => view.style(Role::SelectionDim),
        (false, _) => view.style(Role::Text),
    }
}

/// Draws the heading of a pane: its name and a line to the right.
pub fn heading(frame: &mut Frame, pane: Rect, view: DrawContext, title: &str, is_focused: bool) {
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

/// How wide each column is in a pane.
pub fn widths_in(columns: &[Column], pane: Rect) -> Vec<u16> {
    widths(columns, layout::rows(pane).width)
}

/// Fits the columns: those of a high level go first, so that the others can be read; then what is left is given away.
fn widths(columns: &[Column], width: u16) -> Vec<u16> {
    // Between two columns stands a space.
    let need = |level: u8| {
        let shown = columns.iter().filter(|column| column.level <= level);
        let need: u16 = shown.map(|column| column.least + 1).sum();
        need.saturating_sub(1)
    };
    let highest = columns.iter().map(|column| column.level).max();
    let mut levels = (0..=highest.unwrap_or(0)).rev();
    let level = levels.find(|level| need(*level) <= width).unwrap_or(0);
    let is_shown = |column: &Column| column.level <= level;
    let is_rest = |column: &Column| is_shown(column) && column.most == u16::MAX;
    let mut left = width.saturating_sub(need(level));
    // Where not even the most important columns fit, those that can give way.
    let missing = need(level).saturating_sub(width);
    let mut widths: Vec<u16> = Vec::new();
    for column in columns {
        let more = if is_rest(column) {
            0
        } else {
            left.min(column.most - column.least)
        };
        widths.push(match column {
            column if !is_shown(column) => 0,
            column if column.least == column.most => column.least,
            column if missing > 0 => column.least.saturating_sub(missing).max(4),
            column => column.least + more,
        });
        if is_shown(column) {
            left -= more;
        }
    }
    let sharing = columns.iter().filter(|column| is_rest(column)).count() as u16;
    let share = left.checked_div(sharing).unwrap_or(0);
    for (width, _) in widths
        .iter_mut()
        .zip(columns)
        .filter(|(_, column)| is_rest(column))
    {
        *width += share;
    }
    widths
}

/// Draws what stands in place of rows: the first reading, a failure, nothing visible, nothing found.
pub fn blank(frame: &mut Frame, area: Rect, view: DrawContext, blank: Result<&str, Placeholder>) {
    match blank {
        Ok(text) => lines(frame, area, view, &[(Role::Muted, text.to_owned())]),
        Err(blank) => lines(frame, area, view, &placeholder(view, blank)),
    }
}

/// What stands in place of a value, as paragraphs.
pub fn placeholder(view: DrawContext, blank: Placeholder) -> Vec<(Role, String)> {
    match blank {
        Placeholder::Idle => Vec::new(),
        Placeholder::Loading => vec![(Role::Muted, "Reading.".to_owned())],
        Placeholder::Absent(problem) => vec![(Role::Muted, problem.what.clone())],
        Placeholder::Denied(problem) => denied(view, problem),
        Placeholder::Failed(problem) => problem_paragraphs(view, problem),
    }
}

/// That rows are not visible, to whom, why, and what can be done.
fn denied(view: DrawContext, problem: &Problem) -> Vec<(Role, String)> {
    let who = view.model.identity.called();
    let mut out = vec![
        (Role::Warn, format!("Not visible to {who}.")),
        (Role::Text, problem.to_string()),
    ];
    out.extend(hint(view, problem).map(|hint| (Role::Muted, hint)));
    out.extend(code(problem));
    out
}

fn problem_paragraphs(view: DrawContext, problem: &Problem) -> Vec<(Role, String)> {
    let head = format!("{}: {}", problem.kind.heading(), problem.what);
    let mut out = vec![(role(problem), head), (Role::Text, problem.why.clone())];
    out.extend(hint(view, problem).map(|hint| (Role::Muted, hint)));
    out.extend(code(problem));
    out.retain(|(_, text)| !text.is_empty());
    out
}

fn code(problem: &Problem) -> Option<(Role, String)> {
    let code = problem.code.as_ref()?;
    Some((Role::Muted, format!("Code {code}.")))
}

/// Draws a problem in full.
pub fn problem_lines(frame: &mut Frame, area: Rect, view: DrawContext, problem: &Problem) {
    lines(frame, area, view, &problem_paragraphs(view, problem));
}

/// Draws the details of the screen in view, wrapped, from the row on to which they are scrolled.
pub fn read(frame: &mut Frame, area: Rect, view: DrawContext, paragraphs: &[(Tone, String)]) {
    let rows = paragraphs.iter().flat_map(|(tone, text)| {
        let style = view.style(Role::of(*tone));
        let rows = super::text::wrap(text, usize::from(area.width)).into_iter();
        rows.map(move |row| Line::styled(row, style))
    });
    for (y, line) in (area.y..area.bottom()).zip(rows.skip(view.model.detail_top)) {
        let row = Rect {
            y,
            height: 1,
            ..area
        };
        frame.render_widget(line, row);
    }
}

/// The same for lines of a report.
pub fn read_lines(frame: &mut Frame, area: Rect, view: DrawContext, lines: &[report::Line]) {
    let columns = usize::from(area.width);
    let rows = lines.iter().flat_map(|line| line.rows(columns, width));
    for (y, line) in (area.y..area.bottom()).zip(rows.skip(view.model.detail_top)) {
        let mut spans = vec![Span::raw(" ".repeat(line.indent))];
        let pieces = line.spans.iter();
        spans.extend(
            pieces.map(|piece| {
                Span::styled(piece.text().to_owned(), view.style(Role::of(piece.tone)))
            }),
        );
        let row = Rect {
            y,
            height: 1,
            ..area
        };
        frame.render_widget(Line::from(spans), row);
    }
}

/// Draws paragraphs, wrapped.
pub fn lines(frame: &mut Frame, area: Rect, view: DrawContext, paragraphs: &[(Role, String)]) {
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

    #[test]
    fn a_bounded_column_is_served_before_those_that_take_the_rest() {
        let columns = [Column::between("a", (8, 15), 0), Column::rest("b", 14, 1)];
        assert_eq!(widths(&columns, 60), [15, 44]);
        assert_eq!(widths(&columns, 26), [11, 14]);
        assert_eq!(widths(&columns, 22), [15, 0]);
        assert_eq!(widths(&columns, 10), [10, 0]);
        assert_eq!(widths(&columns, 6), [6, 0]);
    }

    const COLUMNS: [Column; 4] = [
        Column::fixed("a", 10, 0),
        Column::rest("b", 12, 0),
        Column::fixed("c", 20, 1),
        Column::fixed("d", 4, 2),
    ];

    #[test]
    fn a_narrow_table_leaves_the_least_important_column_out() {
        assert_eq!(widths(&COLUMNS, 60), [10, 23, 20, 4]);
        assert_eq!(widths(&COLUMNS, 49), [10, 12, 20, 4]);
        assert_eq!(widths(&COLUMNS, 48), [10, 16, 20, 0]);
        assert_eq!(widths(&COLUMNS, 30), [10, 19, 0, 0]);
        assert_eq!(widths(&COLUMNS, 20), [10, 9, 0, 0]);
    }

    #[test]
    fn no_width_is_too_small() {
        for width in 0..40 {
            assert_eq!(widths(&COLUMNS, width).len(), 4);
        }
    }
}
