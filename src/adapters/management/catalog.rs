//! The catalogs as a port, with the query of the Postgres adapter.

use super::database::ManagementDatabase;
use super::query::problem;
use crate::adapters::sql::catalog::{parse, query};
use crate::domain::catalog::Catalog;
use crate::ports::{Catalogs, Task};

impl Catalogs for ManagementDatabase {
    fn read<'a>(&'a self, schema: &'a str) -> Task<'a, Option<Catalog>> {
        Box::pin(async move {
            let told = self.tell(Some((&query(schema), 1))).await;
            let told = told.map_err(|failure| problem(failure, "The catalogs cannot be read."))?;
            parse(told.rows)
        })
    }
}
