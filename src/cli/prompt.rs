//! Questions at the terminal: a line, a secret without echo. They are asked on stderr, so that stdout stays the answer.
//! Keys are read one by one on a thread of their own, so that a signal, or a terminal that goes away, ends the question:
//! crossterm reads on and on from a terminal that is gone.

use super::{interrupt, output};
use crate::domain::problem::{Kind, Problem};
use crossterm::event::{self, Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use crossterm::terminal;
use secrecy::SecretString;
use std::io::{self, IsTerminal};
use std::time::Duration;
use tokio::sync::oneshot;
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

/// What a question that was not answered with yes comes to.
pub const UNCHANGED: &str = "Nothing was changed.";

/// What was typed before is there within this time.
const AT_ONCE: Duration = Duration::from_millis(1);

/// How often it is looked whether the terminal is still there.
const LOOK: Duration = Duration::from_millis(250);

/// Whether somebody is there to answer.
pub fn is_possible() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// Asks for a line.
pub async fn line(question: &str) -> Result<String, Problem> {
    let way = Way {
        echo: true,
        is_fresh: false,
    };
    read(question, way).await
}

/// Asks for a word that confirms. What was typed before the question stood there does not answer it.
pub async fn word(question: &str) -> Result<String, Problem> {
    read(
        question,
        Way {
            echo: true,
            is_fresh: true,
        },
    )
    .await
}

/// Asks for a line whose characters are not shown.
pub async fn hidden(question: &str) -> Result<SecretString, Problem> {
    let way = Way {
        echo: false,
        is_fresh: false,
    };
    read(question, way).await.map(SecretString::from)
}

/// How a question is asked.
#[derive(Debug, Clone, Copy)]
struct Way {
    /// Whether what is typed is shown.
    echo: bool,
    /// Whether what was typed before does not count.
    is_fresh: bool,
}

async fn read(question: &str, way: Way) -> Result<String, Problem> {
    if !is_possible() {
        return Err(Problem::new(
            Kind::Usage,
            "A question could not be asked.",
            "There is no terminal to answer it.",
        ));
    }
    let raw = Raw::enter()?;
    let question = question.to_owned();
    let (tell, told) = oneshot::channel();
    let started = std::thread::Builder::new()
        .name("question".to_owned())
        .spawn(move || tell.send(asked(&question, way)).is_ok());
    started.map_err(|error| terminal_failed(&error))?;
    let answered = async {
        told.await
            .map_err(|_| Problem::internal("The thread of the question ended early."))?
    };
    // After a question that was cut short the thread still reads; the command ends with the problem, and the program with it.
    let typed = tokio::select! {
        typed = interrupt::ending(answered) => typed,
        () = hung_up() => Err(unanswered("The terminal is gone.")),
    };
    drop(raw);
    output::line_end();
    typed
}

fn unanswered(why: &str) -> Problem {
    Problem::new(Kind::Cancelled, UNCHANGED, why)
}

/// Waits until nobody can answer any more: a terminal that was closed is none.
async fn hung_up() {
    while is_possible() {
        tokio::time::sleep(LOOK).await;
    }
}

/// Asks, and takes what is typed until enter.
fn asked(question: &str, way: Way) -> Result<String, Problem> {
    let failed = |error| terminal_failed(&error);
    while way.is_fresh && event::poll(AT_ONCE).map_err(failed)? {
        event::read().map_err(failed)?;
    }
    output::part(question);
    typed(way.echo)
}

fn typed(echo: bool) -> Result<String, Problem> {
    let mut text = String::new();
    loop {
        let event = event::read().map_err(|error| terminal_failed(&error))?;
        let key = match event {
            Event::Key(key) if key.kind != KeyEventKind::Release => key,
            _ => continue,
        };
        match pressed(&mut text, key) {
            Pressed::Character(c) if echo => output::part(c.encode_utf8(&mut [0; 4])),
            Pressed::Removed(count) if echo => (0..count).for_each(|_| output::erase()),
            Pressed::Character(_) | Pressed::Removed(_) | Pressed::Nothing => {}
            Pressed::Entered => return Ok(text),
            Pressed::Cancelled => return Err(unanswered("The question was not answered.")),
        }
    }
}

/// What a key did to the line.
#[derive(Debug, PartialEq, Eq)]
enum Pressed {
    Character(char),
    /// So many columns of it are gone.
    Removed(usize),
    Entered,
    Cancelled,
    Nothing,
}

fn pressed(text: &mut String, key: KeyEvent) -> Pressed {
    let control = key.modifiers.contains(KeyModifiers::CONTROL);
    match key.code {
        KeyCode::Enter => Pressed::Entered,
        KeyCode::Esc => Pressed::Cancelled,
        KeyCode::Char('c') if control => Pressed::Cancelled,
        KeyCode::Char('d') if control && text.is_empty() => Pressed::Cancelled,
        KeyCode::Char('j' | 'm') if control => Pressed::Entered,
        KeyCode::Char('u') if control => {
            let columns = text.width();
            text.clear();
            Pressed::Removed(columns)
        }
        // What looks like one character is one.
        KeyCode::Backspace => match text.grapheme_indices(true).next_back() {
            Some((at, one)) => {
                let columns = one.width();
                text.truncate(at);
                Pressed::Removed(columns)
            }
            None => Pressed::Nothing,
        },
        KeyCode::Char(c) if !control && !c.is_control() => {
            text.push(c);
            Pressed::Character(c)
        }
        _ => Pressed::Nothing,
    }
}

/// Raw mode for as long as it lives, also through an early return.
struct Raw;

impl Raw {
    fn enter() -> Result<Self, Problem> {
        terminal::enable_raw_mode().map_err(|error| terminal_failed(&error))?;
        Ok(Self)
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        let _ = terminal::disable_raw_mode();
    }
}

fn terminal_failed(error: &io::Error) -> Problem {
    Problem::new(
        Kind::Internal,
        "The terminal could not be read.",
        format!("{error}."),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn press(text: &mut String, code: KeyCode, modifiers: KeyModifiers) -> Pressed {
        pressed(text, KeyEvent::new(code, modifiers))
    }

    #[test]
    fn a_line_is_typed_and_corrected() {
        let mut text = String::new();
        for c in "applx".chars() {
            press(&mut text, KeyCode::Char(c), KeyModifiers::NONE);
        }
        press(&mut text, KeyCode::Backspace, KeyModifiers::NONE);
        press(&mut text, KeyCode::Char('y'), KeyModifiers::NONE);
        assert_eq!(text, "apply");
        let entered = press(&mut text, KeyCode::Enter, KeyModifiers::NONE);
        assert_eq!(entered, Pressed::Entered);
        let removed = press(&mut text, KeyCode::Char('u'), KeyModifiers::CONTROL);
        assert_eq!((removed, text.as_str()), (Pressed::Removed(5), ""));
    }

    #[test]
    fn backspace_takes_what_looks_like_one_character() {
        for (one, columns) in [
            ("e\u{301}", 1),
            ("漢", 2),
            ("👩\u{200d}👩\u{200d}👧", 2),
            ("🇩🇪", 2),
        ] {
            let mut text = format!("a{one}");
            let removed = press(&mut text, KeyCode::Backspace, KeyModifiers::NONE);
            assert_eq!((removed, text.as_str()), (Pressed::Removed(columns), "a"));
        }
    }

    #[test]
    fn control_c_and_escape_cancel() {
        let mut text = "app".to_owned();
        let mut cancels = |code, modifiers| press(&mut text, code, modifiers) == Pressed::Cancelled;
        assert!(cancels(KeyCode::Char('c'), KeyModifiers::CONTROL));
        assert!(cancels(KeyCode::Esc, KeyModifiers::NONE));
        assert!(!cancels(KeyCode::Char('d'), KeyModifiers::CONTROL));
    }
}
