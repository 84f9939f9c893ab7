//! How seeds read whose file is missing although they are recorded as run, and how that is settled.

use super::super::page::{Page, Tone};
use crate::domain::seed::{SeedEntry, SeedState};

/// Says which seeds they are and what settles it; nothing where there are none.
pub fn page(seeds: &[SeedEntry]) -> Page {
    let missing = seeds.iter().filter(|seed| seed.state == SeedState::Missing);
    let paths: Vec<&str> = missing.map(|seed| seed.path.as_str()).collect();
    let mut page = Page::default();
    if paths.is_empty() {
        return page;
    }
    let note = format!(
        "Recorded as run, and the file is missing: {}.",
        paths.join(", ")
    );
    page.toned(Tone::Warn, &note);
    page.toned(
        Tone::Muted,
        "  It cannot be run. Put the file back, or take the record away:",
    );
    let quoted: Vec<String> = paths
        .iter()
        .map(|path| format!("'{}'", path.replace('\'', "''")))
        .collect();
    let sql = format!(
        "  delete from supabase_migrations.seed_files where path in ({});",
        quoted.join(", ")
    );
    page.line(sql);
    page
}
