//! `supadeck types`, beside the Supabase CLI, the TypeScript compiler and Zod; and the generated files of this repository.
//! `SUPADECK_BLESS=1` writes those again.

mod node;

use crate::test_environment::TestEnvironment;
use serde_json::{Map, Value, json};
use std::fs;
use std::path::Path;

#[test]
fn the_generated_types_are_fresh() {
    let test_env = TestEnvironment::full();
    for (language, path) in [
        ("zod", "schemas/zod.ts"),
        ("typescript", "schemas/database.ts"),
    ] {
        let generated = test_env.run(&["types", language]).done().out.clone();
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
        if std::env::var_os("SUPADECK_BLESS").is_some() {
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(&file, &generated).unwrap();
        }
        let present = fs::read_to_string(&file).unwrap_or_default();
        assert!(present == generated, "{path} is stale; run `just docs`");
        assert_eq!(test_env.data(&["types", language]), generated.as_str());
    }
}

#[test]
fn awkward_schemas_are_generated_too() {
    let test_env = TestEnvironment::empty();
    test_env.sql(
        "create schema odd; create type odd.\"Mood of day\" as enum ('ok', 'it''s'); \
         create domain odd.short as text check (length(value) < 9); \
         create table odd.\"select\" (id bigint generated always as identity primary key, moods odd.\"Mood of day\"[] not null, \
           name odd.short, total numeric generated always as (1.5) stored, \"a b\" interval[]); \
         create function odd.two(a int, b text default 'x') returns setof odd.\"select\" language sql as 'select * from odd.\"select\"'; \
         create function odd.over(a int) returns int language sql as 'select 1'; \
         create function odd.over(a text) returns int language sql as 'select 1';",
    );
    let text = test_env
        .run(&["types", "typescript", "--schema", "odd"])
        .done()
        .out
        .clone();
    for line in [
        "          id?: never;",
        "          moods: Database[\"odd\"][\"Enums\"][\"Mood of day\"][];",
        "          name?: string | null;",
        "          total?: never;",
        "          \"a b\": string[] | null;",
        "          b?: string;",
        "      two: {",
        "      over:",
    ] {
        assert!(text.lines().any(|one| one == line), "{line}\n{text}");
    }
    let zod = test_env
        .run(&["types", "zod", "--schema", "odd"])
        .done()
        .out
        .clone();
    assert!(zod.contains("moods: array(moodOfDay),"), "{zod}");
    let problem = test_env.problem(2, &["types", "zod", "--schema", "it's not there"]);
    assert!(problem["what"].as_str().unwrap().contains("it's not there"));
}

/// Compares the `Database` type of a schema with that of the Supabase CLI, by the compiler.
fn agrees_with_the_supabase_cli(test_env: &TestEnvironment, schema: &str) {
    let Some(packages) = node::packages() else {
        return;
    };
    let folder = node::folder(packages);
    let ours = test_env.run(&["types", "typescript", "--schema", schema]);
    let theirs = node::supabase_types(
        packages,
        test_env.home.path(),
        &test_env.info.db_url,
        schema,
    );
    let compare = include_str!("types/compare.ts").replace("$SCHEMA$", schema);
    for (name, text) in [
        ("ours.ts", &ours.done().out),
        ("theirs.ts", &theirs),
        ("compare.ts", &compare),
    ] {
        fs::write(folder.path().join(name), text).unwrap();
    }
    let compiled = node::compile(packages, folder.path(), "compare.ts");
    let said = String::from_utf8_lossy(&compiled.stdout);
    assert!(compiled.status.success(), "{said}\n{}", ours.out);
    // The comparison finds a difference where there is one.
    let other = ours
        .out
        .replacen("Relationships: [", "Relationships: [1,", 1);
    fs::write(folder.path().join("ours.ts"), other).unwrap();
    let compiled = node::compile(packages, folder.path(), "compare.ts");
    let said = String::from_utf8_lossy(&compiled.stdout);
    assert!(said.contains("TS1360"), "{said}");
}

#[test]
fn the_database_type_of_this_project_is_the_supabase_cli_s() {
    agrees_with_the_supabase_cli(&TestEnvironment::full(), "public");
}

#[test]
fn the_database_type_of_every_kind_of_object_is_the_supabase_cli_s() {
    let test_env = TestEnvironment::empty();
    test_env.sql_of_superuser(include_str!("types/extensions.sql"));
    test_env.sql(include_str!("types/every.sql"));
    agrees_with_the_supabase_cli(&test_env, "public");
    agrees_with_the_supabase_cli(&test_env, "beside");
}

#[test]
fn the_database_type_of_a_schema_beside_public_is_the_supabase_cli_s() {
    let test_env = TestEnvironment::empty();
    test_env.sql_of_superuser(include_str!("types/extensions.sql"));
    let every = include_str!("types/every.sql");
    test_env.sql(&format!(
        "create schema odd; set search_path = odd, public; {every}"
    ));
    agrees_with_the_supabase_cli(&test_env, "odd");
}

/// One case of `parse.mjs`: answers that a schema takes, and rows that it refuses.
fn case(module: &Path, schema: &str, takes: &[String], refuses: &[(String, Value)]) -> Value {
    json!({ "module": module, "schema": schema, "takes": takes, "refuses": refuses })
}

/// Parses by Zod 3 and by Zod 4.
fn parse(test_env: &TestEnvironment, cases: impl Fn(&Path) -> Vec<Value>) {
    let Some(packages) = node::packages() else {
        return;
    };
    let zod = test_env.run(&["types", "zod"]).done().out.clone();
    for version in ["zod", "zod3"] {
        let folder = node::folder(packages);
        let at = |name: &str| folder.path().join(name);
        fs::write(
            at("schemas.ts"),
            zod.replace("\"zod\"", &format!("{version:?}")),
        )
        .unwrap();
        let compiled = node::compile(packages, folder.path(), "schemas.ts");
        let said = String::from_utf8_lossy(&compiled.stdout);
        assert!(compiled.status.success(), "{version}: {said}\n{zod}");
        let cases = Value::from(cases(&at("schemas.js"))).to_string();
        fs::write(at("cases.json"), cases).unwrap();
        fs::write(at("parse.mjs"), include_str!("types/parse.mjs")).unwrap();
        let output = std::process::Command::new("node")
            .args(["parse.mjs", "cases.json"])
            .current_dir(folder.path())
            .output()
            .unwrap();
        let said = [output.stdout, output.stderr].concat();
        assert_eq!(String::from_utf8_lossy(&said), "", "{version}");
    }
}

/// Rows as Postgres makes JSON of them, which PostgREST passes on.
fn answer(test_env: &TestEnvironment, rows: &str) -> String {
    test_env
        .sql(&format!("select json_agg(t) from (select * from {rows}) t"))
        .remove(0)
}

/// A row of such an answer.
fn row(test_env: &TestEnvironment, rows: &str) -> Map<String, Value> {
    let rows: Vec<_> = serde_json::from_str(&answer(test_env, rows)).unwrap();
    rows.into_iter().next().unwrap()
}

/// Rows as the REST server sends them.
fn rest_answer(test_env: &TestEnvironment, query: &str) -> String {
    let script = "const [url, apikey] = process.argv.slice(1); \
        fetch(url, { headers: { apikey } }).then((r) => r.text()).then(console.log)";
    let url = format!("{}/rest/v1/{query}", test_env.info.url);
    let output = std::process::Command::new("node")
        .args(["-e", script, &url, &test_env.info.secret_key])
        .output()
        .unwrap();
    String::from_utf8(output.stdout).unwrap()
}

/// A row with another value in a column.
fn with(row: &Map<String, Value>, column: &str, value: &Value) -> (String, Value) {
    let mut row = row.clone();
    row.insert(column.to_owned(), value.clone());
    (format!("{column}: {value}"), Value::Object(row))
}

/// Values of other kinds of JSON than this one.
fn of_other_kinds(value: &Value) -> Vec<Value> {
    let all = [
        json!(true),
        json!(7),
        json!("?"),
        json!([true]),
        json!({ "?": true }),
    ];
    let is_same_kind =
        |other: &Value| std::mem::discriminant(other) == std::mem::discriminant(value);
    // A list holds nothing true but in a list of booleans.
    let is_list = |other: &Value| other.is_array() && value[0] != json!(true);
    let is_object = |other: &Value| other.is_object();
    all.into_iter()
        .filter(|other| !is_same_kind(other) || is_list(other) || is_object(other))
        .collect()
}

/// What is of the right kind and yet no value of the type.
const WRONG: [(&str, &str); 44] = [
    ("smallint", "32768"),
    ("smallint", "1.5"),
    ("integer", "2147483648"),
    ("integer", "0.5"),
    ("bigint", "1.5"),
    ("bigint", "1e19"),
    ("real", "\"nan\""),
    ("double", "\"Infinity \""),
    ("numeric", "\"1.5\""),
    ("numeric", "\"\""),
    ("percent", "\"infinity\""),
    ("bytes", "\"00ff\""),
    ("bytes", "\"\\\\x0\""),
    ("uuid", "\"12345678-1234-1234-1234-12345678\""),
    ("date", "\"2026-13-01\""),
    ("date", "\"2026-01-32\""),
    ("date", "\"2026-01-01T00:00:00\""),
    ("date", "\"Infinity\""),
    ("date", "\"26-1-1\""),
    ("time", "\"25:00:00\""),
    ("time", "\"10:00\""),
    ("time", "\"10:00:00+00\""),
    ("timetz", "\"10:00:00\""),
    ("timestamp", "\"2026-01-01 10:00:00\""),
    ("timestamp", "\"2026-01-01T10:00:00+00:00\""),
    ("timestamp", "\"2026-01-01\""),
    ("timestamptz", "\"2026-01-01T10:00:00\""),
    ("timestamptz", "\"2026-01-01\""),
    ("timestamptz", "\"2026-01-01T10:60:00Z\""),
    ("timestamptz", "\"now\""),
    ("bit", "\"12\""),
    ("oid", "\"-1\""),
    ("oid", "4294967295"),
    ("xid8", "\"\""),
    ("mood", "\"okay\""),
    ("vector", "[1.5]"),
    ("oids", "[1]"),
    ("ints", "[[1, \"2\"]]"),
    ("texts", "[[1]]"),
    ("moods", "[\"okay\"]"),
    ("places", "[{ \"street\": \"x\" }]"),
    ("floats", "[\"x\"]"),
    (
        "place",
        "{ \"street\": \"x\", \"numbers\": [\"1\"], \"mood\": null }",
    ),
    ("dates", "[\"2026\"]"),
];

#[test]
fn zod_takes_every_value_that_is_sent_and_refuses_others() {
    let test_env = TestEnvironment::empty();
    test_env.sql(include_str!("types/values.sql"));
    test_env.reload();
    parse(&test_env, |module| {
        // The embedded server sends null, another year or no answer at all for what is no ordinary number or date.
        let is_postgrest = std::env::var_os("SUPADECK_POSTGREST").is_some();
        let ordinary = if is_postgrest { "" } else { "&id=lt.2" };
        let takes = [
            answer(&test_env, "every_type"),
            rest_answer(&test_env, &format!("every_type?select=*{ordinary}")),
        ];
        let full = row(&test_env, "every_type where id = 1");
        let mut refuses = Vec::new();
        for (column, value) in &full {
            let mut without = full.clone();
            without.remove(column);
            refuses.push((format!("{column} left out"), Value::Object(without)));
            if !["json", "jsonb", "jsons"].contains(&column.as_str()) {
                let others = of_other_kinds(value);
                refuses.extend(others.iter().map(|other| with(&full, column, other)));
            }
        }
        let wrong = |(column, value): &(&str, &str)| {
            let value = serde_json::from_str(value).unwrap();
            with(&full, column, &value)
        };
        refuses.extend(WRONG.iter().map(wrong));
        refuses.push(with(&full, "id", &Value::Null));
        vec![case(module, "everyTypeRow", &takes, &refuses)]
    });
}

#[test]
fn zod_knows_which_numbers_the_checks_of_a_table_let_in() {
    let test_env = TestEnvironment::empty();
    test_env.sql(include_str!("types/values.sql"));
    parse(&test_env, |module| {
        let takes = [answer(&test_env, "bounded")];
        let plain = row(&test_env, "bounded where id = 3");
        let refuses: Vec<_> = [
            ("id", json!(0)),
            ("id", json!(100)),
            ("least", json!(-1)),
            ("least", json!("-Infinity")),
            ("most", json!(11)),
            ("most", json!("NaN")),
            ("most", json!("Infinity")),
            ("finite", json!("Infinity")),
            ("finite", json!("NaN")),
            ("finite", json!(-0.5)),
            ("real", json!("NaN")),
            ("whole", json!(0)),
            ("whole", json!(1.5)),
            ("small", json!(13)),
            ("small", json!(1.5)),
        ]
        .iter()
        .map(|(column, value)| with(&plain, column, value))
        .collect();
        let insert = [json!([{ "id": 1, "least": 2.5 }]).to_string()];
        let nan = with(&Map::new(), "least", &json!("NaN"));
        let without = ("no id".to_owned(), json!({ "least": 1 }));
        vec![
            case(module, "boundedRow", &takes, &refuses),
            case(module, "boundedInsert", &insert, &[nan, without]),
        ]
    });
}
