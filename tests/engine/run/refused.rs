//! What is refused before anything runs, with the line and what to do.

use crate::fixture::{TestProject, everything};
use supadeck::domain::problem::Kind;

#[tokio::test]
async fn files_that_cannot_run_in_a_transaction_are_refused_with_their_line() {
    for (text, line, why) in [
        (
            "create table a ();\nbegin;\nselect 1;\n",
            2,
            "BEGIN has no COMMIT",
        ),
        (
            "select 1;\ncommit and chain;\n",
            2,
            "COMMIT AND CHAIN has no BEGIN",
        ),
        (
            "select 1;\nbegin;\nselect 1;\ncommit and chain;\nselect 2;\ncommit;\n",
            4,
            "COMMIT AND CHAIN",
        ),
        ("begin;\nvacuum;\ncommit;\n", 2, "a BEGIN stands before it"),
        (
            "-- supadeck: no-transaction\nselect 1;\nbegin;\n",
            3,
            "BEGIN has no COMMIT",
        ),
        ("select 1;\n\nrollback;\n", 3, "ROLLBACK has no BEGIN"),
        ("copy a from stdin;\n1\n\\.\n", 1, "COPY FROM STDIN"),
        ("\\restrict abc\nselect 1;", 1, "newer versions of pg_dump"),
        ("\\connect abc\nselect 1;", 1, "backslash command"),
        ("select 1;\nselect 'abc;\n", 2, "never ends"),
        ("select 1;\nselect 1 /* ;\n", 2, "never ends"),
        ("select $$x;\n", 1, "never ends"),
    ] {
        let project = TestProject::new().await;
        project.up("0_first.sql", "create table first ();");
        project.up("1_a.sql", text);
        let refused = project.plan(everything()).await.unwrap_err();
        assert_eq!(refused.kind, Kind::Config, "{text}");
        assert!(
            refused.what.contains(&format!("line {line}.")),
            "{text}: {refused}"
        );
        assert!(refused.why.contains(why), "{text}: {refused}");
        assert!(refused.hint.is_some() && refused.detail.is_some());
        assert!(!project.has("supabase_migrations.schema_migrations").await);
    }
}

#[tokio::test]
async fn a_file_that_is_no_text_is_named_with_its_line() {
    let project = TestProject::new().await;
    project.up("1_a.sql", b"select 1;\nselect '\xff';\n");
    assert_eq!(project.states().await, ["1 invalid"]);
    let refused = project.plan(everything()).await.unwrap_err();
    assert!(refused.why.contains("Line 2"), "{refused}");
    project.up("1_a.sql", "select 1;\nselect '\0';");
    let refused = project.plan(everything()).await.unwrap_err();
    assert!(refused.why.contains("NUL"), "{refused}");
}

#[tokio::test]
async fn two_files_of_one_version_are_refused() {
    let project = TestProject::new().await;
    project.up("1_a.sql", "select 1;");
    project.up("1_b.sql", "select 1;");
    assert_eq!(project.states().await, ["1 invalid", "1 invalid"]);
    let refused = project.plan(everything()).await.unwrap_err();
    assert_eq!(refused.kind, Kind::Config);
    assert!(refused.why.contains("1_a.sql, 1_b.sql"), "{refused}");
}

#[tokio::test]
async fn a_version_without_a_file_stops_applying() {
    let project = TestProject::new().await;
    project.up("1_a.sql", "select 1;");
    assert!(project.apply().await.is_complete());
    std::fs::remove_file(project.root.path().join("supabase/migrations/1_a.sql")).unwrap();
    project.up("2_b.sql", "select 2;");
    let refused = project.plan(everything()).await.unwrap_err();
    assert_eq!(refused.kind, Kind::Conflict);
    let hint = refused.hint.unwrap();
    assert!(hint.contains("repair --status reverted 1"), "{hint}");
    assert_eq!(project.states().await, ["1 missing", "2 pending"]);
}
