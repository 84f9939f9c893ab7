//! `supadeck lock unlock`: shown before it is confirmed, by the service role only, and leaving a trace.

use crate::pseudo_terminal::Terminal;
use crate::test_environment::TestEnvironment;
use serde_json::Value;

const ALICE: &str = "a11ce000-0000-4000-8000-000000000001";
/// Alice's week 11, locked, and her week 2, open.
const LOCKED: &str = "10000000-0000-4000-8001-000000000011";
const OPEN: &str = "10000000-0000-4000-8001-000000000002";

fn unlock<'a>(plan: &'a str, time: &'a str, reason: &'a str, who: &'a str) -> Vec<&'a str> {
    vec![
        "lock", "unlock", "--plan", plan, "--for", time, "--reason", reason, "--as", who,
    ]
}

fn with<'a>(mut args: Vec<&'a str>, more: &[&'a str]) -> Vec<&'a str> {
    args.extend(more);
    args
}

fn until(test_env: &TestEnvironment) -> Value {
    let locks = test_env.data(&["lock", "list", "--as", "service"]);
    let mut locks = locks.as_array().unwrap().iter();
    let week = locks.find(|row| row["plan_id"] == LOCKED).unwrap();
    week["unlocked_until"].clone()
}

#[test]
fn a_week_is_unlocked_by_the_service_role_only_and_leaves_a_trace() {
    let mut test_env = TestEnvironment::own();
    test_env.sign_in("alice@example.com");
    for who in ["user", "anon"] {
        let asked = with(unlock(LOCKED, "1h", "Release day", who), &["--yes"]);
        assert_eq!(test_env.problem(5, &asked)["kind"], "denied");
    }
    let asked = with(
        unlock(LOCKED, "1h", "Release day", "service"),
        &["--yes", "--json"],
    );
    let document = test_env.run(&asked).done().document();
    let opened = &document["data"];
    assert_eq!(
        (&opened["plan_id"], &opened["locked"]),
        (&LOCKED.into(), &false.into())
    );
    assert!(opened["unlocked_until"].is_string());
    let id = document["meta"]["audit_record"].as_str().unwrap();
    let record = test_env.data(&["audit", "show", id, "--as", "service"]);
    assert_eq!(record["rationale"], "Release day");
    let text = test_env.run(&with(unlock(LOCKED, "2h", "Still", "service"), &["--yes"]));
    let opened = format!("Week 11 of {ALICE} is open until ");
    assert!(text.done().out.contains(&opened), "{text:?}");
    for told in [
        "The unlock that ran would have ended at ",
        "`supadeck audit show ",
    ] {
        assert!(text.out.contains(told), "{told}: {text:?}");
    }
}

#[test]
fn what_makes_no_sense_is_refused_before_anything_is_asked() {
    let test_env = TestEnvironment::full();
    for (plan, time, reason) in [
        (LOCKED, "25h", "x"),
        (LOCKED, "1h", " "),
        ("x", "1h", "x"),
        ("00000000-0000-4000-8000-000000000000", "1h", "x"),
    ] {
        test_env.problem(2, &unlock(plan, time, reason, "service"));
    }
    let open = test_env.problem(6, &unlock(OPEN, "1h", "x", "service"));
    assert_eq!(open["what"], "Week 2 is not locked.");
}

#[test]
fn without_a_terminal_nothing_is_unlocked_unless_yes_is_there() {
    let test_env = TestEnvironment::own();
    let ran = test_env.run(&with(unlock(LOCKED, "1h", "x", "service"), &["--json"]));
    let document = ran.ended(2).document();
    assert!(
        document["problem"]["what"]
            .as_str()
            .unwrap()
            .starts_with("Not confirmed: ")
    );
    assert_eq!(document["data"]["plan_id"], LOCKED);
    let text = test_env.run(&unlock(LOCKED, "1h", "x", "service"));
    assert!(text.ended(2).err.contains("add --yes"), "{text:?}");
    let is_plain = text
        .err
        .lines()
        .any(|line| line.starts_with("Not confirmed: "));
    assert!(is_plain, "{text:?}");
    assert_eq!(until(&test_env), Value::Null);
}

#[test]
fn an_unlock_that_cuts_a_running_one_short_says_so_and_wants_its_word() {
    let test_env = TestEnvironment::own();
    let first = with(unlock(LOCKED, "3h", "Half marathon", "service"), &["--yes"]);
    test_env.run(&first).done();
    let before = until(&test_env);
    let second = unlock(LOCKED, "10m", "A mistake", "service");
    let second = with(second, &["--color", "never"]);
    let mut terminal = Terminal::run(&test_env, &second);
    terminal.wait_for("To confirm, type “unlock”: ");
    for shown in [
        "Row Level Security does NOT apply",
        &format!("owner     {ALICE}"),
        "EARLIER than now",
        "because   Half marathon",
        "reason    A mistake",
        "Shorten the unlock of week 11.",
    ] {
        terminal.wait_for(shown);
    }
    terminal.press("yes\r");
    let (code, seen) = terminal.end();
    assert_eq!(code, 130, "{seen}");
    assert_eq!(until(&test_env), before);
    let mut terminal = Terminal::run(&test_env, &second);
    terminal.wait_for("To confirm, type “unlock”: ");
    terminal.press("unlock\r");
    let (code, seen) = terminal.end();
    assert_eq!(code, 0, "{seen}");
    assert_ne!(until(&test_env), before);
}

#[test]
fn a_production_profile_wants_its_name_before_a_week_is_unlocked() {
    let test_env = TestEnvironment::own();
    let folder = test_env.path("config").join("supadeck");
    std::fs::create_dir_all(&folder).unwrap();
    let url = &test_env.info.url;
    let profile =
        format!("default = \"live\"\n\n[profiles.live]\nurl = \"{url}\"\nproduction = true\n");
    std::fs::write(folder.join("profiles.toml"), profile).unwrap();
    let asked = with(unlock(LOCKED, "1h", "x", "service"), &["--yes"]);
    let refused = test_env.problem(2, &asked);
    assert!(
        refused["why"]
            .as_str()
            .unwrap()
            .contains("live is a production profile"),
        "{refused}"
    );
    assert_eq!(until(&test_env), Value::Null);
    test_env.run(&with(asked, &["--confirm", "live"])).done();
    assert!(until(&test_env).is_string());
}
