//! Who waits, and for what.

use super::check;

#[test]
fn indexes_and_constraints_hold_up_writers_or_everybody() {
    check(&[
        ("create index on a (b)", &["index-not-concurrently"]),
        (
            "create unique index concurrently i on a (b)",
            &["cannot-run-in-transaction"],
        ),
        (
            "create table private.a (); create index on private.a (b)",
            &[],
        ),
        ("drop index i", &["drop-index-not-concurrently"]),
        ("drop index concurrently i", &["cannot-run-in-transaction"]),
        (
            "create index i on private.a (b); drop index private.i",
            &["index-not-concurrently", "blocks-readers"],
        ),
        ("reindex table a", &["reindex-not-concurrently"]),
        ("reindex index i", &["reindex-not-concurrently"]),
        (
            "reindex (concurrently) table a",
            &["cannot-run-in-transaction"],
        ),
        (
            "alter table a add foreign key (b) references c",
            &["foreign-key-without-not-valid"],
        ),
        (
            "alter table a add foreign key (b) references c not valid",
            &["blocks-writers", "blocks-writers"],
        ),
        (
            "create table private.a (b int references c (d))",
            &["blocks-writers"],
        ),
        (
            "alter table a add check (b > 0)",
            &["constraint-without-not-valid"],
        ),
        (
            "alter table a add check (b > 0) not valid",
            &["blocks-readers"],
        ),
        ("alter table a add unique (b)", &["unique-without-index"]),
        (
            "alter table a add constraint u unique using index i",
            &["blocks-readers"],
        ),
        (
            "alter table a add primary key (b)",
            &["unique-without-index"],
        ),
        ("alter table a alter b set not null", &["set-not-null"]),
        (
            "alter domain d add constraint c check (value > 0)",
            &["domain-constraint"],
        ),
    ]);
}

#[test]
fn columns_rewrite_only_when_rows_differ() {
    check(&[
        ("alter table a add column b int", &["blocks-readers"]),
        (
            "alter table a add column b int not null default 0",
            &["blocks-readers"],
        ),
        (
            "alter table a add column b timestamptz not null default now()",
            &["blocks-readers"],
        ),
        (
            "alter table a add column b uuid default auth.uid()",
            &["blocks-readers"],
        ),
        (
            "alter table a add column b int not null",
            &["add-required-column"],
        ),
        (
            "alter table a add column b uuid default gen_random_uuid()",
            &["add-column-rewrites"],
        ),
        (
            "alter table a add column b bigserial",
            &["add-column-rewrites"],
        ),
        (
            "alter table a add column b int generated always as identity",
            &["add-column-rewrites"],
        ),
        (
            "alter table a add column b int generated always as (c * 2) stored",
            &["add-column-rewrites"],
        ),
        (
            "alter table a add column b int unique check (b > 0)",
            &["constraint-without-not-valid", "unique-without-index"],
        ),
        (
            "alter table a add column b int references c (d)",
            &["foreign-key-without-not-valid"],
        ),
    ]);
}

#[test]
fn what_is_moved_renamed_or_locked_on_purpose_is_told() {
    check(&[
        ("alter table a set unlogged", &["move-table"]),
        ("alter table a set tablespace t", &["move-table"]),
        (
            "vacuum full a",
            &["cannot-run-in-transaction", "vacuum-full"],
        ),
        ("vacuum (full false) a", &["cannot-run-in-transaction"]),
        ("cluster a using i", &["cluster"]),
        ("refresh materialized view m", &["refresh-not-concurrently"]),
        ("refresh materialized view concurrently m", &[]),
        ("alter table a rename to b", &["rename-table"]),
        ("alter table a rename column b to c", &["rename-column"]),
        ("alter table a rename constraint b to c", &["rename-object"]),
        ("alter function f() rename to g", &["rename-object"]),
        ("alter view v rename to w", &["rename-object"]),
        ("alter table a set schema s", &["set-schema"]),
        ("drop view v", &["blocks-readers", "drop-view"]),
        (
            "drop view v; create view v with (security_invoker) as select 1",
            &["blocks-readers"],
        ),
        ("drop function f()", &["drop-function"]),
        (
            "drop function f(); create function f(int) returns int language sql as 'select 1'",
            &[],
        ),
        ("lock table a", &["blocks-readers"]),
        (
            "lock table a in share row exclusive mode",
            &["blocks-writers"],
        ),
        ("lock table a in row exclusive mode", &[]),
        ("alter sequence s restart", &[]),
        (
            "create or replace view v with (security_invoker) as select 1",
            &["blocks-readers"],
        ),
        (
            "create table private.p partition of a for values in (1)",
            &["blocks-readers"],
        ),
        (
            "alter table a set (fillfactor = 70, user_catalog_table = true)",
            &["blocks-readers"],
        ),
        (
            "create table private.a (); alter table private.a rename to b; alter table private.b add check (c > 0)",
            &[],
        ),
    ]);
}
