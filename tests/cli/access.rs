//! Who may do what from the command line: the matrix, one table, one row, and a file for CI.

use crate::test_environment::TestEnvironment;
use serde_json::json;

#[test]
fn the_matrix_has_a_row_for_each_table_identity_and_verb() {
    let test_env = TestEnvironment::full();
    let data = test_env.data(&["access", "list", "--also", "user:alice"]);
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
    let ran = test_env.run(&["access", "list"]);
    assert!(
        ran.done().out.contains("stranger") && ran.out.contains("Read as the role postgres"),
        "{ran:?}"
    );
    // The same rows as the identity reads over REST.
    let rows = test_env.data(&["cycle", "list", "--as", "service"]);
    assert_eq!(
        service["total"].as_u64().unwrap() as usize,
        rows.as_array().unwrap().len()
    );
}

#[test]
fn a_table_and_a_row_are_told_in_words() {
    let test_env = TestEnvironment::full();
    let shown = test_env.run(&["access", "show", "goal"]);
    assert!(
        shown
            .done()
            .out
            .contains("rows where user_id is the caller's id.")
            && shown.out.contains("with check (user_id ="),
        "{shown:?}"
    );
    let id = test_env.sql("select g.id::text from goal g join auth.users u on u.id = g.user_id where u.email = 'alice@example.com' limit 1").remove(0);
    let told = test_env.run(&["access", "explain", "goal", &id, "--as", "user:bob"]);
    assert!(
        told.done().out.contains("user_id = ")
            && told.out.contains("\"owner_has_own_goals\" is false"),
        "{told:?}"
    );
    let data = test_env.data(&[
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
    let hint = test_env.problem(2, &["access", "explain", "gaol", &id, "--as", "user:bob"]);
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
        test_env.run(args).ended(2);
    }
}

#[test]
fn a_snapshot_fails_when_something_is_opened() {
    let test_env = TestEnvironment::own();
    let file = test_env.path("access.txt").display().to_string();
    test_env.run(&["access", "snapshot", &file]).done();
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(
        text.contains("\nanon may not select public.goal\n"),
        "{text}"
    );
    test_env.run(&["access", "snapshot", &file]).done();
    assert_eq!(std::fs::read_to_string(&file).unwrap(), text);
    test_env.run(&["access", "check", &file]).done();
    let check = |sql: &str, said: &str| {
        test_env.sql(sql);
        let ran = test_env.run(&["access", "check", &file]);
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
    let hand = test_env.path("hand.txt");
    std::fs::write(
        &hand,
        "# by hand\nanon sees nothing of goal\nuser:alice sees at least 1 of cycle\n",
    )
    .unwrap();
    test_env
        .run(&["access", "check", hand.to_str().unwrap()])
        .done();
    std::fs::write(&hand, "anon sees nothing of goal\nanon sees 4 of cycle\n").unwrap();
    let problem = test_env.problem(1, &["access", "check", hand.to_str().unwrap()]);
    assert_eq!(problem["kind"], "findings");
    std::fs::write(&hand, "anon reads goal\n").unwrap();
    let problem = test_env.problem(2, &["access", "check", hand.to_str().unwrap()]);
    assert!(
        problem["what"].as_str().unwrap().contains("Line 1"),
        "{problem}"
    );
}

#[test]
fn what_is_doubtful_is_listed_and_becomes_a_migration() {
    let mut test_env = TestEnvironment::own();
    test_env.sql(
        "create table loose (id int primary key); grant select on loose to anon;
         create table held (id int primary key, loose_id int references loose)",
    );
    let index = "create index held_held_loose_id_fkey_idx on public.held (loose_id);";
    let ran = test_env.run(&["access", "lint"]);
    let told = &ran.ended(1).out;
    assert!(
        told.contains("rls_disabled_in_public") && told.contains(index),
        "{ran:?}"
    );
    test_env.files(&[(
        "supabase/migrations/20200101000000_first.sql",
        "select 1;\n",
    )]);
    let data = test_env.data(&["access", "lint", "--write", "mend access"]);
    let read = |name: &str| {
        std::fs::read_to_string(test_env.project.join(data[name].as_str().unwrap())).unwrap()
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

/// A project's files: hostile names, a schema of the API beside `public`, users and rows by a seed.
#[cfg(feature = "demo")]
const SCRATCH: [(&str, &str); 3] = [
    (
        "supabase/config.toml",
        "project_id = \"x\"\n[api]\nschemas = [\"public\", \"od d\"]\n[db.seed]\nsql_paths = [\"./seed.sql\"]\n",
    ),
    (
        "supabase/migrations/20260101000000_first.sql",
        "create table public.note (id int primary key, owner uuid references auth.users, body text);
         alter table public.note enable row level security;
         create policy \"own; drop\" on public.note for select to authenticated using (owner = auth.uid());
         revoke all on public.note from anon, authenticated, service_role; grant select on public.note to authenticated;
         create schema \"od d\"; grant usage on schema \"od d\" to anon, authenticated, service_role;
         create table \"od d\".\"we;ird\"\"t\n--\" (\"a'b\" int primary key);
         alter table \"od d\".\"we;ird\"\"t\n--\" enable row level security;\n",
    ),
    (
        "supabase/seed.sql",
        "insert into auth.users (id, email, aud, role) values
           ('a11ce000-0000-4000-8000-0000000000aa', 'ann@example.com', 'authenticated', 'authenticated'),
           ('b0b00000-0000-4000-8000-0000000000bb', 'ben@example.com', 'authenticated', 'authenticated');
         insert into public.note values (1, 'a11ce000-0000-4000-8000-0000000000aa', 'x'),
           (2, 'a11ce000-0000-4000-8000-0000000000aa', 'y'), (3, 'b0b00000-0000-4000-8000-0000000000bb', 'z');\n",
    ),
];

#[test]
#[cfg(feature = "demo")]
fn what_a_pull_request_opens_fails_on_a_scratch_database_and_needs_no_other() {
    let mut test_env = TestEnvironment::nowhere();
    test_env.files(&SCRATCH);
    let scratch = ["--on", "scratch"];
    let file = test_env.path("access.txt").display().to_string();
    test_env
        .run(&[&["access", "snapshot", &file][..], &scratch].concat())
        .done();
    let written = std::fs::read_to_string(&file).unwrap();
    assert!(
        written.contains("schemas public, \"od d\"\n")
            && written.contains("anon may not select public.note"),
        "{written}"
    );
    let hand = test_env.path("hand.txt").display().to_string();
    std::fs::write(
        &hand,
        "user:ann@example.com sees 2 of note\nuser:ben sees 1 of note\nanon sees nothing of note\nstranger sees nothing of note\n",
    )
    .unwrap();
    let check = [&["access", "check", &file, &hand][..], &scratch].concat();
    let ran = test_env.run(&check);
    assert!(
        ran.done()
            .out
            .contains("with 1 migration and 1 seed of this project"),
        "{ran:?}"
    );
    test_env.files(&[(
        "supabase/migrations/20260102000000_second.sql",
        "grant select on \"od d\".\"we;ird\"\"t\n--\" to anon; create policy open on \"od d\".\"we;ird\"\"t\n--\" using (true);
         alter policy \"own; drop\" on public.note using (true);\n",
    )]);
    let ran = test_env.run(&check);
    assert!(
        ran.ended(1)
            .out
            .contains("+ anon may select all of \"od d\"")
            && ran.out.contains("- user:ben sees 1 of note"),
        "{ran:?}"
    );
    assert!(!ran.out.contains('\u{1b}'), "{ran:?}");
    let explained = test_env.data(
        &[
            &["access", "explain", "note", "3", "--as", "user:ann"][..],
            &scratch,
        ]
        .concat(),
    );
    assert_eq!(explained["allowed"], true, "{explained}");
}

#[test]
#[cfg(feature = "demo")]
fn a_scratch_database_that_is_not_the_whole_project_is_no_proof() {
    let mut test_env = TestEnvironment::nowhere();
    let check = ["access", "check", "hand.txt", "--on", "scratch"];
    test_env.files(&[("hand.txt", "anon sees nothing of note\n")]);
    let problem = test_env.problem(3, &check);
    assert!(
        problem["why"]
            .as_str()
            .unwrap()
            .contains("no migrations folder"),
        "{problem}"
    );
    test_env.files(&SCRATCH);
    test_env.files(&[("supabase/config.toml", "[api]\nschemas = [\"a,b\"]\n")]);
    let problem = test_env.problem(3, &check);
    assert!(
        problem["why"].as_str().unwrap().contains("a,b"),
        "{problem}"
    );
    test_env.files(&SCRATCH);
    test_env.files(&[(
        "supabase/seed.sql",
        "insert into note values (1, 'no uuid', '');",
    )]);
    let ran = test_env.run(&check);
    assert!(
        ran.code != 0 && ran.err.contains("Seed supabase/seed.sql failed"),
        "{ran:?}"
    );
    assert!(!ran.out.contains("hold"), "{ran:?}");
}
