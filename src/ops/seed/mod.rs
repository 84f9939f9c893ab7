//! Seeds: which files there are, what of them ran here, and running them, one transaction a file.

mod files;
mod plan;
mod run;
mod stale;

pub use plan::{at_rest, list, looked, plan};
pub use run::run;
pub use stale::stale;
