//! Whether a record fits a filter, computed here: for what PostgREST has no words for, and as the measure of what it answers.

use super::conditions::row_id_start;
use super::{Atom, Clause, Filter, ImageTest, Person, RowRef, Side};
use crate::domain::audit::Record;
use crate::domain::audit::path::Step;
use crate::domain::filter::condition::{is_number, time_bound};
use crate::domain::filter::id_part::IdPart;
use crate::domain::filter::json_test::is_plain;
use crate::domain::filter::moment::Moment;
use crate::domain::filter::sign::Test;
use crate::domain::identity::Identity;
use crate::domain::query::Op;
use serde_json::{Map, Number, Value};
use std::cmp::Ordering;

/// The field that changes along with every other one.
const ALONG: &str = "updated_at";

/// A text with `*` for any run of characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wildcard {
    parts: Vec<String>,
}

impl Wildcard {
    /// The pattern as it was typed.
    pub fn new(pattern: &str) -> Self {
        Self {
            parts: pattern.split('*').map(str::to_owned).collect(),
        }
    }

    /// Whether all of a text fits.
    pub fn fits(&self, text: &str) -> bool {
        let [head, middle @ .., tail] = self.parts.as_slice() else {
            return self.parts.iter().all(|only| only == text);
        };
        let rest = text.strip_prefix(head.as_str());
        let rest = rest.and_then(|rest| rest.strip_suffix(tail.as_str()));
        // What stands between two stars is wanted in its order; the first place where it is leaves the most behind it.
        rest.is_some_and(|rest| in_order(middle, rest))
    }

    /// Whether a part of a text fits.
    pub fn is_in(&self, text: &str) -> bool {
        in_order(&self.parts, text)
    }
}

fn in_order(parts: &[String], text: &str) -> bool {
    let mut rest = text;
    parts.iter().all(|part| {
        let found = rest.find(part.as_str());
        rest = found.map_or("", |at| &rest[at + part.len()..]);
        found.is_some()
    })
}

impl Filter {
    /// Whether a record fits. Names must be resolved: one that is not is nobody.
    pub fn fits(&self, record: &Record, who: &Identity) -> bool {
        self.clauses().iter().all(|clause| clause.fits(record, who))
    }
}

impl Clause<'_> {
    /// Whether a record fits.
    pub fn fits(&self, record: &Record, who: &Identity) -> bool {
        self.any.iter().any(|atom| fits(atom, record, who)) != self.is_not
    }
}

fn fits(atom: &Atom, record: &Record, who: &Identity) -> bool {
    let at = || record.created_at.parse::<jiff::Timestamp>().ok();
    match atom {
        Atom::Actor(person) => is_person(person, record.actor_user_id.as_deref(), who),
        Atom::Subject(person) => is_person(person, record.subject_user_id.as_deref(), who),
        Atom::Action(pattern) => Wildcard::new(pattern).fits(&record.action),
        Atom::Type(kind) => record.actor_type == kind.word(),
        Atom::Since(moment) => at().is_some_and(|at| at >= moment.at()),
        Atom::Until(moment) => at().is_some_and(|at| match moment.day_end() {
            Some(end) => at < end,
            None => at <= moment.at(),
        }),
        Atom::On(moment) => {
            at().is_some_and(|at| at >= moment.at() && at < moment.day_end().unwrap_or(moment.at()))
        }
        Atom::Request(None) => record.correlation_id.is_none(),
        Atom::Request(Some(part)) => is_id(part, record.correlation_id.as_deref()),
        Atom::Row(row) => is_row(row, record),
        Atom::Changed(name) => changed_keys(record).any(|key| key == name),
        Atom::Text(pattern) => {
            let pattern = Wildcard::new(&pattern.to_lowercase());
            let images = [&record.before_state, &record.after_state];
            let mut images = images.into_iter().flatten();
            images.any(|image| is_inside(&pattern, image))
                || record
                    .rationale
                    .as_deref()
                    .is_some_and(|text| pattern.is_in(&text.to_lowercase()))
        }
        Atom::Image(test) => is_image(test, record),
    }
}

fn is_id(part: &IdPart, id: Option<&str>) -> bool {
    id.is_some_and(|id| id.to_ascii_lowercase().starts_with(part.text()))
}

fn is_person(person: &Person, id: Option<&str>, who: &Identity) -> bool {
    match person {
        Person::Id(part) => is_id(part, id),
        Person::Me => id.is_some() && id == who.user_id(),
        Person::None => id.is_none(),
        // A name that nobody has may be what a project's own trail keeps.
        Person::Named(name) => id.is_some_and(|id| id.eq_ignore_ascii_case(name)),
    }
}

fn is_row(row: &RowRef, record: &Record) -> bool {
    let table = record.action.rsplit_once('.').map(|(table, _)| table);
    let image = record.after_state.as_ref().or(record.before_state.as_ref());
    let id = record.row_id.clone();
    let id = id.or_else(|| text_of(image?.get("id")?));
    let is_id = |wanted: &str| {
        id.as_deref().is_some_and(|id| match row_id_start(wanted) {
            Some(start) => id.starts_with(&start),
            None => id == wanted,
        })
    };
    table == Some(row.table.as_str()) && row.id.as_deref().is_none_or(is_id)
}

/// The fields of the row that an update changed, in the order of the image, without the one that always changes along. A row
/// that came or went changed none of its fields.
pub fn changed_keys(record: &Record) -> impl Iterator<Item = &str> {
    fn keys<'a>(
        before: &'a Map<String, Value>,
        after: &'a Map<String, Value>,
    ) -> impl Iterator<Item = &'a str> {
        let other = |(key, value): &(&String, &Value)| {
            !after.get(*key).is_some_and(|after| is_equal(after, value))
        };
        let changed = before.iter().filter(other).map(|(key, _)| key.as_str());
        let new = after.keys().filter(|key| !before.contains_key(*key));
        changed.chain(new.map(String::as_str))
    }
    let both = match (&record.before_state, &record.after_state) {
        (Some(Value::Object(before)), Some(Value::Object(after))) => Some((before, after)),
        _ => None,
    };
    both.into_iter()
        .flat_map(|(before, after)| keys(before, after))
        .filter(|key| *key != ALONG)
}

/// What jsonb calls equal: numbers by value, objects without regard to order.
fn is_equal(one: &Value, other: &Value) -> bool {
    // Equal as written is the usual case, and needs no stack.
    one == other || super::super::diff::is_equal(one, other)
}

fn is_inside(pattern: &Wildcard, image: &Value) -> bool {
    let mut values = vec![image];
    while let Some(value) = values.pop() {
        match value {
            Value::Array(items) => values.extend(items),
            Value::Object(map) => values.extend(map.values()),
            Value::String(text) if pattern.is_in(&text.to_lowercase()) => return true,
            Value::Number(number) if pattern.is_in(&number.to_string()) => return true,
            _ => {}
        }
    }
    false
}

fn is_image(test: &ImageTest, record: &Record) -> bool {
    let image = match test.side {
        Side::Before => record.before_state.as_ref(),
        Side::After => record.after_state.as_ref(),
    };
    let found = image.and_then(|image| {
        test.path.iter().try_fold(image, |value, step| match step {
            Step::Key(key) => value.as_object()?.get(key),
            Step::Index(at) => match value {
                Value::Array(items) => items.get(*at),
                // To Postgres a single value is its own first element.
                Value::Object(_) => None,
                single => (*at == 0).then_some(single),
            },
        })
    });
    let found = found.filter(|value| !value.is_null());
    if test.test == Test::Is && test.value == "null" && !test.is_text {
        return found.is_none();
    }
    let Some(value) = found else { return false };
    match test.test {
        Test::Is => is_value(test, value),
        Test::Contains => text_of(value).is_some_and(|text| {
            Wildcard::new(&test.value.to_lowercase()).is_in(&text.to_lowercase())
        }),
        Test::Above => is_beyond(value, Op::Gt, &test.value),
        Test::AtLeast => is_beyond(value, Op::GtEq, &test.value),
        Test::Below => is_beyond(value, Op::Lt, &test.value),
        Test::AtMost => is_beyond(value, Op::LtEq, &test.value),
    }
}

fn is_value(test: &ImageTest, value: &Value) -> bool {
    let is_plain = test.path.iter().all(is_plain);
    let has_index = test.path.iter().any(|step| matches!(step, Step::Index(_)));
    if !is_plain && has_index {
        return text_of(value).as_deref() == Some(&test.value);
    }
    if test.is_text || (!is_plain && matches!(value, Value::Array(_) | Value::Object(_))) {
        return value.as_str() == Some(&test.value);
    }
    let is_same = text_of(value).as_deref() == Some(&test.value);
    is_same
        || match value {
            Value::Number(number) if is_number(&test.value) => {
                compare(number, &test.value) == Some(Ordering::Equal)
            }
            _ => false,
        }
}

fn is_beyond(value: &Value, op: Op, bound: &str) -> bool {
    let ordering = match (value, Moment::fixed(bound).filter(|_| !is_number(bound))) {
        (Value::Number(number), None) => compare(number, bound).map(|ordering| (op, ordering)),
        (Value::String(text), Some(moment)) if is_time(text) => {
            let (op, bound) = time_bound(op, &moment);
            Some((op, text.as_str().cmp(bound.as_str())))
        }
        _ => None,
    };
    match ordering {
        Some((Op::Gt, ordering)) => ordering.is_gt(),
        Some((Op::GtEq, ordering)) => ordering.is_ge(),
        Some((Op::Lt, ordering)) => ordering.is_lt(),
        Some((Op::LtEq, ordering)) => ordering.is_le(),
        _ => false,
    }
}

/// A text that begins like a date.
fn is_time(text: &str) -> bool {
    let mut chars = text.chars();
    let mut form = "____-__-__".chars();
    let has_form = form.all(|wanted| {
        let found = chars.next();
        found.is_some_and(|c| wanted == '_' || wanted == c)
    });
    has_form && ("0000-00-00"..="9999-99-99").contains(&text)
}

/// Compares a number with one that was typed, digit by digit.
fn compare(number: &Number, typed: &str) -> Option<Ordering> {
    let typed: Number = serde_json::from_str(typed).ok()?;
    Some(super::super::diff::compare_numbers(number, &typed))
}

/// A value as `->>` gives it.
fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => {
            let mut out = String::new();
            write(other, &mut out);
            Some(out)
        }
    }
}

/// A value as jsonb prints it: a space behind each colon and comma.
fn write(value: &Value, out: &mut String) {
    let separated = |out: &mut String, at: usize| {
        if at > 0 {
            out.push_str(", ");
        }
    };
    match value {
        Value::Array(items) => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                separated(out, at);
                write(item, out);
            }
            out.push(']');
        }
        Value::Object(map) => {
            out.push('{');
            for (at, (key, item)) in map.iter().enumerate() {
                separated(out, at);
                out.push_str(&Value::from(key.as_str()).to_string());
                out.push_str(": ");
                write(item, out);
            }
            out.push('}');
        }
        leaf => out.push_str(&leaf.to_string()),
    }
}
