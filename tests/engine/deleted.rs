//! Files that are deleted while they are pending, and never once they ran or are others than was shown.

use crate::bench::Bench;
use crate::seeds::watch;
use std::fs;
use supadeck::domain::problem::Kind;
use supadeck::ops::{migration, seed};

#[tokio::test]
async fn a_pending_migration_goes_with_its_rollback_and_an_applied_one_stays() {
    let bench = Bench::new().await;
    let first = bench.up("1_a.sql", "create table a ();");
    assert!(bench.apply().await.is_complete());
    let second = bench.up("2_b.sql", "create table b ();");
    bench.down("2_b.sql", "drop table b;");
    let refused = migration::plan_delete(&bench.schema, "1").await;
    assert_eq!(refused.err().unwrap().kind, Kind::Conflict);
    let plan = migration::plan_delete(&bench.schema, "2").await.unwrap();
    let shown: Vec<String> = plan
        .files
        .iter()
        .map(|file| file.text().into_owned())
        .collect();
    assert_eq!(shown, ["create table b ();", "drop table b;"]);
    let listing = migration::delete(&bench.schema, &plan).await.unwrap();
    assert_eq!(listing.entries.len(), 1);
    assert!(
        first.exists() && !second.exists() && plan.files.iter().all(|file| !file.path.exists())
    );
}

#[tokio::test]
async fn what_changed_or_was_applied_since_it_was_shown_is_not_deleted() {
    let bench = Bench::new().await;
    let file = bench.up("1_a.sql", "create table a ();");
    let plan = migration::plan_delete(&bench.schema, "1").await.unwrap();
    fs::write(&file, "create table a (b int);").unwrap();
    let problem = migration::delete(&bench.schema, &plan).await.unwrap_err();
    assert!(problem.what.contains("has changed"), "{problem}");
    assert!(file.exists());
    // A rollback that nobody was shown.
    let plan = migration::plan_delete(&bench.schema, "1").await.unwrap();
    bench.down("1_a.sql", "drop table a;");
    let problem = migration::delete(&bench.schema, &plan).await.unwrap_err();
    assert!(problem.what.contains("was not there"), "{problem}");
    assert!(file.exists());
    let plan = migration::plan_delete(&bench.schema, "1").await.unwrap();
    assert!(bench.apply().await.is_complete());
    let problem = migration::delete(&bench.schema, &plan).await.unwrap_err();
    assert!(problem.what.contains("is applied"), "{problem}");
    assert!(file.exists() && plan.files.iter().all(|file| file.path.exists()));
}

#[tokio::test]
async fn a_seed_is_deleted_while_it_never_ran() {
    let bench = Bench::new().await;
    let one = bench.write("seeds/a.sql", "select 1;");
    let two = bench.write("seeds/b.sql", "select 2;");
    let early = seed::plan_delete(&bench.schema, "seeds/a.sql")
        .await
        .unwrap();
    let plan = seed::plan(&bench.schema, std::slice::from_ref(&one), false)
        .await
        .unwrap();
    seed::run(&bench.schema, &plan, &watch()).await.unwrap();
    assert!(
        seed::plan_delete(&bench.schema, "seeds/a.sql")
            .await
            .is_err()
    );
    let problem = seed::delete(&bench.schema, &early).await.unwrap_err();
    assert!(problem.what.contains("has run"), "{problem}");
    let plan = seed::plan_delete(&bench.schema, "seeds/b.sql")
        .await
        .unwrap();
    seed::delete(&bench.schema, &plan).await.unwrap();
    assert!(one.exists() && !two.exists());
}

#[tokio::test]
async fn a_rollback_file_is_made_for_a_migration_without_one_and_never_twice() {
    let bench = Bench::new().await;
    bench.up("1_a.sql", "create table a ();");
    let root = &bench.schema.root;
    let made = migration::new_rollback(root, "1").await.unwrap();
    let text = fs::read_to_string(&made.file).unwrap();
    assert_eq!(text, "-- Undo 1_a.sql here.\n");
    fs::write(&made.file, "drop table a;").unwrap();
    let problem = migration::new_rollback(root, "1").await.unwrap_err();
    assert!(problem.why.contains("ever overwritten"), "{problem}");
    assert_eq!(fs::read_to_string(&made.file).unwrap(), "drop table a;");
    assert!(migration::new_rollback(root, "2").await.is_err());
}
