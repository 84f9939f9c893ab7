//! The Journal screen: what supadeck ran or repaired on this database, newest first.

use crate::app::table::{Row, Table};
use crate::domain::migration::Target;
use crate::domain::migration::journal::{Journal, Line};
use crate::domain::moment::{Form, moment};
use crate::domain::problem::Problem;
use crate::domain::report::Tone;
use jiff::Timestamp;

/// The lines that are read: enough for a look back; `supadeck migration log` reads as many as are wanted.
pub const NEWEST: u32 = 500;

/// The state of the screen.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct JournalScreen {
    /// One row a line of the journal.
    pub table: Table<Kept>,
    /// Whether the database has a journal at all.
    pub is_kept: bool,
    /// The database.
    pub target: Option<Target>,
}

/// A line with the key that the selection follows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    key: String,
    /// The line.
    pub line: Line,
}

impl JournalScreen {
    /// Takes an answer. Gives the lines that are new since it was read before, newest first; none where it was not.
    pub fn arrived(&mut self, result: Result<Journal, Problem>, at: Timestamp) -> Vec<Line> {
        let new = match (&result, self.table.remote.held()) {
            (Ok(journal), Some(before)) => {
                let before: Vec<&Line> = before.iter().map(|kept| &kept.line).collect();
                let lines = journal.lines.iter();
                let new = lines.filter(|line| !before.contains(line));
                new.cloned().collect()
            }
            _ => Vec::new(),
        };
        let rows = result.map(|journal| {
            self.is_kept = journal.is_kept;
            self.target = Some(journal.target);
            journal.lines.into_iter().map(Kept::from).collect()
        });
        self.table.arrived(rows, at);
        new
    }
}

impl JournalScreen {
    /// The selected line in full, as paragraphs.
    pub fn detail(&self) -> Vec<(Tone, String)> {
        let Some(kept) = self.table.selected() else {
            return Vec::new();
        };
        let line = &kept.line;
        let mut lines = Vec::new();
        let took = line
            .took_ms
            .map_or_else(String::new, |ms| format!(", took {ms} ms"));
        let at = line.started;
        let when = at.map_or_else(String::new, |at| moment(at, Form::Detail));
        lines.push((Tone::Text, format!("{when}{took}")));
        let host = line
            .host
            .as_deref()
            .map_or_else(String::new, |host| format!(" from {host}"));
        lines.push((Tone::Text, format!("by {}{host}", line.who)));
        if let Some(statement) = line.failing_statement {
            lines.push((
                Tone::Danger,
                format!("It stopped at statement {statement}."),
            ));
        }
        if let Some(error) = &line.error {
            lines.push((Tone::Text, String::new()));
            lines.extend(error.lines().map(|text| (Tone::Danger, text.to_owned())));
            lines.push((Tone::Text, String::new()));
        }
        if let Some(sha256) = &line.sha256 {
            lines.push((Tone::Muted, format!("file sha256 {sha256}")));
        }
        if let Some(target) = &self.target {
            let text = format!("{} on {} as {}", target.database, target.host, target.role);
            lines.push((Tone::Muted, text));
        }
        lines
    }
}

impl From<Line> for Kept {
    fn from(line: Line) -> Self {
        let started = line.started.map_or_else(String::new, |at| at.to_string());
        Self {
            key: format!("{started} {} {}", line.version, line.direction),
            line,
        }
    }
}

impl Row for Kept {
    fn key(&self) -> &str {
        &self.key
    }
    fn haystack(&self) -> String {
        let line = &self.line;
        let when = line.started.map(|at| moment(at, Form::Detail));
        format!(
            "{} {} {} {} {} {}",
            when.unwrap_or_default(),
            self.key,
            line.outcome,
            line.who,
            line.host.as_deref().unwrap_or_default(),
            line.error.as_deref().unwrap_or_default()
        )
    }
}
