//! `supadeck profile`.

use crate::keyring::Keyring;
use crate::test_environment::{PASSWORD, TestEnvironment, own_migrations, texts};

#[test]
fn a_profile_is_checked_kept_used_and_removed() {
    let mut test_env = TestEnvironment::full();
    let Some(_keyring) = Keyring::start(&mut test_env) else {
        return;
    };
    let added = test_env.data(&["profile", "add", "local"]);
    assert_eq!(
        (&added["name"], &added["production"]),
        (&"local".into(), &false.into())
    );
    let shown = test_env.data(&["profile", "show"]);
    assert_eq!(shown["url"], test_env.info.url.as_str());
    test_env.problem(6, &["profile", "add", "local"]);
    test_env.data(&["profile", "add", "live", "--production", "--replace"]);
    let list = test_env.data(&["profile", "list"]);
    let in_use: Vec<_> = list
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["in_use"].as_bool().unwrap())
        .collect();
    assert_eq!(in_use, [false, true], "{list}");
    test_env.data(&["profile", "use", "live"]);

    // From here on everything comes from the file and the keyring.
    for name in [
        "SUPABASE_URL",
        "SUPABASE_PUBLISHABLE_KEY",
        "SUPABASE_SECRET_KEY",
        "SUPABASE_DB_URL",
    ] {
        test_env.unset(name);
    }
    assert_eq!(
        test_env
            .data(&["migration", "list", "--profile", "local"])
            .as_array()
            .unwrap()
            .len(),
        own_migrations()
    );
    test_env.data(&["cycle", "list", "--as", "service", "--profile", "local"]);
    let text = test_env.run(&["profile", "list"]);
    assert!(text.done().out.contains("production"), "{text:?}");

    test_env.run(&["profile", "remove", "local"]).done();
    test_env.problem(3, &["migration", "list", "--profile", "local"]);
    test_env.problem(3, &["profile", "use", "local"]);
    test_env.problem(3, &["profile", "remove", "local"]);
}

#[test]
fn a_keyring_that_keeps_nothing_is_found_out() {
    let mut test_env = TestEnvironment::full();
    let Some(_keyring) = Keyring::start_locked(&mut test_env) else {
        return;
    };
    let problem = test_env.problem(3, &["profile", "add", "lost"]);
    let what = problem["what"].as_str().unwrap();
    assert!(what.contains("keys") && what.contains("kept"), "{problem}");
    let login = ["login", "--email", "alice@example.com", "--password-stdin"];
    let ran = test_env.run_with(&login, PASSWORD);
    assert_eq!(ran.code, 3, "{ran:?}");
}

#[test]
fn a_production_profile_wants_its_name_besides_yes() {
    let mut test_env = TestEnvironment::empty();
    let Some(_keyring) = Keyring::start(&mut test_env) else {
        return;
    };
    test_env.data(&["profile", "add", "live", "--production"]);
    for args in [
        ["migration", "apply", "--yes"].as_slice(),
        &["migration", "apply", "--yes", "--profile", "live"],
    ] {
        let refused = test_env.problem(2, args);
        assert!(
            refused["hint"].as_str().unwrap().contains("--confirm live"),
            "{refused}"
        );
    }
    test_env.problem(2, &["migration", "apply", "--yes", "--confirm", "life"]);
    test_env.data(&["migration", "apply", "--yes", "--confirm", "live"]);
}

#[test]
fn a_profile_that_the_project_refuses_is_not_kept() {
    let mut test_env = TestEnvironment::full();
    let Some(_keyring) = Keyring::start(&mut test_env) else {
        return;
    };
    test_env.set(
        "SUPABASE_PUBLISHABLE_KEY",
        "sb_publishable_wrong_wrong_wrong",
    );
    let refused = test_env.problem(4, &["profile", "add", "local"]);
    assert!(
        refused["what"]
            .as_str()
            .unwrap()
            .starts_with("The profile was not added."),
        "{refused}"
    );
    assert_eq!(
        test_env
            .data(&["profile", "list"])
            .as_array()
            .unwrap()
            .len(),
        0
    );
    test_env.data(&["profile", "add", "local", "--no-check"]);
    test_env.set("SUPABASE_URL", "not a url");
    test_env.problem(3, &["profile", "add", "other"]);
    test_env.problem(2, &["profile", "add", "a b"]);
}

#[test]
fn no_secret_is_in_the_file() {
    let mut test_env = TestEnvironment::full();
    let Some(_keyring) = Keyring::start(&mut test_env) else {
        return;
    };
    test_env.data(&["profile", "add", "local"]);
    let files = texts(&test_env.path("config"));
    assert!(
        files
            .iter()
            .any(|(path, _)| path.ends_with("supadeck/profiles.toml")),
        "{files:?}"
    );
    for (path, text) in files {
        for secret in [
            &test_env.info.publishable_key,
            &test_env.info.secret_key,
            &test_env.info.db_url,
        ] {
            assert!(!text.contains(secret.as_str()), "{}", path.display());
        }
    }
}

#[test]
fn without_a_keyring_no_profile_is_kept() {
    let test_env = TestEnvironment::full();
    let refused = test_env.problem(3, &["profile", "add", "local"]);
    assert!(
        refused["hint"].as_str().unwrap().contains("SUPABASE_URL"),
        "{refused}"
    );
    assert!(
        test_env
            .run(&["profile", "list"])
            .done()
            .out
            .contains("There are no profiles.")
    );
    assert_eq!(test_env.problem(3, &["profile", "show"])["kind"], "config");
}

/// A profile without any secret, written by hand.
fn by_hand(test_env: &TestEnvironment, url: &str) {
    let dir = test_env.path("config").join("supadeck");
    std::fs::create_dir_all(&dir).unwrap();
    let text =
        format!("default = \"prod\"\n\n[profiles.prod]\nurl = \"{url}\"\nproduction = true\n");
    std::fs::write(dir.join("profiles.toml"), text).unwrap();
}

#[test]
fn a_database_url_of_the_environment_does_not_get_past_the_profile_in_use() {
    let mut test_env = TestEnvironment::empty();
    by_hand(&test_env, &test_env.info.url);
    let db_url = test_env.info.db_url.clone();
    test_env.set("TYPED", db_url);
    let yes = ["migration", "apply", "--yes"].as_slice();
    let typed = &["migration", "apply", "--yes", "--db-url", "env:TYPED"];
    test_env.unset("SUPABASE_URL");
    for args in [yes, typed] {
        let refused = test_env.problem(2, args);
        let hint = refused["hint"].as_str().unwrap();
        assert!(hint.contains("--confirm prod"), "{refused}");
    }
    let ran = test_env.run(&["migration", "list"]);
    let note = "SUPABASE_DB_URL is used for `prod`";
    assert!(ran.done().err.contains(note), "{ran:?}");
    test_env.data(&["migration", "apply", "--yes", "--confirm", "prod"]);
}

#[test]
fn removing_without_a_keyring_says_that_secrets_may_stay() {
    let test_env = TestEnvironment::nowhere();
    by_hand(&test_env, "https://prod.example");
    for refused in [
        &["profile", "remove", "prod"][..],
        &["profile", "remove", "prod", "--confirm", "other"],
    ] {
        let refused = test_env.problem(2, refused);
        let hint = refused["hint"].as_str().unwrap();
        assert_eq!(hint, "Add --confirm prod.");
    }
    let ran = test_env.run(&["profile", "remove", "prod", "--confirm", "prod"]);
    assert!(
        ran.done().out.contains("may still be in the keyring")
            && !ran.out.contains("so are its secrets"),
        "{ran:?}"
    );
}

#[test]
fn a_stray_variable_is_not_kept_with_a_profile() {
    let mut test_env = TestEnvironment::full();
    let Some(_keyring) = Keyring::start(&mut test_env) else {
        return;
    };
    let (url, key) = (
        test_env.info.url.clone(),
        test_env.info.publishable_key.clone(),
    );
    test_env
        .unset("SUPABASE_URL")
        .unset("SUPABASE_PUBLISHABLE_KEY");
    let ran = test_env.run(&["profile", "add", "local", "--url", &url, "--key", &key]);
    for name in ["SUPABASE_SECRET_KEY", "SUPABASE_DB_URL"] {
        assert!(
            ran.done().err.contains(&format!("{name} is left out")),
            "{ran:?}"
        );
        test_env.unset(name);
    }
    test_env.problem(3, &["migration", "list"]);
    test_env.problem(3, &["cycle", "list", "--as", "service"]);
}

#[test]
fn a_project_from_a_variable_needs_no_profile_and_that_is_said() {
    let mut test_env = TestEnvironment::nowhere();
    test_env.set("SUPABASE_URL", "https://x.example");
    let problem = test_env.problem(3, &["profile", "show"]);
    assert_eq!(problem["what"], "No profile is in use.", "{problem}");
    assert!(
        problem["why"]
            .as_str()
            .unwrap()
            .contains("from SUPABASE_URL"),
        "{problem}"
    );
    test_env.unset("SUPABASE_URL");
    let problem = test_env.problem(3, &["profile", "show", "--url", "https://x.example"]);
    assert!(
        problem["why"].as_str().unwrap().contains("from `--url`"),
        "{problem}"
    );
    let problem = test_env.problem(3, &["profile", "show"]);
    assert_eq!(problem["what"], "No project is known yet.", "{problem}");
}

#[test]
fn profiles_of_which_none_is_in_use_are_named() {
    let test_env = TestEnvironment::nowhere();
    let folder = test_env.path("config/supadeck");
    std::fs::create_dir_all(&folder).unwrap();
    let profile = "[profiles.work]\nurl = \"https://x.example\"\n";
    std::fs::write(folder.join("profiles.toml"), profile).unwrap();
    for command in [&["whoami"][..], &["profile", "show"]] {
        let problem = test_env.problem(3, command);
        assert_eq!(problem["why"], "There is the profile work.", "{problem}");
        let hint = problem["hint"].as_str().unwrap();
        assert!(hint.contains("supadeck profile use NAME"), "{problem}");
    }
}
