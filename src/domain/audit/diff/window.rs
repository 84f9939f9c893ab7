//! Two long texts in little room: both are shown from shortly before the place where they first differ.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// The most columns that are kept in front of the first difference.
const MOST_LEAD: usize = 24;
/// The same where both texts end soon.
const MOST_SPARE: usize = 80;

/// Both texts in at most so many columns each. Where one does not fit, both begin at the same place, shortly before
/// their first difference; `more`, such as `…`, stands where something was left out.
pub fn window(old: &str, new: &str, columns: (usize, usize), more: &str) -> (String, String) {
    if fits(old, columns.0) && fits(new, columns.1) {
        return (old.to_owned(), new.to_owned());
    }
    let start = start(old, new, columns.0.min(columns.1), more.width());
    (
        cut(old, start, columns.0, more),
        cut(new, start, columns.1, more),
    )
}

/// Where both begin, in bytes: the texts are the same up to there.
fn start(old: &str, new: &str, columns: usize, sign: usize) -> usize {
    let same = old.chars().zip(new.chars()).take_while(|(a, b)| a == b);
    let same: Vec<char> = same.map(|(a, _)| a).collect();
    let end: usize = same.iter().map(|c| c.len_utf8()).sum();
    // Room for the sign at both ends and one wide character: what differs is always seen.
    let lead = (columns.saturating_sub(2 * sign + 2) / 3).min(MOST_LEAD);
    // Where both end soon, there is room for more of what is before.
    let rest = old[end..].width().max(new[end..].width());
    let lead = lead.max(columns.saturating_sub(rest + sign).min(MOST_SPARE));
    let (mut from, mut used) = (end, 0);
    for c in same.iter().rev() {
        let width = c.width().unwrap_or(1);
        if used + width > lead {
            // A mark that stands on the letter before it is not torn off.
            break;
        }
        used += width;
        from -= c.len_utf8();
    }
    // To leave out less than the sign takes gains nothing.
    if old[..from]
        .chars()
        .map(|c| c.width().unwrap_or(1))
        .sum::<usize>()
        <= sign
    {
        return 0;
    }
    from
}

fn fits(text: &str, columns: usize) -> bool {
    let mut used = 0;
    text.chars().all(|c| {
        used += c.width().unwrap_or(1);
        used <= columns
    })
}

/// The text from a byte on, in so many columns.
fn cut(text: &str, start: usize, columns: usize, more: &str) -> String {
    let mut out = String::new();
    let sign = more.width();
    if columns < sign {
        return out;
    }
    let mut room = columns;
    if start > 0 {
        out.push_str(more);
        room -= sign;
    }
    let rest = &text[start..];
    if fits(rest, room) {
        out.push_str(rest);
        return out;
    }
    for c in rest.chars() {
        let width = c.width().unwrap_or(1);
        if width + sign > room {
            break;
        }
        room -= width;
        out.push(c);
    }
    if room >= sign {
        out.push_str(more);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn short_texts_stay_whole() {
        assert_eq!(window("2", "10", (5, 5), "…"), ("2".into(), "10".into()));
    }

    #[test]
    fn a_change_at_the_end_of_a_long_text_is_seen() {
        let text = "lorem ipsum dolor sit amet ".repeat(18);
        let (old, new) = (format!("{text}one"), format!("{text}two"));
        assert_eq!(
            window(&old, &new, (15, 15), "…"),
            ("…r sit amet one".into(), "…r sit amet two".into())
        );
        assert_eq!(
            window(&old, &text, (6, 6), "…"),
            ("…t one".into(), "…t ".into())
        );
    }

    #[test]
    fn a_change_at_the_start_of_a_long_text_is_cut_at_its_end() {
        let text = "x".repeat(50);
        let (old, new) = window(&format!("a{text}"), &format!("b{text}"), (10, 8), "…");
        assert_eq!((old.as_str(), new.as_str()), ("axxxxxxxx…", "bxxxxxx…"));
    }

    proptest! {
        /// In four columns there is room for the sign at both ends and a wide character.
        #[test]
        fn two_texts_that_differ_are_shown_differently(same in "[a-z漢é ]{0,60}", a in "[a-z漢]{0,40}", b in "[a-z漢]{0,40}", columns in 4_usize..40) {
            let (old, new) = (format!("{same}{a}"), format!("{same}{b}"));
            let (x, y) = window(&old, &new, (columns, columns), "…");
            prop_assert!(x.width() <= columns && y.width() <= columns);
            prop_assert_eq!(x == y, old == new);
        }
    }
}
