//! A project and a database that have parted ways: the history holds versions that have no file here. Nothing is applied
//! until that is settled; this says how.

use crate::domain::migration::resolution::{Correction, Repair, Resolution};
use crate::domain::migration::{Entry, MigrationList, State};
use crate::domain::problem::{Kind, Problem};

/// Refuses to go on when a version of the history has no file. `doubt` is the word that the project directory may be the
/// wrong one.
pub(super) fn check(listing: &MigrationList, doubt: Option<String>) -> Result<(), Problem> {
    // The Supabase CLI too reports these before anything else.
    let missing: Vec<&str> = gone(listing).map(|entry| entry.version.as_str()).collect();
    if missing.is_empty() {
        return Ok(());
    }
    Err(Problem::new(
        Kind::Conflict,
        format!(
            "The history holds versions that have no file here: {}.",
            missing.join(", ")
        ),
        "The files and the database are out of step, so nothing is applied.",
    )
    .with_hint(match doubt {
        // Whoever follows the other advice from a wrong directory makes the history forget everything.
        Some(doubt) => format!("{doubt} Name the project's directory with `--dir`."),
        None => hint(listing),
    }))
}

fn gone(listing: &MigrationList) -> impl Iterator<Item = &Entry> {
    let entries = listing.entries.iter();
    entries.filter(|entry| entry.state == State::Missing)
}

/// How versions without a file are got back, or taken out of the history.
fn hint(listing: &MigrationList) -> String {
    // Where a file here could be the lost one, it is not the first way, and only the list says which is.
    let can_restore = |entry: &Entry| {
        let first = entry.ways.first();
        let restore = Resolution::Correct(Correction::restore(&entry.version));
        first.is_some_and(|way| way.resolution == restore)
    };
    let version = |entry: &Entry| entry.version.clone();
    let versions: Vec<String> = gone(listing)
        .filter(|entry| can_restore(entry))
        .map(version)
        .collect();
    let restore = if versions.is_empty() {
        "Get the files".to_owned()
    } else {
        let typed = Correction::Restore { versions }.command();
        format!("Write the files back from the history with `{typed}`, or get them")
    };
    let reverted = Correction::Repair {
        status: Repair::Reverted,
        versions: gone(listing).map(version).collect(),
    };
    let reverted = reverted.command();
    let certain = gone(listing).all(can_restore);
    let look = if certain {
        ""
    } else {
        " `supadeck migration list` shows the fixes for each."
    };
    format!("{restore} from version control; `{reverted}` when they were undone by hand.{look}")
}
