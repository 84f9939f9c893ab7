//! Rows that one statement moves between partitions of one table. The server counts each as deleted here and inserted there, as it
//! counts rows that are deleted and others that are inserted. Of a statement that only updates the numbers tell which it is; of
//! others nobody knows.

use super::backfill::{target, unqualified};
use super::measure::{Rows, TouchedTable};
use crate::domain::snapshot::{Kind, Snapshot};
use crate::domain::sql::statement_kind::{leading_words, significant};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// The commands that may move rows by themselves.
const MOVES: [&str; 3] = ["update", "merge", "with"];
/// The words of commands that delete rows or insert others.
const OTHERS: [&str; 2] = ["insert", "delete"];

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

/// A table and all that it is a partition of, or was.
pub fn lineage(id: u32, parents: &[BTreeMap<u32, u32>]) -> Vec<u32> {
    let (mut all, mut at) = (vec![id], 0);
    while let Some(own) = all.get(at).copied() {
        at += 1;
        for parent in parents.iter().filter_map(|known| known.get(&own)) {
            if !all.contains(parent) {
                all.push(*parent);
            }
        }
    }
    all
}

/// Enters rows that a statement moved between partitions of one table as updated where they were. `told` is how many rows it
/// touched, as its own answer says. Returns the tables whose deleted rows may be there again elsewhere.
pub fn enter_moves(
    sql: &str,
    told: u64,
    changed: &mut [(u32, Rows)],
    touched: &[TouchedTable],
) -> BTreeSet<u32> {
    let roots: BTreeMap<u32, u32> = touched
        .iter()
        .filter_map(|table| Some((table.id, table.root?)))
        .collect();
    let mut trees: BTreeMap<u32, Rows> = BTreeMap::new();
    for (id, rows) in changed.iter() {
        if let Some(root) = roots.get(id) {
            let sum = trees.entry(*root).or_default();
            sum.inserted += rows.inserted;
            sum.updated += rows.updated;
            sum.deleted += rows.deleted;
        }
    }
    // What is told is of the table that the statement names: a trigger may have moved others.
    let target = target(sql).filter(|_| only_updates(sql));
    let is_of_target = |root: u32| {
        let mut tree = touched
            .iter()
            .filter(|table| table.id == root || table.root == Some(root));
        tree.any(|table| table.table.as_deref().map(unqualified) == target)
    };
    let mut unsure = BTreeSet::new();
    for (root, sum) in trees.iter().filter(|(_, sum)| sum.deleted > 0) {
        let own = changed
            .iter_mut()
            .filter(|(id, _)| roots.get(id) == Some(root));
        // Each row that an update touched was overwritten in its place or moved: a trigger that deletes makes more of them.
        let is_each_moved = target.is_some()
            && is_of_target(*root)
            && told.checked_sub(sum.updated) == Some(sum.deleted);
        if is_each_moved && sum.deleted == sum.inserted {
            for (_, rows) in own {
                rows.updated += rows.deleted;
                (rows.inserted, rows.deleted) = (0, 0);
            }
        } else if is_each_moved || sum.inserted > 0 {
            // What moves into a foreign table is not counted there.
            let gone = own.filter(|(_, rows)| rows.deleted > 0);
            unsure.extend(gone.map(|(id, _)| *id));
        }
    }
    unsure
}

/// Whether a statement changes rows by nothing but `UPDATE`, as far as its text says.
fn only_updates(sql: &str) -> bool {
    let first = leading_words(sql, 1);
    first.iter().any(|word| MOVES.contains(&word.as_str()))
        && !significant(sql).any(|token| OTHERS.iter().any(|word| token.is_word(sql, word)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::lint::LockMode;

    fn rows(inserted: u64, updated: u64, deleted: u64) -> Rows {
        Rows {
            inserted,
            updated,
            deleted,
        }
    }

    #[test]
    fn only_what_is_known_to_be_there_again_has_moved() {
        let tables = [
            (1, None, "public.t"),
            (2, Some(1), "public.t_2"),
            (4, Some(1), "public.t_4"),
            (9, None, "public.other"),
        ];
        let touched = tables.map(|(id, root, table)| TouchedTable {
            id,
            root,
            table: Some(table.into()),
            mode: LockMode::RowExclusive,
            file: None,
            bytes: None,
            rows: Rows::default(),
        });
        let moved = [(2, rows(0, 1, 5)), (4, rows(5, 0, 0)), (9, rows(0, 0, 2))];
        let lost = [(2, rows(0, 0, 5)), (4, rows(0, 0, 0)), (9, rows(3, 0, 2))];
        let update = "update t set day = 2";
        for (sql, told, before, after, unsure) in [
            (
                update,
                6,
                moved,
                Some([(2, rows(0, 6, 0)), (4, rows(0, 0, 0)), (9, rows(0, 0, 2))]),
                &[][..],
            ),
            // One of another table, whose trigger deletes as many rows here as it updates there, and inserts others.
            ("update other set day = 2", 6, moved, None, &[2]),
            ("update a_view set day = 2", 6, moved, None, &[2]),
            (
                "with x as (select 1) update t set day = 2",
                6,
                moved,
                None,
                &[2],
            ),
            (
                "merge into only public.\"t\" using s on true when matched then update set day = 2",
                6,
                moved,
                Some([(2, rows(0, 6, 0)), (4, rows(0, 0, 0)), (9, rows(0, 0, 2))]),
                &[],
            ),
            // A trigger deletes what the update did not touch, and inserts others.
            (update, 5, moved, None, &[2]),
            (update, 3, lost, None, &[]),
            (update, 5, lost, None, &[2]),
            (
                "with gone as (delete from t returning *) insert into t select 2 from gone",
                5,
                moved,
                None,
                &[2],
            ),
            (
                "merge into t using s on true when matched then update set day = 2 when not matched then insert values (1)",
                6,
                moved,
                None,
                &[2],
            ),
            ("do $$ begin end $$", 0, moved, None, &[2]),
            ("delete from t", 5, lost, None, &[]),
        ] {
            let mut changed = before;
            let found = enter_moves(sql, told, &mut changed, &touched);
            assert_eq!(changed, after.unwrap_or(before), "{sql}");
            assert_eq!(found, unsure.iter().copied().collect(), "{sql}");
        }
    }
}
