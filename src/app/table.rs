//! Rows from a server together with the place in them: what five of the seven screens are made of.

use super::list::List;
use super::loadable::Loadable;
use crate::domain::problem::Problem;
use jiff::Timestamp;

/// A row of a table on screen.
pub trait Row {
    /// What identifies the row, so that a reload keeps it selected.
    fn key(&self) -> &str;
    /// The text that the filter searches.
    fn haystack(&self) -> String;
}

/// Rows and the place in them.
#[derive(Debug, Clone, PartialEq)]
pub struct Table<T> {
    /// The rows as they were read.
    pub remote: Loadable<Vec<T>>,
    /// The place in them.
    pub list: List,
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self {
            remote: Loadable::default(),
            list: List::default(),
        }
    }
}

impl<T: Row> Table<T> {
    /// All rows that are held, without the filter: to select in them. None does not mean that there is none.
    pub fn rows(&self) -> &[T] {
        self.remote.held().map_or(&[], Vec::as_slice)
    }

    /// The selected row.
    pub fn selected(&self) -> Option<&T> {
        self.rows().get(self.list.current()?)
    }

    /// Selects the row with this key, where it is there and the filter leaves it.
    pub fn select(&mut self, key: &str) {
        if let Some(row) = self.rows().iter().position(|row| row.key() == key) {
            self.list.select_row(row);
        }
    }

    /// Takes an answer and keeps the selection on the row with the same key.
    pub fn arrived(&mut self, result: Result<Vec<T>, Problem>, at: Timestamp) {
        let key = self.selected().map(|row| row.key().to_owned());
        self.remote.arrived(result, at);
        self.refresh();
        if let Some(key) = key {
            self.select(&key);
        }
    }

    /// Sets the filter.
    pub fn set_filter(&mut self, filter: &str) {
        let row = self.list.current();
        filter.clone_into(&mut self.list.filter);
        self.refresh();
        if let Some(row) = row {
            self.list.select_row(row);
        }
    }

    fn refresh(&mut self) {
        let rows = self.remote.held().map_or(&[][..], Vec::as_slice);
        self.list.refresh(rows.len(), |row| rows[row].haystack());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Row for String {
        fn key(&self) -> &str {
            self
        }
        fn haystack(&self) -> String {
            self.clone()
        }
    }

    #[test]
    fn a_reload_keeps_the_selected_row() {
        let mut table = Table::default();
        table.arrived(Ok(vec!["a".to_owned(), "b".into()]), Timestamp::UNIX_EPOCH);
        table.list.go(crate::app::list::Move::Last);
        table.arrived(
            Ok(vec!["0".to_owned(), "a".into(), "b".into()]),
            Timestamp::UNIX_EPOCH,
        );
        assert_eq!(table.selected().map(String::as_str), Some("b"));
    }
}
