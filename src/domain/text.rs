//! Text from a database or a server is hostile: this makes it harmless before it is drawn or printed.
//! Control characters, escape sequences, bidi overrides and invisible characters become visible stand-ins.

use std::borrow::Cow;

/// The most characters of one cell that are ever handed to the screen.
pub const CELL_LIMIT: usize = 4_096;

/// Returns the text with every dangerous character replaced, on one line (line breaks become `⏎`).
pub fn harmless(text: &str) -> Cow<'_, str> {
    clean(text, false)
}

/// Returns the text with every dangerous character replaced, line feeds kept and tabs made four spaces.
pub fn harmless_lines(text: &str) -> Cow<'_, str> {
    clean(text, true)
}

/// Returns the first `CELL_LIMIT` characters of [`harmless`], with `…` where something was cut.
pub fn cell(text: &str) -> Cow<'_, str> {
    match text.char_indices().nth(CELL_LIMIT) {
        None => harmless(text),
        Some((cut, _)) => Cow::Owned(format!("{}…", harmless(&text[..cut]))),
    }
}

fn clean(text: &str, keep_lines: bool) -> Cow<'_, str> {
    let is_fine = |c: char| !is_dangerous(c) || (keep_lines && c == '\n');
    if text.chars().all(is_fine) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\r' if chars.peek() == Some(&'\n') => {}
            // To Postgres a carriage return ends a line, and with it a comment: what stands behind it must not look commented out.
            '\n' | '\r' if keep_lines => out.push('\n'),
            '\n' | '\r' => out.push('⏎'),
            '\t' if keep_lines => out.push_str("    "),
            '\t' => out.push('→'),
            // C0 controls and DEL have pictures of their own in Unicode.
            '\u{0}'..='\u{1f}' => out.push(char::from_u32(0x2400 + c as u32).unwrap_or('\u{fffd}')),
            '\u{7f}' => out.push('\u{2421}'),
            c if is_dangerous(c) => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    Cow::Owned(out)
}

/// Control characters, bidi controls (Trojan Source, CVE-2021-42574), invisible and unassigned specials.
/// A zero-width joiner is left alone: emoji and several scripts need it, and it cannot reorder text.
pub fn is_dangerous(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180e}' | '\u{2800}' | '\u{3164}' | '\u{ffa0}'
            | '\u{1d173}'..='\u{1d17a}' | '\u{061c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

/// A text as a sentence, made harmless: a capital first, and a full stop unless it has an end of its own.
pub fn sentence(text: &str) -> String {
    let text = harmless(text.trim());
    let mut chars = text.chars();
    let first = chars
        .next()
        .map(|c| c.to_uppercase().to_string())
        .unwrap_or_default();
    let end = if text.ends_with(['.', '?', '!', ':', '…']) {
        ""
    } else {
        "."
    };
    format!("{first}{}{end}", chars.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_text_is_borrowed() {
        assert!(matches!(harmless("plain ä 漢 👩‍💻"), Cow::Borrowed(_)));
    }

    #[test]
    fn escape_sequences_lose_their_power() {
        assert_eq!(harmless("\u{1b}[2Jx\u{9b}31m\u{7}"), "␛[2Jx\u{fffd}31m␇");
    }

    #[test]
    fn bidi_overrides_and_invisibles_show() {
        assert_eq!(harmless("a\u{202e}b\u{200b}c"), "a\u{fffd}b\u{fffd}c");
        assert_eq!(
            harmless("\u{3164}\u{2800}\u{ad}x\u{fe0f}"),
            "\u{fffd}\u{fffd}\u{fffd}x\u{fe0f}"
        );
    }

    #[test]
    fn lines_are_kept_only_where_asked() {
        assert_eq!(harmless("a\r\nb\tc"), "a⏎b→c");
        assert_eq!(harmless_lines("a\r\nb\tc"), "a\nb    c");
        assert_eq!(harmless_lines("-- a\rdrop table b"), "-- a\ndrop table b");
    }

    #[test]
    fn a_huge_cell_is_cut() {
        let huge = "x".repeat(CELL_LIMIT * 3);
        assert_eq!(cell(&huge).chars().count(), CELL_LIMIT + 1);
    }
}
