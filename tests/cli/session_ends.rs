//! Sessions end on the server with whatever could reach them: a command that signed in for itself, a sign-in that takes the
//! place of another, a profile that is removed or replaced.

use crate::forwarding_server::Front;
use crate::keyring::Keyring;
use crate::test_environment::{PASSWORD, Ran, TestEnvironment};
use std::process::{Child, Command};
use std::time::{Duration, Instant};

fn sessions(test_env: &TestEnvironment) -> String {
    test_env.sql("select count(*) from auth.sessions")[0].clone()
}

/// Ctrl-C, which ends the command.
fn interrupt(child: Child) {
    let pid = child.id().to_string();
    let sent = Command::new("kill").args(["-INT", &pid]).status();
    assert!(sent.unwrap().success());
    Ran::of(child).ended(130);
}

#[test]
fn a_session_that_was_made_for_one_command_ends_with_it() {
    let mut test_env = TestEnvironment::own();
    let front = Front::of(&test_env.info.url);
    test_env.set("SUPABASE_URL", &front.url);
    test_env.sign_in("alice@example.com");
    let who = test_env.data(&["whoami", "--as", "user"]);
    assert_eq!(who["email"], "alice@example.com");
    assert_eq!(sessions(&test_env), "0");
    // A command that fails.
    test_env.problem(
        2,
        &["audit", "list", "--as", "user", "--where", "no such filter"],
    );
    assert_eq!(sessions(&test_env), "0");
    assert_eq!(
        front.count("scope=local"),
        front.count("grant_type=password")
    );

    // One that is stopped while it reads.
    front.hang_on(Some("/rest/v1"));
    let child = test_env
        .command(&["cycle", "list", "--as", "user"])
        .spawn()
        .unwrap();
    let started = Instant::now();
    while front.count("/rest/v1/cycle") == 0 {
        assert!(
            started.elapsed() < Duration::from_secs(30),
            "nothing was read"
        );
    }
    assert_eq!(sessions(&test_env), "1");
    let stopped = Instant::now();
    interrupt(child);
    assert!(stopped.elapsed() < Duration::from_secs(10));
    assert_eq!(sessions(&test_env), "0");

    // A server that does not answer delays the end by two seconds, and the command is as good as it was.
    front.hang_on(Some("/logout"));
    let started = Instant::now();
    test_env.run(&["cycle", "list", "--as", "user"]).done();
    assert!(
        started.elapsed() < Duration::from_secs(15),
        "{:?}",
        started.elapsed()
    );
    assert_eq!(sessions(&test_env), "1");
}

#[test]
fn the_doctor_signs_in_for_itself_as_the_other_commands_do() {
    let mut test_env = TestEnvironment::own();
    test_env.sign_in("alice@example.com");
    let checks = test_env.data(&["doctor", "--as", "user"]);
    let session = checks
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["name"] == "session");
    let session = session.unwrap();
    assert_eq!(session["state"], "ok", "{checks}");
    assert!(
        session["what"]
            .as_str()
            .unwrap()
            .contains("alice@example.com")
    );
    assert_eq!(sessions(&test_env), "0");
    test_env.set("SUPADECK_PASSWORD", "wrong");
    let ran = test_env.run(&["doctor", "--as", "user"]);
    assert!(ran.ended(1).out.contains("password"), "{ran:?}");
    // What reads no rows does not ask who reads.
    test_env.run(&["migration", "list", "--as", "user"]).done();
}

fn login(test_env: &TestEnvironment, email: &str) {
    let args = ["login", "--email", email, "--password-stdin"];
    test_env.run_with(&args, PASSWORD).done();
}

#[test]
fn what_a_sign_in_or_a_profile_takes_the_place_of_ends_on_the_server() {
    let mut test_env = TestEnvironment::own();
    let Some(_keyring) = Keyring::start(&mut test_env) else {
        return;
    };
    let front = Front::of(&test_env.info.url);
    test_env.set("SUPABASE_URL", &front.url);
    test_env.data(&["profile", "add", "local"]);
    login(&test_env, "alice@example.com");
    login(&test_env, "alice@example.com");
    assert_eq!(sessions(&test_env), "1", "her first one is over");
    login(&test_env, "bob@example.com");
    assert_eq!(sessions(&test_env), "2", "both are kept");
    test_env.data(&["profile", "add", "local", "--replace"]);
    assert_eq!(sessions(&test_env), "0", "both are over");
    login(&test_env, "carol@example.com");
    let removed = test_env.run(&["profile", "remove", "local"]);
    assert!(
        !removed.done().err.contains("could not be ended"),
        "{removed:?}"
    );
    assert_eq!(sessions(&test_env), "0");

    // A stale session ends as well; a server that does not answer is said.
    test_env.data(&["profile", "add", "local"]);
    front.expire(true);
    login(&test_env, "alice@example.com");
    test_env.data(&["profile", "add", "local", "--replace"]);
    assert_eq!(
        sessions(&test_env),
        "0",
        "a stale one is refreshed to end it"
    );
    login(&test_env, "alice@example.com");
    front.hang_on(Some("/auth/v1"));
    let removed = test_env.run(&["profile", "remove", "local"]);
    let said = "The earlier session of alice@example.com could not be ended on the server.";
    assert!(removed.done().err.contains(said), "{removed:?}");
    assert!(removed.out.contains("local is removed"), "{removed:?}");
    front.hang_on(None);
    assert_eq!(sessions(&test_env), "1");
}

#[test]
fn a_session_of_the_url_that_a_profile_had_is_ended_there() {
    let mut test_env = TestEnvironment::own();
    let Some(_keyring) = Keyring::start(&mut test_env) else {
        return;
    };
    test_env.data(&["profile", "add", "local"]);
    login(&test_env, "alice@example.com");
    test_env.unset("SUPABASE_URL");
    let file = test_env.path("config/supadeck/profiles.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    let elsewhere = text.replace(&test_env.info.url, "http://127.0.0.1:9");
    std::fs::write(&file, elsewhere).unwrap();
    test_env.run(&["profile", "remove", "local"]).done();
    assert_eq!(sessions(&test_env), "0");
}

#[test]
fn a_command_that_is_stopped_while_it_refreshes_keeps_the_new_token() {
    let mut test_env = TestEnvironment::own();
    let Some(_keyring) = Keyring::start(&mut test_env) else {
        return;
    };
    let front = Front::of(&test_env.info.url);
    test_env.set("SUPABASE_URL", &front.url);
    front.expire(true);
    login(&test_env, "alice@example.com");
    front.expire(false);
    front.slow_down();
    let child = test_env.command(&["cycle", "list"]).spawn().unwrap();
    let started = Instant::now();
    while front.count("grant_type=refresh_token") == 0 {
        assert!(
            started.elapsed() < Duration::from_secs(30),
            "nothing was refreshed"
        );
    }
    interrupt(child);
    assert_eq!(test_env.data(&["whoami"])["email"], "alice@example.com");
    assert_eq!(front.count("grant_type=refresh_token"), 1);
}
