//! Draws the first run.

use super::window::{field, keys_line, put, put_last, window};
use crate::app::command::Command;
use crate::app::dialog::onboarding::{Onboarding, QUESTIONS};
use crate::app::msg::Verdict;
use crate::ui::DrawContext;
use crate::ui::table;
use crate::ui::text::{fit, wrap};
use crate::ui::theme::Role;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;

pub fn draw(frame: &mut Frame, guide: &Onboarding, view: DrawContext) {
    let height = frame.area().height.saturating_sub(2).min(24);
    let inside = window(frame, view, 96, height, "Welcome to supadeck", Role::Accent);
    let width = usize::from(inside.width);
    let mut row = 0;
    for (text, role) in [
        (
            "Connect a project. Keys go to the keyring of this computer, never into a file.",
            Role::Text,
        ),
        (
            "Without a keyring, type where a key comes from: env:NAME, a variable, or cmd:COMMAND, which prints it.",
            Role::Text,
        ),
        (
            "No project at hand? Leave, and run `supadeck demo`.",
            Role::Muted,
        ),
    ] {
        for line in wrap(text, width) {
            put(frame, inside, row, Line::styled(line, view.style(role)));
            row += 1;
        }
    }
    row += 1;
    for (index, (label, help)) in QUESTIONS.iter().enumerate() {
        let is_here = index == guide.at;
        field(
            frame,
            inside,
            row,
            view,
            &format!("{label:<15}"),
            &guide.fields[index],
            is_here,
        );
        row += 1;
        let (text, role) = match guide.verdicts.get(index) {
            _ if is_here && guide.is_checking => ("checking".to_owned(), Role::Muted),
            Some(Verdict::Good(text)) => (format!("good: {text}"), Role::Ok),
            Some(Verdict::Bad(text)) => (text.clone(), Role::Removed),
            _ => ((*help).to_owned(), Role::Muted),
        };
        for line in wrap(&text, width.saturating_sub(17))
            .into_iter()
            .take(if is_here { 4 } else { 2 })
        {
            let text = format!("{:17}{}", "", fit(&line, width, view.symbols.more()));
            put(frame, inside, row, Line::styled(text, view.style(role)));
            row += 1;
        }
    }
    row += 1;
    if guide.is_saving {
        put(
            frame,
            inside,
            row,
            Line::styled("Storing the profile.", view.style(Role::Muted)),
        );
    } else if let Some(problem) = &guide.problem {
        let row = row.min(inside.height);
        let area = Rect {
            y: inside.y + row,
            height: inside.height.saturating_sub(row + 1),
            ..inside
        };
        table::problem_lines(frame, area, view, problem);
    }
    let keys = &view.model.keymap;
    let pairs = [
        (
            keys.first_key(Command::Confirm),
            if guide.is_complete() {
                "store and open"
            } else {
                "check"
            },
        ),
        (keys.first_key(Command::NextField), "next field"),
        (keys.first_key(Command::Cancel), "leave"),
    ];
    put_last(frame, inside, 0, keys_line(view, &pairs));
}
