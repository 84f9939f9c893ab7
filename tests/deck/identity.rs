//! Who reads: signing in and out, and that nothing read as one is ever shown under another's name.

use crate::fixture::{alice, answer, answer_all, filled, opened, press, text, ticket};
use supadeck::app::effect::{Effect, Timer, Write};
use supadeck::app::msg::{Msg, Report};
use supadeck::app::update;
use supadeck::domain::identity::{Identity, User};
use supadeck::domain::mfa::SignIn;
use supadeck::domain::problem::{Kind, Problem};

#[test]
fn the_header_says_who_one_is_and_whether_rls_applies() {
    let model = filled((120, 40));
    let header = text(&model).lines().next().unwrap().to_owned();
    assert!(
        header.contains("alice@example.com (authenticated) RLS on"),
        "{header}"
    );
}

#[test]
fn a_password_sign_in_sends_the_password_once_and_forgets_it() {
    let (mut model, _) = opened((120, 40), Identity::Anon);
    let effects = press(
        &mut model,
        &[
            "i",
            "enter",
            "alice@example.com",
            "tab",
            "hunter2hunter2",
            "enter",
        ],
    );
    let [
        Effect::Write {
            write: Write::SignIn { email, password },
            ..
        },
        Effect::Arm(Timer::Session, _),
    ] = effects.as_slice()
    else {
        panic!("{effects:?}");
    };
    assert_eq!(
        (email.as_str(), password.expose()),
        ("alice@example.com", "hunter2hunter2")
    );
    assert!(
        !format!("{effects:?}").contains("hunter2"),
        "an effect shows the password"
    );
    assert!(
        !format!("{model:?}").contains("hunter2"),
        "the model keeps the password"
    );
    assert!(!text(&model).contains("hunter2"));
    let effects = answer(
        &mut model,
        ticket(&effects),
        Report::SignedIn(Ok(SignIn::Done(alice()))),
    );
    assert_eq!(model.identity, alice());
    assert!(model.dialogs.is_empty());
    let reads = effects
        .iter()
        .filter(|effect| matches!(effect, Effect::Load { identity, .. } if *identity == alice()));
    assert!(reads.count() >= 4, "everything is read anew as alice");
}

#[test]
fn a_wrong_password_is_said_in_the_dialog_and_can_be_tried_again() {
    let (mut model, _) = opened((120, 40), Identity::Anon);
    let effects = press(
        &mut model,
        &["i", "enter", "alice@example.com", "tab", "wrong", "enter"],
    );
    let problem = Problem::new(
        Kind::Auth,
        "Signing in failed.",
        "E-mail or password is wrong.",
    );
    answer(&mut model, ticket(&effects), Report::SignedIn(Err(problem)));
    assert!(
        text(&model).contains("E-mail or password is wrong."),
        "{}",
        text(&model)
    );
    let effects = press(&mut model, &["better", "enter"]);
    assert!(
        matches!(effects.as_slice(), [Effect::Write { .. }, Effect::Arm(..)]),
        "{effects:?}"
    );
}

#[test]
fn a_sign_in_that_is_not_answered_says_how_long_it_waits_and_until_when() {
    for size in [(120, 40), (80, 24)] {
        let (mut model, _) = opened(size, Identity::Anon);
        let keys = ["i", "enter", "alice@example.com", "tab", "pw", "enter"];
        let effects = press(&mut model, &keys);
        for _ in 0..7 {
            let again = update(&mut model, Msg::TimerFired(Timer::Session));
            assert!(matches!(again.as_slice(), [Effect::Arm(Timer::Session, _)]));
        }
        let frame = text(&model);
        assert!(frame.contains("127.0.0.1:54321: 7 s."), "{frame}");
        assert!(frame.contains("given up after 20 s."), "{frame}");
        let problem = Problem::new(Kind::Network, "It did not answer.", "It was silent.");
        answer(&mut model, ticket(&effects), Report::SignedIn(Err(problem)));
        assert!(!text(&model).contains("Waiting for"), "{}", text(&model));
        let over = update(&mut model, Msg::TimerFired(Timer::Session));
        assert_eq!(over, [], "nothing wakes up any more");
    }
}

#[test]
fn an_answer_for_the_old_identity_is_dropped() {
    let (mut model, reads_as_anon) = opened((120, 40), Identity::Anon);
    let effects = press(
        &mut model,
        &["i", "enter", "alice@example.com", "tab", "pw", "enter"],
    );
    answer(
        &mut model,
        ticket(&effects),
        Report::SignedIn(Ok(SignIn::Done(alice()))),
    );
    answer_all(&mut model, reads_as_anon);
    assert!(
        model.cycles.rows().is_empty(),
        "rows read as anon are shown as alice"
    );
    assert!(model.audit.rows.held().is_none());
}

#[test]
fn signing_out_takes_every_row_away() {
    let mut model = filled((120, 40));
    assert!(text(&model).contains("2026-09-28"));
    press(&mut model, &["i"]);
    let at = supadeck::app::dialog::identity::CHOICES
        .iter()
        .position(|choice| *choice == supadeck::app::dialog::identity::Choice::SignOut)
        .unwrap();
    press(&mut model, &["k"; 6]);
    let effects = press(&mut model, &vec!["j"; at]);
    assert!(effects.is_empty());
    let effects = press(&mut model, &["enter"]);
    answer(&mut model, ticket(&effects), Report::SignedOut(Ok(())));
    assert_eq!(model.identity, Identity::Anon);
    assert!(!text(&model).contains("2026-09-28"));
}

#[test]
fn the_service_role_wants_its_word_and_then_stands_in_the_header() {
    let mut model = filled((120, 40));
    press(&mut model, &["i"]);
    press(&mut model, &["j"; 6]);
    press(&mut model, &["enter"]);
    assert_eq!(model.identity, alice(), "choosing is not enough");
    press(&mut model, &["enter"]);
    assert!(
        text(&model).contains("To confirm, type “service”"),
        "{}",
        text(&model)
    );
    press(&mut model, &["service", "enter"]);
    assert_eq!(model.identity, Identity::Service);
    let header = text(&model).lines().next().unwrap().to_owned();
    assert!(header.contains("service role RLS OFF"), "{header}");
}

#[test]
fn going_back_from_a_slow_sign_in_does_not_sign_in() {
    let (mut model, _) = opened((120, 40), Identity::Anon);
    let effects = press(
        &mut model,
        &["i", "enter", "alice@example.com", "tab", "pw", "enter"],
    );
    press(&mut model, &["esc"]);
    // The server signed her in all the same: that is said, and she can be chosen, but nobody reads as her unasked.
    answer(
        &mut model,
        ticket(&effects),
        Report::SignedIn(Ok(SignIn::Done(alice()))),
    );
    assert_eq!(model.identity, Identity::Anon);
    assert_eq!(
        model
            .project
            .as_ref()
            .unwrap()
            .signed_in
            .as_ref()
            .unwrap()
            .email,
        "alice@example.com"
    );
    let frame = text(&model);
    assert!(
        frame.contains("alice@example.com was signed in all the same"),
        "{frame}"
    );
}

#[test]
fn somebody_else_signed_in_late_ends_the_reading_as_the_first() {
    let mut model = filled((120, 40));
    press(&mut model, &["i"]);
    press(&mut model, &["k"; 6]);
    let effects = press(
        &mut model,
        &["enter", "bob@example.com", "tab", "pw", "enter"],
    );
    press(&mut model, &["esc", "esc"]);
    let bob = User {
        id: "b0b".into(),
        email: "bob@example.com".into(),
        role: "authenticated".into(),
        ..User::default()
    };
    answer(
        &mut model,
        ticket(&effects),
        Report::SignedIn(Ok(SignIn::Done(Identity::User(bob)))),
    );
    assert_eq!(
        model.identity,
        Identity::Anon,
        "alice's session is gone, and bob was not wanted"
    );
    assert!(model.cycles.rows().is_empty());
}

#[test]
fn an_empty_answer_names_who_asked() {
    let (mut model, effects) = opened((120, 40), alice());
    for effect in effects {
        if let Effect::Load {
            ticket,
            load: supadeck::app::effect::Load::Goals,
            ..
        } = effect
        {
            answer(&mut model, ticket, Report::Goals(Ok(Vec::new())));
        }
    }
    press(&mut model, &["5"]);
    assert!(
        text(&model).contains("No rows visible to alice@example.com (authenticated)."),
        "{}",
        text(&model)
    );
}
