//! Themes: what each role looks like. Views name roles; only this folder knows colours.

mod file;
mod role;
pub mod svg;

pub use role::{Role, Theme};

impl Theme {
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

    /// Blue on black is too dark to read on many terminals, and so is black.
    #[test]
    fn the_sixteen_colour_theme_has_neither_blue_nor_black() {
        use ratatui::style::Color;
        let ansi = &Theme::built_in()[2];
        for role in Role::ALL {
            let style = ansi.style(role);
            let is_dark = |colour| matches!(colour, Some(Color::Blue | Color::Black));
            assert!(!is_dark(style.fg) && !is_dark(style.bg), "{role:?}");
        }
        assert_ne!(ansi.style(Role::Accent), ansi.style(Role::Text));
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
