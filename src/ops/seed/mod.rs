//! Seeds: which files there are, what of them ran here, and running them, one transaction a file.

mod delete;
mod files;
mod new_file;
mod plan;
mod run;
mod source;
mod stale;

pub use delete::{DeletePlan, delete, plan_delete};
pub use files::watched;
pub use new_file::new;
pub use plan::{at_rest, list, looked, plan};
pub use run::run;
pub use source::source;
pub use stale::stale;
