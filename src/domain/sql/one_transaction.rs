//! Which files with COMMITs of their own do the same in one transaction, without those words: a dry run has only one. The text is
//! all that is looked at, so whatever may last until a COMMIT, or may need one, is a reason against it.

use super::execution_mode::{is_marked, runs_alone};
use super::lexer::Kind;
use super::session_effect::lasts;
use super::statement_kind::{leading_words, significant};
use super::transaction::{Control, Shape, control, shape};

/// What is run of such a file in one transaction, in order, by the indices of its statements.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Piece {
    /// The statement.
    Statement(usize),
    /// What the commit checks that this statement is, or that follows it where it runs outside every transaction.
    Commit(usize),
}

/// How many strings and bodies are read that stand inside one another.
const NESTED: usize = 8;

/// The pieces of a file, or why one transaction would differ from its own: a sentence. `None` where the file has no COMMIT of its
/// own, or asks itself to run outside a transaction.
pub fn pieces(text: &str, statements: &[&str]) -> Option<Result<Vec<Piece>, String>> {
    if is_marked(text) {
        return None;
    }
    match shape(statements) {
        Shape::Series { .. } => Some(read(statements, false)),
        Shape::Parted { .. } => Some(read(statements, true)),
        _ => None,
    }
}

/// `is_parted` says whether what stands between two COMMITs is a transaction also without a BEGIN.
fn read(statements: &[&str], is_parted: bool) -> Result<Vec<Piece>, String> {
    let mut pieces = Vec::new();
    let mut has_begun = false;
    let mut is_first = true;
    for (at, sql) in statements.iter().enumerate() {
        if significant(sql).next().is_none() {
            continue;
        }
        let differs = |why: &str| Err(format!("Statement {}: {why}", at + 1));
        match control(sql) {
            Some(Control::Begin { plain: true }) => has_begun = true,
            Some(Control::Commit { plain: true }) => {
                has_begun = false;
                is_first &= pieces.is_empty();
                pieces.push(Piece::Commit(at));
            }
            Some(Control::Begin { plain: false }) => {
                return differs("It begins a transaction in a mode of its own.");
            }
            Some(Control::Commit { plain: false }) => {
                return differs("It begins the next transaction in the mode of the one before.");
            }
            Some(Control::Rollback { .. }) => {
                return differs("It undoes what stands before it in the file.");
            }
            Some(Control::TwoPhase) => return differs("Its transaction outlives the file."),
            None => {
                let is_inside = has_begun || is_parted;
                let later = &statements[at + 1..];
                if let Some(why) = difference(sql, later, is_inside, is_first) {
                    return differs(&why);
                }
                pieces.push(Piece::Statement(at));
                if !is_inside {
                    is_first = false;
                    pieces.push(Piece::Commit(at));
                }
            }
        }
    }
    Ok(pieces)
}

/// Why a statement may do something else where its transaction is the whole file.
fn difference(sql: &str, later: &[&str], is_inside: bool, is_first: bool) -> Option<String> {
    if let Some(what) = runs_alone(sql) {
        return Some(format!("Postgres runs {what} only outside a transaction."));
    }
    let is_mode = sql.to_lowercase().contains("transaction");
    if lasts(sql) && leading_words(sql, 1) == ["select"] && !is_mode {
        return None;
    }
    let mut words = Vec::new();
    let runs_strings = matches!(
        leading_words(sql, 1).first().map(String::as_str),
        Some("do" | "create" | "alter" | "prepare")
    );
    flatten(sql, if runs_strings { 0 } else { NESTED }, &mut words);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let first = words.first().copied().unwrap_or_default();
    let has = |word: &str| words.contains(&word);
    let begins = |start: &str| words.iter().any(|word| word.starts_with(start));
    let pair = |one: &str, two: &str| words.windows(2).any(|pair| *pair == [one, two]);
    let is_definition = DEFINITIONS.contains(&first) && !runs_a_query(&words);
    let why = match first {
        "savepoint" | "release" | "rollback" => {
            "It is about a savepoint, which ends with a COMMIT."
        }
        "declare" => "It opens a cursor, which ends with a COMMIT.",
        "call" => "It calls a procedure, which may commit by itself.",
        "execute" => "It runs what was prepared, which is not read here.",
        _ if pair("on", "commit") => "It makes a temporary table that a COMMIT empties or drops.",
        "do" if has("commit") || has("rollback") => "Its block ends transactions by itself.",
        "lock" if !is_inside => "Postgres runs LOCK TABLE only in a transaction.",
        "copy" if has("freeze") => "It depends on which transaction made the table.",
        _ if pair("set", "local") || has("set_config") => {
            "It sets something for its transaction only."
        }
        _ if pair("set", "constraints") => {
            "It decides for its transaction when constraints are checked."
        }
        _ if pair("set", "transaction")
            || begins("default_transaction_")
            || begins("transaction_isolation")
            || begins("transaction_read_only")
            || begins("transaction_deferrable")
            || begins("transaction_timeout")
            || pair("characteristics", "as") =>
        {
            "It decides how a transaction runs."
        }
        _ if begins("pg_advisory_xact_lock") || begins("pg_try_advisory_xact_lock") => {
            "It takes a lock that ends with a COMMIT."
        }
        _ if has("lo_open") => "It opens a large object, which ends with a COMMIT.",
        _ if has("pg_export_snapshot") => "It hands out what ends with a COMMIT.",
        _ if !is_first && !is_definition && OF_THE_MOMENT.iter().any(|word| has(word)) => {
            "It depends on the time or the number of its transaction."
        }
        _ => "",
    };
    if !why.is_empty() {
        return Some(why.to_owned());
    }
    if pair("add", "value") && may_use(added(sql).as_deref(), later) {
        return Some(
            "A later statement may use the value that it adds to an enum, which Postgres allows only after a COMMIT.".to_owned(),
        );
    }
    if is_definition {
        return None;
    }
    if puts_together(&words) {
        return Some("It runs SQL that is put together, which cannot be read here.".to_owned());
    }
    let called = calls(&words)?;
    Some(format!(
        "It calls {called}, and what a function does may end with a COMMIT."
    ))
}

/// Whether a definition fills what it makes by a query.
fn runs_a_query(words: &[&str]) -> bool {
    const QUERIES: [&str; 4] = ["select", "with", "values", "execute"];
    let makes = |word: &&str| {
        matches!(
            *word,
            "table" | "materialized" | "temp" | "temporary" | "unlogged" | "local" | "global"
        )
    };
    let is_query = |three: &[&str]| {
        three[0] == "as"
            && (QUERIES.contains(&three[1]) || three[1] == "(" && QUERIES.contains(&three[2]))
    };
    words.first() == Some(&"create")
        && words.get(1).is_some_and(makes)
        && words.windows(3).any(is_query)
}

/// The first words of commands that run no functions of others, but for defaults and conditions that they are given.
const DEFINITIONS: [&str; 24] = [
    "create",
    "alter",
    "drop",
    "comment",
    "grant",
    "revoke",
    "truncate",
    "security",
    "reassign",
    "refresh",
    "analyze",
    "reindex",
    "cluster",
    "import",
    "set",
    "reset",
    "show",
    "lock",
    "listen",
    "unlisten",
    "notify",
    "deallocate",
    "discard",
    "load",
];

/// What is another one in each transaction.
const OF_THE_MOMENT: [&str; 12] = [
    "now",
    "current_timestamp",
    "localtimestamp",
    "current_time",
    "localtime",
    "transaction_timestamp",
    "txid_current",
    "txid_current_if_assigned",
    "pg_current_xact_id",
    "pg_current_xact_id_if_assigned",
    "xmin",
    "xmax",
];

/// The tokens of a statement in lower case, names without their quotes; those of its strings and bodies too, each behind a quote.
/// What stands deeper than is read is no SQL that runs, or a single word such as `'now'`.
fn flatten(sql: &str, nested: usize, into: &mut Vec<String>) {
    for token in significant(sql) {
        let text = token.text(sql);
        match token.kind {
            Kind::Text | Kind::DollarText => {
                into.push("'".to_owned());
                let quote = if token.kind == Kind::Text { '\'' } else { '$' };
                let inner = inside(text, quote);
                if nested < NESTED {
                    // In a string each quote stands twice.
                    let plain = inner.replace("''", "'");
                    flatten(&plain, nested + 1, into);
                } else {
                    into.push(inner.to_lowercase());
                }
            }
            Kind::QuotedWord => into.push(text.trim_matches('"').to_lowercase()),
            _ => into.push(text.to_lowercase()),
        }
    }
}

/// What stands in the quotes of a string, or between the tags of a body.
fn inside(text: &str, quote: char) -> &str {
    let Some(open) = text.find(quote) else {
        return "";
    };
    let begin = match quote {
        '$' => text[open + 1..]
            .find('$')
            .map_or(text.len(), |at| open + at + 2),
        _ => open + 1,
    };
    let length = if quote == '$' { begin - open } else { 1 };
    text.get(begin..text.len().saturating_sub(length))
        .unwrap_or_default()
}

/// The value that `ALTER TYPE … ADD VALUE` adds, where it stands there as one plain string.
fn added(sql: &str) -> Option<String> {
    if leading_words(sql, 2) != ["alter", "type"] {
        return None;
    }
    let mut tokens = significant(sql).skip_while(|token| !token.is_word(sql, "value"));
    let value = tokens.find(|token| token.kind == Kind::Text)?.text(sql);
    let value = value.strip_prefix('\'')?.strip_suffix('\'')?;
    (!value.contains('\'')).then(|| value.to_owned())
}

/// Whether statements may use a value of an enum: they name it, or read all values.
fn may_use(value: Option<&str>, later: &[&str]) -> bool {
    let runs = |sql: &&&str| significant(sql).next().is_some() && control(sql).is_none();
    let mut later = later.iter().filter(runs);
    match value {
        None => later.next().is_some(),
        Some(value) => later.any(|sql| {
            ["enum_range", "enum_first", "enum_last", "pg_enum"]
                .iter()
                .any(|word| sql.to_lowercase().contains(word))
                || holds(sql, value)
        }),
    }
}

/// Whether a text holds a value by itself, not as a part of a longer word.
fn holds(sql: &str, value: &str) -> bool {
    let is_word = |one: char| one.is_alphanumeric() || one == '_';
    sql.match_indices(value).any(|(at, _)| {
        !sql[..at].ends_with(is_word) && !sql[at + value.len()..].starts_with(is_word)
    })
}

/// Whether a statement runs a text that is not there to read, but for names and values that `format` puts in.
fn puts_together(words: &[&str]) -> bool {
    let joins = words.iter().any(|word| word.contains("||"));
    let is_code = |pair: &[&str]| pair[0].ends_with('%') && !matches!(pair[1], "i" | "l");
    let has_code = words.windows(2).any(is_code);
    words.iter().enumerate().any(|(at, word)| {
        let next = |ahead: usize| words.get(at + ahead).copied().unwrap_or_default();
        *word == "execute"
            && match next(1) {
                "on" | "function" | "procedure" => false,
                "'" => joins,
                "format" => joins || next(2) != "(" || next(3) != "'" || has_code,
                _ => true,
            }
    })
}

/// The first function that a statement calls and that does not come with Postgres.
fn calls(words: &[&str]) -> Option<String> {
    let is_word =
        |word: &str| word.starts_with(|first: char| first.is_alphabetic() || first == '_');
    let is_index = words.contains(&"index") || words.contains(&"policy");
    (0..words.len()).find_map(|at| {
        let (name, next) = (words[at], words.get(at + 1).copied());
        if next != Some("(") || !is_word(name) {
            return None;
        }
        let mut begin = at;
        while begin >= 2 && words[begin - 1] == "." {
            begin -= 2;
        }
        let is_own = match &words[begin..at] {
            [] => BEFORE_A_BRACKET.contains(&name) || OF_POSTGRES.contains(&name),
            ["pg_catalog", "."] => true,
            _ => false,
        };
        // A name of a table, of an alias or of a query stands before its columns.
        let before = begin.checked_sub(1).map(|before| words[before]);
        let is_name = match before {
            Some(
                "copy" | "into" | "table" | "references" | "exists" | "as" | "with" | "recursive"
                | ")",
            ) => true,
            Some("on") => is_index,
            _ => false,
        };
        (!is_own && !is_name).then(|| words[begin..=at].concat())
    })
}

/// Words of SQL and PL/pgSQL, and types, behind which a bracket is no call.
const BEFORE_A_BRACKET: [&str; 71] = [
    "all",
    "and",
    "any",
    "array",
    "as",
    "between",
    "bit",
    "by",
    "case",
    "cast",
    "char",
    "character",
    "check",
    "conflict",
    "copy",
    "cube",
    "decimal",
    "default",
    "distinct",
    "else",
    "elsif",
    "enum",
    "except",
    "exists",
    "filter",
    "from",
    "having",
    "identity",
    "if",
    "ilike",
    "in",
    "include",
    "intersect",
    "interval",
    "is",
    "key",
    "lateral",
    "like",
    "limit",
    "not",
    "numeric",
    "offset",
    "on",
    "only",
    "or",
    "over",
    "partition",
    "perform",
    "precision",
    "return",
    "returning",
    "rollup",
    "row",
    "select",
    "set",
    "sets",
    "some",
    "then",
    "time",
    "timestamp",
    "timestamptz",
    "union",
    "unique",
    "using",
    "values",
    "varchar",
    "varying",
    "when",
    "where",
    "while",
    "within",
];

/// Functions of Postgres that leave nothing behind, and those of keywords.
const OF_POSTGRES: [&str; 94] = [
    "abs",
    "age",
    "array_agg",
    "array_append",
    "array_length",
    "array_remove",
    "array_to_string",
    "avg",
    "bool_and",
    "bool_or",
    "btrim",
    "cardinality",
    "ceil",
    "clock_timestamp",
    "coalesce",
    "concat",
    "concat_ws",
    "count",
    "current_database",
    "current_schema",
    "current_setting",
    "currval",
    "date_part",
    "date_trunc",
    "decode",
    "dense_rank",
    "encode",
    "extract",
    "first_value",
    "floor",
    "format",
    "gen_random_uuid",
    "generate_series",
    "greatest",
    "has_schema_privilege",
    "has_table_privilege",
    "json_agg",
    "json_build_object",
    "jsonb_agg",
    "jsonb_array_elements",
    "jsonb_array_elements_text",
    "jsonb_array_length",
    "jsonb_build_array",
    "jsonb_build_object",
    "jsonb_each",
    "jsonb_object_agg",
    "jsonb_set",
    "jsonb_typeof",
    "lag",
    "last_value",
    "lastval",
    "lead",
    "least",
    "left",
    "length",
    "lower",
    "lpad",
    "ltrim",
    "make_date",
    "make_interval",
    "max",
    "md5",
    "min",
    "mod",
    "nextval",
    "now",
    "nullif",
    "pg_get_serial_sequence",
    "quote_ident",
    "quote_literal",
    "random",
    "rank",
    "regexp_match",
    "regexp_replace",
    "repeat",
    "replace",
    "right",
    "round",
    "row_number",
    "row_to_json",
    "rpad",
    "rtrim",
    "split_part",
    "string_agg",
    "string_to_array",
    "substr",
    "substring",
    "sum",
    "to_char",
    "to_jsonb",
    "to_regclass",
    "trim",
    "unnest",
    "upper",
];

#[cfg(test)]
mod tests {
    use super::super::split::statements;
    use super::*;

    fn of(text: &str) -> Option<Result<Vec<Piece>, String>> {
        let statements = statements(text);
        let texts: Vec<&str> = statements.iter().map(String::as_str).collect();
        pieces(text, &texts)
    }

    #[test]
    fn a_file_without_commits_of_its_own_has_no_pieces() {
        for text in [
            "create table a ()",
            "begin; create table a (); commit",
            "create table a (); commit",
            "-- supadeck: no-transaction\ncreate table a (); commit; create table b ()",
        ] {
            assert_eq!(of(text), None, "{text}");
        }
    }

    #[test]
    fn the_words_are_left_out_and_each_commit_is_kept_as_a_check() {
        let parted = of("create table a (); commit; -- then\ncreate table b ();").unwrap();
        assert_eq!(
            parted.unwrap(),
            [Piece::Statement(0), Piece::Commit(1), Piece::Statement(2)]
        );
        // What runs outside its transactions is committed by itself.
        let series = of(
            "begin; create table a (); end; create table b (); start transaction; drop table b; commit work",
        );
        assert_eq!(
            series.unwrap().unwrap(),
            [
                Piece::Statement(1),
                Piece::Commit(2),
                Piece::Statement(3),
                Piece::Commit(3),
                Piece::Statement(5),
                Piece::Commit(6)
            ]
        );
    }

    #[test]
    fn what_one_transaction_does_otherwise_is_told() {
        for (text, why) in [
            ("begin; select 1; rollback; select 2", "undoes"),
            (
                "begin isolation level serializable; select 1; commit",
                "mode of its own",
            ),
            (
                "begin; select 1; commit and chain; select 2; commit",
                "mode of the one before",
            ),
            (
                "set local search_path = app; commit; select 1",
                "for its transaction only",
            ),
            (
                "select set_config('a.b', 'c', true); commit; select 1",
                "for its transaction only",
            ),
            (
                "do $$ begin perform set_config('a.b', 'c', true); end $$; commit; select 1",
                "for its transaction only",
            ),
            (
                "create function f() returns void language sql as 'set local a.b = 1'; commit; select 1",
                "for its transaction only",
            ),
            (
                "set constraints all deferred; commit; select 1",
                "constraints are checked",
            ),
            (
                "set transaction read only; commit; select 1",
                "how a transaction runs",
            ),
            (
                "set default_transaction_read_only = on; commit; select 1",
                "how a transaction runs",
            ),
            (
                "create temp table a () on commit drop; commit; select 1",
                "empties or drops",
            ),
            (
                "do $$ begin execute 'create temp table a () on commit drop'; end $$; commit; select 1",
                "empties or drops",
            ),
            ("savepoint a; commit; select 1", "savepoint"),
            ("declare c cursor for select 1; commit; select 1", "cursor"),
            (
                "select pg_advisory_xact_lock(1); commit; select 1",
                "a lock that ends",
            ),
            (
                "alter type mood add value 'b'; commit; create table a (m mood default 'b')",
                "only after a COMMIT",
            ),
            (
                "do $$ begin alter type mood add value 'b'; end $$; commit; create table a ()",
                "only after a COMMIT",
            ),
            (
                "alter type mood add value 'b'; commit; select enum_range(null::mood)",
                "only after a COMMIT",
            ),
            (
                "create table a (); commit; create index concurrently i on a (b)",
                "only outside a transaction",
            ),
            ("call p(); commit; select 1", "procedure"),
            (
                "do $$ begin insert into a values (1); commit; end $$; begin; select 1; commit",
                "by itself",
            ),
            ("lock table a; begin; select 1; commit", "LOCK TABLE"),
            (
                "create table a (b int); commit; copy a from '/x' with (freeze)",
                "made the table",
            ),
            (
                "insert into a values (1); commit; delete from a where b < now()",
                "time or the number",
            ),
            (
                "select 1; commit; update a set b = 'now'",
                "time or the number",
            ),
            (
                "select app.tenant('x'); commit; select 1",
                "calls app.tenant",
            ),
            (
                "do $$ begin perform f(); end $$; commit; select 1",
                "calls f",
            ),
            (
                "insert into a select g(x) from b; commit; select 1",
                "calls g",
            ),
            (
                "do $$ begin execute 'set ' || x; end $$; commit; select 1",
                "put together",
            ),
            (
                "do $$ begin execute format('%s', x); end $$; commit; select 1",
                "put together",
            ),
            (
                "do $$ begin execute x; end $$; commit; select 1",
                "put together",
            ),
            ("prepare q as select f(1); commit; select 1", "calls f"),
            ("create table b as select f(1); commit; select 1", "calls f"),
            ("copy (select f(1)) to '/x'; commit; select 1", "calls f"),
            (
                "select 1; commit; create materialized view b as (select now())",
                "time or the number",
            ),
            (
                "select set_config('default_transaction_read_only', 'on', false); commit; select 1",
                "for its transaction only",
            ),
        ] {
            let found = of(text).unwrap().expect_err(text);
            assert!(found.contains(why), "{text}: {found}");
        }
    }

    #[test]
    fn what_one_transaction_does_as_well_is_run() {
        for text in [
            "insert into a (b, c) values (1, 'Acme (Ltd), set local'), (2, now()); commit; create table c (at timestamptz default now())",
            "alter type mood add value 'b'; commit; create table a ()",
            "do $$ begin if not exists (select 1 from pg_type where typname = 'x') then create type x as enum ('a'); end if; exception when duplicate_object then null; end $$; commit; select 1",
            "select pg_catalog.set_config('search_path', '', false); commit; set search_path = app; create table a ()",
            "create table a (b int references c deferrable initially deferred); commit; with n (x) as (select max(b) from a) insert into a select x from n on conflict (b) do nothing",
            "do $$ begin execute format('alter table %I.%I add b int', 'app', 'a'); end $$; commit; select count(*) from generate_series(1, 3) g(i)",
            "copy a (b, c) from '/x'; commit; create table d (at timestamptz generated always as (b) stored)",
            "create temp table kept as select 1; commit; insert into a select * from kept",
            "begin; grant execute on function f() to anon; commit; create policy p on a using (app.is_mine(b))",
        ] {
            assert!(of(text).unwrap().is_ok(), "{text}: {:?}", of(text));
        }
    }
}
