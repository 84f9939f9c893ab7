//! Columns of a table that is there: which of their changes look at every row, write the table anew or may lose values.

use super::{Analyzer, Name, alter, rule};
use crate::domain::lint::tree::{all_below, below, child, has, tokens, words};
use squawk_syntax::{SyntaxKind as K, SyntaxNode};

/// Functions that give one value for the whole statement, so that Postgres keeps it once instead of in every row.
const STEADY: [&str; 22] = [
    "auth.jwt",
    "auth.role",
    "auth.uid",
    "coalesce",
    "concat",
    "current_setting",
    "date_trunc",
    "json_build_object",
    "jsonb_build_array",
    "jsonb_build_object",
    "length",
    "lower",
    "make_date",
    "make_interval",
    "md5",
    "now",
    "statement_timestamp",
    "timezone",
    "to_char",
    "to_timestamp",
    "transaction_timestamp",
    "upper",
];

/// The column that a form names, with its table, for people.
pub(super) fn qualified(action: &SyntaxNode, table: &Name) -> String {
    format!("{table}.{}", named(action))
}

/// The column that a form names.
pub(super) fn named(action: &SyntaxNode) -> String {
    child(action, K::COLUMN_NAME)
        .or_else(|| child(action, K::COLUMN_NAME_REF))
        .map(|column| Name::of(&column).object().to_owned())
        .unwrap_or_default()
}

pub(super) fn add(read: &mut Analyzer, action: &SyntaxNode, table: &Name) {
    let column = qualified(action, table);
    let object = format!("column {column}");
    let is_serial = child(action, K::PATH_TYPE).is_some_and(|path| is_serial(&words(&path)));
    let is_computed = child(action, K::GENERATED_CONSTRAINT).is_some_and(|generated| {
        below(&generated, K::GENERATED_IDENTITY).is_some() || below(&generated, K::STORED).is_some()
    });
    let default = child(action, K::DEFAULT_CONSTRAINT);
    if is_serial || is_computed || default.as_ref().is_some_and(varies) {
        read.rewrite(table);
        read.found_on(&rule::ADD_COLUMN_REWRITES, action, table, &object);
    }
    let is_filled = is_serial || default.is_some() || has(action, K::GENERATED_CONSTRAINT);
    let is_required = has(action, K::NOT_NULL_CONSTRAINT) || has(action, K::PRIMARY_KEY_CONSTRAINT);
    if is_required && !is_filled {
        read.found_on(&rule::ADD_REQUIRED_COLUMN, action, table, &object);
    }
    if has(action, K::UNIQUE_CONSTRAINT) || has(action, K::PRIMARY_KEY_CONSTRAINT) {
        read.found_on(&rule::UNIQUE_WITHOUT_INDEX, action, table, table);
    }
    if has(action, K::CHECK_CONSTRAINT) {
        read.found_on(&rule::CONSTRAINT_WITHOUT_NOT_VALID, action, table, table);
    }
    if let Some(reference) = child(action, K::REFERENCES_CONSTRAINT) {
        alter::foreign_key(read, &reference, table);
    }
}

fn is_serial(name: &str) -> bool {
    matches!(
        name.to_lowercase().as_str(),
        "serial" | "bigserial" | "smallserial" | "serial2" | "serial4" | "serial8"
    )
}

/// Whether a default may be another value in every row: it calls a function that is not known to be steady.
fn varies(default: &SyntaxNode) -> bool {
    all_below(default, K::CALL_EXPR).any(|call| {
        call.children().next().is_some_and(|function| {
            let name = words(&function).to_lowercase();
            let name = name.trim_start_matches("pg_catalog.");
            !STEADY.contains(&name) && matches!(function.kind(), K::NAME_REF | K::FIELD_EXPR)
        })
    })
}

pub(super) fn alter(read: &mut Analyzer, action: &SyntaxNode, table: &Name) {
    let column = qualified(action, table);
    if let Some(set) = child(action, K::SET_TYPE) {
        read.rewrite(table);
        let rule = if keeps_everything(&set) {
            &rule::CHANGE_TYPE
        } else {
            &rule::CHANGE_TYPE_MAY_LOSE
        };
        read.found_on(rule, action, table, &column);
    } else if has(action, K::SET_NOT_NULL) {
        read.found_on(&rule::SET_NOT_NULL, action, table, &column);
    } else if has(action, K::SET_EXPRESSION) {
        read.rewrite(table);
        read.found_on(
            &rule::ADD_COLUMN_REWRITES,
            action,
            table,
            format!("an expression to {column}"),
        );
    }
}

/// Whether every value that Postgres converts by itself survives: the type is without limit and no `USING` interferes.
/// `bigint` counts, because it nearly always follows `integer`.
fn keeps_everything(set: &SyntaxNode) -> bool {
    let ty: Vec<String> = tokens(set)
        .map(|token| token.text().to_lowercase())
        .skip_while(|word| matches!(word.as_str(), "set" | "data"))
        .skip(1)
        .take_while(|word| word != "collate")
        .collect();
    !has(set, K::USING_EXPR)
        && matches!(
            ty.join(" ").trim_start_matches("pg_catalog . "),
            "text"
                | "varchar"
                | "character varying"
                | "numeric"
                | "decimal"
                | "bigint"
                | "int8"
                | "timestamptz"
                | "timestamp with time zone"
        )
}
