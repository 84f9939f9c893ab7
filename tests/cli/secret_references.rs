//! Profiles that say where their secrets come from: on a machine without a keyring, and wherever one is not wanted.

use crate::keyring::Keyring;
use crate::pseudo_terminal::Terminal;
use crate::test_environment::{TestEnvironment, own_migrations, texts};
use std::fs;
use std::os::unix::fs::PermissionsExt;

/// A test_env without a keyring, whose secrets are in variables of other names.
fn test_env() -> TestEnvironment {
    let mut test_env = TestEnvironment::full();
    let info = test_env.info.clone();
    for name in [
        "SUPABASE_URL",
        "SUPABASE_PUBLISHABLE_KEY",
        "SUPABASE_SECRET_KEY",
        "SUPABASE_DB_URL",
    ] {
        test_env.unset(name);
    }
    test_env
        .set("MY_KEY", info.publishable_key)
        .set("MY_SECRET", info.secret_key)
        .set("MY_DB", info.db_url);
    test_env
}

/// A program that prints a secret, and writes down that it ran.
fn teller(test_env: &TestEnvironment, name: &str, secret: &str) -> String {
    let path = test_env.path(name);
    let log = test_env.path(&format!("{name}.log"));
    let script = format!(
        "#!/bin/sh\necho x >> '{}'\nprintf '%s\\nsecond line\\n' '{secret}'\n",
        log.display()
    );
    fs::write(&path, script).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o700)).unwrap();
    format!("cmd:'{}' --field 'a b'", path.display())
}

fn runs(test_env: &TestEnvironment, name: &str) -> usize {
    let log = fs::read_to_string(test_env.path(&format!("{name}.log")));
    log.unwrap_or_default().lines().count()
}

/// A keyring, although no project is known yet.
fn keyring(test_env: &mut TestEnvironment) -> Option<Keyring> {
    test_env.set("SUPABASE_URL", "http://127.0.0.1:1");
    let keyring = Keyring::start(test_env);
    test_env.unset("SUPABASE_URL");
    keyring
}

/// Reads as anon, whom the demo's tables say nothing: it is the key that was accepted.
fn as_anon(test_env: &TestEnvironment, args: &[&str]) {
    assert_eq!(test_env.problem(5, args)["code"], "42501");
}

fn file(test_env: &TestEnvironment) -> String {
    fs::read_to_string(test_env.path("config/supadeck/profiles.toml")).unwrap_or_default()
}

#[test]
fn without_a_keyring_a_profile_keeps_where_its_secrets_come_from() {
    let test_env = test_env();
    let url = test_env.info.url.clone();
    let add = [
        "profile",
        "add",
        "work",
        "--url",
        &url,
        "--key",
        "env:MY_KEY",
    ];
    let rest = ["--secret-key", "env:MY_SECRET", "--db-url", "env:MY_DB"];
    let added = test_env.data(&[&add[..], &rest].concat());
    assert_eq!(added["secrets"]["publishable_key"], "env:MY_KEY", "{added}");
    let text = file(&test_env);
    assert!(
        text.contains("[profiles.work.secrets]") && text.contains("db_url = \"env:MY_DB\""),
        "{text}"
    );
    // The next starts know the keys.
    as_anon(&test_env, &["cycle", "list"]);
    test_env.data(&["cycle", "list", "--as", "service"]);
    let listed = test_env.data(&["migration", "list"]);
    assert_eq!(listed.as_array().unwrap().len(), own_migrations());
    let shown = test_env.run(&["profile", "show"]);
    for line in [
        "publishable key",
        "env:MY_KEY",
        "env:MY_SECRET",
        "env:MY_DB",
    ] {
        assert!(shown.done().out.contains(line), "{shown:?}");
    }
    let checks = test_env.run(&["doctor"]);
    assert!(
        checks.done().out.contains("env:MY_DB gives it."),
        "{checks:?}"
    );
    for secret in [
        &test_env.info.publishable_key,
        &test_env.info.secret_key,
        &test_env.info.db_url,
    ] {
        for (path, text) in texts(test_env.home.path()) {
            assert!(!text.contains(secret.as_str()), "{}", path.display());
        }
        for ran in [&shown, &checks] {
            assert!(!format!("{ran:?}").contains(secret.as_str()), "{ran:?}");
        }
    }
}

#[test]
fn a_command_is_run_only_when_its_secret_is_needed() {
    let test_env = test_env();
    let info = test_env.info.clone();
    let key = teller(&test_env, "key", &info.publishable_key);
    let secret = teller(&test_env, "secret", &info.secret_key);
    let db = teller(&test_env, "db", &info.db_url);
    let add = ["profile", "add", "work", "--url", &info.url, "--key", &key];
    let rest = ["--secret-key", &secret, "--db-url", &db];
    test_env.data(&[&add[..], &rest, &["--no-check"]].concat());
    test_env.data(&["profile", "list"]);
    test_env.data(&["profile", "show"]);
    let counts = || {
        (
            runs(&test_env, "key"),
            runs(&test_env, "secret"),
            runs(&test_env, "db"),
        )
    };
    assert_eq!(counts(), (0, 0, 0), "nothing is needed for these");
    test_env.data(&["migration", "list"]);
    assert_eq!(counts(), (0, 0, 1));
    as_anon(&test_env, &["cycle", "list"]);
    as_anon(&test_env, &["goal", "list"]);
    assert_eq!(counts(), (2, 0, 1), "once in a process");
    test_env.data(&["cycle", "list", "--as", "service"]);
    assert_eq!(counts(), (2, 1, 1));
    let who = test_env.run(&["whoami"]);
    assert!(
        who.done().out.contains("whose URL comes from cmd:"),
        "{who:?}"
    );
    assert_eq!(counts().2, 1);
    test_env.data(&["profile", "add", "other", "--url", &info.url, "--key", &key]);
    assert_eq!(counts(), (3, 1, 1), "checked before it is kept");
    // For one command, without a profile.
    test_env.data(&["migration", "list", "--db-url", &db]);
    assert_eq!(counts(), (3, 1, 2));
}

#[test]
fn a_reference_that_gives_nothing_is_named_with_its_reason() {
    let mut test_env = test_env();
    let url = test_env.info.url.clone();
    let add = |key: &str, code: i32| {
        test_env.problem(
            code,
            &["profile", "add", "work", "--url", &url, "--key", key],
        )
    };
    for (key, code, why) in [
        ("env:NO_SUCH", 3, "NO_SUCH is not set"),
        ("env:NO SUCH", 2, "name of a variable"),
        (
            "cmd:no-such-program-at-all x",
            3,
            "There is no program `no-such-program-at-all`",
        ),
        ("cmd:sh -c 'echo hunter2hunter2; exit 9'", 3, "exit code 9"),
        ("cmd:true", 3, "first line is empty"),
        ("cmd:./key", 2, "relative path"),
        ("cmd:echo sb_secret_hunter2hunter2", 2, "has a secret in it"),
    ] {
        let problem = add(key, code);
        let said = problem.to_string();
        assert!(said.contains(why), "{key}: {said}");
        assert!(
            !said.contains("hunter2") || key.contains("hunter2hunter2;"),
            "{said}"
        );
    }
    let swapped = add("env:MY_SECRET", 2);
    assert!(
        swapped["why"].as_str().unwrap().contains("is a secret key"),
        "{swapped}"
    );
    assert_eq!(file(&test_env), "", "nothing was kept");

    // What was right and is not any more, the doctor says.
    test_env.data(&[
        "profile",
        "add",
        "work",
        "--url",
        &url,
        "--key",
        "env:MY_KEY",
        "--db-url",
        "env:MY_DB",
    ]);
    test_env.unset("MY_DB").set("MY_KEY", "nonsense");
    let checks = test_env.run(&["doctor"]);
    let out = &checks.ended(1).out;
    assert!(out.contains("MY_DB is not set"), "{out}");
    assert!(
        out.contains("What env:MY_KEY gives is no publishable key."),
        "{out}"
    );
    test_env.problem(3, &["migration", "list"]);
}

#[test]
fn the_commands_of_a_file_that_others_can_write_are_not_run() {
    let test_env = test_env();
    let info = test_env.info.clone();
    let key = teller(&test_env, "key", &info.publishable_key);
    test_env.data(&[
        "profile",
        "add",
        "work",
        "--url",
        &info.url,
        "--key",
        &key,
        "--no-check",
    ]);
    let path = test_env.path("config/supadeck/profiles.toml");
    for (place, open, closed) in [
        (path.clone(), 0o620, 0o600),
        (path.clone(), 0o602, 0o600),
        (path.parent().unwrap().to_path_buf(), 0o770, 0o755),
    ] {
        fs::set_permissions(&place, fs::Permissions::from_mode(open)).unwrap();
        let problem = test_env.problem(3, &["cycle", "list"]);
        assert!(
            problem["what"].as_str().unwrap().contains("are not run"),
            "{problem}"
        );
        let checks = test_env.run(&["doctor"]);
        assert!(checks.ended(1).out.contains("are not run"), "{checks:?}");
        assert_eq!(runs(&test_env, "key"), 0, "{}", place.display());
        // Looking at it needs no trust.
        test_env.data(&["profile", "show"]);
        fs::set_permissions(&place, fs::Permissions::from_mode(closed)).unwrap();
    }
    as_anon(&test_env, &["cycle", "list"]);
    assert_eq!(runs(&test_env, "key"), 1);
}

#[test]
fn without_a_keyring_and_without_references_the_way_out_is_said() {
    let test_env = TestEnvironment::full();
    let problem = test_env.problem(3, &["profile", "add", "local"]);
    let hint = problem["hint"].as_str().unwrap();
    for word in ["env:NAME", "cmd:COMMAND", "--db-url"] {
        assert!(hint.contains(word), "{problem}");
    }
    assert_eq!(file(&test_env), "");
}

#[test]
fn without_a_keyring_the_questions_ask_for_references() {
    let test_env = test_env();
    let mut terminal = Terminal::run(
        &test_env,
        &["profile", "add", "work", "--url", &test_env.info.url],
    );
    terminal.wait_for("No keyring keeps secrets here");
    terminal.wait_for("Publishable key as env:NAME or cmd:COMMAND: ");
    terminal.press("env:MY_KEY\r");
    // It is not shown while it is typed, and told when it was understood.
    terminal.wait_for("Publishable key: env:MY_KEY");
    terminal.wait_for("Secret key as env:NAME or cmd:COMMAND, empty to leave it out: ");
    terminal.press("\r");
    terminal.wait_for("Database URL as env:NAME or cmd:COMMAND, empty to leave it out: ");
    terminal.press("env:MY_DB\r");
    let (code, seen) = terminal.end();
    assert_eq!(code, 0, "{seen}");
    test_env.data(&["migration", "list"]);
    // A key typed in its place is not kept, and the message does not repeat it.
    let mut terminal = Terminal::run(
        &test_env,
        &["profile", "add", "lost", "--url", &test_env.info.url],
    );
    terminal.wait_for("Publishable key as env:NAME or cmd:COMMAND: ");
    terminal.press("sb_publishable_typed\r");
    terminal.wait_for("The answer to the question \"Publishable key\" cannot be used.");
    let (code, _) = terminal.end();
    assert_eq!(code, 2);
    assert!(!file(&test_env).contains("lost"));
}

#[test]
fn with_a_keyring_a_variable_is_kept_by_its_value_unless_it_is_to_be_referred_to() {
    let mut test_env = test_env();
    let Some(_keyring) = keyring(&mut test_env) else {
        return;
    };
    let url = test_env.info.url.clone();
    let key = teller(&test_env, "key", &test_env.info.publishable_key);
    let one = [
        "profile",
        "add",
        "one",
        "--url",
        &url,
        "--key",
        "env:MY_KEY",
    ];
    assert_eq!(test_env.data(&one)["secrets"], serde_json::json!({}));
    let two = [
        "profile",
        "add",
        "two",
        "--url",
        &url,
        "--key",
        "env:MY_KEY",
        "--by-reference",
    ];
    assert_eq!(
        test_env.data(&two)["secrets"]["publishable_key"],
        "env:MY_KEY"
    );
    let three = ["profile", "add", "three", "--url", &url, "--key", &key];
    test_env.data(&three);
    test_env.unset("MY_KEY");
    as_anon(&test_env, &["cycle", "list", "--profile", "one"]);
    test_env.problem(3, &["cycle", "list", "--profile", "two"]);
    as_anon(&test_env, &["cycle", "list", "--profile", "three"]);
}
