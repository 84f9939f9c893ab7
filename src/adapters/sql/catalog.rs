//! The query from which types are made: one JSON document about a schema.

use super::quote::dollar;
use crate::domain::catalog::Catalog;
use crate::domain::problem::Problem;

/// The query; `$SCHEMA$` stands for the schema's name.
const QUERY: &str = include_str!("catalog.sql");

/// The query about a schema.
pub(in crate::adapters) fn query(schema: &str) -> String {
    QUERY.replace("$SCHEMA$", &dollar(schema))
}

/// Reads its only row, which is not there when there is no such schema.
pub(in crate::adapters) fn parse(
    rows: Vec<Vec<Option<String>>>,
) -> Result<Option<Catalog>, Problem> {
    let document = rows.into_iter().flatten().flatten().next();
    document
        .map(|text| serde_json::from_str(&text))
        .transpose()
        .map_err(|error| Problem::internal(format!("The catalogs say something unknown: {error}.")))
}
