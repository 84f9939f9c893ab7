//! The e-mail addresses of the project's users as a port, with the query of `adapters/sql`.

use super::database::ManagementDatabase;
use super::query::problem;
use crate::adapters::sql::people::{ACCOUNT_COLUMNS, WHAT, account, account_query, pairs, query};
use crate::domain::account::AuthAccount;
use crate::ports::{Task, UserDirectory};

impl UserDirectory for ManagementDatabase {
    fn emails(&self, most: usize) -> Task<'_, Vec<(String, String)>> {
        Box::pin(async move {
            let told = self.tell(Some((&query(most), 2))).await;
            let told = told.map_err(|failure| problem(failure, WHAT))?;
            Ok(pairs(told.rows))
        })
    }

    fn account<'a>(&'a self, name: &'a str) -> Task<'a, Option<AuthAccount>> {
        Box::pin(async move {
            let told = self
                .tell(Some((&account_query(name), ACCOUNT_COLUMNS)))
                .await;
            let told = told.map_err(|failure| problem(failure, WHAT))?;
            Ok(account(told.rows))
        })
    }
}
