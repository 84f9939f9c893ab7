//! Edited files that are settled: their edits become a new migration, or are accepted as applied, and nothing by guess.

use crate::fixture::{TestProject, everything};
use crate::history::{folder, now, versions};
use std::fs;
use supadeck::domain::migration::difference::Change;
use supadeck::domain::migration::resolution::Repair;
use supadeck::domain::migration::{RollbackFile, State};
use supadeck::domain::problem::Kind;
use supadeck::ops::migration;

#[tokio::test]
async fn edits_become_a_new_migration_and_the_old_file_comes_back() {
    let project = TestProject::new().await;
    let file = project.up(
        "1_a.sql",
        "create table a ();\ncreate table b ();\nselect 1;",
    );
    assert!(project.apply().await.is_complete());
    // Comments of what was applied must stay comments.
    project
        .db
        .batch_execute("update supabase_migrations.schema_migrations set statements[2] = E'create table b (\\n);\\rdrop table a'")
        .await
        .unwrap();
    let edited =
        "select 1;\ncreate table a ();\n-- new\ncreate table c ();\ncreate index on a ((1)) -- no";
    fs::write(&file, edited).unwrap();
    let plan = migration::plan_branch(&project.schema, "more of a", "1", now())
        .await
        .unwrap();
    assert_eq!(plan.added.len(), 2);
    assert_eq!(plan.dropped.len(), 2);
    let listing = migration::branch(&project.schema, &plan).await.unwrap();
    let states: Vec<(&str, State)> = listing
        .entries
        .iter()
        .map(|entry| (entry.version.as_str(), entry.state))
        .collect();
    assert_eq!(
        states,
        [("1", State::Applied), ("20260203040559", State::Pending)]
    );
    // The rollback file is there to be written into; as long as it says nothing, no rollback takes it.
    assert!(listing.entries[1].way_back == RollbackFile::Empty && !listing.entries[1].reversible);
    let steps = project.plan(everything()).await.unwrap().steps;
    assert_eq!(steps[0].statements.len(), 2, "{:?}", steps[0].statements);
    assert!(steps[0].statements[0].contains("-- new\ncreate table c ()"));
    assert!(steps[0].statements[0].contains("--   drop table a;\n"));
    assert!(project.apply().await.is_complete());
    assert!(project.has("c").await && project.has("a").await);
    assert_eq!(folder(&project, "supabase/migrations/edited")[0].1, edited);
}

#[tokio::test]
async fn edits_of_comments_need_no_migration_and_a_failed_branch_leaves_nothing() {
    let project = TestProject::new().await;
    let file = project.up("1_a.sql", "select 1;\nselect 2;");
    assert!(project.apply().await.is_complete());
    fs::write(&file, "-- reworded\nselect  1;\nselect 2;").unwrap();
    let difference = migration::diff(&project.schema, "1").await.unwrap();
    assert!(difference.differs && difference.only_comments);
    let problem = migration::plan_branch(&project.schema, "x", "1", now())
        .await
        .unwrap_err();
    assert!(problem.hint.unwrap().contains("repair --status applied 1"));
    fs::write(&file, "select 1;\nselect 3;").unwrap();
    let plan = migration::plan_branch(&project.schema, "x", "1", now())
        .await
        .unwrap();
    fs::write(&file, "select 1;\nselect 4;").unwrap();
    migration::branch(&project.schema, &plan).await.unwrap_err();
    assert_eq!(folder(&project, "supabase/migrations").len(), 1);
    assert_eq!(folder(&project, "supabase/migrations/rollback").len(), 0);
    assert_eq!(fs::read_to_string(&file).unwrap(), "select 1;\nselect 4;");
    let problem = migration::plan_branch(&project.schema, "x", "7", now())
        .await
        .unwrap_err();
    assert_eq!(problem.kind, Kind::Usage);
}

#[tokio::test]
async fn an_edited_file_is_accepted_after_the_difference_was_shown() {
    let project = TestProject::new().await;
    let file = project.up("1_a.sql", "select 1;");
    assert!(project.apply().await.is_complete());
    fs::write(&file, "select 1;\nselect 2;").unwrap();
    let plan = migration::plan_repair(&project.schema, &versions(&["1"]), Repair::Applied)
        .await
        .unwrap();
    let row = &plan.rows[0];
    assert_eq!(row.before.as_ref().unwrap().statements, Some(1));
    assert_eq!(row.after.as_ref().unwrap().statements, Some(2));
    let changes: Vec<Change> = row
        .difference
        .as_ref()
        .unwrap()
        .statements
        .iter()
        .map(|piece| piece.change)
        .collect();
    assert_eq!(changes, [Change::Same, Change::Added]);
    // Somebody else was faster: the row is not the one that was shown, so it is left alone.
    project
        .db
        .batch_execute(
            "update supabase_migrations.schema_migrations set statements = array['select 9']",
        )
        .await
        .unwrap();
    let problem = migration::carry_out(&project.schema, &plan)
        .await
        .unwrap_err();
    assert_eq!(problem.kind, Kind::Conflict, "{problem}");
    assert_eq!(
        project
            .texts("select statements[1] from supabase_migrations.schema_migrations")
            .await,
        ["select 9"]
    );
    let plan = migration::plan_repair(&project.schema, &versions(&["1"]), Repair::Applied)
        .await
        .unwrap();
    let listing = migration::carry_out(&project.schema, &plan).await.unwrap();
    assert_eq!(listing.entries[0].state, State::Applied);
}

#[tokio::test]
async fn repair_refuses_what_is_not_certain_and_changes_all_rows_or_none() {
    let project = TestProject::new().await;
    project.up("1_a.sql", "select 1;");
    project.up("2_b.sql", "select 2;");
    assert!(project.apply().await.is_complete());
    project.up("3_c.sql", "select 3;");
    fs::remove_file(project.root.path().join("supabase/migrations/2_b.sql")).unwrap();
    for (named, how) in [
        (&["9"][..], Repair::Applied),
        (&["9"], Repair::Reverted),
        (&["2"], Repair::Applied),
        (&["3"], Repair::Reverted),
        (&["1", "3"], Repair::Reverted),
        (&["1"], Repair::Renamed),
        (&["2"], Repair::Renamed),
    ] {
        let refused = migration::plan_repair(&project.schema, &versions(named), how).await;
        assert!(refused.is_err(), "{named:?} {how:?}");
    }
    let plan = migration::plan_repair(&project.schema, &versions(&["1", "2"]), Repair::Reverted)
        .await
        .unwrap();
    project
        .db
        .batch_execute("delete from supabase_migrations.schema_migrations where version = '2'")
        .await
        .unwrap();
    migration::carry_out(&project.schema, &plan)
        .await
        .unwrap_err();
    assert_eq!(project.versions().await, ["1"]);
    // In a directory without migrations everything would look missing, and the advice would empty the history.
    let elsewhere = tempfile::tempdir().unwrap();
    let mut schema = project.schema.clone();
    schema.root = elsewhere.path().to_owned();
    let problem = migration::plan_repair(&schema, &versions(&["1"]), Repair::Reverted)
        .await
        .unwrap_err();
    assert_eq!(problem.kind, Kind::Config, "{problem}");
    assert_eq!(project.versions().await, ["1"]);
}
