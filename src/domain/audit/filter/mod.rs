//! The filter of the audit list as people type it: `action:plan_item.* since:2h after.status:completed`.
//! Used by `audit list --where` and by `/` on the screen. Terms of one key are alternatives; different keys must all hold.
//!
//! ```text
//! actor:ID|me|none   subject:ID|me|none   action:plan_item.*   type:user|system|ai   correlation:ID
//! since:2h   since:2025-10-04   until:2025-10-04T12:30Z        times without an offset are UTC
//! after.status:completed   before.qty>3   after.notes~text   after.task_id:null   after.notes~"two words"
//! after.tags[0]:x   after."a.b":1   after."":x        a key that could be taken for a path stands in quotes
//! after.v:"null"   after.qty:"3"                      in quotes it is the text and nothing else
//! ```

mod conditions;
mod moment;
mod parse;
#[cfg(test)]
mod tests;

pub use moment::Moment;

use super::path::{self, Step, path_text};
use std::fmt;

/// A parsed filter. Printing it gives text that parses to the same filter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// The terms, in the order they were typed.
    pub terms: Vec<Term>,
}

/// One `key:value` of a filter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Term {
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
    /// The records of one user action, by its id.
    Correlation(String),
    /// A value inside an image.
    State(StateTerm),
}

/// A person in a filter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Person {
    /// An id of `auth.users`.
    Id(String),
    /// Whoever reads.
    Me,
    /// Nobody: the column is null.
    None,
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
pub struct StateTerm {
    /// Which image.
    pub side: Side,
    /// The keys and array positions that lead to the value; never empty.
    pub path: Vec<Step>,
    /// How the value is compared.
    pub test: Test,
    /// With what, without quotes. `null` with `:` and `!=` means that there is no value.
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

/// How a value inside an image is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Test {
    /// `:` equal; numbers by value.
    Is,
    /// `!=` not equal, or not there.
    IsNot,
    /// `>`.
    Above,
    /// `>=`.
    AtLeast,
    /// `<`.
    Below,
    /// `<=`.
    AtMost,
    /// `~` contains, without regard to case; `*` is any run of characters.
    Contains,
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

impl Test {
    /// The sign in a filter.
    pub fn sign(self) -> &'static str {
        match self {
            Self::Is => ":",
            Self::IsNot => "!=",
            Self::Above => ">",
            Self::AtLeast => ">=",
            Self::Below => "<",
            Self::AtMost => "<=",
            Self::Contains => "~",
        }
    }
}

impl Filter {
    /// Whether nothing is filtered.
    pub fn is_empty(&self) -> bool {
        self.terms.is_empty()
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

impl fmt::Display for Person {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Id(id) => f.write_str(id),
            Self::Me => f.write_str("me"),
            Self::None => f.write_str("none"),
        }
    }
}

impl fmt::Display for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Actor(person) => write!(f, "actor:{person}"),
            Self::Subject(person) => write!(f, "subject:{person}"),
            Self::Action(pattern) => write!(f, "action:{}", quoted(pattern)),
            Self::Type(kind) => write!(f, "type:{}", kind.word()),
            Self::Since(moment) => write!(f, "since:{}", quoted(moment.typed())),
            Self::Until(moment) => write!(f, "until:{}", quoted(moment.typed())),
            Self::Correlation(id) => write!(f, "correlation:{id}"),
            Self::State(term) => write!(
                f,
                "{}.{}{}{}",
                term.side.word(),
                path_text(&term.path),
                term.test.sign(),
                if term.is_text {
                    path::quoted(&term.value, |_| false)
                } else {
                    quoted(&term.value)
                }
            ),
        }
    }
}

/// The value as it has to be typed: in quotes where it would otherwise be cut or read differently.
fn quoted(value: &str) -> String {
    let is_plain = !value.is_empty()
        && !value
            .chars()
            .any(|c| c.is_whitespace() || matches!(c, '"' | '\\'));
    if is_plain {
        return value.to_owned();
    }
    path::quoted(value, |_| false)
}
