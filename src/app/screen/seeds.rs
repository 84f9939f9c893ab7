//! The Seeds screen: the seed files and whether they ran here.

use crate::app::table::{Row, Table};
use crate::domain::migration::Target;
use crate::domain::problem::Problem;
use crate::domain::seed::{SeedEntry, SeedListing, Stale};
use jiff::Timestamp;

/// The state of the screen.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Seeds {
    /// One row a file.
    pub table: Table<SeedEntry>,
    /// Those whose rows may be gone with a migration that was rolled back since.
    pub stale: Vec<Stale>,
    /// The database they were compared with.
    pub target: Option<Target>,
}

impl Seeds {
    /// Takes a list.
    pub fn arrived(&mut self, result: Result<SeedListing, Problem>, at: Timestamp) {
        let rows = result.map(|listing| {
            self.target = Some(listing.target);
            self.stale = listing.stale;
            listing.entries
        });
        self.table.arrived(rows, at);
    }

    /// What was rolled back since a seed ran, where its rows may be gone with it.
    pub fn stale(&self, path: &str) -> Option<&Stale> {
        self.stale.iter().find(|stale| stale.path == path)
    }
}

impl Row for SeedEntry {
    fn key(&self) -> &str {
        &self.path
    }
    fn haystack(&self) -> String {
        format!("{} {}", self.path, self.state.word())
    }
}
