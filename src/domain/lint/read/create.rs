//! Statements that create tables, indexes, triggers, views and sequences, and what they lock of those that were there.

use super::visit::Go;
use super::{Analyzer, Name, rule};
use crate::domain::lint::LockMode;
use crate::domain::lint::tree::{all_below, below, child, children, has, tokens, words};
use squawk_syntax::{SyntaxKind as K, SyntaxNode};

pub(super) fn table(read: &mut Analyzer, node: &SyntaxNode) -> Go {
    new_table(read, node);
    if let Some(parent) = child(node, K::PARTITION_OF) {
        lock_below(read, &parent, K::TABLE_NAME_REF, LockMode::AccessExclusive);
    }
    if let Some(parents) = child(node, K::INHERITS) {
        lock_below(
            read,
            &parents,
            K::TABLE_NAME_REF,
            LockMode::ShareUpdateExclusive,
        );
    }
    for like in all_below(node, K::LIKE_CLAUSE) {
        lock_below(read, &like, K::RELATION_NAME_REF, LockMode::AccessShare);
    }
    Go::Below
}

pub(super) fn table_as(read: &mut Analyzer, node: &SyntaxNode) -> Go {
    new_table(read, node);
    Go::Below
}

/// `SELECT … INTO t`, which creates a table in SQL and sets variables in PL/pgSQL.
pub(super) fn select_into(read: &mut Analyzer, node: &SyntaxNode) -> Go {
    if !read.scope.in_plpgsql
        && let Some(into) = child(node, K::INTO_CLAUSE)
    {
        new_table(read, &into);
    }
    Go::Below
}

fn new_table(read: &mut Analyzer, node: &SyntaxNode) {
    let Some(table) = child(node, K::TABLE_NAME) else {
        return;
    };
    let name = Name::of(&table);
    if !has(node, K::IF_NOT_EXISTS) {
        read.create(&name);
    }
    if read.world.is_exposed(&name) && !has(node, K::TEMP) {
        read.pend(
            &rule::TABLE_WITHOUT_RLS,
            node,
            name.key(),
            format!("Table {name}"),
        );
    }
}

/// A foreign key locks the table that it points to.
pub(super) fn references(read: &mut Analyzer, node: &SyntaxNode) -> Go {
    if let Some(parent) = child(node, K::TABLE_NAME_REF) {
        read.lock(&Name::of(&parent), LockMode::ShareRowExclusive, &parent);
    }
    Go::Below
}

pub(super) fn index(read: &mut Analyzer, node: &SyntaxNode) -> Go {
    let Some(table) = below(node, K::TABLE_NAME_REF) else {
        return Go::Below;
    };
    let name = Name::of(&table);
    if has(node, K::CONCURRENTLY_KW) {
        read.lock(&name, LockMode::ShareUpdateExclusive, &table);
    } else {
        read.lock(&name, LockMode::Share, &table);
        read.found_on(&rule::INDEX_NOT_CONCURRENTLY, node, &name, &name);
    }
    if let Some(index) = child(node, K::INDEX)
        && !has(node, K::IF_NOT_EXISTS)
        && !read.is_later()
    {
        // An index is created in the schema of its table, where the file has to name it again.
        read.world.index(&name.sibling(&Name::of(&index)), &name);
    }
    Go::Below
}

pub(super) fn trigger(read: &mut Analyzer, node: &SyntaxNode) -> Go {
    if let Some(table) = child(node, K::ON_RELATION) {
        let name = Name::within(&table, K::RELATION_NAME_REF);
        read.lock(&name, LockMode::ShareRowExclusive, &table);
        if let Some(trigger) = child(node, K::TRIGGER) {
            let key = format!("{} on {}", Name::of(&trigger), name.key());
            read.settle(&rule::DROP_TRIGGER, key);
        }
    }
    if let Some(other) = child(node, K::FROM_TABLE) {
        lock_below(read, &other, K::TABLE_NAME_REF, LockMode::AccessShare);
    }
    Go::Below
}

pub(super) fn view(read: &mut Analyzer, node: &SyntaxNode) -> Go {
    let Some(view) = child(node, K::VIEW) else {
        return Go::Below;
    };
    let name = Name::of(&view);
    read.settle(&rule::DROP_VIEW, name.key());
    if has(node, K::OR_REPLACE) {
        read.lock(&name, LockMode::AccessExclusive, &view);
    } else {
        read.create(&name);
    }
    if name.is_exposed() && !has(node, K::TEMP) && !invokes(node) {
        accounts(read, node, &name);
        read.pend(
            &rule::VIEW_WITHOUT_SECURITY_INVOKER,
            node,
            name.key(),
            format!("View {name}"),
        );
    }
    Go::Below
}

/// A view past policies that reads the accounts of users.
fn accounts(read: &mut Analyzer, node: &SyntaxNode, view: &Name) {
    let reads = all_below(node, K::RELATION_NAME_REF);
    if reads
        .map(|name| Name::of(&name))
        .any(|name| name.is_in("auth"))
    {
        read.pend(
            &rule::VIEW_ON_AUTH,
            node,
            view.key(),
            format!("View {view}"),
        );
    }
}

pub(super) fn materialized_view(read: &mut Analyzer, node: &SyntaxNode) -> Go {
    let Some(view) = child(node, K::VIEW) else {
        return Go::Below;
    };
    let name = Name::of(&view);
    if !has(node, K::IF_NOT_EXISTS) {
        read.create(&name);
    }
    if name.is_exposed() {
        accounts(read, node, &name);
        let object = format!("Materialized view {name}");
        read.found(&rule::MATERIALIZED_VIEW_EXPOSED, node, object);
    }
    Go::Below
}

/// Whether the options of a view turn `security_invoker` on.
pub(super) fn invokes(node: &SyntaxNode) -> bool {
    all_below(node, K::ATTRIBUTE_OPTION).any(|option| {
        let words: Vec<String> = tokens(&option)
            .map(|token| token.text().to_lowercase())
            .collect();
        let value = words.last().map_or("", |word| word.trim_matches('\''));
        words.first().is_some_and(|word| word == "security_invoker")
            && (words.len() == 1
                || matches!(value, "on" | "1")
                || !value.is_empty() && ["true", "yes"].iter().any(|word| word.starts_with(value)))
    })
}

pub(super) fn sequence(read: &mut Analyzer, node: &SyntaxNode) -> Go {
    if let Some(sequence) = child(node, K::SEQUENCE)
        && !has(node, K::IF_NOT_EXISTS)
    {
        read.create(&Name::of(&sequence));
    }
    if let Some(sequence) = child(node, K::SEQUENCE_REF) {
        let moves = node.children().any(|action| {
            matches!(
                action.kind(),
                K::SET_SCHEMA
                    | K::OWNER_TO
                    | K::SEQUENCE_RENAME_TO
                    | K::SET_LOGGED
                    | K::SET_UNLOGGED
            )
        });
        let mode = if moves {
            LockMode::AccessExclusive
        } else {
            LockMode::ShareRowExclusive
        };
        let name = Name::of(&sequence);
        read.lock(&name, mode, &sequence);
        if node.children().any(|option| {
            option.kind() != K::OPTION_OWNED_BY
                && format!("{:?}", option.kind()).starts_with("OPTION_")
        }) {
            read.rewrite(&name);
        }
        if !moves {
            // Whoever draws numbers goes on: `nextval` takes a weaker lock.
            read.mark_reported(&name);
        }
    }
    for owner in children(node, K::OPTION_OWNED_BY) {
        if let Some(column) = child(&owner, K::QUALIFIED_COLUMN_NAME_REF) {
            read.lock(&Name::of_column(&column), LockMode::AccessShare, &column);
        }
    }
    Go::Below
}

pub(super) fn statistics(read: &mut Analyzer, node: &SyntaxNode) -> Go {
    lock_below(
        read,
        node,
        K::TABLE_NAME_REF,
        LockMode::ShareUpdateExclusive,
    );
    Go::Below
}

pub(super) fn publication(read: &mut Analyzer, node: &SyntaxNode) -> Go {
    let is_realtime = [K::PUBLICATION, K::PUBLICATION_REF]
        .into_iter()
        .filter_map(|kind| child(node, kind))
        .any(|name| Name::of(&name).object() == "supabase_realtime");
    if is_realtime && !has(node, K::DROP_PUBLICATION_OBJECTS) {
        for table in all_below(node, K::TABLE_NAME_REF) {
            let name = Name::of(&table);
            if read.world.is_secured(&name) {
                continue;
            }
            let is_new = read.world.is_new(&name);
            let object = if is_new {
                format!("Table {name}")
            } else {
                format!("Table {name}, unless it has Row Level Security already,")
            };
            read.pend(&rule::REALTIME_WITHOUT_RLS, &table, name.key(), object);
        }
        let text = words(node).to_lowercase();
        if text.contains("for all tables") || text.contains("tables in schema") {
            let object = "Every table that has no Row Level Security";
            read.found(&rule::REALTIME_WITHOUT_RLS, node, object);
        }
    }
    lock_below(
        read,
        node,
        K::TABLE_NAME_REF,
        LockMode::ShareUpdateExclusive,
    );
    Go::Below
}

/// Locks every name of a kind below a node.
pub(super) fn lock_below(read: &mut Analyzer, node: &SyntaxNode, kind: K, mode: LockMode) {
    for reference in all_below(node, kind) {
        read.lock(&Name::of(&reference), mode, &reference);
    }
}
