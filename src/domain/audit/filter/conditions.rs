//! What a filter means to the REST interface. Terms of one key are alternatives; times and images must all hold.

use super::{Filter, Person, Side, StateTerm, Term, Test};
use crate::domain::identity::Identity;
use crate::domain::problem::{Kind, Problem};
use crate::domain::query::{Filter as Condition, Op};

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
    let number = is_number(&term.value);
    let compare = |op| vec![Condition::compare(&as_json, op, json(&term.value))];
    match term.test {
        Test::Is if term.value == "null" => vec![Condition::IsNull { column: as_text }],
        Test::IsNot if term.value == "null" => vec![Condition::NotNull { column: as_text }],
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
        // jsonb orders booleans above numbers and null below them; a number is compared with numbers only.
        Test::Above | Test::AtLeast => {
            let op = if term.test == Test::Above {
                Op::Gt
            } else {
                Op::GtEq
            };
            let mut out = compare(op);
            if number {
                out.push(Condition::compare(&as_json, Op::Lt, "false"));
            }
            out
        }
        Test::Below | Test::AtMost => {
            let op = if term.test == Test::Below {
                Op::Lt
            } else {
                Op::LtEq
            };
            let mut out = compare(op);
            out.push(Condition::NotNull { column: as_text });
            out
        }
    }
}

/// `after_state->a->>b`: the last arrow decides between JSON and text.
fn path(side: Side, keys: &[String], last: &str) -> String {
    let mut out = side.column().to_owned();
    for (index, key) in keys.iter().enumerate() {
        out.push_str(if index + 1 == keys.len() { last } else { "->" });
        out.push_str(key);
    }
    out
}

fn is_number(value: &str) -> bool {
    serde_json::from_str::<serde_json::Number>(value).is_ok() && value.len() <= 64
}

/// The value as JSON: a number as it is, anything else as a string.
fn json(value: &str) -> String {
    if is_number(value) {
        value.to_owned()
    } else {
        serde_json::Value::from(value).to_string()
    }
}
