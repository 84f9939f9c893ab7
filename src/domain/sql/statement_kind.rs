//! What kind of command a statement is: its first words, and the tag Postgres answers with.

use super::lexer::{Kind, Token, tokens};

/// The tokens of a statement that mean something to the server.
pub fn significant(statement: &str) -> impl Iterator<Item = Token> + '_ {
    tokens(statement).filter(|token| !token.is_blank())
}

/// The first words of a statement in lower case, up to the first token that is no unquoted word, at most `most`.
pub fn leading_words(statement: &str, most: usize) -> Vec<String> {
    significant(statement)
        .take(most)
        .take_while(|token| token.kind == Kind::Word)
        .map(|token| token.text(statement).to_ascii_lowercase())
        .collect()
}

/// Every word of a statement that is not quoted, in lower case.
pub fn all_words(statement: &str) -> impl Iterator<Item = String> + '_ {
    significant(statement)
        .filter(|token| token.kind == Kind::Word)
        .map(|token| token.text(statement).to_ascii_lowercase())
}

/// A word as Postgres writes it: in lower case, and in quotes only where it needs them.
fn folded(word: &str) -> String {
    let is_plain = |name: &str| {
        name.bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
            && name.starts_with(|first: char| !first.is_ascii_digit())
    };
    match word
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'))
    {
        Some(name) if is_plain(name) => name.to_owned(),
        Some(_) => word.to_owned(),
        None => word.to_ascii_lowercase(),
    }
}

/// The name, as Postgres writes it, of the index that a statement makes unless there is one of that name, valid or not.
pub fn index_unless_there(statement: &str) -> Option<String> {
    let mut tokens = significant(statement).map(|token| token.text(statement));
    let mut next = || tokens.next().map(folded);
    if next()? != "create" {
        return None;
    }
    let mut word = next()?;
    if word == "unique" {
        word = next()?;
    }
    if word != "index" {
        return None;
    }
    word = next()?;
    if word == "concurrently" {
        word = next()?;
    }
    if word != "if" {
        return None;
    }
    // NOT EXISTS
    next()?;
    next()?;
    next()
}

/// Whether a statement's text says that it changes the migration history: a command other than a query that names the table,
/// or a block of code that names it beside a command that writes. `is_in_path` says whether the search path may lead to it,
/// so that its name alone is enough.
pub fn history_write(statement: &str, is_in_path: bool) -> bool {
    const TABLE: [&str; 3] = ["supabase_migrations", ".", "schema_migrations"];
    const WRITES: [&str; 8] = [
        "insert", "update", "delete", "truncate", "copy", "alter", "drop", "merge",
    ];
    let tokens: Vec<(Kind, String)> = significant(statement)
        .map(|token| {
            let text = token.text(statement);
            (token.kind, text.trim_matches('"').to_ascii_lowercase())
        })
        .collect();
    let is_word = |word: &&str| WRITES.contains(word);
    let is_named = |at: usize| {
        let is_qualified = at > 0 && tokens[at - 1].1 == ".";
        tokens[at].1 == TABLE[2] && is_in_path && !is_qualified
    };
    let names = tokens
        .windows(3)
        .any(|three| three.iter().map(|(_, text)| text.as_str()).eq(TABLE))
        || (0..tokens.len()).any(is_named);
    if names && tokens.iter().any(|(_, text)| is_word(&text.as_str())) {
        return true;
    }
    tokens.iter().any(|(kind, text)| {
        *kind == Kind::DollarText
            && (is_in_path || text.contains(TABLE[0]))
            && text.contains(TABLE[2])
            && text
                .split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
                .any(|word| is_word(&word))
    })
}

/// Whether a statement may put the schema of the history into the search path.
pub fn opens_history(statement: &str) -> bool {
    let text = statement.to_ascii_lowercase();
    text.contains("search_path") && text.contains("supabase_migrations")
}

/// The words of a statement outside parentheses, in lower case.
pub fn outer_words(statement: &str) -> Vec<String> {
    let mut depth = 0_usize;
    let mut words = Vec::new();
    for token in significant(statement) {
        match token.kind {
            Kind::Open => depth += 1,
            Kind::Close => depth = depth.saturating_sub(1),
            Kind::Word if depth == 0 => words.push(token.text(statement).to_ascii_lowercase()),
            _ => {}
        }
    }
    words
}

/// The tag that Postgres answers a statement with, such as `INSERT 0 3`, as far as its words and the row count tell.
pub fn tag(statement: &str, rows: u64) -> String {
    let words = outer_words(statement);
    let first = words.first().map(String::as_str).unwrap_or_default();
    let verb = if first == "with" {
        words
            .iter()
            .map(String::as_str)
            .find(|word| matches!(*word, "select" | "insert" | "update" | "delete" | "merge"))
            .unwrap_or("select")
    } else {
        first
    };
    match verb {
        "insert" => format!("INSERT 0 {rows}"),
        "update" | "delete" | "merge" | "select" | "copy" | "fetch" | "move" => {
            format!("{} {rows}", verb.to_ascii_uppercase())
        }
        "values" | "table" => format!("SELECT {rows}"),
        "create" | "alter" | "drop" => object_tag(&words),
        _ => words
            .iter()
            .take(1)
            .map(|word| word.to_ascii_uppercase())
            .collect(),
    }
}

/// Whether a statement with this tag inserts, updates or deletes rows.
pub fn changes_rows(tag: &str) -> bool {
    ["INSERT", "UPDATE", "DELETE", "MERGE", "COPY"]
        .iter()
        .any(|verb| tag.starts_with(verb))
}

/// `CREATE TABLE`, `CREATE INDEX`, `DROP POLICY` and so on: the words between that only modify are left out.
fn object_tag(words: &[String]) -> String {
    let verb = words[0].to_ascii_uppercase();
    let object = words[1..].iter().find(|word| {
        !matches!(
            word.as_str(),
            "or" | "replace"
                | "unique"
                | "temp"
                | "temporary"
                | "unlogged"
                | "global"
                | "local"
                | "recursive"
                | "constraint"
                | "foreign"
                | "event"
                | "procedural"
                | "trusted"
        )
    });
    match object {
        Some(object) => format!("{verb} {}", object.to_ascii_uppercase()),
        None => verb,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_write_of_the_history_is_seen_by_its_names() {
        let full = "delete from supabase_migrations.schema_migrations";
        let short = "delete from schema_migrations where version = '1'";
        let block = "do $$ begin update schema_migrations set name = 'x'; end $$";
        assert!(history_write(full, false) && history_write(full, true));
        assert!(history_write(short, true) && !history_write(short, false));
        assert!(history_write(block, true) && !history_write(block, false));
        assert!(history_write(
            "merge into Supabase_Migrations.\"schema_migrations\" m using x on true when matched then do nothing",
            false
        ));
        for other in [
            "select * from schema_migrations",
            "delete from app.schema_migrations",
            "delete from t where a = 'schema_migrations'",
        ] {
            assert!(!history_write(other, true), "{other}");
        }
        assert!(opens_history("SET search_path = supabase_migrations"));
        assert!(opens_history(
            "select set_config('search_path', 'supabase_migrations, public', false)"
        ));
        assert!(!opens_history("set search_path = public"));
    }

    #[test]
    fn tags_are_those_of_the_server() {
        assert_eq!(tag("insert into t values (1)", 3), "INSERT 0 3");
        assert_eq!(tag("/* x */ UPDATE t set a = 1", 2), "UPDATE 2");
        assert_eq!(tag("with a as (select 1) delete from t", 1), "DELETE 1");
        assert_eq!(
            tag("create or replace view v as select 1", 0),
            "CREATE VIEW"
        );
        assert_eq!(tag("create unique index i on t (a)", 0), "CREATE INDEX");
        assert_eq!(tag("truncate t", 0), "TRUNCATE");
        assert_eq!(tag("copy t from stdin", 7), "COPY 7");
        assert_eq!(tag("", 0), "");
    }

    #[test]
    fn an_index_that_is_made_unless_it_is_there_is_named() {
        for (sql, name) in [
            ("create index i on t (a)", None),
            (
                "CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS Cust on t (a)",
                Some("cust"),
            ),
            ("create index if not exists \"cust\" on t (a)", Some("cust")),
            (
                "create index concurrently if not exists \"Cust 1\" on t (a)",
                Some("\"Cust 1\""),
            ),
            ("create index on t (a)", None),
            ("drop index i", None),
            ("create table t ()", None),
        ] {
            assert_eq!(index_unless_there(sql).as_deref(), name, "{sql}");
        }
    }

    #[test]
    fn leading_words_stop_at_what_is_no_word() {
        assert_eq!(leading_words("-- x\nCreate \"t\" (a)", 3), ["create"]);
        assert_eq!(
            leading_words("drop index concurrently i", 2),
            ["drop", "index"]
        );
    }
}
