//! `supadeck migration`.

use crate::test_environment::{Ran, TestEnvironment};
use serde_json::{Value, json};
use std::fs;
use std::time::{Duration, Instant};

fn states(data: &Value) -> Vec<(&str, &str)> {
    fn text<'a>(row: &'a Value, name: &str) -> &'a str {
        row[name].as_str().unwrap()
    }
    let rows = data.as_array().unwrap().iter();
    rows.map(|row| (text(row, "version"), text(row, "state")))
        .collect()
}

#[test]
fn the_list_has_exactly_the_fields_of_the_design() {
    let test_env = TestEnvironment::full();
    let data = test_env.data(&["migration", "list"]);
    assert_eq!(
        data[0],
        json!({"version": "20251004123000", "name": "core_schema", "state": "applied", "reversible": true})
    );
    let files = std::fs::read_dir(test_env.project.join("migrations")).unwrap();
    let files = files.filter(|entry| entry.as_ref().unwrap().path().is_file());
    assert_eq!(data.as_array().unwrap().len(), files.count());
    let text = test_env.run(&["migration", "list"]);
    let lines: Vec<_> = text.done().out.lines().collect();
    assert!(lines[0].starts_with("Database cli_") && lines[0].contains(" as postgres (Postgres "));
    assert_eq!(
        lines[1],
        "VERSION         NAME                  STATE    ROLLBACK  NOTE"
    );
    assert_eq!(
        lines[2],
        "20251004123000  core_schema           applied  yes"
    );
    assert!(text.err.is_empty());
}

#[test]
fn a_rollback_file_that_a_rollback_refuses_is_no_way_back() {
    let mut test_env = TestEnvironment::empty();
    test_env.files(&[
        ("migrations/1_one.sql", "create table one ();"),
        ("migrations/rollback/1_one.sql", "-- later\n;\n"),
        ("migrations/2_two.sql", "-- nothing\n"),
        ("migrations/rollback/2_two.sql", "-- nothing\n"),
        ("migrations/3_three.sql", "create table three ();"),
    ]);
    test_env.run(&["migration", "apply", "--yes"]).done();
    let data = test_env.data(&["migration", "list"]);
    let reversible: Vec<_> = data
        .as_array()
        .unwrap()
        .iter()
        .map(|row| &row["reversible"])
        .collect();
    assert_eq!(reversible, [false, true, false]);
    assert_eq!(data[0].as_object().unwrap().len(), 4);
    let text = test_env.run(&["migration", "list"]);
    let column: Vec<_> = text
        .done()
        .out
        .lines()
        .skip(2)
        .filter_map(|line| line.split_whitespace().nth(3))
        .collect();
    assert_eq!(column, ["empty", "yes", "no"], "{text:?}");
}

#[test]
fn apply_and_roll_back_and_apply_again() {
    let test_env = TestEnvironment::empty();
    let all = test_env
        .data(&["migration", "list"])
        .as_array()
        .unwrap()
        .len();
    let applied = test_env.data(&["migration", "apply", "--to", "20251004124000", "--yes"]);
    assert_eq!(applied["steps"].as_array().unwrap().len(), 2);
    assert_eq!(applied["steps"][0]["end"], "done");
    assert_eq!(
        applied["history"],
        json!(["20251004123000", "20251004124000"])
    );
    let listed = test_env.data(&["migration", "list"]);
    assert_eq!(
        states(&listed)
            .iter()
            .map(|(_, state)| *state)
            .collect::<Vec<_>>(),
        [vec!["applied"; 2], vec!["pending"; all - 2]].concat()
    );
    let text = test_env.run(&["migration", "apply", "--yes"]);
    assert!(
        text.done().out.contains("applied") && text.err.contains("audit_trail is done"),
        "{text:?}"
    );
    let again = test_env.run(&["migration", "apply", "--yes"]);
    assert_eq!(again.done().out, "Nothing is pending.\n");
    let back = test_env.data(&["migration", "rollback", "--last", "1", "--yes"]);
    assert_eq!(back["steps"][0]["direction"], "rollback");
    let back = test_env.data(&["migration", "rollback", "--to", "0", "--yes"]);
    assert_eq!(back["steps"].as_array().unwrap().len(), all - 1);
    assert_eq!(back["history"], json!([]));
    let nothing = test_env.run(&["migration", "rollback", "--last", "1", "--yes"]);
    assert_eq!(nothing.done().out, "There is nothing to roll back.\n");
    assert_eq!(
        test_env.sql("select count(*) from pg_class c where relnamespace = 'public'::regnamespace"),
        ["0"]
    );
}

#[test]
fn nothing_runs_without_a_confirmation_and_the_refusal_holds_the_plan() {
    let test_env = TestEnvironment::empty();
    for (args, word) in [
        (["migration", "apply"].as_slice(), "create table"),
        (
            &[
                "migration",
                "repair",
                "20251004123000",
                "--status",
                "applied",
            ],
            "core_schema",
        ),
        (&["seed", "apply"], "accounts.sql"),
    ] {
        let text = test_env.run(args);
        text.ended(2);
        assert!(
            text.out.contains(word) && text.err.contains("--yes"),
            "{args:?}: {text:?}"
        );
        let ran = test_env.run(&[args, &["--json"]].concat());
        let document = ran.ended(2).document();
        assert_eq!(document["problem"]["kind"], "usage");
        assert!(!document["data"].is_null());
    }
    assert!(
        test_env
            .data(&["migration", "list"])
            .as_array()
            .unwrap()
            .iter()
            .all(|row| row["state"] == "pending")
    );
}

#[test]
fn a_failing_file_leaves_nothing_and_stops_the_rest() {
    let mut test_env = TestEnvironment::empty();
    test_env.files(&[
        ("migrations/1_one.sql", "create table one ();"),
        (
            "migrations/2_two.sql",
            "create table two ();\nselect * from nowhere;",
        ),
        ("migrations/3_three.sql", "create table three ();"),
    ]);
    let ran = test_env.run(&["migration", "apply", "--yes", "--json"]);
    let document = ran.ended(8).document();
    assert_eq!(document["problem"]["code"], "42P01");
    let ends: Vec<_> = document["data"]["steps"]
        .as_array()
        .unwrap()
        .iter()
        .map(|step| step["end"].as_str().unwrap())
        .collect();
    assert_eq!(ends, ["done", "rolled_back", "not_run"]);
    assert_eq!(document["data"]["history"], json!(["1"]));
    assert_eq!(test_env.sql("select to_regclass('two') is null"), ["t"]);
    let text = test_env.run(&["migration", "apply", "--yes"]);
    text.ended(8);
    assert!(
        text.err.contains("nowhere") && text.out.contains("nothing of it remains"),
        "{text:?}"
    );
}

#[test]
fn what_differs_is_listed_with_its_reason_and_exit_code_zero() {
    let mut test_env = TestEnvironment::empty();
    test_env.files(&[
        ("migrations/1_one.sql", "create table one ();"),
        ("migrations/3_three.sql", "create table three ();"),
    ]);
    test_env.run(&["migration", "apply", "--yes"]).done();
    test_env.files(&[
        ("migrations/1_one.sql", "create table one (id int);"),
        ("migrations/2_two.sql", "create table two ();"),
        ("migrations/readme.md", "x"),
    ]);
    fs::remove_file(test_env.project.join("migrations/3_three.sql")).unwrap();
    let data = test_env.data(&["migration", "list"]);
    assert_eq!(
        states(&data),
        [("1", "edited"), ("2", "out_of_order"), ("3", "missing")]
    );
    let text = test_env.run(&["migration", "list"]);
    assert!(text.done().out.contains("edited"), "{text:?}");
    let refused = test_env.problem(6, &["migration", "apply", "--yes"]);
    assert_eq!(refused["kind"], "conflict");
    let missing = test_env.problem(3, &["migration", "rollback", "--last", "1", "--yes"]);
    assert_eq!(missing["what"], "Version 3 has no rollback file.");
}

#[test]
fn repair_corrects_the_history_only() {
    let mut test_env = TestEnvironment::empty();
    test_env.files(&[("migrations/1_one.sql", "create table one ();")]);
    let data = test_env.data(&["migration", "repair", "1", "--status", "applied", "--yes"]);
    assert_eq!(states(&data), [("1", "applied")]);
    assert_eq!(test_env.sql("select to_regclass('one') is null"), ["t"]);
    let data = test_env.data(&["migration", "repair", "1", "--status", "reverted", "--yes"]);
    assert_eq!(states(&data), [("1", "pending")]);
    let text = test_env.run(&["migration", "repair", "1", "--status", "applied", "--yes"]);
    let told = "The history was corrected, 1 row:\nbefore  not in the history\nafter   1 one, 1 statement\n\n";
    assert!(text.done().out.starts_with(told), "{text:?}");
    assert!(text.out.contains("VERSION"), "{text:?}");
    let problem = test_env.problem(
        2,
        &["migration", "repair", "99", "--status", "applied", "--yes"],
    );
    assert!(
        problem["what"].as_str().unwrap().contains("99")
            || problem["why"].as_str().unwrap().contains("99")
    );
}

#[test]
fn new_makes_a_pair_of_files() {
    let mut test_env = TestEnvironment::nowhere();
    test_env.files(&[("migrations/1_one.sql", "select 1;")]);
    let data = test_env.data(&["migration", "new", "add goal notes"]);
    for name in ["up", "down"] {
        let path = data[name].as_str().unwrap();
        assert!(path.ends_with("_add_goal_notes.sql"), "{path}");
        assert!(test_env.project.join(path).is_file(), "{path}");
    }
    assert!(data["down"].as_str().unwrap().contains("rollback"));
    test_env.problem(2, &["migration", "new", "///"]);
}

/// A run that is interrupted while the server is at work.
fn interrupted(test_env: &TestEnvironment, args: &[&str]) -> Ran {
    let started = Instant::now();
    let args = [&["migration", "apply", "--yes"], args].concat();
    let child = test_env.command(&args).spawn().unwrap();
    let asleep = "select count(*) from pg_stat_activity where query like '%pg_sleep(60)%' and pid <> pg_backend_pid() \
                  and datname = current_database() and wait_event = 'PgSleep'";
    while test_env.sql(asleep) != ["1"] {
        assert!(
            started.elapsed() < Duration::from_secs(30),
            "it never got to sleep"
        );
        std::thread::yield_now();
    }
    let id = child.id().to_string();
    assert!(
        std::process::Command::new("kill")
            .args(["-INT", &id])
            .status()
            .unwrap()
            .success()
    );
    let ran = Ran::of(child);
    assert!(started.elapsed() < Duration::from_secs(50));
    ran
}

#[test]
fn an_interrupted_run_is_cancelled_on_the_server_and_leaves_nothing() {
    let mut test_env = TestEnvironment::empty();
    test_env.files(&[(
        "migrations/1_slow.sql",
        "create table slow ();\nselect pg_sleep(60);",
    )]);
    let ran = interrupted(&test_env, &["--json"]);
    let document = ran.ended(130).document();
    assert_eq!(document["problem"]["kind"], "cancelled");
    assert_eq!(document["data"]["steps"][0]["end"], "rolled_back");
    assert!(ran.err.contains("Cancelling"), "{ran:?}");
    assert_eq!(test_env.sql("select to_regclass('slow') is null"), ["t"]);
    // To people it says what the journal says too.
    let ran = interrupted(&test_env, &[]);
    let out = &ran.ended(130).out;
    assert!(
        out.starts_with("cancelled ")
            && out.contains("nothing of it remains")
            && !out.contains("failed"),
        "{ran:?}"
    );
    let journal = test_env.data(&["migration", "log"]);
    assert_eq!(journal[0]["outcome"], "cancelled", "{journal}");
}

#[test]
fn hostile_names_and_notices_act_on_no_terminal() {
    let mut test_env = TestEnvironment::empty();
    test_env.files(&[(
        "migrations/1_x.sql",
        "do $$ begin raise notice '%', E'\\x1b[2Jgone' || chr(8238); end $$;",
    )]);
    let ran = test_env.run(&["migration", "apply", "--yes"]);
    ran.done();
    assert!(
        ran.err.contains("gone") && !ran.err.contains('\u{1b}') && !ran.err.contains('\u{202e}'),
        "{ran:?}"
    );
    let document = test_env.run(&["migration", "list", "--json"]);
    assert!(!document.out.contains('\u{1b}'));
}

#[test]
fn a_database_that_is_not_there_is_a_network_problem() {
    let mut test_env = TestEnvironment::nowhere();
    test_env.set(
        "SUPABASE_DB_URL",
        "postgresql://postgres:secretpw@127.0.0.1:1/postgres",
    );
    let problem = test_env.problem(7, &["migration", "list"]);
    assert_eq!(problem["kind"], "network");
    assert!(!problem.to_string().contains("secretpw"));
}

#[test]
fn an_interrupted_migration_names_its_ways_out_and_takes_them() {
    let mut test_env = TestEnvironment::empty();
    let text =
        "-- supadeck: no-transaction\ncreate table a ();\nselect 1 / 0;\ncreate table b ();\n";
    test_env.files(&[
        ("migrations/1_a.sql", text),
        ("migrations/2_b.sql", "create table c ();"),
    ]);
    let shown = test_env.run(&["migration", "apply", "--lock-timeout", "30s"]);
    shown.ended(2);
    for words in [
        "NOT IN A TRANSACTION",
        "Lock timeout: 30s, 3 tries",
        "leaves what ran before it",
    ] {
        let said = format!("{}{}", shown.out, shown.err);
        assert!(said.contains(words), "{words}: {shown:?}");
    }
    let stopped = test_env.run(&["migration", "apply", "--yes"]);
    stopped.ended(8);
    for words in ["statement 2 of 3", "--resume", "--retry", "repair --status"] {
        assert!(stopped.err.contains(words), "{words}: {stopped:?}");
    }
    let listed = test_env.data(&["migration", "list"]);
    assert_eq!(listed[0]["state"], "interrupted", "{listed}");
    assert!(
        test_env
            .run(&["migration", "list"])
            .out
            .contains("It stopped at statement 2 of 3")
    );
    let refused = test_env.problem(6, &["migration", "apply", "--yes"]);
    assert!(
        refused["hint"].as_str().unwrap().contains("--resume"),
        "{refused}"
    );
    test_env
        .run(&["migration", "apply", "--resume", "--yes"])
        .ended(8);
    test_env
        .run(&["migration", "apply", "--resume", "--retry", "--yes"])
        .ended(2);
    test_env
        .run(&["migration", "apply", "--statement-timeout", "5"])
        .ended(2);
    test_env.files(&[("migrations/1_a.sql", &text.replace("1 / 0", "1"))]);
    let changed = test_env.problem(6, &["migration", "apply", "--resume", "--yes"]);
    assert!(
        changed["what"].as_str().unwrap().contains("has changed"),
        "{changed}"
    );
    let shown = test_env.run(&["migration", "apply", "--retry"]);
    assert!(
        shown
            .out
            .contains("Statement 1 ran already and runs again."),
        "{shown:?}"
    );
    test_env.sql("drop table a");
    test_env
        .run(&["migration", "apply", "--retry", "--yes"])
        .done();
    test_env.run(&["migration", "apply", "--yes"]).done();
    let listed = test_env.data(&["migration", "list"]);
    assert_eq!(
        (&listed[0]["state"], &listed[1]["state"]),
        (&"applied".into(), &"applied".into())
    );
}

#[test]
fn a_directory_without_migrations_proves_nothing() {
    let test_env = TestEnvironment::full();
    let empty = test_env.path("empty");
    std::fs::create_dir(&empty).unwrap();
    let dir = empty.to_str().unwrap();
    for on in ["scratch", "target"] {
        let problem = test_env.problem(3, &["migration", "verify", "--on", on, "--dir", dir]);
        assert_eq!(problem["what"], "Nothing was checked.", "{on}: {problem}");
    }
    std::fs::create_dir(empty.join("migrations")).unwrap();
    let ran = test_env.run(&["migration", "verify", "--on", "target", "--dir", dir]);
    ran.done();
}
