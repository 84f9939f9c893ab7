//! The account that Postgres runs as: ours, or an unprivileged one when we are root, because Postgres refuses root.

use crate::Error;
use crate::child::{self, Purpose};
use std::path::Path;
use std::process::{Command, Stdio};

/// Accounts to run as when started as root, best first.
const CANDIDATES: [&str; 3] = ["postgres", "_postgres", "nobody"];

/// Who runs Postgres.
#[derive(Debug, Clone, Default)]
pub(crate) struct Account {
    /// User and group to become; `None` stays who we are.
    switch: Option<Switch>,
}

#[derive(Debug, Clone)]
struct Switch {
    name: &'static str,
    uid: u32,
    gid: u32,
}

impl Account {
    /// Finds the account.
    #[cfg(unix)]
    pub(crate) fn find() -> Result<Self, Error> {
        if !super::folder::is_root() {
            return Ok(Self::default());
        }
        let switch = CANDIDATES.into_iter().find_map(|name| {
            let (uid, gid) = (number_of("-u", name)?, number_of("-g", name)?);
            (uid != 0).then_some(Switch { name, uid, gid })
        });
        match switch {
            Some(switch) => Ok(Self { switch: Some(switch) }),
            None => Err(Error::Postgres {
                what: "choosing an account",
                why: "Postgres does not run as root, and there is neither a user postgres nor nobody. \
                      Start supadeck as an ordinary user."
                    .into(),
            }),
        }
    }

    /// Elsewhere Postgres drops its privileges itself.
    #[cfg(not(unix))]
    pub(crate) fn find() -> Result<Self, Error> {
        Ok(Self::default())
    }

    /// The name of the account when it is not ours.
    pub(crate) fn name(&self) -> Option<&'static str> {
        self.switch.as_ref().map(|switch| switch.name)
    }

    /// A command that runs as this account, away from our terminal's process group and environment.
    pub(crate) fn command(&self, program: &Path) -> Command {
        let mut command = child::command(program, Purpose::Local);
        command.stdin(Stdio::null()).current_dir(root_folder());
        command.env("LC_ALL", "C").env("HOME", root_folder());
        #[cfg(unix)]
        {
            use std::os::unix::process::CommandExt;
            command.process_group(0);
            if let Some(switch) = &self.switch {
                command.uid(switch.uid).gid(switch.gid);
            }
        }
        command
    }

    /// The user and the group to give things to, when they are not ours.
    #[cfg(unix)]
    pub(crate) fn ids(&self) -> Option<(u32, u32)> {
        self.switch.as_ref().map(|switch| (switch.uid, switch.gid))
    }

    /// Whether the account can enter and write a folder: its parents may be closed to it.
    pub(crate) fn can_use(&self, folder: &Path) -> bool {
        if self.switch.is_none() {
            return true;
        }
        self.command(Path::new("/bin/sh"))
            .args(["-c", "test -x \"$1\" && test -w \"$1\"", "sh"])
            .arg(folder)
            .status()
            .is_ok_and(|status| status.success())
    }
}

fn root_folder() -> &'static str {
    if cfg!(windows) { "C:\\" } else { "/" }
}

#[cfg(unix)]
fn number_of(flag: &str, name: &str) -> Option<u32> {
    let answer = child::command("id", Purpose::Local)
        .args([flag, name])
        .stderr(Stdio::null())
        .output()
        .ok()?;
    String::from_utf8(answer.stdout).ok()?.trim().parse().ok()
}
