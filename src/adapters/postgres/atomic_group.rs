//! Cuts a script outside a transaction into what is done or not done as a whole: a statement, a transaction of the
//! file's own from its BEGIN to its COMMIT, or what stands between two COMMITs of a file that is parted by them. Pure.

use crate::domain::script::Part;
use crate::domain::sql::execution_mode::{is_concurrent, runs_alone};
use crate::domain::sql::transaction::{Control, control};
use std::ops::Range;

/// What is done or not done as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct AtomicGroup {
    /// Which parts of the script it is.
    pub(super) parts: Range<usize>,
    /// Whether it is one of the statements that wait for others without blocking them, and leave something behind when
    /// they give up.
    pub(super) is_concurrent: bool,
    /// Whether a transaction of ours is opened before it.
    pub(super) opens: bool,
    /// Whether that is committed behind it, because the file does not.
    pub(super) closes: bool,
}

impl AtomicGroup {
    /// A unit of the file's own words.
    fn own(parts: Range<usize>, is_concurrent: bool) -> Self {
        Self {
            parts,
            is_concurrent,
            opens: false,
            closes: false,
        }
    }
}

/// The units of a script's parts, in order.
pub(super) fn units(parts: &[Part]) -> Vec<AtomicGroup> {
    let mut units = Vec::new();
    let mut start = 0;
    let mut is_open = false;
    for (index, part) in parts.iter().enumerate() {
        match control(&part.sql) {
            Some(Control::Begin { .. }) => is_open = true,
            Some(Control::Commit { plain: true } | Control::Rollback { plain: true }) => {
                is_open = false;
            }
            _ => {}
        }
        if !is_open {
            let is_concurrent = start == index && is_concurrent(&part.sql);
            units.push(AtomicGroup::own(start..index + 1, is_concurrent));
            start = index + 1;
        }
    }
    // The plan refuses a BEGIN without its COMMIT; cut here, it would at least be one unit.
    if start < parts.len() {
        units.push(AtomicGroup::own(start..parts.len(), false));
    }
    units
}

/// The units of a file that is parted by COMMITs: what stands between two of them is a transaction, but for the statements
/// that Postgres runs only outside one.
pub(super) fn parted(parts: &[Part]) -> Vec<AtomicGroup> {
    let mut units = Vec::new();
    // Where the transaction began, whether it is ours, and whether a BEGIN of the file stands in it.
    let mut open: Option<(usize, bool, bool)> = None;
    let part_of = |start: usize, end: usize, opens: bool, closes: bool| AtomicGroup {
        opens,
        closes,
        ..AtomicGroup::own(start..end, false)
    };
    for (index, part) in parts.iter().enumerate() {
        open = match (control(&part.sql), open) {
            (Some(Control::Begin { .. }), None) => Some((index, false, true)),
            (Some(Control::Begin { .. }), Some((start, opens, _))) => Some((start, opens, true)),
            (Some(Control::Commit { plain: true } | Control::Rollback { plain: true }), found) => {
                let (start, opens, _) = found.unwrap_or((index, false, false));
                units.push(part_of(start, index + 1, opens, false));
                None
            }
            // Behind a BEGIN of the file the plan refuses it.
            (None, Some((.., true))) => open,
            (None, found) if runs_alone(&part.sql).is_some() => {
                if let Some((start, opens, _)) = found {
                    units.push(part_of(start, index, opens, opens));
                }
                units.push(AtomicGroup::own(index..index + 1, is_concurrent(&part.sql)));
                None
            }
            (_, None) => Some((index, true, false)),
            (_, found) => found,
        };
    }
    if let Some((start, opens, _)) = open {
        units.push(part_of(start, parts.len(), opens, opens));
    }
    units
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(sql: &[&str]) -> Vec<Part> {
        let part = |(statement, sql): (usize, &&str)| Part {
            statement,
            sql: (*sql).into(),
            data: None,
        };
        sql.iter().enumerate().map(part).collect()
    }

    #[test]
    fn what_stands_between_two_commits_is_a_transaction() {
        let cut = |sql: &[&str]| -> Vec<(Range<usize>, bool, bool)> {
            let units = parted(&of(sql)).into_iter();
            units
                .map(|unit| (unit.parts, unit.opens, unit.closes))
                .collect()
        };
        assert_eq!(
            cut(&["select 1", "select 2", "commit", "select 3", "select 4"]),
            [(0..3, true, false), (3..5, true, true)]
        );
        assert_eq!(
            cut(&[
                "select 1", "commit", "commit", "begin", "select 2", "end", "select 3"
            ]),
            [
                (0..2, true, false),
                (2..3, false, false),
                (3..6, false, false),
                (6..7, true, true)
            ]
        );
        assert_eq!(
            cut(&[
                "select 1", "vacuum a", "select 2", "begin", "select 3", "commit"
            ]),
            [
                (0..1, true, true),
                (1..2, false, false),
                (2..6, true, false)
            ]
        );
        assert_eq!(cut(&[]), []);
    }

    #[test]
    fn transactions_of_the_file_are_one_unit() {
        let sql = [
            "select 1",
            "begin",
            "select 2",
            "savepoint s",
            "rollback to s",
            "commit",
            "create index concurrently i on a (b)",
            "start transaction",
            "rollback",
        ];
        let units = units(&of(&sql));
        let ranges: Vec<_> = units.iter().map(|unit| unit.parts.clone()).collect();
        assert_eq!(ranges, [0..1, 1..6, 6..7, 7..9]);
        assert!(units[2].is_concurrent && !units[0].is_concurrent);
    }
}
