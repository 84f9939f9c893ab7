//! Migrations: what is where, what would run, running it, and mending the history.
//!
//! `list` compares the files with the history; `plan` turns a wish into exact statements; `run` does what the plan
//! says, one transaction a file, and reports what the history says afterwards.

mod branch;
mod closer;
mod create;
mod diff;
mod files;
mod list;
mod local;
mod log;
mod lost;
mod outside;
mod parted;
mod plan;
mod rebuild;
mod record;
mod rehearse;
mod renumber;
mod renumber_all;
mod repair;
mod report;
mod restore;
mod resume;
mod risk;
mod run;
mod script;
mod split;
mod together;
mod trip;
mod verify;
mod way_back;

pub use branch::{BranchPlan, branch, plan_branch};
pub use create::{NewFiles, new};
pub use diff::diff;
pub use files::Move;
pub use list::{list, skipped, sources};
pub use log::log;
pub use plan::plan;
pub use rebuild::{rebuild, rehearse_on_scratch};
pub use rehearse::rehearse;
pub use renumber::{RenumberPlan, plan_renumber, renumber};
pub use renumber_all::{RenumberAllPlan, Renumbered, plan_renumber_all, renumber_all};
pub use repair::{Record, Repair, RepairPlan, RowChange, carry_out, plan_repair, repair};
pub use restore::{Replaced, RestorePlan, Restored, Written, plan_restore, restore};
pub use risk::{StepRisk, risks};
pub use run::run;
pub use split::{Halves, SplitPlan, plan_split, split};
pub use trip::verify_on_target;
pub use verify::verify_on_scratch;

use crate::domain::migration::Progress;
use crate::domain::rehearsal::Place;
use crate::domain::script::Limits;
use crate::ports::Database;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::sync::mpsc::UnboundedSender;
use tokio_util::sync::CancellationToken;

/// A project's files and the database they belong to.
#[derive(Clone)]
pub struct Schema {
    /// The project directory, with `supabase/` or `migrations/` in it.
    pub root: PathBuf,
    /// The database.
    pub database: Arc<dyn Database>,
    /// Waiting times while something runs.
    pub limits: Limits,
    /// What the database is to the project.
    pub place: Place,
}

impl Schema {
    /// A project and its database, with the usual waiting times.
    pub fn new(root: impl Into<PathBuf>, database: Arc<dyn Database>) -> Self {
        Self {
            root: root.into(),
            database,
            limits: Limits::default(),
            place: Place::Target,
        }
    }

    /// The same with a database that is thrown away: what goes wrong there has happened to nobody.
    fn on_scratch(&self) -> Self {
        Self {
            place: Place::Scratch,
            ..self.clone()
        }
    }
}

/// How a run is followed and stopped from outside.
#[derive(Debug, Clone)]
pub struct Watch {
    /// Takes the news. It is unbounded so that a slow screen never holds up a transaction.
    pub progress: UnboundedSender<Progress>,
    /// Stops the run: the server is told, and its answer is awaited.
    pub cancel: CancellationToken,
}

pub(in crate::ops) use files::sha256_of;
pub(in crate::ops) use report::{cause, held, server_problem};
pub(in crate::ops) use risk::rollback_keeps_rows;
pub(in crate::ops) use script::with_statement;
