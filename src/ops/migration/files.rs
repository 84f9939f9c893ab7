//! Writes the project's migration files so that none is ever lost: a file is there whole or not at all, nothing is
//! overwritten that was not kept, and a pair of files moves together or not at all.

use super::read_files::{self, sentence, unreadable};
use crate::domain::migration::history::{hex, sha256};
use crate::domain::problem::{Kind, Problem};
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use std::fs;
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;

/// The folder inside the migration directory that keeps edited files; both tools ignore folders.
const KEPT: &str = "edited";

/// Writes a file that must not be there yet. A reader sees all of it or nothing.
pub(in crate::ops) fn write_new(path: &Path, text: &str) -> Result<(), Problem> {
    let written = (|| {
        let file = beside(path, text.as_bytes())?;
        file.persist_noclobber(path).map_err(|error| error.error)?;
        settle(path)
    })();
    written.map_err(|error| unwritten(path, &error))
}

/// Writes a file that may be there already. A reader sees the old one or the new one, whole.
pub(in crate::ops) fn write_over(path: &Path, text: &str) -> Result<(), Problem> {
    let whole = match path.parent() {
        Some(folder) if folder.as_os_str().is_empty() => Path::new(".").join(path),
        _ => path.to_owned(),
    };
    let written = (|| {
        let file = beside(&whole, text.as_bytes())?;
        if let Ok(there) = fs::metadata(&whole) {
            file.as_file().set_permissions(there.permissions())?;
        }
        file.persist(&whole).map_err(|error| error.error)?;
        settle(&whole)
    })();
    written.map_err(|error| unwritten(path, &error))
}

/// Replaces a file whose bytes are kept at `kept` first. Refused when it is not the file that was seen.
pub(super) fn replace(path: &Path, text: &str, seen: &str, kept: &Path) -> Result<(), Problem> {
    let bytes = read(path)?;
    check_seen(path, &bytes, seen)?;
    let prepared = (|| {
        if let Some(folder) = kept.parent() {
            fs::create_dir_all(folder)?;
        }
        let permissions = fs::metadata(path)?.permissions();
        let copy = beside(kept, &bytes)?;
        copy.as_file().set_permissions(permissions.clone())?;
        copy.persist_noclobber(kept).map_err(|error| error.error)?;
        settle(kept)?;
        let file = beside(path, text.as_bytes())?;
        file.as_file().set_permissions(permissions)?;
        Ok(file)
    })();
    let file = prepared.map_err(|error| unwritten(path, &error))?;
    // An editor may have saved it meanwhile; what it saved is not kept yet.
    check_seen(path, &read(path)?, seen)?;
    file.persist(path)
        .map_err(|error| error.error)
        .and_then(|_| settle(path))
        .map_err(|error| unwritten(path, &error))
}

fn check_seen(path: &Path, bytes: &[u8], seen: &str) -> Result<(), Problem> {
    if sha256(bytes) == seen {
        return Ok(());
    }
    Err(changed(
        path,
        "Only what was shown is replaced, so it was left as it is.",
    ))
}

/// A file is not what was shown.
fn changed(path: &Path, why: &str) -> Problem {
    let what = format!("{} has changed since it was shown.", path.display());
    Problem::new(Kind::Conflict, what, why).with_hint("Look again.")
}

fn read(path: &Path) -> Result<Vec<u8>, Problem> {
    fs::read(path).map_err(|error| unreadable(path, &error))
}

/// A file as it was shown before it is deleted.
#[derive(Clone, PartialEq, Eq)]
pub struct SeenFile {
    /// Where it is.
    pub path: PathBuf,
    bytes: Vec<u8>,
}

impl SeenFile {
    /// Reads a file to be shown.
    pub(in crate::ops) fn read(path: PathBuf) -> Result<Self, Problem> {
        let bytes = read(&path)?;
        Ok(Self { path, bytes })
    }

    /// Its text; what is no UTF-8 in it is replaced.
    pub fn text(&self) -> std::borrow::Cow<'_, str> {
        String::from_utf8_lossy(&self.bytes)
    }
}

/// Deletes files, all of them or none. Refused when one is not what was shown.
pub(in crate::ops) fn delete_all(files: &[SeenFile]) -> Result<(), Problem> {
    for file in files {
        if read(&file.path)? != file.bytes {
            return Err(changed(
                &file.path,
                "Only what was shown is deleted, so nothing was.",
            ));
        }
    }
    for (at, file) in files.iter().enumerate() {
        if let Err(error) = fs::remove_file(&file.path) {
            let problem = Problem::new(
                Kind::Config,
                format!("{} cannot be deleted.", file.path.display()),
                sentence(&error),
            );
            return Err(with_restored(problem, &restore_all(&files[..at])));
        }
        let _ = settle(&file.path);
    }
    Ok(())
}

/// Writes deleted files again, as they were. Gives those that could not be.
pub(in crate::ops) fn restore_all(files: &[SeenFile]) -> Vec<PathBuf> {
    let is_written = |file: &&SeenFile| {
        let written = beside(&file.path, &file.bytes);
        written.is_ok_and(|made| made.persist_noclobber(&file.path).is_ok())
    };
    let lost = files.iter().filter(|file| !is_written(file));
    lost.map(|file| file.path.clone()).collect()
}

/// Says of files that were to be written again which of them are not there.
pub(in crate::ops) fn with_restored(mut problem: Problem, lost: &[PathBuf]) -> Problem {
    let lost: Vec<String> = lost.iter().map(|path| path.display().to_string()).collect();
    if !lost.is_empty() {
        problem.why = format!(
            "{} These could not be written again: {}.",
            problem.why,
            lost.join(", ")
        );
    }
    problem
}

/// SHA-256 of a file's bytes, in hex; the bytes need not be text.
pub(in crate::ops) fn sha256_of(path: &Path) -> Result<String, Problem> {
    let hashed = (|| {
        let mut hash = Sha256::new();
        // Not read as a whole: a plan that is about to run holds its text already.
        io::copy(&mut fs::File::open(path)?, &mut hash)?;
        Ok(hex(&hash.finalize()))
    })();
    hashed.map_err(|error| unreadable(path, &error))
}

/// Where a file of the migration directory is kept when another takes its place: a name that is free.
pub(super) fn kept(directory: &Path, file: &Path) -> PathBuf {
    let folder = directory.join(KEPT);
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let stem = name.strip_suffix(".sql").unwrap_or(&name);
    let mut path = folder.join(name.as_ref());
    let mut copy = 1_u32;
    while fs::symlink_metadata(&path).is_ok() {
        copy += 1;
        path = folder.join(format!("{stem}.{copy}.sql"));
    }
    path
}

/// One file and its new name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Move {
    /// Where it is.
    pub from: PathBuf,
    /// Where it will be.
    pub to: PathBuf,
}

/// Moves files, all of them or none, and never over another one.
pub(super) fn move_all(moves: &[Move]) -> Result<(), Problem> {
    let mut linked: Vec<&Path> = Vec::new();
    for Move { from, to } in moves {
        if let Err(error) = copy_name(from, to) {
            for path in linked {
                // Each is a second name or a copy that was made a moment ago; the first is still there.
                let _ = fs::remove_file(path);
            }
            return Err(unwritten(to, &error));
        }
        linked.push(to);
    }
    for (at, Move { from, .. }) in moves.iter().enumerate() {
        if let Err(error) = fs::remove_file(from) {
            let back = moves[..at]
                .iter()
                .all(|one| copy_name(&one.to, &one.from).is_ok());
            if back {
                for Move { to, .. } in moves {
                    let _ = fs::remove_file(to);
                }
            }
            return Err(unwritten(from, &error));
        }
    }
    for Move { to, .. } in moves {
        let _ = settle(to);
    }
    Ok(())
}

/// Gives a file a second name that was free. Where the file system has no second names, a copy does.
fn copy_name(from: &Path, to: &Path) -> io::Result<()> {
    match fs::hard_link(from, to) {
        Ok(()) => Ok(()),
        Err(error) if matches!(error.kind(), ErrorKind::AlreadyExists | ErrorKind::NotFound) => {
            Err(error)
        }
        Err(_) => {
            let copy = beside(to, &fs::read(from)?)?;
            copy.as_file()
                .set_permissions(fs::metadata(from)?.permissions())?;
            copy.persist_noclobber(to).map_err(|error| error.error)?;
            Ok(())
        }
    }
}

/// A file beside the place where it will stand, its bytes on the disk. Its name is none that a tool would run.
fn beside(path: &Path, bytes: &[u8]) -> io::Result<NamedTempFile> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut builder = tempfile::Builder::new();
    builder.prefix(".supadeck-").suffix(".partial");
    // As an editor would make it: the umask takes its part away.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let mut file = builder.tempfile_in(folder)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    Ok(file)
}

/// Makes sure that a name is on the disk.
fn settle(path: &Path) -> io::Result<()> {
    #[cfg(unix)]
    if let Some(folder) = path.parent() {
        fs::File::open(folder)?.sync_all()?;
    }
    #[cfg(not(unix))]
    let _ = path;
    Ok(())
}

fn unwritten(path: &Path, error: &io::Error) -> Problem {
    let why = if error.kind() == ErrorKind::AlreadyExists {
        "There is a file already, and nothing is ever overwritten.".to_owned()
    } else {
        sentence(error)
    };
    Problem::new(
        Kind::Config,
        format!(
            "The file {} cannot be written.",
            crate::domain::text::harmless(&path.display().to_string())
        ),
        why,
    )
}

/// Makes a folder where it is missing.
pub(in crate::ops) fn make_folder(folder: &Path) -> Result<(), Problem> {
    fs::create_dir_all(folder).map_err(|error| {
        Problem::new(
            Kind::Config,
            format!("The directory {} cannot be made.", folder.display()),
            read_files::sentence(&error),
        )
    })
}
