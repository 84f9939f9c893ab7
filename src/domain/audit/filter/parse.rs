//! Reads a filter from text. Every fault names the term, says why, and suggests what was probably meant.

use super::conditions::is_number;
use super::{ActorType, Filter, Moment, Person, Side, StateTerm, Term, Test};
use crate::domain::audit::action::edits;
use crate::domain::audit::path::{Step, is_key_char, is_plain_key, read_quoted};
use crate::domain::problem::{Kind, Problem};
use crate::domain::text;

/// The keys that stand before a colon; `before.` and `after.` come besides.
const KEYS: [&str; 7] = [
    "actor",
    "subject",
    "action",
    "type",
    "since",
    "until",
    "correlation",
];
/// The longest filter, in bytes: it becomes part of a URL.
const LONGEST: usize = 4_096;
/// The most terms.
const MOST_TERMS: usize = 32;

impl Filter {
    /// Reads a filter. `now` is what relative times such as `2h` count back from.
    pub fn parse(text: &str, now: jiff::Timestamp) -> Result<Self, Problem> {
        if text.len() > LONGEST {
            return Err(fault(
                "The filter is too long.",
                format!("It has more than {LONGEST} bytes."),
            ));
        }
        let words = words(text)?;
        if words.len() > MOST_TERMS {
            return Err(fault(
                "The filter has too many terms.",
                format!("At most {MOST_TERMS} are read."),
            ));
        }
        let terms = words.iter().map(|word| term(word, now));
        Ok(Self {
            terms: terms.collect::<Result<_, _>>()?,
        })
    }
}

/// Splits at white space outside quotes; the quotes stay. `\` in quotes keeps the next character.
fn words(text: &str) -> Result<Vec<String>, Problem> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut is_quoted = false;
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '\0' => {
                return Err(fault(
                    "The filter cannot be used.",
                    "It has a NUL character in it.",
                ));
            }
            c if c.is_whitespace() && !is_quoted => {
                if !word.is_empty() {
                    words.push(std::mem::take(&mut word));
                }
                continue;
            }
            '"' => is_quoted = !is_quoted,
            _ => {}
        }
        word.push(c);
        if c == '\\' && is_quoted {
            word.extend(chars.next());
        }
    }
    if is_quoted {
        return Err(unfinished());
    }
    if !word.is_empty() {
        words.push(word);
    }
    Ok(words)
}

fn unfinished() -> Problem {
    fault(
        "The filter ends inside quotes.",
        "A closing `\"` is missing.",
    )
}

/// A word, or a value, without its quotes, and whether it had any.
fn unquoted(word: &str) -> Result<(String, bool), Problem> {
    let (mut out, mut was_quoted) = (String::with_capacity(word.len()), false);
    let mut chars = word.chars();
    while let Some(c) = chars.next() {
        if c == '"' {
            out.push_str(&read_quoted(&mut chars).ok_or_else(bad_escape)?);
            was_quoted = true;
        } else {
            out.push(c);
        }
    }
    if out.contains('\0') {
        return Err(fault(
            "The filter cannot be used.",
            "It has a NUL character in it.",
        ));
    }
    Ok((out, was_quoted))
}

fn bad_escape() -> Problem {
    fault(
        "An escape in the filter's quotes is not finished.",
        "Four hex digits follow `\\u`, and a backslash itself is written twice.",
    )
}

fn term(word: &str, now: jiff::Timestamp) -> Result<Term, Problem> {
    // Quotes may stand around the whole term; then they say nothing about its value.
    let (plain, _) = unquoted(word)?;
    let is_wrapped = word.starts_with('"');
    if let Some(term) = state_term(if is_wrapped { &plain } else { word }, is_wrapped)? {
        return Ok(Term::State(term));
    }
    let word = plain.as_str();
    let Some((key, value)) = word.split_once(':') else {
        return Err(no_term(word));
    };
    let known = key.to_ascii_lowercase();
    if value.is_empty() && KEYS.contains(&known.as_str()) {
        return Err(fault(
            format!("`{known}:` needs a value."),
            "Nothing follows the colon.",
        ));
    }
    match known.as_str() {
        "actor" => person("actor", value).map(Term::Actor),
        "subject" => person("subject", value).map(Term::Subject),
        "action" => Ok(Term::Action(value.to_owned())),
        "type" => actor_type(value).map(Term::Type),
        "since" => Moment::parse(value, now, "since").map(Term::Since),
        "until" => Moment::parse(value, now, "until").map(Term::Until),
        "correlation" => id(value).map(Term::Correlation).ok_or_else(|| {
            fault(
                format!("`{}` is no correlation id.", text::cell(value)),
                "It is a UUID.",
            )
        }),
        _ => Err(unknown_key(key)),
    }
}

/// `before.PATH SIGN VALUE` or `after.…`; `None` when the word is not about an image. Of a `wrapped` word the quotes are gone
/// already.
fn state_term(word: &str, is_wrapped: bool) -> Result<Option<StateTerm>, Problem> {
    let (side, rest) = if let Some(rest) = word.strip_prefix("before.") {
        (Side::Before, rest)
    } else if let Some(rest) = word.strip_prefix("after.") {
        (Side::After, rest)
    } else {
        return Ok(None);
    };
    let (path, tail) = image_path(side, rest)?;
    if tail.is_empty() {
        return Err(fault(
            format!("`{}` compares with nothing.", text::cell(word)),
            "A value follows `:`, `!=`, `>`, `>=`, `<`, `<=` or `~`.",
        )
        .with_hint(format!("For example `{}.status:completed`.", side.word())));
    }
    let signs = [
        ("!=", Test::IsNot),
        (">=", Test::AtLeast),
        ("<=", Test::AtMost),
        (">", Test::Above),
        ("<", Test::Below),
        ("~", Test::Contains),
        (":", Test::Is),
        ("=", Test::Is),
    ];
    let found = signs
        .into_iter()
        .find_map(|(sign, test)| Some((test, tail.strip_prefix(sign)?)));
    let Some((test, value)) = found else {
        return Err(if tail.starts_with('!') {
            fault(
                format!("`{}` is not understood.", text::cell(word)),
                "`!` is followed by `=`.",
            )
        } else {
            bad_path(rest)
        });
    };
    let (value, was_quoted) = if is_wrapped {
        (value.to_owned(), false)
    } else {
        unquoted(value)?
    };
    let is_equality = matches!(test, Test::Is | Test::IsNot);
    if value.is_empty() && !(is_equality && was_quoted) {
        let problem = fault(
            format!("`{}` compares with nothing.", text::cell(word)),
            "No value follows the sign.",
        );
        return Err(if is_equality {
            problem.with_hint("Write `\"\"` for a text without any letter, or `null` for no value.")
        } else {
            problem
        });
    }
    let is_order = !is_equality && test != Test::Contains;
    if is_order && !is_number(&value) && Moment::fixed(&value).is_none() {
        return Err(fault(
            format!(
                "`{}` compares with neither a number nor a time.",
                text::cell(word)
            ),
            format!(
                "`{}` takes a number (3, -2.5), a date (2025-10-04) or a time (2025-10-04T12:30Z).",
                test.sign()
            ),
        )
        .with_hint("Texts are compared with `:`, `!=` and `~`."));
    }
    let is_text = was_quoted && is_equality && (value == "null" || is_number(&value));
    Ok(Some(StateTerm {
        side,
        path,
        test,
        value,
        is_text,
    }))
}

/// Reads a path as the difference shows it, such as `tags[0]` or `a."b.c"`, and gives what follows it. Of a moved element,
/// `[2→3]`, each side takes its own position.
fn image_path(side: Side, text: &str) -> Result<(Vec<Step>, &str), Problem> {
    let mut steps = Vec::new();
    let mut rest = text;
    let mut wants_key = true;
    loop {
        if let Some(inner) = rest.strip_prefix('[') {
            let (digits, behind) = inner.split_once(']').ok_or_else(|| bad_path(text))?;
            let digits = match (digits.split_once('→'), side) {
                (Some((old, _)), Side::Before) => old,
                (Some((_, new)), Side::After) => new,
                (None, _) => digits,
            };
            steps.push(Step::Index(digits.parse().map_err(|_| bad_path(text))?));
            (rest, wants_key) = (behind, false);
        } else if let Some(inner) = rest.strip_prefix('"').filter(|_| wants_key) {
            let mut chars = inner.chars();
            let key = read_quoted(&mut chars).ok_or_else(unfinished)?;
            if key.contains('\0') {
                return Err(bad_path(text));
            }
            steps.push(Step::Key(key));
            (rest, wants_key) = (chars.as_str(), false);
        } else if wants_key {
            let end = rest.find(|c| !is_key_char(c)).unwrap_or(rest.len());
            let (key, behind) = rest.split_at(end);
            steps.push(match key.parse() {
                Ok(at) => Step::Index(at),
                Err(_) if is_plain_key(key) => Step::Key(key.to_owned()),
                Err(_) => return Err(bad_path(text)),
            });
            (rest, wants_key) = (behind, false);
        } else if let Some(behind) = rest.strip_prefix('.') {
            (rest, wants_key) = (behind, true);
        } else {
            return Ok((steps, rest));
        }
    }
}

fn bad_path(path: &str) -> Problem {
    fault(
        format!("`{}` does not begin with a JSON path and a sign.", text::cell(path)),
        "A key has letters, digits, `_`, `-` and `$`; any other key stands in double quotes. Dots stand between keys, and `[0]` is \
         the first element of an array.",
    )
    .with_hint("For example `after.tags[0]:x` or `after.\"a.b\":x`.")
}

fn person(key: &str, value: &str) -> Result<Person, Problem> {
    match value {
        "me" => Ok(Person::Me),
        "none" => Ok(Person::None),
        value => id(value).map(Person::Id).ok_or_else(|| {
            fault(
                format!("`{key}:{}` is not a user.", text::cell(value)),
                "It takes a user's id (a UUID), `me` or `none`.",
            )
        }),
    }
}

fn id(value: &str) -> Option<String> {
    uuid::Uuid::try_parse(value).ok().map(|id| id.to_string())
}

fn actor_type(value: &str) -> Result<ActorType, Problem> {
    let all = [ActorType::User, ActorType::System, ActorType::Ai];
    all.into_iter()
        .find(|kind| kind.word() == value.to_ascii_lowercase())
        .ok_or_else(|| {
            fault(
                format!("`type:{}` is not a kind of actor.", text::cell(value)),
                "It is `user`, `system` or `ai`.",
            )
        })
}

fn no_term(word: &str) -> Problem {
    let problem = fault(
        format!("`{}` is not a filter.", text::cell(word)),
        "A filter is a key, a colon and a value.",
    );
    problem.with_hint(if KEYS.contains(&word) {
        format!("Write `{word}:` with a value.")
    } else {
        format!("For example `action:{}` or `since:2h`.", text::cell(word))
    })
}

fn unknown_key(key: &str) -> Problem {
    let shown = text::cell(key);
    let problem = fault(
        format!("`{shown}:` is not a filter."),
        format!(
            "The keys are {}, and paths such as `after.status`.",
            KEYS.join(", ")
        ),
    );
    let lower = key.to_ascii_lowercase();
    if matches!(
        lower.as_str(),
        "before" | "after" | "before_state" | "after_state"
    ) {
        let side = lower.trim_end_matches("_state");
        return problem.with_hint(format!(
            "Name a key inside it, such as `{side}.status:completed`."
        ));
    }
    // People type the names of the columns, too.
    let meant = match lower.as_str() {
        "actor_user_id" | "user" | "who" | "by" => Some("actor"),
        "subject_user_id" | "owner" => Some("subject"),
        "actor_type" | "kind" => Some("type"),
        "correlation_id" | "request" => Some("correlation"),
        "from" => Some("since"),
        "to" => Some("until"),
        other => nearest(other),
    };
    match meant {
        Some(meant) => problem.with_hint(format!("Did you mean `{meant}:`?")),
        None => problem,
    }
}

/// The known key that is at most two edits away.
fn nearest(key: &str) -> Option<&'static str> {
    KEYS.into_iter()
        .map(|known| (edits(key, known), known))
        .filter(|(edits, known)| *edits <= 2 && *edits < known.len())
        .min()
        .map(|(_, known)| known)
}

fn fault(what: impl Into<String>, why: impl Into<String>) -> Problem {
    Problem::new(Kind::Usage, what, why)
}
