//! A profile that replaces another: production stays unless its name says otherwise, and what is forgotten is said.

use crate::keyring::Keyring;
use crate::world::World;
use std::fs;

fn kept(world: &World) -> String {
    fs::read_to_string(world.path("config").join("supadeck/profiles.toml")).unwrap()
}

/// A production profile that knows its database, and the words that replace it.
fn live(world: &World, url: &str) {
    let dir = world.path("config").join("supadeck");
    fs::create_dir_all(&dir).unwrap();
    let text = format!(
        "default = \"live\"\n\n[profiles.live]\nurl = \"{url}\"\nproduction = true\ndatabase_id = \"1/5\"\n"
    );
    fs::write(dir.join("profiles.toml"), text).unwrap();
}

fn replace<'a>(url: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let add = [
        "profile",
        "add",
        "live",
        "--replace",
        "--no-check",
        "--key",
        "env:K",
        "--url",
        url,
    ];
    [&add[..], more].concat()
}

#[test]
fn a_production_profile_stays_one_when_it_is_replaced() {
    const URL: &str = "http://127.0.0.1:9";
    let mut world = World::nowhere();
    world.set("K", "sb_publishable_abcdefgh");
    live(&world, URL);
    for url in [URL, "http://localhost:9/"] {
        for more in [&[][..], &["--production"]] {
            let added = world.data(&replace(url, more));
            assert_eq!(added["production"], true, "{added}");
            assert!(kept(&world).contains("database_id = \"1/5\""));
        }
    }
    live(&world, URL);
    let before = kept(&world);
    const OTHER: &str = "http://127.0.0.1:8";
    for args in [
        replace(OTHER, &[]),
        replace(OTHER, &["--production"]),
        replace(URL, &["--no-production"]),
        replace(OTHER, &["--confirm", "dev"]),
    ] {
        let problem = world.problem(2, &args);
        let hint = problem["hint"].as_str().unwrap();
        assert!(hint.contains("--confirm live"), "{problem}");
        assert_eq!(kept(&world), before);
    }
    let added = world.data(&replace(OTHER, &["--confirm", "live"]));
    assert_eq!(added["production"], true, "{added}");
    assert!(
        !kept(&world).contains("database_id"),
        "it was that of another project"
    );
    live(&world, URL);
    let added = world.data(&replace(URL, &["--no-production", "--confirm", "live"]));
    assert_eq!(added["production"], false, "{added}");
    assert!(!kept(&world).contains("database_id"));
    // One that is none is replaced as before, and can become one.
    let added = world.data(&replace(OTHER, &["--production"]));
    assert_eq!(added["production"], true, "{added}");
}

#[test]
fn a_production_profile_whose_database_is_not_known_says_so() {
    let mut world = World::full();
    let key = world.info.publishable_key.clone();
    let (url, db) = (world.info.url.clone(), world.info.db_url.clone());
    for name in ["URL", "PUBLISHABLE_KEY", "SECRET_KEY", "DB_URL"] {
        world.unset(&format!("SUPABASE_{name}"));
    }
    world.set("K", key).set("D", db);
    let said =
        "Its database is not known yet; the first connection with this profile makes it known.";
    let add = ["profile", "add", "live", "--key", "env:K", "--url", &url];
    for (more, is_known) in [
        (&["--production"][..], false),
        (&["--production", "--db-url", "env:D", "--no-check"], false),
        (&["--production", "--db-url", "env:D"], true),
    ] {
        let file = world.path("config").join("supadeck/profiles.toml");
        let _ = fs::remove_file(&file);
        let args = [&add[..], more].concat();
        let ran = world.run(&args);
        assert_eq!(ran.done().out.contains(said), !is_known, "{ran:?}");
        fs::remove_file(&file).unwrap();
        let document = world.run(&[&args[..], &["--json"]].concat());
        let document = document.done().document();
        assert_eq!(document["meta"]["database_known"], is_known, "{document}");
    }
}

#[test]
fn what_a_replaced_profile_had_and_has_no_more_is_said() {
    let mut world = World::nowhere();
    world
        .set("K", "sb_publishable_abcdefgh")
        .set("S", "sb_secret_abcdefgh");
    let url = "http://127.0.0.1:9";
    let with_secret = ["--secret-key", "env:S"];
    let said = "Of the profile before, these are forgotten: secret key.";
    let check = |world: &World| {
        let first = world.run(&replace(url, &with_secret));
        assert!(!first.done().out.contains("forgotten"), "{first:?}");
        let again = world.run(&replace(url, &with_secret));
        assert!(!again.done().out.contains("forgotten"), "{again:?}");
        let ran = world.run(&replace(url, &[]));
        assert!(ran.done().out.contains(said), "{ran:?}");
        world.run(&replace(url, &with_secret)).done();
        let document = world.run(&[&replace(url, &[])[..], &["--json"]].concat());
        let document = document.done().document();
        assert_eq!(
            document["meta"]["forgotten"],
            serde_json::json!(["secret key"]),
            "{document}"
        );
    };
    check(&world);
    world.unset("SUPADECK_KEYRING");
    let Some(_keyring) = Keyring::start(&mut world) else {
        return;
    };
    world.run(&["profile", "remove", "live"]).done();
    check(&world);
}

#[test]
fn nothing_is_said_to_be_kept_that_is_not() {
    let mut world = World::nowhere();
    world.files(&[
        ("supabase/config.toml", "project_id = \"p\"\n"),
        ("supabase/.temp/project-ref", "abcdefghijklmnopqrst"),
    ]);
    world
        .set("K", "sb_publishable_abcdefgh")
        .set("SUPABASE_DB_PASSWORD", "hush");
    let add = ["profile", "add", "--linked", "--key", "env:K", "--no-check"];
    let ran = world.run(&add);
    assert_eq!(ran.code, 3, "{ran:?}");
    assert!(!ran.err.contains("is kept"), "{ran:?}");
    assert!(ran.err.contains("was not added"), "{ran:?}");
    assert!(!ran.err.contains("hush"), "{ran:?}");
}
