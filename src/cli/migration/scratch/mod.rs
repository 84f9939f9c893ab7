//! A scratch database: one of the local stack, made for one command and thrown away at its end, whatever that is.

#[cfg(feature = "demo")]
mod with_stack;
#[cfg(not(feature = "demo"))]
mod without_stack;

use super::super::context::Context;
use super::super::interrupt;
use crate::domain::problem::Problem;
use crate::ops::link;
use std::path::Path;

/// The variable that chooses the major version of Postgres.
pub const VERSION: &str = "SUPADECK_POSTGRES_VERSION";

/// The major version of Postgres that a scratch database should have, as far as it is known, and how.
#[derive(Debug, Clone, Copy)]
#[cfg_attr(not(feature = "demo"), allow(dead_code))]
pub struct Wanted {
    major: Option<u32>,
    why: &'static str,
}

impl Wanted {
    /// That of a database.
    pub fn of_target(server_version: &str) -> Self {
        Self {
            major: link::major(server_version),
            why: "the database has it",
        }
    }

    /// That of the database, where a command names one and it answers, else what the directory says. Nothing needs a database
    /// here.
    pub async fn known(context: &Context, root: &Path) -> Result<Self, Problem> {
        if context.settings().db_url.is_some() {
            let target = async { context.work().await?.schema.database.history().await };
            match interrupt::ending(Box::pin(target)).await {
                Ok(history) => return Ok(Self::of_target(&history.target.server_version)),
                Err(problem) if problem.is_cancelled() => return Err(problem),
                // It is not needed: only its version would have been.
                Err(problem) => {
                    tracing::debug!(%problem, "the version of the database is not known");
                }
            }
        }
        Ok(Self::of_project(root))
    }

    /// The one that a project directory names.
    fn of_project(root: &Path) -> Self {
        let known = link::postgres_major(root);
        Self {
            major: known.map(|(major, _)| major),
            why: known.map(|(_, why)| why).unwrap_or_default(),
        }
    }
}

#[cfg(feature = "demo")]
pub use with_stack::Scratch;
#[cfg(not(feature = "demo"))]
pub use without_stack::Scratch;
