//! The way to a Postgres server through the real binary: what libpq's variables do, what is said of an unchecked server,
//! and that such a server gets no password.

use crate::test_environment::TestEnvironment;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

const PASSWORD: &str = "hush-Zebra-4711";

/// A server without TLS that asks for the password in clear text and records what it gets.
fn impostor() -> (u16, Arc<Mutex<Vec<u8>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let heard = Arc::<Mutex<Vec<u8>>>::default();
    let same = Arc::clone(&heard);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let (mut stream, heard) = (stream.unwrap(), Arc::clone(&same));
            std::thread::spawn(move || {
                let mut bytes = [0; 4096];
                while let Ok(count @ 1..) = stream.read(&mut bytes) {
                    heard.lock().unwrap().extend_from_slice(&bytes[..count]);
                    let answer: &[u8] = match &bytes[..count] {
                        [0, 0, 0, 8, 4, 210, 22, 47] => b"N",
                        [0, ..] => b"R\0\0\0\x08\0\0\0\x03",
                        _ => return,
                    };
                    if stream.write_all(answer).is_err() {
                        return;
                    }
                }
            });
        }
    });
    (port, heard)
}

fn test_env(port: u16, host: &str, parameters: &str) -> TestEnvironment {
    let mut test_env = TestEnvironment::nowhere();
    test_env.set(
        "SUPABASE_DB_URL",
        format!("postgresql://someone:{PASSWORD}@{host}:{port}/d?hostaddr=127.0.0.1{parameters}"),
    );
    test_env
}

#[test]
fn an_unchecked_server_is_told_of_and_gets_no_password() {
    let (port, heard) = impostor();
    for parameters in ["", "&sslmode=disable", "&sslmode=prefer"] {
        let test_env = test_env(port, "db.example.org", parameters);
        for args in [["migration", "list"], ["types", "zod"]] {
            let ran = test_env.run(&args);
            ran.ended(4);
            assert!(
                ran.err.contains("asked for the password in clear text"),
                "{ran:?}"
            );
            assert!(ran.err.contains("sslmode=verify-full"), "{ran:?}");
        }
        let ran = test_env.run(&["migration", "list"]);
        assert!(ran.err.contains("only SCRAM is answered"), "{ran:?}");
        test_env.problem(4, &["migration", "plan"]);
    }
    let test_env = test_env(
        port,
        "db.abcdefghijklmnopqrst.supabase.co",
        "&sslmode=disable",
    );
    let ran = test_env.run(&["migration", "list"]);
    assert!(ran.ended(7).err.contains("does not offer TLS"), "{ran:?}");
    assert!(ran.err.contains("sslmode=disable is not used"), "{ran:?}");
    let heard = heard.lock().unwrap();
    assert!(!heard.is_empty());
    assert!(!String::from_utf8_lossy(&heard).contains(PASSWORD));
}

#[test]
fn the_variables_of_libpq_are_followed_where_the_url_is_silent() {
    let (port, _heard) = impostor();
    let mut test_env = test_env(port, "db.example.org", "");
    for (name, value, code, told) in [
        ("PGSSLMODE", "verify-full", 7, "does not offer TLS"),
        ("PGSSLMODE", "disable", 4, "is not encrypted"),
        ("PGSSLMODE", "nonsense", 3, "PGSSLMODE"),
        ("PGSSLROOTCERT", "system", 7, "does not offer TLS"),
        ("PGCONNECT_TIMEOUT", "soon", 3, "PGCONNECT_TIMEOUT"),
        ("PGREQUIREAUTH", "nonsense", 3, "PGREQUIREAUTH"),
        ("PGREQUIREAUTH", "md5", 4, "clear text"),
    ] {
        test_env.set(name, value);
        let ran = test_env.run(&["migration", "list"]);
        assert!(
            ran.ended(code).err.contains(told),
            "{name}={value}: {ran:?}"
        );
        assert!(!ran.err.contains(PASSWORD), "{ran:?}");
        test_env.unset(name);
    }
    // A root file at home makes `require` check, so it must be one.
    let folder = test_env.path(".postgresql");
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(folder.join("root.crt"), "none").unwrap();
    test_env.set("PGSSLMODE", "require");
    let ran = test_env.run(&["migration", "list"]);
    assert!(ran.ended(3).err.contains("root.crt"), "{ran:?}");
}

#[test]
fn the_limit_of_the_variable_ends_a_connection_that_says_nothing() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut test_env = test_env(silent.local_addr().unwrap().port(), "localhost", "");
    test_env.set("PGCONNECT_TIMEOUT", "1");
    let begun = Instant::now();
    let ran = test_env.run(&["migration", "list"]);
    assert!(ran.ended(7).err.contains("did not answer"), "{ran:?}");
    assert!(ran.err.contains("2 seconds"), "{ran:?}");
    assert!(begun.elapsed() < Duration::from_mins(1));
}
