//! The second factor in the identity dialog: every state of it, who reads meanwhile, and what giving up asks for.

use crate::fixture::{alice, answer, draw, filled, lines, opened, press, text, ticket};
use supadeck::app::effect::{Effect, Write};
use supadeck::app::model::Model;
use supadeck::app::msg::{Msg, Report};
use supadeck::app::ticket::Ticket;
use supadeck::app::update;
use supadeck::domain::identity::{Aal, Identity, User};
use supadeck::domain::mfa::{Factor, FactorKind, MfaChallenge, SignIn};
use supadeck::domain::problem::{Kind, Problem};

/// Carol as her token describes her at a level.
fn carol(aal: Aal) -> User {
    User {
        id: "ca401000-0000-4000-8000-000000000003".into(),
        email: "carol@example.com".into(),
        role: "authenticated".into(),
        aal,
        has_second_factor: true,
        is_acted: false,
    }
}

fn factor(id: &str, name: &str, kind: FactorKind) -> Factor {
    Factor::new(id, name, kind)
}

fn phone() -> Vec<Factor> {
    vec![factor("f1", "phone", FactorKind::Totp)]
}

fn several() -> Vec<Factor> {
    vec![
        factor("f0", "+49 170", FactorKind::Phone),
        factor("f1", "phone", FactorKind::Totp),
        factor("f2", "tablet", FactorKind::Totp),
    ]
}

/// A deck in which Carol has given her password; nobody read before.
fn asked(size: (u16, u16), factors: Vec<Factor>) -> Model {
    let (mut model, _) = opened(size, Identity::Anon);
    ask(&mut model, factors);
    model
}

fn ask(model: &mut Model, factors: Vec<Factor>) {
    let keys = ["i", "enter", "carol@example.com", "tab", "pw", "enter"];
    let effects = press(model, &keys);
    let waiting = MfaChallenge::new(carol(Aal::Aal1), factors, false);
    let answer = answer(model, ticket(&effects), entered(SignIn::Waiting(waiting)));
    assert!(answer.is_empty(), "{answer:?}");
}

fn entered(entered: SignIn) -> Report {
    Report::SignedIn(Ok(entered))
}

fn refused(code: &str, what: &str) -> Report {
    let problem = Problem::new(Kind::Auth, what, "Invalid TOTP code entered.").with_code(code);
    Report::SignedIn(Err(
        problem.with_hint("Wait for the app's next code and try again.")
    ))
}

/// The one write among the effects.
fn write(effects: &[Effect]) -> (&Write, Ticket) {
    let found = effects.iter().find_map(|effect| match effect {
        Effect::Write { write, ticket, .. } => Some((write, *ticket)),
        _ => None,
    });
    found.unwrap_or_else(|| panic!("{effects:?}"))
}

#[test]
fn nobody_reads_as_carol_before_her_code_is_accepted() {
    let mut model = asked((120, 40), phone());
    assert_eq!(model.identity, Identity::Anon);
    assert!(text(&model).contains("carol@example.com is not signed in yet"));
    assert!(model.project.as_ref().unwrap().kept.is_empty());
    let effects = press(&mut model, &["123456", "enter"]);
    let (Write::GiveCode { factor, code }, ticket) = write(&effects) else {
        panic!("{effects:?}");
    };
    assert_eq!((factor.as_str(), code.expose()), ("f1", "123456"));
    assert!(!format!("{effects:?} {model:?}").contains("123456"));
    assert!(text(&model).contains("Waiting for http://127.0.0.1:54321: 0 s."));
    let done = SignIn::Done(Identity::User(carol(Aal::Aal2)));
    answer(&mut model, ticket, entered(done));
    assert!(model.dialogs.is_empty() && model.waiting.is_none());
    let header = text(&model).lines().next().unwrap().to_owned();
    assert!(
        header.contains("carol@example.com (authenticated, aal2) RLS on"),
        "{header}"
    );
}

#[test]
fn a_wrong_code_is_said_and_the_next_one_can_be_typed() {
    let mut model = asked((120, 40), phone());
    let effects = press(&mut model, &["111111", "enter"]);
    let wrong = refused("mfa_verification_failed", "The code is wrong.");
    answer(&mut model, write(&effects).1, wrong);
    assert!(
        text(&model).contains("The code is wrong."),
        "{}",
        text(&model)
    );
    let effects = press(&mut model, &["222222", "enter"]);
    assert!(matches!(write(&effects).0, Write::GiveCode { code, .. } if code.expose() == "222222"));
    let gone = Problem::new(Kind::Network, "The project did not answer.", "Timed out.");
    answer(&mut model, write(&effects).1, Report::SignedIn(Err(gone)));
    assert!(text(&model).contains("The project did not answer."));
    let effects = press(&mut model, &["333333", "enter"]);
    assert!(matches!(write(&effects).0, Write::GiveCode { .. }));
}

#[test]
fn a_refusal_that_ends_the_sign_in_begins_anew() {
    let mut model = asked((120, 40), phone());
    let effects = press(&mut model, &["111111", "enter"]);
    let over = refused("mfa_verification_rejected", "The project refused.");
    answer(&mut model, write(&effects).1, over);
    let frame = text(&model);
    assert!(frame.contains("The project refused.") && frame.contains("Sign in with e-mail"));
    assert_eq!(
        press(&mut model, &["esc"]),
        [],
        "nothing is left to be given up"
    );
}

#[test]
fn one_of_several_is_chosen_and_a_code_belongs_to_one() {
    let mut model = asked((120, 40), several());
    let effects = press(&mut model, &["12", "tab", "654321", "enter"]);
    let (Write::GiveCode { factor, code }, _) = write(&effects) else {
        panic!("{effects:?}");
    };
    assert_eq!((factor.as_str(), code.expose()), ("f2", "654321"));
    let mut model = asked((120, 40), several());
    press(&mut model, &["tab", "tab"]);
    assert!(text(&model).contains("Not supported here: code by text message +49 170"));
    assert_eq!(press(&mut model, &["123456", "enter"]), []);
}

#[test]
fn going_on_without_is_a_choice_of_its_own() {
    let mut model = asked((120, 40), phone());
    assert_eq!(
        press(&mut model, &["enter"]),
        [],
        "an empty code does nothing"
    );
    let effects = press(&mut model, &["down", "enter"]);
    let (Write::GoWithout, ticket) = write(&effects) else {
        panic!("{effects:?}");
    };
    let done = SignIn::Done(Identity::User(carol(Aal::Aal1)));
    answer(&mut model, ticket, entered(done));
    let frame = text(&model);
    assert!(
        frame.contains("carol@example.com (authenticated, aal1) RLS on"),
        "{frame}"
    );
    assert!(
        frame.contains("without the second factor (aal1)"),
        "{frame}"
    );
}

#[test]
fn giving_up_leaves_who_reads_and_ends_the_half_session() {
    let mut model = filled((120, 40));
    press(&mut model, &["i", "password"]);
    let effects = press(
        &mut model,
        &["enter", "carol@example.com", "tab", "pw", "enter"],
    );
    let waiting = MfaChallenge::new(carol(Aal::Aal1), phone(), false);
    answer(
        &mut model,
        ticket(&effects),
        entered(SignIn::Waiting(waiting)),
    );
    assert_eq!(model.identity, alice());
    let effects = press(&mut model, &["12", "esc"]);
    let (Write::GiveUp, ticket) = write(&effects) else {
        panic!("{effects:?}");
    };
    assert_eq!(model.identity, alice());
    assert!(text(&model).contains("2026-09-28"), "her rows stay");
    assert_eq!(
        model.toast.as_deref(),
        Some("carol@example.com was not signed in.")
    );
    answer(&mut model, ticket, Report::GaveUp(Ok(())));
    assert_eq!(press(&mut model, &["esc"]), [], "once is enough");
}

#[test]
fn an_answer_after_going_back_is_given_up_too() {
    // The password's answer comes late.
    let (mut model, _) = opened((120, 40), Identity::Anon);
    let keys = [
        "i",
        "enter",
        "carol@example.com",
        "tab",
        "pw",
        "enter",
        "esc",
    ];
    let effects = press(&mut model, &keys);
    let waiting = MfaChallenge::new(carol(Aal::Aal1), phone(), false);
    let effects = answer(
        &mut model,
        ticket(&effects),
        entered(SignIn::Waiting(waiting)),
    );
    assert!(matches!(write(&effects).0, Write::GiveUp));
    // The code's refusal comes late.
    let mut model = asked((120, 40), phone());
    let effects = press(&mut model, &["111111", "enter", "esc"]);
    let late = refused("mfa_verification_failed", "The code is wrong.");
    let effects = answer(&mut model, ticket(&effects), late);
    assert!(matches!(write(&effects).0, Write::GiveUp));
    assert_eq!(model.identity, Identity::Anon);
}

#[test]
fn who_reads_at_aal1_can_step_up_later() {
    let (mut model, _) = opened((120, 40), Identity::User(carol(Aal::Aal1)));
    press(&mut model, &["i", "2fa"]);
    let effects = press(&mut model, &["enter"]);
    let (Write::StepUp, ticket) = write(&effects) else {
        panic!("{effects:?}: {}", text(&model));
    };
    let waiting = MfaChallenge::new(carol(Aal::Aal1), phone(), true);
    answer(&mut model, ticket, entered(SignIn::Waiting(waiting)));
    assert!(text(&model).contains("carol@example.com reads with one factor (aal1)."));
    let effects = press(&mut model, &["123456", "enter"]);
    let done = SignIn::Done(Identity::User(carol(Aal::Aal2)));
    let reads = answer(&mut model, write(&effects).1, entered(done));
    assert!(
        reads
            .iter()
            .any(|effect| matches!(effect, Effect::Load { .. }))
    );
    press(&mut model, &["i"]);
    assert!(text(&model).contains("Enter the 2FA code for carol@example.com  (it was given)"));
}

/// The session in use is over, whichever step learns it; another sign-in's end says nothing of it.
#[test]
fn a_refused_step_of_the_session_in_use_shows_that_it_is_over() {
    let over = || {
        let what = "carol@example.com is signed out.";
        Problem::new(Kind::Auth, what, "The session was ended elsewhere.")
            .with_code("session_not_found")
    };
    let step_up = || {
        let (mut model, _) = opened((120, 40), Identity::User(carol(Aal::Aal1)));
        let effects = press(&mut model, &["i", "2fa", "enter"]);
        (model, write(&effects).1)
    };
    let (mut model, ticket) = step_up();
    answer(&mut model, ticket, Report::SteppedUp(Err(over())));
    press(&mut model, &["esc", "esc"]);
    assert!(text(&model).contains("SIGNED OUT"), "{}", text(&model));

    let (mut model, ticket) = step_up();
    let waiting = MfaChallenge::new(carol(Aal::Aal1), phone(), true);
    let report = Report::SteppedUp(Ok(SignIn::Waiting(waiting)));
    answer(&mut model, ticket, report);
    let effects = press(&mut model, &["123456", "enter"]);
    let ticket = write(&effects).1;
    answer(&mut model, ticket, Report::SignedIn(Err(over())));
    press(&mut model, &["esc", "esc"]);
    assert!(text(&model).contains("SIGNED OUT"), "{}", text(&model));

    let mut model = filled((120, 40));
    ask(&mut model, phone());
    let effects = press(&mut model, &["123456", "enter"]);
    let ticket = write(&effects).1;
    answer(&mut model, ticket, Report::SignedIn(Err(over())));
    assert!(!text(&model).contains("SIGNED OUT"), "{}", text(&model));
}

#[test]
fn a_late_second_factor_raises_who_reads_already() {
    let (mut model, _) = opened((120, 40), Identity::User(carol(Aal::Aal1)));
    let effects = press(&mut model, &["i", "2fa", "enter"]);
    let waiting = MfaChallenge::new(carol(Aal::Aal1), phone(), true);
    answer(
        &mut model,
        ticket(&effects),
        entered(SignIn::Waiting(waiting)),
    );
    let effects = press(&mut model, &["123456", "enter", "esc"]);
    let high = Identity::User(carol(Aal::Aal2));
    answer(
        &mut model,
        ticket(&effects),
        entered(SignIn::Done(high.clone())),
    );
    assert_eq!(model.identity, high, "her session is at aal2 now");
}

#[test]
fn the_states_of_the_step_in_frames() {
    let wrong = || {
        let code = "mfa_verification_failed";
        refused(code, "The code of the second factor is wrong.")
    };
    for size in [(120, 40), (80, 24)] {
        let name = |state: &str| format!("second_{state}_{}x{}", size.0, size.1);
        let mut model = asked(size, several());
        update(&mut model, Msg::Pasted("123".into()));
        insta::assert_snapshot!(name("asking"), text(&model));
        let effects = press(&mut model, &["456", "enter"]);
        insta::assert_snapshot!(name("checking"), text(&model));
        answer(&mut model, write(&effects).1, wrong());
        insta::assert_snapshot!(name("wrong"), text(&model));
        press(&mut model, &["tab", "tab", "tab"]);
        insta::assert_snapshot!(name("without"), text(&model));
    }
    let sms = vec![factor("f0", "+49 170", FactorKind::Phone)];
    insta::assert_snapshot!("second_unusable_80x24", text(&asked((80, 24), sms)));
    let mut model = asked((80, 24), phone());
    press(&mut model, &["123"]);
    let mono = lines(&draw(&model, "mono"));
    assert!(mono.is_ascii(), "{mono}");
    insta::assert_snapshot!("second_mono", mono);
    // However many there are, and however small the screen.
    let many = (0..10).map(|n| factor(&format!("f{n}"), &format!("n{n}"), FactorKind::Totp));
    let mut model = asked((80, 24), many.collect());
    press(&mut model, &["down"; 10]);
    assert!(text(&model).contains("Continue without the second factor"));
    for size in [(1, 1), (20, 5), (40, 12)] {
        model.size = size;
        draw(&model, "dark");
    }
}

#[test]
fn going_back_twice_does_not_make_an_unwanted_sign_in_wanted_again() {
    for late in ["done", "wrong"] {
        let mut model = asked((120, 40), phone());
        let effects = press(&mut model, &["111111", "enter", "esc"]);
        // Another way is opened and left again while the answer to the code is still on its way.
        let more = press(&mut model, &["enter", "esc"]);
        assert!(
            !more
                .iter()
                .any(|effect| matches!(effect, Effect::Write { .. })),
            "{more:?}"
        );
        assert!(
            !text(&model).contains("was not signed in"),
            "{}",
            text(&model)
        );
        let report = if late == "done" {
            entered(SignIn::Done(Identity::User(carol(Aal::Aal2))))
        } else {
            refused("mfa_verification_failed", "The code is wrong.")
        };
        let effects = answer(&mut model, ticket(&effects), report);
        assert_eq!(model.identity, Identity::Anon, "{late}");
        if late == "wrong" {
            assert!(matches!(write(&effects).0, Write::GiveUp));
        }
    }
}
