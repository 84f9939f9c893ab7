//! What somebody else's SQL may not reach: the shell, the files and the superuser of the machine that the stack runs on.
//! Every attack runs statement by statement as the roles that migrations and services have, and what counts is what it
//! left behind. `SUPADECK_POSTGRES` chooses the server of the first tests; the last ones take npm's.

use super::child::open_folder;
use super::connect;
use std::path::{Path, PathBuf};
use supadeck_stack::{Options, Provider, Stack};
use tempfile::TempDir;
use tokio_postgres::Client;

/// What stands in a file that the server can read and that no role may.
const SECRET: &str = "a-line-of-a-private-file";

/// Statements of one attack. `{mark}` is a file that must never be there, `{secret}` one whose text must never be seen.
const ATTACKS: &[&[&str]] = &[
    // The one of the issue.
    &[
        "do $$ begin execute 'grant pg_execute_server_program to ' || current_user; end $$",
        "do $$ begin copy (select 1) to program 'touch {mark}'; end $$",
    ],
    &[
        "grant pg_execute_server_program to postgres with admin option",
        "set role pg_execute_server_program",
        "copy (select 1) to program 'touch {mark}'",
    ],
    &[
        "create role shell_1 in role pg_execute_server_program",
        "grant shell_1 to postgres",
        "copy (select 1) to program 'touch {mark}'",
        "set role shell_1",
        "copy (select 1) to program 'touch {mark}'",
    ],
    &[
        "create role shell_2",
        "grant pg_execute_server_program to shell_2",
        "grant shell_2 to postgres",
        "copy (select 1) to program 'touch {mark}'",
        "set role shell_2",
        "create temporary table lines (line text)",
        "copy lines from program 'touch {mark}; echo'",
    ],
    &[
        "alter group pg_execute_server_program add user postgres",
        "copy (select 1) to program 'touch {mark}'",
    ],
    &[
        "create group shell_3 user postgres in group pg_execute_server_program",
        "copy (select 1) to program 'touch {mark}'",
    ],
    &[
        "grant pg_execute_server_program to supabase_auth_admin, authenticator, service_role",
        "grant supabase_auth_admin to postgres",
        "set role supabase_auth_admin",
        "copy (select 1) to program 'touch {mark}'",
        "reset role",
        "set role service_role",
        "copy (select 1) to program 'touch {mark}'",
    ],
    &[
        "create function shell() returns void language plpgsql security definer as \
         $$ begin copy (select 1) to program 'touch {mark}'; end $$",
        "alter function shell() owner to pg_execute_server_program",
        "alter function shell() owner to supabase_admin",
        "select shell()",
    ],
    &[
        "create schema shell authorization pg_execute_server_program",
        "create schema shell authorization supabase_admin",
        "reassign owned by supabase_admin to postgres",
        "alter role pg_execute_server_program login password 'x'",
        "alter role pg_execute_server_program rename to shell",
        "drop role pg_execute_server_program",
        "create role pg_execute_server_program",
        "copy (select 1) to program 'touch {mark}'",
    ],
    // Becoming the superuser.
    &[
        "alter role postgres superuser",
        "create role super_1 superuser",
        "grant supabase_admin to postgres",
        "create role super_2 in role supabase_admin",
        "alter group supabase_admin add user postgres",
        "alter role supabase_admin password 'x'",
        "alter role supabase_admin set search_path = evil",
        "alter role all set search_path = evil",
        "set role supabase_admin",
        "set session authorization supabase_admin",
        "update pg_authid set rolsuper = true",
        "insert into pg_auth_members (roleid, member, grantor, admin_option) \
         select oid, 'postgres'::regrole, 10, true from pg_roles where rolname = 'supabase_admin'",
        "copy (select 1) to program 'touch {mark}'",
    ],
    // Files.
    &[
        "grant pg_write_server_files to postgres",
        "grant pg_read_server_files to postgres",
        "grant pg_read_all_data, pg_write_all_data to postgres",
        "copy (select 1) to '{mark}'",
        "create table stolen (line text)",
        "copy stolen from '{secret}'",
        "insert into stolen select pg_read_file('{secret}')",
        "insert into stolen select convert_from(pg_read_binary_file('{secret}'), 'utf8')",
        "insert into stolen select pg_ls_dir('/')",
        "insert into stolen select lo_import('{secret}')::text",
        "insert into stolen select convert_from(lo_get(oid), 'utf8') from pg_largeobject_metadata",
        "insert into stolen select lo_export(lo_from_bytea(0, 'x'), '{mark}')::text",
        "insert into stolen select (pg_stat_file('{secret}')).size",
        "insert into stolen select xpath('/a/text()', \
         ('<!DOCTYPE a [<!ENTITY e SYSTEM \"file://{secret}\">]><a>&e;</a>')::xml)::text",
    ],
    // What a superuser alone may make.
    &[
        "create extension plpython3u",
        "create extension plperlu",
        "create extension pltclu",
        "create extension file_fdw",
        "create extension dblink",
        "create extension postgres_fdw",
        "create extension adminpack",
        "create extension xml2",
        "create language plpython3u",
        "create function shell(text) returns int language c as 'libc.so.6', 'system'",
        "select shell('touch {mark}')",
        "do language plpython3u $$ import os; os.system('touch {mark}') $$",
        "load '{secret}'",
        "create tablespace outside location '/tmp'",
        "create event trigger outside on ddl_command_end execute function extensions.pgrst_ddl_watch()",
        "create subscription outside connection 'host=127.0.0.1' publication x",
        "alter system set archive_command = 'touch {mark}'",
        "alter system set listen_addresses = '*'",
        "alter database postgres set session_preload_libraries = '{secret}'",
        "select pg_reload_conf()",
        "select pg_create_logical_replication_slot('outside', '{secret}')",
        "grant alter system on parameter archive_command to postgres",
    ],
];

/// A folder with a file to steal and a place to write, both open to the account of Postgres.
struct OutsideFolder(TempDir);

impl OutsideFolder {
    fn new() -> Self {
        let folder = open_folder();
        std::fs::write(folder.path().join("private"), SECRET).unwrap();
        Self(folder)
    }

    fn mark(&self) -> PathBuf {
        self.0.path().join("mark")
    }

    fn filled(&self, statement: &str) -> String {
        let name = |path: &Path| path.to_str().unwrap().to_owned();
        statement
            .replace("{mark}", &name(&self.mark()))
            .replace("{secret}", &name(&self.0.path().join("private")))
    }

    /// Runs every attack on a connection, each statement whatever became of the one before.
    async fn attack(&self, stack: &Stack, database: &str, who: &str, db: &Client) {
        for attack in ATTACKS {
            for statement in *attack {
                // Most of them are refused: only what is left of them counts.
                let _ = db.batch_execute(&self.filled(statement)).await;
                assert!(!self.mark().exists(), "{who} on {database}: {attack:#?}");
            }
            let _ = db.batch_execute("rollback; reset role").await;
            let taken = self.taken(stack, database).await;
            assert_eq!(taken, Vec::<String>::new(), "{who}: {attack:#?}");
        }
    }

    /// Powers that somebody has who must not have them, and the text of the private file where it can be read.
    async fn taken(&self, stack: &Stack, database: &str) -> Vec<String> {
        let admin = connect(&stack.superuser_url(database)).await;
        let question = "
            select 'superuser ' || rolname from pg_catalog.pg_roles
             where rolsuper and rolcanlogin and rolname <> 'supabase_admin'
            union all
            select m.roleid::pg_catalog.regrole || ' to ' || m.member::pg_catalog.regrole
              from pg_catalog.pg_auth_members m join pg_catalog.pg_roles r on r.oid = m.roleid
             where r.rolname in ('pg_execute_server_program', 'pg_read_server_files', 'pg_write_server_files')
                or r.rolsuper
            union all
            select 'language ' || lanname from pg_catalog.pg_language
             where not lanpltrusted and lanname not in ('c', 'internal')
            union all
            select 'extension ' || extname from pg_catalog.pg_extension
             where extname in ('dblink', 'postgres_fdw', 'file_fdw', 'adminpack')";
        let rows = admin.query(question, &[]).await.unwrap();
        let mut taken: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
        let stolen = "select line from public.stolen where line like '%' || $1 || '%' \
             or line in ('etc', '24')";
        if let Ok(rows) = admin.query(stolen, &[&SECRET]).await {
            taken.extend(rows.iter().map(|row| row.get::<_, String>(0)));
        }
        taken
    }
}

async fn started(provider: Option<Provider>) -> Option<Stack> {
    let options = Options {
        provider: provider.clone(),
        ..Options::default()
    };
    match (Stack::start(options).await, provider) {
        (Ok(stack), _) => Some(stack),
        (Err(error), Some(Provider::Npm)) => {
            eprintln!("skipped: {error}");
            None
        }
        (Err(error), _) => panic!("{error}"),
    }
}

/// Runs the attacks as each role that somebody else's SQL can have.
async fn no_role_gets_out(provider: Option<Provider>) {
    let Some(stack) = started(provider).await else {
        return;
    };
    let folder = OutsideFolder::new();
    // The attacks are real: who may do it, does it.
    let admin = connect(&stack.superuser_url("postgres")).await;
    let touch = folder.filled("copy (select 1) to program 'touch {mark}'");
    admin.batch_execute(&touch).await.unwrap();
    std::fs::remove_file(folder.mark()).unwrap();

    let url = stack.create_database("outside").await.unwrap();
    for (who, database, login) in [
        ("postgres", "postgres", None),
        ("postgres", "outside", None),
        (
            "supabase_auth_admin",
            "outside",
            Some("supabase_auth_admin"),
        ),
        ("authenticator", "outside", Some("authenticator")),
    ] {
        let owner = match database {
            "postgres" => stack.info().db_url.clone(),
            _ => url.clone(),
        };
        let url = match login {
            None => owner,
            // On 15 CREATEROLE may set anybody's password; what comes of that is tried on every version.
            Some(role) => {
                let set = format!("alter role {role} password 'taken'");
                admin.batch_execute(&set).await.unwrap();
                let (_, place) = owner.split_once('@').unwrap();
                format!("postgresql://{role}:taken@{place}")
            }
        };
        folder
            .attack(&stack, database, who, &connect(&url).await)
            .await;
    }
    ordinary_work(&connect(&url).await).await;
    stack.stop().await.unwrap();
}

/// What ordinary projects do with roles and extensions goes on.
async fn ordinary_work(db: &Client) {
    for statement in [
        "create role worker nologin",
        "grant worker to authenticator",
        "grant anon to worker",
        "create role reporter login password 'x' connection limit 3 in role worker",
        "grant pg_read_all_data, pg_monitor, pg_signal_backend to reporter",
        "alter role reporter set statement_timeout = '5s'",
        "alter role authenticator set lock_timeout = '9s'",
        "alter role reporter rename to reader",
        "create extension if not exists pg_trgm with schema extensions",
        "create extension if not exists citext with schema extensions",
        "revoke worker from reader",
        "alter role authenticator reset lock_timeout",
        "drop role reader",
        "revoke worker from authenticator",
        "revoke anon from worker",
        "drop role worker",
    ] {
        let done = db.batch_execute(statement).await;
        assert!(done.is_ok(), "{statement}: {done:?}");
    }
}

#[tokio::test]
async fn nobody_gets_out_of_the_server_in_use() {
    no_role_gets_out(None).await;
}

#[tokio::test]
async fn nobody_gets_out_of_the_server_of_npm() {
    no_role_gets_out(Some(Provider::Npm)).await;
}

/// Operators and functions that are a better fit than those of `pg_catalog` for whoever looks in `public` too.
const TRAPS: &str = "
    create table public.caught (who text);
    grant all on public.caught to public;
    create function public.trap() returns boolean language plpgsql as $$
        begin insert into public.caught values (session_user); return true; end $$;
    do $$
    declare one text; other text; sign text;
    begin
        foreach one in array array['oid', 'regnamespace', 'regrole', 'regproc', 'regclass', 'name', 'text', 'varchar',
            'bpchar', 'boolean', '\"char\"', 'integer', 'bigint', 'uuid', 'timestamptz', 'inet'] loop
            foreach other in array array['oid', 'regnamespace', 'regrole', 'regproc', 'regclass', 'name', 'text',
                'varchar', 'bpchar', 'boolean', '\"char\"', 'integer', 'bigint', 'uuid', 'timestamptz', 'inet'] loop
                execute format('create function public.trap(%s, %s) returns boolean language sql as %L',
                    one, other, 'select public.trap()');
                foreach sign in array array['=', '<>', '<', '>', '~~', '!~~', '~'] loop
                    execute format('create operator public.%s (leftarg = %s, rightarg = %s, function = public.trap)',
                        sign, one, other);
                end loop;
            end loop;
        end loop;
    end $$;
    create function public.lower(varchar) returns text language plpgsql as
        $$ begin perform public.trap(); return $1; end $$;
    create function public.format(text, regprocedure) returns text language plpgsql as
        $$ begin perform public.trap(); return 'select 1'; end $$;
";

#[tokio::test]
async fn the_superuser_of_the_stack_runs_nothing_of_a_project() {
    let folder = open_folder();
    let data = folder.path().join("kept");
    let options = || Options {
        data: Some(data.clone()),
        ..Options::default()
    };
    let stack = Stack::start(options()).await.unwrap();
    let url = stack.create_database("other").await.unwrap();
    for url in [stack.info().db_url.clone(), url] {
        let db = connect(&url).await;
        db.batch_execute(TRAPS).await.unwrap();
    }
    // A probe of the superuser's own, as a killed stack leaves it: there is something to sweep.
    connect(&stack.superuser_url("postgres"))
        .await
        .batch_execute("create function supadeck_probe_9() returns void language sql as ''")
        .await
        .unwrap();
    stack.reload_schema("postgres").await.unwrap();
    stack.stop().await.unwrap();

    let stack = Stack::start(options()).await.unwrap();
    stack.serve_database("other").await.unwrap();
    stack.reload_schema("other").await.unwrap();
    stack.create_database("third").await.unwrap();
    stack.drop_database("third").await.unwrap();
    for database in ["postgres", "other"] {
        let url = stack.superuser_url(database);
        let rows = connect(&url)
            .await
            .query(
                "select who from public.caught where who operator(pg_catalog.=) 'supabase_admin'::text",
                &[],
            )
            .await
            .unwrap();
        assert_eq!(
            rows.len(),
            0,
            "the superuser ran a project's code in {database}"
        );
    }
    stack.stop().await.unwrap();
}

#[tokio::test]
async fn kept_data_that_got_out_once_is_closed_when_it_is_opened() {
    let folder = open_folder();
    let data = folder.path().join("kept");
    let options = || Options {
        data: Some(data.clone()),
        ..Options::default()
    };
    let stack = Stack::start(options()).await.unwrap();
    // What older stacks made and what ran in them.
    connect(&stack.superuser_url("postgres"))
        .await
        .batch_execute(
            "update pg_catalog.pg_authid set rolsuper = false where rolname like 'pg\\_%'; \
             create role helper; \
             grant pg_execute_server_program to postgres with admin option; \
             grant pg_read_server_files, pg_write_server_files to helper, supabase_auth_admin",
        )
        .await
        .unwrap();
    stack.stop().await.unwrap();

    let stack = Stack::start(options()).await.unwrap();
    let folder = OutsideFolder::new();
    let db = connect(&stack.info().db_url).await;
    folder.attack(&stack, "postgres", "postgres", &db).await;
    stack.stop().await.unwrap();
}
