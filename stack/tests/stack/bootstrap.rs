//! The database as a fresh Supabase project has it, seen as role postgres.

use super::{Fresh, connect, shared};

/// What the project's migrations and anybody's seeds rely on; also run against other versions of Postgres.
pub(crate) const PROBE: &str = "
    create role auditor_probe nologin;
    grant auditor_probe to authenticator;
    create table public.probe (id uuid primary key default extensions.uuid_generate_v4(),
        user_id uuid references auth.users (id) on delete cascade);
    create function public.on_user() returns trigger language plpgsql as $$ begin return new; end $$;
    create trigger on_user after insert on auth.users for each row execute function public.on_user();
    create extension if not exists pgcrypto with schema extensions;
    create extension if not exists pg_trgm with schema extensions;
    create schema private;
    alter default privileges in schema private grant usage on sequences to authenticated;
    set role authenticated;
    reset role;
    set role service_role;
    reset role;
    create database probe_database;
    drop database probe_database;
    drop function public.on_user() cascade;
    drop schema private;
    drop table public.probe;
    revoke auditor_probe from authenticator;
    drop role auditor_probe;";

#[tokio::test]
async fn postgres_owns_the_project_and_is_no_superuser() {
    let fresh = Fresh::new().await;
    let row = fresh
        .db
        .query_one("select rolsuper, rolcreaterole, rolcreatedb, rolbypassrls from pg_roles where rolname = current_user", &[])
        .await
        .unwrap();
    let flags: Vec<bool> = (0..4).map(|i| row.get(i)).collect();
    assert_eq!(flags, [false, true, true, true]);
    run_probe(&fresh.db).await;
}

/// Runs the probe statement by statement: `create database` refuses a transaction.
pub(crate) async fn run_probe(db: &tokio_postgres::Client) {
    let mut statement = String::new();
    for line in PROBE.lines() {
        statement.push_str(line);
        statement.push('\n');
        if line.trim_end().ends_with(';') {
            db.batch_execute(&statement)
                .await
                .unwrap_or_else(|e| panic!("{statement}: {e:?}"));
            statement.clear();
        }
    }
}

#[tokio::test]
async fn new_tables_are_granted_as_on_the_platform() {
    let fresh = Fresh::new().await;
    fresh
        .db
        .batch_execute("create table t (id bigserial primary key)")
        .await
        .unwrap();
    for role in ["anon", "authenticated", "service_role"] {
        let row = fresh
            .db
            .query_one(
                "select has_table_privilege($1, 'public.t', 'select, insert, update, delete'), \
                 has_sequence_privilege($1, 'public.t_id_seq', 'usage')",
                &[&role],
            )
            .await
            .unwrap();
        assert!(row.get::<_, bool>(0) && row.get::<_, bool>(1), "{role}");
    }
}

#[tokio::test]
async fn claims_are_null_outside_a_request_and_when_empty() {
    let fresh = Fresh::new().await;
    let question = "select auth.uid() is null and auth.role() is null and auth.email() is null and auth.jwt() is null";
    let is_null = |row: tokio_postgres::Row| row.get::<_, bool>(0);
    assert!(is_null(fresh.db.query_one(question, &[]).await.unwrap()));
    fresh
        .db
        .batch_execute("select set_config('request.jwt.claims', '', false)")
        .await
        .unwrap();
    assert!(is_null(fresh.db.query_one(question, &[]).await.unwrap()));

    let claims = r#"{"sub": "5f0c3a6e-0000-4000-8000-000000000001", "role": "authenticated", "email": "a@b.c"}"#;
    fresh
        .db
        .execute(
            "select set_config('request.jwt.claims', $1, false)",
            &[&claims],
        )
        .await
        .unwrap();
    let row = fresh
        .db
        .query_one("select auth.uid()::text, auth.role(), auth.email()", &[])
        .await
        .unwrap();
    assert_eq!(
        row.get::<_, &str>(0),
        "5f0c3a6e-0000-4000-8000-000000000001"
    );
    assert_eq!(
        (row.get::<_, &str>(1), row.get::<_, &str>(2)),
        ("authenticated", "a@b.c")
    );
}

#[tokio::test]
async fn databases_are_isolated_and_pristine() {
    let (first, second) = (Fresh::new().await, Fresh::new().await);
    first
        .db
        .batch_execute("create table only_here (id int)")
        .await
        .unwrap();
    first.add_user("a@example.com", "authenticated").await;
    let seen =
        "select to_regclass('public.only_here') is null and not exists (select from auth.users)";
    assert!(
        second
            .db
            .query_one(seen, &[])
            .await
            .unwrap()
            .get::<_, bool>(0)
    );
}

#[tokio::test]
async fn database_is_dropped_under_its_users() {
    let stack = shared().await;
    let url = stack.create_database("to_be_dropped").await.unwrap();
    let user = connect(&url).await;
    stack.serve_database("to_be_dropped").await.unwrap();
    stack.drop_database("to_be_dropped").await.unwrap();
    assert!(user.batch_execute("select 1").await.is_err());
    stack.create_database("to_be_dropped").await.unwrap();
}

#[tokio::test]
async fn bad_names_and_repeated_names_are_refused() {
    let stack = shared().await;
    let refused = stack
        .create_database("no\"good")
        .await
        .unwrap_err()
        .to_string();
    assert!(refused.contains("cannot be used"), "{refused}");
    stack.create_database("twice").await.unwrap();
    let refused = stack
        .create_database("twice")
        .await
        .unwrap_err()
        .to_string();
    assert!(refused.contains("already exists"), "{refused}");
}
