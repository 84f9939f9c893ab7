//! The week lock: every line of the table in `rule.rs`, as every caller, in every state of the week.

use crate::cell::Cells;
use crate::image;
use crate::lock_fixture::{self, State, Unlock};
use crate::rule::{Act, acts};
use crate::test_database::{Caller, TestDatabase};

#[tokio::test]
async fn open_week_follows_the_rules() {
    try_all("lock_open", &[State::open(false), State::open(true)]).await;
}

#[tokio::test]
async fn locked_week_follows_the_rules_before_the_start() {
    let unlocks = [Unlock::None, Unlock::Running, Unlock::Over];
    try_all("lock_before", &unlocks.map(|u| State::locked(false, u))).await;
}

#[tokio::test]
async fn locked_week_follows_the_rules_after_the_start() {
    let unlocks = [Unlock::None, Unlock::Running, Unlock::Over];
    try_all("lock_after", &unlocks.map(|u| State::locked(true, u))).await;
}

async fn try_all(name: &str, states: &[State]) {
    let test_db = TestDatabase::new(name).await;
    let mut cells = Cells::default();
    for state in states {
        lock_fixture::make(&test_db, *state).await;
        let mut before = image::of_everything(&test_db.owner).await;
        for act in acts() {
            for caller in Caller::ALL {
                before = try_one(&test_db, &mut cells, *state, &act, caller, before).await;
            }
        }
    }
    cells.finish();
}

/// Judges the answer and what is in the tables afterwards; gives what is there for the next cell.
async fn try_one(
    test_db: &TestDatabase,
    cells: &mut Cells,
    state: State,
    act: &Act,
    caller: Caller,
    before: String,
) -> String {
    let cell = format!("{caller}: {} ({state})", act.name);
    let expected = act.expected(caller, state);
    let answer = test_db.ask(caller, &(act.request)(state)).await;
    cells.answer(&cell, &expected, &answer);
    if answer.code() == Some("PT403") {
        let is_helpful = !answer.said("hint").is_empty() && !answer.said("details").is_empty();
        cells.check(is_helpful, || format!("{cell}: no detail or no hint"));
    }

    let after = image::of_everything(&test_db.owner).await;
    let must_change = expected.may_change() && act.changes(state);
    cells.check((before != after) == must_change, || {
        let changed = image::difference(&before, &after);
        format!("{cell}: expected a change: {must_change}\n{changed}")
    });
    if before == after {
        return before;
    }
    lock_fixture::make(test_db, state).await;
    image::of_everything(&test_db.owner).await
}
