//! What supautils locks of the platform for a policy: predicted, told in one line, and taken out of the other locks, by every
//! way to the database. A server without supautils stands for it: the list is a setting of the database, and an event
//! trigger takes the locks.

use crate::fixture::dry_run::over_both_transports;
use crate::fixture::{TestProject, connect, database, everything, run, stack, watch};
use crate::support::fake_management_api::FakeManagementApi;
use supadeck::domain::dry_run::Report;
use supadeck::domain::migration::platform_locks::{self, PlatformLocks};
use supadeck::ops::migration;

const TABLES: [&str; 4] = [
    "auth.users",
    "auth.sessions",
    "storage.buckets",
    "storage.objects",
];

/// A project whose database locks as the platform does.
async fn platform() -> TestProject {
    let project = TestProject::new().await;
    let name = project.url.rsplit('/').next().unwrap();
    let admin = connect(&stack().await.superuser_url(name)).await;
    let list = TABLES.map(|table| format!("\"{table}\"")).join(",");
    admin
        .batch_execute(&format!(
            "alter database \"{name}\" set \"supautils.policy_grants\" = '{{\"postgres\": [{list}]}}';
             create function extensions.lock_all() returns event_trigger language plpgsql security definer
             set search_path = pg_catalog, pg_temp as $$ begin lock table {} in access exclusive mode; end $$;
             create event trigger lock_all on ddl_command_start
             when tag in ('CREATE POLICY', 'ALTER POLICY', 'DROP POLICY', 'DROP TRIGGER') execute function extensions.lock_all()",
            TABLES.join(", ")
        ))
        .await
        .unwrap();
    project
}

async fn rehearsed(project: &TestProject) -> Report {
    let stage = database(&project.url);
    let plan = project.plan(everything()).await.unwrap();
    migration::dry_run(&project.schema, stage.as_ref(), &plan, &watch().0)
        .await
        .unwrap()
}

fn places(locks: &PlatformLocks) -> Vec<String> {
    let all = locks.statements.iter();
    all.map(|one| format!("{} {}", one.version, one.statement))
        .collect()
}

#[tokio::test]
async fn a_policy_is_foretold_with_all_that_it_locks_and_told_in_one_line() {
    let project = platform().await;
    project.up(
        "1_a.sql",
        "create table item (id int);\nalter table item enable row level security;",
    );
    assert!(
        run(&project.schema, &project.plan(everything()).await.unwrap())
            .await
            .problem
            .is_none()
    );
    project.up("2_b.sql", "alter table item add column name text;\ncreate policy all_of_it on item for select using (true);");
    project.up(
        "3_c.sql",
        "do $$ begin drop policy all_of_it on item; end $$;\ncreate table other (id int);",
    );
    let plan = project.plan(everything()).await.unwrap();
    let foretold = platform_locks::of_plan(&plan).unwrap();
    assert_eq!(foretold.tables, TABLES);
    assert_eq!(places(&foretold), ["2 2", "3 1"]);
    let line = foretold.line();
    assert!(line.starts_with("4 tables of auth and storage: "), "{line}");
    assert!(
        !line.contains('\n') && line.contains("nobody can sign in"),
        "{line}"
    );

    let report = rehearsed(&project).await;
    assert!(report.problem.is_none(), "{:?}", report.problem);
    let found = report.platform_locks.as_ref().unwrap();
    assert_eq!(
        (&found.tables, places(found)),
        (&foretold.tables, places(&foretold))
    );
    assert!(found.held_ms.is_some());
    // They stand there and nowhere else, and the project's own lock is still told.
    let others: Vec<&str> = report
        .locks
        .iter()
        .map(|lock| lock.table.as_str())
        .collect();
    assert_eq!(others, ["public.item"]);
    let of_statements = report
        .steps
        .iter()
        .flat_map(|step| &step.statements)
        .flat_map(|one| &one.locks);
    assert!(
        of_statements
            .clone()
            .all(|lock| lock.table == "public.item"),
        "{:?}",
        of_statements.collect::<Vec<_>>()
    );

    let api = FakeManagementApi::start(&project.url).await;
    let over_api = over_both_transports(&project, &api, &everything()).await;
    assert_eq!(places(&over_api.platform_locks.unwrap()), ["2 2", "3 1"]);
}

/// What the file itself locks of the platform is told as any lock.
#[tokio::test]
async fn a_lock_that_is_the_files_own_stays_one() {
    let project = platform().await;
    project.up("1_a.sql", "lock table auth.users in access exclusive mode;\ncreate policy p on storage.objects for select using (true);");
    let report = rehearsed(&project).await;
    let own: Vec<&str> = report
        .locks
        .iter()
        .map(|lock| lock.table.as_str())
        .collect();
    assert_eq!(own, ["auth.users"]);
    assert_eq!(places(&report.platform_locks.unwrap()), ["1 2"]);
}

#[tokio::test]
async fn nothing_is_foretold_where_supautils_does_nothing() {
    let project = platform().await;
    project.up(
        "1_a.sql",
        "create table item (id int);\ncreate policy p on item for select using (true);",
    );
    let name = project.url.rsplit('/').next().unwrap().to_owned();
    // A superuser is left alone, and another database has no list.
    let admin = project.through(&stack().await.superuser_url(&name));
    let plan = migration::plan(&admin, &everything()).await.unwrap();
    assert_eq!(platform_locks::of_plan(&plan), None);
    let plain = TestProject::new().await;
    plain.up(
        "1_a.sql",
        "create table item (id int);\ncreate policy p on item for select using (true);",
    );
    assert_eq!(
        platform_locks::of_plan(&plain.plan(everything()).await.unwrap()),
        None
    );
    assert_eq!(rehearsed(&plain).await.platform_locks, None);
    // Files without policies lock nothing of it.
    project.up(
        "1_a.sql",
        "create table item (id int);\ncreate function f() returns void language sql as 'select 1';",
    );
    assert_eq!(
        platform_locks::of_plan(&project.plan(everything()).await.unwrap()),
        None
    );
}

#[tokio::test]
async fn a_list_that_cannot_be_read_keeps_nobody_from_the_history() {
    let project = TestProject::new().await;
    let name = project.url.rsplit('/').next().unwrap();
    let admin = connect(&stack().await.superuser_url(name)).await;
    for value in ["", "{", "[1]", "{\"postgres\": {}}", "ä \u{202e}"] {
        let set = format!("alter database \"{name}\" set \"supautils.policy_grants\" = '{value}'");
        admin.batch_execute(&set).await.unwrap();
        project.up(
            "1_a.sql",
            "create policy p on storage.objects for select using (true);",
        );
        let plan = project.plan(everything()).await.unwrap();
        assert_eq!(platform_locks::of_plan(&plan), None, "{value}");
    }
}
