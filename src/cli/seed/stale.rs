//! How seeds read whose rows may be gone with a migration that was rolled back since.

use super::super::page::{Page, Tone};
use crate::domain::seed::StaleSeed;

/// Says which seeds they are and how they are run again; nothing where there are none.
pub fn page(found: &[StaleSeed]) -> Page {
    let mut page = Page::default();
    let Some(first) = found.first() else {
        return page;
    };
    let paths: Vec<&str> = found.iter().map(|one| one.path.as_str()).collect();
    let note = format!(
        "Recorded as run, so they count as applied, but run {}: {}.",
        first.when(),
        paths.join(", ")
    );
    page.toned(Tone::Warn, &note);
    let again = if paths.iter().all(|path| path.chars().all(is_plain)) {
        paths.join(" ")
    } else {
        "PATH".to_owned()
    };
    let way = format!(
        "  What they wrote may be gone with the tables. To run them again: `supadeck seed apply --again {again}`."
    );
    page.toned(Tone::Muted, &way);
    page
}

/// Whether every shell takes the character as it is.
fn is_plain(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '/' | '.' | '_' | '-')
}
