//! What is to be said about seeds before anything runs: where they are looked for, and what they write.

use super::super::page::{Page, Tone};

/// The notes, each on a line of its own; nothing where there are none.
pub fn page(notes: &[String]) -> Page {
    let mut page = Page::default();
    for note in notes {
        page.toned(Tone::Warn, note);
    }
    page
}
