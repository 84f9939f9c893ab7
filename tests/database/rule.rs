//! The lock rules of section 4 as a table: what is tried, which rule decides, and what the rule says for whom in which
//! state. `lock.rs` tries every line as every caller in every state.

use crate::cell::Expected;
use crate::lock_fixture::{
    CYCLE, GOAL, ITEM, LATER, LOCKED_PLAN, OPEN_ITEM, OPEN_PLAN, PLAN, SPARE_GOAL, SPARE_TASK,
    State, TASK, Unlock,
};
use crate::request::Request;
use crate::test_database::{ALICE, Caller};
use Kind::{Add, Call, Change};
use Rule::{
    Always, Cap, EndOfUnlock, Free, Id, InUse, LowerOnly, Nothing, Past, Planned, Presence, Reason,
    Start, Stays, UnlockWeek,
};
use serde_json::{Value, json};

/// Which rule decides about an act of somebody who may write the rows at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// None: progress, descriptions and the like stay open for everyone.
    Free,
    /// None, and nothing changes by it.
    Nothing,
    /// In a locked week nobody changes what is planned, nor moves an item in or out.
    Planned,
    /// A locked week is part of it whatever the state is.
    Always,
    /// Once the cycle has started, nobody adds to a locked week or takes from it.
    Presence,
    /// Once the cycle has started, nobody deletes what a locked week uses.
    InUse,
    /// Nobody lets a lock begin after week 6; the number that is tried.
    Cap(i32),
    /// Where the lock begins is only lowered.
    LowerOnly,
    /// Nobody moves a plan.
    Stays,
    /// No row gets another id; what the row is.
    Id(&'static str),
    /// Nobody unlocks a week without a reason; users not even with one.
    Reason,
    /// Users never touch an unlock; the service role may end it.
    EndOfUnlock,
    /// The service role may lower the end of an unlock that there was; without one there is nothing to end.
    Past,
    /// Nobody moves a start that has passed.
    Start,
    /// The emergency unlock: the service role's, for locked weeks only.
    UnlockWeek,
}

impl Rule {
    /// What the rule answers for a user or the service role. `week` is the week that a refusal names.
    fn decide(self, is_user: bool, state: State, week: i32, rows: usize) -> Expected {
        let is_refused = match self {
            Free | Nothing => false,
            Always => true,
            Planned => state.is_locked(),
            Presence | InUse => state.is_locked() && state.has_started,
            Cap(_) | LowerOnly | Stays | Reason => true,
            Id(what) => {
                let message = format!("The id of a {what} cannot change.");
                return Expected::Message("23514", message);
            }
            EndOfUnlock => is_user && state.unlock != Unlock::None,
            Past => is_user || state.unlock == Unlock::None,
            Start => state.has_started,
            UnlockWeek if is_user => return Expected::DENIED,
            UnlockWeek if week <= 6 => {
                return Expected::Message("PT409", format!("Week {week} is not locked."));
            }
            UnlockWeek => false,
        };
        if !is_refused {
            return Expected::Rows(rows);
        }
        Expected::locked(match self {
            Cap(after) => format!("The lock of week {week} cannot start after week {after}."),
            LowerOnly => format!("The lock of week {week} cannot start later than it does."),
            Stays => format!("The plan of week {week} stays in its week."),
            Start => "Week 1 has begun: the start date of the cycle is fixed.".to_owned(),
            Reason | Past if !is_user => {
                format!("Week {week} cannot be unlocked without a reason.")
            }
            Reason | Past | EndOfUnlock => {
                format!("Week {week} can only be unlocked by an operator.")
            }
            _ => format!("Week {week} is locked."),
        })
    }
}

/// How row level security sees an act.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Updates or deletes rows of Alice's: for others they are not there.
    Change,
    /// Adds rows of Alice's: others are refused.
    Add,
    /// Calls a function: whoever has no grant is refused.
    Call,
}

/// The week that a refusal names.
#[derive(Debug, Clone, Copy)]
pub enum Week {
    /// The week of `PLAN`.
    Ours,
    /// The week of `PLAN` while it is locked, else another.
    OursOr(i32),
    /// Another.
    Other(i32),
}

/// One line of the table.
pub struct Act {
    /// What is tried.
    pub name: &'static str,
    kind: Kind,
    rule: Rule,
    week: Week,
    rows: usize,
    /// How it is tried.
    pub request: fn(State) -> Request,
}

impl Act {
    /// What somebody gets for it in a state.
    pub fn expected(&self, caller: Caller, state: State) -> Expected {
        let week = match self.week {
            Week::Ours => state.week,
            Week::OursOr(_) if state.is_locked() => state.week,
            Week::OursOr(week) | Week::Other(week) => week,
        };
        match caller {
            Caller::Anon | Caller::Auditor => Expected::DENIED,
            Caller::Bob if self.kind == Change => Expected::NOTHING,
            Caller::Bob => Expected::DENIED,
            Caller::Alice => self.rule.decide(true, state, week, self.rows),
            Caller::Service => self.rule.decide(false, state, week, self.rows),
        }
    }

    /// The same with another week in its refusal.
    fn at(self, week: Week) -> Self {
        Self { week, ..self }
    }

    /// Whether a success leaves a trace.
    pub fn changes(&self, state: State) -> bool {
        match self.rule {
            Nothing => false,
            EndOfUnlock => state.unlock != Unlock::None,
            _ => true,
        }
    }
}

fn act(name: &'static str, kind: Kind, rule: Rule, request: fn(State) -> Request) -> Act {
    Act {
        name,
        kind,
        rule,
        week: Week::Ours,
        rows: 1,
        request,
    }
}

fn item(change: Value) -> Request {
    Request::update(format!("plan_item?id=eq.{ITEM}"), change)
}

fn plan(change: Value) -> Request {
    Request::update(format!("weekly_plan?id=eq.{PLAN}"), change)
}

fn cycle(change: Value) -> Request {
    Request::update(format!("cycle?id=eq.{CYCLE}"), change)
}

fn week_12(more: Value) -> Request {
    let mut row = json!({ "user_id": ALICE, "cycle_id": CYCLE, "week_no": 12 });
    let Value::Object(more) = more else {
        unreachable!("always an object")
    };
    row.as_object_mut().unwrap().extend(more);
    Request::insert("weekly_plan", row)
}

/// Every line.
#[rustfmt::skip]
pub fn acts() -> Vec<Act> {
    vec![
        // Items.
        act("enter progress", Change, Free, |_| item(json!({ "completed_qty": 4, "status": "completed", "notes": "Done." }))),
        act("write back the same amounts", Change, Nothing, |_| item(json!({ "qty": 5, "unit": "km", "task_id": TASK, "goal_id": GOAL, "plan_id": PLAN }))),
        act("change qty", Change, Planned, |_| item(json!({ "qty": 6 }))),
        act("change unit", Change, Planned, |_| item(json!({ "unit": "miles" }))),
        act("change task_id", Change, Planned, |_| item(json!({ "task_id": SPARE_TASK }))),
        act("clear task_id", Change, Planned, |_| item(json!({ "task_id": null }))),
        act("change goal_id", Change, Planned, |_| item(json!({ "goal_id": SPARE_GOAL }))),
        act("clear goal_id", Change, Planned, |_| item(json!({ "goal_id": null }))),
        act("change qty together with progress", Change, Planned, |_| item(json!({ "completed_qty": 4, "qty": 4 }))),
        act("change qty of all items of the plan", Change, Planned, |_| Request::update(format!("plan_item?plan_id=eq.{PLAN}"), json!({ "qty": 1 }))),
        act("upsert an item with another qty", Add, Planned, |_| Request::upsert("plan_item", json!({ "id": ITEM, "plan_id": PLAN, "goal_id": GOAL, "task_id": TASK, "unit": "km", "qty": 9 }))),
        act("move an item to an open week", Change, Planned, |_| item(json!({ "plan_id": OPEN_PLAN }))),
        act("move an item in", Change, Planned, |_| Request::update(format!("plan_item?id=eq.{OPEN_ITEM}"), json!({ "plan_id": PLAN }))),
        act("move an item to a locked week", Change, Always, |_| item(json!({ "plan_id": LOCKED_PLAN }))).at(Week::OursOr(8)),
        act("give an item another id", Change, Id("plan item"), |_| item(json!({ "id": "f0000000-0000-4000-8000-000000000009" }))),
        act("insert an item", Add, Presence, |_| Request::insert("plan_item", json!({ "plan_id": PLAN, "qty": 1 }))),
        Act { rows: 2, ..act("insert an item here and one in an open week", Add, Presence, |_| Request::insert("plan_item", json!([{ "plan_id": OPEN_PLAN }, { "plan_id": PLAN }]))) },
        act("delete an item", Change, Presence, |_| Request::delete(format!("plan_item?id=eq.{ITEM}"))),
        // Goals and tasks.
        act("delete the goal", Change, InUse, |_| Request::delete(format!("goal?id=eq.{GOAL}"))),
        act("delete the task", Change, InUse, |_| Request::delete(format!("task?id=eq.{TASK}"))),
        act("delete a goal that only an open week uses", Change, Free, |_| Request::delete(format!("goal?id=eq.{SPARE_GOAL}"))),
        act("delete a task that only an open week uses", Change, Free, |_| Request::delete(format!("task?id=eq.{SPARE_TASK}"))),
        act("give a goal another id by upsert", Add, Id("goal"), |_| Request::upsert("goal?on_conflict=cycle_id,user_id,type", json!({ "id": "d0000000-0000-4000-8000-000000000009", "user_id": ALICE, "cycle_id": LATER, "type": "professional", "description": "Rest" }))),
        act("describe the goal anew", Change, Free, |_| Request::update(format!("goal?id=eq.{GOAL}"), json!({ "description": "Run far", "end_week": 11 }))),
        act("give the task other defaults", Change, Free, |_| Request::update(format!("task?id=eq.{TASK}"), json!({ "title": "Jog", "unit": "miles", "default_qty": 9 }))),
        // Plans.
        act("change the mode of the plan", Change, Free, |_| plan(json!({ "mode": "priority_queue" }))),
        act("lower the lock", Change, Free, |_| plan(json!({ "locked_after_week": 5 }))),
        act("let the lock begin after week 7", Change, Cap(7), |_| plan(json!({ "locked_after_week": 7 }))),
        act("let the lock begin after week 12", Change, Cap(12), |_| plan(json!({ "locked_after_week": 12 }))),
        act("raise a lock that was lowered", Change, LowerOnly, |_| Request::update(format!("weekly_plan?id=eq.{OPEN_PLAN}"), json!({ "locked_after_week": 5 }))).at(Week::Other(4)),
        act("upsert the plan with another lock", Add, Cap(9), |s| Request::upsert("weekly_plan", json!({ "id": PLAN, "user_id": ALICE, "cycle_id": CYCLE, "week_no": s.week, "locked_after_week": 9 }))),
        act("change week_no", Change, Stays, |_| plan(json!({ "week_no": 2 }))),
        act("move the plan to another cycle", Change, Stays, |_| plan(json!({ "cycle_id": LATER }))),
        act("give a plan another id by upsert", Add, Id("weekly plan"), |_| Request::upsert("weekly_plan?on_conflict=cycle_id,user_id,week_no", json!({ "id": "b0000000-0000-4000-8000-000000000009", "user_id": ALICE, "cycle_id": LATER, "week_no": 8 }))),
        act("set unlocked_until", Change, Reason, |_| plan(json!({ "unlocked_until": "2199-01-01T00:00:00Z" }))),
        act("set unlocked_until to what has passed", Change, Past, |_| plan(json!({ "unlocked_until": "2001-01-01T00:00:00Z" }))),
        act("clear unlocked_until", Change, EndOfUnlock, |_| plan(json!({ "unlocked_until": null }))),
        act("delete the plan", Change, Presence, |_| Request::delete(format!("weekly_plan?id=eq.{PLAN}"))),
        act("insert the plan of a locked week", Add, Free, |_| week_12(json!({}))),
        act("insert a plan with a late lock", Add, Cap(12), |_| week_12(json!({ "locked_after_week": 12 }))).at(Week::Other(12)),
        act("insert a plan that is unlocked", Add, Reason, |_| week_12(json!({ "unlocked_until": "2199-01-01T00:00:00Z" }))).at(Week::Other(12)),
        act("call unlock_week", Call, UnlockWeek, |_| Request::call("unlock_week", json!({ "plan_id": PLAN, "rationale": "Ill.", "minutes": 5 }))),
        // Cycles.
        act("put the start off", Change, Start, |_| cycle(json!({ "start_date": "2199-01-07", "end_date": "2199-03-31" }))),
        act("put the start back", Change, Start, |_| cycle(json!({ "start_date": "2001-01-01" }))),
        act("change the end and the current week", Change, Free, |_| cycle(json!({ "end_date": "2199-03-31", "current_week": 9 }))),
        act("delete the cycle", Change, Presence, |_| Request::delete(format!("cycle?id=eq.{CYCLE}"))),
    ]
}
