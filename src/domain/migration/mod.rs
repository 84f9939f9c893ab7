//! What a migration is to people: its version, its state, a plan that moves the schema, and how a run ended.

pub mod difference;
pub mod down_section;
pub mod file_name;
pub mod history;
pub mod history_table;
pub mod interruption;
pub mod irreversible;
pub mod journal;
pub mod limit;
pub mod lock_holder;
pub mod owner;
pub mod plan_summary;
pub mod platform_grants;
pub mod platform_locks;
pub mod rename_detection;
pub mod render;
pub mod resolution;
pub mod state;
pub mod version;

pub use interruption::{Interruption, StepMode};
pub use lock_holder::{Blocker, LockHolder};
pub use state::RollbackFile;

use super::production::{Mark, Protection};
use super::sql::Statements;
use super::sql::one_transaction::{Piece, pieces};
use serde::{Serialize, Serializer};
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

/// The state of one version (design section 5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// In the history, and the file says the same.
    Applied,
    /// A file that is not in the history.
    Pending,
    /// Pending, and older than the newest applied version.
    OutOfOrder,
    /// Applied, and the file's text differs from the statements stored, which include their comments.
    Edited,
    /// Applied, and there is no file.
    Missing,
    /// Applied, and recorded under another version than the file's: the statements are the same.
    Renamed,
    /// A file whose name or version cannot be used.
    Invalid,
    /// Ran outside a transaction and stopped in the middle; somebody has to decide how it goes on.
    Interrupted,
}

impl State {
    /// The word for the state, the same on screen, in text and in JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::Applied => "applied",
            Self::Pending => "pending",
            Self::OutOfOrder => "out_of_order",
            Self::Edited => "edited",
            Self::Missing => "missing",
            Self::Renamed => "renamed",
            Self::Invalid => "invalid",
            Self::Interrupted => "interrupted",
        }
    }
}

/// One line of the migration list. It serialises to exactly `version`, `name`, `state`, `reversible`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// The digits before the first underscore; empty for a file without any.
    pub version: String,
    /// What follows, without `.sql`.
    pub name: String,
    /// Where the version stands.
    pub state: State,
    /// Whether there is a rollback file, and a rollback would take it.
    pub reversible: bool,
    /// What is in the place of the rollback file.
    #[serde(skip)]
    pub way_back: RollbackFile,
    /// The migration file, when there is one.
    #[serde(skip)]
    pub file: Option<PathBuf>,
    /// Why the state is what it is, for states that need a word.
    #[serde(skip)]
    pub note: Option<String>,
    /// The version under which the history holds it; absent when it does not.
    #[serde(skip)]
    pub recorded: Option<String>,
    /// The ways out of the state, the safest first.
    #[serde(skip)]
    pub ways: Vec<resolution::Suggestion>,
}

impl Entry {
    /// Where its rollback file is, or would be; absent where it has no migration file.
    pub fn rollback_file(&self) -> Option<PathBuf> {
        let file = self.file.as_ref()?;
        let folder = file.parent()?.join(file_name::ROLLBACK);
        Some(folder.join(file.file_name()?))
    }

    /// Whether it has a migration file and never ran.
    pub fn is_waiting(&self) -> bool {
        let waits = matches!(self.state, State::Pending | State::OutOfOrder);
        waits && self.recorded.is_none() && self.file.is_some()
    }
}

/// The whole list, in the order of versions (compared as text, byte by byte).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MigrationList {
    /// One entry a version.
    pub entries: Vec<Entry>,
    /// Files in the directory that are not migrations, each with its reason.
    pub skipped: Vec<String>,
    /// The database that was read.
    pub target: Target,
    /// What is unusual about the history's table, each with its way out.
    pub remarks: Vec<history_table::TableWarning>,
}

impl MigrationList {
    /// How many entries have this state.
    pub fn count(&self, state: State) -> usize {
        self.entries
            .iter()
            .filter(|entry| entry.state == state)
            .count()
    }
}

/// The database that a plan is for, as it is shown before anything runs. Holds no secret.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Target {
    /// Host and port, such as `db.abc.supabase.co:5432`.
    pub host: String,
    /// Database name.
    pub database: String,
    /// The role that runs the statements.
    pub role: String,
    /// The server's version, such as `15.18`.
    pub server_version: String,
    /// The statement timeout that is set there for whoever connects, where there is one.
    #[serde(skip)]
    pub statement_timeout: Option<limit::Timeout>,
    /// The tables of the platform that policies and dropped triggers lock there.
    #[serde(skip)]
    pub platform: Box<platform_grants::PlatformGrants>,
    /// The code there that no rollback undoes.
    #[serde(skip)]
    pub irreversible: Box<irreversible::Irreversible>,
    /// Why a file cannot run outside a transaction on this way to it, a sentence or two. Asked only where a plan has such a file.
    #[serde(skip)]
    pub refuses_alone: Option<String>,
    /// What it is recognised by.
    #[serde(skip)]
    pub mark: Box<Mark>,
    /// Whose it is.
    #[serde(skip)]
    pub protection: Box<Protection>,
}

/// The SQL of one version, for reading.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SourceTexts {
    /// The version these belong to.
    pub version: String,
    /// The migration file's text.
    pub up: Option<String>,
    /// The rollback file's text.
    pub down: Option<String>,
    /// The statements that the history stores, when the version is applied.
    pub applied: Option<Vec<String>>,
}

/// Which way a step goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// The migration file.
    Apply,
    /// The rollback file.
    Rollback,
}

impl Direction {
    /// The subcommand that goes this way.
    pub fn verb(self) -> &'static str {
        match self {
            Self::Apply => "apply",
            Self::Rollback => "rollback",
        }
    }
}

/// What the user asked for, before it is a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PlanRequest {
    /// Apply what is pending, up to and including a version.
    Apply {
        /// The last version to apply; all when absent.
        to: Option<String>,
        /// Also apply versions older than the newest applied one.
        include_out_of_order: bool,
    },
    /// Roll back everything newer than a version, which itself stays.
    RollbackTo {
        /// The version that will be the newest afterwards; `0` rolls everything back.
        version: String,
    },
    /// Roll back the newest versions.
    RollbackLast {
        /// How many, at least 1.
        count: usize,
    },
    /// Roll back the newest applied version and apply its file again.
    Redo,
    /// Go on with the interrupted file, and only with that.
    GoOn {
        /// Which of its files it is.
        direction: Direction,
        /// Whether it runs again from its first statement, not from the one it stopped at.
        from_start: bool,
    },
}

impl PlanRequest {
    /// What is asked for, as a heading.
    pub fn what(&self) -> &'static str {
        match self {
            Self::Apply { .. } => "Apply",
            Self::RollbackTo { .. } | Self::RollbackLast { .. } => "Roll back",
            Self::Redo => "Redo",
            Self::GoOn { .. } => "Go on",
        }
    }
}

/// One file that a plan runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Step {
    /// The version.
    pub version: String,
    /// Its name.
    pub name: String,
    /// Which file is run.
    pub direction: Direction,
    /// The file that is run.
    pub file: PathBuf,
    /// SHA-256 of the file's bytes, in hex.
    pub sha256: String,
    /// The exact statements, in order, as they are run and stored.
    pub statements: Statements,
    /// Whether it runs in one transaction.
    pub mode: StepMode,
    /// Why it does not, when it does not.
    pub mode_why: Option<String>,
    /// Index of the first statement that runs; more than 0 only when an interrupted file goes on.
    pub begin_at: usize,
    /// How many statements, from the first one, the interrupted run has done already and this one does again.
    pub repeats: usize,
    /// The newest applied version, when that is newer than this file, which is to be applied behind it.
    pub older_than: Option<String>,
    /// What stands in the place of its rollback file; a rollback itself needs none.
    pub way_back: RollbackFile,
    /// Indexes of statements that are not run, though they are recorded: only a scratch database passes any over.
    #[serde(skip)]
    pub passed_over: BTreeSet<usize>,
}

impl Step {
    /// The statements that run, each with its index in the file: all that the server has something to do for, unless an
    /// interrupted file goes on.
    pub fn left(&self) -> impl Iterator<Item = (usize, &str)> {
        let run = self.statements.that_run();
        run.filter(|(index, _)| *index >= self.begin_at)
    }

    /// What of a file with COMMITs of its own runs in one transaction, or why that would not be the same. `None` where it has none,
    /// or goes on in its middle.
    pub fn pieces(&self) -> Option<Result<Vec<Piece>, String>> {
        if self.mode != StepMode::Alone || self.begin_at > 0 {
            return None;
        }
        let texts: Vec<&str> = self.statements.iter().collect();
        pieces(self.statements.text(), &texts)
    }

    /// Whether a dry run can run it in its one transaction on a database.
    pub fn fits_one_transaction(&self, target: &Target) -> bool {
        self.mode == StepMode::Transaction
            || target.refuses_alone.is_none() && matches!(self.pieces(), Some(Ok(_)))
    }
}

/// What will run, where, as whom. It is shown and confirmed, then run exactly as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Plan {
    /// The files, in the order they run.
    pub steps: Vec<Step>,
    /// The database.
    pub target: Target,
    /// The versions in the history when the plan was made; checked again under the lock.
    pub history: Vec<String>,
    /// Whether it goes on with an interrupted file, which stops every other plan.
    pub is_resume: bool,
}

impl Plan {
    /// The number of statements that run, in all steps.
    pub fn statement_count(&self) -> usize {
        self.steps.iter().map(|step| step.left().count()).sum()
    }
}

/// How one step ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum StepEnd {
    /// Committed, and the history that was read afterwards says so.
    Done,
    /// Failed or cancelled, and nothing of it remains.
    RolledBack,
    /// The connection was lost while committing and the history could not be read afterwards.
    Unknown,
    /// Not tried, because an earlier step did not end well.
    NotRun,
    /// Stopped in the middle of a file that runs outside a transaction: what ran before remains.
    Interrupted,
}

/// How one step ended, with its figures.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StepReport {
    /// The version.
    pub version: String,
    /// Its name.
    pub name: String,
    /// Which file was run.
    pub direction: Direction,
    /// How it ended.
    pub end: StepEnd,
    /// How long it took, in milliseconds.
    #[serde(rename = "took_ms", serialize_with = "as_ms")]
    pub took: Duration,
    /// How long it was tried before in vain, because a lock was not to be had, in milliseconds.
    #[serde(rename = "waited_ms", serialize_with = "as_ms")]
    pub waited: Duration,
    /// What the server said meanwhile.
    pub notices: Vec<String>,
    /// The number of the statement that it stopped at, from 1.
    pub statement: Option<usize>,
}

/// How a run ended: what is reported after the history was read again on a fresh connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Outcome {
    /// One report a step of the plan.
    pub steps: Vec<StepReport>,
    /// What stopped the run; absent when every step is done.
    pub problem: Option<crate::domain::problem::Problem>,
    /// The database that was changed.
    pub target: Target,
    /// The versions in the history after the run, when it could be read.
    pub history: Option<Vec<String>>,
}

impl Outcome {
    /// Whether every step is done.
    pub fn is_complete(&self) -> bool {
        self.problem.is_none() && self.steps.iter().all(|step| step.end == StepEnd::Done)
    }
}

fn as_ms<S: Serializer>(took: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u64(u64::try_from(took.as_millis()).unwrap_or(u64::MAX))
}
