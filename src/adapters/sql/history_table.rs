//! The SQL of the tables in schema `supabase_migrations`: the history and the seed files, which are the Supabase
//! CLI's, and supadeck's journal. Text goes in between dollar quotes, which mean the same under every setting.

use crate::domain::migration::history::{Row, Stored};
use crate::domain::migration::limit::Timeout;
use crate::domain::migration::owner::Owned;
use crate::domain::script::{Failure, INTERRUPTED, Record};

/// Key of the advisory lock that every runner takes: the bytes of `supadeck`.
pub(in crate::adapters) const LOCK: i64 = 0x7375_7061_6465_636b;
/// Key of the lock under which the tables are made, so that nobody waits for a runner only to find them there.
const MAKING_LOCK: i64 = LOCK + 1;

/// The digest of a row's statements, as [`digest`](crate::domain::migration::history::digest) makes it: `$` is their text with
/// separators.
macro_rules! digest_of {
    ($text:literal) => {
        concat!(
            "pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(pg_catalog.replace(pg_catalog.replace(",
            $text,
            ", pg_catalog.chr(13) || pg_catalog.chr(10), pg_catalog.chr(10)), pg_catalog.chr(13), pg_catalog.chr(10)), 'UTF8')), 'hex')"
        )
    };
}

/// The digest of the column `statements`.
pub(in crate::adapters) const STATEMENTS_DIGEST: &str =
    digest_of!("pg_catalog.array_to_string(statements, pg_catalog.chr(30))");

/// The history with digests of the statements. Fails where a table of an older tool lacks a column.
pub(in crate::adapters) const HISTORY: &str = concat!(
    "select version, name, ",
    digest_of!("pg_catalog.array_to_string(statements, pg_catalog.chr(30))"),
    " from supabase_migrations.schema_migrations order by version collate \"C\""
);

/// The history of an older tool, whatever columns it has.
pub(in crate::adapters) const OLD_HISTORY: &str = concat!(
    "select pg_catalog.to_jsonb(m) ->> 'version', pg_catalog.to_jsonb(m) ->> 'name', \
    case pg_catalog.jsonb_typeof(pg_catalog.to_jsonb(m) -> 'statements') when 'array' then ",
    digest_of!(
        "coalesce((select pg_catalog.string_agg(value, pg_catalog.chr(30) order by ordinality) \
        from pg_catalog.jsonb_array_elements_text(pg_catalog.to_jsonb(m) -> 'statements') with ordinality), '')"
    ),
    " end from supabase_migrations.schema_migrations m order by pg_catalog.to_jsonb(m) ->> 'version' collate \"C\""
);

/// Who is connected to what.
pub(in crate::adapters) const WHO: &str = "select current_user, pg_catalog.current_database()";

/// What the database is recognised by: its cluster's identifier and its own number there. A server may refuse to tell.
pub(in crate::adapters) const MARK: &str = "(select (select s.system_identifier from pg_catalog.pg_control_system() s) || '/' || d.oid \
    from pg_catalog.pg_database d where d.datname = pg_catalog.current_database())";

/// What a server says that does not tell [`MARK`].
pub(in crate::adapters) const NO_MARK: &[&str] = &["42501", "42883", "0A000"];

/// The statement timeout that a session begins with and whose it is, as JSON; null where there is none. The value is the one
/// that `reset` would give, because the questions of ours have limits of their own.
pub(in crate::adapters) const TIMEOUT: &str = "(select pg_catalog.json_build_object('ms', s.reset_val::pg_catalog.int8, 'role', session_user, \
    'database', pg_catalog.current_database(), 'of', coalesce((select case when d.setrole = 0 and d.setdatabase = 0 then 'all' \
    when d.setrole = 0 then 'database' when d.setdatabase = 0 then 'role' else 'both' end \
    from pg_catalog.pg_db_role_setting d where (d.setrole = 0 or d.setrole = (select r.oid from pg_catalog.pg_roles r where r.rolname = session_user)) \
    and (d.setdatabase = 0 or d.setdatabase = (select b.oid from pg_catalog.pg_database b where b.datname = pg_catalog.current_database())) \
    and exists (select from pg_catalog.unnest(d.setconfig) c where pg_catalog.starts_with(c, 'statement_timeout=')) \
    order by d.setrole = 0, d.setdatabase = 0 limit 1), 'server'))::pg_catalog.text \
    from pg_catalog.pg_settings s where s.name = 'statement_timeout' and s.reset_val <> '0')";

/// Reads what [`TIMEOUT`] gave. `by_url` says that the URL's own options set one.
pub(in crate::adapters) fn timeout(json: Option<&str>, by_url: bool) -> Option<Timeout> {
    let value: serde_json::Value = serde_json::from_str(json?).ok()?;
    let text = |name: &str| {
        crate::domain::text::cell(value[name].as_str().unwrap_or_default()).into_owned()
    };
    let (role, database) = (text("role"), text("database"));
    let of = match value["of"].as_str()? {
        _ if by_url => "this connection by the database URL".to_owned(),
        "both" => format!("role {role} in database {database}"),
        "role" => format!("role {role}"),
        "database" => format!("database {database}"),
        "all" => "all roles".to_owned(),
        _ => "the server, or by the way to it".to_owned(),
    };
    Some(Timeout {
        ms: value["ms"].as_u64()?,
        of,
    })
}

/// What is called so, with its schema, its owner, and whether nobody can be that owner.
pub(in crate::adapters) fn owners(name: &str) -> String {
    format!(
        "select o.schema, o.name, r.rolname, not r.rolcanlogin and not r.rolsuper and not exists (select from pg_catalog.pg_auth_members m where m.roleid = r.oid) \
        from (select n.nspname::pg_catalog.text as schema, c.relname::pg_catalog.text as name, c.relowner as owner \
        from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace \
        union select n.nspname, p.proname, p.proowner from pg_catalog.pg_proc p join pg_catalog.pg_namespace n on n.oid = p.pronamespace \
        union select n.nspname, t.typname, t.typowner from pg_catalog.pg_type t join pg_catalog.pg_namespace n on n.oid = t.typnamespace where t.typrelid = 0 \
        union select null, n.nspname, n.nspowner from pg_catalog.pg_namespace n) o \
        join pg_catalog.pg_roles r on r.oid = o.owner where o.name = {} limit 50",
        dollar(name)
    )
}

/// Reads a row of [`owners`].
pub(in crate::adapters) fn owned(row: Vec<Option<String>>) -> Option<Owned> {
    let mut cells = row.into_iter();
    let schema = cells.next()?;
    Some(Owned {
        schema,
        name: cells.next()??,
        owner: cells.next()??,
        is_out_of_reach: matches!(cells.next()??.as_str(), "t" | "true"),
    })
}

/// The seed files.
pub(in crate::adapters) const SEEDS: &str =
    "select path, hash from supabase_migrations.seed_files order by path collate \"C\"";

/// Which of the tables there are, whether their schema is there, and the history's columns with their types.
pub(in crate::adapters) const PRESENT: &str = "select \
    pg_catalog.to_regnamespace('supabase_migrations') is not null, \
    pg_catalog.to_regclass('supabase_migrations.seed_files') is not null, \
    pg_catalog.to_regclass('supabase_migrations.supadeck_journal') is not null, \
    exists (select from pg_catalog.pg_attribute where attrelid = pg_catalog.to_regclass('supabase_migrations.supadeck_journal') \
    and attname = 'invalid_before' and not attisdropped), \
    (select pg_catalog.string_agg(attname || ':' || pg_catalog.format_type(atttypid, null), ',') \
    from pg_catalog.pg_attribute where attrelid = pg_catalog.to_regclass('supabase_migrations.schema_migrations') \
    and attnum > 0 and not attisdropped)";

/// What [`PRESENT`] found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::adapters) struct InstalledTables {
    schema: bool,
    seeds: bool,
    pub(in crate::adapters) journal: bool,
    /// Whether the journal has places for the positions of runs outside a transaction.
    pub(in crate::adapters) positions: bool,
    /// Columns of the history as `name:type`; none without a table.
    columns: Vec<String>,
}

impl InstalledTables {
    pub(in crate::adapters) fn of(rows: &[Vec<Option<String>>]) -> Self {
        let cell = |at: usize| {
            rows.first()
                .and_then(|row| row.get(at))
                .and_then(Option::as_deref)
                .unwrap_or_default()
        };
        Self {
            schema: cell(0) == "t",
            seeds: cell(1) == "t",
            journal: cell(2) == "t",
            positions: cell(3) == "t",
            columns: cell(4)
                .split(',')
                .filter(|column| !column.is_empty())
                .map(str::to_owned)
                .collect(),
        }
    }

    /// SQL that makes what is missing of the CLI's own tables, in one transaction; nothing when all is there.
    pub(in crate::adapters) fn missing(&self) -> Option<String> {
        let has = |column: &str| {
            self.columns
                .iter()
                .any(|own| own.split(':').next() == Some(column))
        };
        let mut sql = Vec::new();
        if !self.schema {
            sql.push("create schema if not exists supabase_migrations");
        }
        if self.columns.is_empty() {
            sql.push("create table if not exists supabase_migrations.schema_migrations (version text not null primary key)");
        }
        if !has("statements") {
            sql.push("alter table supabase_migrations.schema_migrations add column if not exists statements text[]");
        }
        if !has("name") {
            sql.push("alter table supabase_migrations.schema_migrations add column if not exists name text");
        }
        if !self.seeds {
            sql.push("create table if not exists supabase_migrations.seed_files (path text not null primary key, hash text not null)");
        }
        (!sql.is_empty()).then(|| in_ddl_lock(&sql.join("; ")))
    }

    /// How the history stores the way back, when it has a column for it that fits.
    pub(in crate::adapters) fn rollback(&self) -> Option<RollbackColumn> {
        self.columns
            .iter()
            .find_map(|column| match column.as_str() {
                "rollback:text[]" => Some(RollbackColumn::Array),
                "rollback:text" => Some(RollbackColumn::Text),
                _ => None,
            })
    }
}

/// The type of the history's `rollback` column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::adapters) enum RollbackColumn {
    /// `text[]`
    Array,
    /// `text`
    Text,
}

/// SQL in a transaction of its own, under the lock for making tables.
pub(in crate::adapters) fn in_ddl_lock(sql: &str) -> String {
    format!(
        "begin isolation level read committed read write; set local lock_timeout = '4s'; set local statement_timeout = '20s'; \
        select pg_catalog.pg_advisory_xact_lock({MAKING_LOCK}); set local client_min_messages = warning; {sql}; commit"
    )
}

/// Who runs, for the journal: never more than names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::adapters) struct Operator {
    pub(in crate::adapters) user: String,
    pub(in crate::adapters) host: String,
}

impl Operator {
    /// The user of the operating system, and the machine's name.
    pub(in crate::adapters) fn here() -> Self {
        let unknown = |_| "unknown".to_owned();
        Self {
            user: whoami::username().unwrap_or_else(unknown),
            host: whoami::hostname().unwrap_or_else(unknown),
        }
    }

    /// Somebody, as the role of the connection.
    pub(in crate::adapters) fn who(&self) -> String {
        format!("{} || ' as ' || session_user", dollar(&self.user))
    }
}

/// The journal's line of a script that is about to be committed.
pub(in crate::adapters) fn journal_done(
    record: &Record,
    sha256: &str,
    runner: &Operator,
) -> String {
    let (version, direction) = record.names();
    journal(version, direction, Some(sha256), runner)
}

/// A line of the journal that is written with what it tells. Several transactions of one message begin at the same time by
/// Postgres' clock, so a line begins where the one before it ended.
pub(in crate::adapters) fn journal(
    version: &str,
    direction: &str,
    sha256: Option<&str>,
    runner: &Operator,
) -> String {
    format!(
        "insert into supabase_migrations.supadeck_journal(version, direction, sha256, who, host, started, finished, outcome) \
        values ({}, '{direction}', {}, {}, {}, greatest(pg_catalog.now(), \
        (select finished from supabase_migrations.supadeck_journal order by id desc limit 1)), pg_catalog.clock_timestamp(), 'done')",
        dollar(version),
        sha256.map_or_else(|| "null".to_owned(), dollar),
        runner.who(),
        dollar(&runner.host),
    )
}

/// The journal's line of a failed run, written afterwards.
pub(in crate::adapters) fn journal_failed(failure: &Failure, runner: &Operator) -> String {
    if failure.outcome == INTERRUPTED {
        return super::journal::close_orphan(failure);
    }
    let direction = failure.direction.verb();
    format!(
        "insert into supabase_migrations.supadeck_journal(version, direction, sha256, who, host, started, finished, outcome, failing_statement, error) \
        values ({}, '{direction}', {}, {}, {}, pg_catalog.clock_timestamp() - interval '{} milliseconds', pg_catalog.clock_timestamp(), '{}', {}, {})",
        dollar(&failure.version),
        dollar(&failure.sha256),
        runner.who(),
        dollar(&runner.host),
        failure.took.as_millis(),
        failure.outcome,
        failure
            .statement
            .map_or_else(|| "null".to_owned(), |statement| statement.to_string()),
        dollar(&failure.error),
    )
}

/// The full rows of some versions, whatever columns the table has.
pub(in crate::adapters) fn stored(versions: &[String]) -> String {
    format!(
        "select version::text, pg_catalog.to_jsonb(m) ->> 'name', pg_catalog.to_jsonb(m) -> 'statements', pg_catalog.to_jsonb(m) -> 'rollback' \
        from supabase_migrations.schema_migrations m where version::text = any ({}) order by version::text collate \"C\"",
        array(versions.iter().map(String::as_str))
    )
}

/// Reads a row of [`HISTORY`].
pub(in crate::adapters) fn history_row(row: Vec<Option<String>>) -> Row {
    let mut cells = row.into_iter();
    let mut cell = || cells.next().flatten();
    Row {
        version: cell().unwrap_or_default(),
        name: cell(),
        digest: cell(),
    }
}

/// Reads a row of [`stored`].
pub(in crate::adapters) fn stored_row(row: Vec<Option<String>>) -> Stored {
    let mut cells = row.into_iter();
    let mut cell = || cells.next().flatten();
    Stored {
        version: cell().unwrap_or_default(),
        name: cell(),
        statements: cell().as_deref().and_then(pieces),
        rollback: cell().as_deref().and_then(pieces),
    }
}

/// A JSON array of strings, or one string.
fn pieces(json: &str) -> Option<Vec<String>> {
    match serde_json::from_str(json).ok()? {
        serde_json::Value::String(text) => Some(vec![text]),
        serde_json::Value::Array(values) => values
            .into_iter()
            .map(|value| value.as_str().map(str::to_owned))
            .collect(),
        _ => None,
    }
}

/// An array of text.
pub(in crate::adapters) fn array<'a>(pieces: impl IntoIterator<Item = &'a str>) -> String {
    let quoted: Vec<String> = pieces.into_iter().map(dollar).collect();
    format!("array[{}]::pg_catalog.text[]", quoted.join(","))
}

/// A block of PL/pgSQL. What it quotes itself is quoted once more with the block.
pub(in crate::adapters) fn block(body: &str) -> String {
    format!("do {}", dollar(body))
}

/// Text between dollar quotes whose tag is not in it. A text that ends in a dollar sign needs no care: the tag's own
/// first dollar follows, and no tag is shorter than the whole of it.
pub(in crate::adapters) fn dollar(text: &str) -> String {
    let mut tag = "$sd$".to_owned();
    let mut number = 0_u32;
    // The closing quote must be the first place where the tag occurs, also across the end of the text.
    while format!("{text}{tag}").find(&tag) != Some(text.len()) {
        number += 1;
        tag = format!("$sd{number}$");
    }
    format!("{tag}{text}{tag}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn only_what_is_missing_is_made() {
        let cell = |text: &str| Some(text.to_owned());
        let all = vec![vec![
            cell("t"),
            cell("t"),
            cell("t"),
            cell("t"),
            cell("version:text,statements:text[],name:text,rollback:text[]"),
        ]];
        let present = InstalledTables::of(&all);
        assert_eq!(present.missing(), None);
        assert_eq!(present.rollback(), Some(RollbackColumn::Array));
        let old = vec![vec![
            cell("t"),
            cell("t"),
            cell("f"),
            cell("f"),
            cell("version:text,rollback:integer"),
        ]];
        let present = InstalledTables::of(&old);
        let made = present.missing().unwrap_or_default();
        assert!(
            made.contains("statements text[]") && !made.contains("create schema"),
            "{made}"
        );
        assert_eq!(present.rollback(), None);
        assert!(
            InstalledTables::of(&[vec![cell("f"), cell("f"), cell("f"), cell("f"), None]])
                .missing()
                .is_some()
        );
    }

    proptest! {
        #[test]
        fn a_dollar_quote_holds_any_text(text in "[$sd0-9a' ;]{0,24}") {
            let quoted = dollar(&text);
            let tokens: Vec<_> = crate::domain::sql::lexer::tokens(&quoted).collect();
            prop_assert_eq!(tokens.len(), 1);
            prop_assert!(tokens[0].closed);
            prop_assert!(quoted.contains(&text));
        }
    }
}
