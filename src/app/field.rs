//! One line of text being typed: editing keys, a cursor, and masking for secrets.

use super::key::{Code, Key};
use crate::app::secret::Secret;
use crate::domain::reference::is_reference;
use std::fmt;
use tui_input::{Input, InputRequest};

/// A text field. Its `Debug` never shows what a secret field holds.
#[derive(Clone, Default)]
pub struct Field {
    input: Input,
    is_secret: bool,
    /// Whether a reference to a secret may be typed in its place, which is shown.
    may_refer: bool,
}

impl Field {
    /// An empty field.
    pub fn new() -> Self {
        Self::default()
    }

    /// An empty field whose content is masked.
    pub fn secret() -> Self {
        Self {
            is_secret: true,
            ..Self::default()
        }
    }

    /// An empty field whose content is masked, unless it is a reference to a secret.
    pub fn secret_or_reference() -> Self {
        Self {
            is_secret: true,
            may_refer: true,
            ..Self::default()
        }
    }

    /// A field that starts with a text.
    pub fn with(text: &str) -> Self {
        Self {
            input: Input::new(text.to_owned()),
            ..Self::default()
        }
    }

    /// What was typed.
    pub fn text(&self) -> &str {
        self.input.value()
    }

    /// What was typed, as a secret.
    pub fn take_secret(&mut self) -> Secret {
        let secret = Secret::new(self.input.value());
        self.input.reset();
        secret
    }

    /// What was typed, as a secret, leaving it in place.
    pub fn as_secret(&self) -> Secret {
        Secret::new(self.input.value())
    }

    /// Whether nothing was typed.
    pub fn is_empty(&self) -> bool {
        self.input.value().is_empty()
    }

    /// Whether the content is masked.
    pub fn is_secret(&self) -> bool {
        self.is_secret && !(self.may_refer && is_reference(self.text()))
    }

    /// What is drawn: the text, or one dot a character.
    pub fn shown(&self) -> String {
        if self.is_secret() {
            "•".repeat(self.input.value().chars().count())
        } else {
            self.input.value().to_owned()
        }
    }

    /// The cursor's place, in characters.
    pub fn cursor(&self) -> usize {
        self.input.cursor()
    }

    /// Empties the field.
    pub fn clear(&mut self) {
        self.input.reset();
    }

    /// Handles an editing key; false when the key is not one.
    pub fn press(&mut self, key: Key) -> bool {
        let Some(request) = request(key) else {
            return false;
        };
        self.input.handle(request);
        true
    }

    /// Takes pasted text; line breaks and other control characters are left out.
    pub fn paste(&mut self, text: &str) {
        for c in text.chars().filter(|c| !c.is_control()) {
            self.input.handle(InputRequest::InsertChar(c));
        }
    }
}

fn request(key: Key) -> Option<InputRequest> {
    if let Some(c) = key.typed() {
        return Some(InputRequest::InsertChar(c));
    }
    Some(match (key.code, key.ctrl, key.alt) {
        (Code::Backspace, false, false) | (Code::Char('h'), true, _) => {
            InputRequest::DeletePrevChar
        }
        (Code::Delete, ..) => InputRequest::DeleteNextChar,
        (Code::Left, false, false) | (Code::Char('b'), true, _) => InputRequest::GoToPrevChar,
        (Code::Right, false, false) | (Code::Char('f'), true, _) => InputRequest::GoToNextChar,
        (Code::Left, ..) | (Code::Char('b'), _, true) => InputRequest::GoToPrevWord,
        (Code::Right, ..) | (Code::Char('f'), _, true) => InputRequest::GoToNextWord,
        (Code::Home, ..) | (Code::Char('a'), true, _) => InputRequest::GoToStart,
        (Code::End, ..) | (Code::Char('e'), true, _) => InputRequest::GoToEnd,
        (Code::Char('u'), true, _) => InputRequest::DeleteLine,
        (Code::Char('k'), true, _) => InputRequest::DeleteTillEnd,
        (Code::Char('w'), true, _) | (Code::Backspace, _, true) => InputRequest::DeletePrevWord,
        _ => return None,
    })
}

impl fmt::Debug for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = if self.is_secret {
            "Secret"
        } else {
            self.input.value()
        };
        f.debug_tuple("Field").field(&shown).finish()
    }
}

impl PartialEq for Field {
    fn eq(&self, other: &Self) -> bool {
        self.text() == other.text() && self.is_secret == other.is_secret
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_field_shows_dots_and_debugs_nothing() {
        let mut field = Field::secret();
        field.paste("hun\nter2");
        assert_eq!(field.shown(), "•••••••");
        assert!(!format!("{field:?}").contains("hunter2"));
        assert_eq!(field.take_secret(), Secret::new("hunter2"));
        assert!(field.is_empty());
    }

    #[test]
    fn a_reference_is_shown_where_one_may_be_typed() {
        let mut field = Field::secret_or_reference();
        field.paste("cmd");
        assert_eq!(field.shown(), "•••");
        field.paste(":pass show x");
        assert_eq!(field.shown(), "cmd:pass show x");
        let mut password = Field::secret();
        password.paste("env:hunter2");
        assert_eq!(password.shown(), "•••••••••••");
        assert!(!format!("{field:?}{password:?}").contains("hunter2"));
    }

    #[test]
    fn control_keys_edit() {
        let mut field = Field::with("one two");
        let ctrl = |c| Key {
            code: Code::Char(c),
            ctrl: true,
            alt: false,
        };
        assert!(field.press(ctrl('w')));
        assert_eq!(field.text(), "one ");
        assert!(field.press(ctrl('u')));
        assert!(field.is_empty());
        assert!(!field.press(ctrl('z')));
    }
}
