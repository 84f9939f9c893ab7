//! Reads the journal, whatever columns its table has by now.

use super::answers::{has_code, some_rows};
use super::connection::Connection;
use super::database::PgDatabase;
use super::error::statement_problem;
use crate::adapters::sql::journal_lines::{UNREADABLE, denied, lines, read};
use crate::domain::migration::journal::Journal;
use crate::domain::problem::Problem;

impl PgDatabase {
    /// The newest lines of the journal.
    pub(super) async fn read_journal(
        &self,
        limit: u32,
        version: Option<&str>,
    ) -> Result<Journal, Problem> {
        let connection = self.open().await?;
        let reading = self.try_journal(&connection, limit, version);
        self.patience.on(&connection, UNREADABLE, reading).await
    }

    async fn try_journal(
        &self,
        connection: &Connection,
        limit: u32,
        version: Option<&str>,
    ) -> Result<Journal, Problem> {
        let sql = format!(
            "{}; {}",
            crate::adapters::sql::target::WHO,
            lines(limit, version)
        );
        let (mut rows, error) = some_rows(connection, &self.patience.with_limits(&sql)).await;
        let is_kept = match &error {
            None => true,
            Some(error) if has_code(error, &["42P01", "3F000"]) => false,
            Some(error) if has_code(error, &["42501"]) => return Err(denied()),
            Some(error) => return Err(statement_problem(error, UNREADABLE)),
        };
        if rows.is_empty() {
            return Err(Problem::internal(
                "The server did not say who is connected.",
            ));
        }
        let target = self.target(connection, &rows.remove(0));
        Ok(Journal {
            lines: read(rows),
            is_kept,
            target,
        })
    }
}
