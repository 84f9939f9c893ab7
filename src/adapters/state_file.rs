//! What the deck keeps for a profile between two runs: a file of each kind and profile in the user's config directory, which only the
//! owner reads. Two decks can change one at the same time.

use super::file_lock::{FileLock, LockFault};
use crate::domain::profile::check_name;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::io::{self, ErrorKind, Write};
use std::marker::PhantomData;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The most bytes that are read: more than a full file has.
const LONGEST: u64 = 4 << 20;
/// How long another program may hold the file.
const PATIENCE: Duration = Duration::from_secs(2);

/// What such a file holds.
pub trait Kept: Serialize + DeserializeOwned {
    /// The folder of the files, below the config directory.
    const FOLDER: &'static str;

    /// What is kept of a project of which nothing is kept yet.
    fn of(url: &str) -> Self;

    /// The address of the project that it is about.
    fn url(&self) -> &str;
}

/// The file of one profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StateFile<T> {
    folder: PathBuf,
    profile: String,
    url: String,
    kept: PhantomData<T>,
}

impl<T: Kept> StateFile<T> {
    /// The file of a profile in the config directory; none where its name cannot be a file's.
    pub fn of(config_dir: &Path, profile: &str, url: &str) -> Option<Self> {
        check_name(profile).ok()?;
        Some(Self {
            folder: config_dir.join(T::FOLDER),
            profile: profile.to_owned(),
            url: url.to_owned(),
            kept: PhantomData,
        })
    }

    fn path(&self) -> PathBuf {
        self.folder.join(format!("{}.json", self.profile))
    }

    /// What is kept. A file that is not there, cannot be read or is of another project holds nothing.
    pub fn read(&self) -> T {
        self.own(read(&self.path()).ok().flatten())
    }

    /// What is kept of this project.
    fn own(&self, kept: Option<T>) -> T {
        kept.filter(|kept| kept.url() == self.url)
            .unwrap_or_else(|| T::of(&self.url))
    }

    /// Changes what is there by now: another deck may have changed it. Nothing is written where nothing was changed.
    pub fn change(&self, change: impl FnOnce(&mut T) -> io::Result<bool>) -> io::Result<()> {
        let lock = self.folder.join(format!("{}.lock", self.profile));
        let _held = FileLock::take(&lock, PATIENCE).map_err(|fault| match fault {
            LockFault::Io(error) => error,
            LockFault::Held => io::Error::other("another program holds the file"),
        })?;
        let mut kept = match read(&self.path()) {
            Ok(kept) => self.own(kept),
            // It is nothing that was written here, or of a later version: it is put aside, and not written over.
            Err(error) if error.kind() == ErrorKind::InvalidData => {
                std::fs::rename(self.path(), self.path().with_extension("json.bad"))?;
                T::of(&self.url)
            }
            Err(error) => return Err(error),
        };
        if !change(&mut kept)? {
            return Ok(());
        }
        write(&self.path(), &kept)
    }
}

/// What a file of the deck holds; nothing where it is not there.
///
/// # Errors
///
/// `InvalidData` where it is no plain file, longer than any that is written, or of another form.
pub(super) fn read<T: DeserializeOwned>(path: &Path) -> io::Result<Option<T>> {
    let bytes = match std::fs::metadata(path) {
        Ok(file) if file.is_file() && file.len() <= LONGEST => std::fs::read(path)?,
        Ok(_) => return Err(ErrorKind::InvalidData.into()),
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let kept = serde_json::from_slice(&bytes);
    kept.map(Some)
        .map_err(|error| io::Error::new(ErrorKind::InvalidData, error))
}

/// Writes such a file: whole or not at all, and for its owner alone.
pub(super) fn write<T: Serialize>(path: &Path, value: &T) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    // `tempfile` makes files that only the owner can read (0600).
    let mut file = tempfile::Builder::new()
        .prefix(".supadeck-")
        .tempfile_in(folder)?;
    file.write_all(&serde_json::to_vec(value)?)?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}
