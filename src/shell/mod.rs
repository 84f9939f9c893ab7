//! The deck on a terminal: the event loop, the terminal, and what carries out effects. The impure part of the screens.
//!
//! One task owns the model. It takes messages from the keyboard, from running requests and from timers, drains all that
//! wait, and then draws once; between two frames lie at least eight milliseconds. Nothing ticks: an idle deck sleeps.
//!
//! Whatever ends the deck (a key, a signal, a terminal that is gone, a panic of a draw), the write that runs is finished
//! first: the server is told to cancel, its answer is read, the journal is written. Then the terminal is given back.

mod appearance;
mod careful;
mod clipboard;
mod editor;
mod ending;
mod followed;
mod guide;
mod headless;
mod input;
mod live;
mod open_project;
mod patience;
mod pending_changes;
mod private_text;
mod runner;
mod scratch;
mod signal;
mod state_files;
mod surface;
mod terminal;
mod timer;
mod trail;

pub use headless::headless;

use crate::adapters::connect::Settings;
use crate::adapters::log;
use crate::app::dialog::result::ResultView;
use crate::app::dialog::{self, Dialog, ResultState};
use crate::app::effect::{Effect, Write};
use crate::app::keymap::Keymap;
use crate::app::model::Model;
use crate::app::msg::Msg;
use crate::app::{jobs, update};
use crate::domain::demo::Demo;
use crate::domain::identity::Identity;
use crate::domain::problem::{Kind, Problem};
use crate::ui;
use editor::Editor;
use ending::{Ending, LAST_WRITE};
use futures_util::FutureExt;
use input::{Gate, Input};
use private_text::PrivateText;
use runner::Runner;
use state_files::{Of, StateFiles};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
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
/// How long the sessions that nobody comes back to may take to end when the program ends, and when it was told to.
const LAST_CLOSING: (Duration, Duration) = (Duration::from_secs(3), Duration::from_millis(1_500));

/// What the deck starts with.
#[derive(Debug, Clone, Default)]
pub struct Start {
    /// Which project, with which keys, as whom.
    pub settings: Settings,
    /// What the project is called on screen; its profile's name when absent.
    pub title: Option<String>,
    /// What the demo says of itself, where this is one.
    pub demo: Option<Box<Demo>>,
    /// Whether e-mail addresses are shown beside ids: the demo has no others.
    pub tells_emails: bool,
    /// The user's keymap file, when there is one: its path and text.
    pub keymap: Option<(PathBuf, String)>,
    /// The theme that was asked for by name, in the deck or in the user's file.
    pub theme: Option<String>,
    /// What the user's file says of it.
    pub configured_theme: Option<String>,
}

/// Runs the deck until the user leaves it.
///
/// # Errors
/// When there is no terminal, or it goes away.
pub async fn run(start: Start) -> Result<(), Problem> {
    let (look, themes) = appearance::look(start.theme.as_deref());
    let mut terminal = Terminal::enter()?;
    let size = terminal::size()?;
    let (mut deck, mut mail) = Deck::start(start, look, size);
    deck.model.themes = themes;
    let ending = Ending::listen(deck.runner.writes().clone())?;
    let turned = AssertUnwindSafe(deck.turn(&mut terminal, &mut mail, &ending));
    let turned = turned.catch_unwind().await;
    let patience = if ending.is_told() {
        LAST_CLOSING.1
    } else {
        LAST_CLOSING.0
    };
    // The server may be out of reach; then the session ends there by itself.
    let closing = tokio::time::timeout(patience, deck.runner.close());
    let is_drawn = matches!(turned, Ok(Ok(())));
    let finishing = deck.finish_write(&mut mail, is_drawn.then_some(&mut terminal));
    let (finished, _) = tokio::join!(finishing, closing);
    drop(terminal);
    match (turned, finished) {
        (Ok(result), None) => result,
        // How the write ended is the last word.
        (Ok(result), Some(finished)) => finished.result.and(result),
        (Err(panic), None) => resume_unwind(panic),
        (Err(_), Some(finished)) => Err(finished.after_panic()),
    }
}

/// How the write ended that ran when the deck did.
struct Finished {
    title: String,
    result: Result<(), Problem>,
}

impl Finished {
    /// The same after a panic, whose own words could hold anything.
    fn after_panic(self) -> Problem {
        let mut lines = vec![format!("{}.", self.title)];
        if let Err(problem) = self.result {
            lines.push(problem.to_string());
        }
        lines.extend(log::path().map(|path| format!("The log is {}.", path.display())));
        Problem::internal("It stopped at once; what ran was finished first.")
            .with_detail(lines.join("\n"))
    }
}

/// The user's keys, and what is wrong with the file that gives them.
fn keymap(start: &Start) -> (Keymap, Option<Dialog>) {
    let Some((path, text)) = &start.keymap else {
        return (Keymap::default(), None);
    };
    let (keymap, faults) = Keymap::default().with(text);
    let view = ResultView::keymap(&path.display().to_string(), &faults);
    let dialog = Dialog::Result(ResultState { view, top: 0 });
    (keymap, (!faults.is_empty()).then_some(dialog))
}

struct Deck {
    model: Model,
    look: ui::Appearance,
    runner: Runner,
    state: StateFiles,
    timers: timer::Timers,
    clipboard: Option<clipboard::Clipboard>,
    shown: Shown,
    /// What the user's editor is to be given.
    to_edit: Option<ToEdit>,
    is_over: bool,
    /// Whether the next draw panics, for a test.
    #[cfg(debug_assertions)]
    is_to_panic: bool,
}

/// Since when what a key would answer has been on screen.
#[derive(Default)]
struct Shown {
    /// Whether the last key has changed what is not drawn yet.
    is_key_new: bool,
    /// When what the last key did was drawn.
    key: Option<Instant>,
    /// When the open question was drawn first.
    question: Option<Instant>,
}

impl Shown {
    /// A frame was drawn.
    fn drawn(&mut self, is_asked: bool) {
        let now = Instant::now();
        if std::mem::take(&mut self.is_key_new) {
            self.key = Some(now);
        }
        self.question = is_asked.then(|| self.question.unwrap_or(now));
    }

    /// Whether a key that was read then came too early to answer what is on screen.
    fn is_rushed(&self, read: Instant, is_asked: bool) -> bool {
        let is_late = |drawn: Option<Instant>| drawn.is_some_and(|drawn| drawn > read);
        self.is_key_new
            || is_late(self.key)
            || (is_asked && (self.question.is_none() || is_late(self.question)))
    }
}

/// What the user's editor is given.
enum ToEdit {
    /// A file of the project.
    File(PathBuf),
    /// A text, in a file of its own whose name ends so.
    Text(String, &'static str),
}

/// What stands around a program that is given the terminal.
struct Around<'a> {
    inputs: &'a mut mpsc::UnboundedReceiver<Input>,
    gate: &'a Gate,
    stops: &'a mut signal::Stops,
    ending: &'a Ending,
}

type Messages = mpsc::UnboundedReceiver<Msg>;

impl Deck {
    fn start(start: Start, look: ui::Appearance, size: (u16, u16)) -> (Self, Messages) {
        let (keymap, faults) = keymap(&start);
        let mut model = Model::new(size, None, Identity::Anon, keymap);
        model.is_opening = true;
        model.zone = jiff::tz::TimeZone::system();
        if let Some(faults) = faults {
            dialog::open(&mut model, faults);
        }
        let (inbox, mail) = mpsc::unbounded_channel();
        let state = StateFiles::new(inbox.clone(), start.configured_theme.clone());
        let runner = Runner::new(start, inbox);
        let timers = timer::Timers::default();
        (
            Self {
                model,
                look,
                runner,
                state,
                timers,
                clipboard: None,
                shown: Shown::default(),
                to_edit: None,
                is_over: false,
                #[cfg(debug_assertions)]
                is_to_panic: false,
            },
            mail,
        )
    }

    async fn turn(
        &mut self,
        terminal: &mut Terminal,
        mail: &mut Messages,
        ending: &Ending,
    ) -> Result<(), Problem> {
        let gate = Gate::default();
        let mut inputs = input::read(&gate);
        let mut stops = signal::Stops::listen()?;
        let effects = jobs::session(&mut self.model, Write::Open);
        self.carry_out(effects, terminal)?;
        let mut drawn_at = Instant::now();
        self.draw(terminal)?;
        let mut is_dirty = false;
        while !self.is_over {
            if let Some(to_edit) = self.to_edit.take() {
                let around = Around {
                    inputs: &mut inputs,
                    gate: &gate,
                    stops: &mut stops,
                    ending,
                };
                // It is seldom, and its state is large.
                Box::pin(self.edit(to_edit, terminal, around)).await?;
                is_dirty = true;
            }
            let timer = self.timers.next();
            tokio::select! {
                input = inputs.recv() => match input {
                    Some(input) => {
                        self.take_input(input, terminal)?;
                        is_dirty = true;
                    }
                    // The terminal is gone: there is nobody to ask any more.
                    None => self.is_over = true,
                },
                Some(msg) = mail.recv() => {
                    self.take(msg, terminal)?;
                    is_dirty = true;
                }
                () = ending.wait_for_signal() => self.is_over = true,
                () = stops.next() => {
                    self.suspend(terminal)?;
                    is_dirty = true;
                }
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

    /// Takes what the terminal reports.
    fn take_input(&mut self, input: Input, surface: &mut dyn Surface) -> Result<(), Problem> {
        match input {
            Input::Msg(msg) => self.take(msg, surface),
            Input::Keys(burst, read) => {
                let is_rushed = self.shown.is_rushed(read.into(), self.model.is_asked());
                for msg in burst.messages(self.model.takes_text(), is_rushed) {
                    self.take(msg, surface)?;
                    self.shown.is_key_new = true;
                }
                Ok(())
            }
        }
    }

    fn take(&mut self, msg: Msg, surface: &mut dyn Surface) -> Result<(), Problem> {
        #[cfg(debug_assertions)]
        {
            self.is_to_panic |= is_to_panic(&msg);
        }
        // What a key answers must have been on screen, however fast the keys come.
        if matches!(msg, Msg::KeyPressed(_) | Msg::KeyRushed(_)) && self.model.is_asked() {
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
                #[cfg(debug_assertions)]
                assert!(!self.is_to_panic, "a test asked for it");
                ui::draw(frame, &self.model, &self.look);
            })?;
            if drawn == self.model.size {
                self.shown.drawn(self.model.is_asked());
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
                Effect::Used(identity) => self.runner.used(identity),
                Effect::Arm(timer, after) => self.timers.arm(timer, after),
                Effect::Copy { what, text } => {
                    let clipboard = self
                        .clipboard
                        .get_or_insert_with(clipboard::Clipboard::open);
                    let notice = clipboard.copy(what, &text, surface)?;
                    self.take(Msg::Noticed(notice), surface)?;
                }
                Effect::SaveFilter {
                    profile,
                    url,
                    name,
                    filter,
                } => self.state.save_filter(Of { profile, url }, name, filter),
                Effect::KeepFilter {
                    profile,
                    url,
                    who,
                    filter,
                } => self.state.keep_filter(Of { profile, url }, who, filter),
                Effect::KeepColumns {
                    profile,
                    url,
                    table,
                    choice,
                } => self.state.keep_columns(Of { profile, url }, table, choice),
                Effect::KeepTheme(name) => self.state.keep_theme(name),
                Effect::Edit(file) => self.to_edit = Some(ToEdit::File(file)),
                Effect::EditText { text, suffix } => {
                    self.to_edit = Some(ToEdit::Text(text, suffix));
                }
                Effect::Redraw => surface.redraw()?,
                Effect::Suspend => self.suspend(surface)?,
                Effect::Quit => self.is_over = true,
            }
        }
        Ok(())
    }

    /// Gives the terminal to the user's editor, and takes it again when that has ended, however it did.
    async fn edit(
        &mut self,
        to_edit: ToEdit,
        terminal: &mut Terminal,
        around: Around<'_>,
    ) -> Result<(), Problem> {
        let profiles = self.model.projects().into_iter();
        let secret: Vec<String> = profiles.flat_map(|profile| profile.variables).collect();
        let (text, suffix) = match to_edit {
            ToEdit::File(file) => {
                let editor =
                    Editor::of(&file, "The list shows the files as they are now.", &secret);
                let edited = self.lend(editor, terminal, around).await?;
                return self.take(Msg::Edited(edited), terminal);
            }
            ToEdit::Text(text, suffix) => (text, suffix),
        };
        // The file is gone when this ends, however it does.
        let edited = match PrivateText::new(&text, suffix) {
            Ok(file) => {
                let editor = Editor::of(file.path(), "The value was left as it was.", &secret);
                let edited = self.lend(editor, terminal, around).await?;
                edited.and_then(|()| file.read())
            }
            Err(problem) => Err(problem),
        };
        self.take(Msg::TextEdited(edited), terminal)
    }

    /// Lends the terminal to an editor until that has ended.
    async fn lend(
        &mut self,
        editor: Result<Editor, Problem>,
        terminal: &mut Terminal,
        around: Around<'_>,
    ) -> Result<Result<(), Problem>, Problem> {
        let edited = match editor {
            Ok(_) if !around.gate.close() => {
                around.gate.open();
                Err(Problem::new(
                    Kind::Config,
                    "The terminal cannot be given to an editor.",
                    "Reading it could not be stopped on this system.",
                ))
            }
            Ok(editor) => {
                // What was typed before the editor had the terminal is meant for nobody.
                while around.inputs.try_recv().is_ok() {}
                let lent = terminal.lend();
                let edited = editor.run(around.stops, around.ending).await;
                let size = terminal.take_again(&lent);
                around.gate.open();
                let (width, height) = size?;
                self.take(Msg::Resized(width, height), terminal)?;
                edited
            }
            Err(problem) => Err(problem),
        };
        Ok(edited)
    }

    fn suspend(&mut self, surface: &mut dyn Surface) -> Result<(), Problem> {
        let (width, height) = surface.suspend()?;
        self.take(Msg::Resized(width, height), surface)
    }

    /// Finishes the write that runs when the deck ends: the server is told to cancel, and its answer is awaited. Where the
    /// terminal still works it is shown; nothing that it does stands in the way.
    async fn finish_write(
        &mut self,
        mail: &mut Messages,
        mut surface: Option<&mut Terminal>,
    ) -> Option<Finished> {
        let what = self.model.running.as_ref()?.what.clone();
        jobs::cancel(&mut self.model);
        self.runner.writes().stop();
        let answered = async {
            while self.model.running.is_some() {
                if let Some(terminal) = surface.take()
                    && self.is_drawn_on(terminal)
                {
                    surface = Some(terminal);
                }
                let is_running = self.runner.writes().is_running();
                let msg = match mail.try_recv() {
                    Ok(msg) => msg,
                    // It never began, or its answer was taken by what panicked.
                    Err(_) if !is_running => return,
                    Err(_) => match mail.recv().await {
                        Some(msg) => msg,
                        None => return,
                    },
                };
                let _ = catch_unwind(AssertUnwindSafe(|| update(&mut self.model, msg)));
            }
        };
        let _ = tokio::time::timeout(LAST_WRITE, answered).await;
        let result = self.model.last_result.take();
        let finished = match result.filter(|_| self.model.running.is_none()) {
            Some(result) => Finished {
                title: result.title,
                result: result.problem.map_or(Ok(()), Err),
            },
            None => Finished {
                title: format!("{what}: unknown"),
                result: Err(unknown(&what)),
            },
        };
        Some(finished)
    }

    /// Draws, if that can be done.
    fn is_drawn_on(&mut self, surface: &mut dyn Surface) -> bool {
        let drawn = catch_unwind(AssertUnwindSafe(|| self.draw(surface)));
        matches!(drawn, Ok(Ok(())))
    }
}

/// What is known of a write whose answer never came.
fn unknown(what: &str) -> Problem {
    Problem::new(
        Kind::Database,
        format!("{what}: nobody knows yet how it ended."),
        "The program was told to end, and the server did not answer.",
    )
    .with_hint("Run `supadeck migration list` to see what is there.")
}

/// Lets a test see what a panic of a draw leaves behind: debug builds only.
#[cfg(debug_assertions)]
fn is_to_panic(msg: &Msg) -> bool {
    let is_key = matches!(msg, Msg::KeyPressed(key) if key.to_string() == "f12");
    is_key && std::env::var_os("SUPADECK_TEST_PANIC").is_some()
}

fn far() -> Instant {
    Instant::now() + Duration::from_hours(1)
}

/// A fault of the terminal as a problem.
fn terminal_problem(what: &str, error: &std::io::Error) -> Problem {
    Problem::new(Kind::Config, what, format!("{error}."))
        .with_hint("The deck needs a terminal; subcommands such as `supadeck migration list` work without one.")
}
