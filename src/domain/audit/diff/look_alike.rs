//! Two texts that differ must not look the same: where they do, what differs is escaped.

use super::super::path::escape;
use crate::domain::text::{harmless, is_dangerous};
use similar::{Algorithm, DiffOp};
use std::borrow::Cow;
use unicode_security::confusable_detection::skeleton;

/// Both texts, which are at most as long as a value that is shown on a line, harmless to draw, with the characters that make the difference escaped where it could not be seen.
pub(super) fn told_apart(old: &str, new: &str) -> (String, String) {
    if old == new || (old.is_ascii() && new.is_ascii()) {
        return (harmless(old).into_owned(), harmless(new).into_owned());
    }
    let (a, b): (Vec<char>, Vec<char>) = (old.chars().collect(), new.chars().collect());
    let ops = similar::capture_diff_slices(Algorithm::Myers, &a, &b);
    let (mut left, mut right) = (String::new(), String::new());
    for op in ops {
        let (x, y) = (&a[op.old_range()], &b[op.new_range()]);
        let (x, y): (String, String) = (x.iter().collect(), y.iter().collect());
        if matches!(op, DiffOp::Equal { .. }) || look(&x) != look(&y) {
            left.push_str(&harmless(&x));
            right.push_str(&harmless(&y));
        } else {
            escape_all(&x, &mut left);
            escape_all(&y, &mut right);
        }
    }
    (left, right)
}

/// Whether two different texts look the same.
pub(super) fn looks_like(a: &str, b: &str) -> bool {
    a != b && look(a) == look(b)
}

/// Writes a text with everything escaped that is no visible ASCII character.
pub(super) fn escape_all(text: &str, out: &mut String) {
    for c in text.chars() {
        if c.is_ascii() && !c.is_ascii_control() {
            out.push(c);
        } else {
            escape(c, out);
        }
    }
}

/// What a text looks like: without what is invisible, all spaces alike, and confusable letters as one (Unicode UTS 39).
fn look(text: &str) -> Cow<'_, str> {
    if text.bytes().all(|byte| (0x20..0x7f).contains(&byte)) {
        return skeleton_of(text);
    }
    let visible: String = text
        .chars()
        .filter(|c| !is_invisible(*c))
        .map(|c| if c.is_whitespace() { ' ' } else { c })
        .collect();
    Cow::Owned(skeleton_of(&visible).into_owned())
}

fn skeleton_of(text: &str) -> Cow<'_, str> {
    Cow::Owned(skeleton(text).collect())
}

/// Characters without a shape of their own: joiners, variation selectors, fillers, and what is never drawn.
fn is_invisible(c: char) -> bool {
    (is_dangerous(c) && !c.is_control())
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{200c}' | '\u{200d}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{ffa0}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_looks_the_same_is_escaped() {
        for (old, new, left, right) in [
            ("café", "cafe\u{301}", "caf\\u00e9", "cafe\\u0301"),
            ("a b", "a\u{a0}b", "a b", "a\\u00a0b"),
            ("❤", "❤\u{fe0f}", "❤", "❤\\ufe0f"),
            ("paypal", "p\u{430}ypal", "paypal", "p\\u0430ypal"),
            ("x", "x\u{200b}", "x", "x\\u200b"),
            ("x\u{200b}", "x\u{200c}", "x\\u200b", "x\\u200c"),
            ("x", "\u{feff}x", "x", "\\ufeffx"),
            ("a", "\u{1d41a}", "a", "\\ud835\\udc1a"),
            ("\u{3a9}", "\u{2126}", "\\u03a9", "\\u2126"),
        ] {
            let (a, b) = told_apart(old, new);
            assert_eq!((a.as_str(), b.as_str()), (left, right));
        }
    }

    #[test]
    fn what_looks_different_stays_readable() {
        for (old, new) in [
            ("é", "è"),
            ("漢字", "漢和"),
            ("naïve", "native"),
            ("1", "l"),
            ("a", "a"),
        ] {
            assert_eq!(told_apart(old, new), (old.to_owned(), new.to_owned()));
        }
        // One difference that shows does not hide another that does not.
        let (a, b) = told_apart("a\u{a0}b 1", "a b 2");
        assert_eq!((a.as_str(), b.as_str()), ("a\\u00a0b 1", "a b 2"));
    }
}
