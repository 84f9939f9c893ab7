//! Draws all keys.

use super::window::{read, window};
use crate::app::command::Command;
use crate::app::dialog::help::{HelpLine, lines};
use crate::app::layout;
use crate::ui::DrawContext;
use crate::ui::theme::Role;
use ratatui::Frame;
use ratatui::text::{Line, Span};

pub fn draw(frame: &mut Frame, top: usize, view: DrawContext) {
    let all = frame.area();
    let (width, height) = (layout::help_width(all.width), all.height.saturating_sub(2));
    let inside = window(frame, view, width, height, "Keys", Role::Accent);
    let line = |line| match line {
        HelpLine::Heading(text) => Line::styled(text, view.style(Role::Accent)),
        HelpLine::Keys(keys, text) => Line::from(vec![
            Span::styled(keys, view.style(Role::Key)),
            Span::styled(text, view.style(Role::Text)),
        ]),
        HelpLine::Note(text) => Line::styled(text, view.style(Role::Muted)),
    };
    let lines: Vec<Line> = lines(view.model).into_iter().map(line).collect();
    let key = view.model.keymap.first_key(Command::Cancel);
    read(frame, inside, view, &lines, top, &[(key, "close")]);
}
