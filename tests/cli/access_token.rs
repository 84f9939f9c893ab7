//! The Management API as the way in: the access token, what is shown of the way, and a whole run over it.

use crate::keyring::Keyring;
use crate::support::fake_management_api::{FakeManagementApi, Manner, REF, TOKEN};
use crate::test_environment::{TestEnvironment, texts};
#[cfg(feature = "demo")]
use std::fs;

/// A test_env whose only way to its database is a stand-in for the Management API.
fn remote() -> (TestEnvironment, FakeManagementApi) {
    let mut test_env = TestEnvironment::empty();
    let api = test_env.stand_in();
    for name in [
        "SUPABASE_URL",
        "SUPABASE_PUBLISHABLE_KEY",
        "SUPABASE_SECRET_KEY",
        "SUPABASE_DB_URL",
    ] {
        test_env.unset(name);
    }
    test_env.set("SUPABASE_URL", format!("https://{REF}.supabase.co"));
    test_env.set("SUPADECK_API_URL", api.url.clone());
    test_env.files(&[
        ("supabase/migrations/1_a.sql", "create table a (b int);"),
        ("supabase/migrations/rollback/1_a.sql", "drop table a;"),
        ("supabase/seed.sql", "insert into a values (7);"),
    ]);
    (test_env, api)
}

#[test]
fn a_token_is_never_typed_and_stdin_holds_one_secret() {
    let (test_env, _api) = remote();
    for option in [["--access-token", TOKEN], ["--access-token", "env:NOT_SET"]] {
        let ran = test_env.run(&[["migration", "list"].as_slice(), &option].concat());
        ran.ended(2);
        assert!(
            !ran.err.contains(TOKEN) && !ran.out.contains(TOKEN),
            "{ran:?}"
        );
    }
    test_env.problem(
        2,
        &["migration", "list", "--access-token", "-", "--key", "-"],
    );
    let ran = test_env.run_with(&["migration", "list", "--access-token", "-"], TOKEN);
    assert!(ran.done().out.contains("pending"), "{ran:?}");
}

#[test]
fn everything_of_the_engine_works_with_a_token_alone() {
    let (mut test_env, api) = remote();
    let problem = test_env.problem(3, &["migration", "list"]);
    assert!(
        problem["hint"]
            .as_str()
            .unwrap()
            .contains("SUPABASE_ACCESS_TOKEN"),
        "{problem}"
    );
    test_env.set("SUPABASE_ACCESS_TOKEN", TOKEN);
    let states =
        |test_env: &TestEnvironment| test_env.data(&["migration", "list"])[0]["state"].clone();
    assert_eq!(states(&test_env), "pending");
    let ran = test_env.run(&["migration", "apply"]);
    let told = format!("{}{}", ran.ended(2).out, ran.err);
    let target = format!("project {REF} (Management API)");
    assert!(
        told.contains(&target) && told.contains("postgres"),
        "{told}"
    );
    let ran = test_env.run(&["migration", "apply", "--yes"]);
    assert!(
        ran.done().err.contains("Note: Migrations of project"),
        "{ran:?}"
    );
    assert_eq!(states(&test_env), "applied");
    let rehearsed = test_env.data(&["migration", "plan", "--rollback"]);
    assert_eq!(rehearsed["rehearsal"]["on"], "target", "{rehearsed}");
    let lost = &rehearsed["rehearsal"]["losses"][0];
    assert_eq!(lost["way"], "table_dropped", "{rehearsed}");
    let refused = test_env.problem(3, &["migration", "verify", "1", "--on", "target"]);
    assert!(
        refused["hint"].as_str().unwrap().contains("--on scratch"),
        "{refused}"
    );
    let plan = test_env.data(&["migration", "plan", "--rollback", "--no-rehearsal"]);
    assert_eq!(plan["plan"]["target"]["host"], target.as_str(), "{plan}");
    assert_eq!(test_env.sql("select to_regclass('a') is not null"), ["t"]);
    test_env.run(&["seed", "apply", "--yes"]).done();
    assert_eq!(test_env.sql("select b from a"), ["7"]);
    assert!(
        test_env
            .run(&["types", "zod"])
            .done()
            .out
            .contains("z.object")
    );
    test_env
        .run(&["migration", "rollback", "--last", "1", "--yes"])
        .done();
    test_env
        .run(&["migration", "repair", "--status", "applied", "1", "--yes"])
        .done();
    assert_eq!(states(&test_env), "applied");
    test_env
        .run(&["migration", "repair", "--status", "reverted", "1", "--yes"])
        .done();
    api.misbehave("table a", Manner::CutOff, 1);
    let ran = test_env.run(&["migration", "apply", "--yes", "--json"]);
    ran.ended(7);
    assert!(
        ran.document()["problem"]["hint"]
            .as_str()
            .unwrap()
            .contains("is done"),
        "{ran:?}"
    );
    assert_eq!(states(&test_env), "applied");
    for (path, text) in texts(test_env.home.path()) {
        assert!(!text.contains(TOKEN), "{}", path.display());
    }
}

#[test]
fn the_way_in_is_shown_and_a_typed_option_decides() {
    let (mut test_env, api) = remote();
    let way = |test_env: &TestEnvironment, args: &[&str]| {
        let ran = test_env.run(&[["whoami", "--json"].as_slice(), args].concat());
        ran.done().document()["meta"]["way"].clone()
    };
    assert_eq!(way(&test_env, &[]), serde_json::Value::Null);
    test_env.set("SUPABASE_ACCESS_TOKEN", TOKEN);
    assert_eq!(way(&test_env, &[]), "management_api");
    let doctor = test_env.run(&["doctor", "--json"]).document();
    let checks = doctor["data"].as_array().unwrap();
    let database = checks
        .iter()
        .find(|check| check["name"] == "database")
        .unwrap();
    assert_eq!(database["state"], "ok", "{doctor}");
    assert!(
        database["what"]
            .as_str()
            .unwrap()
            .contains("(Management API)"),
        "{database}"
    );
    // A database URL goes first, unless it is the token that was typed.
    let url = test_env.info.db_url.clone();
    test_env.set("SUPABASE_DB_URL", url);
    assert_eq!(way(&test_env, &[]), "postgres");
    assert_eq!(
        way(&test_env, &["--access-token", "env:SUPABASE_ACCESS_TOKEN"]),
        "management_api"
    );
    let calls = api.count("schema_migrations");
    test_env.run(&["migration", "list"]).done();
    assert_eq!(api.count("schema_migrations"), calls);
    test_env
        .run(&[
            "migration",
            "list",
            "--access-token",
            "env:SUPABASE_ACCESS_TOKEN",
        ])
        .done();
    assert!(api.count("schema_migrations") > calls);
}

#[test]
fn an_api_that_could_steal_the_token_is_refused() {
    let (mut test_env, _api) = remote();
    test_env.set("SUPABASE_ACCESS_TOKEN", "sbp_wrong");
    let problem = test_env.problem(4, &["migration", "list"]);
    assert!(!problem.to_string().contains("sbp_wrong"), "{problem}");
    test_env.set("SUPADECK_API_URL", "http://api.example.org");
    let problem = test_env.problem(3, &["migration", "list"]);
    assert!(
        problem["why"].as_str().unwrap().contains("in the clear"),
        "{problem}"
    );
}

#[test]
fn a_token_that_is_given_to_a_profile_is_kept_and_a_wrong_one_is_not() {
    let (mut test_env, _api) = remote();
    let Some(_keyring) = Keyring::start(&mut test_env) else {
        return;
    };
    test_env.unset("SUPABASE_URL");
    test_env.files(&[("supabase/.temp/project-ref", REF)]);
    let add = [
        "profile",
        "add",
        "far",
        "--linked",
        "--access-token",
        "env:THE_TOKEN",
    ];
    test_env.set("THE_TOKEN", "sbp_wrong");
    let refused = test_env.problem(4, &add);
    assert!(
        refused["what"].as_str().unwrap().contains("was not added"),
        "{refused}"
    );
    test_env.set("THE_TOKEN", TOKEN);
    test_env.run(&add).done();
    test_env.unset("THE_TOKEN");
    let rows = test_env.data(&["migration", "list"]);
    assert_eq!(rows[0]["state"], "pending");
    // The variable's is used, and stays where it is.
    test_env.set("SUPABASE_ACCESS_TOKEN", TOKEN);
    test_env
        .run(&["profile", "add", "other", "--linked"])
        .done();
    test_env.unset("SUPABASE_ACCESS_TOKEN");
    test_env.problem(3, &["migration", "list", "--profile", "other"]);
    for (path, text) in texts(test_env.home.path()) {
        let is_of_the_keyring = path.to_string_lossy().contains("keyrings");
        assert!(
            is_of_the_keyring || !text.contains(TOKEN),
            "{}",
            path.display()
        );
    }
}

#[cfg(feature = "demo")]
#[test]
fn a_plan_over_the_api_can_be_rehearsed_on_a_scratch_database() {
    let (mut test_env, api) = remote();
    test_env.set("SUPABASE_ACCESS_TOKEN", TOKEN);
    test_env.run(&["migration", "apply", "--yes"]).done();
    fs::write(
        test_env.project.join("supabase/migrations/2_b.sql"),
        "alter table a add c text;",
    )
    .unwrap();
    let of_production = test_env.path("config").join("supadeck");
    fs::create_dir_all(&of_production).unwrap();
    let profile = format!(
        "[profiles.live]\nurl = \"https://{REF}.supabase.co\"\nproject_ref = \"{REF}\"\nproduction = true\n"
    );
    fs::write(of_production.join("profiles.toml"), profile).unwrap();
    for args in [["--on", "scratch"], ["--profile", "live"]] {
        let plan = test_env.data(&[["migration", "plan"], args].concat());
        assert_eq!(plan["rehearsal"]["on"], "scratch", "{plan}");
        assert_eq!(plan["rehearsal"]["steps"][0]["end"], "passed", "{plan}");
        assert_eq!(
            api.count("add c text"),
            0,
            "nothing of it went to the project"
        );
    }
}
