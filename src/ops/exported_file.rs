//! The file of an export of rows or of a review. It is not there before, and is there only when it is whole.

use crate::domain::problem::{Kind, Problem};
use std::io::{self, BufWriter, Write as _};
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;

/// A file that is being exported to: a part beside it, for the owner alone, which is gone unless it becomes the file.
pub struct ExportedFile {
    path: PathBuf,
    part: BufWriter<NamedTempFile>,
}

impl ExportedFile {
    /// Begins an export. What is there already is never written over.
    pub fn begin(path: &Path) -> Result<Self, Problem> {
        check_free(path)?;
        let part = part(path).map_err(|error| unwritable(path, &error))?;
        Ok(Self {
            path: path.to_owned(),
            part: BufWriter::new(part),
        })
    }

    /// Writes on.
    pub fn write(&mut self, text: &str) -> Result<(), Problem> {
        let written = self.part.write_all(text.as_bytes());
        written.map_err(|error| unwritable(&self.path, &error))
    }

    /// Gives the part its name, once all of it is on disk.
    pub fn finish(self) -> Result<(), Problem> {
        let path = self.path;
        let broken = |error: io::Error| unwritable(&path, &error);
        let part = self.part.into_inner();
        let part = part.map_err(|error| broken(error.into_error()))?;
        part.as_file().sync_all().map_err(broken)?;
        let named = part.persist_noclobber(&path);
        named.map_err(|error| match error.error.kind() {
            io::ErrorKind::AlreadyExists => exists(&path, ANOTHER_NAME),
            _ => broken(error.error),
        })?;
        Ok(())
    }
}

/// Writes a text as a file of its own.
pub fn write_whole(path: &Path, text: &str) -> Result<(), Problem> {
    let mut file = ExportedFile::begin(path)?;
    file.write(text)?;
    file.finish()
}

/// A file beside the one that is meant.
fn part(path: &Path) -> io::Result<NamedTempFile> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    if !folder.is_dir() {
        // The error of the file beside it would have a name that nobody gave.
        let why = format!("{} is no folder that is there", folder.display());
        return Err(io::Error::new(io::ErrorKind::NotFound, why));
    }
    tempfile::Builder::new()
        .prefix(".supadeck-export-")
        .tempfile_in(folder)
}

/// Refuses where there is a file already.
pub fn check_free(path: &Path) -> Result<(), Problem> {
    if path.symlink_metadata().is_ok() {
        return Err(exists(path, ANOTHER_NAME));
    }
    Ok(())
}

/// What to do about a file in the place of an export.
pub const ANOTHER_NAME: &str = "Choose another name, or move the file away.";

/// A file is in the place of an export.
pub fn exists(path: &Path, hint: &str) -> Problem {
    Problem::new(
        Kind::Usage,
        format!("{} is there already.", path.display()),
        "Exports never overwrite.",
    )
    .with_hint(hint)
}

fn unwritable(path: &Path, error: &io::Error) -> Problem {
    Problem::new(
        Kind::Config,
        format!("{} cannot be written.", path.display()),
        format!("{error}."),
    )
    .with_hint("Make room there, or choose another place.")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_folder_that_is_not_there_is_named_and_no_file_of_ours() {
        let folder = tempfile::tempdir().unwrap();
        let missing = folder.path().join("nowhere");
        let why = part(&missing.join("rows.csv")).unwrap_err().to_string();
        assert!(why.contains("nowhere is no folder"), "{why}");
        assert!(!why.contains("supadeck-export"), "{why}");
        // One that is there takes it.
        part(&folder.path().join("rows.csv")).unwrap();
    }

    #[test]
    fn a_file_is_written_once_whole_and_over_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("review.md");
        write_whole(&path, "one").unwrap();
        let problem = write_whole(&path, "two").unwrap_err();
        assert_eq!(problem.kind, Kind::Usage);
        // One that came between the first look and the end is not written over either.
        let late = folder.path().join("late.md");
        let mut file = ExportedFile::begin(&late).unwrap();
        file.write("three").unwrap();
        std::fs::write(&late, "four").unwrap();
        assert_eq!(file.finish().unwrap_err().kind, Kind::Usage);
        let read = |path: &Path| std::fs::read_to_string(path).unwrap();
        assert_eq!(
            (read(&path).as_str(), read(&late).as_str()),
            ("one", "four")
        );
        // Nothing else is left there.
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2);
    }
}
