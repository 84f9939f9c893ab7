//! The file of an export while it is made: a part with its state beside it, which becomes the file when it is whole.
//!
//! ```text
//! FILE.part         the records that were written, whole lines
//! FILE.part.json    how far it has come; written behind each page, so what it says is in the part
//! FILE              the part under its name, when the last record and the manifest are written
//! FILE.manifest.json
//! ```

use crate::domain::audit::Cursor;
use crate::domain::audit::export::{ExportRequest, ExportState, Manifest};
use crate::domain::migration::history::hex;
use crate::domain::problem::{Kind, Problem};
use crate::ops::exported_file::{ANOTHER_NAME, exists};
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufReader, Read as _, Write as _};
use std::path::{Path, PathBuf};

/// A file that is being exported to.
pub struct ExportFile {
    path: PathBuf,
    part: File,
    hash: Sha256,
    state: ExportState,
}

impl ExportFile {
    /// Begins an export. What is there already is never written over.
    pub fn begin(path: &Path, wanted: ExportRequest, started_at: String) -> Result<Self, Problem> {
        for (there, hint) in [
            (path.to_owned(), ANOTHER_NAME),
            (
                manifest_path(path),
                "It belongs to another export: choose another name, or move it away.",
            ),
            (
                part_path(path),
                "An export was stopped there: go on with --resume, or remove the part.",
            ),
        ] {
            if there.exists() {
                return Err(exists(&there, hint));
            }
        }
        let mut open = OpenOptions::new();
        open.write(true).create_new(true);
        // It may hold what people wrote, and where from.
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut open, 0o600);
        let part = open
            .open(part_path(path))
            .map_err(|error| unwritable(&part_path(path), &error))?;
        let file = Self {
            path: path.to_owned(),
            part,
            hash: Sha256::new(),
            state: ExportState::new(wanted, started_at),
        };
        file.keep_state()?;
        Ok(file)
    }

    /// The state of an export that was stopped.
    pub fn stopped(path: &Path) -> Result<ExportState, Problem> {
        let place = state_path(path);
        let text = fs::read_to_string(&place).map_err(|error| {
            let why = match error.kind() {
                io::ErrorKind::NotFound => format!("There is no {}.", place.display()),
                _ => format!("{}: {error}.", place.display()),
            };
            Problem::new(Kind::Usage, "There is nothing to go on with.", why)
                .with_hint("Leave --resume out to begin.")
        })?;
        serde_json::from_str(&text).map_err(|_| damaged(path, "Its state cannot be read."))
    }

    /// Goes on behind what the state says. More than that in the part was written without its state, and comes again.
    pub fn resume(path: &Path, state: ExportState) -> Result<Self, Problem> {
        free(path)?;
        let place = part_path(path);
        let broken = |error: io::Error| unwritable(&place, &error);
        let mut part = OpenOptions::new()
            .read(true)
            .append(true)
            .open(&place)
            .map_err(broken)?;
        if part.metadata().map_err(broken)?.len() < state.bytes {
            return Err(damaged(path, "The part is shorter than its state says."));
        }
        part.set_len(state.bytes).map_err(broken)?;
        let mut hash = Sha256::new();
        let mut reader = BufReader::with_capacity(1 << 16, &mut part);
        let mut buffer = vec![0; 1 << 16];
        loop {
            let count = reader.read(&mut buffer).map_err(broken)?;
            if count == 0 {
                break;
            }
            hash.update(&buffer[..count]);
        }
        Ok(Self {
            path: path.to_owned(),
            part,
            hash,
            state,
        })
    }

    /// How many records each mask matched so far; kept with the next lines.
    pub fn set_mask_matches(&mut self, matches: Vec<u64>) {
        self.state.mask_matches = matches;
    }

    /// How far it has come.
    pub fn state(&self) -> &ExportState {
        &self.state
    }

    /// The columns of CSV, once they are known.
    pub fn set_columns(&mut self, columns: &[&str]) {
        self.state.columns = columns.iter().map(|&column| column.to_owned()).collect();
    }

    /// Writes some lines that hold so many records, and keeps how far it has come.
    pub fn write(
        &mut self,
        lines: &str,
        records: u64,
        first: Option<Cursor>,
        last: Option<Cursor>,
    ) -> Result<(), Problem> {
        let written = self.part.write_all(lines.as_bytes());
        written.map_err(|error| unwritable(&part_path(&self.path), &error))?;
        self.hash.update(lines.as_bytes());
        self.state.bytes += lines.len() as u64;
        self.state.records += records;
        if self.state.first.is_none() {
            self.state.first = first;
        }
        self.state.last = last.or(self.state.last.take());
        self.keep_state()
    }

    /// Makes the part the file, with its manifest. Nothing is called whole that does not hold every record that was read.
    pub fn finish(self, read: u64, finished_at: String) -> Result<Manifest, Problem> {
        let place = part_path(&self.path);
        let broken = |error: io::Error| unwritable(&place, &error);
        self.part.sync_all().map_err(broken)?;
        let length = self.part.metadata().map_err(broken)?.len();
        if length != self.state.bytes || read != self.state.records {
            return Err(Problem::new(
                Kind::Config,
                "The export is not whole.",
                format!(
                    "{read} records were read and {} written; {} bytes were written and the file has {length}.",
                    self.state.records, self.state.bytes
                ),
            )
            .with_hint("Somebody else wrote to the file, or the disk lost something: remove the part and begin again."));
        }
        let name = self.path.file_name().unwrap_or_default();
        let manifest = Manifest {
            file: name.to_string_lossy().into_owned(),
            sha256: hex(&self.hash.finalize()),
            bytes: length,
            records: self.state.records,
            first: self.state.first,
            last: self.state.last,
            mask_matches: self.state.mask_matches,
            order: "newest first",
            wanted: self.state.wanted,
            started_at: self.state.started_at,
            finished_at,
            supadeck: env!("CARGO_PKG_VERSION"),
        };
        free(&self.path)?;
        replace(&manifest_path(&self.path), &manifest, true)?;
        fs::rename(&place, &self.path).map_err(broken)?;
        // What is left of it says nothing that the manifest does not say.
        let _ = fs::remove_file(state_path(&self.path));
        Ok(manifest)
    }

    fn keep_state(&self) -> Result<(), Problem> {
        replace(&state_path(&self.path), &self.state, false)
    }
}

/// Writes a small file as a whole: its old text is there until the new one is.
fn replace(path: &Path, value: &impl Serialize, is_pretty: bool) -> Result<(), Problem> {
    let text = if is_pretty {
        serde_json::to_string_pretty(value)
    } else {
        serde_json::to_string(value)
    };
    let text = text.map_err(|error| Problem::internal(error.to_string()))?;
    let new = with_ending(path, ".new");
    let written = fs::write(&new, format!("{text}\n")).and_then(|()| fs::rename(&new, path));
    written.map_err(|error| unwritable(path, &error))
}

fn part_path(path: &Path) -> PathBuf {
    with_ending(path, ".part")
}

fn state_path(path: &Path) -> PathBuf {
    with_ending(path, ".part.json")
}

/// Where the manifest of a file stands.
pub fn manifest_path(path: &Path) -> PathBuf {
    with_ending(path, ".manifest.json")
}

fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

/// Refuses where there is a file already.
fn free(path: &Path) -> Result<(), Problem> {
    if !path.exists() {
        return Ok(());
    }
    Err(exists(
        path,
        "Move that file away, then go on with --resume.",
    ))
}

fn unwritable(path: &Path, error: &io::Error) -> Problem {
    Problem::new(
        Kind::Config,
        format!("{} cannot be written.", path.display()),
        format!("{error}."),
    )
    .with_hint("Make room there, or choose another place; --resume goes on with what was written.")
}

fn damaged(path: &Path, why: &str) -> Problem {
    Problem::new(
        Kind::Usage,
        format!("The part of {} cannot be gone on with.", path.display()),
        why,
    )
    .with_hint("Remove it with its .part.json, and begin again without --resume.")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn wanted() -> ExportRequest {
        ExportRequest {
            names: false,
            trail: None,
            project: "p".into(),
            filter: String::new(),
            meaning: String::new(),
            format: "json".into(),
            masked: Vec::new(),
            identity: "anon".into(),
            role: "anon".into(),
            rls: true,
        }
    }

    fn at(id: &str) -> Cursor {
        Cursor {
            created_at: "2026".into(),
            id: id.into(),
        }
    }

    #[test]
    fn a_part_that_was_written_without_its_state_comes_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.json");
        let mut file = ExportFile::begin(&path, wanted(), "now".into()).unwrap();
        file.write("one\ntwo\n", 2, Some(at("1")), Some(at("2")))
            .unwrap();
        drop(file);
        // The program was killed between a line and its state, in the middle of the line.
        let mut part = OpenOptions::new()
            .append(true)
            .open(part_path(&path))
            .unwrap();
        part.write_all(b"thr").unwrap();
        let state = ExportFile::stopped(&path).unwrap();
        assert_eq!((state.records, state.last.clone()), (2, Some(at("2"))));
        let mut file = ExportFile::resume(&path, state).unwrap();
        file.write("three\n", 1, Some(at("3")), Some(at("3")))
            .unwrap();
        let manifest = file.finish(3, "then".into()).unwrap();
        let text = fs::read(&path).unwrap();
        assert_eq!(text, b"one\ntwo\nthree\n");
        assert_eq!(manifest.sha256, hex(&Sha256::digest(&text)));
        assert_eq!(
            (manifest.bytes, manifest.first, manifest.last),
            (14, Some(at("1")), Some(at("3")))
        );
        let mut names: Vec<_> = fs::read_dir(folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        assert_eq!(names, ["x.json", "x.json.manifest.json"]);
    }

    #[test]
    fn fewer_records_than_were_read_are_no_success_and_nothing_is_written_over() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.json");
        let begin = || ExportFile::begin(&path, wanted(), "now".into());
        let mut file = begin().unwrap();
        file.write("one\n", 1, Some(at("1")), Some(at("1")))
            .unwrap();
        assert_eq!(
            file.finish(2, "then".into()).unwrap_err().what,
            "The export is not whole."
        );
        assert!(!path.exists());
        assert!(begin().is_err_and(|problem| problem.hint.unwrap().contains("--resume")));
        // Somebody else wrote to the part.
        let state = ExportFile::stopped(&path).unwrap();
        let file = ExportFile::resume(&path, state.clone()).unwrap();
        fs::write(part_path(&path), "one\nmore\n").unwrap();
        assert!(file.finish(1, "then".into()).is_err());
        // Somebody cut it.
        fs::write(part_path(&path), "o").unwrap();
        assert!(ExportFile::resume(&path, state).is_err());
        fs::remove_file(part_path(&path)).unwrap();
        fs::write(&path, "mine").unwrap();
        assert!(begin().is_err());
        assert_eq!(fs::read_to_string(&path).unwrap(), "mine");
    }
}
