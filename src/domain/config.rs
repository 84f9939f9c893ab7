//! The user's settings: `config/default.toml` with the user's own file laid over it. Holds no secret.

use super::hidden::without_value;
use super::problem::{Kind, Problem};
use serde::Deserialize;

/// The built-in file, which holds every setting with its default.
pub const BUILT_IN: &str = include_str!("../../config/default.toml");

/// The themes that can be chosen by name.
const THEMES: [&str; 5] = ["auto", "dark", "light", "ansi", "mono"];
const COLORS: [&str; 3] = ["auto", "always", "never"];
const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];

/// The settings of a file; what a file leaves out is `None`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The deck's theme.
    pub theme: Option<String>,
    /// When commands use colour.
    pub color: Option<String>,
    /// How much is logged.
    pub log_level: Option<String>,
}

impl Config {
    /// Reads a file. `name` is for the message.
    pub fn parse(name: &str, text: &str) -> Result<Self, Problem> {
        let config: Self = toml::from_str(text).map_err(|error| {
            let before = error.span().map_or("", |span| &text[..span.start]);
            let line = before.matches('\n').count() + 1;
            faulty(name, line, &without_value(error.message()))
        })?;
        for (key, value, words) in [
            ("theme", &config.theme, THEMES.as_slice()),
            ("color", &config.color, COLORS.as_slice()),
            ("log_level", &config.log_level, LEVELS.as_slice()),
        ] {
            if let Some(value) = value
                && !words.contains(&value.as_str())
            {
                let line = text
                    .lines()
                    .position(|line| line.trim_start().starts_with(key));
                let why = format!("`{key}` is one of {}", words.join(", "));
                return Err(faulty(name, line.unwrap_or(0) + 1, &why));
            }
        }
        Ok(config)
    }
}

fn faulty(name: &str, line: usize, why: &str) -> Problem {
    Problem::new(
        Kind::Config,
        format!("{name}, line {line} cannot be used."),
        format!("{}.", why.trim_end_matches('.')),
    )
    .with_hint("docs/config.md lists every setting.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_file_holds_every_setting() {
        let Config {
            theme,
            color,
            log_level,
        } = Config::parse("default.toml", BUILT_IN).unwrap();
        assert_eq!(theme.as_deref(), Some("auto"));
        assert_eq!(color.as_deref(), Some("auto"));
        assert_eq!(log_level.as_deref(), Some("warn"));
    }

    #[test]
    fn a_fault_names_its_line() {
        let problem = Config::parse("config.toml", "# mine\ncolour = \"auto\"\n").unwrap_err();
        assert_eq!(problem.what, "config.toml, line 2 cannot be used.");
        assert!(problem.why.contains("colour"), "{problem}");
        let problem = Config::parse("config.toml", "\n\ntheme = \"pink\"").unwrap_err();
        assert_eq!(problem.what, "config.toml, line 3 cannot be used.");
        assert!(problem.why.contains("mono"), "{problem}");
    }
}
