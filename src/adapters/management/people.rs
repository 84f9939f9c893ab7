//! The e-mail addresses of the project's users as a port, with the query of `adapters/sql`.

use super::database::ManagementDatabase;
use super::query::problem;
use crate::adapters::sql::people::{WHAT, pairs, query};
use crate::ports::{Task, UserDirectory};

impl UserDirectory for ManagementDatabase {
    fn emails(&self, most: usize) -> Task<'_, Vec<(String, String)>> {
        Box::pin(async move {
            let told = self.tell(Some((&query(most), 2))).await;
            let told = told.map_err(|failure| problem(failure, WHAT))?;
            Ok(pairs(told.rows))
        })
    }
}
