//! What happens while files run, one after the other: a session tells it, and the deck and the command line show it.

use super::migration::{Blocker, LockHolder};
use std::time::Duration;

/// One event of a run. A file is named by its index: a session counts the scripts that it was given, a run the steps of
/// its plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RunEvent {
    /// Another runner holds the lock, and is waited for.
    WaitingForLock {
        /// Who has it, when the server tells.
        holder: Option<LockHolder>,
    },
    /// A statement waits for somebody else's lock.
    Blocked {
        /// The file.
        step: usize,
        /// What it waits for, and who has it.
        blocker: Blocker,
    },
    /// A lock was not to be had in time. The file was rolled back, and is tried again after a pause.
    TryingAgain {
        /// The file.
        step: usize,
        /// Which attempt comes next, from 2.
        attempt: u32,
        /// How many there are at most.
        of: u32,
        /// How long the pause is.
        pause: Duration,
    },
    /// A file began, or is seen at work: the answers of those before it in its message may still come.
    StepStarted {
        /// The file.
        step: usize,
    },
    /// What a file did is undone, and it begins again; what was told of it does not hold.
    StepRestarted {
        /// The file.
        step: usize,
    },
    /// The server finished a statement.
    StatementDone {
        /// The file.
        step: usize,
        /// The statement's number in the file, from 1.
        done: usize,
        /// Rows that it touched or returned.
        rows: u64,
    },
    /// How many rows the whole file inserted, updated and deleted, where nothing is told of single statements.
    RowsChanged {
        /// The file.
        step: usize,
        /// How many.
        rows: u64,
    },
    /// A notice of the server, made harmless.
    Notice {
        /// The file.
        step: usize,
        /// Severity and text, such as `NOTICE: table does not exist, skipping`.
        text: String,
    },
    /// A file was committed.
    StepDone {
        /// The file.
        step: usize,
        /// How long it took, by the server's clock where that is known.
        took: Duration,
    },
    /// The user asked to stop; the server was told, and its answer is awaited.
    Cancelling,
}

impl RunEvent {
    /// The same event, where so many files stand in front.
    #[must_use]
    pub fn shifted(mut self, by: usize) -> Self {
        match &mut self {
            Self::Blocked { step, .. }
            | Self::TryingAgain { step, .. }
            | Self::StepStarted { step }
            | Self::StepRestarted { step }
            | Self::StatementDone { step, .. }
            | Self::RowsChanged { step, .. }
            | Self::Notice { step, .. }
            | Self::StepDone { step, .. } => *step += by,
            Self::WaitingForLock { .. } | Self::Cancelling => {}
        }
        self
    }
}
