//! What a rehearsal knows nothing of: files that it did not run, and files that it ran without measuring. Both faces say it
//! in these words, before what was found in the others.

use super::{End, Report, StepReport};
use crate::domain::count::listed;

/// Files of a plan of which nothing is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unknown {
    names: String,
    /// How many they are.
    pub count: usize,
    /// Whether nothing is known of any file.
    pub is_all: bool,
}

impl Report {
    /// The files that were skipped.
    pub fn unrehearsed(&self) -> Option<Unknown> {
        self.unknown(|step| step.end == End::Skipped)
    }

    /// The files whose locks and losses nobody saw: those that were skipped, and those that ran outside a transaction.
    pub fn unmeasured(&self) -> Option<Unknown> {
        self.unknown(|step| {
            step.end == End::Skipped || (step.end == End::Passed && step.note.is_some())
        })
    }

    fn unknown(&self, is_so: impl Fn(&StepReport) -> bool) -> Option<Unknown> {
        let names: Vec<String> = self
            .steps
            .iter()
            .filter(|step| is_so(step))
            .map(|step| format!("{} {}", step.version, step.name))
            .collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        (!names.is_empty()).then(|| Unknown {
            names: listed(&names),
            count: names.len(),
            is_all: names.len() == self.steps.len(),
        })
    }
}

impl Unknown {
    /// What stands above everything else about files that were skipped.
    pub fn not_rehearsed(&self) -> String {
        let (they, run) = match self.count {
            1 => ("it changes, locks and loses", "it runs"),
            _ => ("they change, lock and lose", "they run"),
        };
        format!(
            "Not rehearsed, because {run} outside a transaction: {}. Nothing is known of what {they}; `supadeck migration plan --on scratch` tries it on a scratch database.",
            self.names
        )
    }

    /// What stands in a section about something that nobody saw of these files.
    pub fn not_known(&self) -> String {
        format!("Not known of {}.", self.names)
    }
}
