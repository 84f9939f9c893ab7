//! The binary at a pseudo-terminal of its own.

use crate::test_environment::{TestEnvironment, binary};
use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use std::io::{Read, Write};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

/// The binary at a terminal of its own.
pub struct Terminal {
    pub child: Box<dyn Child + Send + Sync>,
    pub keys: Box<dyn Write + Send>,
    pub screen: Receiver<Vec<u8>>,
    pub seen: String,
    pub master: Box<dyn MasterPty + Send>,
}

impl Terminal {
    pub fn run(test_env: &TestEnvironment, args: &[&str]) -> Self {
        Self::of_width(test_env, args, 160)
    }

    pub fn of_width(test_env: &TestEnvironment, args: &[&str], cols: u16) -> Self {
        let size = PtySize {
            rows: 40,
            cols,
            pixel_width: 0,
            pixel_height: 0,
        };
        let pty = native_pty_system().openpty(size).unwrap();
        let mut command = CommandBuilder::new(binary());
        command.args(args);
        command.env_clear();
        for (name, value) in test_env.variables() {
            command.env(name, value);
        }
        command.cwd(&test_env.project);
        let child = pty.slave.spawn_command(command).unwrap();
        let mut reader = pty.master.try_clone_reader().unwrap();
        let (sender, screen) = channel();
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(count) = reader.read(&mut buffer) {
                if count == 0 || sender.send(buffer[..count].to_vec()).is_err() {
                    return;
                }
            }
        });
        Self {
            child,
            keys: pty.master.take_writer().unwrap(),
            screen,
            seen: String::new(),
            master: pty.master,
        }
    }

    /// Waits until a text has been printed.
    pub fn wait_for(&mut self, text: &str) {
        while !self.seen.contains(text) {
            match self.screen.recv_timeout(Duration::from_secs(30)) {
                Ok(bytes) => self.seen.push_str(&String::from_utf8_lossy(&bytes)),
                Err(why) => panic!("`{text}` was never printed ({why}): {}", self.seen),
            }
        }
    }

    /// Forgets what has been printed, so that the same words can be waited for again.
    pub fn forget(&mut self) {
        self.seen.clear();
    }

    pub fn press(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).unwrap();
        self.keys.flush().unwrap();
    }

    /// Waits for the end, and gives the exit code and everything that was printed.
    pub fn end(mut self) -> (u32, String) {
        let code = self.child.wait().unwrap().exit_code();
        drop(self.keys);
        while let Ok(bytes) = self.screen.recv_timeout(Duration::from_millis(300)) {
            self.seen.push_str(&String::from_utf8_lossy(&bytes));
        }
        (code, self.seen)
    }
}
