//! Files and history that disagree, from the command line: each state says its ways out, and the first of them, typed as it
//! stands, leads to `applied`.

use crate::test_environment::TestEnvironment;
use serde_json::{Value, json};
use std::fs;

/// A project whose only migration was applied.
fn applied() -> TestEnvironment {
    let mut test_env = TestEnvironment::empty();
    test_env.files(&[
        ("migrations/1_one.sql", "create table one ();"),
        ("migrations/rollback/1_one.sql", "drop table one;"),
    ]);
    test_env.run(&["migration", "apply", "--yes"]).done();
    test_env
}

/// What `migration list` says of a version beside its four fields.
fn note(test_env: &TestEnvironment, version: &str) -> Value {
    let ran = test_env.run(&["migration", "list", "--json"]);
    let document = ran.done().document();
    let notes = document["meta"]["notes"].as_array().unwrap();
    notes
        .iter()
        .find(|note| note["version"] == version)
        .unwrap_or_else(|| panic!("no note on {version}: {document}"))
        .clone()
}

/// Types the way out of a version's state, as it stands, with `--yes` behind it.
fn follow(test_env: &TestEnvironment, version: &str, way: usize) {
    let note = note(test_env, version);
    let command = note["ways"][way]["command"].as_str().unwrap();
    // The text of the list says the same.
    let text = test_env.run(&["migration", "list"]);
    assert!(text.done().out.contains(command), "{command}: {text:?}");
    let typed: Vec<&str> = command
        .replace("NAME", "more")
        .leak()
        .split(' ')
        .skip(1)
        .chain(["--yes"])
        .collect();
    test_env.run(&typed).done();
}

fn states(test_env: &TestEnvironment) -> Vec<String> {
    let data = test_env.data(&["migration", "list"]);
    data.as_array()
        .unwrap()
        .iter()
        .map(|row| row["state"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn the_difference_is_shown_and_exits_with_one() {
    let mut test_env = applied();
    let same = test_env.run(&["migration", "diff", "1"]);
    assert!(
        same.done()
            .out
            .contains("The file matches what was applied."),
        "{same:?}"
    );
    test_env.files(&[(
        "migrations/1_one.sql",
        "create table one (\n  id int\n);\nselect '\u{1b}[2J';",
    )]);
    let text = test_env.run(&["migration", "diff", "1"]);
    text.ended(1);
    let expected = "1 one: edited\n- was applied, + is in the file.\n\nStatement 1 differs:\n- create table one ()\n+ create table one (\n+   id int\n+ )\n\nStatement 2 of the file was not applied:\n+ select '␛[2J'\n";
    assert_eq!(text.out, expected);
    let ran = test_env.run(&["migration", "diff", "1", "--json"]);
    let document = ran.ended(1).document();
    assert_eq!(document["problem"]["kind"], "findings");
    let data = &document["data"];
    assert_eq!(
        (&data["state"], &data["differs"], &data["only_comments"]),
        (&json!("edited"), &json!(true), &json!(false))
    );
    assert_eq!(
        data["statements"][0]["lines"][0],
        json!({"sign": "-", "text": "create table one ()"})
    );
    assert_eq!(data["statements"][1]["change"], "added");
    test_env.files(&[("migrations/2_two.sql", "select 2;")]);
    let pending = test_env.run(&["migration", "diff", "2"]);
    assert!(pending.ended(1).out.contains("+ select 2"), "{pending:?}");
    test_env.problem(2, &["migration", "diff", "9"]);
}

#[test]
fn every_way_out_of_edited_leads_to_applied() {
    for way in 0..3 {
        let mut test_env = applied();
        let edited = "create table one ();\ncreate table more ();";
        test_env.files(&[("migrations/1_one.sql", edited)]);
        assert_eq!(states(&test_env), ["edited"]);
        follow(&test_env, "1", way);
        assert_eq!(states(&test_env)[0], "applied", "way {way}");
        let kept = test_env.project.join("migrations/edited/1_one.sql");
        assert_eq!(kept.exists(), way < 2, "way {way}");
        test_env.run(&["migration", "apply", "--yes"]).done();
        let more = test_env.sql("select to_regclass('more') is not null");
        assert_eq!(more, [if way == 1 { "t" } else { "f" }], "way {way}");
    }
}

#[test]
fn a_missing_file_is_written_back_or_taken_out_of_the_history() {
    for way in 0..2 {
        let test_env = applied();
        fs::remove_file(test_env.project.join("migrations/1_one.sql")).unwrap();
        let refused = test_env.problem(6, &["migration", "apply", "--yes"]);
        assert!(
            refused["hint"]
                .as_str()
                .unwrap()
                .contains("supadeck migration restore 1"),
            "{refused}"
        );
        follow(&test_env, "1", way);
        let expected: &[&str] = if way == 0 { &["applied"] } else { &[] };
        assert_eq!(states(&test_env), expected);
    }
}

#[test]
fn every_way_out_of_out_of_order_leads_to_applied() {
    for way in 0..2 {
        let mut test_env = applied();
        test_env.files(&[("migrations/0_late.sql", "create table late ();")]);
        assert_eq!(states(&test_env), ["out_of_order", "applied"]);
        follow(&test_env, "0", way);
        test_env.run(&["migration", "apply", "--yes"]).done();
        assert_eq!(states(&test_env), ["applied", "applied"]);
        assert_eq!(
            test_env.sql("select to_regclass('late') is not null"),
            ["t"]
        );
    }
}

#[test]
fn every_way_out_of_renamed_leads_to_applied() {
    for way in 0..2 {
        let test_env = applied();
        test_env.sql("update supabase_migrations.schema_migrations set version = '20990101000000'");
        assert_eq!(states(&test_env), ["renamed"]);
        assert_eq!(note(&test_env, "1")["recorded"], "20990101000000");
        let nothing = test_env.run(&["migration", "apply", "--yes"]);
        assert_eq!(nothing.done().out, "Nothing is pending.\n");
        follow(&test_env, "1", way);
        assert_eq!(states(&test_env), ["applied"], "way {way}");
        test_env
            .run(&["migration", "rollback", "--last", "1", "--yes"])
            .done();
    }
}

#[test]
fn two_files_of_one_version_are_led_apart() {
    let mut test_env = TestEnvironment::empty();
    test_env.files(&[
        ("migrations/1_a.sql", "create table a ();"),
        ("migrations/1_b.sql", "create table b ();"),
    ]);
    assert_eq!(states(&test_env), ["invalid", "invalid"]);
    follow(&test_env, "1", 0);
    test_env.run(&["migration", "apply", "--yes"]).done();
    assert_eq!(states(&test_env), ["applied", "applied"]);
}

#[test]
fn nothing_is_written_without_a_confirmation_and_the_refusal_shows_what_would_be() {
    let mut test_env = applied();
    test_env.files(&[
        ("migrations/1_one.sql", "create table other ();"),
        ("migrations/2_two.sql", "select 2;"),
    ]);
    for (args, shown) in [
        (&["migration", "restore", "1"][..], "create table one ();"),
        (
            &["migration", "new", "x", "--from-edited", "1"],
            "create table other ();",
        ),
        (&["migration", "renumber", "2"], "2_two.sql becomes"),
        (
            &["migration", "repair", "1", "--status", "applied"],
            "+ create table other ()",
        ),
        (
            &["migration", "repair", "1", "--status", "reverted"],
            "after   not in the history",
        ),
    ] {
        let text = test_env.run(args);
        text.ended(2);
        assert!(
            text.out.contains(shown) && text.err.contains("--yes"),
            "{args:?}: {text:?}"
        );
        let document = test_env.run(&[args, &["--json"]].concat());
        let document = document.ended(2).document();
        assert!(
            document["data"]["target"]["database"].is_string(),
            "{document}"
        );
    }
    let files = fs::read_dir(test_env.project.join("migrations")).unwrap();
    assert_eq!(files.count(), 3);
    let text = fs::read_to_string(test_env.project.join("migrations/1_one.sql")).unwrap();
    assert_eq!(text, "create table other ();");
    assert_eq!(states(&test_env), ["edited", "pending"]);
}

#[test]
fn the_log_says_what_happened() {
    let mut test_env = TestEnvironment::empty();
    test_env.files(&[(
        "migrations/1_one.sql",
        "create table one ();\nselect * from nowhere;",
    )]);
    let none = test_env.run(&["migration", "log"]);
    assert!(
        none.done().out.contains("There is no journal here"),
        "{none:?}"
    );
    assert_eq!(test_env.data(&["migration", "log"]), json!([]));
    test_env.run(&["migration", "apply", "--yes"]).ended(8);
    test_env.files(&[("migrations/1_one.sql", "create table one ();")]);
    test_env.run(&["migration", "apply", "--yes"]).done();
    let text = test_env.run(&["migration", "log"]);
    let lines: Vec<&str> = text.done().out.lines().collect();
    assert!(lines[1].starts_with("WHEN") && lines.len() == 4, "{text:?}");
    assert!(
        lines[2].contains("apply") && lines[2].contains("done"),
        "{text:?}"
    );
    assert!(
        lines[3].contains("failed") && lines[3].matches("tatement 2").count() == 1,
        "{text:?}"
    );
    let data = test_env.data(&["migration", "log", "1", "--limit", "1"]);
    assert_eq!(data.as_array().unwrap().len(), 1);
    assert_eq!(
        (
            &data[0]["version"],
            &data[0]["direction"],
            &data[0]["outcome"]
        ),
        (&json!("1"), &json!("apply"), &json!("done"))
    );
    assert!(data[0]["who"].as_str().unwrap().ends_with(" as postgres"));
    let nothing = test_env.run(&["migration", "log", "7"]);
    assert!(
        nothing
            .done()
            .out
            .contains("Nothing has been recorded about 7.")
    );
    test_env.run(&["migration", "log", "--limit", "0"]).ended(2);
}

#[test]
fn a_first_migration_tells_that_the_folder_is_new() {
    let mut test_env = TestEnvironment::nowhere();
    test_env.files(&[]);
    let first = test_env.run(&["migration", "new", "one"]);
    assert!(
        first.done().out.contains("the project had no migrations"),
        "{first:?}"
    );
    let second = test_env.run(&["migration", "new", "two"]);
    assert!(!second.done().out.contains("Note"), "{second:?}");
}

#[test]
fn seeds_that_outlived_a_rollback_are_told() {
    let mut test_env = TestEnvironment::empty();
    test_env.files(&[
        ("migrations/1_one.sql", "create table one (id int);"),
        ("migrations/rollback/1_one.sql", "drop table one;"),
        ("seeds/a.sql", "insert into one values (1);"),
    ]);
    test_env.run(&["migration", "apply", "--yes"]).done();
    test_env.run(&["seed", "apply", "--yes"]).done();
    let fresh = test_env.run(&["seed", "list"]);
    assert!(!fresh.done().out.contains("rolled back"), "{fresh:?}");
    let back = test_env.run(&["migration", "rollback", "--last", "1", "--yes"]);
    assert!(
        back.done()
            .out
            .contains("run before version 1 was rolled back"),
        "{back:?}"
    );
    test_env.run(&["migration", "apply", "--yes"]).done();
    let ran = test_env.run(&["seed", "list", "--json"]);
    let document = ran.done().document();
    assert_eq!(document["data"][0]["state"], "applied");
    assert_eq!(document["meta"]["stale"][0]["path"], "seeds/a.sql");
    let text = test_env.run(&["seed", "list"]);
    assert!(text.done().out.contains("seed apply --again"), "{text:?}");
    test_env
        .run(&["seed", "apply", "--again", "seeds/a.sql", "--yes"])
        .done();
    assert_eq!(test_env.sql("select count(*) from one"), ["1"]);
    let text = test_env.run(&["seed", "list"]);
    assert!(!text.done().out.contains("rolled back"), "{text:?}");
}

#[test]
fn a_rollback_that_drops_no_row_makes_no_seed_doubtful() {
    let mut test_env = TestEnvironment::empty();
    test_env.files(&[
        ("migrations/1_one.sql", "create table one (id int);"),
        ("migrations/2_none.sql", ""),
        ("migrations/rollback/2_none.sql", ""),
        ("migrations/3_view.sql", "create view v as select 1 as n;"),
        ("migrations/rollback/3_view.sql", "drop view v;"),
        ("seeds/a.sql", "insert into one values (1);"),
    ]);
    test_env.run(&["migration", "apply", "--yes"]).done();
    test_env.run(&["seed", "apply", "--yes"]).done();
    let back = test_env.run(&["migration", "rollback", "--last", "2", "--yes"]);
    assert!(!back.done().out.contains("Recorded as run"), "{back:?}");
    let listed = test_env.run(&["seed", "list"]);
    assert!(!listed.done().out.contains("rolled back"), "{listed:?}");
    // A file that is not the one that ran tells nothing.
    test_env.files(&[("migrations/rollback/3_view.sql", "drop view v; -- edited")]);
    let listed = test_env.run(&["seed", "list"]);
    assert!(
        listed
            .done()
            .out
            .contains("run before version 3 was rolled back"),
        "{listed:?}"
    );
}

#[test]
fn nothing_pending_does_not_hide_an_edit() {
    let mut test_env = applied();
    test_env.files(&[("migrations/1_one.sql", "create table one (a int);")]);
    for command in [&["migration", "apply", "--yes"][..], &["migration", "plan"]] {
        let ran = test_env.run(command);
        let out = &ran.done().out;
        assert!(out.starts_with("Nothing is pending.\n"), "{out}");
        assert!(out.contains("supadeck migration diff 1"), "{out}");
    }
}

#[test]
fn a_file_that_does_nothing_is_recorded_and_said_to_be() {
    let mut test_env = TestEnvironment::empty();
    test_env.files(&[("migrations/1_none.sql", "")]);
    let said = "No statement: 1 none is recorded as applied all the same";
    for before in [&["migration", "plan"][..], &["migration", "apply"]] {
        let ran = test_env.run(before);
        assert!(ran.out.contains(said), "{before:?}: {ran:?}");
    }
    let ran = test_env.run(&["migration", "apply", "--yes"]);
    let told = ran.done().err.find(said);
    assert!(told.is_some() && told < ran.err.find("is done"), "{ran:?}");
    assert_eq!(states(&test_env), ["applied"]);
}

#[test]
fn the_confirmation_of_a_rollback_names_its_own_rehearsal() {
    let test_env = applied();
    let ran = test_env.run(&["migration", "rollback", "--last", "1"]);
    let said = format!("{}{}", ran.out, ran.err);
    assert!(
        said.contains("supadeck migration plan --rollback --last 1"),
        "{said}"
    );
}
