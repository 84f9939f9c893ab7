//! What opens a Supabase project in ways that the words of a statement do not say: conditions that nearly everybody meets,
//! files, accounts, and functions that all may call.

use super::{APART, assess, check};
use crate::domain::lint::Level;
use crate::domain::lint::assess_behind;

#[test]
fn conditions_that_users_meet_by_themselves_are_found() {
    let write = "policy-signed-in-write";
    for condition in [
        "auth.uid() is not null",
        "(select auth.uid()) is not null",
        "auth.role() = 'authenticated'",
        "((select auth.role()) = 'authenticated'::text)",
        "'authenticated' = auth.role()",
        "auth.jwt() ->> 'role' = 'authenticated'",
        "(auth.jwt()->>'role')::text = 'authenticated'",
        "auth.role() in ('authenticated', 'service_role')",
        "auth.role() = any (array['authenticated', 'service_role'])",
        "coalesce(auth.role(), '') <> 'anon'",
        "auth.role() is distinct from 'anon'",
        "auth.role() = 'authenticated' or auth.role() = 'service_role'",
    ] {
        for (of, rule) in [
            ("for all to authenticated using", write),
            ("using", write),
            ("for insert to authenticated with check", write),
            ("for select to authenticated using", "policy-signed-in-read"),
        ] {
            let sql = format!("create policy p on a {of} ({condition})");
            check(&[(&sql, &[rule, "blocks-readers"])]);
        }
        let restrictive = format!("create policy p on a as restrictive using ({condition})");
        let narrower = format!("create policy p on a using ({condition} and user_id = auth.uid())");
        let chosen = format!("create policy p on a to auditor using ({condition})");
        for sql in [restrictive, narrower, chosen] {
            check(&[(&sql, &["blocks-readers"])]);
        }
    }
    for condition in [
        "auth.role() = 'service_role'",
        "auth.role() <> 'authenticated'",
        "auth.role() not in ('authenticated', 'anon')",
        "auth.jwt() ->> 'aal' = 'aal2'",
        "auth.uid() is null",
    ] {
        let sql = format!("create policy p on a to authenticated using ({condition})");
        check(&[(&sql, &["blocks-readers"])]);
    }
    let believes = "policy-user-metadata";
    check(&[
        (
            "create policy p on a to authenticated using ((auth.jwt() -> 'user_metadata' ->> 'role') = 'admin')",
            &[believes, "blocks-readers"],
        ),
        (
            "create policy p on a as restrictive using (auth.jwt()->'user_metadata'->>'org' = org)",
            &[believes, "blocks-readers"],
        ),
        (
            "create policy p on a using (exists (select 1 from auth.users u where u.id = auth.uid() and u.raw_user_meta_data ->> 'role' = 'admin'))",
            &[believes, "blocks-readers"],
        ),
        (
            "create policy p on a using ((auth.jwt() -> 'app_metadata' ->> 'role') = 'admin')",
            &["blocks-readers"],
        ),
    ]);
}

#[test]
fn files_that_everybody_reaches_are_found() {
    let alone = "storage-bucket-alone";
    for condition in [
        "bucket_id = 'b'",
        "bucket_id in ('b', 'c')",
        "bucket_id = any (array['b', 'c'])",
        "bucket_id = 'b' and auth.role() = 'authenticated'",
        "bucket_id = 'b' and (select auth.uid()) is not null",
    ] {
        for of in [
            "for all using",
            "for insert to anon with check",
            "for delete to authenticated using",
            "for update using",
        ] {
            let sql = format!("create policy p on storage.objects {of} ({condition})");
            check(&[(&sql, &[alone, "blocks-readers"])]);
        }
        for sql in [
            format!("create policy p on storage.objects for select using ({condition})"),
            format!("create policy p on storage.objects for all to auditor using ({condition})"),
            format!("create policy p on files for all using ({condition})"),
            format!(
                "create policy p on storage.objects for all using ({condition} and owner_id = (select auth.uid()::text))"
            ),
            format!(
                "create policy p on storage.objects for all using ({condition} and (storage.foldername(name))[1] = auth.uid()::text)"
            ),
        ] {
            check(&[(&sql, &["blocks-readers"])]);
        }
    }
    check(&[
        (
            "insert into storage.buckets (id, name, public) values ('b', 'b', true)",
            &["public-bucket"],
        ),
        (
            "insert into storage.buckets (id, name) values ('b', 'b') on conflict (id) do update set public = true",
            &["public-bucket"],
        ),
        (
            "update storage.buckets set public = true where id = 'b'",
            &["public-bucket"],
        ),
        (
            "insert into storage.buckets (id, name, public) values ('b', 'b', false)",
            &[],
        ),
        (
            "update storage.buckets set public = false where id = 'b'",
            &[],
        ),
        ("insert into buckets (id, public) values ('b', true)", &[]),
    ]);
}

#[test]
fn accounts_that_others_see_are_found() {
    let granted = "grant-on-auth";
    let viewed = "view-on-auth";
    check(&[
        ("grant select on auth.users to authenticated", &[granted]),
        (
            "grant select (id, email) on table auth.users to auditor",
            &[granted],
        ),
        (
            "grant select on all tables in schema auth to anon",
            &[granted, "grant-to-anon"],
        ),
        ("grant select on auth.users to supabase_auth_admin", &[]),
        ("grant select on users to authenticated", &[]),
        ("grant execute on function auth.uid() to authenticated", &[]),
        (
            "create view people as select id, email from auth.users",
            &[viewed, "view-without-security-invoker"],
        ),
        (
            "create materialized view people as select email from auth.users",
            &["materialized-view-exposed", viewed],
        ),
        (
            "create view people with (security_invoker) as select id from auth.users",
            &[],
        ),
        (
            "create view people as select id from auth.users; alter view people set (security_invoker = on)",
            &[],
        ),
        (
            "create view private.people as select id from auth.users",
            &[],
        ),
        (
            "create view mine as select id from goal where user_id = auth.uid()",
            &["view-without-security-invoker"],
        ),
    ]);
}

#[test]
fn a_table_that_is_sent_to_everybody_is_found() {
    let sent = "realtime-without-rls";
    check(&[
        (
            "create table a (); alter publication supabase_realtime add table a",
            &["table-without-rls", sent],
        ),
        (
            "create table a (); alter publication supabase_realtime add table public.a; alter table a enable row level security",
            &[],
        ),
        (
            "create table a (); alter table a enable row level security; alter publication supabase_realtime add table a",
            &[],
        ),
        (
            "create table a (); alter publication supabase_realtime drop table a",
            &["table-without-rls"],
        ),
        (
            "create table a (); alter publication other add table a",
            &["table-without-rls"],
        ),
        // Of a table that was there before the text does not know.
        ("alter publication supabase_realtime add table a", &[sent]),
        (
            "alter table a enable row level security; alter publication supabase_realtime add table a",
            &["blocks-readers"],
        ),
        (
            "alter publication supabase_realtime set table a; alter table a enable row level security",
            &["blocks-readers"],
        ),
        (
            "create publication supabase_realtime for all tables",
            &[sent],
        ),
    ]);
    let later = assess_behind(
        [],
        [
            "create table a (); alter table a enable row level security",
            "alter publication supabase_realtime add table a",
        ],
    );
    assert_eq!(later[1].findings().count(), 0, "{later:?}");
}

#[test]
fn a_policy_that_calls_a_function_which_believes_users_is_found() {
    let believes = "policy-user-metadata";
    let helper = "create function is_admin() returns boolean language sql stable as $$ select (auth.jwt() -> 'user_metadata' ->> 'role') = 'admin' $$";
    let policy = "create policy p on a to authenticated using ((select public.is_admin()))";
    let rules = |before: &[&str], files: &[&str]| -> bool {
        let found = assess_behind(before.iter().copied(), files.iter().copied());
        let last = found.last().unwrap();
        last.findings().any(|finding| finding.rule == believes)
    };
    assert!(rules(&[], &[&format!("{helper}; {policy}")]));
    assert!(rules(&[], &[helper, policy]));
    assert!(rules(&[helper], &[policy]));
    let outer = "create function may() returns boolean language plpgsql as $$ begin return public.is_admin() and true; end $$";
    let of_outer = "alter policy p on a using (may())";
    assert!(rules(&[helper], &[outer, of_outer]));
    assert!(rules(
        &[helper],
        &[
            "alter function is_admin() set schema private",
            "create policy p on a using (private.is_admin())"
        ]
    ));
    // Another function of that name, one that was replaced, one that is gone.
    assert!(!rules(
        &[helper],
        &["create policy p on a using (app.is_admin())"]
    ));
    let safe = helper.replace("create function", "create or replace function");
    let safe = safe.replace("user_metadata", "app_metadata");
    assert!(!rules(&[helper, &safe], &[policy]));
    assert!(!rules(&[helper], &["drop function is_admin()", policy]));
    assert!(!rules(&[], &[policy]));
}

#[test]
fn a_function_with_its_owners_rights_that_everybody_may_call_is_found() {
    let found = |sql: &str| {
        let found = assess(sql);
        let is_one = |rule: &str| found.findings().any(|finding| finding.rule == rule);
        assert!(!is_one(APART) || found.level() == Level::WeakensAccess);
        is_one(APART)
    };
    let open = "create function f(a int) returns int language sql security definer set search_path = pg_catalog, pg_temp as 'select 1'";
    assert!(found(open));
    assert!(found("alter function f(int) security definer"));
    assert!(found(
        "create function f(a int) returns int language sql as 'select 1'; alter function f(int) external security definer"
    ));
    assert!(!found("alter function private.f(int) security definer"));
    assert!(!found(
        "alter function f(int) security definer; revoke execute on function f(int) from public, anon"
    ));
    for later in [
        "revoke execute on function f(int) from public, anon",
        "revoke all on function public.f from public; revoke execute on function f(int) from anon, authenticated",
        "revoke execute on all functions in schema public from public, anon",
        "alter function f(int) security invoker",
        "drop function f(int)",
        "create or replace function f(a int) returns int language sql as 'select 1'",
    ] {
        assert!(!found(&format!("{open}; {later}")), "{later}");
    }
    for later in [
        "revoke execute on function f(int) from public",
        "revoke execute on function f(int) from anon",
        "revoke execute on function g(int) from public, anon",
        "revoke execute on all functions in schema private from public, anon",
        "grant execute on function f(int) to authenticated",
    ] {
        assert!(found(&format!("{open}; {later}")), "{later}");
    }
    for safe in [
        open.replace("function f(", "function private.f("),
        open.replace("security definer", "security invoker"),
        "create function f() returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp as 'begin return new; end'".to_owned(),
    ] {
        assert!(!found(&safe), "{safe}");
    }
}
