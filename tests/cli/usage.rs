//! The command line itself: help, versions, mistakes, secrets that were typed, closed pipes, settings.

use crate::test_environment::{TestEnvironment, own_migrations};
use std::fs;
use std::process::Stdio;

#[test]
fn help_and_version_go_to_stdout() {
    let test_env = TestEnvironment::nowhere();
    let help = test_env.run(&["--help"]);
    assert!(help.done().out.contains("migration"));
    assert!(help.err.is_empty());
    let version = test_env.run(&["--version"]);
    assert_eq!(
        version.done().out,
        format!("supadeck {}\n", env!("SUPADECK_VERSION"))
    );
    let part = test_env.run(&["lock", "unlock", "--help"]);
    assert!(part.done().out.contains("--reason <TEXT>"));
}

#[test]
fn a_mistake_is_a_usage_problem_in_both_forms() {
    let test_env = TestEnvironment::nowhere();
    let text = test_env.run(&["migration", "aply"]);
    text.ended(2);
    assert!(
        text.out.is_empty() && text.err.contains("'apply'"),
        "{text:?}"
    );
    for args in [
        ["migration", "aply"].as_slice(),
        &["migration"],
        &["migration", "rollback"],
        &["migration", "rollback", "--last", "0"],
        &["audit", "list", "--limit", "0"],
        &[
            "lock", "unlock", "--plan", "x", "--for", "soon", "--reason", "y",
        ],
        &["--as", "root", "whoami"],
        &["audit", "list", "--format", "csv"],
        &[],
    ] {
        let problem = test_env.problem(2, args);
        assert_eq!(problem["kind"], "usage", "{args:?}: {problem}");
        for part in ["what", "hint"] {
            assert!(
                problem[part].as_str().is_some_and(|text| !text.is_empty()),
                "{problem}"
            );
        }
        assert!(problem.get("code").is_some() && problem.get("why").is_some());
    }
}

#[test]
fn a_secret_may_not_be_typed_and_is_not_repeated() {
    let test_env = TestEnvironment::nowhere();
    let key = "sb_secret_0123456789abcdefghijkl_ABCDEFGH";
    let url = "postgresql://me:hunter2hunter2@127.0.0.1:1/x";
    for args in [
        ["--key", key, "cycle", "list"].as_slice(),
        &["--db-url", url, "migration", "list"],
        &["migration", "list", url],
        &[key],
    ] {
        for json in [false, true] {
            let mut args = args.to_vec();
            if json {
                args.push("--json");
            }
            let ran = test_env.run(&args);
            ran.ended(2);
            for secret in [key, "hunter2hunter2"] {
                assert!(
                    !ran.out.contains(secret) && !ran.err.contains(secret),
                    "{ran:?}"
                );
            }
        }
    }
    let refused = test_env.run(&["--db-url", url, "migration", "list"]);
    assert!(
        refused.err.contains("SUPABASE_DB_URL") && refused.err.contains("env:NAME"),
        "{refused:?}"
    );
}

#[test]
fn secrets_come_from_stdin_and_from_variables() {
    let mut test_env = TestEnvironment::full();
    let url = test_env.info.db_url.clone();
    test_env.unset("SUPABASE_DB_URL");
    test_env.problem(3, &["migration", "list"]);
    let ran = test_env.run_with(
        &["--db-url", "-", "migration", "list", "--json"],
        &format!("{url}\n"),
    );
    let listed = ran.done().document()["data"].as_array().unwrap().len();
    assert_eq!(listed, own_migrations());
    test_env.set("MY_URL", url);
    test_env
        .run(&["--db-url", "env:MY_URL", "migration", "list"])
        .done();
    test_env.problem(2, &["--db-url", "env:NO_URL", "migration", "list"]);
    test_env.problem(2, &["--db-url", "-", "--key", "-", "migration", "list"]);
}

#[test]
fn without_a_project_every_command_says_how_to_get_one() {
    let test_env = TestEnvironment::nowhere();
    for args in [
        ["migration", "list"].as_slice(),
        &["seed", "list"],
        &["cycle", "list"],
        &["whoami"],
        &["types", "zod"],
        &["doctor"],
        &["login", "--email", "a@example.com"],
    ] {
        let problem = test_env.problem(3, args);
        assert_eq!(problem["kind"], "config");
        assert!(
            problem["hint"]
                .as_str()
                .unwrap()
                .contains("supadeck profile add"),
            "{args:?}: {problem}"
        );
    }
}

#[test]
fn a_closed_pipe_is_no_panic() {
    let test_env = TestEnvironment::nowhere();
    let mut child = test_env.command(&["completions", "bash"]).spawn().unwrap();
    drop(child.stdout.take());
    let mut child = crate::test_environment::Ran::of(child);
    child.err.retain(|c| c != '\0');
    assert_eq!((child.code, child.err.as_str()), (0, ""));
}

#[cfg(target_os = "linux")]
#[test]
fn an_answer_that_cannot_be_written_is_a_failure() {
    let test_env = TestEnvironment::nowhere();
    for args in [["keys"].as_slice(), &["keys", "--json"]] {
        let full = fs::OpenOptions::new()
            .write(true)
            .open("/dev/full")
            .unwrap();
        let ran =
            crate::test_environment::Ran::of(test_env.command(args).stdout(full).spawn().unwrap());
        assert!(ran.ended(3).err.contains("could not be written"), "{ran:?}");
        assert!(!ran.err.contains("nternal"), "{ran:?}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_no_fault_of_the_program_and_undoes_nothing() {
    let full = |test_env: &TestEnvironment, args: &[&str]| {
        let mut options = fs::OpenOptions::new();
        let full = options.write(true).open("/dev/full").unwrap();
        crate::test_environment::Ran::of(test_env.command(args).stdout(full).spawn().unwrap())
    };
    let unwritten = "The answer could not be written.";
    let mut test_env = TestEnvironment::nowhere();
    test_env.set("K", "sb_publishable_abcdefgh");
    let add = [
        "profile",
        "add",
        "a",
        "--url",
        "http://127.0.0.1:9",
        "--key",
        "env:K",
        "--no-check",
    ];
    // What was changed is changed; the code is that of the change.
    let ran = full(&test_env, &add);
    assert!(ran.done().err.contains(unwritten), "{ran:?}");
    assert_eq!(
        test_env
            .data(&["profile", "list"])
            .as_array()
            .unwrap()
            .len(),
        1
    );
    let ran = full(&test_env, &[&add[..], &["--json"]].concat());
    assert!(ran.ended(6).err.contains(unwritten), "{ran:?}");
    for args in [
        &["profile", "list"][..],
        &["profile", "list", "--json"],
        &["--help"],
        &["--version"],
        &["completions", "bash"],
    ] {
        let ran = full(&test_env, args);
        assert!(ran.ended(3).err.contains(unwritten), "{args:?}: {ran:?}");
    }
    // A run is done, or failed, as if somebody could read it.
    let mut test_env = TestEnvironment::empty();
    test_env.files(&[
        ("migrations/1_one.sql", "create table one ();"),
        ("migrations/rollback/1_one.sql", "drop table one;"),
        ("migrations/2_two.sql", "select 1 / 0;"),
        ("seeds/1.sql", "insert into one default values;"),
    ]);
    for (code, args) in [
        (0, &["migration", "apply", "--yes", "--to", "1"][..]),
        (0, &["seed", "apply", "--yes", "--json"]),
        (8, &["migration", "apply", "--yes", "--json"]),
        (8, &["migration", "apply", "--yes"]),
        (0, &["migration", "rollback", "--yes", "--last", "1"]),
    ] {
        let ran = full(&test_env, args);
        assert!(ran.ended(code).err.contains(unwritten), "{args:?}: {ran:?}");
    }
    assert_eq!(test_env.sql("select to_regclass('one') is null"), ["t"]);
    let test_env = TestEnvironment::full();
    for args in [
        &["audit", "list", "--format", "csv", "--as", "service"][..],
        &["migration", "list"],
    ] {
        let ran = full(&test_env, args);
        assert!(ran.ended(3).err.contains(unwritten), "{args:?}: {ran:?}");
    }
}

#[test]
fn completions_know_the_commands() {
    let test_env = TestEnvironment::nowhere();
    // Three shells ask the program; the scripts of the others name the commands.
    for (shell, named) in [
        ("bash", "__complete"),
        ("zsh", "__complete"),
        ("fish", "__complete"),
        ("elvish", "migration"),
        ("powershell", "migration"),
    ] {
        let script = test_env.run(&["completions", shell]);
        assert!(script.done().out.contains(named), "{shell}");
    }
    let json = test_env.data(&["completions", "fish"]);
    assert!(json.as_str().unwrap().contains("complete -c supadeck"));
    test_env.problem(2, &["completions", "tcsh"]);
}

#[test]
fn keys_are_listed_and_a_faulty_keymap_is_reported_whole() {
    let test_env = TestEnvironment::nowhere();
    let rows = test_env.data(&["keys"]);
    let quit = rows
        .as_array()
        .unwrap()
        .iter()
        .find(|row| row["id"] == "app.quit")
        .unwrap();
    assert!(
        quit["keys"]
            .as_array()
            .unwrap()
            .iter()
            .any(|key| key == "q")
    );
    fs::create_dir_all(test_env.path("config/supadeck")).unwrap();
    let file = test_env.path("config/supadeck/keymap.toml");
    fs::write(&file, "\"app.quit\" = [\"Q\"]\n").unwrap();
    let own = test_env.run(&["keys"]);
    assert!(
        own.done()
            .out
            .lines()
            .any(|line| line.contains(" Q ") && line.contains("app.quit"))
    );
    fs::write(
        &file,
        "\"app.quti\" = [\"Q\"]\n\"app.help\" = [\"hyper-x\"]\n",
    )
    .unwrap();
    let problem = test_env.problem(3, &["keys"]);
    let why = problem["why"].as_str().unwrap();
    assert!(why.contains("line 1") && why.contains("line 2"), "{why}");
}

#[test]
fn a_faulty_setting_is_reported_with_its_line() {
    let test_env = TestEnvironment::nowhere();
    fs::create_dir_all(test_env.path("config/supadeck")).unwrap();
    fs::write(
        test_env.path("config/supadeck/config.toml"),
        "\ncolour = \"never\"\n",
    )
    .unwrap();
    let problem = test_env.problem(3, &["keys"]);
    assert!(
        problem["what"]
            .as_str()
            .unwrap()
            .contains("config.toml, line 2"),
        "{problem}"
    );
}

#[test]
fn colour_is_a_choice() {
    let mut test_env = TestEnvironment::nowhere();
    let coloured =
        |test_env: &TestEnvironment, args: &[&str]| test_env.run(args).out.contains('\u{1b}');
    assert!(!coloured(&test_env, &["keys"]));
    assert!(coloured(&test_env, &["keys", "--color", "always"]));
    fs::create_dir_all(test_env.path("config/supadeck")).unwrap();
    fs::write(
        test_env.path("config/supadeck/config.toml"),
        "color = \"always\"\n",
    )
    .unwrap();
    assert!(coloured(&test_env, &["keys"]));
    assert!(!coloured(&test_env, &["keys", "--color", "never"]));
    test_env.set("NO_COLOR", "1");
    assert!(
        coloured(&test_env, &["keys"]),
        "`always` is an explicit wish"
    );
}

#[test]
fn the_deck_needs_a_terminal() {
    let test_env = TestEnvironment::full();
    let ran = test_env.command(&[]).stdin(Stdio::null()).spawn().unwrap();
    let ran = crate::test_environment::Ran::of(ran);
    assert_ne!(ran.code, 0);
    assert!(ran.err.contains("terminal"), "{ran:?}");
}

#[test]
fn a_key_that_is_none_is_answered_with_what_a_key_looks_like() {
    let test_env = TestEnvironment::full();
    let typed = test_env.run(&["--key", "hunter2", "whoami"]);
    let said = &typed.ended(2).err;
    assert!(
        said.contains("sb_publishable_") && said.contains("JWT") && !said.contains("hunter2"),
        "{said}"
    );
    let mut test_env = TestEnvironment::full();
    test_env.set("SUPABASE_PUBLISHABLE_KEY", "hunter2");
    let sent = test_env.run(&["cycle", "list"]);
    let said = &sent.ended(4).err;
    assert!(
        said.contains("sb_publishable_") && !said.contains("hunter2"),
        "{said}"
    );
}
