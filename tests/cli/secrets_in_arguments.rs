//! A secret given where a name, a path, a reference or a plain word belongs is refused, and told nowhere.

use crate::test_environment::{Ran, TestEnvironment, texts};
use std::fs;

/// The characters that are looked for.
const SECRET: &str = "Zq7xWKv9Qj3";

/// A home directory with a project that is not there, and everything logged.
fn test_env() -> TestEnvironment {
    let mut test_env = TestEnvironment::nowhere();
    test_env.files(&[("migrations/20250101000000_one.sql", "select 1;")]);
    test_env.set("SUPADECK_LOG", "trace");
    test_env.set("SUPABASE_URL", "http://127.0.0.1:1");
    test_env.set("SUPABASE_PUBLISHABLE_KEY", "sb_publishable_x");
    test_env.set("SUPABASE_DB_URL", "postgresql://postgres@127.0.0.1:1/x");
    test_env
}

/// Neither an output nor a file holds it, in whatever writing.
fn nothing_told(test_env: &TestEnvironment, ran: &Ran, of: &str) {
    let files = texts(test_env.home.path());
    let places = files
        .iter()
        .map(|(path, text)| (path.display().to_string(), text));
    let outputs = [
        ("stdout".to_owned(), &ran.out),
        ("stderr".to_owned(), &ran.err),
    ];
    for (place, text) in places.chain(outputs) {
        let is_there = text.to_lowercase().contains(&SECRET.to_lowercase());
        assert!(!is_there, "{of}: it is in {place}: {text}");
    }
}

/// Secrets as somebody may paste them.
fn secrets() -> Vec<String> {
    vec![
        format!("sb_secret_{SECRET}"),
        format!("sbp_{SECRET}"),
        format!("eyJ{SECRET}.e30.c2ln"),
        format!("postgresql://postgres:{SECRET}@h/x"),
        format!("postgres://postgres@h/x?password={SECRET}"),
        format!("password={SECRET}"),
    ]
}

#[test]
fn a_secret_behind_env_is_neither_kept_nor_repeated() {
    let test_env = test_env();
    let plain = [SECRET.to_owned(), format!("p w {SECRET}")];
    for secret in secrets().into_iter().chain(plain) {
        let reference = format!("env:{secret}");
        for option in ["--key", "--db-url", "--access-token"] {
            for args in [
                &["cycle", "list", option, &reference][..],
                &["profile", "add", "p", "--no-check", option, &reference],
                &[
                    "profile",
                    "add",
                    "p",
                    "--by-reference",
                    option,
                    &reference,
                    "--json",
                ],
            ] {
                let ran = test_env.run(args);
                nothing_told(&test_env, ran.ended(2), &format!("{args:?}"));
            }
        }
    }
    let named = test_env.problem(2, &["cycle", "list", "--key", "env:MY_KEY"]);
    assert!(named["why"].as_str().unwrap().contains("MY_KEY"), "{named}");
}

#[test]
fn a_command_with_a_password_is_not_kept() {
    let test_env = test_env();
    for command in [
        format!("sh -c 'echo postgres://postgres:{SECRET}@h/x'"),
        format!("echo postgresql://postgres@127.0.0.1/x?password={SECRET}"),
        format!("env PGPASSWORD={SECRET} foo"),
        format!("psql host=h password={SECRET}"),
        format!("vault --token={SECRET} get x"),
        format!("sh -c \"PGPASSWORD='{SECRET}' foo\""),
        format!("echo sb_secret_{SECRET}"),
    ] {
        let reference = format!("cmd:{command}");
        for args in [
            &["profile", "add", "p", "--no-check", "--key", &reference][..],
            &["migration", "list", "--db-url", &reference],
        ] {
            let ran = test_env.run(args);
            nothing_told(&test_env, ran.ended(2), &format!("{args:?}"));
        }
    }
}

#[test]
fn a_secret_in_the_place_of_a_name_or_a_path_is_not_repeated() {
    for secret in secrets() {
        let mut test_env = test_env();
        let secret = secret.as_str();
        for args in [
            &["cycle", "list", "--profile", secret][..],
            &["profile", "show", secret],
            &["profile", "use", secret],
            &["profile", "use", secret, "--accept-database"],
            &["profile", "remove", secret],
            &["profile", "add", secret, "--no-check"],
            &[
                "profile",
                "add",
                secret,
                "--url",
                "http://127.0.0.1:1",
                "--no-check",
                "--key",
                "env:MY_KEY",
            ],
            &["migration", "list", "--dir", secret],
            &[
                "profile",
                "add",
                "p",
                "--no-check",
                "--key",
                "env:MY_KEY",
                "--dir",
                secret,
            ],
            &["migration", "diff", secret],
            &["migration", "repair", secret, "--status", "applied"],
            &["migration", "new", secret],
            &["audit", "show", secret],
            &["audit", "list", "--where", secret],
            &["audit", "list", "--where", &format!("{SECRET} {secret}")],
            &["audit", "list", "--where", &format!("a={secret}:x")],
            &["cycle", "show", secret],
        ] {
            for args in [args.to_vec(), [args, &["--json"]].concat()] {
                let ran = test_env.run(&args);
                assert_ne!(ran.code, 0, "{args:?}: {ran:?}");
                nothing_told(&test_env, &ran, &format!("{args:?}"));
            }
        }
        for variable in ["SUPADECK_PROFILE", "PGSSLROOTCERT"] {
            let url = test_env.run(&["migration", "list"]);
            assert_ne!(url.code, 0);
            test_env.set(variable, secret);
            if variable == "SUPADECK_PROFILE" {
                test_env.unset("SUPABASE_URL");
            }
            for args in [["migration", "list"], ["profile", "show"]] {
                let ran = test_env.run(&args);
                assert_ne!(ran.code, 0, "{variable}: {ran:?}");
                nothing_told(&test_env, &ran, variable);
            }
            test_env.unset(variable);
        }
    }
}

/// What stands in the profiles is in the file, and in no output.
#[test]
fn a_secret_in_a_file_is_not_repeated() {
    let mut test_env = test_env();
    test_env.unset("SUPABASE_URL");
    let file = test_env.path("config/supadeck/profiles.toml");
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    let fine = "[profiles.a]\nurl = \"http://127.0.0.1:1\"\n";
    for secret in secrets() {
        for text in [
            format!("{fine}secrets = \"{secret}\"\n"),
            format!("{fine}production = \"{secret}\"\n"),
            format!("{fine}\"{secret}\" = 1\n"),
            format!("{fine}secrets.db_url = \"{secret}\"\n"),
            format!("{fine}secrets.secret_key = \"env:{secret}\"\n"),
            format!("default = \"{secret}\"\n{fine}"),
            format!("default = \"b\"\n[profiles.\"{secret}\"]\nurl = \"http://127.0.0.1:1\"\n"),
            format!("default = \"a\"\n[profiles.a]\nurl = \"{secret}\"\n"),
            format!("default = \"a\"\n{fine}project_ref = \"{secret}\"\n"),
        ] {
            fs::write(&file, &text).unwrap();
            for args in [
                &["profile", "list"][..],
                &["profile", "list", "--json"],
                &["profile", "show"],
                &["profile", "show", "--json"],
                &["profile", "use", "a"],
                &["cycle", "list"],
            ] {
                let ran = test_env.run(args);
                let told = format!("{}{}", ran.out, ran.err);
                assert!(!told.contains(SECRET), "{args:?} on {text}: {told}");
            }
        }
    }
}

#[test]
fn a_secret_in_a_file_of_the_other_program_is_not_repeated() {
    for secret in secrets() {
        for (name, text, option) in [
            ("supabase/.temp/project-ref", secret.clone(), "--linked"),
            (
                ".supabase/project.json",
                format!("{{\"ref\":{secret:?}}}"),
                "--linked",
            ),
            (
                "supabase/config.toml",
                format!("[api]\nport = {secret:?}"),
                "--local",
            ),
            (
                "supabase/config.toml",
                format!("project_id = {secret:?}"),
                "--local",
            ),
        ] {
            let mut test_env = TestEnvironment::nowhere();
            test_env.files(&[(name, text.as_str())]);
            for json in [&[][..], &["--json"]] {
                let args = [&["profile", "add", option, "--no-check"], json].concat();
                let ran = test_env.run(&args);
                let told = format!("{}{}", ran.out, ran.err);
                assert!(!told.contains(SECRET), "{args:?} on {text}: {told}");
            }
        }
    }
}
