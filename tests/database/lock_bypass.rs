//! The ways around the lock, as stories: what a user could try in several steps, and that in the end the locked week
//! still plans what it planned and is still locked.

use crate::cell::{Cells, Expected};
use crate::lock_fixture::{
    self, CYCLE, GOAL, ITEM, LATER, LATER_GOAL, LOCKED_PLAN, OPEN_ITEM, OPEN_PLAN, PLAN,
    SPARE_TASK, State, TASK, Unlock,
};
use crate::request::Request;
use crate::test_database::{ALICE, BOB, Caller, TestDatabase};
use serde_json::json;

struct Story {
    name: &'static str,
    steps: Vec<(Request, Expected)>,
}

fn story(name: &'static str, steps: impl Into<Vec<(Request, Expected)>>) -> Story {
    Story {
        name,
        steps: steps.into(),
    }
}

const DONE: Expected = Expected::Rows(1);

fn locked() -> Expected {
    Expected::locked("Week 7 is locked.")
}

fn stays() -> Expected {
    Expected::locked("The plan of week 7 stays in its week.")
}

fn capped(after: i32) -> Expected {
    Expected::locked(format!(
        "The lock of week 7 cannot start after week {after}."
    ))
}

fn begun() -> Expected {
    Expected::locked("Week 1 has begun")
}

fn keeps_id(what: &str) -> Expected {
    Expected::Message("23514", format!("The id of a {what} cannot change."))
}

fn patch(table: &str, id: &str, change: serde_json::Value) -> Request {
    Request::update(format!("{table}?id=eq.{id}"), change)
}

fn delete(table: &str, id: &str) -> Request {
    Request::delete(format!("{table}?id=eq.{id}"))
}

fn more_qty() -> Request {
    patch("plan_item", ITEM, json!({ "qty": 50 }))
}

fn another_item() -> Request {
    Request::insert("plan_item", json!({ "plan_id": PLAN, "qty": 50 }))
}

/// All as Alice, in a week that is locked in a cycle that has started.
#[rustfmt::skip]
fn stories() -> Vec<Story> {
    let plan_row = json!({ "id": PLAN, "user_id": ALICE, "cycle_id": CYCLE, "week_no": 7, "locked_after_week": 12 });
    let late = json!({ "start_date": "2199-01-07", "end_date": "2199-03-31" });
    vec![
        story("move the item out, change it, move it back", [
            (patch("plan_item", ITEM, json!({ "plan_id": OPEN_PLAN })), locked()),
            (more_qty(), locked()),
        ]),
        story("fill an item in an open week and move it in", [
            (patch("plan_item", OPEN_ITEM, json!({ "qty": 50 })), DONE),
            (patch("plan_item", OPEN_ITEM, json!({ "plan_id": PLAN })), locked()),
            (patch("plan_item", OPEN_ITEM, json!({ "plan_id": PLAN, "qty": 3 })), locked()),
        ]),
        story("move the week under its lock", [
            (patch("weekly_plan", PLAN, json!({ "week_no": 2 })), stays()),
            (patch("weekly_plan", PLAN, json!({ "week_no": 2, "locked_after_week": 5 })), stays()),
            (another_item(), locked()),
        ]),
        story("move the plan to a cycle that has not started", [
            (patch("weekly_plan", PLAN, json!({ "cycle_id": LATER })), stays()),
            (another_item(), locked()),
        ]),
        story("let the lock begin later", [
            (patch("weekly_plan", PLAN, json!({ "locked_after_week": 7 })), capped(7)),
            (patch("weekly_plan", PLAN, json!({ "locked_after_week": 12, "mode": "priority_queue" })), capped(12)),
            (more_qty(), locked()),
        ]),
        story("lower the lock and raise it again", [
            (patch("weekly_plan", PLAN, json!({ "locked_after_week": 0 })), DONE),
            (patch("weekly_plan", PLAN, json!({ "locked_after_week": 6 })), Expected::locked("The lock of week 7 cannot start later than it does.")),
            (more_qty(), locked()),
        ]),
        story("delete the plan and insert it again", [
            (delete("weekly_plan", PLAN), locked()),
            (Request::insert("weekly_plan", plan_row.clone()), Expected::Code("23505")),
        ]),
        story("delete the items, then the plan", [
            (delete("plan_item", ITEM), locked()),
            (Request::delete(format!("weekly_plan?cycle_id=eq.{CYCLE}")), locked()),
        ]),
        story("delete a locked plan that holds nothing", [
            (Request::insert("weekly_plan", json!({ "user_id": ALICE, "cycle_id": CYCLE, "week_no": 12 })), DONE),
            (Request::delete(format!("weekly_plan?cycle_id=eq.{CYCLE}&week_no=eq.12")), Expected::locked("Week 12 is locked.")),
        ]),
        story("upsert the plan with another lock", [
            (Request::upsert("weekly_plan", plan_row.clone()), capped(12)),
            (Request::upsert("weekly_plan?on_conflict=cycle_id,user_id,week_no", json!({ "user_id": ALICE, "cycle_id": CYCLE, "week_no": 7, "locked_after_week": 12 })), capped(12)),
        ]),
        story("upsert the plan with an unlock", [
            (Request::upsert("weekly_plan", json!({ "id": PLAN, "user_id": ALICE, "cycle_id": CYCLE, "week_no": 7, "unlocked_until": "2199-01-01T00:00:00Z" })), Expected::locked("Week 7 can only be unlocked by an operator.")),
        ]),
        story("upsert the items, one new and one old", [
            (Request::upsert("plan_item", json!([{ "id": ITEM, "plan_id": PLAN, "qty": 50 }])), locked()),
            (Request::upsert("plan_item", json!([{ "id": "f0000000-0000-4000-8000-000000000009", "plan_id": OPEN_PLAN, "qty": 1 }, { "id": ITEM, "plan_id": OPEN_PLAN, "qty": 50 }])), locked()),
        ]),
        story("put the start of the cycle off", [
            (patch("cycle", CYCLE, late.clone()), begun()),
            (Request::upsert("cycle", json!({ "id": CYCLE, "user_id": ALICE, "start_date": "2199-01-07", "end_date": "2199-03-31" })), begun()),
            (delete("plan_item", ITEM), locked()),
        ]),
        story("put the start further back, then forward", [
            (patch("cycle", CYCLE, json!({ "start_date": "2001-01-01" })), begun()),
            (patch("cycle", CYCLE, late.clone()), begun()),
        ]),
        story("change the other dates and the current week", [
            (patch("cycle", CYCLE, json!({ "end_date": "2199-01-01", "current_week": 12 })), DONE),
            (another_item(), locked()),
            (more_qty(), locked()),
        ]),
        story("delete the cycle", [
            (delete("cycle", CYCLE), locked()),
        ]),
        story("delete the task under it", [
            (delete("task", TASK), locked()),
            (patch("plan_item", ITEM, json!({ "task_id": null })), locked()),
        ]),
        story("delete the goal under it, also by way of another cycle", [
            (delete("goal", GOAL), locked()),
            (patch("goal", GOAL, json!({ "cycle_id": LATER })), DONE),
            (delete("goal", GOAL), locked()),
            (delete("cycle", LATER), locked()),
        ]),
        story("give things other ids", [
            (patch("weekly_plan", PLAN, json!({ "id": "b0000000-0000-4000-8000-000000000009" })), Expected::Code("23503")),
            (patch("cycle", CYCLE, json!({ "id": "c0000000-0000-4000-8000-000000000009" })), Expected::Code("23503")),
            (patch("task", TASK, json!({ "id": "e0000000-0000-4000-8000-000000000009" })), Expected::Code("23503")),
            (patch("goal", GOAL, json!({ "id": "d0000000-0000-4000-8000-000000000009" })), Expected::Code("23503")),
        ]),
        story("give what nothing hangs on another id", [
            (patch("goal", LATER_GOAL, json!({ "id": "d0000000-0000-4000-8000-000000000009" })), keeps_id("goal")),
            (patch("plan_item", ITEM, json!({ "id": "f0000000-0000-4000-8000-000000000009" })), keeps_id("plan item")),
            (patch("plan_item", OPEN_ITEM, json!({ "id": "f0000000-0000-4000-8000-000000000009", "qty": 50 })), keeps_id("plan item")),
            (patch("weekly_plan", LOCKED_PLAN, json!({ "id": "b0000000-0000-4000-8000-000000000009" })), keeps_id("weekly plan")),
        ]),
        story("exchange the ids of the locked plan and of an emptied one", [
            (delete("plan_item", OPEN_ITEM), DONE),
            (Request::upsert("weekly_plan?on_conflict=cycle_id,user_id,week_no", json!([
                { "id": "b0000000-0000-4000-8000-000000000009", "user_id": ALICE, "cycle_id": CYCLE, "week_no": 7, "locked_after_week": 6 },
                { "id": PLAN, "user_id": ALICE, "cycle_id": CYCLE, "week_no": 4, "locked_after_week": 4 },
            ])), keeps_id("weekly plan")),
            (more_qty(), locked()),
        ]),
        story("exchange the ids of the goal and of another one", [
            (patch("plan_item", OPEN_ITEM, json!({ "goal_id": null })), DONE),
            (Request::upsert("goal?on_conflict=cycle_id,user_id,type", json!([
                { "id": "d0000000-0000-4000-8000-000000000009", "user_id": ALICE, "cycle_id": CYCLE, "type": "personal", "description": "Run" },
                { "id": GOAL, "user_id": ALICE, "cycle_id": CYCLE, "type": "professional", "description": "Ship" },
            ])), keeps_id("goal")),
        ]),
        story("give things away", [
            (patch("weekly_plan", PLAN, json!({ "user_id": BOB })), Expected::DENIED),
            (patch("cycle", CYCLE, json!({ "user_id": BOB })), Expected::DENIED),
            (patch("task", TASK, json!({ "user_id": BOB })), Expected::DENIED),
        ]),
        story("hide it in a list", [
            (Request::insert("plan_item", json!([{ "plan_id": OPEN_PLAN }, { "plan_id": PLAN }, { "plan_id": OPEN_PLAN }])), locked()),
            (Request::update(format!("plan_item?id=in.({OPEN_ITEM},{ITEM})"), json!({ "qty": 50 })), locked()),
            (Request::delete(format!("plan_item?id=in.({OPEN_ITEM},{ITEM})")), locked()),
        ]),
        story("say that it is the assistant, or an operator", [
            (more_qty().header("x-actor-type", "ai"), locked()),
            (more_qty().header("x-rationale", "Emergency."), locked()),
            (Request::call("unlock_week", json!({ "plan_id": PLAN, "rationale": "Mine.", "minutes": 5 })), Expected::DENIED),
        ]),
        story("ask from where it is another day", [
            (another_item().prefer("timezone=Etc/GMT+12"), locked()),
            (another_item().prefer("timezone=Pacific/Kiritimati"), locked()),
            (delete("plan_item", ITEM).prefer("timezone=Etc/GMT+12"), locked()),
        ]),
        story("a coming cycle locks when it is made to start", [
            (Request::insert("plan_item", json!({ "plan_id": LOCKED_PLAN, "task_id": SPARE_TASK })), DONE),
            (patch("cycle", LATER, json!({ "start_date": "2001-01-01" })), DONE),
            (Request::insert("plan_item", json!({ "plan_id": LOCKED_PLAN })), Expected::locked("Week 8 is locked.")),
            (delete("weekly_plan", LOCKED_PLAN), Expected::locked("Week 8 is locked.")),
            (delete("task", SPARE_TASK), Expected::locked("Week 8 is locked.")),
            (patch("cycle", LATER, late), begun()),
        ]),
    ]
}

/// What the locked week plans, in which week, and that it is locked.
const END: &str = "
    select concat_ws(' ', s.week_no, case when s.locked then 'locked' else 'open' end, s.cycle_id, (
        select string_agg(concat_ws(' ', i.id, i.qty, i.unit, i.goal_id, i.task_id), ', ' order by i.id)
        from public.plan_item i where i.plan_id = s.plan_id))
    from public.week_lock_status s where s.plan_id = ";

#[tokio::test]
async fn no_way_leads_around_the_lock() {
    let test_db = TestDatabase::new("detour").await;
    let end = format!("{END} '{PLAN}'");
    let expected_end = format!("7 locked {CYCLE} {ITEM} 5 km {GOAL} {TASK}");
    let mut cells = Cells::default();
    let of_alice = stories().into_iter().map(|story| (Caller::Alice, story));
    let of_service = stories_of_the_service_role();
    let of_service = of_service.into_iter().map(|story| (Caller::Service, story));
    for (caller, Story { name, steps }) in of_alice.chain(of_service) {
        lock_fixture::make(&test_db, State::locked(true, Unlock::None)).await;
        for (number, (request, expected)) in steps.iter().enumerate() {
            let answer = test_db.ask(caller, request).await;
            let cell = format!("{caller}: {name}, step {}", number + 1);
            cells.answer(&cell, expected, &answer);
        }
        cells.same(
            &format!("{caller}: {name}, in the end"),
            &expected_end,
            &test_db.value(&end).await,
        );
    }
    cells.finish();
}

/// The same as the service role, which is bound like everyone but the owner: what a user is refused, it is refused.
#[rustfmt::skip]
fn stories_of_the_service_role() -> Vec<Story> {
    let late = json!({ "start_date": "2199-01-07", "end_date": "2199-03-31" });
    vec![
        story("open the week and lock it again", [
            (patch("weekly_plan", PLAN, json!({ "locked_after_week": 12 })), capped(12)),
            (more_qty(), locked()),
            (patch("weekly_plan", PLAN, json!({ "unlocked_until": "2199-01-01T00:00:00Z" })), Expected::locked("Week 7 cannot be unlocked without a reason.")),
            (another_item(), locked()),
        ]),
        story("move the week, or the plan", [
            (patch("weekly_plan", PLAN, json!({ "week_no": 2 })), stays()),
            (patch("weekly_plan", PLAN, json!({ "cycle_id": LATER })), stays()),
        ]),
        story("delete and insert", [
            (delete("plan_item", ITEM), locked()),
            (delete("weekly_plan", PLAN), locked()),
            (delete("cycle", CYCLE), locked()),
            (another_item(), locked()),
            (Request::insert("weekly_plan", json!({ "user_id": ALICE, "cycle_id": CYCLE, "week_no": 12, "locked_after_week": 12 })), Expected::locked("The lock of week 12 cannot start after week 12.")),
        ]),
        story("put the start off", [
            (patch("cycle", CYCLE, late), begun()),
        ]),
        story("exchange the ids of two plans", [
            (delete("plan_item", OPEN_ITEM), DONE),
            (Request::upsert("weekly_plan?on_conflict=cycle_id,user_id,week_no", json!([
                { "id": "b0000000-0000-4000-8000-000000000009", "user_id": ALICE, "cycle_id": CYCLE, "week_no": 7, "locked_after_week": 6 },
                { "id": PLAN, "user_id": ALICE, "cycle_id": CYCLE, "week_no": 4, "locked_after_week": 4 },
            ])), keeps_id("weekly plan")),
            (patch("plan_item", ITEM, json!({ "id": "f0000000-0000-4000-8000-000000000009" })), keeps_id("plan item")),
        ]),
    ]
}

/// Under an unlock the items of a week change. The lock itself does not: a plan that was locked early stays, for a new
/// one could begin open and would be so for good.
#[tokio::test]
async fn unlock_does_not_end_in_a_week_that_is_open_for_good() {
    let test_db = TestDatabase::new("detour_unlock").await;
    let mut cells = Cells::default();
    for caller in [Caller::Alice, Caller::Service] {
        lock_fixture::make(&test_db, State::open(true)).await;
        let plan = patch("weekly_plan", OPEN_PLAN, json!({ "locked_after_week": 3 }));
        let unlock = Request::call(
            "unlock_week",
            json!({ "plan_id": OPEN_PLAN, "rationale": "Ill.", "minutes": 60 }),
        );
        let stays = Expected::locked("The plan of week 4 stays, also during an emergency unlock.");
        for (name, caller, request, expected) in [
            ("lock week 4 early", Caller::Alice, plan, DONE),
            ("unlock it", Caller::Service, unlock, DONE),
            (
                "change it",
                Caller::Alice,
                patch("plan_item", OPEN_ITEM, json!({ "qty": 4 })),
                DONE,
            ),
            (
                "delete its plan",
                caller,
                delete("weekly_plan", OPEN_PLAN),
                stays.clone(),
            ),
            (
                "delete all plans",
                caller,
                Request::delete(format!("weekly_plan?cycle_id=eq.{CYCLE}")),
                stays.clone(),
            ),
            ("delete the cycle", caller, delete("cycle", CYCLE), stays),
            (
                "delete its items",
                caller,
                Request::delete(format!("plan_item?plan_id=eq.{OPEN_PLAN}")),
                DONE,
            ),
        ] {
            let answer = test_db.ask(caller, &request).await;
            cells.answer(&format!("{caller}: {name}"), &expected, &answer);
        }
    }
    cells.finish();
}

/// The start is the first moment of the day in UTC: today has started, tomorrow has not.
#[tokio::test]
async fn cycle_starts_on_its_first_day_in_utc() {
    let test_db = TestDatabase::new("detour_day").await;
    let mut cells = Cells::default();
    for (start, expected) in [("-1", locked()), ("", locked()), ("+1", DONE), ("+2", DONE)] {
        lock_fixture::make(&test_db, State::locked(false, Unlock::None)).await;
        // The day may end between the two requests of one round; then the round says nothing.
        let today = test_db
            .value("select (now() at time zone 'UTC')::date")
            .await;
        let move_start = format!(
            "update public.cycle set start_date = (now() at time zone 'UTC')::date {start} where id = '{CYCLE}'"
        );
        test_db.owner.batch_execute(&move_start).await.unwrap();
        let answer = test_db.ask(Caller::Alice, &another_item()).await;
        if today
            == test_db
                .value("select (now() at time zone 'UTC')::date")
                .await
        {
            cells.answer(&format!("start today{start}"), &expected, &answer);
        }
    }
    cells.finish();
}
