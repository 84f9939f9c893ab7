//! Access as a port, for every way to the database: each question is one script of [`super::sql::access`] that gives one document.

use super::sql::access::{
    LINT, UNCOUNTED, UNEXPLAINED, UNLINTED, UNREAD, counts_sql, explain_sql, parse_counts,
    parse_explained, parse_lint, parse_rules, rules_sql,
};
use crate::domain::access::explain::{RowAnswer, RowQuestion};
use crate::domain::access::lint::AccessFinding;
use crate::domain::access::matrix::{Probe, Sight};
use crate::domain::access::rules::AccessRules;
use crate::ports::{AccessDatabase, Task};

/// A way to the database over which a script gives one document.
pub(super) trait RunsAccessScripts: Send + Sync {
    /// Runs a script in a read-only transaction that is rolled back; `what` says what cannot be read where it fails.
    fn document<'a>(&'a self, statements: &'a str, what: &'a str) -> Task<'a, String>;
}

impl<T: RunsAccessScripts> AccessDatabase for T {
    fn rules<'a>(&'a self, people: &'a [String]) -> Task<'a, AccessRules> {
        Box::pin(async move { parse_rules(&self.document(&rules_sql(people), UNREAD).await?) })
    }

    fn lint(&self) -> Task<'_, Vec<AccessFinding>> {
        Box::pin(async move { parse_lint(&self.document(LINT, UNLINTED).await?) })
    }

    fn count_rows<'a>(&'a self, probes: &'a [Probe]) -> Task<'a, Vec<Sight>> {
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
