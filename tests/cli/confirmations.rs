//! What stands before the question of `apply` and `rollback`, and what is told while they run.

use crate::test_environment::{Ran, TestEnvironment};

fn said(ran: &Ran) -> String {
    format!("{}{}", ran.out, ran.err)
}

#[test]
fn the_confirmation_names_each_risk_with_its_reason_and_a_safer_way() {
    let mut test_env = TestEnvironment::empty();
    test_env.files(&[(
        "migrations/1_one.sql",
        "create table one (a int, b int);\ncreate table two (a int);",
    )]);
    test_env.run(&["migration", "apply", "--yes"]).done();
    test_env.files(&[(
        "migrations/2_tidy.sql",
        "alter table one drop column a;\nalter table one drop column b;\ndrop table two;",
    )]);
    let ran = test_env.run(&["migration", "apply", "--to", "2"]);
    let said = said(ran.ended(2));
    let plan = test_env.run(&["migration", "plan", "--no-rehearsal"]);
    for line in [
        "2 tidy",
        "  loses data (drop-column), 2 times: 2 tidy, statements 1 and 2",
        "      Dropping column one.a loses its values in every row.",
        "      Dropping column one.b loses its values in every row.",
        "  loses data (drop-table): 2 tidy, statement 3",
        "      Dropping two loses its rows.",
        "Safer: Rename the table in this file and drop it in a later one",
        "No rollback file: 2 tidy. It cannot be rolled back.",
        "`supadeck migration plan --to 2` tries it in a dry run.",
    ] {
        assert!(said.contains(line), "{line}\n{said}");
    }
    assert_eq!(
        said.matches("Safer: Stop using the column first").count(),
        1
    );
    // The words are those of the plan.
    let reasons = said
        .lines()
        .filter(|line| line.contains("loses ") || line.contains("No rollback"));
    for reason in reasons {
        assert!(plan.out.contains(reason), "{reason}\n{}", plan.out);
    }
}

#[test]
fn what_is_late_is_named_with_the_newest_applied_version() {
    let mut test_env = TestEnvironment::empty();
    test_env.files(&[
        ("migrations/2_two.sql", "create table two ();"),
        ("migrations/9_nine.sql", "create table nine ();"),
    ]);
    test_env.run(&["migration", "apply", "--yes"]).done();
    test_env.files(&[("migrations/1_one.sql", "create table one ();")]);
    let ran = test_env.run(&["migration", "apply", "--include-out-of-order"]);
    let said = said(ran.ended(2));
    for line in [
        "Out of order: 1 one is older than versions that are applied already, the newest of them 9.",
        "`supadeck migration plan --include-out-of-order` tries it in a dry run.",
    ] {
        assert!(said.contains(line), "{line}\n{said}");
    }
}

#[test]
fn going_on_counts_and_lists_only_what_runs() {
    let mut test_env = TestEnvironment::empty();
    test_env.files(&[
        (
            "migrations/1_one.sql",
            "create table one ();\ncreate table old ();",
        ),
        ("migrations/rollback/1_one.sql", "drop table one, old;"),
    ]);
    test_env.run(&["migration", "apply", "--yes"]).done();
    test_env.files(&[(
        "migrations/2_two.sql",
        "-- supadeck: no-transaction\ndrop table old;\nselect 1 / (select count(*) from one);\ndrop table one;",
    )]);
    test_env.run(&["migration", "apply", "--yes"]).ended(8);
    let resume = test_env.run(&["migration", "apply", "--resume"]);
    let shown = said(resume.ended(2));
    for line in [
        "Resume 2 two at statement 2: 2 statements, outside a transaction",
        "It goes on at statement 2.",
        "  loses data (drop-table): 2 two, statement 3",
    ] {
        assert!(shown.contains(line), "{line}\n{shown}");
    }
    assert!(!shown.contains("drop table old"), "{shown}");
    assert!(!shown.contains("tries it in a dry run"), "{shown}");
    let retry = test_env.run(&["migration", "apply", "--retry"]);
    let shown = said(retry.ended(2));
    for line in [
        "Retry 2 two from statement 1: 3 statements",
        "Statement 1 ran already and runs again",
    ] {
        assert!(shown.contains(line), "{line}\n{shown}");
    }
    assert!(shown.contains("drop table old"), "{shown}");
}

#[test]
fn what_runs_concurrently_is_not_said_to_have_a_lock_timeout() {
    let mut test_env = TestEnvironment::empty();
    test_env.files(&[("migrations/1_one.sql", "create table one (a int);")]);
    test_env.run(&["migration", "apply", "--yes"]).done();
    test_env.files(&[(
        "migrations/2_two.sql",
        "create index concurrently one_a on one (a);",
    )]);
    let free = said(&test_env.run(&["migration", "apply"]));
    assert!(
        free.contains(
            "Lock timeout: no limit for what runs CONCURRENTLY, unless --lock-timeout is given."
        ),
        "{free}"
    );
    let bound = said(&test_env.run(&["migration", "apply", "--lock-timeout", "2s"]));
    assert!(bound.contains("Lock timeout: 2s, 1 try."), "{bound}");
}

#[test]
fn files_are_announced_once_and_done_in_their_order() {
    let mut test_env = TestEnvironment::empty();
    let files: Vec<(String, String)> = (10..40)
        .map(|n| {
            let slow = if n % 7 == 0 {
                "select pg_sleep(0.3);"
            } else {
                ""
            };
            let text = format!("create table t{n} (); {slow}");
            (format!("migrations/{n}_t.sql"), text)
        })
        .collect();
    let files: Vec<(&str, &str)> = files.iter().map(|(a, b)| (&**a, &**b)).collect();
    test_env.files(&files);
    let ran = test_env.run(&["migration", "apply", "--yes"]);
    let told = &ran.done().err;
    let versions = |begin: &str, end: &str| -> Vec<u32> {
        let lines = told.lines().filter(|line| line.contains(end));
        let version = |line: &str| {
            line.trim()
                .strip_prefix(begin)?
                .split(' ')
                .next()?
                .parse()
                .ok()
        };
        lines.filter_map(version).collect()
    };
    let all: Vec<u32> = (10..40).collect();
    assert_eq!(versions("Apply ", " statement"), all, "{told}");
    assert_eq!(versions("", "is done"), all, "{told}");
}
