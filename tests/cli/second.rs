//! `supadeck login` where the account has a second factor, with and without a terminal.

use crate::keyring::Keyring;
use crate::terminal::Terminal;
use crate::world::{PASSWORD, Ran, World};
use serde_json::Value;
use std::time::{SystemTime, UNIX_EPOCH};
use supadeck_stack::totp;

/// The secret in the tests' authenticator app.
pub const SECRET: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
const BOB: [&str; 4] = ["login", "--email", "bob@example.com", "--password-stdin"];

/// The code that the app shows now.
pub fn code() -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    totp::code(SECRET, now.as_secs()).unwrap()
}

/// Gives somebody the app as a verified second factor.
pub fn enroll(world: &World, email: &str) {
    add(world, email, "phone", "totp");
}

fn add(world: &World, email: &str, name: &str, kind: &str) {
    world.sql(&format!(
        "insert into auth.mfa_factors (id, user_id, friendly_name, factor_type, status, created_at, updated_at, secret) \
         select gen_random_uuid(), id, '{name}', '{kind}', 'verified', now(), now(), '{SECRET}' \
         from auth.users where email = '{email}'"
    ));
}

fn sessions(world: &World) -> String {
    world
        .sql("select count(*)::text from auth.sessions")
        .remove(0)
}

fn bob(world: &World, more: &[&str]) -> Ran {
    world.run_with(&[&BOB[..], more].concat(), PASSWORD)
}

#[test]
fn nobody_is_signed_in_between_the_two_factors() {
    let mut world = World::own();
    let Some(_keyring) = Keyring::start(&mut world) else {
        return;
    };
    enroll(&world, "bob@example.com");
    let refused = bob(&world, &["--json"]);
    let problem = refused.ended(4).document()["problem"].clone();
    assert_eq!(problem["code"], "second_factor_needed");
    assert!(problem["hint"].as_str().unwrap().contains("--totp"));
    assert_eq!(world.data(&["whoami"])["kind"], "anon");
    assert_eq!(sessions(&world), "0", "the half session was ended");
    world.set("CODE", "000000");
    let wrong = bob(&world, &["--totp", "env:CODE", "--json"]);
    let problem = wrong.ended(4).document()["problem"].clone();
    assert_eq!(problem["code"], "mfa_verification_failed");
    assert_eq!(sessions(&world), "0");
    let two = bob(&world, &["--totp", "-"]);
    assert!(two.ended(2).err.contains("one secret"), "{two:?}");

    world.set("CODE", code());
    let signed_in = bob(&world, &["--totp", "env:CODE"]);
    let out = &signed_in.done().out;
    assert!(
        out.starts_with("Signed in as bob@example.com (authenticated, aal2) on "),
        "{out}"
    );
    let who = world.data(&["whoami"]);
    assert_eq!(
        (&who["aal"], &who["has_second_factor"]),
        (&"aal2".into(), &Value::Bool(true))
    );
    let shown = world.run(&["whoami"]);
    assert!(
        shown
            .out
            .starts_with("As bob@example.com (authenticated, aal2);"),
        "{shown:?}"
    );
}

#[test]
fn one_can_go_on_without_and_step_up_later() {
    let mut world = World::own();
    let Some(_keyring) = Keyring::start(&mut world) else {
        return;
    };
    enroll(&world, "bob@example.com");
    let without = bob(&world, &["--without-second-factor"]);
    assert!(
        without
            .done()
            .out
            .starts_with("Signed in as bob@example.com (authenticated, aal1) on "),
        "{without:?}"
    );
    assert!(without.out.contains("login --second-factor"));
    assert_eq!(world.data(&["whoami"])["aal"], "aal1");
    let step_up = ["login", "--second-factor"];
    let nobody_to_ask = world.problem(4, &step_up);
    assert_eq!(nobody_to_ask["code"], "second_factor_needed");
    assert_eq!(world.data(&["whoami"])["aal"], "aal1", "the session stays");
    let raised = world.run_with(
        &[&step_up[..], &["--totp", "-"]].concat(),
        &format!("{}\n", code()),
    );
    assert!(
        raised.done().out.contains("(authenticated, aal2)"),
        "{raised:?}"
    );
    world.run(&step_up).done();
    assert_eq!(world.data(&["whoami"])["aal"], "aal2");
}

#[test]
fn several_factors_are_named_and_others_said_to_be_out_of_reach() {
    let mut world = World::own();
    let Some(_keyring) = Keyring::start(&mut world) else {
        return;
    };
    add(&world, "bob@example.com", "sms", "phone");
    world.set("CODE", code());
    let unusable = bob(&world, &["--totp", "env:CODE"]);
    assert!(
        unusable.ended(4).err.contains("text message"),
        "{unusable:?}"
    );
    assert!(
        unusable.err.contains("--without-second-factor"),
        "{unusable:?}"
    );
    add(&world, "bob@example.com", "phone", "totp");
    add(&world, "bob@example.com", "tablet", "totp");
    let which = bob(&world, &["--totp", "env:CODE"]);
    assert!(which.ended(2).err.contains("phone, tablet"), "{which:?}");
    world.set("CODE", code());
    bob(&world, &["--totp", "env:CODE", "--factor", "tablet"]).done();
}

#[test]
fn a_run_that_signs_in_for_itself_reads_at_aal1_and_says_so() {
    let mut world = World::own();
    enroll(&world, "bob@example.com");
    world.sign_in("bob@example.com");
    let ran = world.run(&["cycle", "list", "--as", "user"]);
    assert!(
        ran.done()
            .err
            .contains("bob@example.com has a second factor"),
        "{ran:?}"
    );
    assert!(
        ran.out
            .starts_with("As bob@example.com (authenticated, aal1);"),
        "{ran:?}"
    );
}

#[test]
fn the_code_is_asked_for_at_a_terminal() {
    let mut world = World::own();
    let Some(_keyring) = Keyring::start(&mut world) else {
        return;
    };
    enroll(&world, "bob@example.com");
    let first = |world: &World| {
        let mut terminal = Terminal::run(world, &["login", "--email", "bob@example.com"]);
        terminal.wait_for("Password: ");
        terminal.press(&format!("{PASSWORD}\r"));
        terminal.wait_for("Code of the authenticator app phone: ");
        terminal
    };
    let mut terminal = first(&world);
    terminal.forget();
    terminal.press("000000\r");
    terminal.wait_for("The code of the second factor is wrong.");
    terminal.wait_for("Code of the authenticator app phone: ");
    let right = code();
    terminal.press(&format!("{right}\r"));
    let (ended, seen) = terminal.end();
    assert_eq!(ended, 0, "{seen}");
    assert!(
        seen.contains("(authenticated, aal2)") && !seen.contains(&right),
        "{seen}"
    );

    let mut terminal = first(&world);
    terminal.press("without\r");
    let (ended, seen) = terminal.end();
    assert!(
        ended == 0 && seen.contains("(authenticated, aal1)"),
        "{seen}"
    );

    let before = sessions(&world);
    let mut terminal = first(&world);
    terminal.press("\u{1b}");
    assert_eq!(terminal.end().0, 130);
    assert_eq!(sessions(&world), before);
    assert_eq!(
        world.data(&["whoami"])["aal"],
        "aal1",
        "who was there stays"
    );
}
