//! What a server tells about a transaction that is under way: its locks, the files of its tables, the rows it touched.

use serde::Serialize;
use std::time::Duration;

/// The modes of a lock on a table, weakest first (PostgreSQL documentation, 13.3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// `SELECT`
    AccessShare,
    /// `SELECT … FOR UPDATE`
    RowShare,
    /// `INSERT`, `UPDATE`, `DELETE`
    RowExclusive,
    /// `VACUUM`, `CREATE INDEX CONCURRENTLY`, `VALIDATE CONSTRAINT`
    ShareUpdateExclusive,
    /// `CREATE INDEX`
    Share,
    /// `CREATE TRIGGER`, `ADD FOREIGN KEY`
    ShareRowExclusive,
    /// `REFRESH MATERIALIZED VIEW CONCURRENTLY`
    Exclusive,
    /// `DROP`, `TRUNCATE`, most of `ALTER TABLE`
    AccessExclusive,
}

const MODES: [(Mode, &str); 8] = [
    (Mode::AccessShare, "AccessShareLock"),
    (Mode::RowShare, "RowShareLock"),
    (Mode::RowExclusive, "RowExclusiveLock"),
    (Mode::ShareUpdateExclusive, "ShareUpdateExclusiveLock"),
    (Mode::Share, "ShareLock"),
    (Mode::ShareRowExclusive, "ShareRowExclusiveLock"),
    (Mode::Exclusive, "ExclusiveLock"),
    (Mode::AccessExclusive, "AccessExclusiveLock"),
];

impl Mode {
    /// The mode that `pg_locks` gives this name.
    pub fn of(name: &str) -> Option<Self> {
        MODES
            .iter()
            .find(|(_, own)| *own == name)
            .map(|(mode, _)| *mode)
    }

    /// The mode as SQL writes it.
    pub fn word(self) -> &'static str {
        match self {
            Self::AccessShare => "ACCESS SHARE",
            Self::RowShare => "ROW SHARE",
            Self::RowExclusive => "ROW EXCLUSIVE",
            Self::ShareUpdateExclusive => "SHARE UPDATE EXCLUSIVE",
            Self::Share => "SHARE",
            Self::ShareRowExclusive => "SHARE ROW EXCLUSIVE",
            Self::Exclusive => "EXCLUSIVE",
            Self::AccessExclusive => "ACCESS EXCLUSIVE",
        }
    }

    /// Whom the lock makes wait.
    pub fn blocks(self) -> Blocks {
        match self {
            Self::AccessExclusive => Blocks::ReadersAndWriters,
            Self::Exclusive | Self::ShareRowExclusive | Self::Share => Blocks::Writers,
            _ => Blocks::NoQuery,
        }
    }
}

/// Whom a lock makes wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Blocks {
    /// Only changes of the schema and maintenance.
    NoQuery,
    /// `INSERT`, `UPDATE`, `DELETE`.
    Writers,
    /// Everybody, also `SELECT`.
    ReadersAndWriters,
}

impl Blocks {
    /// The words for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::NoQuery => "blocks no query",
            Self::Writers => "blocks writers",
            Self::ReadersAndWriters => "blocks readers and writers",
        }
    }
}

/// A table as it was before anything ran.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// Its number in the catalog.
    pub id: u32,
    /// Its qualified name.
    pub table: String,
    /// The number of its file; a new one means that it was written anew.
    pub file: Option<u32>,
    /// The size of its file.
    pub bytes: u64,
    /// About how many rows it has, when anybody counted.
    pub about: Option<u64>,
}

/// What was there before anything ran.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ground {
    /// The tables of users' schemas.
    pub tables: Vec<Known>,
    /// The sequences that the role may read, with their last values.
    pub sequences: Vec<(String, Option<String>)>,
}

/// A table that the transaction holds a lock on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Touched {
    /// Its number in the catalog.
    pub id: u32,
    /// Its qualified name; absent when it is gone.
    pub table: Option<String>,
    /// The strongest lock.
    pub mode: Mode,
    /// The number of its file.
    pub file: Option<u32>,
    /// The size of its file, read where it may be a new one.
    pub bytes: Option<u64>,
    /// Rows inserted, updated and deleted by the transaction so far.
    pub rows: Rows,
}

/// Numbers of rows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Rows {
    /// Inserted.
    pub inserted: u64,
    /// Updated.
    pub updated: u64,
    /// Deleted.
    pub deleted: u64,
}

impl Rows {
    /// What came since an earlier measure.
    #[must_use]
    pub fn since(self, earlier: Self) -> Self {
        Self {
            inserted: self.inserted.saturating_sub(earlier.inserted),
            updated: self.updated.saturating_sub(earlier.updated),
            deleted: self.deleted.saturating_sub(earlier.deleted),
        }
    }
}

/// A statement that ran, and the tables that the transaction has touched since it began.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ran {
    /// How long the server took.
    pub took: Duration,
    /// Rows that the statement touched or returned.
    pub rows: u64,
    /// Every table under a lock.
    pub touched: Vec<Touched>,
}

/// Something that is counted: the rows of a table, or the values of a column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holding {
    /// The qualified table, quoted as SQL wants it.
    pub table: String,
    /// The column, quoted, of which only values other than null count.
    pub column: Option<String>,
}
