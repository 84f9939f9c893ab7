//! The filter of the audit list as people type it: `action:plan_item.* actor:bob changed:qty since:2h`.
//! Used by `audit list --where` and by `/` on the screen. Values of one key are alternatives, with commas or by writing the
//! key twice; different keys must all hold; `-` in front of a key takes what does not fit.
//!
//! ```text
//! actor:bob   actor:bob@example.com   actor:me   actor:none   actor:ID   actor:THE-ID'S-BEGINNING   subject: likewise
//! action:plan_item.*   action:task.insert,task.delete   type:user|system|ai   request:ID   row:plan_item/ID
//! changed:qty,notes    text:"deep work"                 -actor:bob
//! since:2h   since:2025-10-04   until:2025-10-04T12:30Z   on:2025-10-04      without an offset UTC; in the deck as it shows times
//! after.status:completed   before.qty>3   after.notes~text   after.task_id:null   after.notes~"two words"
//! after.tags[0]:x   after."a.b":1   after."":x        a key that could be taken for a path stands in quotes
//! after.v:"null"   after.qty:"3"   after.v:"a,b"      in quotes it is the text and nothing else
//! ```

mod conditions;
mod fits;
mod holding;
mod keys;
mod parse;
#[cfg(test)]
mod tests;

pub use crate::domain::filter::id_part::IdPart;
pub use crate::domain::filter::moment::Moment;
pub use crate::domain::filter::sign::Test;
pub use crate::domain::filter::text::{FilterFault, quoted};
pub use conditions::{Cost, Pushdown, is_row_id_start};
pub use fits::{Wildcard, changed_keys};
pub use holding::holding;
pub use keys::{ALL_KEYS, KeySpec};

use super::path::{self, Step, path_text};
use crate::domain::people::{MOST_OF_A_NAME, People};
use crate::domain::problem::{Kind, Problem};
use crate::domain::text;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::fmt;

/// A parsed filter. Printing it gives text that parses to the same filter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// The terms, in the order they were typed.
    pub terms: Vec<Term>,
}

/// One `key:value,value` of a filter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Term {
    /// Whether only records are wanted that do not fit.
    pub is_not: bool,
    /// The alternatives, all of one key; never empty.
    pub any: Vec<Atom>,
}

/// What one value of a filter asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Atom {
    /// Who did it.
    Actor(Person),
    /// Whose data it was.
    Subject(Person),
    /// The action; `*` is any run of characters.
    Action(String),
    /// The kind of actor.
    Type(ActorType),
    /// Not before this moment.
    Since(Moment),
    /// Not after this moment.
    Until(Moment),
    /// On this day.
    On(Moment),
    /// The records of one user action, by its id or the beginning of it; without one, those of none.
    Request(Option<IdPart>),
    /// The records of one row, or of all rows of a table.
    Row(RowRef),
    /// A field of that name changed.
    Changed(String),
    /// A text stands somewhere in the images or in the reason; `*` is any run of characters.
    Text(String),
    /// A value inside an image.
    Image(ImageTest),
}

/// A person in a filter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Person {
    /// An id of `auth.users`, or the beginning of one.
    Id(IdPart),
    /// Whoever reads.
    Me,
    /// Nobody: the column is null.
    None,
    /// A name or an e-mail address, still to be looked up.
    Named(String),
}

/// A row of a table in a filter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowRef {
    /// The table as actions name it.
    pub table: String,
    /// The row's `id`; absent for all of the table.
    pub id: Option<String>,
}

/// The kinds of actors, as the enum `actor_type` has them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ActorType {
    /// A person.
    User,
    /// The database itself or the service role.
    System,
    /// An assistant on behalf of a person.
    Ai,
}

/// A condition on a value inside the image before or after.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageTest {
    /// Which image.
    pub side: Side,
    /// The keys and array positions that lead to the value; never empty.
    pub path: Vec<Step>,
    /// How the value is compared.
    pub test: Test,
    /// With what, without quotes. `null` with `:` means that there is no value.
    pub value: String,
    /// Whether the value is a text although it reads like a number or like `null`: it was typed in quotes.
    pub is_text: bool,
}

/// Which image of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// `before_state`.
    Before,
    /// `after_state`.
    After,
}

/// What a record must be: one of these, or none of them. Terms of one key are one clause.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clause<'a> {
    /// Whether none of them may fit.
    pub is_not: bool,
    /// The alternatives.
    pub any: Vec<&'a Atom>,
}

impl ActorType {
    /// The word in the database.
    pub fn word(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::System => "system",
            Self::Ai => "ai",
        }
    }
}

impl Side {
    /// The column of the image.
    pub fn column(self) -> &'static str {
        match self {
            Self::Before => "before_state",
            Self::After => "after_state",
        }
    }

    /// The word in a filter.
    pub fn word(self) -> &'static str {
        match self {
            Self::Before => "before",
            Self::After => "after",
        }
    }
}

impl Filter {
    /// Whether nothing is filtered.
    pub fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    /// Whether a name or an e-mail address must be looked up before it can be asked for.
    pub fn names_somebody(&self) -> bool {
        self.atoms().any(|atom| {
            matches!(
                atom,
                Atom::Actor(Person::Named(_)) | Atom::Subject(Person::Named(_))
            )
        })
    }

    /// All that is asked for.
    pub fn atoms(&self) -> impl Iterator<Item = &Atom> {
        self.terms.iter().flat_map(|term| &term.any)
    }

    /// The filter with ids in place of names. A name that nobody has is a problem that says who is known.
    pub fn resolved(&self, people: &People) -> Result<Self, Problem> {
        let mut filter = self.clone();
        for term in &mut filter.terms {
            let mut any = Vec::with_capacity(term.any.len());
            for atom in std::mem::take(&mut term.any) {
                match atom {
                    Atom::Actor(Person::Named(name)) => {
                        any.extend(ids("actor", &name, people)?.map(Atom::Actor));
                    }
                    Atom::Subject(Person::Named(name)) => {
                        any.extend(ids("subject", &name, people)?.map(Atom::Subject));
                    }
                    other => any.push(other),
                }
            }
            term.any = any;
        }
        Ok(filter)
    }

    /// The same where a trail may keep other ids than those of users: a name that nobody is known by stays, and is compared as it is.
    #[must_use]
    pub fn resolved_where_known(&self, people: &People) -> Self {
        let mut filter = self.clone();
        for term in &mut filter.terms {
            let one = |atom: Atom| {
                let alone = Self {
                    terms: vec![Term {
                        is_not: false,
                        any: vec![atom.clone()],
                    }],
                };
                let found = alone.resolved(people).ok();
                let any = found.and_then(|mut found| found.terms.pop());
                let mut any = any.map_or_else(|| vec![atom.clone()], |term| term.any);
                // Somebody may be kept by the name as well as by the id.
                if !any.contains(&atom) {
                    any.push(atom);
                }
                any
            };
            term.any = std::mem::take(&mut term.any)
                .into_iter()
                .flat_map(one)
                .collect();
        }
        filter
    }

    /// The filter as it is meant in a zone: days and times without an offset are those of that zone.
    #[must_use]
    pub fn in_zone(&self, now: Timestamp, zone: &TimeZone) -> Self {
        let mut filter = self.clone();
        for atom in filter.terms.iter_mut().flat_map(|term| &mut term.any) {
            if let Atom::Since(moment) | Atom::Until(moment) | Atom::On(moment) = atom {
                *moment = moment.in_zone(now, zone);
            }
        }
        filter
    }

    /// This filter and another one, which takes the place of wanted values of the same key: beside them it would widen what is
    /// asked for. Nothing where no value gives way.
    pub fn narrowed(&self, other: &Self) -> Option<Self> {
        let gives_way = |term: &Term| {
            !term.is_not
                && other.terms.iter().filter(|one| !one.is_not).any(|one| {
                    let pair = (term.any.first(), one.any.first());
                    matches!(pair, (Some(own), Some(new)) if own.is_alternative(new))
                })
        };
        if !self.terms.iter().any(gives_way) {
            return None;
        }
        let kept = self.terms.iter().filter(|term| !gives_way(term));
        Some(Self {
            terms: kept.chain(&other.terms).cloned().collect(),
        })
    }

    /// What must hold, all of it. Wanted values of one key are alternatives.
    pub fn clauses(&self) -> Vec<Clause<'_>> {
        let mut clauses: Vec<Clause<'_>> = Vec::new();
        for term in &self.terms {
            let same = clauses.iter_mut().find(|clause| {
                let pair = (clause.any.first(), term.any.first());
                let is_same = matches!(pair, (Some(one), Some(other)) if one.is_alternative(other));
                is_same && !clause.is_not && !term.is_not
            });
            match same {
                Some(clause) => clause.any.extend(&term.any),
                None => clauses.push(Clause {
                    is_not: term.is_not,
                    any: term.any.iter().collect(),
                }),
            }
        }
        clauses
    }
}

fn ids(
    key: &str,
    name: &str,
    people: &People,
) -> Result<impl Iterator<Item = Person> + use<>, Problem> {
    let found = people.find(name);
    // Fewer of them would be other records.
    if found.len() > MOST_OF_A_NAME {
        return Err(Problem::new(
            Kind::Usage,
            format!("`{key}:{}` is {} people.", text::cell(name), found.len()),
            format!("A filter asks for {MOST_OF_A_NAME} of one name at most."),
        )
        .with_hint("Type more of the name, an e-mail address, or an id."));
    }
    if !found.is_empty() {
        let ids: Vec<IdPart> = found.iter().filter_map(|id| IdPart::parse(id)).collect();
        return Ok(ids.into_iter().map(Person::Id));
    }
    let shown = text::cell(name);
    let why = match people.len() {
        0 => "No names are known here.".to_owned(),
        1 => "One person is known here by name.".to_owned(),
        known => format!("{known} people are known here by name."),
    };
    let hint = match people.meant(name) {
        Some(meant) => format!("Did you mean `{key}:{}`?", quoted(meant)),
        None => format!(
            "`{key}:` takes a name or an e-mail address that is known here, `me`, `none`, an id, or the first eight \
             characters of one."
        ),
    };
    Err(Problem::new(Kind::Usage, format!("`{key}:{shown}` is not a user."), why).with_hint(hint))
}

impl Atom {
    /// Whether both are values of one key of which any may hold.
    fn is_alternative(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Image(one), Self::Image(other)) => {
                one.test == Test::Is
                    && other.test == Test::Is
                    && one.side == other.side
                    && one.path == other.path
            }
            // An end of a span is one.
            (Self::Since(_) | Self::Until(_), _) => false,
            _ => std::mem::discriminant(self) == std::mem::discriminant(other),
        }
    }

    /// The key with its sign.
    fn key(&self) -> String {
        match self {
            Self::Actor(_) => "actor:".to_owned(),
            Self::Subject(_) => "subject:".to_owned(),
            Self::Action(_) => "action:".to_owned(),
            Self::Type(_) => "type:".to_owned(),
            Self::Since(_) => "since:".to_owned(),
            Self::Until(_) => "until:".to_owned(),
            Self::On(_) => "on:".to_owned(),
            Self::Request(_) => "request:".to_owned(),
            Self::Row(_) => "row:".to_owned(),
            Self::Changed(_) => "changed:".to_owned(),
            Self::Text(_) => "text:".to_owned(),
            Self::Image(test) => format!(
                "{}.{}{}",
                test.side.word(),
                path_text(&test.path),
                test.test.sign()
            ),
        }
    }

    /// The value as it has to be typed.
    fn value(&self) -> String {
        match self {
            Self::Actor(person) | Self::Subject(person) => person.to_string(),
            Self::Action(text) | Self::Text(text) => quoted(text),
            // In quotes a dot is part of the name.
            Self::Changed(name) => path::key_text(name),
            Self::Type(kind) => kind.word().to_owned(),
            Self::Since(moment) | Self::Until(moment) | Self::On(moment) => quoted(moment.typed()),
            Self::Request(id) => id.as_ref().map_or("none", IdPart::text).to_owned(),
            Self::Row(row) => quoted(&row.to_string()),
            Self::Image(test) if test.is_text => path::quoted(&test.value, |_| false),
            Self::Image(test) => quoted(&test.value),
        }
    }
}

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, term) in self.terms.iter().enumerate() {
            if index > 0 {
                f.write_str(" ")?;
            }
            write!(f, "{term}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let values: Vec<String> = self.any.iter().map(Atom::value).collect();
        let key = self.any.first().map(Atom::key).unwrap_or_default();
        let sign = if self.is_not { "-" } else { "" };
        write!(f, "{sign}{key}{}", values.join(","))
    }
}

impl fmt::Display for Person {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Id(id) => f.write_str(id.text()),
            Self::Me => f.write_str("me"),
            Self::None => f.write_str("none"),
            // In quotes it is a name and nothing else.
            Self::Named(name)
                if name == "me" || name == "none" || IdPart::parse(name).is_some() =>
            {
                f.write_str(&path::quoted(name, |_| false))
            }
            Self::Named(name) => f.write_str(&quoted(name)),
        }
    }
}

impl fmt::Display for RowRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.id {
            Some(id) => write!(f, "{}/{id}", self.table),
            None => f.write_str(&self.table),
        }
    }
}
