//! Who reads: signing in and out, and that nothing read as one is ever shown under another's name.

use crate::fixture::{alice, answer, answer_all, filled, opened, press, text, ticket};
use supadeck::app::dialog::identity::{Choice, choices};
use supadeck::app::dialog::project::ProfileBrief;
use supadeck::app::effect::{Effect, Load, Timer, Write};
use supadeck::app::model::Project;
use supadeck::app::msg::{Choices, Msg, Opened, Report};
use supadeck::app::update;
use supadeck::domain::demo::Demo;
use supadeck::domain::identity::{Identity, User};
use supadeck::domain::kept::KeptUsers;
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
        Effect::Load {
            load: Load::Choices,
            ..
        },
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
    let effects = press(&mut model, &["i", "sign out", "enter"]);
    answer(
        &mut model,
        ticket(&effects),
        Report::SignedOut(alice(), Ok(())),
    );
    assert_eq!(model.identity, Identity::Anon);
    assert!(!text(&model).contains("2026-09-28"));
}

#[test]
fn the_service_role_wants_its_word_and_then_stands_in_the_header() {
    let mut model = filled((120, 40));
    press(&mut model, &["i", "service", "enter"]);
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
        model.project.as_ref().unwrap().kept.users[0].email,
        "alice@example.com"
    );
    let frame = text(&model);
    assert!(
        frame.contains("alice@example.com was signed in all the same"),
        "{frame}"
    );
}

#[test]
fn somebody_else_signed_in_late_is_kept_and_read_as_only_when_chosen() {
    let mut model = filled((120, 40));
    let effects = press(
        &mut model,
        &[
            "i",
            "password",
            "enter",
            "bob@example.com",
            "tab",
            "pw",
            "enter",
        ],
    );
    press(&mut model, &["esc", "esc"]);
    let report = Report::SignedIn(Ok(SignIn::Done(bob())));
    let effects = answer(&mut model, ticket(&effects), report);
    assert_eq!(model.identity, alice(), "bob was not wanted");
    assert!(!model.cycles.rows().is_empty(), "alice reads on");
    assert!(effects.contains(&Effect::Used(alice())), "{effects:?}");
    press(&mut model, &["i", "2"]);
    assert_eq!(model.identity, bob());
}

/// A deck in which alice reads, and bob and carol are kept too.
fn three() -> supadeck::app::model::Model {
    let mut model = filled((120, 40));
    let project = model.project.as_mut().unwrap();
    for who in [bob(), user("carol")] {
        let Identity::User(user) = who else {
            panic!("{who:?}");
        };
        project.kept.put(&user);
    }
    model
}

fn user(name: &str) -> Identity {
    Identity::User(User {
        id: format!("id-{name}"),
        email: format!("{name}@example.com"),
        role: "authenticated".into(),
        ..User::default()
    })
}

fn bob() -> Identity {
    user("bob")
}

#[test]
fn a_digit_or_a_few_letters_switch_in_one_step_and_nothing_of_the_former_stays() {
    for (keys, who) in [
        (vec!["i", "2"], bob()),
        (vec!["i", "car", "enter"], user("carol")),
        (vec!["i", "j", "enter"], bob()),
        (vec!["i", "0"], Identity::Anon),
    ] {
        let mut model = three();
        press(&mut model, &["7"]);
        assert!(
            !model
                .audit
                .rows
                .held()
                .is_none_or(std::collections::VecDeque::is_empty)
        );
        let effects = press(&mut model, &keys);
        assert_eq!(model.identity, who, "{keys:?}");
        assert!(model.dialogs.is_empty(), "{keys:?}");
        assert!(model.audit.rows.held().is_none() && model.cycles.rows().is_empty());
        let header = text(&model).lines().next().unwrap().to_owned();
        assert!(header.contains(who.name()), "{header}");
        assert!(
            !text(&model).contains("alice@example.com"),
            "{}",
            text(&model)
        );
        let is_used = effects.contains(&Effect::Used(who.clone()));
        assert_eq!(is_used, who != Identity::Anon, "{effects:?}");
        let reads = effects.iter().filter(|effect| {
            matches!(effect, Effect::Load { identity, load, .. } if *identity == who && *load != Load::Choices)
        });
        assert!(reads.count() >= 4, "{effects:?}");
    }
}

#[test]
fn the_cursor_stands_on_who_one_is() {
    let mut model = three();
    press(&mut model, &["i", "3", "i"]);
    let frame = text(&model);
    let line = frame
        .lines()
        .find(|line| line.contains("this is who you are"));
    let line = line.unwrap();
    assert!(
        line.contains("carol@example.com") && line.contains('▌') || line.contains("> "),
        "{frame}"
    );
    press(&mut model, &["enter"]);
    assert_eq!(model.identity, user("carol"), "nothing happens");
}

#[test]
fn one_who_is_kept_is_signed_out_from_the_list_and_the_reader_stays() {
    let mut model = three();
    let effects = press(&mut model, &["i", "j", "delete"]);
    let sign_out = effects.iter().find_map(|effect| match effect {
        Effect::Write {
            ticket,
            write: Write::SignOut(who),
            ..
        } => Some((*ticket, who.clone())),
        _ => None,
    });
    let (ticket, who) = sign_out.unwrap();
    assert_eq!(who, bob());
    answer(&mut model, ticket, Report::SignedOut(who, Ok(())));
    assert_eq!(model.identity, alice());
    assert!(!model.cycles.rows().is_empty());
    assert_eq!(model.project.as_ref().unwrap().kept.users.len(), 2);
    press(&mut model, &["2"]);
    assert_eq!(model.identity, user("carol"), "the list is as it is shown");
}

#[test]
fn what_another_program_changed_moves_nobody_while_one_chooses() {
    let mut model = three();
    let effects = press(&mut model, &["i"]);
    // Bob was signed out there, and dave signed in.
    let mut kept = model.project.as_ref().unwrap().kept.clone();
    kept.remove("id-bob");
    if let Identity::User(user) = user("dave") {
        kept.put(&user);
    }
    let choices = Choices {
        kept: Some(kept),
        profiles: Vec::new(),
    };
    answer(
        &mut model,
        ticket(&effects),
        Report::Choices(Box::new(choices)),
    );
    press(&mut model, &["4"]);
    assert_eq!(model.identity, user("dave"));
    let mut again = model.clone();
    press(&mut again, &["i", "3"]);
    assert_eq!(again.identity, user("carol"));
}

#[test]
fn a_sign_in_remembers_the_address() {
    let mut model = filled((120, 40));
    model.project.as_mut().unwrap().kept.email = Some("alice@example.com".into());
    let effects = press(&mut model, &["i", "sign out", "enter"]);
    answer(
        &mut model,
        ticket(&effects),
        Report::SignedOut(alice(), Ok(())),
    );
    let effects = press(&mut model, &["i", "enter", "pw", "enter"]);
    let email = effects.iter().find_map(|effect| match effect {
        Effect::Write {
            write: Write::SignIn { email, .. },
            ..
        } => Some(email.as_str()),
        _ => None,
    });
    assert_eq!(email, Some("alice@example.com"));
}

#[test]
fn another_project_is_opened_in_one_step_and_one_that_cannot_be_leaves_the_first() {
    let mut model = filled((120, 40));
    let profile = |name: &str, is_production| ProfileBrief {
        name: name.into(),
        url: format!("https://{name}.example.com"),
        is_production,
        is_profile: true,
        variables: Vec::new(),
    };
    model.project.as_mut().unwrap().profiles = vec![profile("live", true), profile("work", false)];
    press(&mut model, &["P"]);
    let frame = text(&model);
    assert!(
        frame.contains("live  https://live.example.com  PRODUCTION"),
        "{frame}"
    );
    assert!(frame.contains("this is open"), "{frame}");
    let effects = press(&mut model, &["3"]);
    let [
        Effect::Write {
            ticket,
            write: Write::OpenProfile(name),
            ..
        },
        ..,
    ] = effects.as_slice()
    else {
        panic!("{effects:?}");
    };
    assert_eq!(name, "work");
    let no = Problem::new(
        Kind::Config,
        "The profile cannot be opened.",
        "Its URL is none.",
    );
    answer(&mut model, *ticket, Report::Opened(Err(no)));
    assert!(
        text(&model).contains("The profile cannot be opened."),
        "{}",
        text(&model)
    );
    assert!(!model.cycles.rows().is_empty() && model.identity == alice());
    let effects = press(&mut model, &["wor", "enter"]);
    let opened = Opened {
        project: Project {
            name: "work".into(),
            profiles: vec![profile("live", true), profile("work", false)],
            ..crate::fixture::project()
        },
        identity: Identity::Anon,
        ended: None,
    };
    answer(
        &mut model,
        crate::fixture::ticket(&effects),
        Report::Opened(Ok(Box::new(opened))),
    );
    assert!(model.dialogs.is_empty() && model.cycles.rows().is_empty());
    assert!(text(&model).lines().next().unwrap().contains("work"));
    assert!(!text(&model).contains("alice"), "{}", text(&model));
    // The way back to what the deck was started for.
    let effects = press(&mut model, &["P", "1"]);
    let is_back = |effect: &Effect| {
        matches!(
            effect,
            Effect::Write {
                write: Write::Open,
                ..
            }
        )
    };
    assert!(effects.iter().any(is_back), "{effects:?}");
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

#[test]
fn one_who_is_acted_as_stands_in_the_header_as_acted_and_is_kept_nowhere() {
    let mut model = three();
    press(&mut model, &["i", "act as", "enter"]);
    assert!(text(&model).contains("no JWT secret"), "{}", text(&model));
    press(&mut model, &["esc", "esc"]);
    // One that is set and belongs to no named project is not called missing.
    model.project.as_mut().unwrap().has_unnamed_jwt_secret = true;
    press(&mut model, &["i", "act as", "enter"]);
    let frame = text(&model);
    assert!(
        frame.contains("counts with SUPABASE_URL") && !frame.contains("no JWT secret"),
        "{frame}"
    );
    press(&mut model, &["esc", "esc"]);
    model.project.as_mut().unwrap().has_unnamed_jwt_secret = false;
    model.project.as_mut().unwrap().can_act = true;
    let effects = press(
        &mut model,
        &["i", "act as", "enter", "dave@example.com", "enter"],
    );
    let act = effects.iter().find_map(|effect| match effect {
        Effect::Write {
            ticket,
            write: Write::Act(name),
            ..
        } => Some((*ticket, name.clone())),
        _ => None,
    });
    let (ticket, name) = act.unwrap();
    assert_eq!(name, "dave@example.com");
    let Identity::User(dave) = user("dave") else {
        panic!()
    };
    let acted = Identity::User(User {
        is_acted: true,
        ..dave
    });
    answer(
        &mut model,
        ticket,
        Report::SignedIn(Ok(SignIn::Done(acted.clone()))),
    );
    assert_eq!(model.identity, acted);
    assert_eq!(model.project.as_ref().unwrap().kept.users.len(), 3);
    for size in [(120, 40), (80, 24), (60, 14)] {
        update(&mut model, Msg::Resized(size.0, size.1));
        let header = text(&model).lines().next().unwrap().to_owned();
        assert!(
            header.contains("dave@example.com") && header.contains(" ACTED  RLS on"),
            "{header}"
        );
    }
    assert!(
        text(&model).contains("Acting as dave@example.com"),
        "{}",
        text(&model)
    );
    update(&mut model, Msg::Resized(120, 40));
    press(&mut model, &["i"]);
    let frame = text(&model);
    assert!(
        frame.contains("▌   Acting as dave@example.com; act as another user"),
        "{frame}"
    );
    press(&mut model, &["1"]);
    assert_eq!(model.identity, alice());
}

#[test]
fn a_digit_signs_in_as_an_account_of_the_demo() {
    let (mut model, _) = opened((120, 40), Identity::Anon);
    let project = model.project.as_mut().unwrap();
    project.kept = KeptUsers::default();
    project.demo = Some(Box::new(Demo {
        accounts: vec!["alice@example.com".into(), "bob@example.com".into()],
        password: "known-to-all".into(),
        files: "/tmp/demo".into(),
        ..Demo::default()
    }));
    let home = text(&model);
    assert!(
        home.contains("i 1      alice@example.com") && home.contains("i 2      bob@example.com"),
        "{home}"
    );
    assert!(
        home.contains("/tmp/demo") && home.contains("They are copies"),
        "{home}"
    );
    let effects = press(&mut model, &["i", "2"]);
    let sign_in = effects.iter().find_map(|effect| match effect {
        Effect::Write {
            write: Write::SignIn { email, password },
            ..
        } => Some((email.as_str(), password.expose())),
        _ => None,
    });
    assert_eq!(sign_in, Some(("bob@example.com", "known-to-all")));
    // Whoever is signed in by then stands at the same digit.
    let Identity::User(bob) = alice() else {
        panic!("alice is a user");
    };
    let bob = User {
        email: "bob@example.com".into(),
        ..bob
    };
    model.project.as_mut().unwrap().kept.put(&bob);
    let choices = choices(&model);
    let first = Choice::DemoAccount("alice@example.com".into());
    assert_eq!(choices[..2], [first, Choice::Kept(bob)]);
}

#[test]
fn quitting_the_demo_says_first_what_is_deleted() {
    let (mut model, _) = opened((120, 40), alice());
    model.project.as_mut().unwrap().demo = Some(Box::default());
    assert!(!press(&mut model, &["q"]).contains(&Effect::Quit));
    assert!(
        text(&model).contains("deletes the demo's database"),
        "{}",
        text(&model)
    );
    // Another key in between asks again.
    press(&mut model, &["j"]);
    assert!(!press(&mut model, &["q"]).contains(&Effect::Quit));
    assert!(press(&mut model, &["q"]).contains(&Effect::Quit));
    let demo = model.project.as_mut().unwrap().demo.as_mut().unwrap();
    demo.is_kept = true;
    assert!(press(&mut model, &["q"]).contains(&Effect::Quit));
}
