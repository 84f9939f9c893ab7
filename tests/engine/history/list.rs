//! The list, the states, the SQL of a version, repair, and new files.

use crate::fixture::TestProject;
use supadeck::domain::migration::resolution::Repair;
use supadeck::domain::problem::Kind;
use supadeck::ops::migration;

#[tokio::test]
async fn listing_reads_and_never_writes() {
    let project = TestProject::new().await;
    project.up("1_a.sql", "select 1;");
    project.up("notes.txt", "x");
    project.up("x_b.sql", "select 1;");
    let listing = migration::list(&project.schema).await.unwrap();
    assert_eq!(listing.entries.len(), 1);
    assert_eq!(listing.skipped.len(), 2);
    assert_eq!(listing.target.role, "postgres");
    assert!(listing.target.server_version.starts_with(char::is_numeric));
    assert!(listing.target.host.starts_with("127.0.0.1:"));
    assert!(!project.has("supabase_migrations.schema_migrations").await);
}

#[tokio::test]
async fn an_edited_file_is_seen_and_other_cuts_of_the_same_text_are_not() {
    let project = TestProject::new().await;
    project.up("1_a.sql", "create table a ();\ncreate table b ();");
    project.up("2_b.sql", "select 1;");
    assert!(project.apply().await.is_complete());
    project.up(
        "1_a.sql",
        "\n create table a ();;\r\n\r\ncreate table b ()\n",
    );
    assert_eq!(project.states().await, ["1 applied", "2 applied"]);
    project.up("1_a.sql", "create table a ();\ncreate table b (c int);");
    assert_eq!(project.states().await, ["1 edited", "2 applied"]);
    project
        .db
        .batch_execute("update supabase_migrations.schema_migrations set statements = array['create table a (); create table b (c int);'] where version = '1'; update supabase_migrations.schema_migrations set statements = null where version = '2'")
        .await
        .unwrap();
    assert_eq!(project.states().await, ["1 applied", "2 applied"]);
}

#[tokio::test]
async fn histories_of_older_tools_are_read_and_completed() {
    let project = TestProject::new().await;
    project
        .db
        .batch_execute("create schema supabase_migrations; create table supabase_migrations.schema_migrations (version text not null primary key); insert into supabase_migrations.schema_migrations values ('1')")
        .await
        .unwrap();
    project.up("1_a.sql", "select 1;");
    project.up("2_b.sql", "select 2;");
    assert_eq!(project.states().await, ["1 applied", "2 pending"]);
    assert!(project.apply().await.is_complete());
    assert_eq!(project.states().await, ["1 applied", "2 applied"]);
}

#[tokio::test]
async fn the_sql_of_a_version_comes_from_its_files_and_the_history() {
    let project = TestProject::new().await;
    project.up("1_a.sql", "create table a ();\n");
    project.down("1_a.sql", "drop table a;\n");
    assert!(project.apply().await.is_complete());
    project.up("1_a.sql", "create table b ();\n");
    let sources = migration::sources(&project.schema, "1").await.unwrap();
    assert_eq!(sources.up.as_deref(), Some("create table b ();\n"));
    assert_eq!(sources.down.as_deref(), Some("drop table a;\n"));
    assert_eq!(sources.applied, Some(vec!["create table a ()".into()]));
    assert_eq!(
        migration::sources(&project.schema, "9")
            .await
            .unwrap_err()
            .kind,
        Kind::Usage
    );
}

#[tokio::test]
async fn repair_changes_the_history_and_nothing_else() {
    let project = TestProject::new().await;
    project.up("1_a.sql", "create table a ();");
    project.up("2_b.sql", "create table b ();");
    let versions = |all: &[&str]| all.iter().map(|one| (*one).to_owned()).collect::<Vec<_>>();
    let listing = migration::repair(&project.schema, &versions(&["1", "2"]), Repair::Applied)
        .await
        .unwrap();
    assert!(
        listing
            .entries
            .iter()
            .all(|entry| entry.state.word() == "applied")
    );
    assert!(!project.has("a").await);
    project.up("1_a.sql", "create table c ();");
    assert_eq!(project.states().await[0], "1 edited");
    migration::repair(&project.schema, &versions(&["1"]), Repair::Applied)
        .await
        .unwrap();
    assert_eq!(project.states().await[0], "1 applied");
    // Text from a database is hostile: a version that would break out of the quotes is only a version.
    project
        .db
        .batch_execute("insert into supabase_migrations.schema_migrations(version) values ('x$supadeck$; drop schema public cascade; --$sd$ '' ')")
        .await
        .unwrap();
    let odd = project
        .texts("select version from supabase_migrations.schema_migrations where version like 'x%'")
        .await;
    migration::repair(&project.schema, &odd, Repair::Reverted)
        .await
        .unwrap();
    migration::repair(&project.schema, &versions(&["2"]), Repair::Reverted)
        .await
        .unwrap();
    assert_eq!(project.versions().await, ["1"]);
    for (wrong, how) in [
        (&["2"][..], Repair::Reverted),
        (&["1", "9"], Repair::Applied),
        (&[], Repair::Applied),
    ] {
        assert!(
            migration::repair(&project.schema, &versions(wrong), how)
                .await
                .is_err()
        );
    }
    assert_eq!(project.versions().await, ["1"]);
    assert_eq!(
        project
            .texts("select direction from supabase_migrations.supadeck_journal order by id")
            .await,
        [
            "repair_applied",
            "repair_applied",
            "repair_applied",
            "repair_reverted",
            "repair_reverted"
        ]
    );
}

#[tokio::test]
async fn new_files_are_named_after_the_time_and_never_overwrite() {
    let root = tempfile::tempdir().unwrap();
    let now: jiff::Timestamp = "2026-02-03T04:05:59Z".parse().unwrap();
    let first = migration::new(root.path(), "add week lock", now)
        .await
        .unwrap();
    assert!(
        first
            .up
            .ends_with("migrations/20260203040559_add_week_lock.sql")
    );
    assert!(
        first
            .down
            .ends_with("migrations/rollback/20260203040559_add_week_lock.sql")
    );
    std::fs::write(&first.up, "keep").unwrap();
    let second = migration::new(root.path(), "add week lock", now)
        .await
        .unwrap();
    assert!(
        second
            .up
            .ends_with("migrations/20260203040600_add_week_lock.sql")
    );
    assert_eq!(std::fs::read_to_string(&first.up).unwrap(), "keep");
    std::fs::create_dir(root.path().join("supabase")).unwrap();
    let third = migration::new(root.path(), "x", now).await.unwrap();
    assert!(
        third
            .up
            .ends_with("supabase/migrations/20260203040559_x.sql")
    );
    assert_eq!(
        migration::new(root.path(), "../x", now)
            .await
            .unwrap_err()
            .kind,
        Kind::Usage
    );
}
