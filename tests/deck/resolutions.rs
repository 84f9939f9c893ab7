//! Looking before and mending after: dry runs, differences, risks in the confirmation, and ways out of a state.

use crate::fixture::{
    answer, answer_all, filled, plan, planned, press, read_on, target, text, ticket,
};
use crate::samples::{edited, rehearsal};
use supadeck::app::effect::{Effect, Fix, Load, Write};
use supadeck::app::msg::Report;
use supadeck::domain::dry_run::{End, Report as Rehearsal, StatementReport, StepReport};
use supadeck::domain::migration::Plan;
use supadeck::domain::migration::difference::{Change, Difference, Line, Piece};
use supadeck::domain::migration::resolution::Correction;
use supadeck::domain::migration::{Direction, PlanRequest, State};
use supadeck::domain::problem::{Kind, Problem};

/// A dry run whose second statement failed; a second file was not reached.
fn stopped() -> Rehearsal {
    let problem = Problem::new(
        Kind::Database,
        "20251004130000_audit_trail.sql cannot be dry-run.",
        "Relation \"nowhere\" does not exist.",
    );
    let statement = |number, sql: &str, problem| StatementReport {
        statement: number,
        line: None,
        sql: sql.into(),
        took_ms: 0,
        rows: 0,
        notices: Vec::new(),
        locks: Vec::new(),
        rewrites: Vec::new(),
        changed: Vec::new(),
        problem,
    };
    let step = |version: &str, end, statements| StepReport {
        version: version.into(),
        name: "audit_trail".into(),
        direction: Direction::Apply,
        end,
        took_ms: 0,
        statements,
        left_out: Vec::new(),
        difference: None,
        note: None,
    };
    let long = "create table y (\n  -- a key\n  id int primary key,\n  name text not null,\n  \
                described_at_length text not null default 'nothing'\n)";
    let statements = vec![
        statement(1, long, None),
        statement(2, "select * from nowhere", Some(problem.clone())),
    ];
    Rehearsal {
        steps: vec![
            step("20251004130000", End::Failed, statements),
            step("20251004140000", End::NotReached, Vec::new()),
        ],
        losses: Vec::new(),
        problem: Some(problem),
        ..rehearsal()
    }
}

#[test]
fn files_that_are_no_migrations_are_named_below_the_list() {
    for (size, is_named) in [((120, 40), true), ((120, 9), false)] {
        let mut model = filled(size);
        for effect in press(&mut model, &["2", "r"]) {
            let Effect::Load { ticket, load, .. } = effect else {
                continue;
            };
            let mut report = crate::fixture::report(&load);
            if let Report::Migrations(Ok(listing)) = &mut report {
                listing.skipped = vec!["notes\u{1b}.sql: the name must look otherwise.".into()];
            }
            let more = answer(&mut model, ticket, report);
            answer_all(&mut model, more);
        }
        let frame = text(&model);
        assert!(frame.contains("1 file skipped"), "{frame}");
        let why = frame.contains("Skipped: notes") && frame.contains("otherwise.");
        assert_eq!(why, is_named, "{frame}");
    }
}

#[test]
fn a_rehearsal_runs_the_plan_and_shows_what_would_be_lost() {
    let mut model = filled((120, 40));
    press(&mut model, &["2", "G"]);
    let effects = press(&mut model, &["p"]);
    assert!(
        matches!(
            &effects[..],
            [Effect::Load {
                load: Load::Plan(PlanRequest::Apply { .. }),
                ..
            }]
        ),
        "{effects:?}"
    );
    let effects = answer(
        &mut model,
        ticket(&effects),
        Report::Plan(Ok(planned(plan()))),
    );
    assert!(
        matches!(&effects[..], [Effect::Write { write: Write::Rehearse(found), .. }] if *found == plan()),
        "{effects:?}"
    );
    assert!(text(&model).contains("statement 1 of"), "{}", text(&model));
    let report = Report::Rehearsed(Ok(Box::new(rehearsal())));
    answer(&mut model, ticket(&effects), report);
    let frame = text(&model);
    for part in [
        "nothing was changed",
        "What is lost",
        "12 rows lost: table public.goal is dropped",
    ] {
        assert!(frame.contains(part), "{part} is missing in\n{frame}");
    }
}

#[test]
fn a_rehearsal_that_stopped_says_so_and_reassures_nobody() {
    for size in [(120, 40), (80, 24)] {
        let mut model = filled(size);
        press(&mut model, &["2", "G"]);
        let effects = press(&mut model, &["p"]);
        let planned = Report::Plan(Ok(planned(plan())));
        let effects = answer(&mut model, ticket(&effects), planned);
        let report = Report::Rehearsed(Ok(Box::new(stopped())));
        answer(&mut model, ticket(&effects), report);
        insta::assert_snapshot!(
            format!("rehearsal_failed_{}x{}", size.0, size.1),
            text(&model)
        );
    }
}

#[test]
fn a_file_that_was_not_rehearsed_is_said_first_and_in_the_title() {
    let skipped = StepReport {
        version: "20251004130000".into(),
        name: "audit_trail".into(),
        direction: Direction::Apply,
        end: End::Skipped,
        took_ms: 0,
        statements: Vec::new(),
        difference: None,
        note: Some("It builds an index concurrently.".into()),
        left_out: Vec::new(),
    };
    let mut model = filled((120, 40));
    press(&mut model, &["2", "G"]);
    let effects = press(&mut model, &["p"]);
    let planned = Report::Plan(Ok(planned(plan())));
    let effects = answer(&mut model, ticket(&effects), planned);
    let report = Rehearsal {
        steps: vec![skipped],
        losses: Vec::new(),
        ..rehearsal()
    };
    let report = Report::Rehearsed(Ok(Box::new(report)));
    answer(&mut model, ticket(&effects), report);
    let frame = text(&model);
    for part in ["NOT RUN", "--on scratch", "What is lost", "Not known of"] {
        assert!(frame.contains(part), "{part} is missing in\n{frame}");
    }
    for part in ["Nothing in", "No table", "No data", "Dry run on"] {
        assert!(!frame.contains(part), "{part} is in\n{frame}");
    }
}

#[test]
fn an_applied_migration_rehearses_its_rollback() {
    let mut model = filled((120, 40));
    press(&mut model, &["2", "g"]);
    let effects = press(&mut model, &["p"]);
    assert!(
        matches!(
            &effects[..],
            [Effect::Load {
                load: Load::Plan(PlanRequest::RollbackTo { .. }),
                ..
            }]
        ),
        "{effects:?}"
    );
}

#[test]
fn nothing_is_dry_run_on_production_by_a_plain_yes() {
    let mut model = filled((120, 40));
    model.project.as_mut().unwrap().is_production = true;
    press(&mut model, &["2", "G"]);
    let effects = press(&mut model, &["p"]);
    answer(
        &mut model,
        ticket(&effects),
        Report::Plan(Ok(planned(plan()))),
    );
    assert!(
        text(&model).contains("s on scratch  t on this database"),
        "{}",
        text(&model)
    );
    assert_eq!(press(&mut model, &["y", "enter"]), []);
    assert!(model.running.is_none());
    let effects = press(&mut model, &["s"]);
    assert!(
        matches!(
            &effects[..],
            [Effect::Write {
                write: Write::RehearseOnScratch(_),
                ..
            }]
        ),
        "{effects:?}"
    );
}

#[test]
fn a_plan_after_a_rehearsal_is_asked_about_again() {
    let mut model = filled((120, 40));
    press(&mut model, &["2", "G"]);
    let effects = press(&mut model, &["p"]);
    answer(
        &mut model,
        ticket(&effects),
        Report::Plan(Err(Problem::new(Kind::Network, "No.", ""))),
    );
    press(&mut model, &["esc"]);
    let effects = press(&mut model, &["a"]);
    let effects = answer(
        &mut model,
        ticket(&effects),
        Report::Plan(Ok(planned(plan()))),
    );
    assert!(
        effects.is_empty(),
        "nothing runs before the word: {effects:?}"
    );
    assert!(
        text(&model).contains("To confirm, type “apply”"),
        "{}",
        text(&model)
    );
}

#[test]
fn risks_stand_above_their_statements_before_anything_runs() {
    let mut model = filled((120, 40));
    press(&mut model, &["2", "G"]);
    let effects = press(&mut model, &["a"]);
    let mut risky: Plan = plan();
    risky.steps[0].statements = ["-- why\ndrop table goal"].iter().collect();
    answer(
        &mut model,
        ticket(&effects),
        Report::Plan(Ok(planned(risky))),
    );
    let frame = text(&model);
    assert!(frame.contains("risk      loses data"), "{frame}");
    let (mark, statement) = (
        frame.find("-- ! loses data"),
        frame.find("drop table goal;"),
    );
    assert!(mark.is_some() && mark < statement, "{frame}");
}

#[test]
fn a_key_jumps_from_risk_to_risk_while_the_word_can_be_typed() {
    for size in [(120, 40), (80, 24)] {
        let mut model = filled(size);
        press(&mut model, &["2", "G"]);
        let effects = press(&mut model, &["a"]);
        let mut risky: Plan = plan();
        let quiet = "insert into goal values (1)";
        let mut statements = vec![quiet; 200];
        for at in [60, 120, 180] {
            statements[at] = "drop table goal";
        }
        risky.steps[0].statements = statements.into_iter().collect();
        let report = Report::Plan(Ok(planned(risky)));
        answer(&mut model, ticket(&effects), report);
        assert!(
            text(&model).contains("ctrl-r next not shown"),
            "{}",
            text(&model)
        );
        read_on(&mut model);
        press(&mut model, &["home"]);
        assert!(
            text(&model).contains("ctrl-r next risk (of 3)"),
            "{}",
            text(&model)
        );
        for (key, at) in [
            ("ctrl-r", 1),
            ("ctrl-r", 2),
            ("ctrl-r", 3),
            ("ctrl-r", 1),
            ("ctrl-t", 3),
        ] {
            press(&mut model, &[key]);
            let frame = text(&model);
            assert!(frame.contains(&format!("next risk ({at} of 3)")), "{frame}");
            assert!(frame.contains("-- ! loses data"), "{frame}");
            assert!(frame.contains("drop table goal;"), "{frame}");
        }
        let effects = press(&mut model, &["apply", "enter"]);
        assert!(
            matches!(effects.as_slice(), [Effect::Write { .. }]),
            "{effects:?}"
        );
    }
}

#[test]
fn everything_is_rolled_back_from_the_first_migration_only_and_by_other_words() {
    let mut model = filled((80, 24));
    press(&mut model, &["2", "G", "U"]);
    let frame = text(&model);
    assert!(
        frame.contains("Select 20251004123000, the first applied"),
        "{frame}"
    );
    press(&mut model, &["g"]);
    let frame = text(&model);
    assert!(
        frame.contains("u roll back to here  U roll back everything"),
        "{frame}"
    );
    let effects = press(&mut model, &["U"]);
    let [
        Effect::Load {
            load: Load::Plan(wish),
            ticket,
            ..
        },
    ] = effects.as_slice()
    else {
        panic!("{effects:?}")
    };
    let all = PlanRequest::RollbackTo {
        version: "0".into(),
    };
    assert_eq!(*wish, all);
    let mut undone: Plan = plan();
    undone.steps[0].direction = Direction::Rollback;
    undone.steps.push(undone.steps[0].clone());
    undone.steps[1].version = "20251004123000".into();
    undone.steps[1].name = "core_schema".into();
    undone.history.push("20251004130000".into());
    answer(&mut model, *ticket, Report::Plan(Ok(planned(undone))));
    let frame = read_on(&mut model).concat();
    for part in [
        "Roll back everything: 2 migrations",
        "2 migrations: audit_trail, core_schema",
        "no migration applied",
        "To confirm, type “rollback everything”",
    ] {
        assert!(frame.contains(part), "{part}\n{frame}");
    }
    // The words of a lesser rollback do not do.
    press(&mut model, &["rollback", "space", "2", "enter"]);
    assert!(
        text(&model).contains("Nothing has run."),
        "{}",
        text(&model)
    );
}

#[test]
fn a_rollback_to_a_version_says_what_it_undoes_and_what_stays() {
    let mut model = filled((80, 24));
    press(&mut model, &["2", "g"]);
    let effects = press(&mut model, &["u"]);
    let [
        Effect::Load {
            load: Load::Plan(wish),
            ticket,
            ..
        },
    ] = effects.as_slice()
    else {
        panic!("{effects:?}")
    };
    let to = PlanRequest::RollbackTo {
        version: "20251004123000".into(),
    };
    assert_eq!(*wish, to);
    let mut undone: Plan = plan();
    undone.steps[0].direction = Direction::Rollback;
    undone.history.push("20251004130000".into());
    answer(&mut model, *ticket, Report::Plan(Ok(planned(undone))));
    let frame = read_on(&mut model).concat();
    for part in [
        "1 migration: audit_trail",
        "at 20251004123000",
        "To confirm, type “rollback 1”",
    ] {
        assert!(frame.contains(part), "{part}\n{frame}");
    }
}

#[test]
fn a_difference_shows_what_was_applied_and_what_the_file_says() {
    let mut model = filled((120, 40));
    press(&mut model, &["2", "g"]);
    let effects = press(&mut model, &["d"]);
    let line = |sign, text: &str| Line {
        sign,
        text: text.into(),
    };
    let difference = Difference {
        version: "20251004123000".into(),
        name: "core_schema".into(),
        state: State::Edited,
        differs: true,
        only_comments: false,
        statements: vec![Piece {
            change: Change::Changed,
            applied: Some(1),
            file: Some(1),
            lines: vec![
                line('-', "create table a ();"),
                line('+', "create table \u{1b}b ();"),
            ],
        }],
        note: None,
    };
    answer(
        &mut model,
        ticket(&effects),
        Report::Difference(Ok(difference)),
    );
    let frame = text(&model);
    assert!(
        frame.contains("- create table a ();") && frame.contains("b ();"),
        "{frame}"
    );
    assert!(!frame.contains('\u{1b}'), "{frame}");
}

#[test]
fn a_way_out_is_chosen_seen_confirmed_and_made() {
    let mut model = filled((120, 40));
    edited(&mut model);
    press(&mut model, &["w"]);
    assert!(
        text(&model).contains("Writes the file back."),
        "{}",
        text(&model)
    );
    let effects = press(&mut model, &["enter"]);
    assert!(
        matches!(&effects[..], [Effect::Load { load: Load::Fix(correction), .. }] if *correction == Correction::restore("20251004125000")),
        "{effects:?}"
    );
    let fix = Fix {
        number: 7,
        title: "Write it back".into(),
        word: "restore".into(),
        lines: vec!["a.sql will say:".into()],
        target: target(),
    };
    answer(&mut model, ticket(&effects), Report::Fix(Ok(fix.clone())));
    assert!(text(&model).contains("a.sql will say:"), "{}", text(&model));
    assert!(press(&mut model, &["yes", "enter"]).is_empty());
    press(&mut model, &["backspace", "backspace", "backspace"]);
    let effects = press(&mut model, &["restore", "enter"]);
    assert!(
        matches!(&effects[..], [Effect::Write { write: Write::Fix(made), .. }] if *made == fix),
        "{effects:?}"
    );
    let failed = Problem::new(
        Kind::Conflict,
        "Nothing was changed.",
        "It changed meanwhile.",
    );
    answer(&mut model, ticket(&effects), Report::Fixed(Err(failed)));
    assert!(
        text(&model).contains("It changed meanwhile."),
        "{}",
        text(&model)
    );
}

#[test]
fn a_way_that_wants_a_name_is_copied() {
    let mut model = filled((120, 40));
    edited(&mut model);
    press(&mut model, &["w"]);
    let frame = text(&model);
    assert!(frame.contains("enter see what it changes"), "{frame}");
    press(&mut model, &["down"]);
    let frame = text(&model);
    assert!(frame.contains("enter copy the command"), "{frame}");
    assert!(!frame.contains("see what it changes"), "{frame}");
    let effects = press(&mut model, &["enter"]);
    assert!(
        effects.iter().any(
            |effect| matches!(effect, Effect::Copy { what, text } if text.contains("--from-edited") && what.contains("NAME"))
        ),
        "{effects:?}"
    );
}

#[test]
fn what_a_way_does_is_not_cut() {
    let mut model = filled((80, 24));
    edited(&mut model);
    let rows = model.migrations.table.remote.held_mut().unwrap();
    let entry = rows.iter_mut().find(|entry| entry.state == State::Edited);
    entry.unwrap().ways[1].what =
        "Writes what was added into a new migration, and the file back as it was applied.".into();
    press(&mut model, &["w"]);
    let frame = text(&model);
    assert!(
        frame.contains("applied.") && !frame.contains('…'),
        "{frame}"
    );
    assert!(frame.contains("esc cancel"), "{frame}");
}

#[test]
fn a_version_in_order_needs_no_way_out() {
    let mut model = filled((120, 40));
    press(&mut model, &["2", "g"]);
    press(&mut model, &["w"]);
    assert!(
        text(&model).contains("Nothing to fix on this version."),
        "{}",
        text(&model)
    );
}
