//! The migration history of a database, as far as lists and plans need it.

use super::history_table::HistoryTable;
use super::{Interruption, Target};
use crate::domain::sql::split::statements;
use sha2::{Digest, Sha256};
use std::borrow::Cow;

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
    pub books: HistoryTable,
}

impl History {
    /// The versions alone.
    pub fn versions(&self) -> Vec<String> {
        self.rows.iter().map(|row| row.version.clone()).collect()
    }
}

/// What stands for the present rows of a history: another one where any row came, went or was written again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryMark(pub String);

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
pub fn resplit<S: AsRef<str>>(pieces: &[S]) -> Vec<String> {
    pieces
        .iter()
        .flat_map(|piece| statements(piece.as_ref()))
        .collect()
}

/// The same with line ends that are all `\n`: how a checkout ends its lines is no content.
pub fn comparable<S: AsRef<str>>(pieces: &[S]) -> Vec<String> {
    let statements = resplit(pieces).into_iter();
    statements
        .map(|statement| match line_feeds(&statement) {
            Cow::Borrowed(_) => statement,
            Cow::Owned(changed) => changed,
        })
        .collect()
}

/// A text whose lines all end with `\n`, also those that ended with `\r\n` or `\r`.
fn line_feeds(text: &str) -> Cow<'_, str> {
    if !text.contains('\r') {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.replace("\r\n", "\n").replace('\r', "\n"))
}

/// Whether a file's text says what was stored, comments included, wherever either was cut and however lines end.
pub fn is_same_text(file: &str, stored: &[String]) -> bool {
    comparable(&statements(file)) == comparable(stored)
}

/// SHA-256, in hex, of statements with [`SEPARATOR`] between them and `\n` at the ends of lines.
pub fn digest<S: AsRef<str>>(statements: impl IntoIterator<Item = S>) -> String {
    let mut hash = Sha256::new();
    for (index, statement) in statements.into_iter().enumerate() {
        if index > 0 {
            hash.update(SEPARATOR.to_string());
        }
        hash.update(line_feeds(statement.as_ref()).as_ref());
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_ends_are_no_content() {
        let text = "-- one\ncreate table a (b text default 'x\ny');\n-- two\nselect 1;\n";
        let parts = |text: &str| digest(statements(text));
        for other in [text.replace('\n', "\r\n"), text.replace('\n', "\r")] {
            assert_eq!(parts(text), parts(&other));
            assert!(is_same_text(&other, &statements(text)));
            assert!(is_same_text(text, &statements(&other)));
        }
        assert_ne!(parts(text), parts(&text.replace('\n', "\n\n")));
        assert_ne!(parts(text), parts(&text.replace('\n', " ")));
    }
}
