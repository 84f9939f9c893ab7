//! What the catalogs say about a schema.

use serde::Deserialize;

/// One schema of a database.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
pub struct Catalog {
    /// The schema's name.
    pub schema: String,
    /// The types that are used, of whatever schema, and those that they are made of.
    pub types: Vec<DataType>,
    /// Tables and views.
    pub relations: Vec<Relation>,
    /// The foreign keys of every schema.
    pub keys: Vec<ForeignKey>,
    /// The definitions of the views, and of the views that they are made of.
    pub views: Vec<ViewDefinition>,
    /// Functions; which of them a client can call is for the generators to say.
    pub functions: Vec<Function>,
}

/// The number of a type in `pg_type`, of a relation in `pg_class`.
pub type Oid = u32;

/// A type.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
pub struct DataType {
    /// Its number.
    pub id: Oid,
    /// Its name in `pg_type`.
    pub name: String,
    /// `typtype`: b for base, c for composite, d for a domain, e for an enum, p for a pseudo-type, r and m for ranges.
    pub kind: char,
    /// Whether it belongs to the schema itself.
    pub is_own: bool,
    /// Its name as `format_type` writes it: with its schema where that is not on the search path.
    pub format: String,
    /// The element, where this is the array type of another one.
    pub element: Option<Oid>,
    /// The element of whatever becomes a JSON array: of arrays and of `int2vector` and `oidvector`.
    pub items: Option<Oid>,
    /// What a domain is made from.
    pub base: Option<Oid>,
    /// The values of an enum, in their order.
    pub values: Vec<String>,
    /// The relation whose row type it is.
    pub relation: Option<Oid>,
    /// The parts of a composite type or of a row, in their order.
    pub attributes: Vec<Attribute>,
    /// Whether Postgres turns it into JSON by a cast of its extension.
    pub has_json: bool,
}

/// A part of a composite type.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Attribute {
    /// Its name.
    pub name: String,
    /// Its type.
    #[serde(rename = "type")]
    pub data_type: Oid,
}

/// A table or a view.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Relation {
    /// Its number.
    pub id: Oid,
    /// Its name.
    pub name: String,
    /// Whether it is a view, materialized or not.
    pub is_view: bool,
    /// Whether rows can be inserted: into tables, and into some views.
    pub takes_inserts: bool,
    /// Whether rows can be updated.
    pub takes_updates: bool,
    /// Its columns, in their order.
    pub columns: Vec<Column>,
    /// Its check constraints, as Postgres prints them.
    pub checks: Vec<String>,
}

/// A column.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Column {
    /// Its number in the relation.
    pub number: i16,
    /// Its name.
    pub name: String,
    /// Its type.
    #[serde(rename = "type")]
    pub data_type: Oid,
    /// Whether it may be null. Postgres says that of every column of a view; the definition of the view may know better.
    pub nullable: bool,
    /// Whether an insert may leave it out, apart from being nullable.
    pub has_default: bool,
    /// Whether it can be written at all; a generated column cannot.
    pub writable: bool,
}

/// A foreign key.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ForeignKey {
    /// The constraint's name.
    pub name: String,
    /// Whether the referencing table belongs to the schema itself.
    pub is_own: bool,
    /// The referencing table.
    pub relation: Oid,
    /// The referencing columns.
    pub columns: Vec<KeyColumn>,
    /// Whether the referenced table belongs to the schema itself.
    pub refers_to_own: bool,
    /// The referenced table.
    pub referenced: Oid,
    /// The referenced table's name.
    pub referenced_name: String,
    /// The referenced columns.
    pub referenced_columns: Vec<KeyColumn>,
    /// Whether at most one row references each row.
    pub is_one_to_one: bool,
}

/// A column of a foreign key.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct KeyColumn {
    /// Its number in its table.
    pub number: i16,
    /// Its name.
    pub name: String,
}

/// How a view is defined.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ViewDefinition {
    /// The view.
    pub id: Oid,
    /// Whether PostgREST looks through this view for foreign keys.
    pub is_followed: bool,
    /// `pg_rewrite.ev_action`: the query as a `pg_node_tree`.
    pub definition: String,
    /// The columns that it reads and that are never null in their own relation.
    pub required: Vec<ColumnNumber>,
}

/// A column by its relation and its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
pub struct ColumnNumber {
    /// The relation.
    pub relation: Oid,
    /// The number.
    pub number: i16,
}

/// A function.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Function {
    /// Its name.
    pub name: String,
    /// Its arguments as Postgres prints them.
    pub signature: String,
    /// Its arguments of every mode, in their order.
    pub arguments: Vec<Argument>,
    /// How many of the last input arguments have a default.
    pub defaults: usize,
    /// What it returns.
    pub returns: Oid,
    /// Whether it returns rows, not one value.
    pub returns_set: bool,
    /// Whether more than one row is expected: of a set, unless it is declared with `rows 1`.
    pub returns_several: bool,
}

/// An argument.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Argument {
    /// Its name, empty where it has none.
    pub name: String,
    /// `proargmodes`: i for in, o for out, b for both, v for variadic, t for a column of the result.
    pub mode: char,
    /// Its type.
    #[serde(rename = "type")]
    pub data_type: Oid,
}

impl Argument {
    /// Whether a caller gives it.
    pub(super) fn is_input(&self) -> bool {
        matches!(self.mode, 'i' | 'b' | 'v')
    }
}

impl Catalog {
    /// A type by its number. The types are sorted.
    pub(super) fn data_type(&self, id: Oid) -> Option<&DataType> {
        let at = self.types.binary_search_by_key(&id, |one| one.id).ok()?;
        self.types.get(at)
    }

    /// A relation of the schema by its number.
    pub(super) fn relation(&self, id: Oid) -> Option<&Relation> {
        self.relations.iter().find(|one| one.id == id)
    }

    /// The schema's own types of a kind, by name.
    pub(super) fn own_types(&self, is_meant: impl Fn(&DataType) -> bool) -> Vec<&DataType> {
        let mut found: Vec<_> = self
            .types
            .iter()
            .filter(|one| one.is_own && is_meant(one))
            .collect();
        found.sort_by(|a, b| a.name.cmp(&b.name));
        found
    }

    /// The schema's own enums that have values, by name.
    pub(super) fn enums(&self) -> Vec<&DataType> {
        self.own_types(|one| one.kind == 'e' && !one.values.is_empty())
    }

    /// The schema's own composite types that are no row types and have attributes, by name.
    pub(super) fn composites(&self) -> Vec<&DataType> {
        self.own_types(DataType::is_composite)
    }
}

impl DataType {
    /// Whether it is a composite type with attributes that is no row type.
    pub(super) fn is_composite(&self) -> bool {
        self.kind == 'c' && self.relation.is_none() && !self.attributes.is_empty()
    }
}
