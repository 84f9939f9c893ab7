//! Seeds: which files there are, what of them ran here, and running them, one transaction a file.

mod files;
mod plan;
mod run;
mod stale;

pub use plan::{at_rest, list, looked, plan};
pub use run::run;
pub use stale::stale;

use crate::domain::seed::SeedProgress;
use tokio::sync::mpsc::UnboundedSender;
use tokio_util::sync::CancellationToken;

/// How a seed run is followed and stopped from outside.
#[derive(Debug, Clone)]
pub struct SeedWatch {
    /// Takes the news. It is unbounded so that a slow screen never holds up a transaction.
    pub progress: UnboundedSender<SeedProgress>,
    /// Stops the run: the server is told, and its answer is awaited.
    pub cancel: CancellationToken,
}
