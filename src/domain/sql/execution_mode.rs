//! Finds what cannot run as one transaction of supadeck, before anything runs: each with its place and what to do.

use super::lexer::Kind;
use super::split::{Statement, split, unclosed};
use super::statement_kind::{all_words, leading_words, outer_words, significant};
use super::transaction::{Control, Shape, control, shape};

/// A reason not to run a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Byte offset of the place in the file.
    pub at: usize,
    /// What is wrong, a sentence.
    pub why: String,
    /// What the author can do about it.
    pub remedy: Remedy,
}

/// What the author of a refused file can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Remedy {
    /// The text itself is wrong.
    Mend(&'static str),
    /// The file is fine and has to run outside a transaction.
    RunAlone,
}

/// The first line of a file that says so itself.
const NO_TRANSACTION: &str = "-- supadeck: no-transaction";

/// How a file can run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExecutionMode {
    /// In one transaction of supadeck.
    Transaction,
    /// Only statement by statement outside a transaction, for this reason.
    Alone(Refusal),
}

/// How a file can run, or the first reason why it cannot run in any way.
pub fn execution_mode(sql: &str) -> Result<ExecutionMode, Refusal> {
    let statements = split(sql);
    if let Some(fault) = text_fault(sql, &statements) {
        return Err(fault);
    }
    let control = transaction_fault(sql, &statements);
    if let Some(fault) = &control
        && fault.remedy != Remedy::RunAlone
    {
        return Err(fault.clone());
    }
    let Some(why) = marked(sql).or(control).or_else(|| alone(sql, &statements)) else {
        return Ok(ExecutionMode::Transaction);
    };
    match mixed(sql, &statements) {
        Some(fault) => Err(fault),
        None => Ok(ExecutionMode::Alone(why)),
    }
}

/// What cannot be done even statement by statement: inside a `BEGIN` … `COMMIT` of the file's own.
fn mixed(sql: &str, statements: &[Statement]) -> Option<Refusal> {
    let mut is_open = false;
    statements.iter().find_map(|statement| {
        let text = statement.text(sql);
        let (why, hint) = match control(text) {
            Some(Control::Begin { .. }) => {
                is_open = true;
                return None;
            }
            Some(Control::Commit { plain: false }) => (
                "COMMIT AND CHAIN leaves no place to go on from after a failure.".to_owned(),
                "Write COMMIT and BEGIN as two statements.",
            ),
            Some(Control::Rollback { plain: false }) => (
                "ROLLBACK AND CHAIN leaves no place to go on from after a failure.".to_owned(),
                "Write ROLLBACK and BEGIN as two statements.",
            ),
            Some(_) => {
                is_open = false;
                return None;
            }
            None if is_open => (
                format!(
                    "Postgres runs {} only outside a transaction, and a BEGIN stands before it.",
                    runs_alone(text)?
                ),
                "Move it out of the BEGIN … COMMIT.",
            ),
            None => return None,
        };
        let first = significant(text).next()?;
        Some(Refusal {
            at: statement.range.start + first.start,
            why,
            remedy: Remedy::Mend(hint),
        })
    })
}

/// The first reason why a file cannot run in one transaction, in the order of the file where it matters.
pub fn refusal(sql: &str) -> Option<Refusal> {
    let statements = split(sql);
    text_fault(sql, &statements)
        .or_else(|| marked(sql))
        .or_else(|| transaction_fault(sql, &statements))
        .or_else(|| alone(sql, &statements))
}

/// What is wrong with the text as such: it can be sent to no server in any way.
fn text_fault(sql: &str, statements: &[Statement]) -> Option<Refusal> {
    let mend = |at: usize, why: String, hint| Refusal {
        at,
        why,
        remedy: Remedy::Mend(hint),
    };
    if let Some(at) = sql.find('\0') {
        return Some(mend(
            at,
            "A NUL byte is in the text, which Postgres cannot take.".into(),
            "Remove it.",
        ));
    }
    if let Some(open) = unclosed(sql) {
        let what = match open.kind {
            Kind::BlockComment => "comment",
            Kind::QuotedWord => "quoted identifier",
            Kind::DollarText => "dollar-quoted string",
            _ => "string",
        };
        return Some(mend(
            open.at,
            format!("A {what} begins here and never ends."),
            "Close it.",
        ));
    }
    statements.iter().find_map(|statement| {
        let text = statement.text(sql);
        let first = significant(text).next()?;
        let at = statement.range.start + first.start;
        if first.kind == Kind::Other && first.text(text) == "\\" {
            if let Some(why) = restriction(sql, at) {
                return Some(mend(at, why, "Remove both lines."));
            }
            return Some(mend(
                at,
                "A backslash command of psql is not SQL.".into(),
                "Remove the line; only seeds understand `\\set`.",
            ));
        }
        if let Some(setting) = rereads(text) {
            return Some(mend(
                at,
                format!("It sets {setting}, by which the server reads everything behind it differently from how it is shown and recorded."),
                "Remove it: files are UTF-8, and a backslash is only a backslash in strings without E.",
            ));
        }
        let direction = copy_stream(text)?;
        let hint = "Move the rows into a seed file, where the data is streamed, or write INSERT statements.";
        Some(mend(
            at,
            format!("COPY {direction} needs a stream beside the statements."),
            hint,
        ))
    })
}

/// Why a dump is refused that newer versions of pg_dump put between `\restrict` and `\unrestrict`.
fn restriction(sql: &str, at: usize) -> Option<String> {
    const OPENS: &str = "\\restrict ";
    const CLOSES: &str = "\\unrestrict ";
    let key = sql[at..].strip_prefix(OPENS)?.lines().next()?.trim();
    let line = |at| super::position::place(sql, at).line;
    let end = sql.match_indices(CLOSES).map(|(end, _)| end);
    let end = end.filter(|end| sql[end + CLOSES.len()..].trim_start().starts_with(key));
    let lines = match end.last() {
        Some(end) => format!("lines {} and {}", line(at), line(end)),
        None => format!("line {}", line(at)),
    };
    Some(format!(
        "`\\restrict` and `\\unrestrict` ({lines}) are commands of psql, which newer versions of pg_dump write around a dump."
    ))
}

/// The setting by which a statement has the server read text in another way.
fn rereads(statement: &str) -> Option<&'static str> {
    let mut tokens = significant(statement).map(|token| token.text(statement).to_ascii_lowercase());
    if tokens.next()? != "set" {
        return None;
    }
    let mut name = tokens.next()?;
    if matches!(name.as_str(), "session" | "local") {
        name = tokens.next()?;
    }
    let mut value = tokens.next()?;
    if matches!(value.as_str(), "=" | "to") {
        value = tokens.next()?;
    }
    let value = value.trim_matches(['\'', '"']);
    match name.trim_matches('"') {
        "names" | "client_encoding" => (!matches!(value, "utf8" | "utf-8" | "unicode" | "default"))
            .then_some("client_encoding"),
        "standard_conforming_strings" => {
            (!matches!(value, "on" | "true" | "yes" | "1" | "default"))
                .then_some("standard_conforming_strings")
        }
        _ => None,
    }
}

/// `FROM STDIN` or `TO STDOUT`, when the statement is a `COPY` of that kind.
pub fn copy_stream(statement: &str) -> Option<&'static str> {
    if leading_words(statement, 1) != ["copy"] {
        return None;
    }
    outer_words(statement)
        .windows(2)
        .find_map(|pair| match (pair[0].as_str(), pair[1].as_str()) {
            ("from", "stdin") => Some("FROM STDIN"),
            ("to", "stdout") => Some("TO STDOUT"),
            _ => None,
        })
}

/// Whether a file asks itself to run outside a transaction.
pub fn is_marked(sql: &str) -> bool {
    let first = sql.lines().next().unwrap_or_default();
    let first = first.trim_start_matches('\u{feff}').trim();
    first.eq_ignore_ascii_case(NO_TRANSACTION)
}

fn marked(sql: &str) -> Option<Refusal> {
    is_marked(sql).then(|| Refusal {
        at: 0,
        why: "The file asks to run outside a transaction.".into(),
        remedy: Remedy::RunAlone,
    })
}

fn transaction_fault(sql: &str, statements: &[Statement]) -> Option<Refusal> {
    let at = |index: usize| {
        let range = &statements[index].range;
        let text = &sql[range.clone()];
        range.start + significant(text).next().map_or(0, |token| token.start)
    };
    let texts: Vec<&str> = statements
        .iter()
        .map(|statement| statement.text(sql))
        .collect();
    match shape(&texts) {
        Shape::Plain | Shape::Wrapped { .. } => None,
        Shape::Parted { first } => Some(Refusal {
            at: at(first),
            why: format!(
                "The COMMIT on line {} has no BEGIN: it ends what stands before it, and what follows is a transaction of its own.",
                super::position::place(sql, at(first)).line
            ),
            remedy: Remedy::RunAlone,
        }),
        Shape::Series { first } => Some(Refusal {
            at: at(first),
            why: "The file controls transactions of its own, other than one BEGIN … COMMIT around everything.".into(),
            remedy: Remedy::RunAlone,
        }),
        Shape::Broken { at: index, why } => Some(Refusal {
            at: at(index),
            why: why.into(),
            remedy: Remedy::Mend(
                "Remove it: supadeck runs every file in a transaction. One BEGIN … COMMIT around the whole file is fine too.",
            ),
        }),
    }
}

/// Statements that Postgres refuses inside a transaction block (`PreventInTransactionBlock` in its source).
fn alone(sql: &str, statements: &[Statement]) -> Option<Refusal> {
    statements.iter().find_map(|statement| {
        let text = statement.text(sql);
        let what = runs_alone(text)?;
        let first = significant(text).next()?;
        Some(Refusal {
            at: statement.range.start + first.start,
            why: format!("Postgres runs {what} only outside a transaction."),
            remedy: Remedy::RunAlone,
        })
    })
}

/// Whether a statement waits for others without blocking them, and leaves something behind when it gives up.
pub fn is_concurrent(statement: &str) -> bool {
    runs_alone(statement).is_some_and(|what| what.ends_with("CONCURRENTLY"))
}

/// What a statement is, in words, when Postgres refuses it inside a transaction block.
pub fn runs_alone(statement: &str) -> Option<&'static str> {
    let words = leading_words(statement, 6);
    let word = |at: usize| words.get(at).map(String::as_str).unwrap_or_default();
    let outer = |at: usize| {
        outer_words(statement)
            .into_iter()
            .nth(at)
            .unwrap_or_default()
    };
    let anywhere = |wanted: &str| all_words(statement).any(|word| word == wanted);
    Some(match (word(0), word(1), word(2)) {
        ("create", "index", "concurrently") => "CREATE INDEX CONCURRENTLY",
        ("create", "unique", "index") if word(3) == "concurrently" => "CREATE INDEX CONCURRENTLY",
        ("drop", "index", "concurrently") => "DROP INDEX CONCURRENTLY",
        ("reindex", ..) if anywhere("concurrently") => "REINDEX CONCURRENTLY",
        ("reindex", ..) if matches!(outer(1).as_str(), "database" | "schema" | "system") => {
            "REINDEX of more than one table"
        }
        ("vacuum", ..) => "VACUUM",
        ("cluster", ..)
            if outer_words(statement)
                .iter()
                .all(|word| word == "cluster" || word == "verbose") =>
        {
            "CLUSTER of all tables"
        }
        ("alter", "system", _) => "ALTER SYSTEM",
        ("create", "database", _) => "CREATE DATABASE",
        ("drop", "database", _) => "DROP DATABASE",
        ("create", "tablespace", _) => "CREATE TABLESPACE",
        ("drop", "tablespace", _) => "DROP TABLESPACE",
        ("alter", "database", _) if has_pair(statement, ["set", "tablespace"]) => {
            "ALTER DATABASE SET TABLESPACE"
        }
        ("alter", "table", _)
            if has_pair(statement, ["detach", "partition"])
                && outer_words(statement)
                    .last()
                    .is_some_and(|last| last == "concurrently") =>
        {
            "DETACH PARTITION CONCURRENTLY"
        }
        ("discard", "all", _) => "DISCARD ALL",
        ("create", "subscription", _) if !anywhere("create_slot") && !anywhere("connect") => {
            "CREATE SUBSCRIPTION with a replication slot"
        }
        _ => return None,
    })
}

fn has_pair(statement: &str, wanted: [&str; 2]) -> bool {
    outer_words(statement).windows(2).any(|pair| pair == wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn why(sql: &str) -> Option<(usize, String)> {
        refusal(sql).map(|refusal| (refusal.at, refusal.why))
    }

    #[test]
    fn ordinary_files_are_not_refused() {
        for sql in [
            "",
            "create table a (b text default 'copy x from stdin');",
            "create index on a (b); reindex table a; drop index i; cluster a using i;",
            "comment on table a is 'vacuum'; select concurrently from t; refresh materialized view concurrently v;",
            "begin; create table a(); commit;",
            "copy a from '/tmp/x'; alter database d set work_mem = '1MB'; discard temp;",
            "create subscription s connection 'x' publication p with (connect = false);",
        ] {
            assert_eq!(why(sql), None, "{sql}");
        }
    }

    #[test]
    fn what_postgres_refuses_in_a_transaction_is_found_with_its_place() {
        for sql in [
            "create /* x */ unique index Concurrently i on a (b)",
            "create index concurrently on a (b)",
            "drop index concurrently if exists i",
            "reindex (verbose, concurrently) table a",
            "reindex schema public",
            "vacuum (analyze) a",
            "cluster",
            "alter system set work_mem = '1MB'",
            "create database d",
            "drop database d",
            "create tablespace t location '/x'",
            "alter database d set tablespace t",
            "alter table a detach partition b concurrently",
            "discard all",
            "create subscription s connection 'x' publication p",
        ] {
            let file = format!("select 1;\n-- c\n{sql};\n");
            let found = refusal(&file);
            assert_eq!(
                found.as_ref().map(|found| (found.at, found.remedy)),
                Some((15, Remedy::RunAlone)),
                "{sql}: {found:?}"
            );
        }
    }

    #[test]
    fn the_lines_that_pg_dump_writes_for_psql_are_both_named() {
        let text = "-- Dumped\n\n\\restrict aB3\n\nset x = 1;\n\n\\unrestrict aB3\n";
        let found = refusal(text);
        assert!(
            matches!(&found, Some(Refusal { why, remedy: Remedy::Mend("Remove both lines."), .. })
                if why.contains("(lines 3 and 7)") && why.contains("pg_dump")),
            "{found:?}"
        );
        let found = refusal("\\restrict aB3\nselect 1;\n");
        assert!(matches!(&found, Some(Refusal { why, .. }) if why.contains("(line 1)")));
        let found = refusal("\\connect x\nselect 1;\n");
        assert!(matches!(&found, Some(Refusal { why, .. }) if !why.contains("restrict")));
    }

    #[test]
    fn broken_text_is_found_with_its_place() {
        for (sql, at) in [
            ("select 'a", 7),
            ("select 1; /* /* */", 10),
            ("select $x$ $y$", 7),
            ("select \"a", 7),
            ("select E'a\\'", 7),
            ("select 1;\n\\restrict x\n", 10),
            ("select 1; copy a (b) from stdin; ", 10),
            ("copy (select 1) to STDOUT", 0),
            ("select 1\0", 8),
            ("select 1; begin; select 2", 10),
        ] {
            let found = refusal(sql);
            assert!(
                matches!(&found, Some(Refusal { at: here, remedy: Remedy::Mend(_), .. }) if *here == at),
                "{sql}: {found:?}"
            );
        }
    }

    #[test]
    fn the_marker_counts_on_the_first_line_only() {
        assert!(refusal("-- supadeck: no-transaction\nselect 1").is_some());
        assert!(refusal("select 1;\n-- supadeck: no-transaction").is_none());
    }
}
