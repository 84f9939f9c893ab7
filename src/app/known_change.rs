//! That what is shown is old, where the deck knows it without asking. Records came to the audit trail about tables of which a
//! screen was read before that; the journal, read again, has a run of somebody's that the lists contradict. Both times are those at
//! which answers came here, so that no server's clock counts. Files that change on disk are read at once, or when what runs has ended:
//! until then that is said.

use super::model::{Model, Screen};
use crate::domain::audit::Summary;
use crate::domain::migration::journal::Line;
use crate::domain::seed::SeedState;
use jiff::SignedDuration;
use std::collections::BTreeSet;

/// What was read so long ago may be called old.
const OLD: SignedDuration = SignedDuration::from_mins(1);

/// The migration history, where what is known of it is kept.
const HISTORY: &str = "supabase_migrations.schema_migrations";
/// The seed files that ran.
const SEEDS: &str = "supabase_migrations.seed_files";

/// What is known to have changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KnownChange {
    /// Somebody changed it on the server.
    Server,
    /// Files of the project changed, and are read when what runs has ended.
    Files,
}

/// The tables that a screen shows rows of, or counts.
fn tables(screen: Screen) -> &'static [&'static str] {
    match screen {
        Screen::Cycles => &["cycle", "goal", "weekly_plan", "plan_item"],
        Screen::Goals => &["goal", "cycle"],
        Screen::Locks => &["weekly_plan", "plan_item", "cycle"],
        Screen::Migrations => &[HISTORY],
        Screen::Seeds => &[SEEDS],
        _ => &[],
    }
}

impl Model {
    /// Records came to the audit trail, whoever made the changes.
    pub(super) fn hear(&mut self, rows: &[Summary]) {
        let tables = rows.iter().filter_map(|row| row.story.table.clone());
        for table in tables {
            self.heard.insert(table, self.now);
        }
    }

    /// The journal has these lines that it did not have when it was read before, newest first. What they say was done and a list does
    /// not show was done after the list was read, and not from here: what runs here has its lists read again.
    pub(super) fn hear_journal(&mut self, lines: &[Line]) {
        let mut versions = BTreeSet::new();
        let mut paths = BTreeSet::new();
        for line in lines.iter().filter(|line| line.outcome == "done") {
            let is_newest = match line.direction.as_str() {
                "seed" => paths.insert(line.version.as_str()),
                _ => versions.insert(line.version.as_str()),
            };
            if !is_newest {
                continue;
            }
            let (table, is_news) = match line.direction.as_str() {
                "seed" => (SEEDS, self.seeds_contradict(&line.version)),
                "apply" | "repair_applied" => (HISTORY, self.history_contradicts(line, true)),
                "rollback" | "repair_reverted" => (HISTORY, self.history_contradicts(line, false)),
                _ => continue,
            };
            if is_news {
                self.heard.insert(table.to_owned(), self.now);
            }
        }
    }

    /// Whether the list of migrations does not show a version as it was left.
    fn history_contradicts(&self, line: &Line, is_applied: bool) -> bool {
        let Ok(entries) = self.migrations.table.remote.ready() else {
            return false;
        };
        let mut entries = entries.iter();
        let version = Some(line.version.as_str());
        entries.any(|entry| entry.recorded.as_deref() == version) != is_applied
    }

    /// Whether the list of seeds shows one that ran as pending.
    fn seeds_contradict(&self, path: &str) -> bool {
        let Ok(entries) = self.seeds.table.remote.ready() else {
            return false;
        };
        let mut entries = entries.iter();
        entries.any(|entry| entry.path == path && entry.state == SeedState::Pending)
    }

    /// What of it is known to have changed since what is in view was read, more than a minute ago.
    pub fn known_change(&self) -> Option<KnownChange> {
        let readings = self.readings();
        let read_at = readings.iter().filter_map(|one| one.read_at).min()?;
        if self.now.duration_since(read_at) < OLD {
            return None;
        }
        let is_of_files = matches!(self.screen, Screen::Migrations | Screen::Seeds);
        if is_of_files && self.are_files_new {
            return Some(KnownChange::Files);
        }
        let is_later = |table: &&str| self.heard.get(*table).is_some_and(|at| *at > read_at);
        let is_heard = tables(self.screen).iter().any(is_later);
        is_heard.then_some(KnownChange::Server)
    }
}
