//! The deck without a terminal: keys in, the last frame out. The screenshot of the README is made with it.

use super::surface::{BufferBackend, Surface};
use super::{Deck, Start};
use crate::app::effect::Write;
use crate::app::jobs;
use crate::app::key::Key;
use crate::app::msg::Msg;
use crate::domain::problem::{Kind, Problem};
use crate::ui::symbol::Symbols;
use crate::ui::theme::Theme;
use crate::ui::{self, Appearance};
use ratatui::buffer::Buffer;
use std::time::Duration;
use tokio::time::Instant;

/// After so long without news a step counts as finished.
const QUIET: Duration = Duration::from_millis(700);

/// Runs the deck in memory: opens the project, presses the keys one after the other, each once all answers to the one
/// before have come, and returns the last frame. A word in `keys` that is no key is typed character by character.
///
/// # Errors
/// When a key cannot be pressed.
pub async fn headless(start: Start, size: (u16, u16), keys: &[&str]) -> Result<Buffer, Problem> {
    let look = Appearance {
        themes: Theme::built_in(),
        symbols: Symbols { is_ascii: false },
    };
    let mut canvas = BufferBackend::new(size);
    let (mut deck, mut mail) = Deck::start(start, look, size);
    let effects = jobs::session(&mut deck.model, Write::Open);
    deck.carry_out(effects, &mut canvas)?;
    settle(&mut deck, &mut mail, &mut canvas).await?;
    for word in keys {
        for key in presses(word)? {
            deck.take(Msg::KeyPressed(key), &mut canvas)?;
        }
        settle(&mut deck, &mut mail, &mut canvas).await?;
    }
    deck.model.toast = None;
    canvas.draw(&mut |frame| ui::draw(frame, &deck.model, &deck.look))?;
    Ok(canvas.into_buffer())
}

fn presses(word: &str) -> Result<Vec<Key>, Problem> {
    match word.parse() {
        Ok(key) => Ok(vec![key]),
        Err(_) if !word.is_empty() => Ok(word.chars().map(Key::char).collect()),
        Err(why) => Err(Problem::new(Kind::Usage, "A key cannot be pressed.", why)),
    }
}

/// Takes what comes until nothing comes any more.
async fn settle(
    deck: &mut Deck,
    mail: &mut super::Messages,
    canvas: &mut BufferBackend,
) -> Result<(), Problem> {
    loop {
        let quiet = Instant::now() + QUIET;
        let timer = deck.timers.next().filter(|at| *at < quiet);
        tokio::select! {
            Some(msg) = mail.recv() => deck.take(msg, canvas)?,
            () = tokio::time::sleep_until(timer.unwrap_or(quiet)) => match timer {
                Some(_) => for timer in deck.timers.take_due() {
                    deck.take(Msg::TimerFired(timer), canvas)?;
                },
                // A run may be silent for long.
                None if deck.model.running.is_some() => {}
                None => return Ok(()),
            }
        }
    }
}
