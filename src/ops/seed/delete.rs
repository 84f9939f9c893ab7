//! Deletes a seed file that has never run.

use super::plan::list;
use crate::domain::migration::Target;
use crate::domain::problem::{Kind, Problem};
use crate::domain::seed::{SeedEntry, SeedListing, SeedState};
use crate::domain::text::harmless;
use crate::ops::migration::{SeenFile, Workspace, files};

/// What is deleted; it is shown and confirmed first.
#[derive(Clone, PartialEq, Eq)]
pub struct DeletePlan {
    /// The path as it would be recorded.
    pub path: String,
    /// The file.
    pub file: SeenFile,
    /// The database whose record does not have it.
    pub target: Target,
}

/// Plans the deletion of a pending seed.
pub async fn plan_delete(schema: &Workspace, path: &str) -> Result<DeletePlan, Problem> {
    let listing = list(schema).await?;
    let entry = waiting(&listing, path)?;
    let file = entry.file.clone().ok_or_else(|| gone(path))?;
    Ok(DeletePlan {
        path: path.to_owned(),
        file: SeenFile::read(file)?,
        target: listing.target,
    })
}

/// Deletes the file as it was shown. Where it turns out to have run, it is written again.
pub async fn delete(schema: &Workspace, plan: &DeletePlan) -> Result<(), Problem> {
    waiting(&list(schema).await?, &plan.path)?;
    let files = std::slice::from_ref(&plan.file);
    files::delete_all(files)?;
    let problem = match list(schema).await {
        Ok(after) if !after.entries.iter().any(|entry| entry.path == plan.path) => return Ok(()),
        Ok(_) => has_run(&plan.path),
        Err(problem) => problem,
    };
    Err(files::with_restored(problem, &files::restore_all(files)))
}

fn waiting<'a>(listing: &'a SeedListing, path: &str) -> Result<&'a SeedEntry, Problem> {
    let mut entries = listing.entries.iter();
    let entry = entries.find(|entry| entry.path == path);
    match entry.map(|entry| (entry, entry.state)) {
        Some((entry, SeedState::Pending)) => Ok(entry),
        Some(_) => Err(has_run(path)),
        None => Err(gone(path)),
    }
}

fn has_run(path: &str) -> Problem {
    Problem::new(
        Kind::Conflict,
        format!("The seed {} has run here.", harmless(path)),
        "Only a seed that never ran is deleted, so it was left as it is.",
    )
}

fn gone(path: &str) -> Problem {
    Problem::new(
        Kind::Conflict,
        format!("The seed {} is no longer there.", harmless(path)),
        "There is nothing to delete.",
    )
}
