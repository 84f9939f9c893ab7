//! The first run: no profile exists, and the deck helps to make one.

use crate::screen::start;
use crate::stack::{all_applied, project};

#[test]
fn the_guide_checks_what_is_typed_and_opens_the_project() {
    let info = project("pty_guide");
    let mut screen = start((110, 36), &[], &[]);
    screen.wait_for("Welcome to supadeck");
    screen.send("http://127.0.0.1:9");
    screen.wait_for("could not be reached");
    assert!(
        !screen.text().contains("good: it answers"),
        "{}",
        screen.text()
    );
    screen.send("\u{15}");
    screen.send(&info.url);
    screen.wait_for("good: it answers");
    screen.send("\t");
    screen.send("sb_publishable_wrong");
    screen.wait_for("•••");
    screen.wait_gone("checking");
    assert!(
        !screen.text().contains("sb_publishable_wrong"),
        "the key is drawn"
    );
    screen.send("\u{15}");
    screen.send(&info.secret_key);
    screen.wait_for("This is a secret key");
    screen.send("\u{15}");
    screen.send(&info.publishable_key);
    screen.wait_for("good: it is accepted");
    screen.send("\t");
    screen.send(&info.db_url);
    screen.wait_for("Database URL     •••");
    // The database is asked once the whole URL stands there.
    screen.send("\r");
    screen.wait_for("good: PostgreSQL");
    screen.send("\r");
    screen.wait_for("anon RLS on");
    screen.wait_for(&all_applied());
    screen.sign_in("carol@example.com");
    screen.send("q");
    assert_eq!(screen.wait_exit(), 0);
}

#[test]
fn leaving_the_guide_leaves_nothing() {
    let mut screen = start((80, 24), &[], &[]);
    screen.wait_for("Welcome to supadeck");
    screen.send("\u{1b}");
    assert_eq!(screen.wait_exit(), 0);
}

#[test]
fn without_a_keyring_the_guide_keeps_where_the_keys_come_from() {
    let info = project("pty_guide_reference");
    let home = tempfile::tempdir().unwrap();
    let config = home.path().to_str().unwrap();
    let script = home.path().join("db");
    std::fs::write(
        &script,
        format!("echo x >> '{config}/runs'; echo '{}'", info.db_url),
    )
    .unwrap();
    let command = format!("cmd:sh '{}'", script.display());
    let variables = [
        ("XDG_CONFIG_HOME", config),
        ("MY_KEY", info.publishable_key.as_str()),
    ];
    let mut screen = start((110, 36), &[], &variables);
    screen.wait_for("env:NAME, a variable, or cmd:COMMAND");
    screen.send(&info.url);
    screen.wait_for("good: it answers");
    screen.send("\t");
    screen.send("env:MY_KEY");
    screen.wait_for("env:MY_KEY");
    screen.wait_for("good: it is accepted");
    screen.send("\t");
    screen.send(&command);
    screen.wait_for(&command);
    screen.send("\u{1b}[Z");
    screen.wait_gone("checking");
    let runs = home.path().join("runs");
    assert!(!runs.exists(), "a command is not run while it is typed");
    screen.send("\r");
    screen.wait_for("good: PostgreSQL");
    screen.send("\r");
    screen.wait_for(&all_applied());
    screen.send("q");
    assert_eq!(screen.wait_exit(), 0);
    let text = std::fs::read_to_string(home.path().join("supadeck/profiles.toml")).unwrap();
    assert!(text.contains("publishable_key = \"env:MY_KEY\""), "{text}");
    // The next start finds everything.
    let mut screen = start((110, 36), &[], &variables);
    screen.wait_for(&all_applied());
    screen.send("q");
    assert_eq!(screen.wait_exit(), 0);
}

#[test]
fn without_a_keyring_what_was_typed_in_full_is_for_this_run_and_that_is_said() {
    let info = project("pty_guide_run");
    let home = tempfile::tempdir().unwrap();
    let config = home.path().to_str().unwrap();
    let mut screen = start((110, 36), &[], &[("XDG_CONFIG_HOME", config)]);
    screen.wait_for("Welcome to supadeck");
    screen.send(&info.url);
    screen.send("\t");
    screen.send(&info.publishable_key);
    screen.wait_for("good: it is accepted; no keyring keeps it: for this run only");
    screen.send("\r");
    screen.wait_for("open for this run only");
    screen.send("q");
    assert_eq!(screen.wait_exit(), 0);
    assert!(
        !home.path().join("supadeck/profiles.toml").exists(),
        "no profile without its keys"
    );
}

#[test]
fn what_is_pasted_instead_is_named_and_not_drawn() {
    let info = project("pty_guide_pasted");
    let mut screen = start((110, 36), &[], &[]);
    screen.wait_for("Welcome to supadeck");
    screen.send("https://supabase.com/dashboard/project/abcdefghijklmnopqrst");
    screen.wait_for("https://abcdefghijklmnopqrst.supabase.co.");
    screen.send("\u{15}");
    screen.send(&info.url);
    screen.wait_for("good: it answers");
    screen.send("\t");
    screen.send("sbp_0123456789abcdef");
    screen.wait_for("It is an access token");
    screen.send("\u{15}");
    screen.send("<anon key>");
    screen.wait_for("It is a placeholder");
    screen.send("\u{15}");
    // Quotes are left out.
    screen.send(&format!("\"{}\"", info.publishable_key));
    screen.wait_for("good: it is accepted");
    screen.send("\t");
    screen.send("postgresql://postgres:QXZ@KJQ@127.0.0.1:1/d\r");
    screen.wait_for("%40");
    let text = screen.text();
    assert!(!text.contains("QXZ") && !text.contains("KJQ"), "{text}");
    screen.send("\u{1b}");
    assert_eq!(screen.wait_exit(), 0);
}
