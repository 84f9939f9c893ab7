//! The condition of a policy in its parts, as Postgres writes it back: what is joined by AND, OR and NOT, and what each part looks at.
//! Postgres puts every operator between parentheses, so that the words at the top of a text are those that join it.

use crate::domain::sql::lexer::{Kind, Token, tokens};
use crate::domain::sql::name::unquoted;

/// How the parts of a condition are joined.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Join {
    /// All of them.
    And,
    /// One of them.
    Or,
    /// The opposite of the only one.
    Not,
    /// There are no parts.
    Whole,
}

/// A condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    /// Its text, without the parentheses around all of it.
    pub text: String,
    /// How its parts are joined.
    pub join: Join,
    /// The parts.
    pub parts: Vec<Condition>,
}

/// Takes a condition apart.
pub fn parse(text: &str) -> Condition {
    let text = bare(text);
    let whole = |join, parts| Condition {
        text: text.to_owned(),
        join,
        parts,
    };
    if starts_with(text, &["case", "select", "with", "values"]) {
        return whole(Join::Whole, Vec::new());
    }
    for (word, join) in [("or", Join::Or), ("and", Join::And)] {
        let parts = split(text, word);
        if parts.len() > 1 {
            return whole(join, parts.into_iter().map(parse).collect());
        }
    }
    let mut words = significant(text);
    if let Some(first) = words.next().filter(|token| token.is_word(text, "not")) {
        return whole(Join::Not, vec![parse(&text[first.end..])]);
    }
    whole(Join::Whole, Vec::new())
}

fn significant(text: &str) -> impl Iterator<Item = Token> + '_ {
    tokens(text).filter(|token| !token.is_blank())
}

fn starts_with(text: &str, words: &[&str]) -> bool {
    let first = significant(text).next();
    first.is_some_and(|first| words.iter().any(|word| first.is_word(text, word)))
}

/// Whether a text is a query, with or without parentheses around it.
pub fn is_query(text: &str) -> bool {
    starts_with(text, &["select", "with", "values"]) || inner(text).is_some_and(is_query)
}

/// The text without the parentheses around all of it; those of a query stay, because they belong to it.
pub fn bare(text: &str) -> &str {
    let mut text = text.trim();
    while let Some(inner) = inner(text) {
        if is_query(inner) {
            break;
        }
        text = inner.trim();
    }
    text
}

/// What stands between parentheses that surround the whole text.
pub fn inner(text: &str) -> Option<&str> {
    let mut depth = 0_usize;
    let mut all = significant(text).peekable();
    let first = all.peek().copied()?;
    if first.kind != Kind::Open {
        return None;
    }
    while let Some(token) = all.next() {
        match token.kind {
            Kind::Open => depth += 1,
            Kind::Close => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 {
            return all
                .peek()
                .is_none()
                .then_some(&text[first.end..token.start]);
        }
    }
    None
}

/// The pieces between the words at the top.
fn split<'a>(text: &'a str, word: &str) -> Vec<&'a str> {
    let (mut pieces, mut depth, mut start) = (Vec::new(), 0_usize, 0);
    for token in significant(text) {
        match token.kind {
            Kind::Open => depth += 1,
            Kind::Close => depth = depth.saturating_sub(1),
            _ if depth == 0 && token.is_word(text, word) => {
                pieces.push(&text[start..token.start]);
                start = token.end;
            }
            _ => {}
        }
    }
    pieces.push(&text[start..]);
    pieces
}

/// A comparison: its two sides and the operator between them, in the words of SQL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sides<'a> {
    /// The left side.
    pub left: &'a str,
    /// The operator.
    pub operator: String,
    /// The right side; empty for `IS NULL` and its kin.
    pub right: &'a str,
}

/// The sides of a part that compares.
pub fn sides(text: &str) -> Option<Sides<'_>> {
    let mut depth = 0_usize;
    let all: Vec<Token> = significant(text).collect();
    for (at, token) in all.iter().enumerate() {
        match token.kind {
            Kind::Open => depth += 1,
            Kind::Close => depth = depth.saturating_sub(1),
            _ if depth > 0 || at == 0 => {}
            Kind::Operator => {
                return Some(sides_at(text, &all, at, at + 1));
            }
            Kind::Word if token.is_word(text, "is") || token.is_word(text, "in") => {
                let words = [
                    "not", "distinct", "from", "null", "true", "false", "unknown",
                ];
                let more = all[at + 1..].iter();
                let more =
                    more.take_while(|next| words.iter().any(|word| next.is_word(text, word)));
                let end = at + 1 + more.count();
                return Some(sides_at(text, &all, at, end));
            }
            Kind::Word if token.is_word(text, "operator") => {
                let end = all[at..].iter().position(|next| next.kind == Kind::Close)?;
                return Some(sides_at(text, &all, at, at + end + 1));
            }
            _ => {}
        }
    }
    None
}

fn sides_at<'a>(text: &'a str, all: &[Token], from: usize, to: usize) -> Sides<'a> {
    let right = all.get(to).map_or(text.len(), |token| token.start);
    Sides {
        left: text[..all[from].start].trim(),
        operator: text[all[from].start..all[to - 1].end].to_lowercase(),
        right: text[right..].trim(),
    }
}

/// The list behind `ANY (…)` or `ALL (…)`, or of `IN (…)`: as an expression that gives an array where it is a query.
pub fn list(operator: &str, right: &str) -> Option<String> {
    let of = |rest: &str| {
        let inside = inner(rest)?;
        Some(if is_query(inside) {
            format!("ARRAY({})", inner(inside).unwrap_or(inside))
        } else {
            inside.to_owned()
        })
    };
    let mut words = significant(right);
    let first = words.next()?;
    if first.is_word(right, "any") || first.is_word(right, "all") {
        return of(&right[first.end..]);
    }
    operator.ends_with("in").then(|| of(right)).flatten()
}

/// The query behind `EXISTS (…)`.
pub fn existing(text: &str) -> Option<&str> {
    let first = significant(text).next()?;
    if !first.is_word(text, "exists") {
        return None;
    }
    inner(&text[first.end..])
}

/// The columns of a table's row that a text looks at; inside a query only those that are named with the table.
pub fn columns<'a>(
    text: &str,
    table: &str,
    own: &(impl Iterator<Item = &'a str> + Clone),
) -> Vec<&'a str> {
    let all: Vec<Token> = significant(text).collect();
    let is_name = |token: &Token| matches!(token.kind, Kind::Word | Kind::QuotedWord);
    let is = |at: usize, kind: Kind, sign: &str| {
        all.get(at)
            .is_some_and(|token| token.kind == kind && token.text(text) == sign)
    };
    let mut inside: Vec<bool> = Vec::new();
    let mut found: Vec<&str> = Vec::new();
    for (at, token) in all.iter().enumerate() {
        match token.kind {
            Kind::Open => {
                let next = all.get(at + 1);
                inside.push(next.is_some_and(|next| next.is_word(text, "select")));
                continue;
            }
            Kind::Close => {
                inside.pop();
                continue;
            }
            _ if !is_name(token) => continue,
            _ => {}
        }
        let is_called = is(at + 1, Kind::Open, "(");
        let is_part = at > 0 && is(at - 1, Kind::Other, ".");
        let is_own = is_part && at > 1 && unquoted(all[at - 2].text(text)) == table;
        let is_type = at > 0 && all[at - 1].text(text) == ":";
        let is_first = !is_part && !is(at + 1, Kind::Other, ".");
        let is_free = is_first && !is_type && !inside.contains(&true);
        if is_called || !(is_own || is_free) {
            continue;
        }
        let name = unquoted(token.text(text));
        let column = own.clone().find(|column| *column == name);
        found.extend(column.filter(|column| !found.contains(column)));
    }
    found
}

/// The calls that look at no row: of functions without arguments or with literals only, and words such as `CURRENT_USER`.
pub fn calls(text: &str) -> Vec<&str> {
    const WORDS: [&str; 4] = [
        "current_user",
        "session_user",
        "current_role",
        "current_timestamp",
    ];
    const ARGUMENTS: [&str; 8] = [
        "true", "false", "null", "text", "name", "uuid", "integer", "boolean",
    ];
    let all: Vec<Token> = significant(text).collect();
    let mut found: Vec<&str> = Vec::new();
    for (at, token) in all.iter().enumerate() {
        if WORDS.iter().any(|word| token.is_word(text, word)) {
            found.push(token.text(text));
            continue;
        }
        let is_name = matches!(token.kind, Kind::Word | Kind::QuotedWord);
        if !is_name || all.get(at + 1).is_none_or(|next| next.kind != Kind::Open) {
            continue;
        }
        if [
            "in", "any", "all", "exists", "and", "or", "not", "select", "where", "operator",
        ]
        .iter()
        .any(|word| token.is_word(text, word))
        {
            continue;
        }
        let rest = &all[at + 2..];
        let Some(end) = rest.iter().position(|next| next.kind == Kind::Close) else {
            continue;
        };
        let is_literal = rest[..end].iter().all(|inside| match inside.kind {
            Kind::Text | Kind::Number | Kind::Operator | Kind::Other => true,
            Kind::Word => ARGUMENTS.iter().any(|word| inside.is_word(text, word)),
            _ => false,
        });
        if !is_literal {
            continue;
        }
        let is_qualified = at > 1 && all[at - 1].text(text) == ".";
        let start = if is_qualified {
            all[at - 2].start
        } else {
            token.start
        };
        let call = &text[start..rest[end].end];
        if !found.contains(&call) {
            found.push(call);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(condition: &Condition) -> String {
        let parts: Vec<String> = condition.parts.iter().map(shape).collect();
        match condition.join {
            Join::Whole => condition.text.clone(),
            Join::Not => format!("!{}", parts[0]),
            Join::And => format!("({})", parts.join(" & ")),
            Join::Or => format!("({})", parts.join(" | ")),
        }
    }

    #[test]
    fn a_condition_is_taken_apart_where_its_words_join_it() {
        for (text, expected) in [
            ("true", "true"),
            ("(a = b)", "a = b"),
            ("((a = b) AND (c OR (NOT d)))", "(a = b & (c | !d))"),
            (
                "(a OR b OR (c = 'x AND y'::text))",
                "(a | b | c = 'x AND y'::text)",
            ),
            (
                "( SELECT private.is_admin() AS is_admin)",
                "( SELECT private.is_admin() AS is_admin)",
            ),
            (
                "(a = ( SELECT auth.uid() AS uid))",
                "a = ( SELECT auth.uid() AS uid)",
            ),
            (
                "(EXISTS ( SELECT 1 FROM m WHERE ((m.x = t.x) AND m.y)))",
                "EXISTS ( SELECT 1 FROM m WHERE ((m.x = t.x) AND m.y))",
            ),
            (
                "CASE WHEN (a AND b) THEN c ELSE d END",
                "CASE WHEN (a AND b) THEN c ELSE d END",
            ),
            ("((a) = (b))", "(a) = (b)"),
            ("(\"or\" AND \"a and b\")", "(\"or\" & \"a and b\")"),
        ] {
            assert_eq!(shape(&parse(text)), expected);
        }
    }

    #[test]
    fn a_comparison_has_two_sides() {
        for (text, left, operator, right) in [
            (
                "a = ( SELECT auth.uid() AS uid)",
                "a",
                "=",
                "( SELECT auth.uid() AS uid)",
            ),
            ("a IS NOT NULL", "a", "is not null", ""),
            ("a IS DISTINCT FROM b", "a", "is distinct from", "b"),
            (
                "a IN ( SELECT m.x FROM m)",
                "a",
                "in",
                "( SELECT m.x FROM m)",
            ),
            (
                "(a ->> 'x'::text) = ANY (b)",
                "(a ->> 'x'::text)",
                "=",
                "ANY (b)",
            ),
            ("a OPERATOR(x.=) b", "a", "operator(x.=)", "b"),
        ] {
            let found = sides(text).unwrap();
            assert_eq!(
                (found.left, found.operator.as_str(), found.right),
                (left, operator, right)
            );
        }
        for text in ["a", "f(a = b)", "true", "auth.uid()"] {
            assert_eq!(sides(text), None, "{text}");
        }
        assert_eq!(list("=", "ANY (b)").unwrap(), "b");
        assert_eq!(
            list("=", "ANY (( SELECT m.x FROM m))").unwrap(),
            "ARRAY( SELECT m.x FROM m)"
        );
        assert_eq!(
            list("in", "( SELECT m.x FROM m)").unwrap(),
            "ARRAY( SELECT m.x FROM m)"
        );
    }

    #[test]
    fn what_a_part_looks_at_is_found() {
        let own = ["user_id", "team_id", "a b", "name"];
        let of = |text| columns(text, "doc", &own.iter().copied());
        assert_eq!(of("user_id = auth.uid()"), ["user_id"]);
        assert_eq!(of("\"a b\" = name(1)"), ["a b"]);
        assert_eq!(of("x::name = 'team_id'"), Vec::<&str>::new());
        assert_eq!(
            of(
                "EXISTS ( SELECT 1 FROM m WHERE ((m.user_id = auth.uid()) AND (m.team_id = doc.team_id) AND name))"
            ),
            ["team_id"]
        );
        let text = "a = ( SELECT auth.uid() AS uid) AND f(b) AND current_setting('x.y'::text, true) = CURRENT_USER";
        assert_eq!(
            calls(text),
            [
                "auth.uid()",
                "current_setting('x.y'::text, true)",
                "CURRENT_USER"
            ]
        );
    }
}
