//! Sessions of the deck that are stored nowhere: they begin with it, and end with it on the server too.

use crate::screen::start;
use crate::stack::{project, query, variables};
use supadeck_stack::Info;

fn sessions(info: &Info) -> String {
    query(info, "select count(*) from auth.sessions")[0].clone()
}

#[test]
fn the_account_of_the_environment_reads_in_the_deck_and_is_signed_out_at_its_end() {
    let info = project("pty_account");
    let account = [
        ("SUPADECK_EMAIL", "alice@example.com"),
        ("SUPADECK_PASSWORD", "weeksmith-demo"),
    ];
    let known = [&variables(&info)[..], &account].concat();
    let mut screen = start((120, 40), &["--as", "user"], &known);
    screen.wait_for("alice@example.com (authenticated) RLS on");
    assert_eq!(sessions(&info), "1");
    screen.send("q");
    assert_eq!(screen.wait_exit(), 0);
    assert_eq!(sessions(&info), "0");

    // A wrong password is said, and the project is there all the same.
    let account = [
        ("SUPADECK_EMAIL", "alice@example.com"),
        ("SUPADECK_PASSWORD", "wrong"),
    ];
    let known = [&variables(&info)[..], &account].concat();
    let mut screen = start((120, 40), &["--as", "user"], &known);
    screen.wait_for("anon RLS on");
    screen.wait_for("password");
    screen.send("q");
    assert_eq!(screen.wait_exit(), 0);
}

#[test]
fn who_signs_in_without_a_keyring_is_signed_out_when_the_deck_ends() {
    let info = project("pty_session_end");
    let mut screen = start((110, 36), &[], &variables(&info));
    screen.wait_for("anon RLS on");
    screen.sign_in("carol@example.com");
    screen.wait_for("carol@example.com (authenticated)");
    assert_eq!(sessions(&info), "1");
    screen.send("q");
    assert_eq!(screen.wait_exit(), 0);
    assert_eq!(sessions(&info), "0");
}
