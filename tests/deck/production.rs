//! A plan for a database that belongs to a production profile, whatever project is open.

use crate::fixture::{answer, filled, plan, planned, press, text, ticket};
use crate::samples::rehearsal;
use supadeck::app::effect::{Effect, Write};
use supadeck::app::model::Model;
use supadeck::app::msg::Report;
use supadeck::domain::dry_run::{Environment, Report as DryRun};
use supadeck::domain::migration::Direction;
use supadeck::domain::production::Protection;

fn asked(key: &str, protection: Protection, direction: Direction) -> Model {
    let mut model = filled((120, 40));
    press(&mut model, &["2", "G"]);
    let effects = press(&mut model, &[key]);
    let mut plan = plan();
    *plan.target.protection = protection;
    plan.steps[0].direction = direction;
    let report = Report::Plan(Ok(planned(plan)));
    answer(&mut model, ticket(&effects), report);
    model
}

fn live() -> Protection {
    Protection {
        profile: Some("live".into()),
        ..Protection::default()
    }
}

#[test]
fn the_word_is_the_name_of_the_production_profile() {
    for direction in [Direction::Apply, Direction::Rollback] {
        let mut model = asked("a", live(), direction);
        let frame = text(&model);
        assert!(frame.contains("of live (PRODUCTION)"), "{frame}");
        assert_eq!(press(&mut model, &["apply", "enter"]), []);
        let mut model = asked("a", live(), direction);
        let effects = press(&mut model, &["live", "enter"]);
        assert!(
            matches!(&effects[..], [Effect::Write { .. }]),
            "{effects:?}"
        );
    }
}

#[test]
fn a_dry_run_goes_to_scratch_or_to_production_as_it_is_answered() {
    let question = || asked("p", live(), Direction::Apply);
    let frame = text(&question());
    for part in [
        "This database is production (live).",
        "Start the dry run on a scratch database, or on production?",
        "s on scratch  t on this database  n, esc cancel",
    ] {
        assert!(frame.contains(part), "{part}\n{frame}");
    }
    // No plain yes runs anything there.
    assert_eq!(press(&mut question(), &["y", "enter"]), []);
    let mut model = question();
    let effects = press(&mut model, &["s"]);
    assert!(
        matches!(&effects[..], [Effect::Write { write: Write::RehearseOnScratch(found), .. }] if found.steps.len() == 1),
        "{effects:?}"
    );
    let frame = text(&model);
    assert!(
        frame.contains("a scratch database on this machine"),
        "{frame}"
    );
    let effects = press(&mut question(), &["t"]);
    assert!(
        matches!(
            &effects[..],
            [Effect::Write {
                write: Write::Rehearse(_),
                ..
            }]
        ),
        "{effects:?}"
    );
    let mut model = question();
    assert_eq!(press(&mut model, &["n"]), []);
    assert!(model.running.is_none() && model.dialogs.is_empty());
}

#[test]
fn a_report_of_scratch_says_where_it_ran() {
    let mut model = asked("p", live(), Direction::Apply);
    let effects = press(&mut model, &["s"]);
    let report = DryRun {
        on: Environment::Scratch,
        ..rehearsal()
    };
    let report = Report::Rehearsed(Ok(Box::new(report)));
    answer(&mut model, ticket(&effects), report);
    let frame = text(&model);
    for part in ["on a scratch database", "Nothing ran on this database"] {
        assert!(frame.contains(part), "{part}\n{frame}");
    }
    // What it has seen there is told of nothing that would run here.
    press(&mut model, &["esc"]);
    let effects = press(&mut model, &["a"]);
    let mut same = plan();
    *same.target.protection = live();
    answer(
        &mut model,
        ticket(&effects),
        Report::Plan(Ok(planned(same))),
    );
    let frame = text(&model);
    assert!(
        frame.contains("none on this database, only on a scratch one; p makes one"),
        "{frame}"
    );
    assert!(!frame.contains("goal: 12 rows"), "{frame}");
    assert!(model.tried.is_none());
}

#[test]
fn another_database_than_before_runs_nothing_and_says_how_to_accept_it() {
    let replaced = Protection {
        replaced: Some("live".into()),
        ..live()
    };
    let mut model = asked("a", replaced, Direction::Apply);
    let frame = text(&model);
    for part in ["production profile live", "--accept-database"] {
        assert!(frame.contains(part), "{part}\n{frame}");
    }
    assert_eq!(press(&mut model, &["live", "enter"]), []);
    let replaced = Protection {
        replaced: Some("live".into()),
        ..live()
    };
    let mut model = asked("p", replaced, Direction::Apply);
    assert!(
        text(&model).contains("--accept-database"),
        "{}",
        text(&model)
    );
    assert_eq!(press(&mut model, &["s"]), []);
    assert!(model.running.is_none());
}
