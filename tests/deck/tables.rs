//! The Tables screen: the list, the grid in both directions, a row, foreign keys there and back, filters, and who reads.

use crate::fixture::{answer, answer_all, filled, press, text, ticket};
use crate::table_fixture::GOALS;
use serde_json::{Value, json};
use supadeck::app::dialog::Dialog;
use supadeck::app::effect::{Effect, Load, Write};
use supadeck::app::model::{Focus, Model, Screen};
use supadeck::app::msg::{Msg, Report};
use supadeck::app::ticket::{Slot, Ticket};
use supadeck::app::update;
use supadeck::domain::access::rules::Verb as Access;
use supadeck::domain::access::viewer::Who;
use supadeck::domain::identity::Identity;
use supadeck::domain::problem::{Kind, Problem};
use supadeck::domain::query::{Direction, Filter};
use supadeck::domain::table::change::{RowChange, RowChanged};
use supadeck::domain::table::column_choice::{ColumnBook, ColumnChoice};
use supadeck::domain::table::export::{RowsFormat, TableExported};
use supadeck::domain::table::paging::{PageStart, RowsWanted};
use supadeck::domain::table::values::{Tally, ValueCounts};

fn keys(model: &mut Model, keys: &[&str]) {
    for key in keys {
        let effects = press(model, &[key]);
        answer_all(model, effects);
    }
}

/// A deck with the grid of goals open.
fn goals(size: (u16, u16)) -> Model {
    let mut model = filled(size);
    keys(&mut model, &["9", "j", "enter"]);
    model
}

fn id(model: &Model) -> u64 {
    let grid = model.browser.grid.as_ref().unwrap();
    grid.value("id").unwrap().as_u64().unwrap()
}

fn wanted(effects: &[Effect]) -> RowsWanted {
    let rows = effects.iter().find_map(|effect| match effect {
        Effect::Load {
            load: Load::Rows(wanted),
            ..
        } => Some((**wanted).clone()),
        _ => None,
    });
    rows.unwrap_or_else(|| panic!("{effects:?}"))
}

#[test]
fn the_list_says_what_one_may_do_and_what_is_open() {
    let mut model = filled((120, 40));
    keys(&mut model, &["9"]);
    let frame = text(&model);
    for told in [
        "goal",
        "~12,345",
        "on, 2 policies",
        "as its owner",
        "view",
        "2.8 MB",
    ] {
        assert!(frame.contains(told), "{told}:\n{frame}");
    }
    keys(&mut model, &["j", "j"]);
    let frame = text(&model);
    assert!(
        frame.contains("Row Level Security is off.") && frame.contains("␛[2J"),
        "{frame}"
    );
    insta::assert_snapshot!("tables_list_80x24", {
        let mut model = filled((80, 24));
        keys(&mut model, &["9"]);
        text(&model)
    });
}

#[test]
fn a_grid_at_three_sizes() {
    for size in [(120, 40), (80, 24), (60, 14)] {
        let model = goals(size);
        insta::assert_snapshot!(format!("grid_{}x{}", size.0, size.1), text(&model));
    }
    let mut model = goals((120, 40));
    keys(&mut model, &["enter"]);
    insta::assert_snapshot!("grid_row_120x40", text(&model));
}

#[test]
fn the_key_stays_in_view_and_columns_move() {
    let mut model = goals((60, 14));
    let frame = text(&model);
    assert!(
        frame.contains("id") && frame.contains("description"),
        "{frame}"
    );
    keys(&mut model, &["l", "l", "l", "l", "l", "l", "l", "l"]);
    let frame = text(&model);
    assert!(
        frame.contains("created_at") && !frame.contains("description"),
        "{frame}"
    );
    assert!(
        frame.lines().nth(3).unwrap().trim_start().starts_with("id"),
        "{frame}"
    );
    keys(&mut model, &["h", "h", "h", "h", "h", "h", "h"]);
    assert!(text(&model).contains("description"));
}

#[test]
fn pages_come_by_the_key_wherever_one_goes() {
    let mut model = goals((120, 40));
    assert_eq!(id(&model), 1);
    keys(&mut model, &["G"]);
    assert_eq!(id(&model), GOALS as u64);
    for _ in 0..40 {
        keys(&mut model, &["pgup"]);
    }
    assert!(id(&model) < 1_000);
    keys(&mut model, &["g"]);
    assert_eq!(id(&model), 1);
    for _ in 0..20 {
        keys(&mut model, &["pgdn"]);
    }
    let far = id(&model);
    assert!(far > 400, "{far}");
    assert!(model.browser.grid.as_ref().unwrap().held() <= 1_000);
}

#[test]
fn sorting_goes_to_the_server() {
    let mut model = goals((120, 40));
    keys(&mut model, &["l"]);
    let up = wanted(&press(&mut model, &["s"]));
    let first = |wanted: &RowsWanted| {
        (
            wanted.order.columns[0].name.clone(),
            wanted.order.columns[0].direction,
        )
    };
    assert_eq!(first(&up), ("description".to_owned(), Direction::Ascending));
    let down = wanted(&press(&mut model, &["s"]));
    assert_eq!(
        first(&down),
        ("description".to_owned(), Direction::Descending)
    );
    let none = wanted(&press(&mut model, &["s"]));
    assert_eq!(first(&none), ("id".to_owned(), Direction::Ascending));
}

#[test]
fn a_filter_is_completed_checked_and_sent() {
    let mut model = goals((120, 40));
    press(&mut model, &["/", "typ", "tab"]);
    let Some(Dialog::Filter(line)) = model.dialogs.last() else {
        panic!("{:?}", model.dialogs);
    };
    assert_eq!(line.field.text(), "type:");
    press(&mut model, &["pro", "tab"]);
    let effects = press(&mut model, &["enter"]);
    assert_eq!(
        wanted(&effects).filter,
        [Filter::eq("type", "professional")]
    );
    answer_all(&mut model, effects);
    press(&mut model, &["/", " weight:heavy", "enter"]);
    let frame = text(&model);
    assert!(frame.contains("a number"), "{frame}");
    press(&mut model, &["esc"]);
    let effects = press(&mut model, &["esc"]);
    assert!(wanted(&effects).filter.is_empty());
}

#[test]
fn a_foreign_key_is_followed_there_and_back() {
    let mut model = goals((120, 40));
    keys(&mut model, &["enter"]);
    assert_eq!(model.focus, Focus::Detail);
    let frame = text(&model);
    assert!(frame.contains("→ cycle"), "{frame}");
    keys(&mut model, &["j", "j", "j", "enter"]);
    let grid = model.browser.grid.as_ref().unwrap();
    assert_eq!(
        (grid.name.name.as_str(), grid.filter_text.as_str()),
        ("cycle", "id:2")
    );
    assert_eq!(id(&model), 2);
    // From there to the goals of the cycle, the other way round.
    keys(&mut model, &["enter", "j", "j", "enter"]);
    let grid = model.browser.grid.as_ref().unwrap();
    assert_eq!(
        (grid.name.name.as_str(), grid.filter_text.as_str()),
        ("goal", "cycle_id:2")
    );
    keys(&mut model, &["backspace"]);
    assert_eq!(model.browser.grid.as_ref().unwrap().name.name, "cycle");
    keys(&mut model, &["backspace"]);
    let grid = model.browser.grid.as_ref().unwrap();
    assert_eq!((grid.name.name.as_str(), grid.form.at), ("goal", 3));
    keys(&mut model, &["backspace"]);
    assert!(model.browser.grid.is_none());
}

#[test]
fn values_and_rows_are_copied_as_they_are() {
    let mut model = goals((120, 40));
    keys(&mut model, &["j", "l"]);
    let copied = |effects: Vec<Effect>| match effects.first() {
        Some(Effect::Copy { text, .. }) => text.clone(),
        other => panic!("{other:?}"),
    };
    let value = copied(press(&mut model, &["y"]));
    assert_eq!(value, "Run 2 km\u{1b}[31m\nevery week");
    let row = copied(press(&mut model, &["Y"]));
    let row: serde_json::Value = serde_json::from_str(&row).unwrap();
    assert_eq!(row["weight"].to_string(), "2.50");
    keys(&mut model, &["v"]);
    assert!(
        text(&model).contains("\"weight\": 2.50"),
        "{}",
        text(&model)
    );
}

#[test]
fn nothing_of_one_identity_is_shown_under_another() {
    let mut model = goals((120, 40));
    let old = press(&mut model, &["G"]);
    let effects = supadeck::app::execute::become_identity(&mut model, Identity::Anon);
    assert!(model.browser.grid.as_ref().unwrap().held() == 0);
    assert!(!text(&model).contains("Read 3 books"));
    // An answer that was under way for alice comes too late.
    answer_all(&mut model, old);
    assert_eq!(model.browser.grid.as_ref().unwrap().held(), 0);
    let denied = Problem::new(
        Kind::Denied,
        "anon may not read goal.",
        "A grant is missing.",
    );
    let described = effects.iter().find_map(|effect| match effect {
        Effect::Load {
            ticket,
            load: Load::TableInfo(name),
            ..
        } => Some((*ticket, name.clone())),
        _ => None,
    });
    let (described, name) = described.unwrap();
    let info = crate::table_fixture::info(&name);
    let effects = answer(&mut model, described, Report::TableInfo(Ok(Box::new(info))));
    answer(&mut model, ticket(&effects), Report::Rows(Err(denied)));
    let frame = text(&model);
    assert!(
        frame.contains("Not visible to anon.") && frame.contains("A grant is missing"),
        "{frame}"
    );
}

#[test]
fn an_audit_record_leads_to_its_row_and_a_row_to_its_records() {
    let mut model = filled((120, 40));
    keys(&mut model, &["7", "o"]);
    assert_eq!(model.screen, Screen::Tables);
    let grid = model.browser.grid.as_ref().unwrap();
    assert_eq!(grid.name.name, "plan_item");
    assert!(grid.filter_text.starts_with("id:"), "{}", grid.filter_text);
    let mut model = goals((120, 40));
    keys(&mut model, &["H"]);
    assert_eq!(model.screen, Screen::Audit);
    assert_eq!(model.audit.filter_text, "row:goal/1");
}

#[test]
fn a_click_selects_row_and_column() {
    let mut model = goals((120, 40));
    let rows = supadeck::app::layout::rows(model.panes().list);
    update(&mut model, Msg::Clicked(rows.x + 12, rows.y + 4));
    assert_eq!(id(&model), 5);
    assert!(model.browser.grid.as_ref().unwrap().column > 0);
}

#[test]
fn a_grid_holds_at_any_size() {
    for width in [1, 2, 5, 10, 20, 39, 61, 200] {
        for height in [1, 3, 6, 9, 14, 60] {
            let mut model = goals((width, height));
            text(&model);
            keys(
                &mut model,
                &["l", "j", "G", "h", "enter", "j", "v", "G", "esc", "g"],
            );
            text(&model);
        }
    }
}

fn write_effect(effects: &[Effect]) -> (Ticket, Vec<RowChange>) {
    let found = effects.iter().find_map(|effect| match effect {
        Effect::Write {
            ticket,
            write: Write::Rows(write),
            ..
        } => Some((*ticket, write.changes.clone())),
        _ => None,
    });
    found.unwrap_or_else(|| panic!("{effects:?}"))
}

/// Types a value in place of the one that is there.
fn type_value(model: &mut Model, text: &str) {
    press(model, &["e", "ctrl-u", text, "enter"]);
}

#[test]
fn changes_are_marked_shown_confirmed_and_written_in_one_go() {
    let mut model = goals((120, 40));
    keys(&mut model, &["l"]);
    type_value(&mut model, "Read two books");
    let frame = text(&model);
    assert!(
        frame.contains("1 change not written") && frame.contains("Read two books"),
        "{frame}"
    );
    keys(&mut model, &["j", "l"]);
    press(&mut model, &["e", "down", "enter"]);
    // The same value again is no change.
    keys(&mut model, &["j"]);
    press(&mut model, &["e", "enter"]);
    assert_eq!(model.browser.grid.as_ref().unwrap().marked(), 2);
    press(&mut model, &["w"]);
    let frame = text(&model);
    for told in [
        "PATCH goal, the row id 1",
        "→ Read two books",
        "alice@example.com",
        "type: personal → professional",
    ] {
        assert!(frame.contains(told), "{told}:\n{frame}");
    }
    let effects = press(&mut model, &["write", "enter"]);
    let (ticket, changes) = write_effect(&effects);
    assert_eq!(changes.len(), 2);
    let done = changes.iter().map(|change| RowChanged {
        verb: change.word(),
        row: change.was().unwrap().clone(),
        besides: Vec::new(),
    });
    let effects = answer(
        &mut model,
        ticket,
        Report::RowsWritten(done.collect(), None),
    );
    answer_all(&mut model, effects);
    assert_eq!(model.browser.grid.as_ref().unwrap().marked(), 0);
    assert!(
        text(&model).contains("2 changes written."),
        "{}",
        text(&model)
    );
}

#[test]
fn the_first_refusal_is_said_and_the_rest_stays_marked() {
    let mut model = goals((120, 40));
    keys(&mut model, &["l"]);
    type_value(&mut model, "one");
    keys(&mut model, &["j", "j"]);
    type_value(&mut model, "two");
    press(&mut model, &["w"]);
    let effects = press(&mut model, &["write", "enter"]);
    let (ticket, changes) = write_effect(&effects);
    let done = vec![RowChanged {
        verb: "update",
        row: changes[0].was().unwrap().clone(),
        besides: vec!["updated_at".into()],
    }];
    let problem = Problem::new(
        Kind::Conflict,
        "The row id 3 was changed by somebody else.",
        "x",
    );
    let effects = answer(&mut model, ticket, Report::RowsWritten(done, Some(problem)));
    let frame = text(&model);
    for told in [
        "Changed id 1.",
        "updated_at",
        "1 of 2 done",
        "changed by somebody else",
    ] {
        assert!(frame.contains(told), "{told}:\n{frame}");
    }
    answer_all(&mut model, effects);
    press(&mut model, &["esc"]);
    assert_eq!(model.browser.grid.as_ref().unwrap().marked(), 1);
    // What is marked is not lost by leaving.
    press(&mut model, &["esc"]);
    assert!(
        model.browser.grid.is_some() && text(&model).contains("not written"),
        "{}",
        text(&model)
    );
    keys(&mut model, &["u", "esc"]);
    assert!(model.browser.grid.is_none());
}

#[test]
fn a_wrong_value_is_refused_in_the_line() {
    let mut model = goals((120, 40));
    keys(&mut model, &["l", "l", "l", "l"]);
    press(&mut model, &["e", "ctrl-u", "heavy", "enter"]);
    let frame = text(&model);
    assert!(frame.contains("number is wanted"), "{frame}");
    press(&mut model, &["esc"]);
    assert_eq!(model.browser.grid.as_ref().unwrap().marked(), 0);
}

#[test]
fn a_new_row_is_made_as_a_form() {
    let mut model = goals((120, 40));
    press(&mut model, &["n"]);
    assert!(text(&model).contains("a new row"), "{}", text(&model));
    press(&mut model, &["j", "enter", "Walk", "enter", "w"]);
    assert!(text(&model).contains("POST goal"), "{}", text(&model));
    let effects = press(&mut model, &["write", "enter"]);
    let (_, changes) = write_effect(&effects);
    let [RowChange::Insert { values }] = &changes[..] else {
        panic!("{changes:?}");
    };
    assert_eq!(
        serde_json::to_string(values).unwrap(),
        r#"{"description":"Walk"}"#
    );
}

#[test]
fn what_one_may_not_do_is_said_before() {
    // There is no grant to delete goals.
    let mut model = goals((120, 40));
    press(&mut model, &["D"]);
    assert!(
        text(&model).contains("no grant to delete"),
        "{}",
        text(&model)
    );
    let mut model = goals((120, 40));
    model.project.as_mut().unwrap().is_production = true;
    keys(&mut model, &["l"]);
    type_value(&mut model, "x");
    press(&mut model, &["w"]);
    assert!(
        text(&model).contains("To confirm, type “demo”"),
        "{}",
        text(&model)
    );
    let effects = press(&mut model, &["write", "enter"]);
    assert!(
        !effects
            .iter()
            .any(|effect| matches!(effect, Effect::Write { .. }))
    );
}

/// The ticket and the answer of each read among the effects, to be given later.
fn held_back(effects: &[Effect]) -> Vec<Effect> {
    let is_read = |effect: &&Effect| matches!(effect, Effect::Load { .. });
    effects.iter().filter(is_read).cloned().collect()
}

#[test]
fn no_answer_of_one_table_lands_in_the_grid_of_another() {
    // What is known of a cycle's table comes after one went back to the goals.
    let mut model = goals((120, 40));
    keys(&mut model, &["enter"]);
    let before = model.browser.grid.clone().unwrap();
    let late = held_back(&press(&mut model, &["j", "j", "j", "enter"]));
    assert_eq!(late.len(), 1, "{late:?}");
    press(&mut model, &["backspace"]);
    answer_all(&mut model, late);
    let grid = model.browser.grid.as_ref().unwrap();
    assert_eq!(grid.name.name, "goal");
    assert_eq!(grid.columns, before.columns);
    assert_eq!(grid.rows.held(), before.rows.held());

    // Its rows come as late.
    let effects = press(&mut model, &["enter"]);
    let [
        Effect::Load {
            ticket,
            load: Load::TableInfo(name),
            ..
        },
    ] = &held_back(&effects)[..]
    else {
        panic!("{effects:?}");
    };
    let info = Report::TableInfo(Ok(Box::new(crate::table_fixture::info(name))));
    let late = answer(&mut model, *ticket, info);
    assert_eq!(wanted(&late).table.name, "cycle");
    press(&mut model, &["backspace"]);
    answer_all(&mut model, late);
    let grid = model.browser.grid.as_ref().unwrap();
    assert_eq!(grid.rows.held(), before.rows.held());
}

#[test]
fn a_grid_that_one_comes_back_to_goes_on_reading_pages() {
    let mut model = goals((120, 40));
    // A page is under way while one leaves: its answer is given up with the grid.
    let mut late = Vec::new();
    for _ in 0..20 {
        if late.is_empty() {
            late = held_back(&press(&mut model, &["pgdn"]));
        }
    }
    assert_eq!(wanted(&late).table.name, "goal");
    let at = id(&model);
    keys(&mut model, &["enter"]);
    keys(&mut model, &["j", "j", "j", "enter", "backspace", "esc"]);
    answer_all(&mut model, late);
    assert_eq!(id(&model), at);
    assert!(!model.browser.grid.as_ref().unwrap().rows.is_loading());
    for _ in 0..40 {
        keys(&mut model, &["pgdn"]);
    }
    assert!(id(&model) > 600, "{}", id(&model));
}

#[test]
fn a_typed_value_is_for_the_row_it_was_typed_at() {
    let mut model = goals((120, 40));
    keys(&mut model, &["j", "j", "l"]);
    assert_eq!(id(&model), 3);
    let reload = |model: &mut Model, left_out: u64, note: &str| {
        let now = model.now;
        let grid = model.browser.grid.as_mut().unwrap();
        let wanted = grid.request_start();
        let mut page = crate::table_fixture::page(&wanted);
        page.rows.retain(|row| row["id"] != left_out);
        for row in &mut page.rows {
            row.insert("description".into(), note.into());
        }
        grid.arrived(Ok(page), now, 20);
    };
    // The rows are read again while one types: row 1 is gone, and row 3 has another text.
    press(&mut model, &["e", "ctrl-u", "mine"]);
    reload(&mut model, 1, "theirs");
    model.browser.grid.as_mut().unwrap().selected = 5;
    press(&mut model, &["enter"]);
    let grid = model.browser.grid.as_ref().unwrap();
    let [RowChange::Update { was, values }] = &grid.staged[..] else {
        panic!("{:?}", grid.staged);
    };
    assert_eq!(values["description"], "mine");
    assert_eq!(was["id"], 3);
    // What was read when one began to type is the condition of the write, not what came meanwhile.
    assert_ne!(was["description"], "theirs");

    // The row itself is gone: nothing is marked on the one in its place.
    let mut model = goals((120, 40));
    keys(&mut model, &["j", "j", "l"]);
    press(&mut model, &["e", "ctrl-u", "mine"]);
    reload(&mut model, 3, "theirs");
    press(&mut model, &["enter"]);
    assert!(text(&model).contains("no longer shown"), "{}", text(&model));
    assert_eq!(model.browser.grid.as_ref().unwrap().marked(), 0);
}

#[test]
fn after_a_write_one_stays_at_the_row() {
    let mut model = goals((120, 40));
    keys(&mut model, &["l"]);
    for _ in 0..15 {
        keys(&mut model, &["pgdn"]);
    }
    let at = id(&model);
    assert!(at > 300, "{at}");
    type_value(&mut model, "Far down");
    press(&mut model, &["w"]);
    let effects = press(&mut model, &["write", "enter"]);
    let (ticket, changes) = write_effect(&effects);
    let mut row = changes[0].was().unwrap().clone();
    row.insert("description".into(), "Far down".into());
    let done = vec![RowChanged {
        verb: "update",
        row,
        besides: Vec::new(),
    }];
    let effects = answer(&mut model, ticket, Report::RowsWritten(done, None));
    assert!(text(&model).contains("Far down"), "{}", text(&model));
    answer_all(&mut model, effects);
    assert_eq!(id(&model), at);
    for _ in 0..40 {
        keys(&mut model, &["pgup"]);
    }
    assert_eq!(id(&model), 1);
}

#[test]
fn what_was_confirmed_for_one_identity_is_not_written_as_another() {
    let mut model = goals((120, 40));
    keys(&mut model, &["l"]);
    type_value(&mut model, "mine");
    press(&mut model, &["w"]);
    supadeck::app::execute::become_identity(&mut model, Identity::Anon);
    let effects = press(&mut model, &["write", "enter"]);
    let is_write = |effect: &Effect| matches!(effect, Effect::Write { .. });
    assert!(!effects.iter().any(is_write), "{effects:?}");
    assert!(
        text(&model).contains("Nothing was written"),
        "{}",
        text(&model)
    );
    // Nor is a value marked that was typed as somebody else.
    let mut model = goals((120, 40));
    keys(&mut model, &["l"]);
    press(&mut model, &["e", "ctrl-u", "mine"]);
    supadeck::app::execute::become_identity(&mut model, Identity::Service);
    press(&mut model, &["enter"]);
    assert_eq!(model.browser.grid.as_ref().unwrap().marked(), 0);
}

#[test]
fn a_new_row_whose_answer_did_not_come_is_not_sent_again_without_a_further_word() {
    let mut model = goals((120, 40));
    press(&mut model, &["n", "j", "enter", "Walk", "enter", "w"]);
    let effects = press(&mut model, &["write", "enter"]);
    let (ticket, _) = write_effect(&effects);
    let lost = Problem::new(Kind::Network, "The connection broke.", "It was cut.");
    let lost = lost.of_unknown_outcome();
    assert!(!lost.retry);
    let effects = answer(
        &mut model,
        ticket,
        Report::RowsWritten(Vec::new(), Some(lost)),
    );
    let frame = text(&model);
    assert!(frame.contains("It is not known whether"), "{frame}");
    answer_all(&mut model, effects);
    press(&mut model, &["esc", "w"]);
    let frame = text(&model);
    assert!(frame.contains("may be there already"), "{frame}");
    let effects = press(&mut model, &["write", "enter"]);
    assert!(effects.is_empty(), "{effects:?}");
    let effects = press(&mut model, &["ctrl-u", "again", "enter"]);
    assert_eq!(write_effect(&effects).1.len(), 1);
}

#[test]
fn what_is_marked_is_not_lost_without_a_word() {
    let mut model = goals((120, 40));
    keys(&mut model, &["l"]);
    type_value(&mut model, "mine");
    // Following a key keeps it behind; it still counts.
    keys(&mut model, &["enter", "j", "j", "j", "enter"]);
    assert_eq!(model.browser.grid.as_ref().unwrap().name.name, "cycle");
    assert_eq!(model.browser.marked(), 1);
    press(&mut model, &["i"]);
    assert!(
        model.dialogs.is_empty() && text(&model).contains("not written"),
        "{}",
        text(&model)
    );
    let is_quit = |effects: &[Effect]| effects.contains(&Effect::Quit);
    assert!(!is_quit(&press(&mut model, &["q"])));
    // Another key takes the word back.
    press(&mut model, &["j"]);
    assert!(!is_quit(&press(&mut model, &["q"])));
    assert!(is_quit(&press(&mut model, &["q"])));
    // However far one follows, what is marked stays.
    for _ in 0..30 {
        let cycle = supadeck::domain::table::name::TableName::new("public", "cycle");
        model.browser.open(cycle, "");
    }
    assert_eq!(model.browser.marked(), 1);
    assert!(model.browser.came_from.len() <= 21);
}

#[test]
fn the_selected_row_is_explained_for_whoever_reads_and_what_is_marked_too() {
    let mut model = goals((120, 40));
    let at = id(&model).to_string();
    let asked = |effects: &[Effect]| match effects {
        [
            Effect::Load {
                load: Load::Explain(request),
                ..
            },
        ] => (**request).clone(),
        other => panic!("{other:?}"),
    };
    press(&mut model, &["E"]);
    assert!(
        text(&model).contains(&format!("The selected row, id {at}")),
        "{}",
        text(&model)
    );
    let request = asked(&press(&mut model, &["enter"]));
    assert_eq!(request.table, "public.goal");
    assert_eq!(request.verb, Access::Select);
    assert_eq!(request.asked, Who::User(crate::fixture::ALICE.into()));
    assert_eq!(request.wanted.row, [("id".to_owned(), Some(at.clone()))]);
    assert_eq!(
        (&request.wanted.key, &request.wanted.written),
        (&None, &None)
    );
    // A key that is typed is another row, such as one that is missing.
    let request = asked(&press(&mut model, &["E", "9", "9", "enter"]));
    assert_eq!(request.wanted.key.as_deref(), Some("99"));
    assert!(request.wanted.row.is_empty());
    // The values that are marked are those of the update that is explained.
    let grid = model.browser.grid.as_mut().unwrap();
    let edited = grid.edited().unwrap();
    grid.stage(&edited, "done", serde_json::json!(true)).ok();
    grid.stage(&edited, "description", serde_json::json!("x\u{1b}"))
        .unwrap();
    let request = asked(&press(&mut model, &["E", "tab", "tab", "enter"]));
    assert_eq!(request.verb, Access::Update);
    assert_eq!(request.wanted.written.unwrap()["description"], "x\u{1b}");
    model.project.as_mut().unwrap().has_database = false;
    press(&mut model, &["E"]);
    assert!(model.dialogs.is_empty());
}

#[test]
fn the_rows_that_fit_are_exported_into_a_file_whose_name_says_the_form() {
    let mut model = goals((120, 40));
    keys(&mut model, &["/"]);
    for c in "id>2".chars() {
        press(&mut model, &[&c.to_string()]);
    }
    keys(&mut model, &["enter"]);
    press(&mut model, &["x"]);
    let frame = text(&model);
    assert!(
        frame.contains("Export rows of goal")
            && frame.contains("goal.jsonl")
            && frame.contains("id>2"),
        "{frame}"
    );
    for _ in 0..6 {
        press(&mut model, &["backspace"]);
    }
    assert!(press(&mut model, &["enter"]).is_empty());
    assert!(text(&model).contains("says the form"), "{}", text(&model));
    for c in ".csv".chars() {
        press(&mut model, &[&c.to_string()]);
    }
    let effects = press(&mut model, &["enter"]);
    let [
        Effect::Load {
            ticket,
            load: Load::Export { wanted, form, path },
            ..
        },
    ] = &effects[..]
    else {
        panic!("{effects:?}")
    };
    assert_eq!((*form, path.to_str()), (RowsFormat::Csv, Some("goal.csv")));
    assert_eq!(
        (wanted.filter.len(), wanted.from.clone()),
        (1, PageStart::First)
    );
    assert!(wanted.columns.is_empty() && wanted.order.is_keyed);
    let problem = Problem::new(
        Kind::Usage,
        "goal.csv is there already.",
        "Exports never overwrite.",
    );
    let mut other = model.clone();
    answer(&mut model, *ticket, Report::Exported(Err(problem)));
    assert!(
        text(&model).contains("is there already"),
        "{}",
        text(&model)
    );
    let exported = TableExported {
        file: "odd\u{1b}[2J.csv".into(),
        format: "csv",
        rows: 7,
        bytes: 70,
        columns: Vec::new(),
        is_keyed: true,
    };
    answer(
        &mut other,
        *ticket,
        Report::Exported(Ok(Box::new(exported))),
    );
    let frame = text(&other);
    assert!(
        frame.contains("Wrote 7 rows to odd") && !frame.contains('\u{1b}'),
        "{frame}"
    );
}

/// A deck whose project keeps what is chosen, with the grid of goals open.
fn goals_of_profile() -> Model {
    let mut model = filled((120, 40));
    let project = model.project.as_mut().unwrap();
    project.columns = Some(ColumnBook::of(&project.url));
    keys(&mut model, &["9", "j", "enter"]);
    model
}

/// The names of the columns in view, in their order.
fn headings(model: &Model) -> Vec<String> {
    let grid = model.browser.grid.as_ref().unwrap();
    let visible = grid.visible(200).into_iter();
    visible
        .map(|(at, _)| grid.columns[at].name.clone())
        .collect()
}

fn kept(effects: &[Effect]) -> ColumnChoice {
    match effects {
        [
            Effect::KeepColumns {
                profile,
                table,
                choice,
                ..
            },
        ] => {
            assert_eq!((profile.as_str(), table.name.as_str()), ("demo", "goal"));
            choice.clone()
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn columns_are_hidden_moved_and_sized_and_the_choice_is_kept() {
    let mut model = goals_of_profile();
    let before = headings(&model);
    assert_eq!(before[..3], ["id", "description", "type"]);
    // The cursor stands on the second column: it is hidden, and the third moved behind the fourth.
    keys(&mut model, &["l"]);
    press(&mut model, &["C", "space", "j", "l", ">", ">"]);
    assert_eq!(
        headings(&model),
        before,
        "nothing is shown before it is accepted"
    );
    let effects = press(&mut model, &["enter"]);
    let choice = kept(&effects);
    assert_eq!(headings(&model)[..3], ["id", "cycle_id", "type"]);
    assert!(choice.hidden.contains("description") && choice.width("type") == Some(16));
    let frame = text(&model);
    assert!(
        frame.contains("1 column hidden") && frame.contains("of 8"),
        "{frame}"
    );
    assert!(!frame.contains("description"), "{frame}");
    // The row as a form has every column.
    keys(&mut model, &["enter"]);
    assert!(text(&model).contains("description"), "{}", text(&model));
    // Another visit, another identity: the same choice.
    keys(&mut model, &["esc", "backspace", "enter"]);
    assert_eq!(headings(&model)[..3], ["id", "cycle_id", "type"]);
    let effects = supadeck::app::execute::become_identity(&mut model, Identity::Anon);
    answer_all(&mut model, effects);
    assert_eq!(headings(&model)[..3], ["id", "cycle_id", "type"]);
    // Reset, and nothing is kept any more.
    press(&mut model, &["C", "r"]);
    assert!(kept(&press(&mut model, &["enter"])).is_empty());
    assert_eq!(headings(&model), before);
    // What was chosen of a column that the one who reads may not see stays.
    press(&mut model, &["C", "space", "enter"]);
    let grid = model.browser.grid.as_mut().unwrap();
    let mut choice = grid.choice.clone();
    choice.hidden.insert("secret".into());
    choice.widths.insert("secret".into(), 30);
    choice.order.push("secret".into());
    grid.set_choice(choice);
    press(&mut model, &["C", "r"]);
    let choice = kept(&press(&mut model, &["enter"]));
    assert_eq!(headings(&model), before);
    assert_eq!(choice.hidden.iter().collect::<Vec<_>>(), ["secret"]);
    assert_eq!(
        (choice.width("secret"), choice.width("type")),
        (Some(30), None)
    );
}

#[test]
fn a_list_of_columns_that_is_closed_changes_nothing() {
    let mut model = goals_of_profile();
    let before = headings(&model);
    let effects = press(&mut model, &["C", "G", "space", "h", "<", "esc"]);
    assert_eq!((effects, headings(&model)), (Vec::new(), before.clone()));
    // The key stays in front, and one column is always shown.
    press(&mut model, &["C", "l"]);
    assert!(
        text(&model).contains("The key stays in front."),
        "{}",
        text(&model)
    );
    for _ in &before {
        press(&mut model, &["space", "j"]);
    }
    assert!(
        text(&model).contains("8 columns hidden"),
        "{}",
        text(&model)
    );
    press(&mut model, &["space"]);
    assert!(
        text(&model).contains("One column has to be shown."),
        "{}",
        text(&model)
    );
    press(&mut model, &["enter"]);
    assert_eq!(headings(&model), ["created_at"]);
    keys(&mut model, &["h", "l", "s", "j", "G"]);
    assert!(
        text(&model).contains("8 columns hidden"),
        "{}",
        text(&model)
    );
}

#[test]
fn a_column_is_made_wider_and_narrower_by_a_key() {
    let mut model = goals_of_profile();
    keys(&mut model, &["l"]);
    let width = |model: &Model| {
        let grid = model.browser.grid.as_ref().unwrap();
        grid.widths[grid.column]
    };
    assert_eq!(width(&model), 32);
    assert_eq!(
        kept(&press(&mut model, &[">"])).width("description"),
        Some(34)
    );
    keys(&mut model, &["<", "<", "<"]);
    assert_eq!(width(&model), 28);
    // Values that come later do not make it wider again.
    keys(&mut model, &["G", "g", "r"]);
    assert_eq!(width(&model), 28);
    for _ in 0..40 {
        keys(&mut model, &["<"]);
    }
    assert_eq!(width(&model), 3);
    assert_eq!(
        press(&mut model, &["<"]),
        Vec::new(),
        "no narrower, and not kept again"
    );
}

#[test]
fn where_the_project_has_no_profile_columns_are_chosen_until_the_deck_ends() {
    let mut model = goals((120, 40));
    assert_eq!(press(&mut model, &["C", "j", "space", "enter"]), Vec::new());
    assert!(text(&model).contains("1 column hidden"), "{}", text(&model));
    keys(&mut model, &["backspace", "enter"]);
    assert!(text(&model).contains("1 column hidden"), "{}", text(&model));
}

#[test]
fn a_choice_of_columns_that_are_gone_or_hostile_is_harmless() {
    let mut model = goals((60, 14));
    let grid = model.browser.grid.as_mut().unwrap();
    grid.set_choice(ColumnChoice {
        hidden: ["gone".to_owned(), "\u{1b}[2J".to_owned()].into(),
        order: vec!["gone".into(), "done".into(), "id".into(), "done".into()],
        widths: [("gone".to_owned(), 7), ("id".to_owned(), u16::MAX)].into(),
    });
    assert_eq!(headings(&model)[..3], ["id", "done", "description"]);
    // The key leaves room for the others, however wide it was made.
    let frame = text(&model);
    assert!(frame.contains("done"), "{frame}");
    press(&mut model, &["C", "j", "space", "enter"]);
    let grid = model.browser.grid.as_ref().unwrap();
    assert!(grid.choice.hidden.contains("gone") && grid.choice.hidden.contains("done"));
}

#[test]
fn the_list_of_columns_at_three_sizes() {
    for size in [(120, 40), (80, 24), (60, 14)] {
        let mut model = goals(size);
        press(&mut model, &["C", "j", "space", "j", ">"]);
        insta::assert_snapshot!(format!("columns_{}x{}", size.0, size.1), text(&model));
    }
    for size in [(1, 1), (5, 3), (20, 6), (39, 9)] {
        let mut model = goals(size);
        press(&mut model, &["C", "G", "space", "h", ">", "pgup", "enter"]);
        text(&model);
    }
}

/// The ticket of the read of values or of a count, with what is asked for.
fn asked(effects: &[Effect]) -> (Ticket, Load) {
    let found = effects.iter().find_map(|effect| match effect {
        Effect::Load {
            ticket,
            load: load @ (Load::Values { .. } | Load::CountRows(_)),
            ..
        } => Some((*ticket, load.clone())),
        _ => None,
    });
    found.unwrap_or_else(|| panic!("{effects:?}"))
}

fn counts(values: &[(Value, u64)], is_all: bool) -> ValueCounts {
    let mut tally = Tally::default();
    for (value, rows) in values {
        for _ in 0..*rows {
            tally.take(value.clone());
        }
    }
    tally.finish(is_all)
}

#[test]
fn the_values_of_a_column_are_counted_within_the_filter_and_filtered_by() {
    let mut model = goals((120, 40));
    let effects = press(
        &mut model,
        &["/", "weight>3 type:personal,professional", "enter"],
    );
    answer_all(&mut model, effects);
    keys(&mut model, &["l", "l"]);
    let (ticket, load) = asked(&press(&mut model, &["f"]));
    let Load::Values { wanted, column } = load else {
        panic!("{load:?}")
    };
    assert_eq!((column.as_str(), wanted.filter.len()), ("type", 2));
    assert!(text(&model).contains("Reading."), "{}", text(&model));
    let found = counts(
        &[(json!("personal"), 3), (json!("professional"), 12)],
        false,
    );
    answer(&mut model, ticket, Report::Values(Ok(Box::new(found))));
    let frame = text(&model);
    for told in [
        "12  professional",
        " 3  personal",
        "of the first 15 rows that fit",
    ] {
        assert!(frame.contains(told), "{told}:\n{frame}");
    }
    // The value takes the place of those that were asked for: else it would be one more of them.
    let effects = press(&mut model, &["j", "enter"]);
    assert!(model.dialogs.is_empty());
    let grid = model.browser.grid.as_ref().unwrap();
    assert_eq!(grid.filter_text, "weight>3 type:personal");
    assert_eq!(wanted_filter(&effects), 2);
    insta::assert_snapshot!("values_80x24", {
        let mut model = goals((80, 24));
        let (ticket, _) = asked(&press(&mut model, &["l", "f"]));
        let found = [
            (json!("two\nlines\u{1b}[31m"), 4),
            (json!(null), 2),
            (json!(""), 1),
        ];
        let found = counts(&found, true);
        answer(&mut model, ticket, Report::Values(Ok(Box::new(found))));
        text(&model)
    });
}

fn wanted_filter(effects: &[Effect]) -> usize {
    wanted(effects).filter.len()
}

#[test]
fn values_that_are_awaited_refused_or_failed_are_told_apart() {
    let mut model = goals((80, 24));
    // What is stopped does not come later.
    let (ticket, _) = asked(&press(&mut model, &["f"]));
    let effects = press(&mut model, &["esc"]);
    assert_eq!(effects, [Effect::CancelReads(vec![Slot::Values])]);
    answer(&mut model, ticket, Report::Values(Ok(Box::default())));
    assert!(model.dialogs.is_empty());
    let denied = Problem::new(
        Kind::Denied,
        "alice may not read goal.",
        "A grant is missing.",
    );
    let failed = Problem::new(Kind::Network, "The project is out of reach.", "No route.");
    for (problem, told) in [
        (denied, "Not visible to"),
        (failed, "The project is out of reach."),
    ] {
        let (ticket, _) = asked(&press(&mut model, &["f"]));
        answer(&mut model, ticket, Report::Values(Err(problem)));
        let frame = text(&model);
        assert!(
            frame.contains(told) && !frame.contains("different"),
            "{frame}"
        );
        assert_eq!(press(&mut model, &["enter"]), Vec::new());
        assert_eq!(press(&mut model, &["esc"]), Vec::new());
    }
    let (ticket, _) = asked(&press(&mut model, &["f"]));
    answer(&mut model, ticket, Report::Values(Ok(Box::default())));
    let frame = text(&model);
    assert!(
        frame.contains("0 different values of all 0 rows") || frame.contains("No row"),
        "{frame}"
    );
}

#[test]
fn a_value_that_no_filter_asks_for_says_so_and_stays() {
    let mut model = goals((120, 40));
    for (value, told) in [
        (json!({"a": 1}), "a whole document"),
        (json!("x".repeat(3_000)), "too long"),
    ] {
        let (ticket, _) = asked(&press(&mut model, &["l", "f"]));
        let found = counts(&[(value, 1)], true);
        answer(&mut model, ticket, Report::Values(Ok(Box::new(found))));
        press(&mut model, &["enter"]);
        let frame = text(&model);
        assert!(frame.contains(told), "{told}:\n{frame}");
        press(&mut model, &["esc", "h"]);
    }
    for size in [(1, 1), (10, 4), (39, 9), (60, 14)] {
        let mut model = goals(size);
        let (ticket, _) = asked(&press(&mut model, &["f"]));
        text(&model);
        let many: Vec<(Value, u64)> = (0..300).map(|at| (json!(at), 1)).collect();
        let found = counts(&many, true);
        answer(&mut model, ticket, Report::Values(Ok(Box::new(found))));
        press(&mut model, &["G", "pgup", "k"]);
        text(&model);
    }
}

#[test]
fn rows_are_counted_exactly_on_request_within_the_filter() {
    let mut model = goals((120, 40));
    let effects = press(&mut model, &["/", "type:personal", "enter"]);
    answer_all(&mut model, effects);
    let (ticket, load) = asked(&press(&mut model, &["#"]));
    let Load::CountRows(wanted) = load else {
        panic!("{load:?}")
    };
    assert_eq!(wanted.filter, [Filter::eq("type", "personal")]);
    assert!(text(&model).contains("counting"), "{}", text(&model));
    answer(&mut model, ticket, Report::RowsCounted(Ok(4_711)));
    assert!(text(&model).contains("1 of 4,711"), "{}", text(&model));
    // Another filter, and a count that comes too late for it.
    let (late, _) = asked(&press(&mut model, &["#"]));
    let effects = press(&mut model, &["esc"]);
    answer_all(&mut model, effects);
    answer(&mut model, late, Report::RowsCounted(Ok(99_999)));
    let frame = text(&model);
    assert!(
        !frame.contains("4,711") && !frame.contains("99,999"),
        "{frame}"
    );
    // A refusal is said with its owner, and leaves the grid as it was.
    let (ticket, _) = asked(&press(&mut model, &["#"]));
    let problem = Problem::new(
        Kind::Database,
        "It took too long to read goal.",
        "The limit is the project's.",
    );
    answer(&mut model, ticket, Report::RowsCounted(Err(problem)));
    assert!(
        text(&model).contains("The limit is the project's."),
        "{}",
        text(&model)
    );
    press(&mut model, &["esc"]);
    assert!(text(&model).contains("1 of 200+"), "{}", text(&model));
}

#[test]
fn what_was_counted_before_a_write_is_not_said_behind_it() {
    let mut model = goals((120, 40));
    let (ticket, _) = asked(&press(&mut model, &["#"]));
    answer(&mut model, ticket, Report::RowsCounted(Ok(4_711)));
    assert!(text(&model).contains("1 of 4,711"), "{}", text(&model));
    let (late, _) = asked(&press(&mut model, &["#"]));
    keys(&mut model, &["l"]);
    type_value(&mut model, "one");
    press(&mut model, &["w"]);
    let effects = press(&mut model, &["write", "enter"]);
    let (ticket, changes) = write_effect(&effects);
    let done = vec![RowChanged {
        verb: "update",
        row: changes[0].was().unwrap().clone(),
        besides: Vec::new(),
    }];
    let effects = answer(&mut model, ticket, Report::RowsWritten(done, None));
    answer(&mut model, late, Report::RowsCounted(Ok(99_999)));
    answer_all(&mut model, effects);
    let frame = text(&model);
    assert!(
        !frame.contains("4,711") && !frame.contains("99,999") && !frame.contains("counting"),
        "{frame}"
    );
}

#[test]
fn the_values_of_a_column_close_where_another_identity_reads() {
    let mut model = goals((120, 40));
    let (ticket, _) = asked(&press(&mut model, &["f"]));
    let found = counts(&[(json!("secret"), 3)], true);
    answer(&mut model, ticket, Report::Values(Ok(Box::new(found))));
    assert!(text(&model).contains("secret"));
    model.become_identity(Identity::Anon);
    assert!(model.dialogs.is_empty());
    assert!(!text(&model).contains("secret"), "{}", text(&model));
}

#[test]
fn the_estimate_in_the_list_of_tables_becomes_exact() {
    let mut model = filled((120, 40));
    keys(&mut model, &["9", "j"]);
    assert!(text(&model).contains("~12,345"));
    let (ticket, load) = asked(&press(&mut model, &["#"]));
    let Load::CountRows(wanted) = load else {
        panic!("{load:?}")
    };
    assert_eq!(
        (wanted.table.name.as_str(), wanted.filter.len()),
        ("goal", 0)
    );
    assert!(text(&model).contains("counting"), "{}", text(&model));
    keys(&mut model, &["k"]);
    answer(&mut model, ticket, Report::RowsCounted(Ok(777)));
    let goal = text(&model);
    let goal = goal.lines().find(|line| line.contains("goal")).unwrap();
    assert!(goal.contains(" 777 ") && !goal.contains('~'), "{goal}");
    keys(&mut model, &["j"]);
    assert!(
        text(&model).contains("777 rows counted"),
        "{}",
        text(&model)
    );
    // Somebody else sees other rows.
    let effects = supadeck::app::execute::become_identity(&mut model, Identity::Anon);
    answer_all(&mut model, effects);
    assert!(!text(&model).contains("777"), "{}", text(&model));
}

/// What the user's editor is given.
fn in_editor(effects: &[Effect]) -> (String, &'static str) {
    match effects {
        [Effect::EditText { text, suffix }] => (text.clone(), suffix),
        other => panic!("{other:?}"),
    }
}

fn left_in_editor(model: &mut Model, text: &str) {
    let effects = update(model, Msg::TextEdited(Ok(text.to_owned())));
    assert!(
        !effects
            .iter()
            .any(|effect| matches!(effect, Effect::Load { .. } | Effect::Write { .. })),
        "nothing is sent: {effects:?}"
    );
}

#[test]
fn a_text_of_several_lines_is_edited_outside_and_marked() {
    let mut model = goals((120, 40));
    keys(&mut model, &["j", "l"]);
    press(&mut model, &["e"]);
    assert!(
        text(&model).contains("ctrl-e opens it in your editor"),
        "{}",
        text(&model)
    );
    let (given, suffix) = in_editor(&press(&mut model, &["ctrl-e"]));
    assert_eq!(
        (given.as_str(), suffix),
        ("Run 2 km\u{1b}[31m\nevery week", ".txt")
    );
    // As it was, with the end of line that editors add.
    left_in_editor(&mut model, &format!("{given}\n"));
    assert_eq!(model.browser.marked(), 0);
    in_editor(&press(&mut model, &["ctrl-e"]));
    left_in_editor(&mut model, "Run\ntwice\n");
    assert_eq!(model.browser.marked(), 1);
    let effects = press(&mut model, &["w"]);
    assert_eq!(effects, Vec::new());
    assert!(text(&model).contains("Run"), "{}", text(&model));
    press(&mut model, &["esc"]);
    // What is marked is what is edited next.
    let (given, _) = in_editor(&press(&mut model, &["ctrl-e"]));
    assert_eq!(given, "Run\ntwice");
    let failed = Problem::new(
        Kind::Config,
        "The editor vi ended with code 1.",
        "The value was left as it was.",
    );
    update(&mut model, Msg::TextEdited(Err(failed)));
    let frame = text(&model);
    assert!(
        frame.contains("ended with code 1") && frame.contains("left as it was"),
        "{frame}"
    );
    press(&mut model, &["esc"]);
    assert_eq!(model.browser.marked(), 1);
    // Without an edit that is awaited nothing is taken.
    left_in_editor(&mut model, "late");
    assert_eq!(in_editor(&press(&mut model, &["ctrl-e"])).0, "Run\ntwice");
}

#[test]
fn a_document_that_cannot_be_read_is_not_lost() {
    let mut model = goals((80, 24));
    keys(&mut model, &["enter", "j", "j", "j", "j", "j", "j"]);
    let (given, suffix) = in_editor(&press(&mut model, &["ctrl-e"]));
    assert_eq!(suffix, ".json");
    let value: Value = serde_json::from_str(&given).unwrap();
    assert_eq!(value, json!({"steps": [1, 2], "note": "x"}));
    left_in_editor(&mut model, "{\"steps\": [");
    assert_eq!(model.browser.marked(), 0);
    insta::assert_snapshot!("edit_text_refused_80x24", text(&model));
    let (given, _) = in_editor(&press(&mut model, &["enter"]));
    assert_eq!(given, "{\"steps\": [");
    left_in_editor(&mut model, "{\"steps\": []}\n");
    assert_eq!((model.browser.marked(), model.dialogs.len()), (1, 0));
    let grid = model.browser.grid.as_ref().unwrap();
    assert_eq!(grid.marked_value("data"), Some(&json!({"steps": []})));
    // Dropped.
    in_editor(&press(&mut model, &["ctrl-e"]));
    left_in_editor(&mut model, "no");
    press(&mut model, &["esc"]);
    let grid = model.browser.grid.as_ref().unwrap();
    assert_eq!(grid.marked_value("data"), Some(&json!({"steps": []})));
}

#[test]
fn through_a_read_only_profile_no_value_is_given_to_an_editor() {
    let mut model = goals((120, 40));
    model.project.as_mut().unwrap().is_read_only = true;
    let effects = press(&mut model, &["ctrl-e"]);
    assert!(
        !effects
            .iter()
            .any(|effect| matches!(effect, Effect::EditText { .. }))
    );
    assert!(text(&model).contains("read-only"), "{}", text(&model));
}
