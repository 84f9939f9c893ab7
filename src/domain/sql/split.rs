//! Splits a file into statements, as the Supabase CLI does, so that both tools store the same in the history.
//! A semicolon ends a statement unless it is quoted, commented, in parentheses or in a `BEGIN ATOMIC … END` body.

use super::lexer::{Kind, Token, tokens};
use std::ops::Range;

/// One statement of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// Its bytes in the file: no outer blanks, no trailing semicolon, comments kept.
    pub range: Range<usize>,
    /// Whether it holds nothing but comments, so that the server has nothing to run.
    pub is_blank: bool,
}

impl Statement {
    /// The statement's text.
    pub fn text<'a>(&self, sql: &'a str) -> &'a str {
        &sql[self.range.clone()]
    }
}

/// A quote or comment that is opened and never closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unclosed {
    /// Byte offset of the opening.
    pub at: usize,
    /// What was opened.
    pub kind: Kind,
}

/// The statements of a file as they are stored and run, in order; empty ones are dropped.
pub fn statements(sql: &str) -> Vec<String> {
    split(sql)
        .iter()
        .map(|statement| statement.text(sql).to_owned())
        .collect()
}

/// Where the statements of a file are.
pub fn split(sql: &str) -> Vec<Statement> {
    let mut found = Vec::new();
    let mut cutter = Splitter::default();
    let mut start = 0;
    for token in tokens(sql) {
        if cutter.ends_at(sql, token) {
            found.extend(cut(sql, start..token.end, cutter.is_blank()));
            cutter = Splitter::default();
            start = token.end;
        }
    }
    found.extend(cut(sql, start..sql.len(), cutter.is_blank()));
    found
}

/// The first quote or comment that the end of the file cuts off.
pub fn unclosed(sql: &str) -> Option<Unclosed> {
    tokens(sql)
        .find(|token| !token.closed)
        .map(|token| Unclosed {
            at: token.start,
            kind: token.kind,
        })
}

/// Trims a raw piece to the statement in it.
pub fn cut(sql: &str, raw: Range<usize>, is_blank: bool) -> Option<Statement> {
    let piece = sql[raw.clone()].trim_end_matches(';');
    let text = piece.trim_end_matches(is_outer_blank);
    let start = raw.start + (text.len() - text.trim_start_matches(is_outer_blank).len());
    let end = raw.start + text.len();
    // A no-break space is a letter to Postgres, and is trimmed all the same: what is left may be a comment.
    let is_trimmed = !sql[raw.start..start].is_ascii() || !sql[end..raw.end].is_ascii();
    let is_blank = is_blank || is_trimmed && tokens(&sql[start..end]).all(|token| token.is_blank());
    (start < end).then_some(Statement {
        range: start..end,
        is_blank,
    })
}

/// The white space of ECMAScript's `trim`, which the CLI uses: a byte order mark and no-break spaces are part of it.
fn is_outer_blank(c: char) -> bool {
    c == '\u{feff}' || (c.is_whitespace() && c != '\u{85}')
}

/// Follows the tokens of one statement and tells where it ends. Start a new one for every statement.
#[derive(Debug, Clone, Default)]
pub struct Splitter {
    parentheses: usize,
    /// Open `BEGIN ATOMIC` and the `CASE`s in it.
    atomic: usize,
    /// The last token that was not blank, as far as the rules below need it.
    before: Before,
    meaningful: bool,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Before {
    #[default]
    Nothing,
    Begin,
    /// A dot or `AS`: the next word is a name, whatever it looks like.
    Naming,
    Other,
}

impl Splitter {
    /// Takes the next token; true when it is the semicolon that ends the statement.
    pub fn ends_at(&mut self, sql: &str, token: Token) -> bool {
        if token.is_blank() {
            return false;
        }
        match token.kind {
            Kind::Semicolon if self.parentheses == 0 && self.atomic == 0 => return true,
            Kind::Open => self.parentheses += 1,
            Kind::Close => self.parentheses = self.parentheses.saturating_sub(1),
            Kind::Word if self.before != Before::Naming => self.word(token.text(sql)),
            _ => {}
        }
        self.meaningful = true;
        self.before = match token.kind {
            Kind::Word if token.is_word(sql, "begin") => Before::Begin,
            Kind::Word if token.is_word(sql, "as") => Before::Naming,
            Kind::Other if token.text(sql) == "." => Before::Naming,
            _ => Before::Other,
        };
        false
    }

    /// Whether nothing but blanks and comments has come so far.
    pub fn is_blank(&self) -> bool {
        !self.meaningful
    }

    fn word(&mut self, word: &str) {
        let is = |keyword: &str| word.eq_ignore_ascii_case(keyword);
        if self.atomic == 0 {
            if self.before == Before::Begin && is("atomic") {
                self.atomic = 1;
            }
        } else if is("case") {
            self.atomic += 1;
        } else if is("end") {
            self.atomic -= 1;
        }
    }
}

#[cfg(test)]
mod tests;
