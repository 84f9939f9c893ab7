//! What the terminal reports, read by a thread of its own: a terminal that is gone can hold whoever reads it for ever.
//! While another program has the terminal, the thread waits at its gate and reads nothing.
//!
//! Keys that are there at once are one burst. A burst of more keys than anybody presses in one go is a text pasted into a
//! terminal that does not mark it, and is taken as that.

use crate::app::key::{Code, Key};
use crate::app::msg::Msg;
use crossterm::event::{
    self, Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers, MouseButton, MouseEventKind,
};
use std::io;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::mpsc;

/// From so many keys on a burst is a pasted text.
const PASTE: usize = 64;
/// The most that is held of a burst: keys, and bytes of text. More is counted and not held.
const HELD: (usize, usize) = (1_024, 64 * 1024);
/// The rest of a pasted text comes within this time.
const SETTLE: Duration = Duration::from_millis(30);
/// By so much a look takes longer only where others have the processor.
const LATE: Duration = Duration::from_millis(1);
/// What is there already is there within this time: of none at all, the library would not even look.
const AT_ONCE: Duration = Duration::from_micros(100);

/// Something that was read.
#[derive(Debug)]
pub(super) enum Input {
    /// Keys that were there at once, and when.
    Keys(Burst, Instant),
    /// Anything else.
    Msg(Msg),
}

/// Keys that were there at once.
#[derive(Debug, Default)]
pub(super) struct Burst {
    pieces: Vec<Piece>,
    bytes: usize,
    count: usize,
    first: Option<Key>,
    is_mixed: bool,
}

/// A part of a burst.
#[derive(Debug)]
enum Piece {
    Key(Key),
    Text(String),
}

impl Burst {
    fn take(&mut self, key: Key) {
        self.count += 1;
        self.is_mixed |= *self.first.get_or_insert(key) != key;
        let Some(c) = key.typed() else {
            if self.pieces.len() < HELD.0 {
                self.pieces.push(Piece::Key(key));
            }
            return;
        };
        self.bytes += c.len_utf8();
        let is_room = self.pieces.len() < HELD.0;
        match self.pieces.last_mut() {
            _ if self.bytes > HELD.1 => {}
            Some(Piece::Text(text)) => text.push(c),
            _ if is_room => self.pieces.push(Piece::Text(c.into())),
            _ => {}
        }
    }

    fn is_pasted(&self) -> bool {
        self.count > PASTE
    }

    /// What it means where text is typed or is not. The first key is rushed like all others where it came before what the
    /// key before it did was on screen.
    pub(super) fn messages(self, takes_text: bool, is_rushed: bool) -> Vec<Msg> {
        // A key that is held down while the program is busy is no text.
        let is_text = self.is_pasted() && (takes_text || self.is_mixed);
        let mut messages = Vec::new();
        let mut pieces = self.pieces.into_iter();
        while let Some(piece) = pieces.next() {
            match piece {
                Piece::Key(key) if is_text && key.code == Code::Enter && has_text(&messages) => {
                    // It accepts nothing here; what stands behind it is another line of the same text.
                    let rest = pieces.by_ref().filter_map(|piece| match piece {
                        Piece::Text(text) => Some(text),
                        Piece::Key(_) => None,
                    });
                    let rest: Vec<String> = rest.collect();
                    if let Some(Msg::Pasted(text)) = messages.last_mut() {
                        text.extend(rest.iter().map(|line| format!("\n{line}")));
                    }
                }
                Piece::Key(key) => {
                    messages.push(pressed_in(key, is_rushed || !messages.is_empty()));
                }
                Piece::Text(text) if is_text => messages.push(Msg::Pasted(text)),
                Piece::Text(text) => {
                    for c in text.chars().take(HELD.0) {
                        let is_rushed = is_rushed || !messages.is_empty();
                        messages.push(pressed_in(Key::char(c), is_rushed));
                    }
                }
            }
        }
        messages
    }
}

fn pressed_in(key: Key, is_rushed: bool) -> Msg {
    if is_rushed {
        Msg::KeyRushed(key)
    } else {
        Msg::KeyPressed(key)
    }
}

/// Whether the last thing was text.
fn has_text(messages: &[Msg]) -> bool {
    matches!(messages.last(), Some(Msg::Pasted(_)))
}

/// Where events come from: the terminal, or a test.
trait Events {
    /// Waits for the next one.
    fn read(&mut self) -> io::Result<Event>;
    /// Whether there is one within so long.
    fn is_there(&mut self, within: Duration) -> io::Result<bool>;
}

struct Terminal;

impl Events for Terminal {
    fn read(&mut self) -> io::Result<Event> {
        event::read()
    }

    fn is_there(&mut self, within: Duration) -> io::Result<bool> {
        loop {
            let begun = Instant::now();
            if event::poll(within)? {
                return Ok(true);
            }
            // Where this thread had to wait for the processor, the time was over before it looked.
            if begun.elapsed() < within + LATE {
                return Ok(false);
            }
        }
    }
}

/// How long the thread may take to come to its closed gate.
const COMING: Duration = Duration::from_secs(2);

/// Where the thread that reads the terminal waits while another program has it.
#[derive(Debug, Clone, Default)]
pub(super) struct Gate(Arc<(Mutex<Gated>, Condvar)>);

#[derive(Debug, Default)]
struct Gated {
    is_closed: bool,
    is_waiting: bool,
}

impl Gate {
    /// Closes it, and says whether the thread waits there now. It is woken for that by what a terminal of another size
    /// would send.
    pub(super) fn close(&self) -> bool {
        let (gated, change) = &*self.0;
        let mut gated = gated.lock().unwrap_or_else(PoisonError::into_inner);
        gated.is_closed = true;
        wake();
        let is_coming = |gated: &mut Gated| !gated.is_waiting;
        let waited = change.wait_timeout_while(gated, COMING, is_coming);
        let (gated, _) = waited.unwrap_or_else(PoisonError::into_inner);
        gated.is_waiting
    }

    /// Opens it again.
    pub(super) fn open(&self) {
        let (gated, change) = &*self.0;
        gated
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .is_closed = false;
        change.notify_all();
    }

    /// Waits as long as it is closed.
    fn pass(&self) {
        let (gated, change) = &*self.0;
        let mut gated = gated.lock().unwrap_or_else(PoisonError::into_inner);
        gated.is_waiting = gated.is_closed;
        change.notify_all();
        let is_closed = |gated: &mut Gated| gated.is_closed;
        let waited = change.wait_while(gated, is_closed);
        waited.unwrap_or_else(PoisonError::into_inner).is_waiting = false;
    }
}

#[cfg(unix)]
fn wake() {
    let own = rustix::process::getpid();
    let _ = rustix::process::kill_process(own, rustix::process::Signal::WINCH);
}

#[cfg(not(unix))]
fn wake() {}

/// Reads until nobody listens or the terminal fails, which ends the channel.
pub(super) fn read(gate: &Gate) -> mpsc::UnboundedReceiver<Input> {
    let (sender, receiver) = mpsc::unbounded_channel();
    let gate = gate.clone();
    std::thread::spawn(move || {
        let mut left = None;
        loop {
            gate.pass();
            let Ok(input) = next(&mut Terminal, &mut left) else {
                return;
            };
            if let Some(input) = input
                && sender.send(input).is_err()
            {
                return;
            }
        }
    });
    receiver
}

/// Reads a burst, or an event of another kind. One that ends a burst is left for the next time.
fn next(events: &mut impl Events, left: &mut Option<Event>) -> io::Result<Option<Input>> {
    let first = match left.take() {
        Some(event) => event,
        None => events.read()?,
    };
    let Some(first) = pressed(&first) else {
        return Ok(msg(first).map(Input::Msg));
    };
    let at = Instant::now();
    let mut burst = Burst::default();
    let mut key = first;
    loop {
        if let Some(key) = self::key(key) {
            burst.take(key);
        }
        let patience = if burst.is_pasted() { SETTLE } else { AT_ONCE };
        if !events.is_there(patience)? {
            break;
        }
        let event = events.read()?;
        let Some(next) = pressed(&event) else {
            *left = Some(event);
            break;
        };
        key = next;
    }
    Ok((burst.count > 0).then_some(Input::Keys(burst, at)))
}

fn pressed(event: &Event) -> Option<KeyEvent> {
    match event {
        Event::Key(key) if key.kind != KeyEventKind::Release => Some(*key),
        _ => None,
    }
}

/// The message of an event that is no key; nothing for events that mean nothing to the deck.
fn msg(event: Event) -> Option<Msg> {
    match event {
        Event::Paste(text) => Some(Msg::Pasted(text)),
        Event::Resize(width, height) => Some(Msg::Resized(width, height)),
        Event::FocusGained => Some(Msg::Focused(true)),
        Event::FocusLost => Some(Msg::Focused(false)),
        Event::Mouse(mouse) => match mouse.kind {
            MouseEventKind::Down(MouseButton::Left) => Some(Msg::Clicked(mouse.column, mouse.row)),
            MouseEventKind::ScrollDown => Some(Msg::Wheeled(mouse.column, mouse.row, 1)),
            MouseEventKind::ScrollUp => Some(Msg::Wheeled(mouse.column, mouse.row, -1)),
            _ => None,
        },
        Event::Key(_) => None,
    }
}

fn key(event: KeyEvent) -> Option<Key> {
    let code = match event.code {
        KeyCode::Char(c) => Code::Char(c),
        KeyCode::Enter => Code::Enter,
        KeyCode::Esc => Code::Esc,
        KeyCode::Tab if event.modifiers.contains(KeyModifiers::SHIFT) => Code::BackTab,
        KeyCode::Tab => Code::Tab,
        KeyCode::BackTab => Code::BackTab,
        KeyCode::Backspace => Code::Backspace,
        KeyCode::Delete => Code::Delete,
        KeyCode::Up => Code::Up,
        KeyCode::Down => Code::Down,
        KeyCode::Left => Code::Left,
        KeyCode::Right => Code::Right,
        KeyCode::Home => Code::Home,
        KeyCode::End => Code::End,
        KeyCode::PageUp => Code::PageUp,
        KeyCode::PageDown => Code::PageDown,
        KeyCode::F(n) => Code::F(n),
        _ => return None,
    };
    let has = |modifier| event.modifiers.contains(modifier);
    Some(Key {
        code,
        ctrl: has(KeyModifiers::CONTROL),
        alt: has(KeyModifiers::ALT),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::VecDeque;

    /// Events in groups: those of a group are there at once.
    struct Script(VecDeque<VecDeque<Event>>);

    impl Script {
        fn of(groups: &[&str]) -> Self {
            let group = |text: &&str| text.chars().map(typed).collect();
            Self(groups.iter().map(group).collect())
        }
    }

    fn typed(c: char) -> Event {
        let code = match c {
            '\n' => KeyCode::Enter,
            '\t' => KeyCode::Tab,
            c => KeyCode::Char(c),
        };
        Event::Key(KeyEvent::new(code, KeyModifiers::NONE))
    }

    impl Events for Script {
        fn read(&mut self) -> io::Result<Event> {
            while self.0.front().is_some_and(VecDeque::is_empty) {
                self.0.pop_front();
            }
            let event = self.0.front_mut().and_then(VecDeque::pop_front);
            event.ok_or_else(|| io::Error::other("the terminal is gone"))
        }

        fn is_there(&mut self, _: Duration) -> io::Result<bool> {
            Ok(self.0.front().is_some_and(|group| !group.is_empty()))
        }
    }

    fn messages(script: &mut Script, takes_text: bool) -> Vec<Msg> {
        let (mut out, mut left) = (Vec::new(), None);
        while let Ok(input) = next(script, &mut left) {
            match input {
                Some(Input::Keys(burst, _)) => out.extend(burst.messages(takes_text, false)),
                Some(Input::Msg(msg)) => out.push(msg),
                None => {}
            }
        }
        out
    }

    fn pressed_keys(text: &str) -> Vec<Msg> {
        let keys = text.chars().map(|c| match c {
            '\n' => Key::plain(Code::Enter),
            c => Key::char(c),
        });
        keys.enumerate()
            .map(|(at, key)| {
                if at == 0 {
                    Msg::KeyPressed(key)
                } else {
                    Msg::KeyRushed(key)
                }
            })
            .collect()
    }

    #[test]
    fn a_thread_waits_at_a_closed_gate_and_goes_on_when_it_opens() {
        let gate = Gate::default();
        let (sender, passed) = std::sync::mpsc::channel();
        let own = gate.clone();
        std::thread::spawn(move || {
            while sender.send(()).is_ok() {
                own.pass();
                std::thread::yield_now();
            }
        });
        passed.recv().unwrap();
        assert!(gate.close());
        while passed.try_recv().is_ok() {}
        assert!(passed.recv_timeout(Duration::from_millis(20)).is_err());
        gate.open();
        passed.recv().unwrap();
    }

    #[test]
    fn all_but_the_first_key_of_a_burst_are_rushed() {
        let found = messages(&mut Script::of(&["apply 3\n", "x", "\n"]), true);
        let wanted = [
            pressed_keys("apply 3\n"),
            pressed_keys("x"),
            pressed_keys("\n"),
        ]
        .concat();
        assert_eq!(found, wanted);
    }

    #[test]
    fn a_burst_behind_what_is_not_on_screen_is_rushed_as_a_whole() {
        let mut burst = Burst::default();
        burst.take(Key::plain(Code::Enter));
        let found = burst.messages(true, true);
        assert_eq!(found, [Msg::KeyRushed(Key::plain(Code::Enter))]);
    }

    #[test]
    fn what_nobody_types_in_one_go_is_a_pasted_text_and_its_lines_accept_nothing() {
        let line = "select 1; select 2;\n".repeat(9);
        for takes_text in [true, false] {
            let found = messages(&mut Script::of(&[&line]), takes_text);
            assert_eq!(found, [Msg::Pasted(line.trim_end().to_owned())]);
        }
    }

    #[test]
    fn keys_between_pasted_texts_lead_from_field_to_field() {
        let (first, second) = ("me@example.com".repeat(4), "hush".repeat(4));
        let tab = Key::plain(Code::Tab);
        let found = messages(&mut Script::of(&[&format!("\t{first}\t{second}\n")]), true);
        let wanted = [
            Msg::KeyPressed(tab),
            Msg::Pasted(first),
            Msg::KeyRushed(tab),
            Msg::Pasted(second),
        ];
        assert_eq!(found, wanted);
    }

    #[test]
    fn a_key_held_down_moves_but_does_not_type() {
        let held = "j".repeat(200);
        assert_eq!(
            messages(&mut Script::of(&[&held]), false),
            pressed_keys(&held)
        );
        assert_eq!(
            messages(&mut Script::of(&[&held]), true),
            [Msg::Pasted(held)]
        );
    }

    #[test]
    fn little_is_held_of_a_megabyte() {
        let text = "sb_secret_x ".repeat(100_000);
        let found = messages(&mut Script::of(&[&text]), true);
        let [Msg::Pasted(held)] = found.as_slice() else {
            panic!("{} messages", found.len());
        };
        assert!(held.len() > crate::app::field::LONGEST && held.len() <= HELD.1);
        for held in ["j", "\t"] {
            let held = held.repeat(1 << 20);
            assert_eq!(messages(&mut Script::of(&[&held]), false).len(), HELD.0);
        }
    }

    #[test]
    fn what_is_no_key_ends_a_burst_and_comes_after_it() {
        let mut script = Script::of(&["ab", "c"]);
        script.0[0].push_back(Event::Paste("p".to_owned()));
        let found = messages(&mut script, true);
        let wanted = [
            pressed_keys("ab"),
            vec![Msg::Pasted("p".to_owned())],
            pressed_keys("c"),
        ];
        assert_eq!(found, wanted.concat());
    }
}
