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
}
