//! What is passed over, and what stays the file's own fault.

use super::*;
use crate::domain::problem::Kind;

fn refused(code: &str, why: &str) -> Problem {
    Problem::new(Kind::Database, "Migration x failed.", why).with_code(code)
}

fn lacks(lacking: &mut Lacking, sql: &str, code: &str, why: &str) -> Option<(String, bool)> {
    let reason = lacking.reason(sql, &refused(code, why));
    reason.map(|reason| (reason.lacks, reason.depends))
}

#[test]
fn what_the_server_lacks_is_read_from_its_words() {
    for (sql, code, why, expected) in [
        (
            "create extension vector",
            "0A000",
            "Extension \"vector\" is not available.",
            Some("extension vector"),
        ),
        (
            "create extension if not exists pg_net schema public version '0.7.1'",
            "22023",
            "Extension \"pg_net\" has no installation script nor update path for version \"0.7.1\".",
            Some("extension pg_net"),
        ),
        (
            "create extension dblink",
            "42501",
            "Permission denied to create extension \"dblink\".",
            Some("extension dblink"),
        ),
        // No hosted project may do that either.
        (
            "create extension plpython3u",
            "42501",
            "Permission denied to create extension \"plpython3u\".",
            None,
        ),
        (
            "set transaction_timeout = 0",
            "42704",
            "Unrecognized configuration parameter \"transaction_timeout\".",
            Some("transaction_timeout, a setting of Postgres 17"),
        ),
        (
            "set transaction_timeuot = 0",
            "42704",
            "Unrecognized configuration parameter \"transaction_timeuot\".",
            None,
        ),
        ("select 1/0", "22012", "Division by zero.", None),
        (
            "select * from t",
            "42P01",
            "Relation \"t\" does not exist.",
            None,
        ),
    ] {
        let mut lacking = Lacking::default();
        let found = lacks(&mut lacking, sql, code, why);
        assert_eq!(
            found.as_ref().map(|(lacks, _)| lacks.as_str()),
            expected,
            "{sql}"
        );
        assert!(found.is_none_or(|(_, depends)| !depends), "{sql}");
    }
}

#[test]
fn a_setting_is_the_files_fault_where_the_version_is_the_projects() {
    let mut lacking = Lacking::on(true);
    let why = "Unrecognized configuration parameter \"transaction_timeout\".";
    assert_eq!(
        lacks(&mut lacking, "set transaction_timeout = 0", "42704", why),
        None
    );
}

#[test]
fn what_depends_on_it_is_passed_over_and_nothing_else() {
    let mut lacking = Lacking::default();
    let why = "Extension \"vector\" is not available.";
    lacks(&mut lacking, "create extension vector", "0A000", why).unwrap();
    let why = "Extension \"pg_cron\" is not available.";
    lacks(&mut lacking, "create extension pg_cron", "0A000", why).unwrap();
    for (sql, code, why, expected) in [
        (
            "create table public.item (id int, embedding extensions.vector(3), owner_id int)",
            "42704",
            "Type \"extensions.vector\" does not exist.",
            Some("extension vector"),
        ),
        // What that would have made.
        (
            "create index on public.item using hnsw (embedding vector_l2_ops)",
            "42P01",
            "Relation \"public.item\" does not exist.",
            Some("extension vector"),
        ),
        (
            "create function match(q vector) returns setof item language sql as 'select 1'",
            "42704",
            "Type \"vector\" does not exist.",
            Some("extension vector"),
        ),
        (
            "create function nearest(q vector) returns void language sql as ''",
            "42704",
            "Type vector does not exist.",
            Some("extension vector"),
        ),
        (
            "grant execute on function match to anon",
            "42883",
            "Function match(vector) does not exist.",
            Some("extension vector"),
        ),
        (
            "select cron.schedule('x', '* * * * *', 'select 1')",
            "3F000",
            "Schema \"cron\" does not exist.",
            Some("extension pg_cron"),
        ),
        (
            "drop extension vector",
            "42704",
            "Extension \"vector\" does not exist.",
            Some("extension vector"),
        ),
        // The words of the message are no names, and neither are those of everything.
        (
            "select * from tpyo",
            "42P01",
            "Relation \"public.tpyo\" does not exist.",
            None,
        ),
        (
            "select f(1)",
            "42883",
            "Function f(integer) does not exist.",
            None,
        ),
        (
            "create table t (a nowhere)",
            "42704",
            "Type \"nowhere\" does not exist.",
            None,
        ),
        (
            "insert into item values (1)",
            "23505",
            "Duplicate key in \"item\".",
            None,
        ),
    ] {
        let found = lacks(&mut lacking, sql, code, why);
        assert_eq!(found.map(|(lacks, _)| lacks).as_deref(), expected, "{sql}");
    }
}

#[test]
fn a_column_is_missing_from_its_own_table_only() {
    let mut lacking = Lacking::default();
    let why = "Extension \"vector\" is not available.";
    lacks(&mut lacking, "create extension vector", "0A000", why).unwrap();
    let why = "Type \"vector\" does not exist.";
    let sql = "alter table public.\"Item\" add column title text, add v vector(3), add constraint named check (true)";
    lacks(&mut lacking, sql, "42704", why).unwrap();
    for (sql, why, is_passed) in [
        (
            "create index on \"Item\" (v)",
            "Column \"v\" does not exist.",
            true,
        ),
        (
            "comment on column public.\"Item\".title is ''",
            "Column \"title\" of relation \"Item\" does not exist.",
            true,
        ),
        (
            "create view x as select i.title from public.\"Item\" i",
            "Column i.title does not exist.",
            true,
        ),
        (
            "select title from post",
            "Column \"title\" does not exist.",
            false,
        ),
        (
            "insert into post (title) select 1 from \"Item\"",
            "Column \"title\" of relation \"post\" does not exist.",
            false,
        ),
        (
            "create index on \"Item\" (named)",
            "Column \"named\" does not exist.",
            false,
        ),
    ] {
        let found = lacks(&mut lacking, sql, "42703", why);
        assert_eq!(found.is_some(), is_passed, "{sql}");
    }
}

#[test]
fn what_was_made_since_is_there() {
    let mut lacking = Lacking::default();
    let why = "Extension \"vector\" is not available.";
    lacks(&mut lacking, "create extension vector", "0A000", why).unwrap();
    let why = "Type \"vector\" does not exist.";
    lacks(&mut lacking, "create table item (v vector)", "42704", why).unwrap();
    let absent = "Relation \"item\" does not exist.";
    assert!(lacks(&mut lacking, "select 1 from item", "42P01", absent).is_some());
    lacking.ran("create table public.item (id int)");
    assert_eq!(
        lacks(&mut lacking, "select 1 from item", "42P01", absent),
        None
    );
    lacks(&mut lacking, "alter table item add v vector", "42704", why).unwrap();
    let column = "Column \"v\" of relation \"item\" does not exist.";
    assert!(lacks(&mut lacking, "update item set v = null", "42703", column).is_some());
    lacking.ran("alter table item add column v text");
    assert_eq!(
        lacks(&mut lacking, "update item set v = null", "42703", column),
        None
    );
}

#[test]
fn a_plain_name_is_not_taken_for_one_of_an_extension() {
    let mut lacking = Lacking::default();
    for extension in ["pgtap", "http", "wrappers"] {
        let why = format!("Extension \"{extension}\" is not available.");
        let sql = format!("create extension {extension}");
        lacks(&mut lacking, &sql, "0A000", &why).unwrap();
    }
    for (code, why) in [
        ("42883", "Function is_admin() does not exist."),
        ("42883", "Function has_access(uuid) does not exist."),
        ("42883", "Function stripe_customer(uuid) does not exist."),
        ("42P01", "Relation \"http_log\" does not exist."),
        ("42P01", "Relation \"plans\" does not exist."),
    ] {
        assert_eq!(lacks(&mut lacking, "select 1", code, why), None, "{why}");
    }
    for (code, why) in [
        ("42883", "Function throws_ok(text) does not exist."),
        ("42883", "Function stripe_fdw_handler() does not exist."),
        ("42883", "Function public.http_get(text) does not exist."),
    ] {
        assert!(
            lacks(&mut lacking, "select 1", code, why).is_some(),
            "{why}"
        );
    }
}
