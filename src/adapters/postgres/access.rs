//! Questions about access over a connection: each is one message.

use super::database::PgDatabase;
use super::error::statement_problem;
use crate::adapters::access::RunsAccessScripts;
use crate::adapters::sql::access::script;
use crate::domain::problem::Problem;
use crate::ports::Task;

impl RunsAccessScripts for PgDatabase {
    fn document<'a>(&'a self, statements: &'a str, what: &'a str) -> Task<'a, String> {
        Box::pin(async move {
            let connection = self.open().await?;
            let sql = script(statements, self.patience.0);
            let reading = async {
                let rows = connection.rows(&sql).await;
                rows.map_err(|error| statement_problem(&error, what))
            };
            let rows = self.patience.on(&connection, what, reading).await?;
            let document = rows.into_iter().flatten().flatten().next_back();
            document.ok_or_else(|| Problem::internal("The server gave no document."))
        })
    }
}
