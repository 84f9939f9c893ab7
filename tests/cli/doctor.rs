//! `supadeck doctor`.

use crate::world::World;
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
    let world = World::full();
    let checks = world.data(&["doctor"]);
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
    let checks = world.data(&["doctor", "--as", "service"]);
    assert_eq!(state(&checks, "secret key"), "ok");
    let text = world.run(&["doctor"]);
    assert!(text.done().out.contains("Config directory: ") && text.out.contains("supadeck.log"));
}

#[test]
fn what_fails_is_a_finding_and_the_rest_is_still_checked() {
    let mut world = World::full();
    world.set(
        "SUPABASE_DB_URL",
        "postgresql://postgres:wrongwrong@127.0.0.1:1/postgres",
    );
    let ran = world.run(&["doctor", "--json"]);
    let document = ran.ended(1).document();
    assert_eq!(document["problem"]["kind"], "findings");
    assert_eq!(state(&document["data"], "database"), "fail");
    assert_eq!(state(&document["data"], "rest"), "ok");
    assert!(document["meta"]["config_dir"].is_string());
    assert!(!ran.out.contains("wrongwrong"));
    let text = world.run(&["doctor"]);
    assert!(text.ended(1).out.contains("FAIL"), "{text:?}");
}
