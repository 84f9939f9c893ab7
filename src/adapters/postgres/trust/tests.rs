//! The rules for every word of `sslmode`, `sslrootcert` and `require_auth`, on every kind of host.
#![allow(clippy::unwrap_used)]
use super::*;
use crate::domain::problem::Kind;

fn tcp(name: &str) -> Host {
    Host::Tcp(name.to_owned())
}

fn given(query: &str, variables: &PgVariables) -> Result<Requirements, Problem> {
    let mut parameters = Parameters::default();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap();
        let slot = match name {
            "sslmode" => &mut parameters.sslmode,
            "sslrootcert" => &mut parameters.sslrootcert,
            "require_auth" => &mut parameters.require_auth,
            "sslnegotiation" => {
                parameters.is_direct = value == "direct";
                continue;
            }
            other => panic!("{other}"),
        };
        *slot = Some(value.to_owned());
    }
    Requirements::new(parameters, variables, true)
}

fn policy(query: &str, variables: &PgVariables, host: &str) -> Policy {
    given(query, variables)
        .unwrap()
        .policy(Some(&tcp(host)), None)
}

fn with_root_file() -> PgVariables {
    PgVariables {
        root_file: Some("/home/me/.postgresql/root.crt".into()),
        ..PgVariables::default()
    }
}

#[test]
fn the_words_of_sslmode_are_those_of_libpq() {
    let none = PgVariables::default();
    for (query, verify, with_file) in [
        ("", Verify::IfOffered, Verify::IfOffered),
        ("sslmode=disable", Verify::Disabled, Verify::Disabled),
        ("sslmode=allow", Verify::IfOffered, Verify::IfOffered),
        ("sslmode=prefer", Verify::IfOffered, Verify::IfOffered),
        ("sslmode=require", Verify::Nothing, Verify::Chain),
        (
            "sslmode=require&sslrootcert=/x",
            Verify::Chain,
            Verify::Chain,
        ),
        (
            "sslmode=prefer&sslrootcert=/x",
            Verify::IfOffered,
            Verify::IfOffered,
        ),
        ("sslmode=verify-ca", Verify::Chain, Verify::Chain),
        (
            "sslmode=verify-full",
            Verify::ChainAndName,
            Verify::ChainAndName,
        ),
        (
            "sslrootcert=system",
            Verify::ChainAndName,
            Verify::ChainAndName,
        ),
    ] {
        assert_eq!(policy(query, &none, "h").verify, verify, "{query}");
        let found = policy(query, &with_root_file(), "h");
        assert_eq!(found.verify, with_file, "{query} with the file");
    }
    for query in [
        "sslmode=hush",
        "sslmode=require&sslrootcert=system",
        "sslmode=verify-ca&sslrootcert=system",
        "require_auth=hush",
        "sslnegotiation=direct",
        "sslnegotiation=direct&sslmode=prefer",
        "require_auth=password,!md5",
        "require_auth=",
    ] {
        let problem = given(query, &none).unwrap_err();
        assert_eq!(problem.kind, Kind::Config, "{query}");
    }
}

#[test]
fn tls_without_a_question_is_for_modes_that_want_tls() {
    let none = PgVariables::default();
    for mode in ["require", "verify-ca", "verify-full"] {
        let query = format!("sslnegotiation=direct&sslmode={mode}");
        assert!(policy(&query, &none, "h").is_direct, "{query}");
    }
    assert!(!policy("sslmode=require&sslnegotiation=postgres", &none, "h").is_direct);
}

#[test]
fn the_named_roots_go_before_the_file_at_home_and_that_before_the_system() {
    let roots =
        |query: &str, variables: &PgVariables, host: &str| policy(query, variables, host).roots;
    let file = |path: &str| Roots {
        file: Some(path.into()),
        ..Roots::default()
    };
    let system = Roots {
        system: true,
        ..Roots::default()
    };
    let none = PgVariables::default();
    assert_eq!(roots("sslmode=verify-ca", &none, "h"), system);
    assert_eq!(roots("sslrootcert=system", &with_root_file(), "h"), system);
    assert_eq!(
        roots("sslmode=verify-ca", &with_root_file(), "h"),
        file("/home/me/.postgresql/root.crt")
    );
    assert_eq!(
        roots("sslmode=verify-ca&sslrootcert=/x", &with_root_file(), "h"),
        file("/x")
    );
    let named = PgVariables {
        sslrootcert: Some("/y".into()),
        ..with_root_file()
    };
    assert_eq!(roots("sslmode=verify-ca", &named, "h"), file("/y"));
    // For a hosted project the built-in roots and the system's are there too, unless its URL names others.
    let hosted = "db.abc.supabase.co";
    assert_eq!(
        roots("", &named, hosted),
        Roots {
            supabase: true,
            system: true,
            file: Some("/y".into())
        }
    );
    assert_eq!(roots("sslrootcert=/x", &named, hosted), file("/x"));
}

#[test]
fn variables_say_what_the_url_does_not() {
    let variables = PgVariables {
        sslmode: Some("verify-full".into()),
        require_auth: Some("md5".into()),
        ..PgVariables::default()
    };
    let found = policy("", &variables, "h");
    assert_eq!(found.verify, Verify::ChainAndName);
    assert!(found.methods.md5 && !found.methods.scram);
    let found = policy("sslmode=require&require_auth=none", &variables, "h");
    assert_eq!(found.verify, Verify::Nothing);
    assert!(!found.methods.md5 && found.methods.none);
    let variables = PgVariables {
        sslmode: Some("nonsense".into()),
        ..PgVariables::default()
    };
    let problem = given("", &variables).unwrap_err();
    assert!(problem.why.contains("PGSSLMODE"), "{problem}");
}

#[test]
fn a_hosted_project_is_checked_in_full_and_nothing_like_it_is_taken_for_one() {
    let none = PgVariables::default();
    for host in [
        "db.abc.supabase.co",
        "DB.ABC.SUPABASE.CO",
        "db.abc.supabase.co.",
        "aws-0-eu-central-1.pooler.supabase.com",
        "db.abc.supabase.in",
    ] {
        for query in [
            "",
            "sslmode=disable",
            "sslmode=require",
            "sslmode=verify-ca",
        ] {
            assert_eq!(
                policy(query, &none, host).verify,
                Verify::ChainAndName,
                "{host} {query}"
            );
        }
        let requirements = given("sslmode=disable", &none).unwrap();
        let notes = requirements.notes(host, Some(&tcp(host)), None);
        assert_eq!(notes.len(), 1, "{notes:?}");
        assert!(
            notes[0].contains("sslmode=disable is not used"),
            "{notes:?}"
        );
        let requirements = given("", &none).unwrap();
        assert!(requirements.notes(host, Some(&tcp(host)), None).is_empty());
    }
    for host in [
        "supabase.co.example.org",
        "notsupabase.co",
        "db.supabase.co.evil",
        "supabase.co",
    ] {
        assert_eq!(policy("", &none, host).verify, Verify::IfOffered, "{host}");
    }
}

#[test]
fn only_scram_is_answered_where_nobody_checks_who_asks() {
    let none = PgVariables::default();
    let found = |query: &str, host: &str| policy(query, &none, host).methods;
    for query in ["", "sslmode=disable", "sslmode=prefer", "sslmode=require"] {
        for host in [
            "db.example.org",
            "192.0.2.1",
            "127.0.0.1.example.org",
            "localhost.example.org",
            "0.0.0.0",
            "::",
        ] {
            assert_eq!(found(query, host), Methods::SCRAM, "{query} {host}");
        }
        for host in [
            "localhost",
            "LOCALHOST",
            "127.0.0.1",
            "127.9.9.9",
            "::1",
            "::ffff:127.0.0.1",
        ] {
            assert_eq!(found(query, host), Methods::ANY, "{query} {host}");
        }
    }
    for query in [
        "sslmode=verify-ca",
        "sslmode=verify-full",
        "sslmode=require&sslrootcert=/x",
    ] {
        assert_eq!(found(query, "db.example.org"), Methods::ANY, "{query}");
    }
    // An address of this machine does not make another name this machine, nor the other way round.
    let requirements = given("", &none).unwrap();
    let here = Some("127.0.0.1".parse().unwrap());
    let there = Some("192.0.2.1".parse().unwrap());
    for (host, address) in [
        (Some("db.example.org"), here),
        (Some("localhost"), there),
        (None, there),
    ] {
        let host = host.map(tcp);
        let found = requirements.policy(host.as_ref(), address).methods;
        assert_eq!(found, Methods::SCRAM);
    }
    assert_eq!(requirements.policy(None, here).methods, Methods::ANY);
    // Whoever has no password cannot lose it.
    let requirements = Requirements::new(Parameters::default(), &none, false).unwrap();
    let found = requirements.policy(Some(&tcp("db.example.org")), None);
    assert!(found.methods.none && !found.methods.password && !found.methods.md5);
}

#[test]
fn require_auth_is_the_persons_word() {
    let none = PgVariables::default();
    for (words, password, md5, scram, nothing) in [
        ("password", true, false, false, false),
        ("md5", false, true, false, false),
        ("scram-sha-256", false, false, true, false),
        ("none", false, false, false, true),
        ("password,md5", true, true, false, false),
        ("!password,!md5", false, false, true, true),
        ("!none", true, true, true, false),
        ("gss,scram-sha-256", false, false, true, false),
    ] {
        for host in ["db.example.org", "localhost"] {
            let found = policy(&format!("require_auth={words}"), &none, host).methods;
            assert_eq!(
                (found.password, found.md5, found.scram, found.none),
                (password, md5, scram, nothing),
                "{words} {host}"
            );
        }
    }
}

#[test]
fn the_notes_say_what_is_not_checked() {
    let none = PgVariables::default();
    let notes = |query: &str, host: Host, address: Option<IpAddr>| {
        let requirements = given(query, &none).unwrap();
        requirements.notes("SHOWN", Some(&host), address)
    };
    for (query, words) in [
        ("", vec!["may be unencrypted", "not checked", "only SCRAM"]),
        ("sslmode=disable", vec!["not encrypted", "only SCRAM"]),
        (
            "sslmode=require",
            vec!["is encrypted", "certificate is not checked", "only SCRAM"],
        ),
        (
            "sslmode=require&require_auth=password",
            vec!["require_auth"],
        ),
        ("sslmode=verify-ca", vec!["its name is not checked"]),
    ] {
        let told = notes(query, tcp("db.example.org"), None).join(" ");
        assert!(told.contains("SHOWN"), "{told}");
        assert!(told.contains("sslmode=verify-full"), "{told}");
        for word in words {
            assert!(told.contains(word), "{query}: {told}");
        }
    }
    assert!(notes("sslmode=verify-full", tcp("db.example.org"), None).is_empty());
    for host in [
        tcp("127.0.0.1"),
        tcp("localhost"),
        Host::Unix("/run/pg".into()),
    ] {
        assert!(notes("sslmode=disable", host, None).is_empty());
    }
    let elsewhere = Some("192.0.2.1".parse().unwrap());
    assert!(!notes("", tcp("localhost"), elsewhere).is_empty());
}
