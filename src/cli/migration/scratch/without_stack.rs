//! The scratch database of a build without the local stack: it says how to build one with it.

use super::super::super::context::{Context, Work};
use super::Wanted;
use crate::domain::problem::{Kind, Problem};
use crate::domain::script::Limits;
use std::path::Path;

/// A scratch database, of which this build has none.
pub enum Scratch {}

impl Scratch {
    /// Explains what is missing.
    #[allow(clippy::unused_async)] // The same face as with the feature.
    pub async fn start(_context: &Context, _wanted: Wanted) -> Result<Self, Problem> {
        Err(Problem::new(
            Kind::Usage,
            "This build of supadeck has no scratch database.",
            "The local stack is in it only when it is built with the feature `demo`.",
        )
        .with_hint("Build it with `cargo build --release --features demo`, or name the database itself with `--on target`."))
    }

    /// The engine's view of a project on it.
    pub fn work(&self, _context: &Context, _root: &Path, _limits: Limits) -> Result<Work, Problem> {
        match *self {}
    }

    /// Names the schemas of the API there.
    #[allow(clippy::unused_async)]
    pub async fn name_api_schemas(&self, _schemas: &[String]) -> Result<(), Problem> {
        match *self {}
    }

    /// Whether its version is the project's.
    pub fn is_right_version(&self) -> bool {
        match *self {}
    }

    /// Stops it.
    #[allow(clippy::unused_async)]
    pub async fn stop(self) {
        match self {}
    }
}
