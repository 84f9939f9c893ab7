//! Access as a port, over a connection: each question is one message with a read-only transaction that is rolled back.

use super::database::PgDatabase;
use super::error::statement_problem;
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

impl PgDatabase {
    /// Runs a script that gives one document.
    async fn document(&self, statements: &str, what: &str) -> Result<String, Problem> {
        let connection = self.open().await?;
        let sql = script(statements, self.patience.0);
        let reading = async {
            let rows = connection.rows(&sql).await;
            rows.map_err(|error| statement_problem(&error, what))
        };
        let rows = self.patience.on(&connection, what, reading).await?;
        let document = rows.into_iter().flatten().flatten().next_back();
        document.ok_or_else(|| Problem::internal("The server gave no document."))
    }
}

impl AccessDatabase for PgDatabase {
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
