//! The Cycles screen below its list: a cycle to its weeks to its items, the vision and the chats beside them, and how each of
//! these reads went.

use crate::fixture::{
    ALICE, alice, answer, answer_all, draw, filled, lines, opened, press, text, ticket,
};
use crate::read_states::{answer_but, denial, refused, silence, words};
use serde_json::json;
use supadeck::app::effect::{Effect, Load, Timer};
use supadeck::app::model::{Model, Screen};
use supadeck::app::msg::{Msg, Report};
use supadeck::app::update;
use supadeck::domain::cycle::Vision;
use supadeck::domain::identity::Identity;
use supadeck::domain::plan_item::{ChatMessage, ChatSession};
use supadeck::domain::problem::{Kind, Problem};
use supadeck::domain::review::{ReviewExported, ReviewItem};

/// The items of a week; the number of the week is their quantity.
pub fn items(plan: &str) -> Vec<ReviewItem> {
    let week: u64 = plan[plan.len() - 2..].parse().unwrap();
    let item = |n: u8, title: Option<&str>, goal: Option<u8>, status: &str, done: u64| ReviewItem {
        item: serde_json::from_value(json!({
            "id": format!("20000000-0000-4000-8001-0000000000{n:02}"),
            "plan_id": plan,
            "goal_id": goal.map(|goal| format!("60000000-0000-4000-8001-00000000000{goal}")),
            "task_id": title.map(|_| "70000000-0000-4000-8001-000000000001"),
            "unit": "km",
            "qty": week,
            "completed_qty": done,
            "status": status,
            "notes": if n == 1 { "Slow\u{1b}[2J on purpose" } else { "" },
            "created_at": "2026-09-28T08:00:00+00:00",
        }))
        .unwrap(),
        title: title.map(str::to_owned),
    };
    vec![
        item(1, Some("Easy running"), Some(1), "completed", week),
        item(2, None, Some(9), "skipped", 0),
        item(3, Some("Stretching"), None, "in_progress", 1),
    ]
}

pub fn vision(user: &str) -> Vision {
    Vision {
        id: "30000000-0000-4000-8000-000000000001".into(),
        user_id: user.into(),
        daily: "Up at six".into(),
        weekly: String::new(),
        year: "Hand over the billing service".into(),
        life: "Home for dinner\u{1b}[31m".into(),
        tags: vec!["craft".into(), "health".into()],
        created_at: "2026-09-28T08:00:00+00:00".into(),
        updated_at: "2026-10-01T08:00:00+00:00".into(),
    }
}

pub fn chats() -> Vec<ChatSession> {
    let chat = |n: u8, ended: Option<&str>, summary: Option<&str>| ChatSession {
        id: format!("80000000-0000-4000-8000-00000000000{n}"),
        started_at: format!("2026-11-2{n}T09:30:00+00:00"),
        ended_at: ended.map(str::to_owned),
        summary_md: summary.map(str::to_owned),
    };
    vec![
        chat(1, None, None),
        chat(
            0,
            Some("2026-11-20T10:00:00+00:00"),
            Some("**Exam weeks**\n\n- 5 and 6"),
        ),
    ]
}

pub fn messages(chat: &str) -> Vec<ChatMessage> {
    let message = |n: u8, role: &str, content: String| ChatMessage {
        id: format!("90000000-0000-4000-8000-00000000000{n}"),
        role: role.into(),
        content,
        proposal_json: (role == "ai").then(|| json!({"kind": "plan_item.update"})),
        created_at: format!("2026-11-21T09:3{n}:00+00:00"),
    };
    let text = if chat.ends_with('1') {
        "sprained my ankle"
    } else {
        "lock the exam weeks"
    };
    vec![
        message(1, "user", format!("I {text}\u{1b}]0;x\u{7}\nWhat now?")),
        message(2, "ai", "An operator has to open it first.".into()),
    ]
}

/// The selection rests: its details are read.
fn rest(model: &mut Model) -> Vec<Effect> {
    update(model, Msg::TimerFired(Timer::Details))
}

/// A deck with the first cycle open, everything answered.
fn inside(size: (u16, u16)) -> Model {
    let mut model = filled(size);
    press(&mut model, &["4"]);
    let effects = press(&mut model, &["enter"]);
    answer_all(&mut model, effects);
    model
}

/// Presses keys and answers what is asked for then, once the selection rests.
fn go(model: &mut Model, keys: &[&str]) {
    let effects = press(model, keys);
    answer_all(model, effects);
    let effects = rest(model);
    answer_all(model, effects);
}

/// The details in one line, so that words are found wherever they were wrapped.
fn details(model: &Model) -> String {
    let from = usize::from(model.panes().detail.x);
    let frame = text(model);
    let lines = frame
        .lines()
        .map(|line| line.chars().skip(from).collect::<String>());
    words(&lines.collect::<Vec<_>>().join("\n"))
}

fn asked(effects: &[Effect]) -> Vec<&Load> {
    let loads = effects.iter().filter_map(|effect| match effect {
        Effect::Load { load, .. } => Some(load),
        _ => None,
    });
    loads.collect()
}

#[test]
fn enter_on_a_cycle_opens_its_weeks_at_the_current_one() {
    let mut model = filled((120, 40));
    press(&mut model, &["4"]);
    let effects = press(&mut model, &["enter"]);
    let loads = asked(&effects);
    assert!(
        matches!(loads.as_slice(), [Load::Chats(_), Load::Vision(_), Load::Items(plan)] if plan.ends_with("08")),
        "{loads:?}"
    );
    let is_alice = |effect: &Effect| match effect {
        Effect::Load { identity, .. } => *identity == alice(),
        _ => true,
    };
    assert!(effects.iter().all(is_alice), "read as who is on screen");
    answer_all(&mut model, effects);
    let frame = text(&model);
    for part in [
        "Cycle 2026-09-28 to 2026-12-20",
        "week  1  2026-09-28 to 2026-10-04 open     ▁  11 %",
        "▌week  8  2026-11-16 to 2026-11-22 locked   █  88 %",
        "week  9  2026-11-23 to 2026-11-29 unlocked   to come",
        "vision   changed 2026-10-01 08:00",
        "chats    2 chats",
        "This is the current week.",
        "30 of 40 completed in 4 items: 88 %, on the target of 85 %.",
        "Easy running: 8 of 8 km, completed",
    ] {
        assert!(frame.contains(part), "{part}\n{frame}");
    }
    // Week 12 has nothing planned, and is to come.
    assert!(
        frame.contains("week 12  2026-12-14 to 2026-12-20"),
        "{frame}"
    );
}

#[test]
fn enter_on_a_week_opens_its_items_and_back_leads_the_way_one_came() {
    for back in ["esc", "backspace"] {
        let mut model = inside((120, 40));
        go(&mut model, &["k", "enter"]);
        let frame = text(&model);
        for part in [
            "Week 7, 2026-11-09 to 2026-11-15 (3)",
            "Easy running",
            "an item without a visib",
            "completed   personal",
            "not visible",
            "7 of 7 km done, completed.",
            "Slow",
        ] {
            assert!(frame.contains(part), "{part}\n{frame}");
        }
        let goal = "Serves the personal goal: Run a half marathon under 1:50";
        assert!(details(&model).contains(goal), "{frame}");
        assert!(!frame.contains('\u{1b}'), "{frame}");
        go(&mut model, &["j"]);
        let frame = details(&model);
        assert!(
            frame.contains(
                "Serves a goal that is not visible to alice@example.com (authenticated)."
            ),
            "{frame}"
        );
        press(&mut model, &["enter"]);
        press(&mut model, &[back]);
        if back == "esc" {
            // The details first, then the list.
            assert!(text(&model).contains("Week 7, 2026-11-09 to 2026-11-15 (3)"));
            press(&mut model, &[back]);
        }
        let frame = text(&model);
        assert!(frame.contains("▌week  7"), "{frame}");
        press(&mut model, &[back]);
        assert!(model.open_cycle.is_none());
        assert!(text(&model).contains("Cycles (2)"), "{}", text(&model));
    }
}

#[test]
fn the_items_of_one_week_are_never_shown_under_another() {
    let mut model = inside((120, 40));
    let effects = press(&mut model, &["k"]);
    assert!(
        matches!(effects.as_slice(), [Effect::Arm(Timer::Details, _)]),
        "{effects:?}"
    );
    assert!(!text(&model).contains("Easy running"), "{}", text(&model));
    let effects = rest(&mut model);
    assert!(
        text(&model).contains("Reading the items."),
        "{}",
        text(&model)
    );
    // One goes on before the answer is there.
    press(&mut model, &["k"]);
    answer_all(&mut model, effects);
    assert!(!text(&model).contains("Easy running"), "{}", text(&model));
    let effects = rest(&mut model);
    answer_all(&mut model, effects);
    assert!(text(&model).contains("6 of 6 km"), "{}", text(&model));
    // What is known is not asked for again.
    assert_eq!(press(&mut model, &["enter"]), []);
    assert_eq!(asked(&rest(&mut model)).len(), 0);
}

#[test]
fn the_vision_and_the_chats_are_beside_the_weeks() {
    let mut model = inside((120, 40));
    go(&mut model, &["G", "k"]);
    let frame = text(&model);
    for part in [
        "Home for dinner",
        "Every week",
        "nothing written",
        "craft, health",
    ] {
        assert!(frame.contains(part), "{part}\n{frame}");
    }
    assert!(!frame.contains('\u{1b}'), "{frame}");
    go(&mut model, &["j"]);
    assert!(text(&model).contains("2026-11-20 09:30:00 UTC: **Exam weeks** - 5 and 6"));
    go(&mut model, &["enter"]);
    let frame = text(&model);
    for part in [
        "Chats of 2026-09-28 (2)",
        "▌2026-11-21 09:30 open   still open",
        "I sprained my ankle",
        "What now?",
        "ai, 2026-11-21 09:32:00 UTC",
        r#"proposes {"kind":"plan_item.update"}"#,
    ] {
        assert!(frame.contains(part), "{part}\n{frame}");
    }
    assert!(!frame.contains('\u{7}'), "{frame}");
    go(&mut model, &["j"]);
    let frame = text(&model);
    assert!(
        frame.contains("lock the exam weeks") && !frame.contains("ankle"),
        "{frame}"
    );
    let effects = press(&mut model, &["y"]);
    let Some(Effect::Copy { text: copied, .. }) = effects.first() else {
        panic!("{effects:?}");
    };
    assert!(copied.contains("lock the exam weeks"), "{copied}");
}

#[test]
fn a_goal_opens_its_cycle_and_back_leads_to_the_goals() {
    let mut model = filled((120, 40));
    press(&mut model, &["5", "j"]);
    go(&mut model, &["enter"]);
    assert_eq!(model.screen, Screen::Cycles);
    assert!(
        text(&model).contains("Cycle 2026-09-28 to 2026-12-20"),
        "{}",
        text(&model)
    );
    press(&mut model, &["esc"]);
    assert_eq!(
        (model.screen, model.open_cycle.is_none()),
        (Screen::Goals, true)
    );
    assert_eq!(model.goals.list.selected, 1);
    // A goal of somebody whose cycle one does not see.
    model.cycles.remote.held_mut().unwrap().remove(0);
    press(&mut model, &["enter"]);
    assert_eq!(model.screen, Screen::Goals);
    let frame = text(&model);
    assert!(
        frame.contains("The cycle of this goal is not visible to alice@example.com"),
        "{frame}"
    );
}

#[test]
fn each_read_of_an_open_cycle_says_how_it_went() {
    type Is = fn(&Load) -> bool;
    let reads: [(Is, &[&str], &str); 4] = [
        (|load| matches!(load, Load::Items(_)), &[], "items"),
        (
            |load| matches!(load, Load::Vision(_)),
            &["G", "k"],
            "rows of the vision",
        ),
        (|load| matches!(load, Load::Chats(_)), &["G"], "chats"),
        (
            |load| matches!(load, Load::Messages(_)),
            &["G", "enter"],
            "messages",
        ),
    ];
    for (is, keys, called) in reads {
        for (problem, said) in [
            (
                silence(),
                format!("The {called} could not be read: The project did not answer."),
            ),
            (
                denial(),
                format!("The {called} are not visible to alice@example.com (authenticated)."),
            ),
        ] {
            let fails = |load: &Load| is(load).then(|| problem.clone());
            let mut model = filled((120, 40));
            press(&mut model, &["4"]);
            let effects = press(&mut model, &["enter"]);
            answer_but(&mut model, effects, &fails);
            for key in keys {
                let effects = press(&mut model, &[key]);
                answer_but(&mut model, effects, &fails);
                let effects = rest(&mut model);
                answer_but(&mut model, effects, &fails);
            }
            let frame = details(&model);
            assert!(frame.contains(&said), "{said}\n{}", text(&model));
            for empty in [
                "No item of it",
                "No vision of",
                "No chat about",
                "No message of",
                " 0 chats",
            ] {
                assert!(!frame.contains(empty), "{empty}\n{frame}");
            }
            // It is not asked for again by itself, but by a refresh.
            assert_eq!(asked(&rest(&mut model)).len(), 0, "{called}");
            let effects = press(&mut model, &["r"]);
            answer_all(&mut model, effects);
            assert!(!details(&model).contains(&said), "{}", text(&model));
            // What was read once stays, marked as old.
            let effects = press(&mut model, &["r"]);
            answer_but(&mut model, effects, &fails);
            let frame = words(&text(&model));
            assert!(
                frame.contains(&format!("These {called} are old.")),
                "{}",
                text(&model)
            );
            let frame = details(&model);
            assert!(
                frame.contains(&format!("The {called} are those of 11:22:33 UTC:")),
                "{frame}"
            );
        }
    }
}

#[test]
fn an_empty_answer_names_who_sees_nothing() {
    let nothing = |model: &mut Model, effects: Vec<Effect>| {
        for effect in effects {
            let Effect::Load { ticket, load, .. } = effect else {
                continue;
            };
            let report = match load {
                Load::Items(_) => Report::Items(Ok(Vec::new())),
                Load::Vision(_) => Report::Vision(Ok(None)),
                Load::Chats(_) => Report::Chats(Ok(Vec::new())),
                other => crate::fixture::report(&other),
            };
            crate::fixture::answer(model, ticket, report);
        }
    };
    let mut model = filled((120, 40));
    press(&mut model, &["4"]);
    let effects = press(&mut model, &["enter"]);
    nothing(&mut model, effects);
    let who = "visible to alice@example.com (authenticated).";
    assert!(
        details(&model).contains(&format!("No item of it is {who}")),
        "{}",
        text(&model)
    );
    press(&mut model, &["G"]);
    assert!(details(&model).contains(&format!("No chat about this cycle is {who}")));
    press(&mut model, &["k"]);
    assert!(details(&model).contains(&format!("No vision of its owner is {who}")));
    assert!(text(&model).contains("none visible") && text(&model).contains(" 0 chats"));
    press(&mut model, &["j", "enter"]);
    assert!(
        words(&text(&model)).contains("No rows visible to alice@example.com"),
        "{}",
        text(&model)
    );
}

#[test]
fn the_weeks_say_when_their_locks_could_not_be_read() {
    let fails = |load: &Load| matches!(load, Load::Locks).then(denial);
    let (mut model, effects) = opened((120, 40), alice());
    answer_but(&mut model, effects, &fails);
    press(&mut model, &["4"]);
    let effects = press(&mut model, &["enter"]);
    answer_but(&mut model, effects, &fails);
    let frame = text(&model);
    assert!(
        frame.contains("2026-11-16 to 2026-11-22          not visible"),
        "{frame}"
    );
    assert!(!frame.contains("no plan"), "{frame}");
    // A week of which nothing is known is no week without a plan.
    press(&mut model, &["enter"]);
    assert!(!text(&model).contains("has no plan"), "{}", text(&model));
}

#[test]
fn a_week_without_a_plan_is_said_and_not_opened() {
    let mut model = inside((120, 40));
    model
        .locks
        .remote
        .held_mut()
        .unwrap()
        .retain(|lock| lock.week_no != 7);
    go(&mut model, &["k"]);
    assert!(
        text(&model).contains("week  7  2026-11-09 to 2026-11-15 no plan"),
        "{}",
        text(&model)
    );
    press(&mut model, &["enter"]);
    let frame = text(&model);
    assert!(
        frame.contains("Week 7 has no plan that is visible to alice@example.com"),
        "{frame}"
    );
    assert!(frame.contains("▌week  7"), "{frame}");
}

#[test]
fn another_identity_closes_the_cycle_and_a_cycle_that_is_gone_closes_too() {
    let mut model = inside((120, 40));
    model.become_identity(Identity::Anon);
    assert!(model.open_cycle.is_none());

    let mut model = inside((120, 40));
    let effects = press(&mut model, &["r"]);
    for effect in effects {
        if let Effect::Load {
            ticket,
            load: Load::Cycles,
            ..
        } = effect
        {
            crate::fixture::answer(&mut model, ticket, Report::Cycles(Ok(Vec::new())));
        }
    }
    assert!(model.open_cycle.is_none());
    assert!(
        text(&model).contains("no longer visible to alice@example.com"),
        "{}",
        text(&model)
    );

    // One that fails to be read again is still open.
    let mut model = inside((120, 40));
    let effects = press(&mut model, &["r"]);
    answer_but(&mut model, effects, &|load| {
        matches!(load, Load::Cycles).then(silence)
    });
    assert!(model.open_cycle.is_some());
}

#[test]
fn an_answer_of_a_cycle_that_was_left_is_dropped() {
    let mut model = filled((120, 40));
    press(&mut model, &["4"]);
    let late = press(&mut model, &["enter"]);
    press(&mut model, &["esc", "j"]);
    press(&mut model, &["enter"]);
    let refused_late = |model: &mut Model, problem: &Problem| {
        for effect in &late {
            if let Effect::Load { ticket, load, .. } = effect {
                crate::fixture::answer(model, *ticket, refused(load, problem));
            }
        }
    };
    refused_late(&mut model, &denial());
    let frame = text(&model);
    assert!(frame.contains("Cycle 2026-06-22 to 2026-09-13"), "{frame}");
    assert!(!frame.contains("not visible"), "{frame}");
}

#[test]
fn a_filter_narrows_what_is_open_and_esc_drops_it_first() {
    let mut model = inside((120, 40));
    press(&mut model, &["/", "vis", "enter"]);
    let frame = text(&model);
    assert!(
        frame.contains("vision") && !frame.contains("week  1"),
        "{frame}"
    );
    press(&mut model, &["esc"]);
    assert!(text(&model).contains("week  1") && model.open_cycle.is_some());
    go(&mut model, &["g", "enter"]);
    press(&mut model, &["/", "stretch", "enter"]);
    assert!(
        text(&model).contains("(1 of 3, /stretch)"),
        "{}",
        text(&model)
    );
    press(&mut model, &["backspace"]);
    go(&mut model, &["enter"]);
    assert!(text(&model).contains("(3)"), "{}", text(&model));
}

#[test]
fn the_review_is_that_of_the_open_week() {
    let mut model = inside((120, 40));
    let effects = press(&mut model, &["v"]);
    let loads = asked(&effects);
    assert!(
        matches!(loads.as_slice(), [Load::Review { cycle, week: Some(8) }] if cycle.ends_with("01")),
        "{loads:?}"
    );
    press(&mut model, &["G"]);
    let effects = press(&mut model, &["v"]);
    assert!(
        matches!(
            asked(&effects).as_slice(),
            [Load::Review { week: None, .. }]
        ),
        "{effects:?}"
    );
}

#[test]
fn the_review_is_written_into_a_file_also_where_the_profile_is_read_only() {
    let mut model = inside((120, 40));
    model.project.as_mut().unwrap().is_read_only = true;
    assert!(press(&mut model, &["x"]).is_empty());
    let frame = text(&model);
    let start = model.open_cycle.as_ref().unwrap().cycle.start_date.clone();
    assert!(
        frame.contains(&format!("week 8 of the cycle from {start}"))
            && frame.contains(&format!("review-{start}-week-08.md")),
        "{frame}"
    );
    let mut unnamed = model.clone();
    for _ in 0..40 {
        press(&mut unnamed, &["backspace"]);
    }
    assert!(press(&mut unnamed, &["enter"]).is_empty());
    assert!(text(&unnamed).contains("Name the file."));
    let effects = press(&mut model, &["enter"]);
    let loads = asked(&effects);
    assert!(
        matches!(
            loads.as_slice(),
            [Load::ExportReview { cycle, week: Some(8), path }]
                if cycle.ends_with("01") && path.to_str() == Some(&*format!("review-{start}-week-08.md"))
        ),
        "{loads:?}"
    );
    let ticket = ticket(&effects);
    // A file that is there is said, and where it was written.
    let problem = Problem::new(Kind::Usage, "review.md is there already.", "");
    let mut other = model.clone();
    answer(&mut other, ticket, Report::ReviewExported(Err(problem)));
    assert!(text(&other).contains("is there already"));
    let exported = ReviewExported {
        file: "odd\u{1b}[2J.md".into(),
        unnamed: vec![Problem::new(Kind::Denied, "No names.", "")],
    };
    answer(
        &mut model,
        ticket,
        Report::ReviewExported(Ok(Box::new(exported))),
    );
    let frame = text(&model);
    assert!(
        frame.contains("The review is in odd")
            && frame.contains("Names are not known: No names.")
            && !frame.contains('\u{1b}'),
        "{frame}"
    );
    // Of the list it is the whole cycle; the palette has it too.
    press(&mut model, &["esc", "esc", ":"]);
    press(&mut model, &["cycle.export"]);
    press(&mut model, &["enter"]);
    assert!(
        text(&model).contains(&format!("all of the cycle from {start}")),
        "{}",
        text(&model)
    );
}

#[test]
fn it_is_drawn_at_every_size_and_long_details_are_read_to_their_end() {
    for size in [(120, 40), (80, 24), (60, 14), (20, 6), (1, 1)] {
        let mut model = inside(size);
        for keys in [
            &["j"][..],
            &["enter"],
            &["enter"],
            &["esc", "esc"],
            &["G", "enter"],
            &["l"],
        ] {
            go(&mut model, keys);
            let frame = lines(&draw(&model, "mono"));
            assert_eq!(frame.lines().count(), usize::from(size.1).max(1), "{frame}");
        }
        if size == (60, 14) {
            // The chat is read to its last line.
            press(&mut model, &["G"]);
            assert!(text(&model).contains("proposes"), "{}", text(&model));
        }
    }
    assert_eq!(ALICE.len(), 36);
}

#[test]
fn a_cycle_that_is_over_or_not_begun_is_in_no_week() {
    for (start, end, place, cell) in [
        ("2026-06-22", "2026-09-13", "ended 2026-09-13", "ended"),
        ("2026-11-30", "2027-02-21", "begins 2026-11-30", "to come"),
    ] {
        let mut model = filled((120, 40));
        let cycle = &mut model.cycles.remote.held_mut().unwrap()[0];
        (cycle.start_date, cycle.end_date) = (start.into(), end.into());
        // What the row says of its week, nobody sets back.
        cycle.current_week = 1;
        press(&mut model, &["1"]);
        let home = text(&model);
        let line = home.lines().find(|line| line.contains(start)).unwrap();
        assert!(line.contains(cell) && !line.contains("week"), "{line}");
        press(&mut model, &["4", "g"]);
        let frame = text(&model);
        assert!(
            frame.contains(&format!("{start} to {end}, {place}")),
            "{frame}"
        );
        let is_to_come = cell == "to come";
        let week = frame
            .lines()
            .find(|line| line.contains("week  1 "))
            .unwrap();
        assert_eq!(week.contains("to come"), is_to_come, "{week}");
        let week = frame
            .lines()
            .find(|line| line.contains("week 11 "))
            .unwrap();
        assert_eq!(week.contains("to come"), is_to_come, "{week}");
        press(&mut model, &["5"]);
        let text = words(&text(&model));
        assert!(
            text.contains(&format!("Cycle {start} to {end}, {place}.")),
            "{text}"
        );
    }
}
