//! What a filter means to the REST interface. Terms of one key are alternatives; times and images must all hold.

use super::super::path::{Step, is_plain_key};
use super::{Filter, Moment, Person, Side, StateTerm, Term, Test};
use crate::domain::identity::Identity;
use crate::domain::problem::{Kind, Problem};
use crate::domain::query::{Filter as Condition, Op};
use serde_json::{Map, Value};

/// The least power of ten that Postgres' `numeric` holds: every number in an image is above it, every text below.
const LEAST_NUMBER: &str = "-1e131071";

impl Filter {
    /// The conditions, all of which must hold. `actor:me` needs somebody to be signed in.
    pub fn conditions(&self, who: &Identity) -> Result<Vec<Condition>, Problem> {
        let mut actors = Vec::new();
        let mut subjects = Vec::new();
        let mut actions = Vec::new();
        let mut types = Vec::new();
        let mut correlations = Vec::new();
        let mut out = Vec::new();
        for term in &self.terms {
            match term {
                Term::Actor(person) => actors.push(is_person("actor_user_id", person, who)?),
                Term::Subject(person) => subjects.push(is_person("subject_user_id", person, who)?),
                Term::Action(pattern) => actions.push(action(pattern)),
                Term::Type(kind) => types.push(Condition::eq("actor_type", kind.word())),
                Term::Correlation(id) => correlations.push(Condition::eq("correlation_id", id)),
                Term::Since(moment) => out.push(Condition::compare(
                    "created_at",
                    Op::GtEq,
                    moment.at().to_string(),
                )),
                Term::Until(moment) => out.push(match moment.day_end() {
                    Some(end) => Condition::compare("created_at", Op::Lt, end.to_string()),
                    None => Condition::compare("created_at", Op::LtEq, moment.at().to_string()),
                }),
                Term::State(term) => out.extend(state(term)),
            }
        }
        for alternatives in [actors, subjects, actions, types, correlations] {
            out.extend(any(alternatives));
        }
        Ok(out)
    }
}

fn any(mut alternatives: Vec<Condition>) -> Option<Condition> {
    if alternatives.len() > 1 {
        return Some(Condition::Any(alternatives));
    }
    alternatives.pop()
}

fn is_person(column: &str, person: &Person, who: &Identity) -> Result<Condition, Problem> {
    match person {
        Person::Id(id) => Ok(Condition::eq(column, id)),
        Person::None => Ok(Condition::IsNull {
            column: column.to_owned(),
        }),
        Person::Me => match who.user_id() {
            Some(id) => Ok(Condition::eq(column, id)),
            None => Err(Problem::new(
                Kind::Usage,
                "`me` in the filter means nobody.",
                format!("The identity in use is {}.", who.name()),
            )
            .with_hint("Sign in with `supadeck login`, or give a user's id.")),
        },
    }
}

fn action(pattern: &str) -> Condition {
    if pattern.contains('*') {
        Condition::compare("action", Op::Like, escaped(pattern))
    } else {
        Condition::eq("action", pattern)
    }
}

/// Takes the meaning of LIKE's own signs away; `*` stays a wildcard.
fn escaped(pattern: &str) -> String {
    let mut out = String::with_capacity(pattern.len() + 4);
    for c in pattern.chars() {
        if matches!(c, '%' | '_' | '\\') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

fn state(term: &StateTerm) -> Vec<Condition> {
    let as_text = path(term.side, &term.path, "->>");
    let as_json = path(term.side, &term.path, "->");
    let is_null = term.value == "null" && !term.is_text;
    let number = is_number(&term.value) && !term.is_text;
    match term.test {
        Test::Is if is_null => vec![Condition::IsNull { column: as_text }],
        Test::IsNot if is_null => vec![Condition::NotNull { column: as_text }],
        Test::Is | Test::IsNot if !term.path.iter().all(is_plain) => contains(term),
        // The text `3` alone.
        Test::Is if term.is_text => vec![Condition::eq(as_json, quoted(&term.value))],
        Test::IsNot if term.is_text => vec![Condition::Any(vec![
            Condition::compare(as_json, Op::NotEq, quoted(&term.value)),
            Condition::IsNull { column: as_text },
        ])],
        // The text `3` and the numbers 3 and 3.00.
        Test::Is if number => vec![Condition::Any(vec![
            Condition::eq(as_text, &term.value),
            Condition::eq(as_json, &term.value),
        ])],
        Test::Is => vec![Condition::eq(as_text, &term.value)],
        Test::IsNot if number => vec![Condition::Any(vec![
            Condition::All(vec![
                Condition::compare(&as_text, Op::NotEq, &term.value),
                Condition::compare(as_json, Op::NotEq, &term.value),
            ]),
            Condition::IsNull { column: as_text },
        ])],
        Test::IsNot => vec![Condition::Any(vec![
            Condition::compare(&as_text, Op::NotEq, &term.value),
            Condition::IsNull { column: as_text },
        ])],
        Test::Contains => vec![Condition::compare(
            as_text,
            Op::ILike,
            format!("*{}*", escaped(&term.value)),
        )],
        Test::Above => order(as_json, as_text, Op::Gt, &term.value),
        Test::AtLeast => order(as_json, as_text, Op::GtEq, &term.value),
        Test::Below => order(as_json, as_text, Op::Lt, &term.value),
        Test::AtMost => order(as_json, as_text, Op::LtEq, &term.value),
    }
}

/// Compares numbers with numbers and times with times. jsonb puts one type above another (null, text, number, boolean,
/// array, object; an empty array is below all), so a second bound keeps the other types out.
fn order(as_json: String, as_text: String, op: Op, value: &str) -> Vec<Condition> {
    let Some(moment) = Moment::fixed(value).filter(|_| !is_number(value)) else {
        let other_types = if matches!(op, Op::Gt | Op::GtEq) {
            Condition::compare(&as_json, Op::Lt, "false")
        } else {
            Condition::compare(&as_json, Op::GtEq, LEAST_NUMBER)
        };
        return vec![Condition::compare(as_json, op, value), other_types];
    };
    // A date stands for the whole day, as in `until:`.
    let (op, bound) = match (op, moment.day_end()) {
        (Op::Gt, Some(end)) => (Op::GtEq, day(end)),
        (Op::LtEq, Some(end)) => (Op::Lt, day(end)),
        (op, Some(_)) => (op, day(moment.at())),
        (op, None) => (op, second(moment.at())),
    };
    vec![
        Condition::compare(&as_json, op, quoted(&bound)),
        Condition::compare(&as_json, Op::GtEq, quoted("0000-00-00")),
        Condition::compare(as_json, Op::LtEq, quoted("9999-99-99")),
        // Here `_` is meant as LIKE means it: any one character.
        Condition::compare(as_text, Op::Like, "____-__-__*"),
    ]
}

fn day(at: jiff::Timestamp) -> String {
    at.strftime("%Y-%m-%d").to_string()
}

/// A time as Postgres writes it into JSON, in UTC.
fn second(at: jiff::Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S%.f+00:00").to_string()
}

/// A step that needs no quotes in PostgREST's grammar.
fn is_plain(step: &Step) -> bool {
    match step {
        Step::Key(key) => is_plain_key(key),
        Step::Index(_) => true,
    }
}

/// Equality at a path with a key that wants quotes: not every server reads them inside `or=(…)`, so the image is compared
/// with a document that holds only this value. Such a document cannot name an element of an array; those go by the path.
fn contains(term: &StateTerm) -> Vec<Condition> {
    let is_not = term.test == Test::IsNot;
    let as_text = path(term.side, &term.path, "->>");
    let mut found = Vec::new();
    let mut column = term.side.column().to_owned();
    if term.path.iter().any(|step| matches!(step, Step::Index(_))) {
        let op = if is_not { Op::NotEq } else { Op::Eq };
        found.push(Condition::compare(&as_text, op, &term.value));
        column = as_text;
    } else {
        let op = if is_not {
            Op::ContainsNot
        } else {
            Op::Contains
        };
        let mut wanted = vec![Value::from(term.value.as_str())];
        if let Ok(other @ (Value::Number(_) | Value::Bool(_))) = serde_json::from_str(&term.value)
            && !term.is_text
        {
            wanted.push(other);
        }
        let document = |value: Value| {
            let keys = term.path.iter().rev();
            keys.fold(value, |value, step| match step {
                Step::Key(key) => Value::Object(Map::from_iter([(key.clone(), value)])),
                Step::Index(_) => value,
            })
        };
        let compared = wanted.into_iter().map(document);
        found
            .extend(compared.map(|document| Condition::compare(&column, op, document.to_string())));
    }
    if is_not {
        found = vec![Condition::Any(vec![
            Condition::All(found),
            Condition::IsNull { column },
        ])];
    } else if found.len() > 1 {
        found = vec![Condition::Any(found)];
    }
    found
}

/// `after_state->a->>b`: the last arrow decides between JSON and text. A key that is no plain word stands in double quotes, as
/// PostgREST reads it.
fn path(side: Side, steps: &[Step], last: &str) -> String {
    let mut out = side.column().to_owned();
    for (index, step) in steps.iter().enumerate() {
        out.push_str(if index + 1 == steps.len() { last } else { "->" });
        match step {
            Step::Index(at) => out.push_str(&at.to_string()),
            Step::Key(key) if is_plain_key(key) => out.push_str(key),
            Step::Key(key) => {
                out.push('"');
                for c in key.chars() {
                    if matches!(c, '"' | '\\') {
                        out.push('\\');
                    }
                    out.push(c);
                }
                out.push('"');
            }
        }
    }
    out
}

pub(super) fn is_number(value: &str) -> bool {
    serde_json::from_str::<serde_json::Number>(value).is_ok() && value.len() <= 64
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
