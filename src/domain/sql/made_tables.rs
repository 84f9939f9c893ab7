//! The tables and views that a text of SQL makes, by a look at its words: enough to complete a name that somebody types.

use super::lexer::{Token, tokens};

/// The names, as commands take them: with their schema where that is not `public`. Temporary ones are left out.
pub fn made_tables(sql: &str) -> Vec<String> {
    let words: Vec<Token> = tokens(sql).filter(|token| !token.is_blank()).collect();
    let mut names = Vec::new();
    for (at, token) in words.iter().enumerate() {
        if token.is_word(sql, "create") {
            names.extend(made(sql, &words[at + 1..]));
        }
    }
    names
}

/// What the statement makes whose words follow `create`.
fn made(sql: &str, words: &[Token]) -> Option<String> {
    const BEFORE: [&str; 6] = [
        "or",
        "replace",
        "unlogged",
        "foreign",
        "materialized",
        "recursive",
    ];
    let is = |token: &Token, words: &[&str]| words.iter().any(|word| token.is_word(sql, word));
    let mut words = words
        .iter()
        .skip_while(|token| is(token, &BEFORE))
        .peekable();
    words.next().filter(|token| is(token, &["table", "view"]))?;
    while words
        .peek()
        .is_some_and(|token| is(token, &["if", "not", "exists"]))
    {
        words.next();
    }
    let first = words.next()?.name(sql)?;
    let has_schema = words.peek().is_some_and(|token| token.text(sql) == ".");
    if !has_schema {
        return Some(first);
    }
    words.next();
    let second = words.next()?.name(sql)?;
    Some(match first.as_str() {
        "public" => second,
        schema => format!("{schema}.{second}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_and_views_are_found_by_their_words() {
        let sql = "
            create table public.Goal (id int);
            CREATE TABLE IF NOT EXISTS \"Open door\" ();
            create unlogged table app.log ();
            create or replace view status as select 1;
            create materialized view heat as select 1;
            create temp table gone ();
            -- create table in_a_comment ();
            comment on table goal is 'create table in_a_string ()';
            create index on goal (id); create function f() returns int language sql as 'select 1';
            create table";
        assert_eq!(
            made_tables(sql),
            ["goal", "Open door", "app.log", "status", "heat"]
        );
    }
}
