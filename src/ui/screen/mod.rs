//! One file per screen.

mod access;
mod audit;
mod cycles;
mod goals;
mod grid;
mod home;
mod journal;
mod legend;
mod list;
mod locks;
mod migrations;
mod open_cycle;
mod record;
mod roles;
mod row_form;
mod seeds;
mod tables;
mod words;

use super::DrawContext;
use crate::app::model::Screen;
use ratatui::Frame;
use ratatui::layout::Rect;

/// Draws the screen in view.
pub fn draw(frame: &mut Frame, body: Rect, view: DrawContext) {
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
        Screen::Tables => tables::draw(frame, view),
        Screen::Access => access::draw(frame, view),
    }
}
