//! Compares the files with the history: which version is applied, pending, edited, missing or unusable.

use super::down_section::{DownSection, plain_name, rolled_back_by};
use super::file_name::FileName;
use super::history::{History, Row};
use super::interruption::mark;
use super::rename_detection::Renames;
use super::resolution::{Evidence, explain};
use super::{Entry, MigrationList, State};
use serde::Serialize;
use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};

/// A file of the migration directory whose name fits the grammar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocalFile {
    /// Its name.
    pub name: FileName,
    /// Where it is.
    pub path: PathBuf,
    /// Digest of its statements, or why it cannot be read.
    pub digest: Result<String, String>,
    /// Its rollback file.
    pub way_back: RollbackFile,
    /// Where another tool's rollback begins in it.
    pub down_section: Option<DownSection>,
}

/// What stands in the place of a rollback file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RollbackFile {
    /// Nothing.
    Missing,
    /// A file without a statement, although the migration has some: it would forget the work and leave it in place.
    Empty,
    /// A file that is no text in UTF-8, or that the file system does not give.
    Unreadable,
    /// A file that a rollback takes.
    Usable,
}

impl RollbackFile {
    /// Whether it leads back, in a word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Missing => "no",
            Self::Empty => "empty",
            Self::Unreadable => "unreadable",
            Self::Usable => "yes",
        }
    }
}

/// What is in the migration directory.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LocalFiles {
    /// The migrations, sorted by version and then by file name, both byte by byte.
    pub files: Vec<LocalFile>,
    /// Files that are no migrations, each with its reason.
    pub skipped: Vec<String>,
    /// The rollback files of versions whose migration itself is gone.
    pub orphan_rollbacks: Vec<(String, RollbackFile)>,
}

/// What was found by reading statements again, where digests alone do not tell.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Closer {
    /// Files that say the same as the history although the digests differ.
    pub same: HashSet<PathBuf>,
    /// Files that were applied under another version.
    pub pairing: Renames,
}

impl Closer {
    fn is_same(&self, file: &LocalFile, row: &Row) -> bool {
        match (&file.digest, &row.digest) {
            (Ok(digest), Some(stored)) => digest == stored || self.same.contains(&file.path),
            _ => false,
        }
    }
}

/// The list that people see.
pub fn listing(local: LocalFiles, history: &History, closer: &Closer) -> MigrationList {
    let rows: BTreeMap<&str, &Row> = history
        .rows
        .iter()
        .map(|row| (row.version.as_str(), row))
        .collect();
    let judge = Classifier {
        newest: newest(history, &closer.pairing),
        rows,
        closer,
    };
    let mut entries = Vec::new();
    for group in local
        .files
        .chunk_by(|a, b| a.name.version == b.name.version)
    {
        entries.extend(judge.group(group));
    }
    let taken: HashSet<&str> = local
        .files
        .iter()
        .map(|file| file.name.version.as_str())
        .chain(closer.pairing.pairs.values().map(String::as_str))
        .collect();
    let orphan = |version: &String| {
        let mut orphans = local.orphan_rollbacks.iter();
        orphans
            .find(|(own, _)| own == version)
            .map_or(RollbackFile::Missing, |(_, way_back)| *way_back)
    };
    let gone = history
        .rows
        .iter()
        .filter(|row| !taken.contains(row.version.as_str()));
    entries.extend(gone.map(|row| judge.gone(row, orphan(&row.version))));
    // The sort is stable: files of one version keep the order of their names.
    entries.sort_by(|a, b| a.version.cmp(&b.version));
    mark(&mut entries, history);
    MigrationList {
        entries,
        skipped: local.skipped,
        target: history.target.clone(),
        remarks: history.books.remarks(),
    }
}

/// The newest applied version, by the files' own versions where a file was applied under another one.
fn newest<'a>(history: &'a History, pairing: &'a Renames) -> Option<&'a str> {
    let own = |version: &'a str| {
        let pair = pairing.pairs.iter().find(|(_, row)| *row == version);
        pair.map_or(version, |(file, _)| file.as_str())
    };
    history.rows.iter().map(|row| own(&row.version)).max()
}

struct Classifier<'a> {
    newest: Option<&'a str>,
    rows: BTreeMap<&'a str, &'a Row>,
    closer: &'a Closer,
}

impl Classifier<'_> {
    /// The entries of all files that have one version.
    fn group(&self, files: &[LocalFile]) -> Vec<Entry> {
        if let [file] = files {
            return vec![self.single(file)];
        }
        let copies: Vec<String> = files.iter().map(|file| shown(&file.path)).collect();
        let row = files
            .first()
            .and_then(|file| self.rows.get(file.name.version.as_str()));
        let own = row.and_then(|row| files.iter().position(|file| self.closer.is_same(file, row)));
        let mut entries = Vec::with_capacity(files.len());
        for (at, file) in files.iter().enumerate() {
            if own == Some(at) {
                entries.push(self.single(file));
                continue;
            }
            // Without a file that is the applied one, the first stands for the version: it must not look unapplied.
            let stands = own.is_none() && at == 0 && row.is_some();
            let mut entry = entry(file, State::Invalid);
            entry.recorded = stands.then(|| file.name.version.clone());
            let facts = Evidence {
                copies: copies.clone(),
                is_pair: is_pair(files),
                unreadable: file.digest.as_ref().err().cloned(),
                ..Evidence::default()
            };
            explain(&mut entry, &facts);
            entries.push(entry);
        }
        entries
    }

    /// The entry of the only file of its version.
    fn single(&self, file: &LocalFile) -> Entry {
        let version = &file.name.version;
        let row = self.rows.get(version.as_str());
        let pair = self.closer.pairing.pairs.get(version);
        let state = match (row, &file.digest) {
            (_, Err(_)) => State::Invalid,
            (Some(row), Ok(_)) if row.digest.is_some() && !self.closer.is_same(file, row) => {
                State::Edited
            }
            (Some(_), Ok(_)) => State::Applied,
            (None, Ok(_)) if pair.is_some() => State::Renamed,
            (None, Ok(_)) if self.newest.is_some_and(|newest| version.as_str() < newest) => {
                State::OutOfOrder
            }
            (None, Ok(_)) => State::Pending,
        };
        let mut entry = entry(file, state);
        entry.recorded = row.map(|row| row.version.clone()).or_else(|| pair.cloned());
        let facts = Evidence {
            has_statements: row.is_none_or(|row| row.digest.is_some()),
            unreadable: file.digest.as_ref().err().cloned(),
            down_section: file.down_section.clone(),
            ..Evidence::default()
        };
        explain(&mut entry, &facts);
        entry
    }

    /// The entry of a row that no file belongs to.
    fn gone(&self, row: &Row, way_back: RollbackFile) -> Entry {
        let mut entry = Entry {
            version: row.version.clone(),
            name: row.name.clone().unwrap_or_default(),
            state: State::Missing,
            reversible: way_back == RollbackFile::Usable,
            way_back,
            file: None,
            note: None,
            recorded: Some(row.version.clone()),
            ways: Vec::new(),
        };
        let facts = Evidence {
            has_statements: row.digest.is_some(),
            doubt: self
                .closer
                .pairing
                .doubts
                .get(&row.version)
                .cloned()
                .unwrap_or_default(),
            ..Evidence::default()
        };
        explain(&mut entry, &facts);
        entry
    }
}

/// Whether the files of one version are a migration and its rollback, as golang-migrate and sqlx name them.
fn is_pair(files: &[LocalFile]) -> bool {
    let [one, other] = files else {
        return false;
    };
    let fits = |down: &LocalFile, up: &LocalFile| {
        rolled_back_by(&down.name.name) == Some(plain_name(&up.name.name))
    };
    fits(one, other) || fits(other, one)
}

fn entry(file: &LocalFile, state: State) -> Entry {
    Entry {
        version: file.name.version.clone(),
        name: file.name.name.clone(),
        state,
        reversible: file.way_back == RollbackFile::Usable,
        way_back: file.way_back,
        file: Some(file.path.clone()),
        note: None,
        recorded: None,
        ways: Vec::new(),
    }
}

fn shown(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests;
