//! The e-mail addresses of the project's users as a port.

use super::database::PgDatabase;
use super::error::statement_problem;
use crate::adapters::sql::people::{WHAT, account, account_query, pairs, query};
use crate::domain::account::AuthAccount;
use crate::ports::{Task, UserDirectory};

impl UserDirectory for PgDatabase {
    fn emails(&self, most: usize) -> Task<'_, Vec<(String, String)>> {
        Box::pin(async move {
            let connection = self.open().await?;
            let sql = self.patience.with_limits(&query(most));
            let reading = async {
                let rows = connection.rows(&sql).await;
                rows.map_err(|error| statement_problem(&error, WHAT))
            };
            Ok(pairs(self.patience.on(&connection, WHAT, reading).await?))
        })
    }

    fn account<'a>(&'a self, name: &'a str) -> Task<'a, Option<AuthAccount>> {
        Box::pin(async move {
            let connection = self.open().await?;
            let sql = self.patience.with_limits(&account_query(name));
            let reading = async {
                let rows = connection.rows(&sql).await;
                rows.map_err(|error| statement_problem(&error, WHAT))
            };
            Ok(account(self.patience.on(&connection, WHAT, reading).await?))
        })
    }
}
