//! The private temporary folder of a cluster: data when it is thrown away, sockets and logs always.

use super::account::Account;
use crate::Error;
use std::path::PathBuf;

/// A private folder that the account can enter, with room for a socket's name (about 100 bytes in all).
pub(super) fn folder() -> Result<(tempfile::TempDir, Account), Error> {
    let fault = |e| Error::io("A temporary folder cannot be made", e);
    let mut last = String::new();
    for parent in [
        std::env::temp_dir(),
        PathBuf::from("/tmp"),
        PathBuf::from("/var/tmp"),
    ] {
        let mut builder = tempfile::Builder::new();
        builder.prefix("supadeck-");
        // What `tempfile` gives folders by default is open to readers.
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700));
        let folder = match builder.tempdir_in(&parent) {
            Ok(folder) => folder,
            Err(e) => {
                last = e.to_string();
                continue;
            }
        };
        let account = Account::find(folder.path())?;
        account.own(folder.path())?;
        if folder.path().as_os_str().len() > 80 {
            "its path is too long for a socket".clone_into(&mut last);
        } else if account.can_use(folder.path()) {
            return Ok((folder, account));
        } else {
            last = format!(
                "{} cannot enter it",
                account.name().unwrap_or("the account")
            );
        }
    }
    Err(fault(std::io::Error::other(last)))
}
