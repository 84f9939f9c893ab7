//! The private temporary folder of a cluster: data when it is thrown away, sockets and logs always. The watchdog knows
//! of it before it exists, so that there is no moment at which a killed process would leave it behind.

use super::account::Account;
use super::watchdog::Watchdog;
use crate::Error;
use std::path::{Path, PathBuf};

/// A socket's path has room for about 100 bytes in all.
const LONGEST: usize = 80;

/// A new folder, the watchdog that removes it, and the account that may enter it.
pub(super) struct Scratch {
    pub(super) path: PathBuf,
    pub(super) watchdog: Watchdog,
    pub(super) account: Account,
}

impl Scratch {
    /// Makes the folder in the first temporary place that the account can enter.
    pub(super) fn make() -> Result<Self, Error> {
        let mut reasons = Vec::new();
        for parent in [
            std::env::temp_dir(),
            PathBuf::from("/tmp"),
            PathBuf::from("/var/tmp"),
        ] {
            match Self::make_in(&parent)? {
                Ok(scratch) => return Ok(scratch),
                Err(why) => reasons.push(format!("{}: {why}", parent.display())),
            }
        }
        let reasons = std::io::Error::other(reasons.join("; "));
        Err(Error::io("A temporary folder cannot be made", reasons))
    }

    /// The inner error is a reason to try elsewhere.
    fn make_in(parent: &Path) -> Result<Result<Self, String>, Error> {
        let name = uuid::Uuid::new_v4().simple().to_string();
        let path = parent.join(format!("supadeck-{}", &name[..12]));
        if path.as_os_str().len() > LONGEST {
            return Ok(Err("its path is too long for a socket".into()));
        }
        let mut watchdog = Watchdog::start()?;
        watchdog.remove(&path)?;
        if let Err(e) = private_folder(&path) {
            // What is there is not ours to remove.
            watchdog.keep()?;
            return Ok(Err(e.to_string()));
        }
        let account = Account::find(&path)?;
        account.own(&path)?;
        if !account.can_use(&path) {
            let name = account.name().unwrap_or("the account");
            return Ok(Err(format!("{name} cannot enter it")));
        }
        Ok(Ok(Self {
            path,
            watchdog,
            account,
        }))
    }
}

fn private_folder(path: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}
