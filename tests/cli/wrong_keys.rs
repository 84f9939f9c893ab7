//! Keys that are of the other kind than their place, or of another project than the URL: said, and not used.

use crate::test_environment::TestEnvironment;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use std::fs;

const REF: &str = "abcdefghijklmnopqrst";

/// A legacy key of a hosted project.
fn legacy(role: &str) -> String {
    let claims = format!(r#"{{"iss":"supabase","role":"{role}","ref":"{REF}"}}"#);
    format!(
        "eyJhbGciOiJIUzI1NiJ9.{}.c2ln",
        URL_SAFE_NO_PAD.encode(claims)
    )
}

#[test]
fn a_publishable_key_in_the_place_of_the_secret_one_is_named_for_what_it_is() {
    let mut test_env = TestEnvironment::full();
    let (publishable, anon) = (
        test_env.info.publishable_key.clone(),
        test_env.info.anon_key.clone(),
    );
    for key in [publishable, anon] {
        for name in ["SUPABASE_SECRET_KEY", "SUPABASE_SERVICE_ROLE_KEY"] {
            test_env
                .unset("SUPABASE_SECRET_KEY")
                .set(name, key.as_str());
            let problem = test_env.problem(3, &["cycle", "list", "--as", "service"]);
            let why = problem["why"].as_str().unwrap();
            let said =
                format!("{name} holds a publishable key, which does not make the service role.");
            assert_eq!(why, said);
            assert!(!problem.to_string().contains(&key), "{problem}");
            let out = test_env.run(&["doctor"]).out;
            assert!(
                out.contains(&format!("{name} holds a publishable")),
                "{out}"
            );
            test_env.unset(name);
        }
    }
}

#[test]
fn a_secret_key_in_the_place_of_the_publishable_one_is_named_for_what_it_is() {
    let mut test_env = TestEnvironment::full();
    let (secret, role) = (
        test_env.info.secret_key.clone(),
        test_env.info.service_role_key.clone(),
    );
    test_env
        .unset("SUPABASE_PUBLISHABLE_KEY")
        .unset("SUPABASE_SECRET_KEY");
    for key in [secret, role] {
        let said = "from the option --key is a secret key; it is used for the service role only.";
        let ran = test_env.run_with(&["whoami", "--key", "-"], &key);
        assert!(ran.done().err.contains(said), "{ran:?}");
        let ran = test_env.run_with(&["cycle", "list", "--as", "anon", "--key", "-"], &key);
        let problem = &ran.ended(3).err;
        assert!(
            problem.contains(said) && problem.contains("publishable key is not known"),
            "{ran:?}"
        );
        assert!(!ran.err.contains(&key), "{ran:?}");
        let ran = test_env.run_with(&["doctor", "--key", "-"], &key);
        assert!(ran.out.contains("is a secret key"), "{ran:?}");
        let ran = test_env.run_with(&["cycle", "list", "--as", "service", "--key", "-"], &key);
        ran.done();
        test_env.set("SUPABASE_PUBLISHABLE_KEY", key.as_str());
        let ran = test_env.run(&["cycle", "list", "--as", "anon"]);
        assert!(
            ran.ended(3)
                .err
                .contains("SUPABASE_PUBLISHABLE_KEY holds a secret key"),
            "{ran:?}"
        );
        test_env.unset("SUPABASE_PUBLISHABLE_KEY");
    }
    // With both, nothing is missing and nothing is said.
    let publishable = test_env.info.publishable_key.clone();
    test_env.set("SUPABASE_PUBLISHABLE_KEY", publishable);
    let key = test_env.info.secret_key.clone();
    let ran = test_env.run_with(&["whoami", "--key", "-"], &key);
    assert_eq!(ran.done().err, "");
}

#[test]
fn a_hosted_projects_legacy_key_is_not_sent_to_this_machine_or_an_ip_address() {
    let mut test_env = TestEnvironment::nowhere();
    for url in [
        "http://127.0.0.1:9",
        "http://localhost:9",
        "http://[::1]:9",
        "https://192.0.2.7",
    ] {
        test_env.set("SUPABASE_URL", url);
        for (name, role) in [
            ("SUPABASE_ANON_KEY", "anon"),
            ("SUPABASE_SERVICE_ROLE_KEY", "service_role"),
        ] {
            test_env.set(name, legacy(role));
            let problem = test_env.problem(3, &["cycle", "list"]);
            let why = problem["why"].as_str().unwrap();
            assert!(why.contains("another project"), "{url}: {problem}");
            test_env.unset(name);
        }
    }
    // One that is looked up is refused where it would be used.
    let file = test_env.path("k");
    fs::write(&file, legacy("anon")).unwrap();
    let command = format!("cmd:cat {}", file.display());
    let add = ["profile", "add", "a", "--key", &command, "--no-check"];
    test_env.data(&add);
    test_env.unset("SUPABASE_URL");
    let problem = test_env.problem(3, &["cycle", "list", "--as", "anon"]);
    let why = problem["why"].as_str().unwrap();
    assert!(why.contains("another project"), "{problem}");
}

#[test]
fn a_command_that_gives_a_key_of_the_other_kind_is_refused_in_both_places() {
    let mut test_env = TestEnvironment::full();
    let url = test_env.info.url.clone();
    let (secret, publishable) = (
        test_env.info.secret_key.clone(),
        test_env.info.publishable_key.clone(),
    );
    for name in ["URL", "PUBLISHABLE_KEY", "SECRET_KEY", "DB_URL"] {
        test_env.unset(&format!("SUPABASE_{name}"));
    }
    let command = |name: &str, key: &str| {
        let file = test_env.path(name);
        fs::write(&file, key).unwrap();
        format!("cmd:cat {}", file.display())
    };
    let (secret, publishable) = (command("s", &secret), command("p", &publishable));
    let add = ["profile", "add", "a", "--url", &url];
    let swapped = ["--key", &secret];
    let problem = test_env.problem(2, &[&add[..], &swapped].concat());
    assert!(
        problem["what"].as_str().unwrap().contains("no publishable"),
        "{problem}"
    );
    let swapped = ["--key", &publishable, "--secret-key", &publishable];
    let problem = test_env.problem(2, &[&add[..], &swapped].concat());
    assert!(
        problem["what"].as_str().unwrap().contains("no secret key"),
        "{problem}"
    );
    let file = test_env.path("config").join("supadeck/profiles.toml");
    assert!(!fs::exists(file).unwrap(), "nothing was kept");
}
