//! How the files of a run ended: the line of each, and the sum of many, in words that are true of a rollback as well.

use super::result::Tone;
use crate::domain::migration::StepEnd;
use crate::domain::plural::counted;

/// The most files that the sum names of one kind of end.
const NAMED: usize = 3;

/// How a file ended, and what was run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ended {
    /// Its end.
    pub end: StepEnd,
    /// Whether the run was cancelled.
    pub is_cancelled: bool,
    /// Whether it was a rollback file: undone, it leaves its migration applied.
    pub is_rollback: bool,
}

/// A file of a run.
#[derive(Debug)]
pub(super) struct FileRow {
    /// How it ended.
    pub ended: Ended,
    /// What it is called in the sum.
    pub name: String,
    /// Its line.
    pub line: (Tone, String),
    /// What stands below its line.
    pub notes: Vec<String>,
}

impl Ended {
    /// The word for it. A transaction that was undone is no rollback in the sense of who asked for one.
    fn word(self) -> &'static str {
        match self.end {
            StepEnd::Done => "done",
            StepEnd::RolledBack if self.is_cancelled => "cancelled",
            StepEnd::RolledBack => "failed",
            StepEnd::Unknown => "unknown",
            StepEnd::Interrupted => "interrupted",
            StepEnd::NotRun => "not run",
        }
    }

    fn tone(self) -> Tone {
        match self.end {
            StepEnd::Done => Tone::Ok,
            StepEnd::NotRun => Tone::Warn,
            StepEnd::RolledBack if self.is_cancelled => Tone::Warn,
            StepEnd::RolledBack | StepEnd::Unknown | StepEnd::Interrupted => Tone::Danger,
        }
    }

    /// The line of a file, with a figure when it is done.
    pub fn line(self, name: &str, figure: &str) -> (Tone, String) {
        let rest = match (self.end, self.is_rollback) {
            (StepEnd::Done, _) => format!("  ({figure})"),
            (StepEnd::RolledBack, false) => ": nothing of it remains".to_owned(),
            (StepEnd::RolledBack, true) => ": it is still applied, as before".to_owned(),
            (StepEnd::Unknown, _) => ": nobody can say yet; read the list again".to_owned(),
            (StepEnd::Interrupted, false) => ": what was committed before remains".to_owned(),
            (StepEnd::Interrupted, true) => ": what it undid before stays undone".to_owned(),
            (StepEnd::NotRun, _) => String::new(),
        };
        (self.tone(), format!("{:<11}  {name}{rest}", self.word()))
    }
}

/// What stands above the rest: the line of the only file, or the sum of several; `30 done, 1 failed: t31, 2 not run`.
pub(super) fn sum(rows: &[FileRow]) -> Option<(Tone, String)> {
    if let [row] = rows {
        return Some(row.line.clone());
    }
    let mut groups: Vec<(Ended, Vec<&str>)> = Vec::new();
    for row in rows {
        match groups.iter_mut().find(|(ended, _)| *ended == row.ended) {
            Some((_, names)) => names.push(&row.name),
            None => groups.push((row.ended, vec![&row.name])),
        }
    }
    // Where all files ended alike it is their tone, else that of the one that stopped the run.
    let stopped = |ended: &Ended| !matches!(ended.end, StepEnd::Done | StepEnd::NotRun);
    let mut ends = groups.iter().map(|(ended, _)| *ended);
    let tone = ends.clone().find(stopped).or(ends.next_back())?.tone();
    let words = groups.iter().map(|(ended, names)| {
        let text = format!("{} {}", names.len(), ended.word());
        if !stopped(ended) {
            return text;
        }
        let named = names.iter().take(NAMED).copied().collect::<Vec<_>>();
        let more = match names.len().saturating_sub(NAMED) {
            0 => String::new(),
            rest => format!(" and {}", counted(rest, "more file")),
        };
        format!("{text}: {}{more}", named.join(", "))
    });
    Some((tone, words.collect::<Vec<_>>().join(", ")))
}

/// Every file with what was said of it; the line of the only one stands above already.
pub(super) fn lines(rows: Vec<FileRow>) -> Vec<(Tone, String)> {
    let is_only = rows.len() == 1;
    let mut lines = Vec::new();
    for row in rows {
        if !is_only {
            lines.push(row.line);
        }
        let notes = row.notes.into_iter();
        lines.extend(notes.map(|note| (Tone::Muted, format!("    {note}"))));
    }
    lines
}
