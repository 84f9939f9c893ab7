//! The production guard compares what is connected to: the ref in the address and the database itself, whatever the profile
//! in use, the option or the variable is called.

use crate::world::World;
use serde_json::Value;
use std::fs;

const REF: &str = "abcdefghijklmnopqrst";

/// A production profile and another one, which is in use.
fn profiles(world: &World, live_url: &str) {
    let dir = world.path("config").join("supadeck");
    fs::create_dir_all(&dir).unwrap();
    let text = format!(
        "default = \"dev\"\n\n[profiles.live]\nurl = \"{live_url}\"\nproduction = true\n\n[profiles.dev]\nurl = \"http://127.0.0.1:9\"\n"
    );
    fs::write(dir.join("profiles.toml"), text).unwrap();
}

fn kept(world: &World) -> String {
    fs::read_to_string(world.path("config").join("supadeck/profiles.toml")).unwrap()
}

fn asks_for_live(problem: &Value) {
    let hint = problem["hint"].as_str().unwrap();
    assert!(hint.contains("--confirm live"), "{problem}");
}

/// Lets the production profile connect to this world's database, as it does on a machine without a keyring.
fn connect(world: &mut World) {
    world.unset("SUPABASE_URL");
    world
        .run(&["migration", "list", "--profile", "live"])
        .done();
    assert!(kept(world).contains("database_id = \""), "{}", kept(world));
}

#[test]
fn the_database_of_a_production_profile_is_recognised_by_any_way_to_it() {
    let mut world = World::empty();
    profiles(&world, "https://db.example.org");
    connect(&mut world);
    let url = world.info.db_url.clone();
    let named = url.replace("127.0.0.1", "localhost");
    assert_ne!(named, url);
    for url in [&url, &named] {
        world
            .set("SUPABASE_DB_URL", url.as_str())
            .set("TYPED", url.as_str());
        for args in [
            &["migration", "apply", "--yes"][..],
            &["migration", "apply", "--yes", "--profile", "dev"],
            &["migration", "apply", "--yes", "--db-url", "env:TYPED"],
            &["seed", "apply", "--yes"],
            &["migration", "apply", "--yes", "--confirm", "dev"],
            &[
                "migration",
                "repair",
                "--status",
                "applied",
                "20251004123000",
                "--yes",
            ],
        ] {
            asks_for_live(&world.problem(2, args));
        }
    }
    assert_eq!(
        world.sql("select to_regclass('public.cycle')::text is null"),
        ["t"]
    );
    world.data(&["migration", "apply", "--yes", "--confirm", "live"]);
    asks_for_live(&world.problem(2, &["migration", "rollback", "--last", "1", "--yes"]));
}

#[test]
fn another_database_of_the_same_server_is_not_the_production_one() {
    let mut live = World::empty();
    profiles(&live, "https://db.example.org");
    connect(&mut live);
    let other = World::empty();
    live.set("SUPABASE_DB_URL", other.info.db_url.as_str());
    live.data(&["migration", "apply", "--yes"]);
}

#[test]
fn a_login_with_the_ref_of_a_production_profile_wants_its_name() {
    let mut world = World::empty();
    profiles(&world, &format!("https://{REF}.supabase.co"));
    world.sql(&format!(
        "create role \"postgres.{REF}\" login password 'pw' in role postgres"
    ));
    let (_, rest) = world.info.db_url.split_once('@').unwrap();
    let typed = format!("postgresql://postgres.{REF}:pw@{rest}");
    world.set("TYPED", typed);
    for args in [
        &["migration", "apply", "--yes", "--db-url", "env:TYPED"][..],
        &["seed", "apply", "--yes", "--db-url", "env:TYPED"],
    ] {
        asks_for_live(&world.problem(2, args));
    }
    world.sql(&format!("drop role \"postgres.{REF}\""));
}

#[test]
fn a_database_that_was_replaced_is_said_and_can_be_accepted() {
    let mut world = World::empty();
    profiles(&world, "https://db.example.org");
    connect(&mut world);
    let path = world.path("config").join("supadeck/profiles.toml");
    let before = kept(&world);
    let line = before
        .lines()
        .find(|line| line.starts_with("database_id"))
        .unwrap();
    fs::write(&path, before.replace(line, "database_id = \"1/2\"")).unwrap();
    let apply = [
        "migration",
        "apply",
        "--yes",
        "--confirm",
        "live",
        "--profile",
        "live",
    ];
    let refused = world.problem(6, &apply);
    assert!(
        refused["hint"]
            .as_str()
            .unwrap()
            .contains("--accept-database"),
        "{refused}"
    );
    assert_eq!(
        world.sql("select to_regclass('public.cycle')::text is null"),
        ["t"]
    );
    assert!(kept(&world).contains("1/2"), "only a person accepts it");
    world.data(&["profile", "use", "live", "--accept-database"]);
    world.data(&apply);
    assert_eq!(
        kept(&world)
            .lines()
            .find(|it| it.starts_with("database_id"))
            .unwrap(),
        line
    );
}

#[test]
fn a_profile_with_the_url_of_a_production_project_does_not_unlock_by_yes_alone() {
    let world = World::own();
    let dir = world.path("config").join("supadeck");
    fs::create_dir_all(&dir).unwrap();
    let url = &world.info.url;
    let text = format!(
        "default = \"dev\"\n\n[profiles.live]\nurl = \"{url}/\"\nproduction = true\n\n[profiles.dev]\nurl = \"{url}\"\n"
    );
    fs::write(dir.join("profiles.toml"), text).unwrap();
    let plan = world.sql("select id::text from weekly_plan where week_no = 12 limit 1");
    let args = [
        "lock", "unlock", "--plan", &plan[0], "--for", "1h", "--reason", "x", "--as", "service",
        "--yes",
    ];
    asks_for_live(&world.problem(2, &args));
}

#[test]
fn without_the_profiles_nothing_is_changed_by_yes() {
    let mut world = World::empty();
    profiles(&world, "https://db.example.org");
    connect(&mut world);
    let path = world.path("config").join("supadeck/profiles.toml");
    fs::write(path, "default = ").unwrap();
    world.set("SUPABASE_URL", world.info.url.clone());
    let ran = world.run(&["migration", "apply", "--yes"]);
    assert_ne!(ran.code, 0, "{ran:?}");
    assert_eq!(
        world.sql("select to_regclass('public.cycle')::text is null"),
        ["t"]
    );
}

/// Another name for the address of a production project, typed, in a variable or of another profile.
#[test]
fn a_week_of_production_is_unlocked_by_name_whatever_its_address_is_called() {
    const LOCKED: &str = "10000000-0000-4000-8001-000000000011";
    let mut world = World::own();
    let url = world.info.url.clone();
    let port = url.rsplit_once(':').unwrap().1.to_owned();
    profiles(&world, &url);
    let unlock = [
        "lock", "unlock", "--plan", LOCKED, "--for", "10m", "--reason", "x", "--as", "service",
        "--yes",
    ];
    let names = ["localhost", "LOCALHOST", "127.0.0.1", "127.1", "0.0.0.0"];
    for name in names {
        let alias = format!("http://{name}:{port}");
        let typed = [&unlock[..], &["--url", &alias]].concat();
        world.unset("SUPABASE_URL");
        asks_for_live(&world.problem(2, &typed));
        world.set("SUPABASE_URL", alias.as_str());
        asks_for_live(&world.problem(2, &unlock));
        world.unset("SUPABASE_URL");
        let path = world.path("config").join("supadeck/profiles.toml");
        let before = kept(&world);
        fs::write(
            &path,
            before.replace("http://127.0.0.1:9\"", &format!("{alias}\"")),
        )
        .unwrap();
        for more in [&[][..], &["--profile", "dev"]] {
            asks_for_live(&world.problem(2, &[&unlock[..], more].concat()));
        }
        fs::write(&path, before).unwrap();
    }
    let alias = format!("http://localhost:{port}");
    let confirmed = ["--url", &alias, "--confirm", "live"];
    world.data(&[&unlock[..], &confirmed].concat());
}
