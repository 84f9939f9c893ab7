//! What may never be in a table, by the name that reaches the user, tried through REST as a user and as the service
//! role.

use crate::cell::{Cells, Expected};
use crate::image;
use crate::pair::{self, Person};
use crate::request::Request;
use crate::test_database::{Caller, TestDatabase};
use serde_json::{Value, json};

/// A row that is new, or what to change in the one that is there.
enum Write {
    New(Value),
    Change(Value),
}

#[tokio::test]
async fn constraints_speak_by_their_names() {
    use Write::{Change, New};
    let test_db = TestDatabase::new("constraint").await;
    pair::make(&test_db).await;
    let own = |table: &str, more: Value| {
        let mut row = pair::new_row(table, Person::Alice);
        for (column, value) in more.as_object().unwrap() {
            row[column] = value.clone();
        }
        New(row)
    };
    let nobody = "99999999-0000-4000-8000-000000000000";
    #[rustfmt::skip]
    let table = [
        ("goal", own("goal", json!({ "type": "personal" })), "23505", "goal_one_of_each_type_per_cycle"),
        ("vision", own("vision", json!({})), "23505", "vision_one_per_user"),
        ("weekly_plan", own("weekly_plan", json!({ "week_no": 3 })), "23505", "weekly_plan_one_per_week"),
        ("cycle", Change(json!({ "end_date": "2199-01-07" })), "23514", "cycle_ends_after_it_starts"),
        ("cycle", Change(json!({ "current_week": 0 })), "23514", "cycle_current_week_is_1_to_12"),
        ("cycle", Change(json!({ "current_week": 13 })), "23514", "cycle_current_week_is_1_to_12"),
        ("goal", Change(json!({ "start_week": 0 })), "23514", "goal_weeks_are_1_to_12_in_order"),
        ("goal", Change(json!({ "end_week": 13 })), "23514", "goal_weeks_are_1_to_12_in_order"),
        ("goal", Change(json!({ "start_week": 5, "end_week": 4 })), "23514", "goal_weeks_are_1_to_12_in_order"),
        ("goal", Change(json!({ "description": " \t" })), "23514", "goal_description_not_blank"),
        ("goal", own("goal", json!({ "cycle_id": nobody })), "23503", "goal_cycle_of_same_user"),
        ("weekly_plan", own("weekly_plan", json!({ "week_no": 0 })), "23514", "weekly_plan_week_is_1_to_12"),
        ("weekly_plan", own("weekly_plan", json!({ "week_no": 13 })), "23514", "weekly_plan_week_is_1_to_12"),
        ("weekly_plan", Change(json!({ "locked_after_week": -1 })), "23514", "weekly_plan_lock_is_0_to_12"),
        ("weekly_plan", Change(json!({ "locked_after_week": 13 })), "23514", "weekly_plan_lock_is_0_to_12"),
        ("task", Change(json!({ "title": "" })), "23514", "task_title_not_blank"),
        ("task", Change(json!({ "default_qty": -0.5 })), "23514", "task_default_qty_not_negative"),
        ("task", Change(json!({ "default_qty": "NaN" })), "23514", "task_default_qty_not_negative"),
        ("plan_item", Change(json!({ "qty": -1 })), "23514", "plan_item_qty_not_negative"),
        ("plan_item", Change(json!({ "qty": "Infinity" })), "23514", "plan_item_qty_not_negative"),
        ("plan_item", Change(json!({ "completed_qty": -1 })), "23514", "plan_item_completed_qty_not_negative"),
        ("plan_item", Change(json!({ "completed_qty": "NaN" })), "23514", "plan_item_completed_qty_not_negative"),
        ("plan_item", own("plan_item", json!({ "goal_id": nobody })), "23503", "plan_item_goal_exists"),
        ("plan_item", own("plan_item", json!({ "task_id": nobody })), "23503", "plan_item_task_exists"),
        ("chat_session", Change(json!({ "ended_at": "2001-01-01T00:00:00Z" })), "23514", "chat_session_ends_after_it_starts"),
        ("chat_session", Change(json!({ "cycle_id": nobody })), "23503", "chat_session_cycle_of_same_user"),
        ("chat_message", Change(json!({ "proposal_json": ["a list"] })), "23514", "chat_message_proposal_is_object"),
        ("chat_message", Change(json!({ "proposal_json": "text" })), "23514", "chat_message_proposal_is_object"),
        ("task", Change(json!({ "default_qty": 1_000_000_000 })), "23514", "task_default_qty_under_a_billion"),
        ("plan_item", Change(json!({ "qty": "9e131071" })), "23514", "plan_item_qty_under_a_billion"),
        ("plan_item", Change(json!({ "completed_qty": 1e300 })), "23514", "plan_item_completed_qty_under_a_billion"),
        ("cycle", Change(json!({ "end_date": "infinity" })), "23514", "cycle_years_have_four_digits"),
        ("vision", Change(json!({ "created_at": "infinity" })), "23514", "vision_years_have_four_digits"),
        ("vision", Change(json!({ "tags": "{{a},{b}}" })), "23514", "vision_tags_are_a_list"),
        ("task", Change(json!({ "tags": "[0:1]={a,b}" })), "23514", "task_tags_are_a_list"),
        ("task", Change(json!({ "tags": ["a", null] })), "23514", "task_tags_are_a_list"),
        // Kinds of values that are no values of the column's type.
        ("goal", Change(json!({ "type": "sideways" })), "22P02", "goal_type"),
        ("plan_item", Change(json!({ "status": "forgotten" })), "22P02", "plan_item_status"),
        ("plan_item", Change(json!({ "plan_id": null })), "23502", "plan_id"),
    ];

    let before = image::of_everything(&test_db.owner).await;
    let mut cells = Cells::default();
    for (table, write, code, name) in &table {
        let request = match write {
            New(row) => Request::insert(*table, row.clone()),
            Change(change) => Request::update(
                format!("{table}?id=eq.{}", Person::Alice.row(table)),
                change.clone(),
            ),
        };
        for caller in [Caller::Alice, Caller::Service] {
            // A plan that is nobody's is no plan of hers: the policies come first.
            let is_hers = caller == Caller::Service || *code != "23502";
            let expected = if is_hers {
                Expected::Message(code, (*name).to_owned())
            } else {
                Expected::DENIED
            };
            let answer = test_db.ask(caller, &request).await;
            cells.answer(
                &format!("{caller}: {table}, against {name}"),
                &expected,
                &answer,
            );
        }
    }
    cells.same(
        "what is in the tables",
        &before,
        &image::of_everything(&test_db.owner).await,
    );
    cells.finish();
}

/// The rule of section 4 that people meet first: one personal and one professional goal a cycle.
#[tokio::test]
async fn third_goal_of_a_cycle_is_refused_whatever_its_type() {
    let test_db = TestDatabase::new("constraint_goal").await;
    pair::make(&test_db).await;
    let add = |kind: &str| {
        let mut row = pair::new_row("goal", Person::Alice);
        row["type"] = json!(kind);
        Request::insert("goal", row)
    };
    let refused = Expected::Message("23505", "goal_one_of_each_type_per_cycle".to_owned());
    let mut cells = Cells::default();
    for (kind, expected) in [
        ("personal", &refused),
        ("professional", &Expected::Rows(1)),
        ("personal", &refused),
        ("professional", &refused),
    ] {
        let answer = test_db.ask(Caller::Alice, &add(kind)).await;
        cells.answer(&format!("a {kind} goal"), expected, &answer);
    }
    // Nor by turning one into the other.
    let turn = Request::update(
        format!("goal?id=eq.{}", Person::Alice.row("goal")),
        json!({ "type": "professional" }),
    );
    cells.answer(
        "turn the personal goal",
        &refused,
        &test_db.ask(Caller::Alice, &turn).await,
    );
    // Another cycle and another user have their own.
    let count = test_db.value("select count(*) from public.goal").await;
    cells.same("goals that are there", &"3".to_owned(), &count);
    cells.finish();
}
