//! Where the user's config directory is.

use crate::domain::problem::{Kind, Problem};
use std::path::PathBuf;

/// The config directory: `$SUPADECK_CONFIG_DIR`, else `$XDG_CONFIG_HOME/supadeck`, else the system's own place
/// (`~/.config/supadeck`, `~/Library/Application Support/supadeck`, `%APPDATA%\supadeck`).
pub fn config_dir() -> Result<PathBuf, Problem> {
    choose(
        |name| std::env::var_os(name).map(PathBuf::from),
        std::env::home_dir(),
    )
}

fn choose(
    variable: impl Fn(&str) -> Option<PathBuf>,
    home: Option<PathBuf>,
) -> Result<PathBuf, Problem> {
    if let Some(dir) = variable("SUPADECK_CONFIG_DIR").filter(|dir| !dir.as_os_str().is_empty()) {
        return Ok(dir);
    }
    // The XDG specification says that a relative path is to be ignored.
    if let Some(dir) = variable("XDG_CONFIG_HOME").filter(|dir| dir.is_absolute()) {
        return Ok(dir.join("supadeck"));
    }
    let base = if cfg!(windows) {
        variable("APPDATA").filter(|dir| dir.is_absolute())
    } else if cfg!(target_os = "macos") {
        home.map(|home| home.join("Library/Application Support"))
    } else {
        home.map(|home| home.join(".config"))
    };
    base.map(|base| base.join("supadeck")).ok_or_else(|| {
        Problem::new(
            Kind::Config,
            "The config directory could not be found.",
            "There is no home directory.",
        )
        .with_hint("Set SUPADECK_CONFIG_DIR to a directory of your own.")
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn pick(pairs: &[(&str, &str)]) -> PathBuf {
        let lookup = |name: &str| {
            let found = pairs.iter().find(|(key, _)| *key == name);
            found.map(|(_, value)| PathBuf::from(value))
        };
        choose(lookup, Some(PathBuf::from("/home/a"))).unwrap()
    }

    #[test]
    fn the_most_specific_variable_wins() {
        let xdg = ("XDG_CONFIG_HOME", "/xdg");
        assert_eq!(
            pick(&[xdg, ("SUPADECK_CONFIG_DIR", "/own")]),
            PathBuf::from("/own")
        );
        assert_eq!(
            pick(&[xdg, ("SUPADECK_CONFIG_DIR", "")]),
            PathBuf::from("/xdg/supadeck")
        );
    }

    #[cfg(all(unix, not(target_os = "macos")))]
    #[test]
    fn a_relative_xdg_directory_is_ignored() {
        let dir = pick(&[("XDG_CONFIG_HOME", "config")]);
        assert_eq!(dir, PathBuf::from("/home/a/.config/supadeck"));
    }
}
