//! The emergency unlock: what it asks for, what it records, how long it lasts and how it ends.

use crate::cell::{Cells, Expected};
use crate::image;
use crate::lock_fixture::{self, ITEM, OPEN_PLAN, PLAN, State, Unlock};
use crate::request::Request;
use crate::test_database::{ALICE, Caller, TestDatabase};
use serde_json::{Value, json};

fn unlock(plan: &str, rationale: &Value, minutes: &Value) -> Request {
    Request::call(
        "unlock_week",
        json!({ "plan_id": plan, "rationale": rationale, "minutes": minutes }),
    )
}

fn change_qty(qty: u32) -> Request {
    Request::update(format!("plan_item?id=eq.{ITEM}"), json!({ "qty": qty }))
}

#[tokio::test]
async fn unlock_asks_for_a_reason_a_time_and_a_locked_week() {
    let test_db = TestDatabase::new("unlock_arguments").await;
    let ill = json!("Ill.");
    let hour = json!(60);
    let reason = || Expected::Message("22023", "An emergency unlock needs a reason.".into());
    let time = || {
        Expected::Message(
            "22023",
            "An emergency unlock lasts from 1 minute to 24 hours.".into(),
        )
    };
    #[rustfmt::skip]
    let table = [
        ("no reason", unlock(PLAN, &json!(null), &hour), reason()),
        ("an empty reason", unlock(PLAN, &json!(""), &hour), reason()),
        ("a blank reason", unlock(PLAN, &json!(" \t\n"), &hour), reason()),
        ("no minute", unlock(PLAN, &ill, &json!(0)), time()),
        ("less than no minute", unlock(PLAN, &ill, &json!(-5)), time()),
        ("more than a day", unlock(PLAN, &ill, &json!(1441)), time()),
        ("no such plan", unlock("b9999999-0000-4000-8000-000000000000", &ill, &hour), Expected::Message("PT404", "There is no such plan.".into())),
        ("an open week", unlock(OPEN_PLAN, &ill, &hour), Expected::Message("PT409", "Week 4 is not locked.".into())),
        ("a minute", unlock(PLAN, &ill, &json!(1)), Expected::Rows(1)),
        ("a day", unlock(PLAN, &ill, &json!(1440)), Expected::Rows(1)),
    ];
    let mut cells = Cells::default();
    lock_fixture::make(&test_db, State::locked(true, Unlock::None)).await;
    for (name, request, expected) in table {
        for caller in Caller::ALL {
            let before = image::of_everything(&test_db.owner).await;
            let expected = if caller == Caller::Service {
                expected.clone()
            } else {
                Expected::DENIED
            };
            let answer = test_db.ask(caller, &request).await;
            let cell = format!("{caller}: {name}");
            cells.answer(&cell, &expected, &answer);
            let is_unchanged = before == image::of_everything(&test_db.owner).await;
            cells.same(
                &format!("{cell}: changed"),
                &expected.may_change(),
                &!is_unchanged,
            );
        }
    }
    cells.finish();
}

#[tokio::test]
async fn unlock_leaves_one_record_with_reason_and_images() {
    let test_db = TestDatabase::new("unlock_record").await;
    lock_fixture::make(&test_db, State::locked(true, Unlock::None)).await;
    let records = "select count(*) from public.audit_log";
    let before: u32 = test_db.value(records).await.parse().unwrap();
    let correlation = "40000000-0000-4000-8000-00000000abcd";
    let request = unlock(PLAN, &json!("  Broke an ankle.  "), &json!(90))
        .header("x-correlation-id", correlation)
        .header("x-rationale", "Of the request, not of the unlock.");
    let answer = test_db.ask(Caller::Service, &request).await;
    let until = answer.row()["unlocked_until"].clone();
    assert_eq!(test_db.value(records).await, (before + 1).to_string());

    let newest = Request::get("audit_log?order=created_at.desc,id.desc&limit=1");
    let answer = test_db.ask(Caller::Service, &newest).await;
    let record = answer.row();
    let mut cells = Cells::default();
    for (member, expected) in [
        ("/action", json!("weekly_plan.unlock")),
        ("/rationale", json!("Broke an ankle.")),
        ("/correlation_id", json!(correlation)),
        ("/actor_user_id", json!(null)),
        ("/actor_type", json!("system")),
        ("/subject_user_id", json!(ALICE)),
        ("/before_state/id", json!(PLAN)),
        ("/before_state/unlocked_until", json!(null)),
        ("/after_state/id", json!(PLAN)),
        ("/after_state/week_no", json!(7)),
    ] {
        let got = record.pointer(member).cloned().unwrap_or_default();
        cells.same(member, &expected, &got);
    }
    // The answer, the image and the row say the same moment, an hour and a half from now.
    let minutes = format!(
        "select extract(epoch from '{}'::timestamptz - now()) / 60 between 89 and 90
           and (select a.after_state ->> 'unlocked_until' from public.audit_log a order by created_at desc limit 1)::timestamptz
             = p.unlocked_until and p.unlocked_until = '{0}'
         from public.weekly_plan p where p.id = '{PLAN}'",
        until.as_str().unwrap()
    );
    cells.same(
        "the time it ends",
        &"true".to_owned(),
        &test_db.value(&minutes).await,
    );
    cells.finish();
}

#[tokio::test]
async fn unlock_can_be_renewed_and_ended_but_not_lengthened_by_hand() {
    let test_db = TestDatabase::new("unlock_end").await;
    lock_fixture::make(&test_db, State::locked(true, Unlock::Running)).await;
    let set = |minutes: i32| {
        let test_db = &test_db;
        async move {
            let at = format!(
                "select to_char((now() + interval '{minutes} minutes') at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')"
            );
            let until = test_db.value(&at).await;
            Request::update(
                format!("weekly_plan?id=eq.{PLAN}"),
                json!({ "unlocked_until": until }),
            )
        }
    };
    let operator_only = Expected::locked("Week 7 can only be unlocked by an operator.");
    let no_reason = Expected::locked("Week 7 cannot be unlocked without a reason.");
    let locked = Expected::locked("Week 7 is locked.");
    let again = unlock(PLAN, &json!("Still ill."), &json!(120));
    let mut cells = Cells::default();
    // In this order: each line stands on the ones before.
    for (name, caller, request, expected) in [
        (
            "alice plans in the open week",
            Caller::Alice,
            change_qty(6),
            Expected::Rows(1),
        ),
        (
            "alice lengthens it",
            Caller::Alice,
            set(90).await,
            operator_only.clone(),
        ),
        (
            "alice shortens it",
            Caller::Alice,
            set(5).await,
            operator_only,
        ),
        (
            "the service role lengthens it by hand",
            Caller::Service,
            set(90).await,
            no_reason.clone(),
        ),
        (
            "the service role shortens it",
            Caller::Service,
            set(30).await,
            Expected::Rows(1),
        ),
        (
            "and lengthens it again",
            Caller::Service,
            set(60).await,
            no_reason.clone(),
        ),
        (
            "the service role renews it",
            Caller::Service,
            again.clone(),
            Expected::Rows(1),
        ),
        (
            "the service role ends it",
            Caller::Service,
            set(-1).await,
            Expected::Rows(1),
        ),
        (
            "alice plans in the week that is locked again",
            Caller::Alice,
            change_qty(7),
            locked.clone(),
        ),
        (
            "the service role does",
            Caller::Service,
            change_qty(7),
            locked,
        ),
        (
            "the service role sets it by hand",
            Caller::Service,
            set(1).await,
            no_reason,
        ),
        (
            "the service role unlocks again",
            Caller::Service,
            again,
            Expected::Rows(1),
        ),
        (
            "alice plans again",
            Caller::Alice,
            Request::delete(format!("plan_item?id=eq.{ITEM}")),
            Expected::Rows(1),
        ),
    ] {
        let answer = test_db.ask(caller, &request).await;
        cells.answer(name, &expected, &answer);
    }
    let unlocks = "select count(*) from public.audit_log where action = 'weekly_plan.unlock'";
    cells.same(
        "recorded unlocks",
        &"3".to_owned(),
        &test_db.value(unlocks).await,
    );
    let by_hand = "select count(*) from public.audit_log where action = 'weekly_plan.update'";
    cells.same(
        "recorded changes by hand",
        &"2".to_owned(),
        &test_db.value(by_hand).await,
    );
    cells.finish();
}
