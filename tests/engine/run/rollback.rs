//! Rolling back: newest first, with the row in the same transaction, and never halfway into the unknown.

use crate::fixture::{TestProject, ends, run};
use supadeck::domain::migration::{PlanRequest, StepEnd};
use supadeck::domain::problem::Kind;

async fn three() -> TestProject {
    let project = TestProject::new().await;
    for version in ["1", "2", "3"] {
        project.up(
            &format!("{version}_t.sql"),
            format!("create table t{version} ();"),
        );
        project.down(
            &format!("{version}_t.sql"),
            &format!("drop table t{version};"),
        );
    }
    assert!(project.apply().await.is_complete());
    project
}

fn to(version: &str) -> PlanRequest {
    PlanRequest::RollbackTo {
        version: version.into(),
    }
}

#[tokio::test]
async fn versions_are_rolled_back_newest_first() {
    let project = three().await;
    let plan = project.plan(to("1")).await.unwrap();
    let order: Vec<&str> = plan
        .steps
        .iter()
        .map(|step| step.version.as_str())
        .collect();
    assert_eq!(order, ["3", "2"]);
    assert!(run(&project.schema, &plan).await.is_complete());
    assert_eq!(project.versions().await, ["1"]);
    assert!(project.has("t1").await && !project.has("t2").await && !project.has("t3").await);
    let plan = project.plan(to("0")).await.unwrap();
    assert!(run(&project.schema, &plan).await.is_complete());
    assert!(project.versions().await.is_empty());
    assert_eq!(
        project.states().await,
        ["1 pending", "2 pending", "3 pending"]
    );
    assert!(project.apply().await.is_complete());
    let plan = project
        .plan(PlanRequest::RollbackLast { count: 1 })
        .await
        .unwrap();
    assert!(run(&project.schema, &plan).await.is_complete());
    assert_eq!(project.versions().await, ["1", "2"]);
}

#[tokio::test]
async fn a_failing_rollback_keeps_its_version() {
    let project = three().await;
    project.down("2_t.sql", "drop table t2; select 1/0;");
    let plan = project.plan(to("0")).await.unwrap();
    let outcome = run(&project.schema, &plan).await;
    assert_eq!(
        ends(&outcome),
        [StepEnd::Done, StepEnd::RolledBack, StepEnd::NotRun]
    );
    assert_eq!(
        outcome.problem.unwrap().what,
        "The rollback of 2_t failed at statement 2 of 2, line 1, column 16, and the version is still applied."
    );
    assert!(project.has("t2").await);
    assert_eq!(project.versions().await, ["1", "2"]);
}

#[tokio::test]
async fn without_a_rollback_file_nothing_runs() {
    let project = three().await;
    std::fs::remove_file(
        project
            .root
            .path()
            .join("supabase/migrations/rollback/2_t.sql"),
    )
    .unwrap();
    let refused = project.plan(to("0")).await.unwrap_err();
    assert_eq!(refused.kind, Kind::Config);
    assert!(
        refused.what.contains("Version 2 has no rollback file"),
        "{refused}"
    );
    assert!(refused.why.contains("Nothing was rolled back"), "{refused}");
    project.down("3_t.sql", "-- nothing yet\n");
    let refused = project.plan(to("0")).await.unwrap_err();
    assert!(
        refused
            .what
            .contains("Versions 3 and 2 have no rollback file"),
        "{refused}"
    );
    let each = refused.detail.unwrap();
    assert!(
        each.contains("Write rollback/2_t.sql") && each.contains("of version 3 holds no statement"),
        "{each}"
    );
    project.down("3_t.sql", "drop table t3;");
    project.down("2_t.sql", "-- nothing yet\n");
    let refused = project.plan(to("0")).await.unwrap_err();
    assert!(refused.what.contains("holds no statement"), "{refused}");
    assert_eq!(project.versions().await.len(), 3);
}

#[tokio::test]
async fn only_applied_versions_can_be_rolled_back_to() {
    let project = three().await;
    project.up("4_t.sql", "select 1;");
    assert_eq!(
        project.plan(to("4")).await.unwrap_err().kind,
        Kind::Conflict
    );
    assert_eq!(project.plan(to("9")).await.unwrap_err().kind, Kind::Usage);
    assert!(project.plan(to("3")).await.unwrap().steps.is_empty());
}

#[tokio::test]
async fn a_missing_version_goes_back_by_what_the_history_stores() {
    let project = three().await;
    project
        .db
        .batch_execute(
            "alter table supabase_migrations.schema_migrations add column rollback text[]",
        )
        .await
        .unwrap();
    project.up("4_t.sql", "create table t4 ();");
    project.down("4_t.sql", "drop table t4;\n-- gone\n");
    assert!(project.apply().await.is_complete());
    assert_eq!(
        project
            .texts("select unnest(rollback) from supabase_migrations.schema_migrations")
            .await,
        ["drop table t4", "-- gone"]
    );
    for file in ["4_t.sql", "rollback/4_t.sql", "3_t.sql", "rollback/3_t.sql"] {
        std::fs::remove_file(project.root.path().join("supabase/migrations").join(file)).unwrap();
    }
    let plan = project
        .plan(PlanRequest::RollbackLast { count: 1 })
        .await
        .unwrap();
    let statements: Vec<&str> = plan.steps[0].statements.iter().collect();
    assert_eq!(statements, ["drop table t4", "-- gone"]);
    assert!(run(&project.schema, &plan).await.is_complete());
    assert!(!project.has("t4").await);
    let refused = project
        .plan(PlanRequest::RollbackLast { count: 1 })
        .await
        .unwrap_err();
    assert!(
        refused.what.contains("Version 3 has no rollback file"),
        "{refused}"
    );
}
