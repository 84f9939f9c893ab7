//! Mends the history where it disagrees with the database: says that a version is applied, or that it is not.

use super::list::{read, unknown};
use super::{Schema, local};
use crate::domain::migration::{Entry, Listing, State};
use crate::domain::problem::{Kind, Problem};
use crate::domain::script::Change;
use crate::domain::sql::split::statements;
use serde::Serialize;

/// What the history shall say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Repair {
    /// The version is applied; its statements are taken from the file.
    Applied,
    /// The version is not applied.
    Reverted,
}

/// Changes the history and runs no migration. All versions change, or none does;
/// an error says which, as far as it can be known.
pub async fn repair(schema: &Schema, versions: &[String], how: Repair) -> Result<Listing, Problem> {
    if versions.is_empty() {
        return Err(Problem::new(
            Kind::Usage,
            "No version was named.",
            "Repair changes only what is named.",
        ));
    }
    let (listing, history) = read(schema).await?;
    let mut changes: Vec<Change> = Vec::with_capacity(versions.len());
    for version in versions {
        let entry = listing
            .entries
            .iter()
            .find(|entry| &entry.version == version)
            .ok_or_else(|| unknown(version))?;
        changes.push(match how {
            Repair::Applied => applied(entry)?,
            Repair::Reverted if history.rows.iter().any(|row| &row.version == version) => {
                Change::Revert {
                    version: version.clone(),
                }
            }
            // An interrupted migration is not in the history yet; only the journal knows of it.
            Repair::Reverted if entry.state == State::Interrupted => Change::Settle {
                version: version.clone(),
            },
            Repair::Reverted => {
                return Err(Problem::new(
                    Kind::Conflict,
                    format!("Version {version} is not in the history."),
                    "There is nothing to revert.",
                ));
            }
        });
    }
    schema.database.repair(&changes).await?;
    let (listing, _) = read(schema).await.map_err(|unread| Problem {
        what: "The migration history was changed, but could not be read again.".to_owned(),
        why: unread.to_string(),
        hint: Some(
            "Look at `supadeck migration list`; the change need not be repeated.".to_owned(),
        ),
        retry: false,
        ..unread
    })?;
    Ok(listing)
}

fn applied(entry: &Entry) -> Result<Change, Problem> {
    let file = match (&entry.file, entry.state) {
        (Some(file), state) if state != State::Invalid => file,
        _ => {
            return Err(Problem::new(
                Kind::Config,
                format!("Version {} has no usable file.", entry.version),
                entry.note.clone().unwrap_or_default(),
            ));
        }
    };
    let source = local::read(file)?;
    Ok(Change::Apply {
        version: entry.version.clone(),
        name: entry.name.clone(),
        statements: statements(&source.text),
        sha256: source.sha256,
    })
}
