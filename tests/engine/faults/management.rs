//! Walks through every call of an apply and of a rollback over the Management API, and breaks each in every way. Afterwards
//! schema, history and journal agree, the report was true, and the next run does the rest.

use crate::fixture::{TestProject, everything, run};
use crate::support::fake_management_api::{FakeManagementApi, Manner};
use futures_util::future::join_all;
use supadeck::domain::migration::{Outcome, PlanRequest, StepEnd};
use supadeck::domain::problem::Problem;
use supadeck::ops::migration::{self, Workspace};

/// More calls than any of the runs has; the walk proves that it went past the last one.
const MOST_CALLS: usize = 24;
/// How many databases are walked on at once.
const AT_ONCE: usize = 8;

const MANNERS: [Manner; 6] = [
    Manner::Instead("500 Internal Server Error", "", "{}"),
    Manner::ResetBefore,
    Manner::Behind("500 Internal Server Error", "", ""),
    Manner::Behind("400 Bad Request", "", "<html>"),
    Manner::CutOff,
    Manner::ResetAfter,
];

async fn project() -> (TestProject, FakeManagementApi, Workspace) {
    let project = TestProject::new().await;
    let api = FakeManagementApi::start(&project.url).await;
    for table in ["a", "b"] {
        let number = if table == "a" { 1 } else { 2 };
        project.up(
            &format!("{number}_{table}.sql"),
            format!("create table {table} ();"),
        );
        project.down(
            &format!("{number}_{table}.sql"),
            &format!("drop table {table};"),
        );
    }
    let schema = Workspace::new(project.root.path(), api.database());
    (project, api, schema)
}

async fn wished(schema: &Workspace, wish: &PlanRequest) -> Result<Outcome, Problem> {
    let plan = migration::plan(schema, wish).await?;
    migration::run(schema, &plan, &crate::fixture::watch().0).await
}

/// Asserts that schema, history and journal agree about both versions; tells which are there.
async fn agreed(project: &TestProject, context: &str) -> Vec<bool> {
    let versions = if project.has("supabase_migrations.schema_migrations").await {
        project.versions().await
    } else {
        Vec::new()
    };
    let mut there = Vec::new();
    for (version, table) in [("1", "a"), ("2", "b")] {
        let is_there = project.has(table).await;
        assert_eq!(
            versions.iter().any(|own| own == version),
            is_there,
            "{context}"
        );
        if project.has("supabase_migrations.supadeck_journal").await {
            let last = project
                .texts(&format!("select direction from supabase_migrations.supadeck_journal where version = '{version}' and outcome = 'done' order by id desc limit 1"))
                .await;
            assert_eq!(
                last.first().is_some_and(|way| way == "apply"),
                is_there,
                "{context}"
            );
        }
        there.push(is_there);
    }
    there
}

/// Breaks one call of a run. Returns whether the run had so many calls.
async fn step(call: usize, manner: Manner, is_rollback: bool) -> bool {
    let context = format!("call {call}, {manner:?}, rollback: {is_rollback}");
    let (project, api, schema) = project().await;
    let wish = if is_rollback {
        let plan = migration::plan(&schema, &everything()).await.unwrap();
        assert!(run(&schema, &plan).await.is_complete());
        PlanRequest::RollbackTo {
            version: "0".into(),
        }
    } else {
        everything()
    };
    let before = agreed(&project, &context).await;
    api.misbehave_after(call, manner);
    let said = wished(&schema, &wish).await;
    let was_broken = api.is_spent();
    let after = agreed(&project, &context).await;
    match &said {
        // Nothing was tried.
        Err(problem) => assert_eq!(before, after, "{context}: {problem}"),
        Ok(outcome) => {
            for step in &outcome.steps {
                let index = usize::from(step.version == "2");
                let has_changed = before[index] != after[index];
                let is_done = step.end == StepEnd::Done;
                assert_eq!(has_changed, is_done, "{context}: {outcome:?}");
                assert_ne!(step.end, StepEnd::Unknown, "{context}: {outcome:?}");
            }
            let is_all = outcome.steps.iter().all(|step| step.end == StepEnd::Done);
            assert!(
                is_all || outcome.problem.is_some(),
                "{context}: {outcome:?}"
            );
        }
    }
    if was_broken {
        let outcome = wished(&schema, &wish).await.unwrap();
        assert!(outcome.problem.is_none(), "{context}: {outcome:?}");
    }
    assert_eq!(
        agreed(&project, &context).await,
        [!is_rollback; 2],
        "{context}"
    );
    was_broken
}

async fn walk(is_rollback: bool) {
    let mut broken = 0;
    for call in 0..MOST_CALLS {
        let steps: Vec<_> = MANNERS
            .iter()
            .map(|manner| step(call, manner.clone(), is_rollback))
            .collect();
        assert!(steps.len() <= AT_ONCE);
        let were: Vec<bool> = join_all(steps).await;
        if !were.contains(&true) {
            println!("{broken} broken calls, rollback: {is_rollback}");
            assert!(call >= 4, "a run has more calls than {call}");
            return;
        }
        broken += were.iter().filter(|was| **was).count();
    }
    panic!("the walk never came to the end of the run");
}

#[tokio::test]
async fn every_call_of_an_apply_may_break() {
    walk(false).await;
}

#[tokio::test]
async fn every_call_of_a_rollback_may_break() {
    walk(true).await;
}
