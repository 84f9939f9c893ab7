//! A folder with `postgres` and `initdb`, its version, and a readable copy when the account cannot read it.

use super::account::Account;
use super::folder::Folder;
use crate::Error;
use std::path::{Path, PathBuf};

/// The oldest major version that has what Supabase databases use.
pub(crate) const OLDEST: u32 = 15;

/// Usable Postgres binaries.
#[derive(Debug, Clone)]
pub(crate) struct Binaries {
    /// The folder that holds `postgres` and `initdb`.
    pub(crate) bin: PathBuf,
    /// `15.13`.
    pub(crate) version: String,
    /// `15`.
    pub(crate) major: u32,
}

impl Binaries {
    /// Looks at a folder: itself or its `bin`. The error says why it does not do.
    pub(crate) fn at(folder: &Path) -> Result<Self, String> {
        let bin = [folder.to_path_buf(), folder.join("bin")]
            .into_iter()
            .find(|bin| program(bin, "postgres").is_file() && program(bin, "initdb").is_file())
            .ok_or_else(|| format!("{} has no postgres and initdb", folder.display()))?;
        let version = version(&Account::default(), &bin)?;
        let major = version
            .split(['.', 'b', 'r', 'd'])
            .next()
            .and_then(|major| major.parse().ok())
            .unwrap_or(0);
        if major < OLDEST {
            return Err(format!(
                "{} is Postgres {version}, older than {OLDEST}",
                bin.display()
            ));
        }
        Ok(Self {
            bin,
            version,
            major,
        })
    }

    /// A program of the set.
    pub(crate) fn program(&self, name: &str) -> PathBuf {
        program(&self.bin, name)
    }

    /// These binaries, or a copy under `scratch` when the account cannot run them where they are.
    pub(crate) fn readable_by(self, account: &Account, scratch: &Folder) -> Result<Self, Error> {
        if account.name().is_none() || version(account, &self.bin).is_ok() {
            return Ok(self);
        }
        let Some(prefix) = self.bin.parent() else {
            return Ok(self);
        };
        let fault = |e| Error::io("The Postgres binaries cannot be copied", e);
        let copy = scratch.new_folder("postgres", 0o755).map_err(fault)?;
        copy.copy_in(prefix).map_err(fault)?;
        let bin = copy.path().join("bin");
        version(account, &bin).map_err(|why| Error::Postgres {
            what: "running a copy of its binaries",
            why,
        })?;
        Ok(Self { bin, ..self })
    }
}

fn program(bin: &Path, name: &str) -> PathBuf {
    bin.join(format!("{name}{}", std::env::consts::EXE_SUFFIX))
}

/// Asks `postgres --version` as the account: `postgres (PostgreSQL) 15.13 (Debian …)`.
fn version(account: &Account, bin: &Path) -> Result<String, String> {
    let program = program(bin, "postgres");
    let answer = account
        .command(&program)
        .arg("--version")
        .output()
        .map_err(|e| format!("{} cannot be run: {e}", program.display()))?;
    let text = String::from_utf8_lossy(&answer.stdout);
    match text.split_whitespace().nth(2) {
        Some(version) if answer.status.success() => Ok(version.to_owned()),
        _ => Err(format!(
            "{} does not run: {}",
            program.display(),
            String::from_utf8_lossy(&answer.stderr)
                .trim()
                .lines()
                .next()
                .unwrap_or("no reason given")
        )),
    }
}

#[cfg_attr(not(unix), expect(unused_variables, clippy::unnecessary_wraps))]
pub(super) fn open_to_all(folder: &Path) -> std::io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o755))?;
    }
    Ok(())
}
