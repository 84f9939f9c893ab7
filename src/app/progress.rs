//! The write that is under way: what it is, where it is, and what it waits for.

use super::ticket::Ticket;
use crate::domain::migration::{Plan, Progress, StepMode};

/// The write that is under way.
#[derive(Debug, Clone, PartialEq)]
pub struct Running {
    /// Its ticket.
    pub ticket: Ticket,
    /// What it is, for people: `Applying 2 migrations`.
    pub what: String,
    /// Whether it can be stopped half-way.
    pub can_cancel: bool,
    /// Whether the user asked to stop it.
    pub is_cancelling: bool,
    /// Where it is, for runs of files.
    pub progress: RunProgress,
}

/// Notices that are held while something runs: the newest ones, more than any screen shows.
const HELD_NOTICES: usize = 200;

/// Where a run of files is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RunProgress {
    /// The names of the files with their numbers of statements.
    pub steps: Vec<(String, usize)>,
    /// The step that runs now.
    pub step: usize,
    /// Statements of that step that are finished.
    pub done: usize,
    /// Whether a file runs outside a transaction, so that what it has done stays.
    pub is_alone: bool,
    /// What is waited for, in a sentence.
    pub waits_for: Option<String>,
    /// What the server said.
    pub notices: Vec<String>,
}

impl RunProgress {
    /// The progress of a plan that was not begun.
    pub fn of(plan: &Plan) -> Self {
        let steps = plan.steps.iter();
        Self {
            steps: steps
                .map(|step| {
                    (
                        format!("{} {}", step.version, step.name),
                        step.statements.len(),
                    )
                })
                .collect(),
            is_alone: plan.steps.iter().any(|step| step.mode == StepMode::Alone),
            ..Self::default()
        }
    }

    /// Takes news.
    pub fn take(&mut self, news: Progress) {
        self.waits_for = match &news {
            Progress::WaitingForLock { holder: None } => {
                Some("Another runner holds the lock; waiting for it.".to_owned())
            }
            Progress::WaitingForLock {
                holder: Some(holder),
            } => Some(format!("Another runner holds the lock: {holder}.")),
            Progress::Blocked { blocker, .. } => Some(format!("Waiting for {blocker}.")),
            Progress::TryingAgain {
                attempt, of, pause, ..
            } => Some(format!(
                "The lock was not to be had: rolled back, try {attempt} of {of} in {} s.",
                pause.as_secs().max(1)
            )),
            Progress::Notice { .. } => self.waits_for.take(),
            _ => None,
        };
        match news {
            Progress::StepStarted { step } => (self.step, self.done) = (step, 0),
            Progress::StatementDone { step, done } => (self.step, self.done) = (step, done),
            Progress::Notice { text, .. } => {
                self.say(text);
            }
            Progress::StepDone { step, .. } => {
                (self.step, self.done) =
                    (step, self.steps.get(step).map_or(0, |(_, count)| *count));
            }
            Progress::WaitingForLock {
                holder: Some(holder),
            } => self.say(format!("Another runner has the lock: {holder}.")),
            Progress::Blocked { step, blocker } => {
                // The answers of the steps before it may not have come yet.
                if step != self.step {
                    (self.step, self.done) = (step, 0);
                }
                self.say(format!("Waiting for {blocker}."));
            }
            Progress::TryingAgain {
                attempt, of, pause, ..
            } => self.say(format!(
                "The lock was not to be had. Attempt {attempt} of {of} in {} ms.",
                pause.as_millis()
            )),
            Progress::WaitingForLock { holder: None } | Progress::Cancelling => {}
        }
    }

    fn say(&mut self, text: String) {
        if self.notices.len() == HELD_NOTICES {
            self.notices.remove(0);
        }
        self.notices.push(text);
    }

    /// Finished statements of all statements.
    pub fn ratio(&self) -> (usize, usize) {
        let before: usize = self
            .steps
            .iter()
            .take(self.step)
            .map(|(_, count)| count)
            .sum();
        (
            before + self.done,
            self.steps.iter().map(|(_, count)| count).sum(),
        )
    }
}
