//! One seed file for reading, with its last run from the journal.

use super::files::find;
use super::plan::text;
use super::stale::LINES;
use crate::domain::migration::journal::Line;
use crate::domain::problem::{Kind, Problem};
use crate::domain::seed::{SeedRun, SeedSource};
use crate::ops::migration::Workspace;

/// Reads a seed file and what the journal says of it. A journal that may not be read says nothing.
pub async fn source(schema: &Workspace, path: &str) -> Result<SeedSource, Problem> {
    let file = find(&schema.root)?.files.into_iter();
    let file = file
        .filter(|seed| seed.path == path)
        .map(|seed| seed.file)
        .next();
    let text = match file {
        Some(file) => Some(text(&file)?.0.to_string()),
        None => None,
    };
    let journal = match schema.database.journal(LINES, None).await {
        Ok(journal) => journal.lines,
        Err(problem) if problem.kind == Kind::Denied => Vec::new(),
        Err(problem) => return Err(problem),
    };
    let done = journal.iter().filter(|line| line.outcome == "done");
    let mut since = Vec::new();
    let mut ran = None;
    for line in done {
        match line.direction.as_str() {
            "seed" if line.version == path => {
                ran = Some(SeedRun {
                    at: line.started,
                    who: line.who.clone(),
                    sha256: line.sha256.clone(),
                });
                break;
            }
            _ => since.extend(moved(line)),
        }
    }
    // What came before anything that is known of it is not since then.
    since.retain(|_| ran.is_some());
    since.reverse();
    Ok(SeedSource {
        path: path.to_owned(),
        text,
        ran,
        since,
    })
}

/// What a line of the journal did to the schema.
fn moved(line: &Line) -> Option<String> {
    match line.direction.as_str() {
        "apply" => Some(format!("{} applied", line.version)),
        "rollback" => Some(format!("{} rolled back", line.version)),
        _ => None,
    }
}
