//! Gives the files of double versions a version each, all at once: one keeps the version, and each of the others gets the
//! next free one before what comes after it, so that it still runs where its author put it.

use super::Workspace;
use super::files::{self, Move};
use super::list::read;
use super::read_files::{directory, rollback_file};
use crate::domain::migration::down_section::rolled_back_by;
use crate::domain::migration::file_name::FileName;
use crate::domain::migration::version::between;
use crate::domain::migration::{Entry, MigrationList, Target};
use crate::domain::problem::{Kind, Problem};
use serde::Serialize;
use std::collections::BTreeSet;

/// Which files get which versions; it is shown and confirmed first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RenumberAllPlan {
    /// The migrations, each with its new version.
    pub files: Vec<Renumbered>,
    /// Their files and rollback files, each with its new name.
    pub moves: Vec<Move>,
    /// The database whose history was looked at.
    pub target: Target,
}

impl RenumberAllPlan {
    /// Where the Supabase CLI, which sorts by file name, would run a file elsewhere: a digit sorts before the `_` that ends a
    /// version.
    pub fn warnings(&self) -> Vec<String> {
        let goes_first = |one: &&Renumbered| {
            one.to.len() > one.version.len() && one.to.starts_with(&one.version)
        };
        let files = self.files.iter().filter(goes_first);
        files
            .map(|Renumbered { version, name, to }| {
                format!("The Supabase CLI sorts by file name: `supabase db reset` and `db push` run {to}_{name} before the other file of {version}. If it needs that file, renumber both by hand.")
            })
            .collect()
    }
}

/// One migration that gets another version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Renumbered {
    /// The version now.
    pub version: String,
    /// Its name.
    pub name: String,
    /// The version afterwards.
    pub to: String,
}

/// Plans a version of its own for every file whose version another one has too. What is applied keeps its version, else the
/// first by name. A migration and its rollback side by side are no double: they are split, not renumbered.
pub async fn plan_renumber_all(schema: &Workspace) -> Result<RenumberAllPlan, Problem> {
    let (listing, history) = read(schema).await?;
    let folder = directory(&schema.root);
    let mut taken: BTreeSet<String> = listing
        .entries
        .iter()
        .map(|entry| entry.version.clone())
        .chain(history.rows.iter().map(|row| row.version.clone()))
        .collect();
    let (mut files, mut moves) = (Vec::new(), Vec::new());
    for group in listing.entries.chunk_by(|a, b| a.version == b.version) {
        let mut last = group[0].version.clone();
        for entry in doubles(group) {
            let next = taken
                .range::<String, _>((std::ops::Bound::Excluded(&last), std::ops::Bound::Unbounded))
                .next();
            let to = between(&last, next.map(String::as_str)).ok_or_else(|| no_room(entry))?;
            let (old, new) = (name(&entry.version, &entry.name), name(&to, &entry.name));
            if let Some(file) = &entry.file {
                moves.push(Move {
                    from: file.clone(),
                    to: folder.join(new.file_name()),
                });
            }
            let rollback = rollback_file(&folder, &old);
            if rollback.is_file() {
                moves.push(Move {
                    from: rollback,
                    to: rollback_file(&folder, &new),
                });
            }
            files.push(Renumbered {
                version: entry.version.clone(),
                name: entry.name.clone(),
                to: to.clone(),
            });
            taken.insert(to.clone());
            last = to;
        }
    }
    Ok(RenumberAllPlan {
        files,
        moves,
        target: history.target,
    })
}

/// Renames the files, all or none, and returns the list.
pub async fn renumber_all(
    schema: &Workspace,
    plan: &RenumberAllPlan,
) -> Result<MigrationList, Problem> {
    files::move_all(&plan.moves)?;
    Ok(read(schema).await?.0)
}

/// The entries of a version that cannot keep it.
fn doubles(group: &[Entry]) -> impl Iterator<Item = &Entry> {
    let own: Vec<&Entry> = group
        .iter()
        .filter(|entry| entry.file.is_some() && rolled_back_by(&entry.name).is_none())
        .collect();
    let stays = own
        .iter()
        .position(|entry| entry.recorded.is_some())
        .unwrap_or_default();
    let others = own.into_iter().enumerate();
    others
        .filter(move |(at, _)| *at != stays)
        .map(|(_, entry)| entry)
}

fn no_room(entry: &Entry) -> Problem {
    Problem::new(
        Kind::Conflict,
        format!(
            "There is no version between {} and the one behind it.",
            entry.version
        ),
        format!(
            "{}_{}.sql could not run where it stands.",
            entry.version, entry.name
        ),
    )
    .with_hint("Give it a version with `supadeck migration renumber FILE --to VERSION`.")
}

fn name(version: &str, name: &str) -> FileName {
    FileName {
        version: version.to_owned(),
        name: name.to_owned(),
    }
}
