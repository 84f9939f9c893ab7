//! What reaches programs, files and servers outside the database.

use super::{Level, assess, check};
use crate::domain::lint::rule;

#[test]
fn copy_on_the_server_is_told_from_copy_on_the_client() {
    check(&[
        ("copy a from program 'x'", &["runs-program"]),
        (
            "COPY a (b, c) TO PROGRAM 'x' WITH (format csv)",
            &["runs-program"],
        ),
        ("copy (select 1) to program $$x$$", &["runs-program"]),
        ("copy a from '/etc/passwd' with csv", &["reads-server-file"]),
        ("copy a from E'\\x2fx' where b > 1", &["reads-server-file"]),
        ("copy (select 1) to '/tmp/x'", &["writes-server-file"]),
        ("copy a from 'stdin'", &["reads-server-file"]),
        ("copy a to stdout", &[]),
        ("copy a from stdin with csv header", &[]),
    ]);
}

#[test]
fn functions_that_leave_the_database_are_found_wherever_they_are_called() {
    check(&[
        ("select pg_read_file('x')", &["reads-server-file"]),
        (
            "select * from pg_catalog.pg_ls_dir('/') as f(name) where name > ''",
            &["reads-server-file"],
        ),
        ("select (pg_stat_file('x')).size", &["reads-server-file"]),
        (
            "select \"pg_read_binary_file\"('x')",
            &["reads-server-file"],
        ),
        (
            "select U&\"lo\\005Fexport\"(1, 'x')",
            &["writes-server-file"],
        ),
        (
            "insert into a select lo_import('/etc/passwd')",
            &["reads-server-file"],
        ),
        ("select lo_export(1, '/tmp/x')", &["writes-server-file"]),
        (
            "select pg_file_write('x', 'y', false)",
            &["writes-server-file"],
        ),
        ("select dblink('a', 'b')", &["calls-other-server"]),
        (
            "select * from extensions.dblink('a', 'b') as t (x int)",
            &["calls-other-server"],
        ),
        ("call dblink_exec('a')", &["calls-other-server"]),
        (
            "select extensions.http_post('http://a', '{}', 'b')",
            &["calls-other-server"],
        ),
        ("select net.http_post(url := 'http://a')", &[]),
        ("select lo_from_bytea(0, 'x'), lo_get(1), lo_unlink(1)", &[]),
        ("select pg_read_files_of_mine('x')", &[]),
        ("select pg_terminate_backend(1)", &["acts-at-once"]),
        (
            "do $$ begin perform pg_catalog.pg_drop_replication_slot('a'); end $$",
            &["acts-at-once"],
        ),
        (
            "select pg_stat_reset_single_table_counters(1)",
            &["acts-at-once"],
        ),
        (
            "select pg_stat_get_xact_tuples_updated(1), pg_sleep(1)",
            &[],
        ),
    ]);
}

#[test]
fn ways_out_that_are_opened_are_found() {
    check(&[
        ("grant pg_execute_server_program to a", &["server-role"]),
        (
            "grant \"pg_read_server_files\", auditor to a",
            &["server-role", "grant-role"],
        ),
        (
            "grant pg_write_server_files to a with admin option",
            &["server-role", "grant-option"],
        ),
        ("revoke pg_write_server_files from a", &[]),
        (
            "create role a in role pg_write_server_files",
            &["server-role"],
        ),
        (
            "create user a password 'x' in group b, pg_read_server_files",
            &["server-role"],
        ),
        (
            "create group a in role pg_execute_server_program",
            &["server-role"],
        ),
        (
            "alter group pg_execute_server_program add user a",
            &["server-role"],
        ),
        ("alter group pg_execute_server_program drop user a", &[]),
        ("alter group friends add user a", &[]),
        ("create role a in role auditor", &[]),
        (
            "grant execute on function pg_catalog.pg_read_file(text) to a",
            &["server-role"],
        ),
        (
            "grant execute on routine lo_export(oid, text) to a",
            &["server-role"],
        ),
        ("create extension plpython3u", &["outside-extension"]),
        (
            "create extension if not exists \"dblink\" with schema extensions",
            &["outside-extension"],
        ),
        ("create extension postgres_fdw", &["outside-extension"]),
        ("create extension pgcrypto", &[]),
        ("create extension plperl", &[]),
        ("create extension pg_net", &[]),
        ("create or replace language plperlu", &["outside-extension"]),
        (
            "create server s foreign data wrapper w options (host 'x')",
            &["outside-extension"],
        ),
        (
            "create foreign table a (b text) server s options (program 'x')",
            &["runs-program"],
        ),
        (
            "create foreign table a (b text) server s options (filename '/x')",
            &["reads-server-file"],
        ),
        (
            "import foreign schema a from server s into b",
            &["calls-other-server"],
        ),
        ("load '/tmp/x.so'", &["runs-program"]),
        ("load 'auto_explain'", &[]),
    ]);
    let found = assess("alter system set archive_command = 'x'");
    assert_eq!(found.level(), Level::OutsideDatabase);
}

#[test]
fn untrusted_languages_are_worse_than_foreign_ones() {
    check(&[
        ("do language plpython3u $$ pass $$", &["untrusted-language"]),
        ("do $$ x $$ language 'plperlu'", &["untrusted-language"]),
        ("do $$ x $$ language \"plsh\"", &["untrusted-language"]),
        (
            "create function f() returns int language plpython3u as $$ x $$",
            &["untrusted-language"],
        ),
        (
            "create function f() returns int as $$ x $$ language 'PLPythonU'",
            &["untrusted-language"],
        ),
        (
            "create procedure f() language pltclu as $$ x $$",
            &["untrusted-language"],
        ),
        (
            "create function f() returns int language plperl as $$ x $$",
            &["foreign-language"],
        ),
        (
            "create function f() returns int language plv8 as $$ x $$",
            &["foreign-language"],
        ),
    ]);
}

#[test]
fn bodies_and_strings_are_looked_into() {
    check(&[
        (
            "do $$ begin execute 'grant pg_execute_server_program to ' || current_user; end $$",
            &["server-role", "dynamic-sql"],
        ),
        (
            "do $$ begin copy (select 1) to program 'x'; end $$",
            &["runs-program"],
        ),
        (
            "do $$ begin perform pg_read_file('x'); end $$",
            &["reads-server-file"],
        ),
        (
            "do $$ declare a text; begin a := lo_export(1, 'x'); end $$",
            &["writes-server-file"],
        ),
        (
            "do $$ begin execute 'co' || 'py a to pro' || 'gram ''x'''; end $$",
            &["runs-program"],
        ),
        (
            "do $$ begin execute format('copy %I from program %L', 'a', 'x'); end $$",
            &["runs-program"],
        ),
        (
            "create function f() returns void language sql as 'select pg_read_file(''x'')'",
            &["reads-server-file"],
        ),
        (
            "create function f() returns trigger language plpgsql as $$ begin copy a to program 'x'; return new; end $$",
            &["runs-program"],
        ),
        (
            "create function f() returns text begin atomic select pg_read_file('x'); end",
            &["reads-server-file"],
        ),
        (
            "prepare p as select pg_read_file('x')",
            &["reads-server-file"],
        ),
        (
            "create view private.v as select * from pg_ls_dir('/')",
            &["reads-server-file"],
        ),
    ]);
    // What cannot be read is suspected by its words.
    for (sql, expected) in [
        (
            "do $$ begin execute 'copy a to program ' || command; end $$",
            "runs-program",
        ),
        (
            "do $$ declare q text := 'lo_export'; begin execute q; end $$",
            "writes-server-file",
        ),
        ("copi a from program 'pg_write_server_files'", "server-role"),
        (
            "do language plv8 $$ plv8.execute('select dblink_exec(1)') $$",
            "calls-other-server",
        ),
    ] {
        let found = assess(sql);
        assert!(
            found.findings().any(|finding| finding.rule == expected),
            "{sql}: {found:?}"
        );
        assert_eq!(found.level(), Level::OutsideDatabase, "{sql}");
    }
    let later =
        assess("create function f() returns void language sql as 'select lo_export(1, ''x'')'");
    let finding = later.findings().next().unwrap();
    assert!(
        finding.reason.starts_with("When the function is called: "),
        "{finding:?}"
    );
    // Words alone are no call.
    check(&[
        (
            "comment on table a is 'lo_export, dblink and pg_execute_server_program'",
            &[],
        ),
        ("insert into a values ('copy program')", &[]),
    ]);
}

#[test]
fn the_level_is_the_highest_and_a_rollback_does_not_undo_most_of_it() {
    assert_eq!(Level::ALL.into_iter().max(), Some(Level::OutsideDatabase));
    for (sql, stays) in [
        ("copy a from program 'x'", true),
        ("copy a to '/tmp/x'", true),
        ("select lo_export(1, 'x')", true),
        ("select dblink_exec('a', 'b')", true),
        ("select pg_reload_conf()", true),
        ("do language plpython3u $$ pass $$", true),
        (
            "-- supadeck:allow runs-program it is ours\ncopy a from program 'x'",
            true,
        ),
        (
            "create function f() returns void language sql as 'select lo_export(1, ''x'')'",
            true,
        ),
        ("copy a from '/tmp/x'", false),
        ("select pg_read_file('x')", false),
        ("grant pg_execute_server_program to a", false),
        ("create extension dblink", false),
        ("drop table a", false),
    ] {
        assert_eq!(assess(sql).stays().is_some(), stays, "{sql}");
    }
    let outside = rule::all()
        .into_iter()
        .filter(|rule| rule.level == Level::OutsideDatabase);
    assert!(outside.count() >= 7);
}
