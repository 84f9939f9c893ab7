//! The clipboard: the system's own, or the terminal's (OSC 52) over SSH and where there is no other.

use super::surface::Surface;
use crate::domain::problem::Problem;
use base64::Engine;
use std::sync::mpsc;
use std::time::Duration;

/// The most bytes that are sent to the terminal's clipboard: terminals cut or ignore more.
const OSC52_BYTES: usize = 74_994;
/// How long the system's clipboard may take: a display that is gone must not freeze the screen.
const LIMIT: Duration = Duration::from_millis(300);

/// A way to the clipboard.
pub(super) enum Clipboard {
    /// The system's, on a thread of its own: it can hang, and on X11 it must stay to serve the text.
    System(mpsc::Sender<(String, mpsc::Sender<bool>)>),
    /// The terminal's.
    Terminal,
}

impl Clipboard {
    /// Finds a way.
    pub(super) fn open() -> Self {
        let is_remote = ["SSH_TTY", "SSH_CONNECTION"]
            .iter()
            .any(|name| std::env::var_os(name).is_some());
        if is_remote {
            return Self::Terminal;
        }
        let (sender, texts) = mpsc::channel::<(String, mpsc::Sender<bool>)>();
        std::thread::spawn(move || {
            let mut clipboard = arboard::Clipboard::new().ok();
            while let Ok((text, answer)) = texts.recv() {
                let is_set = clipboard
                    .as_mut()
                    .is_some_and(|clipboard| clipboard.set_text(text).is_ok());
                // Whoever asked may have given up meanwhile.
                let _ = answer.send(is_set);
            }
        });
        Self::System(sender)
    }

    /// Copies a text and says how it went; `what` names it.
    pub(super) fn copy(
        &mut self,
        what: &str,
        text: &str,
        surface: &mut dyn Surface,
    ) -> Result<String, Problem> {
        let bytes = text.len();
        if let Self::System(sender) = self {
            let (answer, answers) = mpsc::channel();
            let is_sent = sender.send((text.to_owned(), answer)).is_ok();
            if is_sent && answers.recv_timeout(LIMIT) == Ok(true) {
                return Ok(format!("Copied {what} ({bytes} bytes)."));
            }
            *self = Self::Terminal;
        }
        if bytes > OSC52_BYTES {
            return Ok(format!(
                "Not copied: {what} has {bytes} bytes, too much for the terminal's clipboard."
            ));
        }
        let encoded = base64::engine::general_purpose::STANDARD.encode(text);
        surface.write(format!("\u{1b}]52;c;{encoded}\u{7}").as_bytes())?;
        Ok(format!(
            "Sent {what} ({bytes} bytes) to the terminal's clipboard."
        ))
    }
}
