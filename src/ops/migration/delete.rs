//! Deletes a migration that has never run, and its rollback file with it.

use super::Workspace;
use super::files::{self, SeenFile};
use super::list::{entry, read};
use super::read_files::{directory, find_rollback};
use crate::domain::migration::{Entry, MigrationList, Target};
use crate::domain::problem::{Kind, Problem};

/// What is deleted; it is shown and confirmed first.
#[derive(Clone, PartialEq, Eq)]
pub struct DeletePlan {
    /// The version.
    pub version: String,
    /// Its name.
    pub name: String,
    /// The migration file, and the rollback file where it has one.
    pub files: Vec<SeenFile>,
    /// The database whose history does not have it.
    pub target: Target,
}

/// Plans the deletion of a pending migration.
pub async fn plan_delete(schema: &Workspace, version: &str) -> Result<DeletePlan, Problem> {
    let (listing, history) = read(schema).await?;
    let entry = entry(&listing, version)?;
    check_waiting(entry)?;
    let rollback = find_rollback(&directory(&schema.root), version)?;
    let paths = entry.file.iter().cloned().chain(rollback);
    let files: Result<Vec<SeenFile>, Problem> = paths.map(SeenFile::read).collect();
    Ok(DeletePlan {
        version: entry.version.clone(),
        name: entry.name.clone(),
        files: files?,
        target: history.target,
    })
}

/// Deletes the files as they were shown, and returns the list. Where the version turns out to be applied, they are
/// written again.
pub async fn delete(schema: &Workspace, plan: &DeletePlan) -> Result<MigrationList, Problem> {
    let (listing, _) = read(schema).await?;
    check_waiting(entry(&listing, &plan.version)?)?;
    let rollback = find_rollback(&directory(&schema.root), &plan.version)?;
    if let Some(rollback) = rollback.filter(|path| !plan.files.iter().any(|f| f.path == *path)) {
        return Err(Problem::new(
            Kind::Conflict,
            format!("{} was not there when it was shown.", rollback.display()),
            "Only what was shown is deleted, so nothing was.",
        )
        .with_hint("Look again."));
    }
    files::delete_all(&plan.files)?;
    let after = match read(schema).await {
        Ok((after, _)) => after,
        Err(problem) => {
            let lost = files::restore_all(&plan.files);
            let mut problem = files::with_restored(problem, &lost);
            let end = if lost.is_empty() {
                "so nothing was deleted"
            } else {
                "and not all files could be written again"
            };
            problem.what = format!(
                "The history could not be read again, {end}. {}",
                problem.what
            );
            return Err(problem);
        }
    };
    let is_applied = |entry: &&Entry| entry.version == plan.version && entry.recorded.is_some();
    if after.entries.iter().any(|entry| is_applied(&entry)) {
        let problem = applied(&plan.version);
        return Err(files::with_restored(
            problem,
            &files::restore_all(&plan.files),
        ));
    }
    Ok(after)
}

fn check_waiting(entry: &Entry) -> Result<(), Problem> {
    if entry.is_waiting() {
        Ok(())
    } else if entry.recorded.is_some() {
        Err(applied(&entry.version))
    } else {
        Err(Problem::new(
            Kind::Conflict,
            format!("Version {} is {}.", entry.version, entry.state.word()),
            "Only a migration that waits to be applied is deleted.",
        ))
    }
}

fn applied(version: &str) -> Problem {
    Problem::new(
        Kind::Conflict,
        format!("Version {version} is applied."),
        "Its file says what was done to the database, so it was left as it is.",
    )
    .with_hint("Roll it back first.")
}
