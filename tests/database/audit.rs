//! The audit trail: who, what, when, before and after, through REST; that it takes what it is told with a grain of
//! salt; that it never gives anything up; and that reading it stays fast.

use crate::cell::{Cells, Expected};
use crate::pair::{self, Person};
use crate::request::Request;
use crate::test_database::{ALICE, Caller, TestDatabase, stack, value};
use serde_json::{Value, json};

/// The tables whose changes are recorded, in an order in which rows can be added and, backwards, deleted.
const AUDITED: [&str; 6] = [
    "vision",
    "cycle",
    "goal",
    "weekly_plan",
    "task",
    "plan_item",
];

/// A row as Postgres renders it, or null. Not as REST does: postrust writes some timestamps another way.
async fn row_of(test_db: &TestDatabase, table: &str, id: &str) -> Value {
    let query = format!("select (select to_jsonb(t) from public.{table} t where t.id = '{id}')");
    serde_json::from_str(&test_db.value(&query).await).unwrap()
}

/// The one record of an action under a correlation id, as the auditor reads it.
async fn record(test_db: &TestDatabase, correlation: &str, action: &str) -> Value {
    let path = format!("audit_log?correlation_id=eq.{correlation}&action=eq.{action}");
    let answer = test_db.ask(Caller::Auditor, &Request::get(path)).await;
    answer.row().clone()
}

#[tokio::test]
async fn every_write_leaves_one_record_with_actor_correlation_and_images() {
    let test_db = TestDatabase::new("audit_write").await;
    let mut cells = Cells::default();
    let mut number = 0;
    for (caller, as_ai, actor, actor_type) in [
        (Caller::Alice, false, json!(ALICE), "user"),
        (Caller::Alice, true, json!(ALICE), "ai"),
        (Caller::Service, false, json!(null), "system"),
        (Caller::Service, true, json!(null), "ai"),
    ] {
        for table in AUDITED {
            pair::make(&test_db).await;
            let vision = "delete from public.vision";
            test_db.owner.batch_execute(vision).await.unwrap();
            let mut row = Value::Null;
            for verb in ["insert", "update", "delete"] {
                number += 1;
                let correlation = format!("40000000-0000-4000-8000-{number:012}");
                let path = format!("{table}?id=eq.{}", row["id"].as_str().unwrap_or_default());
                let mut request = match verb {
                    "insert" => Request::insert(table, pair::new_row(table, Person::Alice)),
                    "update" => Request::update(path, pair::change(table)),
                    _ => Request::delete(path),
                }
                .header("x-correlation-id", &correlation)
                .header("x-rationale", "Week 3 is a holiday.")
                .header("x-forwarded-for", "203.0.113.7, 10.0.0.1")
                .header("user-agent", "weeksmith-test/1");
                if as_ai {
                    request = request.header("x-actor-type", "ai");
                }
                let answer = test_db.ask(caller, &request).await;
                let id = answer.row()["id"].as_str().unwrap();
                let before = std::mem::replace(&mut row, row_of(&test_db, table, id).await);
                let after = &row;
                let action = format!("{table}.{verb}");
                let record = record(&test_db, &correlation, &action).await;
                for (member, expected) in [
                    ("actor_user_id", actor.clone()),
                    ("actor_type", json!(actor_type)),
                    ("subject_user_id", json!(ALICE)),
                    ("before_state", before),
                    ("after_state", after.clone()),
                    ("rationale", json!("Week 3 is a holiday.")),
                    ("source_ip", json!("203.0.113.7")),
                    ("user_agent", json!("weeksmith-test/1")),
                ] {
                    let cell = format!("{caller} {actor_type}: {action}, {member}");
                    cells.same(&cell, &expected, &record[member]);
                }
            }
        }
    }
    cells.finish();
}

#[tokio::test]
async fn list_leaves_a_record_for_each_row_and_an_idle_update_none() {
    let test_db = TestDatabase::new("audit_list").await;
    pair::make(&test_db).await;
    let correlation = "40000000-0000-4000-8000-000000000001";
    let rows: Vec<Value> = (1..=3)
        .map(|n| json!({ "user_id": ALICE, "title": format!("Task {n}") }))
        .collect();
    let insert = Request::insert("task", json!(rows)).header("x-correlation-id", correlation);
    assert_eq!(test_db.ask(Caller::Alice, &insert).await.rows().len(), 3);
    let titles = format!(
        "select string_agg(after_state ->> 'title', ', ' order by created_at) from public.audit_log where correlation_id = '{correlation}'"
    );
    assert_eq!(test_db.value(&titles).await, "Task 1, Task 2, Task 3");

    // What is written back as it was is no change, and no time either.
    let records = "select count(*) from public.audit_log";
    let before = test_db.value(records).await;
    for table in AUDITED {
        let path = format!("{table}?id=eq.{}", Person::Alice.row(table));
        let row = test_db
            .ask(Caller::Alice, &Request::get(&path))
            .await
            .row()
            .clone();
        let answer = test_db
            .ask(Caller::Alice, &Request::update(&path, row.clone()))
            .await;
        assert_eq!(answer.row(), &row, "{table}");
    }
    assert_eq!(test_db.value(records).await, before);
}

/// Headers, by name and value.
type Headers = Vec<(&'static str, String)>;

/// Headers, the column that they could reach and what has to be there.
#[rustfmt::skip]
fn headers() -> Vec<(Headers, &'static str, Value)> {
    let one = |name, value: &str, column, expected| (vec![(name, value.to_owned())], column, expected);
    let hops = |value: &str, expected| (vec![("x-forwarded-for", value.to_owned())], "source_ip", expected);
    // Behind Cloudflare: what it says, and the hops.
    let flare = |value: &str, hops: &str, expected| {
        let headers = vec![("cf-connecting-ip", value.to_owned()), ("x-forwarded-for", hops.to_owned())];
        (headers, "source_ip", expected)
    };
    // What a client can send beside the hops counts for nothing.
    let beside = |name, value: &str| {
        let headers = vec![("x-forwarded-for", "6.6.6.6, 203.0.113.9".to_owned()), (name, value.to_owned())];
        (headers, "source_ip", json!("203.0.113.9"))
    };
    let null = || Value::Null;
    vec![
        one("x-correlation-id", "5F0C9E3E-1111-4222-8333-444455556666", "correlation_id", json!("5f0c9e3e-1111-4222-8333-444455556666")),
        one("x-correlation-id", "nonsense", "correlation_id", null()),
        one("x-correlation-id", "", "correlation_id", null()),
        one("x-correlation-id", "5f0c9e3e-1111-4222-8333-44445555666", "correlation_id", null()),
        one("x-correlation-id", "'; drop table public.task; --", "correlation_id", null()),
        one("x-correlation-id", &"5".repeat(5000), "correlation_id", null()),
        one("x-actor-type", "AI", "actor_type", json!("ai")),
        one("x-actor-type", "robot", "actor_type", json!("user")),
        one("x-actor-type", "system", "actor_type", json!("user")),
        one("x-actor-type", "", "actor_type", json!("user")),
        one("x-rationale", "", "rationale", null()),
        one("x-rationale", "   ", "rationale", null()),
        one("x-rationale", r#"It is "his" \ {"a": 1}"#, "rationale", json!(r#"It is "his" \ {"a": 1}"#)),
        one("x-rationale", r"\u0000 and \uD800", "rationale", json!(r"\u0000 and \uD800")),
        one("x-rationale", &"x".repeat(5000), "rationale", json!("x".repeat(1000))),
        one("user-agent", &"x".repeat(5000), "user_agent", json!("x".repeat(400))),
        one("user-agent", "", "user_agent", null()),
        one("x-forwarded-for", "2001:db8::1", "source_ip", json!("2001:db8::1")),
        one("x-forwarded-for", "[2001:db8::2]:443", "source_ip", json!("2001:db8::2")),
        one("x-forwarded-for", "203.0.113.7:5000, 10.0.0.1", "source_ip", json!("203.0.113.7")),
        one("x-forwarded-for", "unknown", "source_ip", null()),
        one("x-forwarded-for", "999.1.1.1", "source_ip", null()),
        one("x-forwarded-for", "10.0.0.1/8", "source_ip", null()),
        one("x-forwarded-for", ", ,", "source_ip", null()),
        // The last hop that is no private address; the client writes what it likes before it.
        hops("6.6.6.6, 203.0.113.9", json!("203.0.113.9")),
        hops("6.6.6.6,203.0.113.9,10.0.0.1,192.168.3.4:80,\t172.31.255.1", json!("203.0.113.9")),
        hops("6.6.6.6, 203.0.113.9, fd00::1, [::1]:443, fe80::2, ::ffff:10.0.0.1, ::ffff:a00:2, 100.64.0.9", json!("203.0.113.9")),
        hops("6.6.6.6, ::ffff:203.0.113.9", json!("203.0.113.9")),
        hops("6.6.6.6, 2001:db8::9, 127.0.0.1", json!("2001:db8::9")),
        hops("6.6.6.6, 172.32.0.1", json!("172.32.0.1")),
        hops("6.6.6.6, 203.0.113.9, , 10.0.0.1,", json!("203.0.113.9")),
        // Nobody vouches for what stands before something that is no address.
        hops("6.6.6.6, unknown", null()),
        hops("6.6.6.6, unknown, 10.0.0.1", null()),
        hops("6.6.6.6, 203.0.113.9/24", null()),
        hops("6.6.6.6, 203.0.113", null()),
        hops("10.0.0.1, 192.168.0.1", null()),
        hops(&format!("6.6.6.6{}", ", 10.0.0.1".repeat(19)), json!("6.6.6.6")),
        hops(&format!("6.6.6.6{}", ", 10.0.0.1".repeat(400)), null()),
        flare("192.0.2.1", "6.6.6.6, 203.0.113.9", json!("192.0.2.1")),
        flare("2001:db8::3", "6.6.6.6", json!("2001:db8::3")),
        flare("10.0.0.7", "6.6.6.6, 203.0.113.9, 10.0.0.7", json!("203.0.113.9")),
        flare("::::", "6.6.6.6, 203.0.113.9", json!("203.0.113.9")),
        flare("192.0.2.1, 192.0.2.2", "6.6.6.6, 203.0.113.9", json!("203.0.113.9")),
        flare("192.0.2.1/24", "6.6.6.6, 203.0.113.9", json!("203.0.113.9")),
        flare("", "6.6.6.6, 203.0.113.9", json!("203.0.113.9")),
        beside("x-real-ip", "192.0.2.1"),
        beside("true-client-ip", "192.0.2.1"),
        beside("x-client-ip", "192.0.2.1"),
        beside("forwarded", "for=192.0.2.1"),
        one("prefer", "timezone=Asia/Tokyo", "actor_type", json!("user")),
    ]
}

#[tokio::test]
async fn malformed_headers_are_harmless() {
    let test_db = TestDatabase::new("audit_header").await;
    pair::make(&test_db).await;
    let mut cells = Cells::default();
    let path = format!("task?id=eq.{}", Person::Alice.row("task"));
    let newest = Request::get("audit_log?order=created_at.desc,id.desc&limit=1");
    let write = |number: usize| Request::update(&path, json!({ "title": format!("Run {number}") }));
    for (number, (headers, column, expected)) in headers().into_iter().enumerate() {
        let shown: String = format!("{headers:?}").chars().take(80).collect();
        let request = headers
            .iter()
            .fold(write(number), |request, (name, value)| {
                request.header(name, value)
            });
        let answer = test_db.ask(Caller::Alice, &request).await;
        cells.answer(&shown, &Expected::Rows(1), &answer);
        let answer = test_db.ask(Caller::Auditor, &newest).await;
        let record = answer.row();
        let title = &record["after_state"]["title"];
        cells.same(
            &format!("{shown}: recorded"),
            &json!(format!("Run {number}")),
            title,
        );
        cells.same(&format!("{shown}: {column}"), &expected, &record[column]);
    }
    // HTTP promises ASCII only: what is made of other bytes is the REST layer's matter. In UTF-8 the write goes through.
    let is_real = stack().await.has_real_postgrest();
    for name in [
        "x-correlation-id",
        "x-actor-type",
        "x-rationale",
        "x-forwarded-for",
        "user-agent",
    ] {
        for (number, bytes) in ["日本語 🙂".as_bytes(), b"\xff\xfe\xe9"]
            .into_iter()
            .enumerate()
        {
            let cell = format!("{name}: {bytes:?}");
            let request = write(100 + number).header(name, bytes);
            let answer = test_db.ask(Caller::Alice, &request).await;
            if is_real && std::str::from_utf8(bytes).is_err() {
                // PostgREST itself fails on what is no UTF-8, before it asks the database anything.
                cells.same(
                    &cell,
                    &(false, json!("Something went wrong")),
                    &(answer.is_success, answer.body),
                );
                let row = test_db.ask(Caller::Alice, &Request::get(&path)).await;
                let before = json!(format!("Run {}", 99 + number));
                cells.same(&format!("{cell}: unchanged"), &before, &row.row()["title"]);
            } else {
                cells.answer(&cell, &Expected::Rows(1), &answer);
            }
        }
    }
    cells.finish();
}

/// What `app.trusted_proxies` says, the hops, and the address that is recorded.
#[rustfmt::skip]
const PROXIES: [(&str, &str, &str, Option<&str>); 14] = [
    // setting                                  cf-connecting-ip  x-forwarded-for                          recorded
    ("",                                        "",               "6.6.6.6, 203.0.113.9",                  Some("203.0.113.9")),
    ("203.0.113.9",                             "",               "6.6.6.6, 198.51.100.1, 203.0.113.9",    Some("198.51.100.1")),
    ("203.0.113.0/24",                          "",               "6.6.6.6, 198.51.100.1, 203.0.113.200, 10.0.0.1", Some("198.51.100.1")),
    ("203.0.113.0/24, 198.51.100.0/24",         "",               "192.0.2.1, 198.51.100.1, 203.0.113.9",  Some("192.0.2.1")),
    ("  203.0.113.0/24 ,2001:db8::/32 ",        "",               "192.0.2.1, 2001:db8::1, 203.0.113.9",   Some("192.0.2.1")),
    // It adds to the private ones, and does not replace them.
    ("203.0.113.0/24",                          "",               "192.0.2.1, 10.0.0.1",                   Some("192.0.2.1")),
    ("0.0.0.0/0",                               "",               "192.0.2.1, 203.0.113.9",                None),
    // Cloudflare was reached from a proxy of one's own.
    ("203.0.113.0/24",                          "203.0.113.9",    "6.6.6.6, 192.0.2.1, 203.0.113.9",       Some("192.0.2.1")),
    // There is no Cloudflare.
    ("no-cloudflare",                           "192.0.2.1",      "6.6.6.6, 203.0.113.9",                  Some("203.0.113.9")),
    ("203.0.113.0/24, no-cloudflare",           "192.0.2.1",      "198.51.100.1, 203.0.113.9",             Some("198.51.100.1")),
    // What is malformed is ignored.
    ("nonsense",                                "",               "6.6.6.6, 203.0.113.9",                  Some("203.0.113.9")),
    (", ,, 203.0.113.0/99, 300.0.0.0/8, ::::/4, 203.0.113.9/33, /, 203.0.113.0/24", "", "192.0.2.1, 203.0.113.9", Some("192.0.2.1")),
    ("203.0.113",                               "",               "6.6.6.6, 203.0.113.9",                  Some("203.0.113.9")),
    ("'; drop table public.task; --",           "",               "6.6.6.6, 203.0.113.9",                  Some("203.0.113.9")),
];

/// A setting of the database, as an operator makes it; a session of one's own takes its place here.
#[tokio::test]
async fn trusted_proxies_are_passed_over() {
    let test_db = TestDatabase::new("audit_proxies").await;
    pair::make(&test_db).await;
    let mut cells = Cells::default();
    for (number, (setting, flare, hops, recorded)) in PROXIES.into_iter().enumerate() {
        let headers = json!({ "cf-connecting-ip": flare, "x-forwarded-for": hops }).to_string();
        let write = "select set_config('app.trusted_proxies', $1, false), set_config('request.headers', $2, false)";
        test_db
            .owner
            .query(write, &[&setting, &headers])
            .await
            .unwrap();
        let change = format!("update public.task set title = 'Run {number}'");
        test_db.owner.batch_execute(&change).await.unwrap();
        let newest = "select host(source_ip) from public.audit_log order by created_at desc, id desc limit 1";
        let cell = format!("{setting:?}: {flare:?} {hops:?}");
        let recorded = recorded.unwrap_or("null").to_owned();
        cells.same(&cell, &recorded, &test_db.value(newest).await);
    }
    // Of the database: it reaches new sessions.
    let set = format!(
        "alter database {} set app.trusted_proxies = '203.0.113.0/24'",
        test_db.name
    );
    // Postgres lets a superuser alone keep a setting that it does not know itself.
    let superuser = test_db.superuser().await;
    superuser.batch_execute(&set).await.unwrap();
    let fresh = test_db.owner_again().await;
    let shown = value(&fresh, "select current_setting('app.trusted_proxies')").await;
    cells.same(
        "the setting of the database",
        &"203.0.113.0/24".to_owned(),
        &shown,
    );
    cells.finish();
}

#[tokio::test]
async fn no_key_and_no_token_reaches_the_log() {
    let test_db = TestDatabase::new("audit_secret").await;
    pair::make(&test_db).await;
    for caller in [Caller::Alice, Caller::Service] {
        let path = format!("task?id=eq.{}", Person::Alice.row("task"));
        let change = Request::update(path, json!({ "title": caller.to_string() }))
            .header("x-rationale", "Because.")
            .header("cookie", "session=cookie-secret");
        assert_eq!(test_db.ask(caller, &change).await.rows().len(), 1);
    }
    let all = test_db
        .value("select string_agg(a::text, ' ') from public.audit_log a")
        .await;
    assert!(all.contains("Because."));
    for secret in [
        test_db.token(Caller::Alice).unwrap(),
        &test_db.info.secret_key,
        &test_db.info.publishable_key,
        "cookie-secret",
        "Bearer",
    ] {
        assert!(!all.contains(secret), "a secret is in the audit log");
    }
}

/// Through REST it is the matrix of `access.rs` that says so; this is for every role there is, in SQL.
#[tokio::test]
async fn log_takes_rows_and_never_gives_them_up() {
    let test_db = TestDatabase::new("audit_append").await;
    pair::make(&test_db).await;
    let superuser = test_db.superuser().await;
    let image = "select md5(string_agg(a::text, ' ' order by a.id)) from public.audit_log a";
    let before = test_db.value(image).await;
    let append_only = "The audit log is append-only";
    let no_grant = "permission denied";
    let mut cells = Cells::default();
    for (role, refusal) in [
        ("postgres", append_only),
        ("supabase_admin", append_only),
        ("supabase_auth_admin", no_grant),
        ("authenticator", no_grant),
        ("service_role", no_grant),
        ("auditor", no_grant),
        ("authenticated", no_grant),
        ("anon", no_grant),
    ] {
        for statement in [
            "update public.audit_log set rationale = 'forged'",
            "update public.audit_log set rationale = 'forged' where false",
            "delete from public.audit_log",
            "delete from public.audit_log where false",
            "truncate public.audit_log",
            "truncate public.audit_log cascade",
            "insert into public.audit_log (id, action) select id, action from public.audit_log limit 1
               on conflict (id) do update set action = 'forged'",
            "merge into public.audit_log a using (values (1)) v on true when matched then delete",
            "with gone as (delete from public.audit_log returning 1) select count(*) from gone",
        ] {
            let script = format!("begin; set local role {role}; {statement}; commit");
            let fault = superuser.batch_execute(&script).await.err();
            superuser.batch_execute("rollback").await.unwrap();
            let said = fault.as_ref().and_then(|e| e.as_db_error()).map_or_else(
                || format!("{fault:?}"),
                |e| format!("{} {}", e.code().code(), e.message()),
            );
            cells.check(said.starts_with("42501") && said.contains(refusal), || {
                format!("{role}: {statement}: {said}")
            });
        }
    }
    cells.same("the log", &before, &test_db.value(image).await);
    cells.finish();
}

/// Each way of reading of section 4 finds its rows through its index and sorts nothing, key-set paging included.
#[tokio::test]
async fn reading_is_served_by_the_indexes() {
    let test_db = TestDatabase::new("audit_index").await;
    let fill = format!(
        "insert into public.audit_log (actor_user_id, subject_user_id, action, correlation_id, created_at)
         select gen_random_uuid(), case when n % 40 = 0 then '{ALICE}'::uuid else gen_random_uuid() end,
           case when n % 10 = 1 then 'goal.update' else 'plan_item.update' end, gen_random_uuid(),
           now() - n * interval '1 second'
         from generate_series(1, 20000) n;
         analyze public.audit_log"
    );
    test_db.owner.batch_execute(&fill).await.unwrap();
    // That each index gives the order too; what is chosen at size, `scale.rs` asks.
    let in_order = "set enable_bitmapscan = off";
    test_db.owner.batch_execute(in_order).await.unwrap();
    let mut cells = Cells::default();
    for (index, filter) in [
        ("audit_log_newest_idx", "true".to_owned()),
        ("audit_log_newest_idx", "created_at <= now() - interval '1 hour' and (created_at < now() - interval '1 hour' or (created_at = now() - interval '1 hour' and id < gen_random_uuid()))".to_owned()),
        ("audit_log_subject_idx", format!("subject_user_id = '{ALICE}'")),
        ("audit_log_actor_idx", format!("actor_user_id = '{ALICE}'")),
        ("audit_log_action_idx", "action = 'goal.update'".to_owned()),
        ("audit_log_correlation_idx", format!("correlation_id = '{ALICE}'")),
    ] {
        let explain = format!("explain select * from public.audit_log where {filter} order by created_at desc, id desc limit 200");
        let rows = test_db.owner.simple_query(&explain).await.unwrap();
        let plan: Vec<&str> = rows
            .iter()
            .filter_map(|row| match row {
                tokio_postgres::SimpleQueryMessage::Row(row) => row.get(0),
                _ => None,
            })
            .collect();
        let plan = plan.join("\n");
        cells.check(plan.contains(index) && !plan.contains("Sort"), || format!("{filter}\n{plan}"));
    }
    // A user's own records: the policy is served by the same index as the filter.
    let explain = format!(
        "begin; set local role authenticated; set local request.jwt.claims = '{{\"sub\": \"{ALICE}\"}}';
         explain select * from public.audit_log order by created_at desc, id desc limit 200"
    );
    let rows = test_db.owner.simple_query(&explain).await.unwrap();
    let plan = format!("{rows:?}");
    test_db.owner.batch_execute("rollback").await.unwrap();
    cells.check(
        plan.contains("audit_log_") && !plan.contains("Seq Scan"),
        || plan.clone(),
    );
    cells.finish();
    let count = value(&test_db.owner, "select count(*) from public.audit_log").await;
    assert_eq!(count, "20000");
}
