//! Cuts SQL into tokens as the Postgres scanner does (`src/backend/parser/scan.l`), with `standard_conforming_strings` on.
//! The spans of the tokens cover the input without a gap. Statement splitting and SQL highlighting share it.

use super::keyword::is_keyword;
use super::name::unquoted;
use std::ops::Range;

/// What a token is, as far as splitting and checking need to know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Blanks and line breaks.
    Space,
    /// `-- …` up to the end of the line, without the line break.
    LineComment,
    /// `/* … */`, nested.
    BlockComment,
    /// A keyword or an unquoted identifier.
    Word,
    /// `"…"` or `U&"…"`.
    QuotedWord,
    /// `'…'`, also with a prefix `E`, `N`, `B`, `X` or `U&`.
    Text,
    /// `$tag$ … $tag$`.
    DollarText,
    /// An integer or decimal number.
    Number,
    /// `$1`.
    Parameter,
    /// `;`
    Semicolon,
    /// `(`
    Open,
    /// `)`
    Close,
    /// Any run of operator characters.
    Operator,
    /// Any other single character: `,` `.` `[` `]` `:` `\` and what Postgres does not know.
    Other,
}

/// One token: its kind, its bytes, and whether a quote or comment that it opens is also closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Token {
    /// What it is.
    pub kind: Kind,
    /// Byte offset of its first byte.
    pub start: usize,
    /// Byte offset behind its last byte.
    pub end: usize,
    /// False for a string, quoted identifier or block comment that the end of the text cuts off.
    pub closed: bool,
}

impl Token {
    /// The token's text.
    pub fn text<'a>(&self, sql: &'a str) -> &'a str {
        &sql[self.start..self.end]
    }

    /// Whether the token is this unquoted word, in any case.
    pub fn is_word(&self, sql: &str, word: &str) -> bool {
        self.kind == Kind::Word && self.text(sql).eq_ignore_ascii_case(word)
    }

    /// What the token calls, where it is a name.
    pub fn name(&self, sql: &str) -> Option<String> {
        let is_name = match self.kind {
            Kind::Word => true,
            Kind::QuotedWord => self.closed,
            _ => false,
        };
        is_name.then(|| unquoted(self.text(sql)))
    }

    /// Whether the token means nothing to the server: blanks and comments.
    pub fn is_blank(&self) -> bool {
        matches!(
            self.kind,
            Kind::Space | Kind::LineComment | Kind::BlockComment
        )
    }
}

/// How a piece of SQL is coloured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Class {
    /// A word of the SQL language.
    Keyword,
    /// A name, quoted or not.
    Identifier,
    /// A string in any of the quotes.
    String,
    /// A number.
    Number,
    /// A comment.
    Comment,
    /// Operators and punctuation.
    Operator,
    /// `$1`, and psql's `:name`.
    Parameter,
}

/// The coloured pieces of a text, in order; blanks are left out. Works on half files.
pub fn highlight(sql: &str) -> Vec<(Range<usize>, Class)> {
    tokens(sql)
        .filter_map(|token| {
            let class = match token.kind {
                Kind::Space => return None,
                Kind::LineComment | Kind::BlockComment => Class::Comment,
                Kind::Word if is_keyword(token.text(sql)) => Class::Keyword,
                Kind::Word | Kind::QuotedWord => Class::Identifier,
                Kind::Text | Kind::DollarText => Class::String,
                Kind::Number => Class::Number,
                Kind::Parameter => Class::Parameter,
                Kind::Semicolon | Kind::Open | Kind::Close | Kind::Operator | Kind::Other => {
                    Class::Operator
                }
            };
            Some((token.start..token.end, class))
        })
        .collect()
}

/// The tokens of a text.
pub fn tokens(sql: &str) -> Tokens<'_> {
    Tokens { sql, at: 0 }
}

/// Iterator over the tokens of a text.
#[derive(Debug, Clone)]
pub struct Tokens<'a> {
    sql: &'a str,
    at: usize,
}

impl Tokens<'_> {
    /// The byte offset at which the next token starts.
    pub fn offset(&self) -> usize {
        self.at
    }

    /// Goes on at a byte offset, which must be a character boundary.
    pub fn seek(&mut self, at: usize) {
        self.at = at;
    }
}

impl Iterator for Tokens<'_> {
    type Item = Token;

    fn next(&mut self) -> Option<Token> {
        if self.at >= self.sql.len() {
            return None;
        }
        let start = self.at;
        let (kind, end, closed) = scan(self.sql, start);
        self.at = end;
        Some(Token {
            kind,
            start,
            end,
            closed,
        })
    }
}

/// Kind, end and closedness of the token at `at`, which is inside the text and on a character boundary.
fn scan(sql: &str, at: usize) -> (Kind, usize, bool) {
    let bytes = sql.as_bytes();
    let next = |ahead: usize| bytes.get(at + ahead).copied().unwrap_or(0);
    let done = |kind, end| (kind, end, true);
    match bytes[at] {
        // A byte order mark would otherwise become part of the first word.
        _ if at == 0 && sql.starts_with('\u{feff}') => done(Kind::Space, '\u{feff}'.len_utf8()),
        byte if is_space(byte) => done(Kind::Space, run(bytes, at, is_space)),
        b'-' if next(1) == b'-' => done(
            Kind::LineComment,
            run(bytes, at, |byte| !matches!(byte, b'\n' | b'\r')),
        ),
        b'/' if next(1) == b'*' => block_comment(bytes, at),
        b'\'' => quoted(bytes, at + 1, b'\'', Kind::Text),
        b'"' => quoted(bytes, at + 1, b'"', Kind::QuotedWord),
        b'e' | b'E' if next(1) == b'\'' => escape_string(bytes, at + 2),
        b'n' | b'N' | b'b' | b'B' | b'x' | b'X' if next(1) == b'\'' => {
            quoted(bytes, at + 2, b'\'', Kind::Text)
        }
        b'u' | b'U' if next(1) == b'&' && next(2) == b'\'' => {
            quoted(bytes, at + 3, b'\'', Kind::Text)
        }
        b'u' | b'U' if next(1) == b'&' && next(2) == b'"' => {
            quoted(bytes, at + 3, b'"', Kind::QuotedWord)
        }
        b'$' if next(1).is_ascii_digit() => done(
            Kind::Parameter,
            run(bytes, at + 1, |byte| byte.is_ascii_digit()),
        ),
        b'$' => dollar(sql, at),
        byte if byte.is_ascii_digit()
            || (byte == b'.' && next(1).is_ascii_digit() && (at == 0 || bytes[at - 1] != b'.')) =>
        {
            done(Kind::Number, number(bytes, at))
        }
        byte if starts_word(byte) => done(Kind::Word, run(bytes, at, continues_word)),
        b';' => done(Kind::Semicolon, at + 1),
        b'(' => done(Kind::Open, at + 1),
        b')' => done(Kind::Close, at + 1),
        byte if is_operator(byte) => done(Kind::Operator, operator(bytes, at)),
        _ => done(Kind::Other, at + 1),
    }
}

fn run(bytes: &[u8], from: usize, fits: impl Fn(u8) -> bool) -> usize {
    bytes[from..]
        .iter()
        .position(|byte| !fits(*byte))
        .map_or(bytes.len(), |length| from + length)
}

fn block_comment(bytes: &[u8], at: usize) -> (Kind, usize, bool) {
    let mut depth = 1_usize;
    let mut here = at + 2;
    while here < bytes.len() {
        match (bytes[here], bytes.get(here + 1)) {
            (b'/', Some(b'*')) => {
                depth += 1;
                here += 2;
            }
            (b'*', Some(b'/')) => {
                depth -= 1;
                here += 2;
                if depth == 0 {
                    return (Kind::BlockComment, here, true);
                }
            }
            _ => here += 1,
        }
    }
    (Kind::BlockComment, bytes.len(), false)
}

fn quoted(bytes: &[u8], from: usize, quote: u8, kind: Kind) -> (Kind, usize, bool) {
    let mut here = from;
    while let Some(length) = bytes[here..].iter().position(|byte| *byte == quote) {
        here += length + 1;
        if bytes.get(here) != Some(&quote) {
            return (kind, here, true);
        }
        here += 1;
    }
    (kind, bytes.len(), false)
}

/// `E'…'`: a backslash takes the next byte with it. A line break and another quote behind it go on with the same rules.
fn escape_string(bytes: &[u8], from: usize) -> (Kind, usize, bool) {
    let mut here = from;
    while here < bytes.len() {
        match bytes[here] {
            b'\\' => here += 2,
            b'\'' if bytes.get(here + 1) == Some(&b'\'') => here += 2,
            b'\'' => match continuation(bytes, here + 1) {
                Some(inside) => here = inside,
                None => return (Kind::Text, here + 1, true),
            },
            _ => here += 1,
        }
    }
    (Kind::Text, bytes.len(), false)
}

/// Where an `E` string goes on behind its closing quote: blanks and line comments with at least one line break, then a quote
/// (`quotecontinue` in Postgres' `scan.l`).
fn continuation(bytes: &[u8], from: usize) -> Option<usize> {
    let is_break = |byte: &u8| matches!(byte, b'\n' | b'\r');
    let mut end = run(bytes, from, is_space);
    while bytes[end..].starts_with(b"--") {
        let comment = run(bytes, end, |byte| !is_break(&byte));
        end = run(bytes, comment, is_space);
    }
    let breaks = bytes[from..end].iter().any(is_break);
    (breaks && bytes.get(end) == Some(&b'\'')).then_some(end + 1)
}

/// `$tag$ … $tag$`, or a lone `$`.
fn dollar(sql: &str, at: usize) -> (Kind, usize, bool) {
    let bytes = sql.as_bytes();
    let mut end = at + 1;
    if bytes.get(end).copied().is_some_and(starts_word) {
        end = run(bytes, end, |byte| continues_word(byte) && byte != b'$');
    }
    if bytes.get(end) != Some(&b'$') {
        return (Kind::Other, at + 1, true);
    }
    let tag = &sql[at..=end];
    match sql[end + 1..].find(tag) {
        Some(length) => (Kind::DollarText, end + 1 + length + tag.len(), true),
        None => (Kind::DollarText, bytes.len(), false),
    }
}

fn number(bytes: &[u8], at: usize) -> usize {
    let digits = |from| {
        run(bytes, from, |byte: u8| {
            byte.is_ascii_hexdigit() || byte == b'_'
        })
    };
    if bytes[at] == b'0' && matches!(bytes.get(at + 1), Some(b'x' | b'X' | b'o' | b'O')) {
        return digits(at + 2);
    }
    let decimal = |from| {
        run(bytes, from, |byte: u8| {
            byte.is_ascii_digit() || byte == b'_'
        })
    };
    let mut end = decimal(at);
    // `1..10` is a range of PL/pgSQL: the dots belong to no number.
    if bytes.get(end) == Some(&b'.') && bytes.get(end + 1) != Some(&b'.') {
        end = decimal(end + 1);
    }
    if matches!(bytes.get(end), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
        if bytes.get(end + 1 + sign).is_some_and(u8::is_ascii_digit) {
            end = decimal(end + 1 + sign);
        }
    }
    end
}

/// A run of operator characters ends where a comment starts.
fn operator(bytes: &[u8], at: usize) -> usize {
    let end = run(bytes, at, is_operator);
    (at + 1..end)
        .find(|here| {
            matches!(
                (bytes[*here], bytes.get(here + 1)),
                (b'-', Some(b'-')) | (b'/', Some(b'*'))
            )
        })
        .unwrap_or(end)
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | 0x0b | 0x0c)
}

fn is_operator(byte: u8) -> bool {
    b"~!@#^&|`?+-*/%<>=".contains(&byte)
}

fn starts_word(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte == b'_' || byte >= 0x80
}

fn continues_word(byte: u8) -> bool {
    starts_word(byte) || byte.is_ascii_digit() || byte == b'$'
}

#[cfg(test)]
mod tests;
