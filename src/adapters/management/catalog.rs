//! The catalogs as a port, with the query of the Postgres adapter.

use super::database::ManagementDatabase;
use super::query::problem;
use crate::adapters::sql::catalog::{parse, query};
use crate::adapters::sql::tables;
use crate::domain::catalog::Catalog;
use crate::domain::table::info::{TableList, TablesWanted};
use crate::ports::{Catalogs, TableCatalog, Task};

impl Catalogs for ManagementDatabase {
    fn read<'a>(&'a self, schema: &'a str) -> Task<'a, Option<Catalog>> {
        Box::pin(async move {
            let told = self.tell(Some((&query(schema), 1))).await;
            let told = told.map_err(|failure| problem(failure, "The catalogs cannot be read."))?;
            parse(told.rows)
        })
    }
}

impl TableCatalog for ManagementDatabase {
    fn tables<'a>(&'a self, wanted: &'a TablesWanted) -> Task<'a, TableList> {
        Box::pin(async move {
            let told = self.tell(Some((&tables::query(wanted), 1))).await;
            let told = told.map_err(|failure| problem(failure, tables::WHAT))?;
            tables::parse(told.rows)
        })
    }
}
