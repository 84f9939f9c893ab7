//! The journal as people read it.

use crate::fixture::{TestProject, everything, run};
use supadeck::domain::migration::PlanRequest;
use supadeck::domain::migration::resolution::Repair;
use supadeck::domain::problem::Kind;
use supadeck::ops::migration;

#[tokio::test]
async fn everything_that_was_done_is_read_newest_first() {
    let project = TestProject::new().await;
    let empty = migration::log(&project.schema, 10, None).await.unwrap();
    assert!(!empty.is_kept && empty.lines.is_empty());
    assert_eq!(empty.target.role, "postgres");
    assert!(!project.has("supabase_migrations.supadeck_journal").await);
    project.up("1_a.sql", "create table a ();");
    project.down("1_a.sql", "drop table a;");
    project.up("2_b.sql", "create table b ();\nselect * from nowhere;");
    let plan = project.plan(everything()).await.unwrap();
    assert!(!run(&project.schema, &plan).await.is_complete());
    let plan = project
        .plan(PlanRequest::RollbackLast { count: 1 })
        .await
        .unwrap();
    assert!(run(&project.schema, &plan).await.is_complete());
    migration::repair(&project.schema, &["1".to_owned()], Repair::Applied)
        .await
        .unwrap();
    project
        .db
        .batch_execute("alter table supabase_migrations.supadeck_journal add column shoe_size integer; set timezone = 'Asia/Tokyo'")
        .await
        .unwrap();
    let journal = migration::log(&project.schema, 10, None).await.unwrap();
    let told: Vec<String> = journal
        .lines
        .iter()
        .map(|line| format!("{} {} {}", line.version, line.direction, line.outcome))
        .collect();
    assert_eq!(
        told,
        [
            "1 repair_applied done",
            "1 rollback done",
            "2 apply failed",
            "1 apply done"
        ]
    );
    let failed = &journal.lines[2];
    assert_eq!(failed.failing_statement, Some(2));
    assert!(failed.error.as_deref().unwrap().contains("nowhere"));
    assert!(failed.who.ends_with(" as postgres") && failed.host.is_some());
    assert!(failed.started.is_some() && failed.took_ms.is_some() && failed.sha256.is_some());
    let of_two = migration::log(&project.schema, 10, Some("2"))
        .await
        .unwrap();
    assert_eq!(of_two.lines.len(), 1);
    let newest = migration::log(&project.schema, 1, None).await.unwrap();
    assert_eq!(newest.lines[0].direction, "repair_applied");
    let none = migration::log(&project.schema, 10, Some("'; drop table a; --"))
        .await
        .unwrap();
    assert!(none.is_kept && none.lines.is_empty());
}

#[tokio::test]
async fn a_journal_that_may_not_be_read_is_told() {
    let project = TestProject::new().await;
    project.up("1_a.sql", "select 1;");
    assert!(project.apply().await.is_complete());
    let role = format!("deaf_{}", std::process::id());
    project
        .db
        .batch_execute(&format!(
            "create role {role} login password 'deaf'; grant usage on schema supabase_migrations to {role}"
        ))
        .await
        .unwrap();
    let (_, host) = project.url.split_once('@').unwrap();
    let schema = project.through(&format!("postgresql://{role}:deaf@{host}"));
    let problem = migration::log(&schema, 10, None).await.unwrap_err();
    assert_eq!(problem.kind, Kind::Denied);
    assert!(problem.hint.unwrap().contains("select"));
}

#[tokio::test]
async fn a_run_whose_runner_is_gone_without_a_word_is_lost_and_not_running() {
    let project = TestProject::new().await;
    project.up("1_a.sql", "create table a ();");
    assert!(project.apply().await.is_complete());
    project
        .db
        .batch_execute(
            "insert into supabase_migrations.supadeck_journal (version, direction, who, started, finished, outcome, keeper) \
            select '2', 'apply', 'me', now(), now(), 'running', keeper from (values (0), (pg_backend_pid())) k (keeper)",
        )
        .await
        .unwrap();
    let outcomes = async || {
        let journal = migration::log(&project.schema, 2, None).await.unwrap();
        let outcomes = journal.lines.into_iter().map(|line| line.outcome);
        outcomes.collect::<Vec<_>>()
    };
    assert_eq!(outcomes().await, ["lost", "lost"]);
    // The bytes of `supadeck`: the runners' lock.
    project
        .db
        .batch_execute("select pg_advisory_lock(8319679450235364203)")
        .await
        .unwrap();
    assert_eq!(outcomes().await, ["running", "lost"]);
}
