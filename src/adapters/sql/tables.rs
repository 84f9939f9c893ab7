//! The query about the tables of a project: one JSON document, with what a role may do.

use super::quote::{array, dollar};
use crate::domain::problem::Problem;
use crate::domain::table::info::{TableList, TablesWanted};

/// The query; `$WANTED$`, `$TABLE$` and `$ROLE$` stand for literals.
const QUERY: &str = include_str!("tables.sql");

/// What cannot be done where it fails.
pub(in crate::adapters) const WHAT: &str = "The tables cannot be listed.";

/// The query about these tables.
pub(in crate::adapters) fn query(wanted: &TablesWanted) -> String {
    let schemas = array(wanted.schemas.iter().map(String::as_str));
    let table = wanted.table.as_deref().map_or("null".to_owned(), dollar);
    let role = dollar(&wanted.role);
    // Cut at its places first: a name may hold the sign of another place.
    let mut out = String::with_capacity(QUERY.len() + 512);
    let mut rest = QUERY;
    while let Some((before, behind)) = rest.split_once('$') {
        out.push_str(before);
        let (sign, behind) = behind.split_once('$').unwrap_or((behind, ""));
        out.push_str(match sign {
            "WANTED" => &schemas,
            "TABLE" => &table,
            "ROLE" => &role,
            other => {
                out.push('$');
                rest = &rest[rest.len() - behind.len() - other.len() - 1..];
                continue;
            }
        });
        rest = behind;
    }
    out.push_str(rest);
    out
}

/// Reads its only row.
pub(in crate::adapters) fn parse(rows: Vec<Vec<Option<String>>>) -> Result<TableList, Problem> {
    let document = rows.into_iter().flatten().flatten().next();
    let document = document.ok_or_else(|| Problem::internal("The catalogs gave no answer."))?;
    serde_json::from_str(&document)
        .map_err(|error| Problem::internal(format!("The catalogs say something unknown: {error}.")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_place_is_filled_and_a_name_is_no_place() {
        let wanted = TablesWanted {
            schemas: vec!["a$TABLE$b".into()],
            table: Some("$ROLE$'; drop table x; --".into()),
            role: "anon".into(),
        };
        let sql = query(&wanted);
        let bare = query(&TablesWanted::default());
        for place in ["$WANTED$", "$ROLE$", "$TABLE$"] {
            assert!(!bare.contains(place), "{bare}");
        }
        assert!(bare.contains("null::pg_catalog.text is null"));
        assert!(
            sql.contains("$sd$a$TABLE$b$sd$") && sql.contains("$sd$$ROLE$'; drop table x; --$sd$")
        );
        let tokens = crate::domain::sql::lexer::tokens(&sql);
        assert!(tokens.into_iter().all(|token| token.closed));
    }
}
