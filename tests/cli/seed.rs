//! `supadeck seed`.

use crate::test_environment::TestEnvironment;
use std::fs;

#[test]
fn seeds_run_once_and_a_changed_one_on_request() {
    let mut test_env = TestEnvironment::empty();
    test_env.files(&[
        ("migrations/1_one.sql", "create table one (n int);"),
        ("seeds/a.sql", "insert into one values (1), (2);"),
        ("seeds/b.sql", "insert into one values (3);"),
    ]);
    test_env.run(&["migration", "apply", "--yes"]).done();
    let listed = test_env.data(&["seed", "list"]);
    assert!(
        listed
            .as_array()
            .unwrap()
            .iter()
            .all(|row| row["state"] == "pending"),
        "{listed}"
    );
    let ran = test_env.data(&["seed", "apply", "--yes", "seeds/a.sql"]);
    assert_eq!(ran["steps"][0]["rows"], 2);
    assert_eq!(ran["steps"][0]["changes"][0], "INSERT 0 2");
    let text = test_env.run(&["seed", "apply", "--yes"]);
    assert!(
        text.done().out.contains("seeds/b.sql") && !text.out.contains("seeds/a.sql"),
        "{text:?}"
    );
    assert_eq!(
        test_env.run(&["seed", "apply", "--yes"]).done().out,
        "No pending seeds.\n"
    );
    fs::write(
        test_env.project.join("seeds/b.sql"),
        "insert into one values (4);",
    )
    .unwrap();
    let listed = test_env.data(&["seed", "list"]);
    assert_eq!(listed[1]["state"], "changed");
    test_env.data(&["seed", "apply", "--again", "--yes", "seeds/b.sql"]);
    assert_eq!(
        test_env.sql("select string_agg(n::text, ',' order by n) from one"),
        ["1,2,3,4"]
    );
}

#[test]
fn a_seed_whose_tables_were_rolled_back_is_named_with_the_way_to_run_it_again() {
    let mut test_env = TestEnvironment::empty();
    test_env.files(&[
        ("migrations/1_one.sql", "create table one (n int);"),
        ("migrations/rollback/1_one.sql", "drop table one;"),
        ("seeds/a.sql", "insert into one values (1);"),
        ("seeds/b.sql", "insert into one values (2);"),
    ]);
    test_env.run(&["migration", "apply", "--yes"]).done();
    test_env.run(&["seed", "apply", "--yes"]).done();
    test_env
        .run(&["migration", "rollback", "--last", "1", "--yes"])
        .done();
    test_env.run(&["migration", "apply", "--yes"]).done();
    let again = "`supadeck seed apply --again seeds/a.sql seeds/b.sql`";
    let text = test_env.run(&["seed", "apply", "--yes"]);
    for told in [
        "No pending seeds.\n",
        "before version 1 was rolled back",
        again,
    ] {
        assert!(text.done().out.contains(told), "{told}: {text:?}");
    }
    let one = test_env.run(&["seed", "apply", "seeds/a.sql", "--yes"]);
    assert!(one.done().out.contains("--again seeds/a.sql`"), "{one:?}");
    assert!(!one.out.contains("seeds/b.sql"), "{one:?}");

    // One whose file is gone is not offered to be run: it is said what settles it, and that does.
    fs::remove_file(test_env.project.join("seeds/b.sql")).unwrap();
    test_env
        .run(&["seed", "apply", "--again", "seeds/a.sql", "--yes"])
        .done();
    let delete = "delete from supabase_migrations.seed_files where path in ('seeds/b.sql');";
    for args in [
        &["seed", "list"][..],
        &["seed", "apply", "--yes"],
        &["seed", "apply", "seeds/b.sql", "--again", "--yes"],
    ] {
        let text = test_env.run(args);
        let out = &text.done().out;
        assert!(out.contains("the file is missing: seeds/b.sql."), "{out}");
        assert!(out.contains(delete) && !out.contains("--again"), "{out}");
    }
    test_env.sql(delete);
    let text = test_env.run(&["seed", "apply", "--yes"]);
    assert_eq!(text.done().out, "No pending seeds.\n");
}

#[test]
fn a_failing_seed_leaves_nothing() {
    let mut test_env = TestEnvironment::empty();
    test_env.files(&[("seeds/a.sql", "create table half ();\nselect 1/0;")]);
    let ran = test_env.run(&["seed", "apply", "--yes", "--json"]);
    let document = ran.ended(8).document();
    assert_eq!(document["problem"]["code"], "22012");
    assert_eq!(document["data"]["steps"][0]["end"], "rolled_back");
    assert_eq!(test_env.sql("select to_regclass('half') is null"), ["t"]);
    test_env.problem(2, &["seed", "apply", "--yes", "seeds/none.sql"]);
}

#[test]
fn where_seeds_were_looked_for_is_said_when_there_are_none() {
    let mut test_env = TestEnvironment::empty();
    let config = |text| ("supabase/config.toml", text);
    for (files, words) in [
        (vec![], "neither seeds/*.sql nor supabase/seed.sql in /"),
        (vec![("seeds/notes.txt", "")], "fits seeds/*.sql."),
        (
            vec![config("[db.seed]\nsql_paths = ['./data/*.sql', 'a.sql']\n")],
            "names supabase/data/*.sql and supabase/a.sql, and nothing in /",
        ),
        (
            vec![config("[db.seed]\nenabled = false\n")],
            "`[db.seed]` of supabase/config.toml turns them off.",
        ),
    ] {
        test_env.files(&files);
        for command in ["list", "apply"] {
            let text = test_env.run(&["seed", command]);
            let out = &text.done().out;
            assert!(
                out.contains("There are no seed files. ") && out.contains(words),
                "{words}: {text:?}"
            );
        }
    }
}

#[test]
fn the_text_list_names_paths_and_states() {
    let test_env = TestEnvironment::full();
    let text = test_env.run(&["seed", "list"]);
    let line = text.done().out.lines().nth(2).unwrap();
    assert_eq!(line, "seeds/010_accounts.sql         applied");
}
