//! Bounds of numbers and dates: what the tables accept never makes the view fail, and rows from before the bounds stop
//! the migration by name instead of being changed.

use crate::cell::{Cells, Expected};
use crate::pair::{self, Person};
use crate::request::Request;
use crate::test_database::{ALICE, Caller, TestDatabase, connect, empty, migrations, stack, value};
use serde_json::json;

/// Values of numbers at the edge of what a column takes, whether they are taken, and whether they are small.
const NUMBERS: [(&str, bool); 16] = [
    ("0", true),
    ("0.000000000000000000000000001", true),
    ("1e-16383", true),
    ("999999999", true),
    ("999999999.99999999999999999999999999", true),
    ("1000000000", false),
    ("1e9", false),
    ("1e10", false),
    ("9e131071", false),
    ("1e400", false),
    ("1e131072", false),
    ("Infinity", false),
    ("-Infinity", false),
    ("NaN", false),
    ("-1", false),
    ("-9e131071", false),
];

#[tokio::test]
async fn view_never_fails_on_what_the_tables_accept() {
    let test_db = TestDatabase::new("bounds_view").await;
    pair::make(&test_db).await;
    let mut cells = Cells::default();
    let status = Request::get("week_lock_status");
    for caller in [Caller::Alice, Caller::Service] {
        for (number, is_taken) in NUMBERS {
            for (table, column) in [
                ("plan_item", "qty"),
                ("plan_item", "completed_qty"),
                ("task", "default_qty"),
            ] {
                let mut row = pair::new_row(table, Person::Alice);
                row[column] = json!(number);
                // Two of them: one alone may be just within what a sum can hold.
                let insert = Request::insert(table, json!([row.clone(), row]));
                let answer = test_db.ask(caller, &insert.silent()).await;
                let cell = format!("{caller}: {table}.{column} = {number}");
                cells.same(&cell, &is_taken, &answer.is_success);
                if !is_taken {
                    cells.check(matches!(answer.code(), Some("23514" | "22003")), || {
                        format!("{cell}: {answer}")
                    });
                }
            }
            let answer = test_db.ask(Caller::Auditor, &status).await;
            cells.answer(
                &format!("the view after {number}"),
                &Expected::Rows(2),
                &answer,
            );
        }
    }
    let sums = test_db
        .value("select bool_and(completion_pct between 0 and 100) and count(completion_pct) = 2 from public.week_lock_status")
        .await;
    cells.same("percentages", &"true".to_owned(), &sums);
    cells.finish();
}

#[tokio::test]
async fn dates_have_years_of_four_digits_and_unlocks_end() {
    let test_db = TestDatabase::new("bounds_date").await;
    pair::make(&test_db).await;
    let cycle = Person::Alice.row("cycle");
    let mut cells = Cells::default();
    for (start, end, is_taken) in [
        ("0001-01-01", "9999-12-31", true),
        ("2199-01-07", "2199-03-31", true),
        ("-infinity", "2199-03-31", false),
        ("2199-01-07", "infinity", false),
        ("0044-03-15 BC", "2199-03-31", false),
        ("2199-01-07", "10000-01-01", false),
        ("2199-01-07", "5874897-12-31", false),
    ] {
        for caller in [Caller::Alice, Caller::Service] {
            // The test_db's cycle has not started, and must not have for the next line.
            pair::make(&test_db).await;
            let change = Request::update(
                format!("cycle?id=eq.{cycle}"),
                json!({ "start_date": start, "end_date": end }),
            );
            let answer = test_db.ask(caller, &change).await;
            let expected = if is_taken {
                Expected::Rows(1)
            } else {
                Expected::Message("23514", "cycle_years_have_four_digits".to_owned())
            };
            cells.answer(&format!("{caller}: {start} to {end}"), &expected, &answer);
            let status = Request::get("week_lock_status");
            let answer = test_db.ask(Caller::Auditor, &status).await;
            cells.answer("the view", &Expected::Rows(2), &answer);
        }
    }
    // Times too, of every table; of some only the owner writes them.
    for table in crate::image::TABLES {
        let query = format!(
            "select string_agg(attname, ' ') from pg_catalog.pg_attribute where attrelid = 'public.{table}'::regclass
               and atttypid = 'timestamptz'::regtype and attname <> 'updated_at'"
        );
        for column in test_db.value(&query).await.split(' ') {
            for time in ["infinity", "-infinity", "10000-01-02", "0044-03-15 BC"] {
                if column == "ended_at" && !time.starts_with(['i', '1']) {
                    continue; // It ends after it starts, which speaks first.
                }
                let name = format!("{table}_years_have_four_digits");
                let change = format!("update public.{table} set {column} = '{time}'");
                let fault = test_db.owner.batch_execute(&change).await.unwrap_err();
                let said = fault.as_db_error().unwrap().message().to_owned();
                cells.check(said.contains(&name), || {
                    format!("{table}.{column} = {time}: {said}")
                });
            }
        }
    }
    // Not even the owner, who may unlock a week by hand.
    for end in ["infinity", "-infinity"] {
        let unlock = format!("update public.weekly_plan set unlocked_until = '{end}'");
        let fault = test_db.owner.batch_execute(&unlock).await.unwrap_err();
        cells.same(
            end,
            &"23514".to_owned(),
            &fault.code().unwrap().code().to_owned(),
        );
    }
    cells.finish();
}

/// Nothing is changed behind people's backs: the migration stops and says which row, and goes on once it was corrected.
#[tokio::test]
async fn rows_beyond_the_bounds_stop_the_migration_by_name() {
    let owner = empty(stack().await, "bounds_before").await;
    let all = migrations();
    let at = all
        .iter()
        .position(|migration| migration.name.ends_with("_bounds.sql"))
        .unwrap();
    for migration in &all[..at] {
        migration.apply(&owner).await;
    }
    let rows = format!(
        "insert into auth.users (id, aud, role, email, created_at, updated_at)
         values ('{ALICE}', 'authenticated', 'authenticated', 'alice@test.example', now(), now());
         insert into public.cycle (id, user_id, start_date, end_date) values ('{ALICE}', '{ALICE}', current_date, 'infinity');
         insert into public.weekly_plan (id, user_id, cycle_id, week_no) values ('{ALICE}', '{ALICE}', '{ALICE}', 3);
         insert into public.plan_item (id, plan_id, qty) values ('{ALICE}', '{ALICE}', 9e131071);
         insert into public.plan_item (plan_id, completed_qty) values ('{ALICE}', 1e9);
         insert into public.task (user_id, title, default_qty) values ('{ALICE}', 'x', 1e9)"
    );
    owner.batch_execute(&rows).await.unwrap();
    let count =
        "select count(*) from pg_catalog.pg_constraint where conname like '%under_a_billion'";
    for (mend, left, names) in [
        (
            "update public.plan_item set qty = 5",
            ", and 3 more.",
            "qty of plan_item a0000000-",
        ),
        (
            "update public.plan_item set completed_qty = 5",
            ", and 2 more.",
            "completed_qty of plan_item ",
        ),
        (
            "update public.task set default_qty = 5",
            ", and 1 more.",
            "default_qty of task ",
        ),
        (
            "update public.cycle set end_date = '2199-12-31'",
            "sets.",
            "end_date of cycle a0000000-",
        ),
    ] {
        let url = stack().await.superuser_url("bounds_before");
        let again = connect(&url).await;
        let text = std::fs::read_to_string(
            crate::test_database::root()
                .join("migrations")
                .join(&all[at].name),
        )
        .unwrap();
        let fault = again.batch_execute(&text).await.unwrap_err();
        let said = fault.as_db_error().unwrap();
        assert_eq!(said.code().code(), "23514");
        assert!(
            said.message().ends_with(left) && said.message().starts_with(names),
            "{said}"
        );
        assert!(
            said.hint().unwrap_or_default().contains("update public."),
            "{said}"
        );
        assert_eq!(value(&owner, count).await, "0");
        owner.batch_execute(mend).await.unwrap();
    }
    for migration in &all[at..] {
        migration.apply(&owner).await;
    }
    assert_eq!(value(&owner, count).await, "3");
}
