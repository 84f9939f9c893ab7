//! What the deck says: that it is true where nothing was lost, and that it is said where one needs it.

use crate::fixture::{answer, filled, plan, planned, press, target, text, ticket};
use supadeck::app::command::{Command, Context, TABLE};
use supadeck::app::effect::{Effect, Load};
use supadeck::app::model::{Model, Screen};
use supadeck::app::msg::{Msg, Report};
use supadeck::app::update;
use supadeck::domain::migration::{Direction, Outcome, Plan, StepEnd, StepReport};
use supadeck::domain::problem::Problem;
use supadeck::domain::seed::{SeedEntry, SeedListing, SeedState, StaleSeed};

const GONE: &str = "cannot be brought back";

/// A rollback of these statements, as it is asked about.
fn rollback(statements: &[&str]) -> String {
    let mut plan: Plan = plan();
    plan.steps[0].direction = Direction::Rollback;
    plan.steps[0].statements = statements.iter().map(ToString::to_string).collect();
    let mut model = filled((120, 40));
    press(&mut model, &["2", "g"]);
    let effects = press(&mut model, &["u"]);
    answer(
        &mut model,
        ticket(&effects),
        Report::Plan(Ok(planned(plan))),
    );
    text(&model)
}

#[test]
fn a_rollback_speaks_of_lost_rows_only_where_it_loses_some() {
    for losing in [
        &["drop table goal"][..],
        &["drop function f()", "alter table goal drop column unit"],
        &["truncate goal"],
    ] {
        let frame = rollback(losing);
        assert!(frame.contains(GONE), "{losing:?}\n{frame}");
    }
    for keeping in [
        &["drop function f()"][..],
        &["drop policy p on goal", "drop trigger t on goal"],
        &["drop index goal_type"],
    ] {
        let frame = rollback(keeping);
        assert!(!frame.contains(GONE), "{keeping:?}\n{frame}");
        assert!(frame.contains("No statement drops or empties"), "{frame}");
    }
    let empty = rollback(&[]);
    assert!(empty.contains("There is no statement to run"), "{empty}");
}

#[test]
fn a_seed_that_outlived_its_rows_says_so() {
    let mut model = filled((120, 40));
    let effects = press(&mut model, &["3", "r"]);
    let ticket = effects.iter().find_map(|effect| match effect {
        Effect::Load { ticket, load, .. } if *load == Load::Seeds => Some(*ticket),
        _ => None,
    });
    let path = "seeds/010_accounts.sql".to_owned();
    let listing = SeedListing {
        entries: vec![SeedEntry {
            path: path.clone(),
            state: SeedState::Applied,
            hash: None,
            file: None,
        }],
        stale: vec![StaleSeed {
            path,
            version: "20251004123000".into(),
            at: None,
        }],
        target: target(),
        notes: Vec::new(),
    };
    answer(&mut model, ticket.unwrap(), Report::Seeds(Ok(listing)));
    let frame = text(&model);
    for part in [
        "! applied",
        "before version 20251004123000 was rolled",
        "may be gone",
    ] {
        assert!(frame.contains(part), "{part}\n{frame}");
    }
    press(&mut model, &["1"]);
    let home = text(&model);
    assert!(home.contains("! 1 ran before a rollback"), "{home}");
}

#[test]
fn a_run_that_was_cancelled_is_not_said_to_have_failed() {
    let mut model = filled((120, 40));
    press(&mut model, &["2", "G"]);
    let effects = press(&mut model, &["a"]);
    answer(
        &mut model,
        ticket(&effects),
        Report::Plan(Ok(planned(plan()))),
    );
    let effects = press(&mut model, &["apply", "enter"]);
    let step = &plan().steps[0];
    let outcome = Outcome {
        steps: vec![StepReport {
            version: step.version.clone(),
            name: step.name.clone(),
            direction: step.direction,
            end: StepEnd::RolledBack,
            took: std::time::Duration::ZERO,
            waited: std::time::Duration::ZERO,
            notices: Vec::new(),
            statement: None,
        }],
        problem: Some(Problem::cancelled("It was stopped.")),
        target: target(),
        history: Some(vec!["1".into()]),
    };
    answer(&mut model, ticket(&effects), Report::Migrated(Ok(outcome)));
    let frame = text(&model);
    for part in [
        "audit_trail: cancelled",
        "cancelled    20251004130000",
        "Checked: 1 migration applied",
    ] {
        assert!(frame.contains(part), "{part}\n{frame}");
    }
}

#[test]
fn help_says_how_it_is_closed_and_that_there_is_more() {
    let mut model = filled((80, 24));
    press(&mut model, &["?"]);
    let frame = text(&model);
    for part in ["esc close", "Lines 1 to 18 of ", "home and end scroll"] {
        assert!(frame.contains(part), "{part}\n{frame}");
    }
    // At the end one key up moves, however often one went down.
    press(&mut model, &["pgdn"; 20]);
    let last = text(&model);
    assert!(last.contains("supadeck --help"), "{last}");
    press(&mut model, &["up"]);
    assert_ne!(text(&model), last);
    let mut model = filled((120, 130));
    press(&mut model, &["?"]);
    let frame = text(&model);
    assert!(
        frame.contains("esc close") && !frame.contains("scroll."),
        "{frame}"
    );
}

#[test]
fn the_footer_says_how_far_a_rollback_goes() {
    let mut model = filled((120, 40));
    press(&mut model, &["2", "g"]);
    let frame = text(&model);
    assert!(frame.contains("u roll back to here"), "{frame}");
    // The newest applied one goes itself.
    press(&mut model, &["j", "j"]);
    let frame = text(&model);
    assert!(
        frame.contains("u roll this back") && !frame.contains("roll back to here"),
        "{frame}"
    );
}

#[test]
fn help_and_the_palette_do_not_cut_their_texts() {
    for size in [(120, 160), (80, 160)] {
        let mut model = filled(size);
        press(&mut model, &["?"]);
        let help = text(&model);
        assert!(!help.contains('…'), "{help}");
        // Without borders and breaks every title is there.
        let words = help.split_whitespace().filter(|word| *word != "│");
        let words = words.collect::<Vec<_>>().join(" ");
        for spec in TABLE {
            assert!(words.contains(spec.title), "{}\n{help}", spec.title);
        }
    }
    for size in [(120, 40), (80, 24)] {
        for spec in TABLE.iter().filter(|spec| spec.context != Context::Dialog) {
            if spec.command == Command::Palette {
                continue;
            }
            let mut model = filled(size);
            press(&mut model, &["ctrl-p"]);
            update(&mut model, Msg::Pasted(spec.title.into()));
            let frame = text(&model);
            let shown = frame.lines().filter(|line| line.contains(spec.title));
            assert!(shown.count() >= 2, "{}\n{frame}", spec.title);
        }
    }
}

#[test]
fn the_palette_says_in_full_why_the_selected_command_cannot_run() {
    for size in [(120, 40), (80, 24)] {
        let mut model = filled(size);
        model.project.as_mut().unwrap().has_database = false;
        press(&mut model, &["2", "ctrl-p", "migration.apply"]);
        let frame = text(&model);
        let words = frame.split_whitespace().filter(|word| *word != "│");
        let words = words.collect::<Vec<_>>().join(" ");
        assert!(
            words.contains("It cannot run now: no database URL is known, and no access token; set SUPABASE_DB_URL or SUPABASE_ACCESS_TOKEN."),
            "{frame}"
        );
    }
}

#[test]
fn the_current_screen_is_always_among_the_tabs() {
    for (_, title, command) in &Screen::ALL {
        let key = supadeck::app::keymap::Keymap::default().first_key(*command);
        for width in [24, 50, 79, 80] {
            let mut model: Model = filled((width, 24));
            press(&mut model, &[&key]);
            let frame = text(&model);
            let tabs = frame.lines().nth(1).unwrap();
            assert!(tabs.contains(title), "{width}\n{frame}");
        }
    }
}

#[test]
fn bars_and_signs_of_weeks_are_explained() {
    let mut model = filled((120, 40));
    for (screen, part) in [
        ("1", "on target (85 %)"),
        ("4", "on target from 85 %"),
        ("4", "■ locked"),
    ] {
        press(&mut model, &[screen]);
        assert!(text(&model).contains(part), "{part}\n{}", text(&model));
    }
}
