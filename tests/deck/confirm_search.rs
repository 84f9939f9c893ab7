//! The search inside a question.

use crate::fixture::{answer, answer_all, filled, plan, planned, press, read_on, text, ticket};
use supadeck::app::dialog::Dialog;
use supadeck::app::effect::{Effect, Write};
use supadeck::app::model::Model;
use supadeck::app::msg::{Msg, Report};
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
    press(&mut model, &["/", "t199", "esc"]);
    let frame = text(&model);
    assert!(
        frame.contains("t199") && frame.contains("not shown yet"),
        "{frame}"
    );
    assert_eq!(press(&mut model, &["apply", "enter"]), []);
}
