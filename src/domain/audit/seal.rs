//! Seals of the audit log: what a seal says, what is found when one is checked, and how seals are compared with those of a file.

use crate::domain::problem::{Kind, Problem};
use crate::domain::text;
use serde::{Deserialize, Serialize};

/// A seal, without the digests of its single records.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seal {
    /// 1, 2, 3 …
    pub number: u64,
    /// When it was made.
    pub sealed_at: String,
    /// The transaction of the last record that it can hold.
    pub end_transaction: i64,
    /// The id of that record.
    pub end_id: String,
    /// How many records it holds.
    pub record_count: u64,
    /// The oldest of them.
    pub first_created_at: String,
    /// The newest of them.
    pub last_created_at: String,
    /// SHA-256 in hexadecimal digits, over the records and the digest of the seal before it.
    pub digest: String,
}

impl Seal {
    /// The columns that are read.
    pub const COLUMNS: &'static str = "number,sealed_at,end_transaction,end_id,record_count,first_created_at,last_created_at,digest";

    /// The same with the digest as digits alone: REST writes bytes as `\x…`.
    #[must_use]
    pub fn plain(mut self) -> Self {
        if let Some(digits) = self.digest.strip_prefix("\\x") {
            self.digest = digits.to_owned();
        }
        self
    }

    /// A line of a file of seals.
    pub fn line(&self) -> String {
        let mut line = serde_json::to_string(self).unwrap_or_default();
        line.push('\n');
        line
    }
}

/// Reads a file of seals, one JSON object a line, in the order of their numbers.
pub fn read(file: &str) -> Result<Vec<Seal>, Problem> {
    let mut seals: Vec<Seal> = Vec::new();
    for (at, line) in file.lines().enumerate() {
        let wrong = |why: String| {
            Problem::new(
                Kind::Usage,
                format!("Line {} of the file is no seal.", at + 1),
                why,
            )
            .with_hint("Give a file that `supadeck audit seal --export` wrote.")
        };
        let seal: Seal = serde_json::from_str(line)
            .map_err(|error| wrong(text::cell(&error.to_string()).into_owned()))?;
        if seals.last().is_some_and(|last| last.number >= seal.number) {
            return Err(wrong("The numbers of the seals do not go up.".to_owned()));
        }
        seals.push(seal);
    }
    if seals.is_empty() {
        return Err(Problem::new(
            Kind::Usage,
            "The file holds no seal.",
            "It is empty.",
        ));
    }
    Ok(seals)
}

/// What is not as it was sealed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealFault {
    /// What happened.
    pub kind: SealFaultKind,
    /// In which seal it was found.
    pub seal: u64,
    /// The record, where it is about one.
    #[serde(default)]
    pub record: Option<String>,
    /// The column, where it is known.
    #[serde(default)]
    pub column: Option<String>,
    /// What the record says now; none where it is gone.
    #[serde(default)]
    pub found: Option<Found>,
}

/// A record that is not as it was, as it is now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// Its action.
    pub action: String,
    /// Its time.
    pub created_at: String,
}

/// What happened to a record or a seal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SealFaultKind {
    /// A record says something else.
    Changed,
    /// A record is gone.
    Removed,
    /// A record came among those that were sealed.
    Added,
    /// A seal says something else.
    SealChanged,
    /// A seal is gone.
    SealRemoved,
    /// A seal is not the one of the file.
    NotAsExported,
    /// A seal of the file is gone.
    NotThere,
}

impl SealFault {
    /// A fault of a whole seal.
    pub fn of_seal(kind: SealFaultKind, seal: u64) -> Self {
        Self {
            kind,
            seal,
            record: None,
            column: None,
            found: None,
        }
    }

    /// What happened, as a sentence.
    pub fn sentence(&self) -> String {
        let seal = self.seal;
        let record = self.record.as_deref().unwrap_or("?");
        match (self.kind, &self.column) {
            (SealFaultKind::Changed, Some(column)) => {
                format!("`{column}` of record {record} is not what its images say (seal {seal}).")
            }
            (SealFaultKind::Changed, None) => {
                format!("Record {record} is not what it was when it was sealed (seal {seal}).")
            }
            (SealFaultKind::Removed, _) => {
                format!("Record {record} is gone since it was sealed (seal {seal}).")
            }
            (SealFaultKind::Added, _) => {
                format!("Record {record} was put among those that were sealed (seal {seal}).")
            }
            (SealFaultKind::SealChanged, _) => format!("Seal {seal} is not what it was."),
            (SealFaultKind::SealRemoved, _) => format!("Seal {seal} is gone."),
            (SealFaultKind::NotAsExported, _) => {
                format!("Seal {seal} is not the one of the file: records or seals were rewritten.")
            }
            (SealFaultKind::NotThere, _) => format!("Seal {seal} of the file is gone."),
        }
    }
}

/// What is not sealed yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unsealed {
    /// How many records; more than [`Unsealed::MOST`] are not counted.
    pub records: u64,
    /// The oldest of those that were counted.
    pub oldest: Option<String>,
}

impl Unsealed {
    /// How many are counted.
    pub const MOST: u64 = 100_000;
}

/// What a check came to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct SealVerification {
    /// How many seals were checked and found as they were.
    pub seals: u64,
    /// How many records they hold.
    pub records: u64,
    /// The last of them; 0 for none.
    pub last: u64,
    /// Its digest.
    pub digest: String,
    /// How many seals of the file were found here as they are there.
    pub compared: Option<u64>,
    /// The first thing that is not as it was.
    pub fault: Option<SealFault>,
    /// What no seal covers yet; unknown after a fault.
    pub unsealed: Option<Unsealed>,
}

/// The first seal of the file that is not the same here. `here` has the seals of the same numbers, as far as they are there.
pub fn compare(file: &[Seal], here: &[Seal]) -> Option<SealFault> {
    file.iter().find_map(|exported| {
        let own = here.iter().find(|seal| seal.number == exported.number);
        match own {
            None => Some(SealFault::of_seal(SealFaultKind::NotThere, exported.number)),
            // The digest is over everything else that a seal says.
            Some(own)
                if own.digest != exported.digest || own.record_count != exported.record_count =>
            {
                Some(SealFault::of_seal(
                    SealFaultKind::NotAsExported,
                    exported.number,
                ))
            }
            Some(_) => None,
        }
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn seal(number: u64, digest: &str) -> Seal {
        Seal {
            number,
            sealed_at: "2026-11-30T00:00:00+00:00".into(),
            end_transaction: 700,
            end_id: "ffffffff-ffff-ffff-ffff-ffffffffffff".into(),
            record_count: 10,
            first_created_at: "2026-11-29T00:00:00+00:00".into(),
            last_created_at: "2026-11-30T00:00:00+00:00".into(),
            digest: digest.into(),
        }
    }

    #[test]
    fn a_file_is_read_as_it_was_written() {
        let seals = vec![seal(1, "ab"), seal(2, "cd"), seal(7, "ef")];
        let file: String = seals.iter().map(Seal::line).collect();
        assert_eq!(read(&file).unwrap(), seals);
        assert_eq!(seal(1, "\\xab").plain(), seal(1, "ab"));
        for (broken, what) in [
            (String::new(), "The file holds no seal."),
            (format!("{file}{file}"), "Line 4 of the file is no seal."),
            (
                format!("{file}nonsense\n"),
                "Line 4 of the file is no seal.",
            ),
            (
                file.replacen("700", "x", 1),
                "Line 1 of the file is no seal.",
            ),
        ] {
            assert_eq!(read(&broken).unwrap_err().what, what);
        }
    }

    #[test]
    fn the_first_seal_that_differs_is_named() {
        let file = [seal(1, "a"), seal(2, "b"), seal(3, "c")];
        assert_eq!(compare(&file, &file), None);
        let more = [seal(1, "a"), seal(2, "b"), seal(3, "c"), seal(4, "d")];
        assert_eq!(compare(&file, &more), None);
        for (here, kind, number) in [
            (
                &[seal(1, "a"), seal(2, "x"), seal(3, "y")][..],
                SealFaultKind::NotAsExported,
                2,
            ),
            (&[seal(1, "a")][..], SealFaultKind::NotThere, 2),
            (&[][..], SealFaultKind::NotThere, 1),
        ] {
            assert_eq!(compare(&file, here), Some(SealFault::of_seal(kind, number)));
        }
    }
}
