//! Conditions on a value inside a JSON column, in the words that PostgREST has for them.

use super::condition::{escaped, is_number, one, time_bound};
use super::moment::Moment;
use super::sign::Test;
use crate::domain::audit::path::{Step, is_plain_key};
use crate::domain::in_quotes::in_quotes;
use crate::domain::query::{Filter as Condition, Op};
use serde_json::{Map, Value};

/// The least power of ten that Postgres' `numeric` holds: every number in an image is above it, every text below.
const LEAST_NUMBER: &str = "-1e131071";

/// A comparison of the value that a path leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JsonTest<'a> {
    /// The column, as the REST interface reads it.
    pub column: &'a str,
    /// The keys and array positions that lead to the value; never empty.
    pub path: &'a [Step],
    /// How it is compared.
    pub test: Test,
    /// With what. `null` with `:` means that there is no value.
    pub value: &'a str,
    /// Whether the value is a text although it reads like a number or like `null`.
    pub is_text: bool,
}

/// The conditions, all of which must hold.
pub fn json_conditions(test: &JsonTest<'_>) -> Vec<Condition> {
    let as_text = path(test.column, test.path, "->>");
    let as_json = path(test.column, test.path, "->");
    let is_null = test.value == "null" && !test.is_text;
    let number = is_number(test.value) && !test.is_text;
    match test.test {
        Test::Is if is_null => vec![Condition::IsNull { column: as_text }],
        Test::Is if !test.path.iter().all(is_plain) => contains(test),
        // The text `3` alone.
        Test::Is if test.is_text => vec![Condition::eq(as_json, json_text(test.value))],
        // The text `3` and the numbers 3 and 3.00.
        Test::Is if number => vec![Condition::Any(vec![
            Condition::eq(as_text, test.value),
            Condition::eq(as_json, test.value),
        ])],
        Test::Is => vec![Condition::eq(as_text, test.value)],
        Test::Contains => vec![Condition::compare(
            as_text,
            Op::ILike,
            format!("*{}*", escaped(test.value)),
        )],
        Test::Above => order(as_json, as_text, Op::Gt, test.value),
        Test::AtLeast => order(as_json, as_text, Op::GtEq, test.value),
        Test::Below => order(as_json, as_text, Op::Lt, test.value),
        Test::AtMost => order(as_json, as_text, Op::LtEq, test.value),
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
    let (op, bound) = time_bound(op, &moment);
    vec![
        Condition::compare(&as_json, op, json_text(&bound)),
        Condition::compare(&as_json, Op::GtEq, json_text("0000-00-00")),
        Condition::compare(as_json, Op::LtEq, json_text("9999-99-99")),
        // Here `_` is meant as LIKE means it: any one character.
        Condition::compare(as_text, Op::Like, "____-__-__*"),
    ]
}

/// A step that needs no quotes in PostgREST's grammar.
pub fn is_plain(step: &Step) -> bool {
    match step {
        Step::Key(key) => is_plain_key(key),
        Step::Index(_) => true,
    }
}

/// Equality at a path with a key that wants quotes: not every server reads them inside `or=(…)`, so the image is compared
/// with a document that holds only this value. Such a document cannot name an element of an array; those go by the path.
fn contains(test: &JsonTest<'_>) -> Vec<Condition> {
    if test.path.iter().any(|step| matches!(step, Step::Index(_))) {
        let as_text = path(test.column, test.path, "->>");
        return vec![Condition::eq(as_text, test.value)];
    }
    let mut wanted = vec![Value::from(test.value)];
    if let Ok(other @ (Value::Number(_) | Value::Bool(_))) = serde_json::from_str(test.value)
        && !test.is_text
    {
        wanted.push(other);
    }
    let document = |value: Value| {
        let keys = test.path.iter().rev();
        keys.fold(value, |value, step| match step {
            Step::Key(key) => Value::Object(Map::from_iter([(key.clone(), value)])),
            Step::Index(_) => value,
        })
    };
    let column = test.column;
    let found = wanted
        .into_iter()
        .map(|value| Condition::compare(column, Op::Contains, document(value).to_string()));
    vec![one(found.collect())]
}

/// `after_state->a->>b`: the last arrow decides between JSON and text. A key that is no plain word stands in double quotes, as
/// PostgREST reads it.
fn path(column: &str, steps: &[Step], last: &str) -> String {
    let mut out = column.to_owned();
    for (index, step) in steps.iter().enumerate() {
        out.push_str(if index + 1 == steps.len() { last } else { "->" });
        match step {
            Step::Index(at) => out.push_str(&at.to_string()),
            Step::Key(key) if is_plain_key(key) => out.push_str(key),
            Step::Key(key) => out.push_str(&in_quotes(key)),
        }
    }
    out
}

/// A text as JSON has it.
fn json_text(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
