//! What the catalogs of a database say about a schema, as far as types for a program can be made from it.
//! The generators are pure: the same catalog gives the same text, whoever created it and in whatever order.

use serde::Deserialize;

mod bounds;
mod typescript;
mod zod;

#[cfg(test)]
mod tests;

/// A language that types are generated for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// Zod schemas, checked while a program runs.
    Zod,
    /// The `Database` type of supabase-js.
    TypeScript,
}

/// One schema of a database.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
pub struct Catalog {
    /// The schema's name.
    pub schema: String,
    /// Enum types, by name.
    pub enums: Vec<Enum>,
    /// Tables and views, by name.
    pub relations: Vec<Relation>,
    /// Functions that a client can call, by name.
    pub functions: Vec<Function>,
}

/// An enum type.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Enum {
    /// The type's name.
    pub name: String,
    /// Its values, in their order.
    pub values: Vec<String>,
}

/// A table or a view.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Relation {
    /// Its name.
    pub name: String,
    /// Whether it is a view: then nothing about writing it is generated.
    pub is_view: bool,
    /// Its columns, in their order.
    pub columns: Vec<Column>,
    /// Its foreign keys to tables of the same schema, by name.
    pub foreign_keys: Vec<ForeignKey>,
    /// Its check constraints, as Postgres prints them.
    pub checks: Vec<String>,
}

/// A column.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Its type.
    #[serde(rename = "type")]
    pub kind: ColumnType,
    /// Whether it may be null. A view's columns always may, because Postgres does not know better.
    pub nullable: bool,
    /// Whether an insert may leave it out, apart from being nullable.
    pub has_default: bool,
    /// Whether it can be written at all; a generated column cannot.
    pub writable: bool,
}

/// A type, as the catalog names it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ColumnType {
    /// The name in `pg_type`, of the element for an array, of the base type for a domain.
    pub name: String,
    /// Whether the type is an enum of the same schema.
    pub is_enum: bool,
    /// Whether it is an array of `name`.
    pub is_array: bool,
}

/// A foreign key, as supabase-js describes it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ForeignKey {
    /// The constraint's name.
    pub name: String,
    /// The referencing columns.
    pub columns: Vec<String>,
    /// The referenced table.
    pub table: String,
    /// The referenced columns.
    pub referenced: Vec<String>,
    /// Whether at most one row references each row.
    pub is_one_to_one: bool,
}

/// A function.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Function {
    /// Its name.
    pub name: String,
    /// Its input arguments, by name; a function with an unnamed one cannot be called by name.
    pub arguments: Vec<Argument>,
    /// What it returns.
    pub returns: ColumnType,
    /// Whether it returns rows, not one value.
    pub returns_set: bool,
    /// The relation whose row type it returns.
    pub returns_relation: Option<String>,
    /// Whether it returns nothing.
    pub returns_void: bool,
}

/// An input argument.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Argument {
    /// Its name.
    pub name: String,
    /// Its type.
    #[serde(rename = "type")]
    pub kind: ColumnType,
    /// Whether it may be left out.
    pub has_default: bool,
}

/// What a type is to a JSON client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    Boolean,
    /// A JSON number without fraction.
    Integer,
    /// A JSON number. `numeric` and `bigint` are numbers too, because PostgREST sends them as numbers: a program that needs
    /// more than 53 bits has to cast the column to text in its query, whatever its types say.
    Number,
    Text,
    Uuid,
    Date,
    /// A point in time with its offset.
    Moment,
    /// A date and time without offset.
    LocalTime,
    Json,
    /// Something that these generators do not know.
    Unknown,
}

impl ColumnType {
    fn shape(&self) -> Shape {
        match self.name.as_str() {
            "bool" => Shape::Boolean,
            "int2" | "int4" | "int8" | "oid" => Shape::Integer,
            "float4" | "float8" | "numeric" => Shape::Number,
            "uuid" => Shape::Uuid,
            "date" => Shape::Date,
            "timestamptz" => Shape::Moment,
            "timestamp" => Shape::LocalTime,
            "json" | "jsonb" => Shape::Json,
            "text" | "varchar" | "bpchar" | "char" | "name" | "citext" | "inet" | "cidr"
            | "macaddr" | "bytea" | "time" | "timetz" | "interval" | "money" | "tsvector"
            | "tsquery" | "xml" | "bit" | "varbit" | "int4range" | "int8range" | "numrange"
            | "tsrange" | "tstzrange" | "daterange" => Shape::Text,
            _ => Shape::Unknown,
        }
    }
}

impl Catalog {
    /// Generates the types of this schema.
    pub fn generate(&self, language: Language) -> String {
        let sorted = self.sorted();
        match language {
            Language::Zod => zod::generate(&sorted),
            Language::TypeScript => typescript::generate(&sorted),
        }
    }

    /// The same catalog, ordered by name, so that the text does not depend on a collation or on the order of creation.
    fn sorted(&self) -> Self {
        let mut catalog = self.clone();
        catalog.enums.sort_by(|a, b| a.name.cmp(&b.name));
        catalog.relations.sort_by(|a, b| a.name.cmp(&b.name));
        catalog.functions.sort_by(|a, b| a.name.cmp(&b.name));
        for relation in &mut catalog.relations {
            relation.foreign_keys.sort_by(|a, b| a.name.cmp(&b.name));
            relation.checks.sort();
        }
        catalog
    }
}

/// A text as a string literal of JavaScript; JSON's literals are a subset of it since ECMAScript 2019.
fn literal(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// A name as a property: bare where it is an identifier, quoted elsewhere.
fn property(name: &str) -> String {
    let mut chars = name.chars();
    let is_start = |c: char| c.is_ascii_alphabetic() || c == '_' || c == '$';
    let is_identifier =
        chars.next().is_some_and(is_start) && chars.all(|c| is_start(c) || c.is_ascii_digit());
    if is_identifier {
        name.to_owned()
    } else {
        literal(name)
    }
}

/// The first line of every generated file.
fn heading(language: &str) -> String {
    format!(
        "// Generated by `supadeck types {language}`. Do not edit: change the schema and generate again.\n"
    )
}
