//! A scratch database: one of the local stack, made for one command and thrown away at its end, whatever that is.

#[cfg(feature = "demo")]
mod with_stack;
#[cfg(not(feature = "demo"))]
mod without_stack;

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

    /// The one that a project directory names.
    pub fn of_project(root: &Path) -> Self {
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
