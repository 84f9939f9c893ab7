//! A Secret Service of a test's own: a private message bus with a keyring daemon on it. Where the two programs are
//! missing, the tests that want them say so and end.

use crate::test_environment::TestEnvironment;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A running Secret Service; it stops when it is dropped.
pub struct Keyring {
    bus: Child,
    daemon: Child,
}

/// A bus that starts no service by itself: the system's own would start a second, locked keyring beside ours.
const BUS: &str = "<!DOCTYPE busconfig PUBLIC '-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN' \
    'http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd'><busconfig><type>session</type>\
    <listen>unix:tmpdir=/tmp</listen><auth>EXTERNAL</auth><policy context='default'>\
    <allow send_destination='*' eavesdrop='true'/><allow eavesdrop='true'/><allow own='*'/></policy></busconfig>";

impl Keyring {
    /// Starts one for this test_env and lets the binary use it.
    pub fn start(test_env: &mut TestEnvironment) -> Option<Self> {
        let keyring = Self::start_with(test_env, &["--unlock"])?;
        // The daemon takes a moment to claim its name on the bus.
        let started = Instant::now();
        while !answers(test_env) {
            assert!(
                started.elapsed() < Duration::from_secs(20),
                "the keyring does not answer"
            );
        }
        Some(keyring)
    }

    /// Starts one that nobody has unlocked: it answers, and has no collection to keep anything in.
    pub fn start_locked(test_env: &mut TestEnvironment) -> Option<Self> {
        let keyring = Self::start_with(test_env, &[])?;
        let started = Instant::now();
        while !answers(test_env) && started.elapsed() < Duration::from_secs(20) {}
        Some(keyring)
    }

    fn start_with(test_env: &mut TestEnvironment, arguments: &[&str]) -> Option<Self> {
        let run = test_env.path("run");
        std::fs::create_dir_all(&run).unwrap();
        let config = run.join("bus.conf");
        std::fs::write(&config, BUS).unwrap();
        let mut bus = Command::new("dbus-daemon");
        bus.arg(format!("--config-file={}", config.display()));
        bus.args(["--print-address", "--nofork", "--nopidfile"]);
        let mut daemon = Command::new("gnome-keyring-daemon");
        daemon
            .args(["--foreground", "--components=secrets"])
            .args(arguments);
        test_env.set("XDG_RUNTIME_DIR", run.display().to_string());
        for command in [&mut bus, &mut daemon] {
            command
                .env_clear()
                .envs(test_env.variables())
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
        test_env
            .set("DBUS_SESSION_BUS_ADDRESS", address)
            .unset("SUPADECK_KEYRING");
        Some(Self { bus, daemon })
    }
}

/// Whether the binary finds the keyring.
fn answers(test_env: &TestEnvironment) -> bool {
    let ran = test_env.run(&["doctor", "--json"]);
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
