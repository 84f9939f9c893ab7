//! The theme file: one table a role, such as `danger = { fg = "#f7768e", bold = true }`.

use super::role::{Role, Theme};
use ratatui::style::{Color, Modifier, Style};
use serde::Deserialize;
use std::collections::BTreeMap;

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Entry {
    fg: Option<String>,
    bg: Option<String>,
    bold: bool,
    dim: bool,
    italic: bool,
    underline: bool,
    reverse: bool,
}

pub(super) fn parse(name: &str, text: &str) -> Result<Theme, String> {
    let entries: BTreeMap<Role, Entry> = toml::from_str(text).map_err(|error| error.to_string())?;
    let mut styles = [Style::new(); Role::ALL.len()];
    for role in Role::ALL {
        let entry = entries
            .get(&role)
            .ok_or_else(|| format!("The role {role:?} is missing."))?;
        styles[role as usize] = style(entry).map_err(|why| format!("{role:?}: {why}"))?;
    }
    Ok(Theme {
        name: name.to_owned(),
        styles,
    })
}

fn style(entry: &Entry) -> Result<Style, String> {
    let colour = |text: &Option<String>| -> Result<Option<Color>, String> {
        let Some(text) = text else { return Ok(None) };
        text.parse()
            .map(Some)
            .map_err(|_| format!("`{text}` is not a colour."))
    };
    let mut style = Style::new();
    style.fg = colour(&entry.fg)?;
    style.bg = colour(&entry.bg)?;
    for (is_set, modifier) in [
        (entry.bold, Modifier::BOLD),
        (entry.dim, Modifier::DIM),
        (entry.italic, Modifier::ITALIC),
        (entry.underline, Modifier::UNDERLINED),
        (entry.reverse, Modifier::REVERSED),
    ] {
        if is_set {
            style = style.add_modifier(modifier);
        }
    }
    Ok(style)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_role_is_named() {
        assert_eq!(
            parse("x", "text = {}").map_err(|why| why.contains("Muted")),
            Err(true)
        );
    }

    #[test]
    fn a_wrong_colour_is_named() {
        let dark = include_str!("../../../config/themes/dark.toml").replace("#c0caf5", "bluish");
        assert!(parse("x", &dark).is_err_and(|why| why.contains("bluish")));
    }
}
