//! A list to choose from in one step: by a digit, by a few letters of a name, or by moving there. What it is a list of is
//! the business of whoever holds it.

use crate::app::command::Command;
use crate::app::field::Field;
use crate::app::key::{Code, Key};

/// One thing that can be chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its words, which typed letters are looked for in.
    pub title: String,
    /// The digit that chooses it at once.
    pub digit: Option<char>,
    /// Why it cannot be chosen now.
    pub reason: Option<String>,
    /// Whether this is what is in use.
    pub is_here: bool,
    /// Whether it is one to be careful with.
    pub is_danger: bool,
}

impl Entry {
    /// An entry that can be chosen.
    pub fn new(title: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            digit: None,
            reason: None,
            is_here: false,
            is_danger: false,
        }
    }

    fn has(&self, words: &str) -> bool {
        let title = self.title.to_lowercase();
        words.split_whitespace().all(|word| title.contains(word))
    }
}

/// The digit of the entry at this place among those that have one.
pub fn digit(place: usize) -> Option<char> {
    "123456789".chars().nth(place)
}

/// Where one is in the list.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Chooser {
    /// The letters that were typed.
    pub typed: Field,
    /// The place in the whole list.
    pub selected: usize,
}

/// What a key did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pressed {
    /// The list is moved in, or narrowed.
    Moved,
    /// This entry is chosen.
    Chosen(usize),
    /// This entry is to be taken away.
    Removed(usize),
    /// The list is left.
    Left,
}

impl Chooser {
    /// At what is in use, else at the first that can be chosen.
    pub fn at_here(entries: &[Entry]) -> Self {
        let here = entries.iter().position(|entry| entry.is_here);
        let free = || entries.iter().position(|entry| entry.reason.is_none());
        Self {
            typed: Field::new(),
            selected: here.or_else(free).unwrap_or(0),
        }
    }

    /// The places of the entries that have what was typed.
    pub fn found(&self, entries: &[Entry]) -> Vec<usize> {
        let words = self.typed.text().to_lowercase();
        let found = entries.iter().enumerate();
        let found = found.filter(|(_, entry)| entry.has(&words));
        found.map(|(at, _)| at).collect()
    }

    /// Takes a key. While nothing is typed, `j` and `k` move as everywhere.
    pub fn press(&mut self, key: Key, command: Option<Command>, entries: &[Entry]) -> Pressed {
        let is_typing = !self.typed.is_empty();
        match (command, key.typed()) {
            (Some(Command::Cancel), _) if is_typing => {
                self.typed.clear();
                return Pressed::Moved;
            }
            (Some(Command::Cancel), _) => return Pressed::Left,
            (Some(Command::NextField), _) => self.step(entries, 1),
            (Some(Command::PreviousField), _) => self.step(entries, -1),
            (Some(Command::Confirm), _) => {
                let is_found = self.found(entries).contains(&self.selected);
                if is_found {
                    return Pressed::Chosen(self.selected);
                }
            }
            (_, Some(digit @ '0'..='9')) if !is_typing => {
                let is_it = |entry: &Entry| entry.digit == Some(digit);
                if let Some(at) = entries.iter().position(is_it) {
                    self.selected = at;
                    return Pressed::Chosen(at);
                }
            }
            (_, Some('j')) if !is_typing => self.step(entries, 1),
            (_, Some('k')) if !is_typing => self.step(entries, -1),
            _ if key.code == Code::Delete && !is_typing => {
                return Pressed::Removed(self.selected);
            }
            _ => {
                if self.typed.press(key) {
                    self.narrowed(entries);
                }
            }
        }
        Pressed::Moved
    }

    /// Stays where one is while that is found, else goes to the first that can be chosen.
    fn narrowed(&mut self, entries: &[Entry]) {
        let found = self.found(entries);
        let is_free = |at: &&usize| entries[**at].reason.is_none() && !entries[**at].is_here;
        let best = found.iter().find(is_free).or(found.first());
        if let Some(best) = best {
            self.selected = *best;
        }
    }

    fn step(&mut self, entries: &[Entry], by: isize) {
        let found = self.found(entries);
        let Some(last) = found.len().checked_sub(1) else {
            return;
        };
        let place = found.iter().position(|at| *at == self.selected);
        let place = place.map_or(0, |place| place.saturating_add_signed(by).min(last));
        self.selected = found[place];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entries() -> Vec<Entry> {
        let mut entries: Vec<Entry> = ["alice@example.com", "john@example.com", "kate@example.com"]
            .into_iter()
            .enumerate()
            .map(|(at, name)| Entry {
                digit: digit(at),
                ..Entry::new(name)
            })
            .collect();
        entries[1].is_here = true;
        entries.push(Entry::new("Read as anon"));
        entries
    }

    fn typed(text: &str) -> (Chooser, Pressed) {
        let entries = entries();
        let mut chooser = Chooser::at_here(&entries);
        let mut last = Pressed::Moved;
        for c in text.chars() {
            last = chooser.press(Key::char(c), None, &entries);
        }
        (chooser, last)
    }

    #[test]
    fn it_begins_where_one_is() {
        assert_eq!(Chooser::at_here(&entries()).selected, 1);
    }

    #[test]
    fn a_digit_chooses_at_once_and_letters_narrow() {
        assert_eq!(typed("3").1, Pressed::Chosen(2));
        assert_eq!(typed("9").1, Pressed::Moved, "nobody has it");
        let (chooser, _) = typed("ali");
        assert_eq!(chooser.found(&entries()), [0]);
        assert_eq!(chooser.selected, 0);
        // The letters that also move are letters as soon as others are there.
        assert_eq!(typed("kate").0.selected, 2);
        assert_eq!(typed("alice@").0.selected, 0);
        assert_eq!(typed("nobody").0.found(&entries()), [0_usize; 0]);
    }

    #[test]
    fn nothing_that_is_not_on_the_list_is_chosen() {
        let entries = entries();
        let (mut chooser, _) = typed("zzz");
        let enter = chooser.press(Key::plain(Code::Enter), Some(Command::Confirm), &entries);
        assert_eq!(enter, Pressed::Moved);
        let esc = Some(Command::Cancel);
        assert_eq!(
            chooser.press(Key::plain(Code::Esc), esc, &entries),
            Pressed::Moved
        );
        assert_eq!(
            chooser.press(Key::plain(Code::Esc), esc, &entries),
            Pressed::Left
        );
    }
}
