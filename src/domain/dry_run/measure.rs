//! What a server tells about a transaction that is under way: its locks, the files of its tables, the rows it touched.

use crate::domain::lint::LockMode;
use serde::Serialize;
use std::collections::BTreeMap;
use std::time::Duration;

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
    /// Whom a mode makes wait.
    pub fn of(mode: LockMode) -> Self {
        if mode.blocks_readers() {
            Self::ReadersAndWriters
        } else if mode.blocks_writers() {
            Self::Writers
        } else {
            Self::NoQuery
        }
    }

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
pub struct BaselineTable {
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
    /// Whether dropping it loses rows: no materialized view, no foreign table.
    pub holds_rows: bool,
}

/// What was there before anything ran.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Baseline {
    /// The tables of users' schemas.
    pub tables: Vec<BaselineTable>,
    /// The sequences that the role may read, with their last values.
    pub sequences: Vec<(String, Option<String>)>,
}

/// A table that the transaction holds a lock on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TouchedTable {
    /// Its number in the catalog.
    pub id: u32,
    /// Its qualified name; absent when it is gone.
    pub table: Option<String>,
    /// The partitioned table that it belongs to in the end.
    pub root: Option<u32>,
    /// The strongest lock.
    pub mode: LockMode,
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
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StatementStats {
    /// How long the server took.
    pub took: Duration,
    /// Rows that the statement touched or returned.
    pub rows: u64,
    /// Every table under a lock.
    pub touched: Vec<TouchedTable>,
    /// What the tables hold that the statement wrote anew.
    pub recounts: Vec<Recount>,
    /// The transaction number below which, behind the statement, each is taken; absent where it was not measured by itself.
    pub next_xid: Option<u64>,
}

/// What a table holds right after a statement wrote it anew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recount {
    /// Its number in the catalog.
    pub id: u32,
    /// The count.
    pub tally: Result<Tally, Uncounted>,
}

/// Something that is counted: the rows of a table without its partitions and heirs, and the values of some columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CountTarget {
    /// The number of the table in the catalog.
    pub id: u32,
    /// The numbers of the columns of which the values other than null count.
    pub columns: Vec<i16>,
    /// Whether their values are digested too.
    pub is_digested: bool,
}

/// What was counted of a table.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    /// Its rows.
    pub rows: u64,
    /// Values other than null, by the number of the column.
    pub values: BTreeMap<i16, u64>,
    /// Digests of the values as text, in any order, by the number of the column; empty where nobody asked.
    pub digests: BTreeMap<i16, String>,
}

/// Why something could not be counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Uncounted {
    /// It takes longer than counting may take.
    TooLarge,
    /// The role may not read all of it.
    NoRight,
    /// The server refused the count for another reason.
    Refused,
    /// Other statements had changed rows before they could be compared.
    RowsChanged,
    /// A statement undid a part of what it did, and the server counts that too.
    Undone,
    /// A statement deleted rows of one partition and inserted rows into another.
    Moved,
    /// Rows were moved into a table that was dropped afterwards.
    MovedAndDropped,
}

impl Uncounted {
    /// What a SQLSTATE says of a count.
    pub fn of(code: &str) -> Self {
        match code {
            "57014" | "55P03" => Self::TooLarge,
            "42501" => Self::NoRight,
            _ => Self::Refused,
        }
    }

    /// The reason in words.
    pub fn words(self) -> &'static str {
        match self {
            Self::TooLarge => "too large to count within the time limit",
            Self::NoRight => "the role has no right to read it",
            Self::Refused => "the server refused to count it",
            Self::RowsChanged => {
                "other statements changed its rows before its values could be compared"
            }
            Self::Moved => {
                "one statement deleted rows of partitions and inserted rows into others, which may be the same"
            }
            Self::MovedAndDropped => {
                "rows of it were moved into a new partition, which was dropped afterwards"
            }
            Self::Undone => {
                "a statement undid a part of its work in a block with EXCEPTION, and the server counts that part too"
            }
        }
    }
}
