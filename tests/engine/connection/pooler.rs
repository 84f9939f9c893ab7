//! Through a real PgBouncer in transaction mode, with TLS towards the client: nothing may rest on the session.

use crate::fixture::pooler::Pooler;
use crate::fixture::{TestProject, ends, run, until, watch};
use std::time::Duration;
use supadeck::domain::migration::StepEnd;
use supadeck::domain::problem::Kind;
use supadeck::domain::run_event::RunEvent;
use supadeck::ops::{migration, seed};

#[tokio::test]
async fn migrations_and_seeds_run_through_a_transaction_mode_pooler() {
    let project = TestProject::new().await;
    let Some(pooler) = Pooler::start(&project).await else {
        return;
    };
    let schema = project.through(&pooler.url("127.0.0.1", "pgbouncer=true"));
    project.up(
        "01_a.sql",
        "set search_path = '';\ncreate table public.a (b int);\nset statement_timeout = '1h';",
    );
    project.up(
        "02_b.sql",
        "create table b as select current_setting('search_path') as path;",
    );
    for number in 10..25 {
        project.up(
            &format!("{number}_t.sql"),
            format!("create table t{number} ();"),
        );
        project.down(
            &format!("{number}_t.sql"),
            &format!("drop table t{number};"),
        );
    }
    let plan = migration::plan(&schema, &crate::fixture::everything())
        .await
        .unwrap();
    let outcome = run(&schema, &plan).await;
    assert!(outcome.is_complete(), "{outcome:?}");
    assert_ne!(project.texts("select path from b").await, [""]);
    let wish = supadeck::domain::migration::PlanRequest::RollbackTo {
        version: "20".into(),
    };
    let plan = migration::plan(&schema, &wish).await.unwrap();
    assert!(run(&schema, &plan).await.is_complete());
    project.write(
        "seeds/a.sql",
        "copy a from stdin;\n1\n2\n\\.\ncopy a from stdin;\n3\n\\.\ninsert into a values (4);",
    );
    project.write("seeds/b.sql", "copy a from stdin;\n5\n\\.\n");
    let plan = seed::plan(&schema, &[], false).await.unwrap();
    let outcome = seed::run(&schema, &plan, &crate::fixture::run_control())
        .await
        .unwrap();
    assert!(outcome.problem.is_none(), "{outcome:?}");
    assert_eq!(project.texts("select sum(b)::text from a").await, ["15"]);
}

#[tokio::test]
async fn cancelling_and_failing_work_through_the_pooler_and_tls() {
    let project = TestProject::new().await;
    let Some(pooler) = Pooler::start(&project).await else {
        return;
    };
    let schema = project.through(&pooler.url("localhost", "sslmode=require"));
    project.up("1_a.sql", "create table a ();\nselect pg_sleep(600);");
    let plan = migration::plan(&schema, &crate::fixture::everything())
        .await
        .unwrap();
    let (watch, mut news) = watch();
    let (cancel, shown, same) = (watch.cancel.clone(), plan.clone(), schema.clone());
    let running = tokio::spawn(async move { migration::run(&same, &shown, &watch).await.unwrap() });
    while !matches!(
        news.recv().await,
        Some(RunEvent::StatementDone {
            step: 0,
            done: 1,
            ..
        })
    ) {}
    cancel.cancel();
    let outcome = tokio::time::timeout(Duration::from_secs(20), running)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        outcome.problem.as_ref().map(|problem| problem.kind),
        Some(Kind::Cancelled),
        "{outcome:?}"
    );
    assert!(!project.has("a").await);

    let same = schema.clone();
    let running = tokio::spawn(async move { run(&same, &plan).await });
    until(&project.db, "select exists (select from pg_stat_activity where wait_event = 'PgSleep' and datname = current_database())").await;
    project
        .db
        .batch_execute("select pg_terminate_backend(pid) from pg_stat_activity where wait_event = 'PgSleep' and datname = current_database()")
        .await
        .unwrap();
    let outcome = running.await.unwrap();
    assert_eq!(ends(&outcome), [StepEnd::RolledBack]);
    assert_eq!(outcome.problem.unwrap().kind, Kind::Network);
}
