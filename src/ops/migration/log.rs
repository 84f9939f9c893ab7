//! The journal: what was run and repaired in a database, newest first.

use super::Workspace;
use crate::domain::migration::journal::Journal;
use crate::domain::problem::Problem;

/// Reads the newest lines, of one version where one is named.
pub async fn log(
    schema: &Workspace,
    limit: u32,
    version: Option<&str>,
) -> Result<Journal, Problem> {
    schema.database.journal(limit, version).await
}
