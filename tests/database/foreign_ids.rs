//! Other users' ids in every column that points somewhere: one's own row never comes to hang on another's.

use crate::cell::{Cells, Expected};
use crate::image;
use crate::pair::{self, Person};
use crate::request::Request;
use crate::test_database::{Caller, TestDatabase};
use serde_json::json;

/// A column, what it points to, and how a user and the service role are refused when it gets an id of Bob's in a row
/// of Alice's: on insert, and on update. A user's own words are checked by the policies first.
#[rustfmt::skip]
const COLUMNS: [(&str, &str, &str, [&str; 4]); 13] = [
    //                                             user: insert  update   service: insert  update
    ("vision",       "user_id",    "user",         ["42501", "42501",  "23505", "23505"]),
    ("cycle",        "user_id",    "user",         ["42501", "42501",  "",      "23503"]),
    ("goal",         "user_id",    "user",         ["42501", "42501",  "23503", "23503"]),
    ("goal",         "cycle_id",   "cycle",        ["23503", "23503",  "23503", "23503"]),
    ("weekly_plan",  "user_id",    "user",         ["42501", "42501",  "23503", "23503"]),
    ("weekly_plan",  "cycle_id",   "cycle",        ["23503", "23503",  "23503", "23503"]),
    ("task",         "user_id",    "user",         ["42501", "42501",  "",      "23514"]),
    ("plan_item",    "plan_id",    "weekly_plan",  ["42501", "42501",  "23503", "23503"]),
    ("plan_item",    "goal_id",    "goal",         ["23503", "23503",  "23503", "23503"]),
    ("plan_item",    "task_id",    "task",         ["23503", "23503",  "23503", "23503"]),
    ("chat_session", "user_id",    "user",         ["42501", "42501",  "23503", "23503"]),
    ("chat_session", "cycle_id",   "cycle",        ["23503", "23503",  "23503", "23503"]),
    ("chat_message", "session_id", "chat_session", ["42501", "42501",  "",      ""]),
];

#[tokio::test]
async fn ids_of_others_are_refused_in_every_column() {
    let test_db = TestDatabase::new("foreign_ids").await;
    let mut cells = Cells::default();
    for (table, column, target, [insert, update, service_insert, service_update]) in COLUMNS {
        let theirs = match target {
            "user" => Person::Bob.user().to_owned(),
            target => Person::Bob.row(target),
        };
        let mut row = pair::new_row(table, Person::Alice);
        row[column] = json!(theirs);
        let row = Request::insert(table, row);
        let change = Request::update(
            format!("{table}?id=eq.{}", Person::Alice.row(table)),
            json!({ column: theirs }),
        );
        for (caller, verb, request, code) in [
            (Caller::Alice, "insert", &row, insert),
            (Caller::Alice, "update", &change, update),
            (Caller::Service, "insert", &row, service_insert),
            (Caller::Service, "update", &change, service_update),
        ] {
            pair::make(&test_db).await;
            let before = image::of_everything(&test_db.owner).await;
            let cell = format!("{caller}: {verb} {table}.{column} with an id of Bob's");
            // The service role writes for whom it likes, as long as a row and what it points to are one user's.
            let expected = match code {
                "" => Expected::Rows(1),
                code => Expected::Code(code),
            };
            let answer = test_db.ask(caller, request).await;
            cells.answer(&cell, &expected, &answer);
            if expected.is_refusal() {
                let answer = test_db.ask(caller, &request.clone().silent()).await;
                cells.answer(&format!("{cell}, silently"), &expected, &answer);
            }
            let is_unchanged = image::of_everything(&test_db.owner).await == before;
            cells.same(
                &format!("{cell}: changed"),
                &expected.may_change(),
                &!is_unchanged,
            );
        }
    }
    cells.finish();
}

/// The way around an update: a row of Bob's under its own id, offered as one's own.
#[tokio::test]
async fn upsert_does_not_take_over_a_row() {
    let test_db = TestDatabase::new("foreign_upsert").await;
    pair::make(&test_db).await;
    let before = image::of_everything(&test_db.owner).await;
    let mut cells = Cells::default();
    for table in image::TABLES {
        let mut row = pair::new_row(table, Person::Alice);
        row["id"] = json!(Person::Bob.row(table));
        let answer = test_db
            .ask(Caller::Alice, &Request::upsert(table, row).silent())
            .await;
        let cell = format!("alice: upsert over a row of Bob's in {table}");
        cells.answer(&cell, &Expected::DENIED, &answer);
        cells.same(&cell, &before, &image::of_everything(&test_db.owner).await);
    }
    cells.finish();
}

/// No row changes hands, whoever asks.
#[tokio::test]
async fn user_of_a_row_is_for_good() {
    let test_db = TestDatabase::new("foreign_owner").await;
    pair::make(&test_db).await;
    // Alone in the world, so that nothing but the rule itself speaks.
    let statements =
        "delete from public.goal; delete from public.weekly_plan; delete from public.plan_item;
        update public.chat_session set cycle_id = null;
        delete from public.vision where user_id = 'a0000000-0000-4000-8000-000000000002'";
    test_db.owner.batch_execute(statements).await.unwrap();
    let mut cells = Cells::default();
    for table in ["vision", "cycle", "task", "chat_session"] {
        let request = Request::update(
            format!("{table}?id=eq.{}", Person::Alice.row(table)),
            json!({ "user_id": Person::Bob.user() }),
        );
        let name = table.replace('_', " ");
        let refusal = Expected::Message("23514", format!("The user of a {name} cannot change."));
        for (caller, expected) in [
            (Caller::Alice, Expected::DENIED),
            (Caller::Service, refusal),
        ] {
            let answer = test_db.ask(caller, &request).await;
            cells.answer(
                &format!("{caller}: give a row of {table} away"),
                &expected,
                &answer,
            );
        }
    }
    cells.finish();
}

/// REST asks for something back even when nobody wants it, and then the select policies judge the new row as well. A
/// write that reads nothing has the checks of the write alone.
#[tokio::test]
async fn blind_writes_are_checked_too() {
    let test_db = TestDatabase::new("foreign_blind").await;
    pair::make(&test_db).await;
    let alice = test_db.owner_again().await;
    let before = image::of_everything(&test_db.owner).await;
    let mut cells = Cells::default();
    for table in image::TABLES {
        let row = pair::new_row(table, Person::Bob);
        let columns: Vec<&str> = row
            .as_object()
            .unwrap()
            .keys()
            .map(String::as_str)
            .collect();
        let columns = columns.join(", ");
        let (owner, theirs) = match table {
            "plan_item" => ("plan_id", Person::Bob.row("weekly_plan")),
            "chat_message" => ("session_id", Person::Bob.row("chat_session")),
            _ => ("user_id", Person::Bob.user().to_owned()),
        };
        for statement in [
            format!(
                "insert into public.{table} ({columns}) select {columns} from jsonb_populate_record(null::public.{table}, '{row}')"
            ),
            format!("update public.{table} set {owner} = '{theirs}'"),
        ] {
            let script = format!(
                "begin; set local role authenticated;
                 set local request.jwt.claims = '{{\"sub\": \"{}\", \"role\": \"authenticated\"}}'; {statement}; commit",
                Person::Alice.user()
            );
            let fault = alice.batch_execute(&script).await.err();
            alice.batch_execute("rollback").await.unwrap();
            let code = fault.and_then(|e| e.code().map(|code| code.code().to_owned()));
            cells.same(&statement, &Some("42501".to_owned()), &code);
        }
    }
    cells.same(
        "what is in the tables",
        &before,
        &image::of_everything(&test_db.owner).await,
    );
    cells.finish();
}
