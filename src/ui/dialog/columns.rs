//! Draws the columns of a grid as a list to choose from.

use super::window::{keys_line, put, put_last, window};
use crate::app::command::Command;
use crate::app::dialog::columns::{ColumnLine, ColumnsForm, FRAME_ROWS};
use crate::domain::plural::counted;
use crate::ui::DrawContext;
use crate::ui::table::selection_style;
use crate::ui::text::pad;
use crate::ui::theme::Role;
use ratatui::Frame;
use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthStr;

/// The columns of the terminal that a name takes at most.
const NAME: usize = 40;

pub fn draw(frame: &mut Frame, form: &ColumnsForm, view: DrawContext) {
    let count = u16::try_from(form.lines.len()).unwrap_or(u16::MAX);
    let height = count.saturating_add(FRAME_ROWS).min(frame.area().height);
    let title = format!("Columns of {}", form.name);
    let inside = window(frame, view, 88, height, &title, Role::Accent);
    let rows = inside.height.saturating_sub(FRAME_ROWS - 2);
    let names = form.lines.iter().map(|line| line.name.width()).max();
    let name = names.unwrap_or(0).clamp(4, NAME);
    let name = name.min(usize::from(inside.width / 2));
    let shown = form.lines.iter().enumerate().skip(form.top);
    for (row, (at, line)) in (0..rows).zip(shown) {
        let is_selected = at == form.selected;
        let style = match (is_selected, line.is_shown) {
            (true, _) => selection_style(view, true, true),
            (false, true) => view.style(Role::Text),
            (false, false) => view.style(Role::Muted),
        };
        let text = text(line, is_selected, name, view);
        let text = pad(&text, inside.width.into(), view.symbols.more());
        put(frame, inside, row, Line::styled(text, style));
    }
    let hidden = match form.hidden() {
        0 => "All columns are shown.".to_owned(),
        hidden => format!("{} hidden.", counted(hidden, "column")),
    };
    let (role, said) = match form.problem {
        Some(problem) => (Role::Danger, problem.to_owned()),
        None => (Role::Muted, hidden),
    };
    let place = format!(" {} of {}.  ", form.selected + 1, form.lines.len());
    let line = vec![
        Span::styled(said, view.style(role)),
        Span::styled(place, view.style(Role::Muted)),
        Span::styled("r", view.style(Role::Key)),
        Span::styled(" resets", view.style(Role::Muted)),
    ];
    put_last(frame, inside, 1, Line::from(line));
    let keys = &view.model.keymap;
    let pairs = [
        (keys.first_key(Command::Confirm), "keep"),
        (keys.first_key(Command::Cancel), "close"),
        ("space".to_owned(), "show"),
        ("h l".to_owned(), "move"),
        ("< >".to_owned(), "size"),
    ];
    put_last(frame, inside, 0, keys_line(view, &pairs));
}

fn text(line: &ColumnLine, is_selected: bool, name: usize, view: DrawContext) -> String {
    let more = view.symbols.more();
    let cursor = if is_selected {
        view.symbols.cursor()
    } else {
        " "
    };
    let sign = if line.is_shown { "x" } else { " " };
    let key = if line.is_key { "key" } else { "" };
    let width = if line.is_sized {
        line.width.to_string()
    } else {
        String::new()
    };
    let name = pad(&line.name, name, more);
    format!(
        "{cursor} [{sign}] {name} {key:3} {width:>3} {}",
        line.data_type
    )
}
