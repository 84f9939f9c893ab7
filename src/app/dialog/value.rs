//! One value of an audit record, whole: before and after, wrapped, with the words that changed marked.

use crate::app::wrap;
use crate::domain::audit::diff::{Marked, compare_words};
use serde_json::Value;
use std::ops::Range;

/// A value on screen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ValueView {
    /// The value's path.
    pub title: String,
    /// The first visible row.
    pub top: usize,
    parts: Vec<Part>,
    rows: Vec<Row>,
    columns: usize,
}

/// Which side a text is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// It was there only before, or is another afterwards.
    Before,
    /// It is there only afterwards, or was another before.
    After,
    /// It did not change.
    Same,
    /// It is a value of a row, which has no other side.
    Alone,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Part {
    side: Side,
    text: Marked,
}

/// A row as it is drawn.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Row {
    /// The heading of a part.
    Heading(usize),
    /// Bytes of a part's text.
    Text(usize, Range<usize>),
    /// Nothing, between two parts.
    Blank,
}

/// A row to draw.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shown<'a> {
    /// The heading of what follows.
    Heading(Side, &'static str),
    /// Pieces of a row, each with whether it changed.
    Text(Side, Vec<(&'a str, bool)>),
}

impl ValueView {
    /// A value before and after; the same on both sides stands there once.
    pub fn new(title: String, old: Option<&Value>, new: Option<&Value>) -> Self {
        let plain = |side, value| Part {
            side,
            text: Marked::plain(&whole(value)),
        };
        let parts = match (old, new) {
            (Some(old), Some(new)) if old == new => vec![plain(Side::Same, new)],
            (Some(old), Some(new)) => {
                let (old, new) = compare_words(&whole(old), &whole(new));
                let part = |side, text| Part { side, text };
                vec![part(Side::Before, old), part(Side::After, new)]
            }
            (old, new) => {
                let old = old.map(|value| plain(Side::Before, value));
                let new = new.map(|value| plain(Side::After, value));
                old.into_iter().chain(new).collect()
            }
        };
        Self {
            title,
            top: 0,
            parts,
            rows: Vec::new(),
            columns: 0,
        }
    }

    /// A value of a row.
    pub fn alone(title: String, value: &Value) -> Self {
        let text = Marked::plain(&whole(value));
        let side = Side::Alone;
        Self {
            title,
            top: 0,
            parts: vec![Part { side, text }],
            rows: Vec::new(),
            columns: 0,
        }
    }

    /// Wraps the texts at so many columns, unless they are already.
    pub fn fit(&mut self, columns: usize) {
        let columns = columns.max(1);
        if columns == self.columns {
            return;
        }
        self.columns = columns;
        self.rows.clear();
        for (at, part) in self.parts.iter().enumerate() {
            if at > 0 {
                self.rows.push(Row::Blank);
            }
            self.rows.push(Row::Heading(at));
            let text = &part.text.text;
            let mut start = 0;
            for line in text.split('\n') {
                let rows = wrap::parts(text, start, start + line.len(), columns);
                self.rows
                    .extend(rows.into_iter().map(|range| Row::Text(at, range)));
                start += line.len() + 1;
            }
        }
    }

    /// How many rows there are.
    pub fn row_count(&self) -> usize {
        self.rows.len()
    }

    /// The row at a place.
    pub fn row(&self, at: usize) -> Option<Shown<'_>> {
        Some(match self.rows.get(at)? {
            Row::Blank => Shown::Text(Side::Same, Vec::new()),
            Row::Heading(part) => {
                let side = self.parts.get(*part)?.side;
                let words = match side {
                    Side::Before => "before",
                    Side::After => "after",
                    Side::Same => "did not change",
                    Side::Alone => "value",
                };
                Shown::Heading(side, words)
            }
            Row::Text(part, range) => {
                let part = self.parts.get(*part)?;
                Shown::Text(part.side, pieces(&part.text, range))
            }
        })
    }
}

/// A range of a text, cut where what changed begins and ends.
fn pieces<'a>(text: &'a Marked, range: &Range<usize>) -> Vec<(&'a str, bool)> {
    let mut pieces = Vec::new();
    let mut at = range.start;
    let first = text.marks.partition_point(|mark| mark.end <= range.start);
    for mark in &text.marks[first..] {
        let (start, end) = (mark.start.max(at), mark.end.min(range.end));
        if start >= range.end {
            break;
        }
        pieces.push((&text.text[at..start], false));
        pieces.push((&text.text[start..end], true));
        at = end;
    }
    pieces.push((&text.text[at..range.end], false));
    pieces.retain(|(piece, _)| !piece.is_empty());
    pieces
}

/// A text as it is, anything else as JSON over several lines.
fn whole(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => serde_json::to_string_pretty(other).unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn shown(view: &ValueView) -> Vec<String> {
        let row = |at| match view.row(at) {
            Some(Shown::Heading(_, words)) => format!("# {words}"),
            Some(Shown::Text(_, pieces)) => {
                let piece = |(text, is_changed)| {
                    if is_changed {
                        format!("<{text}>")
                    } else {
                        String::from(text)
                    }
                };
                pieces.into_iter().map(piece).collect()
            }
            None => String::new(),
        };
        (0..view.row_count()).map(row).collect()
    }

    #[test]
    fn a_value_is_wrapped_with_what_changed_marked() {
        let (old, new) = (json!("one two three\nfour"), json!("one two five\nfour"));
        let mut view = ValueView::new("notes".into(), Some(&old), Some(&new));
        view.fit(8);
        let rows = [
            "# before", "one two ", "<three>", "four", "", "# after", "one two ", "<five>", "four",
        ];
        assert_eq!(shown(&view), rows);
        view.fit(80);
        assert_eq!(view.row_count(), 7);
    }

    #[test]
    fn a_word_that_is_broken_is_marked_on_both_rows() {
        let mut view = ValueView::new(String::new(), Some(&json!("aaaa")), Some(&json!("bbbbbb")));
        view.fit(4);
        assert_eq!(shown(&view)[4..], ["<bbbb>", "<bb>"]);
    }

    #[test]
    fn one_side_alone_stands_alone_and_a_text_is_no_number() {
        let mut view = ValueView::new(String::new(), None, Some(&json!({"a": [1]})));
        view.fit(80);
        assert_eq!(shown(&view)[..2], ["# after", "{"]);
        let mut view = ValueView::new(String::new(), Some(&json!(1)), Some(&json!(1)));
        view.fit(80);
        assert_eq!(shown(&view), ["# did not change", "1"]);
    }
}
