//! What loses data, and what only looks like it.

use super::check;

#[test]
fn dropped_objects_lose_what_is_in_them() {
    check(&[
        ("drop table a, b", &["drop-table", "drop-table"]),
        (
            "drop table if exists a cascade",
            &["drop-table", "drop-cascade"],
        ),
        (
            "alter table a drop column b, drop c",
            &["drop-column", "drop-column"],
        ),
        (
            "alter table a drop column b cascade",
            &["drop-column", "drop-cascade"],
        ),
        ("drop schema s cascade", &["drop-schema"]),
        ("drop schema s", &[]),
        ("drop type t", &[]),
        ("drop type t cascade", &["drop-cascade"]),
        ("drop materialized view m", &["drop-materialized-view"]),
        ("drop sequence s", &["drop-sequence"]),
        ("drop extension x", &["drop-extension"]),
        (
            "drop database d",
            &["drop-database", "cannot-run-in-transaction"],
        ),
        ("drop owned by r", &["drop-owned"]),
        (
            "create table private.a (); drop table private.a cascade;",
            &[],
        ),
        (
            "create table if not exists private.a (); drop table private.a;",
            &["drop-table"],
        ),
        (
            "create table private.a (); drop table private.a; drop table private.a;",
            &["drop-table"],
        ),
        (
            "drop table private.a; create table private.a (); drop table private.a;",
            &["drop-table"],
        ),
    ]);
}

#[test]
fn every_row_is_more_than_some_rows() {
    check(&[
        ("delete from a", &["delete-without-where"]),
        (
            "delete from only a as x returning *",
            &["delete-without-where"],
        ),
        ("delete from a where true", &["delete-without-where"]),
        ("delete from a where ((1 = 1))", &["delete-without-where"]),
        ("delete from a where b = 1", &[]),
        ("delete from a where b = b", &[]),
        ("delete from a where current of c", &[]),
        ("update a set b = 1", &["update-without-where"]),
        ("update a set b = 1 from c where a.d = c.d", &[]),
        (
            "with x as (delete from a returning *) select * from x",
            &["delete-without-where"],
        ),
        ("explain analyze delete from a", &["delete-without-where"]),
        (
            "truncate a, only b cascade",
            &[
                "truncate",
                "truncate-cascade",
                "truncate",
                "truncate-cascade",
            ],
        ),
    ]);
}

#[test]
fn what_a_function_loses_later_counts_on_a_new_table_too() {
    check(&[
        (
            "create table private.a (); create function f() returns void language sql as 'delete from private.a'",
            &["delete-without-where"],
        ),
        (
            "create function f() returns void language plpgsql as 'begin drop trigger b on a; end'; create trigger b after insert on private.a execute function f()",
            &["drop-trigger", "blocks-writers"],
        ),
        (
            "alter type t drop attribute b cascade",
            &["drop-column", "drop-cascade"],
        ),
        (
            "drop function f() cascade; create function f() returns int language sql as 'select 1'",
            &["drop-cascade"],
        ),
        (
            "merge into a using b on a.c = b.c when not matched by source then delete when matched then delete",
            &["delete-without-where"],
        ),
    ]);
}

#[test]
fn a_type_loses_when_it_holds_less() {
    check(&[
        ("alter table a alter b type text", &["change-type"]),
        (
            "alter table a alter b set data type bigint",
            &["change-type"],
        ),
        ("alter table a alter b type varchar", &["change-type"]),
        (
            "alter table a alter b type timestamp with time zone",
            &["change-type"],
        ),
        (
            "alter table a alter b type varchar(10)",
            &["change-type-may-lose"],
        ),
        ("alter table a alter b type int", &["change-type-may-lose"]),
        (
            "alter table a alter b type numeric(6, 2)",
            &["change-type-may-lose"],
        ),
        (
            "alter table a alter b type text using left(b, 3)",
            &["change-type-may-lose"],
        ),
        (
            "alter table a alter b type my.type",
            &["change-type-may-lose"],
        ),
    ]);
}
