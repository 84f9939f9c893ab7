//! A whole session at the most verbose level: afterwards no secret that was used stands in any output or file.

use crate::keyring::Keyring;
use crate::test_environment::{PASSWORD, Ran, TestEnvironment, texts};
use crate::totp_app::{SECRET, code, enroll};
use std::fs;

/// Not the code of any step near now: it is looked for, and must be found nowhere by chance.
const WRONG_CODE: &str = "918273";

/// What must never be seen, with the name to report it by.
fn secrets(test_env: &TestEnvironment) -> Vec<(&'static str, String)> {
    let info = &test_env.info;
    let password = info.db_url.split(['@', ':']).nth(2).unwrap().to_owned();
    vec![
        ("publishable key", info.publishable_key.clone()),
        ("secret key", info.secret_key.clone()),
        ("anon key", info.anon_key.clone()),
        ("service role key", info.service_role_key.clone()),
        ("database password", password),
        ("JWT secret", info.jwt_secret.clone()),
        ("user's password", PASSWORD.to_owned()),
        ("wrong password", "wr0ng-passw0rd".to_owned()),
        ("secret of the second factor", SECRET.to_owned()),
        ("wrong code of the second factor", WRONG_CODE.to_owned()),
        ("a JWT", "eyJ".to_owned()),
    ]
}

#[test]
fn no_secret_reaches_an_output_a_log_or_a_file() {
    let mut test_env = TestEnvironment::own();
    // The seeds hold the demo password in clear, so their statements would be found: they are not part of this session.
    test_env.set("SUPADECK_LOG", "trace");
    let keyring = Keyring::start(&mut test_env);
    let mut runs: Vec<Ran> = Vec::new();
    let mut codes = Vec::new();
    if keyring.is_some() {
        let login = ["login", "--email", "alice@example.com", "--password-stdin"];
        runs.push(test_env.run_with(&login, "wr0ng-passw0rd"));
        runs.push(test_env.run_with(&login, PASSWORD));
        assert_eq!(runs[1].code, 0, "{:?}", runs[1]);
        enroll(&test_env, "alice@example.com");
        let totp = |code: &str| {
            let step_up = ["login", "--second-factor", "--totp", "-"];
            test_env.run_with(&step_up, code)
        };
        runs.push(totp(WRONG_CODE));
        codes.push(code());
        runs.push(totp(&codes[0]));
        assert_eq!(runs.last().unwrap().code, 0, "{:?}", runs.last());
        runs.push(test_env.run(&["login", "--second-factor", "--totp", WRONG_CODE]));
        runs.push(test_env.run(&["login", WRONG_CODE]));
        runs.push(test_env.run(&["profile", "add", "local"]));
    }
    for args in [
        ["whoami"].as_slice(),
        &["doctor"],
        &["doctor", "--json"],
        &["migration", "list"],
        &["migration", "rollback", "--last", "1"],
        &["migration", "rollback", "--last", "1", "--yes"],
        &["migration", "apply", "--yes", "--json"],
        &["seed", "list"],
        &["cycle", "list"],
        &["lock", "list", "--as", "service"],
        &["audit", "list", "--as", "service", "--limit", "5"],
        &["types", "zod"],
        &["cycle", "list", "--key", &test_env.info.secret_key],
        &["migration", "list", "--db-url", &test_env.info.db_url],
        &["migration", "list", &test_env.info.db_url],
        &["profile", "list"],
        &["logout"],
    ] {
        runs.push(test_env.run(args));
    }
    let mut broken = TestEnvironment::own();
    broken.set("SUPADECK_LOG", "trace");
    let wrong = broken.info.db_url.replace("@127", "wr0ng-passw0rd@127");
    broken.set("SUPABASE_DB_URL", wrong);
    runs.push(broken.run(&["migration", "list"]));
    assert_ne!(runs.last().unwrap().code, 0);
    broken.set("SUPABASE_URL", "http://127.0.0.1:1");
    runs.push(broken.run(&["cycle", "list", "--as", "service"]));

    let mut places: Vec<(String, String)> = Vec::new();
    for ran in runs {
        places.push(("stdout".to_owned(), ran.out));
        places.push(("stderr".to_owned(), ran.err));
    }
    let mut logged = 0;
    for test_env in [&test_env, &broken] {
        for (path, text) in texts(test_env.home.path()) {
            if path.ends_with("supadeck.log") {
                logged += text.len();
            }
            places.push((path.display().to_string(), text));
        }
        let journal = test_env.sql("select j::text from supabase_migrations.supadeck_journal j");
        assert!(!journal.is_empty());
        places.push(("journal".to_owned(), journal.join("\n")));
    }
    assert!(logged > 0, "nothing was logged at all");
    for (place, text) in places {
        let codes = codes.iter().map(|code| ("right code", code.clone()));
        let all = secrets(&test_env).into_iter().chain(secrets(&broken));
        for (name, secret) in all.chain(codes) {
            assert!(!text.contains(&secret), "the {name} is in {place}: {text}");
        }
    }
}

#[test]
fn the_log_is_private_and_quiet_by_default() {
    let mut test_env = TestEnvironment::full();
    test_env.run(&["migration", "list"]).done();
    assert!(!test_env.path("state/supadeck/supadeck.log").exists());
    test_env
        .run(&["migration", "list", "--log-level", "debug", "--json"])
        .done();
    test_env.set("SUPADECK_LOG", "trace");
    test_env.problem(
        7,
        &[
            "migration",
            "list",
            "--db-url",
            "postgresql://postgres@127.0.0.1:1/x",
        ],
    );
    let log = test_env.path("state/supadeck/supadeck.log");
    assert!(fs::read_to_string(&log).unwrap().contains("supadeck"));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(
            fs::metadata(&log).unwrap().permissions().mode() & 0o777,
            0o600
        );
    }
    test_env.set("SUPADECK_LOG", "hyper=trace");
    test_env.problem(2, &["migration", "list"]);
}
