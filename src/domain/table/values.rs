//! The different values of a column, the most frequent first, and of how many rows they were counted.

use crate::domain::plural::{counted_in_groups, grouped};
use serde_json::Value;
use std::collections::HashMap;

/// The most values that are shown.
pub const SHOWN: usize = 200;

/// A value, and how many rows have it.
#[derive(Debug, Clone, PartialEq)]
pub struct ValueCount {
    /// The value.
    pub value: Value,
    /// How many rows have it.
    pub rows: u64,
}

/// The values of a column.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ValueCounts {
    /// The most frequent ones, [`SHOWN`] at most.
    pub values: Vec<ValueCount>,
    /// How many different ones there are among the rows that were counted.
    pub different: usize,
    /// How many rows were counted.
    pub rows: u64,
    /// Whether these are all rows that fit the filter.
    pub is_all: bool,
}

impl ValueCounts {
    fn of(mut values: Vec<ValueCount>, is_all: bool) -> Self {
        let text = |one: &ValueCount| one.value.to_string();
        values.sort_by(|one, other| {
            let rows = other.rows.cmp(&one.rows);
            rows.then_with(|| text(one).cmp(&text(other)))
        });
        let different = values.len();
        let rows = values.iter().map(|one| one.rows).sum();
        values.truncate(SHOWN);
        Self {
            values,
            different,
            rows,
            is_all,
        }
    }

    /// Values that the server counted, of all rows that fit.
    pub fn of_groups(groups: Vec<ValueCount>) -> Self {
        Self::of(groups, true)
    }

    /// Of which rows the counts are: a number that is not that of all rows is never shown as one.
    pub fn scope(&self) -> String {
        if self.is_all {
            format!("of all {}", counted_in_groups(self.rows, "row"))
        } else {
            format!("of the first {}", counted_in_groups(self.rows, "row"))
        }
    }

    /// How many different values there are, of which rows, and how many of them are shown.
    pub fn summary(&self) -> String {
        let different = counted_in_groups(self.different as u64, "different value");
        let most = if self.different > self.values.len() {
            let shown = grouped(self.values.len() as u64);
            format!(", the {shown} most frequent shown")
        } else {
            String::new()
        };
        format!("{different} {}{most}", self.scope())
    }
}

/// Counts values row by row.
#[derive(Debug, Default)]
pub struct Tally {
    counts: HashMap<String, ValueCount>,
}

impl Tally {
    /// Takes the value of a row.
    pub fn take(&mut self, value: Value) {
        let one = self.counts.entry(value.to_string());
        one.or_insert(ValueCount { value, rows: 0 }).rows += 1;
    }

    /// What was counted.
    pub fn finish(self, is_all: bool) -> ValueCounts {
        ValueCounts::of(self.counts.into_values().collect(), is_all)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_most_frequent_come_first_and_none_is_null_or_another() {
        let mut tally = Tally::default();
        for value in [
            json!("b"),
            json!("a"),
            json!(null),
            json!("null"),
            json!("b"),
            json!(""),
            json!(null),
            json!(null),
        ] {
            tally.take(value);
        }
        let counts = tally.finish(true);
        let found: Vec<(Value, u64)> = counts
            .values
            .iter()
            .map(|one| (one.value.clone(), one.rows))
            .collect();
        let wanted = [
            (json!(null), 3),
            (json!("b"), 2),
            (json!(""), 1),
            (json!("a"), 1),
            (json!("null"), 1),
        ];
        assert_eq!(found, wanted);
        assert_eq!(counts.summary(), "5 different values of all 8 rows");
    }

    #[test]
    fn it_is_said_when_not_all_rows_were_counted_or_not_all_values_are_shown() {
        let mut tally = Tally::default();
        for at in 0..10_000 {
            tally.take(json!(at % 300));
        }
        let counts = tally.finish(false);
        assert_eq!((counts.values.len(), counts.different), (SHOWN, 300));
        assert_eq!(
            counts.summary(),
            "300 different values of the first 10,000 rows, the 200 most frequent shown"
        );
    }
}
