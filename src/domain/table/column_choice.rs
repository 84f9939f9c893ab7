//! How the columns of a table are shown in the grid: which are hidden, their order and their widths. A choice is kept for each
//! table of a project, by names alone: no value of a row is in it. A column that is not there changes nothing.

use super::name::TableName;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// The widths that a column can be given, in columns of the terminal.
pub const WIDTHS: (u16, u16) = (3, 200);
/// The most tables whose choices are kept; the one that was changed longest ago goes first.
const MOST_TABLES: usize = 200;
/// The most names that all choices of a project have together.
const MOST_NAMES: usize = 20_000;

/// The choice for one table.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ColumnChoice {
    /// The columns that are not shown.
    pub hidden: BTreeSet<String>,
    /// The order of the columns behind the key; empty where it is that of the table.
    pub order: Vec<String>,
    /// The widths that were given.
    pub widths: BTreeMap<String, u16>,
}

impl ColumnChoice {
    /// Whether everything is shown as it comes.
    pub fn is_empty(&self) -> bool {
        self.hidden.is_empty() && self.order.is_empty() && self.widths.is_empty()
    }

    /// The width that a column was given.
    pub fn width(&self, column: &str) -> Option<u16> {
        let width = self.widths.get(column)?;
        Some((*width).clamp(WIDTHS.0, WIDTHS.1))
    }

    /// The places of these columns in the order in which they are shown, hidden ones too: the first `key` of them stay in front. Columns
    /// that the choice does not name follow those that it names.
    pub fn places(&self, columns: &[&str], key: usize) -> Vec<usize> {
        let key = key.min(columns.len());
        let named: BTreeMap<&str, usize> = self.order.iter().map(String::as_str).zip(0..).collect();
        let mut rest: Vec<usize> = (key..columns.len()).collect();
        // The sort is stable: what is not named stays in the order of the table.
        rest.sort_by_key(|at| named.get(columns[*at]).copied().unwrap_or(usize::MAX));
        (0..key).chain(rest).collect()
    }

    /// The places of those that are shown. All are where none would be left.
    pub fn shown(&self, columns: &[&str], key: usize) -> Vec<usize> {
        let places = self.places(columns, key);
        let is_shown = |at: &usize| !self.hidden.contains(columns[*at]);
        let shown: Vec<usize> = places.iter().copied().filter(is_shown).collect();
        if shown.is_empty() { places } else { shown }
    }

    fn names(&self) -> usize {
        self.hidden.len() + self.order.len() + self.widths.len()
    }
}

/// The choices of a project.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ColumnBook {
    /// The project's address: the tables of another project under the same profile are others.
    pub url: String,
    /// How many choices were made so far.
    made: u64,
    tables: Vec<TableChoice>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct TableChoice {
    table: TableName,
    /// When it was made, by the number of choices.
    at: u64,
    #[serde(flatten)]
    choice: ColumnChoice,
}

impl ColumnBook {
    /// An empty one for a project.
    pub fn of(url: &str) -> Self {
        Self {
            url: url.to_owned(),
            ..Self::default()
        }
    }

    /// The choice for a table.
    pub fn choice(&self, table: &TableName) -> ColumnChoice {
        let mut all = self.tables.iter();
        let found = all.find(|one| one.table == *table);
        found.map(|one| one.choice.clone()).unwrap_or_default()
    }

    /// Keeps the choice for a table; an empty one is forgotten. Says whether anything changed.
    pub fn keep(&mut self, table: &TableName, choice: &ColumnChoice) -> bool {
        if self.choice(table) == *choice || choice.names() > MOST_NAMES {
            return false;
        }
        self.tables.retain(|one| one.table != *table);
        if choice.is_empty() {
            return true;
        }
        self.made += 1;
        self.tables.push(TableChoice {
            table: table.clone(),
            at: self.made,
            choice: choice.clone(),
        });
        self.tables.sort_by_key(|one| one.at);
        let names = |tables: &[TableChoice]| tables.iter().map(|one| one.choice.names()).sum();
        let is_full = |tables: &[TableChoice]| {
            let names: usize = names(tables);
            tables.len() > MOST_TABLES || names > MOST_NAMES
        };
        while is_full(&self.tables) {
            self.tables.remove(0);
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn the_key_stays_in_front_and_the_rest_is_as_chosen() {
        let columns = ["id", "a", "b", "c"];
        let choice = ColumnChoice {
            hidden: names(&["b", "gone"]).into_iter().collect(),
            order: names(&["c", "gone", "id", "a"]),
            ..ColumnChoice::default()
        };
        assert_eq!(choice.places(&columns, 1), [0, 3, 1, 2]);
        assert_eq!(choice.shown(&columns, 1), [0, 3, 1]);
        assert_eq!(ColumnChoice::default().shown(&columns, 1), [0, 1, 2, 3]);
        assert_eq!(choice.shown(&[], 1), [0_usize; 0]);
    }

    #[test]
    fn a_column_that_came_later_is_shown_behind_the_others() {
        let choice = ColumnChoice {
            order: names(&["b", "a"]),
            ..ColumnChoice::default()
        };
        assert_eq!(choice.shown(&["id", "new", "a", "b"], 1), [0, 3, 2, 1]);
    }

    #[test]
    fn where_every_column_is_hidden_all_are_shown() {
        let choice = ColumnChoice {
            hidden: names(&["id", "a"]).into_iter().collect(),
            ..ColumnChoice::default()
        };
        assert_eq!(choice.shown(&["id", "a"], 1), [0, 1]);
    }

    #[test]
    fn choices_are_kept_by_table_and_the_oldest_go_first() {
        let mut book = ColumnBook::of("http://a");
        let name = |at: usize| TableName::new("public", format!("t{at}"));
        let wide = |width: u16| ColumnChoice {
            widths: [("a".to_owned(), width)].into(),
            ..ColumnChoice::default()
        };
        for at in 0..MOST_TABLES {
            assert!(book.keep(&name(at), &wide(10)));
        }
        assert!(!book.keep(&name(0), &wide(10)), "nothing changed");
        assert!(book.keep(&name(0), &wide(11)));
        assert!(book.keep(&name(MOST_TABLES), &wide(12)));
        assert!(book.choice(&name(1)).is_empty(), "it was the oldest");
        assert_eq!(book.choice(&name(0)).width("a"), Some(11));
        assert!(book.keep(&name(0), &ColumnChoice::default()));
        assert!(book.choice(&name(0)).is_empty());
        let large = ColumnChoice {
            order: (0..=MOST_NAMES).map(|at| at.to_string()).collect(),
            ..ColumnChoice::default()
        };
        assert!(!book.keep(&name(3), &large));
        let text = serde_json::to_string(&book).unwrap_or_default();
        let read: Result<ColumnBook, _> = serde_json::from_str(&text);
        assert_eq!(read.ok(), Some(book));
    }

    #[test]
    fn a_width_of_a_file_is_kept_within_bounds() {
        let choice = ColumnChoice {
            widths: [("a".to_owned(), 0), ("b".to_owned(), u16::MAX)].into(),
            ..ColumnChoice::default()
        };
        assert_eq!(choice.width("a"), Some(WIDTHS.0));
        assert_eq!(choice.width("b"), Some(WIDTHS.1));
        assert_eq!(choice.width("c"), None);
    }
}
