//! Names in SQL: how one is written so that the server reads it, and what a written one is called.

use super::keyword::is_keyword;

/// A name as SQL takes it anywhere: in quotes unless it is a plain word that means nothing else.
pub fn quoted(name: &str) -> String {
    let is_plain = name.starts_with(|c: char| c.is_ascii_lowercase() || c == '_')
        && name
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
        && !is_keyword(name);
    if is_plain {
        name.to_owned()
    } else {
        always_quoted(name)
    }
}

/// A name as SQL takes it anywhere, always in quotes.
pub fn always_quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// What a written name is called: without its quotes, or in lower case where it has none.
pub fn unquoted(text: &str) -> String {
    if let Some(escaped) = text
        .strip_prefix("U&\"")
        .or_else(|| text.strip_prefix("u&\""))
        .and_then(|rest| rest.strip_suffix('"'))
    {
        return unescaped(&escaped.replace("\"\"", "\""));
    }
    match text
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'))
    {
        Some(quoted) => quoted.replace("\"\"", "\""),
        None => text.to_lowercase(),
    }
}

/// A name with Unicode escapes: `\005F`, `\+00005F`, `\\`.
fn unescaped(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text;
    while let Some((before, escape)) = rest.split_once('\\') {
        plain.push_str(before);
        let (digits, length) = match escape.strip_prefix('+') {
            Some(long) => (long.get(..6), 7),
            None => (escape.get(..4), 4),
        };
        let code = digits.and_then(|digits| u32::from_str_radix(digits, 16).ok());
        match (code.and_then(char::from_u32), escape.strip_prefix('\\')) {
            (Some(character), _) => {
                plain.push(character);
                rest = &escape[length..];
            }
            (None, Some(after)) => {
                plain.push('\\');
                rest = after;
            }
            (None, None) => rest = escape,
        }
    }
    plain + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_written_name_is_called_as_the_server_calls_it() {
        for (written, called) in [
            ("Goal", "goal"),
            ("\"Goal\"", "Goal"),
            ("\"a\"\"b\"", "a\"b"),
            ("\"\"\"\"", "\""),
            ("U&\"d\\0061t\\+000061\\\\\"", "data\\"),
        ] {
            assert_eq!(unquoted(written), called, "{written}");
        }
        for name in ["goal", "Goal", "a\"b", "\"", "table", "über", ""] {
            assert_eq!(unquoted(&always_quoted(name)), name);
            assert_eq!(unquoted(&quoted(name)), name);
        }
    }
}
