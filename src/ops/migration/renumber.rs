//! Gives a migration that is not applied another version: its file and its rollback file move together.

use super::files::Move;
use super::list::{read, unknown, way_out};
use super::read_files::{directory, rollback_file};
use super::{Workspace, files, read_files};
use crate::domain::migration::down_section::rolled_back_by;
use crate::domain::migration::file_name::FileName;
use crate::domain::migration::history::is_same_text;
use crate::domain::migration::resolution::Correction;
use crate::domain::migration::version::{after, is_version};
use crate::domain::migration::{Entry, MigrationList, State, Target};
use crate::domain::problem::{Kind, Problem};
use serde::Serialize;

/// Which files get which names; it is shown and confirmed first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RenumberPlan {
    /// The version now.
    pub version: String,
    /// The version afterwards.
    pub to: String,
    /// The files, each with its new name.
    pub moves: Vec<Move>,
    /// The database whose history was looked at.
    pub target: Target,
}

/// Plans another version for a migration: `which` is its version or its file name, `to` the new version. Without `to` it
/// is the time in UTC, or what comes after the newest version. Refused for what is applied, except that a file may get
/// the version under which the history has it.
pub async fn plan_renumber(
    schema: &Workspace,
    which: &str,
    to: Option<&str>,
    now: jiff::Timestamp,
) -> Result<RenumberPlan, Problem> {
    let (listing, history) = read(schema).await?;
    let entry = chosen(&listing, which)?;
    if rolled_back_by(&entry.name).is_some() {
        return Err(Problem::new(
            Kind::Usage,
            format!(
                "{}_{}.sql is the rollback of another file.",
                entry.version, entry.name
            ),
            "With a version of its own it would be applied as a migration.",
        )
        .with_hint(
            Correction::Split {
                which: name(&entry.version, &entry.name).file_name(),
            }
            .command(),
        ));
    }
    check(entry, to)?;
    let versions = || {
        let local = listing.entries.iter().map(|entry| entry.version.as_str());
        local.chain(history.rows.iter().map(|row| row.version.as_str()))
    };
    let version = match to {
        Some(to) if !is_version(to) => {
            return Err(Problem::new(
                Kind::Usage,
                "The new version is no version.",
                "A version is digits, such as 20240131120000.",
            ));
        }
        Some(to) => to.to_owned(),
        None => after(versions(), now.strftime("%Y%m%d%H%M%S").to_string()),
    };
    let has_file = |entry: &&Entry| entry.version == version && entry.file.is_some();
    if let Some(other) = listing.entries.iter().find(has_file) {
        return Err(Problem::new(
            Kind::Usage,
            format!("Version {version} is taken."),
            format!("The file {}_{} has it.", other.version, other.name),
        ));
    }
    if history.rows.iter().any(|row| row.version == version) {
        check_same(schema, entry, &version).await?;
    }
    let old = name(&entry.version, &entry.name);
    let new = name(&version, &entry.name);
    let folder = directory(&schema.root);
    let file = entry
        .file
        .clone()
        .ok_or_else(|| Problem::internal("A migration that is here has no file."))?;
    let mut moves = vec![Move {
        from: file,
        to: folder.join(new.file_name()),
    }];
    let rollback = rollback_file(&folder, &old);
    if rollback.is_file() {
        moves.push(Move {
            from: rollback,
            to: rollback_file(&folder, &new),
        });
    }
    Ok(RenumberPlan {
        version: entry.version.clone(),
        to: version,
        moves,
        target: history.target,
    })
}

/// Renames the files, both or none, and returns the list.
pub async fn renumber(schema: &Workspace, plan: &RenumberPlan) -> Result<MigrationList, Problem> {
    files::move_all(&plan.moves)?;
    Ok(read(schema).await?.0)
}

/// The entry that is meant: by its file name, or by a version that only one file has.
pub(super) fn chosen<'a>(listing: &'a MigrationList, which: &str) -> Result<&'a Entry, Problem> {
    let named = |entry: &&Entry| {
        entry.file.is_some() && name(&entry.version, &entry.name).file_name() == which
    };
    if let Some(entry) = listing.entries.iter().find(named) {
        return Ok(entry);
    }
    let mut found = listing
        .entries
        .iter()
        .filter(|entry| entry.version == which);
    let entry = found.next().ok_or_else(|| unknown(which))?;
    if found.next().is_some() {
        return Err(Problem::new(
            Kind::Usage,
            format!("More than one file has the version {which}."),
            entry.note.clone().unwrap_or_default(),
        )
        .with_hint("Name the file that shall get another version."));
    }
    Ok(entry)
}

fn check(entry: &Entry, to: Option<&str>) -> Result<(), Problem> {
    let version = &entry.version;
    match (entry.state, to) {
        (State::Pending | State::OutOfOrder, _) => Ok(()),
        (State::Invalid, _) if entry.recorded.is_none() => Ok(()),
        (State::Renamed, Some(to)) if entry.recorded.as_deref() == Some(to) => Ok(()),
        (State::Renamed, _) => Err(Problem::new(
            Kind::Conflict,
            format!("Version {version} is applied."),
            entry.note.clone().unwrap_or_default(),
        )
        .with_hint(way_out(entry))),
        (State::Missing, _) => Err(Problem::new(
            Kind::Conflict,
            format!("Version {version} has no file here."),
            entry.note.clone().unwrap_or_default(),
        )
        .with_hint(way_out(entry))),
        (State::Interrupted, _) => Err(Problem::new(
            Kind::Conflict,
            format!("Version {version} is interrupted."),
            entry.note.clone().unwrap_or_default(),
        )
        .with_hint(way_out(entry))),
        _ => Err(Problem::new(
            Kind::Conflict,
            format!("Version {version} is applied."),
            "With another version it would look pending, and be applied again.",
        )),
    }
}

/// A file may get a version of the history only when it is what was applied as that version.
async fn check_same(schema: &Workspace, entry: &Entry, version: &str) -> Result<(), Problem> {
    let stored = schema.database.stored(&[version.to_owned()]).await?;
    let statements = stored.into_iter().next().and_then(|row| row.statements);
    let text = match &entry.file {
        Some(file) => read_files::read(file)?.text,
        None => String::new(),
    };
    if statements.is_some_and(|statements| is_same_text(&text, &statements)) {
        return Ok(());
    }
    Err(Problem::new(
        Kind::Conflict,
        format!("Version {version} was applied from other statements."),
        "With that version the file would look edited, and its own statements would never run.",
    )
    .with_hint("Give it another version."))
}

fn name(version: &str, name: &str) -> FileName {
    FileName {
        version: version.to_owned(),
        name: name.to_owned(),
    }
}
