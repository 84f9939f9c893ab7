//! Says where a text cannot be read, by quoting it: the parser's own message names its parts of speech, which nobody knows
//! who writes SQL.

use crate::domain::sql::statement_kind::significant;
use crate::domain::text::harmless;

/// The most characters that are quoted.
const QUOTED: usize = 40;

/// Where the reading stops, with what stands there. `at` is a byte offset.
pub(super) fn words(text: &str, at: usize) -> String {
    let next = significant(text).find(|token| token.start >= at || token.end > at);
    let Some(token) = next else {
        return "it ends before it is complete".to_owned();
    };
    let found = text.get(token.start..token.end).unwrap_or_default();
    let start: String = found.chars().take(QUOTED).collect();
    let more = if start.len() < found.len() { "…" } else { "" };
    format!(
        "from `{}{more}` on it is not SQL that supadeck knows",
        harmless(&start)
    )
}

#[cfg(test)]
mod tests {
    use super::words;

    #[test]
    fn the_place_is_quoted_and_nothing_of_the_parser_is() {
        let quoted = |word: &str| format!("from `{word}` on it is not SQL that supadeck knows");
        let text = "alter table goal /* why */ frobnicate";
        assert_eq!(words(text, 16), quoted("frobnicate"));
        assert_eq!(words(text, 27), quoted("frobnicate"));
        assert_eq!(words(text, text.len()), "it ends before it is complete");
        let long = "x".repeat(60);
        assert_eq!(words(&long, 0), quoted(&format!("{}…", "x".repeat(40))));
        assert_eq!(words("a ä\u{202e}", 2), quoted("ä\u{fffd}"));
    }
}
