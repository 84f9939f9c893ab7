//! What people type who know other programs: their names for commands, ids as tables show them, help and manual pages.

use crate::test_environment::TestEnvironment;
use serde_json::Value;

#[test]
fn a_command_that_others_have_points_to_its_name_here() {
    let test_env = TestEnvironment::nowhere();
    for (args, name) in [
        (&["up"][..], "`supadeck migration apply`"),
        (&["down", "--all"], "`supadeck migration rollback`"),
        (&["status"], "`supadeck migration list`"),
    ] {
        let ran = test_env.run(args);
        let said = &ran.ended(2).err;
        assert!(
            said.contains(&format!("tip: `{}` is {name} here", args[0])),
            "{said}"
        );
        let problem = test_env.problem(2, args);
        assert!(
            problem["hint"].as_str().unwrap().contains(name),
            "{problem}"
        );
    }
}

#[test]
fn the_help_of_a_command_is_short_and_the_root_has_the_options_of_all() {
    let test_env = TestEnvironment::nowhere();
    let help = |args: &[&str]| {
        test_env
            .run(&[args, &["--help"]].concat())
            .done()
            .out
            .clone()
    };
    let root = help(&[]);
    for option in ["--profile", "--db-url", "--as <IDENTITY>", "--json"] {
        assert!(root.contains(option), "{root}");
    }
    for command in [
        &["lock", "list"][..],
        &["migration", "apply"],
        &["audit", "list"],
        &["whoami"],
        &["migration"],
    ] {
        let text = help(command);
        assert!(
            !text.contains("--db-url") && !text.contains("--log-level"),
            "{text}"
        );
        assert!(text.contains("see `supadeck --help`"), "{text}");
    }
    assert!(help(&["lock", "list"]).lines().count() < 25);
    // They are taken behind a command all the same.
    test_env.run(&["keys", "--json", "--color", "never"]).done();
}

#[test]
fn manual_pages_are_made_of_every_command() {
    let test_env = TestEnvironment::nowhere();
    let page = test_env
        .run(&["man", "migration", "apply"])
        .done()
        .out
        .clone();
    assert!(page.contains(".TH supadeck-migration-apply 1"), "{page}");
    assert!(page.contains("Apply"), "{page}");
    test_env.run(&["man"]).done();
    assert_eq!(
        test_env.problem(2, &["man", "migration", "up"])["what"],
        "There is no command `supadeck migration up`."
    );
    let dir = test_env.path("man1");
    test_env
        .run(&["man", "--into", dir.to_str().unwrap()])
        .done();
    for name in ["supadeck.1", "supadeck-logout.1", "supadeck-lock-unlock.1"] {
        let text = std::fs::read_to_string(dir.join(name)).unwrap();
        assert!(text.contains(".TH supadeck"), "{name}");
    }
}

#[test]
fn an_id_is_taken_as_it_is_shown_and_one_that_is_not_alone_is_said() {
    let mut test_env = TestEnvironment::full();
    test_env.sign_in("alice@example.com");
    fn as_alice<'a>(args: &[&'a str]) -> Vec<&'a str> {
        [args, &["--as", "user"]].concat()
    }
    let cycles = test_env.data(&as_alice(&["cycle", "list"]));
    let ids: Vec<&str> = cycles
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["id"].as_str().unwrap())
        .collect();
    let id = ids[0];
    let shown = format!("{}…{}", &id[..4], &id[32..]);
    for given in [
        id.to_owned(),
        shown.clone(),
        shown.replace('…', "..."),
        shown.to_uppercase(),
    ] {
        let cycle = test_env.data(&as_alice(&["cycle", "show", &given]));
        assert_eq!(cycle["cycle"]["id"], id, "{given}");
        let goals = test_env.data(&as_alice(&["goal", "list", "--cycle", &given]));
        let is_its = |goal: &Value| goal["cycle_id"] == id;
        assert!(goals.as_array().unwrap().iter().all(is_its), "{goals}");
        let locks = test_env.data(&as_alice(&["lock", "list", "--cycle", &given]));
        assert!(!locks.as_array().unwrap().is_empty());
    }
    // The demo's cycles begin alike.
    let problem = test_env.problem(2, &as_alice(&["cycle", "show", &id[..4]]));
    assert_eq!(
        problem["what"],
        format!("`{}` matches several cycles:", &id[..4])
    );
    assert!(
        ids.iter()
            .all(|id| problem["why"].as_str().unwrap().contains(id)),
        "{problem}"
    );
    let problem = test_env.problem(5, &as_alice(&["cycle", "show", "ffff…ffff"]));
    assert!(
        problem["what"]
            .as_str()
            .unwrap()
            .contains("begins with ffff…ffff"),
        "{problem}"
    );
    for odd in ["goal", "…0001", "c000%"] {
        test_env.problem(2, &as_alice(&["cycle", "show", odd]));
    }
    let records = test_env.data(&as_alice(&["audit", "list", "--limit", "1"]));
    let record = records[0]["id"].as_str().unwrap();
    let found = test_env.data(&as_alice(&[
        "audit",
        "show",
        &format!("{}…{}", &record[..8], &record[32..]),
    ]));
    assert!(found.to_string().contains(record), "{found}");
    // The locked ones alone.
    let all = test_env.data(&as_alice(&["lock", "list", "--cycle", &shown]));
    let locked = test_env.data(&as_alice(&["lock", "list", "--cycle", &shown, "--locked"]));
    let expected: Vec<&Value> = all
        .as_array()
        .unwrap()
        .iter()
        .filter(|lock| lock["locked"] == true)
        .collect();
    assert_eq!(
        locked.as_array().unwrap().iter().collect::<Vec<_>>(),
        expected
    );
    assert!(!expected.is_empty() && expected.len() < all.as_array().unwrap().len());
}
