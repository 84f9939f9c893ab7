//! Makes a new cluster with `initdb`. The superuser is `supabase_admin`, as on Supabase.

use super::account::Account;
use super::binaries::Binaries;
use super::folder::Folder;
use super::watchdog::Watchdog;
use crate::Error;
use std::io::Write;
use std::path::Path;
use std::process::Stdio;

/// The cluster's superuser.
pub(crate) const SUPERUSER: &str = "supabase_admin";

/// The file with the superuser's password, for as long as initdb runs.
const PASSWORD: &str = "password";

/// Makes a cluster in `data`, which must not exist or be empty. `scratch` takes the password file.
pub(super) fn run(
    binaries: &Binaries,
    account: &Account,
    watchdog: &mut Watchdog,
    data: &Path,
    scratch: &Folder,
    password: &str,
) -> Result<(), Error> {
    let mut reason = String::new();
    // C.UTF-8 sorts alike everywhere and knows upper and lower case; not every system has it.
    for locale in ["C.UTF-8", "en_US.UTF-8", "C"] {
        write_password(scratch, account, password)
            .map_err(|e| Error::io("The password file of initdb cannot be made", e))?;
        let child = account
            .command(&binaries.program("initdb"))
            .args([
                "--no-sync",
                "--no-instructions",
                "--encoding=UTF8",
                "--auth=scram-sha-256",
            ])
            .arg(format!("--username={SUPERUSER}"))
            .arg(format!("--locale={locale}"))
            .arg(format!(
                "--pwfile={}",
                scratch.path().join(PASSWORD).display()
            ))
            .arg(format!("--pgdata={}", data.display()))
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|e| Error::io("initdb cannot be started", e))?;
        watchdog.group(child.id())?;
        let answer = child
            .wait_with_output()
            .map_err(|e| Error::io("initdb cannot be waited for", e))?;
        watchdog.no_group()?;
        scratch
            .remove(PASSWORD)
            .map_err(|e| Error::io("The password file of initdb cannot be removed", e))?;
        if answer.status.success() {
            return Ok(());
        }
        let said = String::from_utf8_lossy(&answer.stderr);
        if !said.contains("locale") {
            return Err(Error::Postgres {
                what: "making a cluster",
                why: said.trim().to_owned(),
            });
        }
        said.trim().clone_into(&mut reason);
    }
    Err(Error::Postgres {
        what: "making a cluster",
        why: reason,
    })
}

/// A file that the account alone reads, in a folder that it cannot write.
fn write_password(scratch: &Folder, account: &Account, password: &str) -> std::io::Result<()> {
    let mut file = scratch.new_file(PASSWORD, 0o600)?;
    #[cfg(unix)]
    if let Some((user, group)) = account.ids() {
        std::os::unix::fs::fchown(&file, Some(user), Some(group))?;
    }
    #[cfg(not(unix))]
    let _ = account;
    writeln!(file, "{password}")
}
