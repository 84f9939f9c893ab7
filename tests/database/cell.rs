//! The cells of a table-driven test: what is expected, whether it came, and one failure that names every cell that
//! went wrong instead of the first.

use crate::request::Answer;
use std::fmt;

/// What a cell of a matrix says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expected {
    /// A success with so many rows. None is how row level security answers for rows that one may not see.
    Rows(usize),
    /// A refusal with this code.
    Code(&'static str),
    /// A refusal with this code whose message contains this.
    Message(&'static str, String),
}

impl Expected {
    /// No grant, or a row that the policies do not let in.
    pub const DENIED: Self = Self::Code("42501");
    /// The row is there, but not for the caller.
    pub const NOTHING: Self = Self::Rows(0);

    /// A refusal by the lock.
    pub fn locked(message: impl Into<String>) -> Self {
        Self::Message("PT403", message.into())
    }

    /// Whether an answer is it.
    pub fn fits(&self, answer: &Answer) -> bool {
        match self {
            Self::Rows(count) => answer.is_success && answer.rows().len() == *count,
            Self::Code(code) => answer.code() == Some(code),
            Self::Message(code, message) => {
                answer.code() == Some(code) && answer.said("message").contains(message.as_str())
            }
        }
    }

    /// Whether it is an error.
    pub fn is_refusal(&self) -> bool {
        !matches!(self, Self::Rows(_))
    }

    /// Whether it may change anything in the database.
    pub fn may_change(&self) -> bool {
        matches!(self, Self::Rows(1..))
    }
}

impl fmt::Display for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rows(count) => write!(f, "{count} rows"),
            Self::Code(code) => f.write_str(code),
            Self::Message(code, message) => write!(f, "{code} {message}"),
        }
    }
}

/// Collects the cells of a test.
#[derive(Default)]
pub struct Cells {
    tried: usize,
    wrong: Vec<String>,
}

impl Cells {
    /// Compares an answer with its cell.
    pub fn answer(&mut self, cell: &str, expected: &Expected, answer: &Answer) {
        self.check(expected.fits(answer), || {
            format!("{cell}\n    expected {expected}\n    got      {answer}")
        });
    }

    /// Compares two values of a cell.
    pub fn same<T: PartialEq + fmt::Debug>(&mut self, cell: &str, expected: &T, got: &T) {
        self.check(expected == got, || {
            format!("{cell}\n    expected {expected:?}\n    got      {got:?}")
        });
    }

    /// Counts a cell and keeps what to say about it when it is wrong.
    pub fn check(&mut self, is_right: bool, wrong: impl FnOnce() -> String) {
        self.tried += 1;
        if !is_right {
            self.wrong.push(wrong());
        }
    }

    /// Fails with every wrong cell, and when there were none at all to try.
    pub fn finish(self) {
        assert!(self.tried > 0, "nothing was tried");
        assert!(
            self.wrong.is_empty(),
            "{} of {} checks failed:\n{}",
            self.wrong.len(),
            self.tried,
            self.wrong.join("\n")
        );
        println!("{} checks passed", self.tried);
    }
}
