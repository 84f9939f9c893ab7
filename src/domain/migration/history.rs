//! The migration history of a database, as far as lists and plans need it.

use super::books::Books;
use super::{Interruption, Target};
use crate::domain::sql::split::statements;
use sha2::{Digest, Sha256};

/// What stands between two statements when they are hashed together: it stands in no SQL text.
pub const SEPARATOR: char = '\u{1e}';

/// The history of one database.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct History {
    /// The database.
    pub target: Target,
    /// Its rows, sorted by version byte by byte.
    pub rows: Vec<Row>,
    /// Runs outside a transaction whose end is not in the journal, oldest first.
    pub interrupted: Vec<Interruption>,
    /// What the table is like that holds them.
    pub books: Books,
}

impl History {
    /// The versions alone.
    pub fn versions(&self) -> Vec<String> {
        self.rows.iter().map(|row| row.version.clone()).collect()
    }
}

/// One row of `supabase_migrations.schema_migrations`, its statements as a digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The version.
    pub version: String,
    /// The name; older tools stored none.
    pub name: Option<String>,
    /// [`digest`] of the stored statements; absent when none are stored.
    pub digest: Option<String>,
}

/// One row of the history in full.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stored {
    /// The version.
    pub version: String,
    /// The name.
    pub name: Option<String>,
    /// The statements.
    pub statements: Option<Vec<String>>,
    /// The statements of the way back, where the history has such a column.
    pub rollback: Option<Vec<String>>,
}

/// Pieces of SQL cut into statements once more. Some tools store a file as one piece, or cut it elsewhere: only when both
/// sides went through this does it not matter where they were cut before.
pub fn recut<S: AsRef<str>>(pieces: &[S]) -> Vec<String> {
    pieces
        .iter()
        .flat_map(|piece| statements(piece.as_ref()))
        .collect()
}

/// Whether a file's text says what was stored, comments included, wherever either was cut.
pub fn is_same_text(file: &str, stored: &[String]) -> bool {
    recut(&statements(file)) == recut(stored)
}

/// SHA-256, in hex, of statements with [`SEPARATOR`] between them.
pub fn digest<S: AsRef<str>>(statements: impl IntoIterator<Item = S>) -> String {
    let mut hash = Sha256::new();
    for (index, statement) in statements.into_iter().enumerate() {
        if index > 0 {
            hash.update(SEPARATOR.to_string());
        }
        hash.update(statement.as_ref());
    }
    hex(&hash.finalize())
}

/// SHA-256 of bytes, in hex.
pub fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// Bytes in hex.
pub fn hex(bytes: &[u8]) -> String {
    let digit = |half: u8| char::from_digit(u32::from(half), 16);
    bytes
        .iter()
        .flat_map(|byte| [digit(byte >> 4), digit(byte & 0xf)])
        .flatten()
        .collect()
}
