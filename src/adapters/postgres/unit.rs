//! Cuts a script outside a transaction into what is done or not done as a whole: a statement, or a transaction of the
//! file's own from its BEGIN to its COMMIT. Pure.

use crate::domain::script::Part;
use crate::domain::sql::refusal::is_concurrent;
use crate::domain::sql::transaction::{Control, control};
use std::ops::Range;

/// What is done or not done as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Unit {
    /// Which parts of the script it is.
    pub(super) parts: Range<usize>,
    /// Whether it is one of the statements that wait for others without blocking them, and leave something behind when
    /// they give up.
    pub(super) is_concurrent: bool,
}

/// The units of a script's parts, in order.
pub(super) fn units(parts: &[Part]) -> Vec<Unit> {
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
            units.push(Unit {
                parts: start..index + 1,
                is_concurrent: start == index && is_concurrent(&part.sql),
            });
            start = index + 1;
        }
    }
    // The plan refuses a BEGIN without its COMMIT; cut here, it would at least be one unit.
    if start < parts.len() {
        units.push(Unit {
            parts: start..parts.len(),
            is_concurrent: false,
        });
    }
    units
}

#[cfg(test)]
mod tests {
    use super::*;

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
        let parts: Vec<Part> = sql
            .iter()
            .enumerate()
            .map(|(statement, sql)| Part {
                statement,
                sql: (*sql).into(),
                data: None,
            })
            .collect();
        let units = units(&parts);
        let ranges: Vec<_> = units.iter().map(|unit| unit.parts.clone()).collect();
        assert_eq!(ranges, [0..1, 1..6, 6..7, 7..9]);
        assert!(units[2].is_concurrent && !units[0].is_concurrent);
    }
}
