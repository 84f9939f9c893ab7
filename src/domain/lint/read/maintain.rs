//! `LOCK`, `VACUUM`, `ANALYZE`, `CLUSTER`, `REINDEX`, `REFRESH` and `COMMENT`: locks that are the point or the price.

use super::visit::Go;
use super::{Analyzer, Name, create, rule};
use crate::domain::lint::LockMode;
use crate::domain::lint::tree::{all_below, below, child, has, words};
use squawk_syntax::{SyntaxKind as K, SyntaxNode};

pub(super) fn lock(read: &mut Analyzer, node: &SyntaxNode) -> Go {
    let mode = child(node, K::LOCK_MODE_CLAUSE).map_or(Some(LockMode::AccessExclusive), |clause| {
        let words = words(&clause).to_lowercase();
        LockMode::of_words(words.trim_start_matches("in ").trim_end_matches(" mode"))
    });
    let mode = mode.unwrap_or(LockMode::AccessExclusive);
    create::lock_below(read, node, K::RELATION_NAME_REF, mode);
    Go::Past
}

pub(super) fn vacuum(read: &mut Analyzer, node: &SyntaxNode) -> Go {
    let is_full = has(node, K::FULL_KW)
        || all_below(node, K::VACUUM_OPTION).any(|option| {
            let words = words(&option).to_lowercase();
            words.starts_with("full")
                && !["false", "off", "0", "no"]
                    .iter()
                    .any(|no| words.ends_with(no))
        });
    for table in all_below(node, K::TABLE_NAME_REF) {
        let name = Name::of(&table);
        if is_full {
            read.lock(&name, LockMode::AccessExclusive, &table);
            read.rewrite(&name);
            read.found_on(&rule::VACUUM_FULL, &table, &name, &name);
        } else {
            read.lock(&name, LockMode::ShareUpdateExclusive, &table);
        }
    }
    if is_full && below(node, K::TABLE_NAME_REF).is_none() {
        read.found(&rule::VACUUM_FULL, node, "every table");
    }
    Go::Past
}

pub(super) fn analyze(read: &mut Analyzer, node: &SyntaxNode) -> Go {
    create::lock_below(
        read,
        node,
        K::TABLE_NAME_REF,
        LockMode::ShareUpdateExclusive,
    );
    Go::Past
}

pub(super) fn cluster(read: &mut Analyzer, node: &SyntaxNode) -> Go {
    match below(node, K::TABLE_NAME_REF) {
        Some(table) => {
            let name = Name::of(&table);
            read.lock(&name, LockMode::AccessExclusive, &table);
            read.rewrite(&name);
            read.found_on(&rule::CLUSTER, node, &name, &name);
        }
        None => read.found(&rule::CLUSTER, node, "every clustered table"),
    }
    Go::Past
}

/// `REINDEX` lets readers in by its lock on the table, but they wait for its locks on the indexes.
pub(super) fn reindex(read: &mut Analyzer, node: &SyntaxNode) -> Go {
    let is_concurrent = words(node).to_lowercase().contains("concurrently");
    let (on_table, on_index) = if is_concurrent {
        (
            LockMode::ShareUpdateExclusive,
            LockMode::ShareUpdateExclusive,
        )
    } else {
        (LockMode::Share, LockMode::AccessExclusive)
    };
    let mut told = false;
    for table in all_below(node, K::TABLE_NAME_REF) {
        let name = Name::of(&table);
        read.lock(&name, on_table, &table);
        if !is_concurrent {
            read.found_on(&rule::REINDEX_NOT_CONCURRENTLY, node, &name, &name);
        }
        told = true;
    }
    for index in all_below(node, K::INDEX_REF) {
        let name = Name::of(&index);
        let table = read.world.table_of(&name).cloned();
        if let Some(table) = &table {
            read.lock(table, on_table, &index);
        }
        read.lock(&name, on_index, &index);
        read.rewrite(&name);
        if !is_concurrent {
            let owner = table.unwrap_or_else(|| name.clone());
            read.found_on(&rule::REINDEX_NOT_CONCURRENTLY, node, &owner, &name);
            read.mark_reported(&name);
        }
        told = true;
    }
    if !told && !is_concurrent {
        read.found(&rule::REINDEX_NOT_CONCURRENTLY, node, "every index");
    }
    Go::Past
}

pub(super) fn refresh(read: &mut Analyzer, node: &SyntaxNode) -> Go {
    if let Some(view) = child(node, K::VIEW_REF) {
        let name = Name::of(&view);
        if has(node, K::CONCURRENTLY_KW) {
            read.lock(&name, LockMode::Exclusive, &view);
            // Nobody writes to a materialized view but its refresh.
            read.mark_reported(&name);
        } else {
            read.lock(&name, LockMode::AccessExclusive, &view);
            read.rewrite(&name);
            read.found_on(&rule::REFRESH_NOT_CONCURRENTLY, node, &name, &name);
        }
    }
    Go::Past
}

/// A comment on a relation or column is a small schema change; on what belongs to a table it only looks the table up.
pub(super) fn comment(read: &mut Analyzer, node: &SyntaxNode) -> Go {
    let Some(object) = node.children().next() else {
        return Go::Past;
    };
    match object.kind() {
        K::OBJECT_COLUMN => {
            if let Some(column) = child(&object, K::QUALIFIED_COLUMN_NAME_REF) {
                let table = Name::of_column(&column);
                read.lock(&table, LockMode::ShareUpdateExclusive, &column);
            }
        }
        K::OBJECT_TABLE
        | K::OBJECT_VIEW
        | K::OBJECT_MATERIALIZED_VIEW
        | K::OBJECT_FOREIGN_TABLE
        | K::OBJECT_INDEX
        | K::OBJECT_SEQUENCE => {
            for name in object.children() {
                read.lock(&Name::of(&name), LockMode::ShareUpdateExclusive, &name);
            }
        }
        K::OBJECT_CONSTRAINT | K::OBJECT_POLICY | K::OBJECT_RULE | K::OBJECT_TRIGGER => {
            for kind in [K::TABLE_NAME_REF, K::RELATION_NAME_REF] {
                create::lock_below(read, &object, kind, LockMode::AccessShare);
            }
        }
        _ => {}
    }
    Go::Past
}
