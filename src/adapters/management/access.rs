//! Access as a port, with the questions of the Postgres adapter: each is one call.

use super::client::extract;
use super::database::ManagementDatabase;
use super::query::problem;
use crate::adapters::sql::access::{
    LINT, UNCOUNTED, UNEXPLAINED, UNLINTED, UNREAD, counts_sql, explain_sql, parse_counts,
    parse_explained, parse_lint, parse_rules, rules_sql, script,
};
use crate::domain::access::explain::{RowAnswer, RowQuestion};
use crate::domain::access::lint::AccessFinding;
use crate::domain::access::matrix::{Probe, Sight};
use crate::domain::access::rules::AccessRules;
use crate::domain::problem::Problem;
use crate::ports::{AccessDatabase, Task};
use serde_json::Value;

impl ManagementDatabase {
    /// Runs a script that gives one document.
    async fn document(&self, statements: &str, what: &str) -> Result<String, Problem> {
        let sql = script(statements, self.api.patience.statement);
        let rows = self.api.ask(&sql).await;
        let rows = rows.map_err(|failure| problem(failure, what))?;
        match extract(&rows) {
            Some(Value::String(text)) => Ok(text.clone()),
            // The API reads columns that look like JSON.
            Some(value) => Ok(value.to_string()),
            None => Err(Problem::internal("The Management API gave no document.")),
        }
    }
}

impl AccessDatabase for ManagementDatabase {
    fn rules<'a>(&'a self, people: &'a [String]) -> Task<'a, AccessRules> {
        Box::pin(async move { parse_rules(&self.document(&rules_sql(people), UNREAD).await?) })
    }

    fn lint(&self) -> Task<'_, Vec<AccessFinding>> {
        Box::pin(async move { parse_lint(&self.document(LINT, UNLINTED).await?) })
    }

    fn see<'a>(&'a self, probes: &'a [Probe]) -> Task<'a, Vec<Sight>> {
        Box::pin(async move {
            let document = self.document(&counts_sql(probes), UNCOUNTED).await?;
            parse_counts(&document, probes.len())
        })
    }

    fn explain<'a>(&'a self, question: &'a RowQuestion) -> Task<'a, RowAnswer> {
        Box::pin(async move {
            let document = self.document(&explain_sql(question), UNEXPLAINED).await?;
            parse_explained(&document, question)
        })
    }
}
