//! Migrations: what is where, what would run, running it, and mending the history.
//!
//! `list` compares the files with the history; `plan` turns a wish into exact statements; `run` does what the plan
//! says, one transaction a file, and reports what the history says afterwards.

mod build;
mod delete;
mod diff;
mod doubt;
mod dry_run;
mod error;
mod extract_edits;
pub(in crate::ops) mod files;
mod list;
mod log;
mod losses;
mod missing_files;
pub(in crate::ops) mod new_file;
mod outside;
mod passing;
mod plan;
mod platform;
mod read_files;
mod reconcile;
mod redo;
mod renumber;
mod renumber_all;
mod repair;
mod restore;
mod resume;
mod risk;
mod rollback_file;
mod run;
mod scratch;
mod script;
mod split;
mod trip;
mod verify;

pub use build::build;
pub use delete::{DeletePlan, delete, plan_delete};
pub use diff::diff;
pub use dry_run::dry_run;
pub use extract_edits::{ExtractPlan, branch, plan_branch};
pub use files::{Move, SeenFile};
pub use list::{history_mark, list, skipped, sources, watched};
pub use log::log;
pub use new_file::{NewFiles, new, new_rollback, new_with};
pub use passing::Passing;
pub use plan::plan;
pub use platform::locked_by_trips;
pub use read_files::directory;
pub use redo::run;
pub use renumber::{RenumberPlan, plan_renumber, renumber};
pub use renumber_all::{RenumberAllPlan, Renumbered, plan_renumber_all, renumber_all};
pub use repair::{Record, RepairPlan, RowChange, carry_out, plan_repair, repair};
pub use restore::{Replaced, RestorePlan, Restored, Written, plan_restore, restore};
pub use risk::{StepRisk, risks};
pub use scratch::{rebuild, rehearse_on_scratch};
pub use split::{Halves, SplitPlan, plan_split, split};
pub use trip::verify_on_target;
pub use verify::verify_on_scratch;

use crate::domain::dry_run::Environment;
use crate::domain::run_event::RunEvent;
use crate::domain::script::Limits;
use crate::ports::Database;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio_util::sync::CancellationToken;

/// A project's files and the database they belong to.
#[derive(Clone)]
pub struct Workspace {
    /// The project directory, with `supabase/` or `migrations/` in it.
    pub root: PathBuf,
    /// The database.
    pub database: Arc<dyn Database>,
    /// Waiting times while something runs.
    pub limits: Limits,
    /// What the database is to the project.
    pub place: Environment,
}

impl Workspace {
    /// A project and its database, with the usual waiting times.
    pub fn new(root: impl Into<PathBuf>, database: Arc<dyn Database>) -> Self {
        Self {
            root: root.into(),
            database,
            limits: Limits::default(),
            place: Environment::Target,
        }
    }

    /// The same with a database that is thrown away: what goes wrong there has happened to nobody.
    fn on_scratch(&self) -> Self {
        Self {
            place: Environment::Scratch,
            ..self.clone()
        }
    }
}

/// How a run of migrations or seeds is followed and stopped from outside.
#[derive(Debug, Clone)]
pub struct RunControl {
    /// Takes the news. It is unbounded so that a slow screen never holds up a transaction.
    pub progress: UnboundedSender<RunEvent>,
    /// Stops the run: the server is told, and its answer is awaited.
    pub cancel: CancellationToken,
}

impl RunControl {
    /// A run whose news nobody reads: the report holds all of it.
    pub fn quiet() -> Self {
        Self {
            progress: unbounded_channel().0,
            cancel: CancellationToken::new(),
        }
    }
}

pub(in crate::ops) use error::{cause, held, server_problem};
pub(in crate::ops) use files::sha256_of;
pub(in crate::ops) use new_file::slug;
pub(in crate::ops) use read_files::decoded;
pub(in crate::ops) use risk::rollback_keeps_rows;
pub(in crate::ops) use run::attempts::run_scripts;
pub(in crate::ops) use script::with_statement;
