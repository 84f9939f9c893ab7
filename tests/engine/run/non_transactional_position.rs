//! Files that run outside a transaction: who runs them, what becomes of them when somebody goes, and where they cannot run.

use crate::fixture::pooler::Pooler;
use crate::fixture::{TestProject, connect, ends, everything, run, until, watch};
use crate::run::{go_on, open_locks};
use std::time::Duration;
use supadeck::domain::migration::{Direction, StepEnd, plan_summary};
use supadeck::domain::problem::Kind;
use supadeck::domain::run_event::RunEvent;
use supadeck::ops::migration;

#[tokio::test]
async fn cancelling_leaves_it_interrupted_at_its_statement() {
    let project = TestProject::new().await;
    project.up("1_a.sql", "-- supadeck: no-transaction\ncreate table a ();\nselect pg_sleep(600);\ncreate table b ();");
    let plan = project.plan(everything()).await.unwrap();
    let (watch, mut news) = watch();
    let cancel = watch.cancel.clone();
    let schema = project.schema.clone();
    let running =
        tokio::spawn(async move { migration::run(&schema, &plan, &watch).await.unwrap() });
    while !matches!(
        news.recv().await,
        Some(RunEvent::StatementDone {
            step: 0,
            done: 1,
            ..
        })
    ) {}
    // While it runs it is no interruption: whoever looks sees the runner.
    let listing = migration::list(&project.schema).await.unwrap();
    let note = listing.entries[0].note.clone().unwrap();
    assert_eq!(project.states().await, ["1 pending"]);
    assert!(
        note.contains("runs now, at statement 2 of 3") && note.contains("pid"),
        "{note}"
    );
    cancel.cancel();
    let outcome = tokio::time::timeout(Duration::from_secs(20), running)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(ends(&outcome), [StepEnd::Interrupted]);
    assert_eq!(outcome.problem.unwrap().kind, Kind::Cancelled);
    assert_eq!(project.states().await, ["1 interrupted"]);
    assert!(open_locks(&project).await.is_empty());
}

#[tokio::test]
async fn a_worker_that_is_ended_leaves_its_statement_in_doubt() {
    let project = TestProject::new().await;
    project.up("1_a.sql", "-- supadeck: no-transaction\ncreate table a ();\nselect pg_terminate_backend(pg_backend_pid());\ncreate table b ();");
    let outcome = project.apply().await;
    assert_eq!(ends(&outcome), [StepEnd::Interrupted]);
    let problem = outcome.problem.unwrap();
    assert_eq!(problem.kind, Kind::Network, "{problem:?}");
    assert!(problem.detail.unwrap().contains("may or may not"));
    let listing = migration::list(&project.schema).await.unwrap();
    assert!(
        listing.entries[0]
            .note
            .clone()
            .unwrap()
            .contains("statement 2 of 3")
    );
}

#[tokio::test]
async fn a_killed_keeper_stops_the_run_and_is_seen() {
    let project = TestProject::new().await;
    project.up(
        "1_a.sql",
        "-- supadeck: no-transaction\ncreate table a ();\nselect pg_sleep(1);\ncreate table b ();",
    );
    let plan = project.plan(everything()).await.unwrap();
    let schema = project.schema.clone();
    let running = tokio::spawn(async move { run(&schema, &plan).await });
    until(&project.db, "select exists (select from pg_stat_activity where wait_event = 'PgSleep' and datname = current_database())").await;
    project.db.batch_execute("select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' and database = (select oid from pg_database where datname = current_database())").await.unwrap();
    // The statement still runs, and somebody else comes: the journal says what is open.
    until(&project.db, "select not exists (select from pg_locks where locktype = 'advisory' and database = (select oid from pg_database where datname = current_database()))").await;
    let refused = project.plan(everything()).await.unwrap_err();
    assert_eq!(refused.kind, Kind::Conflict, "{refused}");
    let outcome = running.await.unwrap();
    assert_eq!(ends(&outcome), [StepEnd::Interrupted], "{outcome:?}");
    assert!(project.has("a").await && !project.has("b").await);
    assert_eq!(project.states().await, ["1 interrupted"]);
}

#[tokio::test]
async fn what_still_runs_of_a_lost_runner_is_waited_for() {
    let project = TestProject::new().await;
    project.up(
        "1_a.sql",
        "-- supadeck: no-transaction\nselect pg_sleep(600);\ncreate table b ();",
    );
    let plan = project.plan(everything()).await.unwrap();
    let schema = project.schema.clone();
    // As after a SIGKILL: the future is dropped, and nobody tells the server.
    let running = tokio::spawn(async move { run(&schema, &plan).await });
    until(&project.db, "select exists (select from pg_stat_activity where wait_event = 'PgSleep' and datname = current_database())").await;
    project.db.batch_execute("select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' and database = (select oid from pg_database where datname = current_database())").await.unwrap();
    running.abort();
    until(&project.db, "select not exists (select from pg_locks where locktype = 'advisory' and database = (select oid from pg_database where datname = current_database()))").await;
    let refused = project
        .plan(go_on(Direction::Apply, false))
        .await
        .unwrap_err();
    assert!(refused.what.contains("still at a statement"), "{refused}");
    project.db.batch_execute("select pg_terminate_backend(pid) from pg_stat_activity where wait_event = 'PgSleep' and datname = current_database()").await.unwrap();
    until(&project.db, "select not exists (select from pg_stat_activity where wait_event = 'PgSleep' and datname = current_database())").await;
    let plan = project.plan(go_on(Direction::Apply, false)).await.unwrap();
    assert_eq!(plan.steps[0].begin_at, 0);
    let listing = migration::list(&project.schema).await.unwrap();
    assert!(
        listing.entries[0]
            .note
            .clone()
            .unwrap()
            .contains("may or may not")
    );
}

#[tokio::test]
async fn an_older_journal_gets_the_places_it_lacks() {
    let project = TestProject::new().await;
    project.up("1_a.sql", "create table a (b int);");
    assert!(project.apply().await.is_complete());
    project.db.batch_execute("drop index supabase_migrations.supadeck_journal_open; alter table supabase_migrations.supadeck_journal \
        drop column position, drop column statements, drop column in_doubt, drop column session, drop column keeper, drop column worker, \
        drop column worker_since, drop column invalid_before").await.unwrap();
    assert_eq!(project.states().await, ["1 applied"]);
    project.up("2_b.sql", "create index concurrently i on a (b);");
    assert!(project.apply().await.is_complete());
    assert!(project.has("i").await);
}

#[tokio::test]
async fn a_pooler_in_transaction_mode_is_seen_and_refused() {
    let project = TestProject::new().await;
    let Some(pooler) = Pooler::start(&project).await else {
        return;
    };
    project.up("0_first.sql", "create table first ();");
    project.up(
        "1_a.sql",
        "create table a (b int);\ncreate index concurrently i on a (b);",
    );
    let schema = project.through(&pooler.url("127.0.0.1", "pgbouncer=true"));
    let plan = migration::plan(&schema, &everything()).await.unwrap();
    // The plan foretells it, and the run stops before its first file.
    let told = plan_summary::out_of_place(&plan).unwrap();
    assert!(
        told.contains("1 a") && told.contains("transaction mode"),
        "{told}"
    );
    let problem = migration::run(&schema, &plan, &watch().0)
        .await
        .unwrap_err();
    assert!(problem.what.contains("nothing was run"), "{problem}");
    assert!(problem.why.contains("transaction mode"), "{problem}");
    assert!(!project.has("a").await && !project.has("first").await);
    assert_eq!(project.states().await, ["0 pending", "1 pending"]);
    // Over a connection of its own nothing is in the way.
    let plan = project.plan(everything()).await.unwrap();
    assert_eq!(plan_summary::out_of_place(&plan), None);
    assert!(project.apply().await.is_complete());
}

#[tokio::test]
async fn a_concurrent_index_waits_for_others_and_says_for_whom() {
    let project = TestProject::new().await;
    project
        .db
        .batch_execute("create table t (b int)")
        .await
        .unwrap();
    let other = connect(&project.url).await;
    other
        .batch_execute("begin; insert into t values (1)")
        .await
        .unwrap();
    project.up("1_a.sql", "create index concurrently i on t (b);");
    let plan = project.plan(everything()).await.unwrap();
    let mut schema = project.schema.clone();
    schema.limits.lock_timeout = Duration::from_millis(50);
    let (watch, mut news) = watch();
    let running =
        tokio::spawn(async move { migration::run(&schema, &plan, &watch).await.unwrap() });
    let blocker = loop {
        if let Some(RunEvent::Blocked { blocker, .. }) = news.recv().await {
            break blocker;
        }
    };
    assert!(blocker.holder.query.unwrap().contains("insert into t"));
    other.batch_execute("commit").await.unwrap();
    assert!(running.await.unwrap().is_complete());
    assert_eq!(
        project
            .texts("select 'x' from pg_index where not indisvalid")
            .await,
        Vec::<String>::new()
    );
}
