//! Compares the files with the history: which version is applied, pending, edited, missing or unusable.

use super::file_name::FileName;
use super::history::History;
use super::{Direction, Entry, Interruption, Listing, State};
use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;

/// A file of the migration directory whose name fits the grammar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocalFile {
    /// Its name.
    pub name: FileName,
    /// Where it is.
    pub path: PathBuf,
    /// Digest of its statements, or why it cannot be read.
    pub digest: Result<String, String>,
    /// Whether there is a rollback file.
    pub reversible: bool,
}

/// What is in the migration directory.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LocalFiles {
    /// The migrations, sorted by version and then by file name, both byte by byte.
    pub files: Vec<LocalFile>,
    /// Files that are no migrations, each with its reason.
    pub skipped: Vec<String>,
    /// Versions that have a rollback file although the migration itself is gone.
    pub orphan_rollbacks: Vec<String>,
}

/// The list that people see. `same` says of an applied version whose digest differs whether its file still says the
/// same as the history, when both are read again statement by statement.
pub fn listing(local: LocalFiles, history: &History, same: &dyn Fn(&str) -> bool) -> Listing {
    let applied: HashMap<&str, Option<&str>> = history
        .rows
        .iter()
        .map(|row| (row.version.as_str(), row.digest.as_deref()))
        .collect();
    let newest = history.rows.iter().map(|row| row.version.as_str()).max();
    let mut entries: BTreeMap<(String, usize), Entry> = BTreeMap::new();
    for file in local.files {
        let version = file.name.version.clone();
        let copies = entries
            .range((version.clone(), 0)..=(version.clone(), usize::MAX))
            .count();
        let (state, note) = if copies > 0 {
            (
                State::Invalid,
                Some(format!("Another file has the version {version} already.")),
            )
        } else {
            match (applied.get(version.as_str()), &file.digest) {
                (_, Err(why)) => (State::Invalid, Some(why.clone())),
                (Some(None), Ok(_)) => (
                    State::Applied,
                    Some("The history stores no statements to compare with.".into()),
                ),
                (Some(Some(stored)), Ok(digest)) if stored != digest && !same(&version) => (
                    State::Edited,
                    Some("The file's text differs from what was applied.".into()),
                ),
                (Some(_), Ok(_)) => (State::Applied, None),
                (None, Ok(_)) if newest.is_some_and(|newest| version.as_str() < newest) => (
                    State::OutOfOrder,
                    Some("It is older than the newest applied version.".into()),
                ),
                (None, Ok(_)) => (State::Pending, None),
            }
        };
        entries.insert(
            (version.clone(), copies),
            Entry {
                version,
                name: file.name.name,
                state,
                reversible: file.reversible,
                file: Some(file.path),
                note,
            },
        );
    }
    for row in &history.rows {
        let key = (row.version.clone(), 0);
        entries.entry(key).or_insert_with(|| Entry {
            version: row.version.clone(),
            name: row.name.clone().unwrap_or_default(),
            state: State::Missing,
            reversible: local.orphan_rollbacks.contains(&row.version),
            file: None,
            note: Some("It was applied from a file that is not here.".into()),
        });
    }
    for interruption in &history.interrupted {
        if interruption.runner.is_some() || is_open(interruption, &applied) {
            for entry in entries.values_mut() {
                if entry.version == interruption.version && entry.state != State::Invalid {
                    // Whoever runs it right now may well bring it to its end.
                    if interruption.runner.is_none() {
                        entry.state = State::Interrupted;
                    }
                    entry.note = Some(interruption.note());
                }
            }
        }
    }
    Listing {
        entries: entries.into_values().collect(),
        skipped: local.skipped,
        target: history.target.clone(),
    }
}

/// Whether the history still says what it said before the file ran: else another tool has settled it.
fn is_open(interruption: &Interruption, applied: &HashMap<&str, Option<&str>>) -> bool {
    let is_applied = applied.contains_key(interruption.version.as_str());
    is_applied == (interruption.direction == Direction::Rollback)
}

/// The interrupted runs that somebody has to decide about.
pub fn unsettled(history: &History) -> impl Iterator<Item = &Interruption> {
    let applied: HashMap<&str, Option<&str>> = history
        .rows
        .iter()
        .map(|row| (row.version.as_str(), None))
        .collect();
    history.interrupted.iter().filter(move |interruption| {
        interruption.runner.is_none() && is_open(interruption, &applied)
    })
}

#[cfg(test)]
mod tests {
    use super::super::history::Row;
    use super::*;

    fn file(name: &str, digest: &str) -> LocalFile {
        LocalFile {
            name: FileName::parse(name).unwrap_or(FileName {
                version: String::new(),
                name: String::new(),
            }),
            path: name.into(),
            digest: Ok(digest.into()),
            reversible: false,
        }
    }

    fn row(version: &str, digest: Option<&str>) -> Row {
        Row {
            version: version.into(),
            name: None,
            digest: digest.map(Into::into),
        }
    }

    fn states(files: Vec<LocalFile>, rows: Vec<Row>) -> Vec<(String, State)> {
        let local = LocalFiles {
            files,
            ..LocalFiles::default()
        };
        let history = History {
            rows,
            ..History::default()
        };
        listing(local, &history, &|_| false)
            .entries
            .into_iter()
            .map(|entry| (format!("{}_{}", entry.version, entry.name), entry.state))
            .collect()
    }

    #[test]
    fn every_state_is_told_apart() {
        let found = states(
            vec![
                file("1_a.sql", "same"),
                file("2_b.sql", "new"),
                file("3_c.sql", "x"),
                file("5_e.sql", "x"),
                file("6_f.sql", "x"),
                file("6_g.sql", "x"),
            ],
            vec![
                row("1", Some("same")),
                row("2", Some("old")),
                row("4", None),
                row("5", None),
            ],
        );
        let expected = [
            ("1_a", State::Applied),
            ("2_b", State::Edited),
            ("3_c", State::OutOfOrder),
            ("4_", State::Missing),
            ("5_e", State::Applied),
            ("6_f", State::Pending),
            ("6_g", State::Invalid),
        ];
        let expected: Vec<_> = expected
            .iter()
            .map(|(name, state)| ((*name).to_owned(), *state))
            .collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn versions_compare_as_text() {
        let found = states(
            vec![file("10_b.sql", ""), file("9_a.sql", "")],
            vec![row("9", None)],
        );
        assert_eq!(found[0], ("10_b".into(), State::OutOfOrder));
        assert_eq!(found[1], ("9_a".into(), State::Applied));
    }
}
