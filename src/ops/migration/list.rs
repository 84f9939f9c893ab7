//! What is where: the list of versions, and the SQL of one.

use super::read_files::{self, directory, find_rollback, rollback_file, scan};
use super::{Workspace, reconcile};
use crate::domain::migration::file_name::FileName;
use crate::domain::migration::history::{History, HistoryMark};
use crate::domain::migration::resolution::Suggestion;
use crate::domain::migration::state::listing;
use crate::domain::migration::{Entry, MigrationList, SourceTexts, State};
use crate::domain::problem::{Kind, Problem};
use std::path::{Path, PathBuf};

/// Compares the project's files with the database's history.
pub async fn list(schema: &Workspace) -> Result<MigrationList, Problem> {
    Ok(read(schema).await?.0)
}

/// A mark of the history, to see whether the list has to be made again.
pub async fn history_mark(schema: &Workspace) -> Result<HistoryMark, Problem> {
    schema.database.history_mark().await
}

/// The list together with the history it was made from.
pub(super) async fn read(schema: &Workspace) -> Result<(MigrationList, History), Problem> {
    schema.check_root()?;
    let folder = directory(&schema.root);
    let scanned = tokio::task::spawn_blocking(move || scan(&folder));
    let history = schema.database.history().await?;
    let local = scanned
        .await
        .map_err(|error| Problem::internal(format!("Reading the files stopped: {error}.")))??;
    let closer = reconcile::look(schema, &local, &history).await?;
    let mut listing = listing(local, &history, &closer);
    if let Some(doubt) = read_files::doubt(&schema.root) {
        for entry in &mut listing.entries {
            let note = entry.note.take().unwrap_or_default();
            entry.note = Some(format!("{doubt} {note}").trim_end().to_owned());
            // From a wrong directory every way out would do harm.
            entry.ways.clear();
        }
    }
    Ok((listing, history))
}

/// The files beside the migrations of a project that are none, each with its reason.
pub fn skipped(root: &Path) -> Result<Vec<String>, Problem> {
    read_files::skipped(&read_files::directory(root))
}

/// The folders in which migrations change, whether they are there or not.
pub fn watched(root: &Path) -> Vec<PathBuf> {
    read_files::watched(root)
}

/// The only entry of a version that can be meant; two files of one version are a reason to ask which.
pub(super) fn entry<'a>(listing: &'a MigrationList, version: &str) -> Result<&'a Entry, Problem> {
    let mut found = listing
        .entries
        .iter()
        .filter(|entry| entry.version == version);
    let first = found
        .next()
        .ok_or_else(|| match recorded(listing, version) {
            Some(entry) => Problem::new(
                Kind::Usage,
                format!(
                    "Version {version} of the history is the file {}_{} here.",
                    entry.version, entry.name
                ),
                entry.note.clone().unwrap_or_default(),
            )
            .with_hint(format!("Name it as {}.", entry.version)),
            None => unknown(version),
        })?;
    if first.state == State::Invalid || found.next().is_some() {
        let note = listing
            .entries
            .iter()
            .filter(|entry| entry.version == version)
            .find_map(|entry| entry.note.clone());
        return Err(Problem::new(
            Kind::Config,
            format!("Version {version} has no single usable file."),
            note.unwrap_or_default(),
        )
        .with_hint(way_out(first)));
    }
    Ok(first)
}

fn recorded<'a>(listing: &'a MigrationList, version: &str) -> Option<&'a Entry> {
    let mut entries = listing.entries.iter();
    entries.find(|entry| entry.recorded.as_deref() == Some(version))
}

/// The ways out of an entry's state in one sentence each.
pub(super) fn way_out(entry: &Entry) -> String {
    let ways: Vec<String> = entry.ways.iter().map(Suggestion::sentence).collect();
    if ways.is_empty() {
        "Save the file as it is said above, or rename or remove it.".to_owned()
    } else {
        ways.join(" ")
    }
}

/// The SQL of one version: its file, its rollback file, and what the history stores.
pub async fn sources(schema: &Workspace, version: &str) -> Result<SourceTexts, Problem> {
    schema.check_root()?;
    let mut stored = schema.database.stored(&[version.to_owned()]).await?;
    if stored.is_empty() {
        // It may be recorded under another version, which only the whole list tells.
        let (listing, _) = read(schema).await?;
        let entry = listing
            .entries
            .iter()
            .find(|entry| entry.version == version);
        if let Some(entry) = entry {
            stored.extend(super::diff::stored(schema, entry).await?);
        }
    }
    let folder = directory(&schema.root);
    let file = read_files::entries(&folder)?
        .into_iter()
        .filter_map(|name| FileName::parse(&name))
        .find(|name| name.version == version);
    let up = match &file {
        Some(name) => Some(read_files::read(&folder.join(name.file_name()))?.text),
        None => None,
    };
    let way_back = match &file {
        Some(name) => Some(rollback_file(&folder, name)).filter(|path| path.is_file()),
        None => find_rollback(&folder, version)?,
    };
    let down = match way_back {
        Some(path) => Some(read_files::read(&path)?.text),
        None => stored
            .first()
            .and_then(|row| row.rollback.as_ref())
            .map(|pieces| pieces.join(";\n") + ";\n"),
    };
    if up.is_none() && stored.is_empty() {
        return Err(unknown(version));
    }
    Ok(SourceTexts {
        version: version.to_owned(),
        up,
        down,
        applied: stored.into_iter().next().and_then(|row| row.statements),
    })
}

/// Neither a file nor the history knows the version.
pub(super) fn unknown(version: &str) -> Problem {
    Problem::new(
        Kind::Usage,
        format!("There is no migration {version}."),
        "Neither a file nor the history has this version.",
    )
    .with_hint("`supadeck migration list` shows the versions.")
}
