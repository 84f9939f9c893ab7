//! The scratch database of a command: which version it should have, and what is said while it is made.

use super::super::context::{Context, Work};
use super::super::interrupt;
use super::super::page::{Page, Tone};
pub use crate::adapters::scratch::VERSION;
use crate::adapters::scratch::{ScratchDatabase, Wanted};
use crate::domain::problem::Problem;
use crate::domain::script::Limits;
use crate::ops::link;
use std::path::Path;
use std::sync::Arc;

/// The version of a database.
pub fn of_target(server_version: &str) -> Wanted {
    Wanted::of_database(link::major(server_version))
}

/// The version of the database, where a command names one and it answers, else what the directory says. Nothing needs a database
/// here.
pub async fn known(context: &Context, root: &Path) -> Result<Wanted, Problem> {
    if context.settings().db_url.is_some() {
        let target = async { context.work().await?.schema.database.history().await };
        match interrupt::ending(Box::pin(target)).await {
            Ok(history) => return Ok(of_target(&history.target.server_version)),
            Err(problem) if problem.is_cancelled() => return Err(problem),
            // It is not needed: only its version would have been.
            Err(problem) => {
                tracing::debug!(%problem, "the version of the database is not known");
            }
        }
    }
    let known = link::postgres_major(root);
    Ok(Wanted {
        major: known.map(|(major, _)| major),
        why: known.map(|(_, why)| why).unwrap_or_default(),
    })
}

/// A scratch database, and how a command works on it.
pub struct Scratch(ScratchDatabase);

impl Scratch {
    /// Starts it.
    pub async fn start(context: &Context, wanted: Wanted) -> Result<Self, Problem> {
        let output = context.output();
        let said = Arc::new(move |is_warning: bool, text: &str| {
            let mut page = Page::default();
            let tone = if is_warning { Tone::Warn } else { Tone::Muted };
            page.toned(tone, text);
            output.note(&page);
        });
        let started = ScratchDatabase::start(wanted, &(said as _)).await;
        Ok(Self(started.map_err(|problem| {
            let other = "`--on target` runs it on the database itself.";
            let hint = match &problem.hint {
                Some(hint) => format!("{hint} {other}"),
                None => other.to_owned(),
            };
            problem.with_hint(hint)
        })?))
    }

    /// The engine's view of a project on it.
    pub fn work(&self, context: &Context, root: &Path, limits: Limits) -> Result<Work, Problem> {
        let mut work = context.work_at(root, &self.0.url())?;
        work.schema.limits = limits;
        Ok(work)
    }

    /// Names the schemas of the API there, as far as the project's directory knows them.
    pub async fn name_api_schemas(&self, schemas: &[String]) -> Result<(), Problem> {
        self.0.name_api_schemas(schemas).await
    }

    /// Whether its major version is known to be the project's.
    pub fn is_right_version(&self) -> bool {
        self.0.is_right_version()
    }

    /// Stops it in order.
    pub async fn stop(self) {
        self.0.stop().await;
    }
}
