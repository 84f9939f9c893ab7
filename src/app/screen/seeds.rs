//! The Seeds screen: the seed files and whether they ran here.

use crate::app::command::Command;
use crate::app::loadable::Loadable;
use crate::app::model::Model;
use crate::app::outline::{OUTLINE_FROM, OutlineView};
use crate::app::rows::Rows;
use crate::app::scroll::row_count;
use crate::app::table::{Row, Table};
use crate::domain::migration::Target;
use crate::domain::problem::Problem;
use crate::domain::report::Tone;
use crate::domain::seed::{SeedEntry, SeedListing, SeedSource, SeedState, StaleSeed};
use crate::domain::sql::outline::Outline;
use jiff::Timestamp;
use std::path::PathBuf;

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
    /// A seed file with its last run.
    pub source: Loadable<SeedSource>,
    /// Its SQL, in rows.
    pub rows: Rows,
    /// In its place the outline of one that is too long.
    pub outline: Option<Box<OutlineView>>,
    /// Which path the outline is of, and when it was read.
    outline_of: Option<(String, Option<Timestamp>)>,
    /// Which path the rows are of; none when they may be old.
    rows_of: Option<String>,
    /// The path to be selected when its row is there.
    pub wanted: Option<String>,
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
        if let Some(path) = self.wanted.take() {
            self.table.select(&path);
        }
    }

    /// Something was read: the text of the file may be another.
    pub fn read_again(&mut self) {
        self.rows_of = None;
    }

    /// The selected file as it was read, where that was answered.
    pub fn read_source(&self) -> Option<&SeedSource> {
        let seed = self.table.selected()?;
        self.source.held().filter(|source| source.path == seed.path)
    }

    /// Makes the outline of a file that is too long to be read, unless it is there.
    fn outline(&mut self, shown: Option<&String>) {
        let of = shown.map(|path| (path.clone(), self.source.read_at()));
        let text = self.read_source().and_then(|source| source.text.as_deref());
        let long = text.filter(|text| text.len() > OUTLINE_FROM);
        if long.is_some() && self.outline.is_some() && self.outline_of == of {
            return;
        }
        let outline = long.map(|text| Box::new(OutlineView::new(Outline::of_seed(text))));
        self.outline = outline;
        self.outline_of = of;
    }

    /// Lays the SQL of the selected file out in so many columns.
    pub fn fit(&mut self, columns: u16) {
        let shown = self.table.selected().map(|seed| seed.path.clone());
        if self.rows_of.is_none() || self.rows_of != shown {
            self.outline(shown.as_ref());
            let text = self.read_source().and_then(|source| source.text.as_deref());
            self.rows = match text.filter(|_| self.outline.is_none()) {
                Some(text) if !text.trim().is_empty() => Rows::sql(text).with_numbers(),
                _ => Rows::default(),
            };
            self.rows_of = shown;
        }
        self.rows.fit(columns);
    }

    /// The selected file, or why there is none to edit.
    pub fn shown_file(&self) -> Result<PathBuf, String> {
        let entry = self.table.selected().ok_or("no seed file is selected")?;
        let file = entry.file.clone();
        file.ok_or_else(|| "the file is missing".to_owned())
    }

    /// The path of the seed that can be deleted, or why it cannot.
    pub fn deletable(&self) -> Result<String, String> {
        let entry = self.table.selected().ok_or("no seed file is selected")?;
        match entry.state {
            SeedState::Pending => Ok(entry.path.clone()),
            _ => Err(format!(
                "only a pending seed can be deleted, and {} is {}",
                entry.path,
                entry.state.word()
            )),
        }
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
    let source = seeds.read_source();
    let said = source.map(|source| [source.ran(), source.since()]);
    let said = said.into_iter().flatten().flatten();
    lines.extend(said.map(|text| (Tone::Text, text)));
    let has_run = matches!(seed.state, SeedState::Applied | SeedState::Changed);
    if has_run && source.is_some_and(|source| source.ran.is_none()) {
        let text = "When it ran is not known: the journal does not have it.";
        lines.push((Tone::Muted, text.to_owned()));
    }
    let is_empty = |source: &SeedSource| {
        source
            .text
            .as_ref()
            .is_some_and(|text| text.trim().is_empty())
    };
    if source.is_some_and(is_empty) {
        lines.push((Tone::Muted, "The file is empty.".to_owned()));
    }
    if let Some(failure) = seeds
        .source
        .failure()
        .filter(|_| !seeds.source.is_loading())
    {
        lines.push((Tone::Danger, failure.why.to_string()));
    }
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

/// The rows above the SQL of the selected file: what is said of it, and a free one.
pub fn note_rows(model: &Model, columns: usize) -> usize {
    match row_count(&detail(model), columns) {
        0 => 0,
        rows => rows + 1,
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
