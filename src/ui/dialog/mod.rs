//! Draws what lies over the screen.

mod choose;
mod columns;
mod confirm;
mod edit;
mod edit_text;
mod explain;
mod export;
mod help;
mod identity;
mod mfa;
mod new_file;
mod onboarding;
mod palette;
mod project;
mod resolutions;
mod result;
mod running;
mod statement;
mod theme;
mod unlock;
mod value;
mod values;
mod window;

use super::DrawContext;
use crate::app::dialog::Dialog;
use ratatui::Frame;

/// Draws a dialog.
pub fn draw(frame: &mut Frame, dialog: &Dialog, view: DrawContext) {
    match dialog {
        Dialog::Filter(_) => {}
        Dialog::Edit(form) => edit::draw(frame, form, view),
        Dialog::NewFile(form) => new_file::draw(frame, form, view),
        Dialog::Help(top) => help::draw(frame, *top, view),
        Dialog::Palette(palette) => palette::draw(frame, palette, view),
        Dialog::Identity(identity) => identity::draw(frame, identity, view),
        Dialog::Project(project) => project::draw(frame, project, view),
        Dialog::Theme(theme) => theme::draw(frame, theme, view),
        Dialog::Confirm(confirm) => confirm::draw(frame, confirm, view),
        Dialog::Running => running::draw(frame, view),
        Dialog::Result(state) => result::draw(frame, state, view),
        Dialog::Unlock(form) => unlock::draw(frame, form, view),
        Dialog::Explain(form) => explain::draw(frame, form, view),
        Dialog::Export(form) => export::draw(frame, form, view),
        Dialog::Ways(ways) => resolutions::draw(frame, ways, view),
        Dialog::Guide(guide) => onboarding::draw(frame, guide, view),
        Dialog::Value(value) => value::draw(frame, value, view),
        Dialog::Statement(statement) => statement::draw(frame, statement, view),
        Dialog::Refused(refused) => edit_text::draw(frame, refused, view),
        Dialog::Values(form) => values::draw(frame, form, view),
        Dialog::Columns(form) => columns::draw(frame, form, view),
    }
}
