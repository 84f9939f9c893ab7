//! The SQL that changes the history without running a migration, each change with its line in the journal.

use super::codes::HISTORY_CHANGED;
use super::history_row::record;
use super::history_table::STATEMENTS_DIGEST;
use super::journal::{Operator, journal};
use super::quote::{array, block, dollar};
use crate::domain::migration::history::Row;
use crate::domain::script::{Change, Record};

/// One change. It fails when the history is not what the change takes it for.
pub(in crate::adapters) fn sql(change: &Change, runner: &Operator, has_journal: bool) -> String {
    let (sql, lines) = match change {
        Change::Apply {
            version,
            name,
            statements,
            sha256,
        } => (
            format!(
                "insert into supabase_migrations.schema_migrations(version, name, statements) values ({}, {}, {}) \
                on conflict (version) do update set name = excluded.name, statements = excluded.statements",
                dollar(version),
                dollar(name),
                array(statements.iter())
            ),
            vec![journal(version, "repair_applied", Some(sha256), runner)],
        ),
        Change::Revert { version } => (
            record(
                &Record::RolledBack {
                    version: version.clone(),
                },
                None,
            ),
            vec![journal(version, "repair_reverted", None, runner)],
        ),
        Change::Rename {
            from,
            version,
            name,
        } => (
            rename(from, version, name),
            vec![
                journal(from, "repair_reverted", None, runner),
                journal(version, "repair_renamed", None, runner),
            ],
        ),
        Change::Settle { version } => return super::journal::settled(version, runner),
        Change::Expect { version, row } => (assert_row(version, row.as_ref()), Vec::new()),
    };
    if has_journal && !lines.is_empty() {
        format!("{sql}; {}", lines.join("; "))
    } else {
        sql
    }
}

fn rename(from: &str, version: &str, name: &str) -> String {
    block(&format!(
        "begin if exists (select 1 from supabase_migrations.schema_migrations where version = {to}) then {raise} end if; \
        update supabase_migrations.schema_migrations set version = {to}, name = {} where version = {}; \
        if not found then {raise} end if; end",
        dollar(name),
        dollar(from),
        to = dollar(version),
        raise = raise(),
    ))
}

fn assert_row(version: &str, row: Option<&Row>) -> String {
    let version = dollar(version);
    let condition = match row {
        None => format!(
            "exists (select 1 from supabase_migrations.schema_migrations where version = {version})"
        ),
        Some(row) => format!(
            "not exists (select 1 from supabase_migrations.schema_migrations where version = {version} \
            and name is not distinct from {} and {STATEMENTS_DIGEST} is not distinct from {})",
            text(row.name.as_deref()),
            text(row.digest.as_deref()),
        ),
    };
    block(&format!(
        "begin if {condition} then {} end if; end",
        raise()
    ))
}

fn raise() -> String {
    format!(
        "raise exception 'supadeck: the history is not as it was shown' using errcode = '{HISTORY_CHANGED}';"
    )
}

fn text(value: Option<&str>) -> String {
    value.map_or_else(|| "null".to_owned(), dollar)
}
