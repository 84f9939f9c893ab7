//! How a filter is written, whatever it asks for: terms between white space, values between commas, quotes and their escapes,
//! and faults with their place. The audit trail and tables have their own keys.

use crate::domain::audit::path::{
    self, PathFault, Step, WrittenStep, is_plain_key, read_quoted, read_steps,
};
use crate::domain::problem::{Kind, Problem};

/// The longest filter, in bytes: it becomes part of a URL.
pub const LONGEST: usize = 4_096;
/// The most values.
pub const MOST_VALUES: usize = 48;

/// A filter that cannot be used, and where its fault is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilterFault {
    /// The character at which the faulty term begins, from 0 on.
    pub at: usize,
    /// What is wrong with it; names the column.
    pub problem: Problem,
}

/// A problem of the term that begins at a character.
pub fn placed(at: usize, mut problem: Problem) -> FilterFault {
    problem.what = format!("Column {}: {}", at + 1, problem.what);
    FilterFault { at, problem }
}

/// A term as it stands in the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// The character at which it begins, from 0 on.
    pub at: usize,
    /// The term, its quotes included.
    pub text: String,
}

/// Splits at white space outside quotes; the quotes stay. `\` in quotes keeps the next character.
pub fn words(text: &str) -> Result<Vec<Word>, FilterFault> {
    let mut words: Vec<Word> = Vec::new();
    let mut word = Word {
        at: 0,
        text: String::new(),
    };
    let mut quote = None;
    let mut chars = text.chars().enumerate();
    while let Some((at, c)) = chars.next() {
        match c {
            '\0' => return Err(placed(at, nul())),
            c if c.is_whitespace() && quote.is_none() => {
                let empty = Word {
                    at: at + 1,
                    text: String::new(),
                };
                let ended = std::mem::replace(&mut word, empty);
                words.extend((!ended.text.is_empty()).then_some(ended));
                continue;
            }
            '"' if quote.is_some() => quote = None,
            '"' => quote = Some(at),
            _ => {}
        }
        word.text.push(c);
        if c == '\\' && quote.is_some() {
            word.text.extend(chars.next().map(|(_, c)| c));
        }
    }
    if let Some(at) = quote {
        return Err(placed(at, unfinished()));
    }
    words.extend((!word.text.is_empty()).then_some(word));
    Ok(words)
}

fn nul() -> Problem {
    fault(
        "The filter cannot be used.",
        "It has a NUL character in it.",
    )
}

/// A fault: no closing quote.
pub fn unfinished() -> Problem {
    fault(
        "The filter ends inside quotes.",
        "A closing `\"` is missing.",
    )
}

/// A value as it was typed, without its quotes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Typed {
    /// The value.
    pub text: String,
    /// Whether quotes stood around it or a part of it.
    pub was_quoted: bool,
}

/// A word, or a value, without its quotes, and whether it had any.
pub fn unquoted(word: &str) -> Result<Typed, Problem> {
    let mut value = Typed {
        text: String::with_capacity(word.len()),
        was_quoted: false,
    };
    let mut chars = word.chars();
    while let Some(c) = chars.next() {
        if c == '"' {
            let inner = read_quoted(&mut chars).ok_or_else(bad_escape)?;
            value.text.push_str(&inner);
            value.was_quoted = true;
        } else {
            value.text.push(c);
        }
    }
    if value.text.contains('\0') {
        return Err(nul());
    }
    Ok(value)
}

fn bad_escape() -> Problem {
    fault(
        "An escape in the filter's quotes is not finished.",
        "Four hex digits follow `\\u`, and a backslash itself is written twice.",
    )
}

/// The byte of the first such character outside quotes.
pub fn find_outside(text: &str, wanted: char) -> Option<usize> {
    let mut is_quoted = false;
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' if is_quoted => drop(chars.next()),
            '"' => is_quoted = !is_quoted,
            c if c == wanted && !is_quoted => return Some(at),
            _ => {}
        }
    }
    None
}

/// The values between commas outside quotes.
pub fn values(text: &str) -> Result<Vec<Typed>, Problem> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(at) = find_outside(rest, ',') {
        found.push(unquoted(&rest[..at])?);
        rest = &rest[at + 1..];
    }
    found.push(unquoted(rest)?);
    Ok(found)
}

/// The value as it has to be typed: in quotes where it would otherwise be cut or read differently.
pub fn quoted(value: &str) -> String {
    let is_plain = !value.is_empty()
        && !value
            .chars()
            .any(|c| c.is_whitespace() || matches!(c, '"' | '\\' | ','));
    if is_plain {
        return value.to_owned();
    }
    path::quoted(value, |_| false)
}

/// Reads a path as the difference shows it, such as `tags[0]` or `a."b.c"`, and gives what follows it. Of a moved element,
/// `[2→3]`, the image before takes the first position and all others the second. What is no path is `bad`.
pub fn json_path<'a>(
    text: &'a str,
    is_before: bool,
    bad: &dyn Fn() -> Problem,
) -> Result<(Vec<Step>, &'a str), Problem> {
    let (written, rest) = read_steps(text).map_err(|fault| match fault {
        PathFault::Unfinished => unfinished(),
        PathFault::Step => bad(),
    })?;
    let step = |written| match written {
        WrittenStep::Index(at) => Some(Step::Index(at)),
        WrittenStep::Moved(old, new) => Some(Step::Index(if is_before { old } else { new })),
        WrittenStep::Key(key, true) => (!key.contains('\0')).then_some(Step::Key(key)),
        WrittenStep::Key(key, false) => match key.parse() {
            Ok(at) => Some(Step::Index(at)),
            Err(_) => is_plain_key(&key).then_some(Step::Key(key)),
        },
        WrittenStep::Any => None,
    };
    let steps = written.into_iter().map(step).collect::<Option<_>>();
    Ok((steps.ok_or_else(bad)?, rest))
}

/// How the values that follow a sign are read.
pub type ReadValues<'a> = &'a dyn Fn(&str) -> Result<Vec<Typed>, Problem>;

/// One value as it is: no comma parts it, and no quotes are left in it.
pub fn single_value(text: &str) -> Result<Vec<Typed>, Problem> {
    Ok(vec![Typed {
        text: text.to_owned(),
        was_quoted: false,
    }])
}

/// Reads each term of a filter; `count` is the number of values of one.
pub fn read_terms<T>(
    text: &str,
    read: impl Fn(&str) -> Result<T, Problem>,
    count: impl Fn(&T) -> usize,
) -> Result<Vec<T>, FilterFault> {
    let whole = |problem| FilterFault { at: 0, problem };
    if text.len() > LONGEST {
        return Err(whole(fault(
            "The filter is too long.",
            format!("It has more than {LONGEST} bytes."),
        )));
    }
    let mut terms = Vec::new();
    for word in words(text)? {
        terms.push(read(&word.text).map_err(|problem| placed(word.at, problem))?);
    }
    if terms.iter().map(count).sum::<usize>() > MOST_VALUES {
        return Err(whole(fault(
            "The filter has too many terms.",
            format!("At most {MOST_VALUES} values are read."),
        )));
    }
    Ok(terms)
}

/// A filter that cannot be understood.
pub fn fault(what: impl Into<String>, why: impl Into<String>) -> Problem {
    Problem::new(Kind::Usage, what, why)
}
