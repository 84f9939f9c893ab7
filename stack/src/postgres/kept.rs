//! A folder of kept data: `postgres/` (the cluster), `stack.json` (its secrets, mode 0600), `lock` (one stack at a
//! time, released by the system when we die).

use super::account::Account;
use crate::Error;
use crate::secret::Secrets;
use serde::{Deserialize, Serialize};
use std::fs::{File, OpenOptions, TryLockError};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// A stack that was just killed lets go of its folder within this time.
const PATIENCE: Duration = Duration::from_millis(500);

/// Is there while the cluster is being made.
const UNFINISHED: &str = "unfinished";

/// An opened folder of kept data; holds its lock.
pub(crate) struct Kept {
    path: PathBuf,
    /// The secrets, when the cluster is complete.
    pub(crate) secrets: Option<Secrets>,
    _lock: File,
}

#[derive(Serialize, Deserialize)]
struct Contents {
    version: u32,
    secrets: Secrets,
}

impl Kept {
    /// Opens or makes the folder and takes its lock.
    pub(crate) fn open(path: &Path) -> Result<Self, Error> {
        let fault = |e: std::io::Error| {
            data_error(path, &e.to_string(), "Choose a folder that you can write.")
        };
        let path = std::path::absolute(path).map_err(fault)?;
        std::fs::create_dir_all(&path).map_err(fault)?;
        let lock = private(&path.join("lock")).map_err(fault)?;
        take(&lock, &path)?;
        let secrets = match std::fs::read(path.join("stack.json")) {
            Ok(bytes) => Some(read(&path, &bytes)?),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => None,
            Err(e) => return Err(fault(e)),
        };
        let kept = Self {
            path,
            secrets,
            _lock: lock,
        };
        if kept.secrets.is_none() {
            kept.clear_the_way()?;
        }
        Ok(kept)
    }

    /// The cluster's folder.
    pub(crate) fn cluster(&self) -> PathBuf {
        self.path.join("postgres")
    }

    /// The major version of the cluster that is there.
    pub(crate) fn major(&self) -> Option<u32> {
        std::fs::read_to_string(self.cluster().join("PG_VERSION"))
            .ok()?
            .trim()
            .parse()
            .ok()
    }

    /// Lets the account that runs Postgres in, or says why that cannot be.
    pub(super) fn admit(&self, account: &Account) -> Result<(), Error> {
        if self.secrets.is_none() {
            private(&self.path.join(UNFINISHED))
                .map_err(|e| data_error(&self.path, &e.to_string(), ""))?;
        }
        std::fs::create_dir_all(self.cluster())
            .map_err(|e| data_error(&self.path, &e.to_string(), ""))?;
        restrict(&self.cluster()).map_err(|e| data_error(&self.path, &e.to_string(), ""))?;
        account.own(&self.cluster())?;
        match account.name() {
            Some(name) if !account.can_use(&self.cluster()) => Err(data_error(
                &self.path,
                &format!(
                    "Postgres does not run as root, it runs as {name}, and {name} cannot enter this folder"
                ),
                "Choose a folder below one that everybody can enter, such as /var/lib or /srv, or start as an ordinary user.",
            )),
            _ => Ok(()),
        }
    }

    /// Marks the cluster as complete: from now on it is reopened, not made again.
    pub(crate) fn complete(&self, secrets: &Secrets) -> Result<(), Error> {
        let fault = |e: std::io::Error| data_error(&self.path, &e.to_string(), "");
        let contents = Contents {
            version: 1,
            secrets: secrets.clone(),
        };
        let bytes = serde_json::to_vec_pretty(&contents).map_err(|e| fault(e.into()))?;
        // `tempfile` makes files with mode 0600.
        let mut file = tempfile::NamedTempFile::new_in(&self.path).map_err(fault)?;
        file.write_all(&bytes)
            .and_then(|()| file.as_file().sync_all())
            .map_err(fault)?;
        file.persist(self.path.join("stack.json"))
            .map_err(|e| fault(e.error))?;
        std::fs::remove_file(self.path.join(UNFINISHED)).map_err(fault)
    }

    /// Without `stack.json` a cluster was never completed, so it holds nothing of value; anything else is not ours.
    fn clear_the_way(&self) -> Result<(), Error> {
        let fault = |e: std::io::Error| data_error(&self.path, &e.to_string(), "");
        let unfinished = self.path.join(UNFINISHED).exists();
        for entry in std::fs::read_dir(&self.path).map_err(fault)?.flatten() {
            let name = entry.file_name();
            if name == "lock" || name == UNFINISHED {
                continue;
            }
            if name != "postgres" || !unfinished && !is_empty(&self.cluster()) {
                return Err(data_error(
                    &self.path,
                    &format!(
                        "it holds {}, which this program did not make",
                        name.display()
                    ),
                    "Choose an empty folder, or one that an earlier stack kept its data in.",
                ));
            }
            std::fs::remove_dir_all(self.cluster()).map_err(fault)?;
        }
        Ok(())
    }
}

fn is_empty(folder: &Path) -> bool {
    std::fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_none())
}

fn read(path: &Path, bytes: &[u8]) -> Result<Secrets, Error> {
    match serde_json::from_slice::<Contents>(bytes) {
        Ok(Contents {
            version: 1,
            secrets,
        }) => Ok(secrets),
        Ok(_) => Err(data_error(
            path,
            "a newer version of this program made it",
            "Use that version.",
        )),
        // The parser's message could quote the file.
        Err(_) => Err(data_error(
            path,
            "its stack.json is damaged",
            "Restore it, or choose another folder.",
        )),
    }
}

fn take(lock: &File, path: &Path) -> Result<(), Error> {
    let start = Instant::now();
    loop {
        match lock.try_lock() {
            Ok(()) => return Ok(()),
            Err(TryLockError::WouldBlock) if start.elapsed() < PATIENCE => {
                std::thread::sleep(Duration::from_millis(20));
            }
            Err(TryLockError::WouldBlock) => {
                return Err(Error::DataInUse {
                    path: path.to_path_buf(),
                });
            }
            Err(TryLockError::Error(e)) => {
                return Err(data_error(path, &e.to_string(), "Choose another folder."));
            }
        }
    }
}

fn private(path: &Path) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    options.create(true).truncate(false).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

#[cfg_attr(not(unix), expect(unused_variables, clippy::unnecessary_wraps))]
fn restrict(folder: &Path) -> std::io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o700))?;
    }
    Ok(())
}

fn data_error(path: &Path, why: &str, hint: &str) -> Error {
    Error::Data {
        path: path.to_path_buf(),
        why: why.to_owned(),
        hint: hint.to_owned(),
    }
}
