//! One file per screen.

mod audit;
mod cycles;
mod goals;
mod home;
mod journal;
mod legend;
mod list;
mod locks;
mod migrations;
mod record;
mod seeds;

use super::View;
use crate::app::model::Screen;
use ratatui::Frame;
use ratatui::layout::Rect;

/// Draws the screen in view.
pub fn draw(frame: &mut Frame, body: Rect, view: View) {
    if body.height == 0 || body.width == 0 || view.model.project.is_none() {
        return;
    }
    match view.model.screen {
        Screen::Home => home::draw(frame, body, view),
        Screen::Migrations => migrations::draw(frame, view),
        Screen::Seeds => seeds::draw(frame, view),
        Screen::Cycles => cycles::draw(frame, view),
        Screen::Goals => goals::draw(frame, view),
        Screen::Locks => locks::draw(frame, view),
        Screen::Audit => audit::draw(frame, view),
        Screen::Journal => journal::draw(frame, view),
    }
}

/// The words for an empty list: nothing visible to the identity, or nothing that fits the filter.
fn empty_text(view: View, filter: &str, is_under_rls: bool) -> String {
    match (filter.is_empty(), is_under_rls) {
        (false, _) => format!("Nothing fits “{filter}”. Press esc to drop the filter."),
        (true, true) => view.model.identity.no_rows(),
        (true, false) => "None.".to_owned(),
    }
}

/// The heading of a list: its name, how many rows, and the filter.
fn list_title(name: &str, len: usize, total: usize, filter: &str) -> String {
    if filter.is_empty() {
        format!("{name} ({total})")
    } else {
        format!("{name} ({len} of {total}, /{filter})")
    }
}

fn short(id: &str) -> String {
    crate::ui::text::short_id(id).to_owned()
}
