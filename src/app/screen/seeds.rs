//! The Seeds screen: the seed files and whether they ran here.

use crate::app::command::Command;
use crate::app::model::Model;
use crate::app::table::{Row, Table};
use crate::domain::migration::Target;
use crate::domain::problem::Problem;
use crate::domain::report::Tone;
use crate::domain::seed::{SeedEntry, SeedListing, SeedState, StaleSeed};
use jiff::Timestamp;

/// The state of the screen.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Seeds {
    /// One row a file.
    pub table: Table<SeedEntry>,
    /// Those whose rows may be gone with a migration that was rolled back since.
    pub stale: Vec<StaleSeed>,
    /// What is to be said about where seeds are looked for.
    pub notes: Vec<String>,
    /// The database they were compared with.
    pub target: Option<Target>,
}

impl Seeds {
    /// Takes a list.
    pub fn arrived(&mut self, result: Result<SeedListing, Problem>, at: Timestamp) {
        let rows = result.map(|listing| {
            self.target = Some(listing.target);
            self.stale = listing.stale;
            self.notes = listing.notes;
            listing.entries
        });
        self.table.arrived(rows, at);
    }

    /// What was rolled back since a seed ran, where its rows may be gone with it.
    pub fn stale(&self, path: &str) -> Option<&StaleSeed> {
        self.stale.iter().find(|stale| stale.path == path)
    }
}

/// The selected file in full, as paragraphs.
pub fn detail(model: &Model) -> Vec<(Tone, String)> {
    let seeds = &model.seeds;
    let Some(seed) = seeds.table.selected() else {
        return Vec::new();
    };
    let run = model.keymap.first_key(Command::SeedApply);
    let again = model.keymap.first_key(Command::SeedAgain);
    let (tone, meaning) = match seed.state {
        SeedState::Pending => (
            Tone::Accent,
            format!(
                "Has not run on this database. Press {run} to see and run all that are pending."
            ),
        ),
        SeedState::Applied => (
            Tone::Ok,
            format!("Ran on this database, and is the same since. Press {again} to run it again."),
        ),
        SeedState::Changed => (
            Tone::Warn,
            format!(
                "Ran on this database, and the file has changed since. Press {again} to run it again."
            ),
        ),
        SeedState::Missing => (
            Tone::Danger,
            "Is recorded as run, and the file is no longer there.".to_owned(),
        ),
    };
    let mut lines = Vec::new();
    if let Some(stale) = seeds.stale(&seed.path) {
        let text = format!("It ran {}: what it wrote may be gone.", stale.when());
        lines.push((Tone::Warn, text));
    }
    lines.push((tone, meaning));
    if let Some(hash) = &seed.hash {
        lines.push((Tone::Muted, format!("SHA-256 {hash}")));
    }
    lines.extend(seeds.notes.iter().map(|note| (Tone::Warn, note.clone())));
    if let Some(target) = &seeds.target {
        let text = format!("{} on {} as {}", target.database, target.host, target.role);
        lines.push((Tone::Muted, text));
    }
    lines
}

impl Row for SeedEntry {
    fn key(&self) -> &str {
        &self.path
    }
    fn haystack(&self) -> String {
        format!("{} {}", self.path, self.state.word())
    }
}
