//! How the files of a run ended: what matters first, then a line a file, in words that are true of a rollback as well.

use super::{Line, Lines, Tone, problem};
use crate::domain::migration::{Direction, Outcome, StepEnd};
use crate::domain::plural::counted;
use crate::domain::problem::{Kind, Problem};
use crate::domain::seed::SeedOutcome;
use std::time::Duration;

/// The most files that the sum names of one kind of end.
const NAMED: usize = 3;

/// How a file ended, and what was run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Ended {
    end: StepEnd,
    /// Whether the run was cancelled.
    is_cancelled: bool,
    /// Whether it was a rollback file: undone, it leaves its migration applied.
    is_rollback: bool,
}

/// A file of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileEnd {
    ended: Ended,
    /// What it is called in the sum.
    name: String,
    /// What it is called in its line.
    label: String,
    /// A number about what is done.
    figure: String,
    /// What was said of it.
    notes: Vec<String>,
}

/// The files of a migration run.
pub fn migrated(outcome: &Outcome) -> Vec<FileEnd> {
    let is_cancelled = outcome.problem.as_ref().is_some_and(Problem::is_cancelled);
    let files = outcome.steps.iter().map(|step| FileEnd {
        ended: Ended {
            end: step.end,
            is_cancelled,
            is_rollback: step.direction == Direction::Rollback,
        },
        name: step.name.clone(),
        label: format!("{} {}", step.version, step.name),
        figure: took(step.took, step.waited),
        notes: step.notices.clone(),
    });
    files.collect()
}

/// How long a file took, and how long a lock was waited for before: `44 ms, after 12 s waiting for a lock`.
fn took(took: Duration, waited: Duration) -> String {
    let took = format!("{} ms", took.as_millis());
    match (waited.is_zero(), waited.as_secs()) {
        (true, _) => took,
        (_, 0) => format!("{took}, after less than 1 s waiting for a lock"),
        (_, seconds) => format!("{took}, after {seconds} s waiting for a lock"),
    }
}

/// The files of a seed run.
pub fn seeded(outcome: &SeedOutcome) -> Vec<FileEnd> {
    let is_cancelled = outcome.problem.as_ref().is_some_and(Problem::is_cancelled);
    let files = outcome.steps.iter().map(|step| FileEnd {
        ended: Ended {
            end: step.end,
            is_cancelled,
            is_rollback: false,
        },
        name: step.path.clone(),
        label: step.path.clone(),
        figure: format!(
            "{} changed",
            counted(usize::try_from(step.rows).unwrap_or(usize::MAX), "row")
        ),
        notes: step.changes.iter().chain(&step.notices).cloned().collect(),
    });
    files.collect()
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
}

impl FileEnd {
    fn line(&self) -> Line {
        let rest = match (self.ended.end, self.ended.is_rollback) {
            (StepEnd::Done, _) => format!("  ({})", self.figure),
            (StepEnd::RolledBack, false) => ": nothing of it remains".to_owned(),
            (StepEnd::RolledBack, true) => ": it is still applied, as before".to_owned(),
            (StepEnd::Unknown, _) => ": not known yet; read the list again".to_owned(),
            (StepEnd::Interrupted, false) => ": what was committed before remains".to_owned(),
            (StepEnd::Interrupted, true) => ": what it undid before stays undone".to_owned(),
            (StepEnd::NotRun, _) => String::new(),
        };
        let text = format!("{:<11}  {}{rest}", self.ended.word(), self.label);
        Line::new(self.ended.tone(), &text)
    }
}

/// The sum of several files: `30 done, 1 failed: t31, 2 not run`. Of the only one it is its line.
fn sum(files: &[FileEnd]) -> Option<Line> {
    if let [file] = files {
        return Some(file.line());
    }
    let mut groups: Vec<(Ended, Vec<&str>)> = Vec::new();
    for file in files {
        match groups.iter_mut().find(|(ended, _)| *ended == file.ended) {
            Some((_, names)) => names.push(&file.name),
            None => groups.push((file.ended, vec![&file.name])),
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
    Some(Line::new(tone, &words.collect::<Vec<_>>().join(", ")))
}

/// That a lock was not to be had, what is left of the file, and when it is tried again.
pub fn retrying(is_rollback: bool, (attempt, of): (u32, u32), pause: Duration) -> String {
    let left = if is_rollback {
        "it is still applied"
    } else {
        "nothing of it remains"
    };
    let seconds = pause.as_secs().max(1);
    format!("Could not get the lock: {left}. Retrying in {seconds} s ({attempt} of {of}).")
}

/// What is said beside the files.
#[derive(Debug, Clone, Copy, Default)]
pub struct Beside<'a> {
    /// What stopped the run, where nothing else says it.
    pub problem: Option<&'a Problem>,
    /// The versions of the history afterwards, or that they could not be read; absent of a run that changes no history.
    pub history: Option<Option<&'a [String]>>,
    /// Whether the notes of the files were not told while they ran.
    pub with_notes: bool,
}

/// The whole outcome. What matters comes first, however many files there are: the sum, what stopped it and what the history
/// says now.
pub fn page(files: &[FileEnd], beside: Beside) -> Lines {
    let mut lines = Lines::default();
    lines.lines.extend(sum(files));
    let apart = |lines: &mut Lines| {
        if !lines.lines.is_empty() {
            lines.blank();
        }
    };
    if let Some(stopped) = beside.problem {
        apart(&mut lines);
        problem(&mut lines, stopped);
    }
    match beside.history {
        None => {}
        Some(None) => {
            apart(&mut lines);
            let text = "The history could not be read afterwards.";
            lines.put(0, Tone::Warn, text);
        }
        Some(Some(history)) => {
            apart(&mut lines);
            let newest = history.last().map_or("none", String::as_str);
            let count = counted(history.len(), "migration");
            let text = format!("Checked: {count} applied, the newest is {newest}.");
            lines.put(0, Tone::Muted, &text);
        }
    }
    let mut below = Vec::new();
    for file in files {
        // The line of the only one is above already.
        if files.len() > 1 {
            below.push(file.line());
        }
        if beside.with_notes {
            let notes = file.notes.iter();
            below.extend(notes.map(|note| Line::new(Tone::Muted, note).indented(4)));
        }
    }
    if !below.is_empty() {
        apart(&mut lines);
        lines.lines.extend(below);
    }
    lines
}

/// How it ended, in the title: `done`, `cancelled`.
pub fn end(is_good: bool, problem: Option<&Problem>) -> &'static str {
    match problem.map(|problem| problem.kind) {
        _ if is_good => "done",
        Some(Kind::Internal) => "unknown",
        Some(Kind::Cancelled) => "cancelled",
        _ => "not done",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_that_a_lock_was_waited_for_is_said() {
        let ms = Duration::from_millis;
        for (waited, text) in [
            (0, "44 ms"),
            (300, "44 ms, after less than 1 s waiting for a lock"),
            (12_400, "44 ms, after 12 s waiting for a lock"),
        ] {
            assert_eq!(took(ms(44), ms(waited)), text);
        }
    }
}
