//! The one error type of the program: what failed, why, and what to do about it.
//! A `Problem` is shown to people and printed as JSON, so nothing secret may ever be put into one.

use serde::Serialize;
use std::fmt;

/// The family of a problem. It decides the exit code and the word in JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// The check ran and found something: pending migrations, drift, a failed verification.
    Findings,
    /// The command line or a value typed by the user cannot be understood.
    Usage,
    /// A configuration, profile, keymap or project file is missing or wrong.
    Config,
    /// Nobody is signed in, or the key, password or session was not accepted.
    Auth,
    /// The identity is known and may not do this: Row Level Security, missing grant, a locked week.
    Denied,
    /// Somebody else is at it, or what is there is not what was expected.
    Conflict,
    /// The server could not be reached, answered garbage, or asked to come back later.
    Network,
    /// The database refused or failed a statement.
    Database,
    /// The user cancelled.
    Cancelled,
    /// A fault of supadeck itself.
    Internal,
}

impl Kind {
    /// The process exit code of this kind, as the design (section 3, Errors) fixes it.
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Findings => 1,
            Self::Usage => 2,
            Self::Config => 3,
            Self::Auth => 4,
            Self::Denied => 5,
            Self::Conflict => 6,
            Self::Network => 7,
            Self::Database => 8,
            Self::Cancelled => 130,
            Self::Internal => 70,
        }
    }

    /// The heading that people see above the message.
    pub fn heading(self) -> &'static str {
        match self {
            Self::Findings => "Findings",
            Self::Usage => "Invalid input",
            Self::Config => "Configuration",
            Self::Auth => "Sign-in",
            Self::Denied => "Denied",
            Self::Conflict => "Conflict",
            Self::Network => "Network",
            Self::Database => "Database",
            Self::Cancelled => "Cancelled",
            Self::Internal => "Internal error",
        }
    }
}

/// The code of a refusal because nobody confirmed: no fault of the command line, so nothing is said before it.
pub const NOT_CONFIRMED: &str = "not_confirmed";
/// The code of a change whose answer did not come.
const OUTCOME_UNKNOWN: &str = "outcome_unknown";

/// What failed, why, and what can be done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// The family; decides the exit code.
    pub kind: Kind,
    /// The code of the side that refused, such as `42501`, `PT403`, `PGRST301` or `invalid_credentials`.
    pub code: Option<String>,
    /// What failed, one sentence.
    pub what: String,
    /// Why it failed, as far as it is known; empty when `what` says it all.
    pub why: String,
    /// What the reader can do now.
    pub hint: Option<String>,
    /// More lines for whoever looks closer: the statement, the position, a server's own detail.
    pub detail: Option<String>,
    /// Whether the same request may work a moment later without any change.
    pub retry: bool,
}

impl Problem {
    /// Makes a problem with its two sentences; the rest is added with the `with_` methods.
    pub fn new(kind: Kind, what: impl Into<String>, why: impl Into<String>) -> Self {
        Self {
            kind,
            code: None,
            what: what.into(),
            why: why.into(),
            hint: None,
            detail: None,
            retry: false,
        }
    }

    /// Adds what the reader can do.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Adds the refusing side's own code.
    #[must_use]
    pub fn with_code(mut self, code: impl Into<String>) -> Self {
        self.code = Some(code.into());
        self
    }

    /// Adds lines for whoever looks closer.
    #[must_use]
    pub fn with_detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// Marks the problem as one that may pass by itself.
    #[must_use]
    pub fn retryable(mut self) -> Self {
        self.retry = true;
        self
    }

    /// The answer of a request that writes did not come, or cannot be read: whether it was made is not known. It is not to
    /// be tried again without a look.
    #[must_use]
    pub fn of_unknown_outcome(mut self) -> Self {
        if let Some(code) = self.code.replace(OUTCOME_UNKNOWN.to_owned())
            && self.detail.is_none()
        {
            self.detail = Some(code);
        }
        let why = format!("{} It is not known whether the change was made.", self.why);
        why.trim_start().clone_into(&mut self.why);
        self.hint =
            Some("Read the rows again, and look before the change is made once more.".to_owned());
        self.retry = false;
        self
    }

    /// Whether a change may have been made all the same.
    pub fn is_outcome_unknown(&self) -> bool {
        self.code.as_deref() == Some(OUTCOME_UNKNOWN)
    }

    /// A fault of supadeck itself: something that was assumed does not hold.
    pub fn internal(why: impl Into<String>) -> Self {
        Self::new(
            Kind::Internal,
            "supadeck met a state it does not know.",
            why,
        )
        .with_hint("Please report this with the log file.")
    }

    /// The user stopped the operation.
    pub fn cancelled(what: impl Into<String>) -> Self {
        Self::new(Kind::Cancelled, what, "")
    }
}

impl Problem {
    /// Whether it is no fault: the user stopped the operation.
    pub fn is_cancelled(&self) -> bool {
        self.kind == Kind::Cancelled
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)?;
        if !self.why.is_empty() {
            write!(f, " {}", self.why)?;
        }
        Ok(())
    }
}

impl std::error::Error for Problem {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exit_codes_are_the_ones_of_the_design() {
        let codes: Vec<u8> = [
            Kind::Findings,
            Kind::Usage,
            Kind::Config,
            Kind::Auth,
            Kind::Denied,
            Kind::Conflict,
            Kind::Network,
            Kind::Database,
            Kind::Cancelled,
            Kind::Internal,
        ]
        .into_iter()
        .map(Kind::exit_code)
        .collect();
        assert_eq!(codes, [1, 2, 3, 4, 5, 6, 7, 8, 130, 70]);
    }

    #[test]
    fn display_is_what_and_why() {
        let problem = Problem::new(Kind::Network, "The project did not answer.", "Timed out.");
        assert_eq!(
            problem.to_string(),
            "The project did not answer. Timed out."
        );
    }
}
