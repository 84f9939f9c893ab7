//! Two transactions at once: what a rule has looked at does not change before the commit. And the clock of the rules,
//! which neither a transaction nor a session sets.

use crate::lock_fixture::{self, CYCLE, LATER, LOCKED_PLAN, OPEN_PLAN, PLAN, State, Unlock};
use crate::test_database::{ALICE, TestDatabase};
use tokio_postgres::Client;

/// Begins a transaction as Alice, as REST does it.
async fn begin_as_alice(client: &Client) {
    let begin = format!(
        "begin; set local role authenticated; set local lock_timeout = '300ms';
         set local request.jwt.claims = '{{\"sub\": \"{ALICE}\", \"role\": \"authenticated\"}}'"
    );
    client.batch_execute(&begin).await.unwrap();
}

/// The SQLSTATE of a statement that fails.
async fn code(client: &Client, statement: &str) -> String {
    let fault = client.batch_execute(statement).await.unwrap_err();
    fault.code().unwrap().code().to_owned()
}

#[tokio::test]
async fn what_would_lock_a_week_waits_for_who_is_filling_it() {
    let test_db = TestDatabase::new("race").await;
    let (first, second) = (test_db.owner_again().await, test_db.owner_again().await);
    let fill_open = format!("insert into public.plan_item (plan_id) values ('{OPEN_PLAN}')");
    let fill_later = format!("insert into public.plan_item (plan_id) values ('{LOCKED_PLAN}')");
    for (fill, change) in [
        (
            &fill_open,
            format!("update public.weekly_plan set locked_after_week = 3 where id = '{OPEN_PLAN}'"),
        ),
        (
            &fill_later,
            format!("update public.cycle set start_date = '2001-01-01' where id = '{LATER}'"),
        ),
        (
            &fill_open,
            format!("delete from public.cycle where id = '{CYCLE}'"),
        ),
    ] {
        lock_fixture::make(&test_db, State::locked(false, Unlock::None)).await;
        begin_as_alice(&first).await;
        first.batch_execute(fill).await.unwrap();
        begin_as_alice(&second).await;
        // lock_not_available: it waited, and would have gone on once the first has ended.
        assert_eq!(code(&second, &change).await, "55P03", "{change}");
        second.batch_execute("rollback").await.unwrap();
        first.batch_execute("commit").await.unwrap();
        begin_as_alice(&second).await;
        second.batch_execute(&change).await.unwrap();
        second.batch_execute("rollback").await.unwrap();
    }
}

#[tokio::test]
async fn who_fills_a_week_waits_for_its_lock() {
    let test_db = TestDatabase::new("race_lock").await;
    lock_fixture::make(&test_db, State::locked(true, Unlock::None)).await;
    let (first, second) = (test_db.owner_again().await, test_db.owner_again().await);
    let lock =
        format!("update public.weekly_plan set locked_after_week = 3 where id = '{OPEN_PLAN}'");
    let fill = format!("insert into public.plan_item (plan_id) values ('{OPEN_PLAN}')");
    begin_as_alice(&first).await;
    first.batch_execute(&lock).await.unwrap();
    begin_as_alice(&second).await;
    assert_eq!(code(&second, &fill).await, "55P03");
    second.batch_execute("rollback").await.unwrap();
    first.batch_execute("commit").await.unwrap();
    begin_as_alice(&second).await;
    assert_eq!(code(&second, &fill).await, "PT403");
    second.batch_execute("rollback").await.unwrap();
}

/// The clock of the lock is the wall clock: a transaction does not outlive the unlock that it began under.
#[tokio::test]
async fn unlock_ends_inside_an_open_transaction() {
    let test_db = TestDatabase::new("race_unlock").await;
    lock_fixture::make(&test_db, State::locked(true, Unlock::Running)).await;
    let alice = test_db.owner_again().await;
    let change = format!("update public.plan_item set qty = qty + 1 where plan_id = '{PLAN}'");
    begin_as_alice(&alice).await;
    alice.batch_execute(&change).await.unwrap();
    // She holds the plan by now; an end cannot come from outside before she is done.
    alice.batch_execute("commit").await.unwrap();

    begin_as_alice(&alice).await;
    alice
        .batch_execute("select count(*) from public.plan_item")
        .await
        .unwrap();
    let end = format!(
        "update public.weekly_plan set unlocked_until = clock_timestamp() where id = '{PLAN}'"
    );
    test_db.owner.batch_execute(&end).await.unwrap();
    assert_eq!(code(&alice, &change).await, "PT403");
    alice.batch_execute("rollback").await.unwrap();
}

/// A day begins for everyone at midnight UTC. The zones are a day away, so that the hour of the test does not matter.
#[tokio::test]
async fn time_zone_of_a_session_does_not_move_the_start() {
    let test_db = TestDatabase::new("race_zone").await;
    let alice = test_db.owner_again().await;
    let fill = format!("insert into public.plan_item (plan_id) values ('{PLAN}')");
    for (has_started, zone) in [(true, "<far-west>+24"), (false, "<far-east>-48")] {
        lock_fixture::make(&test_db, State::locked(has_started, Unlock::None)).await;
        begin_as_alice(&alice).await;
        let move_clock = format!("set local timezone = '{zone}'");
        alice.batch_execute(&move_clock).await.unwrap();
        if has_started {
            assert_eq!(code(&alice, &fill).await, "PT403", "{zone}");
        } else {
            alice.batch_execute(&fill).await.unwrap();
        }
        alice.batch_execute("rollback").await.unwrap();
    }
}
