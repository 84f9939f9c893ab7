//! What a dry run knows nothing of: files that it did not run, and files that it ran without measuring. Both faces say it
//! in these words, before what was found in the others.

use super::{End, Environment, Report, StepReport};
use crate::domain::plural::listed;

/// Files of a plan of which nothing is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotCovered {
    /// Those that run outside a transaction.
    alone: Vec<String>,
    /// Those that do what a rollback does not undo.
    outside: Vec<String>,
    /// Those that were undone, because their failure says nothing.
    unsure: Vec<String>,
    /// Those that were left out because too many before them failed only in the dry run.
    unreached: Vec<String>,
    /// How many they are.
    pub count: usize,
    /// Whether nothing is known of any file.
    pub is_all: bool,
}

impl Report {
    /// What is said where no loss was found; `None` where one was, or where something was not counted.
    pub fn no_loss(&self) -> Option<&'static str> {
        let is_sure = self.losses.is_empty() && self.uncounted.is_empty();
        is_sure.then_some(match self.on {
            Environment::Target => "No data is lost",
            // Nothing can be lost where nothing is.
            Environment::Scratch => "Not known: the scratch database has no data of this one",
        })
    }

    /// The files that were not run.
    pub fn unrehearsed(&self) -> Option<NotCovered> {
        self.unknown(|_| false)
    }

    /// The files whose locks and losses nobody saw: those that were not run, and those that ran outside a transaction.
    pub fn unmeasured(&self) -> Option<NotCovered> {
        self.unknown(|step| step.end == End::Passed && step.note.is_some())
    }

    fn unknown(&self, is_unseen: impl Fn(&StepReport) -> bool) -> Option<NotCovered> {
        let named = |is_so: &dyn Fn(&StepReport) -> bool| -> Vec<String> {
            let steps = self.steps.iter().filter(|step| is_so(step));
            steps
                .map(|step| format!("{} {}", step.version, step.name))
                .collect()
        };
        let alone = named(&|step| step.end == End::Skipped || is_unseen(step));
        let outside = named(&|step| step.end == End::Refused);
        let unsure = named(&|step| step.end == End::Unsure);
        // A failure says itself that what follows it was not reached.
        let is_unreached =
            |step: &StepReport| step.end == End::NotReached && self.problem.is_none();
        let unreached = named(&is_unreached);
        let count = alone.len() + outside.len() + unsure.len() + unreached.len();
        (count > 0).then_some(NotCovered {
            is_all: count == self.steps.len(),
            alone,
            outside,
            unsure,
            unreached,
            count,
        })
    }
}

/// So many lines are named one by one.
const MOST_LINES: usize = 6;

impl StepReport {
    /// What is said of a file that was run without its own BEGIN and COMMIT words.
    pub fn as_one_transaction(&self) -> Option<String> {
        let lines = self.left_out.iter().filter_map(|word| word.line);
        let lines: Vec<String> = lines.map(|line| line.to_string()).collect();
        let names: Vec<&str> = lines.iter().map(String::as_str).collect();
        let place = match names.as_slice() {
            _ if self.left_out.is_empty() => return None,
            [one] => format!(" on line {one}"),
            several if !several.is_empty() && several.len() <= MOST_LINES => {
                format!(" on lines {}", listed(several))
            }
            _ => String::new(),
        };
        let words = match self.left_out.len() {
            1 => "Its own transaction word".to_owned(),
            count => format!("{count} transaction words of its own"),
        };
        Some(format!(
            "Run here as one transaction: {words}{place} {} left out, and what each COMMIT checks was checked in its place. So `now()` is the same in all of the file, each lock is held to its end, and a failure undoes all of it; a run keeps what it has committed before.",
            if self.left_out.len() == 1 {
                "was"
            } else {
                "were"
            }
        ))
    }
}

impl NotCovered {
    /// Whether all of them ran here, and failed in a way that says nothing of a run.
    pub fn was_run(&self) -> bool {
        self.unsure.len() == self.count
    }

    /// What stands above everything else about files that were not run.
    pub fn not_rehearsed(&self) -> String {
        let mut said = Vec::new();
        if !self.alone.is_empty() {
            let (they, run) = match self.alone.len() {
                1 => ("it changes, locks and loses", "it runs"),
                _ => ("they change, lock and lose", "they run"),
            };
            said.push(format!(
                "Not run here, because {run} outside a transaction: {}. Nothing is known of what {they}; `supadeck migration plan --on scratch` tries it on a scratch database.",
                names(&self.alone)
            ));
        }
        if !self.outside.is_empty() {
            let (they, does) = match self.outside.len() {
                1 => ("it changes, locks and loses", "it does"),
                _ => ("they change, lock and lose", "they do"),
            };
            said.push(format!(
                "Not run here, because {does} what a rollback does not undo: {}. Nothing is known of what {they}; read every line before it is applied.",
                names(&self.outside)
            ));
        }
        if !self.unsure.is_empty() {
            let they = match self.unsure.len() {
                1 => "it changes, locks and loses",
                _ => "they change, lock and lose",
            };
            said.push(format!(
                "Failed here, and not known to fail in a run: {}; the reason stands with the file. Nothing is known of what {they}; `supadeck migration plan --on scratch` tries it on a scratch database.",
                names(&self.unsure)
            ));
        }
        if !self.unreached.is_empty() {
            let they = match self.unreached.len() {
                1 => "it changes, locks and loses",
                _ => "they change, lock and lose",
            };
            said.push(format!(
                "Not run here, because too many files before failed only in the dry run: {}. Nothing is known of what {they}; `supadeck migration plan --on scratch` tries it on a scratch database.",
                names(&self.unreached)
            ));
        }
        said.join(" ")
    }

    /// What stands in a section about something that nobody saw of these files.
    pub fn not_known(&self) -> String {
        let all: Vec<String> = self
            .alone
            .iter()
            .chain(&self.outside)
            .chain(&self.unsure)
            .chain(&self.unreached)
            .cloned()
            .collect();
        format!("Not known of {}.", names(&all))
    }
}

fn names(files: &[String]) -> String {
    let files: Vec<&str> = files.iter().map(String::as_str).collect();
    listed(&files)
}
