//! A plan for a database that belongs to a production profile, whatever project is open.

use crate::fixture::{answer, filled, plan, planned, press, text, ticket};
use supadeck::app::effect::Effect;
use supadeck::app::model::Model;
use supadeck::app::msg::Report;
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
fn it_is_not_rehearsed_on() {
    let model = asked("p", live(), Direction::Apply);
    assert!(model.running.is_none() && model.dialogs.is_empty());
    assert!(
        text(&model).contains("ry runs do not run on production"),
        "{}",
        text(&model)
    );
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
}
