//! `ALTER TABLE` and its kin: which lock each form takes (`AlterTableGetLockLevel` in the source of Postgres),
//! which of them look at every row, and which write the table anew.

use super::visit::Go;
use super::{Analyzer, Name, column, create, rule};
use crate::domain::lint::LockMode;
use crate::domain::lint::tree::{all_below, below, child, has, tokens, words};
use squawk_syntax::{SyntaxKind as K, SyntaxNode};

pub(super) fn table(read: &mut Analyzer, node: &SyntaxNode) -> Go {
    let Some(target) = child(node, K::TABLE_RELATION_NAME) else {
        return Go::Below;
    };
    let name = Name::within(&target, K::TABLE_NAME_REF);
    let actions: Vec<SyntaxNode> = node
        .children()
        .filter(|child| !matches!(child.kind(), K::TABLE_RELATION_NAME | K::IF_EXISTS))
        .collect();
    for action in &actions {
        read.lock(&name, lock_of(action), action);
    }
    for action in &actions {
        form(read, action, &name);
    }
    Go::Below
}

/// The lock that one form takes on the table itself.
fn lock_of(action: &SyntaxNode) -> LockMode {
    match action.kind() {
        K::ENABLE_TRIGGER
        | K::ENABLE_REPLICA_TRIGGER
        | K::ENABLE_ALWAYS_TRIGGER
        | K::DISABLE_TRIGGER => LockMode::ShareRowExclusive,
        K::VALIDATE_CONSTRAINT | K::CLUSTER_ON | K::SET_WITHOUT_CLUSTER | K::ATTACH_PARTITION => {
            LockMode::ShareUpdateExclusive
        }
        K::DETACH_PARTITION if below(action, K::DETACH_CONCURRENTLY).is_some() => {
            LockMode::ShareUpdateExclusive
        }
        K::ADD_CONSTRAINT if has(action, K::FOREIGN_KEY_CONSTRAINT) => LockMode::ShareRowExclusive,
        K::SET_OPTIONS | K::RESET_OPTIONS if all_light(action) => LockMode::ShareUpdateExclusive,
        K::ALTER_COLUMN
            if [K::SET_STATISTICS, K::SET_OPTIONS, K::RESET_OPTIONS]
                .iter()
                .any(|light| has(action, *light)) =>
        {
            LockMode::ShareUpdateExclusive
        }
        _ => LockMode::AccessExclusive,
    }
}

/// Whether every storage parameter can be set beside readers and writers (`reloptions.c`).
fn all_light(action: &SyntaxNode) -> bool {
    const LIGHT: [&str; 7] = [
        "fillfactor",
        "parallel_workers",
        "toast_tuple_target",
        "vacuum_index_cleanup",
        "vacuum_truncate",
        "log_autovacuum_min_duration",
        "deduplicate_items",
    ];
    all_below(action, K::ATTRIBUTE_OPTION).all(|option| {
        let name = below(&option, K::ATTRIBUTE_NAME)
            .map(|name| words(&name).to_lowercase())
            .unwrap_or_default();
        name.starts_with("autovacuum_") || LIGHT.contains(&name.as_str())
    })
}

fn form(read: &mut Analyzer, action: &SyntaxNode, table: &Name) {
    match action.kind() {
        K::ADD_COLUMN => column::add(read, action, table),
        K::ALTER_COLUMN => column::alter(read, action, table),
        K::DROP_COLUMN => {
            let column = column::qualified(action, table);
            read.found_on(
                &rule::DROP_COLUMN,
                action,
                table,
                format!("column {column}"),
            );
        }
        K::ADD_CONSTRAINT => constraint(read, action, table),
        K::TABLE_RENAME_TO => {
            if let Some(new) = child(action, K::TABLE_NAME) {
                let new = table.sibling(&Name::of(&new));
                read.found_on(
                    &rule::RENAME_TABLE,
                    action,
                    table,
                    format!("Table {table} becomes {new}"),
                );
                if !read.is_later() {
                    read.world.rename(table, &new);
                }
            }
        }
        K::SET_LOGGED | K::SET_UNLOGGED | K::SET_TABLESPACE | K::SET_ACCESS_METHOD => {
            read.rewrite(table);
            let object = format!("{} on {table}", words(action).to_uppercase());
            read.found_on(&rule::MOVE_TABLE, action, table, object);
        }
        K::ATTACH_PARTITION => partner(read, action, LockMode::AccessExclusive),
        K::DETACH_PARTITION => partner(read, action, lock_of(action)),
        K::INHERIT_TABLE => partner(read, action, LockMode::ShareUpdateExclusive),
        K::NO_INHERIT_TABLE => partner(read, action, LockMode::AccessShare),
        K::ENABLE_RLS => {
            if !read.is_later() {
                read.world.secure(table, true);
            }
            read.settle(&rule::TABLE_WITHOUT_RLS, table.key());
            read.settle(&rule::REALTIME_WITHOUT_RLS, table.key());
        }
        K::DISABLE_TRIGGER => {
            let object = format!("{} on {table}", words(action).to_uppercase());
            read.found_on(&rule::DISABLE_TRIGGER, action, table, object);
        }
        K::DISABLE_RLS => {
            read.world.secure(table, false);
            read.found(&rule::DISABLE_RLS, action, format!("table {table}"));
        }
        K::NO_FORCE_RLS => read.found(&rule::NO_FORCE_RLS, action, format!("table {table}")),
        _ => {}
    }
}

/// The other table of a form that names one.
fn partner(read: &mut Analyzer, action: &SyntaxNode, mode: LockMode) {
    if let Some(other) = child(action, K::TABLE_NAME_REF) {
        read.lock(&Name::of(&other), mode, &other);
    }
}

fn constraint(read: &mut Analyzer, action: &SyntaxNode, table: &Name) {
    let Some(constraint) = action.children().next() else {
        return;
    };
    let is_trusted = below(&constraint, K::NOT_VALID).is_some();
    match constraint.kind() {
        K::FOREIGN_KEY_CONSTRAINT if !is_trusted => {
            foreign_key(read, &constraint, table);
        }
        K::UNIQUE_CONSTRAINT | K::PRIMARY_KEY_CONSTRAINT | K::EXCLUDE_CONSTRAINT
            if !has(&constraint, K::USING_INDEX_NAME) =>
        {
            read.found_on(&rule::UNIQUE_WITHOUT_INDEX, action, table, table);
        }
        K::CHECK_CONSTRAINT if !is_trusted => {
            read.found_on(&rule::CONSTRAINT_WITHOUT_NOT_VALID, action, table, table);
        }
        K::NOT_NULL_CONSTRAINT if !is_trusted => {
            let object = format!("{table}.{}", column::named(&constraint));
            read.found_on(&rule::SET_NOT_NULL, action, table, object);
        }
        _ => {}
    }
}

/// A foreign key that is checked at once: both tables wait.
pub(super) fn foreign_key(read: &mut Analyzer, constraint: &SyntaxNode, table: &Name) {
    let Some(parent) = child(constraint, K::TABLE_NAME_REF) else {
        return;
    };
    let parent_name = Name::of(&parent);
    read.lock(&parent_name, LockMode::ShareRowExclusive, &parent);
    let both = format!("{table} and {parent_name}");
    read.found_on(
        &rule::FOREIGN_KEY_WITHOUT_NOT_VALID,
        constraint,
        table,
        both,
    );
    if !read.world.is_new(table) {
        read.mark_reported(&parent_name);
    }
}

pub(super) fn view(read: &mut Analyzer, node: &SyntaxNode) -> Go {
    if let Some(view) = child(node, K::VIEW_REF) {
        let name = Name::of(&view);
        let mode = node
            .children()
            .filter(|action| !matches!(action.kind(), K::VIEW_REF | K::IF_EXISTS))
            .map(|action| lock_of(&action))
            .max()
            .unwrap_or(LockMode::AccessExclusive);
        read.lock(&name, mode, &view);
        if has(node, K::SET_OPTIONS) && create::invokes(node) {
            read.settle(&rule::VIEW_WITHOUT_SECURITY_INVOKER, name.key());
            read.settle(&rule::VIEW_ON_AUTH, name.key());
        } else if turns_invoker_off(node) && name.is_exposed() {
            let object = format!("View {name}");
            read.pend(
                &rule::VIEW_WITHOUT_SECURITY_INVOKER,
                node,
                name.key(),
                object,
            );
        }
    }
    Go::Below
}

fn turns_invoker_off(node: &SyntaxNode) -> bool {
    (has(node, K::SET_OPTIONS) || has(node, K::RESET_OPTIONS))
        && tokens(node).any(|token| token.text().eq_ignore_ascii_case("security_invoker"))
}

pub(super) fn index(read: &mut Analyzer, node: &SyntaxNode) -> Go {
    if let Some(index) = child(node, K::INDEX_REF) {
        let is_light = [
            K::INDEX_RENAME_TO,
            K::SET_OPTIONS,
            K::RESET_OPTIONS,
            K::ALTER_COLUMN,
        ]
        .iter()
        .any(|light| has(node, *light));
        let mode = if is_light {
            LockMode::ShareUpdateExclusive
        } else {
            LockMode::AccessExclusive
        };
        read.lock(&Name::of(&index), mode, &index);
    }
    Go::Below
}

/// `ALTER TRIGGER` and `ALTER RULE` rename.
pub(super) fn guard(read: &mut Analyzer, node: &SyntaxNode) -> Go {
    if let Some(on) = child(node, K::ON_RELATION) {
        create::lock_below(read, &on, K::RELATION_NAME_REF, LockMode::AccessExclusive);
    }
    Go::Below
}
