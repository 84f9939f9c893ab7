//! `supadeck doctor`.

use crate::test_environment::TestEnvironment;
use serde_json::Value;

fn state<'a>(checks: &'a Value, name: &str) -> &'a str {
    let check = checks
        .as_array()
        .unwrap()
        .iter()
        .find(|check| check["name"] == name);
    check.unwrap()["state"].as_str().unwrap()
}

#[test]
fn a_project_in_order_passes() {
    let test_env = TestEnvironment::full();
    let checks = test_env.data(&["doctor"]);
    for name in [
        "config",
        "url",
        "rest",
        "auth",
        "publishable key",
        "database",
        "history",
        "weeksmith",
        "keymap",
    ] {
        assert_eq!(state(&checks, name), "ok", "{name}: {checks}");
    }
    // Known, and not used before the service role was chosen.
    assert_eq!(state(&checks, "secret key"), "skip");
    let checks = test_env.data(&["doctor", "--as", "service"]);
    assert_eq!(state(&checks, "secret key"), "ok");
    let text = test_env.run(&["doctor"]);
    assert!(text.done().out.contains("Config directory: ") && text.out.contains("supadeck.log"));
}

#[test]
fn a_variable_of_another_project_is_said_to_be_left_out() {
    let mut test_env = TestEnvironment::full();
    let url = test_env.info.url.clone();
    test_env.set("SUPABASE_URL", "https://other.example");
    let checks = test_env.data(&["doctor", "--url", &url]);
    for (name, variable) in [
        ("publishable key", "SUPABASE_PUBLISHABLE_KEY"),
        ("secret key", "SUPABASE_SECRET_KEY"),
        ("database", "SUPABASE_DB_URL"),
    ] {
        let mut found = checks.as_array().unwrap().iter();
        let check = found.find(|check| check["name"] == name).unwrap();
        let what = check["what"].as_str().unwrap();
        assert!(
            what.starts_with(&format!(
                "{variable} is set, but not used, because --url names another project"
            )),
            "{check}"
        );
    }
}

#[test]
fn what_fails_is_a_finding_and_the_rest_is_still_checked() {
    let mut test_env = TestEnvironment::full();
    test_env.set(
        "SUPABASE_DB_URL",
        "postgresql://postgres:wrongwrong@127.0.0.1:1/postgres",
    );
    let ran = test_env.run(&["doctor", "--json"]);
    let document = ran.ended(1).document();
    assert_eq!(document["problem"]["kind"], "findings");
    assert_eq!(state(&document["data"], "database"), "fail");
    assert_eq!(state(&document["data"], "rest"), "ok");
    assert!(document["meta"]["config_dir"].is_string());
    assert!(!ran.out.contains("wrongwrong"));
    let text = test_env.run(&["doctor"]);
    assert!(text.ended(1).out.contains("FAIL"), "{text:?}");
}

#[test]
fn faults_of_the_keymap_are_a_warning_with_line_and_suggestion() {
    let test_env = TestEnvironment::full();
    std::fs::create_dir_all(test_env.path("config/supadeck")).unwrap();
    std::fs::write(
        test_env.path("config/supadeck/keymap.toml"),
        "\"app.quit\" = [\"ctrl+q\"]\n\"dialog.confirm\" = [\"return\"]\n",
    )
    .unwrap();
    let checks = test_env.data(&["doctor"]);
    assert_eq!(state(&checks, "keymap"), "warn");
    let text = test_env.run(&["doctor"]);
    for part in [
        "line 1: `ctrl+q` is not a key; did you mean `ctrl-q`? It keeps q, ctrl-c.",
        "line 2: `return` is not a key; did you mean `enter`? It keeps enter.",
    ] {
        let out = text.done().out.split_whitespace().collect::<Vec<_>>();
        assert!(out.join(" ").contains(part), "{part}: {}", text.out);
    }
}
