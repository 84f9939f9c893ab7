//! Breaks text into lines of so many columns: how far a text can be scrolled depends on it as well as how it is drawn.

use crate::domain::text::harmless_lines;
use std::ops::Range;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// The text in lines of so many columns, broken between words where that is possible.
pub fn wrap(text: &str, columns: usize) -> Vec<String> {
    let columns = columns.max(1);
    let clean = harmless_lines(text);
    let mut lines = Vec::new();
    for paragraph in clean.split('\n') {
        let mut line = String::new();
        for word in paragraph.split(' ') {
            let mut word = word;
            if !line.is_empty() && line.width() + 1 + word.width() > columns {
                lines.push(std::mem::take(&mut line));
            } else if !line.is_empty() {
                line.push(' ');
            }
            while word.width() > columns {
                let cut = split_at_width(word, columns.saturating_sub(line.width()).max(1));
                line.push_str(&word[..cut]);
                lines.push(std::mem::take(&mut line));
                word = &word[cut..];
            }
            line.push_str(word);
        }
        lines.push(line);
    }
    lines
}

fn split_at_width(text: &str, columns: usize) -> usize {
    let mut used = 0;
    for (at, c) in text.char_indices() {
        used += c.width().unwrap_or(0);
        if used > columns && at > 0 {
            return at;
        }
    }
    text.len()
}

/// How many rows a line takes in so many columns.
pub fn row_count(line: &str, columns: usize) -> usize {
    parts(line, 0, line.len(), columns.max(1)).len()
}

/// A line cut into parts of so many columns, behind a space where there is one; an empty line is one empty part.
pub fn parts(text: &str, start: usize, end: usize, columns: usize) -> Vec<Range<usize>> {
    let mut parts = Vec::new();
    let (mut from, mut used) = (start, 0);
    // Behind the last space that follows a word, and the columns up to there.
    let mut space = None;
    let mut has_word = false;
    for (at, c) in text[start..end].char_indices() {
        let at = start + at;
        // A tab is drawn as four spaces, a control character as one sign.
        let width = if c == '\t' { 4 } else { c.width().unwrap_or(1) };
        // A space that does not fit any more is not missed at the end of a row.
        if c != ' ' && used + width > columns && at > from {
            let (cut, before) = space.take().unwrap_or((at, used));
            parts.push(from..cut);
            (from, used) = (cut, used - before);
        }
        used += width;
        if c == ' ' {
            space = has_word.then_some((at + 1, used));
        } else {
            has_word = true;
        }
    }
    parts.push(from..end);
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_kept_whole_where_possible() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("abcdefghij", 4), ["abcd", "efgh", "ij"]);
        assert_eq!(wrap("a\n\nb", 4), ["a", "", "b"]);
        assert_eq!(wrap("", 4), [""]);
    }

    fn cut(line: &str, columns: usize) -> Vec<&str> {
        let parts = parts(line, 0, line.len(), columns);
        parts.into_iter().map(|range| &line[range]).collect()
    }

    #[test]
    fn a_long_line_goes_on_behind_a_space() {
        assert_eq!(
            cut("create table goal ();", 10),
            ["create ", "table goal ", "();"]
        );
        assert_eq!(cut("    select one, two", 12), ["    select ", "one, two"]);
    }

    #[test]
    fn a_word_without_a_space_is_cut_where_the_row_ends() {
        assert_eq!(cut("abcdefghij", 4), ["abcd", "efgh", "ij"]);
        assert_eq!(cut("    abcdefgh", 6), ["    ab", "cdefgh"]);
        assert_eq!(cut("", 4), [""]);
    }

    #[test]
    fn nothing_of_a_line_is_lost() {
        for columns in 1..20 {
            let line = "insert into t values ('a  b', 1);  ";
            assert_eq!(cut(line, columns).concat(), line, "{columns}");
        }
    }
}
