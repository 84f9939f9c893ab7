//! The terminal: taken over on entry, and given back on every way out. A panic unwinds through [`Terminal`], which gives
//! the terminal back before `main` says what happened.

use super::surface::Surface;
use super::terminal_problem;
use crate::domain::problem::Problem;
use crossterm::event::{
    DisableBracketedPaste, DisableMouseCapture, EnableBracketedPaste, EnableMouseCapture,
};
use crossterm::terminal::{EnterAlternateScreen, LeaveAlternateScreen};
use crossterm::{cursor, execute, terminal};
use ratatui::Frame;
use ratatui::backend::CrosstermBackend;
use std::io::{self, BufWriter, IsTerminal, Stdout, Write};
use std::sync::atomic::{AtomicBool, Ordering};

/// Whether the terminal is taken over now, so that it is given back once.
static IS_TAKEN: AtomicBool = AtomicBool::new(false);

type Inner = ratatui::Terminal<CrosstermBackend<BufWriter<Stdout>>>;

/// The terminal while the deck has it.
pub(super) struct Terminal {
    inner: Inner,
}

fn new_terminal() -> Result<Inner, Problem> {
    let backend = CrosstermBackend::new(BufWriter::with_capacity(64 * 1024, io::stdout()));
    ratatui::Terminal::new(backend)
        .map_err(|error| terminal_problem("The terminal cannot be used.", &error))
}

impl Terminal {
    /// Takes the terminal over.
    pub(super) fn enter() -> Result<Self, Problem> {
        if !io::stdin().is_terminal() || !io::stdout().is_terminal() {
            let error = io::Error::new(
                io::ErrorKind::NotConnected,
                "standard input and output are no terminal",
            );
            return Err(terminal_problem("The deck cannot start.", &error));
        }
        take().map_err(|error| terminal_problem("The terminal cannot be taken over.", &error))?;
        match new_terminal() {
            Ok(inner) => Ok(Self { inner }),
            Err(problem) => {
                give_back();
                Err(problem)
            }
        }
    }

    /// Columns and rows.
    pub(super) fn size(&self) -> Result<(u16, u16), Problem> {
        let size = self
            .inner
            .size()
            .map_err(|error| terminal_problem("The terminal has no size.", &error))?;
        Ok((size.width, size.height))
    }
}

impl Surface for Terminal {
    fn draw(&mut self, draw: &mut dyn FnMut(&mut Frame)) -> Result<(), Problem> {
        self.inner
            .draw(|frame| draw(frame))
            .map_err(|error| terminal_problem("The terminal cannot be drawn to.", &error))?;
        Ok(())
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), Problem> {
        let out = self.inner.backend_mut();
        out.write_all(bytes)
            .and_then(|()| Write::flush(out))
            .map_err(|error| terminal_problem("The terminal cannot be written to.", &error))
    }

    /// Gives the terminal back, stops the process, and takes the terminal over again once it is continued.
    fn suspend(&mut self) -> Result<(), Problem> {
        give_back();
        stop_process();
        take().map_err(|error| {
            terminal_problem("The terminal cannot be taken over again.", &error)
        })?;
        // A new terminal knows of nothing on the screen, and so draws all of it; clearing would ask for the cursor.
        self.inner = new_terminal()?;
        Ok(())
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        give_back();
    }
}

fn take() -> io::Result<()> {
    terminal::enable_raw_mode()?;
    IS_TAKEN.store(true, Ordering::SeqCst);
    execute!(
        io::stdout(),
        EnterAlternateScreen,
        EnableMouseCapture,
        EnableBracketedPaste,
        cursor::Hide
    )
}

/// Undoes [`take`], once. Errors cannot be shown anywhere: whatever can be undone is.
fn give_back() {
    if IS_TAKEN.swap(false, Ordering::SeqCst) {
        let mut out = io::stdout();
        let _ = execute!(
            out,
            DisableBracketedPaste,
            DisableMouseCapture,
            LeaveAlternateScreen,
            cursor::Show
        );
        let _ = terminal::disable_raw_mode();
        let _ = out.flush();
    }
}

#[cfg(unix)]
fn stop_process() {
    let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::STOP);
}

#[cfg(not(unix))]
fn stop_process() {}
