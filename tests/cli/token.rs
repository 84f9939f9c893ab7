//! The Management API as the way in: the access token, what is shown of the way, and a whole run over it.

use crate::keyring::Keyring;
use crate::standin::{Manner, REF, Standin, TOKEN};
use crate::world::{World, texts};
#[cfg(feature = "demo")]
use std::fs;

/// A world whose only way to its database is a stand-in for the Management API.
fn remote() -> (World, Standin) {
    let mut world = World::empty();
    let api = world.stand_in();
    for name in [
        "SUPABASE_URL",
        "SUPABASE_PUBLISHABLE_KEY",
        "SUPABASE_SECRET_KEY",
        "SUPABASE_DB_URL",
    ] {
        world.unset(name);
    }
    world.set("SUPABASE_URL", format!("https://{REF}.supabase.co"));
    world.set("SUPADECK_API_URL", api.url.clone());
    world.files(&[
        ("supabase/migrations/1_a.sql", "create table a (b int);"),
        ("supabase/migrations/rollback/1_a.sql", "drop table a;"),
        ("supabase/seed.sql", "insert into a values (7);"),
    ]);
    (world, api)
}

#[test]
fn a_token_is_never_typed_and_stdin_holds_one_secret() {
    let (world, _api) = remote();
    for option in [["--access-token", TOKEN], ["--access-token", "env:NOT_SET"]] {
        let ran = world.run(&[["migration", "list"].as_slice(), &option].concat());
        ran.ended(2);
        assert!(
            !ran.err.contains(TOKEN) && !ran.out.contains(TOKEN),
            "{ran:?}"
        );
    }
    world.problem(
        2,
        &["migration", "list", "--access-token", "-", "--key", "-"],
    );
    let ran = world.run_with(&["migration", "list", "--access-token", "-"], TOKEN);
    assert!(ran.done().out.contains("pending"), "{ran:?}");
}

#[test]
fn everything_of_the_engine_works_with_a_token_alone() {
    let (mut world, api) = remote();
    let problem = world.problem(3, &["migration", "list"]);
    assert!(
        problem["hint"]
            .as_str()
            .unwrap()
            .contains("SUPABASE_ACCESS_TOKEN"),
        "{problem}"
    );
    world.set("SUPABASE_ACCESS_TOKEN", TOKEN);
    let states = |world: &World| world.data(&["migration", "list"])[0]["state"].clone();
    assert_eq!(states(&world), "pending");
    let ran = world.run(&["migration", "apply"]);
    let told = format!("{}{}", ran.ended(2).out, ran.err);
    let target = format!("project {REF} (Management API)");
    assert!(
        told.contains(&target) && told.contains("postgres"),
        "{told}"
    );
    let ran = world.run(&["migration", "apply", "--yes"]);
    assert!(
        ran.done().err.contains("Note: Migrations of project"),
        "{ran:?}"
    );
    assert_eq!(states(&world), "applied");
    let rehearsed = world.data(&["migration", "plan", "--rollback"]);
    assert_eq!(rehearsed["rehearsal"]["on"], "target", "{rehearsed}");
    let lost = &rehearsed["rehearsal"]["losses"][0];
    assert_eq!(lost["way"], "table_dropped", "{rehearsed}");
    let refused = world.problem(3, &["migration", "verify", "1", "--on", "target"]);
    assert!(
        refused["hint"].as_str().unwrap().contains("--on scratch"),
        "{refused}"
    );
    let plan = world.data(&["migration", "plan", "--rollback", "--no-rehearsal"]);
    assert_eq!(plan["plan"]["target"]["host"], target.as_str(), "{plan}");
    assert_eq!(world.sql("select to_regclass('a') is not null"), ["t"]);
    world.run(&["seed", "apply", "--yes"]).done();
    assert_eq!(world.sql("select b from a"), ["7"]);
    assert!(world.run(&["types", "zod"]).done().out.contains("z.object"));
    world
        .run(&["migration", "rollback", "--last", "1", "--yes"])
        .done();
    world
        .run(&["migration", "repair", "--status", "applied", "1", "--yes"])
        .done();
    assert_eq!(states(&world), "applied");
    world
        .run(&["migration", "repair", "--status", "reverted", "1", "--yes"])
        .done();
    api.misbehave("table a", Manner::CutOff, 1);
    let ran = world.run(&["migration", "apply", "--yes", "--json"]);
    ran.ended(7);
    assert!(
        ran.document()["problem"]["hint"]
            .as_str()
            .unwrap()
            .contains("is done"),
        "{ran:?}"
    );
    assert_eq!(states(&world), "applied");
    for (path, text) in texts(world.home.path()) {
        assert!(!text.contains(TOKEN), "{}", path.display());
    }
}

#[test]
fn the_way_in_is_shown_and_a_typed_option_decides() {
    let (mut world, api) = remote();
    let way = |world: &World, args: &[&str]| {
        let ran = world.run(&[["whoami", "--json"].as_slice(), args].concat());
        ran.done().document()["meta"]["way"].clone()
    };
    assert_eq!(way(&world, &[]), serde_json::Value::Null);
    world.set("SUPABASE_ACCESS_TOKEN", TOKEN);
    assert_eq!(way(&world, &[]), "management_api");
    let doctor = world.run(&["doctor", "--json"]).document();
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
    let url = world.info.db_url.clone();
    world.set("SUPABASE_DB_URL", url);
    assert_eq!(way(&world, &[]), "postgres");
    assert_eq!(
        way(&world, &["--access-token", "env:SUPABASE_ACCESS_TOKEN"]),
        "management_api"
    );
    let calls = api.count("schema_migrations");
    world.run(&["migration", "list"]).done();
    assert_eq!(api.count("schema_migrations"), calls);
    world
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
    let (mut world, _api) = remote();
    world.set("SUPABASE_ACCESS_TOKEN", "sbp_wrong");
    let problem = world.problem(4, &["migration", "list"]);
    assert!(!problem.to_string().contains("sbp_wrong"), "{problem}");
    world.set("SUPADECK_API_URL", "http://api.example.org");
    let problem = world.problem(3, &["migration", "list"]);
    assert!(
        problem["why"].as_str().unwrap().contains("in the clear"),
        "{problem}"
    );
}

#[test]
fn a_token_that_is_given_to_a_profile_is_kept_and_a_wrong_one_is_not() {
    let (mut world, _api) = remote();
    let Some(_keyring) = Keyring::start(&mut world) else {
        return;
    };
    world.unset("SUPABASE_URL");
    world.files(&[("supabase/.temp/project-ref", REF)]);
    let add = [
        "profile",
        "add",
        "far",
        "--linked",
        "--access-token",
        "env:THE_TOKEN",
    ];
    world.set("THE_TOKEN", "sbp_wrong");
    let refused = world.problem(4, &add);
    assert!(
        refused["what"].as_str().unwrap().contains("was not added"),
        "{refused}"
    );
    world.set("THE_TOKEN", TOKEN);
    world.run(&add).done();
    world.unset("THE_TOKEN");
    let rows = world.data(&["migration", "list"]);
    assert_eq!(rows[0]["state"], "pending");
    // The variable's is used, and stays where it is.
    world.set("SUPABASE_ACCESS_TOKEN", TOKEN);
    world.run(&["profile", "add", "other", "--linked"]).done();
    world.unset("SUPABASE_ACCESS_TOKEN");
    world.problem(3, &["migration", "list", "--profile", "other"]);
    for (path, text) in texts(world.home.path()) {
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
    let (mut world, api) = remote();
    world.set("SUPABASE_ACCESS_TOKEN", TOKEN);
    world.run(&["migration", "apply", "--yes"]).done();
    fs::write(
        world.project.join("supabase/migrations/2_b.sql"),
        "alter table a add c text;",
    )
    .unwrap();
    let of_production = world.path("config").join("supadeck");
    fs::create_dir_all(&of_production).unwrap();
    let profile = format!(
        "[profiles.live]\nurl = \"https://{REF}.supabase.co\"\nproject_ref = \"{REF}\"\nproduction = true\n"
    );
    fs::write(of_production.join("profiles.toml"), profile).unwrap();
    for args in [["--on", "scratch"], ["--profile", "live"]] {
        let plan = world.data(&[["migration", "plan"], args].concat());
        assert_eq!(plan["rehearsal"]["on"], "scratch", "{plan}");
        assert_eq!(plan["rehearsal"]["steps"][0]["end"], "passed", "{plan}");
        assert_eq!(
            api.count("add c text"),
            0,
            "nothing of it went to the project"
        );
    }
}
