//! A seed that outlived its rows: recorded as run, and run before a rollback that may have taken them along.

use super::super::moment::{Form, moment};
use super::super::text::harmless;
use jiff::Timestamp;
use serde::Serialize;

/// A seed that was run before a rollback.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StaleSeed {
    /// The path as it is recorded.
    pub path: String,
    /// The version that was rolled back last.
    pub version: String,
    /// When that rollback began.
    pub at: Option<Timestamp>,
}

impl StaleSeed {
    /// When it ran, as far as it matters: `before version 1 was rolled back at 2025-10-04 12:30:00 UTC`.
    pub fn when(&self) -> String {
        let at = self
            .at
            .map(|at| format!(" at {}", moment(at, Form::Detail)))
            .unwrap_or_default();
        format!(
            "before version {} was rolled back{at}",
            harmless(&self.version)
        )
    }
}
