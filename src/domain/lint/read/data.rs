//! Statements on rows: what they read and write, and which of them touch every row.

use super::visit::Go;
use super::{Analyzer, Name, rule};
use crate::domain::lint::LockMode;
use crate::domain::lint::tree::{all_below, below, child, has, tokens, words};
use crate::domain::sql::name::unquoted;
use squawk_syntax::{SyntaxKind as K, SyntaxNode};

/// Notes the names that a `WITH` clause defines: they are no tables.
pub(super) fn with(read: &mut Analyzer, node: &SyntaxNode) -> Go {
    for table in node.children() {
        if let Some(name) = child(&table, K::CTE_NAME) {
            read.ctes.insert(Name::of(&name).object().to_owned());
        }
    }
    Go::Below
}

/// A table in a `FROM` list, or `TABLE t`.
pub(super) fn reads(read: &mut Analyzer, node: &SyntaxNode) -> Go {
    let reference = match node.kind() {
        K::TABLE => {
            child(node, K::RELATION_NAME).and_then(|name| child(&name, K::RELATION_NAME_REF))
        }
        _ => child(node, K::RELATION_NAME_REF),
    };
    if let Some(reference) = reference {
        let name = Name::of(&reference);
        if !(name.is_bare() && read.ctes.contains(name.object())) {
            read.lock(&name, LockMode::AccessShare, &reference);
        }
    }
    Go::Below
}

/// `FOR UPDATE` and its kin, on the tables of the same query.
pub(super) fn locking(read: &mut Analyzer, node: &SyntaxNode) -> Go {
    let only: Vec<Name> = child(node, K::LOCKING_OF)
        .into_iter()
        .flat_map(|of| of.children().collect::<Vec<_>>())
        .map(|name| Name::of(&name))
        .collect();
    let from = node
        .parent()
        .and_then(|query| child(&query, K::FROM_CLAUSE));
    for item in from
        .iter()
        .flat_map(|from| all_below(from, K::RELATION_FROM_ITEM))
    {
        let Some(reference) = child(&item, K::RELATION_NAME_REF) else {
            continue;
        };
        let name = Name::of(&reference);
        let alias = child(&item, K::FROM_ALIAS)
            .and_then(|alias| tokens(&alias).last())
            .map(|token| unquoted(token.text()));
        let called = alias.as_deref().unwrap_or(name.object());
        let is_meant = only.is_empty() || only.iter().any(|wanted| wanted.object() == called);
        if is_meant && !(name.is_bare() && read.ctes.contains(name.object())) {
            read.lock(&name, LockMode::RowShare, &reference);
        }
    }
    Go::Below
}

pub(super) fn insert(read: &mut Analyzer, node: &SyntaxNode) -> Go {
    if let Some(reference) = child(node, K::RELATION_NAME_REF) {
        let name = Name::of(&reference);
        read.lock(&name, LockMode::RowExclusive, &reference);
        opens_bucket(read, node, &name);
    }
    Go::Below
}

/// A row of `storage.buckets` that is written with `public` as true.
fn opens_bucket(read: &mut Analyzer, node: &SyntaxNode, name: &Name) {
    if !name.is_in("storage") || name.object() != "buckets" {
        return;
    }
    let written: Vec<String> = tokens(node).map(|token| unquoted(token.text())).collect();
    let has = |word: &str| written.iter().any(|one| one == word);
    if has("public") && has("true") {
        read.found(&rule::PUBLIC_BUCKET, node, words(node));
    }
}

pub(super) fn update(read: &mut Analyzer, node: &SyntaxNode) -> Go {
    writes_rows(read, node, &rule::UPDATE_WITHOUT_WHERE)
}

pub(super) fn delete(read: &mut Analyzer, node: &SyntaxNode) -> Go {
    writes_rows(read, node, &rule::DELETE_WITHOUT_WHERE)
}

fn writes_rows(read: &mut Analyzer, node: &SyntaxNode, rule: &'static rule::Rule) -> Go {
    let target = child(node, K::RELATION_NAME).and_then(|name| child(&name, K::RELATION_NAME_REF));
    let name = target.as_ref().map(Name::of);
    if let (Some(target), Some(name)) = (&target, &name) {
        read.lock(name, LockMode::RowExclusive, target);
        if node.kind() == K::UPDATE {
            opens_bucket(read, node, name);
        }
    }
    let is_limited = has(node, K::WHERE_CURRENT_OF)
        || child(node, K::WHERE_CLAUSE).is_some_and(|clause| !is_always_true(&clause));
    if let Some(name) = name
        && !is_limited
    {
        read.found_on(rule, node, &name, &name);
    }
    Go::Below
}

/// Whether a condition is `true`, `1 = 1` or the like, in any number of parentheses.
pub(super) fn is_always_true(clause: &SyntaxNode) -> bool {
    let words: Vec<String> = tokens(clause)
        .map(|token| token.text().to_lowercase())
        .filter(|word| {
            !matches!(
                word.as_str(),
                "where" | "using" | "with" | "check" | "(" | ")"
            )
        })
        .collect();
    match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["true" | "'t'" | "'true'" | "'on'" | "'yes'" | "'1'"] => true,
        ["not", "false"] => true,
        [left, "=", right] => {
            left == right && left.starts_with(|first: char| first.is_ascii_digit() || first == '\'')
        }
        _ => false,
    }
}

pub(super) fn merge(read: &mut Analyzer, node: &SyntaxNode) -> Go {
    if let Some(target) = below(node, K::TABLE_NAME_REF) {
        let name = Name::of(&target);
        read.lock(&name, LockMode::RowExclusive, &target);
        for branch in node.children() {
            let deletes_the_rest = branch.kind() == K::MERGE_WHEN_NOT_MATCHED_SOURCE
                && has(&branch, K::MERGE_DELETE)
                && !has(&branch, K::MERGE_CONDITION);
            if deletes_the_rest {
                let object = format!("{name} that the source lacks");
                read.found_on(&rule::DELETE_WITHOUT_WHERE, &branch, &name, object);
            }
        }
    }
    Go::Below
}

/// `COPY t FROM` writes, `COPY t TO` reads.
pub(super) fn copy(read: &mut Analyzer, node: &SyntaxNode) -> Go {
    let writes = node.parent().is_some_and(|copy| has(&copy, K::COPY_FROM));
    if let Some(table) = child(node, K::TABLE_NAME_REF) {
        let mode = if writes {
            LockMode::RowExclusive
        } else {
            LockMode::AccessShare
        };
        read.lock(&Name::of(&table), mode, &table);
    }
    Go::Below
}

pub(super) fn truncate(read: &mut Analyzer, node: &SyntaxNode) -> Go {
    for table in all_below(node, K::TABLE_NAME_REF) {
        let name = Name::of(&table);
        read.lock(&name, LockMode::AccessExclusive, &table);
        read.rewrite(&name);
        read.found_on(&rule::TRUNCATE, &table, &name, &name);
        if has(node, K::CASCADE) {
            read.found_on(&rule::TRUNCATE_CASCADE, &table, &name, &name);
        }
    }
    Go::Below
}
