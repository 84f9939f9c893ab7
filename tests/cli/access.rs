//! Who may do what from the command line: the matrix, one table, one row, and a file for CI.

use crate::world::World;
use serde_json::json;

#[test]
fn the_matrix_has_a_row_for_each_table_identity_and_verb() {
    let world = World::full();
    let data = world.data(&["access", "list", "--also", "user:alice"]);
    let cells = data.as_array().unwrap();
    assert_eq!(cells.len() % 20, 0, "{}", cells.len());
    let find = |who: &str, verb: &str| {
        let mut cells = cells.iter();
        cells
            .find(|cell| {
                cell["table"] == "cycle" && cell["identity"] == who && cell["verb"] == verb
            })
            .unwrap()
    };
    let anon = find("anon", "select");
    assert_eq!(
        (&anon["verdict"], &anon["visible"]),
        (&json!("none"), &json!(0))
    );
    let alice = find("user:alice@example.com", "select");
    assert_eq!(
        (&alice["verdict"], &alice["role"], &alice["schema"]),
        (
            &json!("policies"),
            &json!("authenticated"),
            &json!("public")
        )
    );
    assert_eq!(alice["policies"].as_array().unwrap().len(), 1);
    assert!(
        alice["visible"].as_u64().unwrap() > 0
            && alice["visible"].as_u64() < alice["total"].as_u64()
    );
    let service = find("service", "delete");
    assert_eq!(
        (&service["verdict"], &service["visible"]),
        (&json!("all"), &service["total"])
    );
    let ran = world.run(&["access", "list"]);
    assert!(
        ran.done().out.contains("stranger") && ran.out.contains("Read as the role postgres"),
        "{ran:?}"
    );
    // The same rows as the identity reads over REST.
    let rows = world.data(&["cycle", "list", "--as", "service"]);
    assert_eq!(
        service["total"].as_u64().unwrap() as usize,
        rows.as_array().unwrap().len()
    );
}

#[test]
fn a_table_and_a_row_are_told_in_words() {
    let world = World::full();
    let shown = world.run(&["access", "show", "goal"]);
    assert!(
        shown
            .done()
            .out
            .contains("rows where user_id is the caller's id.")
            && shown.out.contains("with check (user_id ="),
        "{shown:?}"
    );
    let id = world.sql("select g.id::text from goal g join auth.users u on u.id = g.user_id where u.email = 'alice@example.com' limit 1").remove(0);
    let told = world.run(&["access", "explain", "goal", &id, "--as", "user:bob"]);
    assert!(
        told.done().out.contains("user_id = ")
            && told.out.contains("\"owner_has_own_goals\" is false"),
        "{told:?}"
    );
    let data = world.data(&[
        "access",
        "explain",
        "goal",
        &id,
        "--as",
        "user:alice",
        "--verb",
        "delete",
    ]);
    assert_eq!(
        (&data["allowed"], &data["exists"], &data["disagrees"]),
        (&json!(true), &json!(true), &json!(null))
    );
    let hint = world.problem(2, &["access", "explain", "gaol", &id, "--as", "user:bob"]);
    assert!(hint["hint"].as_str().unwrap().contains("`goal`"), "{hint}");
    for args in [
        &["access", "explain", "goal", &id][..],
        &["access", "explain", "goal", &id, "--as", "user"],
        &[
            "access",
            "explain",
            "goal",
            &id,
            "--as",
            "user:nobody@example.com",
        ],
        &["access", "explain", "goal", "--as", "anon"],
        &["access", "explain", "goal", &id, "--as", "role:nothing"],
        &["access", "list", "--as", "bob@example.com"],
    ] {
        world.run(args).ended(2);
    }
}

#[test]
fn a_snapshot_fails_when_something_is_opened() {
    let world = World::own();
    let file = world.path("access.txt").display().to_string();
    world.run(&["access", "snapshot", &file]).done();
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(
        text.contains("\nanon may not select public.goal\n"),
        "{text}"
    );
    world.run(&["access", "snapshot", &file]).done();
    assert_eq!(std::fs::read_to_string(&file).unwrap(), text);
    world.run(&["access", "check", &file]).done();
    let check = |sql: &str, said: &str| {
        world.sql(sql);
        let ran = world.run(&["access", "check", &file]);
        assert!(ran.ended(1).out.contains(said), "{sql}: {ran:?}");
    };
    check(
        "grant select on goal to anon; create policy open on goal for select to anon using (true)",
        "+ anon may select all of public.goal",
    );
    check(
        "drop policy open on goal; revoke select on goal from anon; create table fresh (id int); grant select on fresh to anon",
        "+ anon may select all of public.fresh",
    );
    check(
        "drop table fresh; create function leak() returns bigint language sql security definer set search_path = '' as 'select 1::bigint'; revoke all on function leak() from public; grant execute on function leak() to anon",
        "+ anon may execute public.leak() as its owner",
    );
    check(
        "drop function leak(); alter policy owner_has_own_goals on goal using (true)",
        "using true",
    );
    let hand = world.path("hand.txt");
    std::fs::write(
        &hand,
        "# by hand\nanon sees nothing of goal\nuser:alice sees at least 1 of cycle\n",
    )
    .unwrap();
    world
        .run(&["access", "check", hand.to_str().unwrap()])
        .done();
    std::fs::write(&hand, "anon sees nothing of goal\nanon sees 4 of cycle\n").unwrap();
    let problem = world.problem(1, &["access", "check", hand.to_str().unwrap()]);
    assert_eq!(problem["kind"], "findings");
    std::fs::write(&hand, "anon reads goal\n").unwrap();
    let problem = world.problem(2, &["access", "check", hand.to_str().unwrap()]);
    assert!(
        problem["what"].as_str().unwrap().contains("Line 1"),
        "{problem}"
    );
}

#[test]
fn what_is_doubtful_is_listed_and_becomes_a_migration() {
    let mut world = World::own();
    world.sql(
        "create table loose (id int primary key); grant select on loose to anon;
         create table held (id int primary key, loose_id int references loose)",
    );
    let index = "create index held_held_loose_id_fkey_idx on public.held (loose_id);";
    let ran = world.run(&["access", "lint"]);
    let told = &ran.ended(1).out;
    assert!(
        told.contains("rls_disabled_in_public") && told.contains(index),
        "{ran:?}"
    );
    world.files(&[(
        "supabase/migrations/20200101000000_first.sql",
        "select 1;\n",
    )]);
    let data = world.data(&["access", "lint", "--write", "mend access"]);
    let read = |name: &str| {
        std::fs::read_to_string(world.project.join(data[name].as_str().unwrap())).unwrap()
    };
    let (up, down) = (read("up"), read("down"));
    // Row level security without a policy would close the table: that is for a person to decide.
    assert!(
        up.contains(&format!("\n{index}\n")) && !up.contains("row level security;"),
        "{up}"
    );
    assert!(
        down.contains("\ndrop index public.held_held_loose_id_fkey_idx;\n"),
        "{down}"
    );
}
