//! Several files in one message: each is a transaction of its own, and each is told truly.

use crate::fixture::fault_proxy::{FaultProxy, Rule};
use crate::fixture::{ends, everything, run, watch};
use crate::run::{FILES, agreed, project_of_many};
use supadeck::domain::migration::{PlanRequest, StepEnd};
use supadeck::domain::problem::Kind;
use supadeck::domain::run_event::RunEvent;
use supadeck::ops::migration;

/// Only a message that commits holds this.
const COMMITTING: &str = "reload schema'; commit";

#[tokio::test]
async fn every_file_has_its_transaction_its_notices_and_its_time() {
    let project = project_of_many(|_| "").await;
    let plan = project.plan(everything()).await.unwrap();
    let (watch, mut news) = watch();
    let outcome = migration::run(&project.schema, &plan, &watch)
        .await
        .unwrap();
    assert!(outcome.is_complete(), "{outcome:?}");
    assert_eq!(agreed(&project).await, FILES);
    for (at, step) in outcome.steps.iter().enumerate() {
        assert_eq!(step.notices, [format!("NOTICE: of {}", 10 + at)]);
    }
    let (mut started, mut done) = (Vec::new(), Vec::new());
    while let Ok(progress) = news.try_recv() {
        match progress {
            RunEvent::StepStarted { step } => started.push(step),
            RunEvent::StepDone { step, .. } => done.push(step),
            _ => {}
        }
    }
    let all: Vec<usize> = (0..FILES).collect();
    assert_eq!((started, done), (all.clone(), all));
    let transactions = project
        .texts("select count(distinct xmin::text)::text from supabase_migrations.schema_migrations")
        .await;
    assert_eq!(transactions, [FILES.to_string()], "a transaction each");
    let overlaps = project
        .texts("select version from (select version, started < lag(finished) over (order by id) as early from supabase_migrations.supadeck_journal) j where early")
        .await;
    assert!(overlaps.is_empty(), "{overlaps:?}");
    let plan = project
        .plan(PlanRequest::RollbackTo {
            version: "0".into(),
        })
        .await
        .unwrap();
    assert!(run(&project.schema, &plan).await.is_complete());
    assert!(project.versions().await.is_empty());
    assert!(!project.has("t10").await && !project.has("t21").await);
}

#[tokio::test]
async fn a_failing_file_leaves_nothing_and_stops_the_rest() {
    // The last kind cannot even be read, so the server begins nothing of its message.
    for (broken, line) in [
        ("select 1;\nselect nope;", "line 4"),
        ("insert into t15 values (1), (2) returning nope;", "line 3"),
        ("create tabel x ();", "line 3"),
    ] {
        let project = project_of_many(|at| if at == 5 { broken } else { "" }).await;
        let outcome = project.apply().await;
        let ends = ends(&outcome);
        assert!(
            ends[..5].iter().all(|end| *end == StepEnd::Done),
            "{broken}: {ends:?}"
        );
        assert_eq!(ends[5], StepEnd::RolledBack, "{broken}");
        assert!(
            ends[6..].iter().all(|end| *end == StepEnd::NotRun),
            "{broken}: {ends:?}"
        );
        let problem = outcome.problem.unwrap();
        assert!(
            problem.what.contains("15_t") && problem.what.contains(line),
            "{problem}"
        );
        assert_eq!(agreed(&project).await, 5);
        let failed = project
            .texts(
                "select version from supabase_migrations.supadeck_journal where outcome = 'failed'",
            )
            .await;
        assert_eq!(failed, ["15"]);
    }
}

#[tokio::test]
async fn a_line_lost_behind_the_message_is_resolved_file_by_file() {
    for slow in [None, Some(7)] {
        let project = project_of_many(|at| {
            if slow == Some(at) {
                "select pg_sleep(1);"
            } else {
                ""
            }
        })
        .await;
        let line = FaultProxy::new(&project.url, Rule::CutBehind(COMMITTING), true).await;
        let mut schema = project.through(&line.url);
        schema.limits.live_files = 0;
        let plan = migration::plan(&schema, &everything()).await.unwrap();
        let outcome = run(&schema, &plan).await;
        assert!(line.is_cut());
        let done = agreed(&project).await;
        let ends = ends(&outcome);
        let told = ends.iter().filter(|end| **end == StepEnd::Done).count();
        assert_eq!(told, done, "{ends:?}");
        assert!(
            ends[..done].iter().all(|end| *end == StepEnd::Done),
            "{ends:?}"
        );
        assert!(!ends.contains(&StepEnd::Unknown), "{ends:?}");
        assert_eq!(outcome.problem.unwrap().kind, Kind::Network);
        // The next run goes on.
        assert!(project.apply().await.is_complete());
        assert_eq!(project.versions().await.len(), FILES);
    }
}

#[tokio::test]
async fn nobody_knows_about_any_of_them_while_the_database_is_away() {
    let project = project_of_many(|_| "").await;
    let line = FaultProxy::new(&project.url, Rule::CutBehind(COMMITTING), false).await;
    let mut schema = project.through(&line.url);
    schema.limits.live_files = 0;
    let plan = migration::plan(&schema, &everything()).await.unwrap();
    let outcome = run(&schema, &plan).await;
    assert!(
        ends(&outcome).iter().all(|end| *end == StepEnd::Unknown),
        "{:?}",
        ends(&outcome)
    );
    assert_eq!(outcome.history, None);
}

#[tokio::test]
async fn a_lock_that_was_not_to_be_had_is_tried_again_from_its_file_on() {
    // Also where a trigger wants it as the transaction ends.
    for waits in [
        "alter table busy add column a int;",
        "create function waits() returns trigger language plpgsql as $$ begin lock table busy; return null; end $$; \
        create table late (id int); create constraint trigger waits after insert on late deferrable initially deferred \
        for each row execute function waits(); insert into late values (1);",
    ] {
        a_lock_is_tried_again(waits).await;
    }
}

async fn a_lock_is_tried_again(waits: &'static str) {
    let mut project = project_of_many(|at| if at == 4 { waits } else { "" }).await;
    project
        .db
        .batch_execute("create table busy ()")
        .await
        .unwrap();
    project.schema.limits.lock_timeout = std::time::Duration::from_millis(50);
    project.schema.limits.lock_pause = std::time::Duration::from_millis(10);
    let other = crate::fixture::connect(&project.url).await;
    other.batch_execute("begin; lock table busy").await.unwrap();
    let plan = project.plan(everything()).await.unwrap();
    let (watch, mut news) = watch();
    let schema = project.schema.clone();
    let running =
        tokio::spawn(async move { migration::run(&schema, &plan, &watch).await.unwrap() });
    while !matches!(
        news.recv().await,
        Some(RunEvent::TryingAgain { step: 4, .. })
    ) {}
    other.batch_execute("rollback").await.unwrap();
    let outcome = running.await.unwrap();
    assert!(outcome.is_complete(), "{outcome:?}");
    assert_eq!(agreed(&project).await, FILES);
    assert_eq!(outcome.steps[4].notices, ["NOTICE: of 14"]);
}
