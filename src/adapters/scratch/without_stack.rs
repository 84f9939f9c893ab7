//! The scratch database of a build without the local stack: it says how to build one with it.

use super::{Said, Wanted};
use crate::domain::problem::{Kind, Problem};
use secrecy::SecretString;

/// A scratch database, of which this build has none.
pub enum ScratchDatabase {}

impl ScratchDatabase {
    /// Explains what is missing.
    #[allow(clippy::unused_async)] // The same face as with the feature.
    pub async fn start(_wanted: Wanted, _said: &Said) -> Result<Self, Problem> {
        Err(Problem::new(
            Kind::Usage,
            "This build of supadeck has no scratch database.",
            "The local stack is in it only when it is built with the feature `demo`.",
        )
        .with_hint("Build it with `cargo build --release --features demo`."))
    }

    /// How it is reached.
    pub fn url(&self) -> SecretString {
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
