//! Files that are deleted while they are pending, and never once they ran or are others than was shown.

use crate::fixture::{TestProject, run_control};
use std::fs;
use supadeck::domain::problem::Kind;
use supadeck::ops::{migration, seed};

#[tokio::test]
async fn a_pending_migration_goes_with_its_rollback_and_an_applied_one_stays() {
    let project = TestProject::new().await;
    let first = project.up("1_a.sql", "create table a ();");
    assert!(project.apply().await.is_complete());
    let second = project.up("2_b.sql", "create table b ();");
    project.down("2_b.sql", "drop table b;");
    let refused = migration::plan_delete(&project.schema, "1").await;
    assert_eq!(refused.err().unwrap().kind, Kind::Conflict);
    let plan = migration::plan_delete(&project.schema, "2").await.unwrap();
    let shown: Vec<String> = plan
        .files
        .iter()
        .map(|file| file.text().into_owned())
        .collect();
    assert_eq!(shown, ["create table b ();", "drop table b;"]);
    let listing = migration::delete(&project.schema, &plan).await.unwrap();
    assert_eq!(listing.entries.len(), 1);
    assert!(
        first.exists() && !second.exists() && plan.files.iter().all(|file| !file.path.exists())
    );
}

#[tokio::test]
async fn what_changed_or_was_applied_since_it_was_shown_is_not_deleted() {
    let project = TestProject::new().await;
    let file = project.up("1_a.sql", "create table a ();");
    let plan = migration::plan_delete(&project.schema, "1").await.unwrap();
    fs::write(&file, "create table a (b int);").unwrap();
    let problem = migration::delete(&project.schema, &plan).await.unwrap_err();
    assert!(problem.what.contains("has changed"), "{problem}");
    assert!(file.exists());
    // A rollback that nobody was shown.
    let plan = migration::plan_delete(&project.schema, "1").await.unwrap();
    project.down("1_a.sql", "drop table a;");
    let problem = migration::delete(&project.schema, &plan).await.unwrap_err();
    assert!(problem.what.contains("was not there"), "{problem}");
    assert!(file.exists());
    let plan = migration::plan_delete(&project.schema, "1").await.unwrap();
    assert!(project.apply().await.is_complete());
    let problem = migration::delete(&project.schema, &plan).await.unwrap_err();
    assert!(problem.what.contains("is applied"), "{problem}");
    assert!(file.exists() && plan.files.iter().all(|file| file.path.exists()));
}

#[tokio::test]
async fn a_seed_is_deleted_while_it_never_ran() {
    let project = TestProject::new().await;
    let one = project.write("seeds/a.sql", "select 1;");
    let two = project.write("seeds/b.sql", "select 2;");
    let early = seed::plan_delete(&project.schema, "seeds/a.sql")
        .await
        .unwrap();
    let plan = seed::plan(&project.schema, std::slice::from_ref(&one), false)
        .await
        .unwrap();
    seed::run(&project.schema, &plan, &run_control())
        .await
        .unwrap();
    assert!(
        seed::plan_delete(&project.schema, "seeds/a.sql")
            .await
            .is_err()
    );
    let problem = seed::delete(&project.schema, &early).await.unwrap_err();
    assert!(problem.what.contains("has run"), "{problem}");
    let plan = seed::plan_delete(&project.schema, "seeds/b.sql")
        .await
        .unwrap();
    seed::delete(&project.schema, &plan).await.unwrap();
    assert!(one.exists() && !two.exists());
}

#[tokio::test]
async fn a_rollback_file_is_made_for_a_migration_without_one_and_never_twice() {
    let project = TestProject::new().await;
    project.up("1_a.sql", "create table a ();");
    let root = &project.schema.root;
    let made = migration::new_rollback(root, "1").await.unwrap();
    let text = fs::read_to_string(&made.file).unwrap();
    assert_eq!(text, "-- Undo 1_a.sql here.\n");
    fs::write(&made.file, "drop table a;").unwrap();
    let problem = migration::new_rollback(root, "1").await.unwrap_err();
    assert!(problem.why.contains("ever overwritten"), "{problem}");
    assert_eq!(fs::read_to_string(&made.file).unwrap(), "drop table a;");
    assert!(migration::new_rollback(root, "2").await.is_err());
}
