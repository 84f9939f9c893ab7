//! Parses the body of a PL/pgSQL block. Squawk does not know the `INTO` of its queries, so that is blanked out first,
//! as PL/pgSQL itself does before it hands a query to the server (`make_execsql_stmt` in its `pl_gram.y`). So is a `DECLARE`
//! inside a declaration section, which PL/pgSQL allows and ignores (`decl_stmt` there).

use crate::domain::sql::lexer::{Kind, Token, tokens};
use squawk_syntax::SyntaxNode;
use squawk_syntax::ast;
use squawk_syntax::body::BodyLanguage;
use squawk_syntax::syntax_error::SyntaxError;

/// Words that a query with an `INTO` can begin with.
const QUERIES: [&str; 7] = [
    "select", "insert", "update", "delete", "merge", "with", "values",
];
/// Words behind which a statement can begin.
const OPENERS: [&str; 4] = ["begin", "then", "else", "loop"];

/// The tree of a body and the first thing in it that cannot be read. Places are those of the text.
pub(super) fn parse(text: &str) -> (SyntaxNode, Option<SyntaxError>) {
    let (green, errors) = ast::Plpgsql::parse_text(&without_declare(&without_into(text)));
    (SyntaxNode::new_root(green), errors.into_iter().next())
}

/// The text with every `INTO` of a query and its targets as blanks.
fn without_into(text: &str) -> String {
    let all: Vec<Token> = tokens(text).filter(|token| !token.is_blank()).collect();
    let mut blanked = text.as_bytes().to_vec();
    let mut can_begin = true;
    let mut in_query = false;
    let mut depth = 0_usize;
    for (index, token) in all.iter().enumerate() {
        let is_one_of = |words: &[&str]| words.iter().any(|word| token.is_word(text, word));
        match token.kind {
            Kind::Open => depth += 1,
            Kind::Close => depth = depth.saturating_sub(1),
            Kind::Semicolon => {
                depth = 0;
                in_query = false;
            }
            _ => {}
        }
        if can_begin && is_one_of(&QUERIES) {
            in_query = true;
            depth = 0;
        }
        let is_into = in_query && depth == 0 && token.is_word(text, "into");
        let follows_verb = index > 0
            && ["insert", "merge"]
                .iter()
                .any(|verb| all[index - 1].is_word(text, verb));
        if is_into && !follows_verb {
            let end = end_of_targets(text, &all, index);
            blanked[token.start..end].fill(b' ');
        }
        can_begin = token.kind == Kind::Semicolon
            || is_one_of(&OPENERS)
            || (token.kind == Kind::Operator && token.text(text).ends_with(">>"));
    }
    // Whole tokens became blanks, so the bytes are still text.
    String::from_utf8(blanked).unwrap_or_else(|_| text.to_owned())
}

/// The text with every `DECLARE` of a declaration section but the first as blanks.
fn without_declare(text: &str) -> String {
    let mut blanked = text.as_bytes().to_vec();
    let mut is_declaring = false;
    let mut begins = true;
    for token in tokens(text).filter(|token| !token.is_blank()) {
        if begins && token.is_word(text, "declare") {
            if is_declaring {
                blanked[token.start..token.end].fill(b' ');
            }
            is_declaring = true;
            // A declaration begins here.
            continue;
        }
        if begins && token.is_word(text, "begin") {
            is_declaring = false;
        }
        begins = token.kind == Kind::Semicolon
            || OPENERS.iter().any(|word| token.is_word(text, word))
            || (token.kind == Kind::Operator && token.text(text).ends_with(">>"));
    }
    String::from_utf8(blanked).unwrap_or_else(|_| text.to_owned())
}

/// The end of the targets behind `INTO`: names with fields and subscripts, with commas between.
fn end_of_targets(text: &str, all: &[Token], into: usize) -> usize {
    let is = |index: usize, wanted: &str| {
        all.get(index)
            .is_some_and(|token| token.text(text) == wanted)
    };
    let is_name = |index: usize| {
        all.get(index).is_some_and(|token| {
            matches!(token.kind, Kind::Word | Kind::QuotedWord | Kind::Parameter)
        })
    };
    let mut next = into + 1;
    if all
        .get(next)
        .is_some_and(|token| token.is_word(text, "strict"))
        && is_name(next + 1)
    {
        next += 1;
    }
    let mut end = next;
    while is_name(next) {
        next += 1;
        loop {
            if is(next, ".") && is_name(next + 1) {
                next += 2;
            } else if is(next, "[") {
                while next < all.len() && !is(next, "]") {
                    next += 1;
                }
                next += 1;
            } else {
                break;
            }
        }
        end = next;
        if !is(next, ",") {
            break;
        }
        next += 1;
    }
    all.get(end.saturating_sub(1))
        .map_or(text.len(), |token| token.end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_useless_declare_is_blanked_and_no_other() {
        for (text, expected) in [
            (
                "declare declare a int; begin end",
                "declare a int; begin end",
            ),
            (
                "declare a int; declare b int; begin end",
                "declare a int; b int; begin end",
            ),
            (
                "declare a int; begin declare b int; declare c int; begin end; end",
                "declare a int; begin declare b int; c int; begin end; end",
            ),
            ("begin null; end; declare", "begin null; end; declare"),
            (
                "<<l>> declare declare declare a int; begin end",
                "<<l>> declare a int; begin end",
            ),
            (
                "declare a int default declare; begin end",
                "declare a int default declare; begin end",
            ),
        ] {
            let squeezed = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
            let blanked = without_declare(text);
            assert_eq!(blanked.len(), text.len());
            assert_eq!(squeezed(&blanked), squeezed(expected), "{text}");
        }
    }

    #[test]
    fn the_targets_of_a_query_are_blanked_and_nothing_else() {
        for (text, expected) in [
            (
                "begin select 1 into b from a; end",
                "begin select 1 from a; end",
            ),
            (
                "begin select a, b into strict x.y, z [1], w from t; end",
                "begin select a, b from t; end",
            ),
            (
                "begin select into r c, d from t; end",
                "begin select c, d from t; end",
            ),
            (
                "begin insert into t values (1) returning id into v; end",
                "begin insert into t values (1) returning id ; end",
            ),
            (
                "begin if a then delete from t returning b into c; end if; end",
                "begin if a then delete from t returning b ; end if; end",
            ),
            (
                "begin select case when a then b else c end into d; end",
                "begin select case when a then b else c end ; end",
            ),
            (
                "begin execute 'x' into a using b; end",
                "begin execute 'x' into a using b; end",
            ),
            (
                "begin perform 1; insert into a select 1; end",
                "begin perform 1; insert into a select 1; end",
            ),
            (
                "<<l>> begin with x as (select 1) select * into \"Ä\" from x; end",
                "<<l>> begin with x as (select 1) select * from x; end",
            ),
            ("begin select 1 into", "begin select 1 "),
            ("begin select 1 into a[", "begin select 1 "),
        ] {
            let squeezed = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
            let blanked = without_into(text);
            assert_eq!(blanked.len(), text.len());
            assert_eq!(squeezed(&blanked), squeezed(expected), "{text}");
        }
    }
}
