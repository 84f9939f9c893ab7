//! Seeds that are recorded as run although a migration was rolled back since: the rows they wrote may be gone with it.
//! The record of seeds is the Supabase CLI's and knows no time; the order comes from supadeck's own journal, so of a
//! seed that another tool ran nothing is said.

use crate::domain::problem::{Kind, Problem};
use crate::ops::migration::Schema;
use serde::Serialize;
use std::collections::HashSet;

/// How far back the journal is read, in lines.
const LINES: u32 = 2_000;

/// A seed that was run before a rollback.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Stale {
    /// The path as it is recorded.
    pub path: String,
    /// The version that was rolled back last.
    pub version: String,
    /// When that rollback began.
    pub at: Option<jiff::Timestamp>,
}

/// The seeds that are recorded as run and were run before a migration was rolled back. A journal that may not be read
/// tells nothing.
pub async fn stale(schema: &Schema) -> Result<Vec<Stale>, Problem> {
    let recorded = schema.database.seeds().await?;
    if recorded.rows.is_empty() {
        return Ok(Vec::new());
    }
    let journal = match schema.database.journal(LINES, None).await {
        Ok(journal) => journal,
        Err(problem) if problem.kind == Kind::Denied => return Ok(Vec::new()),
        Err(problem) => return Err(problem),
    };
    let mut open: HashSet<&str> = recorded
        .rows
        .iter()
        .map(|(path, _)| path.as_str())
        .collect();
    let mut newest_rollback = None;
    let mut found = Vec::new();
    for line in journal.lines.iter().filter(|line| line.outcome == "done") {
        match line.direction.as_str() {
            "rollback" if newest_rollback.is_none() => newest_rollback = Some(line),
            // Only the newest run of a seed counts.
            "seed" if open.remove(line.version.as_str()) => {
                found.extend(newest_rollback.map(|rollback| Stale {
                    path: line.version.clone(),
                    version: rollback.version.clone(),
                    at: rollback.started,
                }));
            }
            _ => {}
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(found)
}
