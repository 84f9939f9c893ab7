//! `supadeck login`, `logout` and `whoami`.

use crate::keyring::Keyring;
use crate::world::{PASSWORD, World};

const LOGIN: [&str; 4] = ["login", "--email", "alice@example.com", "--password-stdin"];

#[test]
fn a_session_is_kept_until_it_is_ended() {
    let mut world = World::full();
    let Some(_keyring) = Keyring::start(&mut world) else {
        return;
    };
    assert_eq!(world.data(&["whoami"])["kind"], "anon");
    let who = world.run(&["whoami"]);
    let project = format!("\nThe project is {}.\n", world.info.url);
    assert!(who.done().out.contains(&project), "{who:?}");
    assert_eq!(
        world.problem(4, &["whoami", "--as", "user"])["kind"],
        "auth"
    );
    let signed_in = world.run_with(&LOGIN, &format!("{PASSWORD}\n"));
    let url = &world.info.url;
    assert_eq!(
        signed_in.done().out,
        format!(
            "Signed in as alice@example.com (authenticated) on {url}.\n\
            The session is kept in the system's keyring; `supadeck logout` removes it.\n"
        )
    );
    assert_eq!(world.data(&["whoami"])["email"], "alice@example.com");
    let cycles = world.data(&["cycle", "list"]);
    assert!(!cycles.as_array().unwrap().is_empty());
    assert_eq!(world.data(&["whoami", "--as", "anon"])["kind"], "anon");
    let ended = world.run(&["logout"]);
    let out = &ended.done().out;
    assert!(
        out.starts_with(&format!(
            "alice@example.com is signed out of {url}: the session is removed"
        )),
        "{out}"
    );
    assert_eq!(world.data(&["whoami"])["kind"], "anon");
    let again = world.run(&["logout"]);
    assert_eq!(again.done().out, format!("No session is kept for {url}.\n"));
}

#[test]
fn a_wrong_password_and_a_wrong_address_are_refused() {
    let mut world = World::full();
    let Some(_keyring) = Keyring::start(&mut world) else {
        return;
    };
    let refused = world.run_with(&[&LOGIN[..], &["--json"]].concat(), "wrong-password\n");
    let document = refused.ended(4).document();
    assert_eq!(document["problem"]["code"], "invalid_credentials");
    assert!(!refused.out.contains("wrong-password") && !refused.err.contains("wrong-password"));
    let empty = world.run_with(&LOGIN, "");
    empty.ended(2);
    let nobody = world.run_with(&["login", "--email", "nobody", "--password-stdin"], "x");
    nobody.ended(2);
    world.problem(2, &["login"]);
    world.problem(2, &["login", "--email", "alice@example.com"]);
}

#[test]
fn a_code_from_an_e_mail_signs_in() {
    let mut world = World::own();
    let Some(_keyring) = Keyring::start(&mut world) else {
        return;
    };
    let asked = world.run(&["login", "--email", "bob@example.com", "--code"]);
    // Without a terminal the code has been sent, and then there is nobody to type it.
    let said = &asked.ended(2).err;
    for part in [
        "A code was sent to bob@example.com",
        "--code --password-stdin",
    ] {
        assert!(said.contains(part), "{said}");
    }
    let code = world.mail("bob@example.com");
    let args = [
        "login",
        "--email",
        "bob@example.com",
        "--code",
        "--password-stdin",
    ];
    let signed_in = world.run_with(&args, &code);
    let out = &signed_in.done().out;
    assert!(
        out.starts_with("Signed in as bob@example.com (authenticated) on http"),
        "{out}"
    );
    world.run_with(&args, "000000").ended(4);
}

#[test]
fn without_a_keyring_login_says_what_to_do_instead() {
    let mut world = World::full();
    let refused = world.run_with(&LOGIN, PASSWORD);
    refused.ended(3);
    assert!(refused.err.contains("SUPADECK_PASSWORD"), "{refused:?}");
    world.sign_in("alice@example.com");
    assert_eq!(
        world.data(&["whoami", "--as", "user"])["email"],
        "alice@example.com"
    );
    assert_eq!(
        world.data(&["whoami"])["kind"],
        "anon",
        "nobody is signed in without asking for it"
    );
    world.set("SUPADECK_PASSWORD", "wrong");
    assert_eq!(
        world.problem(4, &["whoami", "--as", "user"])["code"],
        "invalid_credentials"
    );
}
