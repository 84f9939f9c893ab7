//! A small shell process that outlives us: it holds the read end of a pipe, and when our end closes (we stopped,
//! panicked, were killed) it stops Postgres and removes the throw-away folder. See `watchdog.sh`.

use crate::Error;
use std::io::Write;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};

const SCRIPT: &str = include_str!("watchdog.sh");

/// The running watchdog. Dropping it without [`Watchdog::release`] makes it act, without waiting for it.
pub(super) struct Watchdog {
    shell: Child,
    pipe: Option<ChildStdin>,
}

impl Watchdog {
    /// Starts it. `signal` is the one that stops Postgres: `QUIT` at once, `INT` in order.
    pub(super) fn start(data: &Path, signal: &str, remove: Option<&Path>) -> Result<Self, Error> {
        let mut command = Command::new("/bin/sh");
        command
            .args(["-c", SCRIPT, "supadeck-stack-watchdog"])
            .arg(data)
            .arg(signal)
            .arg(remove.unwrap_or(Path::new("")))
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

    /// Says that a process group is to be killed (a running initdb); 0 takes it back.
    pub(super) fn group(&mut self, id: u32) -> Result<(), Error> {
        if id == 0 {
            self.say("group ")
        } else {
            self.say(&format!("group {id}"))
        }
    }

    /// Says that a process is to be ended.
    pub(super) fn child(&mut self, id: u32) -> Result<(), Error> {
        self.say(&format!("child {id}"))
    }

    /// Says which process is Postgres.
    pub(super) fn postmaster(&mut self, id: u32) -> Result<(), Error> {
        self.say(&format!("postmaster {id}"))
    }

    /// Closes our end of the pipe: it acts now.
    pub(super) fn release(&mut self) {
        self.pipe = None;
    }

    /// Whether it has done its work.
    pub(super) fn is_done(&mut self) -> bool {
        !matches!(self.shell.try_wait(), Ok(None))
    }

    fn say(&mut self, line: &str) -> Result<(), Error> {
        match &mut self.pipe {
            Some(pipe) => {
                writeln!(pipe, "{line}").map_err(|e| Error::io("The watchdog is gone", e))
            }
            None => Err(Error::Stopped),
        }
    }
}
