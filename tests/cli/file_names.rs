//! Names that are skipped, versions that two files have, and what is said of seeds before they run: in text and in JSON.

use crate::test_environment::TestEnvironment;
use serde_json::Value;

fn meta(test_env: &TestEnvironment, arguments: &[&str]) -> Value {
    let mut arguments = arguments.to_vec();
    arguments.push("--json");
    let ran = test_env.run(&arguments);
    let document: Value = serde_json::from_str(&ran.out).unwrap();
    document["meta"].clone()
}

#[test]
fn names_that_are_skipped_are_said_wherever_files_run() {
    let mut test_env = TestEnvironment::empty();
    test_env.files(&[
        ("migrations/1_one.sql", "create table one ();"),
        ("migrations/rollback/1_one.sql", "drop table one;"),
        ("migrations/2 two.sql", "create table two ();"),
        ("migrations/3_three.SQL", "create table three ();"),
    ]);
    for arguments in [
        &["migration", "plan"][..],
        &["migration", "verify", "--on", "target"],
        &["migration", "apply", "--yes"],
        // Nothing is pending, and what was skipped is why one may wonder.
        &["migration", "apply", "--yes"],
    ] {
        let skipped = &meta(&test_env, arguments)["skipped"];
        let skipped: Vec<&str> = skipped
            .as_array()
            .unwrap()
            .iter()
            .filter_map(Value::as_str)
            .collect();
        assert_eq!(skipped.len(), 2, "{arguments:?}: {skipped:?}");
        assert!(skipped[0].starts_with("2 two.sql: "), "{skipped:?}");
    }
    test_env
        .run(&["migration", "rollback", "--last", "1", "--yes"])
        .done();
    for arguments in [
        &["migration", "plan"][..],
        &["migration", "verify", "--on", "target"],
        &["migration", "apply", "--yes"],
    ] {
        let ran = test_env.run(arguments);
        let said = format!("{}{}", ran.done().out, ran.err);
        assert!(
            said.contains("Skipped: 2 two.sql: "),
            "{arguments:?}: {said}"
        );
    }
}

#[test]
fn double_versions_are_told_at_once_and_mended_by_one_command() {
    let mut test_env = TestEnvironment::empty();
    test_env.files(&[
        ("migrations/20231121_a.sql", "create table a ();"),
        ("migrations/20231121_b.sql", "create table b ();"),
        ("migrations/20231122_c.sql", "create table c ();"),
        ("migrations/20231122_d.sql", "create table d ();"),
    ]);
    let refused = test_env.run(&["migration", "apply", "--yes"]);
    assert_eq!(refused.code, 3, "{refused:?}");
    for word in [
        "20231121_b",
        "20231122_d",
        "supadeck migration renumber --all",
    ] {
        assert!(refused.err.contains(word), "{word}: {refused:?}");
    }
    let shown = test_env.run(&["migration", "renumber", "--all"]);
    assert!(shown.code != 0 && test_env.project.join("migrations/20231121_b.sql").is_file());
    let done = test_env.run(&["migration", "renumber", "--all", "--yes"]);
    assert!(
        done.done().out.contains("20231121_b becomes 202311210"),
        "{done:?}"
    );
    assert!(done.out.contains("20231122_d becomes 20231123"), "{done:?}");
    test_env.run(&["migration", "apply", "--yes"]).done();
    let again = test_env.run(&["migration", "renumber", "--all", "--yes"]);
    assert_eq!(
        again.done().out,
        "Every migration has a version of its own.\n"
    );
}

#[test]
fn what_seed_patterns_do_not_find_and_what_a_seed_writes_is_said() {
    let mut test_env = TestEnvironment::empty();
    test_env.files(&[
        (
            "supabase/config.toml",
            "[db.seed]\nsql_paths = ['none-*.sql', 'dev\\a.sql', 'dev/*.sql']\n",
        ),
        (
            "supabase/dev/a.sql",
            "select 1;\ninsert into supabase_migrations.schema_migrations (version) values ('7');",
        ),
    ]);
    let listed = meta(&test_env, &["seed", "list"]);
    assert_eq!(listed["notes"].as_array().unwrap().len(), 2, "{listed}");
    let text = test_env.run(&["seed", "list"]);
    assert!(
        text.done()
            .out
            .contains("No file matches `supabase/none-*.sql`"),
        "{text:?}"
    );
    let asked = test_env.run(&["seed", "apply"]);
    assert!(
        asked.out.contains("writes the migration history")
            || asked.err.contains("writes the migration history"),
        "{asked:?}"
    );
    let ran = test_env.run(&["seed", "apply", "--yes"]);
    assert!(ran.done().err.contains("(line 2)"), "{ran:?}");
}
