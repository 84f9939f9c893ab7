//! Erasing an account: deleting the auth user always works, takes everything along but the audit records, and touches
//! nobody else.

use crate::cell::{Cells, Expected};
use crate::image;
use crate::lock_fixture::{self, State, Unlock};
use crate::pair::{self, Person};
use crate::request::Request;
use crate::test_database::{ALICE, BOB, Caller, TestDatabase};
use serde_json::json;

/// Who erases. On the platform the Auth service does it with a role of its own, which owns `auth.users` and which the
/// lock binds like a user.
const ERASERS: [&str; 2] = ["postgres", "supabase_auth_admin"];

fn rows_of_alice() -> String {
    let counts: Vec<String> = image::TABLES
        .iter()
        .map(|table| {
            let whose = match *table {
                "plan_item" => {
                    format!("plan_id in (select id from public.weekly_plan where user_id = '{ALICE}')")
                }
                "chat_message" => {
                    format!("session_id in (select id from public.chat_session where user_id = '{ALICE}')")
                }
                _ => format!("user_id = '{ALICE}'"),
            };
            format!("(select count(*) from public.{table} where {whose})")
        })
        .collect();
    format!("select {}", counts.join(" + "))
}

#[tokio::test]
async fn account_is_erased_in_every_state_of_the_lock() {
    let test_db = TestDatabase::new("erasure").await;
    let superuser = test_db.superuser().await;
    let about = format!("select count(*) from public.audit_log where subject_user_id = '{ALICE}'");
    let mut cells = Cells::default();
    for eraser in ERASERS {
        for has_started in [false, true] {
            for unlock in [Unlock::None, Unlock::Running, Unlock::Over] {
                let state = State::locked(has_started, unlock);
                let cell = format!("{eraser}: {state}");
                lock_fixture::make(&test_db, state).await;
                let extra = format!(
                    "insert into public.vision (user_id) values ('{ALICE}');
                     insert into public.chat_session (id, user_id, cycle_id) values ('70000000-0000-4000-8000-000000000001', '{ALICE}', '{}');
                     insert into public.chat_message (session_id, role, content)
                     values ('70000000-0000-4000-8000-000000000001', 'user', 'Goodbye.')",
                    lock_fixture::CYCLE
                );
                test_db.owner.batch_execute(&extra).await.unwrap();
                let audited_rows: u32 = 1 + 2 + 3 + 3 + 2 + 2;
                cells.same(
                    &format!("{cell}: before"),
                    &(audited_rows + 2).to_string(),
                    &test_db.value(&rows_of_alice()).await,
                );
                let records: u32 = test_db.value(&about).await.parse().unwrap();

                let erase = format!(
                    "set role {eraser}; delete from auth.users where id = '{ALICE}'; reset role"
                );
                let fault = superuser.batch_execute(&erase).await.err();
                cells.check(fault.is_none(), || format!("{cell}: {fault:?}"));
                superuser.batch_execute("reset role").await.unwrap();

                cells.same(
                    &format!("{cell}: rows left"),
                    &"0".to_owned(),
                    &test_db.value(&rows_of_alice()).await,
                );
                // One for each row that went; a reference that was cleared on the way may leave one more.
                let now: u32 = test_db.value(&about).await.parse().unwrap();
                cells.check(now >= records + audited_rows, || {
                    format!("{cell}: {records} records became {now}, for {audited_rows} rows")
                });
                let restore = format!(
                    "insert into auth.users (id, aud, role, email, created_at, updated_at)
                     values ('{ALICE}', 'authenticated', 'authenticated', 'alice@test.example', now(), now())"
                );
                test_db.owner.batch_execute(&restore).await.unwrap();
            }
        }
    }
    let nobody = "select count(*) from public.audit_log where subject_user_id is null";
    cells.same(
        "records of nobody",
        &"0".to_owned(),
        &test_db.value(nobody).await,
    );
    cells.finish();
}

#[tokio::test]
async fn erasure_keeps_the_records_and_the_rows_of_others() {
    let test_db = TestDatabase::new("erasure_others").await;
    pair::make(&test_db).await;
    let of_bob = |table: &str| {
        format!(
            "select to_jsonb(t) from public.{table} t where id = '{}'",
            Person::Bob.row(table)
        )
    };
    let mut theirs = Vec::new();
    for table in image::TABLES {
        theirs.push(test_db.value(&of_bob(table)).await);
    }
    let records = format!(
        "select jsonb_agg(to_jsonb(a) order by a.created_at, a.id) from public.audit_log a where a.created_at < '{}'",
        test_db.value("select clock_timestamp()").await
    );
    let before = test_db.value(&records).await;
    let erase = format!("delete from auth.users where id = '{ALICE}'");
    test_db.owner.batch_execute(&erase).await.unwrap();

    let mut cells = Cells::default();
    cells.same(
        "the records from before",
        &before,
        &test_db.value(&records).await,
    );
    for (table, row) in image::TABLES.into_iter().zip(&theirs) {
        cells.same(
            &format!("Bob's {table}"),
            row,
            &test_db.value(&of_bob(table)).await,
        );
    }
    let gone = format!(
        "select string_agg(distinct split_part(action, '.', 1), ' ' order by split_part(action, '.', 1))
         from public.audit_log where action like '%.delete' and subject_user_id = '{ALICE}'"
    );
    let audited = "cycle goal plan_item task vision weekly_plan".to_owned();
    cells.same(
        "tables with a record of the deletion",
        &audited,
        &test_db.value(&gone).await,
    );
    let of_others = format!(
        "select count(*) from public.audit_log where action like '%.delete' and subject_user_id = '{BOB}'"
    );
    cells.same(
        "deletions of Bob's",
        &"0".to_owned(),
        &test_db.value(&of_others).await,
    );

    // Her token lives on for a while, and is good for nothing that is written.
    let answer = test_db.ask(Caller::Alice, &Request::get("cycle")).await;
    cells.answer("alice reads", &Expected::NOTHING, &answer);
    let task = Request::insert("task", json!({ "user_id": ALICE, "title": "Return" }));
    let answer = test_db.ask(Caller::Alice, &task).await;
    cells.answer(
        "alice writes",
        &Expected::Message("23503", "task_user_exists".into()),
        &answer,
    );
    cells.finish();
}
