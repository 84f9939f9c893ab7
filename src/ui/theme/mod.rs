//! Themes: what each role looks like. Views name roles; only this folder knows colours.

mod file;
pub mod svg;

use crate::app::dialog::result::Tone;
use ratatui::style::Style;
use serde::Deserialize;

/// What a piece of the screen means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Plain text, and the background of everything.
    Text,
    /// Less important text.
    Muted,
    /// What catches the eye: headings, the screen in view.
    Accent,
    /// The selected row of the half that has the keys.
    Selection,
    /// The selected row of the other half.
    SelectionDim,
    /// Lines between things.
    Border,
    /// Keys in the footer and in help.
    Key,
    /// Went well, is applied, RLS applies.
    Ok,
    /// Wants attention.
    Warn,
    /// Failed, is dangerous, RLS does not apply.
    Danger,
    /// Added by a change.
    Added,
    /// Removed by a change.
    Removed,
    /// Changed by a change.
    Changed,
    /// Completion well under the target.
    Heat0,
    /// Completion near the target.
    Heat1,
    /// Completion on target.
    Heat2,
    /// SQL keywords.
    Keyword,
    /// SQL strings and numbers.
    Literal,
    /// SQL comments.
    Comment,
    /// What a search found.
    Match,
}

impl Role {
    /// What the tone of a line to read looks like.
    pub fn of(tone: Tone) -> Self {
        match tone {
            Tone::Ok => Self::Ok,
            Tone::Warn => Self::Warn,
            Tone::Danger => Self::Removed,
            Tone::Text => Self::Text,
            Tone::Muted => Self::Muted,
            Tone::Accent => Self::Accent,
        }
    }

    /// Every role.
    pub const ALL: [Self; 20] = [
        Self::Text,
        Self::Muted,
        Self::Accent,
        Self::Selection,
        Self::SelectionDim,
        Self::Border,
        Self::Key,
        Self::Ok,
        Self::Warn,
        Self::Danger,
        Self::Added,
        Self::Removed,
        Self::Changed,
        Self::Heat0,
        Self::Heat1,
        Self::Heat2,
        Self::Keyword,
        Self::Literal,
        Self::Comment,
        Self::Match,
    ];
}

/// A theme: a style for every role.
#[derive(Debug, Clone, PartialEq)]
pub struct Theme {
    /// Its name.
    pub name: String,
    styles: [Style; Role::ALL.len()],
}

impl Theme {
    /// The style of a role.
    pub fn style(&self, role: Role) -> Style {
        self.styles[role as usize]
    }

    /// Reads a theme file.
    pub fn parse(name: &str, text: &str) -> Result<Self, String> {
        file::parse(name, text)
    }

    /// The built-in themes: dark, light, ansi, mono.
    pub fn built_in() -> Vec<Self> {
        const FILES: [(&str, &str); 4] = [
            ("dark", include_str!("../../../config/themes/dark.toml")),
            ("light", include_str!("../../../config/themes/light.toml")),
            ("ansi", include_str!("../../../config/themes/ansi.toml")),
            ("mono", include_str!("../../../config/themes/mono.toml")),
        ];
        FILES
            .iter()
            .filter_map(|(name, text)| Self::parse(name, text).ok())
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_themes_are_whole() {
        let names: Vec<String> = Theme::built_in()
            .into_iter()
            .map(|theme| theme.name)
            .collect();
        assert_eq!(names, ["dark", "light", "ansi", "mono"]);
    }

    #[test]
    fn mono_uses_no_colour_and_still_tells_roles_apart() {
        let mono = &Theme::built_in()[3];
        for role in Role::ALL {
            let style = mono.style(role);
            assert_eq!((style.fg, style.bg), (None, None), "{role:?}");
        }
        assert_ne!(mono.style(Role::Selection), mono.style(Role::Text));
        assert_ne!(mono.style(Role::Danger), mono.style(Role::Text));
    }
}
