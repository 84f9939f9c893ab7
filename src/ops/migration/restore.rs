//! Writes a migration file back as it was applied, from the statements that the history stores.
//! `plan_restore` says exactly what will be written, `restore` writes it and asks the list whether it is so.

use super::list::{read, unknown, way_out};
use super::read_files::{directory, find_rollback, rollback_file};
use super::{Workspace, files};
use crate::domain::migration::file_name::FileName;
use crate::domain::migration::history::Stored;
use crate::domain::migration::render::file_text;
use crate::domain::migration::version::is_version;
use crate::domain::migration::{Entry, MigrationList, State, Target};
use crate::domain::problem::{Kind, Problem};
use crate::domain::text::harmless;
use serde::Serialize;
use std::collections::HashSet;
use std::path::{Path, PathBuf};

/// What will be written; it is shown and confirmed first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RestorePlan {
    /// One for each version.
    pub files: Vec<Restored>,
    /// The database whose history holds the statements.
    pub target: Target,
}

/// One file that is written back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Restored {
    /// The version.
    pub version: String,
    /// Its state now: `edited`, `missing` or `invalid`.
    pub state: State,
    /// The migration file.
    pub file: PathBuf,
    /// All of its text.
    pub text: String,
    /// The file that stands there now.
    pub replaces: Option<Replaced>,
    /// The rollback file, when the history stores one and there is none.
    pub rollback: Option<Written>,
    /// The rollback file of a migration that is gone, when it is gone too and the history stores none: it has to be written
    /// by hand.
    pub lacks: Option<PathBuf>,
}

impl Restored {
    /// Says what is still missing when the file is written.
    pub fn remark(&self) -> Option<String> {
        let file = self.lacks.as_ref()?.display().to_string();
        Some(format!(
            "The history holds no rollback for {}; write {} by hand.",
            self.version,
            harmless(&file)
        ))
    }
}

/// A file whose place is taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Replaced {
    /// SHA-256 of its bytes, in hex.
    pub sha256: String,
    /// Where it will be kept.
    pub kept: PathBuf,
}

/// A file that is written where there is none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Written {
    /// The file.
    pub file: PathBuf,
    /// All of its text.
    pub text: String,
}

/// Says what would be written for these versions. Refused, with the reason, for a version that has nothing to restore
/// and for statements that would not read the same in a file.
pub async fn plan_restore(schema: &Workspace, versions: &[String]) -> Result<RestorePlan, Problem> {
    let (listing, history) = read(schema).await?;
    let mut seen = HashSet::new();
    let mut entries = Vec::with_capacity(versions.len());
    for version in versions.iter().filter(|version| seen.insert(*version)) {
        entries.push(restorable(&listing, version)?);
    }
    let recorded: Vec<String> = entries
        .iter()
        .filter_map(|entry| entry.recorded.clone())
        .collect();
    let rows = schema.database.stored(&recorded).await?;
    let folder = directory(&schema.root);
    let mut files = Vec::with_capacity(entries.len());
    for entry in entries {
        let row = rows
            .iter()
            .find(|row| Some(&row.version) == entry.recorded.as_ref());
        files.push(restored(&folder, entry, row)?);
    }
    Ok(RestorePlan {
        files,
        target: history.target,
    })
}

/// Writes what the plan says, and returns the list: every version of the plan is `applied` in it, or it is an error.
pub async fn restore(schema: &Workspace, plan: &RestorePlan) -> Result<MigrationList, Problem> {
    for restored in &plan.files {
        write(restored)?;
    }
    let (listing, _) = read(schema).await?;
    for restored in &plan.files {
        let entry = listing
            .entries
            .iter()
            .find(|entry| entry.version == restored.version);
        if entry.is_none_or(|entry| entry.state != State::Applied) {
            return Err(Problem::new(
                Kind::Conflict,
                format!(
                    "{} was written, and the list does not show version {} as applied.",
                    restored.file.display(),
                    restored.version
                ),
                "The file or the history has changed meanwhile.",
            )
            .with_hint("Look at `supadeck migration list`."));
        }
    }
    Ok(listing)
}

/// Writes one file and what belongs to it. The rollback file comes first: a migration alone would look irreversible.
pub(super) fn write(restored: &Restored) -> Result<(), Problem> {
    if let Some(folder) = restored.file.parent() {
        files::make_folder(folder)?;
    }
    if let Some(rollback) = &restored.rollback {
        if let Some(folder) = rollback.file.parent() {
            files::make_folder(folder)?;
        }
        files::write_new(&rollback.file, &rollback.text)?;
    }
    match &restored.replaces {
        None => files::write_new(&restored.file, &restored.text),
        Some(old) => files::replace(&restored.file, &restored.text, &old.sha256, &old.kept),
    }
}

fn restorable<'a>(listing: &'a MigrationList, version: &str) -> Result<&'a Entry, Problem> {
    let mut found = listing
        .entries
        .iter()
        .filter(|entry| entry.version == version || entry.recorded.as_deref() == Some(version));
    let entry = found.next().ok_or_else(|| unknown(version))?;
    let refused = |kind, why: &str, hint: String| {
        let what = format!("Version {version} has nothing to restore.");
        Err(Problem::new(kind, what, why).with_hint(hint))
    };
    if found.next().is_some() {
        return refused(
            Kind::Config,
            entry.note.as_deref().unwrap_or_default(),
            way_out(entry),
        );
    }
    match entry.state {
        State::Edited | State::Missing => Ok(entry),
        State::Invalid if entry.recorded.is_some() => Ok(entry),
        State::Applied => refused(
            Kind::Usage,
            "Its file matches what was applied.",
            "`supadeck migration list` shows the states.".to_owned(),
        ),
        State::Renamed | State::Interrupted => refused(
            Kind::Usage,
            entry.note.as_deref().unwrap_or_default(),
            way_out(entry),
        ),
        _ => refused(
            Kind::Usage,
            "It is not in the history, which is where the statements come from.",
            "`supadeck migration list` shows the states.".to_owned(),
        ),
    }
}

pub(super) fn restored(
    directory: &Path,
    entry: &Entry,
    row: Option<&Stored>,
) -> Result<Restored, Problem> {
    let version = &entry.version;
    let refused = |why: &str, hint: &str| {
        let what = format!("The file of version {version} cannot be written back.");
        Problem::new(Kind::Config, what, why).with_hint(hint)
    };
    let Some(statements) = row.and_then(|row| row.statements.as_deref()) else {
        return Err(refused(
            "The history stores no statements for it.",
            "Get the file from version control.",
        ));
    };
    let text = file_text(statements).ok_or_else(|| {
        refused(
            "The stored statements would not read the same in one file: a quote, comment or parenthesis of one of them is not closed.",
            "See them with `supadeck migration diff`, and get the file from version control.",
        )
    })?;
    let name = match &entry.file {
        Some(_) => FileName {
            version: version.clone(),
            name: entry.name.clone(),
        },
        None if is_version(version) => file_name(version, &entry.name),
        None => {
            return Err(refused(
                "The version is no number, so no file can have it.",
                "It was recorded by another tool.",
            ));
        }
    };
    let file = entry
        .file
        .clone()
        .unwrap_or_else(|| directory.join(name.file_name()));
    let replaces = match &entry.file {
        None => None,
        Some(old) => Some(Replaced {
            sha256: files::sha256_of(old)?,
            kept: files::kept(directory, old),
        }),
    };
    let rollback = rollback(directory, &name, row)?;
    let is_lacking = entry.file.is_none()
        && rollback.is_none()
        && find_rollback(directory, &name.version)?.is_none();
    Ok(Restored {
        version: version.clone(),
        state: entry.state,
        rollback,
        lacks: is_lacking.then(|| rollback_file(directory, &name)),
        file,
        text,
        replaces,
    })
}

/// The rollback file that the history stores, where the project has none for the version.
fn rollback(
    directory: &Path,
    name: &FileName,
    row: Option<&Stored>,
) -> Result<Option<Written>, Problem> {
    let pieces = row
        .and_then(|row| row.rollback.as_deref())
        .unwrap_or_default();
    if pieces.is_empty() || find_rollback(directory, &name.version)?.is_some() {
        return Ok(None);
    }
    let file = rollback_file(directory, name);
    let text = file_text(pieces).filter(|text| !text.trim().is_empty());
    Ok(text.map(|text| Written { file, text }))
}

/// The name for a file that was lost, from the name in the history: made fit for a file, and never one that the
/// Supabase CLI would skip.
fn file_name(version: &str, name: &str) -> FileName {
    let fit: String = name
        .chars()
        .map(|c| {
            let is_fine = c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
            if is_fine { c } else { '_' }
        })
        .take(50)
        .collect();
    let mut name = FileName {
        version: version.to_owned(),
        name: if fit.is_empty() {
            "restored".to_owned()
        } else {
            fit
        },
    };
    if name.is_old_init() {
        name.name.push_str("_restored");
    }
    name
}
