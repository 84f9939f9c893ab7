//! Turns the edits of an applied file into a new migration, and writes the file back as it was applied.

use super::diff::stored;
use super::list::{entry, read};
use super::new_file::{NewFiles, free_name, make};
use super::read_files::{directory, rollback_file};
use super::restore::{Restored, restored, write};
use super::{Workspace, read_files};
use crate::domain::migration::difference::beyond;
use crate::domain::migration::file_name::FileName;
use crate::domain::migration::render::{commented, file_text};
use crate::domain::migration::resolution::{Correction, Repair};
use crate::domain::migration::{MigrationList, State, Target};
use crate::domain::problem::{Kind, Problem};
use serde::Serialize;
use std::path::PathBuf;

/// What will be written; it is shown and confirmed first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ExtractPlan {
    /// The version that was edited.
    pub version: String,
    /// The new migration.
    pub file: PathBuf,
    /// All of its text.
    pub text: String,
    /// Its rollback file.
    pub rollback: PathBuf,
    /// Statements of the edited file that were not applied; they are in the new migration.
    pub added: Vec<String>,
    /// Statements that were applied and are no longer in the file. Only a person can write what undoes them; the new
    /// migration lists them as comments.
    pub dropped: Vec<String>,
    /// The edited file, written back as it was applied.
    pub restored: Restored,
    /// The database whose history was looked at.
    pub target: Target,
    #[serde(skip)]
    name: FileName,
}

/// Plans a new migration with what an edited file has beyond what was applied. Refused when nothing but comments and
/// blanks was edited.
pub async fn plan_branch(
    schema: &Workspace,
    name: &str,
    version: &str,
    now: jiff::Timestamp,
) -> Result<ExtractPlan, Problem> {
    let (listing, history) = read(schema).await?;
    let entry = entry(&listing, version)?;
    let (Some(file), State::Edited) = (&entry.file, entry.state) else {
        let word = entry.state.word();
        return Err(Problem::new(
            Kind::Usage,
            format!("Version {version} is {word} and not edited."),
            "There are no edits that a new migration could hold.",
        )
        .with_hint("`supadeck migration list` shows the states."));
    };
    let row = stored(schema, entry).await?;
    let applied = row
        .as_ref()
        .and_then(|row| row.statements.clone())
        .unwrap_or_default();
    let found = beyond(&applied, &read_files::read(file)?.text);
    if found.added.is_empty() && found.dropped.is_empty() {
        return Err(Problem::new(
            Kind::Usage,
            format!("The edits of version {version} need no new migration."),
            "Nothing but comments, blanks or the order of the statements differs.",
        )
        .with_hint(format!(
            "Write the file back with `{}`, or record it as it is with `{}`.",
            Correction::restore(version).command(),
            Correction::repair(Repair::Applied, version).command()
        )));
    }
    let own = FileName {
        version: version.to_owned(),
        name: entry.name.clone(),
    };
    let new = free_name(&schema.root, name, now)?;
    let folder = directory(&schema.root);
    Ok(ExtractPlan {
        version: version.to_owned(),
        file: folder.join(new.file_name()),
        text: text(&own, &found.added, &found.dropped)?,
        rollback: rollback_file(&folder, &new),
        restored: restored(&folder, entry, row.as_ref())?,
        added: found.added,
        dropped: found.dropped,
        target: history.target,
        name: new,
    })
}

/// Writes what the plan says and returns the list. The edited file is kept, and comes back only when the new migration
/// is there.
pub async fn branch(schema: &Workspace, plan: &ExtractPlan) -> Result<MigrationList, Problem> {
    let NewFiles { up, down, .. } = make(&schema.root, &plan.name, &plan.text, "")?;
    if let Err(problem) = write(&plan.restored) {
        // The edits are still in the old file; a new one besides would apply them twice.
        let _ = std::fs::remove_file(up);
        let _ = std::fs::remove_file(down);
        return Err(problem);
    }
    Ok(read(schema).await?.0)
}

fn text(own: &FileName, added: &[String], dropped: &[String]) -> Result<String, Problem> {
    let mut text = commented(
        &format!(
            "Edits of {} that were made after it was applied.",
            own.file_name()
        ),
        "",
    );
    if !dropped.is_empty() {
        text.push_str(&commented(
            "These statements were applied and are no longer in that file. Where their work shall go or change, write the statement for it by hand:",
            "",
        ));
        for statement in dropped {
            text.push_str(&commented(&format!("{statement};"), "  "));
        }
    }
    text.push('\n');
    let statements = file_text(added).ok_or_else(|| {
        Problem::new(
            Kind::Config,
            "The edits do not make a file of their own.",
            "A quote, comment or parenthesis of the edited file is not closed.",
        )
        .with_hint("Close it, then try again.")
    })?;
    text.push_str(&statements);
    Ok(text)
}
