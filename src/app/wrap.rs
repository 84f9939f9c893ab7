//! Breaks text into rows of so many columns: how far a text can be scrolled depends on it as well as how it is drawn.
//! Widths are those of the drawing, grapheme by grapheme.

use crate::domain::text::harmless_lines;
use ratatui::buffer::CellWidth;
use std::ops::Range;
use unicode_segmentation::UnicodeSegmentation;

/// The columns that a text without control characters takes on screen.
pub fn width(text: &str) -> usize {
    if text.is_ascii() {
        return text.len();
    }
    let graphemes = text.graphemes(true);
    graphemes.map(|one| usize::from(one.cell_width())).sum()
}

/// The text in lines of so many columns, broken between words where that is possible.
pub fn wrap(text: &str, columns: usize) -> Vec<String> {
    let columns = columns.max(1);
    let clean = harmless_lines(text);
    let mut lines = Vec::new();
    for paragraph in clean.split('\n') {
        let (mut line, mut used) = (String::new(), 0);
        for word in paragraph.split(' ') {
            let (mut word, mut wide) = (word, width(word));
            if !line.is_empty() && used + 1 + wide > columns {
                lines.push(std::mem::take(&mut line));
                used = 0;
            } else if !line.is_empty() {
                line.push(' ');
                used += 1;
            }
            while wide > columns {
                let (cut, taken) = split_at_width(word, columns.saturating_sub(used).max(1));
                line.push_str(&word[..cut]);
                lines.push(std::mem::take(&mut line));
                (word, wide, used) = (&word[cut..], wide - taken, 0);
            }
            line.push_str(word);
            used += wide;
        }
        lines.push(line);
    }
    lines
}

/// Where to cut a text so that its beginning fits, at least behind its first grapheme, and the columns up to there.
fn split_at_width(text: &str, columns: usize) -> (usize, usize) {
    let mut used = 0;
    for (at, grapheme) in text.grapheme_indices(true) {
        let wide = usize::from(grapheme.cell_width());
        if used + wide > columns && at > 0 {
            return (at, used);
        }
        used += wide;
    }
    (text.len(), used)
}

/// A line without control characters, cut into parts of so many columns, behind a space where there is one; an empty line
/// is one empty part.
pub fn parts(text: &str, start: usize, end: usize, columns: usize) -> Vec<Range<usize>> {
    let line = &text[start..end];
    let mut cutter = Cutter::new(start, columns.max(1));
    if line.is_ascii() {
        for (at, byte) in line.bytes().enumerate() {
            cutter.take(start + at, 1, byte == b' ');
        }
    } else {
        for (at, grapheme) in line.grapheme_indices(true) {
            cutter.take(start + at, grapheme.cell_width().into(), grapheme == " ");
        }
    }
    cutter.finish(end)
}

/// Cuts a line while it is read once.
struct Cutter {
    parts: Vec<Range<usize>>,
    columns: usize,
    from: usize,
    used: usize,
    /// Behind the last space that follows a word, and the columns up to there.
    space: Option<(usize, usize)>,
    has_word: bool,
}

impl Cutter {
    fn new(from: usize, columns: usize) -> Self {
        Self {
            parts: Vec::new(),
            columns,
            from,
            used: 0,
            space: None,
            has_word: false,
        }
    }

    fn take(&mut self, at: usize, wide: usize, is_space: bool) {
        // A space that does not fit any more is not missed at the end of a row.
        if !is_space && self.used + wide > self.columns && at > self.from {
            let (cut, before) = self.space.take().unwrap_or((at, self.used));
            self.parts.push(self.from..cut);
            (self.from, self.used) = (cut, self.used - before);
            // What stood behind the space may itself be as wide as a row.
            if self.used + wide > self.columns && at > self.from {
                self.parts.push(self.from..at);
                (self.from, self.used) = (at, 0);
            }
        }
        self.used += wide;
        if is_space {
            self.space = self.has_word.then_some((at + 1, self.used));
        } else {
            self.has_word = true;
        }
    }

    fn finish(mut self, end: usize) -> Vec<Range<usize>> {
        self.parts.push(self.from..end);
        self.parts
    }
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
