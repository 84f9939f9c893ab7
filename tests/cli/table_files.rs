//! `supadeck table export` and `import`: rows as a file and back, whatever they are called and hold.

use crate::test_environment::TestEnvironment;
use serde_json::{Value, json};
use std::fs;

/// A table, a column and an enum's value whose names would break what does not quote them.
const ODD: &str = "
    create type public.mood as enum ('it''s', 'b,c');
    create table public.\"we;ird\"\"t --\" (
        id bigint generated always as identity primary key,
        \"a'b,\"\"c\" text not null, mood public.mood, data jsonb, tags text[], raw bytea, at timestamptz, price numeric(30, 4),
        made text generated always as (upper(\"a'b,\"\"c\")) stored);
    grant select, insert on public.\"we;ird\"\"t --\" to service_role;
    insert into public.\"we;ird\"\"t --\" (\"a'b,\"\"c\", mood, data, tags, raw, at, price) values
        (E'two\\nlines, \"q\" \\\\ ''s'' \\u001b[2J', 'it''s', '{\"k\": [\"x''y\", null]}', '{\"a\\\"b\",NULL,\"c,d\\\\\\\\\"}', '\\x00ff', '2026-01-02 03:04:05.678+00', 12345678901234567890.5),
        ('', null, null, null, null, null, null),
        ('null', 'b,c', '\"text\"', '{}', '\\x', '1999-12-31 23:59:59.999+00', -0.5);";
const NAME: &str = "\"we;ird\\\"t --\"";

fn odd() -> TestEnvironment {
    let test_env = TestEnvironment::empty();
    test_env.sql(ODD);
    test_env.reload();
    test_env
}

/// What the table holds, as Postgres writes it.
fn content(test_env: &TestEnvironment) -> Vec<String> {
    test_env.sql(
        "select concat(to_jsonb(t) - 'id', t.raw) from public.\"we;ird\"\"t --\" t order by id",
    )
}

#[test]
fn what_is_exported_as_json_lines_sql_and_seed_comes_back_as_it_was() {
    let test_env = odd();
    let before = content(&test_env);
    let path = |name: &str| test_env.path(name).display().to_string();
    for (name, format) in [
        ("a.jsonl", "jsonl"),
        ("b.sql", "sql"),
        ("c.sql", "seed"),
        ("d.csv", "csv"),
    ] {
        let (file, select) = (path(name), "\"a'b,\\\"c\",mood,data,tags,raw,at,price");
        let mut args = vec![
            "table", "export", NAME, &file, "--as", "service", "--format", format,
        ];
        if format == "jsonl" {
            args.extend(["--select", select]);
        }
        let told = test_env.data(&args);
        assert_eq!(
            (&told["rows"], &told["format"]),
            (&json!(3), &json!(format))
        );
        assert_eq!(told["bytes"], fs::metadata(&file).unwrap().len());
        // Nothing is written over.
        test_env.run(&args).ended(2);
    }
    test_env.sql("truncate public.\"we;ird\"\"t --\"");
    let import = ["table", "import", NAME, &path("a.jsonl"), "--as", "service"];
    let ran = test_env.run(&[&import[..], &["--json"]].concat());
    let document = ran.ended(2).document();
    assert_eq!(document["data"]["rows"], 3, "{document}");
    assert!(content(&test_env).is_empty());
    let done = test_env.data(&[&import[..], &["--yes"]].concat());
    assert_eq!(done, json!({"inserted": 3, "of": 3}));
    assert_eq!(content(&test_env), before);
    for (name, times) in [("b.sql", 1), ("c.sql", 2)] {
        test_env.sql("truncate public.\"we;ird\"\"t --\"");
        let sql = fs::read_to_string(path(name)).unwrap();
        (0..times).for_each(|_| drop(test_env.sql(&sql)));
        assert_eq!(content(&test_env), before, "{sql}");
    }
    // The sequence goes on behind the rows of a seed.
    test_env.sql("insert into public.\"we;ird\"\"t --\" (\"a'b,\"\"c\") values ('next')");
    assert_eq!(content(&test_env).len(), 4);
}

#[test]
fn a_csv_file_is_safe_for_spreadsheets_and_tells_no_value_from_no_letter() {
    let test_env = TestEnvironment::empty();
    test_env.sql("create table public.cells (id int primary key, a text, b text); insert into public.cells values (1, '=cmd()', null), (2, '', 'null'); grant all on public.cells to service_role");
    test_env.reload();
    let file = test_env.path("x.csv").display().to_string();
    test_env
        .run(&["table", "export", "cells", &file, "--as", "service"])
        .done();
    assert_eq!(
        fs::read_to_string(&file).unwrap(),
        "id,a,b\r\n1,'=cmd(),\r\n2,\"\",null\r\n"
    );
    test_env.sql("truncate public.cells");
    let import = ["table", "import", "cells", &file, "--as", "service"];
    let trial = test_env.run(&import);
    assert!(
        trial.ended(2).out.contains("1 text has") && trial.out.contains("ROW 2"),
        "{trial:?}"
    );
    test_env.run(&[&import[..], &["--yes"]].concat()).done();
    assert_eq!(
        test_env
            .sql("select concat_ws('|', id, a, coalesce(b, 'NULL')) from public.cells order by id"),
        ["1|'=cmd()|NULL", "2||null"]
    );
}

#[test]
fn the_first_refusal_ends_an_import_and_says_its_line_and_what_went_in() {
    let mut test_env = TestEnvironment::own();
    test_env.sql(
        "create table public.mine (id int primary key, owner text not null check (owner <> 'nobody'));
         alter table public.mine enable row level security; grant select, insert on public.mine to authenticated;
         create policy \"only ali;ce\" on public.mine to authenticated using (true) with check (owner = 'alice');
         create function public.drops() returns trigger language plpgsql as $$ begin return null; end $$;
         create table public.hole (id int primary key); grant select, insert on public.hole to authenticated;
         create trigger drops before insert on public.hole for each row execute function public.drops()",
    );
    test_env.reload();
    test_env.sign_in("alice@example.com");
    let file = test_env.path("x.csv").display().to_string();
    let mut text = "id,owner\n".to_owned();
    (1..=450).for_each(|id| text.push_str(&format!("{id},alice\n")));
    text.push_str("451,bob\n452,alice\n");
    fs::write(&file, &text).unwrap();
    let import = ["table", "import", "mine", &file, "--as", "user", "--yes"];
    let ran = test_env.run(&[&import[..], &["--json"]].concat());
    let document = ran.ended(5).document();
    assert!(
        document["problem"]["what"]
            .as_str()
            .unwrap()
            .starts_with("Line 452: "),
        "{document}"
    );
    assert_eq!(document["data"], json!({"inserted": 450, "of": 452}));
    assert_eq!(test_env.sql("select count(*)::text from mine"), ["450"]);
    // Once more: the first row is there already.
    let ran = test_env.run(&import);
    assert!(
        ran.ended(6).err.contains("Line 2: ") && ran.out.contains("Added 0 of 452 rows"),
        "{ran:?}"
    );
    // A check that fails before anything is sent leaves nothing behind.
    fs::write(&file, "id,owner\n900,alice\nx,alice\n").unwrap();
    let problem = test_env.problem(2, &import);
    assert!(
        problem["what"].as_str().unwrap().starts_with("Line 3: "),
        "{problem}"
    );
    assert_eq!(
        test_env.sql("select count(*)::text from mine where id = 900"),
        ["0"]
    );
    fs::write(&file, "id,owner\n").unwrap();
    test_env.run(&import).ended(2);
    // What a trigger leaves out is no success.
    fs::write(&file, "id\n1\n2\n").unwrap();
    let ran = test_env.run(&["table", "import", "hole", &file, "--as", "user", "--yes"]);
    assert!(
        ran.ended(5).err.contains("0 of 2 were added") && ran.out.contains("Added 0 of 2 rows"),
        "{ran:?}"
    );
}

#[test]
fn an_export_reads_any_number_of_rows_once_each_and_only_what_the_identity_sees() {
    let test_env = TestEnvironment::own();
    test_env.sql("create table public.many (id int primary key, pad text); insert into public.many select n, repeat('x', 900) from generate_series(1, 3001) n; revoke all on public.many from anon; grant select on public.many to service_role");
    test_env.reload();
    let file = test_env.path("many.jsonl").display().to_string();
    test_env
        .run(&[
            "table", "export", "many", &file, "--as", "service", "--where", "id>1",
        ])
        .done();
    let text = fs::read_to_string(&file).unwrap();
    let ids: Vec<i64> = text
        .lines()
        .map(|line| {
            serde_json::from_str::<Value>(line).unwrap()["id"]
                .as_i64()
                .unwrap()
        })
        .collect();
    assert_eq!(ids, (2..=3001).collect::<Vec<_>>());
    let none = test_env.path("none.csv").display().to_string();
    let ran = test_env.run(&["table", "export", "many", &none, "--as", "anon"]);
    assert!(
        ran.code != 0 && !test_env.path("none.csv").exists(),
        "{ran:?}"
    );
    let left: Vec<_> = fs::read_dir(test_env.home.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.starts_with(".supadeck"))
        .collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn an_import_into_production_wants_its_name() {
    let test_env = odd();
    let dir = test_env.path("config").join("supadeck");
    fs::create_dir_all(&dir).unwrap();
    let url = &test_env.info.url;
    let profile =
        format!("default = \"live\"\n\n[profiles.live]\nurl = \"{url}\"\nproduction = true\n");
    fs::write(dir.join("profiles.toml"), profile).unwrap();
    let file = test_env.path("x.jsonl").display().to_string();
    fs::write(&file, "{\"a'b,\\\"c\": \"new\"}\n").unwrap();
    let import = ["table", "import", NAME, &file, "--as", "service", "--yes"];
    let problem = test_env.problem(2, &import);
    assert!(
        problem["hint"].as_str().unwrap().contains("--confirm live"),
        "{problem}"
    );
    assert_eq!(content(&test_env).len(), 3);
    test_env
        .run(&[&import[..], &["--confirm", "live"]].concat())
        .done();
    assert_eq!(content(&test_env).len(), 4);
}
