//! Runs that are cancelled, killed or cut off: the outcome is what the history says, or unknown.

use crate::fixture::fault_proxy::{FaultProxy, Rule};
use crate::fixture::{TestProject, connect, ends, everything, run, until, watch};
use std::time::Duration;
use supadeck::domain::migration::{Outcome, StepEnd};
use supadeck::domain::problem::Kind;
use supadeck::domain::run_event::RunEvent;
use supadeck::ops::migration;

/// The word that only the message with COMMIT holds.
const COMMITTING: &str = "notify pgrst";

#[tokio::test]
async fn cancelling_stops_the_statement_and_leaves_nothing() {
    let project = TestProject::new().await;
    project.up("1_a.sql", "create table a ();");
    project.up("2_b.sql", "create table b ();\nselect pg_sleep(600);");
    project.up("3_c.sql", "create table c ();");
    let plan = project.plan(everything()).await.unwrap();
    let (watch, mut news) = watch();
    let cancel = watch.cancel.clone();
    let (schema, shown) = (project.schema.clone(), plan.clone());
    let running =
        tokio::spawn(async move { migration::run(&schema, &shown, &watch).await.unwrap() });
    while !matches!(
        news.recv().await,
        Some(RunEvent::StatementDone {
            step: 1,
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
        ends(&outcome),
        [StepEnd::Done, StepEnd::RolledBack, StepEnd::NotRun]
    );
    assert_eq!(outcome.problem.unwrap().kind, Kind::Cancelled);
    let mut told = false;
    while let Ok(progress) = news.try_recv() {
        told |= progress == RunEvent::Cancelling;
    }
    assert!(told);
    assert_eq!(project.versions().await, ["1"]);
    assert!(!project.has("b").await);
    assert_eq!(
        project
            .texts("select outcome from supabase_migrations.supadeck_journal order by id")
            .await,
        ["done", "cancelled"]
    );
    let outcome = {
        let (cancelled, _) = crate::fixture::watch();
        cancelled.cancel.cancel();
        migration::run(&project.schema, &plan, &cancelled).await
    };
    assert_eq!(outcome.unwrap_err().kind, Kind::Cancelled);
}

#[tokio::test]
async fn cancelling_reaches_a_message_of_a_whole_file_too() {
    let project = TestProject::new().await;
    for number in 10..25 {
        let slow = if number == 15 {
            "select pg_sleep(600);"
        } else {
            ""
        };
        project.up(
            &format!("{number}_t.sql"),
            format!("create table t{number} ();{slow}"),
        );
    }
    let plan = project.plan(everything()).await.unwrap();
    let (watch, mut news) = watch();
    let cancel = watch.cancel.clone();
    let schema = project.schema.clone();
    let running =
        tokio::spawn(async move { migration::run(&schema, &plan, &watch).await.unwrap() });
    while news.recv().await != Some(RunEvent::StepStarted { step: 5 }) {}
    until(&project.db, "select exists (select from pg_stat_activity where wait_event = 'PgSleep' and datname = current_database())").await;
    cancel.cancel();
    let outcome = tokio::time::timeout(Duration::from_secs(20), running)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(outcome.problem.unwrap().kind, Kind::Cancelled);
    assert_eq!(outcome.steps[5].end, StepEnd::RolledBack);
    assert_eq!(project.versions().await.len(), 5);
}

#[tokio::test]
async fn a_server_that_ignores_the_request_to_stop_is_given_up() {
    for steps in [0, 12] {
        let project = TestProject::new().await;
        for number in 0..steps {
            project.up(
                &format!("{}_t.sql", 10 + number),
                format!("create table t{number} ();"),
            );
        }
        project.up("99_z.sql", "create table z ();\nselect pg_sleep(600);");
        let line = FaultProxy::new(&project.url, Rule::DropCancels, true).await;
        let mut schema = project.through(&line.url);
        schema.limits.cancel_timeout = Duration::from_millis(1_500);
        let plan = migration::plan(&schema, &everything()).await.unwrap();
        let (watch, _news) = watch();
        let cancel = watch.cancel.clone();
        let running =
            tokio::spawn(async move { migration::run(&schema, &plan, &watch).await.unwrap() });
        until(&project.db, "select exists (select from pg_stat_activity where wait_event = 'PgSleep' and datname = current_database())").await;
        cancel.cancel();
        let outcome = tokio::time::timeout(Duration::from_secs(30), running)
            .await
            .unwrap()
            .unwrap();
        assert!(line.is_cut());
        let problem = outcome.problem.as_ref().unwrap();
        assert_eq!(problem.kind, Kind::Network, "{problem:?}");
        assert!(
            problem.why.contains("did not answer the request to stop"),
            "{problem:?}"
        );
        // The history was read, so this was seen and not guessed.
        assert_eq!(outcome.steps.last().unwrap().end, StepEnd::RolledBack);
        assert_eq!(outcome.history.unwrap().len(), steps);
        assert!(!project.has("z").await);
    }
}

#[tokio::test]
async fn a_killed_backend_leaves_nothing() {
    for steps in [1, 12] {
        let project = TestProject::new().await;
        for number in 0..steps {
            project.up(
                &format!("{:02}_t.sql", 10 + number),
                format!("create table t{number} ();"),
            );
        }
        project.up("99_z.sql", "create table z ();\nselect pg_sleep(600);");
        let plan = project.plan(everything()).await.unwrap();
        let schema = project.schema.clone();
        let running = tokio::spawn(async move { run(&schema, &plan).await });
        until(&project.db, "select exists (select from pg_stat_activity where wait_event = 'PgSleep' and datname = current_database())").await;
        project
            .db
            .batch_execute("select pg_terminate_backend(pid) from pg_stat_activity where wait_event = 'PgSleep' and datname = current_database()")
            .await
            .unwrap();
        let outcome = running.await.unwrap();
        let problem = outcome.problem.as_ref().unwrap();
        assert_eq!(problem.kind, Kind::Network, "{problem:?}");
        assert!(
            problem.why.contains("terminating connection"),
            "{problem:?}"
        );
        assert!(
            problem
                .hint
                .as_ref()
                .unwrap()
                .contains("Nothing of it remains")
        );
        assert_eq!(outcome.steps.last().unwrap().end, StepEnd::RolledBack);
        assert_eq!(outcome.history.unwrap().len(), steps);
        assert!(!project.has("z").await);
    }
}

async fn over(project: &TestProject, rule: Rule, open_again: bool) -> Outcome {
    let line = FaultProxy::new(&project.url, rule, open_again).await;
    let schema = project.through(&line.url);
    let plan = migration::plan(&schema, &everything()).await.unwrap();
    let outcome = run(&schema, &plan).await;
    assert!(line.is_cut());
    outcome
}

#[tokio::test]
async fn a_line_cut_behind_the_commit_is_resolved_to_done() {
    let project = TestProject::new().await;
    project.up("1_a.sql", "create table a ();");
    project.up("2_b.sql", "create table b ();");
    let outcome = over(&project, Rule::CutBehind(COMMITTING), true).await;
    assert_eq!(ends(&outcome), [StepEnd::Done, StepEnd::NotRun]);
    let problem = outcome.problem.unwrap();
    assert_eq!(problem.kind, Kind::Network);
    assert!(problem.hint.unwrap().contains("it is done"));
    assert_eq!(outcome.history, Some(vec!["1".into()]));
    assert!(project.has("a").await && !project.has("b").await);
}

#[tokio::test]
async fn a_slow_commit_behind_a_cut_line_is_waited_for_or_ended() {
    let project = TestProject::new().await;
    // The deferred trigger makes COMMIT itself slow, so the line is cut while the server is still at it.
    project.up(
        "1_a.sql",
        "create table a (b int);\ncreate function slow() returns trigger language plpgsql as $$ begin perform pg_sleep(3); return null; end $$;\n\
        create constraint trigger slow after insert on a deferrable initially deferred for each row execute function slow();\ninsert into a values (1);",
    );
    let outcome = over(&project, Rule::CutBehind(COMMITTING), true).await;
    let is_there = project.has("a").await;
    assert_eq!(
        ends(&outcome),
        [if is_there {
            StepEnd::Done
        } else {
            StepEnd::RolledBack
        }]
    );
    assert_eq!(project.versions().await.is_empty(), !is_there);
    // What was said stays true: nothing of the lost session is left to change it.
    let db = connect(&project.url).await;
    until(&db, "select not exists (select from pg_stat_activity where application_name like 'supadeck _%' and datname = current_database())").await;
    assert_eq!(project.has("a").await, is_there);
}

#[tokio::test]
async fn a_line_cut_before_the_commit_leaves_nothing() {
    let project = TestProject::new().await;
    project.up("1_a.sql", "create table a ();");
    let outcome = over(&project, Rule::CutBefore(COMMITTING), true).await;
    assert_eq!(ends(&outcome), [StepEnd::RolledBack]);
    assert_eq!(outcome.history, Some(Vec::new()));
    assert!(!project.has("a").await);
}

#[tokio::test]
async fn nobody_knows_while_the_database_cannot_be_reached() {
    let project = TestProject::new().await;
    project.up("1_a.sql", "create table a ();");
    let outcome = over(&project, Rule::CutBehind(COMMITTING), false).await;
    assert_eq!(ends(&outcome), [StepEnd::Unknown]);
    assert_eq!(outcome.history, None);
    assert!(
        outcome
            .problem
            .unwrap()
            .hint
            .unwrap()
            .contains("nobody knows")
    );
    until(&project.db, "select to_regclass('a') is not null").await;
    assert_eq!(project.states().await, ["1 applied"]);
}

#[tokio::test]
async fn a_line_cut_before_commit_was_sent_needs_no_answer_to_be_judged() {
    let project = TestProject::new().await;
    project.up("1_a.sql", "create table a ();\ncreate table b ();");
    let outcome = over(&project, Rule::CutBehind("create table a"), false).await;
    assert_eq!(ends(&outcome), [StepEnd::RolledBack]);
    assert_eq!(outcome.history, None);
    until(
        &project.db,
        "select not exists (select from pg_stat_activity where application_name like 'supadeck _%' and datname = current_database())",
    )
    .await;
    assert!(!project.has("a").await);
}

#[tokio::test]
async fn a_lock_on_a_table_is_not_waited_for_long() {
    let project = TestProject::new().await;
    project
        .db
        .batch_execute("create table a (b int)")
        .await
        .unwrap();
    let other = connect(&project.url).await;
    other.batch_execute("begin; select * from a").await.unwrap();
    project.up(
        "1_a.sql",
        "create table c ();\nalter table a add column d int;",
    );
    let plan = project.plan(everything()).await.unwrap();
    let mut schema = project.schema.clone();
    schema.limits.lock_timeout = Duration::from_millis(50);
    let outcome = run(&schema, &plan).await;
    let problem = outcome.problem.unwrap();
    assert_eq!(
        (problem.kind, problem.code.as_deref(), problem.retry),
        (Kind::Conflict, Some("55P03"), true)
    );
    assert!(!project.has("c").await);
    other.batch_execute("rollback").await.unwrap();
    schema.limits.statement_timeout = Some(Duration::from_millis(50));
    project.up("1_a.sql", "select pg_sleep(600);");
    let plan = project.plan(everything()).await.unwrap();
    let problem = run(&schema, &plan).await.problem.unwrap();
    assert_eq!(
        (problem.kind, problem.code.as_deref()),
        (Kind::Database, Some("57014"))
    );
}
