//! The Locks screen: the selected week through a change of who reads, and the unlock that says whose week it is.

use crate::fixture::{answer, answer_all, filled, press, report, text, ticket};
use crate::samples::look;
use supadeck::app::command::Command;
use supadeck::app::dialog::Dialog;
use supadeck::app::effect::{Effect, Load, Timer, Write};
use supadeck::app::model::Model;
use supadeck::app::msg::{Msg, Report};
use supadeck::app::{execute, update};
use supadeck::domain::identity::Identity;
use supadeck::domain::lock::WeekLock;
use supadeck::domain::problem::{Kind, Problem};

const BOB: &str = "b0b00000-0000-4000-8000-000000000002";

/// Alice looks at a week of hers.
fn at_week(size: (u16, u16), week: usize) -> Model {
    let mut model = filled(size);
    press(&mut model, &["6"]);
    for _ in model.locks.week.into()..week {
        press(&mut model, &["right"]);
    }
    assert_eq!(usize::from(model.locks.week), week);
    model
}

/// The service role is chosen, and the locks are read as it.
fn as_service(model: &mut Model, rows: &[WeekLock]) {
    for effect in execute::become_identity(model, Identity::Service) {
        let Effect::Load { ticket, load, .. } = effect else {
            continue;
        };
        let report = match load {
            Load::Locks => Report::Locks(Ok(rows.to_vec())),
            _ => report(&load),
        };
        let more = answer(model, ticket, report);
        answer_all(model, more);
    }
}

/// Draws at sizes down to nothing, and goes back.
fn any_size(model: &mut Model, size: (u16, u16)) {
    for edge in [1, 2, 5, 12, 33] {
        update(model, Msg::Resized(edge, edge));
        text(model);
    }
    update(model, Msg::Resized(size.0, size.1));
}

fn alices() -> Vec<WeekLock> {
    match report(&Load::Locks) {
        Report::Locks(Ok(rows)) => rows,
        other => panic!("{other:?}"),
    }
}

fn bobs() -> Vec<WeekLock> {
    let bobs = |mut lock: WeekLock| {
        lock.user_id = BOB.into();
        lock.cycle_id = "c0000000-0000-4000-8000-000000000009".into();
        lock.plan_id = lock.plan_id.replace("-8001-", "-8009-");
        lock
    };
    alices().into_iter().map(bobs).collect()
}

#[test]
fn the_selected_week_stays_when_another_identity_reads() {
    let mut model = at_week((120, 40), 10);
    let before = model.locks.selected().unwrap().clone();
    let effects = execute::become_identity(&mut model, Identity::Service);
    assert_eq!(model.locks.selected(), None, "nothing is selected unread");
    assert_eq!(
        execute::run(&mut model, Command::Unlock).len(),
        1,
        "a toast"
    );
    assert!(model.dialogs.is_empty(), "{:?}", model.dialogs);
    drop(effects);
    as_service(&mut model, &[bobs(), alices()].concat());
    assert_eq!(model.locks.selected(), Some(&before));
    press(&mut model, &["u"]);
    let Some(Dialog::Unlock(form)) = model.dialogs.last() else {
        panic!("{:?}", model.dialogs)
    };
    assert_eq!((&form.plan_id, form.week), (&before.plan_id, 10));
}

#[test]
fn a_week_that_is_not_among_the_rows_leaves_nothing_selected_and_says_so() {
    let mut model = at_week((120, 40), 10);
    as_service(&mut model, &bobs());
    assert_eq!(model.locks.selected(), None);
    let frame = text(&model);
    assert!(frame.contains("No week selected."), "{frame}");
    press(&mut model, &["u"]);
    assert!(
        model.dialogs.is_empty(),
        "no unlock is opened for another week"
    );
    insta::assert_snapshot!("locks_missing_120x40", frame);
    press(&mut model, &["down"]);
    assert_eq!(model.locks.selected().unwrap().week_no, 8);
    assert!(text(&model).contains("Week 8"), "{}", text(&model));
}

#[test]
fn a_week_is_found_again_after_an_identity_that_does_not_see_it() {
    let mut model = at_week((120, 40), 10);
    as_service(&mut model, &[]);
    as_service(&mut model, &bobs());
    as_service(&mut model, &alices());
    assert_eq!(model.locks.selected().unwrap().week_no, 10);
}

#[test]
fn an_unlock_says_whose_week_it_is_and_escape_leads_back_to_the_form() {
    for size in [(120, 40), (80, 24)] {
        let mut model = at_week(size, 10);
        as_service(&mut model, &[bobs(), alices()].concat());
        press(&mut model, &["u", "Sprained ankle"]);
        let name = |what| format!("unlock_{what}_{}x{}", size.0, size.1);
        insta::assert_snapshot!(name("form"), text(&model));
        any_size(&mut model, size);
        look(&mut model);
        insta::assert_snapshot!(name("confirmation"), text(&model));
        any_size(&mut model, size);
        press(&mut model, &["esc"]);
        assert!(text(&model).contains("Sprained ankle"), "{}", text(&model));
        look(&mut model);
        let effects = press(&mut model, &["unlock", "enter"]);
        let [
            Effect::Write {
                write: Write::Unlock(request),
                ..
            },
        ] = effects.as_slice()
        else {
            panic!("{effects:?}")
        };
        assert_eq!(
            (request.minutes, request.rationale.as_str()),
            (60, "Sprained ankle")
        );
        assert!(matches!(model.dialogs.as_slice(), [Dialog::Running]));
    }
}

#[test]
fn a_running_unlock_is_shortened_or_lengthened_and_both_ends_are_told() {
    // It is 11:22:33, and the week is open until 14:05.
    for (minutes, title, bearing, until) in [
        (
            "60",
            "Shorten the unlock of week 9",
            "1h 42m earlier",
            "12:22:33",
        ),
        (
            "600",
            "Lengthen the unlock of week 9",
            "7h 18m later",
            "21:22:33",
        ),
    ] {
        for size in [(120, 40), (80, 24)] {
            let mut model = at_week(size, 9);
            as_service(&mut model, &alices());
            assert!(
                text(&model).contains("u change the unlock"),
                "{}",
                text(&model)
            );
            press(
                &mut model,
                &["u", "Enough", "tab", "backspace", "backspace"],
            );
            press(&mut model, &[minutes]);
            let frame = text(&model);
            assert!(
                frame.contains("open until 2026-11-22 14:05:00 UTC"),
                "{frame}"
            );
            look(&mut model);
            let frame = text(&model);
            let until = format!("open until about 2026-11-22 {until} UTC");
            for part in [
                title,
                bearing,
                until.as_str(),
                "alice@example.com",
                "open until 2026-11-22 14:05:00 UTC, 2h 42m from now",
                "Sprained ankle",
                "Enough",
            ] {
                assert!(frame.contains(part), "{part}\n{frame}");
            }
            let effects = press(&mut model, &["unlock", "enter"]);
            let [
                Effect::Write {
                    write: Write::Unlock(request),
                    ..
                },
            ] = effects.as_slice()
            else {
                panic!("{effects:?}")
            };
            let shown = request.shown_until.as_deref();
            assert_eq!(shown, Some("2026-11-22T14:05:00+00:00"));
        }
    }
}

#[test]
fn a_week_that_cannot_be_unlocked_any_more_leaves_the_form_as_it_was() {
    let mut model = at_week((80, 24), 9);
    as_service(&mut model, &alices());
    let effects = press(&mut model, &["u", "Enough", "enter"]);
    assert!(
        text(&model).contains("Looking at the week."),
        "{}",
        text(&model)
    );
    let problem = Problem::new(Kind::Conflict, "Week 9 is not locked.", "Open: week 9.")
        .with_hint("There is nothing to unlock.");
    answer(&mut model, ticket(&effects), Report::Prospect(Err(problem)));
    let frame = text(&model);
    assert!(frame.contains("Week 9 is not locked."), "{frame}");
    assert!(frame.contains("Enough"), "{frame}");

    let effects = press(&mut model, &["enter", "esc"]);
    let late = Problem::new(Kind::Network, "Late.", "");
    answer(&mut model, ticket(&effects), Report::Prospect(Err(late)));
    assert!(model.dialogs.is_empty(), "{:?}", model.dialogs);
}

/// The selection rests: the reads that follow it.
fn rested(model: &mut Model) -> Vec<Effect> {
    update(model, Msg::TimerFired(Timer::Details))
}

#[test]
fn the_reason_of_a_running_unlock_is_read_for_the_selected_week_only() {
    let mut model = at_week((120, 40), 8);
    assert_eq!(rested(&mut model), [], "nothing to read for a locked week");
    let effects = press(&mut model, &["right"]);
    assert!(
        matches!(effects.as_slice(), [Effect::Arm(Timer::Details, _)]),
        "{effects:?}"
    );
    assert!(!text(&model).contains("Reason"), "{}", text(&model));
    let effects = rested(&mut model);
    let [
        Effect::Load {
            load: Load::Opening(lock),
            ..
        },
    ] = effects.as_slice()
    else {
        panic!("{effects:?}")
    };
    assert_eq!(lock.week_no, 9);
    assert_eq!(rested(&mut model), [], "it is asked for once");
    answer_all(&mut model, effects);
    let frame = text(&model);
    assert!(frame.contains("Reason: Sprained ankle"), "{frame}");
    assert!(
        frame.contains("2026-11-22 10:05:00 UTC by system"),
        "{frame}"
    );
    insta::assert_snapshot!("locks_unlocked_120x40", frame);
    press(&mut model, &["right"]);
    assert!(
        !text(&model).contains("Sprained"),
        "another week, another reason"
    );
}

#[test]
fn a_reason_that_may_not_be_read_or_is_of_an_older_unlock_is_not_shown() {
    let mut model = at_week((120, 40), 9);
    let effects = rested(&mut model);
    answer(&mut model, ticket(&effects), Report::Opening(Ok(None)));
    let frame = text(&model);
    assert!(frame.contains("Unlocked for now:"), "{frame}");
    assert!(
        !frame.contains("Reason") && !frame.contains("No reason"),
        "{frame}"
    );

    let mut model = at_week((120, 40), 9);
    let effects = rested(&mut model);
    answer_all(&mut model, effects);
    let mut rows = alices();
    rows[8].unlocked_until = Some("2026-11-22T20:00:00+00:00".into());
    let effects = press(&mut model, &["r"]);
    let locks = effects.iter().find_map(|effect| match effect {
        Effect::Load {
            ticket,
            load: Load::Locks,
            ..
        } => Some(*ticket),
        _ => None,
    });
    let effects = answer(&mut model, locks.unwrap(), Report::Locks(Ok(rows)));
    assert!(!text(&model).contains("Sprained"), "{}", text(&model));
    assert!(
        matches!(
            effects.as_slice(),
            [Effect::Load {
                load: Load::Opening(_),
                ..
            }]
        ),
        "{effects:?}"
    );
}

#[test]
fn a_click_on_an_unlocked_week_brings_its_reason_too() {
    let mut model = at_week((120, 40), 8);
    let frame = text(&model);
    let mut lines = frame.lines().enumerate();
    let (y, line) = lines.find(|(_, line)| line.contains('◇')).unwrap();
    let x = line.chars().position(|c| c == '◇').unwrap();
    let effects = update(&mut model, Msg::Clicked(x as u16, y as u16));
    assert_eq!(model.locks.week, 9);
    assert!(
        matches!(effects.as_slice(), [Effect::Arm(Timer::Details, _)]),
        "{effects:?}"
    );
}

#[test]
fn the_review_of_the_selected_week_or_cycle_is_asked_for_and_read_in_a_window() {
    let wanted = |model: &mut Model| {
        let effects = press(model, &["v"]);
        effects.into_iter().find_map(|effect| match effect {
            Effect::Load {
                ticket,
                load: Load::Review { cycle, week },
                ..
            } => Some((ticket, cycle, week)),
            _ => None,
        })
    };
    let mut model = at_week((120, 40), 8);
    let lock = model.locks.selected().unwrap().clone();
    let (ticket, cycle, week) = wanted(&mut model).unwrap();
    assert_eq!((cycle, week), (lock.cycle_id.clone(), Some(lock.week_no)));
    press(&mut model, &["4"]);
    let (_, cycle, week) = wanted(&mut model).unwrap();
    assert_eq!(
        Some(cycle),
        model.cycles.selected().map(|cycle| cycle.id.clone())
    );
    assert_eq!(week, None);
    // The older request is not wanted any more; a refusal of the newer one is said.
    let problem = Problem::new(Kind::Denied, "Cycle x is not visible to anon.", "");
    answer(&mut model, ticket, Report::Review(Err(problem.clone())));
    assert!(model.dialogs.is_empty());
    let (ticket, _, _) = wanted(&mut model).unwrap();
    answer(&mut model, ticket, Report::Review(Err(problem)));
    let text = text(&model);
    assert!(text.contains("Cycle x is not visible to anon."), "{text}");
    press(&mut model, &["esc", "2"]);
    assert!(wanted(&mut model).is_none(), "the key is another one there");
}
