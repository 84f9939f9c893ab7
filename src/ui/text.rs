//! Fitting text into columns, counted as a terminal counts them.

use crate::app::wrap::width;
pub use crate::app::wrap::wrap;
use crate::domain::text::cell;
use unicode_segmentation::UnicodeSegmentation;

/// The text made harmless and cut to so many columns, with a sign where something was cut.
pub fn fit(text: &str, columns: usize, more: &str) -> String {
    let text = cell(text);
    if width(&text) <= columns {
        return text.into_owned();
    }
    let room = columns.saturating_sub(width(more));
    let mut out = String::with_capacity(columns);
    let mut used = 0;
    for one in text.graphemes(true) {
        let wide = width(one);
        if used + wide > room {
            break;
        }
        used += wide;
        out.push_str(one);
    }
    if columns >= width(more) {
        out.push_str(more);
    }
    out
}

/// The text in exactly so many columns: cut, or filled with spaces at the right.
pub fn pad(text: &str, columns: usize, more: &str) -> String {
    let mut out = fit(text, columns, more);
    let missing = columns.saturating_sub(width(&out));
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

    #[test]
    fn what_looks_like_one_character_is_cut_as_one() {
        assert_eq!(
            fit("👩\u{200d}👩\u{200d}👧ab", 4, "…"),
            "👩\u{200d}👩\u{200d}👧ab"
        );
        assert_eq!(fit("🇩🇪🇫🇷🇮🇹", 5, "…"), "🇩🇪🇫🇷…");
        assert_eq!(pad("e\u{301}e\u{301}", 3, "…"), "e\u{301}e\u{301} ");
    }
}
