//! Versions that the Management API recorded under the time of the call: finds the file that each was applied from, by
//! the statements alone. It never guesses: where more than one file or row could be meant, it says so and pairs none.

use super::history::{digest, resplit};
use crate::domain::sql::split::split;
use std::collections::BTreeMap;

/// A row without a file, or a file without a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// The version.
    pub version: String,
    /// The name; rows of older tools have none.
    pub name: Option<String>,
    /// [`key`] of the statements; absent when there are none to compare.
    pub key: Option<String>,
}

/// Which file was applied as which version.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Renames {
    /// The file's version, and the version in the history.
    pub pairs: BTreeMap<String, String>,
    /// Versions of the history that files could be, and that are not certain, with the files' versions.
    pub doubts: BTreeMap<String, Vec<String>>,
}

/// What tells statements apart: all of their text, wherever it was cut. Nothing for text that does nothing.
pub fn key(pieces: &[String]) -> Option<String> {
    let statements = resplit(pieces);
    let does_something = statements
        .iter()
        .any(|statement| split(statement).iter().any(|part| !part.is_blank));
    does_something.then(|| digest(statements))
}

/// Pairs what has the same statements and is the only one that fits, or the only one of its name.
pub fn pair(rows: &[Candidate], files: &[Candidate]) -> Renames {
    let mut groups: BTreeMap<&str, (Vec<&Candidate>, Vec<&Candidate>)> = BTreeMap::new();
    for row in rows {
        if let Some(key) = &row.key {
            groups.entry(key).or_default().0.push(row);
        }
    }
    for file in files {
        if let Some(group) = file.key.as_deref().and_then(|key| groups.get_mut(key)) {
            group.1.push(file);
        }
    }
    let mut pairing = Renames::default();
    for (rows, files) in groups.into_values() {
        pairing.settle(&rows, &files);
    }
    pairing
}

impl Candidate {
    /// Whether a row can have come from a file beyond saying the same: the time of the call is later than the file's
    /// version, or both have one name. Else a file that repeats what another one did would count as applied.
    fn may_be(&self, file: &Self) -> bool {
        self.version > file.version || (self.name.is_some() && self.name == file.name)
    }
}

impl Renames {
    fn settle(&mut self, rows: &[&Candidate], files: &[&Candidate]) {
        if let ([row], [file]) = (rows, files)
            && row.may_be(file)
        {
            self.pairs.insert(file.version.clone(), row.version.clone());
            return;
        }
        let only = |all: &[&Candidate], name: &Option<String>| {
            let mut same = all.iter().filter(|one| &one.name == name);
            (name.is_some() && same.next().is_some()) && same.next().is_none()
        };
        let mut left = Vec::new();
        for row in rows {
            let named = files.iter().find(|file| file.name == row.name);
            match named {
                Some(file) if only(rows, &row.name) && only(files, &row.name) => {
                    self.pairs.insert(file.version.clone(), row.version.clone());
                }
                _ => left.push(row),
            }
        }
        let free: Vec<String> = files
            .iter()
            .map(|file| file.version.clone())
            .filter(|version| !self.pairs.contains_key(version))
            .collect();
        if free.is_empty() {
            return;
        }
        for row in left {
            self.doubts.insert(row.version.clone(), free.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn loose(version: &str, name: &str, key: &str) -> Candidate {
        Candidate {
            version: version.into(),
            name: (!name.is_empty()).then(|| name.into()),
            key: (!key.is_empty()).then(|| key.into()),
        }
    }

    fn pairs(pairing: &Renames) -> Vec<(&str, &str)> {
        let pairs = pairing.pairs.iter();
        pairs
            .map(|(file, row)| (file.as_str(), row.as_str()))
            .collect()
    }

    #[test]
    fn one_row_and_one_file_of_the_same_text_are_one() {
        let pairing = pair(
            &[loose("20", "x", "same"), loose("21", "", "gone")],
            &[loose("10", "y", "same"), loose("11", "x", "new")],
        );
        assert_eq!(pairs(&pairing), [("10", "20")]);
        assert!(pairing.doubts.is_empty());
    }

    #[test]
    fn names_tell_copies_apart_and_nothing_else_does() {
        let pairing = pair(
            &[loose("20", "a", "same"), loose("21", "b", "same")],
            &[loose("10", "b", "same"), loose("11", "a", "same")],
        );
        assert_eq!(pairs(&pairing), [("10", "21"), ("11", "20")]);
        let pairing = pair(
            &[loose("20", "", "same")],
            &[loose("10", "a", "same"), loose("11", "b", "same")],
        );
        assert!(pairing.pairs.is_empty());
        assert_eq!(pairing.doubts["20"], ["10", "11"]);
        let pairing = pair(
            &[loose("20", "a", "same"), loose("21", "a", "same")],
            &[loose("10", "a", "same")],
        );
        assert!(pairing.pairs.is_empty());
        assert_eq!(pairing.doubts.len(), 2);
    }

    #[test]
    fn a_file_that_repeats_an_older_version_is_another_migration() {
        let pairing = pair(&[loose("10", "a", "same")], &[loose("20", "b", "same")]);
        assert!(pairing.pairs.is_empty());
        assert_eq!(pairing.doubts["10"], ["20"]);
        // Written down after the call, under its name.
        let pairing = pair(&[loose("10", "a", "same")], &[loose("20", "a", "same")]);
        assert_eq!(pairs(&pairing), [("20", "10")]);
    }

    #[test]
    fn what_does_nothing_is_never_paired() {
        assert_eq!(key(&["-- nothing".into()]), None);
        assert_eq!(key(&[]), None);
        assert_eq!(
            key(&["select 1;\nselect 2".into()]),
            key(&["select 1".into(), "select 2".into()])
        );
        let pairing = pair(&[loose("20", "a", "")], &[loose("10", "a", "")]);
        assert!(pairing.pairs.is_empty());
    }
}
