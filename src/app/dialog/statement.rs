//! Statements of a file that is shown by its outline, whole.

use crate::app::outline::OUTLINE_FROM;
use crate::app::rows::Rows;
use crate::app::screen::migrations::read_part;
use crate::domain::sql::outline::Piece;

/// A statement on screen.
#[derive(Debug, Clone, PartialEq)]
pub struct StatementView {
    /// Where it stands.
    pub title: String,
    /// Its text.
    pub rows: Rows,
    /// The first visible row.
    pub top: usize,
}

impl StatementView {
    /// A statement from its beginning on.
    pub fn new(piece: &Piece) -> Self {
        let text = piece.text();
        Self {
            title: format!("Line {}: {}", piece.line, piece.told()),
            rows: Rows::sql(&read_part(&text)),
            top: 0,
        }
    }

    /// Statements that lines of an outline stand for, one below the other.
    pub(super) fn of<'a>(pieces: impl Iterator<Item = &'a Piece>) -> Self {
        let mut text = String::new();
        for piece in pieces {
            text.push_str(&format!("-- line {}\n{}\n\n", piece.line, piece.text()));
            if text.len() > OUTLINE_FROM {
                break;
            }
        }
        Self {
            title: "What the lines in view stand for".to_owned(),
            rows: Rows::sql(&read_part(&text)),
            top: 0,
        }
    }

    /// Lays it out in so many columns.
    pub(super) fn fit(&mut self, columns: usize) {
        self.rows.fit(u16::try_from(columns).unwrap_or(u16::MAX));
    }
}
