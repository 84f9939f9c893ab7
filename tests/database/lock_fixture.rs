//! What the lock tests act on: a cycle of Alice's in a given state, made anew for each cell that changes something.
//!
//! ```text
//! CYCLE   started or not   week 3 or 7  PLAN         ITEM       uses GOAL, TASK
//!                          week 4       OPEN_PLAN    OPEN_ITEM  uses SPARE_GOAL, SPARE_TASK
//! LATER   not started      week 8       LOCKED_PLAN  (empty)             has LATER_GOAL
//! ```

use crate::request::Request;
use crate::test_database::{ALICE, BOB, Caller, TestDatabase};
use serde_json::json;
use std::fmt;

/// The cycle whose state is varied.
pub const CYCLE: &str = "c0000000-0000-4000-8000-000000000001";
/// Another cycle of Alice's, which has not started.
pub const LATER: &str = "c0000000-0000-4000-8000-000000000002";
/// The plan that the rules are tried on.
pub const PLAN: &str = "b0000000-0000-4000-8000-000000000001";
/// The plan of an open week of the same cycle; its lock begins after week 4.
pub const OPEN_PLAN: &str = "b0000000-0000-4000-8000-000000000002";
/// The plan of a locked week of the later cycle.
pub const LOCKED_PLAN: &str = "b0000000-0000-4000-8000-000000000003";
/// The item of `PLAN`.
pub const ITEM: &str = "f0000000-0000-4000-8000-000000000001";
/// The item of `OPEN_PLAN`.
pub const OPEN_ITEM: &str = "f0000000-0000-4000-8000-000000000002";
/// The goal of `ITEM`.
pub const GOAL: &str = "d0000000-0000-4000-8000-000000000001";
/// The goal of `OPEN_ITEM`.
pub const SPARE_GOAL: &str = "d0000000-0000-4000-8000-000000000002";
/// The professional goal of `LATER`, which no item uses.
pub const LATER_GOAL: &str = "d0000000-0000-4000-8000-000000000003";
/// The task of `ITEM`.
pub const TASK: &str = "e0000000-0000-4000-8000-000000000001";
/// The task of `OPEN_ITEM`.
pub const SPARE_TASK: &str = "e0000000-0000-4000-8000-000000000002";

/// An emergency unlock of `PLAN`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unlock {
    /// There was none.
    None,
    /// It runs for an hour.
    Running,
    /// It ended a minute ago.
    Over,
}

/// What the rules depend on.
#[derive(Debug, Clone, Copy)]
pub struct State {
    /// The week of `PLAN`: up to 6 it is open.
    pub week: i32,
    /// Whether `CYCLE` starts today, or the day after tomorrow.
    pub has_started: bool,
    /// The unlock of `PLAN`.
    pub unlock: Unlock,
}

impl State {
    /// A week that may be planned.
    pub const fn open(has_started: bool) -> Self {
        Self {
            week: 3,
            has_started,
            unlock: Unlock::None,
        }
    }

    /// A week above 6.
    pub const fn locked(has_started: bool, unlock: Unlock) -> Self {
        Self {
            week: 7,
            has_started,
            unlock,
        }
    }

    /// Section 4: `week_no > locked_after_week` and no unlock is running. Here every lock of `PLAN` begins after 6.
    pub fn is_locked(self) -> bool {
        self.week > 6 && self.unlock != Unlock::Running
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let start = if self.has_started { "after" } else { "before" };
        let unlock = match self.unlock {
            Unlock::None => "",
            Unlock::Running => ", unlocked",
            Unlock::Over => ", unlock over",
        };
        write!(f, "week {}, {start} the start{unlock}", self.week)
    }
}

/// Makes it. What Alice and Bob had is gone; the audit log keeps growing.
pub async fn make(test_db: &TestDatabase, state: State) {
    let State {
        week,
        has_started,
        unlock,
    } = state;
    let days = if has_started { 0 } else { 2 };
    let statements = format!(
        "delete from public.cycle where user_id in ('{ALICE}', '{BOB}');
         delete from public.task where user_id in ('{ALICE}', '{BOB}');
         insert into public.cycle (id, user_id, start_date, end_date)
         select id::uuid, '{ALICE}', today + days, today + days + 83
         from (select (now() at time zone 'UTC')::date) clock (today),
           (values ('{CYCLE}', {days}), ('{LATER}', 90)) cycle (id, days);
         insert into public.goal (id, user_id, cycle_id, type, description) values
           ('{GOAL}', '{ALICE}', '{CYCLE}', 'personal', 'Run'),
           ('{SPARE_GOAL}', '{ALICE}', '{CYCLE}', 'professional', 'Ship'),
           ('{LATER_GOAL}', '{ALICE}', '{LATER}', 'professional', 'Swim');
         insert into public.task (id, user_id, title) values
           ('{TASK}', '{ALICE}', 'Run'), ('{SPARE_TASK}', '{ALICE}', 'Ship');
         insert into public.weekly_plan (id, user_id, cycle_id, week_no, locked_after_week) values
           ('{PLAN}', '{ALICE}', '{CYCLE}', {week}, 6), ('{OPEN_PLAN}', '{ALICE}', '{CYCLE}', 4, 4),
           ('{LOCKED_PLAN}', '{ALICE}', '{LATER}', 8, 6);
         insert into public.plan_item (id, plan_id, goal_id, task_id, unit, qty) values
           ('{ITEM}', '{PLAN}', '{GOAL}', '{TASK}', 'km', 5),
           ('{OPEN_ITEM}', '{OPEN_PLAN}', '{SPARE_GOAL}', '{SPARE_TASK}', 'hours', 3);"
    );
    test_db.owner.batch_execute(&statements).await.unwrap();
    match unlock {
        Unlock::None => {}
        Unlock::Running => unlock_plan(test_db).await,
        Unlock::Over => {
            unlock_plan(test_db).await;
            // Nobody can wait for it, but the owner may end it.
            let end = format!(
                "update public.weekly_plan set unlocked_until = now() - interval '1 minute' where id = '{PLAN}'"
            );
            test_db.owner.batch_execute(&end).await.unwrap();
        }
    }
}

async fn unlock_plan(test_db: &TestDatabase) {
    let call = Request::call(
        "unlock_week",
        json!({ "plan_id": PLAN, "rationale": "Ill.", "minutes": 60 }),
    );
    let answer = test_db.ask(Caller::Service, &call).await;
    assert!(answer.is_success, "the unlock failed: {answer}");
}
