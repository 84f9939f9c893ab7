//! How a read went is said by every screen that uses it: a failed one is never an empty one, an old one is marked, a session
//! that ended shows at once, and a project of another kind is calm.

use crate::fixture::{
    alice, answer, draw, filled, lines, look, now, opened, press, project, report, text, ticket,
};
use ratatui::style::Color;
use supadeck::app::availability::availability;
use supadeck::app::command::Command;
use supadeck::app::effect::{Effect, Load, Timer, Write};
use supadeck::app::model::{Model, Screen};
use supadeck::app::msg::{Msg, Opened, Report};
use supadeck::app::ticket::{Slot, Ticket};
use supadeck::app::update;
use supadeck::domain::identity::Identity;
use supadeck::domain::mfa::SignIn;
use supadeck::domain::problem::{Kind, Problem};
use supadeck::domain::read_problem::{NOBODY, absent};
use supadeck::ui::theme::Role;

const SIZES: [(u16, u16); 3] = [(120, 40), (80, 24), (60, 14)];

pub fn refused(load: &Load, problem: &Problem) -> Report {
    let problem = problem.clone();
    match load {
        Load::Migrations => Report::Migrations(Err(problem)),
        Load::Sources(_) => Report::Sources(Err(problem)),
        Load::Seeds => Report::Seeds(Err(problem)),
        Load::Cycles => Report::Cycles(Err(problem)),
        Load::Goals => Report::Goals(Err(problem)),
        Load::Locks => Report::Locks(Err(problem)),
        Load::Audit { .. } => Report::Audit(Err(problem)),
        Load::Opening(_) => Report::Opening(Err(problem)),
        Load::Items(_) => Report::Items(Err(problem)),
        Load::Vision(_) => Report::Vision(Err(problem)),
        Load::Chats(_) => Report::Chats(Err(problem)),
        Load::Messages(_) => Report::Messages(Err(problem)),
        Load::Record(_) => Report::Record(Err(problem)),
        Load::Journal => Report::Journal(Err(problem)),
        Load::TableList => Report::TableList(Err(problem)),
        Load::Access(_) => Report::Access(Err(problem)),
        other => panic!("{other:?} is asked for by a key only"),
    }
}

/// Answers reads; those that `fails` names are refused.
pub fn answer_but(
    model: &mut Model,
    effects: Vec<Effect>,
    fails: &dyn Fn(&Load) -> Option<Problem>,
) {
    let mut waiting = effects;
    while let Some(effect) = waiting.pop() {
        if let Effect::Load { ticket, load, .. } = effect {
            let answered = match fails(&load) {
                Some(problem) => refused(&load, &problem),
                None => report(&load),
            };
            waiting.extend(answer(model, ticket, answered));
        }
    }
}

/// A deck whose first reads were answered, but for those that fail.
fn without(size: (u16, u16), who: Identity, fails: &dyn Fn(&Load) -> Option<Problem>) -> Model {
    let (mut model, effects) = opened(size, who);
    answer_but(&mut model, effects, fails);
    model
}

fn go(model: &mut Model, screen: Screen) {
    let key = (screen as usize + 1).to_string();
    let effects = press(model, &[&key]);
    answer_but(model, effects, &|_| None);
}

pub fn silence() -> Problem {
    Problem::new(Kind::Network, "The project did not answer.", "No answer.")
}

pub fn denial() -> Problem {
    let what = "alice@example.com (authenticated) may not read this.";
    Problem::new(Kind::Denied, what, "Permission denied.").with_code("42501")
}

fn over() -> Problem {
    let what = "alice@example.com is signed out.";
    Problem::new(Kind::Auth, what, "The session was ended elsewhere.")
        .with_code("session_not_found")
        .with_hint("Sign in again with `supadeck login`.")
}

/// One line, so that words are found wherever they were wrapped in one column.
pub fn words(frame: &str) -> String {
    frame.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Reads of rows, the screens that use each, and how those call it.
const USED: [(&str, &[Screen], &str); 4] = [
    (
        "cycles",
        &[Screen::Home, Screen::Cycles, Screen::Goals, Screen::Locks],
        "cycles",
    ),
    (
        "goals",
        &[Screen::Home, Screen::Cycles, Screen::Goals],
        "goals",
    ),
    (
        "locks",
        &[Screen::Home, Screen::Cycles, Screen::Locks],
        "week locks",
    ),
    ("seeds", &[Screen::Home, Screen::Seeds], "seeds"),
];

fn is(load: &Load, name: &str) -> bool {
    matches!(
        (load, name),
        (Load::Cycles, "cycles")
            | (Load::Goals, "goals")
            | (Load::Locks, "locks")
            | (Load::Seeds, "seeds")
    )
}

#[test]
fn a_failed_read_is_never_an_empty_one_on_any_screen_that_uses_it() {
    for (name, screens, called) in USED {
        for (problem, said) in [
            (silence(), "The project did not answer."),
            (denial(), "not visible to"),
        ] {
            let fails = |load: &Load| is(load, name).then(|| problem.clone());
            let mut model = without((120, 40), alice(), &fails);
            for screen in screens {
                go(&mut model, *screen);
                let frame = text(&model);
                let where_ = format!("{name} on {}:\n{frame}", screen.title());
                for empty in [
                    "0 goals",
                    "0 locked",
                    "No goals in this cycle",
                    "(0)",
                    "No rows visible",
                    "None.",
                ] {
                    assert!(!frame.contains(empty), "{empty}: {where_}");
                }
                let lower = frame.to_lowercase();
                let is_said = lower.contains(&said.to_lowercase())
                    || words(&frame).contains(&format!("The {called} could not be read"));
                assert!(is_said, "{where_}");
            }
        }
    }
}

#[test]
fn an_empty_answer_is_still_an_empty_one() {
    let (mut model, effects) = opened((120, 40), alice());
    for effect in effects {
        if let Effect::Load { ticket, load, .. } = effect {
            let answered = match load {
                Load::Goals => Report::Goals(Ok(Vec::new())),
                other => report(&other),
            };
            answer(&mut model, ticket, answered);
        }
    }
    assert!(text(&model).contains("0 goals"), "{}", text(&model));
    go(&mut model, Screen::Cycles);
    assert!(
        text(&model).contains("No goals in this cycle."),
        "{}",
        text(&model)
    );
    go(&mut model, Screen::Goals);
    assert!(text(&model).contains("Goals (0)"), "{}", text(&model));
}

#[test]
fn a_refresh_that_fails_marks_the_rows_as_old_on_every_screen_that_uses_them() {
    for (name, screens, called) in USED {
        let mut model = filled((120, 40));
        for screen in screens {
            go(&mut model, *screen);
            let effects = press(&mut model, &["r"]);
            answer_but(&mut model, effects, &|load| is(load, name).then(denial));
            let frame = words(&text(&model));
            for part in [
                "are old. Refreshing has failed since 11:22:33 UTC",
                "may not read this.",
            ] {
                assert!(frame.contains(part), "{called}: {part}\n{}", text(&model));
            }
            assert!(
                frame.contains("refresh failed; showing 11:22:33 UTC"),
                "{frame}"
            );
            let effects = press(&mut model, &["r"]);
            answer_but(&mut model, effects, &|_| None);
            assert!(!text(&model).contains("old"), "{}", text(&model));
        }
    }
}

#[test]
fn a_title_counts_only_what_was_read() {
    let (model, _) = opened((100, 20), alice());
    let mut model = model;
    for screen in [
        Screen::Cycles,
        Screen::Goals,
        Screen::Locks,
        Screen::Migrations,
        Screen::Seeds,
    ] {
        press(&mut model, &[&(screen as usize + 1).to_string()]);
        assert!(!text(&model).contains("(0)"), "{}", text(&model));
    }
}

#[test]
fn a_session_that_ended_shows_at_once_on_every_screen_with_the_key() {
    for size in SIZES {
        let mut model = filled(size);
        press(&mut model, &["5"]);
        let effects = press(&mut model, &["r"]);
        let asked = ticket(&effects);
        answer(&mut model, asked, Report::Goals(Err(over())));
        for screen in Screen::ALL.map(|(screen, _, _)| screen) {
            press(&mut model, &[&(screen as usize + 1).to_string()]);
            let frame = text(&model);
            let header = frame.lines().next().unwrap();
            assert!(header.contains("alice@example.com"), "{frame}");
            assert!(
                header.contains("SIGNED OUT") && !header.contains("RLS"),
                "{frame}"
            );
            let all = words(&frame);
            assert!(all.contains("Press i to sign in again."), "{frame}");
            assert!(all.contains("since 11:22:33 UTC"), "{frame}");
        }
        // The rows of every table that was read as the user are old, whichever read found it out.
        press(&mut model, &["4"]);
        assert!(text(&model).contains("Cycles (2, old)"), "{}", text(&model));
        assert!(!text(&model).contains("supadeck login"), "{}", text(&model));
    }
}

#[test]
fn the_reason_of_the_end_is_shown_whichever_read_was_answered_first() {
    let mut model = filled((120, 40));
    let effects = press(&mut model, &["r"]);
    let nobody = Problem::new(Kind::Auth, "Nobody is signed in.", "").with_code(NOBODY);
    answer_but(&mut model, effects, &|load| match load {
        Load::Goals => Some(over()),
        Load::Migrations | Load::Seeds => None,
        _ => Some(nobody.clone()),
    });
    let frame = words(&text(&model));
    assert!(
        frame.contains("The session was ended elsewhere."),
        "{frame}"
    );
}

#[test]
fn whoever_was_signed_out_types_the_password_only() {
    let mut model = filled((120, 40));
    let effects = press(&mut model, &["r"]);
    let asked = ticket(&effects);
    answer_but(&mut model, effects, &|_| Some(over()));
    assert!(!model.tickets.is_live(asked));
    press(&mut model, &["i"]);
    let frame = text(&model);
    assert!(
        !frame.contains("Sign out"),
        "there is nobody to sign out: {frame}"
    );
    let effects = press(&mut model, &["enter", "hunter2hunter2", "enter"]);
    let Effect::Write {
        write: Write::SignIn { email, .. },
        ..
    } = &effects[0]
    else {
        panic!("{effects:?}");
    };
    assert_eq!(email, "alice@example.com");
    let done = Report::SignedIn(Ok(SignIn::Done(alice())));
    let effects = answer(&mut model, ticket(&effects), done);
    answer_but(&mut model, effects, &|_| None);
    let frame = text(&model);
    assert!(
        frame.contains("RLS on") && !frame.contains("old"),
        "{frame}"
    );
}

#[test]
fn a_session_that_was_begun_again_elsewhere_is_taken_by_the_next_refresh() {
    let mut model = filled((120, 40));
    let effects = press(&mut model, &["r"]);
    let nobody = Problem::new(Kind::Auth, "Nobody is signed in.", "").with_code(NOBODY);
    answer_but(&mut model, effects, &|load| {
        (!is(load, "seeds")).then(|| nobody.clone())
    });
    assert!(text(&model).contains("SIGNED OUT"), "{}", text(&model));
    let effects = press(&mut model, &["r"]);
    answer_but(&mut model, effects, &|_| None);
    assert!(!text(&model).contains("SIGNED OUT"), "{}", text(&model));
    assert!(model.project.as_ref().unwrap().kept.in_use().is_some());
}

#[test]
fn a_stored_session_that_is_over_at_the_start_shows_as_ended() {
    let mut model = Model::new(
        (100, 30),
        None,
        Identity::Anon,
        supadeck::app::keymap::Keymap::default(),
    );
    let effects = supadeck::app::jobs::session(&mut model, Write::Open);
    let opened = Opened {
        project: project(),
        identity: alice(),
        ended: Some(over()),
    };
    let effects = answer(
        &mut model,
        ticket(&effects),
        Report::Opened(Ok(Box::new(opened))),
    );
    let is_of_rows = |effect: &Effect| {
        matches!(
            effect,
            Effect::Load {
                load: Load::Cycles | Load::Goals,
                ..
            }
        )
    };
    assert!(!effects.iter().any(is_of_rows), "{effects:?}");
    let frame = words(&text(&model));
    assert!(frame.contains("SIGNED OUT"), "{frame}");
    assert!(
        frame.contains("Press i to sign in again. The session was ended elsewhere."),
        "{frame}"
    );
}

#[test]
fn another_failure_is_no_end_of_the_session() {
    for problem in [
        silence(),
        denial(),
        Problem::new(Kind::Auth, "The project did not accept the key.", ""),
    ] {
        let mut model = filled((120, 40));
        let effects = press(&mut model, &["r"]);
        answer_but(&mut model, effects, &|load| {
            is(load, "goals").then(|| problem.clone())
        });
        assert!(model.ended.is_none(), "{problem}");
        assert!(text(&model).contains("RLS on"), "{}", text(&model));
    }
}

fn is_weeksmith(load: &Load) -> bool {
    matches!(
        load,
        Load::Cycles | Load::Goals | Load::Locks | Load::Audit { .. }
    )
}

/// A project without Weeksmith's tables.
fn other(size: (u16, u16), who: Identity) -> Model {
    let gone = |load: &Load| {
        is_weeksmith(load).then(|| absent("x", "Not in the schema cache.", "PGRST205"))
    };
    without(size, who, &gone)
}

#[test]
fn the_home_of_another_project_shows_what_there_is() {
    for size in SIZES {
        for who in [alice(), Identity::Anon, Identity::Service] {
            let model = other(size, who);
            let buffer = draw(&model, "dark");
            let frame = lines(&buffer);
            let whole = [(120, 40), (80, 24)].contains(&size);
            for part in ["project", "migrations"].into_iter().chain(
                ["3 tables, 1 view", "~12,345", "overview"]
                    .into_iter()
                    .filter(|_| size.0 == 120),
            ) {
                assert!(frame.contains(part) || !whole, "{part}\n{frame}");
            }
            assert!(!frame.contains("has no"), "{frame}");
            // What is open is said to whoever is under Row Level Security.
            let is_told = model.identity.is_under_rls();
            assert!(
                size.0 != 120 || frame.contains("RLS off") == is_told,
                "{frame}"
            );
            let theme = &look("dark").themes[0];
            let red = theme.style(Role::Removed).fg;
            assert_ne!(red, None::<Color>);
            let is_red = buffer
                .content
                .iter()
                .any(|cell| Some(cell.fg) == red && cell.symbol() != " ");
            assert!(!is_red, "something looks like a failure:\n{frame}");
        }
    }
}

#[test]
fn a_table_of_home_opens_its_rows_and_one_that_cannot_be_read_is_said() {
    let mut model = other((120, 40), alice());
    // Behind the identity, the migrations and the seeds.
    press(&mut model, &["j", "j", "j", "j"]);
    let effects = press(&mut model, &["enter"]);
    assert_eq!(model.screen, Screen::Tables);
    let opened = effects.iter().find_map(|effect| match effect {
        Effect::Load {
            load: Load::TableInfo(name),
            ..
        } => Some(name.name.as_str()),
        _ => None,
    });
    assert_eq!(opened, Some("goal"), "{effects:?}");
    let refused = without((120, 40), Identity::Anon, &|load| match load {
        Load::TableList => Some(Problem::new(
            Kind::Database,
            "The catalogs \u{1b}[2J broke.",
            "Down.",
        )),
        load => is_weeksmith(load).then(|| absent("x", "", "PGRST205")),
    });
    let frame = text(&refused);
    assert!(
        frame.contains("broke") && !frame.contains('\u{1b}'),
        "{frame}"
    );
}

#[test]
fn through_a_read_only_profile_no_key_changes_anything() {
    let mut model = filled((120, 40));
    model.project.as_mut().unwrap().is_read_only = true;
    assert!(text(&model).contains("READ-ONLY"), "{}", text(&model));
    for (screen, keys) in [
        ("2", &["a", "u", "A"][..]),
        ("3", &["a"]),
        ("9", &["enter", "e", "n", "c", "D", "w"]),
    ] {
        let effects = press(&mut model, &[screen]);
        answer_but(&mut model, effects, &|_| None);
        for key in keys {
            let effects = press(&mut model, &[key]);
            assert!(
                !effects
                    .iter()
                    .any(|effect| matches!(effect, Effect::Write { .. })),
                "{screen} {key}: {effects:?}"
            );
            assert!(
                model.dialogs.is_empty(),
                "{screen} {key}: {:?}",
                model.dialogs
            );
            answer_but(&mut model, effects, &|_| None);
        }
        assert_eq!(model.browser.marked(), 0);
    }
    for command in [
        Command::Apply,
        Command::Rollback,
        Command::Redo,
        Command::SeedApply,
        Command::Unlock,
        Command::EditValue,
        Command::DeleteRow,
        Command::WriteRows,
    ] {
        let why = availability(command, &model).unwrap_err();
        assert!(why.contains("read-only"), "{command:?}: {why}");
    }
}

#[test]
fn the_screens_of_tables_that_are_not_there_are_not_there() {
    let mut model = other((120, 40), alice());
    let tabs = text(&model).lines().nth(1).unwrap().to_owned();
    for (_, title, _) in &Screen::ALL[3..7] {
        assert!(!tabs.contains(title), "{tabs}");
    }
    // Numbers never shift.
    assert!(tabs.contains("8 Journal"), "{tabs}");
    for key in ["4", "5", "6", "7"] {
        let effects = press(&mut model, &[key]);
        assert_eq!(model.screen, Screen::Home);
        assert!(
            matches!(effects.as_slice(), [Effect::Arm(Timer::Toast, _)]),
            "{effects:?}"
        );
    }
    press(&mut model, &["3"]);
    let effects = supadeck::app::execute::run(&mut model, Command::NextScreen);
    assert_eq!(model.screen, Screen::Journal, "{effects:?}");
}

#[test]
fn one_table_that_is_gone_is_said_and_its_rows_go() {
    let mut model = filled((120, 40));
    let effects = press(&mut model, &["r"]);
    answer_but(&mut model, effects, &|load| {
        is(load, "goals").then(|| absent("goal", "", "PGRST205"))
    });
    let frame = text(&model);
    assert!(frame.contains("This project has no `goal`."), "{frame}");
    assert!(
        !frame.contains("4 goals") && !frame.contains("5 Goals"),
        "{frame}"
    );
    assert!(frame.contains("4 Cycles"), "{frame}");
}

#[test]
fn without_a_way_to_the_database_nothing_looks_like_a_failure() {
    let (mut model, effects) = opened((100, 30), Identity::Anon);
    model.project.as_mut().unwrap().has_database = false;
    let config = Problem::new(
        Kind::Config,
        "The schema cannot be read.",
        "No database URL is known.",
    );
    answer_but(&mut model, effects, &|load| match load {
        Load::Migrations | Load::Seeds => Some(config.clone()),
        load => is_weeksmith(load).then(|| absent("x", "", "PGRST205")),
    });
    assert!(
        !model.browser.table.remote.is_wanted(),
        "there is no way to read them"
    );
    let buffer = draw(&model, "dark");
    let red = look("dark").themes[0].style(Role::Removed).fg;
    let is_red = buffer
        .content
        .iter()
        .any(|cell| Some(cell.fg) == red && cell.symbol() != " ");
    assert!(!is_red, "{}", lines(&buffer));
    assert!(!lines(&buffer).contains("failed"), "{}", lines(&buffer));
}

fn slow(model: &mut Model, asked: Ticket) {
    update(
        model,
        Msg::Waiting {
            ticket: asked,
            at: now(),
            whom: "Auth at http://127.0.0.1:54321, 20 seconds at most,".into(),
        },
    );
}

#[test]
fn a_read_that_takes_long_says_whom_it_waits_for_and_can_be_stopped() {
    for size in SIZES {
        let mut model = filled(size);
        press(&mut model, &["5"]);
        let effects = press(&mut model, &["r"]);
        let asked = ticket(&effects);
        slow(&mut model, asked);
        let frame = words(&text(&model));
        assert!(
            frame.contains("Waiting for Auth at http://127.0.0.1:54321"),
            "{frame}"
        );
        let effects = press(&mut model, &["esc"]);
        assert_eq!(effects, [Effect::CancelReads(vec![Slot::Goals])]);
        let stopped = Report::Goals(Err(Problem::cancelled("Reading was stopped.")));
        answer(&mut model, asked, stopped);
        let frame = words(&text(&model));
        assert!(!frame.contains("Waiting for"), "{frame}");
        assert!(frame.contains("The refresh was cancelled at"), "{frame}");
        assert!(
            press(&mut model, &["esc"])
                .iter()
                .all(|effect| !matches!(effect, Effect::CancelReads(_)))
        );
    }
}

#[test]
fn nobody_waits_for_an_answer_that_is_no_longer_wanted() {
    let mut model = filled((120, 40));
    press(&mut model, &["5"]);
    let old = ticket(&press(&mut model, &["r"]));
    let new = ticket(&press(&mut model, &["r"]));
    slow(&mut model, old);
    assert!(model.waits.is_empty());
    slow(&mut model, new);
    assert!(!model.waits.is_empty());
    model.become_identity(Identity::Anon);
    assert!(model.waits.is_empty());
}

#[test]
fn why_a_week_is_open_is_said_or_that_it_could_not_be_read() {
    for (answered, said) in [
        (
            Ok(None),
            "Why it was unlocked is not visible to alice@example.com (authenticated).",
        ),
        (
            Err(silence()),
            "Why it was unlocked could not be read: The project did not answer.",
        ),
    ] {
        let mut model = filled((120, 40));
        let mut effects = press(&mut model, &["6"]);
        while model.locks.week != 9 {
            effects = press(&mut model, &["right"]);
        }
        effects.extend(update(&mut model, Msg::TimerFired(Timer::Details)));
        let asked = ticket(&effects);
        answer(&mut model, asked, Report::Opening(answered));
        let frame = words(&text(&model));
        assert!(frame.contains(said), "{}", text(&model));
    }
}

#[test]
fn what_anon_may_not_read_is_no_failed_refresh() {
    let denied = |load: &Load| is_weeksmith(load).then(denial);
    let mut model = without((120, 40), Identity::Anon, &denied);
    let frame = text(&model);
    let header = frame.lines().next().unwrap();
    assert!(header.ends_with("read 11:22:33 UTC"), "{frame}");
    assert!(
        frame.contains("Not visible to anon. Press i to sign in."),
        "{frame}"
    );
    assert!(!frame.contains("Nothing here"), "{frame}");
    press(&mut model, &["5"]);
    let frame = text(&model);
    assert!(
        frame.lines().next().unwrap().ends_with("not visible"),
        "{frame}"
    );
    // A failure to read for the first time is one, whatever else was read.
    let fails = |load: &Load| is(load, "goals").then(silence);
    let model = without((120, 40), alice(), &fails);
    let frame = text(&model);
    let header = frame.lines().next().unwrap();
    assert!(header.ends_with("failed since 11:22:33 UTC"), "{frame}");
}
