//! The catalogs as a port: one query gives one JSON document about a schema.

use super::database::PgDatabase;
use super::error::statement_problem;
use crate::adapters::sql::catalog::{parse, query};
use crate::adapters::sql::tables;
use crate::domain::catalog::Catalog;
use crate::domain::table::info::{TableList, TablesWanted};
use crate::ports::{Catalogs, TableCatalog, Task};

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

impl TableCatalog for PgDatabase {
    fn tables<'a>(&'a self, wanted: &'a TablesWanted) -> Task<'a, TableList> {
        Box::pin(async move {
            let connection = self.open().await?;
            let sql = self.patience.with_limits(&tables::query(wanted));
            let reading = async {
                let rows = connection.rows(&sql).await;
                rows.map_err(|error| statement_problem(&error, tables::WHAT))
            };
            tables::parse(self.patience.on(&connection, tables::WHAT, reading).await?)
        })
    }
}
