//! The write that is under way: what it is, where it is, and what it waits for.

use super::ticket::Ticket;
use crate::domain::migration::plan_summary::{is_redo, is_rollback};
use crate::domain::migration::{Plan, StepMode, Target};
use crate::domain::report::outcome::retrying;
use crate::domain::run_event::RunEvent;

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
    /// Whether it takes migrations back: what is left of a file that stops is then the migration itself.
    pub is_rollback: bool,
    /// Whether it applies them again afterwards.
    pub is_redo: bool,
    /// Where it is dry-run, as a sentence; all of it is undone in the end.
    pub rehearsed_on: Option<String>,
    /// Statements of the first step that ran before this run.
    pub begin_at: usize,
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
            is_rollback: is_rollback(plan),
            is_redo: is_redo(plan),
            begin_at: plan.steps.first().map_or(0, |step| step.begin_at),
            ..Self::default()
        }
        .at(0)
    }

    /// The progress of a plan that is dry-run on its database.
    pub fn of_rehearsal(plan: &Plan) -> Self {
        let Target { database, host, .. } = &plan.target;
        Self {
            rehearsed_on: Some(format!(
                "Dry run on {database} on {host} itself: everything is rolled back at the end."
            )),
            ..Self::of(plan)
        }
    }

    /// The progress of a plan that is dry-run on a scratch database.
    pub fn on_scratch(plan: &Plan) -> Self {
        Self {
            rehearsed_on: Some(
                "Dry run on a scratch database on this machine, which is built first and thrown away at the end."
                    .to_owned(),
            ),
            ..Self::of(plan)
        }
    }

    /// At the beginning of a step.
    fn at(mut self, step: usize) -> Self {
        self.begin(step);
        self
    }

    fn begin(&mut self, step: usize) {
        self.step = step;
        self.done = if step == 0 { self.begin_at } else { 0 };
    }

    /// Takes an event. A notice leaves what is waited for as it was; all others say it anew.
    pub fn take(&mut self, event: RunEvent) {
        if !matches!(event, RunEvent::Notice { .. }) {
            self.waits_for = self.wait(&event);
        }
        match event {
            RunEvent::StepStarted { step }
            | RunEvent::StepRestarted { step }
            | RunEvent::TryingAgain { step, .. } => self.begin(step),
            RunEvent::StatementDone { step, done, .. } => (self.step, self.done) = (step, done),
            RunEvent::Notice { text, .. } => self.say(text),
            RunEvent::StepDone { step, .. } => {
                (self.step, self.done) =
                    (step, self.steps.get(step).map_or(0, |(_, count)| *count));
            }
            // The answers of the steps before it may not have come yet.
            RunEvent::Blocked { step, .. } if step != self.step => self.begin(step),
            RunEvent::Blocked { .. }
            | RunEvent::WaitingForLock { .. }
            | RunEvent::RowsChanged { .. }
            | RunEvent::Cancelling => {}
        }
    }

    /// What is waited for by an event, in a sentence that stands below the name of the file.
    fn wait(&self, event: &RunEvent) -> Option<String> {
        match event {
            RunEvent::WaitingForLock { holder: None } => {
                Some("Another runner holds the lock; waiting for it.".to_owned())
            }
            RunEvent::WaitingForLock {
                holder: Some(holder),
            } => Some(format!("Another runner holds the lock: {holder}.")),
            RunEvent::Blocked { blocker, .. } => Some(format!("Waiting for {blocker}.")),
            RunEvent::TryingAgain {
                attempt, of, pause, ..
            } => Some(retrying(
                self.is_rollback && self.step == 0,
                (*attempt, *of),
                *pause,
            )),
            _ => None,
        }
    }

    /// What cancelling leaves of the file in work.
    pub fn after_cancelling(&self) -> &'static str {
        if self.rehearsed_on.is_some() {
            return "cancel the dry run: nothing of it remains either way";
        }
        if self.is_redo && self.step > 0 {
            return "cancel: the migration stays rolled back";
        }
        match (self.is_rollback, self.is_alone) {
            (false, false) => "cancel: nothing of the file in work will remain",
            (false, true) => "cancel: what a file outside a transaction has done stays",
            (true, false) => "cancel: the migration in work stays applied, as before",
            (true, true) => "cancel: what a file outside a transaction has undone stays undone",
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
