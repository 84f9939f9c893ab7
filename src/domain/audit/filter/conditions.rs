//! What a filter means to the REST interface: what an index answers, what the server has to look at record by record, and
//! what is left for this side because PostgREST has no words for it.

use super::super::Record;
use super::super::path::{Step, is_plain_key};
use super::{Atom, Clause, Filter, ImageTest, Moment, Person, RowRef, Side, Test};
use crate::domain::identity::Identity;
use crate::domain::problem::{Kind, Problem};
use crate::domain::query::{Filter as Condition, Op};
use serde_json::{Map, Value};

/// The least power of ten that Postgres' `numeric` holds: every number in an image is above it, every text below.
const LEAST_NUMBER: &str = "-1e131071";

/// What is asked of whom for a filter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Demand<'a> {
    /// Conditions that an index answers.
    pub indexed: Vec<Condition>,
    /// Conditions for which the server looks at one record after the other.
    pub checked: Vec<Condition>,
    /// What is looked at here, in the records that come.
    pub rest: Vec<Clause<'a>>,
}

/// How a filter is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cost {
    /// By an index.
    Indexed,
    /// The server looks at one record after the other.
    Checked,
    /// The records come here and are looked at.
    Here,
}

impl Demand<'_> {
    /// Whether a record fits what is looked at here.
    pub fn rest_fits(&self, record: &Record, who: &Identity) -> bool {
        self.rest.iter().all(|clause| clause.fits(record, who))
    }

    /// How the whole of it is answered.
    pub fn cost(&self) -> Cost {
        match (self.checked.is_empty(), self.rest.is_empty()) {
            (true, true) => Cost::Indexed,
            (false, true) => Cost::Checked,
            (_, false) => Cost::Here,
        }
    }
}

impl Filter {
    /// The conditions, all of which must hold. `actor:me` needs somebody to be signed in, and names must be resolved.
    /// `has_changed` says whether every record names the fields that changed, in a column of its own.
    pub fn demand(&self, who: &Identity, has_changed: bool) -> Result<Demand<'_>, Problem> {
        let mut demand = Demand {
            indexed: Vec::new(),
            checked: Vec::new(),
            rest: Vec::new(),
        };
        for clause in self.clauses() {
            let cost = cost(&clause, has_changed);
            if cost == Cost::Here {
                demand.rest.push(clause);
                continue;
            }
            let any = clause.any.iter().map(|atom| condition(atom, who));
            let any = one(any.collect::<Result<_, _>>()?);
            let condition = if clause.is_not { opposite(any) } else { any };
            let conditions = match condition {
                // Conditions that must all hold stand side by side.
                Condition::All(parts) => parts,
                other => vec![other],
            };
            match cost {
                Cost::Indexed => demand.indexed.extend(conditions),
                _ => demand.checked.extend(conditions),
            }
        }
        Ok(demand)
    }
}

fn cost(clause: &Clause<'_>, has_changed: bool) -> Cost {
    let costs = clause.any.iter().map(|atom| match atom {
        Atom::Text(_) => Cost::Here,
        Atom::Changed(_) if !has_changed => Cost::Here,
        // To the server a star is any run of characters.
        Atom::Row(row) if row.table.contains('*') => Cost::Here,
        Atom::Image(test) if !is_read_everywhere(test, clause) => Cost::Here,
        // What does not fit is most of the trail: no index leads to it.
        _ if clause.is_not => Cost::Checked,
        Atom::Actor(_)
        | Atom::Subject(_)
        | Atom::Since(_)
        | Atom::Until(_)
        | Atom::On(_)
        | Atom::Request(_)
        | Atom::Changed(_) => Cost::Indexed,
        Atom::Action(pattern) if !pattern.starts_with('*') => Cost::Indexed,
        Atom::Row(row) if row.id.is_none() || has_changed => Cost::Indexed,
        Atom::Action(_) | Atom::Row(_) | Atom::Type(_) | Atom::Image(_) => Cost::Checked,
    });
    costs.max().unwrap_or(Cost::Indexed)
}

/// Whether every server reads the test's path. Not every one reads a key in quotes inside `or=(…)`; equality goes without it.
fn is_read_everywhere(test: &ImageTest, clause: &Clause<'_>) -> bool {
    let is_alone = !clause.is_not && clause.any.len() == 1;
    let has_index = test.path.iter().any(|step| matches!(step, Step::Index(_)));
    let is_value = test.test == Test::Is && !has_index && (test.value != "null" || test.is_text);
    is_value || test.path.iter().all(is_plain) || (is_alone && test.path.iter().all(is_tame))
}

/// A step that every server reads in quotes: words with spaces and dots in between.
fn is_tame(step: &Step) -> bool {
    let is_tame = |c: char| c.is_alphanumeric() || matches!(c, ' ' | '.' | '_' | '$');
    match step {
        Step::Key(key) => key.chars().all(is_tame) && key.chars().any(char::is_alphabetic),
        Step::Index(_) => true,
    }
}

/// Any of the conditions; one alone is itself.
fn one(mut any: Vec<Condition>) -> Condition {
    if any.len() == 1
        && let Some(only) = any.pop()
    {
        return only;
    }
    Condition::Any(any)
}

/// All of the conditions; one alone is itself.
fn every(mut all: Vec<Condition>) -> Condition {
    if all.len() == 1
        && let Some(only) = all.pop()
    {
        return only;
    }
    Condition::All(all)
}

/// The condition that holds exactly where this one does not. SQL knows a third answer: a comparison with null is neither
/// true nor false, and counts as not true.
fn opposite(condition: Condition) -> Condition {
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

fn condition(atom: &Atom, who: &Identity) -> Result<Condition, Problem> {
    Ok(match atom {
        Atom::Actor(person) => is_person("actor_user_id", person, who)?,
        Atom::Subject(person) => is_person("subject_user_id", person, who)?,
        Atom::Action(pattern) => action(pattern),
        Atom::Type(kind) => Condition::eq("actor_type", kind.word()),
        Atom::Since(moment) => Condition::compare("created_at", Op::GtEq, moment.at().to_string()),
        Atom::Until(moment) => match moment.day_end() {
            Some(end) => Condition::compare("created_at", Op::Lt, end.to_string()),
            None => Condition::compare("created_at", Op::LtEq, moment.at().to_string()),
        },
        Atom::On(moment) => {
            let end = moment.day_end().unwrap_or(moment.at());
            Condition::All(vec![
                Condition::compare("created_at", Op::GtEq, moment.at().to_string()),
                Condition::compare("created_at", Op::Lt, end.to_string()),
            ])
        }
        Atom::Request(None) => Condition::IsNull {
            column: "correlation_id".to_owned(),
        },
        Atom::Request(Some(id)) => is_id("correlation_id", id),
        Atom::Row(row) => row_condition(row),
        Atom::Changed(name) => Condition::compare("changed", Op::Contains, array_literal(name)),
        Atom::Image(test) => every(image(test)),
        Atom::Text(_) => return Err(Problem::internal("A text is not looked for by the server.")),
    })
}

fn is_id(column: &str, id: &super::IdPart) -> Condition {
    if let Some(id) = id.whole() {
        return Condition::eq(column, id);
    }
    let (least, greatest) = id.bounds();
    Condition::All(vec![
        Condition::compare(column, Op::GtEq, least),
        Condition::compare(column, Op::LtEq, greatest),
    ])
}

fn is_person(column: &str, person: &Person, who: &Identity) -> Result<Condition, Problem> {
    match person {
        Person::Id(id) => Ok(is_id(column, id)),
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
        Person::Named(_) => Err(Problem::internal("A name was not looked up.")),
    }
}

fn action(pattern: &str) -> Condition {
    if pattern.contains('*') {
        Condition::compare("action", Op::Like, escaped(pattern))
    } else {
        Condition::eq("action", pattern)
    }
}

/// The records of a row: whatever was done to it. A dot in the table's name separates its schema; the word behind the last
/// one says what was done.
fn row_condition(row: &RowRef) -> Condition {
    let table = escaped(&row.table);
    let deeper = Condition::compare("action", Op::Like, format!("{table}.*.*"));
    let mut all = vec![
        Condition::compare("action", Op::Like, format!("{table}.*")),
        opposite(deeper),
    ];
    if let Some(id) = &row.id {
        let gone = "after_state".to_owned();
        all.push(Condition::Any(vec![
            row_id("after_state->>id", id),
            Condition::All(vec![
                Condition::IsNull { column: gone },
                row_id("before_state->>id", id),
            ]),
        ]));
    }
    Condition::All(all)
}

fn row_id(column: &str, id: &str) -> Condition {
    match row_id_start(id) {
        Some(start) => Condition::compare(column, Op::Like, format!("{start}*")),
        None => Condition::eq(column, id),
    }
}

/// The beginning of a UUID that stands for a row. Eight digits alone may be a number: a dash must follow.
pub(super) fn row_id_start(id: &str) -> Option<String> {
    let part = super::IdPart::parse(id)?;
    if part.whole().is_some() {
        return None;
    }
    let dash = if part.text().len() == 8 { "-" } else { "" };
    Some(format!("{}{dash}", part.text()))
}

/// An array of one text, as Postgres reads it.
fn array_literal(name: &str) -> String {
    let mut out = String::from("{\"");
    for c in name.chars() {
        if matches!(c, '"' | '\\') {
            out.push('\\');
        }
        out.push(c);
    }
    out.push_str("\"}");
    out
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

fn image(test: &ImageTest) -> Vec<Condition> {
    let as_text = path(test.side, &test.path, "->>");
    let as_json = path(test.side, &test.path, "->");
    let is_null = test.value == "null" && !test.is_text;
    let number = is_number(&test.value) && !test.is_text;
    match test.test {
        Test::Is if is_null => vec![Condition::IsNull { column: as_text }],
        Test::Is if !test.path.iter().all(is_plain) => contains(test),
        // The text `3` alone.
        Test::Is if test.is_text => vec![Condition::eq(as_json, quoted(&test.value))],
        // The text `3` and the numbers 3 and 3.00.
        Test::Is if number => vec![Condition::Any(vec![
            Condition::eq(as_text, &test.value),
            Condition::eq(as_json, &test.value),
        ])],
        Test::Is => vec![Condition::eq(as_text, &test.value)],
        Test::Contains => vec![Condition::compare(
            as_text,
            Op::ILike,
            format!("*{}*", escaped(&test.value)),
        )],
        Test::Above => order(as_json, as_text, Op::Gt, &test.value),
        Test::AtLeast => order(as_json, as_text, Op::GtEq, &test.value),
        Test::Below => order(as_json, as_text, Op::Lt, &test.value),
        Test::AtMost => order(as_json, as_text, Op::LtEq, &test.value),
    }
}

/// The bound of an order of times: a date stands for the whole day, as in `until:`.
pub(super) fn time_bound(op: Op, moment: &Moment) -> (Op, String) {
    match (op, moment.day_end()) {
        (Op::Gt, Some(end)) => (Op::GtEq, day(end)),
        (Op::LtEq, Some(end)) => (Op::Lt, day(end)),
        (op, Some(_)) => (op, day(moment.at())),
        (op, None) => (op, second(moment.at())),
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
pub(super) fn is_plain(step: &Step) -> bool {
    match step {
        Step::Key(key) => is_plain_key(key),
        Step::Index(_) => true,
    }
}

/// Equality at a path with a key that wants quotes: not every server reads them inside `or=(…)`, so the image is compared
/// with a document that holds only this value. Such a document cannot name an element of an array; those go by the path.
fn contains(test: &ImageTest) -> Vec<Condition> {
    if test.path.iter().any(|step| matches!(step, Step::Index(_))) {
        let as_text = path(test.side, &test.path, "->>");
        return vec![Condition::eq(as_text, &test.value)];
    }
    let mut wanted = vec![Value::from(test.value.as_str())];
    if let Ok(other @ (Value::Number(_) | Value::Bool(_))) = serde_json::from_str(&test.value)
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
    let column = test.side.column();
    let found = wanted
        .into_iter()
        .map(|value| Condition::compare(column, Op::Contains, document(value).to_string()));
    vec![one(found.collect())]
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
