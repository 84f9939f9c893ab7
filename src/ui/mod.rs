//! Draws the model; decides nothing. Every text from a server is made harmless on its way here.

pub mod dialog;
pub mod footer;
pub mod header;
pub mod loadable;
pub mod outline;
pub mod screen;
pub mod sql;
mod steady;
pub mod symbol;
pub mod table;
pub mod text;
pub mod theme;
mod view;

pub use view::{Appearance, DrawContext};

use crate::app::model::Model;
use crate::domain::text::harmless;
use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::widgets::Block;
use std::borrow::Cow;
use theme::Role;
use unicode_segmentation::UnicodeSegmentation;

/// Draws the whole frame.
pub fn draw(frame: &mut Frame, model: &Model, look: &Appearance) {
    let theme = &look.themes[model.themes.used() % look.themes.len().max(1)];
    let view = DrawContext {
        model,
        theme,
        symbols: &look.symbols,
    };
    let areas = model.areas();
    frame.render_widget(Block::new().style(view.style(Role::Text)), frame.area());
    header::draw(frame, areas.header, view);
    header::draw_notice(frame, areas.notice, view);
    header::draw_tabs(frame, areas.tabs, view);
    screen::draw(frame, areas.body, view);
    footer::draw(frame, areas.footer, view);
    for dialog in &model.dialogs {
        dialog::draw(frame, dialog, view);
    }
    disarm(frame.buffer_mut());
}

/// The last line of defence: whatever a view forgot to make harmless is made so on its way to the terminal, and what
/// terminals give different widths is replaced.
fn disarm(buffer: &mut Buffer) {
    for at in 0..buffer.content.len() {
        let cell = &mut buffer.content[at];
        if cell.symbol().is_ascii() && cell.symbol().len() == 1 {
            continue;
        }
        if let Cow::Owned(harmless) = harmless(cell.symbol()) {
            cell.set_symbol(harmless.graphemes(true).next().unwrap_or(" "));
        }
        let Some(parts) = steady::parts(cell.symbol()) else {
            continue;
        };
        let style = cell.style();
        for (part, cell) in parts.iter().zip(&mut buffer.content[at..]) {
            cell.set_symbol(part).set_style(style);
        }
    }
}
