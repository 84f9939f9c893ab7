//! Profiles that say where their secrets come from: on a machine without a keyring, and wherever one is not wanted.

use crate::keyring::Keyring;
use crate::terminal::Terminal;
use crate::world::{World, own_migrations, texts};
use std::fs;
use std::os::unix::fs::PermissionsExt;

/// A world without a keyring, whose secrets are in variables of other names.
fn world() -> World {
    let mut world = World::full();
    let info = world.info.clone();
    for name in [
        "SUPABASE_URL",
        "SUPABASE_PUBLISHABLE_KEY",
        "SUPABASE_SECRET_KEY",
        "SUPABASE_DB_URL",
    ] {
        world.unset(name);
    }
    world
        .set("MY_KEY", info.publishable_key)
        .set("MY_SECRET", info.secret_key)
        .set("MY_DB", info.db_url);
    world
}

/// A program that prints a secret, and writes down that it ran.
fn teller(world: &World, name: &str, secret: &str) -> String {
    let path = world.path(name);
    let log = world.path(&format!("{name}.log"));
    let script = format!(
        "#!/bin/sh\necho x >> '{}'\nprintf '%s\\nsecond line\\n' '{secret}'\n",
        log.display()
    );
    fs::write(&path, script).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o700)).unwrap();
    format!("cmd:'{}' --field 'a b'", path.display())
}

fn runs(world: &World, name: &str) -> usize {
    let log = fs::read_to_string(world.path(&format!("{name}.log")));
    log.unwrap_or_default().lines().count()
}

/// A keyring, although no project is known yet.
fn keyring(world: &mut World) -> Option<Keyring> {
    world.set("SUPABASE_URL", "http://127.0.0.1:1");
    let keyring = Keyring::start(world);
    world.unset("SUPABASE_URL");
    keyring
}

/// Reads as anon, whom the demo's tables say nothing: it is the key that was accepted.
fn as_anon(world: &World, args: &[&str]) {
    assert_eq!(world.problem(5, args)["code"], "42501");
}

fn file(world: &World) -> String {
    fs::read_to_string(world.path("config/supadeck/profiles.toml")).unwrap_or_default()
}

#[test]
fn without_a_keyring_a_profile_keeps_where_its_secrets_come_from() {
    let world = world();
    let url = world.info.url.clone();
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
    let added = world.data(&[&add[..], &rest].concat());
    assert_eq!(added["secrets"]["publishable_key"], "env:MY_KEY", "{added}");
    let text = file(&world);
    assert!(
        text.contains("[profiles.work.secrets]") && text.contains("db_url = \"env:MY_DB\""),
        "{text}"
    );
    // The next starts know the keys.
    as_anon(&world, &["cycle", "list"]);
    world.data(&["cycle", "list", "--as", "service"]);
    let listed = world.data(&["migration", "list"]);
    assert_eq!(listed.as_array().unwrap().len(), own_migrations());
    let shown = world.run(&["profile", "show"]);
    for line in [
        "publishable key",
        "env:MY_KEY",
        "env:MY_SECRET",
        "env:MY_DB",
    ] {
        assert!(shown.done().out.contains(line), "{shown:?}");
    }
    let checks = world.run(&["doctor"]);
    assert!(
        checks.done().out.contains("env:MY_DB gives it."),
        "{checks:?}"
    );
    for secret in [
        &world.info.publishable_key,
        &world.info.secret_key,
        &world.info.db_url,
    ] {
        for (path, text) in texts(world.home.path()) {
            assert!(!text.contains(secret.as_str()), "{}", path.display());
        }
        for ran in [&shown, &checks] {
            assert!(!format!("{ran:?}").contains(secret.as_str()), "{ran:?}");
        }
    }
}

#[test]
fn a_command_is_run_only_when_its_secret_is_needed() {
    let world = world();
    let info = world.info.clone();
    let key = teller(&world, "key", &info.publishable_key);
    let secret = teller(&world, "secret", &info.secret_key);
    let db = teller(&world, "db", &info.db_url);
    let add = ["profile", "add", "work", "--url", &info.url, "--key", &key];
    let rest = ["--secret-key", &secret, "--db-url", &db];
    world.data(&[&add[..], &rest, &["--no-check"]].concat());
    world.data(&["profile", "list"]);
    world.data(&["profile", "show"]);
    let counts = || {
        (
            runs(&world, "key"),
            runs(&world, "secret"),
            runs(&world, "db"),
        )
    };
    assert_eq!(counts(), (0, 0, 0), "nothing is needed for these");
    world.data(&["migration", "list"]);
    assert_eq!(counts(), (0, 0, 1));
    as_anon(&world, &["cycle", "list"]);
    as_anon(&world, &["goal", "list"]);
    assert_eq!(counts(), (2, 0, 1), "once in a process");
    world.data(&["cycle", "list", "--as", "service"]);
    assert_eq!(counts(), (2, 1, 1));
    let who = world.run(&["whoami"]);
    assert!(
        who.done().out.contains("whose URL comes from cmd:"),
        "{who:?}"
    );
    assert_eq!(counts().2, 1);
    world.data(&["profile", "add", "other", "--url", &info.url, "--key", &key]);
    assert_eq!(counts(), (3, 1, 1), "checked before it is kept");
    // For one command, without a profile.
    world.data(&["migration", "list", "--db-url", &db]);
    assert_eq!(counts(), (3, 1, 2));
}

#[test]
fn a_reference_that_gives_nothing_is_named_with_its_reason() {
    let mut world = world();
    let url = world.info.url.clone();
    let add = |key: &str, code: i32| {
        world.problem(
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
    assert_eq!(file(&world), "", "nothing was kept");

    // What was right and is not any more, the doctor says.
    world.data(&[
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
    world.unset("MY_DB").set("MY_KEY", "nonsense");
    let checks = world.run(&["doctor"]);
    let out = &checks.ended(1).out;
    assert!(out.contains("MY_DB is not set"), "{out}");
    assert!(
        out.contains("What env:MY_KEY gives is no publishable key."),
        "{out}"
    );
    world.problem(3, &["migration", "list"]);
}

#[test]
fn the_commands_of_a_file_that_others_can_write_are_not_run() {
    let world = world();
    let info = world.info.clone();
    let key = teller(&world, "key", &info.publishable_key);
    world.data(&[
        "profile",
        "add",
        "work",
        "--url",
        &info.url,
        "--key",
        &key,
        "--no-check",
    ]);
    let path = world.path("config/supadeck/profiles.toml");
    for (place, open, closed) in [
        (path.clone(), 0o620, 0o600),
        (path.clone(), 0o602, 0o600),
        (path.parent().unwrap().to_path_buf(), 0o770, 0o755),
    ] {
        fs::set_permissions(&place, fs::Permissions::from_mode(open)).unwrap();
        let problem = world.problem(3, &["cycle", "list"]);
        assert!(
            problem["what"].as_str().unwrap().contains("are not run"),
            "{problem}"
        );
        let checks = world.run(&["doctor"]);
        assert!(checks.ended(1).out.contains("are not run"), "{checks:?}");
        assert_eq!(runs(&world, "key"), 0, "{}", place.display());
        // Looking at it needs no trust.
        world.data(&["profile", "show"]);
        fs::set_permissions(&place, fs::Permissions::from_mode(closed)).unwrap();
    }
    as_anon(&world, &["cycle", "list"]);
    assert_eq!(runs(&world, "key"), 1);
}

#[test]
fn without_a_keyring_and_without_references_the_way_out_is_said() {
    let world = World::full();
    let problem = world.problem(3, &["profile", "add", "local"]);
    let hint = problem["hint"].as_str().unwrap();
    for word in ["env:NAME", "cmd:COMMAND", "--db-url"] {
        assert!(hint.contains(word), "{problem}");
    }
    assert_eq!(file(&world), "");
}

#[test]
fn without_a_keyring_the_questions_ask_for_references() {
    let world = world();
    let mut terminal = Terminal::run(
        &world,
        &["profile", "add", "work", "--url", &world.info.url],
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
    world.data(&["migration", "list"]);
    // A key typed in its place is not kept, and the message does not repeat it.
    let mut terminal = Terminal::run(
        &world,
        &["profile", "add", "lost", "--url", &world.info.url],
    );
    terminal.wait_for("Publishable key as env:NAME or cmd:COMMAND: ");
    terminal.press("sb_publishable_typed\r");
    terminal.wait_for("The answer to the question \"Publishable key\" cannot be used.");
    let (code, _) = terminal.end();
    assert_eq!(code, 2);
    assert!(!file(&world).contains("lost"));
}

#[test]
fn with_a_keyring_a_variable_is_kept_by_its_value_unless_it_is_to_be_referred_to() {
    let mut world = world();
    let Some(_keyring) = keyring(&mut world) else {
        return;
    };
    let url = world.info.url.clone();
    let key = teller(&world, "key", &world.info.publishable_key);
    let one = [
        "profile",
        "add",
        "one",
        "--url",
        &url,
        "--key",
        "env:MY_KEY",
    ];
    assert_eq!(world.data(&one)["secrets"], serde_json::json!({}));
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
    assert_eq!(world.data(&two)["secrets"]["publishable_key"], "env:MY_KEY");
    let three = ["profile", "add", "three", "--url", &url, "--key", &key];
    world.data(&three);
    world.unset("MY_KEY");
    as_anon(&world, &["cycle", "list", "--profile", "one"]);
    world.problem(3, &["cycle", "list", "--profile", "two"]);
    as_anon(&world, &["cycle", "list", "--profile", "three"]);
}
