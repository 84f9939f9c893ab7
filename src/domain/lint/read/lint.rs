//! Squawk's lints, for what no file of ours reads itself: each becomes a rule of our table. Its lints on style, and
//! those that our own walk covers more exactly, are not asked for.

use super::{Analyzer, Name, rule};
use crate::domain::lint::tree::{all_below, words};
use crate::domain::sql::lexer::{Kind, tokens};
use squawk_linter::{Linter, Rule as Lint};
use squawk_syntax::{Parse, SourceFile, SyntaxKind as K, SyntaxNode};
use std::borrow::Cow;
use std::rc::Rc;

/// What Squawk finds and what it is here.
const LINTS: [(Lint, &rule::Rule); 10] = [
    (Lint::RenamingColumn, &rule::RENAME_COLUMN),
    (Lint::RenamingObject, &rule::RENAME_OBJECT),
    (Lint::BanSetSchema, &rule::SET_SCHEMA),
    (Lint::BanDropFunction, &rule::DROP_FUNCTION),
    (Lint::BanDropExtension, &rule::DROP_EXTENSION),
    (Lint::BanDropDatabase, &rule::DROP_DATABASE),
    (Lint::BanAlterPolicyCondition, &rule::ALTER_POLICY),
    (Lint::BanAlterPolicyRoles, &rule::ALTER_POLICY),
    (
        Lint::BanCreateDomainWithConstraint,
        &rule::DOMAIN_CONSTRAINT,
    ),
    (
        Lint::BanAlterDomainWithAddConstraint,
        &rule::DOMAIN_CONSTRAINT,
    ),
];

/// The text with comments that give Squawk orders blanked out, so that none of them can hide a finding.
pub(super) fn without_orders(sql: &str) -> Cow<'_, str> {
    if !sql.contains("squawk") {
        return Cow::Borrowed(sql);
    }
    let mut hidden = String::with_capacity(sql.len());
    for token in tokens(sql) {
        let text = token.text(sql);
        if matches!(token.kind, Kind::LineComment | Kind::BlockComment) {
            hidden.extend(std::iter::repeat_n(' ', text.len()));
        } else {
            hidden.push_str(text);
        }
    }
    Cow::Owned(hidden)
}

/// Runs the lints over the statements of a text.
pub(super) fn lint(read: &mut Analyzer, parse: &Parse<SourceFile>, text: &str) {
    if !parse.syntax_node().children().any(|node| concerns(&node)) {
        return;
    }
    let found = Linter::from(LINTS.map(|(lint, _)| lint)).lint(parse, text);
    for violation in found {
        let place = violation.text_range;
        let Some(statement) = parse
            .syntax_node()
            .children()
            .find(|node| node.text_range().contains_range(place))
        else {
            continue;
        };
        for (_, rule) in LINTS.iter().filter(|(lint, _)| *lint == violation.code) {
            report(read, rule, &statement);
        }
    }
}

/// Runs the lints over a text that is part of a body; every place is `at`, when that is given.
pub(super) fn lint_text(read: &mut Analyzer, text: &str, at: Option<usize>) {
    let hidden = without_orders(text);
    let parse = SourceFile::parse(&hidden);
    let outer = read.scope.clone();
    if let Some(at) = at {
        read.scope.place = Rc::new(move |_| at);
    }
    lint(read, &parse, &hidden);
    read.scope = outer;
}

/// Only these statements can break one of the lints, and they are few; data is not walked again.
pub(super) fn concerns(node: &SyntaxNode) -> bool {
    let kind = format!("{:?}", node.kind());
    kind.starts_with("ALTER_") || kind.starts_with("DROP_") || kind == "CREATE_DOMAIN"
}

fn report(read: &mut Analyzer, rule: &'static rule::Rule, statement: &SyntaxNode) {
    let text = words(statement);
    let text = text.trim_end_matches(';').trim();
    if rule.name == rule::DROP_FUNCTION.name {
        for function in all_below(statement, K::FUNCTION_NAME_REF) {
            let name = Name::of(&function).key();
            let object = format!("Function {name} goes");
            read.pend(rule, &function, name, object);
        }
        return;
    }
    let table = [K::TABLE_NAME_REF, K::VIEW_REF]
        .into_iter()
        .find_map(|kind| all_below(statement, kind).next())
        .map(|name| Name::of(&name));
    match table {
        Some(table) => read.found_on(rule, statement, &table, text),
        None => read.found(rule, statement, text),
    }
}
