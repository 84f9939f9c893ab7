//! Files whose version is in the way: they get another one together with their rollback, or stay as they are.

use crate::fixture::{TestProject, everything};
use crate::history::{entries, folder, now, versions};
use std::fs;
use supadeck::domain::migration::State;
use supadeck::domain::migration::resolution::Repair;
use supadeck::domain::problem::Kind;
use supadeck::ops::migration;

#[tokio::test]
async fn a_late_migration_is_renumbered_with_its_rollback_and_then_applies() {
    let project = TestProject::new().await;
    project.up("20250101000000_a.sql", "select 1;");
    assert!(project.apply().await.is_complete());
    project.up("20240101000000_late.sql", "create table late ();");
    project.down("20240101000000_late.sql", "drop table late;");
    let found = entries(&project).await;
    assert_eq!(found[0].state, State::OutOfOrder);
    assert_eq!(
        found[0].ways[1].resolution.command(),
        "supadeck migration renumber 20240101000000"
    );
    let refused = project.plan(everything()).await.unwrap_err();
    assert!(
        refused
            .hint
            .unwrap()
            .contains("supadeck migration renumber 20240101000000")
    );
    let plan = migration::plan_renumber(&project.schema, "20240101000000", None, now())
        .await
        .unwrap();
    assert_eq!((plan.to.as_str(), plan.moves.len()), ("20260203040559", 2));
    migration::renumber(&project.schema, &plan).await.unwrap();
    assert_eq!(
        project.states().await,
        ["20250101000000 applied", "20260203040559 pending"]
    );
    assert_eq!(folder(&project, "supabase/migrations").len(), 2);
    assert_eq!(
        folder(&project, "supabase/migrations/rollback")[0].0,
        "20260203040559_late.sql"
    );
    assert!(project.apply().await.is_complete());
    for (which, to) in [
        ("20250101000000", None),
        ("7", None),
        ("20260203040559", Some("1")),
    ] {
        let refused = migration::plan_renumber(&project.schema, which, to, now()).await;
        assert!(refused.is_err(), "{which}");
    }
}

#[tokio::test]
async fn both_files_move_or_none() {
    let project = TestProject::new().await;
    project.up("1_a.sql", "select 1;");
    project.down("1_a.sql", "select 2;");
    let plan = migration::plan_renumber(&project.schema, "1", Some("2"), now())
        .await
        .unwrap();
    project.down("2_a.sql", "keep");
    migration::renumber(&project.schema, &plan)
        .await
        .unwrap_err();
    let up = folder(&project, "supabase/migrations");
    assert_eq!(up, [("1_a.sql".to_owned(), "select 1;".to_owned())]);
    let down = folder(&project, "supabase/migrations/rollback");
    assert_eq!(down[0].1, "select 2;");
    assert_eq!(down[1].1, "keep");
    // The version of an applied migration is not for another file.
    assert!(project.apply().await.is_complete());
    project.up("3_b.sql", "select 3;");
    fs::remove_file(project.root.path().join("supabase/migrations/1_a.sql")).unwrap();
    let refused = migration::plan_renumber(&project.schema, "3", Some("1"), now()).await;
    assert_eq!(refused.unwrap_err().kind, Kind::Conflict);
}

#[tokio::test]
async fn two_files_of_one_version_are_told_apart_by_what_was_applied() {
    let project = TestProject::new().await;
    project.up("1_a.sql", "create table a ();");
    project.up("1_b.sql", "create table b ();");
    assert_eq!(project.states().await, ["1 invalid", "1 invalid"]);
    let problem = project.plan(everything()).await.unwrap_err();
    assert!(problem.why.contains("1_a.sql, 1_b.sql"), "{problem}");
    assert!(
        problem
            .hint
            .unwrap()
            .contains("supadeck migration renumber --all")
    );
    for refused in [
        migration::plan_renumber(&project.schema, "1", None, now())
            .await
            .err(),
        migration::diff(&project.schema, "1").await.err(),
        migration::plan_repair(&project.schema, &versions(&["1"]), Repair::Applied)
            .await
            .err(),
    ] {
        assert!(refused.is_some());
    }
    let plan = migration::plan_renumber(&project.schema, "1_b.sql", None, now())
        .await
        .unwrap();
    migration::renumber(&project.schema, &plan).await.unwrap();
    assert!(project.apply().await.is_complete());
    project.up("1_c.sql", "create table c ();");
    assert_eq!(
        project.states().await,
        ["1 applied", "1 invalid", "20260203040559 applied"]
    );
    // Neither file is the applied one: the version still counts as applied, and no rollback skips it.
    project.up("1_a.sql", "create table d ();");
    fs::remove_file(
        project
            .root
            .path()
            .join("supabase/migrations/20260203040559_b.sql"),
    )
    .unwrap();
    migration::repair(
        &project.schema,
        &versions(&["20260203040559"]),
        Repair::Reverted,
    )
    .await
    .unwrap();
    let problem = project
        .plan(supadeck::domain::migration::PlanRequest::RollbackLast { count: 1 })
        .await
        .unwrap_err();
    assert_eq!(problem.kind, Kind::Conflict, "{problem}");
}

#[tokio::test]
async fn files_of_double_versions_get_a_version_each_at_once() {
    let project = TestProject::new().await;
    for (name, table) in [
        ("20231121_a.sql", "a"),
        ("20231121_b.sql", "b"),
        ("20231121_c.sql", "c"),
        ("20231122_d.sql", "d"),
        ("20231125_e.sql", "e"),
        ("20231125_f.sql", "f"),
        // What golang-migrate writes is a pair, and no double.
        ("20231126_g.up.sql", "g"),
        ("20231126_g.down.sql", "g"),
    ] {
        project.up(name, format!("create table {table} ();"));
    }
    project.down("20231121_b.sql", "drop table b;");
    // All of them are told at once, with the one command that mends them.
    let refused = project.plan(everything()).await.unwrap_err();
    for name in ["20231121_a", "20231121_c", "20231125_f", "20231126_g.up"] {
        assert!(refused.what.contains(name), "{refused}");
    }
    let hint = refused.hint.unwrap();
    assert!(hint.contains("supadeck migration renumber --all"), "{hint}");
    assert!(hint.contains("supadeck migration split"), "{hint}");
    let plan = migration::plan_renumber_all(&project.schema).await.unwrap();
    let told: Vec<String> = plan
        .files
        .iter()
        .map(|one| format!("{}_{} {}", one.version, one.name, one.to))
        .collect();
    assert_eq!(
        told,
        [
            "20231121_b 202311210",
            "20231121_c 202311211",
            "20231125_f 202311250"
        ]
    );
    assert_eq!(plan.moves.len(), 4);
    migration::renumber_all(&project.schema, &plan)
        .await
        .unwrap();
    assert_eq!(
        folder(&project, "supabase/migrations/rollback")[0].0,
        "202311210_b.sql"
    );
    let again = migration::plan_renumber_all(&project.schema).await.unwrap();
    assert!(again.files.is_empty() && again.moves.is_empty());
}

#[tokio::test]
async fn of_double_versions_what_is_applied_keeps_its_own() {
    let project = TestProject::new().await;
    project.up("1_b.sql", "create table b ();");
    assert!(project.apply().await.is_complete());
    project.up("1_a.sql", "create table a ();");
    let plan = migration::plan_renumber_all(&project.schema).await.unwrap();
    assert_eq!(plan.files.len(), 1);
    assert_eq!(
        (plan.files[0].name.as_str(), plan.files[0].to.as_str()),
        ("a", "2")
    );
    migration::renumber_all(&project.schema, &plan)
        .await
        .unwrap();
    assert!(project.apply().await.is_complete());
    assert!(project.has("a").await);
    let skipped = migration::skipped(project.root.path()).unwrap();
    assert!(skipped.is_empty());
    project.up("a name.sql", "select 1;");
    project.up("20240101_up.SQL", "select 1;");
    let skipped = migration::skipped(project.root.path()).unwrap();
    assert_eq!(
        skipped,
        migration::list(&project.schema).await.unwrap().skipped
    );
    assert_eq!(skipped.len(), 2, "{skipped:?}");
}
