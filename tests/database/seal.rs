//! Seals: who may make and check them, that a check names whatever was done to sealed records and seals, that writers neither wait nor get
//! lost, and that what was not tampered with stays proven.

use crate::cell::{Cells, Expected};
use crate::pair;
use crate::request::Request;
use crate::test_database::{ALICE, Caller, TestDatabase, connect, migrated, stack, value};
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio_postgres::Client;

/// A check of everything.
async fn verify(client: &Client) -> Value {
    let text = value(client, "select public.verify_audit_seals(0, 1000000)").await;
    serde_json::from_str(&text).unwrap()
}

/// Seals until nothing is left, so many records a seal; how many seals that made.
async fn seal(client: &Client, most: u32) -> usize {
    let mut made = 0;
    loop {
        let text = value(client, &format!("select public.seal_audit_log({most})")).await;
        let answer: Value = serde_json::from_str(&text).unwrap();
        made += usize::from(!answer["number"].is_null());
        if answer["more"] == json!(false) {
            return made;
        }
    }
}

/// Waits until no transaction is open that began before those of these records ended. Other databases of the cluster count too, and they
/// are at work.
async fn settled(client: &Client, which: &str) {
    let horizon = format!(
        "select (pg_snapshot_xmin(pg_current_snapshot())::text)::bigint > (select max(transaction_id) from public.audit_log where {which})"
    );
    while value(client, &horizon).await != "true" {
        client.batch_execute("select pg_sleep(0.01)").await.unwrap();
    }
}

/// A log of sixty records, ten a transaction, in six seals; `record n` is their action, from 1 on in the order of their keys.
async fn sealed(name: &str) -> (Client, Client) {
    let owner = migrated(name).await;
    for ten in 0..6 {
        let add = format!(
            "insert into public.audit_log (id, actor_user_id, subject_user_id, action, before_state, after_state, rationale, correlation_id, source_ip, user_agent)
             select ('00000000-0000-4000-8000-' || lpad(n::text, 12, '0'))::uuid, '{ALICE}', '{ALICE}', 'record ' || n,
               '{{\"qty\": 1, \"notes\": \"x\"}}', jsonb_build_object('qty', n, 'notes', 'x'), 'Why.', gen_random_uuid(), '203.0.113.1', 'test'
             from generate_series({ten} * 10 + 1, {ten} * 10 + 10) n"
        );
        owner.batch_execute(&add).await.unwrap();
    }
    settled(&owner, "true").await;
    assert_eq!(seal(&owner, 10).await, 6);
    let superuser = connect(&stack().await.superuser_url(name)).await;
    (owner, superuser)
}

/// What a superuser does with the triggers off, and the fault: its kind, its record by number, its seal.
type Deed = (&'static str, &'static str, u32, u32);

const ID: &str = "'00000000-0000-4000-8000-0000000000'";

#[rustfmt::skip]
const DEEDS: [Deed; 44] = [
    // Each column of a record.
    ("update public.audit_log set id = gen_random_uuid() where action = 'record 23'",                        "removed", 23, 3),
    ("update public.audit_log set actor_user_id = null where action = 'record 23'",                          "changed", 23, 3),
    ("update public.audit_log set actor_user_id = gen_random_uuid() where action = 'record 23'",             "changed", 23, 3),
    ("update public.audit_log set actor_type = 'ai' where action = 'record 23'",                             "changed", 23, 3),
    ("update public.audit_log set subject_user_id = null where action = 'record 23'",                        "changed", 23, 3),
    ("update public.audit_log set action = 'record 24' where action = 'record 23'",                          "changed", 23, 3),
    ("update public.audit_log set before_state = '{}' where action = 'record 23'",                           "changed", 23, 3),
    ("update public.audit_log set before_state = null where action = 'record 23'",                           "changed", 23, 3),
    ("update public.audit_log set after_state = '{\"qty\": 23, \"notes\": \"y\"}' where action = 'record 23'", "changed", 23, 3),
    ("update public.audit_log set after_state = '{\"qty\": 23.0, \"notes\": \"x\"}' where action = 'record 23'", "changed", 23, 3),
    ("update public.audit_log set before_state = after_state, after_state = before_state where action = 'record 23'", "changed", 23, 3),
    ("update public.audit_log set rationale = null where action = 'record 23'",                              "changed", 23, 3),
    ("update public.audit_log set rationale = '' where action = 'record 23'",                                "changed", 23, 3),
    ("update public.audit_log set rationale = user_agent, user_agent = rationale where action = 'record 23'", "changed", 23, 3),
    ("update public.audit_log set correlation_id = null where action = 'record 23'",                         "changed", 23, 3),
    ("update public.audit_log set source_ip = '203.0.113.2' where action = 'record 23'",                     "changed", 23, 3),
    ("update public.audit_log set source_ip = '203.0.113.1/24' where action = 'record 23'",                  "changed", 23, 3),
    ("update public.audit_log set user_agent = 'test ' where action = 'record 23'",                          "changed", 23, 3),
    ("update public.audit_log set created_at = created_at + interval '1 microsecond' where action = 'record 23'", "changed", 23, 3),
    ("update public.audit_log set transaction_id = transaction_id + 100000 where action = 'record 23'",      "changed", 23, 3),
    ("update public.audit_log set transaction_id = 0 where action = 'record 23'",                            "added", 23, 1),
    // Names that say something else than the images.
    ("update public.audit_log set changed = '{}' where action = 'record 23'",                                "changed", 23, 3),
    ("update public.audit_log set changed = '{qty,notes}' where action = 'record 23'",                       "changed", 23, 3),
    ("update public.audit_log set changed = '{qty,updated_at}' where action = 'record 23'",                  "changed", 23, 3),
    // Several: the first is named.
    ("update public.audit_log set rationale = 'x' where action in ('record 58', 'record 9', 'record 31')",   "changed", 9, 1),
    ("update public.audit_log set rationale = 'x'",                                                          "changed", 1, 1),
    // Removed.
    ("delete from public.audit_log where action = 'record 1'",                                               "removed", 1, 1),
    ("delete from public.audit_log where action = 'record 10'",                                              "removed", 10, 1),
    ("delete from public.audit_log where action = 'record 60'",                                              "removed", 60, 6),
    ("delete from public.audit_log where transaction_id = (select transaction_id from public.audit_log where action = 'record 33')", "removed", 31, 4),
    ("delete from public.audit_log",                                                                         "removed", 1, 1),
    // Added: before all, between (behind the last id of the transaction, where the next seal begins), and in the place of another.
    ("insert into public.audit_log (id, action, transaction_id) values ('00000000-0000-4000-8000-000000000099', 'x', 0)", "added", 99, 1),
    ("insert into public.audit_log (id, action, transaction_id) select '00000000-0000-4000-8000-000000000099', 'x', transaction_id from public.audit_log where action = 'record 33'", "added", 99, 5),
    ("delete from public.audit_log where action = 'record 33'; insert into public.audit_log (id, action, transaction_id) select '00000000-0000-4000-8000-000000000099', 'x', transaction_id from public.audit_log where action = 'record 34'", "removed", 33, 4),
    // Put into another order: times, ids, transactions.
    ("update public.audit_log a set created_at = b.created_at from public.audit_log b where (a.action, b.action) in (('record 12', 'record 47'), ('record 47', 'record 12'))", "changed", 12, 2),
    ("update public.audit_log set action = case action when 'record 12' then 'record 47' else 'record 12' end where action in ('record 12', 'record 47')", "changed", 12, 2),
    ("update public.audit_log a set transaction_id = b.transaction_id from public.audit_log b where (a.action, b.action) in (('record 12', 'record 47'), ('record 47', 'record 12'))", "changed", 12, 2),
    // The seals.
    ("update public.audit_seal set digest = sha256('x') where number = 3",                                   "seal_changed", 0, 3),
    ("update public.audit_seal set leaves = overlay(leaves placing '\\x00'::bytea from 20) where number = 3", "seal_changed", 0, 3),
    ("update public.audit_seal set sealed_at = sealed_at - interval '1 day' where number = 3",               "seal_changed", 0, 3),
    ("update public.audit_seal set end_transaction = end_transaction - 1 where number = 3",                  "seal_changed", 0, 3),
    ("update public.audit_seal set last_created_at = now() where number = 3",                                "seal_changed", 0, 3),
    ("delete from public.audit_seal where number = 3",                                                       "seal_removed", 0, 3),
    ("delete from public.audit_seal where number = 1",                                                       "seal_removed", 0, 1),
];

#[tokio::test]
async fn whatever_is_done_to_sealed_records_and_seals_is_named() {
    let (owner, superuser) = sealed("seal_deeds").await;
    let good = verify(&owner).await;
    assert_eq!(
        (&good["seals"], &good["records"], &good["fault"]),
        (&json!(6), &json!(60), &Value::Null)
    );
    assert_eq!(good["unsealed"], json!({ "records": 0, "oldest": null }));
    let mut cells = Cells::default();
    for (deed, kind, record, in_seal) in DEEDS {
        let script = format!("begin; set local session_replication_role = replica; {deed}");
        superuser
            .batch_execute(&script)
            .await
            .unwrap_or_else(|fault| panic!("{deed}: {fault:?}"));
        let found = verify(&superuser).await;
        superuser.batch_execute("rollback").await.unwrap();
        let id = match record {
            0 => Value::Null,
            record => json!(format!(
                "{}{record:02}",
                ID.trim_start_matches('\'').trim_end_matches('\'')
            )),
        };
        let fault = &found["fault"];
        let got = (
            fault["kind"].clone(),
            fault["record"].clone(),
            fault["seal"].clone(),
        );
        cells.same(deed, &(json!(kind), id, json!(in_seal)), &got);
        cells.same(
            &format!("{deed}: checked before it"),
            &json!(in_seal - 1),
            &found["last"],
        );
    }
    // Undone, all is as it was.
    cells.same("afterwards", &good, &verify(&owner).await);
    cells.finish();
}

/// What a check cannot know without seals that are kept elsewhere, and what it must not call a fault.
#[tokio::test]
async fn what_is_no_fault_is_not_called_one() {
    let (owner, superuser) = sealed("seal_fine").await;
    let mut cells = Cells::default();
    for (deed, seals, unsealed) in [
        // The last seal gone: its records are not sealed.
        ("delete from public.audit_seal where number = 6", 5, 10),
        ("delete from public.audit_seal", 0, 60),
        // Names that are missing are filled in again by the backfill.
        ("update public.audit_log set changed = null", 6, 0),
        // A record like any other that comes later.
        ("insert into public.audit_log (action) values ('x')", 6, 1),
    ] {
        let script = format!("begin; set local session_replication_role = replica; {deed}");
        superuser.batch_execute(&script).await.unwrap();
        let found = verify(&superuser).await;
        superuser.batch_execute("rollback").await.unwrap();
        let got = (
            &found["fault"],
            &found["seals"],
            &found["unsealed"]["records"],
        );
        cells.same(deed, &(&Value::Null, &json!(seals), &json!(unsealed)), &got);
    }
    // Settings of the session change nothing of the text.
    for setting in [
        "timezone = 'Asia/Kolkata'",
        "datestyle = 'German'",
        "bytea_output = 'escape'",
        "extra_float_digits = -5",
        "intervalstyle = 'sql_standard'",
        "search_path = 'public'",
    ] {
        superuser
            .batch_execute(&format!("set {setting}"))
            .await
            .unwrap();
        cells.same(setting, &Value::Null, &verify(&superuser).await["fault"]);
    }
    // In pieces it comes to the same, whatever the pieces.
    for records in [1, 10, 25] {
        let mut last = json!(0);
        let mut seals = 0;
        loop {
            let text = value(
                &owner,
                &format!("select public.verify_audit_seals({last}, {records})"),
            )
            .await;
            let found: Value = serde_json::from_str(&text).unwrap();
            cells.same("piece", &Value::Null, &found["fault"]);
            seals += found["seals"].as_u64().unwrap();
            last = found["last"].clone();
            if found["more"] == json!(false) {
                break;
            }
        }
        cells.same("all pieces", &6, &seals);
    }
    cells.finish();
}

#[tokio::test]
async fn who_may_seal_and_check() {
    let test_db = TestDatabase::new("seal_access").await;
    pair::make(&test_db).await;
    let superuser = test_db.superuser().await;
    settled(&superuser, "true").await;
    let mut cells = Cells::default();
    let seal = Request::call("seal_audit_log", json!({}));
    let verify = Request::call("verify_audit_seals", json!({}));
    for caller in Caller::ALL {
        let seals = caller == Caller::Service;
        let checks = seals || caller == Caller::Auditor;
        for (name, request, may) in [("seal", &seal, seals), ("verify", &verify, checks)] {
            let answer = test_db.ask(caller, request).await;
            let is_right = if may {
                answer.is_success
            } else {
                Expected::DENIED.fits(&answer)
            };
            cells.check(is_right, || format!("{caller}: {name}: {answer:?}"));
        }
    }
    for caller in Caller::ALL {
        let reads = matches!(caller, Caller::Service | Caller::Auditor);
        let answer = test_db
            .ask(caller, &Request::get("audit_seal?select=number,digest"))
            .await;
        let expected = if reads {
            Expected::Rows(1)
        } else {
            Expected::DENIED
        };
        cells.answer(&format!("{caller} reads"), &expected, &answer);
        let row = json!({ "number": 9, "end_transaction": 1, "end_id": ALICE, "record_count": 1, "digest": "\\x00", "leaves": "\\x00",
            "first_created_at": "2026-01-01", "last_created_at": "2026-01-01" });
        for (name, request) in [
            ("insert", Request::insert("audit_seal", row)),
            (
                "update",
                Request::update("audit_seal?number=eq.1", json!({ "record_count": 1 })),
            ),
            ("delete", Request::delete("audit_seal?number=eq.1")),
        ] {
            let answer = test_db.ask(caller, &request).await;
            cells.answer(&format!("{caller}: {name}"), &Expected::DENIED, &answer);
        }
    }
    // The owner and a superuser are refused too, until they switch the trigger off.
    for role in ["postgres", "supabase_admin"] {
        for statement in [
            "update public.audit_seal set record_count = 1",
            "update public.audit_seal set record_count = 1 where false",
            "delete from public.audit_seal",
            "truncate public.audit_seal",
        ] {
            let script = format!("begin; set local role {role}; {statement}");
            let fault = superuser.batch_execute(&script).await.unwrap_err();
            superuser.batch_execute("rollback").await.unwrap();
            let said = fault.as_db_error().unwrap();
            cells.check(
                said.code().code() == "42501" && said.message().contains("append-only"),
                || format!("{role}: {statement}: {said}"),
            );
        }
    }
    cells.finish();
}

/// A transaction that ends late: nothing waits for it, and its records fall into the next seal.
#[tokio::test]
async fn a_record_that_commits_late_falls_into_the_next_seal() {
    let (early, sealer) = (
        migrated("seal_late").await,
        connect(&stack().await.superuser_url("seal_late")).await,
    );
    let late = connect(&stack().await.superuser_url("seal_late")).await;
    let add = |action: &str| format!("insert into public.audit_log (action) values ('{action}')");
    early.batch_execute(&add("first")).await.unwrap();
    late.batch_execute(&format!("begin; {}", add("late")))
        .await
        .unwrap();
    // Committed, but begun after the one that is still open: it could not be told where that one belongs.
    early.batch_execute(&add("meanwhile")).await.unwrap();
    settled(&sealer, "action = 'first'").await;
    assert_eq!(seal(&sealer, 10_000).await, 1);
    let found = verify(&sealer).await;
    assert_eq!(
        (
            &found["records"],
            &found["unsealed"]["records"],
            &found["fault"]
        ),
        (&json!(1), &json!(1), &Value::Null)
    );
    // Undone work leaves no gap that anybody could be blamed for.
    let undone = connect(&stack().await.superuser_url("seal_late")).await;
    undone
        .batch_execute(&format!("begin; {}; rollback", add("undone")))
        .await
        .unwrap();
    // A seal that is being made holds up no writer.
    sealer
        .batch_execute("begin; select public.seal_audit_log()")
        .await
        .unwrap();
    early
        .batch_execute(&format!("set lock_timeout = '1s'; {}", add("beside")))
        .await
        .unwrap();
    sealer.batch_execute("commit").await.unwrap();
    late.batch_execute("commit").await.unwrap();
    settled(&sealer, "true").await;
    assert!(seal(&sealer, 10_000).await >= 1);
    let found = verify(&sealer).await;
    assert_eq!(
        (
            &found["records"],
            &found["unsealed"]["records"],
            &found["fault"]
        ),
        (&json!(4), &json!(0), &Value::Null)
    );
}

/// Thirty-two writers and two who seal meanwhile: every record is in one seal, and every seal holds.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nothing_is_lost_between_writers_and_seals() {
    const WRITERS: usize = 32;
    let owner = migrated("seal_writers").await;
    let url = stack().await.superuser_url("seal_writers");
    let at_work = Arc::new(AtomicUsize::new(WRITERS));
    let mut tasks = Vec::new();
    for writer in 0..WRITERS {
        let (url, at_work) = (url.clone(), Arc::clone(&at_work));
        tasks.push(tokio::spawn(async move {
            let client = connect(&url).await;
            for round in 0..20 {
                // Of several statements, so that transactions overlap; every seventh is undone.
                let end = if (writer + round) % 7 == 0 {
                    "rollback"
                } else {
                    "commit"
                };
                client.batch_execute("begin").await.unwrap();
                for _ in 0..=(writer + round) % 4 {
                    let add =
                        format!("insert into public.audit_log (action) values ('writer {writer}')");
                    client.batch_execute(&add).await.unwrap();
                }
                client.batch_execute(end).await.unwrap();
            }
            at_work.fetch_sub(1, Ordering::SeqCst);
        }));
    }
    for _ in 0..2 {
        let (url, at_work) = (url.clone(), Arc::clone(&at_work));
        tasks.push(tokio::spawn(async move {
            let client = connect(&url).await;
            while at_work.load(Ordering::SeqCst) > 0 {
                seal(&client, 50).await;
                assert_eq!(verify(&client).await["fault"], Value::Null);
            }
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
    settled(&owner, "true").await;
    seal(&owner, 50).await;
    let found = verify(&owner).await;
    let records = value(&owner, "select count(*) from public.audit_log").await;
    assert_eq!(found["fault"], Value::Null);
    assert_eq!(found["records"].to_string(), records);
    assert_eq!(found["unsealed"]["records"], json!(0));
    assert!(found["seals"].as_u64().unwrap() > 3, "{found}");
    let once = "select count(distinct substring(s.leaves from n * 48 + 1 for 16)) from public.audit_seal s, generate_series(0, s.record_count::int - 1) n";
    assert_eq!(value(&owner, once).await, records);
}

#[tokio::test]
async fn one_transaction_may_fill_several_seals_and_old_records_have_theirs() {
    let owner = migrated("seal_sizes").await;
    // As they are from before the column: transaction 0, no names.
    owner
        .batch_execute(
            "alter table public.audit_log disable trigger keep_record;
             insert into public.audit_log (action, transaction_id, before_state, after_state)
               select 'old', 0, '{\"qty\": 1}', '{\"qty\": 2}' from generate_series(1, 25);
             alter table public.audit_log enable trigger keep_record;
             insert into public.audit_log (action) select 'new' from generate_series(1, 20)",
        )
        .await
        .unwrap();
    settled(&owner, "true").await;
    assert_eq!(seal(&owner, 10).await, 5);
    let sizes = "select string_agg(record_count::text, ' ' order by number) from public.audit_seal";
    assert_eq!(value(&owner, sizes).await, "10 10 10 10 5");
    assert_eq!(seal(&owner, 10).await, 0);
    let before = verify(&owner).await;
    assert_eq!(before["fault"], Value::Null);
    // The backfill breaks no seal.
    owner
        .batch_execute("update public.audit_log set changed = private.changed_keys(before_state, after_state) where changed is null")
        .await
        .unwrap();
    assert_eq!(verify(&owner).await, before);
    for (most, code) in [("0", "22023"), ("100001", "22023"), ("null", "22023")] {
        let fault = owner
            .batch_execute(&format!("select public.seal_audit_log({most})"))
            .await
            .unwrap_err();
        assert_eq!(fault.code().unwrap().code(), code);
    }
}

/// A database that was restored elsewhere: its seals are ahead of the new server's transactions.
#[tokio::test]
async fn a_restored_log_says_that_its_seals_are_ahead() {
    let (_, superuser) = sealed("seal_restored").await;
    superuser
        .batch_execute("begin; set local session_replication_role = replica; update public.audit_seal set end_transaction = 4000000000000 where number = 6")
        .await
        .unwrap();
    let fault = superuser
        .batch_execute("select public.seal_audit_log()")
        .await
        .unwrap_err();
    let said = fault.as_db_error().unwrap();
    assert!(
        said.code().code() == "55000" && said.message().contains("ahead"),
        "{said}"
    );
}
