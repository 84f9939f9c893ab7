//! Seeds that are recorded as run although a migration was rolled back since: the rows they wrote may be gone with it.
//! The record of seeds is the Supabase CLI's and knows no time; the order comes from supadeck's own journal, so of a
//! seed that another tool ran nothing is said.

use super::files::find;
use crate::domain::migration::journal::Line;
use crate::domain::problem::{Kind, Problem};
use crate::domain::seed::StaleSeed;
use crate::ops::migration::{Workspace, rollback_keeps_rows};
use std::collections::HashSet;

/// How far back the journal is read, in lines.
pub(super) const LINES: u32 = 2_000;

/// The seeds that are recorded as run and were run before a migration was rolled back. One whose file is gone is none: it
/// cannot be run again.
pub async fn stale(schema: &Workspace) -> Result<Vec<StaleSeed>, Problem> {
    let recorded = schema.database.seeds().await?;
    let there: HashSet<String> = find(&schema.root)?
        .files
        .into_iter()
        .map(|seed| seed.path)
        .collect();
    let paths = recorded.rows.iter().map(|(path, _)| path.as_str());
    stale_of(schema, paths.filter(|path| there.contains(*path))).await
}

/// The same for seeds whose record was read already. A rollback that can have dropped no row is none here. A journal that
/// may not be read tells nothing.
pub(super) async fn stale_of(
    schema: &Workspace,
    recorded: impl Iterator<Item = &str>,
) -> Result<Vec<StaleSeed>, Problem> {
    let mut open: HashSet<&str> = recorded.collect();
    if open.is_empty() {
        return Ok(Vec::new());
    }
    let journal = match schema.database.journal(LINES, None).await {
        Ok(journal) => journal,
        Err(problem) if problem.kind == Kind::Denied => return Ok(Vec::new()),
        Err(problem) => return Err(problem),
    };
    let mut newest_rollback: Option<&Line> = None;
    let mut found = Vec::new();
    for line in journal.lines.iter().filter(|line| line.outcome == "done") {
        match line.direction.as_str() {
            "rollback" if newest_rollback.is_none() && !keeps_rows(schema, line) => {
                newest_rollback = Some(line);
            }
            // Only the newest run of a seed counts.
            "seed" if open.remove(line.version.as_str()) => {
                found.extend(newest_rollback.map(|rollback| StaleSeed {
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

fn keeps_rows(schema: &Workspace, line: &Line) -> bool {
    let sha256 = line.sha256.as_deref();
    sha256.is_some_and(|sha256| rollback_keeps_rows(schema, &line.version, sha256))
}
