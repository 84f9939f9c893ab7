//! The statements of a file as one text and the places in it. The plan, what runs of it and what is recorded share the
//! text, so a file of some hundred megabytes is held once, however many statements it has.

use super::split::split;
use super::statement_kind::significant;
use serde::{Serialize, Serializer};
use std::fmt;
use std::ops::{Deref, Index, Range};
use std::sync::Arc;

/// A piece of a text that others hold too. Cheap to clone.
#[derive(Clone)]
pub struct Slice {
    whole: Arc<String>,
    place: Range<usize>,
}

impl Slice {
    /// A place in a text.
    pub fn of(whole: &Arc<String>, place: Range<usize>) -> Self {
        Self {
            whole: Arc::clone(whole),
            place,
        }
    }
}

impl Deref for Slice {
    type Target = str;

    fn deref(&self) -> &str {
        &self.whole[self.place.clone()]
    }
}

impl<T: Into<String>> From<T> for Slice {
    fn from(text: T) -> Self {
        let whole = Arc::new(text.into());
        let place = 0..whole.len();
        Self { whole, place }
    }
}

impl PartialEq for Slice {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Eq for Slice {}

impl fmt::Display for Slice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self)
    }
}

impl fmt::Debug for Slice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, f)
    }
}

impl Serialize for Slice {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self)
    }
}

/// Statements in order, without their semicolons. Cheap to clone.
#[derive(Clone, Default)]
pub struct Statements {
    text: Arc<String>,
    places: Arc<Vec<Range<usize>>>,
}

impl Statements {
    /// The statements of a file, cut as the Supabase CLI cuts them.
    pub fn of(text: String) -> Self {
        let places = split(&text).into_iter().map(|found| found.range).collect();
        Self {
            text: Arc::new(text),
            places: Arc::new(places),
        }
    }

    /// The text that they stand in.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// Where each of them begins in the text.
    pub fn starts(&self) -> impl Iterator<Item = usize> {
        self.places.iter().map(|place| place.start)
    }

    /// The bytes of all of them.
    pub fn bytes(&self) -> usize {
        self.places.iter().map(ExactSizeIterator::len).sum()
    }

    /// Each of them in turn.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &str> + ExactSizeIterator {
        self.places.iter().map(|place| &self.text[place.clone()])
    }

    /// Those that the server has something to do for, with their index: not those that are nothing but comments.
    pub fn that_run(&self) -> impl Iterator<Item = (usize, &str)> {
        let runs = |(_, sql): &(usize, &str)| significant(sql).next().is_some();
        self.iter().enumerate().filter(runs)
    }

    /// One of them, counted from 0, sharing the text.
    pub fn piece(&self, index: usize) -> Option<Slice> {
        Some(Slice::of(&self.text, self.places.get(index)?.clone()))
    }
}

impl<S: AsRef<str>> FromIterator<S> for Statements {
    /// Takes pieces that were cut elsewhere as they are.
    fn from_iter<I: IntoIterator<Item = S>>(pieces: I) -> Self {
        let (mut text, mut places) = (String::new(), Vec::new());
        for piece in pieces {
            let start = text.len();
            text.push_str(piece.as_ref());
            places.push(start..text.len());
        }
        Self {
            text: Arc::new(text),
            places: Arc::new(places),
        }
    }
}

impl Index<usize> for Statements {
    type Output = str;

    fn index(&self, index: usize) -> &str {
        &self.text[self.places[index].clone()]
    }
}

impl PartialEq for Statements {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl Eq for Statements {}

impl fmt::Debug for Statements {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

impl Serialize for Statements {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_file_and_its_pieces_are_the_same_statements() {
        let cut = Statements::of("select 1;\n\n-- why\nselect ';';".to_owned());
        let pieces: Statements = ["select 1", "-- why\nselect ';'"].iter().collect();
        assert_eq!(cut, pieces);
        assert_eq!((cut.len(), cut.bytes(), &cut[0]), (2, 25, "select 1"));
        assert_eq!(&*cut.piece(1).unwrap(), "-- why\nselect ';'");
        assert_eq!(cut.piece(2), None);
        let json = serde_json::to_string(&cut).unwrap();
        assert_eq!(json, r#"["select 1","-- why\nselect ';'"]"#);
    }

    #[test]
    fn no_clone_copies_the_text() {
        let cut = Statements::of("select 1; select 2".to_owned());
        let (other, piece) = (cut.clone(), cut.piece(1).unwrap());
        assert!(Arc::ptr_eq(&cut.text, &other.text) && Arc::ptr_eq(&cut.text, &piece.whole));
    }
}
