//! The name of a table with its schema, as people type and read it.

use crate::domain::audit::path::{is_key_char, key_text, read_quoted};
use crate::domain::problem::{Kind, Problem};
use crate::domain::text;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The schema of a name without one.
pub const PUBLIC: &str = "public";

/// A table's schema and name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TableName {
    /// The schema.
    pub schema: String,
    /// The name.
    pub name: String,
}

impl TableName {
    /// A table of a schema.
    pub fn new(schema: impl Into<String>, name: impl Into<String>) -> Self {
        Self {
            schema: schema.into(),
            name: name.into(),
        }
    }

    /// Reads `goal`, `private.goal` or `"odd.schema"."odd name"`. Without quotes every character stands for itself, so that a
    /// name with blanks needs none; only a dot separates.
    pub fn parse(typed: &str) -> Result<Self, Problem> {
        let (first, rest) = part(typed)?;
        let found = match rest.strip_prefix('.') {
            None if rest.is_empty() => Self::new(PUBLIC, first),
            Some(rest) => {
                let (second, rest) = part(rest)?;
                if !rest.is_empty() {
                    return Err(wrong(typed));
                }
                Self::new(first, second)
            }
            None => return Err(wrong(typed)),
        };
        if found.schema.is_empty() || found.name.is_empty() || typed.contains('\0') {
            return Err(wrong(typed));
        }
        Ok(found)
    }

    /// Whether it is in the schema of names without one.
    pub fn is_public(&self) -> bool {
        self.schema == PUBLIC
    }
}

/// A name up to the next dot, without its quotes, and what follows it.
fn part(typed: &str) -> Result<(String, &str), Problem> {
    if let Some(inner) = typed.strip_prefix('"') {
        let mut chars = inner.chars();
        let name = read_quoted(&mut chars).ok_or_else(|| wrong(typed))?;
        return Ok((name, chars.as_str()));
    }
    let end = typed.find('.').unwrap_or(typed.len());
    let (name, rest) = typed.split_at(end);
    Ok((name.to_owned(), rest))
}

fn wrong(typed: &str) -> Problem {
    Problem::new(
        Kind::Usage,
        format!("`{}` is not the name of a table.", text::cell(typed)),
        "It is a name, or a schema, a dot and a name. A name with a dot in it stands in double quotes.",
    )
    .with_hint("For example `goal`, `api.goal` or `public.\"odd.name\"`.")
}

impl fmt::Display for TableName {
    /// As it has to be typed; the schema `public` goes without saying.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let part = |name: &str| {
            if !name.is_empty() && name.chars().all(|c| is_key_char(c) || c == ' ') {
                name.to_owned()
            } else {
                key_text(name)
            }
        };
        if self.is_public() {
            return f.write_str(&part(&self.name));
        }
        write!(f, "{}.{}", part(&self.schema), part(&self.name))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_dot_separates_unless_it_stands_in_quotes() {
        for (typed, schema, name) in [
            ("goal", "public", "goal"),
            ("api.goal", "api", "goal"),
            ("public.\"a.b\"", "public", "a.b"),
            ("\"a.b\"", "public", "a.b"),
            ("Weird Name", "public", "Weird Name"),
        ] {
            assert_eq!(
                TableName::parse(typed).unwrap(),
                TableName::new(schema, name)
            );
        }
        for typed in ["", ".", "a.", ".a", "a.b.c", "\"a", "\"a\"b"] {
            assert_eq!(
                TableName::parse(typed).unwrap_err().kind,
                Kind::Usage,
                "{typed}"
            );
        }
    }

    proptest! {
        #[test]
        fn what_is_shown_can_be_typed(schema in "[a-zA-Z .\"\\\\$é-]{1,8}", name in "[^\0]{1,10}") {
            let table = TableName::new(schema, name);
            prop_assert_eq!(TableName::parse(&table.to_string()).unwrap(), table);
        }
    }
}
