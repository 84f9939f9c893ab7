//! What a seed file is to people: its path, its state, and what running it changed.

pub mod glob;
mod source;
mod stale;

pub use source::{SeedRun, SeedSource};
pub use stale::StaleSeed;

use super::migration::Target;
use super::problem::Problem;
use super::sql::psql::SeedPart;
use serde::{Serialize, Serializer};
use std::path::PathBuf;

/// The seed files that a database has seen, by `supabase_migrations.seed_files`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SeedHistory {
    /// The database.
    pub target: Target,
    /// Path and hash of each, sorted by path.
    pub rows: Vec<(String, String)>,
}

/// The state of a seed file, by the hash in `supabase_migrations.seed_files`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SeedState {
    /// Never run here.
    Pending,
    /// Run, and the file is the same.
    Applied,
    /// Run, and the file has changed since.
    Changed,
    /// Recorded as run, and there is no such file any more.
    Missing,
}

impl SeedState {
    /// The word for the state, the same on screen, in text and in JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Applied => "applied",
            Self::Changed => "changed",
            Self::Missing => "missing",
        }
    }
}

/// One line of the seed list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SeedEntry {
    /// The path as it is recorded.
    pub path: String,
    /// Where it stands.
    pub state: SeedState,
    /// SHA-256 of the file's bytes, in hex; absent for a missing file.
    pub hash: Option<String>,
    /// The file on disk.
    #[serde(skip)]
    pub file: Option<PathBuf>,
}

/// The list of seeds with the database they were compared with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeedListing {
    /// In the order they run.
    pub entries: Vec<SeedEntry>,
    /// Those whose rows may be gone with a migration that was rolled back since, by path.
    pub stale: Vec<StaleSeed>,
    /// The database that was read.
    pub target: Target,
    /// What is to be said about where seeds are looked for, a sentence or two each.
    pub notes: Vec<String>,
}

/// One seed file that will run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SeedStep {
    /// The path as it is recorded.
    pub path: String,
    /// The file on disk.
    pub file: PathBuf,
    /// SHA-256 of the file's bytes, in hex.
    pub hash: String,
    /// The exact statements after psql variables were filled in; `COPY` data is not shown.
    #[serde(rename = "statements", serialize_with = "as_statements")]
    pub parts: Vec<SeedPart>,
}

impl SeedStep {
    /// The exact statements, in order.
    pub fn statements(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().map(|part| &*part.sql)
    }
}

fn as_statements<S: Serializer>(parts: &[SeedPart], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(parts.iter().map(|part| &part.sql))
}

/// What a seed run will do, where, as whom.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SeedPlan {
    /// The files, in order.
    pub steps: Vec<SeedStep>,
    /// The database.
    pub target: Target,
    /// What is to be said before it runs, a sentence or two each.
    pub notes: Vec<String>,
}

/// How one seed file ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SeedReport {
    /// The path as it is recorded.
    pub path: String,
    /// How it ended.
    pub end: super::migration::StepEnd,
    /// What the server said each statement did, such as `INSERT 0 3`, in order.
    pub changes: Vec<String>,
    /// Rows inserted, updated and deleted by the file's statements.
    pub rows: u64,
    /// What the server said meanwhile.
    pub notices: Vec<String>,
}

/// How a seed run ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SeedOutcome {
    /// One report a step.
    pub steps: Vec<SeedReport>,
    /// What stopped the run; absent when every step is done.
    pub problem: Option<Problem>,
    /// The database that was changed.
    pub target: Target,
}
