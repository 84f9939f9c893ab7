//! Live mode: what is asked when, and that nothing moves by it.

use crate::fixture::{
    answer, answer_all, filled, now, opened, press, report, summaries, text, ticket,
};
use std::time::Duration;
use supadeck::app::command::Command;
use supadeck::app::effect::{Effect, Load, Timer};
use supadeck::app::live::{LiveAnswer, LiveFound, LiveNews, LiveQuestion};
use supadeck::app::model::{Model, Screen};
use supadeck::app::msg::{Msg, Report};
use supadeck::app::update;
use supadeck::domain::audit::Page;
use supadeck::domain::audit::follow::News;
use supadeck::domain::identity::Identity;
use supadeck::domain::migration::history::HistoryMark;
use supadeck::domain::problem::{Kind, Problem};

/// The wait until the next question, where its timer was armed.
fn wait(effects: &[Effect]) -> Option<Duration> {
    effects.iter().find_map(|effect| match effect {
        Effect::Arm(Timer::Live, wait) => Some(*wait),
        _ => None,
    })
}

/// The timer runs out.
fn fire(model: &mut Model) -> Vec<Effect> {
    update(model, Msg::TimerFired(Timer::Live))
}

fn question(effects: &[Effect]) -> Option<LiveQuestion> {
    effects.iter().find_map(|effect| match effect {
        Effect::Load {
            load: Load::Live(question),
            ..
        } => Some(question.clone()),
        _ => None,
    })
}

/// On a screen, with live mode on.
fn live_on(digit: &str) -> Model {
    let mut model = filled((120, 40));
    let effects = press(&mut model, &[digit]);
    answer_all(&mut model, effects);
    assert!(wait(&press(&mut model, &["L"])).is_some());
    model
}

fn found(found: LiveFound) -> Report {
    Report::Live(Ok(LiveAnswer {
        found,
        took: Duration::from_millis(20),
    }))
}

fn broken() -> Problem {
    Problem::new(Kind::Network, "The line is broken.", "").retryable()
}

#[test]
fn off_it_asks_nothing_and_arms_no_timer() {
    let mut model = filled((120, 40));
    for (_, _, command) in Screen::ALL {
        let key = model.keymap.first_key(command);
        let effects = press(&mut model, &[&key]);
        assert_eq!(wait(&effects), None);
        answer_all(&mut model, effects);
        for has_focus in [false, true] {
            assert_eq!(update(&mut model, Msg::Focused(has_focus)), []);
        }
        assert_eq!(fire(&mut model), []);
        assert!(!text(&model).contains("LIVE"));
    }
}

#[test]
fn the_screens_that_it_keeps_ask_one_question_at_a_time() {
    for digit in ["2", "6", "7"] {
        let mut model = live_on(digit);
        assert!(text(&model).contains(" LIVE "), "{}", text(&model));
        let asked = fire(&mut model);
        assert_eq!(asked.len(), 1, "{asked:?}");
        let asked_for = question(&asked).unwrap();
        // Until the answer is there nothing is asked, whatever happens.
        assert_eq!(wait(&press(&mut model, &["j", "k"])), None);
        assert_eq!(wait(&update(&mut model, Msg::Resized(120, 40))), None);
        let effects = answer(&mut model, ticket(&asked), report(&Load::Live(asked_for)));
        if digit == "2" {
            // The first mark says nothing of what was before it: the list is read again.
            assert!(matches!(
                &effects[..],
                [Effect::Load {
                    load: Load::Migrations,
                    ..
                }]
            ));
            answer_all(&mut model, effects);
            assert_eq!(question(&fire(&mut model)), Some(LiveQuestion::History));
        } else {
            assert_eq!(wait(&effects), Some(Duration::from_secs(3)), "{effects:?}");
        }
        // The key ends it: the timer that runs asks nothing.
        assert_eq!(press(&mut model, &["L"]), []);
        assert_eq!(fire(&mut model), []);
        assert!(!text(&model).contains(" LIVE "));
    }
    // It is of no use elsewhere.
    let mut model = filled((120, 40));
    press(&mut model, &["5", "L"]);
    assert!(!model.live.is_on);
    assert!(
        model
            .toast
            .as_deref()
            .unwrap()
            .contains("Migrations, Locks and Audit")
    );
    assert_eq!(model.keymap.first_key(Command::Live), "L");
}

#[test]
fn without_the_focus_and_on_other_screens_nothing_is_asked() {
    let mut model = live_on("6");
    assert_eq!(update(&mut model, Msg::Focused(false)), []);
    assert!(text(&model).contains("LIVE, PAUSED"), "{}", text(&model));
    assert_eq!(fire(&mut model), [], "nor is the timer armed again");
    assert!(wait(&update(&mut model, Msg::Focused(true))).unwrap() < Duration::from_secs(1));
    assert!(question(&fire(&mut model)).is_some());
    // The answer comes while nobody looks.
    let mut model = live_on("6");
    let asked = fire(&mut model);
    update(&mut model, Msg::Focused(false));
    let locks = report(&Load::Live(LiveQuestion::Locks));
    assert_eq!(wait(&answer(&mut model, ticket(&asked), locks)), None);
    // A screen that it does not keep, and back.
    let mut model = live_on("6");
    press(&mut model, &["1"]);
    assert!(!text(&model).contains("LIVE"));
    assert_eq!(fire(&mut model), []);
    assert!(wait(&press(&mut model, &["7"])).is_some());
    assert!(matches!(
        question(&fire(&mut model)),
        Some(LiveQuestion::Trail { .. })
    ));
    // An answer of the screen before says nothing of the one in view.
    let mut model = live_on("6");
    let asked = fire(&mut model);
    press(&mut model, &["2"]);
    let locks = report(&Load::Live(LiveQuestion::Locks));
    answer(&mut model, ticket(&asked), locks);
    assert_eq!(model.live.answered_at, None);
}

#[test]
fn somebody_elses_answer_is_dropped_and_the_next_question_comes() {
    let mut model = live_on("6");
    let late = ticket(&fire(&mut model));
    model.become_identity(Identity::Anon);
    let locks = report(&Load::Live(LiveQuestion::Locks));
    answer(&mut model, late, locks);
    assert!(model.locks.remote.held().is_none());
    // Nothing is kept up to date that was never read.
    assert_eq!(fire(&mut model), []);
    let effects = press(&mut model, &["r"]);
    let ticket = ticket(&effects);
    let effects = answer(&mut model, ticket, report(&Load::Locks));
    assert!(wait(&effects).is_some());
}

#[test]
fn locks_that_are_read_at_the_same_time_are_not_overtaken_by_an_older_answer() {
    let mut model = live_on("6");
    let asked = fire(&mut model);
    let read = press(&mut model, &["r"]);
    answer_all(&mut model, read);
    let shown = model.locks.locks().to_vec();
    assert!(!shown.is_empty());
    answer(
        &mut model,
        ticket(&asked),
        found(LiveFound::Locks(Vec::new())),
    );
    assert_eq!(model.locks.locks(), shown);
    // What was given up is asked again.
    assert!(question(&fire(&mut model)).is_some());
}

#[test]
fn while_answers_fail_it_asks_less_often_and_says_so() {
    let mut model = live_on("6");
    let mut waits = Vec::new();
    for _ in 0..5 {
        let asked = fire(&mut model);
        let effects = answer(&mut model, ticket(&asked), Report::Live(Err(broken())));
        waits.push(wait(&effects).unwrap().as_secs());
    }
    assert_eq!(waits, [6, 12, 24, 30, 30]);
    let frame = text(&model);
    assert!(frame.contains("LIVE, NO ANSWER"), "{frame}");
    assert!(
        frame.contains("Live mode has no answers since 11:22:33 UTC, and asks less often; L ends it. The line is broken."),
        "{frame}"
    );
    // What is shown is as it was: nothing is called old that was read well.
    assert!(model.locks.remote.failure().is_none());
    let asked = fire(&mut model);
    let effects = answer(
        &mut model,
        ticket(&asked),
        report(&Load::Live(LiveQuestion::Locks)),
    );
    assert_eq!(wait(&effects), Some(Duration::from_secs(3)));
    assert!(!text(&model).contains("NO ANSWER"));
    // An answer that takes long is asked for less often, and nobody is told to wait for it.
    let asked = fire(&mut model);
    let whom = "REST".to_owned();
    let waiting = Msg::Waiting {
        ticket: ticket(&asked),
        at: now(),
        whom,
    };
    update(&mut model, waiting);
    assert!(model.waits.is_empty());
    let slow = LiveAnswer {
        found: LiveFound::Locks(model.locks.locks().to_vec()),
        took: Duration::from_secs(5),
    };
    let effects = answer(&mut model, ticket(&asked), Report::Live(Ok(slow)));
    assert_eq!(wait(&effects), Some(Duration::from_secs(20)));
    // The end of a session ends the questions.
    let asked = fire(&mut model);
    let ended =
        Problem::new(Kind::Auth, "The session is over.", "").with_code("refresh_token_not_found");
    let effects = answer(&mut model, ticket(&asked), Report::Live(Err(ended)));
    assert!(model.ended.is_some());
    assert_eq!(wait(&effects), None);
    assert_eq!(fire(&mut model), []);
}

#[test]
fn the_history_is_read_again_only_when_its_mark_is_another() {
    let mut model = live_on("2");
    press(&mut model, &["k"]);
    let selected = model.migrations.table.selected().unwrap().version.clone();
    let mark = |model: &mut Model, mark: &str| {
        let asked = fire(model);
        let found = found(LiveFound::History(HistoryMark(mark.into())));
        let effects = answer(model, ticket(&asked), found);
        let is_read = |wanted: Load| {
            let mut effects = effects.iter();
            effects.any(|effect| matches!(effect, Effect::Load { load, .. } if *load == wanted))
        };
        let read = (is_read(Load::Migrations), is_read(Load::Seeds));
        answer_all(model, effects);
        read
    };
    // The first mark says nothing of what was before it.
    assert_eq!(mark(&mut model, "1"), (true, false));
    // A key that changes nothing shows that the next question is armed behind the list.
    press(&mut model, &["esc"]);
    assert_eq!(mark(&mut model, "1"), (false, false));
    assert_eq!(mark(&mut model, "2"), (true, true));
    assert_eq!(model.migrations.table.selected().unwrap().version, selected);
}

#[test]
fn nothing_that_one_reads_moves_and_no_dialog_closes() {
    let mut model = live_on("6");
    press(&mut model, &["l", "l", "?"]);
    let place = model.locks.place();
    let asked = fire(&mut model);
    let mut locks = model.locks.locks().to_vec();
    let mut other = locks[0].clone();
    other.cycle_id = "c0000000-0000-4000-8000-000000000003".into();
    other.plan_id = "10000000-0000-4000-8001-000000000099".into();
    locks.insert(0, other);
    let effects = answer(&mut model, ticket(&asked), found(LiveFound::Locks(locks)));
    // A cycle that is not known yet is read, to be named.
    assert!(effects.iter().any(|one| matches!(
        one,
        Effect::Load {
            load: Load::Cycles,
            ..
        }
    )));
    assert_eq!(model.locks.place(), place);
    assert_eq!(model.dialogs.len(), 1);
}

/// The Audit screen over these records, with live mode on.
fn trail(rows: std::ops::Range<u64>) -> Model {
    let (mut model, effects) = opened((120, 40), crate::fixture::alice());
    for effect in effects {
        let Effect::Load { ticket, load, .. } = effect else {
            continue;
        };
        let report = match load {
            Load::Audit { .. } => Report::Audit(Ok(Page {
                rows: summaries(rows.clone()),
                ..Page::default()
            })),
            load => report(&load),
        };
        answer(&mut model, ticket, report);
    }
    press(&mut model, &["7"]);
    press(&mut model, &["L"]);
    model
}

fn came(model: &mut Model, rows: std::ops::Range<u64>, has_more: bool) -> Vec<Effect> {
    let asked = fire(model);
    let Some(LiveQuestion::Trail { follow, .. }) = question(&asked) else {
        panic!("{asked:?}")
    };
    let mut rows = summaries(rows);
    rows.reverse();
    let news = LiveNews {
        follow,
        rows,
        has_more,
        next: None,
    };
    answer(model, ticket(&asked), found(LiveFound::Trail(news)))
}

#[test]
fn records_are_announced_and_the_one_that_is_read_stays() {
    let mut model = trail(20..60);
    let read = |model: &Model| model.audit.row(model.audit.selected).unwrap().id.clone();
    let asked = fire(&mut model);
    let Some(LiveQuestion::Trail { gap, follow, .. }) = question(&asked) else {
        panic!("{asked:?}")
    };
    // What came between the page and the first question is asked for too.
    assert_eq!(gap.unwrap().0, Some(summaries(20..21)[0].cursor()));
    let nothing = LiveNews {
        follow,
        ..LiveNews::default()
    };
    answer(&mut model, ticket(&asked), found(LiveFound::Trail(nothing)));
    // Also at the newest record nothing moves.
    let (first, line) = (read(&model), model.audit.selected_line());
    came(&mut model, 15..20, false);
    assert_eq!(read(&model), first);
    assert_eq!(model.audit.selected_line(), line);
    assert!(
        text(&model).contains("5 new, . shows them"),
        "{}",
        text(&model)
    );
    came(&mut model, 8..18, false);
    assert!(
        text(&model).contains("12 new, . shows them"),
        "{}",
        text(&model)
    );
    assert_eq!(read(&model), first);
    assert_eq!(model.audit.held(), 52);
    press(&mut model, &["."]);
    assert_eq!(read(&model), summaries(8..9)[0].id);
    assert!(!text(&model).contains("new,"), "{}", text(&model));
    // Going there by hand is as good.
    came(&mut model, 5..8, false);
    press(&mut model, &["g"]);
    assert!(!text(&model).contains("new,"), "{}", text(&model));
    came(&mut model, 4..5, false);
    assert!(text(&model).contains("1 new"), "{}", text(&model));
    // Another filter is another follow, and what was announced is gone with its rows.
    let before = model.audit.live_follow;
    let effects = press(&mut model, &["/", "changed:qty", "enter"]);
    assert!(!text(&model).contains("new,"));
    answer_all(&mut model, effects);
    let asked = fire(&mut model);
    let Some(LiveQuestion::Trail { follow, filter, .. }) = question(&asked) else {
        panic!("{asked:?}")
    };
    assert!(Some(follow) > before);
    assert!(!filter.is_empty());
}

#[test]
fn more_than_can_be_held_is_announced_and_read_when_it_is_gone_to() {
    let mut model = trail(200..240);
    came(&mut model, 100..200, true);
    assert!(model.audit.has_newer);
    came(&mut model, 90..95, false);
    assert_eq!(model.audit.held(), 140, "the newest records are not held");
    assert!(text(&model).contains("105 new"), "{}", text(&model));
    let effects = press(&mut model, &["."]);
    assert!(matches!(
        &effects[..],
        [Effect::Load {
            load: Load::Audit { from: None, .. },
            ..
        }]
    ));
    // A trail that is followed is not asked a second time.
    let mut model = trail(20..30);
    let effects = press(&mut model, &["F"]);
    answer_all(&mut model, effects);
    assert_eq!(fire(&mut model), []);
    assert!(text(&model).contains(" LIVE "), "{}", text(&model));
    // Into an empty list records come as they are.
    let mut model = trail(0..0);
    came(&mut model, 3..6, false);
    assert_eq!((model.audit.held(), model.audit.selected), (3, 0));
    assert!(!text(&model).contains("new,"));
}

#[test]
fn the_sign_is_there_at_every_size() {
    for (size, digit) in [((120, 40), "2"), ((80, 24), "6"), ((60, 14), "7")] {
        let mut model = filled(size);
        press(&mut model, &[digit, "L"]);
        assert!(text(&model).contains(" LIVE"), "{}", text(&model));
        insta::assert_snapshot!(format!("live_{}x{}", size.0, size.1), text(&model));
    }
}

/// Without live mode: what the deck was told makes a screen old, and nothing else does.
#[test]
fn a_change_that_is_known_is_said_of_what_was_read_more_than_a_minute_ago() {
    let mut model = trail(20..60);
    came(&mut model, 0..0, false);
    press(&mut model, &["L"]);
    press(&mut model, &["5"]);
    assert!(!text(&model).contains("changed since"), "{}", text(&model));
    // A record of a goal comes while the trail is followed, long after the goals were read.
    let later = now() + jiff::SignedDuration::from_secs(90);
    let effects = press(&mut model, &["7", "F"]);
    answer_all(&mut model, effects);
    let effects = update(&mut model, Msg::TimerFired(Timer::Follow));
    let news = News {
        rows: summaries(1..2),
        ..News::default()
    };
    assert_eq!(news.rows[0].story.table.as_deref(), Some("goal"));
    let tell = |model: &mut Model, ticket, at, report| {
        let report = Box::new(report);
        update(model, Msg::Reported { ticket, at, report })
    };
    tell(
        &mut model,
        ticket(&effects),
        later,
        Report::News(Ok(Some(news))),
    );
    press(&mut model, &["5"]);
    let frame = text(&model);
    assert!(
        frame.contains("read 11:22:33 UTC, changed since; r reads it"),
        "{frame}"
    );
    for (width, words) in [(95, "changed since; r reads it"), (80, "old: r")] {
        update(&mut model, Msg::Resized(width, 24));
        assert!(text(&model).contains(words), "{}", text(&model));
    }
    // The locks have nothing to do with it; and read again, the goals are new.
    press(&mut model, &["6"]);
    assert!(!text(&model).contains("changed since"), "{}", text(&model));
    let effects = press(&mut model, &["5", "r"]);
    for effect in effects {
        if let Effect::Load { ticket, load, .. } = effect {
            tell(&mut model, ticket, later, report(&load));
        }
    }
    assert!(!text(&model).contains("old: r"), "{}", text(&model));
}

/// Answers what was asked at a time, as the server has it by then.
fn tell(
    model: &mut Model,
    effects: Vec<Effect>,
    at: jiff::Timestamp,
    server: &dyn Fn(&Load) -> Report,
) {
    for effect in effects {
        if let Effect::Load { ticket, load, .. } = effect {
            let report = Box::new(server(&load));
            update(model, Msg::Reported { ticket, at, report });
        }
    }
}

/// What the journal, read again, has of somebody's run makes the lists old that do not show it, and no other.
#[test]
fn a_run_of_somebody_else_in_the_journal_makes_the_lists_old_that_do_not_show_it() {
    let later = now() + jiff::SignedDuration::from_secs(90);
    let pending = "20251004130000";
    for (version, direction, outcome, old) in [
        (pending, "apply", "done", Some("2")),
        ("20251004124000", "rollback", "done", Some("2")),
        (pending, "apply", "failed", None),
        // The list shows it already.
        ("20251004124000", "apply", "done", None),
        ("seeds/030_bob.sql", "seed", "done", Some("3")),
    ] {
        let mut model = filled((120, 40));
        let effects = press(&mut model, &["8"]);
        answer_all(&mut model, effects);
        let effects = press(&mut model, &["r"]);
        tell(&mut model, effects, later, &|load| {
            let Report::Journal(Ok(mut journal)) = report(load) else {
                panic!("{load:?}")
            };
            let mut line = journal.lines[3].clone();
            line.version = version.into();
            (line.direction, line.outcome) = (direction.into(), outcome.into());
            line.who = "eve as postgres".into();
            journal.lines.insert(0, line);
            Report::Journal(Ok(journal))
        });
        for screen in ["2", "3"] {
            let effects = press(&mut model, &[screen]);
            tell(&mut model, effects, later, &report);
            let is_old = text(&model).contains("changed since; r reads it");
            assert_eq!(
                is_old,
                old == Some(screen),
                "{version} {direction}: {}",
                text(&model)
            );
        }
        if let Some(screen) = old {
            let effects = press(&mut model, &[screen, "r"]);
            tell(&mut model, effects, later, &report);
            assert!(!text(&model).contains("changed since"), "{}", text(&model));
        }
    }
    // A journal that is read for the first time says nothing of what was before.
    let mut model = filled((120, 40));
    let effects = press(&mut model, &["8"]);
    tell(&mut model, effects, later, &report);
    press(&mut model, &["2"]);
    assert!(!text(&model).contains("changed since"), "{}", text(&model));
}

/// Files that change while something runs are read when it has ended; until then that is said.
#[test]
fn files_that_changed_during_a_run_are_said_until_they_are_read() {
    let mut model = filled((120, 40));
    let effects = press(&mut model, &["2", "a"]);
    // The plan is answered long after the list was read.
    let later = now() + jiff::SignedDuration::from_secs(90);
    tell(&mut model, effects, later, &report);
    let effects = press(&mut model, &["apply", "enter"]);
    assert!(model.running.is_some(), "{}", text(&model));
    assert!(!text(&model).contains("files changed"), "{}", text(&model));
    assert_eq!(update(&mut model, Msg::FilesChanged), []);
    assert!(
        text(&model).contains("files changed; read after the run"),
        "{}",
        text(&model)
    );
    let failed = Report::Migrated(Err(Problem::internal("x")));
    let ticket = ticket(&effects);
    let effects = update(
        &mut model,
        Msg::Reported {
            ticket,
            at: later,
            report: Box::new(failed),
        },
    );
    tell(&mut model, effects, later, &report);
    assert!(!text(&model).contains("files changed"), "{}", text(&model));
}
