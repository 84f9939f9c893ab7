//! Redo: the newest is rolled back and applied again, and a failure in the middle is told as it is.

use crate::fixture::{TestProject, ends, run};
use std::fs;
use supadeck::domain::migration::{PlanRequest, StepEnd};
use supadeck::domain::run_event::RunEvent;
use supadeck::ops::migration;

async fn applied() -> TestProject {
    let project = TestProject::new().await;
    project.up("1_a.sql", "create table a ();");
    project.up("2_b.sql", "create table b (old int);");
    project.down("2_b.sql", "drop table b;");
    assert!(project.apply().await.is_complete());
    project
}

#[tokio::test]
async fn the_newest_comes_back_as_its_file_is_now() {
    let project = applied().await;
    project.up("2_b.sql", "create table b (new int);");
    let plan = project.plan(PlanRequest::Redo).await.unwrap();
    let (watch, mut news) = crate::fixture::watch();
    let outcome = migration::run(&project.schema, &plan, &watch)
        .await
        .unwrap();
    assert!(outcome.is_complete(), "{outcome:?}");
    assert_eq!(ends(&outcome), [StepEnd::Done, StepEnd::Done]);
    assert_eq!(project.versions().await, ["1", "2"]);
    assert_eq!(
        outcome.history.as_deref(),
        Some(&["1".to_owned(), "2".into()][..])
    );
    let columns = project
        .texts(
            "select attname::text from pg_attribute where attrelid = 'b'::regclass and attnum > 0",
        )
        .await;
    assert_eq!(columns, ["new"]);
    let mut done = Vec::new();
    while let Ok(event) = news.try_recv() {
        if let RunEvent::StepDone { step, .. } = event {
            done.push(step);
        }
    }
    assert_eq!(done, [0, 1], "each half has its own step");
}

#[tokio::test]
async fn a_file_that_fails_stays_rolled_back_and_that_is_said() {
    let project = applied().await;
    project.up("2_b.sql", "create table b (new nowhere);");
    let plan = project.plan(PlanRequest::Redo).await.unwrap();
    let outcome = run(&project.schema, &plan).await;
    assert_eq!(ends(&outcome), [StepEnd::Done, StepEnd::RolledBack]);
    let problem = outcome.problem.unwrap();
    assert!(
        problem
            .hint
            .as_deref()
            .unwrap_or_default()
            .contains("rolled back and not applied"),
        "{problem:?}"
    );
    assert_eq!(project.versions().await, ["1"]);
    assert_eq!(outcome.history, Some(vec!["1".to_owned()]));
    assert!(!project.has("b").await && project.has("a").await);
}

#[tokio::test]
async fn a_rollback_that_fails_leaves_everything_as_it_was() {
    let project = applied().await;
    project.down("2_b.sql", "drop table nowhere;");
    let plan = project.plan(PlanRequest::Redo).await.unwrap();
    let outcome = run(&project.schema, &plan).await;
    assert_eq!(ends(&outcome), [StepEnd::RolledBack, StepEnd::NotRun]);
    assert_eq!(project.versions().await, ["1", "2"]);
    assert!(project.has("b").await);
}

#[tokio::test]
async fn nothing_is_rolled_back_that_could_not_be_applied_again_or_is_another_by_now() {
    let project = applied().await;
    let plan = project.plan(PlanRequest::Redo).await.unwrap();
    let file = project.up("2_b.sql", "create table b (other int);");
    let problem = migration::run(&project.schema, &plan, &crate::fixture::watch().0)
        .await
        .unwrap_err();
    assert!(problem.what.contains("has changed since"), "{problem}");
    assert_eq!(project.versions().await, ["1", "2"]);
    fs::remove_file(file).unwrap();
    assert!(project.plan(PlanRequest::Redo).await.is_err());
    let empty = TestProject::new().await;
    assert_eq!(empty.plan(PlanRequest::Redo).await.unwrap().steps, []);
}

#[tokio::test]
async fn one_dry_run_goes_both_ways_and_leaves_nothing() {
    let project = applied().await;
    project.up("2_b.sql", "create table b (new int);");
    let plan = project.plan(PlanRequest::Redo).await.unwrap();
    let stage = crate::fixture::database(&project.url);
    let report = migration::dry_run(&project.schema, &*stage, &plan, &crate::fixture::watch().0)
        .await
        .unwrap();
    assert!(report.problem.is_none(), "{report:?}");
    assert_eq!(report.steps.len(), 2);
    let columns = project
        .texts(
            "select attname::text from pg_attribute where attrelid = 'b'::regclass and attnum > 0",
        )
        .await;
    assert_eq!(columns, ["old"]);
}
