//! `supadeck profile`.

use crate::keyring::Keyring;
use crate::world::{PASSWORD, World, own_migrations, texts};

#[test]
fn a_profile_is_checked_kept_used_and_removed() {
    let mut world = World::full();
    let Some(_keyring) = Keyring::start(&mut world) else {
        return;
    };
    let added = world.data(&["profile", "add", "local"]);
    assert_eq!(
        (&added["name"], &added["production"]),
        (&"local".into(), &false.into())
    );
    let shown = world.data(&["profile", "show"]);
    assert_eq!(shown["url"], world.info.url.as_str());
    world.problem(6, &["profile", "add", "local"]);
    world.data(&["profile", "add", "live", "--production", "--replace"]);
    let list = world.data(&["profile", "list"]);
    let in_use: Vec<_> = list
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["in_use"].as_bool().unwrap())
        .collect();
    assert_eq!(in_use, [false, true], "{list}");
    world.data(&["profile", "use", "live"]);

    // From here on everything comes from the file and the keyring.
    for name in [
        "SUPABASE_URL",
        "SUPABASE_PUBLISHABLE_KEY",
        "SUPABASE_SECRET_KEY",
        "SUPABASE_DB_URL",
    ] {
        world.unset(name);
    }
    assert_eq!(
        world
            .data(&["migration", "list", "--profile", "local"])
            .as_array()
            .unwrap()
            .len(),
        own_migrations()
    );
    world.data(&["cycle", "list", "--as", "service", "--profile", "local"]);
    let text = world.run(&["profile", "list"]);
    assert!(text.done().out.contains("production"), "{text:?}");

    world.run(&["profile", "remove", "local"]).done();
    world.problem(3, &["migration", "list", "--profile", "local"]);
    world.problem(3, &["profile", "use", "local"]);
    world.problem(3, &["profile", "remove", "local"]);
}

#[test]
fn a_keyring_that_keeps_nothing_is_found_out() {
    let mut world = World::full();
    let Some(_keyring) = Keyring::start_locked(&mut world) else {
        return;
    };
    let problem = world.problem(3, &["profile", "add", "lost"]);
    let what = problem["what"].as_str().unwrap();
    assert!(what.contains("keys") && what.contains("kept"), "{problem}");
    let login = ["login", "--email", "alice@example.com", "--password-stdin"];
    let ran = world.run_with(&login, PASSWORD);
    assert_eq!(ran.code, 3, "{ran:?}");
}

#[test]
fn a_production_profile_wants_its_name_besides_yes() {
    let mut world = World::empty();
    let Some(_keyring) = Keyring::start(&mut world) else {
        return;
    };
    world.data(&["profile", "add", "live", "--production"]);
    for args in [
        ["migration", "apply", "--yes"].as_slice(),
        &["migration", "apply", "--yes", "--profile", "live"],
    ] {
        let refused = world.problem(2, args);
        assert!(
            refused["hint"].as_str().unwrap().contains("--confirm live"),
            "{refused}"
        );
    }
    world.problem(2, &["migration", "apply", "--yes", "--confirm", "life"]);
    world.data(&["migration", "apply", "--yes", "--confirm", "live"]);
}

#[test]
fn a_profile_that_the_project_refuses_is_not_kept() {
    let mut world = World::full();
    let Some(_keyring) = Keyring::start(&mut world) else {
        return;
    };
    world.set(
        "SUPABASE_PUBLISHABLE_KEY",
        "sb_publishable_wrong_wrong_wrong",
    );
    let refused = world.problem(4, &["profile", "add", "local"]);
    assert!(
        refused["what"]
            .as_str()
            .unwrap()
            .starts_with("The profile was not added."),
        "{refused}"
    );
    assert_eq!(
        world.data(&["profile", "list"]).as_array().unwrap().len(),
        0
    );
    world.data(&["profile", "add", "local", "--no-check"]);
    world.set("SUPABASE_URL", "not a url");
    world.problem(3, &["profile", "add", "other"]);
    world.problem(2, &["profile", "add", "a b"]);
}

#[test]
fn no_secret_is_in_the_file() {
    let mut world = World::full();
    let Some(_keyring) = Keyring::start(&mut world) else {
        return;
    };
    world.data(&["profile", "add", "local"]);
    let files = texts(&world.path("config"));
    assert!(
        files
            .iter()
            .any(|(path, _)| path.ends_with("supadeck/profiles.toml")),
        "{files:?}"
    );
    for (path, text) in files {
        for secret in [
            &world.info.publishable_key,
            &world.info.secret_key,
            &world.info.db_url,
        ] {
            assert!(!text.contains(secret.as_str()), "{}", path.display());
        }
    }
}

#[test]
fn without_a_keyring_no_profile_is_kept() {
    let world = World::full();
    let refused = world.problem(3, &["profile", "add", "local"]);
    assert!(
        refused["hint"].as_str().unwrap().contains("SUPABASE_URL"),
        "{refused}"
    );
    assert!(
        world
            .run(&["profile", "list"])
            .done()
            .out
            .contains("There are no profiles.")
    );
    assert_eq!(world.problem(3, &["profile", "show"])["kind"], "config");
}

/// A profile without any secret, written by hand.
fn by_hand(world: &World, url: &str) {
    let dir = world.path("config").join("supadeck");
    std::fs::create_dir_all(&dir).unwrap();
    let text =
        format!("default = \"prod\"\n\n[profiles.prod]\nurl = \"{url}\"\nproduction = true\n");
    std::fs::write(dir.join("profiles.toml"), text).unwrap();
}

#[test]
fn a_database_url_of_the_environment_does_not_get_past_the_profile_in_use() {
    let mut world = World::empty();
    by_hand(&world, &world.info.url);
    let db_url = world.info.db_url.clone();
    world.set("TYPED", db_url);
    let yes = ["migration", "apply", "--yes"].as_slice();
    let typed = &["migration", "apply", "--yes", "--db-url", "env:TYPED"];
    world.unset("SUPABASE_URL");
    for args in [yes, typed] {
        let refused = world.problem(2, args);
        let hint = refused["hint"].as_str().unwrap();
        assert!(hint.contains("--confirm prod"), "{refused}");
    }
    let ran = world.run(&["migration", "list"]);
    let note = "SUPABASE_DB_URL is used for `prod`";
    assert!(ran.done().err.contains(note), "{ran:?}");
    world.data(&["migration", "apply", "--yes", "--confirm", "prod"]);
}

#[test]
fn removing_without_a_keyring_says_that_secrets_may_stay() {
    let world = World::nowhere();
    by_hand(&world, "https://prod.example");
    for refused in [
        &["profile", "remove", "prod"][..],
        &["profile", "remove", "prod", "--confirm", "other"],
    ] {
        let refused = world.problem(2, refused);
        let hint = refused["hint"].as_str().unwrap();
        assert_eq!(hint, "Add --confirm prod.");
    }
    let ran = world.run(&["profile", "remove", "prod", "--confirm", "prod"]);
    assert!(
        ran.done().out.contains("may still be in the keyring")
            && !ran.out.contains("so are its secrets"),
        "{ran:?}"
    );
}

#[test]
fn a_stray_variable_is_not_kept_with_a_profile() {
    let mut world = World::full();
    let Some(_keyring) = Keyring::start(&mut world) else {
        return;
    };
    let (url, key) = (world.info.url.clone(), world.info.publishable_key.clone());
    world
        .unset("SUPABASE_URL")
        .unset("SUPABASE_PUBLISHABLE_KEY");
    let ran = world.run(&["profile", "add", "local", "--url", &url, "--key", &key]);
    for name in ["SUPABASE_SECRET_KEY", "SUPABASE_DB_URL"] {
        assert!(
            ran.done().err.contains(&format!("{name} is left out")),
            "{ran:?}"
        );
        world.unset(name);
    }
    world.problem(3, &["migration", "list"]);
    world.problem(3, &["cycle", "list", "--as", "service"]);
}

#[test]
fn a_project_from_a_variable_needs_no_profile_and_that_is_said() {
    let mut world = World::nowhere();
    world.set("SUPABASE_URL", "https://x.example");
    let problem = world.problem(3, &["profile", "show"]);
    assert_eq!(problem["what"], "No profile is in use.", "{problem}");
    assert!(
        problem["why"]
            .as_str()
            .unwrap()
            .contains("from SUPABASE_URL"),
        "{problem}"
    );
    world.unset("SUPABASE_URL");
    let problem = world.problem(3, &["profile", "show", "--url", "https://x.example"]);
    assert!(
        problem["why"].as_str().unwrap().contains("from `--url`"),
        "{problem}"
    );
    let problem = world.problem(3, &["profile", "show"]);
    assert_eq!(problem["what"], "No project is known yet.", "{problem}");
}

#[test]
fn profiles_of_which_none_is_in_use_are_named() {
    let world = World::nowhere();
    let folder = world.path("config/supadeck");
    std::fs::create_dir_all(&folder).unwrap();
    let profile = "[profiles.work]\nurl = \"https://x.example\"\n";
    std::fs::write(folder.join("profiles.toml"), profile).unwrap();
    for command in [&["whoami"][..], &["profile", "show"]] {
        let problem = world.problem(3, command);
        assert_eq!(problem["why"], "There is the profile work.", "{problem}");
        let hint = problem["hint"].as_str().unwrap();
        assert!(hint.contains("supadeck profile use NAME"), "{problem}");
    }
}
