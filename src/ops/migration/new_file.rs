//! Makes a new migration file and the file for its way back.

use super::files::{make_folder, write_new};
use super::list::unknown;
use super::read_files::{self, ROLLBACK, check_root, directory, entries, rollback_file};
use crate::domain::hidden::looks_secret;
use crate::domain::migration::file_name::FileName;
use crate::domain::migration::version::after;
use crate::domain::plural::listed;
use crate::domain::problem::{Kind, Problem};
use crate::domain::project_file::MadeFile;
use serde::Serialize;
use std::path::{Path, PathBuf};

/// The two files of a new migration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NewFiles {
    /// The migration.
    pub up: PathBuf,
    /// Its rollback.
    pub down: PathBuf,
    /// The folder that was made for them, where the project had none.
    #[serde(skip)]
    pub made: Option<PathBuf>,
    /// The newest version that there was, where it lies in the future, so that theirs comes after it and not from the clock.
    #[serde(skip)]
    pub after: Option<String>,
}

impl NewFiles {
    /// Why the version is not the time.
    pub fn note(&self) -> Option<String> {
        let newest = self.after.as_ref()?;
        Some(format!(
            "Its version comes after {newest}, the newest one, which lies in the future."
        ))
    }
}

/// Creates a migration file named after the time in UTC, and its rollback file. Never overwrites: when the second is
/// taken, the next free one is used. The project directory must be there; the folders in it are made.
pub async fn new(root: &Path, name: &str, now: jiff::Timestamp) -> Result<NewFiles, Problem> {
    new_with(root, name, now, ("", "")).await
}

/// The same with something in both files.
pub async fn new_with(
    root: &Path,
    name: &str,
    now: jiff::Timestamp,
    (up, down): (&str, &str),
) -> Result<NewFiles, Problem> {
    let made = read_files::doubt(root).map(|_| directory(root));
    let newest = taken(root)?.into_iter().map(|file| file.version).max();
    let file = free_name(root, name, now)?;
    let files = make(root, &file, up, down)?;
    let time = now.strftime("%Y%m%d%H%M%S").to_string();
    Ok(NewFiles {
        made,
        after: newest.filter(|newest| *newest > time),
        ..files
    })
}

/// The names of the files that have a version.
fn taken(root: &Path) -> Result<Vec<FileName>, Problem> {
    let folder = directory(root);
    let files = [entries(&folder)?, entries(&folder.join(ROLLBACK))?];
    let files = files.iter().flatten();
    Ok(files.filter_map(|file| FileName::parse(file)).collect())
}

/// A name for a new migration whose version no file has; its version is the time in UTC, or a little later. Where a file has a
/// version that is still to come, it is the next one after all of them: one that is older would be out of order at once.
pub(in crate::ops) fn free_name(
    root: &Path,
    name: &str,
    now: jiff::Timestamp,
) -> Result<FileName, Problem> {
    let slug = slug("migration", name, "add week lock")?;
    check_root(root)?;
    let taken = taken(root)?;
    let mut time = now;
    loop {
        let version = time.strftime("%Y%m%d%H%M%S").to_string();
        if taken.iter().all(|file| file.version != version) {
            let versions = taken.iter().map(|file| file.version.as_str());
            return Ok(FileName {
                version: after(versions, version),
                name: slug,
            });
        }
        time = time
            .checked_add(jiff::SignedDuration::from_secs(1))
            .map_err(|error| Problem::internal(format!("The clock cannot go on: {error}.")))?;
    }
}

/// What was typed as the name of a file of this kind, made fit for that.
pub(in crate::ops) fn slug(what: &str, name: &str, example: &str) -> Result<String, Problem> {
    let refused = |why: &str, hint: String| {
        let what = format!("The {what} needs another name.");
        Problem::new(Kind::Usage, what, why).with_hint(hint)
    };
    if looks_secret(name) {
        return Err(refused(
            "What was given looks like a key, a password or a URL, and it would become part of a file name.",
            format!("Say what the {what} does, such as `{example}`."),
        ));
    }
    FileName::slug(name).ok_or_else(|| {
        refused(
            "It becomes part of a file name.",
            format!("Use letters, digits, spaces, `_`, `-` and `.`, such as `{example}`."),
        )
    })
}

/// Makes the rollback file of a migration that has none; it begins with the same reminder as that of a new migration.
pub async fn new_rollback(root: &Path, version: &str) -> Result<MadeFile, Problem> {
    check_root(root)?;
    let folder = directory(root);
    let files = entries(&folder)?.into_iter();
    let files = files.filter_map(|file| FileName::parse(&file));
    let files: Vec<FileName> = files.filter(|file| file.version == version).collect();
    let file = match files.as_slice() {
        [file] => file,
        [] => return Err(unknown(version)),
        files => {
            let names: Vec<String> = files.iter().map(FileName::file_name).collect();
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            return Err(Problem::new(
                Kind::Config,
                format!("Version {version} has several files: {}.", listed(&names)),
                "Nobody knows whose rollback it would be.",
            )
            .with_hint("Give each file a version of its own."));
        }
    };
    make_folder(&folder.join(ROLLBACK))?;
    let path = rollback_file(&folder, file);
    write_new(&path, &reminder(file))?;
    Ok(MadeFile {
        file: path,
        key: version.to_owned(),
        made: None,
        note: None,
    })
}

/// The first line of a rollback file.
fn reminder(file: &FileName) -> String {
    format!("-- Undo {} here.\n", file.file_name())
}

/// Writes a migration and its rollback file, which begins with a reminder: both, or none.
pub(in crate::ops) fn make(
    root: &Path,
    file: &FileName,
    up: &str,
    down: &str,
) -> Result<NewFiles, Problem> {
    let folder = directory(root);
    make_folder(&folder.join(ROLLBACK))?;
    let files = NewFiles {
        up: folder.join(file.file_name()),
        down: rollback_file(&folder, file),
        made: None,
        after: None,
    };
    write_new(&files.up, up)?;
    if let Err(problem) = write_new(&files.down, &format!("{}{down}", reminder(file))) {
        // Half a pair is worse than none; the file was made a moment ago.
        let _ = std::fs::remove_file(&files.up);
        return Err(problem);
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[tokio::test]
    async fn a_new_file_comes_after_one_of_the_future_and_says_so() {
        let root = tempfile::tempdir().unwrap();
        let now: jiff::Timestamp = "2026-12-01T10:00:00Z".parse().unwrap();
        let name = |files: &NewFiles| files.up.file_name().unwrap().to_owned();
        let first = new(root.path(), "a", now).await.unwrap();
        assert_eq!(
            (name(&first), first.note()),
            ("20261201100000_a.sql".into(), None)
        );
        let folder = directory(root.path());
        write_new(&folder.join("20270101000000_later.sql"), "").unwrap();
        let next = new(root.path(), "b", now).await.unwrap();
        assert_eq!(name(&next), "20270101000001_b.sql");
        let note = next.note().unwrap();
        assert!(note.contains("comes after 20270101000000"), "{note}");
    }
}
