//! A Secret Service of a test's own: a private message bus with a keyring daemon on it. Where the two programs are
//! missing, the tests that want them say so and end.

use crate::world::World;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A running Secret Service; it stops when it is dropped.
pub struct Keyring {
    bus: Child,
    daemon: Child,
}

impl Keyring {
    /// Starts one for this world and lets the binary use it.
    pub fn start(world: &mut World) -> Option<Self> {
        let mut bus = Command::new("dbus-daemon");
        bus.args(["--session", "--print-address", "--nofork", "--nopidfile"]);
        let mut daemon = Command::new("gnome-keyring-daemon");
        daemon.args(["--foreground", "--components=secrets", "--unlock"]);
        let run = world.path("run");
        std::fs::create_dir_all(&run).unwrap();
        world.set("XDG_RUNTIME_DIR", run.display().to_string());
        for command in [&mut bus, &mut daemon] {
            command
                .env_clear()
                .envs(world.variables())
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .stderr(Stdio::null());
        }
        let Ok(mut bus) = bus.spawn() else {
            println!("dbus-daemon is not installed: nothing was tested with a keyring");
            return None;
        };
        let mut address = String::new();
        let out = bus.stdout.take().unwrap();
        BufReader::new(out).read_line(&mut address).unwrap();
        let address = address.trim();
        let Ok(mut daemon) = daemon.env("DBUS_SESSION_BUS_ADDRESS", address).spawn() else {
            println!("gnome-keyring-daemon is not installed: nothing was tested with a keyring");
            bus.kill().unwrap();
            bus.wait().unwrap();
            return None;
        };
        daemon.stdin.take().unwrap().write_all(b"keyring").unwrap();
        world
            .set("DBUS_SESSION_BUS_ADDRESS", address)
            .unset("SUPADECK_KEYRING");
        let keyring = Self { bus, daemon };
        // The daemon takes a moment to claim its name on the bus.
        let started = Instant::now();
        while !is_kept(world) {
            assert!(
                started.elapsed() < Duration::from_secs(20),
                "the keyring does not answer"
            );
        }
        Some(keyring)
    }
}

/// Whether the binary finds the keyring.
fn is_kept(world: &World) -> bool {
    let ran = world.run(&["doctor", "--json"]);
    let document = ran.document();
    document["data"].as_array().is_some_and(|checks| {
        checks
            .iter()
            .any(|one| one["name"] == "keyring" && one["state"] == "ok")
    })
}

impl Drop for Keyring {
    fn drop(&mut self) {
        for child in [&mut self.daemon, &mut self.bus] {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
