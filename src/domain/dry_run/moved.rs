//! Rows that one statement moves between partitions of one table. The server counts each as deleted here and inserted there.

use super::measure::Rows;
use crate::domain::snapshot::{Kind, Snapshot};
use crate::domain::sql::statement_kind::leading_words;
use std::collections::{BTreeMap, HashMap};

/// The commands that may move rows by themselves.
const MOVES: [&str; 3] = ["update", "merge", "with"];

/// The table each partition belongs to, directly, by their numbers.
pub fn partitions(snapshot: &Snapshot) -> BTreeMap<u32, u32> {
    let tables: HashMap<&str, u32> = snapshot
        .identities
        .iter()
        .filter(|(object, _)| object.kind == Kind::Table)
        .map(|(object, identity)| (object.name.as_str(), identity.id))
        .collect();
    let mut parents = BTreeMap::new();
    for (object, properties) in &snapshot.objects {
        let parent = properties.get("inherits").filter(|_| {
            // What inherits and is no partition is a table of its own.
            object.kind == Kind::Table && properties.contains_key("partition")
        });
        if let Some(parent) = parent
            && let Some(parent) = tables.get(parent.as_str())
            && let Some(own) = tables.get(object.name.as_str())
        {
            parents.insert(*own, *parent);
        }
    }
    parents
}

/// Enters rows that a statement moved between partitions of one table as updated where they were.
pub fn enter_moves(sql: &str, changed: &mut [(u32, Rows)], partitions: &BTreeMap<u32, u32>) {
    let first = leading_words(sql, 1);
    if !first.iter().any(|word| MOVES.contains(&word.as_str())) {
        return;
    }
    let mut left: BTreeMap<u32, u64> = BTreeMap::new();
    for (id, rows) in changed.iter().filter(|(id, _)| partitions.contains_key(id)) {
        *left.entry(top(*id, partitions)).or_default() += rows.inserted;
    }
    let mut moved: BTreeMap<u32, u64> = BTreeMap::new();
    for (id, rows) in changed.iter_mut() {
        let top = top(*id, partitions);
        if let Some(left) = left.get_mut(&top) {
            let own = rows.deleted.min(*left);
            (rows.deleted, rows.updated) = (rows.deleted - own, rows.updated + own);
            *left -= own;
            *moved.entry(top).or_default() += own;
        }
    }
    for (id, rows) in changed {
        if let Some(moved) = moved.get_mut(&top(*id, partitions)) {
            let own = rows.inserted.min(*moved);
            (rows.inserted, *moved) = (rows.inserted - own, *moved - own);
        }
    }
}

/// The table that a partition belongs to in the end.
fn top(id: u32, partitions: &BTreeMap<u32, u32>) -> u32 {
    let mut top = id;
    // A table is no partition of itself, whatever a catalog says.
    for _ in 0..partitions.len() {
        match partitions.get(&top) {
            Some(parent) => top = *parent,
            None => break,
        }
    }
    top
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(inserted: u64, updated: u64, deleted: u64) -> Rows {
        Rows {
            inserted,
            updated,
            deleted,
        }
    }

    #[test]
    fn only_what_is_there_again_has_moved() {
        let partitions = BTreeMap::from([(2, 1), (3, 1), (4, 3)]);
        for (sql, before, after) in [
            (
                "update t set day = 2",
                [(2, rows(0, 1, 5)), (4, rows(5, 0, 0)), (9, rows(0, 0, 2))],
                [(2, rows(0, 6, 0)), (4, rows(0, 0, 0)), (9, rows(0, 0, 2))],
            ),
            (
                "with gone as (delete from t returning *) insert into t select * from gone",
                [(2, rows(0, 0, 5)), (4, rows(3, 0, 0)), (9, rows(4, 0, 2))],
                [(2, rows(0, 3, 2)), (4, rows(0, 0, 0)), (9, rows(4, 0, 2))],
            ),
            (
                "do $$ begin end $$",
                [(2, rows(0, 0, 5)), (4, rows(5, 0, 0)), (9, rows(0, 0, 2))],
                [(2, rows(0, 0, 5)), (4, rows(5, 0, 0)), (9, rows(0, 0, 2))],
            ),
        ] {
            let mut changed = before;
            enter_moves(sql, &mut changed, &partitions);
            assert_eq!(changed, after, "{sql}");
        }
    }
}
