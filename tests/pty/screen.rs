//! The program on a pseudo-terminal: keys go in, and what a terminal would show is read back.

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use std::io::{Read, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// A condition that has not come true by then never will: the bound against hanging for ever, not a measure of speed.
const PATIENCE: Duration = Duration::from_mins(1);

pub struct Screen {
    parser: Arc<Mutex<vt100::Parser>>,
    /// All that was written since the last [`Screen::take_written`].
    written: Arc<Mutex<Vec<u8>>>,
    is_closing: Arc<AtomicBool>,
    reader: Option<JoinHandle<()>>,
    writer: Option<Box<dyn Write + Send>>,
    master: Option<Box<dyn MasterPty + Send>>,
    pub child: Box<dyn Child + Send + Sync>,
    pub home: tempfile::TempDir,
}

/// How the program is started: its arguments, and variables beside the hermetic ones.
pub fn start(size: (u16, u16), args: &[&str], variables: &[(&str, &str)]) -> Screen {
    start_in(tempfile::tempdir().unwrap(), size, args, variables)
}

/// The same in a home directory that is there already.
pub fn start_in(
    home: tempfile::TempDir,
    size: (u16, u16),
    args: &[&str],
    variables: &[(&str, &str)],
) -> Screen {
    let pair = native_pty_system().openpty(pty_size(size)).unwrap();
    let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_supadeck"));
    command.args(args);
    command.env_clear();
    for (name, value) in [
        ("PATH", std::env::var("PATH").unwrap().as_str()),
        ("HOME", home.path().to_str().unwrap()),
        ("TERM", "xterm-256color"),
        ("COLORTERM", "truecolor"),
        ("LANG", "C.UTF-8"),
        ("SUPADECK_KEYRING", "off"),
        // A clipboard of the machine's own is nobody's to write to.
        ("SSH_TTY", "/dev/null"),
    ] {
        command.env(name, value);
    }
    for (name, value) in variables {
        command.env(name, value);
    }
    command.cwd(env!("CARGO_MANIFEST_DIR"));
    let child = pair.slave.spawn_command(command).unwrap();
    drop(pair.slave);
    let parser = Arc::new(Mutex::new(vt100::Parser::new(size.1, size.0, 0)));
    let mut reader = pair.master.try_clone_reader().unwrap();
    let (written, is_closing) = (Arc::default(), Arc::new(AtomicBool::new(false)));
    let shared = (
        Arc::clone(&parser),
        Arc::clone(&written),
        Arc::clone(&is_closing),
    );
    let reader = std::thread::spawn(move || {
        let (parser, written, is_closing): (_, Arc<Mutex<Vec<u8>>>, _) = shared;
        let mut bytes = [0; 8192];
        while let Ok(count @ 1..) = reader.read(&mut bytes) {
            parser.lock().unwrap().process(&bytes[..count]);
            written.lock().unwrap().extend(&bytes[..count]);
            if is_closing.load(Ordering::SeqCst) {
                return;
            }
        }
    });
    let writer = pair.master.take_writer().unwrap();
    Screen {
        parser,
        written,
        is_closing,
        reader: Some(reader),
        writer: Some(writer),
        master: Some(pair.master),
        child,
        home,
    }
}

fn pty_size(size: (u16, u16)) -> PtySize {
    PtySize {
        cols: size.0,
        rows: size.1,
        pixel_width: 0,
        pixel_height: 0,
    }
}

impl Screen {
    pub fn text(&self) -> String {
        self.parser.lock().unwrap().screen().contents()
    }

    pub fn is_alternate(&self) -> bool {
        self.parser.lock().unwrap().screen().alternate_screen()
    }

    pub fn hides_cursor(&self) -> bool {
        self.parser.lock().unwrap().screen().hide_cursor()
    }

    pub fn uses_mouse(&self) -> bool {
        self.parser.lock().unwrap().screen().mouse_protocol_mode() != vt100::MouseProtocolMode::None
    }

    pub fn send(&mut self, text: &str) {
        let writer = self.writer.as_mut().unwrap();
        writer.write_all(text.as_bytes()).unwrap();
        writer.flush().unwrap();
    }

    /// What was written to the terminal since the last time.
    pub fn take_written(&self) -> String {
        let bytes = std::mem::take(&mut *self.written.lock().unwrap());
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Puts something on the terminal that the program knows nothing of.
    pub fn scribble(&self, bytes: &str) {
        self.parser.lock().unwrap().process(bytes.as_bytes());
    }

    /// Nothing reads any more what the program writes, but the terminal is there.
    pub fn hold(&mut self) {
        self.is_closing.store(true, Ordering::SeqCst);
        // Whoever reads wakes up, and goes.
        self.send("\u{c}");
        self.reader.take().unwrap().join().unwrap();
    }

    /// Closes the terminal, as a window is closed.
    pub fn close(&mut self) {
        self.hold();
        self.writer = None;
        self.master = None;
    }

    /// Types a word and, once it is on the screen, enter by itself.
    pub fn confirm(&mut self, word: &str) {
        let by_itself = "by itself";
        loop {
            self.send(&format!("\u{15}{word}"));
            self.wait_gone(by_itself);
            self.wait(&format!("“{word}” in its field"), |screen| {
                screen.text().contains(&format!("”:  {word} "))
            });
            self.send("\r");
            self.wait("an answer", |screen| {
                let text = screen.text();
                !text.contains(&format!("”:  {word} ")) || text.contains(by_itself)
            });
            if !self.text().contains(by_itself) {
                return;
            }
        }
    }

    pub fn resize(&mut self, size: (u16, u16)) {
        self.parser
            .lock()
            .unwrap()
            .screen_mut()
            .set_size(size.1, size.0);
        self.master
            .as_ref()
            .unwrap()
            .resize(pty_size(size))
            .unwrap();
    }

    /// Waits until the screen shows a text.
    pub fn wait_for(&self, text: &str) {
        self.wait(&format!("“{text}” to appear"), |screen| {
            screen.text().contains(text)
        });
    }

    /// Waits until the screen does not show a text any more.
    pub fn wait_gone(&self, text: &str) {
        self.wait(&format!("“{text}” to go"), |screen| {
            !screen.text().contains(text)
        });
    }

    pub fn wait(&self, what: &str, is_so: impl Fn(&Self) -> bool) {
        let begun = Instant::now();
        while !is_so(self) {
            assert!(
                begun.elapsed() < PATIENCE,
                "waited for {what} in vain; the screen is\n{}",
                self.text()
            );
            std::thread::sleep(Duration::from_millis(15));
        }
    }

    /// Presses the key that a question names until it asks for the word; what was shown on the way.
    pub fn read_on(&mut self, asked: &str) -> String {
        let mut shown = String::new();
        loop {
            self.wait("a question", |screen| {
                let text = screen.text();
                text.contains(" see the rest") || text.contains(asked)
            });
            let frame = self.text();
            shown.push_str(&frame);
            if frame.contains(asked) {
                return shown;
            }
            let key = if frame.contains("pgdn see the rest") {
                "\u{1b}[6~"
            } else {
                "\u{12}"
            };
            self.send(key);
            self.wait("the next part", |screen| screen.text() != frame);
        }
    }

    /// Waits for the program's end and returns its exit code.
    pub fn wait_exit(&mut self) -> u32 {
        let begun = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.exit_code();
            }
            assert!(
                begun.elapsed() < PATIENCE,
                "it does not end; the screen is\n{}",
                self.text()
            );
            std::thread::sleep(Duration::from_millis(15));
        }
    }

    /// Signs in with the demo's password.
    pub fn sign_in(&mut self, email: &str) {
        self.send("i");
        self.wait_for("╭ Identity");
        self.send("with e-mail and password\r");
        self.wait_for("next field");
        self.send(email);
        self.send("\tweeksmith-demo\r");
        self.wait_for(&format!("{email} ("));
        self.wait_gone("╭ Identity");
    }

    pub fn signal(&self, name: &str) {
        let pid = self.child.process_id().unwrap().to_string();
        assert!(
            std::process::Command::new("kill")
                .args([&format!("-{name}"), &pid])
                .status()
                .unwrap()
                .success()
        );
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
