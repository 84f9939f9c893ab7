//! The deck on a terminal: the event loop, the terminal, and what carries out effects. The impure part of the screens.
//!
//! One task owns the model. It takes messages from the keyboard, from running requests and from timers, drains all that
//! wait, and then draws once; between two frames lie at least eight milliseconds. Nothing ticks: an idle deck sleeps.

mod clipboard;
mod fix;
mod guide;
mod headless;
mod input;
mod look;
mod patience;
mod runner;
mod signal;
mod surface;
mod terminal;
mod timer;
mod world;

pub use headless::headless;

use crate::adapters::connect::Settings;
use crate::app::effect::{Effect, Write};
use crate::app::keymap::Keymap;
use crate::app::model::Model;
use crate::app::msg::Msg;
use crate::app::{update, write};
use crate::domain::identity::Identity;
use crate::domain::problem::{Kind, Problem};
use crate::ui;
use futures_util::StreamExt;
use runner::Runner;
use std::path::PathBuf;
use std::time::Duration;
use surface::Surface;
use terminal::Terminal;
use tokio::sync::mpsc;
use tokio::time::Instant;

/// The least time between two frames.
const FRAME: Duration = Duration::from_millis(8);
/// How often a frame is drawn again because the terminal's size changed meanwhile.
const RESIZES: usize = 3;
/// How long a cancelled write is awaited when the program has been told to end: longer than the engine itself waits
/// for the answer to a cancel request.
const LAST_WRITE: Duration = Duration::from_secs(75);

/// How long the sessions that nobody comes back to may take to end when the program ends.
const LAST_CLOSING: Duration = Duration::from_secs(3);

/// What the deck starts with.
#[derive(Debug, Clone, Default)]
pub struct Start {
    /// Which project, with which keys, as whom.
    pub settings: Settings,
    /// What the project is called on screen; its profile's name when absent.
    pub title: Option<String>,
    /// What to say where one signs in; the demo names its accounts here.
    pub sign_in_hint: Option<String>,
    /// The user's keymap file, when there is one: its path and text.
    pub keymap: Option<(PathBuf, String)>,
    /// The theme that was asked for by name.
    pub theme: Option<String>,
}

/// Runs the deck until the user leaves it.
///
/// # Errors
/// When there is no terminal, or it goes away.
pub async fn run(start: Start) -> Result<(), Problem> {
    let look = look::look(start.theme.as_deref());
    let mut terminal = Terminal::enter()?;
    let size = terminal.size()?;
    let (mut deck, mut mail) = Deck::start(start, look, size);
    let effects = write::session(&mut deck.model, Write::Open);
    deck.carry_out(effects, &mut terminal)?;
    let result = deck.turn(&mut terminal, &mut mail).await;
    drop(terminal);
    // The server may be out of reach; then the session ends there by itself.
    let _ = tokio::time::timeout(LAST_CLOSING, deck.runner.close()).await;
    // Whatever ended the loop: a write that runs is not left behind, and how it ended is the last word.
    deck.finish_write(&mut mail).await?;
    result
}

fn keymap(start: &Start) -> (Keymap, Vec<String>) {
    let Some((path, text)) = &start.keymap else {
        return (Keymap::default(), Vec::new());
    };
    let (keymap, faults) = Keymap::default().with(text);
    let name = path.display();
    (
        keymap,
        faults
            .into_iter()
            .map(|fault| format!("{name}:{}: {}", fault.line, fault.what))
            .collect(),
    )
}

struct Deck {
    model: Model,
    look: ui::Look,
    runner: Runner,
    timers: timer::Timers,
    clipboard: Option<clipboard::Clipboard>,
    is_over: bool,
}

type Mail = mpsc::UnboundedReceiver<Msg>;

impl Deck {
    fn start(start: Start, look: ui::Look, size: (u16, u16)) -> (Self, Mail) {
        let (keymap, faults) = keymap(&start);
        let mut model = Model::new(size, None, Identity::Anon, keymap);
        model.is_opening = true;
        let (inbox, mail) = mpsc::unbounded_channel();
        for fault in faults {
            let _ = inbox.send(Msg::Noticed(fault));
        }
        let runner = Runner::new(start, inbox);
        let timers = timer::Timers::default();
        (
            Self {
                model,
                look,
                runner,
                timers,
                clipboard: None,
                is_over: false,
            },
            mail,
        )
    }

    async fn turn(&mut self, terminal: &mut Terminal, mail: &mut Mail) -> Result<(), Problem> {
        let mut events = crossterm::event::EventStream::new();
        let mut signals = signal::Signals::listen()?;
        let mut drawn_at = Instant::now();
        self.draw(terminal)?;
        let mut is_dirty = false;
        while !self.is_over {
            let timer = self.timers.next();
            tokio::select! {
                event = events.next() => match event {
                    Some(Ok(event)) => is_dirty |= self.take_event(event, terminal)?,
                    // The terminal is gone: there is nobody to ask any more.
                    Some(Err(_)) | None => self.is_over = true,
                },
                Some(msg) = mail.recv() => {
                    self.take(msg, terminal)?;
                    is_dirty = true;
                }
                signal = signals.next() => match signal {
                    signal::Signal::End => self.is_over = true,
                    signal::Signal::Stop => {
                        self.suspend(terminal)?;
                        is_dirty = true;
                    }
                },
                () = tokio::time::sleep_until(timer.unwrap_or_else(far)), if timer.is_some() => {
                    for timer in self.timers.take_due() {
                        self.take(Msg::TimerFired(timer), terminal)?;
                    }
                    is_dirty = true;
                }
                () = tokio::time::sleep_until(drawn_at + FRAME), if is_dirty => {
                    // Whatever else waits goes into this frame.
                    while let Ok(msg) = mail.try_recv() {
                        self.take(msg, terminal)?;
                    }
                    self.draw(terminal)?;
                    drawn_at = Instant::now();
                    is_dirty = false;
                }
            }
        }
        Ok(())
    }

    /// Takes an event of the terminal; false when it changes nothing.
    fn take_event(
        &mut self,
        event: crossterm::event::Event,
        surface: &mut dyn Surface,
    ) -> Result<bool, Problem> {
        let Some(msg) = input::msg(event) else {
            return Ok(false);
        };
        self.take(msg, surface)?;
        Ok(true)
    }

    fn take(&mut self, msg: Msg, surface: &mut dyn Surface) -> Result<(), Problem> {
        #[cfg(debug_assertions)]
        panic_when_asked(&msg);
        // What a key answers must have been on screen, however fast the keys come.
        if matches!(msg, Msg::KeyPressed(_)) && self.model.is_asked() {
            self.draw(surface)?;
        }
        let effects = update(&mut self.model, msg);
        self.carry_out(effects, surface)
    }

    /// Draws the model. Where the terminal has another size by now, the model is told, and drawn again.
    fn draw(&mut self, surface: &mut dyn Surface) -> Result<(), Problem> {
        for _ in 0..RESIZES {
            let mut drawn = self.model.size;
            surface.draw(&mut |frame| {
                drawn = (frame.area().width, frame.area().height);
                ui::draw(frame, &self.model, &self.look);
            })?;
            if drawn == self.model.size {
                break;
            }
            self.take(Msg::Resized(drawn.0, drawn.1), surface)?;
        }
        Ok(())
    }

    fn carry_out(
        &mut self,
        effects: Vec<Effect>,
        surface: &mut dyn Surface,
    ) -> Result<(), Problem> {
        for effect in effects {
            match effect {
                Effect::Load {
                    ticket,
                    identity,
                    load,
                } => self.runner.load(ticket, identity, load),
                Effect::Write {
                    ticket,
                    identity,
                    write,
                } => self.runner.write(ticket, identity, write),
                Effect::CancelReads(slots) => self.runner.cancel_reads(&slots),
                Effect::CancelWrite => self.runner.cancel_write(),
                Effect::Arm(timer, after) => self.timers.arm(timer, after),
                Effect::Copy { what, text } => {
                    let clipboard = self
                        .clipboard
                        .get_or_insert_with(clipboard::Clipboard::open);
                    let notice = clipboard.copy(what, &text, surface)?;
                    self.take(Msg::Noticed(notice), surface)?;
                }
                Effect::Suspend => self.suspend(surface)?,
                Effect::Quit => self.is_over = true,
            }
        }
        Ok(())
    }

    fn suspend(&mut self, surface: &mut dyn Surface) -> Result<(), Problem> {
        let (width, height) = surface.suspend()?;
        self.take(Msg::Resized(width, height), surface)
    }

    /// Told to end while something is written: the server is told to cancel, and its answer is awaited.
    async fn finish_write(&mut self, mail: &mut Mail) -> Result<(), Problem> {
        let Some(running) = &self.model.running else {
            return Ok(());
        };
        let what = running.what.clone();
        self.runner.cancel_write();
        let answered = async {
            while self.model.running.is_some() {
                let Some(msg) = mail.recv().await else { return };
                update(&mut self.model, msg);
            }
        };
        let _ = tokio::time::timeout(LAST_WRITE, answered).await;
        let result = self.model.last_result.take();
        match result.filter(|_| self.model.running.is_none()) {
            Some(result) => result.problem.map_or(Ok(()), Err),
            None => Err(Problem::new(
                Kind::Database,
                format!("{what}: nobody knows yet how it ended."),
                "The program was told to end, and the server did not answer.",
            )
            .with_hint("Run `supadeck migration list` to see what is there.")),
        }
    }
}

/// Lets a test see what a panic leaves behind: debug builds only.
#[cfg(debug_assertions)]
fn panic_when_asked(msg: &Msg) {
    let is_key = matches!(msg, Msg::KeyPressed(key) if key.to_string() == "f12");
    assert!(
        !is_key || std::env::var_os("SUPADECK_TEST_PANIC").is_none(),
        "a test asked for it"
    );
}

fn far() -> Instant {
    Instant::now() + Duration::from_hours(1)
}

/// A fault of the terminal as a problem.
fn terminal_problem(what: &str, error: &std::io::Error) -> Problem {
    Problem::new(Kind::Config, what, format!("{error}."))
        .with_hint("The deck needs a terminal; subcommands such as `supadeck migration list` work without one.")
}
