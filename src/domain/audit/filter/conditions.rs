//! What a filter means to the REST interface: what an index answers, what the server has to look at record by record, and
//! what is left for this side because PostgREST has no words for it.

use super::super::Record;
use super::super::path::Step;
use super::{Atom, Clause, Filter, ImageTest, Person, RowRef};
use crate::domain::filter::condition::{array_literal, escaped, every, one, opposite};
use crate::domain::filter::id_part::IdPart;
use crate::domain::filter::json_test::{JsonTest, is_plain, json_conditions};
use crate::domain::filter::sign::Test;
use crate::domain::identity::Identity;
use crate::domain::problem::{Kind, Problem};
use crate::domain::query::{Filter as Condition, Op};

/// What is asked of whom for a filter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pushdown<'a> {
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

impl Pushdown<'_> {
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
    pub fn pushdown(&self, who: &Identity, has_changed: bool) -> Result<Pushdown<'_>, Problem> {
        let mut pushdown = Pushdown {
            indexed: Vec::new(),
            checked: Vec::new(),
            rest: Vec::new(),
        };
        for clause in self.clauses() {
            let cost = cost(&clause, has_changed);
            if cost == Cost::Here {
                pushdown.rest.push(clause);
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
                Cost::Indexed => pushdown.indexed.extend(conditions),
                _ => pushdown.checked.extend(conditions),
            }
        }
        Ok(pushdown)
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
        Atom::Image(test) => every(json_conditions(&JsonTest {
            column: test.side.column(),
            path: &test.path,
            test: test.test,
            value: &test.value,
            is_text: test.is_text,
        })),
        Atom::Text(_) => return Err(Problem::internal("A text is not looked for by the server.")),
    })
}

fn is_id(column: &str, id: &IdPart) -> Condition {
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
    let part = IdPart::parse(id)?;
    if part.whole().is_some() {
        return None;
    }
    let dash = if part.text().len() == 8 { "-" } else { "" };
    Some(format!("{}{dash}", part.text()))
}

/// Whether a row's id is only the beginning of one.
pub fn is_row_id_start(id: &str) -> bool {
    row_id_start(id).is_some()
}
