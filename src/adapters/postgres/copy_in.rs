//! Streams rows to the server piece by piece: those of a `COPY … FROM stdin`, and the row of the history when its
//! statements are too many for one message, which would hold them all once more.

use crate::adapters::sql::history_table::RollbackColumn;
use crate::domain::script::{Part, Record, Script};
use crate::domain::sql::Statements;
use futures_util::SinkExt as _;
use std::io::Cursor;
use std::pin::pin;
use tokio_postgres::{Client, Error};

/// How much is sent in one message, in bytes.
const CHUNK: usize = 64 * 1024;
/// A history row with more is streamed, in bytes.
const STREAMED: usize = 1024 * 1024;

/// Runs a `COPY … FROM stdin` with its rows; tells how many there were.
pub(super) async fn copy(client: &Client, part: &Part) -> Result<u64, Error> {
    let rows = part.data.as_deref().unwrap_or_default().as_bytes();
    stream(client, &part.sql, rows.chunks(CHUNK).map(<[u8]>::to_vec)).await
}

/// Whether the row that a script leaves is streamed.
pub(super) fn is_streamed(script: &Script) -> bool {
    matches!(&script.record, Record::Applied { statements, .. } if statements.bytes() > STREAMED)
}

/// Streams the row that a script leaves in the history; tells how many rows were taken.
pub(super) async fn record(
    client: &Client,
    record: &Record,
    column: Option<RollbackColumn>,
) -> Result<u64, Error> {
    let Record::Applied {
        version,
        name,
        statements,
        rollback,
    } = record
    else {
        return Ok(0);
    };
    let (extra, way_back) = match (column, rollback) {
        (Some(RollbackColumn::Array), Some(pieces)) => (", rollback", Some(Cell::Array(pieces))),
        (Some(RollbackColumn::Text), Some(pieces)) => (", rollback", Some(Cell::Joined(pieces))),
        _ => ("", None),
    };
    let sql = format!(
        "copy supabase_migrations.schema_migrations(version, name, statements{extra}) from stdin"
    );
    let cells = [
        Cell::Text(version),
        Cell::Text(name),
        Cell::Array(statements),
    ];
    stream(client, &sql, Row::new(cells.into_iter().chain(way_back))).await
}

async fn stream(
    client: &Client,
    sql: &str,
    chunks: impl Iterator<Item = Vec<u8>>,
) -> Result<u64, Error> {
    // The statement must be gone before COMMIT: behind a pooler it would stay with somebody else's connection.
    let statement = client.prepare(sql).await?;
    let mut sink = pin!(client.copy_in::<_, Cursor<Vec<u8>>>(&statement).await?);
    for chunk in chunks {
        if sink.send(Cursor::new(chunk)).await.is_err() {
            // The reason is in the answer to the end of the data.
            break;
        }
    }
    sink.as_mut().finish().await
}

/// A cell of a row.
#[derive(Clone, Copy)]
enum Cell<'a> {
    Text(&'a str),
    /// An array of text.
    Array(&'a Statements),
    /// One text, each piece with its semicolon on a line.
    Joined(&'a Statements),
}

impl<'a> Cell<'a> {
    /// What the cell is made of: what belongs to the form, and the texts between it.
    fn pieces(self) -> Box<dyn Iterator<Item = Piece<'a>> + Send + 'a> {
        match self {
            Self::Text(text) => Box::new(std::iter::once(Piece::Text(text))),
            Self::Joined(all) => Box::new(
                all.iter()
                    .flat_map(|one| [Piece::Text(one), Piece::Form(";\\n")]),
            ),
            Self::Array(all) => {
                let elements = all.iter().enumerate().flat_map(|(index, one)| {
                    let open = if index == 0 { "\"" } else { ",\"" };
                    [Piece::Form(open), Piece::Element(one), Piece::Form("\"")]
                });
                let open = std::iter::once(Piece::Form("{"));
                Box::new(open.chain(elements).chain([Piece::Form("}")]))
            }
        }
    }
}

/// A piece of a row in the text format of `COPY`.
enum Piece<'a> {
    /// Sent as it is.
    Form(&'static str),
    /// A text of the user's.
    Text(&'a str),
    /// A text of the user's between the quotes of an array.
    Element(&'a str),
}

/// One row in the text format of `COPY` (PostgreSQL documentation, COPY, Text Format), chunk by chunk.
struct Row<'a> {
    pieces: Box<dyn Iterator<Item = Piece<'a>> + Send + 'a>,
    /// What is left of a long text, and whether it is an element of an array.
    rest: (&'a [u8], bool),
}

impl<'a> Row<'a> {
    fn new(cells: impl Iterator<Item = Cell<'a>> + Send + 'a) -> Self {
        let cells = cells.enumerate().flat_map(|(index, cell)| {
            let before = (index > 0).then_some(Piece::Form("\t"));
            before.into_iter().chain(cell.pieces())
        });
        Self {
            pieces: Box::new(cells.chain([Piece::Form("\n")])),
            rest: (&[], false),
        }
    }

    /// Takes as much of the rest as a chunk has room for.
    fn take(&mut self, chunk: &mut Vec<u8>) {
        let (bytes, is_element) = self.rest;
        let (now, later) = bytes.split_at(bytes.len().min(CHUNK));
        self.rest.0 = later;
        for byte in now {
            match byte {
                b'\\' if is_element => chunk.extend_from_slice(b"\\\\\\\\"),
                b'"' if is_element => chunk.extend_from_slice(b"\\\\\""),
                b'\\' => chunk.extend_from_slice(b"\\\\"),
                b'\n' => chunk.extend_from_slice(b"\\n"),
                b'\r' => chunk.extend_from_slice(b"\\r"),
                b'\t' => chunk.extend_from_slice(b"\\t"),
                _ => chunk.push(*byte),
            }
        }
    }
}

impl Iterator for Row<'_> {
    type Item = Vec<u8>;

    fn next(&mut self) -> Option<Vec<u8>> {
        let mut chunk = Vec::with_capacity(2 * CHUNK);
        while chunk.len() < CHUNK {
            if !self.rest.0.is_empty() {
                self.take(&mut chunk);
                continue;
            }
            match self.pieces.next() {
                None => break,
                Some(Piece::Form(form)) => chunk.extend_from_slice(form.as_bytes()),
                Some(Piece::Text(text)) => self.rest = (text.as_bytes(), false),
                Some(Piece::Element(text)) => self.rest = (text.as_bytes(), true),
            }
        }
        (!chunk.is_empty()).then_some(chunk)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(cells: &[Cell<'_>]) -> String {
        let bytes: Vec<u8> = Row::new(cells.iter().copied()).flatten().collect();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    #[test]
    fn every_character_that_means_something_is_escaped() {
        let statements: Statements = ["a\\b\t\"c\"", "d\r\ne"].iter().collect();
        let cells = [
            Cell::Text("1\\."),
            Cell::Array(&statements),
            Cell::Joined(&statements),
        ];
        assert_eq!(
            row(&cells),
            "1\\\\.\t{\"a\\\\\\\\b\\t\\\\\"c\\\\\"\",\"d\\r\\ne\"}\ta\\\\b\\t\"c\";\\nd\\r\\ne;\\n\n"
        );
        let none = Statements::default();
        assert_eq!(row(&[Cell::Array(&none)]), "{}\n");
    }

    #[test]
    fn a_long_text_comes_in_chunks_and_whole() {
        let long = "ä\"".repeat(CHUNK);
        let statements: Statements = std::iter::once(&long).collect();
        let chunks: Vec<_> = Row::new(std::iter::once(Cell::Array(&statements))).collect();
        assert!(chunks.len() > 2 && chunks.iter().all(|chunk| chunk.len() <= 6 * CHUNK));
        assert_eq!(
            row(&[Cell::Array(&statements)]),
            format!("{{\"{}\"}}\n", "ä\\\\\"".repeat(CHUNK))
        );
    }
}
