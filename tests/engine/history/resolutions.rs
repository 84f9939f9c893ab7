//! Files and history that disagree: what is said of it, and that each way out leads to `applied` without losing a byte.

use crate::fixture::supabase_cli::{cli, succeeds};
use crate::fixture::{TestProject, everything};
use crate::history::{entries, folder, versions};
use std::fs;
use supadeck::domain::migration::render::file_text;
use supadeck::domain::migration::resolution::Repair;
use supadeck::domain::migration::{Entry, State};
use supadeck::domain::problem::Kind;
use supadeck::domain::sql::split::statements;
use supadeck::ops::migration;

pub(crate) async fn restore(project: &TestProject, named: &[&str]) -> Vec<Entry> {
    let plan = migration::plan_restore(&project.schema, &versions(named))
        .await
        .unwrap();
    let listing = migration::restore(&project.schema, &plan).await.unwrap();
    listing.entries
}

pub(crate) const UP: &str = "-- The first.\ncreate table a (); -- why\n\ncreate function f() returns text language sql begin atomic select ';'; end;\r\nselect 1 -- last";

#[tokio::test]
async fn an_edited_file_is_shown_kept_and_written_back() {
    let project = TestProject::new().await;
    let file = project.up("1_a.sql", UP);
    assert!(project.apply().await.is_complete());
    let edited = "create table a (x int);\nselect 2;\n";
    fs::write(&file, edited).unwrap();
    let found = entries(&project).await;
    assert_eq!(found[0].state, State::Edited);
    assert!(
        found[0]
            .note
            .as_deref()
            .unwrap()
            .contains("supadeck migration diff 1")
    );
    assert_eq!(
        found[0].ways[0].resolution.command(),
        "supadeck migration restore 1"
    );
    let difference = migration::diff(&project.schema, "1").await.unwrap();
    assert!(difference.differs && !difference.only_comments);
    let plan = migration::plan_restore(&project.schema, &versions(&["1", "1"]))
        .await
        .unwrap();
    assert_eq!(plan.files.len(), 1);
    // Planning writes nothing.
    assert_eq!(fs::read_to_string(&file).unwrap(), edited);
    let found = restore(&project, &["1"]).await;
    assert_eq!(found[0].state, State::Applied);
    assert!(!migration::diff(&project.schema, "1").await.unwrap().differs);
    assert_eq!(
        folder(&project, "supabase/migrations/edited"),
        [("1_a.sql".to_owned(), edited.to_owned())]
    );
    // Once more: the kept file is not overwritten either.
    fs::write(&file, "select 3;").unwrap();
    restore(&project, &["1"]).await;
    let kept = folder(&project, "supabase/migrations/edited");
    assert_eq!(kept[0].0, "1_a.2.sql");
    assert_eq!(kept[0].1, "select 3;");
    assert_eq!(kept[1].1, edited);
    let listing = migration::list(&project.schema).await.unwrap();
    assert_eq!(listing.skipped, Vec::<String>::new());
    let problem = migration::plan_restore(&project.schema, &versions(&["1"]))
        .await
        .unwrap_err();
    assert_eq!(problem.kind, Kind::Usage, "{problem}");
    if cli().is_some() {
        // The kept files are none of the other tool's business.
        let said = succeeds(&project, &["migration", "list"]);
        assert!(
            !said.contains("edited") && !said.contains("Skipping"),
            "{said}"
        );
        let said = succeeds(&project, &["migration", "up"]);
        assert!(!said.contains("Applying"), "{said}");
    }
}

#[tokio::test]
async fn a_lost_migration_whose_way_back_is_lost_too_is_restored_with_a_word_about_it() {
    let project = TestProject::new().await;
    let file = project.up("1_a.sql", "create table a ();");
    assert!(project.apply().await.is_complete());
    fs::remove_file(&file).unwrap();
    let plan = migration::plan_restore(&project.schema, &versions(&["1"]))
        .await
        .unwrap();
    let remark = plan.files[0].remark().unwrap();
    assert!(
        remark.contains("The history holds no rollback for 1;")
            && remark.contains("rollback/1_a.sql by hand"),
        "{remark}"
    );
    project.down("1_a.sql", "drop table a;");
    let plan = migration::plan_restore(&project.schema, &versions(&["1"]))
        .await
        .unwrap();
    assert_eq!(plan.files[0].remark(), None);
}

#[tokio::test]
async fn a_file_that_changes_between_question_and_answer_is_left_alone() {
    let project = TestProject::new().await;
    let file = project.up("1_a.sql", "select 1;");
    assert!(project.apply().await.is_complete());
    fs::write(&file, "select 2;").unwrap();
    let plan = migration::plan_restore(&project.schema, &versions(&["1"]))
        .await
        .unwrap();
    fs::write(&file, "select 3;").unwrap();
    let problem = migration::restore(&project.schema, &plan)
        .await
        .unwrap_err();
    assert_eq!(problem.kind, Kind::Conflict);
    assert_eq!(fs::read_to_string(&file).unwrap(), "select 3;");
    fs::remove_file(&file).unwrap();
    let plan = migration::plan_restore(&project.schema, &versions(&["1"]))
        .await
        .unwrap();
    fs::write(&file, "select 4;").unwrap();
    migration::restore(&project.schema, &plan)
        .await
        .unwrap_err();
    assert_eq!(fs::read_to_string(&file).unwrap(), "select 4;");
    // Nothing half written is left lying about.
    assert_eq!(folder(&project, "supabase/migrations").len(), 1);
}

#[tokio::test]
async fn missing_files_come_back_with_their_rollback_and_the_other_tool_agrees() {
    let project = TestProject::new().await;
    project
        .db
        .batch_execute("create schema supabase_migrations; create table supabase_migrations.schema_migrations (version text not null primary key, statements text[], name text, rollback text[], created_by text)")
        .await
        .unwrap();
    project.up("1_a.sql", UP);
    project.down("1_a.sql", "drop function f();\ndrop table a;");
    project.up("20201208000000_init.sql", "select 1;");
    project.up("3_c.sql", "");
    // An init of the first CLI is skipped when it comes first, which it does not here.
    assert!(project.apply().await.is_complete());
    fs::remove_dir_all(project.root.path().join("supabase/migrations")).unwrap();
    fs::create_dir_all(project.root.path().join("supabase/migrations")).unwrap();
    let found = entries(&project).await;
    assert!(found.iter().all(|entry| entry.state == State::Missing));
    let refused = project.plan(everything()).await.unwrap_err();
    let hint = refused.hint.unwrap();
    assert!(
        hint.starts_with("Write the files back from the history with `supadeck migration restore 1 20201208000000 3`"),
        "{hint}"
    );
    assert!(
        hint.contains("supadeck migration repair --status reverted 1 20201208000000 3"),
        "{hint}"
    );
    let found = restore(&project, &["1", "20201208000000", "3"]).await;
    assert!(
        found.iter().all(|entry| entry.state == State::Applied),
        "{found:?}"
    );
    assert!(found[0].reversible);
    assert_eq!(
        folder(&project, "supabase/migrations/rollback"),
        [(
            "1_a.sql".to_owned(),
            "drop function f();\n\ndrop table a;\n".to_owned()
        )]
    );
    assert!(project.plan(everything()).await.unwrap().steps.is_empty());
    if cli().is_some() {
        let said = succeeds(&project, &["migration", "list"]);
        for version in ["1", "20201208000000", "3"] {
            assert!(said.contains(version), "{said}");
        }
        let said = succeeds(&project, &["migration", "up"]);
        assert!(!said.contains("Applying"), "{said}");
    }
}

#[tokio::test]
async fn a_lone_old_init_is_restored_under_a_name_that_no_tool_skips() {
    let project = TestProject::new().await;
    project.up("1_z.sql", "select 1;");
    project.up("20201208000000_init.sql", "create table a ();");
    assert!(project.apply().await.is_complete());
    for file in ["1_z.sql", "20201208000000_init.sql"] {
        fs::remove_file(project.root.path().join("supabase/migrations").join(file)).unwrap();
    }
    let all = versions(&["1"]);
    migration::repair(&project.schema, &all, Repair::Reverted)
        .await
        .unwrap();
    let found = restore(&project, &["20201208000000"]).await;
    assert_eq!(found[0].state, State::Applied);
    assert_eq!(found[0].name, "init_restored");
}

#[tokio::test]
async fn what_cannot_be_written_back_truly_is_refused() {
    let project = TestProject::new().await;
    project.up("1_a.sql", "select 1;");
    assert!(project.apply().await.is_complete());
    project
        .db
        .batch_execute(
            "insert into supabase_migrations.schema_migrations(version, name, statements) values \
            ('2', 'b', array['select ''a', 'b''']), ('3', '../../c', array['select 3']), ('4', null, null), \
            ('x4', 'd', array['select 4']), ('5', null, array['select 5; select 6;'])",
        )
        .await
        .unwrap();
    for (version, why) in [
        ("2", "not closed"),
        ("4", "no statements"),
        ("x4", "no number"),
    ] {
        let problem = migration::plan_restore(&project.schema, &versions(&[version]))
            .await
            .unwrap_err();
        assert!(problem.why.contains(why), "{version}: {problem}");
    }
    let found = restore(&project, &["3", "5"]).await;
    let names: Vec<&str> = found
        .iter()
        .filter(|entry| entry.state == State::Applied)
        .map(|entry| entry.name.as_str())
        .collect();
    assert_eq!(names, ["a", ".._.._c", "restored"]);
    assert!(!project.root.path().join("c.sql").exists());
    for (version, kind) in [("9", Kind::Usage), ("1", Kind::Usage)] {
        let problem = migration::plan_restore(&project.schema, &versions(&[version]))
            .await
            .unwrap_err();
        assert_eq!(problem.kind, kind, "{version}");
    }
}

#[tokio::test]
async fn an_unreadable_file_of_an_applied_version_is_not_left_out_of_a_rollback() {
    let project = TestProject::new().await;
    for name in ["1_a.sql", "2_b.sql"] {
        project.up(name, "select 1;");
        project.down(name, "select 2;");
    }
    assert!(project.apply().await.is_complete());
    project.up("2_b.sql", [0xff, 0xfe]);
    let problem = project
        .plan(supadeck::domain::migration::PlanRequest::RollbackLast { count: 1 })
        .await
        .unwrap_err();
    assert!(problem.what.contains("Version 2"), "{problem}");
    let found = restore(&project, &["2"]).await;
    assert_eq!(found[1].state, State::Applied);
    let kept = project
        .root
        .path()
        .join("supabase/migrations/edited/2_b.sql");
    assert_eq!(fs::read(kept).unwrap(), [0xff, 0xfe]);
}

#[test]
fn every_file_of_the_corpus_comes_back_statement_by_statement() {
    let mut refused = Vec::new();
    let mut count = 0;
    for folder in ["tests/corpus", "migrations", "migrations/rollback"] {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_none_or(|ending| ending != "sql") {
                continue;
            }
            let stored = statements(&fs::read_to_string(&path).unwrap());
            count += 1;
            match file_text(&stored) {
                Some(text) => assert_eq!(statements(&text), stored, "{}", path.display()),
                None => refused.push(path.file_name().unwrap().to_string_lossy().into_owned()),
            }
        }
    }
    refused.sort();
    assert!(count > 30, "{count}");
    // Nothing can be put behind what is never closed.
    assert_eq!(
        refused,
        [
            "unfinished_comment.sql",
            "unfinished_parenthesis.sql",
            "unfinished_string.sql"
        ]
    );
}
