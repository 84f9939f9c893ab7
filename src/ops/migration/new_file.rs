//! Makes a new migration file and the file for its way back.

use super::files::{make_folder, write_new};
use super::read_files::{self, ROLLBACK, check_root, directory, entries, rollback_file};
use crate::domain::hidden::looks_secret;
use crate::domain::migration::file_name::FileName;
use crate::domain::problem::{Kind, Problem};
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
    let file = free_name(root, name, now)?;
    let files = make(root, &file, up, down)?;
    Ok(NewFiles { made, ..files })
}

/// A name for a new migration whose version no file has; its version is the time in UTC, or a little later.
pub(in crate::ops) fn free_name(
    root: &Path,
    name: &str,
    now: jiff::Timestamp,
) -> Result<FileName, Problem> {
    if looks_secret(name) {
        return Err(Problem::new(
            Kind::Usage,
            "The migration needs another name.",
            "What was given looks like a key, a password or a URL, and it would become part of a file name.",
        )
        .with_hint("Say what the migration does, such as `add week lock`."));
    }
    let Some(slug) = FileName::slug(name) else {
        return Err(Problem::new(
            Kind::Usage,
            "The migration needs another name.",
            "It becomes part of a file name.",
        )
        .with_hint("Use letters, digits, spaces, `_`, `-` and `.`, such as `add week lock`."));
    };
    check_root(root)?;
    let folder = directory(root);
    let taken: Vec<FileName> = [entries(&folder)?, entries(&folder.join(ROLLBACK))?]
        .iter()
        .flatten()
        .filter_map(|file| FileName::parse(file))
        .collect();
    let mut time = now;
    loop {
        let version = time.strftime("%Y%m%d%H%M%S").to_string();
        if taken.iter().all(|file| file.version != version) {
            return Ok(FileName {
                version,
                name: slug,
            });
        }
        time = time
            .checked_add(jiff::SignedDuration::from_secs(1))
            .map_err(|error| Problem::internal(format!("The clock cannot go on: {error}.")))?;
    }
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
    };
    write_new(&files.up, up)?;
    let reminder = format!("-- Undo {} here.\n{down}", file.file_name());
    if let Err(problem) = write_new(&files.down, &reminder) {
        // Half a pair is worse than none; the file was made a moment ago.
        let _ = std::fs::remove_file(&files.up);
        return Err(problem);
    }
    Ok(files)
}
