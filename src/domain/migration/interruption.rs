//! A file that ran outside a transaction and did not come to its end: where it stands, and what is left behind.

use super::history::History;
use super::lock_holder::LockHolder;
use super::resolution::{Correction, Repair, Resolution, Suggestion};
use super::{Direction, Entry, State};
use serde::Serialize;
use std::collections::HashSet;

/// How a file of a plan runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum StepMode {
    /// In one transaction with its history row: all of it or nothing.
    #[default]
    Transaction,
    /// Statement by statement outside a transaction, with its position in the journal.
    Alone,
}

/// A run outside a transaction whose end is not in the journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Interruption {
    /// The version.
    pub version: String,
    /// Which file was run.
    pub direction: Direction,
    /// SHA-256 of the file's bytes, in hex.
    pub sha256: String,
    /// The statement to go on from, counted from 1; one more than [`Self::of`] when only the history row is missing.
    pub resume_at: usize,
    /// The statement it stopped at, counted from 1.
    pub statement: usize,
    /// How many statements the file has.
    pub of: usize,
    /// Whether that statement may have been done all the same, or in part: its answer never came, or it can commit by itself.
    pub is_in_doubt: bool,
    /// What went wrong, when somebody was there to see it.
    pub error: Option<String>,
    /// Invalid indexes that were not there before the file ran.
    pub invalid_indexes: Vec<String>,
    /// The runner that is at it right now: then it is not interrupted at all.
    pub runner: Option<LockHolder>,
    /// What the server still runs of it although its runner is gone.
    pub leftover: Option<LockHolder>,
}

impl Interruption {
    /// Where it stands, for the list.
    pub fn note(&self) -> String {
        let (at, of) = (self.statement.min(self.of), self.of);
        if let Some(runner) = &self.runner {
            return format!("It runs now, at statement {at} of {of} ({runner}).");
        }
        let file = match self.direction {
            Direction::Apply => "It",
            Direction::Rollback => "Its rollback",
        };
        let mut note = if self.resume_at > self.of {
            format!("{file} ran all its {of} statements, and was not recorded.")
        } else {
            format!("{file} stopped at statement {at} of {of}.")
        };
        match &self.leftover {
            Some(leftover) => note.push_str(&format!(" The server is still at it ({leftover}).")),
            None if self.is_in_doubt => {
                note.push_str(" It may or may not have been done, or only in part.");
            }
            None => {}
        }
        if let Some(error) = &self.error {
            note.push_str(&format!(" The error: {}.", error.trim_end_matches('.')));
        }
        if !self.invalid_indexes.is_empty() {
            note.push_str(&format!(
                " Left behind and invalid: {}.",
                self.invalid_indexes.join(", ")
            ));
        }
        note
    }

    /// The ways out, for a hint.
    pub fn ways_out(&self) -> String {
        let (verb, version) = (self.direction.verb(), &self.version);
        let leftover = match &self.leftover {
            Some(leftover) => format!(
                "Wait until pid {0} is done, or end it with `select pg_terminate_backend({0})`. Then go ",
                leftover.pid
            ),
            None => "Go ".to_owned(),
        };
        let indexes = drop_first(&self.invalid_indexes);
        format!(
            "{indexes}{leftover}on from statement {} with `supadeck migration {verb} --resume`, run the whole file again with `--retry`{}, or settle it by hand and say so with `supadeck migration repair --status applied|reverted {version}`.",
            self.resume_at.min(self.of),
            match self.done() {
                0 => String::new(),
                done => format!(" ({})", repeated(done).to_lowercase()),
            }
        )
    }

    /// How many statements ran already, from the first one.
    pub fn done(&self) -> usize {
        (self.resume_at - 1).min(self.of)
    }
}

/// What to do first about indexes that were left behind invalid, with a blank behind it; empty where there is none.
pub fn drop_first(indexes: &[String]) -> String {
    match indexes.first() {
        Some(index) => format!(
            "Where a statement makes it again, drop what is invalid first (`drop index concurrently {index}`). "
        ),
        None => String::new(),
    }
}

/// What running a file of `of` statements again from its start repeats, and that the place it stopped at is lost by it.
/// None when nothing of it was done.
pub fn repetition(done: usize, of: usize) -> Option<String> {
    let repeated = match done {
        0 => return None,
        done => repeated(done),
    };
    let lost = if done < of {
        format!(
            "From then on `--resume` goes on where that run stops, no longer at statement {}.",
            done + 1
        )
    } else {
        "`--resume` would only record them.".to_owned()
    };
    Some(format!("{repeated}. {lost}"))
}

fn repeated(done: usize) -> String {
    if done == 1 {
        "Statement 1 ran already and runs again".to_owned()
    } else {
        format!("Statements 1 to {done} ran already and run again")
    }
}

/// The interrupted runs that somebody has to decide about.
pub fn unsettled(history: &History) -> impl Iterator<Item = &Interruption> {
    let applied = applied(history);
    history
        .interrupted
        .iter()
        .filter(move |interruption| interruption.runner.is_none() && interruption.is_open(&applied))
}

/// Puts runs that are under way or were interrupted into the list.
pub(super) fn mark(entries: &mut [Entry], history: &History) {
    let applied = applied(history);
    let told = history
        .interrupted
        .iter()
        .filter(|one| one.runner.is_some() || one.is_open(&applied));
    for interruption in told {
        let own = entries
            .iter_mut()
            .filter(|entry| entry.version == interruption.version && entry.state != State::Invalid);
        for entry in own {
            entry.note = Some(interruption.note());
            // Whoever runs it right now may well bring it to its end.
            if interruption.runner.is_none() {
                entry.state = State::Interrupted;
                entry.ways = interruption.ways();
            }
        }
    }
}

fn applied(history: &History) -> HashSet<String> {
    history.versions().into_iter().collect()
}

impl Interruption {
    /// Whether the history still says what it said before the file ran: else another tool has settled it.
    fn is_open(&self, applied: &HashSet<String>) -> bool {
        applied.contains(&self.version) == (self.direction == Direction::Rollback)
    }

    fn ways(&self) -> Vec<Suggestion> {
        let (applied, reverted) = match self.direction {
            Direction::Apply => (
                "Says that all of it was done by hand.",
                "Says that what it did was undone by hand.",
            ),
            // A rollback that is done leaves the version reverted.
            Direction::Rollback => (
                "Says that what the rollback did was undone by hand, and the migration is there again.",
                "Says that the rest of the rollback was done by hand, and the migration is gone.",
            ),
        };
        let go_on = |from_start, what: String| {
            let direction = self.direction;
            let resolution = Resolution::GoOn {
                direction,
                from_start,
            };
            Suggestion::new(resolution, what)
        };
        let repair = |status, what| {
            let correction = Correction::repair(status, &self.version);
            Suggestion::new(Resolution::Correct(correction), what)
        };
        let ways = [
            go_on(
                false,
                match self.done() {
                    done if done >= self.of => "Runs nothing again, and records it.".to_owned(),
                    done => format!("Goes on from statement {}.", done + 1),
                },
            ),
            go_on(
                true,
                match repetition(self.done(), self.of) {
                    Some(repetition) => format!("Runs the whole file again. {repetition}"),
                    None => "Runs the whole file again.".to_owned(),
                },
            ),
            repair(Repair::Applied, applied),
            repair(Repair::Reverted, reverted),
        ];
        ways.into_iter().flatten().collect()
    }
}
