//! What a hosted `postgres` may do with the tables of the platform it may do here, and no more.

use super::{Fresh, connect, shared};
use tokio_postgres::Client;

/// What every ordinary project's migrations do. Each line stands alone.
const ALLOWED: &[&str] = &[
    "insert into storage.buckets (id, name, public) values ('avatars', 'avatars', true)",
    "create policy own on storage.objects for insert to authenticated \
     with check (bucket_id = 'avatars' and (storage.foldername(name))[1] = (select auth.uid())::text)",
    "alter policy own on storage.objects to authenticated, anon",
    "drop policy own on storage.objects",
    "create policy listen on realtime.messages for select to authenticated using (realtime.topic() = 'room')",
    "create policy read_buckets on storage.buckets for select using (public)",
    "create function public.on_user() returns trigger language plpgsql as $$ begin return new; end $$",
    "create trigger on_user after insert on auth.users for each row execute function public.on_user()",
    "drop trigger on_user on auth.users",
    "drop trigger if exists on_user on auth.users",
    "create trigger on_user after insert on auth.users for each row execute function public.on_user()",
    "drop function public.on_user() cascade",
    "create table public.profile (id uuid primary key references auth.users on delete cascade)",
    "alter publication supabase_realtime add table public.profile",
    "alter publication supabase_realtime drop table public.profile",
    "alter role authenticator set pgrst.db_max_rows = '500'",
    "alter role authenticator set pgrst.db_schemas = 'public, api'",
    "alter role authenticator reset pgrst.db_max_rows",
    "alter role authenticator reset pgrst.db_schemas",
    "alter role anon set statement_timeout = '3s'",
    "set session_replication_role = 'replica'",
    "reset session_replication_role",
    "-- Keeps updated_at.\ncreate extension moddatetime with schema extensions;",
    "CREATE EXTENSION IF NOT EXISTS \"moddatetime\" WITH SCHEMA \"extensions\"",
    "create extension earthdistance cascade",
    "create extension if not exists bloom schema extensions -- an index\n",
    "drop extension moddatetime",
    "grant select on auth.users to service_role",
    "select vault.create_secret('a secret', 'name')",
    "select realtime.send('{}'::jsonb, 'event', 'topic', false)",
    "select graphql_public.graphql(query => '{}')",
    "grant usage on schema public to dashboard_user, supabase_storage_admin",
];

/// What only the platform's own roles may do, whoever tries it, with what stands in the message.
const REFUSED: &[(&str, &str)] = &[
    (
        "alter table storage.objects enable row level security",
        "must be owner of table objects",
    ),
    (
        "alter table storage.objects disable row level security",
        "must be owner of table objects",
    ),
    (
        "alter table auth.users add column nickname text",
        "must be owner of table users",
    ),
    (
        "alter table auth.users disable trigger user",
        "must be owner of table users",
    ),
    (
        "drop table storage.objects",
        "must be owner of table objects",
    ),
    (
        "alter table auth.users drop column phone",
        "must be owner of table users",
    ),
    ("drop function auth.email()", "must be owner of function"),
    (
        "create or replace function auth.uid() returns uuid language sql as 'select null::uuid'",
        "permission denied for schema auth",
    ),
    (
        "create table storage.mine (id int)",
        "permission denied for schema storage",
    ),
    (
        "create view vault.mine as select 1",
        "permission denied for schema vault",
    ),
    (
        "create index on auth.users (phone)",
        "permission denied for schema auth",
    ),
    (
        "create rule nothing as on insert to storage.objects do instead nothing",
        "must be owner of table objects",
    ),
    (
        "comment on table auth.users is 'mine'",
        "must be owner of table users",
    ),
    ("delete from storage.objects", "Use the Storage API instead"),
    (
        "alter database postgres set \"app.settings.x\" = 'y'",
        "permission denied to set parameter",
    ),
    (
        "create extension dblink",
        "permission denied to create extension",
    ),
    (
        "create extension file_fdw",
        "permission denied to create extension",
    ),
    (
        "/* -- */ create extension dblink; /* \n*/ create extension moddatetime",
        "permission denied to create extension",
    ),
    (
        "-- \rcreate extension dblink; --\r create extension moddatetime",
        "permission denied to create extension",
    ),
    (
        "create extension dblink; create extension moddatetime",
        "permission denied to create extension",
    ),
    (
        "do $$ begin execute 'create ' || 'extension dblink'; perform 'create extension moddatetime'; end $$",
        "permission denied to create extension",
    ),
];

/// Tries all of it as `postgres` in a fresh database.
pub(crate) async fn check(db: &Client) {
    for statement in ALLOWED {
        if let Err(error) = db.batch_execute(statement).await {
            panic!("{statement}: {error:?}");
        }
        assert_is_ordinary(db, statement).await;
    }
    for as_in in [
        "reset session_replication_role",
        "set session_replication_role = replica",
    ] {
        db.batch_execute(as_in).await.unwrap();
        for (statement, reason) in REFUSED {
            // In this mode triggers do not fire, here as there.
            if as_in.starts_with("set") && statement.starts_with("delete") {
                continue;
            }
            let error = db.batch_execute(statement).await;
            let error = error.expect_err(statement);
            let refused = error
                .as_db_error()
                .unwrap_or_else(|| panic!("{statement}: {error:?}"));
            assert_eq!(refused.code().code(), "42501", "{statement}: {refused}");
            assert!(refused.message().contains(reason), "{statement}: {refused}");
            assert_is_ordinary(db, statement).await;
        }
    }
    db.batch_execute("reset session_replication_role")
        .await
        .unwrap();
}

async fn assert_is_ordinary(db: &Client, statement: &str) {
    let question = "select not rolsuper from pg_catalog.pg_roles where rolname = 'postgres'";
    let is_ordinary: bool = db.query_one(question, &[]).await.unwrap().get(0);
    assert!(is_ordinary, "{statement} left a superuser behind");
}

#[tokio::test]
async fn postgres_may_do_what_the_platform_lets_it_do_and_no_more() {
    let fresh = Fresh::new().await;
    check(&fresh.db).await;
}

/// A command that fails, or that is undone, leaves no more rights than it began with.
#[tokio::test]
async fn nothing_of_a_failed_extension_remains() {
    let fresh = Fresh::new().await;
    let failing = [
        "create extension moddatetime schema there_is_none",
        "create extension moddatetime schema auth",
    ];
    for statement in failing {
        assert!(fresh.db.batch_execute(statement).await.is_err());
        assert_is_ordinary(&fresh.db, statement).await;
    }
    fresh.db.batch_execute("begin").await.unwrap();
    let statement = "create extension moddatetime";
    fresh.db.batch_execute(statement).await.unwrap();
    assert_is_ordinary(&fresh.db, statement).await;
    fresh.db.batch_execute("savepoint here").await.unwrap();
    assert!(fresh.db.batch_execute(failing[0]).await.is_err());
    fresh.db.batch_execute("rollback to here").await.unwrap();
    assert_is_ordinary(&fresh.db, statement).await;
    fresh.db.batch_execute("rollback").await.unwrap();
    assert_is_ordinary(&fresh.db, statement).await;
}

#[tokio::test]
async fn a_statement_of_postgres_ends_after_two_minutes() {
    let fresh = Fresh::new().await;
    let row = fresh
        .db
        .query_one("show statement_timeout", &[])
        .await
        .unwrap();
    assert_eq!(row.get::<_, &str>(0), "2min");
    let admin = connect(&shared().await.superuser_url(&fresh.name)).await;
    let row = admin
        .query_one("show statement_timeout", &[])
        .await
        .unwrap();
    assert_eq!(row.get::<_, &str>(0), "0");
}
