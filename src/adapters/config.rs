//! The user's `config.toml` and `keymap.toml` in the config directory: read, never written.

use crate::domain::config::Config;
use crate::domain::problem::{Kind, Problem};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// Reads the settings; a file that is not there changes nothing.
pub fn read(dir: &Path) -> Result<Config, Problem> {
    match text(&dir.join("config.toml"))? {
        Some((path, text)) => Config::parse(&path.display().to_string(), &text),
        None => Ok(Config::default()),
    }
}

/// Reads the keymap file with its path, when there is one. Its faults are found where it is used.
pub fn keymap(dir: &Path) -> Result<Option<(PathBuf, String)>, Problem> {
    text(&dir.join("keymap.toml"))
}

fn text(path: &Path) -> Result<Option<(PathBuf, String)>, Problem> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(Some((path.to_owned(), text))),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Problem::new(
            Kind::Config,
            format!("{} could not be read.", path.display()),
            format!("{error}."),
        )),
    }
}
