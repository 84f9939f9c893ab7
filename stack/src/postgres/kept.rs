//! A folder of kept data: `postgres/` (the cluster), `stack.json` (its secrets, mode 0600), `lock` (one stack at a
//! time, released by the system when we die). Only `postgres/` is given to the account of Postgres; the folder itself stays
//! ours, and no link in it is followed.

use super::account::Account;
use super::folder::Folder;
use crate::Error;
use crate::secret::Secrets;
use serde::{Deserialize, Serialize};
use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// A stack that was just killed lets go of its folder within this time.
const PATIENCE: Duration = Duration::from_millis(500);

/// Is there while the cluster is being made.
const UNFINISHED: &str = "unfinished";
/// The folder of the cluster.
const CLUSTER: &str = "postgres";
/// The file with the secrets.
const SECRETS: &str = "stack.json";

/// An opened folder of kept data; holds its lock.
pub(crate) struct Kept {
    path: PathBuf,
    folder: Folder,
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
        let folder = Folder::open(&path).map_err(fault)?;
        #[cfg(unix)]
        if super::folder::is_root() && folder.owner().map_err(fault)? != 0 {
            return Err(data_error(
                &path,
                "it belongs to another user, who could put links in it, and supadeck runs as root",
                "Choose a folder of root's own, or start supadeck as that user.",
            ));
        }
        let lock = folder.file("lock").map_err(fault)?;
        take(&lock, &path)?;
        let secrets = match folder.read(SECRETS) {
            Ok(bytes) => Some(read(&path, &bytes)?),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => None,
            Err(e) => return Err(fault(e)),
        };
        let kept = Self {
            path,
            folder,
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
        self.path.join(CLUSTER)
    }

    /// The major version of the cluster that is there.
    pub(crate) fn major(&self) -> Option<u32> {
        let version = self.folder.within(CLUSTER).ok()?.read("PG_VERSION").ok()?;
        String::from_utf8(version).ok()?.trim().parse().ok()
    }

    /// Lets the account that runs Postgres in, or says why that cannot be.
    pub(super) fn admit(&self, account: &Account) -> Result<(), Error> {
        let fault = |e: std::io::Error| data_error(&self.path, &e.to_string(), "");
        #[cfg(unix)]
        if account.name().is_some() && self.folder.is_open().map_err(fault)? {
            return Err(data_error(
                &self.path,
                "everybody can write in it, and supadeck runs as root",
                "Take the right to write from the others (`chmod go-w`), or choose another folder.",
            ));
        }
        if self.secrets.is_none() {
            self.folder.file(UNFINISHED).map_err(fault)?;
        }
        self.give(account).map_err(fault)?;
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
        self.folder.replace(SECRETS, &bytes).map_err(fault)?;
        self.folder.remove(UNFINISHED).map_err(fault)
    }

    /// Gives the folder of the cluster to the account: a new one, or one that it has already. Anything else that is called
    /// so was put there by somebody.
    fn give(&self, account: &Account) -> std::io::Result<()> {
        if !self.folder.has(CLUSTER) {
            return self.folder.new_folder(CLUSTER, 0o700)?.give(account);
        }
        let cluster = self.folder.within(CLUSTER)?;
        #[cfg(unix)]
        if let (Some((user, _)), Some(name)) = (account.ids(), account.name())
            && cluster.owner()? != user
        {
            return Err(std::io::Error::other(format!(
                "its folder {CLUSTER} does not belong to {name}, who runs Postgres"
            )));
        }
        cluster.give(account)
    }

    /// Without `stack.json` a cluster was never completed, so it holds nothing of value; anything else is not ours.
    fn clear_the_way(&self) -> Result<(), Error> {
        let fault = |e: std::io::Error| data_error(&self.path, &e.to_string(), "");
        let unfinished = self.folder.has(UNFINISHED);
        for name in self.folder.names().map_err(fault)? {
            if name == "lock" || name == UNFINISHED {
                continue;
            }
            if name != CLUSTER || !unfinished && !self.is_empty() {
                return Err(data_error(
                    &self.path,
                    &format!(
                        "it holds {}, which this program did not make",
                        name.display()
                    ),
                    "Choose an empty folder, or one that an earlier stack kept its data in.",
                ));
            }
            self.folder.remove_all(CLUSTER).map_err(fault)?;
        }
        Ok(())
    }

    fn is_empty(&self) -> bool {
        let names = self
            .folder
            .within(CLUSTER)
            .and_then(|cluster| cluster.names());
        names.is_ok_and(|names| names.is_empty())
    }
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

fn data_error(path: &Path, why: &str, hint: &str) -> Error {
    Error::Data {
        path: path.to_path_buf(),
        why: why.to_owned(),
        hint: hint.to_owned(),
    }
}
