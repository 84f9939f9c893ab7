//! Which rows of the audit list are in view: records of one request that stand together fold under the newest of them.

use crate::domain::audit::Summary;
use std::collections::{BTreeSet, VecDeque};

/// Which requests are folded, where they have more than one record.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RequestGroups {
    /// Whether all are unfolded that were not folded by hand.
    is_open: bool,
    /// Those that are not as all others.
    turned: BTreeSet<String>,
}

/// Rows that are held.
pub type Rows = VecDeque<Summary>;

impl RequestGroups {
    /// All folded, or all unfolded: what a filter finds is shown record by record.
    pub fn all(is_open: bool) -> Self {
        Self {
            is_open,
            turned: BTreeSet::new(),
        }
    }

    fn is_unfolded(&self, request: &String) -> bool {
        self.is_open != self.turned.contains(request)
    }

    /// Whether a row stands under one of the same request.
    fn is_under(rows: &Rows, at: usize) -> bool {
        let request = |at: usize| rows.get(at).and_then(|row| row.correlation_id.as_deref());
        at > 0 && request(at).is_some() && request(at) == request(at - 1)
    }

    /// Whether a row is the first of its request.
    pub fn begins(rows: &Rows, at: usize) -> bool {
        !Self::is_under(rows, at)
    }

    /// Whether a row has a line of its own.
    pub fn is_visible(&self, rows: &Rows, at: usize) -> bool {
        let Some(row) = rows.get(at) else {
            return false;
        };
        let is_open = |request: &String| self.is_unfolded(request);
        !Self::is_under(rows, at) || row.correlation_id.as_ref().is_some_and(is_open)
    }

    /// The row on whose line a row stands.
    pub fn line_of(&self, rows: &Rows, at: usize) -> usize {
        let mut at = at.min(rows.len().saturating_sub(1));
        while at > 0 && !self.is_visible(rows, at) {
            at -= 1;
        }
        at
    }

    /// The next row with a line, or the one before.
    pub fn step(&self, rows: &Rows, at: usize, is_forward: bool) -> Option<usize> {
        if is_forward {
            (at + 1..rows.len()).find(|at| self.is_visible(rows, *at))
        } else {
            (0..at.min(rows.len()))
                .rev()
                .find(|at| self.is_visible(rows, *at))
        }
    }

    /// The rows of one request that begin here: one where a row stands alone, or under another.
    pub fn size(rows: &Rows, at: usize) -> usize {
        if Self::is_under(rows, at) {
            return 1;
        }
        1 + (at + 1..rows.len())
            .take_while(|at| Self::is_under(rows, *at))
            .count()
    }

    /// Whether the rows that begin here are folded; none where there is nothing to fold.
    pub fn is_folded(&self, rows: &Rows, at: usize) -> Option<bool> {
        let request = rows.get(at)?.correlation_id.as_ref()?;
        (Self::size(rows, at) > 1).then(|| !self.is_unfolded(request))
    }

    /// Folds or unfolds the request of a row, and gives the row that has the line then. None where there is nothing to fold.
    pub fn toggle(&mut self, rows: &Rows, at: usize) -> Option<usize> {
        let request = rows.get(at)?.correlation_id.clone()?;
        let is_part = Self::is_under(rows, at) || Self::size(rows, at) > 1;
        if !is_part {
            return None;
        }
        if !self.turned.remove(&request) {
            self.turned.insert(request);
        }
        Some(self.line_of(rows, at))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::domain::audit::Record;
    use proptest::prelude::*;

    fn rows(requests: &str) -> Rows {
        let row = |request: char| {
            let correlation_id = (request != '-').then(|| request.to_string());
            Summary::from(Record {
                correlation_id,
                ..Record::default()
            })
        };
        requests.chars().map(row).collect()
    }

    fn lines(groups: &RequestGroups, rows: &Rows) -> Vec<usize> {
        (0..rows.len())
            .filter(|at| groups.is_visible(rows, *at))
            .collect()
    }

    #[test]
    fn records_of_one_request_stand_on_one_line_until_it_is_unfolded() {
        let rows = rows("--aab-aa");
        let mut groups = RequestGroups::default();
        assert_eq!(lines(&groups, &rows), [0, 1, 2, 4, 5, 6]);
        assert_eq!(RequestGroups::size(&rows, 2), 2);
        assert_eq!(groups.is_folded(&rows, 2), Some(true));
        assert_eq!(groups.is_folded(&rows, 4), None);
        assert_eq!(groups.toggle(&rows, 2), Some(2));
        assert_eq!(lines(&groups, &rows).len(), 8);
        // Folding from within goes to the line that is left.
        assert_eq!(groups.toggle(&rows, 7), Some(6));
        assert_eq!(groups.toggle(&rows, 0), None);
    }

    proptest! {
        #[test]
        fn steps_meet_every_line_and_only_lines(requests in "[ab-]{1,30}", turned in "[ab]{0,2}", is_open: bool) {
            let rows = rows(&requests);
            let groups = RequestGroups { is_open, turned: turned.chars().map(String::from).collect() };
            let mut at = 0;
            let mut met = vec![0];
            while let Some(next) = groups.step(&rows, at, true) {
                prop_assert_eq!(groups.step(&rows, next, false), Some(at));
                at = next;
                met.push(at);
            }
            prop_assert_eq!(met, lines(&groups, &rows));
        }
    }
}
