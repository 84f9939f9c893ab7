//! A list that one moves through: selection, window, filter. It holds indexes only; the rows stay where they are.

/// The place in a list. Positions count the rows that the filter leaves.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct List {
    /// The selected position.
    pub selected: usize,
    /// The first position in the window.
    pub offset: usize,
    /// The words that rows must contain; empty for all rows.
    pub filter: String,
    /// The rows that the filter leaves; all when absent.
    shown: Option<Vec<usize>>,
    total: usize,
}

/// A movement through a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Move {
    /// By so many rows; negative is up.
    By(isize),
    /// To the first row.
    First,
    /// To the last row.
    Last,
}

impl Move {
    /// Where it leads from a place, `last` being the last one there is.
    pub fn from(self, at: usize, last: usize) -> usize {
        match self {
            Self::By(rows) => at.saturating_add_signed(rows).min(last),
            Self::First => 0,
            Self::Last => last,
        }
    }
}

/// The first row of a window of some height in which the selected row is; it moves no further than it has to.
pub fn window_top(top: usize, selected: usize, height: usize) -> usize {
    top.clamp((selected + 1).saturating_sub(height.max(1)), selected)
}

impl List {
    /// How many rows the filter leaves.
    pub fn len(&self) -> usize {
        self.shown.as_ref().map_or(self.total, Vec::len)
    }

    /// Whether no row is left.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many rows there are without the filter.
    pub fn total(&self) -> usize {
        self.total
    }

    /// The index of the row at a position.
    pub fn row(&self, position: usize) -> Option<usize> {
        match &self.shown {
            None => (position < self.total).then_some(position),
            Some(shown) => shown.get(position).copied(),
        }
    }

    /// The index of the selected row.
    pub fn current(&self) -> Option<usize> {
        self.row(self.selected)
    }

    /// Takes new rows or a new filter: `text` gives what a row is searched by.
    pub fn refresh(&mut self, total: usize, text: impl Fn(usize) -> String) {
        self.total = total;
        let words: Vec<String> = self
            .filter
            .split_whitespace()
            .map(str::to_lowercase)
            .collect();
        self.shown = (!words.is_empty()).then(|| {
            let has_all = |row: &usize| {
                let text = text(*row).to_lowercase();
                words.iter().all(|word| text.contains(word.as_str()))
            };
            (0..total).filter(has_all).collect()
        });
        self.selected = self.selected.min(self.len().saturating_sub(1));
    }

    /// Selects the row with this index, if the filter leaves it.
    pub fn select_row(&mut self, row: usize) {
        let position = match &self.shown {
            None => Some(row),
            Some(shown) => shown.iter().position(|index| *index == row),
        };
        if let Some(position) = position.filter(|position| *position < self.len()) {
            self.selected = position;
        }
    }

    /// Moves the selection; true when it changed.
    pub fn go(&mut self, movement: Move) -> bool {
        let last = self.len().saturating_sub(1);
        let next = movement.from(self.selected, last);
        std::mem::replace(&mut self.selected, next) != next
    }

    /// Moves the window so that the selection is inside it.
    pub fn follow(&mut self, height: usize) {
        self.offset = window_top(self.offset, self.selected, height);
        self.offset = self.offset.min(self.len().saturating_sub(height.max(1)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: [&str; 4] = [
        "core schema",
        "week lock",
        "row level security",
        "audit trail",
    ];

    fn list(filter: &str) -> List {
        let mut list = List {
            filter: filter.into(),
            ..List::default()
        };
        list.refresh(NAMES.len(), |row| NAMES[row].to_owned());
        list
    }

    #[test]
    fn every_word_of_the_filter_must_be_found() {
        let list = list("LE se");
        assert_eq!((list.len(), list.current()), (1, Some(2)));
    }

    #[test]
    fn moving_stops_at_both_ends() {
        let mut list = list("");
        assert!(!list.go(Move::By(-1)));
        assert!(list.go(Move::By(100)));
        assert_eq!(list.current(), Some(3));
        assert!(!list.go(Move::Last));
    }

    #[test]
    fn the_window_follows_the_selection() {
        let mut list = list("");
        list.go(Move::Last);
        list.follow(2);
        assert_eq!(list.offset, 2);
        list.go(Move::First);
        list.follow(2);
        assert_eq!(list.offset, 0);
    }

    #[test]
    fn an_empty_list_has_no_current_row() {
        let mut list = list("nothing like it");
        list.go(Move::By(1));
        list.follow(10);
        assert_eq!((list.current(), list.offset), (None, 0));
    }
}
