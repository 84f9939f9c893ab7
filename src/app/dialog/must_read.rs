//! Which parts of SQL must have been on screen before it is confirmed: all that is not a comment, blank or a row of an
//! `insert`; in a text too long for that, where each statement begins and ends, what has a risk, and what stands behind
//! anything that fills a screen without doing anything.

use crate::domain::sql::lexer::{Kind, Token, tokens};
use std::ops::Range;

/// From so many bytes or line breaks on, comments, blanks and literals hide what stands behind them.
const LONG_GAP: (usize, usize) = (200, 3);
/// In a line of more bytes than that everything must be read.
const LONG_LINE: usize = 1_000;
/// Parts in a line that are so near are one part.
const NEAR: usize = 60;

/// How much of a statement must be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Extent {
    /// All that runs.
    All,
    /// Its begin and its end, and what could be overlooked.
    Outline,
}

/// What stands between two things that must be read.
#[derive(Debug, Clone, Copy, Default)]
struct Gap(usize, usize);

impl Gap {
    fn add(&mut self, text: &str) {
        self.0 += text.len();
        self.1 += text.bytes().filter(|byte| *byte == b'\n').count();
    }

    fn is_long(self) -> bool {
        self.0 > LONG_GAP.0 || self.1 > LONG_GAP.1
    }
}

/// The parts of a statement that must be read, in order and apart.
pub(super) fn parts(sql: &str, extent: Extent) -> Vec<Range<usize>> {
    let mut start = 0;
    let mut long_lines = Vec::new();
    for line in sql.split('\n') {
        if line.len() > LONG_LINE {
            long_lines.push(start..start + line.len());
        }
        start += line.len() + 1;
    }
    let mut reader = Reader {
        sql,
        extent,
        long_lines,
        is_foreign: is_foreign(sql),
        parts: Vec::new(),
    };
    reader.read(0..sql.len());
    reader.parts
}

/// Whether a body is written in a language whose comments are not those of SQL.
fn is_foreign(sql: &str) -> bool {
    let mut words = tokens(sql).filter(|token| !token.is_blank());
    while let Some(token) = words.next() {
        if token.is_word(sql, "language")
            && let Some(name) = words.next()
        {
            let name = name.text(sql).trim_matches(['"', '\'']);
            return !["sql", "plpgsql"]
                .iter()
                .any(|known| name.eq_ignore_ascii_case(known));
        }
    }
    false
}

struct Reader<'a> {
    sql: &'a str,
    extent: Extent,
    long_lines: Vec<Range<usize>>,
    is_foreign: bool,
    parts: Vec<Range<usize>>,
}

impl Reader<'_> {
    /// Reads SQL, also that of a body.
    fn read(&mut self, bytes: Range<usize>) {
        let whole = self.sql;
        let text = &whole[bytes.clone()];
        let (mut blanks, mut data) = (Gap::default(), Gap::default());
        let (mut is_first, mut is_insert, mut is_in_values) = (true, false, false);
        let mut last = None;
        for token in tokens(text) {
            let (words, at) = (token.text(text), bytes.start + token.start);
            if token.is_blank() {
                blanks.add(words);
                data.add(words);
                continue;
            }
            is_insert |= is_first && token.is_word(text, "insert");
            is_in_values = match token.kind {
                Kind::Word if token.is_word(text, "values") => is_insert,
                Kind::Word if begins_more(&token, text) => false,
                _ => is_in_values,
            };
            let is_data = is_in_values && is_plain(&token, text);
            let is_behind = std::mem::take(&mut blanks).is_long() || (!is_data && data.is_long());
            if is_data {
                data.add(words);
            } else {
                data = Gap::default();
            }
            let is_needed = is_first
                || is_behind
                || (!is_data && (self.extent == Extent::All || self.is_in_long_line(at)));
            let token_bytes = at..at + words.len();
            match token.kind {
                Kind::DollarText if !is_data => {
                    let tag = words[1..]
                        .find('$')
                        .map_or(words.len(), |length| length + 2);
                    let inside = match words.len().checked_sub(tag) {
                        Some(end) if token.closed && end >= tag => at + tag..at + end,
                        _ => at + tag..token_bytes.end,
                    };
                    if is_needed {
                        self.add(at..inside.start);
                    }
                    if self.is_foreign {
                        self.read_words(inside.clone());
                    } else {
                        self.read(inside.clone());
                    }
                    self.add(inside.end..token_bytes.end);
                    blanks = Gap::default();
                    blanks.add(words);
                }
                Kind::Text if !is_data => {
                    self.read_words(token_bytes.clone());
                    blanks.add(words);
                }
                _ if is_needed => self.add(token_bytes.clone()),
                _ => {}
            }
            is_first = false;
            last = Some(token_bytes);
        }
        if let Some(last) = last {
            let end = last.end;
            let from = self.sql[last].char_indices().next_back();
            let from = from.map_or(end, |(_, last)| end - last.len_utf8());
            self.add(from..end);
        }
    }

    /// Reads what has no comments: a literal, and a body in another language.
    fn read_words(&mut self, bytes: Range<usize>) {
        let whole = self.sql;
        let text = &whole[bytes.clone()];
        let mut behind = 0;
        for word in text.split_whitespace() {
            let start = word.as_ptr() as usize - text.as_ptr() as usize;
            let mut gap = Gap::default();
            gap.add(&text[behind..start]);
            let is_end = behind == 0 || start + word.len() == text.len();
            behind = start + word.len();
            let at = bytes.start + start;
            if self.extent == Extent::All || is_end || gap.is_long() || self.is_in_long_line(at) {
                self.add(at..at + word.len());
            }
        }
    }

    fn is_in_long_line(&self, at: usize) -> bool {
        let next = self.long_lines.partition_point(|line| line.end <= at);
        let line = self.long_lines.get(next);
        line.is_some_and(|line| line.start <= at)
    }

    fn add(&mut self, part: Range<usize>) {
        if part.is_empty() {
            return;
        }
        if let Some(before) = self.parts.last_mut()
            && (part.start <= before.end
                || part.start - before.end <= NEAR
                    && !self.sql[before.end..part.start].contains('\n'))
        {
            before.end = before.end.max(part.end);
            return;
        }
        self.parts.push(part);
    }
}

/// Whether a word leads away from the rows of an `insert`.
fn begins_more(token: &Token, sql: &str) -> bool {
    ["on", "returning", "select"]
        .iter()
        .any(|word| token.is_word(sql, word))
}

/// Whether a token only gives a value.
fn is_plain(token: &Token, sql: &str) -> bool {
    match token.kind {
        Kind::Text | Kind::DollarText | Kind::Number | Kind::Open | Kind::Close => true,
        Kind::Other => token.text(sql) == ",",
        Kind::Word => ["null", "true", "false", "default"]
            .iter()
            .any(|word| token.is_word(sql, word)),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn needed(sql: &str, extent: Extent) -> Vec<&str> {
        let parts = parts(sql, extent).into_iter();
        parts.map(|part| &sql[part]).collect()
    }

    #[test]
    fn all_that_runs_is_needed_but_no_comment_and_no_row() {
        let sql = "-- why\nselect 1, /* c */ 'a\nb'\nfrom t;";
        assert_eq!(
            needed(sql, Extent::All),
            ["select 1, /* c */ 'a", "b'", "from t;"]
        );
        let sql =
            "insert into t values\n(1, 'a'),\n(2, gone()),\n(3, null)\non conflict do nothing;";
        assert_eq!(
            needed(sql, Extent::All),
            ["insert into t values", "gone", "on conflict do nothing;"]
        );
    }

    #[test]
    fn what_stands_behind_a_gap_is_needed_of_an_outline() {
        for gap in [
            "\n".repeat(600),
            "-- c\n".repeat(500),
            format!("/*{}*/", " c".repeat(150)),
        ] {
            let sql = format!("select a,\nb,{gap}drop_all()\nfrom\nt;");
            let found = needed(&sql, Extent::Outline);
            assert_eq!(found.first(), Some(&"select"));
            assert!(
                found.iter().any(|part| part.starts_with("drop_all")),
                "{found:?}"
            );
            assert_eq!(found.last(), Some(&";"));
        }
        let rows = "(1, 'x'),\n".repeat(900);
        let sql = format!("insert into t values\n{rows}\n(gone());");
        let found = needed(&sql, Extent::Outline);
        assert!(
            found.iter().any(|part| part.starts_with("gone")),
            "{found:?}"
        );
    }

    #[test]
    fn a_body_is_looked_into() {
        let words = "word ".repeat(400);
        let sql =
            format!("do $$ begin /* {words}*/ insert into t values (1); /* {words}*/ end $$;");
        for extent in [Extent::All, Extent::Outline] {
            let found = needed(&sql, extent);
            assert!(
                found.iter().any(|part| part.contains("insert into t")),
                "{found:?}"
            );
            assert!(
                found.iter().any(|part| part.ends_with("end $$;")),
                "{found:?}"
            );
        }
    }

    #[test]
    fn a_dash_is_no_comment_in_a_literal_or_another_language() {
        let sql = "do 'begin perform ''--''; drop_all(); end';";
        assert!(needed(sql, Extent::All).concat().contains("drop_all"));
        let sql =
            "create function f() returns int language plpython3u as $$\nreturn 1 --gone()\n$$;";
        assert!(needed(sql, Extent::All).concat().contains("--gone()"));
    }
}
