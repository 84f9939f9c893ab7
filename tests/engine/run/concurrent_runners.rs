//! Several runners on one database, and a history that changes under a plan.

use crate::fixture::{TestProject, connect, ends, everything, run, until, watch};
use std::time::Duration;
use supadeck::domain::migration::StepEnd;
use supadeck::domain::problem::Kind;
use supadeck::domain::run_event::RunEvent;
use supadeck::ops::migration;

/// The migration lock, as another runner holds it.
const LOCK: &str = "begin; select pg_advisory_xact_lock(x'737570616465636b'::bigint)";

#[tokio::test]
async fn two_runners_of_one_plan_never_apply_twice() {
    for steps in [3, 20] {
        let project = TestProject::new().await;
        for number in 10..10 + steps {
            project.up(
                &format!("{number}_t.sql"),
                format!("create table t{number} ();"),
            );
        }
        let plan = project.plan(everything()).await.unwrap();
        let (a, b) = tokio::join!(run(&project.schema, &plan), run(&project.schema, &plan));
        assert_eq!(project.versions().await.len(), steps);
        assert_eq!(project.texts("select count(*)::text from supabase_migrations.supadeck_journal where outcome = 'done'").await, [steps.to_string()]);
        let done = |outcome: &supadeck::domain::migration::Outcome| {
            ends(outcome)
                .iter()
                .filter(|end| **end == StepEnd::Done)
                .count()
        };
        assert_eq!(done(&a) + done(&b), steps, "{a:?} {b:?}");
        for outcome in [a, b] {
            if !outcome.is_complete() {
                assert_eq!(outcome.problem.unwrap().kind, Kind::Conflict);
            }
        }
    }
}

#[tokio::test]
async fn another_runner_is_waited_for_and_then_reported() {
    let project = TestProject::new().await;
    project.up("1_a.sql", "create table a ();");
    let plan = project.plan(everything()).await.unwrap();
    let other = connect(&format!("{}?application_name=somebody", project.url)).await;
    other.batch_execute(LOCK).await.unwrap();
    let pid: i32 = other
        .query_one("select pg_backend_pid()", &[])
        .await
        .unwrap()
        .get(0);
    let mut schema = project.schema.clone();
    schema.limits.runner_timeout = Duration::from_millis(100);
    let (watch, mut news) = watch();
    let outcome = migration::run(&schema, &plan, &watch).await.unwrap();
    assert_eq!(ends(&outcome), [StepEnd::NotRun]);
    let problem = outcome.problem.unwrap();
    assert_eq!((problem.kind, problem.retry), (Kind::Conflict, true));
    for word in [
        &format!("pid {pid}"),
        "user ",
        "application somebody",
        "since ",
    ] {
        assert!(problem.why.contains(word), "{problem}");
    }
    let mut waited = None;
    while let Ok(progress) = news.try_recv() {
        if let RunEvent::WaitingForLock { holder } = progress {
            waited = holder;
        }
    }
    let waited = waited.unwrap();
    assert_eq!((waited.pid, waited.application.as_str()), (pid, "somebody"));

    schema.limits.runner_timeout = Duration::from_mins(1);
    let (again, shown) = (schema.clone(), plan.clone());
    let running = tokio::spawn(async move { run(&again, &shown).await });
    until(
        &project.db,
        "select exists (select from pg_stat_activity where application_name like 'supadeck _%' and datname = current_database())",
    )
    .await;
    other.batch_execute("rollback").await.unwrap();
    assert!(running.await.unwrap().is_complete());
}

#[tokio::test]
async fn waiting_for_another_runner_can_be_cancelled() {
    let project = TestProject::new().await;
    project.up("1_a.sql", "create table a ();");
    let plan = project.plan(everything()).await.unwrap();
    let other = connect(&project.url).await;
    other.batch_execute(LOCK).await.unwrap();
    let (watch, mut news) = watch();
    let cancel = watch.cancel.clone();
    let schema = project.schema.clone();
    let running =
        tokio::spawn(async move { migration::run(&schema, &plan, &watch).await.unwrap() });
    while !matches!(news.recv().await, Some(RunEvent::WaitingForLock { .. })) {}
    cancel.cancel();
    let outcome = tokio::time::timeout(Duration::from_secs(20), running)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(outcome.problem.unwrap().kind, Kind::Cancelled);
}

#[tokio::test]
async fn a_history_that_changed_since_the_plan_stops_the_run() {
    for steps in [2, 12] {
        let project = TestProject::new().await;
        for number in 10..10 + steps {
            project.up(
                &format!("{number}_t.sql"),
                format!("create table t{number} ();"),
            );
        }
        let plan = project.plan(everything()).await.unwrap();
        project.up("01_other.sql", "select 1;");
        let other = project
            .plan(supadeck::domain::migration::PlanRequest::Apply {
                to: Some("01".into()),
                include_out_of_order: false,
            })
            .await
            .unwrap();
        assert!(run(&project.schema, &other).await.is_complete());
        let outcome = run(&project.schema, &plan).await;
        assert!(ends(&outcome).iter().all(|end| *end == StepEnd::NotRun));
        let problem = outcome.problem.unwrap();
        assert_eq!(problem.kind, Kind::Conflict);
        assert_eq!(problem.detail.as_deref(), Some("New in the history: 01."));
        assert!(problem.what.contains("history has changed"), "{problem}");
        assert!(!project.has("t10").await);
    }
}

#[tokio::test]
async fn whom_the_one_in_the_way_waits_for_is_named_too() {
    let project = TestProject::new().await;
    project.db.batch_execute("create table a ()").await.unwrap();
    project.up("1_a.sql", "select count(*) from a;");
    let plan = project.plan(everything()).await.unwrap();
    let session = async |name: &str| {
        let other = connect(&format!("{}?application_name={name}", project.url)).await;
        let pid = other.query_one("select pg_backend_pid()", &[]).await;
        (other, pid.unwrap().get::<_, i32>(0))
    };
    let (reader, reads) = session("reader").await;
    let (writer, writes) = session("writer").await;
    reader.batch_execute("begin; select from a").await.unwrap();
    let waiting =
        tokio::spawn(async move { writer.batch_execute("begin; lock table a; rollback").await });
    let asks = format!("select exists (select from pg_locks where pid = {writes} and not granted)");
    until(&project.db, &asks).await;
    let (watch, mut news) = watch();
    let schema = project.schema.clone();
    let running =
        tokio::spawn(async move { migration::run(&schema, &plan, &watch).await.unwrap() });
    let blocker = loop {
        if let RunEvent::Blocked { blocker, .. } = news.recv().await.unwrap() {
            break blocker;
        }
    };
    assert_eq!(blocker.holder.pid, writes, "{blocker}");
    let behind: Vec<i32> = blocker.behind.iter().map(|holder| holder.pid).collect();
    assert_eq!(behind, [reads], "{blocker}");
    let words = format!("which itself waits for pid {reads}, user ");
    assert!(blocker.to_string().contains(&words), "{blocker}");
    reader.batch_execute("rollback").await.unwrap();
    assert!(running.await.unwrap().is_complete());
    waiting.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_statement_that_ends_the_transaction_unseen_is_noticed() {
    let project = TestProject::new().await;
    let plan = {
        project.up("1_a.sql", "create table a ();\ncreate table b ();");
        let mut plan = project.plan(everything()).await.unwrap();
        // No file gets this far: the plan is made by hand, as if the splitter had missed something.
        let unseen = ["create table a (); commit", "create table b ()"];
        plan.steps[0].statements = unseen.iter().collect();
        plan
    };
    let outcome = run(&project.schema, &plan).await;
    assert_eq!(ends(&outcome), [StepEnd::Unknown]);
    assert!(
        outcome
            .problem
            .unwrap()
            .what
            .contains("ended its own transaction")
    );
    assert!(project.versions().await.is_empty());
}
