//! What every drawing function is given.

use super::symbol::Symbols;
use super::theme::{Role, Theme};
use crate::app::model::Model;

/// How things look: the themes to choose from and the symbols the terminal can show.
#[derive(Debug, Clone, PartialEq)]
pub struct Appearance {
    /// The themes, the preferred one first.
    pub themes: Vec<Theme>,
    /// The symbols.
    pub symbols: Symbols,
}

/// What every drawing function is given: the state, the theme in use, the symbols.
#[derive(Clone, Copy)]
pub struct DrawContext<'a> {
    /// The state.
    pub model: &'a Model,
    /// The theme in use.
    pub theme: &'a Theme,
    /// The symbols.
    pub symbols: &'a Symbols,
}

impl DrawContext<'_> {
    /// The style of a role.
    pub fn style(&self, role: Role) -> ratatui::style::Style {
        self.theme.style(role)
    }
}
