//! The name of a table, view, index or function as a file writes it, and when two of them mean the same object.

use super::tree;
use squawk_syntax::{SyntaxKind, SyntaxNode};
use std::fmt;

/// Schemas that PostgREST exposes by default.
const EXPOSED: [&str; 2] = ["public", "graphql_public"];

/// Stands in dynamic SQL for a name that is only known at run time.
pub const AT_RUN_TIME: &str = "a name of run time";

/// Stands in dynamic SQL for a value that is only known at run time. It is a query, because a value can be the body of a function,
/// and then it is parsed as one.
pub const VALUE_AT_RUN_TIME: &str = "select a_value_of_run_time";

/// A name with or without its schema; unquoted parts are in lower case.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name {
    schema: Option<String>,
    object: String,
}

impl Name {
    /// The name that a node holds, such as a `TABLE_NAME_REF`.
    pub fn of(node: &SyntaxNode) -> Self {
        Self::from_parts(&tree::name_parts(node))
    }

    /// The table of a qualified column.
    pub fn of_column(node: &SyntaxNode) -> Self {
        let parts = tree::name_parts(node);
        Self::from_parts(&parts[..parts.len().saturating_sub(1)])
    }

    /// The first name of a kind below a node.
    pub fn within(node: &SyntaxNode, kind: SyntaxKind) -> Self {
        tree::below(node, kind).map_or_else(|| Self::from_parts(&[]), |found| Self::of(&found))
    }

    /// Another object in the schema of this one, when it has no schema itself.
    pub fn sibling(&self, other: &Self) -> Self {
        Self {
            schema: other.schema.clone().or_else(|| self.schema.clone()),
            object: other.object.clone(),
        }
    }

    fn from_parts(parts: &[String]) -> Self {
        Self {
            schema: (parts.len() > 1).then(|| parts[parts.len() - 2].clone()),
            object: parts.last().cloned().unwrap_or_default(),
        }
    }

    /// Without `public`, where names without a schema are looked for: equal keys mean the same object.
    pub fn key(&self) -> Self {
        Self {
            schema: self.schema.clone().filter(|schema| schema != "public"),
            object: self.object.clone(),
        }
    }

    /// Whether the API shows what is in its schema. A name without a schema counts as being in `public`.
    pub fn is_exposed(&self) -> bool {
        self.schema
            .as_ref()
            .is_none_or(|schema| Self::is_shown(schema))
    }

    /// Whether the API shows a schema.
    pub fn is_shown(schema: &str) -> bool {
        EXPOSED.contains(&schema)
    }

    /// Whether it is itself the name of a schema that the API shows.
    pub fn is_exposed_schema(&self) -> bool {
        EXPOSED.contains(&self.object.as_str())
    }

    /// Whether it is written with this schema.
    pub fn is_in(&self, schema: &str) -> bool {
        self.schema.as_deref() == Some(schema)
    }

    /// Whether it has no schema, so that it can be a name of the query itself.
    pub fn is_bare(&self) -> bool {
        self.schema.is_none()
    }

    /// The last part.
    pub fn object(&self) -> &str {
        &self.object
    }
}

impl From<&Name> for String {
    fn from(name: &Name) -> Self {
        name.to_string()
    }
}

impl From<Name> for String {
    fn from(name: Name) -> Self {
        name.to_string()
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.schema {
            Some(schema) => write!(f, "{schema}.{}", self.object),
            None => f.write_str(&self.object),
        }
    }
}
