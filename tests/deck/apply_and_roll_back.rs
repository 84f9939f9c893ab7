//! Applying and rolling back from the keyboard: seen first, confirmed with a typed word, followed, cancelled, reported.

use crate::fixture::{answer, filled, plan, planned, press, target, text, ticket};
use std::time::Duration;
use supadeck::app::dialog::Dialog;
use supadeck::app::effect::{Effect, Load, Write};
use supadeck::app::model::Model;
use supadeck::app::msg::{Msg, Report};
use supadeck::app::update;
use supadeck::domain::migration::{Direction, Outcome, PlanRequest, StepEnd, StepReport};
use supadeck::domain::problem::{Kind, Problem};
use supadeck::domain::run_event::RunEvent;

/// Goes to the pending migration, asks to apply it, and gets the plan.
fn asked(model: &mut Model) {
    press(model, &["2", "G"]);
    let effects = press(model, &["a"]);
    let [
        Effect::Load {
            load: Load::Plan(wish),
            ..
        },
    ] = effects.as_slice()
    else {
        panic!("{effects:?}")
    };
    assert_eq!(
        *wish,
        PlanRequest::Apply {
            to: Some("20251004130000".into()),
            include_out_of_order: false
        }
    );
    answer(model, ticket(&effects), Report::Plan(Ok(planned(plan()))));
}

fn report(end: StepEnd) -> StepReport {
    StepReport {
        version: "20251004130000".into(),
        name: "audit_trail".into(),
        direction: Direction::Apply,
        end,
        took: Duration::from_millis(12),
        waited: Duration::ZERO,
        notices: vec!["NOTICE: hello".into()],
        statement: None,
    }
}

#[test]
fn the_exact_statements_target_and_role_are_shown_before_anything_runs() {
    let mut model = filled((120, 40));
    asked(&mut model);
    let text = text(&model);
    for part in [
        "create table y (id int);",
        "comment on table y is 'why';",
        "127.0.0.1:5432",
        "as role",
        "postgres",
    ] {
        assert!(text.contains(part), "{part} is missing in\n{text}");
    }
}

#[test]
fn the_key_that_asked_does_not_confirm_however_often_it_is_pressed() {
    let mut model = filled((120, 40));
    asked(&mut model);
    let effects = press(&mut model, &["a", "a", "a", "enter", "enter"]);
    assert_eq!(effects, []);
    assert!(model.running.is_none());
    assert!(text(&model).contains("Nothing has run."));
}

#[test]
fn pasting_the_word_does_not_confirm() {
    let mut model = filled((120, 40));
    asked(&mut model);
    update(&mut model, Msg::Pasted("apply".into()));
    // That is said, until something is typed.
    let said = "Nothing was pasted: “apply” must be typed.";
    assert!(text(&model).contains(said), "{}", text(&model));
    assert_eq!(press(&mut model, &["enter"]), []);
    update(&mut model, Msg::Pasted("apply".into()));
    press(&mut model, &["a"]);
    assert!(!text(&model).contains(said), "{}", text(&model));
}

#[test]
fn the_word_runs_exactly_the_plan_that_was_shown() {
    let mut model = filled((120, 40));
    asked(&mut model);
    let effects = press(&mut model, &["apply", "enter"]);
    let [
        Effect::Write {
            write: Write::Migrate(run),
            ..
        },
    ] = effects.as_slice()
    else {
        panic!("{effects:?}")
    };
    assert_eq!(*run, plan());
    assert!(matches!(model.dialogs.last(), Some(Dialog::Running)));
}

#[test]
fn in_production_the_word_is_the_name_of_the_project() {
    let mut model = filled((120, 40));
    let project = model.project.as_mut().unwrap();
    (project.is_production, project.name) = (true, "billing".into());
    asked(&mut model);
    assert_eq!(press(&mut model, &["apply", "enter"]), []);
    press(&mut model, &["esc"]);
    asked(&mut model);
    assert!(matches!(
        press(&mut model, &["billing", "enter"]).as_slice(),
        [Effect::Write { .. }]
    ));
}

#[test]
fn progress_names_the_statement_and_shows_notices() {
    let mut model = filled((120, 40));
    asked(&mut model);
    let ticket = ticket(&press(&mut model, &["apply", "enter"]));
    for news in [
        RunEvent::StepStarted { step: 0 },
        RunEvent::Notice {
            step: 0,
            text: "NOTICE: \u{1b}[31mhello".into(),
        },
        RunEvent::StatementDone {
            step: 0,
            done: 1,
            rows: 0,
        },
    ] {
        update(&mut model, Msg::Progressed(ticket, news));
    }
    let text = text(&model);
    assert!(text.contains("1 of 2"), "{text}");
    assert!(
        text.contains("20251004130000 audit_trail: statement 2 of 2"),
        "{text}"
    );
    assert!(
        text.contains("NOTICE: ␛[31mhello"),
        "a notice is not made harmless:\n{text}"
    );
}

#[test]
fn cancelling_tells_the_server_once_and_waits_for_the_answer() {
    let mut model = filled((120, 40));
    asked(&mut model);
    let effects = press(&mut model, &["apply", "enter"]);
    assert_eq!(
        press(&mut model, &["esc", "esc", "ctrl-c", "q"]),
        [Effect::CancelWrite]
    );
    assert!(
        model.running.is_some(),
        "the run goes on until the server has answered"
    );
    let problem = Problem::cancelled("The migration was not applied.");
    let outcome = Outcome {
        steps: vec![report(StepEnd::RolledBack)],
        problem: Some(problem),
        target: target(),
        history: Some(vec![]),
    };
    answer(&mut model, ticket(&effects), Report::Migrated(Ok(outcome)));
    assert!(model.running.is_none());
    assert!(
        text(&model).contains("nothing of it remains"),
        "{}",
        text(&model)
    );
}

#[test]
fn the_result_can_be_read_again_and_the_list_is_read_anew() {
    let mut model = filled((120, 40));
    asked(&mut model);
    let effects = press(&mut model, &["apply", "enter"]);
    let history = Some(vec!["20251004123000".to_owned(), "20251004130000".into()]);
    let outcome = Outcome {
        steps: vec![report(StepEnd::Done)],
        problem: None,
        target: target(),
        history,
    };
    let effects = answer(&mut model, ticket(&effects), Report::Migrated(Ok(outcome)));
    assert!(effects.iter().any(|effect| matches!(
        effect,
        Effect::Load {
            load: Load::Migrations,
            ..
        }
    )));
    assert!(
        text(&model).contains("Checked: 2 migrations applied, the newest is 20251004130000."),
        "{}",
        text(&model)
    );
    press(&mut model, &["esc"]);
    assert!(!text(&model).contains("migrations applied, the newest"));
    press(&mut model, &["R"]);
    assert!(text(&model).contains("migrations applied, the newest"));
}

#[test]
fn a_lost_connection_is_not_called_a_success() {
    let mut model = filled((120, 40));
    asked(&mut model);
    let effects = press(&mut model, &["apply", "enter"]);
    let problem = Problem::new(Kind::Network, "The connection was lost.", "Nobody knows.");
    let outcome = Outcome {
        steps: vec![report(StepEnd::Unknown)],
        problem: Some(problem),
        target: target(),
        history: None,
    };
    answer(&mut model, ticket(&effects), Report::Migrated(Ok(outcome)));
    let text = text(&model);
    assert!(
        text.contains("not done") && text.contains("unknown"),
        "{text}"
    );
}

#[test]
fn rolling_back_the_newest_applied_one_takes_that_one() {
    let mut model = filled((120, 40));
    press(&mut model, &["2", "g", "j", "j"]);
    let effects = press(&mut model, &["u"]);
    let [
        Effect::Load {
            load: Load::Plan(wish),
            ..
        },
    ] = effects.as_slice()
    else {
        panic!("{effects:?}")
    };
    assert_eq!(*wish, PlanRequest::RollbackLast { count: 1 });
    press(&mut model, &["g"]);
    let effects = press(&mut model, &["u"]);
    let [
        Effect::Load {
            load: Load::Plan(wish),
            ..
        },
    ] = effects.as_slice()
    else {
        panic!("{effects:?}")
    };
    assert_eq!(
        *wish,
        PlanRequest::RollbackTo {
            version: "20251004123000".into()
        }
    );
}

#[test]
fn what_cannot_be_done_says_why() {
    let mut model = filled((120, 40));
    press(&mut model, &["2", "g", "a"]);
    assert!(
        text(&model).contains("20251004123000 is applied already; select a pending migration.")
    );
    press(&mut model, &["G", "u"]);
    assert!(text(&model).contains("20251004130000 is not applied; select an applied migration."));
    model.project.as_mut().unwrap().has_database = false;
    press(&mut model, &["a"]);
    assert!(
        text(&model).contains("No database URL is known"),
        "{}",
        text(&model)
    );
}

#[test]
fn a_locked_week_says_why_and_only_the_service_role_unlocks() {
    let mut model = filled((120, 40));
    press(&mut model, &["6"]);
    assert_eq!(model.locks.week, 8, "the current week is selected");
    assert!(
        text(&model).contains("Locked: this plan locks after week 6."),
        "{}",
        text(&model)
    );
    press(&mut model, &["u"]);
    assert!(text(&model).contains("Only the service role may unlock"));
    model.identity = supadeck::domain::identity::Identity::Service;
    press(&mut model, &["u", "enter"]);
    assert!(
        text(&model).contains("A reason is needed"),
        "{}",
        text(&model)
    );
    press(&mut model, &["Sprained ankle"]);
    crate::samples::look(&mut model);
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
    assert_eq!(
        press(&mut model, &["esc"]),
        [],
        "one request cannot be cancelled, and nothing says so"
    );
}

#[test]
fn a_plan_that_comes_late_does_not_take_the_keys() {
    let mut model = filled((120, 40));
    press(&mut model, &["2", "G"]);
    let effects = press(&mut model, &["a"]);
    press(&mut model, &["i", "enter"]);
    answer(
        &mut model,
        ticket(&effects),
        Report::Plan(Ok(planned(plan()))),
    );
    press(&mut model, &["secret"]);
    assert!(
        matches!(model.dialogs.as_slice(), [Dialog::Identity(_)]),
        "{:?}",
        model.dialogs
    );
}
