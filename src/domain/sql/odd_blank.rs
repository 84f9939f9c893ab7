//! Characters that look like a blank, or like nothing at all, and are letters of a name to Postgres. They come with text that
//! was pasted from a page or a document.

use super::lexer::{Kind, tokens};
use std::borrow::Cow;

/// Whether a character is one of them.
pub fn is_odd_blank(c: char) -> bool {
    !c.is_ascii()
        && (c.is_whitespace()
            || matches!(
                c,
                '\u{ad}' | '\u{180e}' | '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}'
            ))
}

/// What it is called.
pub fn called(c: char) -> String {
    let name = match c {
        '\u{a0}' | '\u{202f}' => "a no-break space",
        '\u{ad}' => "a soft hyphen",
        '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}' => "a character without width",
        _ => "a space that is no blank of SQL",
    };
    format!("{name} ({})", code(c))
}

fn code(c: char) -> String {
    format!("U+{:04X}", u32::from(c))
}

/// The text with each of them written as its code, such as `<U+00A0>`.
pub fn visible(text: &str) -> Cow<'_, str> {
    if !text.contains(is_odd_blank) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if is_odd_blank(c) {
            out.push_str(&format!("<{}>", code(c)));
        } else {
            out.push(c);
        }
    }
    Cow::Owned(out)
}

/// The first of them outside quotes and comments: its byte offset, and the name that it is in.
pub fn first(sql: &str) -> Option<(usize, char, &str)> {
    if !sql.contains(is_odd_blank) {
        return None;
    }
    tokens(sql).find_map(|token| {
        if !matches!(token.kind, Kind::Word | Kind::Space | Kind::Other) {
            return None;
        }
        let text = token.text(sql);
        let (at, c) = text.char_indices().find(|(_, c)| is_odd_blank(*c))?;
        Some((token.start + at, c, text))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_found_outside_quotes_and_comments_only() {
        for (sql, at, odd) in [
            ("create table\u{a0}a (i int)", 12, '\u{a0}'),
            ("select\u{2003}1", 6, '\u{2003}'),
            ("select (\u{200b}i) from t", 8, '\u{200b}'),
            ("select 1 \u{3000}", 9, '\u{3000}'),
        ] {
            let found = first(sql);
            assert_eq!(found.map(|(at, c, _)| (at, c)), Some((at, odd)), "{sql}");
        }
        for sql in [
            "select 'a\u{a0}b'",
            "select \"a\u{a0}b\"",
            "-- a\u{a0}b\nselect 1",
            "/* a\u{a0}b */ select $$ a\u{a0}b $$",
            "select größe from maße",
            "select 1",
        ] {
            assert_eq!(first(sql), None, "{sql}");
        }
    }

    #[test]
    fn it_is_made_visible() {
        assert_eq!(visible("a\u{a0}b\u{feff}"), "a<U+00A0>b<U+FEFF>");
        assert!(matches!(visible("a bä"), Cow::Borrowed(_)));
        assert_eq!(called('\u{a0}'), "a no-break space (U+00A0)");
        assert_eq!(called('\u{200b}'), "a character without width (U+200B)");
        assert_eq!(called('\u{ad}'), "a soft hyphen (U+00AD)");
        assert_eq!(
            called('\u{3000}'),
            "a space that is no blank of SQL (U+3000)"
        );
    }
}
