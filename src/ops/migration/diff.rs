//! The difference between a version's file and what the history stores of it.

use super::list::{entry, read};
use super::{Workspace, read_files};
use crate::domain::migration::difference::{Difference, compare};
use crate::domain::migration::history::Stored;
use crate::domain::migration::{Entry, State};
use crate::domain::problem::Problem;

/// Compares the file of a version with what was applied. A side that is not there counts as empty.
pub async fn diff(schema: &Workspace, version: &str) -> Result<Difference, Problem> {
    let (listing, _) = read(schema).await?;
    let entry = entry(&listing, version)?;
    let stored = stored(schema, entry).await?;
    difference(entry, stored.as_ref())
}

/// The row of an entry, under whichever version the history has it.
pub(super) async fn stored(schema: &Workspace, entry: &Entry) -> Result<Option<Stored>, Problem> {
    let Some(recorded) = &entry.recorded else {
        return Ok(None);
    };
    let rows = schema
        .database
        .stored(std::slice::from_ref(recorded))
        .await?;
    Ok(rows.into_iter().next())
}

/// Compares an entry's file with its row.
pub(super) fn difference(entry: &Entry, stored: Option<&Stored>) -> Result<Difference, Problem> {
    let file = match &entry.file {
        Some(path) => Some(read_files::read(path)?.text),
        None => None,
    };
    let applied = stored.and_then(|row| row.statements.as_deref());
    let note = match (entry.state, &file, applied) {
        (_, Some(_), None) if entry.recorded.is_some() => {
            Some("The history stores no statements to compare with.".to_owned())
        }
        (State::Pending | State::OutOfOrder, ..) => {
            Some("It is not applied: there is only the file.".to_owned())
        }
        (State::Missing, _, None) => {
            Some("There is no file, and the history stores no statements.".to_owned())
        }
        (State::Missing, ..) => Some("There is no file: this is what was applied.".to_owned()),
        (State::Renamed, ..) => entry.note.clone(),
        _ => None,
    };
    let is_blind = entry.recorded.is_some() && applied.is_none();
    let comparison = if is_blind {
        crate::domain::migration::difference::Comparison::default()
    } else {
        compare(
            applied.unwrap_or_default(),
            file.as_deref().unwrap_or_default(),
        )
    };
    Ok(Difference {
        version: entry.version.clone(),
        name: entry.name.clone(),
        state: entry.state,
        differs: comparison.differs(),
        only_comments: comparison.only_comments,
        statements: comparison.pieces,
        note,
    })
}
