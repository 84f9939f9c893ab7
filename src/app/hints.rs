//! The keys in the footer: which of them have room, and where each stands. The drawing and the mouse read the same places.

use super::availability::{availability, short};
use super::command::{Command, TABLE};
use super::model::Model;
use unicode_width::UnicodeWidthStr;

/// The room before the first hint.
const MARGIN: usize = 1;
/// The room behind each.
pub const BEHIND: usize = 2;

/// A key with its word, where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hint {
    /// What a click on it runs.
    pub command: Command,
    /// The key.
    pub key: String,
    /// The word.
    pub word: &'static str,
    /// Its first column.
    pub left: usize,
}

impl Hint {
    /// Its columns: the key, the word and the blank between them.
    pub fn width(&self) -> usize {
        self.key.width() + 1 + self.word.width()
    }

    fn room(&self) -> usize {
        self.width() + BEHIND
    }
}

/// Key and word of every command that can run now, the most special first, as many as fit; help always. A dialog names its own keys.
pub fn hints(model: &Model, columns: usize) -> Vec<Hint> {
    if !model.dialogs.is_empty() {
        return Vec::new();
    }
    let last = [Command::Help, Command::Quit];
    let hint = |command: Command| Hint {
        command,
        key: model.keymap.first_key(command),
        word: short(command, model),
        left: 0,
    };
    let tail = last.map(hint);
    let needed: usize = tail.iter().map(Hint::room).sum();
    let mut room = columns.saturating_sub(MARGIN + needed);
    let mut shown = Vec::new();
    for context in model.contexts() {
        let own = TABLE
            .iter()
            .filter(|spec| spec.context == *context && !spec.short.is_empty());
        for spec in own.filter(|spec| !last.contains(&spec.command)) {
            let hint = hint(spec.command);
            let is_named = !hint.key.is_empty() && !hint.word.is_empty();
            if is_named && hint.room() <= room && availability(spec.command, model).is_ok() {
                room -= hint.room();
                shown.push(hint);
            }
        }
    }
    shown.extend(tail);
    let mut left = MARGIN;
    for hint in &mut shown {
        hint.left = left;
        left += hint.room();
    }
    shown
}

/// The command whose key or word stands at a column.
pub fn at(model: &Model, columns: usize, x: usize) -> Option<Command> {
    let here = |hint: &Hint| (hint.left..hint.left + hint.width()).contains(&x) && x < columns;
    hints(model, columns)
        .into_iter()
        .find(here)
        .map(|hint| hint.command)
}
