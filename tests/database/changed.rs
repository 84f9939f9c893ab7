//! `changed` and `transaction_id` of the audit log: what the trigger keeps, that nobody says otherwise, and the one update that an
//! old record takes.

use crate::cell::{Cells, Expected};
use crate::pair::{self, Person};
use crate::request::Request;
use crate::test_database::{
    ALICE, Caller, TestDatabase, connect, empty, migrated, migrations, stack, value,
};
use serde_json::json;

/// The newest record's names, as `{a,b}`.
const NEWEST: &str =
    "select changed from public.audit_log order by created_at desc, id desc limit 1";

/// Images, and the names of what differs.
#[rustfmt::skip]
const IMAGES: [(&str, &str, &str); 14] = [
    // before                                   after                                        changed
    ("null",                                    "{\"a\": 1}",                                "{}"),
    ("{\"a\": 1}",                              "null",                                      "{}"),
    ("null",                                    "null",                                      "{}"),
    ("{}",                                      "{}",                                        "{}"),
    ("{\"a\": 1}",                              "{\"a\": 2}",                                "{a}"),
    ("{\"b\": 1, \"a\": 1}",                    "{\"b\": 2, \"a\": 2}",                      "{a,b}"),
    ("{\"b\": 1}",                              "{\"B\": 1}",                                "{B,b}"),
    // What time the row was touched is no change of it.
    ("{\"a\": 1, \"updated_at\": 1}",           "{\"a\": 1, \"updated_at\": 2}",             "{}"),
    ("{\"updated_at\": 1}",                     "{\"x\": 1}",                                "{x}"),
    // A key with null is not the same as no key.
    ("{\"a\": null}",                           "{}",                                        "{a}"),
    ("{\"a\": {\"x\": [1, 2]}}",                "{\"a\": {\"x\": [2, 1]}}",                  "{a}"),
    // Equal is what jsonb calls equal.
    ("{\"a\": 1.0, \"b\": {\"x\": 1, \"y\": 2}}", "{\"a\": 1, \"b\": {\"y\": 2, \"x\": 1}}", "{}"),
    ("{\"a\": \"1\"}",                          "{\"a\": 1}",                                "{a}"),
    ("{\"a,b\": 1, \"\": 1, \"\\\"\": 1}",      "{\"a,b\": 2, \"\": 2, \"\\\"\": 2}",        "{\"\",\"\\\"\",\"a,b\"}"),
];

#[tokio::test]
async fn the_names_are_those_of_the_top_level_keys_that_differ() {
    let owner = migrated("changed_names").await;
    let mut cells = Cells::default();
    for (before, after, expected) in IMAGES {
        let image = |text: &str| match text {
            "null" => "null".to_owned(),
            json => format!("'{json}'::jsonb"),
        };
        // Whatever is said of the two columns, they are what they are.
        let add = format!(
            "begin; insert into public.audit_log (action, before_state, after_state, changed, transaction_id)
             values ('x', {}, {}, '{{forged}}', 7)",
            image(before),
            image(after)
        );
        owner.batch_execute(&add).await.unwrap();
        let cell = format!("{before} -> {after}");
        cells.same(&cell, &expected.to_owned(), &value(&owner, NEWEST).await);
        let transaction = "select bool_and(transaction_id = pg_current_xact_id()::text::bigint) from public.audit_log where xmin = pg_current_xact_id()::xid";
        cells.same(&cell, &"true".to_owned(), &value(&owner, transaction).await);
        owner.batch_execute("commit").await.unwrap();
    }
    cells.finish();
}

#[tokio::test]
async fn every_write_through_rest_has_its_names_and_its_transaction() {
    let test_db = TestDatabase::new("changed_rest").await;
    pair::make(&test_db).await;
    let mut cells = Cells::default();
    let path = format!("plan_item?id=eq.{}", Person::Alice.row("plan_item"));
    for (change, names) in [
        (json!({ "notes": "x" }), "{notes}"),
        (
            json!({ "status": "completed", "completed_qty": 3 }),
            "{completed_qty,status}",
        ),
    ] {
        let answer = test_db
            .ask(Caller::Alice, &Request::update(&path, change))
            .await;
        cells.answer(names, &Expected::Rows(1), &answer);
        cells.same(names, &names.to_owned(), &test_db.value(NEWEST).await);
    }
    let answer = test_db.ask(Caller::Service, &Request::delete(&path)).await;
    cells.answer("delete", &Expected::Rows(1), &answer);
    cells.same("delete", &"{}".to_owned(), &test_db.value(NEWEST).await);
    let plan = Person::Alice.row("weekly_plan");
    let lock = format!("update public.weekly_plan set week_no = 9 where id = '{plan}'");
    test_db.owner.batch_execute(&lock).await.unwrap();
    let unlock = Request::call(
        "unlock_week",
        json!({ "plan_id": plan, "rationale": "Ill.", "minutes": 5 }),
    );
    test_db.ask(Caller::Service, &unlock).await;
    let of_unlock = "select changed from public.audit_log where action = 'weekly_plan.unlock'";
    cells.same(
        "unlock",
        &"{unlocked_until}".to_owned(),
        &test_db.value(of_unlock).await,
    );
    // Two records of one transaction share it; two transactions do not.
    let spread = "select count(*) filter (where transaction_id = 0) || ' ' || (count(distinct transaction_id) > 3)::text from public.audit_log";
    cells.same(
        "transactions",
        &"0 true".to_owned(),
        &test_db.value(spread).await,
    );
    cells.finish();
}

/// Statements, and whether the owner's table takes them while a record has no names yet.
const UPDATES: [(&str, bool); 12] = [
    (
        "set changed = private.changed_keys(before_state, after_state) where changed is null",
        true,
    ),
    ("set changed = '{qty}' where action = 'old'", true),
    ("set changed = '{qty}' where action = 'older'", false),
    ("set changed = '{notes}' where action = 'old'", false),
    ("set changed = '{}' where action = 'old'", false),
    ("set changed = null", false),
    ("set changed = changed", false),
    (
        "set changed = '{qty}', rationale = 'x' where action = 'old'",
        false,
    ),
    (
        "set changed = '{qty}', rationale = rationale where action = 'old'",
        false,
    ),
    (
        "set changed = '{qty}', after_state = after_state || '{\"a\": 1}' where action = 'old'",
        false,
    ),
    (
        "set changed = '{qty}', transaction_id = 5 where action = 'old'",
        false,
    ),
    (
        "set changed = private.changed_keys(before_state, after_state) where action = 'new'",
        false,
    ),
];

/// A database whose log has records of before the migration: `old` changed qty, `older` notes.
async fn with_old_records(name: &str) -> tokio_postgres::Client {
    let owner = empty(stack().await, name).await;
    let all = migrations();
    let at = all
        .iter()
        .position(|migration| migration.name.contains("audit_changed"))
        .unwrap();
    for migration in &all[..at] {
        migration.apply(&owner).await;
    }
    let add = format!(
        "insert into public.audit_log (action, subject_user_id, before_state, after_state) values
           ('old', '{ALICE}', '{{\"qty\": 1, \"updated_at\": 1}}', '{{\"qty\": 2, \"updated_at\": 2}}'),
           ('older', null, '{{\"notes\": \"a\"}}', '{{\"notes\": \"b\"}}'), ('oldest', null, null, '{{\"id\": 1}}')"
    );
    owner.batch_execute(&add).await.unwrap();
    let file = "select pg_relation_filenode('public.audit_log')";
    let before = value(&owner, file).await;
    for migration in &all[at..] {
        migration.apply(&owner).await;
    }
    assert_eq!(value(&owner, file).await, before, "the table was rewritten");
    owner
        .batch_execute("insert into public.audit_log (action) values ('new')")
        .await
        .unwrap();
    owner
}

#[tokio::test]
async fn an_old_record_takes_its_names_once_and_nothing_else() {
    let owner = with_old_records("changed_old").await;
    let all = "select string_agg(concat_ws(' ', action, coalesce(changed::text, '-'), (transaction_id = 0)::text), ', ' order by action) from public.audit_log";
    assert_eq!(
        value(&owner, all).await,
        "new {} false, old - true, older - true, oldest - true"
    );
    let rest = "select md5(string_agg((to_jsonb(a) - 'changed')::text, ' ' order by id)) from public.audit_log a";
    let before = value(&owner, rest).await;
    let superuser = connect(&stack().await.superuser_url("changed_old")).await;
    let mut cells = Cells::default();
    for (update, is_taken) in UPDATES {
        for (role, may) in [
            ("postgres", is_taken),
            ("service_role", false),
            ("auditor", false),
            ("authenticated", false),
        ] {
            let script = format!("begin; set local role {role}; update public.audit_log {update}");
            let fault = superuser.batch_execute(&script).await.err();
            superuser.batch_execute("rollback").await.unwrap();
            let code = fault
                .as_ref()
                .and_then(|fault| fault.code())
                .map(tokio_postgres::error::SqlState::code);
            let expected = (!may).then_some("42501");
            cells.same(&format!("{role}: {update}"), &expected, &code);
        }
    }
    owner
        .batch_execute(&format!("update public.audit_log {}", UPDATES[0].0))
        .await
        .unwrap();
    cells.same("all but changed", &before, &value(&owner, rest).await);
    cells.same(
        "filled",
        &"new {} false, old {qty} true, older {notes} true, oldest {} true".to_owned(),
        &value(&owner, all).await,
    );
    // Nothing is left to fill.
    let again = owner
        .execute(
            "update public.audit_log set changed = '{}' where changed is null",
            &[],
        )
        .await
        .unwrap();
    cells.same("once more", &0, &again);
    cells.finish();
}

/// The functions are the owner's alone: neither a key nor a login calls them.
#[tokio::test]
async fn nobody_else_calls_the_functions() {
    let owner = migrated("changed_calls").await;
    let callable = "select coalesce(string_agg(r.rolname || ' ' || p.proname, ', '), 'none')
        from pg_proc p, pg_roles r where p.pronamespace = 'private'::regnamespace
        and r.rolname in ('anon', 'authenticated', 'service_role', 'auditor', 'authenticator')
        and has_function_privilege(r.oid, p.oid, 'EXECUTE')";
    assert_eq!(value(&owner, callable).await, "none");
}

/// A large log gets its columns, and its indexes are left to the backfill: nobody waits for them.
#[tokio::test]
async fn a_large_log_is_left_without_the_indexes() {
    let owner = empty(stack().await, "changed_large").await;
    let indexes = "select count(*) from pg_index where indrelid = 'public.audit_log'::regclass";
    for migration in migrations() {
        if migration.name.contains("audit_changed") {
            let fill = "insert into public.audit_log (action, rationale) select 'x', repeat('y', 1000) from generate_series(1, 20000)";
            owner.batch_execute(fill).await.unwrap();
        }
        migration.apply(&owner).await;
    }
    assert_eq!(value(&owner, indexes).await, "6");
    for migration in migrations().iter().rev() {
        migration.roll_back(&owner).await.unwrap();
        if migration.name.contains("audit_changed") {
            break;
        }
    }
    assert_eq!(value(&owner, indexes).await, "6");
}

/// A reader that holds the table makes the migration give up within a second, and those behind it go on.
#[tokio::test]
async fn the_migration_gives_up_rather_than_let_others_wait() {
    let owner = empty(stack().await, "changed_lock").await;
    let all = migrations();
    let at = all
        .iter()
        .position(|migration| migration.name.contains("audit_changed"))
        .unwrap();
    for migration in &all[..at] {
        migration.apply(&owner).await;
    }
    let reader = connect(&stack().await.superuser_url("changed_lock")).await;
    reader
        .batch_execute("begin; select count(*) from public.audit_log")
        .await
        .unwrap();
    let fault = all[at].try_apply(&owner).await.unwrap_err();
    assert_eq!(fault.code().unwrap().code(), "55P03", "{fault}");
    let columns = "select count(*) from pg_attribute where attrelid = 'public.audit_log'::regclass and attname in ('changed', 'transaction_id')";
    assert_eq!(value(&owner, columns).await, "0");
    reader.batch_execute("commit").await.unwrap();
    for migration in &all[at..] {
        migration.apply(&owner).await;
    }
    assert_eq!(value(&owner, columns).await, "2");
}
