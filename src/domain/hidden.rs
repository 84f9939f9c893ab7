//! Texts given where a name, a path, a reference or a plain word belongs: whether one looks as if it held a secret, and how
//! it is shown in a message. A text is never searched for a secret that is known; it is judged by its form alone.

use super::text;
use std::borrow::Cow;

/// What stands in the place of a text that is not shown.
pub const HIDDEN: &str = "[hidden]";

/// The beginnings of API keys and tokens: Supabase's, a JWT's, and those of services that keep secrets.
const MARKS: [&str; 9] = [
    "sb_secret_",
    "sb_publishable_",
    "sbp_",
    "eyJ",
    "hvs.",
    "hvb.",
    "ghp_",
    "github_pat_",
    "glpat-",
];
/// The fewest characters behind such a beginning, in a command: shorter ones stand in names, as in `sb_secret_key`.
const LEAST_KEY: usize = 8;
/// The length from which letters mixed with digits are no name.
const LONG_RUN: usize = 20;
/// The length from which small and capital letters mixed with digits are no name.
const MIXED_RUN: usize = 8;

/// Whether a text has a secret in it: a key, a token, a URL with a login, or an assignment such as `password=…`. It may
/// stand in quotes, or behind the name of a program. Meant for texts that may be long, such as commands and paths.
pub fn holds_secret(text: &str) -> bool {
    let decoded = decoded(text);
    [text, decoded.as_str()].into_iter().any(|text| {
        MARKS.iter().any(|mark| has_key(text, mark, LEAST_KEY))
            || words(text).any(has_login)
            || assigns_secret(text)
    })
}

/// Whether a text that should be a short name or word looks like a secret. Besides [`holds_secret`], a URL of a database,
/// the beginning of a key, and a long mixture of letters and digits count.
pub fn looks_secret(text: &str) -> bool {
    let text = text.trim();
    let is_database = |word: &str| {
        let lower = word.to_ascii_lowercase();
        lower.starts_with("postgres://") || lower.starts_with("postgresql://")
    };
    holds_secret(text)
        || MARKS.iter().any(|mark| has_key(text, mark, 1))
        || words(text).any(is_database)
        || has_random_run(text)
}

/// A word of the user's in a message: as it is with every control character made visible, or hidden.
pub fn shown(text: &str) -> Cow<'_, str> {
    if looks_secret(text) {
        Cow::Borrowed(HIDDEN)
    } else {
        text::cell(text)
    }
}

/// A path or another long text of the user's in a message. A folder may have a name of random letters.
pub fn shown_path(text: &str) -> Cow<'_, str> {
    if holds_secret(text) {
        Cow::Borrowed(HIDDEN)
    } else {
        text::cell(text)
    }
}

/// Whether a name is a mixture of small letters, capital letters and digits, as a password is.
pub fn is_mixed(name: &str) -> bool {
    name.len() >= MIXED_RUN
        && name.chars().any(|c| c.is_ascii_lowercase())
        && name.chars().any(|c| c.is_ascii_uppercase())
        && name.chars().any(|c| c.is_ascii_digit())
        && name.chars().all(|c| c.is_ascii_alphanumeric())
}

/// A message about a file that could not be read as TOML or JSON, without the value that stands there.
pub fn without_value(message: &str) -> String {
    let message = message.trim().trim_end_matches('.');
    let is_wrong = [
        "invalid type",
        "invalid value",
        "invalid length",
        "unknown variant",
    ]
    .iter()
    .any(|start| message.starts_with(start));
    if is_wrong {
        // What is expected is said by the program; what was found is in front of it, and may hold the same words.
        return match message.rsplit_once(", expected ") {
            Some((_, expected)) => format!("Its value does not belong there, expected {expected}"),
            None => "Its value does not belong there".to_owned(),
        };
    }
    if let Some(rest) = message.strip_prefix("unknown field `") {
        let (name, expected) = match rest.rsplit_once("`, expected ") {
            Some((name, expected)) => (name, format!(", expected {expected}")),
            None => (rest.trim_end_matches('`'), String::new()),
        };
        return format!("unknown field `{}`{expected}", shown(name));
    }
    // The quotes of a parser are around one character or a word of TOML, but a key is quoted too.
    let quoted = message.split('`').enumerate().map(|(at, part)| {
        if at % 2 == 1 && looks_secret(part) {
            HIDDEN.into()
        } else {
            text::cell(part)
        }
    });
    quoted.collect::<Vec<_>>().join("`")
}

/// The words of a text, without the quotes around them.
fn words(text: &str) -> impl Iterator<Item = &str> {
    let ends = |c: char| c.is_whitespace() || matches!(c, '\'' | '"' | '`');
    text.split(ends).filter(|word| !word.is_empty())
}

/// Whether the beginning of a key has characters of a key behind it.
fn has_key(text: &str, mark: &str, least: usize) -> bool {
    text.match_indices(mark).any(|(at, _)| {
        // Inside of a word the three letters of a JWT are there by chance.
        let is_inside = text[..at].ends_with(|c: char| c.is_ascii_alphanumeric());
        let rest = text[at + mark.len()..].chars();
        let count = rest
            .take_while(|c| c.is_ascii_alphanumeric() || "-_.".contains(*c))
            .count();
        count >= least && !(is_inside && mark == "eyJ")
    })
}

/// The keys of a filter whose values are e-mail addresses.
const ADDRESS_KEYS: [&str; 2] = ["actor", "subject"];

/// Whether a word is a term of a filter with e-mail addresses: `actor:bob@example.com`, `-subject:a@x.org,b@x.org`.
fn is_address_term(word: &str) -> bool {
    let is_of_address = |c: char| c.is_alphanumeric() || "._+-@".contains(c);
    let is_address = |value: &str| {
        value.chars().all(is_of_address) && value.bytes().filter(|byte| *byte == b'@').count() < 2
    };
    word.split_once(':').is_some_and(|(key, values)| {
        ADDRESS_KEYS.contains(&key.trim_start_matches('-')) && values.split(',').all(is_address)
    })
}

/// Whether a word is a URL with a password, or a login without its scheme: `user:password@host`.
fn has_login(word: &str) -> bool {
    if is_address_term(word) {
        return false;
    }
    let has_password = |login: &str| {
        login
            .split_once(':')
            .is_some_and(|(_, password)| !password.is_empty() && !is_reference(password))
    };
    let Some((scheme, rest)) = word.split_once("://") else {
        return word
            .rsplit_once('@')
            .is_some_and(|(login, host)| !host.is_empty() && has_password(login));
    };
    let scheme = scheme
        .rsplit(|c: char| !c.is_ascii_alphanumeric())
        .next()
        .unwrap_or_default()
        .to_ascii_lowercase();
    let is_database = scheme.starts_with("postgres");
    // A password may hold a slash, where nobody has encoded it.
    let place = if is_database {
        rest
    } else {
        rest.split(['/', '?', '#']).next().unwrap_or_default()
    };
    match place.rsplit_once('@') {
        // The user of a web address is often a token.
        Some((login, _)) => {
            has_password(login) || (scheme.starts_with("http") && !login.is_empty())
        }
        None => rest.contains("://") && has_login(rest),
    }
}

/// Whether a text gives a value to a name for secrets: `PGPASSWORD=…`, `--token=…`, `?password=…`, `password = …`, or
/// `--token …`.
fn assigns_secret(text: &str) -> bool {
    let ends = |c: char| {
        c.is_whitespace() || matches!(c, '\'' | '"' | '`' | '?' | '&' | ';' | ',' | '(' | '{')
    };
    let mut before = "";
    let mut is_open = false;
    for part in text.split(ends).filter(|part| !part.is_empty()) {
        // `password = x` and `password= x`, as libpq reads them.
        if is_open {
            if part != "=" && !is_reference(part.trim_start_matches('=')) {
                return true;
            }
            is_open = part == "=";
            before = part;
            continue;
        }
        match part.split_once(['=']) {
            Some(("", value)) if is_secret_name(before) => {
                if !is_reference(value) && !value.is_empty() {
                    return true;
                }
                is_open = value.is_empty();
            }
            Some((name, "")) => is_open = is_secret_name(name),
            Some((name, value)) => {
                if (is_secret_name(name) && !is_reference(value)) || assigns_secret(value) {
                    return true;
                }
            }
            None => {
                let is_value = !part.starts_with('-') && !is_reference(part);
                let is_given = before == "--token" || (is_secret_option(before) && is_mixed(part));
                if is_given && is_value {
                    return true;
                }
            }
        }
        before = part;
    }
    false
}

fn is_secret_option(word: &str) -> bool {
    word.starts_with("--") && is_secret_name(word)
}

/// A variable or another reference, instead of a value.
fn is_reference(value: &str) -> bool {
    value.starts_with(['$', '<', '%']) || value.starts_with("env:") || value.starts_with("cmd:")
}

/// Whether a name is one for secrets: `PGPASSWORD`, `--token`, `api_key`, `sslpassword`. The name of a thing that has a
/// secret, as in `--secret-id`, is none.
fn is_secret_name(name: &str) -> bool {
    let plain: String = name
        .rsplit(['.', '/', ':'])
        .next()
        .unwrap_or_default()
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|c| c.to_ascii_lowercase())
        .collect();
    let is_variable = !name.starts_with('-') && plain.ends_with("secret");
    is_variable
        || matches!(plain.as_str(), "pw" | "pass")
        || [
            "password",
            "passwd",
            "passphrase",
            "pwd",
            "token",
            "apikey",
            "accesskey",
            "secretkey",
            "privatekey",
            "servicerolekey",
            "jwtsecret",
        ]
        .iter()
        .any(|end| plain.ends_with(end))
}

/// Whether there is a long mixture of letters and digits, as a key is and no name. In a path a folder may be called so.
fn has_random_run(text: &str) -> bool {
    if text.starts_with(['/', '.', '~']) {
        return false;
    }
    text.split(|c: char| !c.is_ascii_alphanumeric()).any(|run| {
        let has = |is: fn(&char) -> bool| run.chars().any(|c| is(&c));
        let digits = run.bytes().filter(u8::is_ascii_digit).count();
        // A time of fourteen digits in front of a word is the name of a migration.
        let name = run.trim_start_matches(|c: char| c.is_ascii_digit());
        let is_timed = name.bytes().all(|b| b.is_ascii_lowercase());
        let is_mixed = has(char::is_ascii_lowercase) && has(char::is_ascii_uppercase);
        (run.len() >= LONG_RUN && digits >= 2 && !is_timed)
            || (run.len() >= 2 * LONG_RUN && is_mixed)
    })
}

/// A text with `%41` read as what it stands for.
fn decoded(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len());
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let pair = bytes.get(at + 1..at + 3).filter(|_| *byte == b'%');
        let value = pair
            .and_then(|pair| std::str::from_utf8(pair).ok())
            .and_then(|pair| u8::from_str_radix(pair, 16).ok());
        out.push(value.unwrap_or(*byte));
        at += if value.is_some() { 3 } else { 1 };
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests;
