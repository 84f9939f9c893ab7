//! `supadeck seed`.

use crate::world::World;
use std::fs;

#[test]
fn seeds_run_once_and_a_changed_one_on_request() {
    let mut world = World::empty();
    world.files(&[
        ("migrations/1_one.sql", "create table one (n int);"),
        ("seeds/a.sql", "insert into one values (1), (2);"),
        ("seeds/b.sql", "insert into one values (3);"),
    ]);
    world.run(&["migration", "apply", "--yes"]).done();
    let listed = world.data(&["seed", "list"]);
    assert!(
        listed
            .as_array()
            .unwrap()
            .iter()
            .all(|row| row["state"] == "pending"),
        "{listed}"
    );
    let ran = world.data(&["seed", "apply", "--yes", "seeds/a.sql"]);
    assert_eq!(ran["steps"][0]["rows"], 2);
    assert_eq!(ran["steps"][0]["changes"][0], "INSERT 0 2");
    let text = world.run(&["seed", "apply", "--yes"]);
    assert!(
        text.done().out.contains("seeds/b.sql") && !text.out.contains("seeds/a.sql"),
        "{text:?}"
    );
    assert_eq!(
        world.run(&["seed", "apply", "--yes"]).done().out,
        "No pending seeds.\n"
    );
    fs::write(
        world.project.join("seeds/b.sql"),
        "insert into one values (4);",
    )
    .unwrap();
    let listed = world.data(&["seed", "list"]);
    assert_eq!(listed[1]["state"], "changed");
    world.data(&["seed", "apply", "--again", "--yes", "seeds/b.sql"]);
    assert_eq!(
        world.sql("select string_agg(n::text, ',' order by n) from one"),
        ["1,2,3,4"]
    );
}

#[test]
fn a_seed_whose_tables_were_rolled_back_is_named_with_the_way_to_run_it_again() {
    let mut world = World::empty();
    world.files(&[
        ("migrations/1_one.sql", "create table one (n int);"),
        ("migrations/rollback/1_one.sql", "drop table one;"),
        ("seeds/a.sql", "insert into one values (1);"),
        ("seeds/b.sql", "insert into one values (2);"),
    ]);
    world.run(&["migration", "apply", "--yes"]).done();
    world.run(&["seed", "apply", "--yes"]).done();
    world
        .run(&["migration", "rollback", "--last", "1", "--yes"])
        .done();
    world.run(&["migration", "apply", "--yes"]).done();
    let again = "`supadeck seed apply --again seeds/a.sql seeds/b.sql`";
    let text = world.run(&["seed", "apply", "--yes"]);
    for told in [
        "No pending seeds.\n",
        "before version 1 was rolled back",
        again,
    ] {
        assert!(text.done().out.contains(told), "{told}: {text:?}");
    }
    let one = world.run(&["seed", "apply", "seeds/a.sql", "--yes"]);
    assert!(one.done().out.contains("--again seeds/a.sql`"), "{one:?}");
    assert!(!one.out.contains("seeds/b.sql"), "{one:?}");

    // One whose file is gone is not offered to be run: it is said what settles it, and that does.
    fs::remove_file(world.project.join("seeds/b.sql")).unwrap();
    world
        .run(&["seed", "apply", "--again", "seeds/a.sql", "--yes"])
        .done();
    let delete = "delete from supabase_migrations.seed_files where path in ('seeds/b.sql');";
    for args in [
        &["seed", "list"][..],
        &["seed", "apply", "--yes"],
        &["seed", "apply", "seeds/b.sql", "--again", "--yes"],
    ] {
        let text = world.run(args);
        let out = &text.done().out;
        assert!(out.contains("the file is missing: seeds/b.sql."), "{out}");
        assert!(out.contains(delete) && !out.contains("--again"), "{out}");
    }
    world.sql(delete);
    let text = world.run(&["seed", "apply", "--yes"]);
    assert_eq!(text.done().out, "No pending seeds.\n");
}

#[test]
fn a_failing_seed_leaves_nothing() {
    let mut world = World::empty();
    world.files(&[("seeds/a.sql", "create table half ();\nselect 1/0;")]);
    let ran = world.run(&["seed", "apply", "--yes", "--json"]);
    let document = ran.ended(8).document();
    assert_eq!(document["problem"]["code"], "22012");
    assert_eq!(document["data"]["steps"][0]["end"], "rolled_back");
    assert_eq!(world.sql("select to_regclass('half') is null"), ["t"]);
    world.problem(2, &["seed", "apply", "--yes", "seeds/none.sql"]);
}

#[test]
fn where_seeds_were_looked_for_is_said_when_there_are_none() {
    let mut world = World::empty();
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
        world.files(&files);
        for command in ["list", "apply"] {
            let text = world.run(&["seed", command]);
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
    let world = World::full();
    let text = world.run(&["seed", "list"]);
    let line = text.done().out.lines().nth(2).unwrap();
    assert_eq!(line, "seeds/010_accounts.sql         applied");
}
