//! Turns byte offsets of a file into lines and columns, and shows the place with a caret under it.

use super::odd_blank::{called, is_odd_blank, visible};
use crate::domain::text::harmless;

/// A place in a file as people count: both from 1, the column in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct Place {
    /// The line.
    pub line: usize,
    /// The column, in characters.
    pub column: usize,
}

/// How many lines are shown above the one with the caret.
const CONTEXT_LINES: usize = 3;
/// The most characters of a shown line.
const LINE_LIMIT: usize = 160;

/// The place of a byte offset; an offset behind the end is the end.
pub fn place(text: &str, at: usize) -> Place {
    let at = floor(text, at);
    let start = text[..at].rfind('\n').map_or(0, |newline| newline + 1);
    Place {
        line: text[..at].matches('\n').count() + 1,
        column: text[start..at].chars().count() + 1,
    }
}

/// The byte offset of a character, counted from 1 as Postgres counts error positions.
pub fn byte_of_character(text: &str, character: usize) -> usize {
    text.char_indices()
        .nth(character.saturating_sub(1))
        .map_or(text.len(), |(at, _)| at)
}

/// The lines around an offset, numbered, with a caret under the place. Made harmless, and bounded in width. What looks like a
/// blank and is none is shown as such.
pub fn excerpt(text: &str, at: usize) -> String {
    excerpt_from(text, at, 1)
}

/// The same of a piece of a file that begins on a line of it: the numbers are those of the file.
pub fn excerpt_from(text: &str, at: usize, begins_at: usize) -> String {
    let here = place(text, at);
    let first = here.line.saturating_sub(CONTEXT_LINES + 1);
    let width = (here.line + begins_at - 1).to_string().len();
    let mut shown = String::new();
    for (index, line) in text.lines().enumerate().take(here.line).skip(first) {
        let number = index + begins_at;
        shown.push_str(&format!(
            "{number:>width$} | {}\n",
            window(line, here.column, index + 1 == here.line).0
        ));
    }
    let line = text.lines().nth(here.line - 1).unwrap_or_default();
    let (_, column) = window(line, here.column, true);
    shown.push_str(&format!("{:>width$} | {}^", "", " ".repeat(column - 1)));
    let odd = text.lines().take(here.line).skip(first);
    let odd = odd.flat_map(str::chars).find(|c| is_odd_blank(*c));
    if let Some(odd) = odd {
        let odd = called(odd);
        shown.push_str(&format!(
            "\nThere is {odd} in it, which Postgres takes for a letter of a name."
        ));
    }
    shown
}

/// A part of a line that fits, and where its column went. Lines that are cut are cut around the column.
fn window(line: &str, column: usize, around: bool) -> (String, usize) {
    let start = if around && column > LINE_LIMIT {
        column - LINE_LIMIT / 2
    } else {
        0
    };
    let text: String = line.chars().skip(start).take(LINE_LIMIT).collect();
    let before: String = text.chars().take(column - start - 1).collect();
    let wider = visible(&before).chars().count() - before.chars().count();
    let text = visible(&text).into_owned();
    (harmless(&text).into_owned(), column - start + wider)
}

fn floor(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_columns_count_from_one_and_in_characters() {
        let text = "select 1;\nsélect x;\n";
        assert_eq!(place(text, 0), Place { line: 1, column: 1 });
        let x = text.find('x').unwrap_or_default();
        assert_eq!(place(text, x), Place { line: 2, column: 8 });
        assert_eq!(byte_of_character(text, 18), x);
        assert_eq!(place(text, 9_999).line, 3);
    }

    #[test]
    fn the_caret_stands_under_the_place() {
        let text = "a\nbc\nselect oops from t;\n";
        let at = text.find("oops").unwrap_or_default();
        assert_eq!(
            excerpt(text, at),
            "1 | a\n2 | bc\n3 | select oops from t;\n  |        ^"
        );
    }

    #[test]
    fn what_looks_like_a_blank_and_is_none_is_shown() {
        let text = "create table\u{a0}a\u{200b} (b int oops);\n";
        let at = text.find("oops").unwrap_or_default();
        let shown = excerpt(text, at);
        let lines: Vec<&str> = shown.lines().collect();
        assert_eq!(lines[0], "1 | create table<U+00A0>a<U+200B> (b int oops);");
        assert_eq!(lines[1].find('^'), lines[0].find("oops"));
        assert_eq!(
            lines[2],
            "There is a no-break space (U+00A0) in it, which Postgres takes for a letter of a name."
        );
        assert_eq!(excerpt("a b\n", 2).lines().count(), 2);
    }

    #[test]
    fn a_long_line_is_cut_around_the_place() {
        let text = format!("{}oops{}", "x".repeat(1_000), "y".repeat(1_000));
        let shown = excerpt(&text, 1_000);
        let caret = shown.lines().last().and_then(|line| line.find('^'));
        let word = shown.lines().next().and_then(|line| line.find("oops"));
        assert!(caret.is_some());
        assert_eq!(caret, word);
        assert!(shown.len() < 400);
    }
}
