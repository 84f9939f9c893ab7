//! The terminal: taken over on entry, and given back on every way out. A panic unwinds through [`Terminal`], which gives
//! the terminal back before `main` says what happened.

use super::careful::Careful;
use super::surface::Surface;
use super::terminal_problem;
use crate::domain::problem::Problem;
use crossterm::event::{
    DisableBracketedPaste, DisableFocusChange, DisableMouseCapture, EnableBracketedPaste,
    EnableFocusChange, EnableMouseCapture,
};
use crossterm::terminal::{Clear, ClearType, EnterAlternateScreen, LeaveAlternateScreen};
use crossterm::{cursor, execute, terminal};
use ratatui::Frame;
use std::io::{self, BufWriter, IsTerminal, Stdout, Write};
use std::sync::atomic::{AtomicBool, Ordering};

/// Whether the terminal is taken over now, so that it is given back once.
static IS_TAKEN: AtomicBool = AtomicBool::new(false);

type Inner = ratatui::Terminal<Careful<BufWriter<Stdout>>>;

/// The terminal while the deck has it.
pub(super) struct Terminal {
    inner: Option<Inner>,
}

fn new_terminal() -> Result<Inner, Problem> {
    let backend = Careful::new(BufWriter::with_capacity(64 * 1024, io::stdout()));
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
            Ok(inner) => Ok(Self { inner: Some(inner) }),
            Err(problem) => {
                give_back();
                Err(problem)
            }
        }
    }

    fn inner(&mut self) -> io::Result<&mut Inner> {
        let gone = || io::Error::from(io::ErrorKind::NotConnected);
        self.inner.as_mut().ok_or_else(gone)
    }

    /// Begins with an empty screen: a new terminal knows of nothing on it, and so draws all of it.
    fn anew(&mut self) -> Result<(), Problem> {
        dismiss(self.inner.take());
        self.inner = Some(new_terminal()?);
        Ok(())
    }
}

/// What another program may have left set in a terminal that it was ended in: colours, the scrolled part, the cursor, reports of
/// modified keys and of the focus.
const SOFT_RESET: &[u8] = b"\x1b[!p\x1b[>4;0m\x1b[?1004l\x1b[0m";

/// How the terminal was set when it was lent.
pub(super) struct Lent {
    #[cfg(unix)]
    settings: Option<rustix::termios::Termios>,
}

impl Terminal {
    /// Gives the terminal to another program.
    pub(super) fn lend(&mut self) -> Lent {
        dismiss(self.inner.take());
        give_back();
        Lent {
            #[cfg(unix)]
            settings: rustix::termios::tcgetattr(io::stdin()).ok(),
        }
    }

    /// Takes it again as it was lent, whatever was done to it meanwhile, and tells its size.
    pub(super) fn take_again(&mut self, lent: &Lent) -> Result<(u16, u16), Problem> {
        #[cfg(unix)]
        if let Some(settings) = &lent.settings {
            let now = rustix::termios::OptionalActions::Now;
            // Where that fails, so does what follows.
            let _ = rustix::termios::tcsetattr(io::stdin(), now, settings);
        }
        #[cfg(not(unix))]
        let _ = lent;
        let mut out = io::stdout();
        out.write_all(SOFT_RESET)
            .and_then(|()| take())
            .map_err(|error| {
                terminal_problem("The terminal cannot be taken over again.", &error)
            })?;
        self.redraw()?;
        size()
    }
}

/// Columns and rows.
pub(super) fn size() -> Result<(u16, u16), Problem> {
    terminal::size().map_err(|error| terminal_problem("The terminal has no size.", &error))
}

impl Surface for Terminal {
    fn draw(&mut self, draw: &mut dyn FnMut(&mut Frame)) -> Result<(), Problem> {
        let drawn = self
            .inner()
            .and_then(|inner| inner.draw(|frame| draw(frame)).map(|_| ()));
        drawn.map_err(|error| terminal_problem("The terminal cannot be drawn to.", &error))
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), Problem> {
        let write = |inner: &mut Inner| {
            let out = inner.backend_mut();
            out.write_all(bytes).and_then(|()| Write::flush(out))
        };
        self.inner()
            .and_then(write)
            .map_err(|error| terminal_problem("The terminal cannot be written to.", &error))
    }

    /// Clears the screen, whatever stands there. The library's own clearing would ask the terminal for the cursor.
    fn redraw(&mut self) -> Result<(), Problem> {
        self.anew()?;
        let clear = |inner: &mut Inner| execute!(inner.backend_mut(), Clear(ClearType::All));
        self.inner()
            .and_then(clear)
            .map_err(|error| terminal_problem("The terminal cannot be cleared.", &error))
    }

    /// Gives the terminal back, stops the process, and takes the terminal over again once it is continued.
    fn suspend(&mut self) -> Result<(u16, u16), Problem> {
        give_back();
        stop_process();
        take().map_err(|error| {
            terminal_problem("The terminal cannot be taken over again.", &error)
        })?;
        self.anew()?;
        size()
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        dismiss(self.inner.take());
        give_back();
    }
}

/// Lets go of a terminal of the library. Where the cursor cannot be shown any more, its own end would try that, and panic
/// for want of a place to say that it failed.
fn dismiss(inner: Option<Inner>) {
    if let Some(mut inner) = inner
        && inner.show_cursor().is_err()
    {
        std::mem::forget(inner);
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
        EnableFocusChange,
        cursor::Hide
    )
    .inspect_err(|_| give_back())
}

/// Undoes [`take`], once. Errors cannot be shown anywhere: whatever can be undone is.
fn give_back() {
    if IS_TAKEN.swap(false, Ordering::SeqCst) {
        let mut out = io::stdout();
        let _ = execute!(
            out,
            DisableFocusChange,
            DisableBracketedPaste,
            DisableMouseCapture,
            LeaveAlternateScreen,
            cursor::Show
        );
        let _ = terminal::disable_raw_mode();
        let _ = out.flush();
    }
}

/// Stops the process until it is continued.
#[cfg(unix)]
pub(super) fn stop_process() {
    let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::STOP);
}

#[cfg(not(unix))]
pub(super) fn stop_process() {}
