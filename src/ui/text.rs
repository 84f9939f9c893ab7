//! Fitting text into columns, counted as a terminal counts them.

pub use crate::app::wrap::wrap;
use crate::domain::text::cell;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// The text made harmless and cut to so many columns, with a sign where something was cut.
pub fn fit(text: &str, columns: usize, more: &str) -> String {
    let text = cell(text);
    if text.width() <= columns {
        return text.into_owned();
    }
    let room = columns.saturating_sub(more.width());
    let mut out = String::with_capacity(columns);
    let mut used = 0;
    for c in text.chars() {
        let width = c.width().unwrap_or(0);
        if used + width > room {
            break;
        }
        used += width;
        out.push(c);
    }
    if columns >= more.width() {
        out.push_str(more);
    }
    out
}

/// The text in exactly so many columns: cut, or filled with spaces at the right.
pub fn pad(text: &str, columns: usize, more: &str) -> String {
    let mut out = fit(text, columns, more);
    let missing = columns.saturating_sub(out.width());
    out.extend(std::iter::repeat_n(' ', missing));
    out
}

/// A moment as PostgREST prints it, as people read it: without the fraction, and without the offset when it is UTC.
pub fn moment(text: &str) -> String {
    let mut out = text.replacen('T', " ", 1);
    let zone = out.rfind(['+', '-']).filter(|at| *at > 10);
    let tail = zone.map_or(String::new(), |at| out.split_off(at));
    if let Some(dot) = out.find('.') {
        out.truncate(dot);
    }
    if !(tail.is_empty() || tail == "+00:00" || tail == "+00") {
        out.push_str(&tail);
    }
    out
}

/// The first eight characters of an id: enough to tell two apart on one screen.
pub fn short_id(id: &str) -> &str {
    id.get(..8).unwrap_or(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wide_characters_count_double() {
        assert_eq!(fit("漢字かな", 5, "…"), "漢字…");
        assert_eq!(pad("ab", 4, "…"), "ab  ");
        assert_eq!(fit("abc", 0, "…"), "");
    }

    #[test]
    fn moments_lose_what_nobody_reads() {
        assert_eq!(
            moment("2025-10-04T12:30:00.123456+00:00"),
            "2025-10-04 12:30:00"
        );
        assert_eq!(
            moment("2025-10-04T12:30:00+02:00"),
            "2025-10-04 12:30:00+02:00"
        );
    }
}
