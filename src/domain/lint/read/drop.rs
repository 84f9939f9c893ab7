//! `DROP` statements: what is lost with the object, what goes along, and who waits.

use super::visit::Go;
use super::{Analyzer, Name, rule};
use crate::domain::lint::LockMode;
use crate::domain::lint::tree::{child, children, has, words};
use squawk_syntax::{SyntaxKind as K, SyntaxNode};

pub(super) fn table(read: &mut Analyzer, node: &SyntaxNode) -> Go {
    cascade_of(read, node, K::TABLE_NAME_REF);
    for table in children(node, K::TABLE_NAME_REF) {
        let name = Name::of(&table);
        read.lock(&name, LockMode::AccessExclusive, &table);
        if node.kind() == K::DROP_TABLE {
            read.found_on(&rule::DROP_TABLE, &table, &name, &name);
        }
        if !read.is_later() {
            read.world.forget(&name);
            read.settle(&rule::TABLE_WITHOUT_RLS, name.key());
            read.settle(&rule::REALTIME_WITHOUT_RLS, name.key());
        }
    }
    Go::Past
}

/// Views of both kinds. A plain one that the file creates again is replaced, not lost.
pub(super) fn view(read: &mut Analyzer, node: &SyntaxNode) -> Go {
    cascade_of(read, node, K::VIEW_REF);
    for view in children(node, K::VIEW_REF) {
        let name = Name::of(&view);
        read.lock(&name, LockMode::AccessExclusive, &view);
        if node.kind() == K::DROP_MATERIALIZED_VIEW {
            read.found_on(&rule::DROP_MATERIALIZED_VIEW, &view, &name, &name);
        } else if !read.world.is_new(&name) {
            read.pend(
                &rule::DROP_VIEW,
                &view,
                name.key(),
                format!("View {name} goes"),
            );
        }
        if !read.is_later() {
            read.world.forget(&name);
            read.settle(&rule::VIEW_WITHOUT_SECURITY_INVOKER, name.key());
            read.settle(&rule::VIEW_ON_AUTH, name.key());
        }
    }
    Go::Past
}

pub(super) fn sequence(read: &mut Analyzer, node: &SyntaxNode) -> Go {
    for sequence in children(node, K::SEQUENCE_REF) {
        let name = Name::of(&sequence);
        read.lock(&name, LockMode::AccessExclusive, &sequence);
        read.found_on(&rule::DROP_SEQUENCE, &sequence, &name, &name);
    }
    Go::Below
}

/// The table of an index is locked too, but only an index of the same file tells which one it is.
pub(super) fn index(read: &mut Analyzer, node: &SyntaxNode) -> Go {
    let mode = if has(node, K::CONCURRENTLY_KW) {
        LockMode::ShareUpdateExclusive
    } else {
        LockMode::AccessExclusive
    };
    for index in children(node, K::INDEX_REF) {
        let name = Name::of(&index);
        if let Some(table) = read.world.table_of(&name).cloned() {
            read.lock(&table, mode, &index);
            continue;
        }
        read.lock(&name, mode, &index);
        if mode.blocks_readers() {
            let object = format!("index {name}");
            read.found_on(&rule::DROP_INDEX_NOT_CONCURRENTLY, &index, &name, object);
        }
    }
    Go::Below
}

/// `DROP TRIGGER` and `DROP RULE`. A trigger that the file creates again is replaced.
pub(super) fn guard(read: &mut Analyzer, node: &SyntaxNode) -> Go {
    let Some(on) = child(node, K::ON_RELATION) else {
        return Go::Below;
    };
    let table = Name::within(&on, K::RELATION_NAME_REF);
    read.lock(&table, LockMode::AccessExclusive, &on);
    if let Some(trigger) = child(node, K::TRIGGER_REF)
        && !read.world.is_new(&table)
    {
        let trigger = Name::of(&trigger);
        let key = format!("{trigger} on {}", table.key());
        let object = format!("dropping trigger {trigger} on {table}");
        read.pend(&rule::DROP_TRIGGER, node, key, object);
    }
    Go::Below
}

pub(super) fn schema(read: &mut Analyzer, node: &SyntaxNode) -> Go {
    if has(node, K::CASCADE) {
        for schema in children(node, K::SCHEMA_REF) {
            read.found(
                &rule::DROP_SCHEMA,
                &schema,
                format!("schema {}", Name::of(&schema)),
            );
        }
    }
    Go::Past
}

pub(super) fn owned(read: &mut Analyzer, node: &SyntaxNode) -> Go {
    let roles = child(node, K::ROLE_REF_LIST).map_or_else(String::new, |roles| words(&roles));
    read.found(&rule::DROP_OWNED, node, format!("role {roles}"));
    Go::Past
}

/// A field of a composite type, and with it the values in every column of that type.
pub(super) fn attribute(read: &mut Analyzer, node: &SyntaxNode) -> Go {
    let field = child(node, K::COMPOSITE_FIELD_REF).map_or_else(String::new, |field| words(&field));
    read.found(&rule::DROP_COLUMN, node, format!("attribute {field}"));
    Go::Below
}

/// `CASCADE` behind a `DROP` of relations. What depends on one of this file was created by it too.
fn cascade_of(read: &mut Analyzer, node: &SyntaxNode, kind: K) {
    let is_new = children(node, kind).all(|name| read.world.is_new(&Name::of(&name)));
    if has(node, K::CASCADE) && !is_new {
        found_cascade(read, node);
    }
}

/// `CASCADE` behind the `DROP` of something else, or of a column or a constraint.
pub(super) fn cascade(read: &mut Analyzer, node: &SyntaxNode) -> Go {
    let Some(parent) = node.parent() else {
        return Go::Below;
    };
    let table = parent
        .parent()
        .and_then(|above| child(&above, K::TABLE_RELATION_NAME))
        .map(|table| Name::within(&table, K::TABLE_NAME_REF));
    let is_new = table.is_some_and(|table| read.world.is_new(&table));
    if format!("{:?}", parent.kind()).starts_with("DROP_") && !is_new {
        found_cascade(read, &parent);
    }
    Go::Below
}

fn found_cascade(read: &mut Analyzer, drop: &SyntaxNode) {
    let text = words(drop);
    let object = text
        .split_whitespace()
        .filter(|word| !word.trim_end_matches(';').eq_ignore_ascii_case("cascade"))
        .skip(1)
        .collect::<Vec<_>>()
        .join(" ");
    let place = child(drop, K::CASCADE).unwrap_or_else(|| drop.clone());
    read.found(&rule::DROP_CASCADE, &place, object);
}
