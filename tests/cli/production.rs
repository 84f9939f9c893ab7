//! The production guard compares what is connected to: the ref in the address and the database itself, whatever the profile
//! in use, the option or the variable is called.

use crate::test_environment::TestEnvironment;
use serde_json::Value;
use std::fs;

const REF: &str = "abcdefghijklmnopqrst";

/// A production profile and another one, which is in use.
fn profiles(test_env: &TestEnvironment, live_url: &str) {
    let dir = test_env.path("config").join("supadeck");
    fs::create_dir_all(&dir).unwrap();
    let text = format!(
        "default = \"dev\"\n\n[profiles.live]\nurl = \"{live_url}\"\nproduction = true\n\n[profiles.dev]\nurl = \"http://127.0.0.1:9\"\n"
    );
    fs::write(dir.join("profiles.toml"), text).unwrap();
}

fn kept(test_env: &TestEnvironment) -> String {
    fs::read_to_string(test_env.path("config").join("supadeck/profiles.toml")).unwrap()
}

fn asks_for_live(problem: &Value) {
    let hint = problem["hint"].as_str().unwrap();
    assert!(hint.contains("--confirm live"), "{problem}");
}

/// Lets the production profile connect to this test_env's database, as it does on a machine without a keyring.
fn connect(test_env: &mut TestEnvironment) {
    test_env.unset("SUPABASE_URL");
    test_env
        .run(&["migration", "list", "--profile", "live"])
        .done();
    assert!(
        kept(test_env).contains("database_id = \""),
        "{}",
        kept(test_env)
    );
}

#[test]
fn the_database_of_a_production_profile_is_recognised_by_any_way_to_it() {
    let mut test_env = TestEnvironment::empty();
    profiles(&test_env, "https://db.example.org");
    connect(&mut test_env);
    let url = test_env.info.db_url.clone();
    let named = url.replace("127.0.0.1", "localhost");
    assert_ne!(named, url);
    for url in [&url, &named] {
        test_env
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
            asks_for_live(&test_env.problem(2, args));
        }
    }
    assert_eq!(
        test_env.sql("select to_regclass('public.cycle')::text is null"),
        ["t"]
    );
    test_env.data(&["migration", "apply", "--yes", "--confirm", "live"]);
    asks_for_live(&test_env.problem(2, &["migration", "rollback", "--last", "1", "--yes"]));
}

#[test]
fn another_database_of_the_same_server_is_not_the_production_one() {
    let mut live = TestEnvironment::empty();
    profiles(&live, "https://db.example.org");
    connect(&mut live);
    let other = TestEnvironment::empty();
    live.set("SUPABASE_DB_URL", other.info.db_url.as_str());
    live.data(&["migration", "apply", "--yes"]);
}

#[test]
fn a_login_with_the_ref_of_a_production_profile_wants_its_name() {
    let mut test_env = TestEnvironment::empty();
    profiles(&test_env, &format!("https://{REF}.supabase.co"));
    test_env.sql(&format!(
        "create role \"postgres.{REF}\" login password 'pw' in role postgres"
    ));
    let (_, rest) = test_env.info.db_url.split_once('@').unwrap();
    let typed = format!("postgresql://postgres.{REF}:pw@{rest}");
    test_env.set("TYPED", typed);
    for args in [
        &["migration", "apply", "--yes", "--db-url", "env:TYPED"][..],
        &["seed", "apply", "--yes", "--db-url", "env:TYPED"],
    ] {
        asks_for_live(&test_env.problem(2, args));
    }
    test_env.sql(&format!("drop role \"postgres.{REF}\""));
}

#[test]
fn a_database_that_was_replaced_is_said_and_can_be_accepted() {
    let mut test_env = TestEnvironment::empty();
    profiles(&test_env, "https://db.example.org");
    connect(&mut test_env);
    let path = test_env.path("config").join("supadeck/profiles.toml");
    let before = kept(&test_env);
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
    let refused = test_env.problem(6, &apply);
    assert!(
        refused["hint"]
            .as_str()
            .unwrap()
            .contains("--accept-database"),
        "{refused}"
    );
    assert_eq!(
        test_env.sql("select to_regclass('public.cycle')::text is null"),
        ["t"]
    );
    assert!(kept(&test_env).contains("1/2"), "only a person accepts it");
    test_env.data(&["profile", "use", "live", "--accept-database"]);
    test_env.data(&apply);
    assert_eq!(
        kept(&test_env)
            .lines()
            .find(|it| it.starts_with("database_id"))
            .unwrap(),
        line
    );
}

#[test]
fn a_profile_with_the_url_of_a_production_project_does_not_unlock_by_yes_alone() {
    let test_env = TestEnvironment::own();
    let dir = test_env.path("config").join("supadeck");
    fs::create_dir_all(&dir).unwrap();
    let url = &test_env.info.url;
    let text = format!(
        "default = \"dev\"\n\n[profiles.live]\nurl = \"{url}/\"\nproduction = true\n\n[profiles.dev]\nurl = \"{url}\"\n"
    );
    fs::write(dir.join("profiles.toml"), text).unwrap();
    let plan = test_env.sql("select id::text from weekly_plan where week_no = 12 limit 1");
    let args = [
        "lock", "unlock", "--plan", &plan[0], "--for", "1h", "--reason", "x", "--as", "service",
        "--yes",
    ];
    asks_for_live(&test_env.problem(2, &args));
}

#[test]
fn without_the_profiles_nothing_is_changed_by_yes() {
    let mut test_env = TestEnvironment::empty();
    profiles(&test_env, "https://db.example.org");
    connect(&mut test_env);
    let path = test_env.path("config").join("supadeck/profiles.toml");
    fs::write(path, "default = ").unwrap();
    test_env.set("SUPABASE_URL", test_env.info.url.clone());
    let ran = test_env.run(&["migration", "apply", "--yes"]);
    assert_ne!(ran.code, 0, "{ran:?}");
    assert_eq!(
        test_env.sql("select to_regclass('public.cycle')::text is null"),
        ["t"]
    );
}

/// Another name for the address of a production project, typed, in a variable or of another profile.
#[test]
fn a_week_of_production_is_unlocked_by_name_whatever_its_address_is_called() {
    const LOCKED: &str = "10000000-0000-4000-8001-000000000011";
    let mut test_env = TestEnvironment::own();
    let url = test_env.info.url.clone();
    let port = url.rsplit_once(':').unwrap().1.to_owned();
    profiles(&test_env, &url);
    let unlock = [
        "lock", "unlock", "--plan", LOCKED, "--for", "10m", "--reason", "x", "--as", "service",
        "--yes",
    ];
    let names = ["localhost", "LOCALHOST", "127.0.0.1", "127.1", "0.0.0.0"];
    for name in names {
        let alias = format!("http://{name}:{port}");
        let typed = [&unlock[..], &["--url", &alias]].concat();
        test_env.unset("SUPABASE_URL");
        asks_for_live(&test_env.problem(2, &typed));
        test_env.set("SUPABASE_URL", alias.as_str());
        asks_for_live(&test_env.problem(2, &unlock));
        test_env.unset("SUPABASE_URL");
        let path = test_env.path("config").join("supadeck/profiles.toml");
        let before = kept(&test_env);
        fs::write(
            &path,
            before.replace("http://127.0.0.1:9\"", &format!("{alias}\"")),
        )
        .unwrap();
        for more in [&[][..], &["--profile", "dev"]] {
            asks_for_live(&test_env.problem(2, &[&unlock[..], more].concat()));
        }
        fs::write(&path, before).unwrap();
    }
    let alias = format!("http://localhost:{port}");
    let confirmed = ["--url", &alias, "--confirm", "live"];
    test_env.data(&[&unlock[..], &confirmed].concat());
}
