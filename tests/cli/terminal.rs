//! Questions at a real terminal: the confirmation of a plan, a password without echo.

use crate::keyring::Keyring;
use crate::pseudo_terminal::Terminal;
use crate::test_environment::{PASSWORD, TestEnvironment, own_migrations};
use portable_pty::Child;
use std::time::Duration;

#[test]
fn a_plan_is_shown_whole_and_its_word_runs_it() {
    let mut test_env = TestEnvironment::empty();
    test_env.files(&[
        ("migrations/1_one.sql", "create table one ();"),
        ("migrations/rollback/1_one.sql", "drop table one;"),
    ]);
    let mut terminal = Terminal::run(&test_env, &["migration", "apply"]);
    terminal.wait_for("To confirm, type “apply”: ");
    for shown in [
        "create table one ();",
        " as postgres (Postgres ",
        "1_one.sql",
        "Apply 1 migration, 1 statement",
    ] {
        assert!(terminal.seen.contains(shown), "{shown}: {}", terminal.seen);
    }
    assert_eq!(test_env.sql("select to_regclass('one') is null"), ["t"]);
    terminal.press("aplx\u{7f}\u{7f}ply\r");
    let (code, seen) = terminal.end();
    assert_eq!(code, 0, "{seen}");
    let mut terminal = Terminal::run(&test_env, &["migration", "rollback", "--last", "1"]);
    terminal.wait_for("To confirm, type “rollback 1”: ");
    assert!(
        terminal.seen.contains("Dropping one loses its rows."),
        "{}",
        terminal.seen
    );
    terminal.press("rollback 1\r");
    assert_eq!(terminal.end().0, 0);
    assert_eq!(test_env.sql("select to_regclass('one') is null"), ["t"]);
}

#[test]
fn anything_else_runs_nothing() {
    let mut test_env = TestEnvironment::empty();
    test_env.files(&[("migrations/1_one.sql", "create table one ();")]);
    for keys in [
        "\r",
        "y\r",
        "yes\r",
        "Apply\r",
        "apply now\r",
        "\u{3}",
        "\u{1b}",
    ] {
        let mut terminal = Terminal::run(&test_env, &["migration", "apply"]);
        terminal.wait_for("To confirm, type “");
        terminal.press(keys);
        let (code, seen) = terminal.end();
        assert_eq!(code, 130, "{keys:?}: {seen}");
        assert!(seen.contains("Nothing was changed."), "{keys:?}: {seen}");
    }
    assert_eq!(test_env.sql("select to_regclass('one') is null"), ["t"]);
}

#[test]
fn a_password_is_not_echoed() {
    let mut test_env = TestEnvironment::full();
    let Some(_keyring) = Keyring::start(&mut test_env) else {
        return;
    };
    let mut terminal = Terminal::run(&test_env, &["login"]);
    terminal.wait_for("E-mail: ");
    terminal.press("alice@example.com\r");
    terminal.wait_for("Password: ");
    terminal.press(&format!("{PASSWORD}\r"));
    let (code, seen) = terminal.end();
    assert_eq!(code, 0, "{seen}");
    assert!(
        seen.contains("Signed in as alice@example.com") && !seen.contains(PASSWORD),
        "{seen}"
    );
}

#[test]
fn a_profile_is_asked_for_line_by_line() {
    let mut test_env = TestEnvironment::full();
    let Some(_keyring) = Keyring::start(&mut test_env) else {
        return;
    };
    let info = test_env.info.clone();
    for name in [
        "SUPABASE_URL",
        "SUPABASE_PUBLISHABLE_KEY",
        "SUPABASE_SECRET_KEY",
        "SUPABASE_DB_URL",
    ] {
        test_env.unset(name);
    }
    let mut terminal = Terminal::run(&test_env, &["profile", "add", "typed"]);
    for (question, answer) in [
        ("Project URL: ", &info.url),
        ("Publishable key", &info.publishable_key),
        ("Secret key", &String::new()),
        ("Database URL", &info.db_url),
    ] {
        terminal.wait_for(question);
        terminal.press(&format!("{answer}\r"));
    }
    let (code, seen) = terminal.end();
    assert_eq!(code, 0, "{seen}");
    assert!(
        !seen.contains(&info.publishable_key) && !seen.contains(&info.db_url),
        "{seen}"
    );
    assert_eq!(
        test_env
            .data(&["migration", "list"])
            .as_array()
            .unwrap()
            .len(),
        own_migrations()
    );
}

#[test]
fn a_table_fits_the_terminal_and_a_pipe_gets_all_of_it() {
    let test_env = TestEnvironment::full();
    for (args, whole) in [
        (["lock", "list"], "10000000-0000-4000-8001-000000000007"),
        (["audit", "list"], "plan_item.update"),
    ] {
        let args = [&args[..], &["--as", "service", "--color", "never"]].concat();
        for cols in [100, 130, 160] {
            let (code, seen) = Terminal::of_width(&test_env, &args, cols).end();
            assert_eq!(code, 0, "{seen}");
            let widest = seen.lines().map(|line| line.chars().count()).max();
            assert!(widest <= Some(cols.into()), "{widest:?} of {cols}: {seen}");
            assert!(seen.contains('…') && seen.contains("Truncated"), "{seen}");
            assert_eq!(
                cols == 160 || whole.len() < 20,
                seen.contains(whole),
                "{seen}"
            );
        }
        let piped = test_env.run(&args);
        assert!(piped.done().out.contains(whole), "{piped:?}");
        assert!(!piped.out.contains('…') && !piped.out.contains("Truncated"));
    }
}

/// Without a keyring it is asked where each secret comes from; one that is typed in full is not kept and not repeated.
#[test]
fn without_a_keyring_references_are_asked_for_and_nothing_typed_in_full_is_kept() {
    let test_env = TestEnvironment::full();
    let mut terminal = Terminal::run(&test_env, &["profile", "add", "typed"]);
    for variable in ["PUBLISHABLE_KEY", "SECRET_KEY", "DB_URL"] {
        terminal.wait_for(&format!("Keep env:SUPABASE_{variable}"));
        terminal.wait_for("[y/N]");
        terminal.forget();
        terminal.press("\r");
    }
    terminal.wait_for("No keyring keeps secrets here");
    terminal.wait_for("Publishable key as env:NAME or cmd:COMMAND");
    terminal.press("sb_publishable_0123456789abcdef\r");
    let (code, seen) = terminal.end();
    assert_eq!(code, 2, "{seen}");
    assert!(seen.contains("A reference is env:NAME"), "{seen}");
    assert!(!seen.contains("0123456789abcdef"), "{seen}");
    // The question is named, for no option was given.
    assert!(
        seen.contains("\"Publishable key\" cannot be used"),
        "{seen}"
    );
    assert!(!seen.contains("--key cannot be used"), "{seen}");
    let profiles = test_env.data(&["profile", "list"]);
    assert!(!profiles.to_string().contains("typed"), "{profiles}");
}

/// The exit code of a child that has to end by itself soon.
fn ends_soon(child: &mut Box<dyn Child + Send + Sync>) -> u32 {
    let started = std::time::Instant::now();
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return status.exit_code();
        }
        if started.elapsed() > Duration::from_secs(10) {
            child.kill().unwrap();
            panic!("it did not end");
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn a_signal_at_a_question_ends_it_and_leaves_the_terminal_as_it_was() {
    let mut test_env = TestEnvironment::empty();
    test_env.files(&[("migrations/1_one.sql", "create table one ();")]);
    let mut terminal = Terminal::run(&test_env, &["migration", "apply"]);
    terminal.wait_for("To confirm, type “");
    let id = terminal.child.process_id().unwrap().to_string();
    let killed = std::process::Command::new("kill")
        .args(["-TERM", &id])
        .status();
    assert!(killed.unwrap().success());
    assert_eq!(ends_soon(&mut terminal.child), 130);
    // Out of raw mode the terminal echoes again.
    #[cfg(unix)]
    assert!(terminal.master.get_termios().unwrap().local_flags.bits() & 0o10 != 0);
    assert_eq!(test_env.sql("select to_regclass('one') is null"), ["t"]);
}

#[test]
fn a_terminal_that_is_closed_at_a_question_ends_the_program() {
    let mut test_env = TestEnvironment::empty();
    test_env.files(&[("migrations/1_one.sql", "create table one ();")]);
    let mut terminal = Terminal::run(&test_env, &["migration", "apply"]);
    terminal.wait_for("To confirm, type “");
    let Terminal {
        mut child,
        keys,
        screen,
        master,
        ..
    } = terminal;
    drop((keys, screen, master));
    assert_eq!(ends_soon(&mut child), 130);
    assert_eq!(test_env.sql("select to_regclass('one') is null"), ["t"]);
}

#[test]
fn what_was_typed_before_the_question_does_not_answer_it() {
    let mut test_env = TestEnvironment::empty();
    test_env.files(&[("migrations/1_one.sql", "create table one ();")]);
    let mut terminal = Terminal::run(&test_env, &["migration", "apply"]);
    // It stands in the terminal before the program reads: as in a pasted block of commands.
    terminal.press("apply\r");
    terminal.wait_for("To confirm, type “apply”: ");
    assert_eq!(test_env.sql("select to_regclass('one') is null"), ["t"]);
    terminal.press("apply\r");
    let (code, seen) = terminal.end();
    assert_eq!(code, 0, "{seen}");
}
