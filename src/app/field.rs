//! One line of text being typed: editing keys by what a person sees as one character, a cursor, masking for secrets, and a
//! limit. What is pasted into a field is its part only: up to the first tab or line break.

use super::key::{Code, Key};
use super::wrap::width;
use crate::app::secret::Secret;
use crate::domain::reference::is_reference;
use crate::domain::text::harmless;
use std::fmt;
use unicode_segmentation::UnicodeSegmentation;

/// The most bytes of a field: more than any key, address or filter has.
pub const LONGEST: usize = 16 * 1024;

/// What became of a pasted text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pasted {
    /// All of it stands in the field.
    Whole,
    /// Something else stood behind its first tab or line break, and was left out.
    Part,
    /// It was too long, and nothing of it was taken.
    TooLong,
}

impl Pasted {
    /// What there is to say about it.
    pub fn word(self) -> Option<String> {
        match self {
            Self::Whole => None,
            Self::Part => {
                Some("Pasted up to the first tab or line break; the rest was left out.".to_owned())
            }
            Self::TooLong => Some(format!("Not pasted: {}", full())),
        }
    }
}

/// Says that a field takes no more.
pub fn full() -> String {
    format!("a field takes {} KiB at most.", LONGEST / 1024)
}

/// A text field. Its `Debug` never shows what a secret field holds.
#[derive(Clone, Default)]
pub struct Field {
    text: String,
    /// The byte before which is typed.
    at: usize,
    is_secret: bool,
    /// Whether a reference to a secret may be typed in its place, which is shown.
    may_refer: bool,
    /// Whether something was typed that it had no room for.
    is_full: bool,
}

/// A key that edits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Edit {
    Insert(char),
    /// Deletes up to there.
    Delete(To),
    Go(To),
    Clear,
}

/// A place beside the cursor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum To {
    Left,
    Right,
    WordLeft,
    WordRight,
    Start,
    End,
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
            text: text.to_owned(),
            at: text.len(),
            ..Self::default()
        }
    }

    /// What was typed.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What was typed, as a secret.
    pub fn take_secret(&mut self) -> Secret {
        let secret = self.as_secret();
        self.clear();
        secret
    }

    /// What was typed, as a secret, leaving it in place.
    pub fn as_secret(&self) -> Secret {
        Secret::new(&self.text)
    }

    /// Puts the cursor before a character.
    pub fn go_to(&mut self, character: usize) {
        let found = self.text.char_indices().nth(character);
        self.at = found.map_or(self.text.len(), |(at, _)| at);
    }

    /// Whether nothing was typed.
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// Whether the content is masked.
    pub fn is_secret(&self) -> bool {
        self.is_secret && !(self.may_refer && is_reference(self.text()))
    }

    /// What is drawn: the text made harmless, or a mask for each of its characters.
    fn shown<'a>(&'a self, text: &'a str, mask: &'a str) -> impl Iterator<Item = String> + 'a {
        let is_secret = self.is_secret();
        text.graphemes(true).map(move |one| {
            if is_secret {
                mask.to_owned()
            } else {
                harmless(one).into_owned()
            }
        })
    }

    /// The part around the cursor that so many columns have room for, and the column of the cursor in it.
    pub fn window(&self, columns: usize, mask: &str) -> (String, usize) {
        let (before, behind) = self.text.split_at(self.at);
        let before: Vec<String> = self.shown(before, mask).collect();
        let room = columns.saturating_sub(1);
        let (mut first, mut cursor) = (before.len(), 0);
        while let Some(at) = first.checked_sub(1) {
            let wide = width(&before[at]);
            if cursor + wide > room {
                break;
            }
            (first, cursor) = (at, cursor + wide);
        }
        let mut window = before[first..].concat();
        let mut used = cursor;
        for one in self.shown(behind, mask) {
            used += width(&one);
            if used > columns {
                break;
            }
            window.push_str(&one);
        }
        (window, cursor)
    }

    /// Empties the field.
    pub fn clear(&mut self) {
        self.text.clear();
        self.at = 0;
        self.is_full = false;
    }

    /// Whether something was typed since the last time that it had no room for.
    pub fn take_full(&mut self) -> bool {
        std::mem::take(&mut self.is_full)
    }

    /// Handles an editing key; false when the key is not one.
    pub fn press(&mut self, key: Key) -> bool {
        let Some(edit) = edit(key) else {
            return false;
        };
        match edit {
            Edit::Insert(c) if self.text.len() + c.len_utf8() > LONGEST => self.is_full = true,
            Edit::Insert(c) => {
                self.text.insert(self.at, c);
                self.at += c.len_utf8();
            }
            Edit::Delete(to) => {
                let (from, to) = (self.at, self.place(to));
                self.at = from.min(to);
                self.text.drain(self.at..from.max(to));
            }
            Edit::Go(to) => self.at = self.place(to),
            Edit::Clear => self.clear(),
        }
        true
    }

    /// Takes the part of a pasted text that is the field's: what stands before its first tab or line break.
    pub fn paste(&mut self, text: &str) -> Pasted {
        let text = text.trim_matches(is_break);
        let part = text.split(is_break).next().unwrap_or_default();
        if self.text.len() + part.len() > LONGEST {
            return Pasted::TooLong;
        }
        self.text.insert_str(self.at, part);
        self.at += part.len();
        if part.len() < text.len() {
            Pasted::Part
        } else {
            Pasted::Whole
        }
    }

    fn place(&self, to: To) -> usize {
        let (before, behind) = self.text.split_at(self.at);
        match to {
            To::Start => 0,
            To::End => self.text.len(),
            To::Left => before
                .grapheme_indices(true)
                .next_back()
                .map_or(0, |(at, _)| at),
            To::Right => self.at + behind.graphemes(true).next().map_or(0, str::len),
            To::WordLeft => {
                let word = before.trim_end_matches(is_between);
                word.trim_end_matches(|c| !is_between(c)).len()
            }
            To::WordRight => {
                let rest = behind.trim_start_matches(|c| !is_between(c));
                self.text.len() - rest.trim_start_matches(is_between).len()
            }
        }
    }
}

/// Whether a character ends what belongs into one field.
fn is_break(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}')
}

/// Whether a character stands between words.
fn is_between(c: char) -> bool {
    c.is_whitespace() || c.is_ascii_punctuation()
}

fn edit(key: Key) -> Option<Edit> {
    if let Some(c) = key.typed() {
        return Some(Edit::Insert(c));
    }
    Some(match (key.code, key.ctrl, key.alt) {
        (Code::Backspace, false, false) | (Code::Char('h'), true, _) => Edit::Delete(To::Left),
        (Code::Delete, ..) => Edit::Delete(To::Right),
        (Code::Left, false, false) | (Code::Char('b'), true, _) => Edit::Go(To::Left),
        (Code::Right, false, false) | (Code::Char('f'), true, _) => Edit::Go(To::Right),
        (Code::Left, ..) | (Code::Char('b'), _, true) => Edit::Go(To::WordLeft),
        (Code::Right, ..) | (Code::Char('f'), _, true) => Edit::Go(To::WordRight),
        (Code::Home, ..) | (Code::Char('a'), true, _) => Edit::Go(To::Start),
        (Code::End, ..) | (Code::Char('e'), true, _) => Edit::Go(To::End),
        (Code::Char('u'), true, _) => Edit::Clear,
        (Code::Char('k'), true, _) => Edit::Delete(To::End),
        (Code::Char('w'), true, _) | (Code::Backspace, _, true) => Edit::Delete(To::WordLeft),
        _ => return None,
    })
}

impl fmt::Debug for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = if self.is_secret { "Secret" } else { &self.text };
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
    use proptest::prelude::*;

    const WIDE: usize = 200;

    fn shown(field: &Field) -> String {
        field.window(WIDE, "•").0
    }

    fn named(name: &str) -> Key {
        name.parse().unwrap()
    }

    #[test]
    fn a_secret_field_shows_dots_and_debugs_nothing() {
        let mut field = Field::secret();
        field.paste("hunter2");
        assert_eq!(shown(&field), "•••••••");
        assert!(!format!("{field:?}").contains("hunter2"));
        assert_eq!(field.take_secret(), Secret::new("hunter2"));
        assert!(field.is_empty());
    }

    #[test]
    fn a_reference_is_shown_where_one_may_be_typed() {
        let mut field = Field::secret_or_reference();
        field.paste("cmd");
        assert_eq!(shown(&field), "•••");
        field.paste(":pass show x");
        assert_eq!(shown(&field), "cmd:pass show x");
        let mut password = Field::secret();
        password.paste("env:hunter2");
        assert_eq!(shown(&password), "•••••••••••");
        assert!(!format!("{field:?}{password:?}").contains("hunter2"));
    }

    #[test]
    fn control_keys_edit() {
        let mut field = Field::with("one two");
        assert!(field.press(named("ctrl-w")));
        assert_eq!(field.text(), "one ");
        assert!(field.press(named("ctrl-u")));
        assert!(field.is_empty());
        assert!(!field.press(named("ctrl-z")));
        let mut field = Field::with("a.b@c.org");
        for key in ["alt-left", "alt-left", "ctrl-k"] {
            field.press(named(key));
        }
        assert_eq!(field.text(), "a.b@");
        field.press(named("home"));
        field.press(named("alt-right"));
        field.press(named("delete"));
        assert_eq!(field.text(), "a.@");
    }

    #[test]
    fn a_field_takes_its_part_of_what_is_pasted() {
        for text in [
            "alice@example.com\thunter2",
            "\nalice@example.com\r\nhunter2\n",
            "alice@example.com\u{2028}hunter2",
            "alice@example.com\u{b}hunter2",
        ] {
            let mut field = Field::new();
            assert_eq!(field.paste(text), Pasted::Part, "{text:?}");
            assert_eq!(field.text(), "alice@example.com", "{text:?}");
        }
        let mut field = Field::new();
        assert_eq!(field.paste("\n a password \r\n"), Pasted::Whole);
        assert_eq!(field.text(), " a password ");
    }

    #[test]
    fn what_is_too_long_is_refused_and_the_field_stays_usable() {
        let mut field = Field::new();
        assert_eq!(field.paste(&"x".repeat(1 << 20)), Pasted::TooLong);
        assert!(field.is_empty());
        for _ in 0..1 << 20 {
            field.press(Key::char('x'));
        }
        assert_eq!(field.text().len(), LONGEST);
        assert!(field.take_full() && !field.take_full());
        assert_eq!(field.window(10, "•"), ("x".repeat(9), 9));
        field.press(named("backspace"));
        field.press(Key::char('y'));
        assert!(field.text().ends_with("xy") && !field.take_full());
    }

    /// What a person sees as one character, however many code points it has.
    fn one() -> impl Strategy<Value = &'static str> {
        prop::sample::select(vec![
            "a",
            "e\u{301}",
            "漢",
            "👩\u{200d}👩\u{200d}👧\u{200d}👦",
            "🇩🇪",
            "👍🏽",
            "❤\u{fe0f}",
            "1\u{fe0f}\u{20e3}",
            "각",
            "न\u{93f}",
            " ",
            ".",
        ])
    }

    proptest! {
        #[test]
        fn a_key_moves_over_and_deletes_one_visible_character(all in prop::collection::vec(one(), 0..12), back in 0usize..12) {
            // Some characters join what stands before them.
            let joined = all.concat();
            let all: Vec<&str> = joined.graphemes(true).collect();
            let mut field = Field::with(&joined);
            let back = back.min(all.len());
            for _ in 0..back {
                field.press(named("left"));
            }
            let at = all.len() - back;
            field.press(named("backspace"));
            let left = [&all[..at.saturating_sub(1)], &all[at..]].concat().concat();
            prop_assert_eq!(field.text(), left);
            let mut field = Field::with(&joined);
            for _ in 0..back {
                field.press(named("ctrl-b"));
            }
            field.press(named("delete"));
            let left = [&all[..at], &all[(at + 1).min(all.len())..]].concat().concat();
            prop_assert_eq!(field.text(), left);
        }

        #[test]
        fn the_cursor_is_always_in_the_window(all in prop::collection::vec(one(), 0..40), back in 0usize..40, columns in 1usize..30, is_secret: bool) {
            let mut field = if is_secret { Field::secret() } else { Field::new() };
            for c in all.concat().chars() {
                field.press(Key::char(c));
            }
            for _ in 0..back {
                field.press(named("left"));
            }
            let (window, cursor) = field.window(columns, "•");
            prop_assert!(cursor < columns);
            prop_assert!(width(&window) <= columns);
            let before: String = field.text()[..field.at].graphemes(true).map(|one| if is_secret { "•" } else { one }).collect();
            let shown: String = window.graphemes(true).scan(0, |used, one| {
                *used += width(one);
                (*used <= cursor).then_some(one)
            }).collect();
            prop_assert!(before.ends_with(&shown), "{:?} {:?}", before, shown);
        }
    }
}
