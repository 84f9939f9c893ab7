//! A column of a table: what is known of it, what kind of values it holds, and how it is named to the REST interface.

use crate::domain::in_quotes::in_quotes;
use serde::{Deserialize, Serialize};

/// A column.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ColumnInfo {
    /// Its name.
    pub name: String,
    /// Its type as Postgres writes it, such as `numeric(10,2)`; empty where it is not known.
    #[serde(rename = "type")]
    pub data_type: String,
    /// The type that a domain is made of, and the type itself without its modifiers, such as `numeric`.
    pub base_type: String,
    /// Whether it may be null.
    pub nullable: bool,
    /// Its default, as an expression.
    pub default: Option<String>,
    /// The values of an enum, in their order.
    pub values: Vec<String>,
    /// Whether its value is always computed: a generated column, or an identity that takes no other.
    pub is_generated: bool,
    /// Whether who reads may read it; absent where that is not known.
    pub may_select: Option<bool>,
    /// Whether who reads may give it in a new row.
    pub may_insert: Option<bool>,
    /// Whether who reads may change it.
    pub may_update: Option<bool>,
    /// What its comment says.
    pub comment: Option<String>,
}

/// The kind of a column's values: how they are compared, aligned and typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnKind {
    /// Numbers without a fraction, of so many bits.
    Integer(u32),
    /// Other numbers.
    Number,
    /// True or false.
    Boolean,
    /// Text.
    Text,
    /// UUIDs.
    Uuid,
    /// Days.
    Date,
    /// Moments without a zone.
    LocalTime,
    /// Moments.
    Moment,
    /// JSON that can be compared (`jsonb`).
    Jsonb,
    /// JSON as text (`json`).
    Json,
    /// Bytes.
    Bytes,
    /// One of the values of an enum.
    Enum,
    /// An array.
    Array,
    /// Whatever else Postgres knows.
    Other,
    /// Nothing is known of it.
    Unknown,
}

impl ColumnInfo {
    /// A column of which only the name is known.
    pub fn unknown(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            nullable: true,
            ..Self::default()
        }
    }

    /// The kind of its values.
    pub fn kind(&self) -> ColumnKind {
        let base = self.base_type.as_str();
        if base.is_empty() {
            return ColumnKind::Unknown;
        }
        if base.ends_with("[]") {
            return ColumnKind::Array;
        }
        if !self.values.is_empty() {
            return ColumnKind::Enum;
        }
        match base {
            "smallint" | "int2" => ColumnKind::Integer(16),
            "integer" | "int4" | "int" => ColumnKind::Integer(32),
            "bigint" | "int8" => ColumnKind::Integer(64),
            "numeric" | "real" | "double precision" | "float4" | "float8" => ColumnKind::Number,
            "boolean" | "bool" => ColumnKind::Boolean,
            "text" | "character varying" | "character" | "varchar" | "bpchar" | "citext"
            | "name" | "extensions.citext" | "public.citext" => ColumnKind::Text,
            "uuid" => ColumnKind::Uuid,
            "date" => ColumnKind::Date,
            "timestamp without time zone" | "timestamp" => ColumnKind::LocalTime,
            "timestamp with time zone" | "timestamptz" => ColumnKind::Moment,
            "jsonb" => ColumnKind::Jsonb,
            "json" => ColumnKind::Json,
            "bytea" => ColumnKind::Bytes,
            _ => ColumnKind::Other,
        }
    }
}

impl ColumnKind {
    /// Whether its values stand on the right of their column.
    pub fn is_number(self) -> bool {
        matches!(self, Self::Integer(_) | Self::Number)
    }

    /// Whether a row can be found again by a value of it: what the REST interface writes is what it reads, and Postgres can
    /// say which of two values is the greater.
    pub fn is_ordered(self) -> bool {
        !matches!(
            self,
            Self::Json | Self::Jsonb | Self::Array | Self::Bytes | Self::Other
        )
    }
}

/// A column's name as the REST interface reads it: as it is, or in double quotes where it could be taken for something else.
/// Blanks inside a name go without quotes: not every server knows them everywhere.
pub fn column_text(name: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || matches!(c, '_' | ' ');
    if !name.is_empty() && name.trim() == name && name.chars().all(is_plain) {
        return name.to_owned();
    }
    in_quotes(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_is_known_by_either_of_its_names() {
        let kind = |base: &str| {
            let base_type = base.to_owned();
            ColumnInfo {
                base_type,
                ..ColumnInfo::default()
            }
            .kind()
        };
        assert_eq!(kind("int8"), kind("bigint"));
        assert_eq!(kind("timestamptz"), ColumnKind::Moment);
        assert_eq!(kind("text[]"), ColumnKind::Array);
        assert_eq!(kind("int4range"), ColumnKind::Other);
        assert_eq!(kind(""), ColumnKind::Unknown);
    }

    #[test]
    fn only_a_plain_name_goes_without_quotes() {
        for (name, text) in [
            ("qty", "qty"),
            ("größe", "größe"),
            ("a b", "a b"),
            (" a", "\" a\""),
            ("a-b", "\"a-b\""),
            ("a.b", "\"a.b\""),
            ("a->>b", "\"a->>b\""),
            ("x\"y\\z", "\"x\\\"y\\\\z\""),
            ("a,b(c):d", "\"a,b(c):d\""),
            ("42", "42"),
            ("", "\"\""),
        ] {
            assert_eq!(column_text(name), text);
        }
    }
}
