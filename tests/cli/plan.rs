//! `supadeck migration plan` and `supadeck migration verify`.

use crate::test_environment::TestEnvironment;

/// A project with one applied migration in use, and one pending.
fn in_use(pending: &str, way_back: &str) -> TestEnvironment {
    let mut test_env = TestEnvironment::empty();
    test_env.files(&[
        (
            "migrations/1_one.sql",
            "create table one (id int primary key, note text); insert into one values (1, 'x'), (2, null);",
        ),
        ("migrations/rollback/1_one.sql", "drop table one;"),
    ]);
    test_env.run(&["migration", "apply", "--yes"]).done();
    test_env.files(&[
        ("migrations/2_two.sql", pending),
        ("migrations/rollback/2_two.sql", way_back),
    ]);
    test_env
}

#[test]
fn a_plan_says_what_will_change_be_locked_and_be_lost() {
    let test_env = in_use(
        "create table two (id int primary key);\nalter table one drop column note;",
        "drop table two; alter table one add column note text;",
    );
    let text = test_env.run(&["migration", "plan"]);
    let out = &text.done().out;
    for line in [
        "Dry run on this database, in a transaction that was rolled back.",
        "  + table public.two (1 column, 1 constraint)",
        "  - column public.one.note",
        "  1 value lost: column public.one.note is dropped",
        "Apply 2 two (2 statements, ",
    ] {
        assert!(out.contains(line), "{line} is not in {out}");
    }
    let lock = out
        .lines()
        .find(|line| line.starts_with("  public.one: readers and writers wait, "))
        .unwrap();
    assert!(
        lock.ends_with(" ms (access exclusive, by 2 statement 2)"),
        "{lock}"
    );
    // What is lost comes first.
    let place = |words: &str| out.find(words).unwrap();
    let headings = [
        "What is lost",
        "Access",
        "What is locked",
        "What changes",
        "Risks",
        "Apply 2",
    ];
    assert!(headings.map(place).is_sorted(), "{out}");
    let data = test_env.data(&["migration", "plan"]);
    let rehearsal = &data["rehearsal"];
    assert_eq!(rehearsal["on"], "target");
    assert_eq!(rehearsal["steps"][0]["end"], "passed");
    assert_eq!(rehearsal["steps"][0]["statements"][1]["line"], 2);
    assert_eq!(rehearsal["locks"][0]["blocks"], "readers_and_writers");
    assert_eq!(rehearsal["losses"][0]["way"], "column_dropped");
    assert_eq!(rehearsal["losses"][0]["rows"], 1);
    let changes = rehearsal["difference"].as_array().unwrap();
    let gone: Vec<_> = changes
        .iter()
        .filter(|one| one["fate"] == "removed")
        .collect();
    assert_eq!(
        (gone.len(), &gone[0]["on"], &gone[0]["name"]),
        (1, &"public.one".into(), &"note".into())
    );
    assert_eq!(data["risks"][0]["statements"].as_array().unwrap().len(), 2);
    assert_eq!(data["losses"][0]["object"], "public.one.note");
    assert_eq!(data["losses"][0]["values"], 1);
    let group = &data["risk_groups"][0];
    assert_eq!(
        (&group["rule"], &group["count"]),
        (&"drop-column".into(), &1.into())
    );
    let back = test_env.data(&["migration", "plan", "--rollback", "--last", "1"]);
    assert_eq!(back["rehearsal"]["losses"][0]["rows"], 2);
    let static_only = test_env.data(&["migration", "plan", "--no-rehearsal"]);
    assert!(static_only["rehearsal"].is_null());
    let listed = test_env.data(&["migration", "list"]);
    assert_eq!(listed[1]["state"], "pending");
    assert_eq!(test_env.sql("select count(note) from one"), ["1"]);
}

#[test]
fn a_plan_that_fails_says_where_and_ends_with_the_databases_code() {
    let test_env = in_use(
        "create table two ();\nselect * from nowhere;",
        "drop table two;",
    );
    let ran = test_env.run(&["migration", "plan", "--json"]);
    let document = ran.ended(8).document();
    assert_eq!(document["problem"]["code"], "42P01");
    assert_eq!(document["data"]["rehearsal"]["steps"][0]["end"], "failed");
    let text = test_env.run(&["migration", "plan"]);
    text.ended(8);
    assert!(
        text.out.contains("did not reach its end")
            && text.out.contains("FAILED")
            && text.err.contains("line 2, column 15")
            && text.err.contains('^'),
        "{text:?}"
    );
    assert_eq!(test_env.sql("select to_regclass('two') is null"), ["t"]);
}

#[test]
fn what_was_not_rehearsed_is_said_first_and_reassures_nobody() {
    let mut test_env = in_use(
        "-- supadeck: no-transaction\ncreate index concurrently i on one (note);",
        "drop index concurrently i;",
    );
    let out = test_env.run(&["migration", "plan"]).done().out.clone();
    for part in [
        "Not run here, because it runs outside a transaction: 2 two.",
        "--on scratch",
        "What is lost\n  Not known of 2 two.",
        "What is locked\n  Not known of 2 two.",
        "What changes\n  Not known of 2 two.",
    ] {
        assert!(out.contains(part), "{part} is not in {out}");
    }
    for part in ["Nothing in", "No table", "No data", "Dry run on"] {
        assert!(!out.contains(part), "{part} is in {out}");
    }
    test_env.files(&[("migrations/3_three.sql", "create table three ();")]);
    let out = test_env.run(&["migration", "plan"]).done().out.clone();
    for part in [
        "What changes\n  Not known of 2 two.\n  + table public.three",
        "  No table that is there now is locked, as far as the others go.",
    ] {
        assert!(out.contains(part), "{part} is not in {out}");
    }
}

#[test]
fn a_comment_is_no_statement_and_gets_no_semicolon() {
    let mut test_env = in_use("create table two ();", "-- Undo 2_two.sql here.\n");
    let out = test_env.run(&["migration", "plan"]).done().out.clone();
    assert!(out.contains("Apply 2 two (1 statement"), "{out}");
    test_env.run(&["migration", "apply", "--yes"]).done();
    test_env.files(&[(
        "migrations/rollback/2_two.sql",
        "drop table two;\n-- Undo 2_two.sql here.\n",
    )]);
    let back = ["migration", "plan", "--rollback", "--last", "1"];
    let out = test_env.run(&back).done().out.clone();
    assert!(out.contains("Roll back 2 two (1 statement"), "{out}");
    let ran = test_env.run(&["migration", "rollback", "--last", "1", "--yes"]);
    let said = format!("{}{}", ran.done().out, ran.err);
    assert!(said.contains("1 statement"), "{said}");
    assert!(!said.contains("Undo"), "{said}");
}

#[test]
fn verify_ends_with_one_when_a_rollback_forgets_something() {
    let test_env = in_use(
        "comment on table one is 'One.'; create table two ();",
        "drop table two;",
    );
    let text = test_env.run(&["migration", "verify", "--on", "target"]);
    text.ended(1);
    for line in [
        "the rollback leaves a difference",
        "    ~ table public.one",
        "        comment: (none) → One.",
    ] {
        assert!(text.out.contains(line), "{line}: {text:?}");
    }
    let ran = test_env.run(&["migration", "verify", "--on", "target", "--json"]);
    let document = ran.ended(1).document();
    assert_eq!(document["problem"]["kind"], "findings");
    let version = &document["data"]["versions"][0];
    assert_eq!(version["finding"], "not_restored");
    assert_eq!(version["difference"][0]["properties"][0]["after"], "One.");
    let fine = test_env.data(&["migration", "verify", "1", "--on", "target"]);
    assert_eq!(fine["versions"][0]["finding"], "proven");
    assert_eq!(fine["versions"][0]["losses"][0]["rows"], 2);
}

#[test]
fn verify_counts_what_it_could_not_look_at_apart_and_says_why_others_stand_there() {
    let test_env = in_use("create table two ();", "drop table two;");
    test_env.run(&["migration", "apply", "--yes"]).done();
    std::fs::remove_file(test_env.project.join("migrations/rollback/2_two.sql")).unwrap();
    let text = test_env.run(&["migration", "verify", "1", "--on", "target"]);
    text.ended(1);
    for line in [
        "1 of 2 migrations did not pass the round trip, and 1 could not be looked at because of that.",
        "Not named, and drawn in: 2.",
        "Version 2 has no rollback file.",
    ] {
        let said = format!("{}{}", text.out, text.err);
        assert!(said.contains(line), "{line}: {text:?}");
    }
    assert!(!text.out.contains("Nothing was rolled back"), "{text:?}");
}

#[test]
#[cfg(not(feature = "demo"))]
fn without_the_local_stack_scratch_says_how_to_get_it() {
    let test_env = in_use("select 1;", "select 1;");
    for args in [
        &["migration", "plan", "--on", "scratch"][..],
        &["migration", "verify"],
    ] {
        let problem = test_env.problem(2, args);
        assert!(
            problem["hint"]
                .as_str()
                .unwrap()
                .contains("--features demo")
        );
    }
}

#[test]
#[cfg(feature = "demo")]
fn a_production_profile_rehearses_on_scratch_and_verify_needs_no_database() {
    let mut test_env = in_use("create table two ();", "drop table two;");
    let dir = test_env.path("config").join("supadeck");
    std::fs::create_dir_all(&dir).unwrap();
    let url = &test_env.info.url;
    let profile =
        format!("default = \"live\"\n\n[profiles.live]\nurl = \"{url}\"\nproduction = true\n");
    std::fs::write(dir.join("profiles.toml"), profile).unwrap();
    let data = test_env.data(&["migration", "plan"]);
    assert_eq!(data["rehearsal"]["on"], "scratch");
    assert!(data["rehearsal"]["problem"].is_null());
    assert_eq!(data["rehearsal"]["difference"][0]["name"], "public.two");
    for name in ["SUPABASE_DB_URL", "SUPABASE_URL"] {
        test_env.unset(name);
    }
    let verified = test_env.data(&["migration", "verify"]);
    assert_eq!(verified["versions"].as_array().unwrap().len(), 2);
    assert_eq!(verified["on"], "scratch");
}
