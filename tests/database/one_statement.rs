//! One statement, or two requests at once, that take away what a rule asks: the plan, the cycle, the task or the goal.

use crate::lock_fixture::{
    self, CYCLE, GOAL, ITEM, LATER, LOCKED_PLAN, OPEN_ITEM, OPEN_PLAN, PLAN, SPARE_GOAL,
    SPARE_TASK, State, TASK, Unlock,
};
use crate::test_database::{ALICE, BOB, TestDatabase, value};
use std::time::Duration;
use tokio_postgres::Client;

/// Makes a session that of a user, or of the service role, as a login role of that kind has it.
async fn become_role(client: &Client, role: &str) {
    let claims = format!(
        "set role {role}; set lock_timeout = '2s'; set request.jwt.claims = '{{\"sub\": \"{ALICE}\", \"role\": \"{role}\"}}'"
    );
    client.batch_execute(&claims).await.unwrap();
}

/// What a locked week plans, and whose it is.
async fn planned(test_db: &TestDatabase, item: &str) -> String {
    let sql = format!(
        "select row(p.id, p.user_id, p.week_no, i.qty, i.unit, i.task_id, i.goal_id)::text
         from public.plan_item i join public.weekly_plan p on p.id = i.plan_id where i.id = '{item}'"
    );
    value(&test_db.owner, &sql).await
}

/// A sibling of the same statement goes first, because the other one counts what it did.
fn first_then(first: &str, then: &str) -> String {
    format!("with a as ({first} returning 1) {then} and (select count(*) from a) > 0")
}

#[tokio::test]
async fn no_single_statement_gets_around_a_locked_week() {
    let test_db = TestDatabase::new("one_statement").await;
    let detach =
        |column: &str| format!("update public.plan_item set {column} = null where id = '{ITEM}'");
    let items = format!("delete from public.plan_item where plan_id = '{PLAN}'");
    let plans = format!("delete from public.weekly_plan where cycle_id = '{CYCLE}'");
    let cycle = format!("delete from public.cycle where id = '{CYCLE}'");
    let out = format!(
        "update public.plan_item set plan_id = '{LOCKED_PLAN}', qty = 999, goal_id = null where id = '{ITEM}'"
    );
    let chain = |first: &str| {
        format!(
            "with a as ({first} returning 1), b as ({plans} and (select count(*) from a) > 0 returning 1) {cycle} and (select count(*) from b) > 0"
        )
    };
    for role in ["authenticated", "service_role"] {
        for statement in [
            first_then(
                &detach("task_id"),
                &format!("delete from public.task where id = '{TASK}'"),
            ),
            first_then(
                &detach("goal_id"),
                &format!("delete from public.goal where id = '{GOAL}'"),
            ),
            chain(&items),
            chain(&out),
            format!("with b as ({plans} returning 1) {cycle} and (select count(*) from b) > 0"),
            first_then(
                &items,
                &format!("delete from public.weekly_plan where id = '{PLAN}'"),
            ),
        ] {
            lock_fixture::make(&test_db, State::locked(true, Unlock::None)).await;
            let before = planned(&test_db, ITEM).await;
            let client = test_db.owner_again().await;
            become_role(&client, role).await;
            let fault = client.batch_execute(&statement).await.unwrap_err();
            assert_eq!(fault.code().unwrap().code(), "PT403", "{role}: {statement}");
            assert_eq!(planned(&test_db, ITEM).await, before, "{role}: {statement}");
        }
    }
}

#[tokio::test]
async fn no_single_statement_gives_an_item_to_somebody_else_or_loses_whose_it_was() {
    let test_db = TestDatabase::new("one_statement_user").await;
    lock_fixture::make(&test_db, State::open(true)).await;
    let bobs = "insert into public.cycle (id, user_id, start_date, end_date) values
          ('c0000000-0000-4000-8000-0000000000bb', $B$BOB$B$, '2199-01-07', '2199-03-31');
        insert into public.weekly_plan (id, user_id, cycle_id, week_no) values
          ('b0000000-0000-4000-8000-0000000000bb', $B$BOB$B$, 'c0000000-0000-4000-8000-0000000000bb', 1)";
    test_db
        .owner
        .batch_execute(&bobs.replace("$B$BOB$B$", &format!("'{BOB}'")))
        .await
        .unwrap();
    let service = test_db.owner_again().await;
    become_role(&service, "service_role").await;
    let gift = first_then(
        &format!(
            "update public.plan_item set plan_id = 'b0000000-0000-4000-8000-0000000000bb', goal_id = null, task_id = null where plan_id = '{PLAN}'"
        ),
        &format!("delete from public.weekly_plan where id = '{PLAN}'"),
    );
    let fault = service.batch_execute(&gift).await.unwrap_err();
    assert_eq!(
        fault.as_db_error().unwrap().constraint(),
        Some("plan_item_keeps_its_user")
    );
    // Items that go with their plan in one statement still say whose they were.
    let alice = test_db.owner_again().await;
    become_role(&alice, "authenticated").await;
    let both = first_then(
        &format!("delete from public.plan_item where plan_id = '{PLAN}'"),
        &format!("delete from public.weekly_plan where id = '{PLAN}'"),
    );
    alice.batch_execute(&both).await.unwrap();
    let records = format!(
        "select count(*) || ' ' || count(*) filter (where subject_user_id = '{ALICE}') from public.audit_log
         where action = 'plan_item.delete' and before_state ->> 'id' = '{ITEM}'
           and created_at > now() - interval '1 minute'"
    );
    assert_eq!(value(&test_db.owner, &records).await, "1 1");
}

/// Waits until the session waits for the advisory lock.
async fn until_it_waits(test_db: &TestDatabase) {
    for _ in 0..600 {
        let waiting = "select count(*) from pg_catalog.pg_locks where locktype = 'advisory' and not granted
            and database = (select oid from pg_catalog.pg_database where datname = current_database())";
        if value(&test_db.owner, waiting).await != "0" {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("it never waited");
}

/// A long DELETE has looked at its first row when another request locks the week: one of the two is refused or waits.
#[tokio::test]
async fn a_week_that_is_locked_while_a_delete_runs_loses_nothing() {
    let test_db = TestDatabase::new("one_statement_race").await;
    let lower =
        format!("update public.weekly_plan set locked_after_week = 3 where id = '{OPEN_PLAN}'");
    let begin = format!(
        "update public.cycle set start_date = (now() at time zone 'UTC')::date where id = '{CYCLE}'"
    );
    let lowered =
        format!("update public.weekly_plan set locked_after_week = 3 where id = '{OPEN_PLAN}'");
    for (has_started, prepare, meanwhile) in [(true, "", &lower), (false, lowered.as_str(), &begin)]
    {
        for (delete, last) in [
            (
                format!("delete from public.task where id = '{SPARE_TASK}'"),
                "title = 'zz'".to_owned(),
            ),
            (
                format!("delete from public.goal where id = '{SPARE_GOAL}'"),
                format!("cycle_id = '{LATER}'"),
            ),
            (
                format!("delete from public.cycle where id = '{CYCLE}'"),
                format!("id = '{LATER}'"),
            ),
        ] {
            lock_fixture::make(&test_db, State::open(has_started)).await;
            let zz = format!(
                "insert into public.task (user_id, title) values ('{ALICE}', 'zz'); {prepare}"
            );
            test_db.owner.batch_execute(&zz).await.unwrap();
            let before = planned(&test_db, OPEN_ITEM).await;
            let (slow, quick) = (test_db.owner_again().await, test_db.owner_again().await);
            become_role(&slow, "authenticated").await;
            // It waits for the gate longer than the other one waits for it.
            slow.batch_execute("set lock_timeout = '30s'")
                .await
                .unwrap();
            become_role(&quick, "authenticated").await;
            let gate = test_db.owner_again().await;
            gate.batch_execute("select pg_advisory_lock(4711)")
                .await
                .unwrap();
            let statement =
                format!("{delete} or ({last} and pg_advisory_xact_lock(4711) is not null)");
            let running = tokio::spawn(async move { slow.batch_execute(&statement).await });
            until_it_waits(&test_db).await;
            let quick = quick.batch_execute(meanwhile).await;
            gate.batch_execute("select pg_advisory_unlock(4711)")
                .await
                .unwrap();
            let slow = running.await.unwrap();
            let (slow_code, quick_code) = (code(&slow), code(&quick));
            assert!(
                slow.is_err() || quick.is_err(),
                "{delete} beside {meanwhile}: both were done"
            );
            if quick.is_ok() {
                assert_eq!(slow_code, "PT403", "{delete} beside {meanwhile}");
                assert_eq!(
                    planned(&test_db, OPEN_ITEM).await,
                    before,
                    "{delete} beside {meanwhile}"
                );
            } else {
                assert_eq!(quick_code, "55P03", "{delete} beside {meanwhile}");
            }
        }
    }
}

fn code(result: &Result<(), tokio_postgres::Error>) -> String {
    match result {
        Ok(()) => "done".to_owned(),
        Err(error) => error
            .code()
            .map_or("no code", |code| code.code())
            .to_owned(),
    }
}
