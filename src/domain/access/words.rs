//! Policies in plain words. What has no plain word stays SQL.

use super::condition::{Condition, Join, existing, inner, is_query, list, parse, sides};
use super::rules::{RowPolicy, Verb};
use crate::domain::plural::listed;
use crate::domain::sql::lexer::{Kind, tokens};

/// A policy as a sentence or two.
pub fn policy(policy: &RowPolicy) -> String {
    let who = if policy.roles.iter().any(|role| role == "public") {
        "every role".to_owned()
    } else {
        listed(&policy.roles)
    };
    let verbs = if policy.verb == "all" {
        "select, insert, update and delete"
    } else {
        policy.verb.as_str()
    };
    let is_about_old = policy.verb != "insert";
    let (shown, checked) = (parse(policy.shown()), parse(policy.checked()));
    let mut text = if policy.permissive {
        format!("Lets {who} {verbs} ")
    } else {
        format!("Keeps {who} from {verbs} except for ")
    };
    if is_about_old {
        text.push_str(&rows(&shown));
    } else {
        let rows = rows(&checked);
        text.push_str(&rows.replacen("rows", "new rows", 1));
    }
    let writes = policy.is_about(Verb::Update) || policy.is_about(Verb::Insert);
    if is_about_old && writes && policy.check.is_some() && policy.checked() != policy.shown() {
        text.push_str(". What is written must be ");
        text.push_str(&rows(&checked));
    }
    text.push('.');
    text
}

fn rows(condition: &Condition) -> String {
    match condition.text.as_str() {
        "true" => "all rows".to_owned(),
        "false" => "no rows".to_owned(),
        _ => format!("rows where {}", said(condition)),
    }
}

/// A condition in plain words.
pub fn said(condition: &Condition) -> String {
    let each = |join: Join| {
        let parts = condition.parts.iter();
        parts.map(move |part| {
            let words = said(part);
            if part.join == Join::Or && join == Join::And {
                format!("({words})")
            } else {
                words
            }
        })
    };
    match condition.join {
        Join::And => each(Join::And).collect::<Vec<_>>().join(" and "),
        Join::Or => each(Join::Or).collect::<Vec<_>>().join(" or "),
        Join::Not => format!("not ({})", each(Join::Not).collect::<String>()),
        Join::Whole => part(&condition.text),
    }
}

fn part(text: &str) -> String {
    if let Some(query) = existing(text) {
        return match query_words(query) {
            Some((_, from)) => format!("there is a row of {from}"),
            None => text.to_owned(),
        };
    }
    let Some(sides) = sides(text) else {
        let word = operand(text);
        return match word.as_str() {
            "true" => "always".to_owned(),
            "false" => "never".to_owned(),
            _ => format!("{word} is true"),
        };
    };
    let (left, right) = (operand(sides.left), operand(sides.right));
    match (left.as_str(), sides.operator.as_str(), right.as_str()) {
        ("the caller's id", "is not null", _) | ("the caller's role", "=", "'authenticated'") => {
            return "the caller is signed in".to_owned();
        }
        ("the caller's role", "=", "'anon'") | ("the caller's id", "is null", _) => {
            return "nobody is signed in".to_owned();
        }
        _ => {}
    }
    if let Some(list) = list(&sides.operator, sides.right) {
        let among = list
            .strip_prefix("ARRAY(")
            .and_then(|query| query.strip_suffix(')'))
            .and_then(query_words)
            .map(|(what, from)| format!("{what} of {from}"));
        let among = among.unwrap_or_else(|| operand(&list));
        let is = match sides.operator.as_str() {
            "=" | "in" => "is one of",
            "<>" | "is not in" | "not in" => "is none of",
            operator => return format!("{left} {operator} {}", sides.right),
        };
        return format!("{left} {is} {among}");
    }
    let word = match sides.operator.as_str() {
        "=" => "is",
        "<>" | "is distinct from" => "is not",
        "is not distinct from" => "is",
        ">" => "is greater than",
        "<" => "is less than",
        ">=" => "is at least",
        "<=" => "is at most",
        "~~" => "is like",
        "!~~" => "is not like",
        "~~*" => "is like, in any case,",
        "@>" => "contains",
        "<@" => "is within",
        "&&" => "overlaps",
        "is null" => "is empty",
        "is not null" => "is not empty",
        "is true" => "is true",
        "is false" => "is false",
        "is not true" => "is not true",
        "is not false" => "is not false",
        operator => operator,
    };
    format!("{left} {word} {right}").trim_end().to_owned()
}

/// An operand in plain words.
fn operand(text: &str) -> String {
    let mut text = text.trim();
    while let Some(inside) = inner(text) {
        if is_query(inside) {
            let Some(single) = single(inside) else { break };
            text = single;
        } else {
            text = inside.trim();
        }
    }
    let text = without_cast(text);
    match text {
        "auth.uid()" => return "the caller's id".to_owned(),
        "auth.email()" => return "the caller's e-mail address".to_owned(),
        "auth.role()" => return "the caller's role".to_owned(),
        "auth.jwt()" => return "the caller's token".to_owned(),
        "now()" | "CURRENT_TIMESTAMP" => return "now".to_owned(),
        _ => {}
    }
    if let Some(path) = claim(text) {
        return format!("{path} of the caller's token");
    }
    text.to_owned()
}

/// The value of a query that is one value without a table, as it is written for speed: `SELECT f() AS f`.
fn single(query: &str) -> Option<&str> {
    let mut depth = 0_usize;
    let (mut start, mut end) = (None, query.len());
    for token in tokens(query).filter(|token| !token.is_blank()) {
        match token.kind {
            Kind::Open => depth += 1,
            Kind::Close => depth = depth.saturating_sub(1),
            Kind::Other if depth == 0 && token.text(query) == "," => return None,
            Kind::Word if depth == 0 && token.is_word(query, "select") => start = Some(token.end),
            Kind::Word if depth == 0 && token.is_word(query, "as") => end = end.min(token.start),
            Kind::Word
                if depth == 0
                    && ["from", "where", "union"]
                        .iter()
                        .any(|word| token.is_word(query, word)) =>
            {
                return None;
            }
            _ => {}
        }
    }
    Some(query[start?..end].trim())
}

/// The text without a cast at its end.
fn without_cast(text: &str) -> &str {
    let mut depth = 0_usize;
    for token in tokens(text) {
        match token.kind {
            Kind::Open => depth += 1,
            Kind::Other if token.text(text) == "[" => depth += 1,
            Kind::Other if token.text(text) == "]" => depth = depth.saturating_sub(1),
            Kind::Close => depth = depth.saturating_sub(1),
            _ if depth == 0 && token.text(text).starts_with("::") => {
                let head = text[..token.start].trim();
                return inner(head).map_or(head, str::trim);
            }
            Kind::Other if depth == 0 && token.text(text) == ":" => {
                let head = text[..token.start].trim();
                return inner(head).map_or(head, str::trim);
            }
            _ => {}
        }
    }
    text
}

/// The path of a claim: `app_metadata.role`.
fn claim(text: &str) -> Option<String> {
    let sides = sides(text)?;
    if !matches!(sides.operator.as_str(), "->" | "->>") {
        return None;
    }
    let key = without_cast(sides.right).trim_matches('\'');
    let left = operand(sides.left);
    match left.strip_suffix(" of the caller's token") {
        Some(path) => Some(format!("{path}.{key}")),
        None => (left == "the caller's token").then(|| key.to_owned()),
    }
}

/// What a query gives, and its tables with their condition in words. Queries with more than that stay SQL.
fn query_words(query: &str) -> Option<(String, String)> {
    let mut depth = 0_usize;
    let (mut select, mut from, mut condition) = (None, None, None);
    for token in tokens(query).filter(|token| !token.is_blank()) {
        let is = |word: &str| token.is_word(query, word);
        match token.kind {
            Kind::Open => depth += 1,
            Kind::Close => depth = depth.saturating_sub(1),
            Kind::Word if depth > 0 => {}
            Kind::Word if is("select") => select = Some(token.end),
            Kind::Word if is("from") => from = Some((token.start, token.end)),
            Kind::Word if is("where") => condition = Some((token.start, token.end)),
            Kind::Word
                if [
                    "group",
                    "order",
                    "limit",
                    "union",
                    "with",
                    "having",
                    "except",
                    "intersect",
                    "offset",
                ]
                .iter()
                .any(|word| is(word)) =>
            {
                return None;
            }
            _ => {}
        }
    }
    let (from, from_end) = from?;
    let what = query[select?..from].trim();
    let what = what.split(" AS ").next().unwrap_or(what).to_owned();
    let (end, condition) = match condition {
        Some((start, end)) => (start, Some(parse(&query[end..]))),
        None => (query.len(), None),
    };
    let tables = query[from_end..end].split_whitespace().collect::<Vec<_>>();
    let tables = tables.join(" ");
    Some((
        what,
        match condition {
            Some(condition) => format!("{tables} where {}", said(&condition)),
            None => tables,
        },
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usual_conditions_have_plain_words() {
        for (sql, words) in [
            (
                "(user_id = ( SELECT auth.uid() AS uid))",
                "user_id is the caller's id",
            ),
            ("(auth.uid() IS NOT NULL)", "the caller is signed in"),
            (
                "(( SELECT auth.role() AS role) = 'authenticated'::text)",
                "the caller is signed in",
            ),
            (
                "(is_public OR (auth.uid() = owner))",
                "is_public is true or the caller's id is owner",
            ),
            (
                "((NOT deleted) AND ((a = 1) OR (b > 2)))",
                "not (deleted is true) and (a is 1 or b is greater than 2)",
            ),
            (
                "(((auth.jwt() -> 'app_metadata'::text) ->> 'role'::text) = 'admin'::text)",
                "app_metadata.role of the caller's token is 'admin'",
            ),
            (
                "(EXISTS ( SELECT 1\n   FROM member m\n  WHERE ((m.team_id = doc.team_id) AND (m.user_id = auth.uid()))))",
                "there is a row of member m where m.team_id is doc.team_id and m.user_id is the caller's id",
            ),
            (
                "(team_id IN ( SELECT member.team_id\n   FROM member\n  WHERE (member.user_id = auth.uid())))",
                "team_id is one of member.team_id of member where member.user_id is the caller's id",
            ),
            ("private.is_admin()", "private.is_admin() is true"),
            (
                "(state = ANY (ARRAY['a'::text, 'b'::text]))",
                "state is one of ARRAY['a'::text, 'b'::text]",
            ),
            (
                "(((user_id)::text = (auth.uid())::text))",
                "user_id is the caller's id",
            ),
        ] {
            assert_eq!(said(&parse(sql)), words, "{sql}");
        }
    }

    #[test]
    fn a_policy_says_whom_it_lets_do_what() {
        let mut one = RowPolicy {
            verb: "select".into(),
            permissive: true,
            roles: vec!["authenticated".into()],
            shows: Some("(user_id = auth.uid())".into()),
            ..RowPolicy::default()
        };
        assert_eq!(
            policy(&one),
            "Lets authenticated select rows where user_id is the caller's id."
        );
        one.permissive = false;
        one.verb = "all".into();
        one.roles = vec!["public".into()];
        one.check = Some("(a = 1)".into());
        assert_eq!(
            policy(&one),
            "Keeps every role from select, insert, update and delete except for rows where user_id is the caller's id. What is written must be rows where a is 1."
        );
        one.verb = "insert".into();
        one.permissive = true;
        assert_eq!(
            policy(&one),
            "Lets every role insert new rows where a is 1."
        );
        one.check = Some("true".into());
        assert_eq!(policy(&one), "Lets every role insert all new rows.");
    }
}
