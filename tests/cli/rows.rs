//! `supadeck cycle`, `goal`, `lock` and `audit`: rows under Row Level Security, as whoever reads.

use crate::test_environment::TestEnvironment;
use serde_json::Value;

const ALICE: &str = "a11ce000-0000-4000-8000-000000000001";

fn rows(value: &Value) -> &Vec<Value> {
    value.as_array().unwrap()
}

#[test]
fn everybody_sees_their_own_rows_and_the_answer_says_whose() {
    let mut test_env = TestEnvironment::full();
    test_env.sign_in("alice@example.com");
    let ran = test_env.run(&["cycle", "list", "--as", "user", "--json"]);
    let document = ran.done().document();
    assert!(
        rows(&document["data"])
            .iter()
            .all(|row| row["user_id"] == ALICE),
        "{document}"
    );
    assert_eq!(document["meta"]["identity"]["email"], "alice@example.com");
    assert_eq!(document["meta"]["rls"], true);
    let text = test_env.run(&["goal", "list", "--as", "user"]);
    assert!(
        text.done()
            .out
            .starts_with("As alice@example.com (authenticated); Row Level Security applies.\n")
    );
    let all = test_env.run(&["cycle", "list", "--as", "service", "--json"]);
    let all = all.done().document();
    assert_eq!(all["meta"]["rls"], false);
    assert!(rows(&all["data"]).len() > rows(&document["data"]).len());
    let red = test_env.run(&["cycle", "list", "--as", "service", "--color", "always"]);
    assert!(red.out.starts_with(
        "\u{1b}[31mAs service role (service_role); Row Level Security does NOT apply."
    ));
}

#[test]
fn anon_is_denied_and_told_what_to_do() {
    let test_env = TestEnvironment::full();
    for args in [
        ["cycle", "list"],
        ["goal", "list"],
        ["lock", "list"],
        ["audit", "list"],
    ] {
        let problem = test_env.problem(5, &[&args[..], &["--as", "anon"]].concat());
        assert_eq!(
            (&problem["kind"], &problem["code"]),
            (&"denied".into(), &"42501".into()),
            "{args:?}"
        );
    }
}

#[test]
fn a_cycle_is_shown_with_what_belongs_to_it() {
    let mut test_env = TestEnvironment::full();
    test_env.sign_in("alice@example.com");
    let cycles = test_env.data(&["cycle", "list", "--as", "user"]);
    let id = cycles[0]["id"].as_str().unwrap();
    let detail = test_env.data(&["cycle", "show", id, "--as", "user"]);
    assert_eq!(detail["cycle"]["id"], id);
    assert!(!rows(&detail["locks"]).is_empty());
    let text = test_env.run(&["cycle", "show", id, "--as", "user"]);
    assert!(text.done().out.contains(&format!("Cycle {id}")) && text.out.contains("WHY"));
    let goals = test_env.data(&["goal", "list", "--cycle", id, "--as", "user"]);
    assert!(rows(&goals).iter().all(|row| row["cycle_id"] == id));
    test_env.sign_in("bob@example.com");
    let hidden = test_env.run(&["cycle", "show", id, "--as", "user", "--json"]);
    hidden.ended(5);
    assert!(
        hidden
            .out
            .contains("is not visible to bob@example.com (authenticated)."),
        "{hidden:?}"
    );
    let nowhere = id.replace("c0000000", "cfffffff");
    let none = test_env.run(&["cycle", "show", &nowhere, "--as", "user", "--json"]);
    assert_eq!(
        none.out.replace(&nowhere, id),
        hidden.out,
        "neither says whether it exists"
    );
    let gone = test_env.run(&["cycle", "show", &nowhere, "--as", "service"]);
    assert!(gone.ended(2).err.contains("was not found"), "{gone:?}");
    test_env.problem(2, &["cycle", "show", "not-an-id", "--as", "user"]);
}

#[test]
fn locks_are_rows_of_the_view() {
    let test_env = TestEnvironment::full();
    let data = test_env.data(&["lock", "list", "--as", "service"]);
    let row = rows(&data)[0].as_object().unwrap();
    let columns: Vec<_> = row.keys().map(String::as_str).collect();
    assert_eq!(
        columns,
        [
            "plan_id",
            "cycle_id",
            "user_id",
            "week_no",
            "mode",
            "locked",
            "why",
            "locked_after_week",
            "unlocked_until",
            "is_current_week",
            "item_count",
            "planned_qty",
            "completed_qty",
            "completion_pct"
        ]
    );
    let cycle = row["cycle_id"].as_str().unwrap();
    let one = test_env.data(&["lock", "list", "--cycle", cycle, "--as", "service"]);
    assert!(rows(&one).len() < rows(&data).len());
    let text = test_env.run(&["lock", "list", "--as", "service"]);
    assert!(
        text.done().out.contains("locked") && text.out.contains('%'),
        "{text:?}"
    );
}

#[test]
fn locks_of_several_people_say_whose_they_are() {
    let mut test_env = TestEnvironment::full();
    let owners = |text: &str| -> std::collections::BTreeSet<String> {
        let lines = text.lines().skip(2);
        lines
            .map(|line| line.split_whitespace().nth(1).unwrap().to_owned())
            .collect()
    };
    let service = test_env.run(&["lock", "list", "--as", "service"]);
    assert!(service.done().out.lines().nth(1).unwrap().contains("OWNER"));
    let everybody = owners(&service.out);
    assert!(
        everybody.len() > 1 && everybody.contains(ALICE),
        "{everybody:?}"
    );
    test_env.sign_in("auditor@example.com");
    let auditor = test_env.run(&["lock", "list", "--as", "user"]);
    assert_eq!(owners(&auditor.done().out), everybody);
    test_env.sign_in("alice@example.com");
    let own = test_env.run(&["lock", "list", "--as", "user"]);
    assert_eq!(owners(&own.done().out), ["you".to_owned()].into());
}

#[test]
fn the_reason_of_a_lock_is_about_its_own_week() {
    let test_env = TestEnvironment::full();
    let text = test_env.run(&["lock", "list", "--as", "service"]);
    // Bob has lowered the limit of weeks 5 and 6 alone.
    for told in [
        "this plan locks after week 4.",
        "this plan locks after week 6.",
    ] {
        assert!(text.done().out.contains(told), "{text:?}");
    }
    assert!(!text.out.contains("Weeks after"), "{text:?}");
    let data = test_env.data(&["lock", "list", "--as", "service"]);
    let is_of_the_view = |row: &Value| row["why"] == "Weeks after 4 are locked.";
    assert!(rows(&data).iter().any(is_of_the_view), "{data}");
}

#[test]
fn the_audit_list_pages_filters_and_changes_its_form() {
    let test_env = TestEnvironment::full();
    let all = test_env.data(&["audit", "list", "--as", "service", "--limit", "100000"]);
    assert!(rows(&all).len() > 250, "the seeds write more than one page");
    let ids: std::collections::BTreeSet<_> =
        rows(&all).iter().map(|row| row["id"].to_string()).collect();
    assert_eq!(ids.len(), rows(&all).len());
    let few = test_env
        .run(&["audit", "list", "--as", "service", "--limit", "3", "--json"])
        .document();
    assert_eq!(
        (rows(&few["data"]).len(), &few["meta"]["has_more"]),
        (3, &true.into())
    );
    let filtered = test_env.data(&[
        "audit",
        "list",
        "--as",
        "service",
        "--where",
        "action:plan_item.update",
    ]);
    assert!(
        rows(&filtered)
            .iter()
            .all(|row| row["action"] == "plan_item.update")
    );
    let csv = test_env.run(&[
        "audit", "list", "--as", "service", "--limit", "2", "--format", "csv",
    ]);
    assert!(
        csv.done().out.starts_with("id,created_at,actor_user_id,") && csv.out.lines().count() == 3
    );
    let header = csv.out.lines().next().unwrap();
    let record = few["data"][0].as_object().unwrap();
    let columns: Vec<_> = record.keys().map(String::as_str).collect();
    assert_eq!(header, columns.join(","), "every column of the table");
    assert!(columns.contains(&"before_state") && columns.contains(&"rationale"));
    assert!(csv.out.contains("\"{\"\"id\"\":"), "{csv:?}");
    for told in ["As service role", "There are more: raise --limit"] {
        assert!(csv.err.contains(told), "{csv:?}");
    }
    let markdown = test_env.run(&[
        "audit", "list", "--as", "service", "--limit", "2", "--format", "markdown",
    ]);
    assert_eq!(markdown.done().out.lines().count(), 4);
    for told in [
        "| qty: 2 → 0; notes: ",
        "| Return to running after a sprained ankle;",
    ] {
        assert!(markdown.out.contains(told), "{markdown:?}");
    }
    let bare = test_env.run(&[
        "audit", "list", "--as", "service", "--limit", "2", "--format", "json",
    ]);
    let bare: Value = serde_json::from_str(&bare.done().out).unwrap();
    assert_eq!(rows(&bare), &rows(&few["data"])[..2]);
    test_env.problem(
        2,
        &["audit", "list", "--as", "service", "--where", "acton:x"],
    );
    // A condition that is turned round begins with the sign of an option.
    let all = test_env.data(&["audit", "list", "--as", "service"]);
    let actor = |row: &Value| row["actor_type"].as_str().map(str::to_owned);
    assert!(
        all.as_array()
            .unwrap()
            .iter()
            .any(|row| actor(row) == Some("ai".into()))
    );
    let without = test_env.data(&["audit", "list", "--as", "service", "--where", "-type:ai"]);
    let without = without.as_array().unwrap();
    assert!(!without.is_empty());
    assert!(without.iter().all(|row| actor(row) != Some("ai".into())));
}

#[test]
fn an_action_that_nothing_has_brings_the_one_that_was_meant() {
    let mut test_env = TestEnvironment::full();
    test_env.sign_in("alice@example.com");
    let list = [
        "audit",
        "list",
        "--as",
        "user",
        "--where",
        "action:plan_item.updat",
    ];
    let text = test_env.run(&list);
    let hint = "Did you mean `action:plan_item.update`?";
    let expected = format!("No rows visible to alice@example.com (authenticated).\n{hint}\n");
    assert!(text.done().out.ends_with(&expected), "{text:?}");
    let json = test_env.run(&[&list[..], &["--json"]].concat()).document();
    assert_eq!(json["meta"]["meant"], "plan_item.update");
    let csv = test_env.run(&[&list[..], &["--format", "csv"]].concat());
    assert!(
        csv.done().err.contains(hint) && csv.out.lines().count() == 1,
        "{csv:?}"
    );
}

#[test]
fn who_reads_is_told_where_it_was_them() {
    let mut test_env = TestEnvironment::full();
    let you = format!(" {ALICE} (you)");
    let service = test_env.run(&["audit", "list", "--as", "service"]);
    assert!(!service.done().out.contains("(you)"), "{service:?}");
    test_env.sign_in("alice@example.com");
    let list = ["audit", "list", "--as", "user", "--where", "actor:me"];
    let text = test_env.run(&list);
    let mut rows = text.done().out.lines().filter(|line| line.contains(ALICE));
    assert!(rows.all(|row| row.contains(&you)), "{text:?}");
    let data = test_env.data(&list);
    let id = data[0]["id"].as_str().unwrap();
    let shown = test_env.run(&["audit", "show", id, "--as", "user"]);
    assert!(shown.done().out.contains(&you), "{shown:?}");
    let json = test_env.run(&["audit", "show", id, "--as", "user", "--json"]);
    assert!(!json.done().out.contains("(you)"), "{json:?}");
}

#[test]
fn a_record_shows_its_difference() {
    let test_env = TestEnvironment::full();
    let list = test_env.data(&[
        "audit",
        "list",
        "--as",
        "service",
        "--where",
        "action:plan_item.update",
        "--limit",
        "1",
    ]);
    let id = list[0]["id"].as_str().unwrap();
    let text = test_env.run(&["audit", "show", id, "--as", "service"]);
    assert!(
        text.done().out.lines().any(|line| line.starts_with("~ ")),
        "{text:?}"
    );
    let record = test_env.data(&["audit", "show", id, "--as", "service"]);
    let before = &record["before_state"];
    for (key, value) in [
        (
            "row",
            format!("plan_item {}", before["id"].as_str().unwrap()),
        ),
        ("plan_id", before["plan_id"].as_str().unwrap().to_owned()),
    ] {
        let is_it = |line: &str| {
            line.split_once(' ')
                .is_some_and(|(name, text)| name == key && text.trim() == value)
        };
        assert!(text.out.lines().any(is_it), "{key}: {text:?}");
    }
    let all = test_env.run(&["audit", "show", id, "--all", "--as", "service"]);
    assert!(all.done().out.lines().count() > text.out.lines().count());
    test_env.problem(2, &["audit", "show", "x", "--as", "service"]);
}

#[test]
fn the_auditor_reads_everything_and_writes_nothing() {
    let mut test_env = TestEnvironment::full();
    test_env.sign_in("auditor@example.com");
    let ran = test_env.run(&["audit", "list", "--as", "user", "--json"]);
    let document = ran.done().document();
    assert_eq!(document["meta"]["role"], "auditor");
    assert!(!rows(&document["data"]).is_empty());
}

#[test]
fn a_project_that_does_not_answer_is_a_network_problem() {
    let mut test_env = TestEnvironment::full();
    test_env.set("SUPABASE_URL", "http://127.0.0.1:1");
    assert_eq!(
        test_env.problem(7, &["cycle", "list", "--as", "service"])["kind"],
        "network"
    );
    let mut test_env = TestEnvironment::full();
    test_env.set("SUPABASE_SECRET_KEY", "sb_secret_wrong_wrong_wrong_wrong");
    assert_eq!(
        test_env.problem(4, &["cycle", "list", "--as", "service"])["kind"],
        "auth"
    );
}

#[test]
fn the_review_of_a_cycle_is_markdown_of_what_its_owner_sees() {
    let mut test_env = TestEnvironment::full();
    test_env.sign_in("alice@example.com");
    let list = test_env.run(&["cycle", "list", "--as", "user", "--json"]);
    let list = list.done().document();
    let id = list["data"][0]["id"].as_str().unwrap().to_owned();
    let ran = test_env.run(&["cycle", "export", &id, "--as", "user"]);
    let text = &ran.done().out;
    for piece in [
        "# Cycle 20",
        "## Goals",
        "## Weeks",
        "- week 1: ",
        "Row Level Security applies",
    ] {
        assert!(text.contains(piece), "{piece}: {text}");
    }
    let document = test_env.run(&[
        "cycle", "export", &id, "--week", "1", "--as", "user", "--json",
    ]);
    let document = document.done().document();
    let weeks = document["data"]["weeks"].as_array().unwrap();
    assert_eq!(weeks.len(), 1, "{document}");
    // What the view counts is what the items say.
    let lock = &weeks[0]["lock"];
    let items = weeks[0]["items"].as_array().unwrap();
    assert_eq!(
        lock["item_count"].as_u64(),
        Some(items.len() as u64),
        "{document}"
    );
    assert!(
        items.iter().all(|item| item["title"].is_string()),
        "{document}"
    );
    // A file is written once, and over nothing.
    let file = test_env.path("review.md");
    let name = file.to_str().unwrap();
    let ran = test_env.run(&["cycle", "export", &id, name, "--as", "user"]);
    ran.done();
    assert_eq!(&std::fs::read_to_string(&file).unwrap(), text);
    let problem = test_env.problem(2, &["cycle", "export", &id, name, "--as", "user"]);
    assert!(
        problem["what"]
            .as_str()
            .unwrap()
            .contains("is there already"),
        "{problem}"
    );
    assert_eq!(&std::fs::read_to_string(&file).unwrap(), text);
    // Nobody else's cycle, and no such week.
    test_env.sign_in("bob@example.com");
    test_env.problem(5, &["cycle", "export", &id, "--as", "user"]);
    test_env.problem(2, &["cycle", "export", &id, "--week", "13", "--as", "user"]);
}
