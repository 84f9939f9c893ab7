//! What is asked before a plan runs or is dry-run: that it says what it is, and leaves out nothing to think about.

use crate::fixture::{
    answer, answer_all, filled, plan, planned, press, read_on, report, text, ticket,
};
use supadeck::app::effect::{Effect, Load, Write};
use supadeck::app::model::Model;
use supadeck::app::msg::{Msg, Report};
use supadeck::app::update;
use supadeck::domain::migration::platform_grants::PlatformGrants;
use supadeck::domain::migration::resolution::{Resolution, Suggestion};
use supadeck::domain::migration::{Direction, Plan, RollbackFile, State, StepMode};

/// A plan of these statements, asked for with a key on the pending migration.
fn asked(size: (u16, u16), key: &str, plan: Plan) -> (Model, Vec<Effect>) {
    let mut model = filled(size);
    press(&mut model, &["2", "G"]);
    let effects = press(&mut model, &[key]);
    let effects = answer(
        &mut model,
        ticket(&effects),
        Report::Plan(Ok(planned(plan))),
    );
    (model, effects)
}

fn of(statements: &[&str]) -> Plan {
    let mut plan = plan();
    plan.steps[0].statements = statements.iter().collect();
    plan
}

/// A frame as one line of words, without borders and breaks.
fn words(model: &Model) -> String {
    let frame = text(model);
    let lines = frame.lines().map(|line| match line.split_once('│') {
        Some((_, rest)) => rest.rsplit_once('│').map_or(rest, |(inside, _)| inside),
        None => line,
    });
    let words = lines.flat_map(str::split_whitespace);
    words.collect::<Vec<_>>().join(" ")
}

/// Puts the last migration into a state, with ways out.
fn put(model: &mut Model, state: State, ways: &[Resolution]) {
    let effects = press(model, &["2", "r"]);
    for effect in effects {
        let Effect::Load { ticket, load, .. } = effect else {
            continue;
        };
        let mut report = report(&load);
        if let Report::Migrations(Ok(listing)) = &mut report {
            let entry = listing.entries.last_mut().unwrap();
            entry.state = state;
            entry.ways = ways
                .iter()
                .map(|resolution| Suggestion {
                    resolution: resolution.clone(),
                    what: resolution.command(),
                })
                .collect();
        }
        let more = answer(model, ticket, report);
        answer_all(model, more);
    }
    press(model, &["G"]);
}

/// The ways to go on with an interrupted migration.
fn go_on() -> [Resolution; 2] {
    [false, true].map(|from_start| Resolution::GoOn {
        direction: Direction::Apply,
        from_start,
    })
}

#[test]
fn a_rehearsal_says_that_it_is_one_where_it_runs_and_that_nothing_stays() {
    for size in [(120, 40), (80, 24)] {
        let (mut model, effects) = asked(size, "p", plan());
        let frame = words(&model);
        for part in [
            "Dry run of 20251004130000 audit_trail",
            "Dry run on postgres on 127.0.0.1:5432 itself: everything is rolled back at the end.",
            "cancel the dry run: nothing of it remains either way",
        ] {
            assert!(frame.contains(part), "{part}\n{}", text(&model));
        }
        assert!(!frame.contains("Apply"), "{}", text(&model));
        let problem = supadeck::domain::problem::Problem::cancelled("It was stopped.");
        answer(
            &mut model,
            ticket(&effects),
            Report::Rehearsed(Err(problem)),
        );
        assert!(words(&model).contains("Dry run of 20251004130000"));
    }
}

#[test]
fn a_rehearsal_that_others_wait_for_is_asked_about_with_one_key() {
    let locking = || of(&["alter table goal add column unit text"]);
    for size in [(120, 40), (80, 24)] {
        let (mut model, effects) = asked(size, "p", locking());
        assert_eq!(effects, []);
        let frame = words(&model);
        for part in [
            "goal: readers and writers wait (access exclusive)",
            "It waits no longer than 5 s for each of them, and a statement takes a minute at most. In the end everything is undone.",
            "y on this database s on scratch n, esc cancel",
            "127.0.0.1:5432",
        ] {
            assert!(frame.contains(part), "{part}\n{}", text(&model));
        }
        assert!(!frame.contains("To confirm"), "{}", text(&model));
        assert_eq!(press(&mut model, &["p", "enter"]), []);
        assert!(!model.dialogs.is_empty());
        let effects = press(&mut model, &["y"]);
        assert!(
            matches!(&effects[..], [Effect::Write { write: Write::Rehearse(found), .. }] if *found == locking()),
            "{effects:?}"
        );
        let (mut model, _) = asked(size, "p", locking());
        let effects = press(&mut model, &["s"]);
        assert!(
            matches!(&effects[..], [Effect::Write { write: Write::RehearseOnScratch(found), .. }] if *found == locking()),
            "{effects:?}"
        );
        // What is made ready is said where the run is, and ends with it.
        let step = "Scratch database: Creating a database cluster.";
        let ticket = ticket(&effects);
        update(&mut model, Msg::Prepared(ticket, step.to_owned()));
        assert!(words(&model).contains(step), "{}", text(&model));
        answer(
            &mut model,
            ticket,
            Report::Rehearsed(Ok(Box::new(crate::samples::rehearsal()))),
        );
        update(&mut model, Msg::Prepared(ticket, step.to_owned()));
        assert!(!words(&model).contains("Creating"), "{}", text(&model));
    }
    let (mut model, _) = asked((120, 40), "p", locking());
    assert_eq!(press(&mut model, &["n"]), []);
    assert!(model.dialogs.is_empty() && model.running.is_none());
}

/// Policies lock the platform's tables, whatever table they are on: both questions say it in one line.
#[test]
fn what_locks_sign_ins_is_asked_about_in_one_line() {
    let locking = || {
        let mut plan = of(&["create policy p on goal for select using (true)"]);
        let list = r#"{"postgres": ["auth.users", "auth.sessions", "storage.objects"]}"#;
        plan.target.platform = Box::new(PlatformGrants::parse(Some(list), None, "postgres"));
        plan
    };
    let said =
        "3 tables of auth and storage: supautils locks them for every policy and dropped trigger";
    for size in [(120, 40), (80, 24)] {
        let (model, effects) = asked(size, "p", locking());
        assert_eq!(effects, []);
        let frame = words(&model);
        for part in [
            said,
            "On scratch, a database of this machine",
            "s on scratch",
        ] {
            assert!(frame.contains(part), "{part}\n{}", text(&model));
        }
        assert!(!frame.contains("auth.users"), "{}", text(&model));
    }
    let (model, _) = asked((120, 40), "a", locking());
    assert!(words(&model).contains(said), "{}", text(&model));
}

#[test]
fn nothing_begins_at_an_interrupted_version_but_its_ways_out() {
    let mut model = filled((120, 40));
    put(&mut model, State::Interrupted, &go_on());
    let footer = text(&model).lines().last().unwrap().to_owned();
    assert!(footer.contains("w fix"), "{footer}");
    for (key, word) in [("a", "a apply"), ("u", "u "), ("p", "p dry-run")] {
        assert!(!footer.contains(word), "{footer}");
        let effects = press(&mut model, &[key]);
        assert!(matches!(&effects[..], [Effect::Arm(..)]), "{effects:?}");
        assert!(
            text(&model).contains("stopped in the middle; choose how to fix it."),
            "{}",
            text(&model)
        );
    }
}

#[test]
fn going_on_shows_where_and_only_what_runs() {
    let interrupted = || {
        let mut plan = of(&["drop table goal", "drop table task", "select 3"]);
        plan.is_resume = true;
        plan.steps[0].mode = StepMode::Alone;
        plan
    };
    let mut resume = interrupted();
    resume.steps[0].begin_at = 1;
    let mut retry = interrupted();
    retry.steps[0].repeats = 1;
    for (keys, plan, there, gone) in [
        (
            &["w", "enter"][..],
            resume,
            &[
                "Resume 20251004130000 audit_trail at statement 2",
                "from statement 2 of 3 on",
                "drop table task;",
            ][..],
            &["drop table goal;", "statement 1"][..],
        ),
        (
            &["w", "down", "enter"],
            retry,
            &[
                "Retry 20251004130000 audit_trail from statement 1",
                "Statement 1 ran already and runs again",
                "drop table goal;",
            ],
            &["Apply "],
        ),
    ] {
        let mut model = filled((120, 40));
        put(&mut model, State::Interrupted, &go_on());
        let effects = press(&mut model, keys);
        assert!(
            matches!(
                &effects[..],
                [Effect::Load {
                    load: Load::Plan(_),
                    ..
                }]
            ),
            "{effects:?}"
        );
        let mut planned = planned(plan);
        // As `ops` does: what ran before is no risk of going on.
        let begin_at = planned.plan.steps[0].begin_at;
        planned.risks.as_mut().unwrap()[0].leave_out(begin_at);
        answer(&mut model, ticket(&effects), Report::Plan(Ok(planned)));
        let frame = words(&model);
        for part in there {
            assert!(frame.contains(part), "{part}\n{}", text(&model));
        }
        for part in gone {
            assert!(!frame.contains(part), "{part}\n{}", text(&model));
        }
    }
}

#[test]
fn what_is_out_of_order_says_so_and_wants_those_words() {
    let mut late = plan();
    late.steps[0].older_than = Some("20260101000000".into());
    for is_production in [false, true] {
        let mut model = filled((80, 24));
        model.project.as_mut().unwrap().is_production = is_production;
        put(&mut model, State::OutOfOrder, &[]);
        let effects = press(&mut model, &["a"]);
        let found = Report::Plan(Ok(planned(late.clone())));
        answer(&mut model, ticket(&effects), found);
        let frame = words(&model);
        assert!(
            frame.contains(
                "older than versions that are applied already, the newest of them 20260101000000."
            ),
            "{}",
            text(&model)
        );
        read_on(&mut model);
        let word = if is_production { "demo" } else { "apply" };
        assert_eq!(press(&mut model, &[word, "enter"]), []);
        let effects = press(&mut model, &[" out of order", "enter"]);
        assert!(
            matches!(&effects[..], [Effect::Write { .. }]),
            "{effects:?}"
        );
    }
}

#[test]
fn what_to_think_about_is_said_once_and_not_cut() {
    let mut plan = of(&[]);
    plan.steps[0].way_back = RollbackFile::Missing;
    plan.steps[0].mode = StepMode::Alone;
    let (model, _) = asked((80, 24), "a", plan);
    let frame = words(&model);
    for part in [
        "Outside a transaction: 20251004130000 audit_trail. A failure leaves what ran before it.",
        "No rollback file: 20251004130000 audit_trail. It cannot be rolled back.",
        "No statement: 20251004130000 audit_trail is recorded as applied all the same, and what is written into it later is not run.",
    ] {
        assert_eq!(frame.matches(part).count(), 1, "{part}\n{}", text(&model));
    }
}

#[test]
fn a_single_line_is_never_hidden() {
    for lines in 1..40 {
        let statements: Vec<String> = (0..lines).map(|n| format!("select {n}")).collect();
        let statements: Vec<&str> = statements.iter().map(String::as_str).collect();
        let (model, _) = asked((80, 24), "a", of(&statements));
        let frame = text(&model);
        let Some((_, rest)) = frame.split_once("Lines 1 to ") else {
            assert!(frame.contains(&format!("select {};", lines - 1)), "{frame}");
            continue;
        };
        let numbers: Vec<usize> = rest
            .split([' ', ':', ','])
            .filter_map(|word| word.parse().ok())
            .take(2)
            .collect();
        assert!(numbers[0] + 1 < numbers[1], "{frame}");
    }
}

#[test]
fn no_word_is_asked_for_before_every_risk_was_seen_or_summed_up() {
    let dropping = |count: usize| {
        let drops: Vec<String> = (0..count).map(|n| format!("drop table t{n}")).collect();
        of(&drops.iter().map(String::as_str).collect::<Vec<_>>())
    };
    let (mut model, _) = asked((80, 24), "a", dropping(4));
    let frame = words(&model);
    let summed = "risk loses data (drop-table), 4 times: t0, t1, t2 and t3";
    assert!(frame.contains(summed), "{}", text(&model));
    read_on(&mut model);
    assert!(words(&model).contains("type “apply”"), "{}", text(&model));
    let (mut model, _) = asked((80, 24), "a", dropping(30));
    assert!(words(&model).contains("30 times: t0, t1, t2, t3, t4, t5 and 24 more"));
    assert!(!words(&model).contains("type “apply”"), "{}", text(&model));
    assert_eq!(press(&mut model, &["apply", "enter"]), []);
    assert!(words(&model).contains("pgdn see the rest esc"));
    press(&mut model, &["end"]);
    assert!(text(&model).contains("drop table t29;"), "{}", text(&model));
    assert!(words(&model).contains("type “apply”"), "{}", text(&model));
    assert!(matches!(
        &press(&mut model, &["apply", "enter"])[..],
        [Effect::Write { .. }]
    ));
}

#[test]
fn the_footer_says_that_an_applied_version_rehearses_its_rollback() {
    let mut model = filled((120, 40));
    press(&mut model, &["2", "g", "j", "j"]);
    assert!(
        text(&model).contains("p dry run of its rollback"),
        "{}",
        text(&model)
    );
    press(&mut model, &["G"]);
    let frame = text(&model);
    assert!(
        frame.contains("p dry run") && !frame.contains("its rollback"),
        "{frame}"
    );
    let mut back = plan();
    back.steps[0].direction = Direction::Rollback;
    let (model, _) = asked((120, 40), "p", back);
    assert!(
        words(&model).contains("Dry run of the rollback of 20251004130000"),
        "{}",
        text(&model)
    );
}
