//! Migrations of other tools that hold their rollback too: named before anything runs, and split by one command.

use crate::fixture::{TestProject, watch};
use std::fs;
use supadeck::domain::migration::{PlanRequest, State};
use supadeck::domain::problem::Kind;
use supadeck::ops::migration;

fn all() -> PlanRequest {
    PlanRequest::Apply {
        to: None,
        include_out_of_order: false,
    }
}

#[tokio::test]
async fn a_file_with_both_halves_is_never_applied_as_it_is_and_is_split_on_request() {
    for (marker, tool) in [
        ("-- migrate:down", "dbmate"),
        ("-- +goose Down", "goose"),
        ("-- +migrate Down", "sql-migrate"),
        ("-- Down Migration", "node-pg-migrate"),
        ("--//@UNDO", "MyBatis"),
    ] {
        let project = TestProject::new().await;
        let text = format!("create table a (id int);\n\n{marker}\ndrop table a;\n");
        let file = project.write("supabase/migrations/10_a.sql", &text);
        let entry = migration::list(&project.schema)
            .await
            .unwrap()
            .entries
            .remove(0);
        let note = entry.note.unwrap();
        assert!(note.contains(tool) && note.contains("line 3"), "{note}");
        assert_eq!(
            entry.ways[0].resolution.command(),
            "supadeck migration split 10_a.sql"
        );
        let problem = migration::plan(&project.schema, &all()).await.unwrap_err();
        assert_eq!(problem.kind, Kind::Config);
        assert!(problem.why.contains(marker), "{problem}");
        assert!(problem.hint.unwrap().contains("split 10_a.sql"));

        let plan = migration::plan_split(&project.schema, "10").await.unwrap();
        assert_eq!(fs::read_to_string(&file).unwrap(), text, "only planned");
        let listing = migration::split(&project.schema, &plan).await.unwrap();
        assert!(listing.entries[0].reversible && listing.entries[0].note.is_none());
        let halves = plan.halves.unwrap();
        assert_eq!(fs::read_to_string(&halves.kept).unwrap(), text);
        assert_eq!(
            fs::read_to_string(&halves.rollback).unwrap(),
            "drop table a;\n"
        );
        for wish in [all(), PlanRequest::RollbackLast { count: 1 }, all()] {
            let plan = migration::plan(&project.schema, &wish).await.unwrap();
            let outcome = migration::run(&project.schema, &plan, &watch().0)
                .await
                .unwrap();
            assert!(outcome.is_complete(), "{outcome:?}");
        }
    }
}

#[tokio::test]
async fn a_pair_of_files_becomes_a_migration_and_its_rollback() {
    let project = TestProject::new().await;
    project.write(
        "supabase/migrations/10_a.up.sql",
        "create table a (id int);\n",
    );
    project.write("supabase/migrations/10_a.down.sql", "drop table a;\n");
    let listing = migration::list(&project.schema).await.unwrap();
    for entry in &listing.entries {
        assert_eq!(entry.state, State::Invalid);
        assert!(entry.note.as_ref().unwrap().contains("golang-migrate"));
        assert!(
            entry.ways[0]
                .resolution
                .command()
                .contains("migration split 10_a.")
        );
        assert!(
            entry
                .ways
                .iter()
                .all(|way| !way.resolution.command().contains("renumber"))
        );
    }
    let now = jiff::Timestamp::now();
    let refused = migration::plan_renumber(&project.schema, "10_a.down.sql", None, now).await;
    assert!(refused.unwrap_err().hint.unwrap().contains("split"));
    let plan = migration::plan_split(&project.schema, "10_a.down.sql")
        .await
        .unwrap();
    let listing = migration::split(&project.schema, &plan).await.unwrap();
    let entry = &listing.entries[0];
    assert_eq!(
        (entry.name.as_str(), entry.state, entry.reversible),
        ("a", State::Pending, true)
    );
    assert_eq!(listing.entries.len(), 1);
}

#[tokio::test]
async fn what_cannot_be_split_stays_as_it_is() {
    let project = TestProject::new().await;
    project.write("supabase/migrations/10_a.sql", "create table a (id int);\n");
    project.write("supabase/migrations/20_b.down.sql", "drop table a;\n");
    let text = "select 1;\n-- migrate:down\nselect 2;\n";
    let both = project.write("supabase/migrations/30_c.sql", text);
    let there = project.write("supabase/migrations/rollback/30_c.sql", "select 3;\n");
    let split = async |which: &str| migration::plan_split(&project.schema, which).await;
    assert_eq!(split("10").await.unwrap_err().kind, Kind::Usage);
    assert_eq!(split("99").await.unwrap_err().kind, Kind::Usage);
    assert_eq!(split("30").await.unwrap_err().kind, Kind::Conflict);
    // A rollback without its migration is applied, as the Supabase CLI does, but not without a word.
    let listing = migration::list(&project.schema).await.unwrap();
    let note = listing.entries[1].note.as_ref().unwrap();
    assert!(note.contains("the rollback of b"), "{note}");
    let only = PlanRequest::Apply {
        to: Some("20".into()),
        include_out_of_order: false,
    };
    let plan = migration::plan(&project.schema, &only).await.unwrap();
    let cautions = supadeck::domain::migration::plan_summary::cautions(&plan).join(" ");
    assert!(cautions.contains("named as a rollback"), "{cautions}");
    fs::remove_file(there).unwrap();
    // A file that changed since it was shown is left as it is, and no half of it is written.
    let plan = split("30").await.unwrap();
    fs::write(&both, format!("{text}select 4;\n")).unwrap();
    assert_eq!(
        migration::split(&project.schema, &plan)
            .await
            .unwrap_err()
            .kind,
        Kind::Conflict
    );
    assert!(!plan.halves.unwrap().rollback.exists());
}
