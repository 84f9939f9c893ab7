//! `supadeck login`, `logout` and `whoami`.

use crate::keyring::Keyring;
use crate::test_environment::{PASSWORD, TestEnvironment};

const LOGIN: [&str; 4] = ["login", "--email", "alice@example.com", "--password-stdin"];

#[test]
fn a_session_is_kept_until_it_is_ended() {
    let mut test_env = TestEnvironment::full();
    let Some(_keyring) = Keyring::start(&mut test_env) else {
        return;
    };
    assert_eq!(test_env.data(&["whoami"])["kind"], "anon");
    let who = test_env.run(&["whoami"]);
    let project = format!("\nThe project is {}.\n", test_env.info.url);
    assert!(who.done().out.contains(&project), "{who:?}");
    assert_eq!(
        test_env.problem(4, &["whoami", "--as", "user"])["kind"],
        "auth"
    );
    let signed_in = test_env.run_with(&LOGIN, &format!("{PASSWORD}\n"));
    let url = &test_env.info.url;
    assert_eq!(
        signed_in.done().out,
        format!(
            "Signed in as alice@example.com (authenticated) on {url}.\n\
            The session is kept in the system's keyring; `supadeck logout` removes it.\n"
        )
    );
    assert_eq!(test_env.data(&["whoami"])["email"], "alice@example.com");
    let cycles = test_env.data(&["cycle", "list"]);
    assert!(!cycles.as_array().unwrap().is_empty());
    assert_eq!(test_env.data(&["whoami", "--as", "anon"])["kind"], "anon");
    let ended = test_env.run(&["logout"]);
    let out = &ended.done().out;
    assert!(
        out.starts_with(&format!(
            "alice@example.com is signed out of {url}: the session is removed"
        )),
        "{out}"
    );
    assert_eq!(test_env.data(&["whoami"])["kind"], "anon");
    let again = test_env.run(&["logout"]);
    assert_eq!(again.done().out, format!("No session is kept for {url}.\n"));
}

#[test]
fn users_are_kept_side_by_side_and_chosen_by_name() {
    let mut test_env = TestEnvironment::full();
    let Some(_keyring) = Keyring::start(&mut test_env) else {
        return;
    };
    let login = |email: &str| {
        let args = ["login", "--email", email, "--password-stdin"];
        test_env.run_with(&args, &format!("{PASSWORD}\n"))
    };
    login("alice@example.com").done();
    let out = login("bob@example.com").done().out.clone();
    assert!(
        out.contains("Kept too: alice@example.com; `--as user:EMAIL`"),
        "{out}"
    );
    let email = |args: &[&str]| {
        test_env.data(args)["email"]
            .as_str()
            .unwrap_or("-")
            .to_owned()
    };
    assert_eq!(email(&["whoami"]), "bob@example.com");
    assert_eq!(
        email(&["whoami", "--as", "user:alice@example.com"]),
        "alice@example.com"
    );
    assert_eq!(
        email(&["whoami", "--as", "user"]),
        "alice@example.com",
        "the last one used"
    );
    // Each sees the rows that are their own.
    let owners = |who: &str| {
        let cycles = test_env.data(&["cycle", "list", "--as", who]);
        let rows = cycles.as_array().unwrap().iter();
        let owners: std::collections::BTreeSet<String> = rows
            .map(|row| row["user_id"].as_str().unwrap().to_owned())
            .collect();
        owners
    };
    let (hers, his) = (
        owners("user:alice@example.com"),
        owners("user:BOB@example.com"),
    );
    assert!(
        hers.len() == 1 && his.len() == 1 && hers != his,
        "{hers:?} {his:?}"
    );
    let text = test_env.run(&["whoami", "--as", "user:alice@example.com"]);
    let text = &text.done().out;
    for line in [
        "alice@example.com  authenticated  --as user:alice@example.com  reads now",
        "bob@example.com    authenticated  --as user:bob@example.com",
    ] {
        assert!(text.contains(line), "{text}");
    }
    let json = test_env.run(&["whoami", "--json"]);
    let kept = json.done().document()["meta"]["kept"].clone();
    assert_eq!(kept.as_array().unwrap().len(), 2, "{kept}");
    let nobody = test_env.problem(4, &["goal", "list", "--as", "user:carol@example.com"]);
    let url = &test_env.info.url;
    assert_eq!(
        nobody["what"],
        format!("carol@example.com is not signed in on {url}.")
    );
    assert_eq!(
        nobody["why"],
        "The users kept for it are alice@example.com and bob@example.com."
    );
    assert_eq!(
        nobody["hint"],
        "Sign in with `supadeck login --email carol@example.com`."
    );
    for odd in ["user:", "root", "userx", "service:x"] {
        test_env.run(&["whoami", "--as", odd]).ended(2);
    }
    // One is signed out: the other stays, and is read as only when that is asked for.
    let out = test_env.run(&["logout"]).done().out.clone();
    assert!(
        out.starts_with("alice@example.com is signed out of"),
        "{out}"
    );
    assert!(out.contains("Still kept: bob@example.com."), "{out}");
    assert_eq!(test_env.data(&["whoami"])["kind"], "anon");
    assert_eq!(email(&["whoami", "--as", "user"]), "bob@example.com");
    test_env.problem(4, &["logout", "alice@example.com"]);
    login("alice@example.com").done();
    test_env.run(&["logout", "bob@example.com"]).done();
    assert_eq!(email(&["whoami"]), "alice@example.com");
    login("bob@example.com").done();
    test_env.run(&["logout", "--all"]).done();
    assert_eq!(test_env.data(&["whoami"])["kind"], "anon");
    test_env.problem(4, &["whoami", "--as", "user"]);
}

#[test]
fn a_wrong_password_and_a_wrong_address_are_refused() {
    let mut test_env = TestEnvironment::full();
    let Some(_keyring) = Keyring::start(&mut test_env) else {
        return;
    };
    let refused = test_env.run_with(&[&LOGIN[..], &["--json"]].concat(), "wrong-password\n");
    let document = refused.ended(4).document();
    assert_eq!(document["problem"]["code"], "invalid_credentials");
    assert!(!refused.out.contains("wrong-password") && !refused.err.contains("wrong-password"));
    let empty = test_env.run_with(&LOGIN, "");
    empty.ended(2);
    let nobody = test_env.run_with(&["login", "--email", "nobody", "--password-stdin"], "x");
    nobody.ended(2);
    test_env.problem(2, &["login"]);
    test_env.problem(2, &["login", "--email", "alice@example.com"]);
}

#[test]
fn a_code_from_an_e_mail_signs_in() {
    let mut test_env = TestEnvironment::own();
    let Some(_keyring) = Keyring::start(&mut test_env) else {
        return;
    };
    let asked = test_env.run(&["login", "--email", "bob@example.com", "--code"]);
    // Without a terminal the code has been sent, and then there is nobody to type it.
    let said = &asked.ended(2).err;
    for part in [
        "A code was sent to bob@example.com",
        "--code --password-stdin",
    ] {
        assert!(said.contains(part), "{said}");
    }
    let code = test_env.mail("bob@example.com");
    let args = [
        "login",
        "--email",
        "bob@example.com",
        "--code",
        "--password-stdin",
    ];
    let signed_in = test_env.run_with(&args, &code);
    let out = &signed_in.done().out;
    assert!(
        out.starts_with("Signed in as bob@example.com (authenticated) on http"),
        "{out}"
    );
    test_env.run_with(&args, "000000").ended(4);
}

#[test]
fn without_a_keyring_login_says_what_to_do_instead() {
    let mut test_env = TestEnvironment::full();
    let refused = test_env.run_with(&LOGIN, PASSWORD);
    refused.ended(3);
    assert!(refused.err.contains("SUPADECK_PASSWORD"), "{refused:?}");
    test_env.sign_in("alice@example.com");
    assert_eq!(
        test_env.data(&["whoami", "--as", "user"])["email"],
        "alice@example.com"
    );
    assert_eq!(
        test_env.data(&["whoami"])["kind"],
        "anon",
        "nobody is signed in without asking for it"
    );
    test_env.set("SUPADECK_PASSWORD", "wrong");
    assert_eq!(
        test_env.problem(4, &["whoami", "--as", "user"])["code"],
        "invalid_credentials"
    );
}
