//! The e-mail addresses of the project's users as a port.

use super::database::PgDatabase;
use super::error::statement_problem;
use crate::ports::{Task, UserDirectory};

/// The query: the newest users, so many at most.
pub(in crate::adapters) fn query(most: usize) -> String {
    format!(
        "select id::text, email::text from auth.users where email is not null order by created_at desc nulls last limit {most}"
    )
}

/// What cannot be done where it fails.
pub(in crate::adapters) const WHAT: &str = "The e-mail addresses of the users cannot be read.";

/// Its rows.
pub(in crate::adapters) fn pairs(rows: Vec<Vec<Option<String>>>) -> Vec<(String, String)> {
    let pair = |row: Vec<Option<String>>| {
        let mut row = row.into_iter().flatten();
        Some((row.next()?, row.next()?))
    };
    rows.into_iter().filter_map(pair).collect()
}

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
}
