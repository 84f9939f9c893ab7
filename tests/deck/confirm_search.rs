//! The search inside a question.

use crate::fixture::{answer, answer_all, filled, plan, planned, press, read_on, text, ticket};
use supadeck::app::dialog::Dialog;
use supadeck::app::effect::{Effect, Write};
use supadeck::app::model::Model;
use supadeck::app::msg::{Msg, Planned, Report};
use supadeck::app::update;
use supadeck::domain::migration::Plan;

fn asked(size: (u16, u16), statements: &[String]) -> (Model, Plan) {
    let mut model = filled(size);
    let effects = press(&mut model, &["2", "G"]);
    answer_all(&mut model, effects);
    let effects = press(&mut model, &["a"]);
    let mut wanted = plan();
    wanted.steps[0].statements = statements.iter().map(String::as_str).collect();
    answer(
        &mut model,
        ticket(&effects),
        Report::Plan(Ok(planned(wanted.clone()))),
    );
    (model, wanted)
}

fn some(count: usize) -> Vec<String> {
    (0..count)
        .map(|n| format!("create table t{n} (id int)"))
        .collect()
}

#[test]
fn a_question_counts_its_statements_and_is_searched() {
    let (mut model, _) = asked((100, 24), &some(60));
    let frame = text(&model);
    assert!(frame.contains("60 statements of 1 file"), "{frame}");
    press(&mut model, &["/", "T4"]);
    let frame = text(&model);
    assert!(
        frame.contains("1 of 11") && frame.contains("create table t4 "),
        "{frame}"
    );
    press(&mut model, &["enter"]);
    let frame = text(&model);
    assert!(
        frame.contains("2 of 11") && frame.contains("create table t40 "),
        "{frame}"
    );
    insta::assert_snapshot!("confirm_search_100x24", frame);
    press(&mut model, &["up", "up"]);
    assert!(text(&model).contains("11 of 11"), "{}", text(&model));
    press(&mut model, &["x"]);
    assert!(
        text(&model).contains("not in what will run"),
        "{}",
        text(&model)
    );
    press(&mut model, &["esc"]);
    assert!(
        matches!(model.dialogs.last(), Some(Dialog::Confirm(_))),
        "the question stays"
    );
}

#[test]
fn nothing_that_is_typed_into_the_search_answers() {
    let (mut model, wanted) = asked((120, 40), &some(2));
    read_on(&mut model);
    for keys in [
        &["/", "apply", "enter", "enter"][..],
        &["esc", "ctrl-f", "apply", "enter"],
    ] {
        assert_eq!(press(&mut model, keys), []);
        assert!(model.running.is_none());
    }
    update(&mut model, Msg::Pasted("apply".into()));
    assert_eq!(press(&mut model, &["enter"]), []);
    let effects = press(&mut model, &["esc", "apply", "enter"]);
    assert!(
        matches!(&effects[..], [Effect::Write { write: Write::Migrate(found), .. }] if *found == wanted),
        "{effects:?}"
    );
}

#[test]
fn what_a_search_leads_over_still_has_to_be_seen() {
    let (mut model, _) = asked((100, 24), &some(200));
    press(&mut model, &["/", "t150", "esc"]);
    let frame = text(&model);
    assert!(
        frame.contains("t150") && frame.contains("Scroll to the end to confirm."),
        "{frame}"
    );
    assert_eq!(press(&mut model, &["apply", "enter"]), []);
}

/// Of megabytes the question is an outline: risks and short statements stand there as they are, and what a line stands for is found and
/// shown.
#[test]
fn a_question_of_megabytes_is_an_outline_in_which_all_is_found_and_shown() {
    let mut statements = vec![
        "create table t (id int)".to_owned(),
        "create function f() returns int language sql as $$\nselect 1\n$$".to_owned(),
    ];
    for row in 0..150 {
        let value = format!("needle{row} ").repeat(1_000);
        statements.push(format!("insert into t values ({row}, '{value}')"));
    }
    statements.push("drop table gone cascade".to_owned());
    for size in [(120, 40), (80, 24), (60, 14)] {
        let (mut model, wanted) = asked(size, &statements);
        let frames = read_on(&mut model);
        assert!(frames.len() < 30, "{}", frames.len());
        press(&mut model, &["end"]);
        let all = frames.concat() + &text(&model);
        for part in [
            "create table t (id int);",
            "create function f, ",
            "insert into t, 150",
            "drop table gone cascade;",
        ] {
            assert!(all.contains(part), "{size:?} {part}: {all}");
        }
        assert!(!all.contains("needle"), "{all}");
        // Found in what a line stands for, and shown whole.
        press(&mut model, &["/", "needle149 needle149"]);
        assert!(text(&model).contains("1 of 1"), "{}", text(&model));
        assert!(
            text(&model).contains("insert into t, 150"),
            "{}",
            text(&model)
        );
        press(&mut model, &["esc", "ctrl-o"]);
        assert!(
            matches!(model.dialogs.last(), Some(Dialog::Statement(_))),
            "{}",
            text(&model)
        );
        let frame = text(&model);
        assert!(
            frame.contains("insert into t values (0") || frame.contains("create function f()"),
            "{frame}"
        );
        let effects = press(&mut model, &["esc", "apply", "enter"]);
        assert!(
            matches!(&effects[..], [Effect::Write { write: Write::Migrate(found), .. }] if *found == wanted),
            "{}",
            text(&model)
        );
    }
}

/// Where nobody looked for risks a line stands for rows alone: what else could do something is read as it is.
#[test]
fn where_nobody_looked_for_risks_an_outline_hides_rows_alone() {
    let rows = "(1, 'x'), ".repeat(120_000);
    let statements = [
        format!("insert into t values {rows}(2, 'y')"),
        format!(
            "insert into t values {}(2, gone())",
            "(1, 'x'), ".repeat(20)
        ),
        "do $$ begin perform\ngone(); end $$".to_owned(),
    ];
    let mut model = filled((120, 40));
    let effects = press(&mut model, &["2", "G"]);
    answer_all(&mut model, effects);
    let effects = press(&mut model, &["a"]);
    let mut wanted = plan();
    wanted.steps[0].statements = statements.iter().map(String::as_str).collect();
    let planned = Planned {
        plan: wanted,
        risks: None,
    };
    answer(&mut model, ticket(&effects), Report::Plan(Ok(planned)));
    let all = read_on(&mut model).concat();
    for part in ["insert into t, 1.1 MB", "gone());", "gone(); end $$"] {
        assert!(all.contains(part), "{part}: {all}");
    }
}
