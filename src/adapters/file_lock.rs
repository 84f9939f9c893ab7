//! A lock between processes: an empty file that one of them holds. The system frees it when the holder ends, however it ends.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::Path;
use std::time::{Duration, Instant};

/// How often a lock that somebody else holds is tried.
const PAUSE: Duration = Duration::from_millis(20);

/// A held lock; dropping it frees it.
#[derive(Debug)]
pub struct FileLock(File);

/// Why a lock was not taken.
#[derive(Debug)]
pub enum LockFault {
    /// Somebody else held it all the time.
    Held,
    /// The file could not be made or locked.
    Io(std::io::Error),
}

impl FileLock {
    /// Tries to lock an open file; `None` when somebody else holds it. Does not wait.
    pub fn try_of(file: File) -> std::io::Result<Option<Self>> {
        match file.try_lock() {
            Ok(()) => Ok(Some(Self(file))),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    /// The file that is locked.
    pub fn file(&self) -> &File {
        &self.0
    }

    /// Takes the lock, waiting at most `patience` for whoever holds it. Blocks the thread.
    pub fn take(path: &Path, patience: Duration) -> Result<Self, LockFault> {
        if let Some(dir) = path.parent() {
            std::fs::create_dir_all(dir).map_err(LockFault::Io)?;
        }
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(path)
            .map_err(LockFault::Io)?;
        let start = Instant::now();
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Self(file)),
                Err(TryLockError::WouldBlock) if start.elapsed() < patience => {
                    std::thread::sleep(PAUSE);
                }
                Err(TryLockError::WouldBlock) => return Err(LockFault::Held),
                Err(TryLockError::Error(error)) => return Err(LockFault::Io(error)),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_lock_is_held_by_one_and_freed_by_dropping_it() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("deeper/x.lock");
        let held = FileLock::take(&path, Duration::ZERO).unwrap();
        let second = FileLock::take(&path, Duration::from_millis(30));
        assert!(matches!(second, Err(LockFault::Held)));
        drop(held);
        assert!(FileLock::take(&path, Duration::ZERO).is_ok());
    }
}
