//! The catalogs as a port: one query gives one JSON document about a schema.

use super::database::PgDatabase;
use super::error::statement_problem;
use crate::adapters::sql::history_table::dollar;
use crate::domain::catalog::Catalog;
use crate::domain::problem::Problem;
use crate::ports::{Catalogs, Task};

/// The query; `$SCHEMA$` stands for the schema's name.
const QUERY: &str = include_str!("catalog.sql");

impl Catalogs for PgDatabase {
    fn read<'a>(&'a self, schema: &'a str) -> Task<'a, Option<Catalog>> {
        Box::pin(async move {
            let connection = self.open().await?;
            let sql = self.patience.with_limits(&query(schema));
            let what = "The catalogs cannot be read.";
            let reading = async {
                let rows = connection.rows(&sql).await;
                rows.map_err(|error| statement_problem(&error, what))
            };
            parse(self.patience.on(&connection, what, reading).await?)
        })
    }
}

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
