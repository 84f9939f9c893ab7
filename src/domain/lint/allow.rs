//! Comments that accept findings: `-- supadeck:allow RULE reason`.
//!
//! Inside a statement, above it, or behind it on its last line, a comment speaks for that statement. In the comments
//! at the top of the file, when a blank line follows them, it speaks for the whole file. The reason is mandatory.
//! One that accepts nothing is a fault, never silence.

use super::rule;
use super::{Finding, InvalidAllow};
use crate::domain::sql::lexer::{Kind, Token, tokens};
use crate::domain::sql::split::Statement;

/// What a comment begins with, behind `--`.
const OWNER: &str = "supadeck:";

/// One comment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Allow {
    /// Byte offset of the comment.
    at: usize,
    rule: String,
    reason: String,
    scope: Scope,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scope {
    File,
    Statement(usize),
    Nowhere,
}

/// Every allow comment of a file, right or wrong. Comments inside strings, and so inside `DO` bodies, do not count.
pub fn allows(sql: &str, statements: &[Statement]) -> Vec<Allow> {
    if !sql.contains(OWNER) {
        return Vec::new();
    }
    let header = header_end(sql);
    let mut found = Vec::new();
    let mut last: Option<Token> = None;
    for token in tokens(sql) {
        if token.kind == Kind::LineComment
            && let Some((rule, reason)) = parse(token.text(sql))
        {
            let scope = if token.end <= header {
                Scope::File
            } else {
                statement_of(sql, statements, token.start, last)
            };
            found.push(Allow {
                at: token.start,
                rule: rule.to_owned(),
                reason: reason.to_owned(),
                scope,
            });
        }
        if !token.is_blank() {
            last = Some(token);
        }
    }
    found
}

/// The rule and the reason of a comment, when it is an allow comment at all.
fn parse(comment: &str) -> Option<(&str, &str)> {
    let text = comment.trim_start_matches('-').trim_start();
    let rest = text.strip_prefix(OWNER)?.trim_start();
    let rest = rest.strip_prefix("allow")?;
    if rest.starts_with(|next: char| !next.is_whitespace()) {
        return None;
    }
    let rest = rest.trim();
    Some(match rest.split_once(char::is_whitespace) {
        Some((rule, reason)) => (rule, reason.trim()),
        None => (rest, ""),
    })
}

/// The end of the comments at the top, when a blank line follows them before anything else does.
fn header_end(sql: &str) -> usize {
    let mut end = 0;
    for token in tokens(sql) {
        match token.kind {
            Kind::LineComment => end = token.end,
            Kind::Space if end > 0 && token.text(sql).matches('\n').count() > 1 => return end,
            Kind::Space => {}
            Kind::Other if token.text(sql) == "\u{feff}" => {}
            _ => return 0,
        }
    }
    0
}

/// The statement that a comment speaks for; `last` is the token with a meaning before it.
fn statement_of(sql: &str, statements: &[Statement], at: usize, last: Option<Token>) -> Scope {
    let holds = |index: usize, at: usize| {
        statements
            .get(index)
            .is_some_and(|statement| statement.range.contains(&at))
    };
    let ending_behind =
        |at: usize| statements.partition_point(|statement| statement.range.end <= at);
    if let Some(semicolon) = last.filter(|last| last.kind == Kind::Semicolon)
        && !sql[semicolon.end..at].contains('\n')
    {
        let index = ending_behind(semicolon.start);
        if holds(index, semicolon.start) {
            return Scope::Statement(index);
        }
        return index
            .checked_sub(1)
            .map_or(Scope::Nowhere, Scope::Statement);
    }
    let index = ending_behind(at);
    if holds(index, at) {
        Scope::Statement(index)
    } else {
        Scope::Nowhere
    }
}

/// Marks the findings that comments accept and gives back the comments that accept none.
pub fn accept<'a>(
    allows: &[Allow],
    findings: impl Iterator<Item = &'a mut Finding>,
) -> Vec<InvalidAllow> {
    let mut used = vec![false; allows.len()];
    for finding in findings {
        for (allow, used) in allows.iter().zip(&mut used) {
            let is_meant = match allow.scope {
                Scope::File => true,
                Scope::Statement(statement) => statement == finding.statement,
                Scope::Nowhere => false,
            };
            if is_meant && allow.rule == finding.rule && has_words(&allow.reason) {
                *used = true;
                finding.allowed.get_or_insert_with(|| allow.reason.clone());
            }
        }
    }
    allows
        .iter()
        .zip(used)
        .filter(|(_, used)| !used)
        .map(|(allow, _)| InvalidAllow {
            at: allow.at,
            rule: allow.rule.clone(),
            why: why(allow),
        })
        .collect()
}

fn has_words(reason: &str) -> bool {
    reason.chars().any(char::is_alphanumeric)
}

fn why(allow: &Allow) -> String {
    let rule = &allow.rule;
    if rule.is_empty() {
        "The comment names no rule: write `-- supadeck:allow RULE reason`.".into()
    } else if rule::named(rule).is_none() {
        format!("There is no rule `{rule}`.")
    } else if !has_words(&allow.reason) {
        format!("The comment accepts `{rule}` without a reason: write why behind the rule.")
    } else if allow.scope == Scope::File {
        format!("The comment accepts `{rule}`, and nothing in the file breaks that rule.")
    } else {
        format!("The comment accepts `{rule}`, and its statement does not break that rule.")
    }
}

#[cfg(test)]
mod tests;
