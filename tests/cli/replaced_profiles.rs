//! A profile that replaces another: production stays unless its name says otherwise, and what is forgotten is said.

use crate::keyring::Keyring;
use crate::test_environment::TestEnvironment;
use std::fs;

fn kept(test_env: &TestEnvironment) -> String {
    fs::read_to_string(test_env.path("config").join("supadeck/profiles.toml")).unwrap()
}

/// A production profile that knows its database, and the words that replace it.
fn live(test_env: &TestEnvironment, url: &str) {
    let dir = test_env.path("config").join("supadeck");
    fs::create_dir_all(&dir).unwrap();
    let text = format!(
        "default = \"live\"\n\n[profiles.live]\nurl = \"{url}\"\nproduction = true\ndatabase_id = \"1/5\"\n"
    );
    fs::write(dir.join("profiles.toml"), text).unwrap();
}

fn replace<'a>(url: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let add = [
        "profile",
        "add",
        "live",
        "--replace",
        "--no-check",
        "--key",
        "env:K",
        "--url",
        url,
    ];
    [&add[..], more].concat()
}

#[test]
fn a_production_profile_stays_one_when_it_is_replaced() {
    const URL: &str = "http://127.0.0.1:9";
    let mut test_env = TestEnvironment::nowhere();
    test_env.set("K", "sb_publishable_abcdefgh");
    live(&test_env, URL);
    for url in [URL, "http://localhost:9/"] {
        for more in [&[][..], &["--production"]] {
            let added = test_env.data(&replace(url, more));
            assert_eq!(added["production"], true, "{added}");
            assert!(kept(&test_env).contains("database_id = \"1/5\""));
        }
    }
    live(&test_env, URL);
    let before = kept(&test_env);
    const OTHER: &str = "http://127.0.0.1:8";
    for args in [
        replace(OTHER, &[]),
        replace(OTHER, &["--production"]),
        replace(URL, &["--no-production"]),
        replace(OTHER, &["--confirm", "dev"]),
    ] {
        let problem = test_env.problem(2, &args);
        let hint = problem["hint"].as_str().unwrap();
        assert!(hint.contains("--confirm live"), "{problem}");
        assert_eq!(kept(&test_env), before);
    }
    let added = test_env.data(&replace(OTHER, &["--confirm", "live"]));
    assert_eq!(added["production"], true, "{added}");
    assert!(
        !kept(&test_env).contains("database_id"),
        "it was that of another project"
    );
    live(&test_env, URL);
    let added = test_env.data(&replace(URL, &["--no-production", "--confirm", "live"]));
    assert_eq!(added["production"], false, "{added}");
    assert!(!kept(&test_env).contains("database_id"));
    // One that is none is replaced as before, and can become one.
    let added = test_env.data(&replace(OTHER, &["--production"]));
    assert_eq!(added["production"], true, "{added}");
}

#[test]
fn a_production_profile_whose_database_is_not_known_says_so() {
    let mut test_env = TestEnvironment::full();
    let key = test_env.info.publishable_key.clone();
    let (url, db) = (test_env.info.url.clone(), test_env.info.db_url.clone());
    for name in ["URL", "PUBLISHABLE_KEY", "SECRET_KEY", "DB_URL"] {
        test_env.unset(&format!("SUPABASE_{name}"));
    }
    test_env.set("K", key).set("D", db);
    let said =
        "Its database is not known yet; the first connection with this profile makes it known.";
    let add = ["profile", "add", "live", "--key", "env:K", "--url", &url];
    for (more, is_known) in [
        (&["--production"][..], false),
        (&["--production", "--db-url", "env:D", "--no-check"], false),
        (&["--production", "--db-url", "env:D"], true),
    ] {
        let file = test_env.path("config").join("supadeck/profiles.toml");
        let _ = fs::remove_file(&file);
        let args = [&add[..], more].concat();
        let ran = test_env.run(&args);
        assert_eq!(ran.done().out.contains(said), !is_known, "{ran:?}");
        fs::remove_file(&file).unwrap();
        let document = test_env.run(&[&args[..], &["--json"]].concat());
        let document = document.done().document();
        assert_eq!(document["meta"]["database_known"], is_known, "{document}");
    }
}

#[test]
fn what_a_replaced_profile_had_and_has_no_more_is_said() {
    let mut test_env = TestEnvironment::nowhere();
    test_env
        .set("K", "sb_publishable_abcdefgh")
        .set("S", "sb_secret_abcdefgh");
    let url = "http://127.0.0.1:9";
    let with_secret = ["--secret-key", "env:S"];
    let said = "Of the profile before, these are forgotten: secret key.";
    let check = |test_env: &TestEnvironment| {
        let first = test_env.run(&replace(url, &with_secret));
        assert!(!first.done().out.contains("forgotten"), "{first:?}");
        let again = test_env.run(&replace(url, &with_secret));
        assert!(!again.done().out.contains("forgotten"), "{again:?}");
        let ran = test_env.run(&replace(url, &[]));
        assert!(ran.done().out.contains(said), "{ran:?}");
        test_env.run(&replace(url, &with_secret)).done();
        let document = test_env.run(&[&replace(url, &[])[..], &["--json"]].concat());
        let document = document.done().document();
        assert_eq!(
            document["meta"]["forgotten"],
            serde_json::json!(["secret key"]),
            "{document}"
        );
    };
    check(&test_env);
    test_env.unset("SUPADECK_KEYRING");
    let Some(_keyring) = Keyring::start(&mut test_env) else {
        return;
    };
    test_env.run(&["profile", "remove", "live"]).done();
    check(&test_env);
}

#[test]
fn nothing_is_said_to_be_kept_that_is_not() {
    let mut test_env = TestEnvironment::nowhere();
    test_env.files(&[
        ("supabase/config.toml", "project_id = \"p\"\n"),
        ("supabase/.temp/project-ref", "abcdefghijklmnopqrst"),
    ]);
    test_env
        .set("K", "sb_publishable_abcdefgh")
        .set("SUPABASE_DB_PASSWORD", "hush");
    let add = ["profile", "add", "--linked", "--key", "env:K", "--no-check"];
    let ran = test_env.run(&add);
    assert_eq!(ran.code, 3, "{ran:?}");
    assert!(!ran.err.contains("is kept"), "{ran:?}");
    assert!(ran.err.contains("was not added"), "{ran:?}");
    assert!(!ran.err.contains("hush"), "{ran:?}");
}
