//! A read-only profile: what would change something is refused, on each way and before anything is sent.

use crate::test_environment::TestEnvironment;
use std::fs;

/// A project with everything in it, through a profile of that kind. The environment's variables name the same project.
fn through(more: &str) -> TestEnvironment {
    let mut test_env = TestEnvironment::empty();
    test_env.sql(
        "create table public.goal (id int primary key, type text, description text); insert into public.goal values (1, 'x', 'y');
         grant all on public.goal to service_role",
    );
    test_env.reload();
    let dir = test_env.path("config").join("supadeck");
    fs::create_dir_all(&dir).unwrap();
    let url = &test_env.info.url;
    let profile = format!("default = \"look\"\n\n[profiles.look]\nurl = \"{url}\"\n{more}");
    fs::write(dir.join("profiles.toml"), profile).unwrap();
    test_env.files(&[
        (
            "supabase/migrations/20990101000000_later.sql",
            "create table later ();",
        ),
        (
            "supabase/migrations/rollback/20990101000000_later.sql",
            "drop table later;",
        ),
        ("supabase/seed.sql", "create table seeded ();"),
    ]);
    test_env
}

#[test]
fn nothing_is_changed_through_it_on_any_way() {
    let test_env = through("read_only = true\n");
    let file = test_env.path("x.jsonl").display().to_string();
    fs::write(&file, "{\"id\": 3}\n").unwrap();
    let by_id = "id:1";
    for args in [
        &[
            "table", "insert", "goal", "--set", "id=2", "--as", "service",
        ][..],
        &[
            "table",
            "update",
            "goal",
            "--where",
            by_id,
            "--set",
            "description=x",
            "--as",
            "service",
        ],
        &[
            "table", "delete", "goal", "--where", by_id, "--as", "service",
        ],
        &["table", "import", "goal", &file, "--as", "service"],
        &[
            "migration",
            "repair",
            "20990101000000",
            "--status",
            "applied",
        ],
        &["seed", "apply"],
    ] {
        let problem = test_env.problem(5, &[args, &["--yes"]].concat());
        assert_eq!(problem["code"], "read_only", "{args:?}: {problem}");
        assert!(
            problem["why"]
                .as_str()
                .unwrap()
                .contains("look is read-only"),
            "{problem}"
        );
    }
    // What needs no word is refused where it would be sent.
    let problem = test_env.problem(5, &["audit", "seal", "--as", "service"]);
    assert_eq!(problem["code"], "read_only", "{problem}");
    let problem = test_env.problem(5, &["migration", "plan", "--on", "target"]);
    assert_eq!(problem["code"], "read_only", "{problem}");
    assert_eq!(
        test_env.sql("select concat_ws('|', id, type, description) from goal"),
        ["1|x|y"]
    );
    assert!(
        test_env
            .sql("select to_regclass('public.seeded')::text")
            .concat()
            .is_empty()
    );
    // Reading goes on.
    test_env
        .run(&["table", "rows", "goal", "--as", "service"])
        .done();
    test_env.run(&["migration", "log"]).done();
    let ran = test_env.run(&["profile", "show"]);
    assert!(ran.done().out.contains("read-only"), "{ran:?}");
}

#[test]
fn a_url_that_was_typed_is_no_profiles() {
    let mut test_env = through("read_only = true\n");
    let url = test_env.info.db_url.clone();
    test_env.set("TYPED_URL", &url);
    let data = test_env.data(&["seed", "apply", "--yes", "--db-url", "env:TYPED_URL"]);
    assert!(data["problem"].is_null(), "{data}");
}
