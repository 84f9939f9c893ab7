//! What tab completes, in the shells themselves: commands and options, and the versions, tables, profiles and identities that this
//! machine knows of. Where a shell is missing, its test prints so and ends.

use crate::test_environment::{Ran, TestEnvironment, binary};
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

/// A project with files, profiles, and what was seen of one of them.
fn test_env() -> TestEnvironment {
    let mut test_env = TestEnvironment::nowhere();
    test_env
        .files(&[
            (
                "migrations/20251004123000_core_schema.sql",
                "create table goal (); create table app.log ();",
            ),
            (
                "migrations/20251005090000_week_lock.sql",
                "create view status as select 1;",
            ),
            ("migrations/20251006_$(touch pwned).sql", "select 1;"),
            ("migrations/README.md", "No migration."),
        ])
        .set("K", "sb_publishable_abcdefgh");
    for name in ["work", "play"] {
        let url = format!("http://127.0.0.1:9/{name}")
            .replace("/work", "")
            .replace("9/play", "10");
        test_env
            .run(&[
                "profile",
                "add",
                name,
                "--url",
                &url,
                "--key",
                "env:K",
                "--no-check",
            ])
            .done();
    }
    test_env.run(&["profile", "use", "work"]).done();
    let seen = test_env.path("config/supadeck/seen");
    fs::create_dir_all(&seen).unwrap();
    fs::write(
        seen.join("work.json"),
        r#"{"url": "http://127.0.0.1:9", "tables": ["task", "od d; rm"], "users": ["alice@example.com"]}"#,
    )
    .unwrap();
    test_env
}

/// The words that the program names, without their descriptions.
fn asked(test_env: &TestEnvironment, words: &[&str]) -> Vec<String> {
    let typed: String = words.iter().flat_map(|word| [*word, "\0"]).collect();
    let ran = test_env.run_with(&["__complete"], &typed);
    let out = ran.done().out.clone();
    assert_eq!(ran.err, "", "{ran:?}");
    let word = |line: &str| line.split('\t').next().unwrap().to_owned();
    out.lines().map(word).collect()
}

#[test]
fn what_this_machine_knows_is_named() {
    let test_env = test_env();
    assert_eq!(
        asked(&test_env, &["migration", "apply", "--to", ""]),
        ["20251005090000", "20251004123000", "20251006"],
    );
    assert_eq!(
        asked(&test_env, &["table", "rows", ""]),
        ["app.log", "goal", "status", "task"]
    );
    assert_eq!(asked(&test_env, &["--profile", ""]), ["play", "work"]);
    assert_eq!(asked(&test_env, &["profile", "use", "p"]), ["play"]);
    assert_eq!(
        asked(&test_env, &["--as", "user:"]),
        ["user:alice@example.com"]
    );
    assert_eq!(asked(&test_env, &["logout", "a"]), ["alice@example.com"]);
    // Another profile has seen nothing, and another directory has no files.
    assert_eq!(
        asked(&test_env, &["--profile", "play", "--as", "user:"]),
        [""; 0]
    );
    let dir = test_env.home.path().display().to_string();
    assert_eq!(
        asked(&test_env, &["--dir", &dir, "migration", "show", ""]),
        [""; 0]
    );
}

#[test]
fn whatever_is_wrong_nothing_is_said() {
    let mut test_env = test_env();
    let config = test_env.path("config/supadeck");
    fs::write(config.join("seen/work.json"), "{").unwrap();
    assert_eq!(asked(&test_env, &["--as", "user:"]), [""; 0]);
    fs::write(config.join("profiles.toml"), "[").unwrap();
    assert_eq!(asked(&test_env, &["profile", "use", ""]), [""; 0]);
    assert_eq!(
        asked(&test_env, &["migration", "apply", "--to", "20251004"]),
        ["20251004123000"]
    );
    test_env.unset("HOME").unset("XDG_CONFIG_HOME");
    assert_eq!(asked(&test_env, &["profile", "use", ""]), [""; 0]);
    assert_eq!(asked(&test_env, &["nothing", "like", "it", ""]), [""; 0]);
    assert_eq!(asked(&test_env, &[]), [""; 0]);
    // A pipe among the files is not waited for.
    let pipe = test_env.project.join("migrations/20251007000000_pipe.sql");
    assert!(
        Command::new("mkfifo")
            .arg(&pipe)
            .status()
            .unwrap()
            .success()
    );
    assert_eq!(asked(&test_env, &["table", "rows", "g"]), ["goal"]);
}

/// Runs a script in a shell; nothing where the shell is not on this machine.
fn in_shell(
    test_env: &TestEnvironment,
    shell: &str,
    args: &[&str],
    script: &str,
) -> Option<Vec<String>> {
    let folder = Path::new(binary()).parent().unwrap();
    let path = std::env::var("PATH").unwrap_or_default();
    let child = Command::new(shell)
        .args(args)
        .arg(script)
        .env_clear()
        .envs(test_env.variables())
        .env("PATH", format!("{}:{path}", folder.display()))
        .current_dir(&test_env.project)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let Ok(child) = child else {
        println!("skipped: there is no {shell} here");
        return None;
    };
    let ran = Ran::of(child);
    assert_eq!(ran.err, "", "{ran:?}");
    let out = ran.done().out.clone();
    assert!(!test_env.project.join("pwned").exists());
    Some(out.lines().map(str::to_owned).collect())
}

/// Lines that are typed, what the shell takes for the word at the cursor, and what stands there then.
const TYPED: [(&str, &str, &[&str]); 6] = [
    ("supadeck mig", "mig", &["migration"]),
    (
        "supadeck migration apply --to 20251004",
        "20251004",
        &["20251004123000"],
    ),
    ("supadeck table rows s", "s", &["status"]),
    ("supadeck --profile w", "w", &["work"]),
    (
        "supadeck --as service lock list --lo",
        "--lo",
        &["--locked", "--log-level"],
    ),
    ("supadeck logout a", "a", &["alice@example.com"]),
];

#[test]
fn bash_completes_what_the_program_names() {
    let test_env = test_env();
    let bash = |line: &str, word: &str| {
        let script = format!(
            "source <(supadeck completions bash)\nCOMP_LINE='{line}' COMP_POINT=${{#COMP_LINE}}\nCOMP_POINT=${{#COMP_LINE}}\n\
             _supadeck supadeck '{word}'\n[[ ${{#COMPREPLY[@]}} -eq 0 ]] || printf '%s\\n' \"${{COMPREPLY[@]}}\""
        );
        in_shell(&test_env, "bash", &["--norc", "-c"], &script)
    };
    for (line, word, found) in TYPED {
        let Some(completed) = bash(line, word) else {
            return;
        };
        assert_eq!(completed, found, "{line}");
    }
    // Bash ends a word at a colon, at `=` and at `@`, and puts what is found behind that.
    for (line, word, found) in [
        ("supadeck --as user:al", "al", "alice@example.com"),
        ("supadeck --as user:alice@ex", "ex", "example.com"),
        ("supadeck --as=user:a", "a", "alice@example.com"),
        (
            "supadeck migration apply --to=2025100509",
            "2025100509",
            "20251005090000",
        ),
    ] {
        assert_eq!(bash(line, word).unwrap(), [found], "{line}");
    }
    // Nothing is known: files follow by bash itself.
    assert_eq!(bash("supadeck migration split m", "m").unwrap(), [""; 0]);
}

#[test]
fn zsh_completes_what_the_program_names() {
    let test_env = test_env();
    for (line, word, found) in TYPED {
        // What the line editor does: the words, the place among them, and a `compadd` that prints.
        let words: Vec<&str> = line.split(' ').collect();
        let script = format!(
            "compdef() {{ }}; compadd() {{ while [[ $1 != -- ]]; do shift; done; shift; print -l -- \"$@\" }}; _files() {{ print files }}\n\
             source <(supadeck completions zsh)\nwords=({}); CURRENT={}; PREFIX='{word}'; _supadeck",
            words
                .iter()
                .map(|word| format!("'{word}'"))
                .collect::<Vec<_>>()
                .join(" "),
            words.len()
        );
        let Some(completed) = in_shell(&test_env, "zsh", &["-f", "-c"], &script) else {
            return;
        };
        assert_eq!(completed, found, "{line}");
    }
}

#[test]
fn fish_completes_what_the_program_names() {
    let test_env = test_env();
    for (line, _, found) in TYPED {
        let script = format!("supadeck completions fish | source; complete -C '{line}'");
        let Some(completed) = in_shell(&test_env, "fish", &["--no-config", "-c"], &script) else {
            return;
        };
        let word = |line: &String| line.split('\t').next().unwrap().to_owned();
        assert_eq!(
            completed.iter().map(word).collect::<Vec<_>>(),
            found,
            "{line}"
        );
    }
}

#[test]
fn the_tables_that_a_command_saw_are_completed_later() {
    let mut test_env = TestEnvironment::full();
    let url = test_env.info.url.clone();
    for (name, value) in [
        ("K", test_env.info.publishable_key.clone()),
        ("S", test_env.info.secret_key.clone()),
        ("D", test_env.info.db_url.clone()),
    ] {
        test_env.set(name, value);
    }
    let add = ["profile", "add", "work", "--no-check", "--url", &url];
    let keys = [
        "--key",
        "env:K",
        "--secret-key",
        "env:S",
        "--db-url",
        "env:D",
    ];
    test_env.run(&[&add[..], &keys].concat()).done();
    test_env.files(&[]);
    assert_eq!(asked(&test_env, &["table", "rows", "weekly"]), [""; 0]);
    test_env.data(&["table", "list", "--profile", "work"]);
    assert_eq!(
        asked(&test_env, &["table", "rows", "weekly"]),
        ["weekly_plan"]
    );
    let seen = fs::read_to_string(test_env.path("config/supadeck/seen/work.json")).unwrap();
    assert!(!seen.contains("sb_"), "{seen}");
}
