//! A picture of a database's catalog: every object that a migration can change, with its properties in words.
//! Pure: the picture is read elsewhere, here it is only kept in order and compared.

pub mod difference;
#[cfg(test)]
mod tests;

use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// The kinds of objects, in the order in which people read about them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A schema.
    Schema,
    /// An extension; what belongs to it is left out of the picture.
    Extension,
    /// An enum, composite, domain or range.
    Type,
    /// A sequence with its parameters, without its value.
    Sequence,
    /// A table, partitioned or not.
    Table,
    /// A foreign table.
    ForeignTable,
    /// A column of a table, view or composite.
    Column,
    /// A constraint of a table or a domain.
    Constraint,
    /// An index.
    Index,
    /// A view.
    View,
    /// A materialized view.
    MaterializedView,
    /// A function, procedure, aggregate or window function.
    Function,
    /// A trigger.
    Trigger,
    /// A policy of Row Level Security.
    Policy,
    /// A rewrite rule other than that of a view.
    Rule,
    /// Extended statistics.
    Statistics,
    /// An operator.
    Operator,
    /// A cast.
    Cast,
    /// A collation.
    Collation,
    /// An event trigger.
    EventTrigger,
    /// A publication.
    Publication,
    /// A foreign data wrapper's server.
    Server,
    /// Privileges that future objects get.
    DefaultPrivileges,
    /// A role that the API or a grant of this database names: its attributes, memberships and settings.
    Role,
    /// Settings that every role has, in this database or everywhere.
    Settings,
}

const WORDS: [(Kind, &str); 25] = [
    (Kind::Schema, "schema"),
    (Kind::Extension, "extension"),
    (Kind::Type, "type"),
    (Kind::Sequence, "sequence"),
    (Kind::Table, "table"),
    (Kind::ForeignTable, "foreign table"),
    (Kind::Column, "column"),
    (Kind::Constraint, "constraint"),
    (Kind::Index, "index"),
    (Kind::View, "view"),
    (Kind::MaterializedView, "materialized view"),
    (Kind::Function, "function"),
    (Kind::Trigger, "trigger"),
    (Kind::Policy, "policy"),
    (Kind::Rule, "rule"),
    (Kind::Statistics, "statistics"),
    (Kind::Operator, "operator"),
    (Kind::Cast, "cast"),
    (Kind::Collation, "collation"),
    (Kind::EventTrigger, "event trigger"),
    (Kind::Publication, "publication"),
    (Kind::Server, "server"),
    (Kind::DefaultPrivileges, "default privileges"),
    (Kind::Role, "role"),
    (Kind::Settings, "settings"),
];

impl Kind {
    /// The word for the kind.
    pub fn word(self) -> &'static str {
        WORDS
            .iter()
            .find(|(kind, _)| *kind == self)
            .map_or("object", |(_, word)| word)
    }

    /// The kind of a word.
    pub fn of(word: &str) -> Option<Self> {
        WORDS
            .iter()
            .find(|(_, own)| *own == word)
            .map(|(kind, _)| *kind)
    }
}

/// Which object: kind, the table it belongs to, and its name. Names are quoted as SQL wants them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Object {
    /// The kind.
    pub kind: Kind,
    /// The qualified table, view or domain that a column, constraint, index, trigger, policy or rule belongs to.
    pub on: Option<String>,
    /// Qualified by its schema, except where `on` is.
    pub name: String,
}

impl fmt::Display for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (word, name) = (self.kind.word(), &self.name);
        match (&self.on, self.kind) {
            (Some(table), Kind::Column) => write!(f, "{word} {table}.{name}"),
            (Some(table), _) => write!(f, "{word} {name} on {table}"),
            (None, _) => write!(f, "{word} {name}"),
        }
    }
}

/// What is said about an object, by the name of the property: `type`, `definition`, `comment`, `grant anon`.
pub type Properties = BTreeMap<String, String>;

/// Which entry of the catalogs an object is: it stays the same when the object is renamed or moved, and one that is made
/// again has another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Identity {
    /// The catalog that it stands in.
    pub catalog: u32,
    /// Its number there.
    pub id: u32,
    /// The number of a column in its table; zero for everything else.
    pub part: i32,
}

/// Every object with its properties.
#[derive(Debug, Clone, Default)]
pub struct Snapshot {
    /// In the order of [`Kind`], then by table and name.
    pub objects: BTreeMap<Object, Properties>,
    /// Which entry of the catalogs each of them is. Two pictures with the same objects are equal whatever these are.
    pub identities: BTreeMap<Object, Identity>,
}

impl PartialEq for Snapshot {
    fn eq(&self, other: &Self) -> bool {
        self.objects == other.objects
    }
}

impl Eq for Snapshot {}

impl Snapshot {
    /// Whether an object is in the picture.
    pub fn has(&self, object: &Object) -> bool {
        self.objects.contains_key(object)
    }

    /// The numbers of everything in it, whatever catalog each stands in.
    pub fn ids(&self) -> BTreeSet<u32> {
        self.identities.values().map(|one| one.id).collect()
    }
}
