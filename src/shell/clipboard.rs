//! The clipboard: the system's own, or the terminal's (OSC 52) over SSH and where there is no other.

use super::surface::Surface;
use crate::domain::problem::Problem;
use base64::Engine;

/// The most bytes that are sent to the terminal's clipboard: terminals cut or ignore more.
const OSC52_BYTES: usize = 74_994;

/// A way to the clipboard. The system's clipboard must stay open: on X11 its owner serves the text.
pub(super) enum Clipboard {
    System(Box<arboard::Clipboard>),
    Terminal,
}

impl Clipboard {
    /// Finds a way.
    pub(super) fn open() -> Self {
        let is_remote = ["SSH_TTY", "SSH_CONNECTION"]
            .iter()
            .any(|name| std::env::var_os(name).is_some());
        match (is_remote, arboard::Clipboard::new()) {
            (false, Ok(clipboard)) => Self::System(Box::new(clipboard)),
            _ => Self::Terminal,
        }
    }

    /// Copies a text and says how it went.
    pub(super) fn copy(
        &mut self,
        text: &str,
        surface: &mut dyn Surface,
    ) -> Result<String, Problem> {
        let bytes = text.len();
        if let Self::System(clipboard) = self {
            match clipboard.set_text(text.to_owned()) {
                Ok(()) => return Ok(format!("Copied {bytes} bytes.")),
                Err(_) => *self = Self::Terminal,
            }
        }
        if bytes > OSC52_BYTES {
            return Ok(format!(
                "Not copied: {bytes} bytes are too much for the terminal's clipboard."
            ));
        }
        let encoded = base64::engine::general_purpose::STANDARD.encode(text);
        surface.write(format!("\u{1b}]52;c;{encoded}\u{7}").as_bytes())?;
        Ok(format!("Sent {bytes} bytes to the terminal's clipboard."))
    }
}
