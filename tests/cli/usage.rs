//! The command line itself: help, versions, mistakes, secrets that were typed, closed pipes, settings.

use crate::world::{World, own_migrations};
use std::fs;
use std::process::Stdio;

#[test]
fn help_and_version_go_to_stdout() {
    let world = World::nowhere();
    let help = world.run(&["--help"]);
    assert!(help.done().out.contains("migration"));
    assert!(help.err.is_empty());
    let version = world.run(&["--version"]);
    assert_eq!(
        version.done().out,
        format!("supadeck {}\n", env!("SUPADECK_VERSION"))
    );
    let part = world.run(&["lock", "unlock", "--help"]);
    assert!(part.done().out.contains("--reason <TEXT>"));
}

#[test]
fn a_mistake_is_a_usage_problem_in_both_forms() {
    let world = World::nowhere();
    let text = world.run(&["migration", "aply"]);
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
        let problem = world.problem(2, args);
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
    let world = World::nowhere();
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
            let ran = world.run(&args);
            ran.ended(2);
            for secret in [key, "hunter2hunter2"] {
                assert!(
                    !ran.out.contains(secret) && !ran.err.contains(secret),
                    "{ran:?}"
                );
            }
        }
    }
    let refused = world.run(&["--db-url", url, "migration", "list"]);
    assert!(
        refused.err.contains("SUPABASE_DB_URL") && refused.err.contains("env:NAME"),
        "{refused:?}"
    );
}

#[test]
fn secrets_come_from_stdin_and_from_variables() {
    let mut world = World::full();
    let url = world.info.db_url.clone();
    world.unset("SUPABASE_DB_URL");
    world.problem(3, &["migration", "list"]);
    let ran = world.run_with(
        &["--db-url", "-", "migration", "list", "--json"],
        &format!("{url}\n"),
    );
    let listed = ran.done().document()["data"].as_array().unwrap().len();
    assert_eq!(listed, own_migrations());
    world.set("MY_URL", url);
    world
        .run(&["--db-url", "env:MY_URL", "migration", "list"])
        .done();
    world.problem(2, &["--db-url", "env:NO_URL", "migration", "list"]);
    world.problem(2, &["--db-url", "-", "--key", "-", "migration", "list"]);
}

#[test]
fn without_a_project_every_command_says_how_to_get_one() {
    let world = World::nowhere();
    for args in [
        ["migration", "list"].as_slice(),
        &["seed", "list"],
        &["cycle", "list"],
        &["whoami"],
        &["types", "zod"],
        &["doctor"],
        &["login", "--email", "a@example.com"],
    ] {
        let problem = world.problem(3, args);
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
    let world = World::nowhere();
    let mut child = world.command(&["completions", "bash"]).spawn().unwrap();
    drop(child.stdout.take());
    let mut child = crate::world::Ran::of(child);
    child.err.retain(|c| c != '\0');
    assert_eq!((child.code, child.err.as_str()), (0, ""));
}

#[cfg(target_os = "linux")]
#[test]
fn an_answer_that_cannot_be_written_is_a_failure() {
    let world = World::nowhere();
    for args in [["keys"].as_slice(), &["keys", "--json"]] {
        let full = fs::OpenOptions::new()
            .write(true)
            .open("/dev/full")
            .unwrap();
        let ran = crate::world::Ran::of(world.command(args).stdout(full).spawn().unwrap());
        assert!(ran.ended(3).err.contains("could not be written"), "{ran:?}");
        assert!(!ran.err.contains("nternal"), "{ran:?}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_no_fault_of_the_program_and_undoes_nothing() {
    let full = |world: &World, args: &[&str]| {
        let mut options = fs::OpenOptions::new();
        let full = options.write(true).open("/dev/full").unwrap();
        crate::world::Ran::of(world.command(args).stdout(full).spawn().unwrap())
    };
    let unwritten = "The answer could not be written.";
    let mut world = World::nowhere();
    world.set("K", "sb_publishable_abcdefgh");
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
    let ran = full(&world, &add);
    assert!(ran.done().err.contains(unwritten), "{ran:?}");
    assert_eq!(
        world.data(&["profile", "list"]).as_array().unwrap().len(),
        1
    );
    let ran = full(&world, &[&add[..], &["--json"]].concat());
    assert!(ran.ended(6).err.contains(unwritten), "{ran:?}");
    for args in [
        &["profile", "list"][..],
        &["profile", "list", "--json"],
        &["--help"],
        &["--version"],
        &["completions", "bash"],
    ] {
        let ran = full(&world, args);
        assert!(ran.ended(3).err.contains(unwritten), "{args:?}: {ran:?}");
    }
    // A run is done, or failed, as if somebody could read it.
    let mut world = World::empty();
    world.files(&[
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
        let ran = full(&world, args);
        assert!(ran.ended(code).err.contains(unwritten), "{args:?}: {ran:?}");
    }
    assert_eq!(world.sql("select to_regclass('one') is null"), ["t"]);
    let world = World::full();
    for args in [
        &["audit", "list", "--format", "csv", "--as", "service"][..],
        &["migration", "list"],
    ] {
        let ran = full(&world, args);
        assert!(ran.ended(3).err.contains(unwritten), "{args:?}: {ran:?}");
    }
}

#[test]
fn completions_know_the_commands() {
    let world = World::nowhere();
    // Three shells ask the program; the scripts of the others name the commands.
    for (shell, named) in [
        ("bash", "__complete"),
        ("zsh", "__complete"),
        ("fish", "__complete"),
        ("elvish", "migration"),
        ("powershell", "migration"),
    ] {
        let script = world.run(&["completions", shell]);
        assert!(script.done().out.contains(named), "{shell}");
    }
    let json = world.data(&["completions", "fish"]);
    assert!(json.as_str().unwrap().contains("complete -c supadeck"));
    world.problem(2, &["completions", "tcsh"]);
}

#[test]
fn keys_are_listed_and_a_faulty_keymap_is_reported_whole() {
    let world = World::nowhere();
    let rows = world.data(&["keys"]);
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
    fs::create_dir_all(world.path("config/supadeck")).unwrap();
    let file = world.path("config/supadeck/keymap.toml");
    fs::write(&file, "\"app.quit\" = [\"Q\"]\n").unwrap();
    let own = world.run(&["keys"]);
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
    let problem = world.problem(3, &["keys"]);
    let why = problem["why"].as_str().unwrap();
    assert!(why.contains("line 1") && why.contains("line 2"), "{why}");
}

#[test]
fn a_faulty_setting_is_reported_with_its_line() {
    let world = World::nowhere();
    fs::create_dir_all(world.path("config/supadeck")).unwrap();
    fs::write(
        world.path("config/supadeck/config.toml"),
        "\ncolour = \"never\"\n",
    )
    .unwrap();
    let problem = world.problem(3, &["keys"]);
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
    let mut world = World::nowhere();
    let coloured = |world: &World, args: &[&str]| world.run(args).out.contains('\u{1b}');
    assert!(!coloured(&world, &["keys"]));
    assert!(coloured(&world, &["keys", "--color", "always"]));
    fs::create_dir_all(world.path("config/supadeck")).unwrap();
    fs::write(
        world.path("config/supadeck/config.toml"),
        "color = \"always\"\n",
    )
    .unwrap();
    assert!(coloured(&world, &["keys"]));
    assert!(!coloured(&world, &["keys", "--color", "never"]));
    world.set("NO_COLOR", "1");
    assert!(coloured(&world, &["keys"]), "`always` is an explicit wish");
}

#[test]
fn the_deck_needs_a_terminal() {
    let world = World::full();
    let ran = world.command(&[]).stdin(Stdio::null()).spawn().unwrap();
    let ran = crate::world::Ran::of(ran);
    assert_ne!(ran.code, 0);
    assert!(ran.err.contains("terminal"), "{ran:?}");
}

#[test]
fn a_key_that_is_none_is_answered_with_what_a_key_looks_like() {
    let world = World::full();
    let typed = world.run(&["--key", "hunter2", "whoami"]);
    let said = &typed.ended(2).err;
    assert!(
        said.contains("sb_publishable_") && said.contains("JWT") && !said.contains("hunter2"),
        "{said}"
    );
    let mut world = World::full();
    world.set("SUPABASE_PUBLISHABLE_KEY", "hunter2");
    let sent = world.run(&["cycle", "list"]);
    let said = &sent.ended(4).err;
    assert!(
        said.contains("sb_publishable_") && !said.contains("hunter2"),
        "{said}"
    );
}
