//! A run while it waits and once it is over: words that are true of a rollback, the file that waits, and first what matters.

use crate::fixture::{answer, filled, plan, planned, press, read_on, target, text, ticket};
use std::time::Duration;
use supadeck::app::model::Model;
use supadeck::app::msg::{Msg, Report};
use supadeck::app::ticket::Ticket;
use supadeck::app::update;
use supadeck::domain::migration::{
    Blocker, Direction, LockHolder, Outcome, Plan, StepEnd, StepReport,
};
use supadeck::domain::problem::{Kind, Problem};
use supadeck::domain::run_event::RunEvent;

const SIZES: [(u16, u16); 2] = [(120, 40), (80, 24)];

/// A plan of so many files, `t1` first.
fn files(count: usize, direction: Direction) -> Plan {
    let mut plan = plan();
    let step = plan.steps[0].clone();
    let steps = (1..=count).map(|number| supadeck::domain::migration::Step {
        version: format!("20260201{number:06}"),
        name: format!("t{number}"),
        direction,
        ..step.clone()
    });
    plan.steps = steps.collect();
    plan
}

/// A run of a plan, begun.
fn running(size: (u16, u16), plan: &Plan) -> (Model, Ticket) {
    let mut model = filled(size);
    let is_rollback = plan.steps[0].direction == Direction::Rollback;
    let (keys, word) = if is_rollback {
        (["2", "g", "u"], format!("rollback {}", plan.steps.len()))
    } else {
        (["2", "G", "a"], "apply".to_owned())
    };
    let effects = press(&mut model, &keys);
    let asked = ticket(&effects);
    answer(&mut model, asked, Report::Plan(Ok(planned(plan.clone()))));
    // All of it is looked at before the word is asked for.
    read_on(&mut model);
    // A word with a space in it is typed key by key.
    let typed: Vec<String> = word
        .chars()
        .map(|c| if c == ' ' { "space".into() } else { c.into() })
        .collect();
    press(
        &mut model,
        &typed.iter().map(String::as_str).collect::<Vec<_>>(),
    );
    let ticket = ticket(&press(&mut model, &["enter"]));
    (model, ticket)
}

/// The frame after so many files were done and the next one ended, by a problem.
fn ended(size: (u16, u16), plan: &Plan, done: usize, problem: Problem) -> Model {
    let (mut model, ticket) = running(size, plan);
    let steps = plan.steps.iter().enumerate().map(|(at, step)| StepReport {
        version: step.version.clone(),
        name: step.name.clone(),
        direction: step.direction,
        end: match at {
            at if at < done => StepEnd::Done,
            at if at == done => StepEnd::RolledBack,
            _ => StepEnd::NotRun,
        },
        took: Duration::from_millis(12),
        waited: Duration::ZERO,
        notices: Vec::new(),
        statement: None,
    });
    let outcome = Outcome {
        steps: steps.collect(),
        problem: Some(problem),
        target: target(),
        history: Some(vec!["20251004123000".into()]),
    };
    answer(&mut model, ticket, Report::Migrated(Ok(outcome)));
    model
}

fn failure() -> Problem {
    Problem::new(
        Kind::Database,
        "The statement failed.",
        "Relation \"nowhere\" does not exist.",
    )
}

fn blocker() -> Blocker {
    let query = format!("lock table goal in exclusive mode -- {}", "x ".repeat(40));
    Blocker {
        table: Some("public.goal".into()),
        holder: LockHolder::of(
            4711,
            "postgres",
            "psql",
            Some("2026-01-31 12:00:00+00"),
            Some(&query),
        ),
        ..Blocker::default()
    }
}

#[test]
fn a_rollback_that_failed_or_was_cancelled_is_said_to_leave_its_migration_applied() {
    for size in SIZES {
        for (word, problem) in [
            ("failed", failure()),
            ("cancelled", Problem::cancelled("It was stopped.")),
        ] {
            let back = files(1, Direction::Rollback);
            let frame = text(&ended(size, &back, 0, problem.clone()));
            let line = format!("{word:<11}  20260201000001 t1: it is still applied, as before");
            assert!(frame.contains(&line), "{line}\n{frame}");
            assert!(
                !frame.contains("nothing of it remains") && !frame.contains("rolled back"),
                "{frame}"
            );
            let forth = files(1, Direction::Apply);
            let frame = text(&ended(size, &forth, 0, problem));
            let line = format!("{word:<11}  20260201000001 t1: nothing of it remains");
            assert!(frame.contains(&line), "{line}\n{frame}");
        }
    }
}

#[test]
fn cancelling_and_trying_again_promise_of_a_rollback_what_is_true_of_it() {
    let again = RunEvent::TryingAgain {
        step: 0,
        attempt: 3,
        of: 3,
        pause: Duration::from_secs(2),
    };
    for size in SIZES {
        for (direction, hint, left) in [
            (
                Direction::Apply,
                "nothing of the file in work will remain",
                "Could not get the lock: nothing of it remains. Retrying in 2 s (3 of 3).",
            ),
            (
                Direction::Rollback,
                "the migration in work stays applied, as before",
                "Could not get the lock: it is still applied. Retrying in 2 s (3 of 3).",
            ),
        ] {
            let (mut model, ticket) = running(size, &files(2, direction));
            update(&mut model, Msg::Progressed(ticket, again.clone()));
            let frame = text(&model);
            for part in [hint, left] {
                assert_eq!(frame.matches(part).count(), 1, "{part}\n{frame}");
            }
        }
    }
}

#[test]
fn a_blocked_file_is_named_above_what_it_waits_for_which_stands_once_and_whole() {
    for size in SIZES {
        let (mut model, ticket) = running(size, &files(100, Direction::Apply));
        let news = RunEvent::Blocked {
            step: 69,
            blocker: blocker(),
        };
        update(&mut model, Msg::Progressed(ticket, news));
        let frame = text(&model);
        assert!(
            frame.contains("20260201000070 t70: statement 1 of 2"),
            "{frame}"
        );
        // Put together again without the borders, the sentence is there once.
        let words: Vec<&str> = frame
            .split_whitespace()
            .filter(|word| *word != "│")
            .collect();
        let told = words.join(" ");
        let sentence = format!("Waiting for {}.", blocker());
        assert_eq!(told.matches("Waiting for").count(), 1, "{frame}");
        assert!(told.contains(&sentence), "{sentence}\n{frame}");
        // News of a statement end the wait.
        let news = RunEvent::StatementDone {
            step: 69,
            done: 1,
            rows: 0,
        };
        update(&mut model, Msg::Progressed(ticket, news));
        let frame = text(&model);
        assert!(
            !frame.contains("Waiting for") && frame.contains("t70: statement 2 of 2"),
            "{frame}"
        );
    }
}

#[test]
fn the_sum_and_the_error_stand_above_a_hundred_files() {
    for size in SIZES {
        let forth = files(149, Direction::Apply);
        let frame = text(&ended(
            size,
            &forth,
            30,
            Problem::cancelled("The run was stopped."),
        ));
        let place = |words: &str| {
            let found = frame.lines().position(|line| line.contains(words));
            found.unwrap_or_else(|| panic!("{words}\n{frame}"))
        };
        let sum = place("30 done, 1 cancelled: t31, 118 not run");
        let (error, history) = (place("The run was stopped."), place("Checked: 1 migration"));
        let first = place("done         20260201000001 t1");
        assert!(sum < error && error < history && history < first, "{frame}");
    }
}

#[test]
fn home_and_end_lead_to_the_first_and_the_last_file() {
    for size in SIZES {
        let mut model = ended(size, &files(149, Direction::Apply), 30, failure());
        let first = text(&model);
        for (end, home) in [("end", "home"), ("G", "g")] {
            press(&mut model, &[end]);
            let last = text(&model);
            assert!(
                last.contains("not run      20260201000149 t149"),
                "{end}\n{last}"
            );
            // Nothing lies below the end: one key up moves.
            press(&mut model, &["down", "up"]);
            assert_ne!(text(&model), last);
            press(&mut model, &[home]);
            assert_eq!(text(&model), first, "{home}");
        }
    }
}
