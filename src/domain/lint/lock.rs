//! The lock modes of tables in Postgres, and the locks that a statement is expected to take.

use serde::Serialize;

/// A table-level lock mode, ordered by strength (Postgres documentation, "Explicit Locking").
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LockMode {
    /// Reading.
    AccessShare,
    /// `SELECT … FOR UPDATE` and its kin.
    RowShare,
    /// Writing rows.
    RowExclusive,
    /// Maintenance beside readers and writers: `VACUUM`, `ANALYZE`, `CREATE INDEX CONCURRENTLY`.
    ShareUpdateExclusive,
    /// `CREATE INDEX`: writers wait.
    Share,
    /// `CREATE TRIGGER`, `ADD FOREIGN KEY`: writers wait.
    ShareRowExclusive,
    /// `REFRESH MATERIALIZED VIEW CONCURRENTLY`: only plain reading goes on.
    Exclusive,
    /// Everybody waits.
    AccessExclusive,
}

impl LockMode {
    /// Every mode, the weakest first.
    pub const ALL: [Self; 8] = [
        Self::AccessShare,
        Self::RowShare,
        Self::RowExclusive,
        Self::ShareUpdateExclusive,
        Self::Share,
        Self::ShareRowExclusive,
        Self::Exclusive,
        Self::AccessExclusive,
    ];

    /// The name in `pg_locks.mode`, such as `AccessExclusiveLock`.
    pub fn name(self) -> &'static str {
        match self {
            Self::AccessShare => "AccessShareLock",
            Self::RowShare => "RowShareLock",
            Self::RowExclusive => "RowExclusiveLock",
            Self::ShareUpdateExclusive => "ShareUpdateExclusiveLock",
            Self::Share => "ShareLock",
            Self::ShareRowExclusive => "ShareRowExclusiveLock",
            Self::Exclusive => "ExclusiveLock",
            Self::AccessExclusive => "AccessExclusiveLock",
        }
    }

    /// The mode with a name of `pg_locks.mode`.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mode| mode.name() == name)
    }

    /// The mode with the words that `LOCK TABLE … IN … MODE` has for it, in lower case.
    pub fn of_words(words: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mode| mode.words() == words)
    }

    /// The words of the SQL language, in lower case.
    pub fn words(self) -> &'static str {
        match self {
            Self::AccessShare => "access share",
            Self::RowShare => "row share",
            Self::RowExclusive => "row exclusive",
            Self::ShareUpdateExclusive => "share update exclusive",
            Self::Share => "share",
            Self::ShareRowExclusive => "share row exclusive",
            Self::Exclusive => "exclusive",
            Self::AccessExclusive => "access exclusive",
        }
    }

    /// Who waits for whoever holds it, for people.
    pub fn effect(self) -> &'static str {
        match self {
            Self::AccessShare | Self::RowShare | Self::RowExclusive => "readers and writers go on",
            Self::ShareUpdateExclusive => {
                "readers and writers go on; vacuum and schema changes wait"
            }
            Self::Share | Self::ShareRowExclusive | Self::Exclusive => "writers wait",
            Self::AccessExclusive => "readers and writers wait",
        }
    }

    /// Whether `INSERT`, `UPDATE` and `DELETE` wait for it.
    pub fn blocks_writers(self) -> bool {
        self >= Self::Share
    }

    /// Whether `SELECT` waits for it.
    pub fn blocks_readers(self) -> bool {
        self == Self::AccessExclusive
    }
}

/// The strongest lock that a statement is expected to take on a table that was there before the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PredictedLock {
    /// The relation as it is written, with its schema when that is written too; unquoted parts in lower case,
    /// quoted ones without their quotes. Views, materialized views, sequences and indexes count as well.
    pub table: String,
    /// The mode.
    pub mode: LockMode,
    /// Whether its file on disk is replaced (`pg_class.relfilenode` changes): a rewrite, `TRUNCATE`,
    /// or new settings of a sequence.
    /// Where that depends on what the text does not show, such as a column's present type, it is true.
    pub rewrites: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_words_are_read_back_and_the_order_is_that_of_strength() {
        for mode in LockMode::ALL {
            assert_eq!(LockMode::parse(mode.name()), Some(mode));
            assert_eq!(LockMode::of_words(mode.words()), Some(mode));
        }
        assert_eq!(LockMode::parse("SIReadLock"), None);
        assert!(LockMode::ALL.is_sorted());
        assert!(
            LockMode::Share.blocks_writers() && !LockMode::ShareUpdateExclusive.blocks_writers()
        );
    }
}
