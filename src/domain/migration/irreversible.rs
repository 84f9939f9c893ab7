//! Code that does what no rollback undoes, such as setting a sequence or ending a session: the functions that are in the database
//! or that files make, and the tables whose triggers call them.

use crate::domain::lint::calls_irreversible;
use crate::domain::sql::lexer::Token;
use crate::domain::sql::statement_kind::{leading_words, significant};
use serde::Deserialize;
use std::collections::BTreeSet;

/// The function that sets a sequence: it is in force at once, for everybody, and stays (PostgreSQL documentation, 9.17 Sequence
/// Manipulation Functions).
pub const SETVAL: &str = "setval";
/// As much of a statement that holds only rows is read.
const HEAD: usize = 1_000;
/// What changes code and runs none.
const DEFINES: [&str; 5] = ["comment", "drop", "grant", "revoke", "reassign"];

/// Such code, by names in lower case without their schemas: another function of the same name is taken for it too.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Irreversible {
    functions: BTreeSet<String>,
    tables: BTreeSet<String>,
    /// Whether every change of an object calls it.
    is_everywhere: bool,
}

impl Irreversible {
    /// Reads the JSON that the database told.
    pub fn parse(json: Option<&str>) -> Self {
        let mut told: Self = json
            .and_then(|json| serde_json::from_str(json).ok())
            .unwrap_or_default();
        let lower =
            |names: BTreeSet<String>| names.iter().map(|name| name.to_ascii_lowercase()).collect();
        told.functions = lower(told.functions);
        told.tables = lower(told.tables);
        told
    }

    /// Takes what a statement makes, such as a function that sets a sequence. It says whether the statement only defines code: what
    /// stands in its text does not run with it.
    pub fn enter(&mut self, sql: &str) -> bool {
        let words = leading_words(sql, 6);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let words = match words[..] {
            ["create", "or", "replace", ref rest @ ..] | ["create", ref rest @ ..] => rest,
            ["alter", "function" | "procedure" | "routine", ..] => return true,
            [first, ..] => return DEFINES.contains(&first),
            [] => return false,
        };
        match words {
            ["function" | "procedure", ..] => {
                let text = code(sql);
                if let Some(name) = made(sql, &["function", "procedure"])
                    && (calls(&text, SETVAL).next().is_some()
                        || calls_irreversible(sql)
                        || self.function_in(&text).is_some())
                {
                    self.functions.insert(name);
                }
                true
            }
            ["event", "trigger", ..] => {
                self.is_everywhere |= self.function_in(&code(sql)).is_some();
                true
            }
            ["trigger", ..] | ["constraint", "trigger", ..] => {
                if self.function_in(&code(sql)).is_some() {
                    self.tables.extend(made(sql, &["on"]));
                }
                true
            }
            _ => false,
        }
    }

    /// The name of such code that a statement runs, as far as its text tells.
    pub fn reached_by(&self, sql: &str, holds_only_values: bool) -> Option<&str> {
        if self.functions.is_empty() && self.tables.is_empty() {
            return None;
        }
        let sql = if holds_only_values {
            &sql[..sql.floor_char_boundary(HEAD)]
        } else {
            sql
        };
        let first = leading_words(sql, 1);
        let first = first.first().map(String::as_str);
        let defines = matches!(first, Some("create" | "alter" | "drop"));
        if self.is_everywhere && defines {
            return self.functions.iter().next().map(String::as_str);
        }
        let text = code(sql);
        let writes = !defines;
        self.function_in(&text).or_else(|| {
            let mut tables = self.tables.iter().filter(|_| writes);
            let named = tables.find(|table| words(&text, table).next().is_some());
            named.map(String::as_str)
        })
    }

    fn function_in(&self, code: &str) -> Option<&str> {
        let mut functions = self.functions.iter();
        let named = functions.find(|name| calls(code, name).next().is_some());
        named.map(String::as_str)
    }
}

/// The last part of the name behind the first of some words.
fn made(sql: &str, behind: &[&str]) -> Option<String> {
    let mut tokens = significant(sql);
    tokens.find(|token| behind.iter().any(|word| token.is_word(sql, word)))?;
    let mut tokens = tokens.peekable();
    loop {
        let name = tokens.next()?.name(sql)?;
        let is_dot = |token: &Token| token.text(sql) == ".";
        if tokens.next_if(is_dot).is_none() {
            return Some(name.to_ascii_lowercase());
        }
    }
}

/// The text of a statement without its comments, with a space between what stands apart.
pub fn text(sql: &str) -> String {
    let text: Vec<&str> = significant(sql).map(|token| token.text(sql)).collect();
    text.join(" ")
}

fn code(sql: &str) -> String {
    text(sql).to_ascii_lowercase()
}

/// What stands behind each place of a word in a text in lower case.
fn words<'a>(text: &'a str, word: &'a str) -> impl Iterator<Item = &'a str> {
    let is_letter = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices(word).filter_map(move |(at, _)| {
        let rest = &text[at + word.len()..];
        (!text[..at].ends_with(is_letter) && !rest.starts_with(is_letter)).then_some(rest)
    })
}

/// What stands behind each call of a function in a text in lower case, also in a body or a string.
pub fn calls<'a>(text: &'a str, function: &'a str) -> impl Iterator<Item = &'a str> {
    words(text, function).filter_map(|rest| {
        let rest = rest.trim_start_matches('"').trim_start();
        rest.strip_prefix('(')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told() -> Irreversible {
        Irreversible::parse(Some(
            r#"{"functions": ["reset_ids", "Odd"], "tables": ["log"]}"#,
        ))
    }

    #[test]
    fn what_runs_such_code_is_told_from_what_only_names_it() {
        let code = told();
        for sql in [
            "select reset_ids()",
            "select public.\"reset_ids\" ()",
            "do $$ begin perform reset_ids(); end $$",
            "select \"Odd\"(1)",
            "insert into log values (1)",
            "with a as (delete from public.log returning 1) select * from a",
            "truncate other, log",
            "alter table t alter c type int using reset_ids()",
            "create table t as select reset_ids()",
            "call reset_ids()",
        ] {
            assert!(code.reached_by(sql, false).is_some(), "{sql}");
        }
        for sql in [
            "select reset_ids",
            "select my_reset_ids()",
            "select 1 /* reset_ids() */",
            "insert into logs values (1)",
            "alter table log add column a int",
            "create index on log (a)",
        ] {
            assert_eq!(code.reached_by(sql, false), None, "{sql}");
        }
        let rows = format!(
            "insert into t values ('{}'), ('reset_ids()')",
            "é".repeat(600)
        );
        assert_eq!(code.reached_by(&rows, true), None);
        assert!(
            code.reached_by("insert into log values (1)", true)
                .is_some()
        );
        assert_eq!(Irreversible::parse(Some("no")), Irreversible::default());
        assert_eq!(
            Irreversible::default().reached_by("select reset_ids()", false),
            None
        );
    }

    #[test]
    fn files_make_such_code_and_do_not_run_it_by_that() {
        let mut code = Irreversible::default();
        for (sql, defines) in [
            (
                "create function a.back() returns void language sql as 'select setval(''s'', 1)'",
                true,
            ),
            (
                "create or replace procedure \"Up\"() language plpgsql as $$ begin perform a.back(); end $$",
                true,
            ),
            (
                "create function stop() returns void language sql as 'select pg_terminate_backend(1)'",
                true,
            ),
            (
                "create function plain() returns int language sql as 'select 1'",
                true,
            ),
            (
                "create trigger t before insert on public.item for each row execute function back()",
                true,
            ),
            (
                "create constraint trigger t after insert on \"Box\" execute procedure plain()",
                true,
            ),
            ("alter function a.back() owner to b", true),
            ("grant execute on function back() to c", true),
            ("create table t (id int)", false),
            ("select 1", false),
        ] {
            assert_eq!(code.enter(sql), defines, "{sql}");
        }
        for (sql, is_reached) in [
            ("select back()", true),
            ("call up()", true),
            ("select stop()", true),
            ("select plain()", false),
            ("insert into item values (1)", true),
            ("insert into box values (1)", false),
            ("create table u (id int)", false),
        ] {
            assert_eq!(code.reached_by(sql, false).is_some(), is_reached, "{sql}");
        }
        code.enter("create event trigger e on ddl_command_end execute function back()");
        assert!(code.reached_by("create table u (id int)", false).is_some());
    }
}
