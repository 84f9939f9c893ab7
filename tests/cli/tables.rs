//! `supadeck table`: any table, of whatever names, keys and sizes, as whoever reads.

use crate::test_environment::TestEnvironment;
use serde_json::{Value, json};
use std::collections::BTreeSet;

const ALICE: &str = "a11ce000-0000-4000-8000-000000000001";

fn rows(value: &Value) -> &Vec<Value> {
    value.as_array().unwrap()
}

fn named<'a>(list: &'a Value, name: &str) -> &'a Value {
    let found = rows(list).iter().find(|row| row["name"] == name);
    found.unwrap_or_else(|| panic!("{name} in {list}"))
}

#[test]
fn tables_are_listed_with_what_the_identity_may_do() {
    let mut test_env = TestEnvironment::full();
    test_env.sign_in("alice@example.com");
    let list = test_env.data(&["table", "list", "--as", "user"]);
    let goal = named(&list, "goal");
    assert_eq!(goal["kind"], "table");
    assert_eq!(goal["rls"]["enabled"], true);
    assert!(goal["rls"]["policies"].as_u64().unwrap() > 0);
    let all = json!({"select": true, "insert": true, "update": true, "delete": true});
    assert_eq!(goal["rights"], all);
    let status = named(&list, "week_lock_status");
    assert_eq!(
        (&status["kind"], &status["security_invoker"]),
        (&"view".into(), &true.into())
    );
    assert_eq!(status["rights"]["insert"], false);
    assert!(goal.get("columns").is_none());
    let anon = test_env.data(&["table", "list", "--as", "anon"]);
    assert_eq!(named(&anon, "goal")["rights"]["select"], false);
    let text = test_env.run(&["table", "list", "--as", "anon"]);
    let line = text
        .done()
        .out
        .lines()
        .find(|line| line.starts_with("goal "));
    assert!(line.unwrap().contains("none"), "{text:?}");
    let auth = test_env.data(&["table", "list", "--schema", "auth", "--as", "anon"]);
    assert_eq!(named(&auth, "users")["schema"], "auth");
    let problem = test_env.problem(2, &["table", "list", "--schema", "nowhere", "--as", "anon"]);
    assert!(problem["what"].as_str().unwrap().contains("nowhere"));
    test_env.unset("SUPABASE_DB_URL");
    let problem = test_env.problem(3, &["table", "list", "--as", "anon"]);
    assert!(
        problem["hint"]
            .as_str()
            .unwrap()
            .contains("table rows NAME")
    );
}

#[test]
fn a_table_is_shown_with_columns_and_keys_both_ways() {
    let test_env = TestEnvironment::full();
    let goal = test_env.data(&["table", "show", "goal", "--as", "service"]);
    assert_eq!(goal["key"], json!(["id"]));
    let kind = named(&goal["columns"], "type");
    assert_eq!(kind["values"], json!(["personal", "professional"]));
    assert_eq!(kind["type"], "goal_type");
    let cycle = rows(&goal["references"])
        .iter()
        .find(|link| link["table"]["name"] == "cycle");
    assert!(cycle.is_some(), "{goal}");
    let back = rows(&goal["referenced_by"]);
    assert!(
        back.iter().any(|link| link["table"]["name"] == "plan_item"),
        "{goal}"
    );
    let text = test_env.run(&["table", "show", "goal", "--as", "anon"]);
    assert!(text.done().out.contains("REFERENCED BY"), "{text:?}");
    let problem = test_env.problem(2, &["table", "show", "gaol", "--as", "anon"]);
    assert_eq!(problem["hint"], "Did you mean `goal`?");
}

#[test]
fn rows_are_those_of_whoever_reads() {
    let mut test_env = TestEnvironment::full();
    test_env.sign_in("alice@example.com");
    let own = test_env.run(&["table", "rows", "goal", "--as", "user", "--json"]);
    let document = own.done().document();
    assert!(!rows(&document["data"]).is_empty());
    assert!(
        rows(&document["data"])
            .iter()
            .all(|row| row["user_id"] == ALICE)
    );
    assert_eq!(document["meta"]["paging"], "key");
    assert_eq!(document["meta"]["rls"], true);
    let all = test_env.data(&["table", "rows", "goal", "--as", "service"]);
    assert!(rows(&all).len() > rows(&document["data"]).len());
    let mine = test_env.data(&[
        "table",
        "rows",
        "goal",
        "--where",
        "user_id:a11ce000 -type:personal",
        "--select",
        "type,description",
        "--sort",
        "-description",
        "--as",
        "service",
    ]);
    for row in rows(&mine) {
        let names: Vec<&String> = row.as_object().unwrap().keys().collect();
        assert_eq!(names, ["type", "description"]);
        assert_eq!(row["type"], "professional");
    }
    let problem = test_env.problem(5, &["table", "rows", "goal", "--as", "anon"]);
    assert_eq!(problem["code"], "42501");
    let none = test_env.run(&[
        "table",
        "rows",
        "goal",
        "--where",
        "description:nothing",
        "--as",
        "user",
    ]);
    assert!(
        none.done()
            .out
            .contains("No rows visible to alice@example.com")
    );
    // Without the database nothing is known of the columns but what the rows have.
    test_env.unset("SUPABASE_DB_URL");
    let document = test_env.run(&["table", "rows", "goal", "--as", "user", "--json"]);
    let document = document.done().document();
    assert_eq!(document["meta"]["paging"], "offset");
    assert!(
        rows(&document["data"])
            .iter()
            .all(|row| row["user_id"] == ALICE)
    );
    let missing = test_env.problem(8, &["table", "rows", "gaol", "--as", "user"]);
    assert!(
        missing["hint"].as_str().unwrap().contains("table list"),
        "{missing}"
    );
}

#[test]
fn a_wrong_filter_column_or_order_is_refused_with_what_there_is() {
    let test_env = TestEnvironment::full();
    for (args, told) in [
        (["--where", "descripton:x"], "Did you mean `description`?"),
        (["--where", "start_week:soon"], "start_week:3"),
        (["--select", "nothing"], ""),
        (["--sort", "nothing"], ""),
    ] {
        let all = [&["table", "rows", "goal", "--as", "service"], &args[..]].concat();
        let problem = test_env.problem(2, &all);
        assert!(problem.to_string().contains(told), "{problem}");
    }
}

const WIDE: &str = "
    create type public.odd_kind as enum ('a,b', 'c\"d', 'e f');
    create table public.\"Odd \"\"t\"\", x.y/z?\" (
        \"odd name\" text primary key,
        \"order\" int,
        \"sel ect\" public.odd_kind,
        \"größe\" numeric(30,10),
        data jsonb,
        tags text[],
        raw bytea,
        at timestamptz,
        off boolean,
        empty text,
        \"a,b.c(d)\" text
    );
    insert into public.\"Odd \"\"t\"\", x.y/z?\" values
        ('a,b', 1, 'a,b', 12345678901234567890.0123456789, '{\"k\": {\"a b\": 3}}', '{x,\"y,z\"}', '\\x00ff', '2025-10-04T12:30:00.25Z', true, '', 'x'),
        ('c\"d\\', 2, 'c\"d', 0.1, '[1]', '{}', '', '1999-01-01Z', false, null, 'y'),
        ('=1+1', null, 'e f', null, null, null, null, null, null, 'null', null);
    grant select on all tables in schema public to service_role;";

#[test]
fn odd_names_and_values_come_as_they_are() {
    let test_env = TestEnvironment::empty();
    test_env.sql(WIDE);
    test_env.reload();
    let table = "\"Odd \\\"t\\\", x.y/z?\"";
    let read = |args: &[&str]| {
        let all = [&["table", "rows", table, "--as", "service"], args].concat();
        test_env.data(&all)
    };
    let all = read(&[]);
    assert_eq!(rows(&all).len(), 3, "{all}");
    let keys = |data: &Value| -> Vec<String> {
        let key = |row: &Value| row["odd name"].as_str().unwrap().to_owned();
        rows(data).iter().map(key).collect()
    };
    let filtered = |text: &str| keys(&read(&["--where", text]));
    assert_eq!(filtered("order:1"), ["a,b"]);
    assert_eq!(filtered("order:null"), ["=1+1"]);
    assert_eq!(filtered("-order:1,2"), ["=1+1"]);
    assert_eq!(filtered("order>=1 off:no"), ["c\"d\\"]);
    assert_eq!(filtered("tags:\"y,z\""), ["a,b"]);
    assert_eq!(filtered("empty:\"\""), ["a,b"]);
    assert_eq!(filtered("empty:\"null\""), ["=1+1"]);
    assert_eq!(filtered("at:2025-10-04"), ["a,b"]);
    assert_eq!(filtered("größe>1"), ["a,b"]);
    assert_eq!(filtered("data.k.\"a b\":3"), ["a,b"]);
    assert_eq!(filtered("\"sel ect\":\"a,b\""), ["a,b"]);
    assert_eq!(filtered("\"odd name\":\"c\\\"d\\\\\""), ["c\"d\\"]);
    assert_eq!(filtered("\"a,b.c(d)\":y"), ["c\"d\\"]);
    let sorted = read(&["--sort", "-order", "--select", "odd name"]);
    assert_eq!(keys(&sorted), ["=1+1", "c\"d\\", "a,b"]);
    let csv = test_env.run(&["table", "rows", table, "--as", "service", "--format", "csv"]);
    let lines: Vec<&str> = csv.done().out.split("\r\n").collect();
    assert!(
        lines[0].starts_with("odd name,order,sel ect,größe"),
        "{csv:?}"
    );
    assert!(
        csv.out.contains("'=1+1") && csv.out.contains(",\"\",x\r\n"),
        "{csv:?}"
    );
    let text = test_env.run(&["table", "rows", table, "--as", "service"]);
    assert!(
        text.done().out.contains("2 bytes") && text.out.contains("\"\""),
        "{text:?}"
    );
    let markdown = test_env.run(&[
        "table", "rows", table, "--as", "service", "--format", "markdown",
    ]);
    assert_eq!(markdown.done().out.lines().count(), 5, "{markdown:?}");
}

#[test]
fn many_rows_come_once_each_by_whatever_key() {
    let test_env = TestEnvironment::empty();
    test_env.sql(
        "create table public.many (a int not null, b int not null, part int, note text, primary key (a, b));
         insert into public.many
            select i / 100, i % 100, nullif(i % 7, 0), 'n' || i from generate_series(0, 2749) i;
         create table public.bare (n int);
         insert into public.bare select i from generate_series(1, 2300) i;
         create view public.seen as select a, b from public.many;
         create table public.split (id int primary key, at date) partition by range (id);
         create table public.split_1 partition of public.split for values from (0) to (1500);
         create table public.split_2 partition of public.split default;
         insert into public.split select i, '2025-01-01' from generate_series(1, 2100) i;
         grant select on all tables in schema public to service_role;
         analyze;",
    );
    test_env.reload();
    let read = |args: &[&str]| {
        let all = [
            &["table", "rows"],
            args,
            &["--limit", "100000", "--as", "service", "--json"],
        ];
        test_env.run(&all.concat()).done().document()
    };
    let distinct = |document: &Value| {
        let all: BTreeSet<String> = rows(&document["data"])
            .iter()
            .map(Value::to_string)
            .collect();
        (rows(&document["data"]).len(), all.len())
    };
    for sort in ["", "part", "-part", "note,-part", "-b"] {
        let document = read(&["many", "--sort", sort]);
        assert_eq!(distinct(&document), (2750, 2750), "{sort}");
        assert_eq!(document["meta"]["paging"], "key");
        assert_eq!(document["meta"]["has_more"], false);
    }
    let parts = read(&["many", "--sort", "-part", "--select", "part"]);
    let parts: Vec<Option<i64>> = rows(&parts["data"])
        .iter()
        .map(|row| row["part"].as_i64())
        .collect();
    // No value comes first downwards, as Postgres has it.
    let mut sorted = parts.clone();
    sorted.sort_by_key(|part| std::cmp::Reverse(part.unwrap_or(99)));
    assert_eq!(parts, sorted);
    for (table, count) in [("bare", 2300), ("seen", 2750)] {
        let document = read(&[table]);
        assert_eq!(distinct(&document), (count, count));
        assert_eq!(document["meta"]["paging"], "offset");
    }
    assert_eq!(distinct(&read(&["split"])), (2100, 2100));
    let text = test_env.run(&["table", "rows", "bare", "--limit", "20", "--as", "service"]);
    assert!(
        text.done().out.contains("There are more") && text.out.contains("by OFFSET"),
        "{text:?}"
    );
    let list = test_env.data(&["table", "list", "--as", "anon"]);
    assert_eq!(named(&list, "split")["kind"], "partitioned_table");
    assert_eq!(named(&list, "split")["rows"], 2100);
    assert_eq!(named(&list, "split_1")["kind"], "partition");
}

#[test]
fn only_the_columns_that_may_be_read_are_asked_for() {
    let test_env = TestEnvironment::empty();
    test_env.sql(
        "create table public.half (id int primary key, open text, secret text);
         insert into public.half values (1, 'x', 'y');
         revoke all on public.half from anon;
         grant select (id, open) on public.half to anon;",
    );
    test_env.reload();
    let data = test_env.data(&["table", "rows", "half", "--as", "anon"]);
    assert_eq!(data, json!([{"id": 1, "open": "x"}]));
    let shown = test_env.data(&["table", "show", "half", "--as", "anon"]);
    assert_eq!(named(&shown["columns"], "secret")["may_select"], false);
    assert_eq!(shown["rights"]["select"], true);
}

#[test]
fn over_the_management_api_the_tables_are_the_same() {
    let mut test_env = TestEnvironment::own();
    let direct = test_env.data(&["table", "show", "goal", "--as", "anon"]);
    let list = test_env.data(&["table", "list", "--as", "anon"]);
    let api = test_env.stand_in();
    test_env.unset("SUPABASE_DB_URL");
    test_env.set(
        "SUPABASE_URL",
        format!(
            "https://{}.supabase.co",
            crate::support::fake_management_api::REF
        ),
    );
    test_env.set("SUPADECK_API_URL", api.url.clone());
    test_env.set(
        "SUPABASE_ACCESS_TOKEN",
        crate::support::fake_management_api::TOKEN,
    );
    assert_eq!(
        test_env.data(&["table", "show", "goal", "--as", "anon"]),
        direct
    );
    assert_eq!(test_env.data(&["table", "list", "--as", "anon"]), list);
}

const NOTES: &str = "
    create table public.note (
        id int generated always as identity primary key,
        owner text not null default 'nobody',
        body text constraint body_is_short check (length(body) < 40),
        stars smallint,
        mood public.mood default 'calm',
        data json,
        price numeric(12, 4),
        double_stars int generated always as (stars * 2) stored,
        at timestamptz not null default now()
    );
    insert into public.note (owner, body, stars, data) values
        ('alice', 'one', 1, '{\"a\": 1}'), ('bob', 'two', 2, null), ('alice', 'three', 3, null);
    create function public.touch() returns trigger language plpgsql as $$
        begin new.at = '2030-01-01Z'; return new; end $$;
    create trigger touch before update on public.note for each row execute function public.touch();
    alter table public.note enable row level security;
    create policy everybody_reads on public.note for select to authenticated using (true);
    create policy \"own \"\"rows\"\"\" on public.note for update to authenticated using (owner = 'alice');
    create policy adds_own on public.note for insert to authenticated with check (owner = 'alice');
    grant select, insert, update, delete on public.note to authenticated, service_role;";

/// A project with notes that everybody signed in may read, and change those of alice.
fn with_notes() -> TestEnvironment {
    let mut test_env = TestEnvironment::own();
    test_env.sql("create type public.mood as enum ('calm', 'wild')");
    test_env.sql(NOTES);
    test_env.reload();
    test_env.sign_in("alice@example.com");
    test_env
}

#[test]
fn a_row_is_added_changed_and_removed_and_each_is_shown_first() {
    let test_env = with_notes();
    let add = [
        "table",
        "insert",
        "note",
        "--set",
        "owner=alice",
        "--set",
        "body=new, \"x\"",
        "--set",
        "data={\"k\": [1]}",
        "--as",
        "user",
    ];
    let refused = test_env.run(&[&add[..], &["--json"]].concat());
    let document = refused.ended(2).document();
    assert_eq!(document["data"][0]["verb"], "insert", "{document}");
    assert_eq!(document["data"][0]["columns"][1]["after"], "new, \"x\"");
    assert_eq!(test_env.sql("select count(*)::text from note"), ["3"]);
    let added = test_env.data(&[&add[..], &["--yes"]].concat());
    assert_eq!(added[0]["row"]["body"], "new, \"x\"");
    assert_eq!(added[0]["row"]["mood"], "calm");
    assert_eq!(
        test_env.sql("select data::text from note where body like 'new%'"),
        ["{\"k\":[1]}"]
    );
    let changed = test_env.data(&[
        "table",
        "update",
        "note",
        "--where",
        "id:1",
        "--set",
        "stars=5",
        "--set",
        "mood=wild",
        "--set",
        "price=12.50",
        "--as",
        "user",
        "--yes",
    ]);
    assert_eq!(
        changed[0]["besides"],
        json!(["double_stars", "at"]),
        "{changed}"
    );
    assert_eq!(
        test_env
            .sql("select concat_ws(' ', stars, mood, price, double_stars) from note where id = 1"),
        ["5 wild 12.5000 10"]
    );
    let same = test_env.run(&[
        "table", "update", "note", "--where", "id:1", "--set", "stars=5", "--as", "user", "--yes",
    ]);
    assert!(same.done().out.contains("Nothing to change"), "{same:?}");
    let gone = test_env.data(&[
        "table",
        "delete",
        "note",
        "--where",
        "owner:alice stars>3",
        "--as",
        "service",
        "--yes",
    ]);
    assert_eq!(rows(&gone).len(), 1);
    assert_eq!(
        test_env.sql("select string_agg(id::text, ',' order by id) from note"),
        ["2,3,4"]
    );
}

#[test]
fn a_refusal_names_the_policy_or_the_constraint_and_is_no_success() {
    let test_env = with_notes();
    let update = |filter: &str, set: &str, code| {
        test_env.problem(
            code,
            &[
                "table", "update", "note", "--where", filter, "--set", set, "--as", "user", "--yes",
            ],
        )
    };
    let hidden = update("id:2", "body=x", 5);
    assert!(
        hidden["why"]
            .as_str()
            .unwrap()
            .contains("policy “own \"rows\"” using (owner = 'alice'::text)"),
        "{hidden}"
    );
    let check = update("id:1", &format!("body={}", "x".repeat(60)), 8);
    assert!(
        check["why"].as_str().unwrap().contains("body_is_short"),
        "{check}"
    );
    let computed = update("id:1", "double_stars=3", 2);
    assert!(
        computed["why"].as_str().unwrap().contains("computes"),
        "{computed}"
    );
    update("id:1", "mood=mild", 2);
    update("id:99", "body=x", 5);
    let added = test_env.problem(
        5,
        &[
            "table",
            "insert",
            "note",
            "--set",
            "owner=bob",
            "--as",
            "user",
            "--yes",
        ],
    );
    assert!(added["why"].as_str().unwrap().contains("policy"), "{added}");
    // There is no policy for it at all.
    let delete = test_env.problem(
        5,
        &[
            "table", "delete", "note", "--where", "id:1", "--as", "user", "--yes",
        ],
    );
    assert!(
        delete["why"]
            .as_str()
            .unwrap()
            .contains("no policy lets authenticated delete rows"),
        "{delete}"
    );
    let anon = test_env.problem(
        5,
        &[
            "table",
            "insert",
            "note",
            "--set",
            "owner=alice",
            "--as",
            "anon",
            "--yes",
        ],
    );
    assert_eq!(anon["code"], "42501");
    test_env.problem(
        2,
        &[
            "table", "delete", "note", "--where", "", "--as", "service", "--yes",
        ],
    );
    assert_eq!(test_env.sql("select count(*)::text from note"), ["3"]);
    // The first refusal stops the rest, and what was done before it is told.
    let ran = test_env.run(&[
        "table", "update", "note", "--where", "stars>0", "--set", "stars=9", "--as", "user",
        "--yes", "--json",
    ]);
    let document = ran.ended(5).document();
    assert_eq!(rows(&document["data"]).len(), 1, "{document}");
    assert_eq!(
        test_env.sql("select string_agg(stars::text, ',' order by id) from note"),
        ["9,2,3"]
    );
}

#[test]
fn rows_without_a_key_are_not_changed_and_those_of_a_composite_one_are() {
    let test_env = TestEnvironment::empty();
    test_env.sql(
        "create table public.bare (n int);
         insert into public.bare values (1), (1);
         create table public.pair (a int, b text, note text, primary key (a, b));
         insert into public.pair values (1, 'x,y', 'old'), (1, 'z', 'old');
         create view public.seen as select * from public.pair;
         grant select, insert, update, delete on all tables in schema public to service_role;",
    );
    test_env.reload();
    let problem = test_env.problem(
        2,
        &[
            "table", "delete", "bare", "--where", "n:1", "--as", "service", "--yes",
        ],
    );
    assert!(
        problem["why"].as_str().unwrap().contains("no key"),
        "{problem}"
    );
    test_env.problem(
        2,
        &[
            "table", "update", "seen", "--where", "a:1", "--set", "note=x", "--as", "service",
            "--yes",
        ],
    );
    let changed = test_env.data(&[
        "table",
        "update",
        "pair",
        "--where",
        "b:\"x,y\"",
        "--set",
        "note=\"null\"",
        "--as",
        "service",
        "--yes",
    ]);
    assert_eq!(
        changed[0]["row"],
        json!({"a": 1, "b": "x,y", "note": "null"})
    );
    assert_eq!(test_env.sql("select count(*)::text from bare"), ["2"]);
    assert_eq!(test_env.sql("select note from pair where b = 'z'"), ["old"]);
}
