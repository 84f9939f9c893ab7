//! Which theme the deck has: each is tried on the whole screen while one is on its line.

use super::choose::{Chooser, Entry, Pressed, digit};
use crate::app::command::Command;
use crate::app::key::Key;

/// The name of the choice that follows the terminal.
pub const AUTO: &str = "auto";

/// The themes that there are on this terminal, and the one in use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Themes {
    /// Their names.
    pub names: Vec<String>,
    /// Which of them suits the terminal.
    pub automatic: usize,
    /// Which was chosen; none where the terminal decides.
    pub chosen: Option<usize>,
}

impl Default for Themes {
    fn default() -> Self {
        Self {
            names: ["dark", "light", "ansi", "mono"].map(str::to_owned).into(),
            automatic: 0,
            chosen: None,
        }
    }
}

impl Themes {
    /// The place of the theme in use.
    pub fn used(&self) -> usize {
        self.chosen.unwrap_or(self.automatic)
    }

    fn name(&self, at: usize) -> &str {
        self.names.get(at).map_or("", String::as_str)
    }
}

/// The dialog.
#[derive(Debug, Clone, PartialEq)]
pub struct ThemeDialog {
    /// Where one is in the list.
    pub list: Chooser,
    /// What was in use before.
    before: Option<usize>,
}

/// What a key asks for.
#[derive(Debug, PartialEq)]
pub(super) enum Asked {
    /// Nothing outside the dialog.
    Nothing,
    /// To close it, with the theme of before.
    Close,
    /// To keep the theme of this name.
    Keep(String),
}

impl ThemeDialog {
    /// The dialog; it begins at the theme in use.
    pub fn new(themes: &Themes) -> Self {
        Self {
            list: Chooser::at_here(&Self::entries(themes, themes.chosen)),
            before: themes.chosen,
        }
    }

    /// The themes as a list to choose from: first the one that follows the terminal.
    fn entries(themes: &Themes, here: Option<usize>) -> Vec<Entry> {
        let automatic = themes.name(themes.automatic);
        let names = themes.names.iter().enumerate();
        let named = names.map(|(at, name)| (Some(at), format!("{name:5}  {}", about(name))));
        let auto = (
            None,
            format!("{AUTO:5}  what suits the terminal: {automatic}"),
        );
        let all = std::iter::once(auto).chain(named).enumerate();
        let entries = all.map(|(place, (at, title))| Entry {
            digit: digit(place),
            is_here: at == here,
            ..Entry::new(title)
        });
        entries.collect()
    }

    /// The list as it is drawn.
    pub fn shown(&self, themes: &Themes) -> Vec<Entry> {
        Self::entries(themes, self.before)
    }

    /// Takes a key, and tries the theme that one is on.
    pub(super) fn press(
        &mut self,
        key: Key,
        command: Option<Command>,
        themes: &mut Themes,
    ) -> Asked {
        let entries = self.shown(themes);
        let pressed = self.list.press(key, command, &entries);
        themes.chosen = self.list.selected.checked_sub(1);
        match pressed {
            Pressed::Left => {
                themes.chosen = self.before;
                Asked::Close
            }
            Pressed::Chosen(_) => {
                let name = themes.chosen.map_or(AUTO, |at| themes.name(at));
                Asked::Keep(name.to_owned())
            }
            Pressed::Removed(_) | Pressed::Moved => Asked::Nothing,
        }
    }
}

/// What a built-in theme is for.
fn about(name: &str) -> &'static str {
    match name {
        "dark" => "24-bit colours, for a dark background",
        "light" => "24-bit colours, for a light background",
        "ansi" => "the sixteen colours of the terminal",
        "mono" => "no colour: bold, dim and reversed",
        _ => "",
    }
}
