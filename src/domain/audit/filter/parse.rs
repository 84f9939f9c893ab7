//! Reads a filter from text. Every fault names the column and the term, says why, and suggests what was probably meant.

use super::keys::{ALL_KEYS, meant};
use super::{ActorType, Atom, Filter, ImageTest, Person, RowRef, Side, Term};
use crate::domain::audit::path::Step;
use crate::domain::filter::condition::is_number;
use crate::domain::filter::id_part::IdPart;
use crate::domain::filter::moment::Moment;
use crate::domain::filter::sign::{Test, read_sign};
use crate::domain::filter::text::{
    FilterFault, ReadValues, Typed, fault, find_outside, json_path, read_terms, single_value,
    unquoted, values,
};
use crate::domain::near::edits;
use crate::domain::problem::Problem;
use crate::domain::text;

impl Filter {
    /// Reads a filter. `now` is what relative times such as `2h` count back from.
    pub fn parse(text: &str, now: jiff::Timestamp) -> Result<Self, Problem> {
        Self::read(text, now).map_err(|fault| fault.problem)
    }

    /// The same, with the place of a fault.
    pub fn read(text: &str, now: jiff::Timestamp) -> Result<Self, FilterFault> {
        let terms = read_terms(text, |word| term(word, now), |term| term.any.len())?;
        Ok(Self { terms })
    }
}

fn term(word: &str, now: jiff::Timestamp) -> Result<Term, Problem> {
    let (is_not, word) = match word.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, word),
    };
    // Quotes may stand around the whole term; then they say nothing about its value.
    if word.starts_with('"') {
        let plain = unquoted(word)?.text;
        return read_term(is_not, &plain, plain.find(':'), &single_value, now);
    }
    read_term(is_not, word, find_outside(word, ':'), &values, now)
}

fn read_term(
    is_not: bool,
    word: &str,
    colon: Option<usize>,
    values: ReadValues<'_>,
    now: jiff::Timestamp,
) -> Result<Term, Problem> {
    if let Some((other_sign, any)) = image_tests(word, values)? {
        return Ok(Term {
            is_not: is_not != other_sign,
            any,
        });
    }
    let Some(colon) = colon else {
        return Err(no_term(&unquoted(word)?.text));
    };
    let (key, rest) = (&word[..colon], &word[colon + 1..]);
    let known = key.to_ascii_lowercase();
    // The older name of it.
    let known = if known == "correlation" {
        "request"
    } else {
        known.as_str()
    };
    if !is_key(known) {
        return Err(unknown_key(key));
    }
    let values = values(rest)?;
    if let Some(empty) = values.iter().find(|value| value.text.is_empty()) {
        let why = if values.len() > 1 {
            "Nothing stands between two commas, or behind the last."
        } else if empty.was_quoted {
            "The quotes are empty."
        } else {
            "Nothing follows the colon."
        };
        return Err(fault(format!("`{known}:` needs a value."), why).with_hint(example(known)));
    }
    let any = values.into_iter().map(|value| atom(known, value, now));
    Ok(Term {
        is_not,
        any: any.collect::<Result<_, _>>()?,
    })
}

fn is_key(word: &str) -> bool {
    ALL_KEYS.iter().any(|spec| spec.key == word)
}

fn example(key: &str) -> String {
    let spec = ALL_KEYS.iter().find(|spec| spec.key == key);
    let value = spec.map_or("", |spec| spec.example);
    format!("For example `{key}:{value}`.")
}

fn atom(key: &str, value: Typed, now: jiff::Timestamp) -> Result<Atom, Problem> {
    let typed = value.text.as_str();
    match key {
        "actor" => Ok(Atom::Actor(person(value))),
        "subject" => Ok(Atom::Subject(person(value))),
        "action" => Ok(Atom::Action(value.text)),
        "type" => actor_type(typed).map(Atom::Type),
        "since" => Moment::parse(typed, now, "since").map(Atom::Since),
        "until" => Moment::parse(typed, now, "until").map(Atom::Until),
        "on" => day(typed, now).map(Atom::On),
        "request" if typed.eq_ignore_ascii_case("none") => Ok(Atom::Request(None)),
        "request" => match IdPart::parse(typed) {
            Some(id) => Ok(Atom::Request(Some(id))),
            None => Err(fault(
                format!("`request:{}` is not a request.", text::cell(typed)),
                "It takes an id (a UUID), the first eight characters of one or more, or `none`.",
            )),
        },
        "row" => row(typed).map(Atom::Row),
        "changed" => field(value).map(Atom::Changed),
        _ => Ok(Atom::Text(value.text)),
    }
}

fn person(value: Typed) -> Person {
    if value.was_quoted {
        return Person::Named(value.text);
    }
    match value.text.as_str() {
        "me" => Person::Me,
        "none" => Person::None,
        typed => match IdPart::parse(typed) {
            Some(id) => Person::Id(id),
            None => Person::Named(value.text),
        },
    }
}

fn day(typed: &str, now: jiff::Timestamp) -> Result<Moment, Problem> {
    let moment = Moment::parse(typed, now, "on")?;
    if moment.day_end().is_some() {
        return Ok(moment);
    }
    Err(fault(
        format!("`on:{}` is not a day.", text::cell(typed)),
        "It takes a date (2025-10-04), `today` or `yesterday`.",
    )
    .with_hint(format!("For a span write `since:{}`.", text::cell(typed))))
}

fn row(typed: &str) -> Result<RowRef, Problem> {
    let (table, id) = match typed.split_once('/') {
        Some((table, id)) => (table, Some(id)),
        None => (typed, None),
    };
    if table.is_empty() || id == Some("") {
        return Err(fault(
            format!("`row:{}` is not a row.", text::cell(typed)),
            "It takes a table, a slash and the row's id; a table alone stands for all of its rows.",
        )
        .with_hint("For example `row:plan_item/ID`."));
    }
    if IdPart::parse(table).is_some_and(|part| part.whole().is_some()) {
        return Err(fault(
            format!("`row:{}` names no table.", text::cell(typed)),
            "An id alone does not say of which table it is.",
        )
        .with_hint(format!("Write `row:TABLE/{}`.", text::cell(typed))));
    }
    Ok(RowRef {
        table: table.to_owned(),
        id: id.map(str::to_owned),
    })
}

fn field(value: Typed) -> Result<String, Problem> {
    let first = value.text.split(['.', '[']).next().unwrap_or_default();
    if value.was_quoted || first.len() == value.text.len() {
        return Ok(value.text);
    }
    let shown = text::cell(&value.text);
    Err(fault(
        format!("`changed:{shown}` is not a field."),
        "It takes a field of the row itself, not what is inside one.",
    )
    .with_hint(format!(
        "Write `changed:{}`, or `changed:\"{shown}\"` where the name has a dot.",
        text::cell(first)
    )))
}

/// `before.PATH SIGN VALUE` or `after.…`, and whether the sign was `!=`; `None` when the word is not about an image.
fn image_tests(word: &str, values: ReadValues<'_>) -> Result<Option<(bool, Vec<Atom>)>, Problem> {
    let (side, rest) = if let Some(rest) = word.strip_prefix("before.") {
        (Side::Before, rest)
    } else if let Some(rest) = word.strip_prefix("after.") {
        (Side::After, rest)
    } else {
        return Ok(None);
    };
    let (path, tail) = json_path(rest, side == Side::Before, &|| bad_path(rest))?;
    if tail.is_empty() {
        return Err(fault(
            format!("`{}` compares with nothing.", text::cell(word)),
            "A value follows `:`, `!=`, `>`, `>=`, `<`, `<=` or `~`.",
        )
        .with_hint(format!("For example `{}.status:completed`.", side.word())));
    }
    let Some((sign, test, typed)) = read_sign(tail) else {
        return Err(if tail.starts_with('!') {
            fault(
                format!("`{}` is not understood.", text::cell(word)),
                "`!` is followed by `=`.",
            )
        } else {
            bad_path(rest)
        });
    };
    let image = |value: Typed| image_test(word, (side, &path), (sign, test), value);
    // A bound is one: a comma in it is a fault.
    let typed = match test {
        Test::Is | Test::Contains => values(typed)?,
        _ => vec![unquoted(typed)?],
    };
    let any = typed.into_iter().map(image);
    Ok(Some((sign == "!=", any.collect::<Result<_, _>>()?)))
}

fn image_test(
    word: &str,
    (side, path): (Side, &[Step]),
    (sign, test): (&str, Test),
    value: Typed,
) -> Result<Atom, Problem> {
    let Typed {
        text: value,
        was_quoted,
    } = value;
    let is_equality = test == Test::Is;
    if value.is_empty() && !(is_equality && was_quoted) {
        let problem = fault(
            format!("`{}` compares with nothing.", text::cell(word)),
            "No value follows the sign, or a comma.",
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
                "`{sign}` takes a number (3, -2.5), a date (2025-10-04) or a time (2025-10-04T12:30Z)."
            ),
        )
        .with_hint("Texts are compared with `:`, `!=` and `~`."));
    }
    let is_text = was_quoted && is_equality && (value == "null" || is_number(&value));
    Ok(Atom::Image(ImageTest {
        side,
        path: path.to_vec(),
        test,
        value,
        is_text,
    }))
}

fn bad_path(path: &str) -> Problem {
    fault(
        format!("`{}` does not begin with a JSON path and a sign.", text::cell(path)),
        "A key has letters, digits, `_`, `-` and `$`; any other key stands in double quotes. Dots stand between keys, and `[0]` is \
         the first element of an array.",
    )
    .with_hint("For example `after.tags[0]:x` or `after.\"a.b\":x`.")
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
    let shown = text::cell(word);
    let problem = fault(
        format!("`{shown}` is not a filter."),
        "A filter is a key, a colon and a value.",
    );
    let lower = word.to_ascii_lowercase();
    // A field of the row, as in a filter of a table.
    let field = word.find(['<', '>', '~', '=', '!']).map(|at| &word[..at]);
    problem.with_hint(if field.is_some_and(is_plain_field) {
        format!("Did you mean `after.{shown}`?")
    } else if is_key(&lower) {
        format!("Write `{lower}:` with a value.")
    } else if word.contains('.') {
        format!("For example `action:{shown}`.")
    } else if word.is_empty() {
        "A `-` stands right before a key.".to_owned()
    } else {
        format!("For example `text:{shown}`, `actor:{shown}` or `action:{shown}.*`.")
    })
}

fn unknown_key(key: &str) -> Problem {
    let shown = text::cell(key);
    let keys = ALL_KEYS.map(|spec| spec.key).join(", ");
    let problem = fault(
        format!("`{shown}:` is not a filter."),
        format!("The keys are {keys}, and paths such as `after.status`."),
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
    match meant(&lower).or_else(|| nearest(&lower)) {
        Some(meant) => problem.with_hint(format!("Did you mean `{meant}:`?")),
        None if is_plain_field(key) => {
            problem.with_hint(format!("For a field of the row write `after.{shown}:`."))
        }
        None => problem,
    }
}

/// Whether a text can be the name of a field that needs no quotes.
fn is_plain_field(text: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '[' | ']');
    text.starts_with(|c: char| c.is_alphabetic() || c == '_') && text.chars().all(is_part)
}

/// The known key that is at most two edits away.
fn nearest(key: &str) -> Option<&'static str> {
    ALL_KEYS
        .into_iter()
        .map(|spec| (edits(key, spec.key), spec.key))
        .filter(|(edits, known)| *edits <= 2 && *edits < known.len())
        .min()
        .map(|(_, known)| known)
}
