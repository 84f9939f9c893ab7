//! Several runners over the Management API and beside it: one waits, is told who is in the way, and never applies twice.

use crate::fixture::{connect, ends, everything, run, watch};
use crate::management::{LOCK, agreed, begun};
use std::time::Duration;
use supadeck::domain::migration::{Outcome, StepEnd};
use supadeck::domain::problem::Kind;
use supadeck::domain::run_event::RunEvent;
use supadeck::ops::migration;

#[tokio::test]
async fn another_runner_is_waited_for_and_then_reported() {
    let (project, _, schema) = begun().await;
    let other = connect(&project.url).await;
    other.batch_execute(LOCK).await.unwrap();
    let plan = migration::plan(&schema, &everything()).await.unwrap();
    let mut hasty = schema.clone();
    hasty.limits.runner_timeout = Duration::from_millis(100);
    let outcome = run(&hasty, &plan).await;
    assert_eq!(ends(&outcome), [StepEnd::NotRun]);
    let problem = outcome.problem.unwrap();
    assert_eq!(problem.kind, Kind::Conflict);
    let pid = other
        .query_one("select pg_backend_pid()", &[])
        .await
        .unwrap()
        .get::<_, i32>(0);
    assert!(
        format!("{problem:?}").contains(&pid.to_string()),
        "{problem:?}"
    );
    let (watch, mut news) = watch();
    let (same, shown) = (schema.clone(), plan.clone());
    let running = tokio::spawn(async move { migration::run(&same, &shown, &watch).await.unwrap() });
    while !matches!(
        news.recv().await,
        Some(RunEvent::WaitingForLock { holder: Some(_) })
    ) {}
    other.batch_execute("rollback").await.unwrap();
    assert!(running.await.unwrap().is_complete());
    assert!(agreed(&project).await);
    // The plan is of a history that is no longer there.
    let outcome = run(&schema, &plan).await;
    assert_eq!(ends(&outcome), [StepEnd::NotRun]);
    assert!(
        outcome
            .problem
            .unwrap()
            .detail
            .unwrap()
            .contains("New in the history: 2.")
    );
}

#[tokio::test]
async fn somebody_elses_lock_on_a_table_is_told_and_waited_out() {
    let (project, api, mut schema) = begun().await;
    project.up("2_b.sql", "create table b ();\nalter table a add x int;");
    let plan = migration::plan(&schema, &everything()).await.unwrap();
    let other = connect(&project.url).await;
    other.batch_execute("begin; lock table a").await.unwrap();
    schema.limits.lock_timeout = Duration::from_secs(4);
    let (watch, mut news) = watch();
    let running =
        tokio::spawn(async move { migration::run(&schema, &plan, &watch).await.unwrap() });
    let (mut blocker, mut again) = (None, false);
    while let Some(progress) = news.recv().await {
        match progress {
            RunEvent::Blocked { blocker: found, .. } => blocker = Some(found),
            RunEvent::TryingAgain { .. } => {
                again = true;
                other.batch_execute("rollback").await.unwrap();
            }
            _ => {}
        }
    }
    assert!(running.await.unwrap().is_complete());
    assert!(again && agreed(&project).await);
    assert_eq!(blocker.unwrap().table.as_deref(), Some("public.a"));
    assert_eq!(api.count("table b"), 2, "one attempt was undone");
}

#[tokio::test]
async fn two_ways_at_once_never_apply_twice() {
    let (project, _, schema) = begun().await;
    let plan = migration::plan(&schema, &everything()).await.unwrap();
    let (a, b): (Outcome, Outcome) = tokio::join!(run(&schema, &plan), run(&project.schema, &plan));
    let done = [a, b]
        .iter()
        .filter(|outcome| outcome.is_complete())
        .count();
    assert_eq!(done, 1);
    assert!(agreed(&project).await);
}
