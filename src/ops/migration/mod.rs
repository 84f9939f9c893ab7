//! Migrations: what is where, what would run, running it, and mending the history.
//!
//! `list` compares the files with the history; `plan` turns a wish into exact statements; `run` does what the plan
//! says, one transaction a file, and reports what the history says afterwards.

mod create;
mod list;
mod local;
mod plan;
mod rebuild;
mod rehearse;
mod repair;
mod report;
mod resume;
mod risk;
mod run;
mod script;
mod trip;
mod verify;

pub use create::{NewFiles, new};
pub use list::{list, sources};
pub use plan::plan;
pub use rebuild::{rebuild, rehearse_on_scratch};
pub use rehearse::rehearse;
pub use repair::{Repair, repair};
pub use risk::{StepRisk, risks};
pub use run::run;
pub use trip::verify_on_target;
pub use verify::verify_on_scratch;

use crate::domain::migration::Progress;
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
}

impl Schema {
    /// A project and its database, with the usual waiting times.
    pub fn new(root: impl Into<PathBuf>, database: Arc<dyn Database>) -> Self {
        Self {
            root: root.into(),
            database,
            limits: Limits::default(),
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

pub(in crate::ops) use report::{held, server_problem};
