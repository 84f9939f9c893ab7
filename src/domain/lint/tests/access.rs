//! Who may do more afterwards than before.

use super::check;

#[test]
fn tables_the_api_shows_need_row_level_security() {
    check(&[
        ("create table a ()", &["table-without-rls"]),
        ("create table public.a ()", &["table-without-rls"]),
        ("create table if not exists a ()", &["table-without-rls"]),
        ("create table a as select 1 as b", &["table-without-rls"]),
        ("select 1 as b into a", &["table-without-rls"]),
        ("create table private.a ()", &[]),
        ("create temp table a ()", &[]),
        ("set search_path = shop, public; create table a ()", &[]),
        ("set local search_path to 'shop'; create table a ()", &[]),
        (
            "select set_config('search_path', 'shop', false); create table a ()",
            &[],
        ),
        (
            "set search_path = \"$user\", public; create table a ()",
            &["table-without-rls"],
        ),
        (
            "set search_path = shop; create table public.a ()",
            &["table-without-rls"],
        ),
        (
            "set search_path = shop; reset search_path; create table a ()",
            &["table-without-rls"],
        ),
        (
            "create table a (); alter table public.a enable row level security",
            &[],
        ),
        (
            "create table public.a (); do $$ begin alter table a enable row level security; end $$",
            &[],
        ),
        (
            "create table a (); alter table b enable row level security",
            &["table-without-rls", "blocks-readers"],
        ),
        (
            "create table \"A\" (); alter table a enable row level security",
            &["table-without-rls", "blocks-readers"],
        ),
        ("create table a (); drop table a", &[]),
        (
            "alter table a disable row level security",
            &["disable-rls", "blocks-readers"],
        ),
        (
            "alter table a no force row level security",
            &["no-force-rls", "blocks-readers"],
        ),
        (
            "create table a (); alter table a disable row level security",
            &["table-without-rls", "disable-rls"],
        ),
    ]);
}

#[test]
fn policies_that_open_are_found() {
    check(&[
        ("drop policy p on a", &["drop-policy", "blocks-readers"]),
        (
            "alter policy p on a using (b)",
            &["alter-policy", "blocks-readers"],
        ),
        (
            "alter policy p on a to authenticated",
            &["alter-policy", "blocks-readers"],
        ),
        (
            "alter policy p on a to anon",
            &["alter-policy", "policy-for-everyone", "blocks-readers"],
        ),
        ("create policy p on a using (b)", &["blocks-readers"]),
        (
            "create policy p on a using (true)",
            &["policy-for-everyone", "blocks-readers"],
        ),
        (
            "create policy p on a to anon using ((true))",
            &["policy-for-everyone", "blocks-readers"],
        ),
        (
            "create policy p on a for insert to public with check (true)",
            &["policy-for-everyone", "blocks-readers"],
        ),
        (
            "create policy p on a to authenticated using (true)",
            &["policy-signed-in-write", "blocks-readers"],
        ),
        (
            "create policy p on a for select to authenticated using (true)",
            &["policy-signed-in-read", "blocks-readers"],
        ),
        (
            "create policy p on a for insert to authenticated with check (true)",
            &["policy-signed-in-write", "blocks-readers"],
        ),
        (
            "create policy p on a for update to authenticated using (b) with check (1 = 1)",
            &["policy-signed-in-write", "blocks-readers"],
        ),
        (
            "create policy p on a for delete to auditor, authenticated using (true)",
            &["policy-signed-in-write", "blocks-readers"],
        ),
        (
            "create policy p on a for select to authenticated, anon using (true)",
            &["policy-for-everyone", "blocks-readers"],
        ),
        (
            "create policy p on a to authenticated using (user_id = (select auth.uid()))",
            &["blocks-readers"],
        ),
        (
            "create policy p on a for all to auditor using (true) with check (true)",
            &["blocks-readers"],
        ),
        (
            "alter policy p on a to authenticated using (true)",
            &["alter-policy", "policy-signed-in-write", "blocks-readers"],
        ),
        (
            "alter policy p on a with check (true)",
            &["alter-policy", "policy-for-everyone", "blocks-readers"],
        ),
        (
            "alter policy p on a to auditor using (true)",
            &["alter-policy", "blocks-readers"],
        ),
        (
            "create policy p on a as restrictive using (true)",
            &["blocks-readers"],
        ),
    ]);
}

#[test]
fn grants_that_open_are_found() {
    check(&[
        ("grant select on a to anon", &["grant-to-anon"]),
        (
            "grant execute on function f() to public",
            &["grant-to-anon"],
        ),
        (
            "grant select on all tables in schema public to authenticated, anon",
            &["grant-to-anon"],
        ),
        ("grant all on a to authenticated", &["grant-all"]),
        ("grant all privileges on a to service_role, postgres", &[]),
        (
            "grant all on a to \"anon\"",
            &["grant-all", "grant-to-anon"],
        ),
        (
            "grant select on a to b with grant option",
            &["grant-option"],
        ),
        ("grant a to b", &["grant-role"]),
        (
            "alter default privileges grant select on tables to anon",
            &["default-privileges"],
        ),
        (
            "alter default privileges in schema s grant all on tables to b",
            &["grant-all"],
        ),
        (
            "alter default privileges revoke all on tables from anon",
            &[],
        ),
        ("alter role a bypassrls", &["role-past-rls"]),
        ("create role a with login superuser", &["role-past-rls"]),
        ("create user a nobypassrls nosuperuser", &[]),
        (
            "alter table a owner to b",
            &["change-owner", "blocks-readers"],
        ),
        ("alter function f() owner to postgres", &[]),
        (
            "set session_replication_role = 'replica'",
            &["triggers-off"],
        ),
        (
            "set local session_replication_role to replica",
            &["triggers-off"],
        ),
        ("set session_replication_role = 'origin'", &[]),
    ]);
}

#[test]
fn functions_and_views_that_lend_rights_are_found() {
    check(&[
        (
            "create function f() returns int language sql security definer as 'select 1'",
            &["definer-without-search-path"],
        ),
        (
            "create function f() returns int language sql security definer as 'select 1'; alter function public.f() set search_path = pg_catalog, pg_temp",
            &[],
        ),
        (
            "create procedure f() language plpgsql security definer as 'begin end'",
            &["definer-without-search-path"],
        ),
        (
            "alter function f() security definer",
            &["definer-without-search-path"],
        ),
        (
            "alter function f() security definer set search_path = ''",
            &["definer-search-path"],
        ),
        (
            "alter function f() reset search_path",
            &["definer-without-search-path"],
        ),
        (
            "create view v as select 1",
            &["view-without-security-invoker"],
        ),
        ("create view v with (security_invoker) as select 1", &[]),
        (
            "create view v with (security_invoker = off) as select 1",
            &["view-without-security-invoker"],
        ),
        ("create view private.v as select 1", &[]),
        (
            "create view v as select 1; alter view v set (security_invoker = on)",
            &[],
        ),
        (
            "alter view v set (security_invoker = false)",
            &["view-without-security-invoker", "blocks-readers"],
        ),
        (
            "alter view if exists v reset (security_invoker)",
            &["view-without-security-invoker", "blocks-readers"],
        ),
        (
            "alter view v set (security_invoker = off); alter view v set (security_invoker = on)",
            &["blocks-readers", "blocks-readers"],
        ),
        (
            "create view v with (security_invoker) as select 1; alter view v set (security_invoker = off)",
            &["view-without-security-invoker"],
        ),
        ("create view v with (security_invoker = t) as select 1", &[]),
        (
            "alter view private.v set (security_invoker = off)",
            &["blocks-readers"],
        ),
        (
            "create materialized view v as select 1",
            &["materialized-view-exposed"],
        ),
        ("create materialized view private.v as select 1", &[]),
    ]);
}

#[test]
fn guards_that_go_are_found_unless_they_come_back() {
    check(&[
        (
            "alter table a disable trigger b",
            &["disable-trigger", "blocks-writers"],
        ),
        ("alter table a enable trigger b", &["blocks-writers"]),
        ("drop trigger b on a", &["drop-trigger", "blocks-readers"]),
        (
            "drop trigger if exists b on a; create trigger b after insert on public.a execute function f()",
            &["blocks-readers", "blocks-writers"],
        ),
        (
            "create table private.a (); create trigger b after insert on private.a execute function f(); drop trigger b on private.a",
            &[],
        ),
    ]);
}

#[test]
fn settings_and_moves_that_open_are_found() {
    check(&[
        (
            "select set_config('session_replication_role', 'replica', true)",
            &["triggers-off"],
        ),
        (
            "select pg_catalog.set_config('search_path', '', false)",
            &[],
        ),
        (
            "alter database d set session_replication_role to replica",
            &["triggers-off"],
        ),
        (
            "create function f() returns int set session_replication_role = replica language sql as 'select 1'",
            &["triggers-off"],
        ),
        (
            "alter role authenticator set pgrst.db_schemas = 'public, private'",
            &["api-settings"],
        ),
        (
            "alter table private.a set schema public",
            &["set-schema", "move-into-api"],
        ),
        (
            "alter function private.f() set schema \"public\"",
            &["set-schema", "move-into-api"],
        ),
        (
            "create table private.a (); alter table private.a set schema public",
            &["move-into-api"],
        ),
        ("reassign owned by a to b", &["change-owner"]),
        ("reassign owned by a to postgres", &[]),
        (
            "create table a (); alter table a rename to b; alter table b enable row level security",
            &[],
        ),
        (
            "create table a (); alter table a rename to b",
            &["table-without-rls"],
        ),
    ]);
}
