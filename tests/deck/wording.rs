//! What the deck says: that it is true where nothing was lost, and that it is said where one needs it.

use crate::fixture::{answer, filled, plan, planned, press, target, text, ticket};
use supadeck::app::command::{Command, Context, TABLE};
use supadeck::app::effect::{Effect, Load};
use supadeck::app::model::{Model, Screen};
use supadeck::app::msg::{Msg, Report};
use supadeck::app::update;
use supadeck::domain::migration::{
    Direction, Entry, Outcome, Plan, RollbackFile, State, StepEnd, StepReport,
};
use supadeck::domain::problem::{Kind, Problem};
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

#[test]
fn a_refused_plan_says_what_was_asked_for_and_names_keys() {
    let refused = |hint: &str| {
        let problem = Problem::new(Kind::Conflict, "Pending versions are older.", "");
        Report::Plan(Err(problem.with_hint(hint)))
    };
    let order = "Apply them with `--include-out-of-order`, or give the files a newer version with `supadeck migration renumber 1_a.sql`.";
    let file = "Write rollback/1_a.sql beside the migrations.";
    for (keys, title, hint, part) in [
        (
            ["G", "a"],
            "Apply: not done",
            order,
            "Select one of them: a applies it all the same, w gives it a newer version.",
        ),
        (
            ["G", "p"],
            "Dry run: not done",
            order,
            "Select one of them: a applies it",
        ),
        (
            ["g", "u"],
            "Roll back: not done",
            file,
            "Press n to make rollback/1_a.sql.",
        ),
    ] {
        let mut model = filled((120, 40));
        press(&mut model, &["2"]);
        let effects = press(&mut model, &keys);
        answer(&mut model, ticket(&effects), refused(hint));
        let frame = text(&model);
        assert!(frame.contains(title), "{frame}");
        let words: Vec<&str> = frame
            .split_whitespace()
            .filter(|word| *word != "│")
            .collect();
        let words = words.join(" ");
        assert!(
            words.contains(part) && !words.contains("--include"),
            "{words}"
        );
    }
}

#[test]
fn what_cannot_be_rolled_back_is_not_offered_to_be() {
    let mut model = filled((120, 40));
    press(&mut model, &["2", "g"]);
    let rows = model.migrations.table.remote.held_mut().unwrap();
    for entry in rows.iter_mut() {
        entry.way_back = RollbackFile::Missing;
        entry.reversible = false;
    }
    let newest = rows
        .iter()
        .rposition(|entry| entry.recorded.is_some())
        .unwrap();
    for _ in 0..newest {
        press(&mut model, &["j"]);
    }
    let footer = text(&model).lines().last().unwrap().to_owned();
    assert!(
        !footer.contains("roll this back") && !footer.contains("dry run of its"),
        "{footer}"
    );
    let effects = press(&mut model, &["u"]);
    assert!(
        !effects
            .iter()
            .any(|effect| matches!(effect, Effect::Load { .. })),
        "{effects:?}"
    );
    assert!(
        text(&model).contains("has no rollback file; make one first."),
        "{}",
        text(&model)
    );
}

#[test]
fn a_key_without_anything_to_act_on_says_why() {
    let mut model = filled((120, 40));
    press(&mut model, &["7", "t"]);
    assert!(
        text(&model).contains("he clock of this machine is UTC too"),
        "{}",
        text(&model)
    );
    let effects = press(&mut model, &["r"]);
    let empty = supadeck::domain::audit::Page::default();
    answer(&mut model, ticket(&effects), Report::Audit(Ok(empty)));
    press(&mut model, &["H"]);
    assert!(
        text(&model).contains("here is no record here"),
        "{}",
        text(&model)
    );
    press(&mut model, &["9", "H"]);
    assert!(
        text(&model).contains("pen a table first"),
        "{}",
        text(&model)
    );
}

#[test]
fn what_is_wrong_comes_before_what_is_right_and_is_not_cut() {
    for size in [(120, 40), (80, 24)] {
        let mut model = filled(size);
        let rows = model.migrations.table.remote.held_mut().unwrap();
        let one = rows[0].clone();
        for state in [
            State::OutOfOrder,
            State::Edited,
            State::Missing,
            State::Invalid,
        ] {
            rows.push(Entry {
                state,
                ..one.clone()
            });
        }
        press(&mut model, &["1"]);
        let frame = text(&model);
        for state in [
            "invalid",
            "missing",
            "edited",
            "out_of_order",
            "pending",
            "applied",
        ] {
            assert!(
                frame.contains(&format!(" {state}")),
                "{state} {size:?}\n{frame}"
            );
        }
        let place = |word: &str| frame.find(word).unwrap();
        assert!(place("1 invalid") < place("1 pending"), "{frame}");
    }
}

#[test]
fn the_time_of_the_read_stays_before_the_name_of_the_program() {
    let mut model = filled((80, 24));
    model.project.as_mut().unwrap().name = "planning of the whole team".into();
    let header = text(&model).lines().next().unwrap().to_owned();
    assert!(
        header.contains("read 11:22:33 UTC") && !header.contains("supadeck"),
        "{header}"
    );
    assert!(
        header.contains("alice@example.com") && header.contains("RLS on"),
        "{header}"
    );
}
