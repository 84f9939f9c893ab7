//! Paths into a JSON image, in the one form in which they are shown and typed: `tags[0].name`, `a."b.c"`, `""`.

use crate::domain::text::is_dangerous;
use std::fmt;

/// One step of a path.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Step {
    /// To the value under a key.
    Key(String),
    /// To an array element, from 0 on.
    Index(usize),
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key(key) => f.write_str(&key_text(key)),
            Self::Index(at) => write!(f, "[{at}]"),
        }
    }
}

/// A path as text: steps with dots in front of keys.
pub fn path_text(steps: &[Step]) -> String {
    let mut out = String::new();
    for step in steps {
        if !out.is_empty() && matches!(step, Step::Key(_)) {
            out.push('.');
        }
        out.push_str(&step.to_string());
    }
    out
}

/// Whether a key needs no quotes in a path: a word that is no number. PostgREST takes the same keys without quotes.
pub fn is_plain_key(key: &str) -> bool {
    !key.is_empty()
        && !key.starts_with('-')
        && !key.ends_with('-')
        && !key.bytes().all(|byte| byte.is_ascii_digit())
        && key.chars().all(is_key_char)
}

/// Whether a character can be part of a key without quotes.
pub fn is_key_char(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '-' | '$')
}

/// A key as part of a path: as it is, or in double quotes where it could be taken for something else.
pub fn key_text(key: &str) -> String {
    if is_plain_key(key) {
        return key.to_owned();
    }
    quoted(key, is_dangerous)
}

/// A text in double quotes, as JSON writes it; characters that `hides` names become `\uXXXX`.
pub fn quoted(text: &str, hides: impl Fn(char) -> bool) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if hides(c) => escape(c, &mut out),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// Writes a character as JSON's `\uXXXX`; one beyond the first 65,536 takes two of them.
pub fn escape(c: char, out: &mut String) {
    let mut units = [0; 2];
    for unit in c.encode_utf16(&mut units) {
        out.push_str(&format!("\\u{unit:04x}"));
    }
}

/// Reads what follows an opening quote up to the closing one: the text, and where it ends in `chars`.
/// Knows JSON's escapes; a backslash before any other character stands for that character. `None` without a closing quote.
pub fn read_quoted(chars: &mut impl Iterator<Item = char>) -> Option<String> {
    let mut out = String::new();
    let mut units: Vec<u16> = Vec::new();
    loop {
        let c = chars.next()?;
        let escaped = if c == '\\' { Some(chars.next()?) } else { None };
        if escaped == Some('u') {
            let hex: String = (0..4).map_while(|_| chars.next()).collect();
            units.push(
                u16::from_str_radix(&hex, 16)
                    .ok()
                    .filter(|_| hex.len() == 4)?,
            );
            continue;
        }
        out.extend(char::decode_utf16(units.drain(..)).map(|c| c.unwrap_or('\u{fffd}')));
        match (c, escaped) {
            (_, Some('n')) => out.push('\n'),
            (_, Some('r')) => out.push('\r'),
            (_, Some('t')) => out.push('\t'),
            (_, Some(other)) => out.push(other),
            ('"', None) => return Some(out),
            (c, None) => out.push(c),
        }
    }
}

/// A step as it is written; it may stand for one that another kind of path does not have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WrittenStep {
    /// A key, and whether it stood in quotes.
    Key(String, bool),
    /// `[2]`.
    Index(usize),
    /// `[2→3]`: an array element that moved.
    Moved(usize, usize),
    /// `*`: any steps.
    Any,
}

/// Why a path cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PathFault {
    /// Quotes are not closed.
    Unfinished,
    /// Something else stands where a step is wanted.
    Step,
}

/// Reads the steps of `a."b.c"[0].*.d` from the beginning of a text, and gives what follows them.
pub fn read_steps(text: &str) -> Result<(Vec<WrittenStep>, &str), PathFault> {
    let mut steps = Vec::new();
    let mut rest = text;
    let mut wants_step = true;
    loop {
        if let Some(inner) = rest.strip_prefix('[') {
            let (digits, behind) = inner.split_once(']').ok_or(PathFault::Step)?;
            let number = |digits: &str| digits.parse().map_err(|_| PathFault::Step);
            steps.push(match digits.split_once('→') {
                Some((old, new)) => WrittenStep::Moved(number(old)?, number(new)?),
                None => WrittenStep::Index(number(digits)?),
            });
            rest = behind;
        } else if !wants_step {
            let Some(behind) = rest.strip_prefix('.') else {
                return Ok((steps, rest));
            };
            (rest, wants_step) = (behind, true);
            continue;
        } else if let Some(inner) = rest.strip_prefix('"') {
            let mut chars = inner.chars();
            let key = read_quoted(&mut chars).ok_or(PathFault::Unfinished)?;
            steps.push(WrittenStep::Key(key, true));
            rest = chars.as_str();
        } else if let Some(behind) = rest.strip_prefix('*') {
            steps.push(WrittenStep::Any);
            rest = behind;
        } else {
            let end = rest.find(|c| !is_key_char(c)).unwrap_or(rest.len());
            let (key, behind) = rest.split_at(end);
            if key.is_empty() {
                return Err(PathFault::Step);
            }
            steps.push(WrittenStep::Key(key.to_owned(), false));
            rest = behind;
        }
        wants_step = false;
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_key_that_looks_like_a_path_is_quoted() {
        for (key, text) in [
            ("qty", "qty"),
            ("größe-2", "größe-2"),
            ("", "\"\""),
            ("a.b", "\"a.b\""),
            ("0", "\"0\""),
            ("a b", "\"a b\""),
            ("a[0]", "\"a[0]\""),
            ("-x", "\"-x\""),
            ("a\"b\\", "\"a\\\"b\\\\\""),
            ("a\u{202e}b", "\"a\\u202eb\""),
            ("line\nend", "\"line\\nend\""),
        ] {
            assert_eq!(key_text(key), text);
        }
        let steps = [
            Step::Key("a".into()),
            Step::Index(2),
            Step::Key("b.c".into()),
        ];
        assert_eq!(path_text(&steps), "a[2].\"b.c\"");
    }

    #[test]
    fn steps_are_read_as_they_are_written() {
        let key = |key: &str| WrittenStep::Key(key.to_owned(), false);
        let quoted = |key: &str| WrittenStep::Key(key.to_owned(), true);
        let (steps, rest) = read_steps("a.\"b.c\"[0].*.0[2→3]:x").unwrap();
        let expected = [
            key("a"),
            quoted("b.c"),
            WrittenStep::Index(0),
            WrittenStep::Any,
            key("0"),
            WrittenStep::Moved(2, 3),
        ];
        assert_eq!((steps.as_slice(), rest), (expected.as_slice(), ":x"));
        for (text, fault) in [
            ("", PathFault::Step),
            ("a.", PathFault::Step),
            ("a..b", PathFault::Step),
            ("a[", PathFault::Step),
            ("a[x]", PathFault::Step),
            ("a[1→]", PathFault::Step),
            ("a.\"b", PathFault::Unfinished),
        ] {
            assert_eq!(read_steps(text), Err(fault), "{text}");
        }
    }

    #[test]
    fn an_unfinished_quote_or_escape_is_none() {
        for text in ["abc", "a\\", "\\u12", "\\u12x4\""] {
            assert_eq!(read_quoted(&mut text.chars()), None, "{text}");
        }
        assert_eq!(read_quoted(&mut "\\ud800\"".chars()).unwrap(), "\u{fffd}");
        assert_eq!(
            read_quoted(&mut "C:\\\\x\\/\\u00e9\"rest".chars()).unwrap(),
            "C:\\x/é"
        );
    }

    proptest! {
        #[test]
        fn what_is_quoted_is_read_back(text in ".*", hidden: bool) {
            let quoted = quoted(&text, |c| hidden && !c.is_ascii());
            prop_assert_eq!(read_quoted(&mut quoted.chars().skip(1)), Some(text));
        }
    }
}
