//! The second factor from the keyboard: a wrong code, the right one, and what is left behind when one goes away.

use crate::screen::{Screen, start};
use crate::stack::{project, query, variables};
use std::time::{SystemTime, UNIX_EPOCH};
use supadeck_stack::{Info, totp};

const SECRET: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";

fn code() -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    totp::code(SECRET, now.as_secs()).unwrap()
}

/// A deck in which Alice has given her password and is asked for her code.
fn asked(name: &str) -> (Screen, Info) {
    let info = project(name);
    query(
        &info,
        &format!(
            "insert into auth.mfa_factors (id, user_id, friendly_name, factor_type, status, created_at, updated_at, secret) \
             select gen_random_uuid(), id, 'phone', 'totp', 'verified', now(), now(), '{SECRET}' \
             from auth.users where email = 'alice@example.com' returning id::text"
        ),
    );
    let mut screen = start((80, 24), &[], &variables(&info));
    screen.wait_for("anon RLS on");
    screen.send("i");
    screen.wait_for("╭ Identity");
    screen.send("\r");
    screen.wait_for("password");
    screen.send("alice@example.com\tweeksmith-demo\r");
    screen.wait_for("Code of the authenticator app phone");
    (screen, info)
}

fn levels(info: &Info) -> Vec<String> {
    query(info, "select aal::text from auth.sessions")
}

#[test]
fn a_code_is_mended_and_then_alice_reads_at_aal2() {
    let (mut screen, info) = asked("pty_second");
    assert!(screen.text().contains("anon RLS on"), "{}", screen.text());
    screen.send("000000\r");
    screen.wait_for("The code of the second factor is wrong.");
    screen.send(&format!("{}\r", code()));
    screen.wait_for("authenticated, aal2");
    screen.wait_gone("Second factor");
    assert_eq!(levels(&info), ["aal2"]);
    screen.send("q");
    assert_eq!(screen.wait_exit(), 0);
}

#[test]
fn going_away_between_the_factors_leaves_no_session() {
    let (mut screen, info) = asked("pty_second_left");
    assert_eq!(levels(&info), ["aal1"]);
    screen.signal("TERM");
    screen.wait_exit();
    assert!(levels(&info).is_empty());
}
