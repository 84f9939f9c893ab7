//! A text in rows of so many columns, as it is drawn. Scrolling, counting and asking go by these rows. It is laid out once
//! for a width, so that moving through a file of megabytes costs no more than through a short one.

use super::wrap::parts;
use crate::domain::sql::lexer::{Class, highlight};
use crate::domain::text::harmless_lines;
use std::borrow::Cow;
use std::ops::Range;

/// The most bytes whose words are told apart; longer texts are drawn plain.
const HIGHLIGHT_BYTES: usize = 128 << 10;

/// A harmless text and its rows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rows {
    text: String,
    classes: Vec<(Range<usize>, Class)>,
    line_count: usize,
    has_numbers: bool,
    columns: u16,
    /// Where each row begins, and the number of its line, from 1.
    starts: Vec<(usize, usize)>,
}

/// One row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Its bytes, without the blanks at its end.
    pub shown: Range<usize>,
    /// The number of its line where it begins one, from 1.
    pub number: Option<usize>,
}

/// A text as it is drawn: harmless, tabs made spaces, every kind of line end a line feed. A carriage return alone ends a
/// line too, as it does for Postgres: what follows a comment there is run.
pub fn clean(text: &str) -> Cow<'_, str> {
    if !text.contains('\r') {
        return harmless_lines(text);
    }
    let lines = text.replace("\r\n", "\n").replace('\r', "\n");
    Cow::Owned(harmless_lines(&lines).into_owned())
}

impl Rows {
    /// A text of any kind, not laid out yet.
    pub fn plain(text: &str) -> Self {
        let text = clean(text).into_owned();
        let line_count = text.lines().count();
        Self {
            text,
            line_count,
            ..Self::default()
        }
    }

    /// SQL, not laid out yet.
    pub fn sql(text: &str) -> Self {
        let mut rows = Self::plain(text);
        if rows.text.len() <= HIGHLIGHT_BYTES {
            rows.classes = highlight(&rows.text);
        }
        rows
    }

    /// The same with the numbers of its lines.
    pub fn with_numbers(self) -> Self {
        Self {
            has_numbers: true,
            ..self
        }
    }

    /// Lays it out in so many columns.
    pub fn fit(&mut self, columns: u16) {
        if self.columns == columns && !self.starts.is_empty() {
            return;
        }
        self.columns = columns;
        let room = usize::from(columns).saturating_sub(self.gutter()).max(1);
        let mut starts = Vec::new();
        let mut start = 0;
        for (index, line) in self.text.lines().enumerate() {
            let parts = parts(&self.text, start, start + line.len(), room);
            starts.extend(parts.into_iter().map(|part| (part.start, index + 1)));
            start += line.len() + 1;
        }
        self.starts = starts;
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.starts.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.starts.is_empty()
    }

    /// How many lines the text has.
    pub fn line_count(&self) -> usize {
        self.line_count
    }

    /// The harmless text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What its words are; empty where they are not told apart.
    pub fn classes(&self) -> &[(Range<usize>, Class)] {
        &self.classes
    }

    /// The columns for the numbers of the lines and the space behind them.
    pub fn gutter(&self) -> usize {
        if self.has_numbers {
            self.line_count.to_string().len() + 1
        } else {
            0
        }
    }

    /// One row; empty behind the last.
    pub fn row(&self, at: usize) -> Row {
        let bytes = self.bytes(at..at + 1);
        let shown = self.text.get(bytes.clone()).unwrap_or_default();
        let shown = shown.trim_end_matches(['\n', ' ']).len();
        let here = self.starts.get(at).map(|(_, line)| *line);
        let before = at.checked_sub(1).and_then(|at| self.starts.get(at));
        let is_first = before.map(|(_, line)| *line) != here;
        Row {
            shown: bytes.start..bytes.start + shown,
            number: here.filter(|_| is_first),
        }
    }

    /// The bytes of rows, with what ends them.
    pub fn bytes(&self, rows: Range<usize>) -> Range<usize> {
        let start = |at: usize| match self.starts.get(at) {
            Some((start, _)) => *start,
            None => self.text.len(),
        };
        start(rows.start)..start(rows.end)
    }

    /// The row that holds a byte.
    pub fn row_of(&self, byte: usize) -> usize {
        let behind = self.starts.partition_point(|(start, _)| *start <= byte);
        behind.saturating_sub(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::wrap::width;
    use proptest::prelude::*;

    fn laid_out(text: &str, columns: u16) -> Rows {
        let mut rows = Rows::plain(text);
        rows.fit(columns);
        rows
    }

    #[test]
    fn a_line_end_of_any_kind_begins_a_row() {
        let rows = laid_out("-- a\rdrop table t;\r\nb\n", 40);
        let shown = |at| &rows.text()[rows.row(at).shown];
        assert_eq!(rows.len(), 3);
        assert_eq!(
            [shown(0), shown(1), shown(2)],
            ["-- a", "drop table t;", "b"]
        );
    }

    #[test]
    fn only_the_first_row_of_a_line_has_its_number() {
        let mut rows = Rows::sql("select one, two;\n\nx\n").with_numbers();
        rows.fit(11);
        let numbers: Vec<_> = (0..rows.len()).map(|at| rows.row(at).number).collect();
        assert_eq!(numbers, [Some(1), None, Some(2), Some(3)]);
        assert_eq!(rows.gutter(), 2);
    }

    #[test]
    fn a_line_of_a_megabyte_is_laid_out_at_once() {
        let begun = std::time::Instant::now();
        let rows = laid_out(&"word ".repeat(200_000), 80);
        assert!(rows.len() > 12_000, "{}", rows.len());
        assert!(begun.elapsed().as_secs() < 5, "{:?}", begun.elapsed());
    }

    /// Texts of what is hard to lay out.
    fn texts() -> impl Strategy<Value = String> {
        let piece = prop_oneof![
            "[a-z ]{0,12}",
            " {0,40}",
            "[a-z]{30,90}",
            Just("漢字かな交じり文".to_owned()),
            Just("👩\u{200d}👩\u{200d}👧 🇩🇪 ❤\u{fe0f} 1\u{fe0f}\u{20e3}".to_owned()),
            Just("e\u{301}\u{302}o\u{308}".to_owned()),
            Just("لا ﾞﾟ ﷺ".to_owned()),
            Just("\t\u{1b}[2J\u{200b}\u{202e}\u{feff}\u{7}".to_owned()),
            prop_oneof![Just("\n"), Just("\r\n"), Just("\r")].prop_map(str::to_owned),
        ];
        prop::collection::vec(piece, 0..14).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #[test]
        fn rows_hold_the_whole_text_and_fit(text in texts(), columns in 6u16..120) {
            let rows = laid_out(&text, columns);
            let whole = clean(&text);
            let joined: String = (0..rows.len()).map(|at| &rows.text()[rows.bytes(at..at + 1)]).collect();
            prop_assert_eq!(&joined, &whole);
            for at in 0..rows.len() {
                let shown = &rows.text()[rows.row(at).shown];
                prop_assert!(width(shown) <= usize::from(columns), "{:?} in {}", shown, columns);
                prop_assert!(!shown.contains('\n'));
                let bytes = rows.bytes(at..at + 1);
                for byte in bytes {
                    prop_assert_eq!(rows.row_of(byte), at);
                }
            }
        }
    }
}
