//! Versions that the Management API recorded under the time of the call: paired with their files by what they say, never
//! run twice, and led back to one version.

use crate::fixture::supabase_cli::{cli, said, succeeds, supabase};
use crate::fixture::{TestProject, ends, everything, run};
use std::fs;
use supadeck::domain::migration::resolution::Repair;
use supadeck::domain::migration::{PlanRequest, State, StepEnd};
use supadeck::domain::problem::Kind;
use supadeck::ops::migration;

const WALL_CLOCK: &str = "99991231235959";

/// A project whose second migration was applied by the API: as one piece, under the time of the call.
async fn project() -> TestProject {
    let project = TestProject::new().await;
    project.up("1_a.sql", "create table a ();");
    assert!(project.apply().await.is_complete());
    project.up("2_b.sql", "create table b ();\ncreate index on b ((1));");
    project.down("2_b.sql", "drop table b;");
    project
        .db
        .batch_execute(&format!(
            "create table b (); create index on b ((1)); alter table supabase_migrations.schema_migrations add created_by text; \
            insert into supabase_migrations.schema_migrations(version, name, statements, created_by) values \
            ('{WALL_CLOCK}', 'made_elsewhere', array['create table b ();\ncreate index on b ((1));'], 'somebody')"
        ))
        .await
        .unwrap();
    project
}

fn versions(all: &[&str]) -> Vec<String> {
    all.iter().map(|one| (*one).to_owned()).collect()
}

#[tokio::test]
async fn a_paired_file_is_applied_and_never_run_again() {
    let project = project().await;
    project.up("3_c.sql", "create table c ();");
    project.down("3_c.sql", "drop table c;");
    assert_eq!(
        project.states().await,
        ["1 applied", "2 renamed", "3 pending"]
    );
    let listing = migration::list(&project.schema).await.unwrap();
    let entry = &listing.entries[1];
    assert_eq!(entry.recorded.as_deref(), Some(WALL_CLOCK));
    assert!(
        entry
            .note
            .as_deref()
            .unwrap()
            .starts_with(&format!("Applied as {WALL_CLOCK}"))
    );
    let plan = project.plan(everything()).await.unwrap();
    assert_eq!(plan.steps.len(), 1);
    assert_eq!(ends(&run(&project.schema, &plan).await), [StepEnd::Done]);
    let difference = migration::diff(&project.schema, "2").await.unwrap();
    assert!(!difference.differs);
    let last = PlanRequest::RollbackLast { count: 2 };
    let refused = project.plan(last).await.unwrap_err();
    assert!(refused.hint.unwrap().contains("repair --status renamed 2"));
}

#[tokio::test]
async fn repair_gives_the_row_the_version_of_the_file() {
    let project = project().await;
    let plan = migration::plan_repair(&project.schema, &versions(&["2"]), Repair::Renamed)
        .await
        .unwrap();
    assert_eq!(plan.rows[0].before.as_ref().unwrap().version, WALL_CLOCK);
    assert_eq!(plan.rows[0].after.as_ref().unwrap().version, "2");
    let listing = migration::carry_out(&project.schema, &plan).await.unwrap();
    assert!(
        listing
            .entries
            .iter()
            .all(|entry| entry.state == State::Applied)
    );
    assert_eq!(
        project
            .texts("select concat_ws('|', version, name, created_by, cardinality(statements)) from supabase_migrations.schema_migrations order by version")
            .await,
        ["1|a|1", "2|b|somebody|1"]
    );
    assert_eq!(
        project
            .texts("select version || ' ' || direction from supabase_migrations.supadeck_journal order by id desc limit 2")
            .await,
        ["2 repair_renamed", &format!("{WALL_CLOCK} repair_reverted")]
    );
    // The same plan again: the row is gone, so nothing changes.
    let problem = migration::carry_out(&project.schema, &plan)
        .await
        .unwrap_err();
    assert_eq!(problem.kind, Kind::Conflict);
    assert_eq!(project.versions().await, ["1", "2"]);
    if cli().is_some() {
        let said = succeeds(&project, &["migration", "up"]);
        assert!(!said.contains("Applying"), "{said}");
    }
}

#[tokio::test]
async fn or_the_files_get_the_version_of_the_row() {
    let project = project().await;
    if cli().is_some() {
        // The other tool takes it for a version without a file, until one of the two is renamed.
        let output = supabase(&project, &["migration", "up"]);
        assert!(!output.status.success(), "{}", said(&output));
    }
    let now = "2026-02-03T04:05:59Z".parse().unwrap();
    let refused = migration::plan_renumber(&project.schema, "2", None, now)
        .await
        .unwrap_err();
    assert_eq!(refused.kind, Kind::Conflict);
    let plan = migration::plan_renumber(&project.schema, "2", Some(WALL_CLOCK), now)
        .await
        .unwrap();
    migration::renumber(&project.schema, &plan).await.unwrap();
    assert_eq!(
        project.states().await,
        ["1 applied".to_owned(), format!("{WALL_CLOCK} applied")]
    );
    if cli().is_some() {
        succeeds(&project, &["migration", "up"]);
    }
    let plan = project
        .plan(PlanRequest::RollbackLast { count: 1 })
        .await
        .unwrap();
    assert_eq!(ends(&run(&project.schema, &plan).await), [StepEnd::Done]);
    assert!(!project.has("b").await);
}

#[tokio::test]
async fn two_candidates_are_told_and_none_is_taken() {
    let project = project().await;
    project.up("3_copy.sql", "create table b ();\ncreate index on b ((1));");
    let expected = ["1 applied", "2 out_of_order", "3 out_of_order"].map(str::to_owned);
    let states = project.states().await;
    assert_eq!(states[..3], expected);
    assert_eq!(states[3], format!("{WALL_CLOCK} missing"));
    let listing = migration::list(&project.schema).await.unwrap();
    let note = listing.entries[3].note.as_deref().unwrap();
    assert!(note.contains("2 or 3 could be it"), "{note}");
    for version in ["2", "3", WALL_CLOCK] {
        let refused =
            migration::plan_repair(&project.schema, &versions(&[version]), Repair::Renamed).await;
        assert_eq!(refused.unwrap_err().kind, Kind::Conflict, "{version}");
    }
    let refused = project
        .plan(PlanRequest::Apply {
            to: None,
            include_out_of_order: true,
        })
        .await
        .unwrap_err();
    assert_eq!(refused.kind, Kind::Conflict);
    // A person says which: the way out of the note, typed as it stands.
    assert_eq!(
        listing.entries[3].ways[0].resolution.command(),
        format!("supadeck migration renumber 2 --to {WALL_CLOCK}")
    );
    let now = "2026-02-03T04:05:59Z".parse().unwrap();
    let plan = migration::plan_renumber(&project.schema, "2", Some(WALL_CLOCK), now)
        .await
        .unwrap();
    migration::renumber(&project.schema, &plan).await.unwrap();
    let states = project.states().await;
    assert_eq!(states[2], format!("{WALL_CLOCK} applied"));
}

#[tokio::test]
async fn another_text_is_no_pair_whatever_its_name() {
    let project = project().await;
    fs::write(
        project.root.path().join("supabase/migrations/2_b.sql"),
        "create table b ();\ncreate index on b ((2));",
    )
    .unwrap();
    project
        .db
        .batch_execute(&format!(
            "update supabase_migrations.schema_migrations set name = 'b' where version = '{WALL_CLOCK}'"
        ))
        .await
        .unwrap();
    let states = project.states().await;
    assert_eq!(states[2], format!("{WALL_CLOCK} missing"));
    let refused = project.plan(everything()).await.unwrap_err();
    assert!(refused.what.contains(WALL_CLOCK), "{refused}");
}
