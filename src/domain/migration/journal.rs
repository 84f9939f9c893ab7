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

impl Line {
    /// What went wrong and at which statement. Most errors name it themselves; it is said in front of the others.
    pub fn fault(&self) -> Option<String> {
        let error = self.error.as_deref();
        let Some(statement) = self.failing_statement else {
            return error.map(str::to_owned);
        };
        let place = format!("statement {statement}");
        let is_named = error.is_some_and(|error| {
            let mut behind = error.split(&place).skip(1);
            behind.any(|rest| !rest.starts_with(|c: char| c.is_ascii_digit()))
        });
        match error {
            Some(error) if is_named => Some(error.to_owned()),
            Some(error) => Some(format!("At {place}: {error}")),
            None => Some(format!("At {place}.")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_statement_of_a_fault_is_named_once() {
        let fault = |statement, error: Option<&str>| {
            let line = Line {
                failing_statement: statement,
                error: error.map(str::to_owned),
                ..Line::default()
            };
            line.fault()
        };
        let named = "Migration 1 failed at statement 3 of 30, line 2.";
        assert_eq!(fault(Some(3), Some(named)).as_deref(), Some(named));
        let other = "At statement 3: It failed at statement 30.";
        let found = fault(Some(3), Some("It failed at statement 30."));
        assert_eq!(found.as_deref(), Some(other));
        assert_eq!(fault(Some(3), None).as_deref(), Some("At statement 3."));
        assert_eq!(fault(None, Some("No.")).as_deref(), Some("No."));
        assert_eq!(fault(None, None), None);
    }
}
