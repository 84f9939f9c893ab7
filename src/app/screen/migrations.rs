//! The Migrations screen: the list with states, and the SQL of the selected version.

use crate::app::loadable::Loadable;
use crate::app::outline::{OUTLINE_FROM, OutlineView, rooms};
use crate::app::rows::Rows;
use crate::app::table::{Row, Table};
use crate::domain::migration::{
    Entry, MigrationList, PlanRequest, RollbackFile, SourceTexts, State, Target,
};
use crate::domain::problem::Problem;
use crate::domain::sql::outline::Outline;
use jiff::Timestamp;
use std::borrow::Cow;
use std::path::PathBuf;

/// Which SQL of the selected version is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Side {
    /// The migration file.
    #[default]
    Up,
    /// The rollback file.
    Down,
    /// What the history says was applied.
    Applied,
}

impl Side {
    /// The next one, around the end.
    pub fn next(self) -> Self {
        match self {
            Self::Up => Self::Down,
            Self::Down => Self::Applied,
            Self::Applied => Self::Up,
        }
    }

    /// The word above the SQL.
    pub fn title(self) -> &'static str {
        match self {
            Self::Up => "migration",
            Self::Down => "rollback",
            Self::Applied => "as applied",
        }
    }
}

/// The state of the screen.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Migrations {
    /// One row a version.
    pub table: Table<Entry>,
    /// The database they were compared with.
    pub target: Option<Target>,
    /// Files that are no migrations, with reasons.
    pub skipped: Vec<String>,
    /// The SQL of a version.
    pub sources: Loadable<SourceTexts>,
    /// Which of it is shown.
    pub side: Side,
    /// What is said of the selected version, in rows.
    pub note: Rows,
    /// The SQL that is shown, in rows.
    pub rows: Rows,
    /// In its place the outline of one that is too long.
    pub outline: Option<Box<OutlineView>>,
    /// Which version and side the outline is of, and when they were read.
    outline_of: Option<(String, Side, Option<Timestamp>)>,
    /// The version to be selected when its row is there.
    pub wanted: Option<String>,
    /// Which version and side the rows are of; none when they may be old.
    rows_of: Option<(String, Side)>,
}

impl Migrations {
    /// Takes a list.
    pub fn arrived(&mut self, result: Result<MigrationList, Problem>, at: Timestamp) {
        let is_first = self.table.remote.held().is_none();
        let rows = result.map(|listing| {
            self.target = Some(listing.target);
            self.skipped = listing.skipped;
            listing.entries
        });
        self.table.arrived(rows, at);
        if is_first {
            self.select_first_of_interest();
        }
        if let Some(version) = self.wanted.take() {
            self.table.select(&version);
        }
    }

    /// Puts the selection where the next step is: on the first pending version, else on the newest.
    fn select_first_of_interest(&mut self) {
        let rows = self.table.rows();
        let pending = rows.iter().position(|entry| entry.state == State::Pending);
        if let Some(row) = pending.or(rows.len().checked_sub(1)) {
            self.table.list.select_row(row);
        }
    }

    /// The SQL that is shown, or why there is none. Of a long one its beginning.
    pub fn text(&self) -> Result<Cow<'_, str>, &'static str> {
        self.whole_text().map(|text| match text {
            Cow::Borrowed(text) => read_part(text),
            Cow::Owned(text) => Cow::Owned(read_part(&text).into_owned()),
        })
    }

    /// All of it.
    fn whole_text(&self) -> Result<Cow<'_, str>, &'static str> {
        let Some(entry) = self.table.selected() else {
            return Err("");
        };
        let Some(sources) = self
            .sources
            .held()
            .filter(|sources| sources.version == entry.version)
        else {
            return Err("Reading the file.");
        };
        match self.side {
            Side::Up => sources
                .up
                .as_deref()
                .map(Cow::Borrowed)
                .ok_or("There is no migration file for this version."),
            Side::Down => sources
                .down
                .as_deref()
                .map(Cow::Borrowed)
                .ok_or("There is no rollback file: this migration cannot be rolled back."),
            Side::Applied => match &sources.applied {
                Some(statements) if statements.is_empty() => {
                    Err("The history stores no statements for this version.")
                }
                Some(statements) => {
                    let text = statements.iter().map(|s| format!("{s};\n"));
                    Ok(Cow::Owned(text.collect::<Vec<_>>().join("\n")))
                }
                None => Err("This version is not applied."),
            },
        }
    }

    /// Something was read: what is shown may be another text.
    pub fn read_again(&mut self) {
        self.rows_of = None;
    }

    /// Makes the outline of a text that is too long to be read, unless it is there.
    fn outline(&mut self, shown: Option<&(String, Side)>) {
        let of = shown.map(|(version, side)| (version.clone(), *side, self.sources.read_at()));
        let text = self.whole_text();
        let long = text.ok().filter(|text| text.len() > OUTLINE_FROM);
        if long.is_some() && self.outline.is_some() && self.outline_of == of {
            return;
        }
        let outline = long.map(|text| Box::new(OutlineView::new(Outline::of_file(&text))));
        self.outline = outline;
        self.outline_of = of;
    }

    /// Lays the details out in so many columns and rows. Gives the row at which the text at `top` stands then.
    pub fn fit(&mut self, (columns, height): (u16, u16), top: usize) -> usize {
        let shown = self
            .table
            .selected()
            .map(|entry| (entry.key().to_owned(), self.side));
        if self.rows_of.is_none() || self.rows_of != shown {
            let note = self
                .table
                .selected()
                .and_then(|entry| entry.note.as_deref());
            self.note = Rows::plain(note.unwrap_or_default());
            self.outline(shown.as_ref());
            self.rows = match self.whole_text() {
                Ok(text) if self.outline.is_none() && !text.trim().is_empty() => {
                    Rows::sql(&text).with_numbers()
                }
                _ => Rows::default(),
            };
            self.rows_of = shown;
        }
        let above = self.note_rows();
        let byte = self.rows.bytes(top.saturating_sub(above)..usize::MAX).start;
        let is_in_text = top > 0 && top >= above && !self.rows.is_empty();
        self.note.fit(columns);
        self.rows.fit(columns);
        let above = self.note_rows();
        if let Some(outline) = &mut self.outline {
            outline.follow(rooms(above, height.into()).1);
            return 0;
        }
        if is_in_text {
            self.note_rows() + self.rows.row_of(byte)
        } else {
            top
        }
    }

    /// The rows above the SQL: the note and a free one.
    pub fn note_rows(&self) -> usize {
        match self.note.len() {
            0 => 0,
            rows => rows + 1,
        }
    }

    /// What applying up to the selected row means, or why it cannot be.
    pub fn apply_wish(&self) -> Result<PlanRequest, String> {
        let entry = self.table.selected().ok_or("No migration is selected.")?;
        match entry.state {
            State::Pending | State::OutOfOrder => Ok(PlanRequest::Apply {
                to: Some(entry.version.clone()),
                include_out_of_order: entry.state == State::OutOfOrder,
            }),
            State::Invalid => Err("This file cannot be used; its note says why.".into()),
            State::Interrupted => Err(interrupted(entry)),
            State::Applied | State::Edited | State::Missing | State::Renamed => Err(format!(
                "{} is applied already; select a pending migration.",
                entry.version
            )),
        }
    }

    /// What is dry-run at the selected row: applying up to it when it is pending, else rolling back to it.
    pub fn rehearsal_wish(&self) -> Result<PlanRequest, String> {
        let is_recorded = self
            .table
            .selected()
            .is_some_and(|entry| entry.recorded.is_some());
        if is_recorded {
            self.rollback_wish()
        } else {
            self.apply_wish()
        }
    }

    /// What rolling back to the selected row means, or why it cannot be.
    pub fn rollback_wish(&self) -> Result<PlanRequest, String> {
        let entry = self.table.selected().ok_or("No migration is selected.")?;
        if entry.state == State::Interrupted {
            return Err(interrupted(entry));
        }
        let is_applied = |e: &&Entry| e.recorded.is_some();
        if !is_applied(&entry) {
            return Err(format!(
                "{} is not applied; select an applied migration.",
                entry.version
            ));
        }
        let newest = self.table.rows().iter().rfind(is_applied);
        if newest.is_some_and(|newest| newest.version == entry.version) {
            has_way_back(entry)?;
            return Ok(PlanRequest::RollbackLast { count: 1 });
        }
        let newer = self.table.rows().iter().filter(is_applied);
        let newer = newer.filter(|other| other.version > entry.version);
        for other in newer {
            has_way_back(other)?;
        }
        Ok(PlanRequest::RollbackTo {
            version: entry.version.clone(),
        })
    }

    /// The file whose text is shown, or why there is none to edit.
    pub fn shown_file(&self) -> Result<PathBuf, String> {
        let entry = self.table.selected().ok_or("no migration is selected")?;
        let missing = || format!("there is no migration file for {}", entry.version);
        match self.side {
            Side::Up => entry.file.clone().ok_or_else(missing),
            Side::Down if entry.way_back == RollbackFile::Missing => Err(format!(
                "{} has no rollback file; make one first",
                entry.version
            )),
            Side::Down => entry.rollback_file().ok_or_else(missing),
            Side::Applied => Err(
                "what was applied is in the history and in no file; show the migration or its rollback"
                    .to_owned(),
            ),
        }
    }

    /// The version whose files can be deleted, or why they cannot.
    pub fn deletable(&self) -> Result<String, String> {
        let entry = self.table.selected().ok_or("no migration is selected")?;
        if entry.is_waiting() {
            return Ok(entry.version.clone());
        }
        Err(format!(
            "only a pending migration can be deleted, and {} is {}",
            entry.version,
            entry.state.word()
        ))
    }

    /// The wish to redo the newest applied migration, wherever the selection stands.
    pub fn redo_wish(&self) -> Result<PlanRequest, String> {
        let mut rows = self.table.rows().iter();
        let newest = rows.rfind(|entry| entry.recorded.is_some());
        let newest = newest.ok_or("No migration is applied.")?;
        if newest.state == State::Interrupted {
            return Err(interrupted(newest));
        }
        Ok(PlanRequest::Redo)
    }

    /// The wish to roll back everything. Only on the first applied migration: the key next to it must not lead there from
    /// anywhere.
    pub fn rollback_all_wish(&self) -> Result<PlanRequest, String> {
        let mut rows = self.table.rows().iter();
        let first = rows.find(|entry| entry.recorded.is_some());
        let first = first.ok_or("No migration is applied.")?;
        let is_here = |entry: &Entry| entry.version == first.version;
        if !self.table.selected().is_some_and(is_here) {
            return Err(format!(
                "Select {}, the first applied, to roll back everything.",
                first.version
            ));
        }
        Ok(PlanRequest::RollbackTo {
            version: "0".into(),
        })
    }
}

/// Whether a version can be rolled back. Of one whose files are gone, the history may hold the way.
fn has_way_back(entry: &Entry) -> Result<(), String> {
    if entry.file.is_some() && entry.way_back == RollbackFile::Missing {
        return Err(format!(
            "{} has no rollback file; make one first.",
            entry.version
        ));
    }
    // What is wrong with one that is there, the plan says.
    Ok(())
}

/// Why nothing begins at a version that stands in the middle: how it goes on is a choice of its own.
fn interrupted(entry: &Entry) -> String {
    format!(
        "{} stopped in the middle; choose how to fix it.",
        entry.version
    )
}

/// The part of a text that is shown: one of hundreds of megabytes must not hold up a frame. A cut one says so in its last line.
pub(in crate::app) fn read_part(text: &str) -> Cow<'_, str> {
    if text.len() <= OUTLINE_FROM {
        return Cow::Borrowed(text);
    }
    let cut = (0..=OUTLINE_FROM)
        .rev()
        .find(|at| text.is_char_boundary(*at))
        .unwrap_or(0);
    let rest = text.len() - cut;
    Cow::Owned(format!(
        "{}\n-- It goes on for {rest} bytes that are not shown here.\n",
        &text[..cut]
    ))
}

impl Row for Entry {
    fn key(&self) -> &str {
        if self.version.is_empty() {
            &self.name
        } else {
            &self.version
        }
    }
    fn haystack(&self) -> String {
        format!("{} {} {}", self.version, self.name, self.state.word())
    }
}
