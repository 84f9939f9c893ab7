//! A scratch database: one of the local stack, made for one use and thrown away at its end, whatever that is.

#[cfg(feature = "demo")]
mod with_stack;
#[cfg(not(feature = "demo"))]
mod without_stack;

use std::sync::Arc;

/// The variable that chooses the major version of Postgres.
pub const VERSION: &str = "SUPADECK_POSTGRES_VERSION";

/// The major version of Postgres that a scratch database should have, as far as it is known, and why.
#[derive(Debug, Clone, Copy, Default)]
pub struct Wanted {
    /// The version.
    pub major: Option<u32>,
    /// Why that one.
    pub why: &'static str,
}

impl Wanted {
    /// The version of a database that is there.
    pub fn of_database(major: Option<u32>) -> Self {
        Self {
            major,
            why: "the database has it",
        }
    }
}

/// What is said while it is made: whether it is a warning, and the text.
pub type Said = Arc<dyn Fn(bool, &str) + Send + Sync>;

#[cfg(feature = "demo")]
pub use with_stack::ScratchDatabase;
#[cfg(not(feature = "demo"))]
pub use without_stack::ScratchDatabase;
