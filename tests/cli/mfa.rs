//! `supadeck login` where the account has a second factor, with and without a terminal.

use crate::keyring::Keyring;
use crate::pseudo_terminal::Terminal;
use crate::test_environment::{PASSWORD, Ran, TestEnvironment};
use crate::totp_app::{add, code, enroll};
use serde_json::Value;

const BOB: [&str; 4] = ["login", "--email", "bob@example.com", "--password-stdin"];

fn sessions(test_env: &TestEnvironment) -> String {
    test_env
        .sql("select count(*)::text from auth.sessions")
        .remove(0)
}

fn bob(test_env: &TestEnvironment, more: &[&str]) -> Ran {
    test_env.run_with(&[&BOB[..], more].concat(), PASSWORD)
}

#[test]
fn nobody_is_signed_in_between_the_two_factors() {
    let mut test_env = TestEnvironment::own();
    let Some(_keyring) = Keyring::start(&mut test_env) else {
        return;
    };
    enroll(&test_env, "bob@example.com");
    let refused = bob(&test_env, &["--json"]);
    let problem = refused.ended(4).document()["problem"].clone();
    assert_eq!(problem["code"], "second_factor_needed");
    assert!(problem["hint"].as_str().unwrap().contains("--totp"));
    assert_eq!(test_env.data(&["whoami"])["kind"], "anon");
    assert_eq!(sessions(&test_env), "0", "the half session was ended");
    test_env.set("CODE", "000000");
    let wrong = bob(&test_env, &["--totp", "env:CODE", "--json"]);
    let problem = wrong.ended(4).document()["problem"].clone();
    assert_eq!(problem["code"], "mfa_verification_failed");
    assert_eq!(sessions(&test_env), "0");
    let two = bob(&test_env, &["--totp", "-"]);
    assert!(two.ended(2).err.contains("one secret"), "{two:?}");

    test_env.set("CODE", code());
    let signed_in = bob(&test_env, &["--totp", "env:CODE"]);
    let out = &signed_in.done().out;
    assert!(
        out.starts_with("Signed in as bob@example.com (authenticated, aal2) on "),
        "{out}"
    );
    let who = test_env.data(&["whoami"]);
    assert_eq!(
        (&who["aal"], &who["has_second_factor"]),
        (&"aal2".into(), &Value::Bool(true))
    );
    let shown = test_env.run(&["whoami"]);
    assert!(
        shown
            .out
            .starts_with("As bob@example.com (authenticated, aal2);"),
        "{shown:?}"
    );
}

#[test]
fn one_can_go_on_without_and_step_up_later() {
    let mut test_env = TestEnvironment::own();
    let Some(_keyring) = Keyring::start(&mut test_env) else {
        return;
    };
    enroll(&test_env, "bob@example.com");
    let without = bob(&test_env, &["--without-second-factor"]);
    assert!(
        without
            .done()
            .out
            .starts_with("Signed in as bob@example.com (authenticated, aal1) on "),
        "{without:?}"
    );
    assert!(without.out.contains("login --second-factor"));
    assert_eq!(test_env.data(&["whoami"])["aal"], "aal1");
    let step_up = ["login", "--second-factor"];
    let nobody_to_ask = test_env.problem(4, &step_up);
    assert_eq!(nobody_to_ask["code"], "second_factor_needed");
    assert_eq!(
        test_env.data(&["whoami"])["aal"],
        "aal1",
        "the session stays"
    );
    let raised = test_env.run_with(
        &[&step_up[..], &["--totp", "-"]].concat(),
        &format!("{}\n", code()),
    );
    assert!(
        raised.done().out.contains("(authenticated, aal2)"),
        "{raised:?}"
    );
    test_env.run(&step_up).done();
    assert_eq!(test_env.data(&["whoami"])["aal"], "aal2");
}

#[test]
fn several_factors_are_named_and_others_said_to_be_out_of_reach() {
    let mut test_env = TestEnvironment::own();
    let Some(_keyring) = Keyring::start(&mut test_env) else {
        return;
    };
    add(&test_env, "bob@example.com", "sms", "phone");
    test_env.set("CODE", code());
    let unusable = bob(&test_env, &["--totp", "env:CODE"]);
    assert!(
        unusable.ended(4).err.contains("text message"),
        "{unusable:?}"
    );
    assert!(
        unusable.err.contains("--without-second-factor"),
        "{unusable:?}"
    );
    add(&test_env, "bob@example.com", "phone", "totp");
    add(&test_env, "bob@example.com", "tablet", "totp");
    let which = bob(&test_env, &["--totp", "env:CODE"]);
    assert!(which.ended(2).err.contains("phone, tablet"), "{which:?}");
    test_env.set("CODE", code());
    bob(&test_env, &["--totp", "env:CODE", "--factor", "tablet"]).done();
}

#[test]
fn a_run_that_signs_in_for_itself_reads_at_aal1_and_says_so() {
    let mut test_env = TestEnvironment::own();
    enroll(&test_env, "bob@example.com");
    test_env.sign_in("bob@example.com");
    let ran = test_env.run(&["cycle", "list", "--as", "user"]);
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
    let mut test_env = TestEnvironment::own();
    let Some(_keyring) = Keyring::start(&mut test_env) else {
        return;
    };
    enroll(&test_env, "bob@example.com");
    let first = |test_env: &TestEnvironment| {
        let mut terminal = Terminal::run(test_env, &["login", "--email", "bob@example.com"]);
        terminal.wait_for("Password: ");
        terminal.press(&format!("{PASSWORD}\r"));
        terminal.wait_for("Code of the authenticator app phone: ");
        terminal
    };
    let mut terminal = first(&test_env);
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

    let mut terminal = first(&test_env);
    terminal.press("without\r");
    let (ended, seen) = terminal.end();
    assert!(
        ended == 0 && seen.contains("(authenticated, aal1)"),
        "{seen}"
    );

    let before = sessions(&test_env);
    let mut terminal = first(&test_env);
    terminal.press("\u{1b}");
    assert_eq!(terminal.end().0, 130);
    assert_eq!(sessions(&test_env), before);
    assert_eq!(
        test_env.data(&["whoami"])["aal"],
        "aal1",
        "who was there stays"
    );
}
