//! Odd texts for every option that takes one: exit code 70 is for faults of the program, and no input leads there.

use crate::test_environment::{Ran, TestEnvironment};
use std::fs;

const ODD: &[&str] = &[
    "",
    " ",
    "-",
    "\u{7f}\u{1b}[31m",
    "\u{202e}abc",
    "ä漢🙂",
    "../../etc/passwd",
    "a\nb",
    "%00%zz",
    "99999999999999999999999999",
    "-1",
    "9e131071",
    "2026-02-30",
    "-292277-01-01",
    "10000-01-01T00:00:00Z",
    "http://h:99999",
    "https://[::1",
    "file:///etc/passwd",
    "postgres://u@h:0/d",
    "null",
    "after.\"",
    "after.a[99999999999999999999]:1",
    "((((((((((",
    "{}",
    "'; drop table x; --",
    "env:",
    "env:A=B",
    "env:\u{1}",
];

/// Commands with a place for a text.
const PLACES: &[&[&str]] = &[
    &["cycle", "list", "--url", "?"],
    &["cycle", "list", "--url=?"],
    &["cycle", "list", "--key=?"],
    &["migration", "list", "--db-url=?"],
    &["migration", "list", "--access-token=?"],
    &["migration", "list", "--dir", "?"],
    &["migration", "new", "?", "--dir", "."],
    &["migration", "show", "?"],
    &["migration", "plan", "--to=?"],
    &["migration", "rollback", "--to=?"],
    &["cycle", "list", "--profile=?"],
    &["profile", "add", "?", "--no-check"],
    &["profile", "add", "x", "--no-check", "--url=?"],
    &["profile", "add", "x", "--no-check", "--secret-key=?"],
    &["profile", "use", "?"],
    &["profile", "remove", "?"],
    &["audit", "list", "--where=?"],
    &["audit", "list", "--where=after.?:1"],
    &["audit", "list", "--where=since:?"],
    &["audit", "list", "--limit=?"],
    &["migration", "plan", "--lock-timeout=?"],
    &["migration", "log", "?"],
    &["migration", "verify", "?"],
    &["migration", "repair", "--status", "applied", "?"],
    &["audit", "show", "?"],
    &["lock", "list", "--cycle=?"],
    &["lock", "unlock", "--plan=?", "--for", "1h", "--reason", "x"],
    &[
        "lock",
        "unlock",
        "--plan",
        "00000000-0000-0000-0000-000000000000",
        "--for=?",
        "--reason",
        "x",
    ],
    &["goal", "list", "--cycle=?"],
    &["login", "--email=?"],
    &["types", "zod", "--schema=?"],
    &["whoami", "--log-level=?"],
    &["completions", "?"],
];

#[test]
fn no_text_leads_to_a_fault_of_the_program() {
    let mut test_env = TestEnvironment::nowhere();
    test_env.files(&[("migrations/1_a.sql", "select 1;")]);
    test_env.set("SUPABASE_URL", "http://127.0.0.1:1");
    test_env.set("SUPABASE_PUBLISHABLE_KEY", "sb_publishable_x");
    for (row, place) in PLACES.iter().enumerate() {
        for (column, odd) in ODD.iter().enumerate() {
            // A third of the pairs, a different one for each place; addresses and keys take all.
            if row > 4 && (row + column) % 3 != 0 {
                continue;
            }
            let args: Vec<String> = place.iter().map(|arg| arg.replace('?', odd)).collect();
            let args: Vec<&str> = args.iter().map(String::as_str).collect();
            let ran = test_env.run(&args);
            assert!(
                ran.code != 70 && ran.code != 101 && ran.code >= 0,
                "{args:?}: {ran:?}"
            );
            assert!(!ran.err.contains("panicked"), "{args:?}: {ran:?}");
        }
    }
    // The environment too.
    for name in [
        "SUPABASE_URL",
        "SUPABASE_PUBLISHABLE_KEY",
        "SUPABASE_SECRET_KEY",
        "SUPABASE_DB_URL",
        "SUPABASE_ACCESS_TOKEN",
        "SUPADECK_API_URL",
        "SUPADECK_PROFILE",
        "SUPADECK_LOG",
        "XDG_CONFIG_HOME",
    ] {
        let mut test_env = TestEnvironment::nowhere();
        test_env.set(
            "SUPABASE_URL",
            format!("https://{}.supabase.co", "a".repeat(20)),
        );
        test_env.set("SUPABASE_ACCESS_TOKEN", "sbp_x");
        test_env.set("SUPADECK_API_URL", "http://127.0.0.1:1");
        for odd in ODD {
            test_env.set(name, *odd);
            let ran = test_env.run(&["migration", "list"]);
            assert!(ran.code != 70 && ran.code != 101, "{name}={odd:?}: {ran:?}");
        }
    }
}

/// What a server is asked for: the words of a filter become names of columns and values of conditions.
#[test]
fn no_filter_leads_to_a_fault_of_the_program() {
    let test_env = TestEnvironment::full();
    for text in [
        "after.a b:1",
        "after.a,b:1",
        "after.a)(b:1",
        "after.a->>b:x",
        "after.\"a.b\":1",
        "after.\"\\\"\":1",
        "after.\"\":1",
        "before.\u{200b}:x",
        "after.ä:1",
        "after.漢🙂:1",
        "after.a%b:1",
        "after.a&b=c:1",
        "after.tags[0]:x",
        "after.tags[-1]:x",
        "after.tags[99999999999999999999]:x",
        "after.v:null",
        "after.v>9e131071",
        "after.v>nan",
        "actor:\u{0}x",
        "action:(*)",
        "since:9999-12-31",
        "since:-9999",
        "subject:,",
        "id:x",
    ] {
        // A NUL cannot be an argument.
        if text.contains('\0') {
            continue;
        }
        let ran = test_env.run(&[
            "audit", "list", "--as", "service", "--limit", "1", "--where", text,
        ]);
        assert!(ran.code != 70 && ran.code != 101, "{text:?}: {ran:?}");
    }
}

#[test]
fn no_file_of_settings_leads_to_a_fault_of_the_program() {
    let test_env = TestEnvironment::nowhere();
    let folder = test_env.path("config/supadeck");
    fs::create_dir_all(&folder).unwrap();
    for name in ["profiles.toml", "config.toml", "keymap.toml"] {
        for text in [
            "\u{0}",
            "\u{feff}",
            "[",
            "a = ",
            "default = 1",
            "[profiles]\nx = 1",
            "[profiles.\"\"]\nurl = \"\"",
            "[profiles.\"a/b\"]\nurl = \"http://h:99999\"",
            "default = \"x\"\n[profiles.x]\nurl = \"\u{200b}\"",
            "\"app.quit\" = []",
            "\"app.quit\" = [\"\", \"ctrl-\", \"ctrl-ctrl-x\", \"f99\", \"ä\"]",
            "\"app.quit\" = \"q\"",
            "theme = \"\u{1b}\"",
            "a = 99999999999999999999999",
        ] {
            fs::write(folder.join(name), text).unwrap();
            for command in [
                ["keys"].as_slice(),
                &["profile", "list"],
                &["whoami"],
                &["doctor"],
            ] {
                let ran = test_env.run(command);
                assert!(
                    ran.code != 70 && ran.code != 101,
                    "{name} {text:?} {command:?}: {ran:?}"
                );
                assert!(!ran.err.contains("panicked"), "{ran:?}");
            }
        }
        fs::write(folder.join(name), [0xff, 0xfe, b'a']).unwrap();
        let ran = test_env.run(&["keys"]);
        assert!(ran.code != 70 && ran.code != 101, "{name}: {ran:?}");
        fs::remove_file(folder.join(name)).unwrap();
    }
}

/// A variable that is not UTF-8 is a fault: taken for one that is not set, another project or database would be meant.
#[test]
#[cfg(unix)]
fn a_variable_that_is_no_text_is_named_and_nothing_else_is_used() {
    use std::os::unix::ffi::OsStrExt as _;
    let test_env = TestEnvironment::full();
    for name in ["SUPABASE_URL", "SUPABASE_DB_URL", "SUPABASE_SECRET_KEY"] {
        let mut command = test_env.command(&["migration", "list"]);
        command.env(
            name,
            std::ffi::OsStr::from_bytes(b"postgresql://u:p\xe9ss@h/d"),
        );
        let ran = Ran::of(command.spawn().unwrap());
        assert_eq!(ran.code, 3, "{name} {ran:?}");
        assert!(
            ran.err.contains(name) && ran.err.contains("not UTF-8"),
            "{ran:?}"
        );
    }
}
