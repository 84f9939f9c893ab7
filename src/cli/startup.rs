//! How a run begins: the user's settings, the log, colour, and what the deck is opened with.

use super::demo::Running;
use super::global::Global;
use super::output::Color;
use crate::adapters::connect::Settings;
use crate::adapters::deck_file::DeckFile;
use crate::adapters::log::{self, Level};
use crate::adapters::{config, config_dir};
use crate::domain::config::Config;
use crate::domain::demo::Demo;
use crate::domain::problem::Problem;
use clap::ValueEnum;
use std::path::PathBuf;

/// What the deck is opened on.
pub struct Deck {
    /// What was typed and what the environment says.
    pub settings: Settings,
    /// What the project is called on screen, where that is not its profile's name.
    pub title: Option<String>,
    /// What the demo says of itself, where this is one.
    pub demo: Option<Box<Demo>>,
    /// The user's keymap file: its path and text.
    pub keymap: Option<(PathBuf, String)>,
    /// The theme that was chosen by name, in the deck or in the user's file, whichever was later.
    pub theme: Option<String>,
    /// What the user's file says of it.
    pub configured_theme: Option<String>,
    /// The local stack of `supadeck demo`, which has to live as long as the deck does.
    pub stack: Option<Running>,
}

impl Deck {
    /// The deck on a project, as the user has set it up.
    pub fn on(settings: Settings, config: &Config) -> Result<Self, Problem> {
        let configured = config.theme.as_deref();
        let (keymap, kept) = match config_dir::config_dir() {
            Ok(dir) => (config::keymap(&dir)?, DeckFile::read(&dir)),
            Err(_) => (None, DeckFile::default()),
        };
        Ok(Self {
            settings,
            title: None,
            demo: None,
            keymap,
            theme: kept.theme(configured),
            configured_theme: configured.map(str::to_owned),
            stack: None,
        })
    }
}

/// Reads the user's settings. Without a home directory there are none.
pub fn config() -> Result<Config, Problem> {
    match config_dir::config_dir() {
        Ok(dir) => config::read(&dir),
        Err(_) => Ok(Config::default()),
    }
}

/// Starts the log: what was typed comes first, then the variable, then the file.
pub fn log(global: &Global, config: &Config) {
    let set = global.log_level.map(Level::from);
    let level = set.or_else(|| config.log_level.as_deref().and_then(Level::parse));
    if let Some(path) = log::path() {
        log::start(&path, level.unwrap_or_default());
    }
}

/// When to use colour.
pub fn color(global: &Global, config: &Config) -> Color {
    let set = config.color.as_deref();
    global
        .color
        .or_else(|| set.and_then(|word| Color::from_str(word, false).ok()))
        .unwrap_or_default()
}
