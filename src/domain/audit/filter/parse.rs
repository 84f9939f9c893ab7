//! Reads a filter from text. Every fault names the term, says why, and suggests what was probably meant.

use super::conditions::is_number;
use super::{ActorType, Filter, Moment, Person, Side, StateTerm, Term, Test};
use crate::domain::audit::action::edits;
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
        let terms = words
            .iter()
            .map(|(word, ends_empty)| term(word, *ends_empty, now));
        Ok(Self {
            terms: terms.collect::<Result<_, _>>()?,
        })
    }
}

/// Splits at white space outside quotes; takes the quotes away. `\` in quotes keeps the next character.
///
/// Each word comes with whether it ends with `""`, which is how an empty value is written.
fn words(text: &str) -> Result<Vec<(String, bool)>, Problem> {
    let mut words = Vec::new();
    let mut word: Option<(String, bool)> = None;
    let mut opened_at = 0;
    let mut is_quoted = false;
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '"' => {
                is_quoted = !is_quoted;
                let (so_far, ends_empty) = word.get_or_insert_default();
                if is_quoted {
                    opened_at = so_far.len();
                } else {
                    *ends_empty = so_far.len() == opened_at;
                }
            }
            '\\' if is_quoted => match chars.next() {
                Some(next) => word.get_or_insert_default().0.push(next),
                None => break,
            },
            c if c.is_whitespace() && !is_quoted => words.extend(word.take()),
            '\0' => {
                return Err(fault(
                    "The filter cannot be used.",
                    "It has a NUL character in it.",
                ));
            }
            c => word.get_or_insert_default().0.push(c),
        }
    }
    if is_quoted {
        return Err(fault(
            "The filter ends inside quotes.",
            "A closing `\"` is missing.",
        ));
    }
    words.extend(word);
    Ok(words)
}

fn term(word: &str, ends_empty: bool, now: jiff::Timestamp) -> Result<Term, Problem> {
    if let Some(term) = state_term(word, ends_empty)? {
        return Ok(Term::State(term));
    }
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

/// `before.PATH SIGN VALUE` or `after.…`; `None` when the word is not about an image.
fn state_term(word: &str, ends_empty: bool) -> Result<Option<StateTerm>, Problem> {
    let (side, rest) = if let Some(rest) = word.strip_prefix("before.") {
        (Side::Before, rest)
    } else if let Some(rest) = word.strip_prefix("after.") {
        (Side::After, rest)
    } else {
        return Ok(None);
    };
    let end = rest.find([':', '=', '!', '<', '>', '~']);
    let Some((path, tail)) = end.map(|end| rest.split_at(end)) else {
        return Err(fault(
            format!("`{}` compares with nothing.", text::cell(word)),
            "A value follows `:`, `!=`, `>`, `>=`, `<`, `<=` or `~`.",
        )
        .with_hint(format!("For example `{}.status:completed`.", side.word())));
    };
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
        return Err(fault(
            format!("`{}` is not understood.", text::cell(word)),
            "`!` is followed by `=`.",
        ));
    };
    let path: Vec<String> = path.split('.').map(str::to_owned).collect();
    if let Some(bad) = path.iter().find(|key| !is_key(key)) {
        return Err(fault(
            format!("`{}` is no key of a JSON path.", text::cell(bad)),
            "A key has letters, digits, `_`, `-` and `$`, and dots stand between keys.",
        ));
    }
    let is_equality = matches!(test, Test::Is | Test::IsNot);
    if value.is_empty() && !(is_equality && ends_empty) {
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
    if is_order && !is_number(value) && Moment::fixed(value).is_none() {
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
    Ok(Some(StateTerm {
        side,
        path,
        test,
        value: value.to_owned(),
    }))
}

/// What PostgREST's grammar takes as a key of a JSON path without quotes.
fn is_key(key: &str) -> bool {
    !key.is_empty()
        && !key.starts_with('-')
        && !key.ends_with('-')
        && key
            .chars()
            .all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '$'))
}

fn person(key: &str, value: &str) -> Result<Person, Problem> {
    match value {
        "me" => Ok(Person::Me),
        "none" => Ok(Person::None),
        value => id(value).map(Person::Id).ok_or_else(|| {
            fault(
                format!("`{key}:{}` names nobody.", text::cell(value)),
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
                format!("`type:{}` is no kind of actor.", text::cell(value)),
                "It is `user`, `system` or `ai`.",
            )
        })
}

fn no_term(word: &str) -> Problem {
    let problem = fault(
        format!("`{}` is no filter.", text::cell(word)),
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
        format!("There is no filter `{shown}:`."),
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
