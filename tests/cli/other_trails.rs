//! Audit trails of other projects, from the command line: found by themselves or named by the profile, over both ways of finding, with
//! bigint ids, texts that hold JSON, no actor and odd rows; and the migration that makes a trail where there is none.

use crate::test_environment::TestEnvironment;
use serde_json::{Value, json};

const ALICE: &str = "a11ce000-0000-4000-8000-000000000001";

/// As supa_audit has it, but in `public`, which REST serves.
const SUPA_AUDIT: &str = "
    create type audit_operation as enum ('INSERT', 'UPDATE', 'DELETE', 'TRUNCATE');
    create table record_version (id bigserial primary key, record_id uuid, old_record_id uuid, op audit_operation not null,
      ts timestamptz not null default now(), table_oid oid not null default 0, table_schema name not null, table_name name not null,
      record jsonb, old_record jsonb, auth_uid uuid, auth_role text);
    insert into record_version (op, ts, table_schema, table_name, old_record, record, auth_uid)
      select 'UPDATE', timestamptz '2026-01-01' + n * interval '1 minute', case when n % 5 = 0 then 'shop' else 'public' end, 'orders',
        jsonb_build_object('id', n % 50, 'qty', n - 1, 'note', 'x'), jsonb_build_object('id', n % 50, 'qty', n, 'note', case when n = 77 then 'rare' else 'x' end),
        case when n % 3 = 0 then 'a11ce000-0000-4000-8000-000000000001'::uuid end
      from generate_series(1, 1000) n;
    insert into record_version (op, ts, table_schema, table_name, record) values ('INSERT', '2026-03-01', 'public', 'orders', '{\"id\": 7, \"qty\": 1}');
    insert into record_version (op, ts, table_schema, table_name, old_record) values ('DELETE', '2026-03-02', 'public', 'orders', '{\"id\": 7, \"qty\": 5}');
    insert into record_version (op, ts, table_schema, table_name) values ('TRUNCATE', '2026-03-03', 'public', 'orders');
    grant select on record_version to service_role;";

/// As Laravel's auditing has it: bigint ids, texts, times without an offset.
const LARAVEL: &str = r#"
    create table audits (id bigserial primary key, user_type varchar(255), user_id bigint, event varchar(255) not null,
      auditable_type varchar(255) not null, auditable_id bigint not null, old_values text, new_values text, url text,
      ip_address inet, user_agent varchar(1023), tags varchar(255), created_at timestamp, updated_at timestamp);
    insert into audits (user_id, event, auditable_type, auditable_id, old_values, new_values, ip_address, created_at) values
      (3, 'created', 'App\Models\Order', 12, '[]', '{"qty":1,"note":"a, \"b\""}', '203.0.113.5', '2026-02-01 10:00:00'),
      (3, 'updated', 'App\Models\Order', 12, '{"qty":1}', '{"qty":2}', null, '2026-02-01 11:00:00'),
      (null, 'updated', 'App\Models\Order', 13, '{"qty":4}', '{"qty":5}', null, '2026-02-02 11:00:00'),
      (42, 'deleted', 'App\Models\Order', 12, '{"qty":2}', '[]', null, '2026-02-03 11:00:00'),
      (42, 'updated', 'App\Models\Odd', 1, '{broken', null, null, '2026-02-04 11:00:00');
    grant select on audits to service_role;"#;

fn project(sql: &str) -> TestEnvironment {
    let test_env = TestEnvironment::empty();
    test_env.sql_of_superuser("grant usage on schema public to service_role, authenticated, anon");
    test_env.sql(sql);
    test_env.reload();
    test_env
}

fn list(test_env: &TestEnvironment, filter: &str) -> Vec<Value> {
    let data = test_env.data(&[
        "audit", "list", "--as", "service", "--limit", "2000", "--where", filter,
    ]);
    data.as_array().unwrap().clone()
}

fn ids(test_env: &TestEnvironment, filter: &str) -> Vec<String> {
    let id = |row: &Value| row["id"].as_str().unwrap().to_owned();
    list(test_env, filter).iter().map(id).collect()
}

#[test]
fn a_trail_of_supa_audit_is_found_and_answers() {
    let mut test_env = project(SUPA_AUDIT);
    // Over the catalogs first, then by its rows alone.
    for _ in 0..2 {
        let all = list(&test_env, "");
        assert_eq!(all.len(), 1_003);
        assert_eq!(all[0]["action"], "orders.truncate");
        assert_eq!(all[1]["action"], "orders.delete");
        assert_eq!(all[2]["before_state"], Value::Null);
        assert_eq!(all[3]["id"], "1000");
        assert_eq!(all[3]["action"], "shop.orders.update");
        for (filter, wanted) in [
            (
                format!("actor:{ALICE} since:2026-01-01T16:30Z until:2026-01-01T16:40Z"),
                vec!["999", "996", "993", "990"],
            ),
            ("text:rare".to_owned(), vec!["77"]),
            ("changed:note".to_owned(), vec!["77"]),
            (
                "row:orders/7 until:2026-01-01T02:00Z".to_owned(),
                vec!["107", "57", "7"],
            ),
            (
                "row:shop.orders/10 until:2026-01-01T02:00Z".to_owned(),
                vec!["110", "60", "10"],
            ),
            ("action:*.delete".to_owned(), vec!["1002"]),
            (
                "action:orders.insert,orders.truncate".to_owned(),
                vec!["1003", "1001"],
            ),
            ("after.qty>998".to_owned(), vec!["1000", "999"]),
            ("on:2026-03-02".to_owned(), vec!["1002"]),
            ("-action:*.update".to_owned(), vec!["1003", "1002", "1001"]),
            ("actor:nobody@example.com".to_owned(), vec![]),
        ] {
            assert_eq!(ids(&test_env, &filter), wanted, "{filter}");
        }
        let ran = test_env.run(&["audit", "list", "--as", "service", "--limit", "3"]);
        let said = &ran.done().out;
        assert!(
            said.contains("Read from record_version, which does not say whose data it was"),
            "{said}"
        );
        let problem = test_env.problem(
            2,
            &[
                "audit",
                "list",
                "--as",
                "service",
                "--where",
                "request:none",
            ],
        );
        assert!(
            problem["why"]
                .as_str()
                .unwrap()
                .contains("record_version has no column"),
            "{problem}"
        );
        let record = test_env.data(&["audit", "show", "77", "--as", "service"]);
        assert_eq!(record["after_state"]["note"], "rare");
        let gone = test_env.run(&["audit", "show", "not-a-number", "--as", "service"]);
        assert!(gone.code != 0 && gone.code != 70, "{gone:?}");
        let file = test_env.path("trail.csv").display().to_string();
        let _ = std::fs::remove_file(&file);
        let _ = std::fs::remove_file(format!("{file}.manifest.json"));
        let manifest = test_env.data(&[
            "audit",
            "export",
            &file,
            "--as",
            "service",
            "--where",
            "action:orders.*",
        ]);
        assert_eq!(
            (&manifest["records"], &manifest["trail"]),
            (&json!(803), &json!("record_version"))
        );
        assert_eq!(std::fs::read_to_string(&file).unwrap().lines().count(), 804);
        test_env.unset("SUPABASE_DB_URL");
    }
}

#[test]
fn a_schema_that_is_not_served_is_said_with_what_to_do() {
    let test_env = project(
        "create schema audit; grant usage on schema audit to service_role; set search_path = audit;",
    );
    test_env.sql(
        &SUPA_AUDIT
            .replace("record_version", "audit.record_version")
            .replace("type audit_operation", "type audit.audit_operation")
            .replace("op audit_operation", "op audit.audit_operation"),
    );
    let problem = test_env.problem(3, &["audit", "list", "--as", "service"]);
    assert!(
        problem["hint"]
            .as_str()
            .unwrap()
            .contains("exposed schemas"),
        "{problem}"
    );
}

#[test]
fn laravels_trail_with_numbers_and_texts_is_found_and_answers() {
    let test_env = project(LARAVEL);
    let all = list(&test_env, "");
    let told: Vec<&str> = all
        .iter()
        .map(|row| row["action"].as_str().unwrap())
        .collect();
    let order = "App\\Models\\Order";
    assert_eq!(
        told,
        [
            "App\\Models\\Odd.update".to_owned(),
            format!("{order}.delete"),
            format!("{order}.update"),
            format!("{order}.update"),
            format!("{order}.insert"),
        ]
    );
    assert_eq!(all[4]["after_state"], json!({"qty": 1, "note": "a, \"b\""}));
    assert_eq!(
        (&all[4]["before_state"], &all[1]["after_state"]),
        (&Value::Null, &Value::Null)
    );
    assert_eq!(all[0]["before_state"], "{broken");
    assert_eq!(all[4]["source_ip"], "203.0.113.5");
    for (filter, wanted) in [
        ("actor:3", vec!["2", "1"]),
        ("actor:none", vec!["3"]),
        ("row:App\\Models\\Order/12", vec!["4", "2", "1"]),
        ("changed:qty", vec!["3", "2"]),
        ("after.qty:5", vec!["3"]),
        ("since:2026-02-02 until:2026-02-03", vec!["4", "3"]),
    ] {
        let quoted = if filter.contains('\\') {
            "row:\"App\\\\Models\\\\Order/12\""
        } else {
            filter
        };
        assert_eq!(ids(&test_env, quoted), wanted, "{filter}");
    }
}

/// Names that nothing could recognise are taken from the profile, and what it says wrong is said.
#[test]
fn a_profile_names_a_trail_of_other_names() {
    let test_env = project(
        "create table \"Odd Log\" (nr uuid primary key default gen_random_uuid(), \"At\" timestamptz not null, thing text, was json, \"is\" json, who text, code text);
         insert into \"Odd Log\" (nr, \"At\", thing, was, \"is\", who, code)
           select ('00000000-0000-4000-8000-' || lpad(n::text, 12, '0'))::uuid, timestamptz '2026-01-01' + (n / 3) * interval '1 hour', 'boat', json_build_object('code', 'b' || n, 'n', n), json_build_object('code', 'b' || n, 'n', n + 1), 'ann', 'b' || n
           from generate_series(1, 500) n;
         create view boat_log with (security_invoker = true) as select nr, \"At\" as at, thing, was, \"is\" as now, who, code from \"Odd Log\";
         grant select on \"Odd Log\", boat_log to service_role",
    );
    let dir = test_env.path("config/supadeck");
    std::fs::create_dir_all(&dir).unwrap();
    let profile = |after: &str| {
        let text = format!(
            "[profiles.work]\nurl = \"{}\"\n\n[profiles.work.trail]\ntable = \"boat_log\"\nid = \"nr\"\ntime = \"at\"\nbefore = \"was\"\nafter = \"{after}\"\nchanged_table = \"thing\"\nactor = \"who\"\nkey = \"code\"\n\n[profiles.work.secrets]\nsecret_key = \"env:SUPABASE_SECRET_KEY\"\n",
            test_env.info.url
        );
        std::fs::write(dir.join("profiles.toml"), text).unwrap();
    };
    profile("now");
    let arguments = [
        "audit",
        "list",
        "--profile",
        "work",
        "--as",
        "service",
        "--limit",
        "1000",
        "--where",
    ];
    let rows = |filter: &str| {
        test_env
            .data(&[&arguments[..], &[filter]].concat())
            .as_array()
            .unwrap()
            .clone()
    };
    // Three records of each moment: none is left out, none comes twice.
    let all = rows("");
    let mut seen: Vec<&str> = all.iter().map(|row| row["id"].as_str().unwrap()).collect();
    assert_eq!(seen.len(), 500);
    seen.sort_unstable();
    seen.dedup();
    assert_eq!(seen.len(), 500);
    assert_eq!(rows("row:boat/b77").len(), 1);
    assert_eq!(rows("actor:ann").len(), 500);
    assert_eq!(rows("action:boat.update after.n:78").len(), 1);
    profile("then");
    let problem = test_env.problem(
        3,
        &["audit", "list", "--profile", "work", "--as", "service"],
    );
    assert!(
        problem["what"].as_str().unwrap().contains("`then`"),
        "{problem}"
    );
}

#[test]
fn where_there_is_no_trail_a_migration_for_one_is_written_and_never_run() {
    let mut test_env = TestEnvironment::empty();
    test_env.files(&[("supabase/config.toml", "")]);
    test_env.sql(
        "create table orders (id bigserial primary key, qty int, user_id uuid, updated_at timestamptz default now());
         create schema shop; create table shop.\"odd \"\"name\" (a int, b int, primary key (a, b))",
    );
    let problem = test_env.problem(8, &["audit", "list", "--as", "service"]);
    assert!(
        problem["hint"]
            .as_str()
            .unwrap()
            .contains("supadeck audit init"),
        "{problem}"
    );
    let problem = test_env.problem(2, &["audit", "init", "order"]);
    assert!(
        problem["why"].as_str().unwrap().contains("orders"),
        "{problem}"
    );
    let made = test_env.data(&["audit", "init", "orders", "shop.odd \"name"]);
    assert_eq!(made["tables"], json!(["orders", "shop.odd \"name"]));
    assert_eq!(
        test_env.sql("select to_regclass('public.audit_log') is null"),
        ["t"]
    );
    test_env.run(&["migration", "apply", "--yes"]).done();
    test_env.sql_of_superuser("grant usage on schema public to service_role");
    test_env.sql("insert into orders (qty) values (1), (2); update orders set qty = 3 where id = 1; update orders set updated_at = now(); delete from orders where id = 2;
               insert into shop.\"odd \"\"name\" values (1, 2)");
    test_env.reload();
    let told: Vec<String> = list(&test_env, "")
        .iter()
        .map(|row| row["action"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(
        told,
        [
            "shop.odd \"name.insert",
            "orders.delete",
            "orders.update",
            "orders.insert",
            "orders.insert"
        ]
    );
    assert_eq!(list(&test_env, "changed:qty").len(), 1);
    assert_eq!(list(&test_env, "row:orders/1").len(), 2);
    // Nobody was chosen to read it, and following it is exact.
    assert_eq!(
        test_env.sql("select string_agg(distinct grantee::text, ',') from information_schema.role_table_grants where table_name = 'audit_log' and grantee in ('anon', 'authenticated', 'service_role')"),
        ["service_role"]
    );
    assert_eq!(
        test_env.sql("select concat_ws(',', has_function_privilege('service_role', 'audit_horizon()', 'execute'), has_function_privilege('authenticated', 'audit_horizon()', 'execute'), to_regclass('audit_log_transaction_idx') is not null)"),
        ["t,f,t"]
    );
    let problem = test_env.problem(6, &["audit", "init", "orders"]);
    assert!(
        problem["what"].as_str().unwrap().contains("audit_log"),
        "{problem}"
    );
    test_env
        .run(&["migration", "rollback", "--last", "1", "--yes"])
        .done();
    assert_eq!(
        test_env.sql(
            "select to_regclass('public.audit_log') is null and to_regproc('audit_horizon') is null and to_regnamespace('audit_trail') is null"
        ),
        ["t"]
    );
    test_env.sql("insert into orders (qty) values (1)");
}

/// Ids that are numbers and many records of one moment: each comes once.
#[test]
fn records_of_one_moment_are_paged_by_numbers() {
    let test_env = project(
        "create table audits (id numeric primary key, auditable_type text, event text, old_values jsonb, new_values jsonb, created_at timestamptz);
         insert into audits select n, 'order', 'updated', '{\"id\": 1, \"qty\": 1}', jsonb_build_object('id', 1, 'qty', n), '2026-01-01' from generate_series(1, 450) n;
         grant select on audits to service_role",
    );
    let dir = test_env.path("config/supadeck");
    std::fs::create_dir_all(&dir).unwrap();
    let text = format!(
        "[profiles.work]\nurl = \"{}\"\n\n[profiles.work.trail]\ntable = \"audits\"\nid = \"id\"\ntime = \"created_at\"\nbefore = \"old_values\"\nafter = \"new_values\"\nof = \"order\"\n\n[profiles.work.secrets]\nsecret_key = \"env:SUPABASE_SECRET_KEY\"\n",
        test_env.info.url
    );
    std::fs::write(dir.join("profiles.toml"), text).unwrap();
    let rows = test_env.data(&[
        "audit",
        "list",
        "--profile",
        "work",
        "--as",
        "service",
        "--limit",
        "1000",
    ]);
    let ids: Vec<u32> = rows
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["id"].as_str().unwrap().parse().unwrap())
        .collect();
    assert_eq!(ids, (1..=450).rev().collect::<Vec<_>>());
}
