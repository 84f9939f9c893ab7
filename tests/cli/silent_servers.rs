//! Servers that take a connection and say nothing: somebody who waits at a terminal is told for whom.

use crate::forwarding_server::Front;
use crate::keyring::Keyring;
use crate::pseudo_terminal::Terminal;
use crate::test_environment::{PASSWORD, TestEnvironment};
use std::net::TcpListener;
use std::time::{Duration, Instant};

/// A test_env whose REST and Postgres take connections and never answer.
fn silent() -> (TestEnvironment, TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let at = listener.local_addr().unwrap().to_string();
    let mut test_env = TestEnvironment::nowhere();
    test_env
        .set("SUPABASE_URL", format!("http://{at}"))
        .set("SUPABASE_PUBLISHABLE_KEY", "sb_publishable_x")
        .set("SUPABASE_DB_URL", format!("postgresql://u:p@{at}/d"));
    (test_env, listener, at)
}

#[test]
fn a_read_that_takes_long_says_whom_it_waits_for() {
    let (test_env, _listener, at) = silent();
    for (command, whom) in [
        (["cycle", "list"], format!("Waiting for http://{at}.")),
        (["lock", "list"], format!("Waiting for http://{at}.")),
        (
            ["migration", "list"],
            format!("Waiting for the database at {at}."),
        ),
    ] {
        let mut terminal = Terminal::run(&test_env, &command);
        terminal.wait_for(&whom);
        terminal.press("\u{3}");
        let (code, seen) = terminal.end();
        assert_eq!(code, 130, "{seen}");
        assert_eq!(seen.matches("Waiting for").count(), 1, "{seen}");
    }
}

#[test]
fn the_doctor_says_what_it_waits_for_and_gives_up() {
    let (test_env, _listener, at) = silent();
    let mut terminal = Terminal::run(&test_env, &["doctor"]);
    terminal.wait_for(&format!(
        "Waiting for REST at http://{at}, Auth at http://{at} and the database at {at}, 10 seconds at most."
    ));
    let (code, seen) = terminal.end();
    assert_eq!(code, 1, "{seen}");
    assert!(
        seen.contains(&format!("REST at http://{at} did not answer.")),
        "{seen}"
    );
    assert!(
        seen.contains(&format!("The database at {at} did not answer.")),
        "{seen}"
    );
}

#[test]
fn a_stale_session_and_an_auth_server_that_says_nothing() {
    let mut test_env = TestEnvironment::full();
    let front = Front::of(&test_env.info.url);
    test_env.set("SUPABASE_URL", &front.url);
    let Some(_keyring) = Keyring::start(&mut test_env) else {
        return;
    };
    front.expire(true);
    let args = ["login", "--email", "alice@example.com", "--password-stdin"];
    test_env.run_with(&args, PASSWORD).done();
    front.hang_on(Some("/auth/v1/token"));
    let auth = format!("Auth at {}", front.url);
    for command in [&["cycle", "list"][..], &["whoami"], &["logout"]] {
        let started = Instant::now();
        let mut terminal = Terminal::run(&test_env, command);
        terminal.wait_for(&format!("Waiting for {auth}."));
        assert!(
            started.elapsed() < Duration::from_secs(10),
            "{:?}",
            started.elapsed()
        );
        terminal.press("\u{3}");
        let (code, seen) = terminal.end();
        assert_eq!(code, 130, "{seen}");
    }
    let started = Instant::now();
    let ran = test_env.run(&["cycle", "list"]);
    assert!(ran.ended(7).err.contains("Auth at"), "{ran:?}");
    assert!(
        started.elapsed() < Duration::from_secs(28),
        "{:?}",
        started.elapsed()
    );
    // The doctor blames the one that does not answer.
    front.hang_on(Some("/auth/v1"));
    let ran = test_env.run(&["doctor", "--json"]);
    let document = ran.ended(1).document();
    let state = |name: &str| {
        let checks = document["data"].as_array().unwrap();
        let check = checks.iter().find(|check| check["name"] == name).unwrap();
        check["state"].as_str().unwrap().to_owned()
    };
    let states = ["rest", "auth", "session", "weeksmith"].map(state);
    assert_eq!(states, ["ok", "fail", "fail", "skip"], "{document}");
}

#[test]
fn the_doctor_of_an_account_of_the_environment_blames_auth_and_not_rest() {
    let mut test_env = TestEnvironment::full();
    let front = Front::of(&test_env.info.url);
    test_env.set("SUPABASE_URL", &front.url);
    test_env.sign_in("alice@example.com");
    let states = |code: i32| {
        let ran = test_env.run(&["doctor", "--as", "user", "--json"]);
        let document = ran.ended(code).document();
        let checks = document["data"].as_array().unwrap();
        ["rest", "auth", "session", "weeksmith"].map(|name| {
            let check = checks.iter().find(|check| check["name"] == name).unwrap();
            check["state"].as_str().unwrap().to_owned()
        })
    };
    assert_eq!(states(0), ["ok", "ok", "ok", "ok"]);
    front.hang_on(Some("/auth/v1"));
    let silent = states(1);
    assert_eq!(silent[..3], ["ok", "fail", "fail"]);
}
