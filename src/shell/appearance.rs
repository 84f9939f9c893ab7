//! Which themes and symbols suit the terminal, from the environment alone: asking the terminal would hold up the first
//! frame.

use crate::app::dialog::theme::Themes;
use crate::ui::Appearance;
use crate::ui::symbol::Symbols;
use crate::ui::theme::Theme;

/// The appearance for this terminal, and which of the themes is used; one that was asked for by name comes first.
pub(super) fn look(wanted: Option<&str>) -> (Appearance, Themes) {
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    choose(wanted, variable)
}

fn choose(wanted: Option<&str>, variable: impl Fn(&str) -> Option<String>) -> (Appearance, Themes) {
    let is_dumb = variable("TERM").is_some_and(|term| term == "dumb");
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"]
        .iter()
        .find_map(|name| variable(name))
        .unwrap_or_default();
    let is_utf8 = locale.to_lowercase().replace('-', "").contains("utf8");
    let is_ascii = is_dumb || !is_utf8;
    let mut themes = Theme::built_in();
    if variable("NO_COLOR").is_some() || is_ascii {
        themes.retain(|theme| theme.name == "mono");
    }
    let is_true =
        variable("COLORTERM").is_some_and(|value| value == "truecolor" || value == "24bit");
    // COLORFGBG is `foreground;background` in the sixteen colours: 7 and 15 are the light backgrounds.
    let is_light = variable("COLORFGBG")
        .is_some_and(|value| matches!(value.rsplit(';').next(), Some("7" | "15")));
    let automatic = match (is_true, is_light) {
        (false, _) => "ansi",
        (true, true) => "light",
        (true, false) => "dark",
    };
    let place = |name: &str| themes.iter().position(|theme| theme.name == name);
    let choice = Themes {
        names: themes.iter().map(|theme| theme.name.clone()).collect(),
        // Where there is one alone, it is that.
        automatic: place(automatic).unwrap_or(0),
        chosen: wanted.and_then(place),
    };
    let symbols = Symbols { is_ascii };
    (Appearance { themes, symbols }, choice)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first(wanted: Option<&str>, variables: &[(&str, &str)]) -> (String, bool) {
        let find = |name: &str| {
            variables
                .iter()
                .find(|(key, _)| *key == name)
                .map(|(_, value)| (*value).to_owned())
        };
        let (look, themes) = choose(wanted, find);
        let names: Vec<&String> = look.themes.iter().map(|theme| &theme.name).collect();
        assert!(names.into_iter().eq(&themes.names));
        (themes.names[themes.used()].clone(), look.symbols.is_ascii)
    }

    #[test]
    fn the_environment_chooses_the_theme() {
        let utf8 = ("LANG", "en_US.UTF-8");
        assert_eq!(
            first(None, &[utf8, ("COLORTERM", "truecolor")]),
            ("dark".into(), false)
        );
        assert_eq!(first(None, &[utf8]), ("ansi".into(), false));
        assert_eq!(first(Some("light"), &[utf8]), ("light".into(), false));
        assert_eq!(
            first(Some("light"), &[utf8, ("NO_COLOR", "1")]),
            ("mono".into(), false)
        );
        assert_eq!(
            first(None, &[utf8, ("TERM", "dumb")]),
            ("mono".into(), true)
        );
        assert_eq!(first(None, &[("LANG", "C")]), ("mono".into(), true));
    }
}
