//! Two long texts word by word: both whole, with the places of the words that changed.

use super::look_alike::{escape_all, looks_like};
use crate::domain::text::harmless_lines;
use similar::{Algorithm, DiffOp};
use std::ops::Range;

/// The most words between the first and the last change that are compared one by one; more count as changed as a whole.
const MOST_WORDS: usize = 4_000;

/// A text, harmless to draw, and the byte ranges in it that changed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Marked {
    /// The text; line feeds are kept.
    pub text: String,
    /// What changed, in order.
    pub marks: Vec<Range<usize>>,
}

impl Marked {
    /// A text in which nothing is marked.
    pub fn plain(text: &str) -> Self {
        Self {
            text: harmless_lines(text).into_owned(),
            marks: Vec::new(),
        }
    }

    fn push(&mut self, text: &str, is_changed: bool) {
        let start = self.text.len();
        self.text.push_str(text);
        if is_changed && self.text.len() > start {
            self.marks.push(start..self.text.len());
        }
    }
}

/// Compares two texts. Words that differ but look the same are escaped.
pub fn compare_words(old: &str, new: &str) -> (Marked, Marked) {
    let (a, b) = (words(old), words(new));
    let head = a.iter().zip(&b).take_while(|(x, y)| x == y).count();
    let most = a.len().min(b.len()) - head;
    let ends = a.iter().rev().zip(b.iter().rev());
    let tail = ends.take(most).take_while(|(x, y)| x == y).count();
    let (x, y) = (&a[head..a.len() - tail], &b[head..b.len() - tail]);

    let (mut left, mut right) = (Marked::default(), Marked::default());
    let same = |words: &[&str], left: &mut Marked, right: &mut Marked| {
        let text = words.concat();
        left.push(&harmless_lines(&text), false);
        right.push(&harmless_lines(&text), false);
    };
    same(&a[..head], &mut left, &mut right);
    if x.len().max(y.len()) > MOST_WORDS {
        push_changed(&x.concat(), &y.concat(), &mut left, &mut right);
    } else {
        for op in similar::capture_diff_slices(Algorithm::Myers, x, y) {
            let (x, y) = (&x[op.old_range()], &y[op.new_range()]);
            if matches!(op, DiffOp::Equal { .. }) {
                same(x, &mut left, &mut right);
            } else {
                push_changed(&x.concat(), &y.concat(), &mut left, &mut right);
            }
        }
    }
    same(&a[a.len() - tail..], &mut left, &mut right);
    (left, right)
}

fn push_changed(old: &str, new: &str, left: &mut Marked, right: &mut Marked) {
    // A line break is seen.
    let seen = |text: &str| text.replace('\n', "⏎");
    if looks_like(&seen(old), &seen(new)) && !old.contains('\n') {
        let escaped = |text: &str| {
            let mut out = String::new();
            escape_all(text, &mut out);
            out
        };
        left.push(&escaped(old), true);
        right.push(&escaped(new), true);
    } else {
        left.push(&harmless_lines(old), true);
        right.push(&harmless_lines(new), true);
    }
}

/// Runs of letters and digits, and every other character by itself.
fn words(text: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let mut start = 0;
    let mut was_word = false;
    for (at, c) in text.char_indices() {
        let is_word = c.is_alphanumeric() || c == '_';
        if at > start && !(is_word && was_word) {
            words.push(&text[start..at]);
            start = at;
        }
        was_word = is_word;
    }
    if start < text.len() {
        words.push(&text[start..]);
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn marked(text: &Marked) -> Vec<&str> {
        text.marks
            .iter()
            .map(|range| &text.text[range.clone()])
            .collect()
    }

    #[test]
    fn the_words_that_changed_are_marked() {
        let (old, new) = compare_words("Run 10 km,\nthen rest", "Run 12 km,\nthen sleep and rest");
        assert_eq!(marked(&old), ["10"]);
        assert_eq!(marked(&new), ["12", " sleep and"]);
        assert_eq!(new.text, "Run 12 km,\nthen sleep and rest");
        let (old, new) = compare_words("a b\u{a0}c", "a b c");
        assert_eq!((marked(&old), marked(&new)), (vec!["\\u00a0"], vec![" "]));
    }

    #[test]
    fn a_huge_change_is_one() {
        let (old, new) = compare_words(&"a ".repeat(50_000), &"b ".repeat(50_000));
        assert_eq!((old.marks.len(), new.marks.len()), (1, 1));
    }

    proptest! {
        #[test]
        fn nothing_of_a_text_is_lost(a in "[ab _.\n]{0,30}", b in "[ab _.\n]{0,30}") {
            let (old, new) = compare_words(&a, &b);
            prop_assert_eq!((&old.text, &new.text), (&a, &b));
            prop_assert_eq!(old.marks.is_empty() && new.marks.is_empty(), a == b);
        }
    }
}
