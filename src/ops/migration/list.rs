//! What is where: the list of versions, and the SQL of one.

use super::Schema;
use super::local::{self, directory, find_rollback, rollback_file, scan};
use crate::domain::migration::file_name::FileName;
use crate::domain::migration::history::History;
use crate::domain::migration::state::{LocalFiles, listing};
use crate::domain::migration::{Listing, Sources};
use crate::domain::problem::{Kind, Problem};
use crate::domain::sql::split::statements;
use std::collections::HashSet;
use std::path::PathBuf;

/// Compares the project's files with the database's history.
pub async fn list(schema: &Schema) -> Result<Listing, Problem> {
    Ok(read(schema).await?.0)
}

/// The list together with the history it was made from.
pub(super) async fn read(schema: &Schema) -> Result<(Listing, History), Problem> {
    schema.check_root()?;
    let folder = directory(&schema.root);
    let scanned = tokio::task::spawn_blocking(move || scan(&folder));
    let history = schema.database.history().await?;
    let local = scanned
        .await
        .map_err(|error| Problem::internal(format!("Reading the files stopped: {error}.")))??;
    let same = same_after_all(schema, &local, &history).await?;
    let mut listing = listing(local, &history, &|version| same.contains(version));
    if let Some(doubt) = local::doubt(&schema.root) {
        for entry in &mut listing.entries {
            let note = entry.note.take().unwrap_or_default();
            entry.note = Some(format!("{doubt} {note}").trim_end().to_owned());
        }
    }
    Ok((listing, history))
}

/// The versions whose digests differ and whose statements are yet the same: some tools store a file as one piece,
/// or cut it elsewhere.
async fn same_after_all(
    schema: &Schema,
    local: &LocalFiles,
    history: &History,
) -> Result<HashSet<String>, Problem> {
    let suspects: Vec<(String, PathBuf)> = history
        .rows
        .iter()
        .filter_map(|row| {
            let stored = row.digest.as_ref()?;
            let at = local
                .files
                .partition_point(|file| file.name.version < row.version);
            let file = local
                .files
                .get(at)
                .filter(|file| file.name.version == row.version)?;
            let differs = file.digest.as_ref().is_ok_and(|digest| digest != stored);
            differs.then(|| (row.version.clone(), file.path.clone()))
        })
        .collect();
    if suspects.is_empty() {
        return Ok(HashSet::new());
    }
    let versions: Vec<String> = suspects
        .iter()
        .map(|(version, _)| version.clone())
        .collect();
    let stored = schema.database.stored(&versions).await?;
    let mut same = HashSet::new();
    for (version, path) in suspects {
        let Some(row) = stored.iter().find(|row| row.version == version) else {
            continue;
        };
        let file = statements(&local::read(&path)?.text);
        let applied: Vec<String> = row
            .statements
            .iter()
            .flatten()
            .flat_map(|piece| statements(piece))
            .collect();
        if file == applied {
            same.insert(version);
        }
    }
    Ok(same)
}

/// The SQL of one version: its file, its rollback file, and what the history stores.
pub async fn sources(schema: &Schema, version: &str) -> Result<Sources, Problem> {
    schema.check_root()?;
    let stored = schema.database.stored(&[version.to_owned()]).await?;
    let folder = directory(&schema.root);
    let file = local::entries(&folder)?
        .into_iter()
        .filter_map(|name| FileName::parse(&name))
        .find(|name| name.version == version);
    let up = match &file {
        Some(name) => Some(local::read(&folder.join(name.file_name()))?.text),
        None => None,
    };
    let way_back = match &file {
        Some(name) => Some(rollback_file(&folder, name)).filter(|path| path.is_file()),
        None => find_rollback(&folder, version)?,
    };
    let down = match way_back {
        Some(path) => Some(local::read(&path)?.text),
        None => stored
            .first()
            .and_then(|row| row.rollback.as_ref())
            .map(|pieces| pieces.join(";\n") + ";\n"),
    };
    if up.is_none() && stored.is_empty() {
        return Err(unknown(version));
    }
    Ok(Sources {
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
