//! Questions about access over the Management API: each is one call.

use super::client::extract;
use super::database::ManagementDatabase;
use super::query::problem;
use crate::adapters::access::RunsAccessScripts;
use crate::adapters::sql::access::script;
use crate::domain::problem::Problem;
use crate::ports::Task;
use serde_json::Value;

impl RunsAccessScripts for ManagementDatabase {
    fn document<'a>(&'a self, statements: &'a str, what: &'a str) -> Task<'a, String> {
        Box::pin(async move {
            let sql = script(statements, self.api.patience.statement);
            let rows = self.api.ask(&sql).await;
            let rows = rows.map_err(|failure| problem(failure, what))?;
            match extract(&rows) {
                Some(Value::String(text)) => Ok(text.clone()),
                // The API reads columns that look like JSON.
                Some(value) => Ok(value.to_string()),
                None => Err(Problem::internal("The Management API gave no document.")),
            }
        })
    }
}
