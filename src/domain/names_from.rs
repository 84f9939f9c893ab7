//! Where a project keeps the names of its users: `profiles(id, full_name)` in a profile.

use super::problem::{Kind, Problem};
use super::text;

/// A table with a name for each user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamesFrom {
    /// The table or view, as REST knows it.
    pub table: String,
    /// The column with the user's id.
    pub id: String,
    /// The column with the name.
    pub name: String,
}

impl NamesFrom {
    /// Reads `table(id, name)`.
    pub fn parse(typed: &str) -> Result<Self, Problem> {
        let parts = || {
            let (table, rest) = typed.trim().split_once('(')?;
            let (id, name) = rest.strip_suffix(')')?.split_once(',')?;
            let parts = [table, id, name].map(|part| part.trim().to_owned());
            parts.iter().all(|part| is_name(part)).then_some(parts)
        };
        match parts() {
            Some([table, id, name]) => Ok(Self { table, id, name }),
            None => Err(Problem::new(
                Kind::Config,
                format!(
                    "`names = \"{}\"` is not a table with its columns.",
                    text::cell(typed)
                ),
                "It names a table, the column with the user's id and the column with the name.",
            )
            .with_hint("For example `names = \"profiles(id, full_name)\"`.")),
        }
    }
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_alphanumeric() || c == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_with_two_columns_is_read() {
        let names = NamesFrom {
            table: "profiles".into(),
            id: "id".into(),
            name: "full_name".into(),
        };
        assert_eq!(NamesFrom::parse(" profiles ( id , full_name ) "), Ok(names));
        for wrong in [
            "",
            "profiles",
            "profiles(id)",
            "p(a,b",
            "p(a;b,c)",
            "p(a,b,c)",
            "p(,b)",
        ] {
            assert!(NamesFrom::parse(wrong).is_err(), "{wrong}");
        }
    }
}
