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
use crate::app::list::List;
use crate::app::loadable::{Loadable, Standing};
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

/// The heading of a list: its name, how many rows, that they are old, and the filter. What was not read is not counted.
fn list_title<T>(name: &str, list: &List, rows: &Loadable<T>) -> String {
    let filter = &list.filter;
    let mut parts = match rows.standing() {
        Standing::Blank(_) => Vec::new(),
        _ if filter.is_empty() => vec![list.total().to_string()],
        _ => vec![format!("{} of {}", list.len(), list.total())],
    };
    if matches!(rows.standing(), Standing::Stale(..)) {
        parts.push("old".to_owned());
    }
    if !filter.is_empty() {
        parts.push(format!("/{filter}"));
    }
    if parts.is_empty() {
        name.to_owned()
    } else {
        format!("{name} ({})", parts.join(", "))
    }
}

fn short(id: &str) -> String {
    crate::ui::text::short_id(id).to_owned()
}
