//! What comes along when a URL, a key or a token is copied from a page, a file or a shell: white space, quotes, a name in
//! front; and what stands in examples where a value belongs.

use super::text;

/// The kinds of quotes that are pasted along.
const QUOTES: &[(char, char)] = &[
    ('"', '"'),
    ('\'', '\''),
    ('`', '`'),
    ('“', '”'),
    ('„', '“'),
    ('‘', '’'),
    ('«', '»'),
];

/// A character that takes no part in what it surrounds: white space of every kind, and what cannot be seen.
pub fn is_blank(c: char) -> bool {
    c.is_whitespace()
        || text::is_dangerous(c)
        || matches!(
            c,
            '\u{ad}' | '\u{34f}' | '\u{180e}' | '\u{200c}' | '\u{200d}' | '\u{fe0f}'
        )
}

/// The text without blanks and one pair of quotes around it, and what was left out, as a sentence. A line break at the
/// end, which every file has, is not worth one.
pub fn trimmed(text: &str) -> (&str, Option<&'static str>) {
    let bare = text.trim_matches(is_blank);
    let unquoted = QUOTES.iter().find_map(|(open, close)| {
        let inner = bare.strip_prefix(*open)?.strip_suffix(*close)?;
        Some(inner.trim_matches(is_blank))
    });
    if let Some(inner) = unquoted {
        return (inner, Some("The quotes around it were left out."));
    }
    let around = text.strip_suffix('\n').unwrap_or(text);
    let around = around.strip_suffix('\r').unwrap_or(around);
    let said = if around == bare {
        None
    } else if around.trim_matches([' ', '\t', '\n', '\r']) == bare {
        Some("White space around it was left out.")
    } else {
        Some("Invisible characters around it were left out.")
    };
    (bare, said)
}

/// A line of a shell or a settings file: the name and what it is set to. `NAME=value`, `export NAME=value`, `NAME: value`,
/// `$env:NAME = value`, `"NAME": value`.
pub fn assigned(text: &str) -> Option<(&str, &str)> {
    let lower = text.to_ascii_lowercase();
    let ahead = [
        "export ", "set ", "setx ", "env ", "$env:", "let ", "const ",
    ]
    .iter()
    .find(|word| lower.starts_with(**word))
    .map_or(0, |word| word.len());
    let rest = text[ahead..].trim_start();
    let at = rest.find(['=', ':'])?;
    let (name, value) = (&rest[..at], &rest[at + 1..]);
    let name = name.trim().trim_matches(['"', '\'']);
    // `postgres://` and `https://` are no names that something is assigned to.
    let is_name = (1..=64).contains(&name.len())
        && name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
    let is_yaml = rest[at..].starts_with(':');
    // The padding of base64 is no value.
    let has_value = !value.trim_start_matches('=').trim().is_empty();
    let is_apart = !is_yaml || value.starts_with([' ', '\t', '"', '\'']);
    let is_value = has_value && is_apart;
    (is_name && is_value).then_some((name, value))
}

/// Whether a value is nothing but dots, stars or crosses.
pub fn is_masked(value: &str) -> bool {
    let masks = [("*•●·.…", 3), ("xX", 4)];
    let is_mask = masks.iter().any(|(mask, least)| {
        value.chars().count() >= *least && value.chars().all(|c| mask.contains(c))
    });
    is_mask || value == "…"
}

/// Whether a value is what stands in examples in its place.
pub fn is_placeholder(value: &str) -> bool {
    let bare = value.trim_matches(is_blank);
    let wrapped = [('[', ']'), ('<', '>'), ('{', '}'), ('%', '%')]
        .iter()
        .any(|(open, close)| bare.len() > 2 && bare.starts_with(*open) && bare.ends_with(*close));
    if wrapped {
        return true;
    }
    if is_masked(bare) {
        return true;
    }
    // `$DB_PASSWORD` and `${DB_PASSWORD}`: a variable that nobody filled in.
    if let Some(name) = bare.strip_prefix('$') {
        let is_braced = name.starts_with('{') && name.ends_with('}');
        let is_name = name.len() >= 4
            && name
                .chars()
                .all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
            && name.starts_with(|c: char| c.is_ascii_uppercase());
        return is_braced || is_name;
    }
    let plain: String = bare
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|c| c.to_ascii_lowercase())
        .collect();
    plain.strip_prefix("your").is_some_and(|rest| {
        let rest = rest.strip_suffix("here").unwrap_or(rest);
        [
            "password",
            "passwd",
            "pass",
            "key",
            "token",
            "secret",
            "projectref",
            "ref",
            "projectid",
            "project",
        ]
        .iter()
        .any(|end| rest.ends_with(end))
    })
}

/// A character as messages name it: itself where it can be seen, else its code point.
pub fn named(c: char) -> String {
    if c == ' ' {
        return "a space".to_owned();
    }
    if is_blank(c) || c.is_control() {
        let what = match c {
            '\n' | '\r' => " (a line break)",
            '\t' => " (a tab)",
            '\u{a0}' => " (a no-break space)",
            '\u{200b}' => " (a zero-width space)",
            '\u{feff}' => " (a byte order mark)",
            _ => " (it cannot be seen)",
        };
        return format!("U+{:04X}{what}", u32::from(c));
    }
    format!("`{c}`")
}
