//! What a statement leaves in its session and nowhere else. A run that goes on in another session lacks it.

use super::statement_kind::{all_words, leading_words, significant};

/// What a statement leaves in its session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SessionEffect {
    /// A setting, a role or a search path, which the same statement sets again.
    Setting,
    /// Something that cannot be had again without doing the work of the file again, in words.
    Thing(&'static str),
}

/// What a statement leaves in its session, as far as its words tell: a function that it calls may do anything.
pub fn trace(statement: &str) -> Option<SessionEffect> {
    let words = leading_words(statement, 3);
    let word = |at: usize| words.get(at).map(String::as_str).unwrap_or_default();
    match (word(0), word(1)) {
        ("set", "local" | "transaction" | "constraints") => None,
        ("set" | "reset", _) => Some(SessionEffect::Setting),
        ("create", "temp" | "temporary" | "local" | "global") => {
            Some(SessionEffect::Thing("a temporary object"))
        }
        ("create", "or")
            if all_words(statement).any(|word| word == "temp" || word == "temporary") =>
        {
            Some(SessionEffect::Thing("a temporary object"))
        }
        ("create", _) if all_words(statement).any(|word| word == "pg_temp") => {
            Some(SessionEffect::Thing("a temporary object"))
        }
        ("prepare", second) if second != "transaction" => {
            Some(SessionEffect::Thing("a prepared statement"))
        }
        ("load", _) => Some(SessionEffect::Thing("a loaded library")),
        ("declare", _) => Some(SessionEffect::Thing("a cursor")),
        ("discard", _) => Some(SessionEffect::Thing("a cleared session")),
        ("select", _) if all_words(statement).any(|word| word == "set_config") => {
            Some(SessionEffect::Thing("a setting that a function makes"))
        }
        _ => None,
    }
}

/// Whether a statement sets something that lasts as long as its session, and only that: not the role, and nothing of the
/// transaction. `select set_config(…, false)` alone, as dumps write it, is one too.
pub fn lasts(statement: &str) -> bool {
    let words = leading_words(statement, 3);
    let word = |at: usize| words.get(at).map(String::as_str).unwrap_or_default();
    match (word(0), word(1)) {
        ("set", "local" | "transaction" | "constraints") => false,
        ("set" | "reset", "role" | "session_authorization") => false,
        ("set" | "reset", "session") => !matches!(word(2), "authorization" | "role"),
        ("set" | "reset", _) => true,
        ("select", _) => sets_config(statement),
        _ => false,
    }
}

/// `select set_config('name', 'value', false)`, of another name than the role's.
fn sets_config(statement: &str) -> bool {
    let tokens: Vec<String> = significant(statement)
        .map(|token| token.text(statement).to_ascii_lowercase())
        .collect();
    let tokens: Vec<&str> = tokens.iter().map(String::as_str).collect();
    let (["select", "pg_catalog", ".", ref call @ ..] | ["select", ref call @ ..]) = tokens[..]
    else {
        return false;
    };
    matches!(call, ["set_config", "(", name, ",", _, ",", "false", ")"]
        if name.starts_with('\'') && !matches!(*name, "'role'" | "'session_authorization'"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_seed_sets_for_the_next_one_is_told_from_its_role_and_transaction() {
        for sql in [
            "set session_replication_role = 'replica'",
            "-- why\nSET search_path TO app",
            "set time zone 'UTC'",
            "set session characteristics as transaction read only",
            "reset search_path",
            "reset all",
            "SELECT pg_catalog.set_config('search_path', '', false)",
            "select set_config('app.x', 'set role', false)",
        ] {
            assert!(lasts(sql), "{sql}");
        }
        for sql in [
            "set role app",
            "set session role app",
            "SET SESSION AUTHORIZATION app",
            "set session_authorization = app",
            "reset session_authorization",
            "reset role",
            "reset session authorization",
            "set local search_path = a",
            "set transaction read only",
            "set constraints all deferred",
            "select set_config('role', 'app', false)",
            "select set_config('search_path', '', true)",
            "select set_config('search_path', '', false), count(*) from a",
            "select 1",
            "insert into a values ('set')",
            "",
        ] {
            assert!(!lasts(sql), "{sql}");
        }
    }

    #[test]
    fn what_lives_in_the_session_is_seen() {
        for sql in [
            "set search_path = app",
            "-- why\nSET SESSION AUTHORIZATION a",
            "set role app",
            "reset all",
            "set session characteristics as transaction read only",
        ] {
            assert_eq!(trace(sql), Some(SessionEffect::Setting), "{sql}");
        }
        for sql in [
            "create temp table a ()",
            "create local temporary table a ()",
            "create or replace temp view v as select 1",
            "create table pg_temp.a ()",
            "prepare p as select 1",
            "select set_config('role', 'a', false)",
            "load 'auto_explain'",
        ] {
            assert!(matches!(trace(sql), Some(SessionEffect::Thing(_))), "{sql}");
        }
        for sql in [
            "set local role a",
            "set constraints all deferred",
            "prepare transaction 'a'",
            "create table temporary_things ()",
            "create or replace view v as select 1",
            "select 1",
            "",
        ] {
            assert_eq!(trace(sql), None, "{sql}");
        }
    }
}
