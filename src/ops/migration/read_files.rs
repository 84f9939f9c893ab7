//! Reads the migration directory: which files are migrations, and what they say.

use super::Workspace;
use crate::domain::hidden::shown_path;
use crate::domain::migration::down_section;
use crate::domain::migration::file_name::FileName;
pub(super) use crate::domain::migration::file_name::ROLLBACK;
use crate::domain::migration::history::{digest, sha256};
use crate::domain::migration::state::{LocalFile, LocalFiles, RollbackFile};
use crate::domain::problem::{Kind, Problem};
use crate::domain::sql::lexer;
use crate::domain::sql::position::place;
use crate::domain::sql::split::split;
use crate::domain::sql::statement_kind::significant;
use crate::domain::text::harmless;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// A file's text with the hash of its bytes.
#[derive(Debug, Clone)]
pub(super) struct Source {
    pub(super) text: String,
    pub(super) sha256: String,
}

impl Workspace {
    /// Refuses a project directory that is not there: everything would look missing.
    pub(in crate::ops) fn check_root(&self) -> Result<(), Problem> {
        check_root(&self.root)
    }
}

/// Refuses a project directory that is not there.
pub(super) fn check_root(root: &Path) -> Result<(), Problem> {
    if root.is_dir() {
        return Ok(());
    }
    let shown = shown_path(&root.display().to_string()).into_owned();
    let what = if root.exists() {
        format!("The project directory {shown} is no directory.")
    } else {
        format!("The project directory {shown} does not exist.")
    };
    Err(Problem::new(
        Kind::Config,
        what,
        "The migrations and seeds are read from there.",
    )
    .with_hint("Name the right one with `--dir`, or as `dir` in the profile."))
}

/// Says that the project directory may be the wrong one, when it has no migration directory.
pub(super) fn doubt(root: &Path) -> Option<String> {
    let shown = root.display().to_string();
    (!directory(root).is_dir()).then(|| {
        format!(
            "The directory {} has no migrations folder and may be the wrong one.",
            harmless(&shown)
        )
    })
}

/// The migration directory of a project.
pub fn directory(root: &Path) -> PathBuf {
    let supabase = root.join("supabase");
    if supabase.is_dir() {
        supabase.join("migrations")
    } else {
        root.join("migrations")
    }
}

/// The folders in which the files of a project change, whether they are there or not.
pub(super) fn watched(root: &Path) -> Vec<PathBuf> {
    let folder = directory(root);
    let rollbacks = folder.join(ROLLBACK);
    vec![root.to_owned(), root.join("supabase"), folder, rollbacks]
}

/// The rollback file that belongs to a migration file.
pub(super) fn rollback_file(directory: &Path, name: &FileName) -> PathBuf {
    directory.join(ROLLBACK).join(name.file_name())
}

/// The name of a migration file, or why a file of that name is skipped.
fn migration_name(file_name: &str, is_first: bool) -> Result<FileName, String> {
    let shown = harmless(file_name);
    match FileName::parse(file_name) {
        None => Err(format!(
            "{shown}: the name must look like 20240131120000_name.sql."
        )),
        Some(name) if is_first && name.is_old_init() => Err(format!(
            "{shown}: the Supabase CLI skips it too; give it another name than init to apply it."
        )),
        Some(name) => Ok(name),
    }
}

/// The files of the migration directory that are no migrations, each with its reason. Reads names only.
pub(super) fn skipped(directory: &Path) -> Result<Vec<String>, Problem> {
    let everything = read_folder(directory)?;
    let first = everything.first().map(|(name, _)| name.clone());
    let names = only_files(everything).into_iter();
    Ok(names
        .filter_map(|name| migration_name(&name, first.as_ref() == Some(&name)).err())
        .collect())
}

/// Everything in the migration directory; a directory that does not exist is empty.
pub(super) fn scan(directory: &Path) -> Result<LocalFiles, Problem> {
    let everything = read_folder(directory)?;
    // The CLI looks at the first entry of any kind.
    let first = everything.first().map(|(name, _)| name.clone());
    let names = only_files(everything);
    let rollbacks = entries(&directory.join(ROLLBACK))?;
    let mut local = LocalFiles::default();
    for file_name in &names {
        let name = match migration_name(file_name, first.as_ref() == Some(file_name)) {
            Ok(name) => name,
            Err(why) => {
                local.skipped.push(why);
                continue;
            }
        };
        let path = directory.join(file_name);
        let text = text(&path);
        let pieces = text
            .as_ref()
            .map_or_else(|_| Vec::new(), |text| split(text));
        let runs = text.is_err() || pieces.iter().any(|piece| !piece.is_blank);
        local.files.push(LocalFile {
            digest: text
                .as_ref()
                .map(|text| digest(pieces.iter().map(|one| one.text(text))))
                .map_err(ToString::to_string),
            way_back: match rollbacks.binary_search(file_name) {
                Ok(_) => way_back(&directory.join(ROLLBACK).join(file_name), runs),
                Err(_) => RollbackFile::Missing,
            },
            down_section: text.as_deref().ok().and_then(down_section::find),
            name,
            path,
        });
    }
    local
        .files
        .sort_by(|a, b| (&a.name.version, &a.path).cmp(&(&b.name.version, &b.path)));
    local.orphan_rollbacks = rollbacks
        .iter()
        .filter(|file| names.binary_search(file).is_err())
        .filter_map(|file| {
            let way_back = way_back(&directory.join(ROLLBACK).join(file), true);
            Some((FileName::parse(file)?.version, way_back))
        })
        .collect();
    Ok(local)
}

/// What a rollback file is good for, when the migration runs something or nothing.
fn way_back(path: &Path, up_runs: bool) -> RollbackFile {
    match text(path) {
        Err(_) => RollbackFile::Unreadable,
        Ok(text) if up_runs && !runs_something(&text) => RollbackFile::Empty,
        Ok(_) => RollbackFile::Usable,
    }
}

/// Whether there is anything for the server to run in a file.
pub(super) fn runs_something(text: &str) -> bool {
    significant(text).any(|token| token.kind != lexer::Kind::Semicolon)
}

/// The rollback file of a version whose migration file may be gone.
pub(super) fn find_rollback(directory: &Path, version: &str) -> Result<Option<PathBuf>, Problem> {
    let folder = directory.join(ROLLBACK);
    Ok(entries(&folder)?
        .into_iter()
        .find(|file| FileName::parse(file).is_some_and(|name| name.version == version))
        .map(|file| folder.join(file)))
}

/// The names of the files in a directory, sorted byte by byte. Symbolic links to files count as files.
pub(super) fn entries(directory: &Path) -> Result<Vec<String>, Problem> {
    read_folder(directory).map(only_files)
}

fn only_files(entries: Vec<(String, bool)>) -> Vec<String> {
    let files = entries.into_iter().filter(|(_, is_folder)| !is_folder);
    files.map(|(name, _)| name).collect()
}

/// Everything in a directory, sorted byte by byte, and whether it is a directory. What is not there is empty.
fn read_folder(directory: &Path) -> Result<Vec<(String, bool)>, Problem> {
    let unreadable = |error: std::io::Error| {
        Problem::new(
            Kind::Config,
            format!("The directory {} cannot be read.", directory.display()),
            sentence(&error),
        )
    };
    let found = match std::fs::read_dir(directory) {
        Ok(found) => found,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(unreadable(error)),
    };
    let mut names = Vec::new();
    for entry in found {
        let entry = entry.map_err(unreadable)?;
        let kind = entry.file_type().map_err(unreadable)?;
        let is_directory =
            kind.is_dir() || (kind.is_symlink() && directory.join(entry.file_name()).is_dir());
        names.push((
            entry.file_name().to_string_lossy().into_owned(),
            is_directory,
        ));
    }
    names.sort();
    Ok(names)
}

/// Reads a file of SQL, with the hash of its bytes.
pub(super) fn read(path: &Path) -> Result<Source, Problem> {
    let text = text(path)?;
    let sha256 = sha256(text.as_bytes());
    Ok(Source { text, sha256 })
}

/// Reads a file of SQL.
fn text(path: &Path) -> Result<String, Problem> {
    let bytes = std::fs::read(path).map_err(|error| unreadable(path, &error))?;
    decoded(bytes).map_err(|why| {
        Problem::new(
            Kind::Config,
            format!("The file {} is not UTF-8.", path.display()),
            why,
        )
        .with_hint("Save it as UTF-8.")
    })
}

/// The text of a file, or what it is instead of UTF-8.
pub(in crate::ops) fn decoded(bytes: Vec<u8>) -> Result<String, String> {
    if let [0xff, 0xfe, 0, 0, ..] | [0, 0, 0xfe, 0xff, ..] = bytes[..] {
        return Err("It is UTF-32. Save it as UTF-8.".to_owned());
    }
    if let Some(order) = utf16(&bytes) {
        return Err(format!("It is UTF-16 ({order}). Save it as UTF-8."));
    }
    let line = |at: usize, bytes: &[u8]| {
        let text = String::from_utf8_lossy(&bytes[..at]);
        place(&text, text.len()).line
    };
    match String::from_utf8(bytes) {
        Ok(text) => match text.find('\0') {
            None => Ok(text),
            Some(at) => Err(format!(
                "Line {} holds a NUL byte, which no SQL can hold.",
                line(at, text.as_bytes())
            )),
        },
        Err(error) => {
            let at = error.utf8_error().valid_up_to();
            let byte = error.as_bytes()[at];
            let line = line(at, error.as_bytes());
            Err(format!(
                "Line {line} holds the byte {byte:#04x}, as Windows-1252 or Latin-1 write it. Save it as UTF-8."
            ))
        }
    }
}

/// The byte order of a text in UTF-16: by its mark, or because nearly every second byte of its beginning is zero.
fn utf16(bytes: &[u8]) -> Option<&'static str> {
    const BEGINNING: usize = 400;
    match bytes {
        [0xff, 0xfe, ..] => return Some("little endian"),
        [0xfe, 0xff, ..] => return Some("big endian"),
        _ => {}
    }
    let beginning = &bytes[..bytes.len().min(BEGINNING)];
    let zeros = |odd: usize| {
        let some = beginning.iter().skip(odd).step_by(2);
        some.filter(|byte| **byte == 0).count()
    };
    let (even, odd) = (zeros(0), zeros(1));
    let many = beginning.len() / 4;
    if beginning.len() < 4 {
        None
    } else if odd > many && even == 0 {
        Some("little endian")
    } else if even > many && odd == 0 {
        Some("big endian")
    } else {
        None
    }
}

/// A file that the file system does not give.
pub(super) fn unreadable(path: &Path, error: &std::io::Error) -> Problem {
    Problem::new(
        Kind::Config,
        format!("The file {} cannot be read.", path.display()),
        sentence(error),
    )
}

/// An I/O error as a sentence.
pub(super) fn sentence(error: &std::io::Error) -> String {
    let text = error.to_string();
    let mut chars = text.chars();
    let first = chars
        .next()
        .map(|c| c.to_uppercase().to_string())
        .unwrap_or_default();
    format!("{first}{}.", chars.as_str().trim_end_matches('.'))
}

#[cfg(test)]
mod tests {
    use super::{RollbackFile, decoded, way_back};

    #[test]
    fn a_way_back_is_empty_when_the_whole_of_it_runs_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("1_a.sql");
        // Comments that begin in front of the 4096th byte, on it, and behind it.
        let blank = |at: usize, comment: &str| " ".repeat(at) + comment;
        for (text, expected) in [
            ("drop table a;".to_owned(), RollbackFile::Usable),
            ("drop".to_owned(), RollbackFile::Usable),
            (String::new(), RollbackFile::Empty),
            (";;\n-- nothing".to_owned(), RollbackFile::Empty),
            (blank(4095, "-- nothing"), RollbackFile::Empty),
            (blank(4095, "/* no\u{e9} */;"), RollbackFile::Empty),
            (blank(4094, "--"), RollbackFile::Empty),
            (blank(4090, "/* nothing */ ;"), RollbackFile::Empty),
            (blank(4090, "/* nothing */ select 1"), RollbackFile::Usable),
            (blank(9000, "select 1;"), RollbackFile::Usable),
            (blank(9000, "select 1;\0"), RollbackFile::Unreadable),
        ] {
            std::fs::write(&path, &text).unwrap();
            assert_eq!(way_back(&path, true), expected, "{text:?}");
            let without = way_back(&path, false);
            assert!(without == RollbackFile::Usable || expected == RollbackFile::Unreadable);
        }
        std::fs::write(&path, b"drop table \xe9;").unwrap();
        assert_eq!(way_back(&path, true), RollbackFile::Unreadable);
    }

    #[test]
    fn a_file_that_is_no_utf8_is_told_what_it_is() {
        let little =
            |text: &str| -> Vec<u8> { text.encode_utf16().flat_map(u16::to_le_bytes).collect() };
        let big =
            |text: &str| -> Vec<u8> { text.encode_utf16().flat_map(u16::to_be_bytes).collect() };
        let text = "create table a (b text default 'é');\n";
        for (bytes, words) in [
            (little(&format!("\u{feff}{text}")), "UTF-16 (little endian)"),
            (big(&format!("\u{feff}{text}")), "UTF-16 (big endian)"),
            (little(text), "UTF-16 (little endian)"),
            (big("select 1;"), "UTF-16 (big endian)"),
            ([&[0xff, 0xfe, 0, 0][..], b"s\0\0\0"].concat(), "UTF-32"),
            ([&[0, 0, 0xfe, 0xff][..], b"\0\0\0s"].concat(), "UTF-32"),
            (
                b"select 1;\nselect '\xe9';".to_vec(),
                "Line 2 holds the byte 0xe9, as Windows-1252",
            ),
            (b"select 1;\n\0".to_vec(), "Line 2 holds a NUL byte"),
        ] {
            let why = decoded(bytes).unwrap_err();
            assert!(why.contains(words), "{why}");
        }
        for fine in ["", "\u{feff}select 1;", "select 'é漢';"] {
            assert_eq!(decoded(fine.as_bytes().to_vec()).as_deref(), Ok(fine));
        }
    }
}
