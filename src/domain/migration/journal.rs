//! The journal of a database: what was run or repaired there, by whom, and how it ended. Newest first.

use super::Target;
use jiff::Timestamp;
use serde::Serialize;

/// The newest lines of the journal.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Journal {
    /// The lines, newest first.
    pub lines: Vec<Line>,
    /// Whether the database has a journal at all; the first run of supadeck makes it.
    pub is_kept: bool,
    /// The database.
    pub target: Target,
}

/// One line: a file that was run, or a change of the history.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Line {
    /// The version; the path of a seed file.
    pub version: String,
    /// `apply`, `rollback`, `seed`, or `repair_` and what was said.
    pub direction: String,
    /// `done`, `failed`, `cancelled`, `interrupted`, `unknown`, `running`, or `lost` when its runner is gone without a word.
    pub outcome: String,
    /// The user of the operating system and the role.
    pub who: String,
    /// The machine.
    pub host: Option<String>,
    /// When it began.
    pub started: Option<Timestamp>,
    /// How long it took, in milliseconds.
    pub took_ms: Option<u64>,
    /// Number of the statement that failed, from 1.
    pub failing_statement: Option<u64>,
    /// What went wrong.
    pub error: Option<String>,
    /// SHA-256 of the file's bytes, in hex.
    pub sha256: Option<String>,
}
