//! How seeds read whose rows may be gone with a migration that was rolled back since.

use super::super::page::{Page, Tone};
use crate::domain::seed::Stale;

/// Says which seeds they are and how they are run again; nothing where there are none.
pub fn page(found: &[Stale]) -> Page {
    let mut page = Page::default();
    let Some(first) = found.first() else {
        return page;
    };
    let paths: Vec<&str> = found.iter().map(|one| one.path.as_str()).collect();
    let note = format!(
        "Recorded as run, and run {}: {}.",
        first.when(),
        paths.join(", ")
    );
    page.toned(Tone::Warn, &note);
    page.toned(
        Tone::Muted,
        "  What they wrote may be gone. `supadeck seed apply --again PATH` runs one again.",
    );
    page
}
