//! Statements inside blocks, functions, rules and strings.

use super::{assess, check};

#[test]
fn blocks_run_with_the_migration() {
    check(&[
        (
            "do $$ begin if true then drop table a; end if; end $$",
            &["drop-table"],
        ),
        (
            "do language plpgsql $$ begin for r in select 1 loop delete from a; end loop; end $$",
            &["delete-without-where"],
        ),
        (
            "do $$ begin select 1 into b from a; perform f(); end $$",
            &[],
        ),
        (
            "do $$ begin alter table a rename column b to c; end $$",
            &["rename-column"],
        ),
        (
            "do $$ begin create table private.a (); drop table private.a; end $$",
            &["drop-table"],
        ),
        (
            "do $$ begin begin truncate a; exception when others then null; end; end $$",
            &["truncate"],
        ),
        (
            "do $a$ begin do $b$ begin truncate a; end $b$; end $a$",
            &["truncate"],
        ),
        (
            "do $$ declare declare a int; declare b int; begin drop table a; end $$",
            &["drop-table"],
        ),
        ("do language plv8 $$ x $$", &["foreign-language"]),
        ("do $$ begin drop tabel a; end $$", &["unreadable"]),
    ]);
}

#[test]
fn a_body_that_is_put_in_at_run_time_is_a_value() {
    check(&[
        (
            "do $$ begin execute format('create function f() returns int language plpgsql as %L', body); end $$",
            &[],
        ),
        (
            "do $$ begin execute format('create or replace function %I.f() returns int as %L language sql', s, body); end $$",
            &[],
        ),
        (
            "do $$ begin execute 'create procedure p() language plpgsql as ' || quote_literal(body); end $$",
            &[],
        ),
        (
            "do $$ begin execute format('do %L', body); end $$",
            &["dynamic-sql"],
        ),
    ]);
}

#[test]
fn functions_hold_nobody_up_until_they_are_called() {
    check(&[
        (
            "create function f() returns void language plpgsql as $$ begin delete from a; alter table a add column b int; end $$",
            &["delete-without-where"],
        ),
        (
            "create function f() returns void language sql as $$ select 1; truncate a $$",
            &["truncate"],
        ),
        (
            "create function f() returns void language sql as 'alter policy p on a using (b)'",
            &["alter-policy"],
        ),
        (
            "create function f() returns void begin atomic delete from a; end",
            &["delete-without-where"],
        ),
        ("create function f() returns int language sql return 1", &[]),
        (
            "create procedure f() language plpgsql as $$ begin update a set b = 1 where c; commit; end $$",
            &[],
        ),
        (
            "create function f() returns int language c as 'x', 'y'",
            &["untrusted-language"],
        ),
        (
            "create function f() returns trigger language plpgsql as $$ begin new.a := 1; return new; end $$",
            &[],
        ),
        (
            "create rule r as on insert to a do instead delete from b",
            &["blocks-readers", "delete-without-where"],
        ),
        ("prepare p as delete from a", &["delete-without-where"]),
        (
            "create function f() returns void language plpgsql as $$ begin create table a (); end $$",
            &["table-without-rls"],
        ),
    ]);
    let found =
        assess("create function f() returns void language plpgsql as $$ begin truncate a; end $$");
    let finding = found.findings().next().unwrap();
    assert!(finding.reason.starts_with("When the function is called: "));
    assert!(found.locks().is_empty());
}

#[test]
fn strings_are_read_as_far_as_the_text_tells() {
    check(&[
        (
            "do $$ begin execute 'drop table a'; end $$",
            &["drop-table"],
        ),
        (
            "do $$ begin execute 'select 1; ' || 'truncate ' || quote_ident(x); end $$",
            &["truncate"],
        ),
        (
            "do $$ begin execute format('alter table %I.%I disable row level security', s, t); end $$",
            &["disable-rls", "blocks-readers"],
        ),
        (
            "do $$ begin execute format('insert into %1$I values (%2$L, ''100%%'')', s, t); end $$",
            &[],
        ),
        (
            "do $$ begin execute format('grant %s on %I to b', s, t); end $$",
            &["dynamic-sql"],
        ),
        (
            "do $$ begin execute format('drop table %s', s); end $$",
            &["dynamic-sql", "drop-table"],
        ),
        ("do $$ begin execute q; end $$", &["dynamic-sql"]),
        (
            "do $$ begin execute 'drop tabel a'; end $$",
            &["unreadable"],
        ),
        (
            "do $$ begin for r in execute q using 1 loop end loop; end $$",
            &["dynamic-sql"],
        ),
        (
            "create function f() returns setof a language plpgsql as $$ begin return query execute q; end $$",
            &["dynamic-sql"],
        ),
        (
            "do $$ declare c refcursor; begin open c for execute q; end $$",
            &["dynamic-sql"],
        ),
        ("do $$ begin execute 'execute q'; end $$", &[]),
    ]);
}

#[test]
fn what_cannot_be_read_is_dangerous_with_its_place() {
    check(&[
        (
            "select 1; alter table a frobnicate; select 2",
            &["unreadable"],
        ),
        ("select 'a", &["unreadable"]),
        ("\\connect x", &["unreadable"]),
        (
            "create function f() returns int language sql as 'selec 1'",
            &["unreadable"],
        ),
        (
            "create function f() returns int language plpgsql as $$ bgin end $$",
            &["unreadable"],
        ),
        ("alter table a drop b c", &["drop-column", "unreadable"]),
    ]);
    let sql = "select 1;\nalter table a frobnicate;";
    let found = assess(sql);
    let at = found.findings().next().unwrap().at;
    assert!(
        (sql.find("alter").unwrap()..sql.len()).contains(&at),
        "{at}"
    );
}
