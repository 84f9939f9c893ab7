//! The roles that views name, and the style that a theme gives each.

use crate::domain::report::Tone;
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
            Tone::Accent | Tone::Strong => Self::Accent,
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
    pub(super) styles: [Style; Role::ALL.len()],
}

impl Theme {
    /// The style of a role.
    pub fn style(&self, role: Role) -> Style {
        self.styles[role as usize]
    }
}
