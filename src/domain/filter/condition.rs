//! Conditions that more than one filter language makes.

use super::moment::Moment;
use crate::domain::in_quotes::in_quotes;
use crate::domain::query::{Filter as Condition, Op};

/// Any of the conditions; one alone is itself.
pub fn one(mut any: Vec<Condition>) -> Condition {
    if any.len() == 1
        && let Some(only) = any.pop()
    {
        return only;
    }
    Condition::Any(any)
}

/// All of the conditions; one alone is itself.
pub fn every(mut all: Vec<Condition>) -> Condition {
    if all.len() == 1
        && let Some(only) = all.pop()
    {
        return only;
    }
    Condition::All(all)
}

/// The condition that holds exactly where this one does not. SQL knows a third answer: a comparison with null is neither
/// true nor false, and counts as not true.
pub fn opposite(condition: Condition) -> Condition {
    let or_null = |condition: Condition, column: &str| {
        let column = column.to_owned();
        Condition::Any(vec![condition, Condition::IsNull { column }])
    };
    match condition {
        Condition::Any(parts) => every(parts.into_iter().map(opposite).collect()),
        Condition::All(parts) => one(parts.into_iter().map(opposite).collect()),
        Condition::IsNull { column } => Condition::NotNull { column },
        Condition::NotNull { column } => Condition::IsNull { column },
        Condition::Compare { ref column, .. } | Condition::In { ref column, .. } => {
            let column = column.clone();
            or_null(Condition::Not(Box::new(condition)), &column)
        }
        Condition::Not(inner) => match inner.column() {
            Some(column) => {
                let column = column.to_owned();
                or_null(*inner, &column)
            }
            None => *inner,
        },
    }
}

/// An array of one text, as Postgres reads it.
pub fn array_literal(name: &str) -> String {
    format!("{{{}}}", in_quotes(name))
}

/// Takes the meaning of LIKE's own signs away; `*` stays a wildcard.
pub fn escaped(pattern: &str) -> String {
    let mut out = String::with_capacity(pattern.len() + 4);
    for c in pattern.chars() {
        if matches!(c, '%' | '_' | '\\') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

/// The bound of an order of times: a date stands for the whole day, as in `until:`.
pub fn time_bound(op: Op, moment: &Moment) -> (Op, String) {
    match (op, moment.day_end()) {
        (Op::Gt, Some(end)) => (Op::GtEq, day(end)),
        (Op::LtEq, Some(end)) => (Op::Lt, day(end)),
        (op, Some(_)) => (op, day(moment.at())),
        (op, None) => (op, second(moment.at())),
    }
}

fn day(at: jiff::Timestamp) -> String {
    at.strftime("%Y-%m-%d").to_string()
}

/// A time as Postgres writes it into JSON, in UTC.
fn second(at: jiff::Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S%.f+00:00").to_string()
}

/// Whether a value reads as a number of JSON.
pub fn is_number(value: &str) -> bool {
    serde_json::from_str::<serde_json::Number>(value).is_ok() && value.len() <= 64
}
