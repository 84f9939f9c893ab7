//! The statement timeout in force and whose it is, on every kind of file; and who may do what: the role in use and the owner.

use crate::fixture::{TestProject, database, ends, everything, run};
use crate::support::fake_management_api::FakeManagementApi;
use std::time::Duration;
use supadeck::domain::migration::{StepEnd, limit};
use supadeck::domain::problem::Kind;
use supadeck::ops::migration::RunControl;
use supadeck::ops::migration::{self, Workspace};
use supadeck::ops::seed;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// Sets a limit for whoever connects to the database, which other tests do not share, and for `postgres`, who has one of two
/// minutes everywhere.
async fn short(project: &TestProject, time: &str) {
    project
        .db
        .batch_execute(&format!(
            "do $$ begin execute format('alter database %I set statement_timeout = %L', current_database(), '{time}'); \
            execute format('alter role postgres in database %I set statement_timeout = %L', current_database(), '{time}'); end $$"
        ))
        .await
        .unwrap();
}

/// A role of its own that may make tables here, with its URL.
async fn role(project: &TestProject, name: &str) -> String {
    let role = format!("{name}_{}", uuid::Uuid::new_v4().simple());
    project
        .db
        .batch_execute(&format!(
            "create role {role} login password 'dev'; grant create on schema public to {role}; \
            do $$ begin execute format('grant create on database %I to {role}', current_database()); end $$"
        ))
        .await
        .unwrap();
    let (_, rest) = project.url.split_once('@').unwrap();
    format!("postgresql://{role}:dev@{rest}")
}

fn role_of(url: &str) -> &str {
    url.split("://").nth(1).unwrap().split(':').next().unwrap()
}

const SLEEPS: &str = "select pg_sleep(1);";

#[tokio::test]
async fn the_limit_that_stops_a_statement_is_named_with_its_owner() {
    let project = TestProject::new().await;
    project.up("1_a.sql", SLEEPS);
    short(&project, "200ms").await;
    let plan = project.plan(everything()).await.unwrap();
    let timeout = plan.target.statement_timeout.clone().unwrap();
    assert_eq!(timeout.ms, 200);
    assert!(
        timeout.of.starts_with("role postgres in database "),
        "{timeout:?}"
    );
    let outcome = run(&project.schema, &plan).await;
    let problem = outcome.problem.unwrap();
    let hint = problem.hint.unwrap();
    assert!(
        hint.contains("200ms, set for role postgres in database"),
        "{hint}"
    );
    assert!(hint.contains("--statement-timeout 0"), "{hint}");

    // The run's own, and the file's own.
    let mut schema = project.schema.clone();
    schema.limits.statement_timeout = Some(Duration::from_millis(100));
    let plan = migration::plan(&schema, &everything()).await.unwrap();
    let hint = run(&schema, &plan).await.problem.unwrap().hint.unwrap();
    assert!(hint.contains("of this run stopped it: 100ms"), "{hint}");
    project.up(
        "1_a.sql",
        format!("set statement_timeout = '150ms';\n{SLEEPS}"),
    );
    let hint = project.apply().await.problem.unwrap().hint.unwrap();
    assert!(hint.contains("statement 1 sets '150ms'"), "{hint}");
}

#[tokio::test]
async fn the_limit_of_a_role_goes_before_that_of_the_database() {
    let project = TestProject::new().await;
    short(&project, "200ms").await;
    let url = role(&project, "slow").await;
    let name = role_of(&url).to_owned();
    project
        .db
        .batch_execute(&format!(
            "alter role {name} set statement_timeout = '300ms'"
        ))
        .await
        .unwrap();
    let schema = Workspace::new(project.root.path(), database(&url));
    let target = migration::list(&schema).await.unwrap().target;
    assert_eq!(target.statement_timeout.unwrap().of, format!("role {name}"));
    project
        .db
        .batch_execute(&format!(
            "do $$ begin execute format('alter role {name} in database %I set statement_timeout = %L', current_database(), '400ms'); end $$"
        ))
        .await
        .unwrap();
    let target = migration::list(&schema).await.unwrap().target;
    let timeout = target.statement_timeout.unwrap();
    assert!(
        timeout.of.starts_with(&format!("role {name} in database")),
        "{timeout:?}"
    );
    assert_eq!(timeout.ms, 400);
    let by_url = Workspace::new(
        project.root.path(),
        database(
            &format!("{url}&options=-c%20statement_timeout%3D500").replacen(
                '&',
                if url.contains('?') { "&" } else { "?" },
                1,
            ),
        ),
    );
    let target = migration::list(&by_url).await.unwrap().target;
    assert!(
        target
            .statement_timeout
            .unwrap()
            .of
            .contains("database URL")
    );
}

#[tokio::test]
async fn zero_lifts_it_for_every_kind_of_file() {
    let mut project = TestProject::new().await;
    project.schema.limits.statement_timeout = Some(Duration::ZERO);
    project.up("1_in_one.sql", SLEEPS);
    project.up(
        "2_alone.sql",
        format!("-- supadeck: no-transaction\n{SLEEPS}"),
    );
    project.up("3_parted.sql", format!("{SLEEPS}\ncommit;\n{SLEEPS}"));
    short(&project, "300ms").await;
    let plan = project.plan(everything()).await.unwrap();
    let shown = limit::of_plan(&project.schema.limits, &plan);
    assert!(
        shown.starts_with("no limit, by this run (300ms, set for role postgres in database"),
        "{shown}"
    );
    let outcome = run(&project.schema, &plan).await;
    assert!(outcome.is_complete(), "{outcome:?}");
    // In one message with others.
    project.schema.limits.live_files = 0;
    for number in 4..7 {
        project.up(
            &format!("{number}_t.sql"),
            format!("create table t{number} ();\n{SLEEPS}"),
        );
    }
    let outcome = project.apply().await;
    assert!(outcome.is_complete(), "{outcome:?}");
    // Seeds, and all of it over the Management API.
    project.write("seeds/a.sql", SLEEPS);
    let seeded = |schema: Workspace| async move {
        let plan = seed::plan(&schema, &[], true).await.unwrap();
        let (progress, _news) = mpsc::unbounded_channel();
        let cancel = CancellationToken::new();
        seed::run(&schema, &plan, &RunControl { progress, cancel })
            .await
            .unwrap()
    };
    assert_eq!(seeded(project.schema.clone()).await.problem, None);
    let api = FakeManagementApi::start(&project.url).await;
    let mut schema = Workspace::new(project.root.path(), api.database());
    project.up("9_api.sql", SLEEPS);
    let plan = migration::plan(&schema, &everything()).await.unwrap();
    let outcome = run(&schema, &plan).await;
    let hint = outcome.problem.unwrap().hint.unwrap();
    assert!(
        hint.contains("300ms, set for role postgres in database"),
        "{hint}"
    );
    let problem = seeded(schema.clone()).await.problem.unwrap();
    assert!(
        problem
            .hint
            .clone()
            .unwrap()
            .contains("300ms, set for role postgres in database"),
        "{problem}"
    );
    schema.limits.statement_timeout = Some(Duration::ZERO);
    let plan = migration::plan(&schema, &everything()).await.unwrap();
    assert!(run(&schema, &plan).await.is_complete());
    assert_eq!(seeded(schema).await.problem, None);
}

#[tokio::test]
async fn a_refusal_names_the_role_in_use_and_the_owner() {
    let project = TestProject::new().await;
    let url = role(&project, "dev").await;
    let dev = role_of(&url).to_owned();
    let (owner, closed) = (dev.replace("dev", "owner"), dev.replace("dev", "closed"));
    project
        .db
        .batch_execute(&format!(
            "create role {owner} login; create role {closed} nologin; grant {owner}, {closed} to current_user; \
            create schema kept authorization {closed}; grant create on schema public to {owner}; create table public.objects (id int); alter table public.objects owner to {owner}; \
            set role {closed}; create table kept.objects (id int); grant usage on schema kept to {dev}; reset role; \
            revoke {owner}, {closed} from current_user"
        ))
        .await
        .unwrap();
    let schema = Workspace::new(project.root.path(), database(&url));
    for (sql, said) in [
        (
            "ALTER TABLE kept.objects ENABLE ROW LEVEL SECURITY;".to_owned(),
            format!(
                "It ran as {dev}, and kept.objects belongs to {closed}. Nobody can sign in as {closed}"
            ),
        ),
        (
            "alter table public.objects add b int;".to_owned(),
            format!(
                "It ran as {dev}, and public.objects belongs to {owner}. Use a database URL of {owner}"
            ),
        ),
        (
            "create table kept.more ();".to_owned(),
            format!("schema kept belongs to {closed}"),
        ),
    ] {
        project.up("1_a.sql", &sql);
        let plan = migration::plan(&schema, &everything()).await.unwrap();
        let outcome = run(&schema, &plan).await;
        assert_eq!(ends(&outcome), [StepEnd::RolledBack]);
        let problem = outcome.problem.unwrap();
        assert_eq!(problem.kind, Kind::Denied);
        let hint = problem.hint.unwrap();
        assert!(hint.contains(&said), "{sql}: {hint}");
        assert_eq!(
            hint.contains("take the statement out"),
            said.contains(&closed),
            "{hint}"
        );
    }
}
