//! Draws the second factor of a sign-in: who is asked, the ways on, and the code.

use super::window::{field, put};
use crate::app::dialog::mfa::{MfaOption, MfaStep};
use crate::ui::DrawContext;
use crate::ui::table::selection_style;
use crate::ui::text::pad;
use crate::ui::theme::Role;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;

/// The most ways that are shown at once; the list follows the selection.
const SHOWN: usize = 6;

/// The rows of the window that fit what is asked.
pub fn height(second: &MfaStep) -> u16 {
    (second.ways().len().min(SHOWN) as u16 + 13).max(14)
}

/// Draws the step; returns how many rows it took.
pub fn draw(frame: &mut Frame, inside: Rect, second: &MfaStep, view: DrawContext) -> u16 {
    let name = second.waiting.name();
    let text = if second.waiting.is_signed_in {
        format!("{name} reads with one factor (aal1).")
    } else {
        format!("{name} is not signed in yet: the account has a second factor.")
    };
    let more = view.symbols.more();
    let width = usize::from(inside.width);
    let text = crate::ui::text::fit(&text, width, more);
    put(frame, inside, 0, Line::styled(text, view.style(Role::Text)));
    let ways = second.ways();
    let top = (second.selected + 1).saturating_sub(SHOWN);
    let mut row = 1;
    for (index, way) in ways.iter().enumerate().skip(top).take(SHOWN) {
        let is_selected = index == second.selected;
        let style = if way.is_open() || is_selected {
            selection_style(view, is_selected, true)
        } else {
            view.style(Role::Muted)
        };
        let mark = if is_selected {
            view.symbols.cursor()
        } else {
            " "
        };
        let text = pad(&format!("{mark} {}", way.title()), width, more);
        put(frame, inside, row, Line::styled(text, style));
        row += 1;
    }
    if matches!(second.way(), MfaOption::Factor(factor) if factor.is_usable()) {
        field(frame, inside, row + 1, view, "code", &second.code, true);
    }
    // While a code can be typed at all, the rows below stay where they are.
    if second.waiting.usable().is_empty() {
        row
    } else {
        row + 2
    }
}

/// What to do now, while nothing is under way and nothing went wrong.
pub fn hint(second: &MfaStep) -> String {
    match second.way() {
        MfaOption::Factor(factor) if factor.is_usable() => "Type the six digits that the app shows now.",
        MfaOption::Factor(_) => "supadeck asks for the code of an authenticator app only. Add one to the account in the project's own app, or continue without.",
        MfaOption::Without => "Rows that the project keeps for a second factor (aal2) stay hidden.",
    }
    .to_owned()
}

/// What going back does here.
pub fn cancel_word(second: &MfaStep) -> &'static str {
    if second.waiting.is_signed_in {
        "back"
    } else {
        "give up"
    }
}
