//! Puts the string of an `EXECUTE` together, as far as the text tells: literals, `||`, `format` and the `quote_` functions.
//! Names of run time become a placeholder that is one name, so that the statement around them can be read.

use crate::domain::lint::name::{AT_RUN_TIME, VALUE_AT_RUN_TIME};
use crate::domain::lint::tree::{child, children, has, words};
use squawk_syntax::ast::{self, AstNode};
use squawk_syntax::{SyntaxKind as K, SyntaxNode};

/// A string of SQL that was put together.
pub(super) struct Built {
    pub(super) sql: String,
    /// False when a part was guessed: it could have been anything.
    pub(super) is_certain: bool,
}

impl Built {
    fn certain(sql: impl Into<String>) -> Self {
        Self {
            sql: sql.into(),
            is_certain: true,
        }
    }

    fn guessed() -> Self {
        Self {
            sql: name(),
            is_certain: false,
        }
    }
}

fn name() -> String {
    format!("\"{AT_RUN_TIME}\"")
}

fn value_at_run_time() -> String {
    format!("'{VALUE_AT_RUN_TIME}'")
}

/// How deep expressions are followed.
const DEPTH_LIMIT: usize = 64;

/// The string of an expression; nothing when none of it can be read.
pub(super) fn build(expr: &SyntaxNode) -> Option<Built> {
    let is_plain = expr.children().count() == 1;
    let targets = child(expr, K::TARGET_LIST).filter(|_| is_plain)?;
    let target = child(&targets, K::TARGET)?;
    let value = target.children().next()?;
    let built = value_of(&value, 0);
    (built.is_certain || built.sql != name()).then_some(built)
}

fn value_of(value: &SyntaxNode, depth: usize) -> Built {
    if depth > DEPTH_LIMIT {
        return Built::guessed();
    }
    match value.kind() {
        K::LITERAL => ast::Literal::cast(value.clone())
            .and_then(|literal| literal.decoded_value())
            .map_or_else(Built::guessed, |text| Built::certain(text.text())),
        K::PAREN_EXPR | K::CAST_EXPR => value
            .children()
            .next()
            .map_or_else(Built::guessed, |inner| value_of(&inner, depth + 1)),
        K::BIN_EXPR => joined(value, depth),
        K::CALL_EXPR => called(value, depth),
        _ => Built::guessed(),
    }
}

fn joined(value: &SyntaxNode, depth: usize) -> Built {
    let parts: Vec<SyntaxNode> = value.children().collect();
    match &parts[..] {
        [left, operator, right] if words(operator).replace(' ', "") == "||" => {
            let left = value_of(left, depth + 1);
            let right = value_of(right, depth + 1);
            Built {
                sql: left.sql + &right.sql,
                is_certain: left.is_certain && right.is_certain,
            }
        }
        _ => Built::guessed(),
    }
}

fn called(call: &SyntaxNode, depth: usize) -> Built {
    let function = call
        .children()
        .next()
        .map_or_else(String::new, |function| words(&function).to_lowercase());
    let arguments: Vec<SyntaxNode> = child(call, K::ARG_LIST)
        .into_iter()
        .flat_map(|list| children(&list, K::ARG).collect::<Vec<_>>())
        .collect();
    match function.trim_start_matches("pg_catalog.") {
        "format"
            if !arguments
                .iter()
                .any(|argument| has(argument, K::VARIADIC_KW)) =>
        {
            let template = arguments
                .first()
                .and_then(|argument| argument.children().next())
                .map(|template| value_of(&template, depth + 1));
            match template {
                Some(template) if template.is_certain => formatted(&template.sql),
                _ => Built::guessed(),
            }
        }
        "quote_ident" => Built::certain(name()),
        "quote_literal" | "quote_nullable" => Built::certain(value_at_run_time()),
        _ => Built::guessed(),
    }
}

/// The template of `format` with a name for `%I`, a value for `%L`, and a guess for `%s`.
fn formatted(template: &str) -> Built {
    let mut built = Built::certain("");
    let mut rest = template.chars();
    while let Some(next) = rest.next() {
        if next != '%' {
            built.sql.push(next);
            continue;
        }
        // Between `%` and the letter stand a position, a `-` and a width.
        let letter = rest.find(|c| !matches!(c, '0'..='9' | '$' | '-' | '*'));
        match letter {
            Some('I') => built.sql.push_str(&name()),
            Some('L') => built.sql.push_str(&value_at_run_time()),
            Some('%') => built.sql.push('%'),
            _ => {
                built.sql.push_str(&name());
                built.is_certain = false;
            }
        }
    }
    built
}
