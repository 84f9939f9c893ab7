//! What the deck keeps of itself for the next time: the theme that was chosen in it. A file of its own beside `config.toml`, which is
//! its owner's and is never written.

use super::state_file;
use serde::{Deserialize, Serialize};
use std::io;
use std::path::Path;

const NAME: &str = "deck.json";

/// The file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct DeckFile {
    /// The theme that was chosen in the deck.
    theme: Option<String>,
    /// What `config.toml` said then. When it says something else, that is the newer choice.
    beside: Option<String>,
}

impl DeckFile {
    /// Reads it; one that is not there or cannot be read holds nothing.
    pub fn read(dir: &Path) -> Self {
        let kept = state_file::read(&dir.join(NAME));
        kept.ok().flatten().unwrap_or_default()
    }

    /// The theme to begin with, by name: what was chosen in the deck, unless `config.toml` was changed since.
    pub fn theme(&self, configured: Option<&str>) -> Option<String> {
        let is_newest = self.theme.is_some() && self.beside.as_deref() == configured;
        let theme = if is_newest {
            self.theme.as_deref()
        } else {
            configured
        };
        theme.filter(|theme| *theme != "auto").map(str::to_owned)
    }

    /// Keeps a theme that was chosen in the deck, beside what `config.toml` says.
    pub fn keep_theme(dir: &Path, theme: &str, configured: Option<&str>) -> io::Result<()> {
        let kept = Self {
            theme: Some(theme.to_owned()),
            beside: configured.map(str::to_owned),
        };
        std::fs::create_dir_all(dir)?;
        state_file::write(&dir.join(NAME), &kept)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_last_choice_counts_wherever_it_was_made() {
        let dir = tempfile::tempdir().unwrap();
        let dir = dir.path().join("new");
        let theme = |configured| DeckFile::read(&dir).theme(configured);
        assert_eq!(theme(None), None);
        assert_eq!(theme(Some("light")).as_deref(), Some("light"));
        DeckFile::keep_theme(&dir, "mono", Some("light")).unwrap();
        assert_eq!(theme(Some("light")).as_deref(), Some("mono"));
        // The file was changed by hand since.
        assert_eq!(theme(Some("dark")).as_deref(), Some("dark"));
        assert_eq!(theme(None), None);
        // What suits the terminal is a choice too.
        DeckFile::keep_theme(&dir, "auto", Some("dark")).unwrap();
        assert_eq!(theme(Some("dark")), None);
        DeckFile::keep_theme(&dir, "ansi", None).unwrap();
        assert_eq!(theme(None).as_deref(), Some("ansi"));
        assert_eq!(theme(Some("auto")), None, "somebody wrote that since");
        std::fs::write(dir.join(NAME), "{").unwrap();
        assert_eq!(theme(None), None);
    }
}
