//! Database URLs, project URLs, keys and tokens as people paste them: what is wrong is named, and where it came from, before
//! anything is resolved, connected or sent; and no piece of a password is told.

use crate::test_environment::{Ran, TestEnvironment, texts};
use std::net::TcpListener;

const REF: &str = "abcdefghijklmnopqrst";

/// A password with a character in its middle, of letters that no message has next to each other.
fn password(c: &str) -> String {
    format!("QXZ{c}KJQ{c}ZZX")
}

/// Pieces of three characters of it.
fn pieces(password: &str) -> Vec<String> {
    let chars: Vec<char> = password.chars().collect();
    chars
        .windows(3)
        .map(|piece| piece.iter().collect())
        .collect()
}

fn nothing_told(test_env: &TestEnvironment, password: &str, runs: &[Ran]) {
    let mut places: Vec<(String, String)> = Vec::new();
    for ran in runs {
        places.push((format!("stdout, exit {}", ran.code), ran.out.clone()));
        places.push((format!("stderr, exit {}", ran.code), ran.err.clone()));
    }
    for (path, text) in texts(test_env.home.path()) {
        places.push((path.display().to_string(), text));
    }
    for piece in pieces(password) {
        for (place, text) in &places {
            assert!(
                !text.contains(&piece),
                "{piece} of {password} in {place}: {text}"
            );
        }
    }
}

/// Every printable character and some others.
fn characters() -> Vec<String> {
    let odd = (' '..='~').filter(|c| !c.is_ascii_alphanumeric());
    odd.chain(['ä', '漢', '\u{a0}', '\u{200b}'])
        .map(String::from)
        .collect()
}

/// What RFC 3986 allows in a password as it is; `:` is not among it, because it separates.
const PLAIN: &str = "-._~!$&'()*+,;=";

#[test]
fn no_piece_of_a_password_is_told_or_looked_up() {
    let mut test_env = TestEnvironment::nowhere();
    test_env.set("SUPADECK_LOG", "trace");
    test_env.set("SUPABASE_URL", "http://127.0.0.1:1");
    test_env.set("SUPABASE_PUBLISHABLE_KEY", "sb_publishable_x");
    for (at, c) in characters().iter().enumerate() {
        let password = password(c);
        // Not every command for every character: a run takes a moment.
        let commands: &[&[&str]] = match at % 4 {
            0 => &[&["migration", "list"], &["doctor", "--json"]],
            1 => &[
                &["migration", "list", "--json"],
                &["profile", "add", "p", "--no-check"],
            ],
            2 => &[
                &["migration", "list", "--db-url", "env:SUPABASE_DB_URL"],
                &["doctor"],
            ],
            _ => &[&["types", "zod"], &["profile", "add", "p", "--json"]],
        };
        for behind in [
            "@127.0.0.1:1/postgres",
            "@127.0.0.1:1/postgres?sslmode=disable",
        ] {
            test_env.set(
                "SUPABASE_DB_URL",
                format!("postgresql://postgres:{password}{behind}"),
            );
            let mut runs = Vec::new();
            for command in commands {
                let ran = test_env.run(command);
                let is_doctor = command[0] == "doctor";
                let refused = if PLAIN.contains(c.as_str()) {
                    // It is a password as it stands: the port is closed.
                    7
                } else {
                    assert!(
                        ran.out.contains('%') || ran.err.contains('%'),
                        "the encoding of {c:?} is not named: {ran:?}"
                    );
                    3
                };
                let keyring = command[0] == "profile" && refused == 7;
                if !keyring {
                    assert_eq!(
                        ran.code,
                        if is_doctor { 1 } else { refused },
                        "{c:?}: {ran:?}"
                    );
                }
                runs.push(ran);
            }
            nothing_told(&test_env, &password, &runs);
        }
        let bytes = password.bytes().map(|byte| format!("%{byte:02X}"));
        let encoded = bytes.collect::<Vec<_>>().concat();
        test_env.set(
            "SUPABASE_DB_URL",
            format!("postgresql://postgres:{encoded}@127.0.0.1:1/postgres"),
        );
        let ran = test_env.run(&["migration", "list"]);
        assert_eq!(ran.code, 7, "{c:?}: {ran:?}");
        nothing_told(&test_env, &password, &[ran]);
    }
}

#[test]
fn a_password_moves_no_boundary_wherever_it_stands() {
    let mut test_env = TestEnvironment::nowhere();
    test_env.set("SUPADECK_LOG", "trace");
    let secret = "QXZ@KJQ/ZZX?QQZ#XXK";
    for text in [
        format!("postgres://{secret}@127.0.0.1:1/d"),
        format!("postgres://:{secret}@127.0.0.1:1/d"),
        format!("postgres://u:{secret}@127.0.0.1:1,127.0.0.1:2/d"),
        format!("postgres://u:{secret}@[::1]:1/d"),
        format!("postgres://127.0.0.1:1/d?user=u&password={secret}"),
        format!("postgres:///d?host=127.0.0.1&user=u&password={secret}&port=1"),
        "postgres://127.0.0.1:1/d?user=u&password=QXZ&host=KJQ".to_owned(),
        "postgres://127.0.0.1:1/d?user=u&password=QXZ&KJQ".to_owned(),
        "postgres://u:QXZKJQ".to_owned(),
        "postgres://u:QXZ/KJQ".to_owned(),
        format!("DATABASE_URL=postgres://u:{secret}@127.0.0.1:1/d"),
        format!("psql 'postgres://u:{secret}@127.0.0.1:1/d'"),
        format!("jdbc:postgresql://127.0.0.1:1/d?user=u&password={secret}"),
        format!("host=127.0.0.1 port=1 user=u password={secret}"),
        format!("postgresql+asyncpg://u:{secret}@127.0.0.1:1/d"),
        format!("mysql://u:{secret}@127.0.0.1:1/d"),
        format!("u:{secret}@127.0.0.1:1/d"),
    ] {
        test_env.set("SUPABASE_DB_URL", &text);
        let runs = [
            test_env.run(&["migration", "list"]),
            test_env.run(&["migration", "list", "--json"]),
            // Typed it is refused as well, and where the parser repeats an argument, not with a piece of it.
            test_env.run(&["migration", "list", "--db-url", &text]),
            test_env.run(&["migration", "list", &text]),
        ];
        for (ran, code) in runs.iter().zip([3, 3, 2, 2]) {
            ran.ended(code);
        }
        nothing_told(&test_env, "QXZKJQZZXQQZXXK", &runs);
    }
}

#[test]
fn a_text_that_is_no_database_url_is_named_with_the_form_that_is_wanted() {
    let mut test_env = TestEnvironment::nowhere();
    for (text, named) in [
        ("postgresql://postgres:[YOUR-PASSWORD]@h/d", "placeholder"),
        ("postgresql://postgres:<password>@h/d", "placeholder"),
        ("DATABASE_URL=postgres://u:p@h/d", "a name stands in front"),
        (
            "export DATABASE_URL='postgres://u:p@h/d'",
            "a name stands in front",
        ),
        ("psql postgres://u:p@h/d", "command line"),
        ("jdbc:postgresql://h/d", "JDBC"),
        ("postgresql+asyncpg://u:p@h/d", "SQLAlchemy"),
        ("host=h user=u", "list of keywords"),
        ("https://abcdefghijklmnopqrst.supabase.co", "web address"),
        ("sb_secret_abcdef", "API key"),
        ("mysql://u:p@h/d", "another kind of database"),
    ] {
        test_env.set("SUPABASE_DB_URL", text);
        let problem = test_env.problem(3, &["migration", "list"]);
        let told = format!("{} {}", problem["what"], problem["why"]);
        assert!(
            told.contains("SUPABASE_DB_URL") && told.contains(named),
            "{text}: {problem}"
        );
        assert!(!problem["hint"].as_str().unwrap().is_empty());
    }
    for (text, said) in [
        ("\"postgresql://u:p@127.0.0.1:1/d\"", "quotes"),
        (
            "\u{feff}postgresql://u:p@127.0.0.1:1/d",
            "Invisible characters",
        ),
        (
            " postgresql://u:p@127.0.0.1:1/d\u{a0}",
            "Invisible characters",
        ),
    ] {
        test_env.set("SUPABASE_DB_URL", text);
        let ran = test_env.run(&["migration", "list"]);
        assert!(ran.ended(7).err.contains(said), "{text:?}: {ran:?}");
    }
}

#[test]
fn a_project_url_is_refused_with_its_source_and_the_one_that_is_meant() {
    let mut test_env = TestEnvironment::nowhere();
    let meant = format!("https://{REF}.supabase.co");
    test_env.set("SUPABASE_PUBLISHABLE_KEY", "sb_publishable_x");
    for (text, named, proposal) in [
        ("http://h:99999".to_owned(), "port", false),
        ("https://<ref>.supabase.co".to_owned(), "placeholder", false),
        (format!("{meant}\u{200b}"), "zero-width", true),
        ("https://sup\u{430}base.co".to_owned(), "U+0430", false),
        (format!("https://u:hush@{REF}.supabase.co"), "`@`", false),
        (format!("{meant}?x=1"), "query", true),
        (format!("{meant}#x"), "fragment", true),
        (
            format!("https://supabase.com/dashboard/project/{REF}/editor"),
            "dashboard",
            true,
        ),
        (format!("https://db.{REF}.supabase.co"), "database", true),
        (
            format!("postgresql://postgres:hush@db.{REF}.supabase.co:5432/postgres"),
            "database URL",
            true,
        ),
        (
            format!("postgresql://postgres:hu@sh@db.{REF}.supabase.co:5432/postgres"),
            "database URL",
            false,
        ),
        (REF.to_owned(), "ref alone", true),
        (format!("{meant}/rest/v1/cycle"), "interface", true),
        (format!("{meant}/storage/v1"), "interface", true),
        (
            "https://aws-0-eu-central-1.pooler.supabase.com".to_owned(),
            "pooler",
            false,
        ),
    ] {
        test_env.set("SUPABASE_URL", &text);
        for command in [
            ["cycle", "list"].as_slice(),
            &["doctor"],
            &["whoami"],
            &["profile", "add", "x"],
        ] {
            let problem = test_env.problem(3, command);
            let (what, why) = (
                problem["what"].as_str().unwrap(),
                problem["why"].as_str().unwrap(),
            );
            assert!(
                what.contains("the variable SUPABASE_URL") && why.contains(named),
                "{text}: {problem}"
            );
            let hint = problem["hint"].as_str().unwrap();
            assert_eq!(
                hint.contains(&format!("{meant}.")),
                proposal,
                "{text}: {problem}"
            );
            assert!(!problem.to_string().contains("hush"), "{problem}");
        }
    }
    test_env.unset("SUPABASE_URL");
    let problem = test_env.problem(3, &["cycle", "list", "--url", "http://h:99999"]);
    assert!(
        problem["what"]
            .as_str()
            .unwrap()
            .contains("the option --url"),
        "{problem}"
    );
    let folder = test_env.path("config/supadeck");
    std::fs::create_dir_all(&folder).unwrap();
    let profiles = "default = \"work\"\n[profiles.work]\nurl = \"http://h:99999\"\n";
    std::fs::write(folder.join("profiles.toml"), profiles).unwrap();
    let problem = test_env.problem(3, &["cycle", "list"]);
    assert!(
        problem["what"]
            .as_str()
            .unwrap()
            .contains("the profile `work`"),
        "{problem}"
    );
}

/// A server that is never asked.
struct Unasked(TcpListener);

impl Unasked {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        Self(listener)
    }

    fn url(&self) -> String {
        format!("http://{}", self.0.local_addr().unwrap())
    }

    fn assert(&self, whose: &str) {
        assert!(self.0.accept().is_err(), "{whose} was sent");
    }
}

#[test]
fn what_is_no_key_is_named_and_not_sent() {
    let server = Unasked::start();
    let mut test_env = TestEnvironment::nowhere();
    test_env.set("SUPABASE_URL", server.url());
    for (text, named) in [
        (
            "sbp_0123456789abcdef0123456789abcdef01234567",
            "access token",
        ),
        ("<anon key>", "placeholder"),
        ("your-anon-key", "placeholder"),
        ("sb_publishable_...", "placeholder"),
        ("sb_secret_", "prefix alone"),
        ("sb_publishable_hush…", "cut off"),
        ("eyJhush.hush", "cut off"),
        ("sb_secret_hu sh", "a space"),
        ("postgresql://postgres:hush@h/d", "database URL"),
        (
            "super-secret-jwt-token-with-at-least-32-characters-long",
            "JWT secret",
        ),
        ("hush", "A key is sb_publishable_"),
    ] {
        for name in ["SUPABASE_PUBLISHABLE_KEY", "SUPABASE_SECRET_KEY"] {
            test_env.set(name, text);
            for who in ["anon", "service"] {
                let ran = test_env.run(&["cycle", "list", "--as", who]);
                assert!([3, 4].contains(&ran.code), "{ran:?}");
                assert!(
                    ran.err.contains(named) && ran.err.contains(name),
                    "{text}: {ran:?}"
                );
                assert!(!ran.err.contains("hush"), "{ran:?}");
            }
            test_env.unset(name);
        }
        test_env.set("K", text);
        let ran = test_env.run(&["whoami", "--key", "env:K"]);
        assert!(
            [3, 4].contains(&ran.code) && ran.err.contains("--key"),
            "{ran:?}"
        );
    }
    server.assert("what is no key");
    let claims = r#"{"role":"anon","ref":"zyxwvutsrqponmlkjihg"}"#;
    let foreign = format!("eyJhbGciOiJIUzI1NiJ9.{}.c2ln", base64(claims));
    test_env.set("SUPABASE_URL", format!("https://{REF}.supabase.co"));
    test_env.set("SUPABASE_ANON_KEY", &foreign);
    let problem = test_env.problem(3, &["cycle", "list"]);
    assert!(
        problem["why"].as_str().unwrap().contains("another project"),
        "{problem}"
    );
    test_env.unset("SUPABASE_ANON_KEY");
    for (text, named) in [
        ("sb_secret_hush", "API key"),
        ("<token>", "placeholder"),
        ("hush", "sbp_"),
    ] {
        test_env.set("SUPABASE_ACCESS_TOKEN", text);
        let ran = test_env.run(&["migration", "list"]);
        assert!(
            [3, 4].contains(&ran.code) && ran.err.contains(named),
            "{text}: {ran:?}"
        );
        assert!(!ran.err.contains("hush"), "{ran:?}");
    }
}

fn base64(text: &str) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(text)
}

#[test]
fn what_stands_around_a_key_is_left_out_and_said() {
    let mut test_env = TestEnvironment::full();
    let key = test_env.info.publishable_key.clone();
    for (text, said) in [
        (format!("\"{key}\""), "quotes"),
        (format!("\u{feff}{key}"), "invisible"),
        (format!("Bearer {key}"), "Bearer"),
        (format!("SUPABASE_ANON_KEY={key}"), "a name in front"),
    ] {
        test_env.set("SUPABASE_PUBLISHABLE_KEY", text);
        let ran = test_env.run(&["cycle", "list", "--as", "anon"]);
        // The key is accepted: anon may read no cycle.
        assert!(ran.ended(5).err.contains(said), "{ran:?}");
        assert!(!ran.err.contains(&key), "{ran:?}");
    }
}

#[test]
fn a_key_of_the_other_kind_is_not_kept_without_a_word() {
    let mut test_env = TestEnvironment::nowhere();
    test_env.set("SUPABASE_URL", "http://127.0.0.1:1");
    test_env.set("K", "sb_secret_abcdefgh");
    fn add<'a>(more: &[&'a str]) -> Vec<&'a str> {
        [&["profile", "add", "x", "--no-check"], more].concat()
    }
    let problem = test_env.problem(2, &add(&["--key", "env:K"]));
    assert!(
        problem["why"].as_str().unwrap().contains("is a secret key"),
        "{problem}"
    );
    let problem = test_env.problem(2, &add(&["--secret-key", "sb_publishable_abcdefgh"]));
    assert!(
        problem["why"]
            .as_str()
            .unwrap()
            .contains("is a publishable key"),
        "{problem}"
    );
    test_env.set("SUPABASE_PUBLISHABLE_KEY", "sb_secret_abcdefgh");
    let problem = test_env.problem(3, &add(&[]));
    assert!(
        problem["why"]
            .as_str()
            .unwrap()
            .contains("SUPABASE_PUBLISHABLE_KEY is a secret key"),
        "{problem}"
    );
    test_env.set("SUPABASE_PUBLISHABLE_KEY", "sb_publishable_abcdefgh");
    test_env.set("SUPABASE_SECRET_KEY", "sb_publishable_abcdefgh");
    let problem = test_env.problem(3, &add(&[]));
    assert!(
        problem["why"]
            .as_str()
            .unwrap()
            .contains("SUPABASE_SECRET_KEY is a publishable key"),
        "{problem}"
    );
    assert!(
        test_env
            .data(&["profile", "list"])
            .as_array()
            .unwrap()
            .is_empty()
    );
}
