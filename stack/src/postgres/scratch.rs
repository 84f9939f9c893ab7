//! The temporary folder of a cluster: data when it is thrown away, sockets and logs always. The watchdog knows of it before
//! it exists, so that there is no moment at which a killed process would leave it behind.
//!
//! The folder itself stays ours; the account of Postgres writes in a folder in it, and only that one is given away. So no name
//! that we write at can have been put there by that account.

use super::account::Account;
use super::folder::Folder;
use super::watchdog::Watchdog;
use crate::Error;
use std::path::{Path, PathBuf};

/// A socket's path has room for about 100 bytes in all.
const LONGEST: usize = 80;

/// A new folder, the watchdog that removes it, and the account that may enter it.
pub(super) struct Scratch {
    /// Ours. The account may pass through it.
    pub(super) folder: Folder,
    /// For the data and the sockets of Postgres: given to the account.
    pub(super) theirs: Folder,
    /// For our own sockets and logs: nobody else enters it.
    pub(super) private: Folder,
    pub(super) watchdog: Watchdog,
    pub(super) account: Account,
}

impl Scratch {
    /// Makes the folder in the first temporary place that the account can enter.
    pub(super) fn make() -> Result<Self, Error> {
        let account = Account::find()?;
        let mut reasons = Vec::new();
        for parent in [
            std::env::temp_dir(),
            PathBuf::from("/tmp"),
            PathBuf::from("/var/tmp"),
        ] {
            match Self::make_in(&parent, &account)? {
                Ok(scratch) => return Ok(scratch),
                Err(why) => reasons.push(format!("{}: {why}", parent.display())),
            }
        }
        let reasons = std::io::Error::other(reasons.join("; "));
        Err(Error::io("A temporary folder cannot be made", reasons))
    }

    /// The inner error is a reason to try elsewhere.
    fn make_in(parent: &Path, account: &Account) -> Result<Result<Self, String>, Error> {
        let name = uuid::Uuid::new_v4().simple().to_string();
        let path = parent.join(format!("supadeck-{}", &name[..12]));
        if path.as_os_str().len() > LONGEST {
            return Ok(Err("its path is too long for a socket".into()));
        }
        #[cfg(unix)]
        if account.name().is_some() && !super::folder::is_ours(parent) {
            return Ok(Err("it belongs to another user".into()));
        }
        let mut watchdog = Watchdog::start()?;
        watchdog.remove(&path)?;
        let folder = match Folder::create(&path) {
            Ok(folder) => folder,
            Err(e) => {
                // What is there is not ours to remove.
                watchdog.keep()?;
                return Ok(Err(e.to_string()));
            }
        };
        let fault = |e| Error::io("A temporary folder cannot be set up", e);
        let theirs = folder.new_folder("pg", 0o700).map_err(fault)?;
        let private = folder.new_folder("own", 0o700).map_err(fault)?;
        #[cfg(unix)]
        if account.name().is_some() {
            folder.set_mode(0o711).map_err(fault)?;
        }
        theirs.give(account).map_err(fault)?;
        if !account.can_use(theirs.path()) {
            let name = account.name().unwrap_or("the account");
            return Ok(Err(format!("{name} cannot enter it")));
        }
        Ok(Ok(Self {
            folder,
            theirs,
            private,
            watchdog,
            account: account.clone(),
        }))
    }
}
