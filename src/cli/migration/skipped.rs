//! The names in the migration directory that are no migrations, said wherever migrations are planned, run or checked.

use super::super::page::{Page, Tone};
use crate::domain::problem::Problem;
use crate::ops::migration;
use std::path::Path;

/// The names with their reasons, and the page that says them; nothing where all are migrations.
pub fn of(root: &Path) -> Result<(Vec<String>, Page), Problem> {
    let skipped = migration::skipped(root)?;
    let mut page = Page::default();
    for name in &skipped {
        page.toned(Tone::Warn, &format!("Skipped: {name}"));
    }
    Ok((skipped, page))
}
