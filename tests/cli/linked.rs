//! `supadeck profile add --linked` and `--local`: the Supabase CLI's files become a profile.

use crate::keyring::Keyring;
use crate::pseudo_terminal::Terminal;
use crate::test_environment::{TestEnvironment, texts};
use std::fs;

const REF: &str = "abcdefghijklmnopqrst";
const POOLER: &str = "postgresql://postgres.abcdefghijklmnopqrst:[YOUR-PASSWORD]@aws-0-eu-central-1.pooler.supabase.com:6543/postgres";
const CONFIG: &str = "project_id = \"weeksmith\"\n[api]\nport = 54421\n[db]\nport = 54422\n";

fn linked() -> TestEnvironment {
    let mut test_env = TestEnvironment::nowhere();
    test_env.files(&[
        ("supabase/config.toml", CONFIG),
        ("supabase/.temp/project-ref", REF),
        ("supabase/.temp/pooler-url", POOLER),
        ("supabase/.temp/postgres-version", "17.4.1.054"),
        ("supabase/functions/deep/x.ts", ""),
    ]);
    test_env
}

/// A keyring, although no project is known yet.
fn keyring(test_env: &mut TestEnvironment) -> Option<Keyring> {
    test_env.set("SUPABASE_URL", "http://127.0.0.1:1");
    let keyring = Keyring::start(test_env);
    test_env.unset("SUPABASE_URL");
    keyring
}

#[test]
fn a_directory_that_is_not_linked_is_refused_with_the_way_out() {
    let mut test_env = TestEnvironment::nowhere();
    test_env.files(&[]);
    let refused = test_env.problem(3, &["profile", "add", "--linked"]);
    let hint = refused["hint"].as_str().unwrap();
    assert!(
        hint.contains("supabase link") && !hint.contains("--local"),
        "{refused}"
    );
    test_env.problem(3, &["profile", "add", "--local"]);
    test_env.files(&[("supabase/config.toml", CONFIG)]);
    let refused = test_env.problem(3, &["profile", "add", "--linked"]);
    assert!(
        refused["hint"].as_str().unwrap().contains("--local"),
        "{refused}"
    );
    test_env.files(&[("supabase/.temp/project-ref", "Not a ref\u{1b}[31m")]);
    let ran = test_env.run(&["profile", "add", "--linked"]);
    ran.ended(3);
    assert!(
        ran.err.contains("project-ref") && !ran.err.contains('\u{1b}'),
        "{ran:?}"
    );
    test_env.problem(2, &["profile", "add", "--linked", "--local"]);
    test_env.problem(2, &["profile", "add"]);
}

#[test]
fn a_linked_directory_becomes_a_profile_and_says_what_is_missing() {
    let mut test_env = linked();
    // From a folder below, as with the CLI.
    let root = test_env.project.clone();
    test_env.project = root.join("supabase/functions/deep");
    let ran = test_env.run(&["profile", "add", "--linked", "--json"]);
    let document = ran.done().document();
    let (data, meta) = (&document["data"], &document["meta"]);
    assert_eq!(data["name"], "weeksmith");
    assert_eq!(data["url"], "https://abcdefghijklmnopqrst.supabase.co");
    assert_eq!(data["project_ref"], REF);
    let dir = fs::canonicalize(data["dir"].as_str().unwrap()).unwrap();
    assert_eq!(dir, fs::canonicalize(&root).unwrap());
    assert_eq!(
        meta["found"]["pooler"],
        "postgresql://postgres.abcdefghijklmnopqrst@aws-0-eu-central-1.pooler.supabase.com:5432/postgres"
    );
    assert_eq!(meta["found"]["postgres_version"], "17.4.1.054");
    assert_eq!(meta["missing"].as_array().unwrap().len(), 2, "{meta}");
    for word in [REF, "pooler.supabase.com:5432", "17.4.1.054"] {
        assert!(ran.err.contains(word), "{ran:?}");
    }
    test_env.problem(6, &["profile", "add", "--linked"]);
    let problem = test_env.problem(3, &["migration", "list"]);
    assert!(
        problem["hint"].as_str().unwrap().contains("--access-token"),
        "{problem}"
    );
    assert_eq!(
        test_env.data(&["profile", "add", "other", "--linked"])["name"],
        "other"
    );
}

#[test]
fn the_password_goes_to_the_keyring_and_to_supabases_pooler_only() {
    let mut test_env = linked();
    test_env.set("SUPABASE_DB_PASSWORD", "p@ss w/rd");
    // Without a keyring it is not kept.
    let refused = test_env.problem(3, &["profile", "add", "--linked", "--no-check"]);
    assert!(
        refused["what"].as_str().unwrap().contains("cannot be kept"),
        "{refused}"
    );
    let Some(_keyring) = keyring(&mut test_env) else {
        return;
    };
    let ran = test_env.run(&["profile", "add", "--linked", "--no-check", "--json"]);
    assert_eq!(
        ran.done().document()["meta"]["missing"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    test_env.unset("SUPABASE_DB_PASSWORD");
    let who = test_env.run(&["whoami", "--json"]);
    let document = who.done().document();
    assert_eq!(document["meta"]["way"], "postgres");
    let shown = test_env.run(&["whoami"]);
    assert!(
        shown
            .out
            .contains("aws-0-eu-central-1.pooler.supabase.com:5432"),
        "{shown:?}"
    );
    for told in [&ran, &who, &shown] {
        for text in [&told.out, &told.err] {
            assert!(!text.contains("p@ss") && !text.contains("p%40ss"), "{text}");
        }
    }
    for (path, text) in texts(test_env.home.path()) {
        let is_of_the_keyring = path.to_string_lossy().contains("keyrings");
        assert!(
            is_of_the_keyring || !text.contains("p%40ss"),
            "{}",
            path.display()
        );
    }
    let evil = POOLER.replace(
        "aws-0-eu-central-1.pooler.supabase.com",
        "pooler.example.org",
    );
    test_env.files(&[("supabase/.temp/pooler-url", &evil)]);
    test_env.set("SUPABASE_DB_PASSWORD", "p@ss w/rd");
    let ran = test_env.run(&["profile", "add", "evil", "--linked", "--no-check", "--json"]);
    let document = ran.done().document();
    assert_eq!(document["meta"]["found"]["pooler"], serde_json::Value::Null);
    assert!(ran.err.contains("is not used"), "{ran:?}");
    let shown = test_env.run(&["whoami", "--profile", "evil"]);
    assert!(
        shown
            .out
            .contains("db.abcdefghijklmnopqrst.supabase.co:5432"),
        "{shown:?}"
    );
}

#[test]
fn local_development_has_a_profile_of_its_own() {
    let mut test_env = linked();
    let Some(_keyring) = keyring(&mut test_env) else {
        return;
    };
    let key = "sb_publishable_0123456789";
    let ran = test_env.run(&[
        "profile",
        "add",
        "--local",
        "--key",
        key,
        "--no-check",
        "--json",
    ]);
    let document = ran.done().document();
    assert_eq!(document["data"]["name"], "weeksmith-local");
    assert_eq!(document["data"]["url"], "http://127.0.0.1:54421");
    assert_eq!(
        document["meta"]["missing"].as_array().unwrap().len(),
        0,
        "{document}"
    );
    let shown = test_env.run(&["whoami"]);
    assert!(shown.done().out.contains("127.0.0.1:54422"), "{shown:?}");
}

#[test]
fn at_a_terminal_the_password_is_asked_for_and_not_shown() {
    let mut test_env = linked();
    let Some(_keyring) = keyring(&mut test_env) else {
        return;
    };
    let mut terminal = Terminal::run(&test_env, &["profile", "add", "--linked", "--no-check"]);
    terminal.wait_for("Database password, empty to leave it out (not shown): ");
    terminal.press("typed-w@rd\r");
    terminal.wait_for("Publishable key, empty to leave it out (not shown): ");
    terminal.press("\r");
    terminal.wait_for("Secret key, empty to leave it out (not shown): ");
    terminal.press("\r");
    let (code, seen) = terminal.end();
    assert_eq!(code, 0, "{seen}");
    assert!(!seen.contains("typed-w"), "{seen}");
    assert!(seen.contains("No key is known"), "{seen}");
    let shown = test_env.run(&["whoami"]);
    assert!(
        shown.done().out.contains("pooler.supabase.com:5432"),
        "{shown:?}"
    );
}
