//! Looks closer where digests alone do not tell: at files that were cut elsewhere, and at versions that were recorded
//! under another number. Reads what the history stores, and only when there is something to look at.

use super::{Workspace, read_files};
use crate::domain::migration::history::{History, Row, Stored, is_same_text};
use crate::domain::migration::rename_detection::{Candidate, key, pair};
use crate::domain::migration::state::{Closer, LocalFile, LocalFiles};
use crate::domain::problem::Problem;
use crate::domain::sql::split::statements;
use std::collections::{HashMap, HashSet};

/// What the list needs to know beyond the digests.
pub(super) async fn look(
    schema: &Workspace,
    files: &LocalFiles,
    history: &History,
) -> Result<Closer, Problem> {
    let rows: HashMap<&str, &Row> = history
        .rows
        .iter()
        .map(|row| (row.version.as_str(), row))
        .collect();
    let suspects: Vec<&LocalFile> = files
        .files
        .iter()
        .filter(|file| {
            let stored = rows
                .get(file.name.version.as_str())
                .and_then(|row| row.digest.as_ref());
            let own = file.digest.as_ref().ok();
            matches!((stored, own), (Some(stored), Some(own)) if stored != own)
        })
        .collect();
    let (loose_rows, loose_files) = loose(files, history, &rows);
    if suspects.is_empty() && loose_rows.is_empty() {
        return Ok(Closer::default());
    }
    let wanted: Vec<String> = suspects
        .iter()
        .map(|file| file.name.version.clone())
        .chain(loose_rows.iter().map(|row| row.version.clone()))
        .collect::<HashSet<_>>()
        .into_iter()
        .collect();
    let stored = schema.database.stored(&wanted).await?;
    let stored: HashMap<&str, &Stored> = stored
        .iter()
        .map(|row| (row.version.as_str(), row))
        .collect();
    let mut closer = Closer::default();
    for file in suspects {
        let Some(row) = stored.get(file.name.version.as_str()) else {
            continue;
        };
        let text = read_files::read(&file.path)?.text;
        if is_same_text(&text, row.statements.as_deref().unwrap_or_default()) {
            closer.same.insert(file.path.clone());
        }
    }
    let rows: Vec<Candidate> = loose_rows
        .into_iter()
        .map(|row| Candidate {
            version: row.version.clone(),
            name: row.name.clone(),
            key: stored
                .get(row.version.as_str())
                .and_then(|row| key(row.statements.as_deref()?)),
        })
        .collect();
    let mut candidates = Vec::with_capacity(loose_files.len());
    for file in loose_files {
        candidates.push(Candidate {
            version: file.name.version.clone(),
            name: Some(file.name.name.clone()),
            key: key(&statements(&read_files::read(&file.path)?.text)),
        });
    }
    closer.pairing = pair(&rows, &candidates);
    Ok(closer)
}

/// Rows without a file, and files without a row: nothing, unless there are both.
fn loose<'a>(
    files: &'a LocalFiles,
    history: &'a History,
    rows: &HashMap<&str, &Row>,
) -> (Vec<&'a Row>, Vec<&'a LocalFile>) {
    let mut copies: HashMap<&str, usize> = HashMap::new();
    for file in &files.files {
        *copies.entry(file.name.version.as_str()).or_default() += 1;
    }
    let gone: Vec<&Row> = history
        .rows
        .iter()
        .filter(|row| !copies.contains_key(row.version.as_str()) && row.digest.is_some())
        .collect();
    let new: Vec<&LocalFile> = files
        .files
        .iter()
        .filter(|file| {
            let version = file.name.version.as_str();
            !rows.contains_key(version) && copies.get(version) == Some(&1) && file.digest.is_ok()
        })
        .collect();
    if gone.is_empty() || new.is_empty() {
        return (Vec::new(), Vec::new());
    }
    (gone, new)
}
