//! A record with the difference of its images: comparing large images takes a while, and is done where nobody waits for it.

use super::Record;
use super::diff::{Diff, diff};

/// A record with the difference of its images.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ComparedRecord {
    /// The record.
    pub record: Record,
    /// What changed.
    pub diff: Diff,
}

impl From<Record> for ComparedRecord {
    fn from(record: Record) -> Self {
        let diff = diff(record.before_state.as_ref(), record.after_state.as_ref());
        Self { record, diff }
    }
}
