//! The view `week_lock_status`: what it says about a plan and why, and how much of it is done.

use crate::cell::Cells;
use crate::lock_fixture::CYCLE;
use crate::request::Request;
use crate::test_database::{ALICE, Caller, TestDatabase};

/// A plan and what the view has to say about it.
struct Plan {
    week: i32,
    locked_after: i32,
    /// SQL for `unlocked_until`.
    unlocked_until: &'static str,
    /// Quantity and completed quantity of each item.
    items: &'static [(&'static str, &'static str)],
    is_locked: bool,
    why: &'static str,
    /// Planned, completed, percentage.
    sums: [&'static str; 3],
}

#[rustfmt::skip]
const PLANS: [Plan; 9] = [
    Plan { week: 1, locked_after: 0, unlocked_until: "null", items: &[], is_locked: true, why: "Every week is locked.", sums: ["0", "0", "null"] },
    Plan { week: 2, locked_after: 2, unlocked_until: "null", items: &[("0", "0")], is_locked: false, why: "Open: week 2 is within the first 2.", sums: ["0", "0", "null"] },
    Plan { week: 3, locked_after: 6, unlocked_until: "null", items: &[("10", "5")], is_locked: false, why: "Open: week 3 is within the first 6.", sums: ["10", "5", "50.0"] },
    Plan { week: 4, locked_after: 3, unlocked_until: "null", items: &[("3", "1")], is_locked: true, why: "Weeks after 3 are locked.", sums: ["3", "1", "33.3"] },
    Plan { week: 6, locked_after: 6, unlocked_until: "now() + interval '1 hour'", items: &[("5", "5")], is_locked: false, why: "Open: week 6 is within the first 6.", sums: ["5", "5", "100.0"] },
    Plan { week: 7, locked_after: 6, unlocked_until: "null", items: &[("10", "20"), ("10", "0")], is_locked: true, why: "Weeks after 6 are locked.", sums: ["20", "20", "50.0"] },
    Plan { week: 8, locked_after: 6, unlocked_until: "now() - interval '1 second'", items: &[("0.5", "0.25"), ("0", "7")], is_locked: true, why: "Weeks after 6 are locked.", sums: ["0.5", "7.25", "50.0"] },
    Plan { week: 9, locked_after: 6, unlocked_until: "now() + interval '2 days'", items: &[], is_locked: false, why: "Emergency unlock until {date} UTC.", sums: ["0", "0", "null"] },
    Plan { week: 12, locked_after: 12, unlocked_until: "null", items: &[("2", "1"), ("2", "2")], is_locked: false, why: "Open: week 12 is within the first 12.", sums: ["4", "3", "75.0"] },
];

#[tokio::test]
async fn view_says_what_is_locked_why_and_how_much_is_done() {
    let test_db = TestDatabase::new("status").await;
    let mut statements = vec![format!(
        "insert into public.cycle (id, user_id, start_date, end_date, current_week)
         select '{CYCLE}', '{ALICE}', today, today + 83, 3 from (select (now() at time zone 'UTC')::date) clock (today);"
    )];
    for Plan {
        week,
        locked_after,
        unlocked_until,
        items,
        ..
    } in PLANS
    {
        statements.push(format!(
            "insert into public.weekly_plan (user_id, cycle_id, week_no, locked_after_week, unlocked_until)
             values ('{ALICE}', '{CYCLE}', {week}, {locked_after}, {unlocked_until});"
        ));
        for (qty, completed) in items {
            statements.push(format!(
                "insert into public.plan_item (plan_id, qty, completed_qty)
                 select id, {qty}, {completed} from public.weekly_plan where week_no = {week};"
            ));
        }
    }
    test_db
        .owner
        .batch_execute(&statements.concat())
        .await
        .unwrap();
    let date = test_db
        .value("select to_char(unlocked_until at time zone 'UTC', 'YYYY-MM-DD HH24:MI') from public.weekly_plan where week_no = 9")
        .await;

    let answer = test_db
        .ask(
            Caller::Alice,
            &Request::get("week_lock_status?order=week_no"),
        )
        .await;
    let rows = answer.rows();
    let mut cells = Cells::default();
    cells.same("rows", &PLANS.len(), &rows.len());
    for (plan, row) in PLANS.iter().zip(rows) {
        let of = |member: &str| row[member].to_string().trim_matches('"').to_owned();
        for (member, expected) in [
            ("week_no", plan.week.to_string()),
            ("locked", plan.is_locked.to_string()),
            ("why", plan.why.replace("{date}", &date)),
            ("is_current_week", (plan.week == 3).to_string()),
            ("item_count", plan.items.len().to_string()),
            ("planned_qty", plan.sums[0].to_owned()),
            ("completed_qty", plan.sums[1].to_owned()),
            ("completion_pct", plan.sums[2].to_owned()),
        ] {
            // postrust writes 50 and 33.3000 where PostgREST writes 50.0 and 33.3.
            let number = |text: &str| {
                text.parse::<f64>()
                    .map_or(text.to_owned(), |n| n.to_string())
            };
            let cell = format!("week {}: {member}", plan.week);
            cells.same(&cell, &number(&expected), &number(&of(member)));
        }
    }
    cells.finish();
}

/// Without a date when it is today, and in UTC whatever the reader's time zone is.
#[tokio::test]
async fn unlock_of_today_is_told_without_its_date() {
    let test_db = TestDatabase::new("status_today").await;
    // The last second of the day may be today or, a moment later, tomorrow: both forms are right then.
    let statements = format!(
        "insert into public.cycle (id, user_id, start_date, end_date) values ('{CYCLE}', '{ALICE}', '2025-01-06', '2025-03-30');
         insert into public.weekly_plan (user_id, cycle_id, week_no, unlocked_until)
         values ('{ALICE}', '{CYCLE}', 7, (date_trunc('day', now() at time zone 'UTC') + interval '1 day - 1 second') at time zone 'UTC')"
    );
    test_db.owner.batch_execute(&statements).await.unwrap();
    test_db
        .owner
        .batch_execute("set timezone = 'Asia/Tokyo'")
        .await
        .unwrap();
    let why = test_db
        .value("select why from public.week_lock_status")
        .await;
    let is_over = test_db
        .value("select bool_and(locked) from public.week_lock_status")
        .await;
    assert!(
        why == "Emergency unlock until 23:59 UTC." || is_over == "true",
        "{why}"
    );
}

/// The current week is nobody's when today is outside the cycle.
#[tokio::test]
async fn current_week_needs_a_running_cycle() {
    let test_db = TestDatabase::new("status_week").await;
    let mut cells = Cells::default();
    for (name, start, end, is_current) in [
        ("over", "- 90", "- 1", false),
        ("ends today", "- 83", "+ 0", true),
        ("starts today", "+ 0", "+ 83", true),
        ("coming", "+ 2", "+ 85", false),
    ] {
        let statements = format!(
            "delete from public.cycle;
             insert into public.cycle (id, user_id, start_date, end_date, current_week)
             select '{CYCLE}', '{ALICE}', today {start}, today {end}, 5 from (select (now() at time zone 'UTC')::date) clock (today);
             insert into public.weekly_plan (user_id, cycle_id, week_no) values ('{ALICE}', '{CYCLE}', 5)"
        );
        let today = test_db
            .value("select (now() at time zone 'UTC')::date")
            .await;
        test_db.owner.batch_execute(&statements).await.unwrap();
        let got = test_db
            .value("select is_current_week from public.week_lock_status")
            .await;
        if today
            == test_db
                .value("select (now() at time zone 'UTC')::date")
                .await
        {
            cells.same(name, &is_current.to_string(), &got);
        }
    }
    cells.finish();
}
