//! A small shell process that outlives us: it holds the read end of a pipe, and when our end closes (we stopped,
//! panicked, were killed) it stops Postgres and removes the throw-away folder. See `watchdog.sh`.

use crate::Error;
use crate::child;
use std::io::Write;
use std::path::Path;
use std::process::{Child, ChildStdin, Stdio};

const SCRIPT: &str = include_str!("watchdog.sh");

/// The running watchdog. Dropping it makes it act and waits until it has.
pub(super) struct Watchdog {
    shell: Child,
    pipe: Option<ChildStdin>,
}

impl Watchdog {
    /// Starts it. It knows of nothing yet.
    pub(super) fn start() -> Result<Self, Error> {
        let mut command = child::command("/bin/sh", child::Purpose::Local);
        command
            .args(["-c", SCRIPT, "supadeck-stack-watchdog"])
            .stdin(Stdio::piped())
            // Its output would keep a pipe of ours open for as long as it lives.
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .current_dir("/");
        #[cfg(unix)]
        {
            use std::os::unix::process::CommandExt;
            // Ctrl-C goes to the terminal's process group: not to this one.
            command.process_group(0);
        }
        let mut shell = command
            .spawn()
            .map_err(|e| Error::io("The watchdog (/bin/sh) cannot be started", e))?;
        let pipe = shell.stdin.take();
        Ok(Self { shell, pipe })
    }

    /// Names the folder that is to be removed at the end.
    pub(super) fn remove(&mut self, folder: &Path) -> Result<(), Error> {
        self.say("remove", &folder.display().to_string())
    }

    /// Takes that back.
    pub(super) fn keep(&mut self) -> Result<(), Error> {
        self.say("remove", "")
    }

    /// Names a folder of the caller's that is to be removed too.
    pub(super) fn remove_too(&mut self, folder: &Path) -> Result<(), Error> {
        self.say("too", &folder.display().to_string())
    }

    /// Names a process group that is to be killed (a running initdb).
    pub(super) fn group(&mut self, id: u32) -> Result<(), Error> {
        self.say("group", &id.to_string())
    }

    /// Takes that back.
    pub(super) fn no_group(&mut self) -> Result<(), Error> {
        self.say("group", "")
    }

    /// Names a process that is to be ended.
    pub(super) fn child(&mut self, id: u32) -> Result<(), Error> {
        self.say("child", &id.to_string())
    }

    /// Takes that back.
    pub(super) fn forget(&mut self, id: u32) -> Result<(), Error> {
        self.say("forget", &id.to_string())
    }

    /// Says that a Postgres is about to be started on this data, and the signal that stops it: `QUIT` at once, `INT` in
    /// order.
    pub(super) fn starting(&mut self, data: &Path, signal: &str) -> Result<(), Error> {
        self.say("data", &data.display().to_string())?;
        self.say("signal", signal)?;
        self.say("postmaster", "soon")
    }

    /// Says which process is Postgres.
    pub(super) fn postmaster(&mut self, id: u32) -> Result<(), Error> {
        self.say("postmaster", &id.to_string())
    }

    /// Says that Postgres did not start.
    pub(super) fn no_postmaster(&mut self) -> Result<(), Error> {
        self.say("postmaster", "")
    }

    /// Closes our end of the pipe: it acts now.
    pub(super) fn release(&mut self) {
        self.pipe = None;
    }

    /// Whether it has done its work.
    pub(super) fn is_done(&mut self) -> bool {
        !matches!(self.shell.try_wait(), Ok(None))
    }

    fn say(&mut self, verb: &str, value: &str) -> Result<(), Error> {
        match &mut self.pipe {
            Some(_) if value.contains('\n') => {
                let reason = std::io::Error::other("its path holds a line break");
                Err(Error::io("A folder cannot be used", reason))
            }
            Some(pipe) => {
                writeln!(pipe, "{verb} {value}").map_err(|e| Error::io("The watchdog is gone", e))
            }
            None => Err(Error::Stopped),
        }
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        self.release();
        let _ = self.shell.wait();
    }
}
