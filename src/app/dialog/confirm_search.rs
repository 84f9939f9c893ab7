//! The search inside a question: where the words stand in what will run. While it is open it has the keys, so that nothing
//! typed here can answer.

use super::script::Outlined;
use crate::app::field::Field;
use crate::domain::sql::outline::Piece;
use std::ops::Range;

/// The most places that are held; a letter in a file of megabytes has more.
const MOST: usize = 10_000;

/// What is looked for, and where it was found.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ConfirmSearch {
    /// The words.
    pub field: Field,
    /// The bytes of the text at which they begin, in order.
    pub found: Vec<usize>,
    /// Which of them is gone to.
    pub at: usize,
}

impl ConfirmSearch {
    /// Looks for the words in a text, and in what lines of an outline stand for; goes to the first that does not begin before a byte.
    pub(super) fn look(&mut self, text: &str, outlined: &[Outlined], from: usize) {
        let words = self.field.text().to_ascii_lowercase();
        self.found = if words.is_empty() {
            Vec::new()
        } else {
            let text = text.to_ascii_lowercase();
            let found = text.match_indices(words.as_str()).map(|(at, _)| at);
            found.take(MOST).collect()
        };
        if !words.is_empty() {
            let holds = |piece: &Piece| piece.sql.to_ascii_lowercase().contains(&words);
            let lines = outlined
                .iter()
                .filter(|(_, pieces)| pieces.iter().any(holds));
            // A line that has them itself is found already.
            let end = |at: usize| text[at..].find('\n').map_or(text.len(), |end| at + end);
            let is_found = |at: usize| {
                let next = self.found.partition_point(|found| *found < at);
                self.found.get(next).is_some_and(|found| *found < end(at))
            };
            let more: Vec<usize> = lines
                .map(|(at, _)| *at)
                .filter(|at| !is_found(*at))
                .collect();
            self.found.extend(more);
            self.found.sort_unstable();
            self.found.truncate(MOST);
        }
        let behind = self.found.partition_point(|at| *at < from);
        self.at = if behind < self.found.len() { behind } else { 0 };
    }

    /// Goes to the next or the previous place, around the end.
    pub fn step(&mut self, is_forward: bool) {
        let count = self.found.len();
        if count > 0 {
            let by = if is_forward { 1 } else { count - 1 };
            self.at = (self.at + by) % count;
        }
    }

    /// The bytes of the place that is gone to.
    pub fn here(&self) -> Option<Range<usize>> {
        let start = *self.found.get(self.at)?;
        Some(start..start + self.field.text().len())
    }

    /// What there is to say beside the words.
    pub fn told(&self) -> String {
        match (self.field.is_empty(), self.found.len()) {
            (true, _) => "type what to look for".to_owned(),
            (false, 0) => "not in what will run".to_owned(),
            (false, MOST) => format!("{} of {MOST} and more", self.at + 1),
            (false, count) => format!("{} of {count}", self.at + 1),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn looked(words: &str, text: &str, from: usize) -> ConfirmSearch {
        let mut search = ConfirmSearch {
            field: Field::with(words),
            ..ConfirmSearch::default()
        };
        search.look(text, &[], from);
        search
    }

    #[test]
    fn places_are_found_in_any_case_and_gone_through_around_the_end() {
        let text = "Drop table a;\ndrop table ä;\nDROP TABLE b;";
        let mut search = looked("drop", text, 3);
        assert_eq!((search.at, search.told().as_str()), (1, "2 of 3"));
        assert_eq!(&text[search.here().unwrap()], "drop");
        search.step(true);
        search.step(true);
        assert_eq!(search.at, 0);
        search.step(false);
        assert_eq!(search.at, 2);
        assert_eq!(
            looked("drop", text, 1_000).at,
            0,
            "behind the last one the first is next"
        );
        assert_eq!(looked("gone", text, 0).told(), "not in what will run");
        assert_eq!(looked("gone", text, 0).here(), None);
        assert_eq!(looked("ä", text, 0).found.len(), 1);
    }
}
