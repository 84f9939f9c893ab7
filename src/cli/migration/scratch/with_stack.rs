//! The scratch database of a build with the local stack.

use super::super::super::context::{Context, Work};
use super::super::super::page::{Page, Tone};
use crate::domain::problem::{Kind, Problem};
use crate::domain::script::Limits;
use std::path::Path;
use std::sync::Arc;
use supadeck_stack::{Options, Stack, Step};

/// A database like that of a new Supabase project. Dropping it stops it too.
pub struct Scratch {
    stack: Stack,
}

impl Scratch {
    /// Starts it.
    pub async fn start(context: &Context) -> Result<Self, Problem> {
        let output = context.output();
        let options = Options {
            progress: Some(Arc::new(move |step| {
                // Only what takes long is worth a line.
                if matches!(step, Step::Fetching { .. } | Step::Creating) {
                    let mut page = Page::default();
                    page.toned(Tone::Muted, &format!("Scratch database: {step}."));
                    output.note(&page);
                }
            })),
            ..Options::default()
        };
        let stack = Stack::start(options).await.map_err(|error| {
            Problem::new(
                Kind::Config,
                "The scratch database could not be started.",
                error.to_string(),
            )
            .with_hint("`--on target` runs it on the database itself.")
        })?;
        Ok(Self { stack })
    }

    /// The engine's view of a project on it.
    pub fn work(&self, context: &Context, root: &Path, limits: Limits) -> Result<Work, Problem> {
        let url = self.stack.info().db_url.clone().into();
        let mut work = context.work_at(root, &url)?;
        work.schema.limits = limits;
        Ok(work)
    }

    /// Stops it in order.
    pub async fn stop(self) {
        if let Err(error) = self.stack.stop().await {
            tracing::error!(%error, "the scratch database did not stop in order");
        }
    }
}
