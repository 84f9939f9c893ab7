//! Draws the palette.

use super::window::{field, put, window};
use crate::app::dialog::palette::{Found, Palette, Target};
use crate::domain::moment::{Form, moment as written};
use crate::domain::text::cell;
use crate::ui::DrawContext;
use crate::ui::table::selection_style;
use crate::ui::text::{fit, pad, wrap};
use crate::ui::theme::Role;
use ratatui::Frame;
use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthStr;

/// Rows at the bottom for the reason why the selected command cannot run now: a free one and two of text.
const REASON_ROWS: usize = 3;

fn moment_text(at: jiff::Timestamp) -> String {
    written(at, Form::Detail)
}

pub fn draw(frame: &mut Frame, palette: &Palette, view: DrawContext) {
    let inside = window(frame, view, 96, 20, "Commands and places", Role::Accent);
    field(frame, inside, 0, view, ">", &palette.field, true);
    if let Some(moment) = &palette.moment {
        let at = moment_text(moment.day_end().unwrap_or(moment.at()));
        let text = match moment.day_end() {
            Some(_) => format!(
                "enter goes to the last record of {} in the audit trail",
                moment.typed()
            ),
            None => format!("enter goes to the last record before {at} in the audit trail"),
        };
        put(frame, inside, 2, Line::styled(text, view.style(Role::Text)));
    } else if let Some(id) = &palette.record {
        let text = format!("enter goes to the record {id} of the audit trail");
        put(frame, inside, 2, Line::styled(text, view.style(Role::Text)));
    } else if palette.found.is_empty() {
        put(
            frame,
            inside,
            2,
            Line::styled("Nothing has such a name.", view.style(Role::Muted)),
        );
    }
    let width = usize::from(inside.width);
    let height = usize::from(inside.height).saturating_sub(2 + REASON_ROWS);
    let top = (palette.selected + 1).saturating_sub(height.max(1));
    for (row, found) in palette.found.iter().skip(top).take(height).enumerate() {
        let is_selected = row + top == palette.selected;
        let base = selection_style(view, is_selected, true);
        let quiet = if is_selected {
            base
        } else {
            view.style(Role::Muted)
        };
        let keys = match &found.target {
            Target::Command(command) => view.model.keymap.keys_text(*command),
            _ => String::new(),
        };
        let tail = match (&found.reason, found.goes_to) {
            (Some(reason), _) => format!("({reason})"),
            (None, Some(screen)) => format!("{} {keys}", screen.title()).trim_end().to_owned(),
            (None, None) => keys,
        };
        // A reason may be cut here: that of the selected command stands below in full.
        let more = view.symbols.more();
        let title = cell(&found.target.title()).into_owned();
        let tail = fit(&tail, width.saturating_sub(title.width() + 1), more);
        let title = pad(&title, width.saturating_sub(tail.width() + 1), more);
        let line = Line::from(vec![
            Span::styled(title, if found.reason.is_some() { quiet } else { base }),
            Span::styled(format!(" {tail}"), quiet),
        ]);
        put(frame, inside, row as u16 + 2, line);
    }
    let Some((role, text)) = palette.found.get(palette.selected).and_then(about) else {
        return;
    };
    let first = inside.height.saturating_sub(REASON_ROWS as u16 - 1);
    for (row, line) in wrap(&text, width)
        .into_iter()
        .take(REASON_ROWS - 1)
        .enumerate()
    {
        let line = Line::styled(line, view.style(role));
        put(frame, inside, first + row as u16, line);
    }
}

/// What there is to say of what is selected: why it cannot run, else the subcommand that does the same, or the filter.
fn about(found: &Found) -> Option<(Role, String)> {
    if let Some(reason) = &found.reason {
        return Some((Role::Warn, format!("It cannot run now: {reason}.")));
    }
    let command = match &found.target {
        Target::Command(command) => command,
        Target::Filter(_, filter) => return Some((Role::Muted, cell(filter).into_owned())),
        _ => return None,
    };
    let twin = command.spec().twin?;
    Some((Role::Muted, format!("On the command line: supadeck {twin}")))
}
