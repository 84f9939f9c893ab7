//! Makes a new migration file and the file for its way back.

use super::local::{ROLLBACK, check_root, directory, entries, rollback_file, sentence};
use crate::domain::migration::file_name::FileName;
use crate::domain::problem::{Kind, Problem};
use serde::Serialize;
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// The two files of a new migration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NewFiles {
    /// The migration.
    pub up: PathBuf,
    /// Its rollback.
    pub down: PathBuf,
}

/// Creates a migration file named after the time in UTC, and its rollback file. Never overwrites: when the second is
/// taken, the next free one is used. The project directory must be there; the folders in it are made.
pub async fn new(root: &Path, name: &str, now: jiff::Timestamp) -> Result<NewFiles, Problem> {
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
    let rollback = folder.join(ROLLBACK);
    make_folder(&rollback)?;
    let taken: Vec<FileName> = [entries(&folder)?, entries(&rollback)?]
        .iter()
        .flatten()
        .filter_map(|file| FileName::parse(file))
        .collect();
    let mut time = now;
    let file = loop {
        let version = time.strftime("%Y%m%d%H%M%S").to_string();
        if taken.iter().all(|file| file.version != version) {
            break FileName {
                version,
                name: slug,
            };
        }
        time = time
            .checked_add(jiff::SignedDuration::from_secs(1))
            .map_err(|error| Problem::internal(format!("The clock cannot go on: {error}.")))?;
    };
    let files = NewFiles {
        up: folder.join(file.file_name()),
        down: rollback_file(&folder, &file),
    };
    write_new(&files.up, "")?;
    let reminder = format!("-- Undo {} here.\n", file.file_name());
    if let Err(problem) = write_new(&files.down, &reminder) {
        // Half a pair is worse than none; the file is empty and was made a moment ago.
        let _ = std::fs::remove_file(&files.up);
        return Err(problem);
    }
    Ok(files)
}

fn make_folder(folder: &Path) -> Result<(), Problem> {
    std::fs::create_dir_all(folder).map_err(|error| {
        Problem::new(
            Kind::Config,
            format!("The directory {} cannot be made.", folder.display()),
            sentence(&error),
        )
    })
}

fn write_new(path: &Path, text: &str) -> Result<(), Problem> {
    std::fs::File::create_new(path)
        .and_then(|mut file| file.write_all(text.as_bytes()))
        .map_err(|error| {
            Problem::new(
                Kind::Config,
                format!("The file {} cannot be written.", path.display()),
                sentence(&error),
            )
        })
}
