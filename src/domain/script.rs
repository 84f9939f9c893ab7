//! One file on its way to the database: what runs in one transaction, what is written into the history with it,
//! and how that can end. Shared by migrations and seeds.

use super::migration::history::{Row, sha256};
use super::migration::{Blocker, Direction, LockHolder};
use super::sql::{Slice, Statements};
use serde::{Serialize, Serializer};
use std::time::Duration;

/// What runs in one transaction, all of it or nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Script {
    /// What is run, in order.
    pub parts: Vec<Part>,
    /// The row that is written in the same transaction.
    pub record: Record,
    /// SHA-256 of the file's bytes, in hex.
    pub sha256: String,
    /// What the history must hold, or nothing runs. Absent for seeds.
    pub expects: Option<Expected>,
    /// Whether the server may get the whole transaction in one message: fastest, without news of single statements.
    pub at_once: bool,
    /// Whether it goes on with an interrupted run, which stops every other script of a migration.
    pub is_resume: bool,
    /// How it runs outside a transaction; absent when it runs in one.
    pub alone: Option<NonTransactional>,
    /// What earlier files of the same run have set for this one, as statements. Only seeds have any.
    pub settings: Vec<Slice>,
}

/// How a script runs statement by statement outside a transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NonTransactional {
    /// How many statements the file has.
    pub of: usize,
    /// Index of the statement it begins at; more than 0 when an interrupted run goes on.
    pub begin_at: usize,
    /// The statements before that one which only set the session, in order.
    pub session: Vec<Slice>,
    /// Whether what stands between two `COMMIT`s is a transaction, also without a `BEGIN`.
    pub is_parted: bool,
}

/// The versions of a history in short, so that a thousand of them are compared without being sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expected {
    /// SHA-256, in hex, of the versions sorted byte by byte, with commas between.
    pub sha256: String,
}

impl Expected {
    /// The short form of versions that are sorted byte by byte.
    pub fn of<'a>(versions: impl Iterator<Item = &'a String>) -> Self {
        let versions: Vec<&str> = versions.map(String::as_str).collect();
        Self {
            sha256: sha256(versions.join(",").as_bytes()),
        }
    }
}

/// One statement of a script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Index of the statement in the plan's step, from 0.
    pub statement: usize,
    /// The SQL.
    pub sql: Slice,
    /// The rows of a `COPY … FROM stdin`.
    pub data: Option<Slice>,
}

/// The row that a script leaves in the history of the database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Record {
    /// A new row of the migration history.
    Applied {
        /// The version.
        version: String,
        /// Its name.
        name: String,
        /// The statements as they are stored.
        statements: Statements,
        /// The rollback file's statements, stored where the history has a column for them.
        rollback: Option<Statements>,
    },
    /// A row of the migration history goes.
    RolledBack {
        /// The version.
        version: String,
    },
    /// A row of the seed files, new or with a new hash.
    Seeded {
        /// The path as it is recorded.
        path: String,
        /// SHA-256 of the file's bytes, in hex.
        hash: String,
    },
}

impl Record {
    /// What the journal's line of the script is about, and what the script does.
    pub fn names(&self) -> (&str, &'static str) {
        match self {
            Self::Applied { version, .. } => (version, "apply"),
            Self::RolledBack { version } => (version, "rollback"),
            Self::Seeded { path, .. } => (path, "seed"),
        }
    }
}

/// Waiting times that protect other users of the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Limits {
    /// How long a statement may wait for a lock on a table; zero waits without end.
    #[serde(rename = "lock_timeout_ms", serialize_with = "as_ms")]
    pub lock_timeout: Duration,
    /// Whether somebody chose that time: then it holds for statements that run outside a transaction too, where it would
    /// leave invalid indexes behind.
    #[serde(skip)]
    pub is_lock_timeout_chosen: bool,
    /// How long one statement may take, zero for no limit. When absent, what the role or the database has set holds.
    #[serde(rename = "statement_timeout_ms", serialize_with = "as_maybe_ms")]
    pub statement_timeout: Option<Duration>,
    /// How long to wait while another runner migrates the same database.
    #[serde(rename = "runner_timeout_ms", serialize_with = "as_ms")]
    pub runner_timeout: Duration,
    /// How long the server may take to obey a request to stop before the line is given up.
    #[serde(skip)]
    pub cancel_timeout: Duration,
    /// How often a file whose lock on a table was not to be had in time is tried again.
    pub lock_retries: u32,
    /// The pause before the first of these attempts; each later one is twice as long.
    #[serde(rename = "lock_pause_ms", serialize_with = "as_ms")]
    pub lock_pause: Duration,
    /// A plan of more files is sent file by file in one message each: a new database is built, and nobody waits for news of
    /// single statements.
    #[serde(skip)]
    pub live_files: usize,
    /// How long a line may be silent while the server, asked on a second line, has nothing to do for it, or while that
    /// line is silent too; then it is given up.
    #[serde(skip)]
    pub silence: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            lock_timeout: Duration::from_secs(5),
            is_lock_timeout_chosen: false,
            statement_timeout: None,
            runner_timeout: Duration::from_mins(1),
            cancel_timeout: Duration::from_mins(1),
            lock_retries: 2,
            lock_pause: Duration::from_secs(1),
            live_files: 8,
            silence: Duration::from_secs(30),
        }
    }
}

fn as_ms<S: Serializer>(time: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u64(u64::try_from(time.as_millis()).unwrap_or(u64::MAX))
}

#[allow(clippy::ref_option)] // The form that serde asks for.
fn as_maybe_ms<S: Serializer>(time: &Option<Duration>, serializer: S) -> Result<S::Ok, S::Error> {
    match time {
        Some(time) => as_ms(time, serializer),
        None => serializer.serialize_none(),
    }
}

/// Why a script did not end well.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RunError {
    /// The server refused; nothing of the script remains.
    Refused(Box<ServerError>),
    /// The history is not what the plan saw; nothing ran. Holds the versions that were found.
    HistoryChanged(Vec<String>),
    /// Another runner held the lock for too long; nothing ran.
    Busy {
        /// Who, when the server tells.
        holder: Option<LockHolder>,
    },
    /// An interrupted file is in the way; nothing ran. Holds its version.
    Unsettled(String),
    /// A file cannot run outside a transaction here; nothing ran. Holds the reason, a sentence.
    NotAlone(String),
    /// A file that runs outside a transaction stopped in the middle; what ran before remains.
    Halfway(Box<Interrupted>),
    /// The user stopped it; nothing of the script remains.
    Cancelled,
    /// A statement ended the transaction although none was seen to do so. What ran before it may remain.
    Escaped,
    /// The connection broke; nothing is known until the history is read again.
    Lost {
        /// Whether the server may have got the COMMIT.
        committing: bool,
        /// What the connection said.
        why: String,
    },
}

/// SQLSTATE: a lock was not to be had in time.
pub const LOCKED: &str = "55P03";

impl RunError {
    /// The same halt, which knows who was seen in the way when a lock was not to be had.
    #[must_use]
    pub fn with_blocker(mut self, seen: Option<Blocker>) -> Self {
        let refused = match &mut self {
            Self::Refused(refused) => Some(refused),
            Self::Halfway(halfway) => match &mut halfway.why {
                Cause::Refused(refused) => Some(refused),
                _ => None,
            },
            _ => None,
        };
        if let Some(refused) = refused.filter(|refused| refused.code == LOCKED) {
            refused.blocker = seen;
        }
        self
    }
}

/// Where a script outside a transaction stopped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interrupted {
    /// Index of the statement in the file; as many as there are when all of them are done.
    pub statement: usize,
    /// Index of the statement to go on from: the `BEGIN` of a transaction of the file's own that was undone.
    pub resume_at: usize,
    /// Whether that statement may have been done all the same.
    pub is_in_doubt: bool,
    /// Why it stopped.
    pub why: Cause,
    /// Whether the journal holds the position and the reason.
    pub is_recorded: bool,
    /// Invalid indexes that it left behind, as far as they could be read.
    pub invalid_indexes: Vec<String>,
}

/// Why a script outside a transaction stopped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cause {
    /// The server refused the statement.
    Refused(Box<ServerError>),
    /// The user stopped it.
    Cancelled,
    /// The line of the statements broke, or that of the lock and the journal.
    Lost(String),
}

/// The server's own words about a refused statement.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ServerError {
    /// SQLSTATE.
    pub code: String,
    /// The message.
    pub message: String,
    /// The server's detail.
    pub detail: Option<String>,
    /// The server's hint.
    pub hint: Option<String>,
    /// Where in functions and other SQL it happened.
    pub context: Option<String>,
    /// Index of the part that failed, from 0; absent when it failed before the first or at COMMIT.
    pub part: Option<usize>,
    /// The character in the part's SQL, from 1.
    pub character: Option<usize>,
    /// Whether it failed when everything had run: in the history or at COMMIT.
    pub at_commit: bool,
    /// Who was seen to hold the lock that was not to be had in time.
    pub blocker: Option<Blocker>,
}

/// The code of a statement that a dry run cannot run although a run can.
pub const NOT_HERE: &str = "SD012";

/// How long a statement of a dry run may take when nobody says otherwise: what it locks is locked for everybody else meanwhile.
pub const STATEMENT: Duration = Duration::from_mins(1);

/// The outcome of a run outside a transaction that stopped in the middle.
pub const INTERRUPTED: &str = "interrupted";

/// A failed run, as the journal keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The version.
    pub version: String,
    /// Which file was run.
    pub direction: Direction,
    /// SHA-256 of the file's bytes, in hex.
    pub sha256: String,
    /// `failed`, `cancelled`, `unknown`, or [`INTERRUPTED`], which ends the line of the run that was begun.
    pub outcome: &'static str,
    /// How long it took.
    pub took: Duration,
    /// Number of the failing statement, from 1.
    pub statement: Option<usize>,
    /// Of an interrupted run: how many statements are done for good, and whether the next one may be done all the same.
    pub done: Option<(usize, bool)>,
    /// What went wrong, harmless and bounded.
    pub error: String,
}

/// A change of the history that runs no migration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Says that a version is applied, with these statements.
    Apply {
        /// The version.
        version: String,
        /// Its name.
        name: String,
        /// The file's statements.
        statements: Statements,
        /// SHA-256 of the file's bytes, in hex.
        sha256: String,
    },
    /// Says that an interrupted version, which is not in the history, is as if it had never been begun.
    Settle {
        /// The version.
        version: String,
    },
    /// Says that a version is not applied.
    Revert {
        /// The version.
        version: String,
    },
    /// Says that a version was applied from the file of another version. The row keeps all else that it holds.
    Rename {
        /// The version in the history.
        from: String,
        /// The version of the file.
        version: String,
        /// The name of the file.
        name: String,
    },
    /// Changes nothing, and everything is refused when the row is no longer as it was seen.
    Expect {
        /// The version.
        version: String,
        /// The row as it was seen; absent when there was none.
        row: Option<Row>,
    },
}
