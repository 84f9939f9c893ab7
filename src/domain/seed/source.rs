//! A seed file for reading: its text, when it ran, and what was applied or rolled back since.

use super::super::moment::{Form, moment};
use super::super::plural::listed;
use super::super::text::harmless;
use jiff::Timestamp;

/// The most versions that are named of those that moved since.
const NAMED: usize = 4;

/// A seed file with what the journal says of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SeedSource {
    /// The path as it is recorded.
    pub path: String,
    /// Its text; absent where the file is missing.
    pub text: Option<String>,
    /// Its last run, where the journal has it: another tool writes none.
    pub ran: Option<SeedRun>,
    /// The versions that were applied or rolled back since that run, the oldest first.
    pub since: Vec<String>,
}

/// A run of a seed file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SeedRun {
    /// When it began.
    pub at: Option<Timestamp>,
    /// Who ran it.
    pub who: String,
    /// SHA-256 of the bytes that ran.
    pub sha256: Option<String>,
}

impl SeedSource {
    /// When it ran and as whom, as a sentence; none where nothing is known of a run.
    pub fn ran(&self) -> Option<String> {
        let ran = self.ran.as_ref()?;
        let at = ran
            .at
            .map(|at| format!(" at {}", moment(at, Form::Detail)))
            .unwrap_or_default();
        Some(format!("It ran{at}, by {}.", harmless(&ran.who)))
    }

    /// What moved since it ran, as a sentence; none where nothing did.
    pub fn since(&self) -> Option<String> {
        let mut named: Vec<String> = self
            .since
            .iter()
            .map(|one| harmless(one).into_owned())
            .collect();
        if named.is_empty() {
            return None;
        }
        if named.len() > NAMED + 1 {
            let more = named.len() - NAMED;
            named.truncate(NAMED);
            named.push(format!("{more} more"));
        }
        let named: Vec<&str> = named.iter().map(String::as_str).collect();
        Some(format!("Since then: {}.", listed(&named)))
    }
}
