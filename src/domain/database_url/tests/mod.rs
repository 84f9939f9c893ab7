//! What a database URL is, what it is not, and that a refusal gives nothing away.
#![allow(clippy::unwrap_used)]

mod property;

use super::*;
use crate::domain::source::Source;

fn url(text: &str) -> DatabaseUrl {
    DatabaseUrl::parse(text).unwrap_or_else(|fault| panic!("{text}: {fault:?}"))
}

fn fault(text: &str) -> Fault {
    match DatabaseUrl::parse(text) {
        Ok(url) => panic!("{text} was taken for {url}"),
        Err(fault) => fault,
    }
}

fn password(url: &DatabaseUrl) -> Option<String> {
    let bytes = url.password()?.expose_secret().to_vec();
    Some(String::from_utf8(bytes).unwrap())
}

/// Everything that is ever said about a refused URL.
fn told(text: &str) -> String {
    let source = Source::variable("SUPABASE_DB_URL");
    let Err(problem) = DatabaseUrl::read(text, &source) else {
        return String::new();
    };
    format!("{problem} {problem:?} {:?}", fault(text))
}

#[test]
fn the_parts_are_read_as_libpq_reads_them() {
    let one = url(
        "postgresql://postgres.abc:p%40ss%2Fw@db.example.org:6543/planning?connect_timeout=3&options=-c%20work_mem%3D8MB",
    );
    assert_eq!(one.user(), "postgres.abc");
    assert_eq!(password(&one).as_deref(), Some("p@ss/w"));
    assert_eq!(one.servers()[0].to_string(), "db.example.org:6543");
    assert_eq!(one.database(), Some("planning"));
    assert_eq!(one.parameter(Parameter::Options), Some("-c work_mem=8MB"));
    assert_eq!(one.parameter(Parameter::ConnectTimeout), Some("3"));

    let several = url("postgres://u@a:1,[::1]:2,%2Frun%2Fpg/d");
    let shown: Vec<String> = several.servers().iter().map(ToString::to_string).collect();
    assert_eq!(shown, ["a:1", "[::1]:2", "/run/pg:5432"]);
    assert_eq!(password(&several), None);

    let by_parameters =
        url("postgresql:///d?host=/run/pg,b&port=1,2&user=me&password=p%26q&sslmode=require");
    assert_eq!(by_parameters.user(), "me");
    assert_eq!(password(&by_parameters).as_deref(), Some("p&q"));
    assert_eq!(
        by_parameters.servers()[0].host,
        Host::Socket("/run/pg".into())
    );
    assert_eq!(by_parameters.servers()[1].to_string(), "b:2");

    assert_eq!(url("postgres://u:@h").password().map(|_| ()), None);
    assert_eq!(url("postgres://u@h/").database(), None);
    assert_eq!(url("postgres://u@h:/d").servers()[0].port, PORT);
    assert_eq!(
        url("postgres://u@[fe80::1%25eth0]/d").servers()[0].to_string(),
        "[fe80::1%eth0]:5432"
    );
    assert_eq!(
        url("postgres://u@h/d?ssl=true").parameter(Parameter::SslMode),
        Some("require")
    );
    assert_eq!(url("POSTGRES://u:!$&'()*+,;=~@h/d").user(), "u");
    assert_eq!(
        url("postgres://u@h1/d?host=h2").servers()[0].to_string(),
        "h2:5432"
    );
}

#[test]
fn a_raw_special_character_is_named_and_nothing_else() {
    for (password, character, code) in [
        ("p@ss", "`@`", "%40"),
        ("pa?ss", "`?`", "%3F"),
        ("pa#ss", "`#`", "%23"),
        ("pa/ss", "`/`", "%2F"),
        ("12/34", "`/`", "%2F"),
        ("pa[ss", "`[`", "%5B"),
        ("pa]ss", "`]`", "%5D"),
        ("pa:ss", "`:`", "%3A"),
        ("pa%ss", "`%`", "%25"),
        ("pa ss", "a space", "%20"),
        ("pa\"ss", "`\"`", "%22"),
        ("pa\\ss", "`\\`", "%5C"),
        ("päss", "`ä`", "%C3%A4"),
        ("pa\u{200b}ss", "U+200B", "%E2%80%8B"),
        ("x://y", "`/`", "%2F"),
    ] {
        for (before, behind) in [
            ("postgresql://postgres:", "@127.0.0.1:5432/postgres"),
            ("postgresql://postgres:", "@h/d?sslmode=require"),
            ("postgres://:", "@h/d"),
            ("postgres://u:", "@a:1,b:2/d"),
            ("postgres://u:", "@[::1]/d"),
            ("postgres://u:", "@%2Frun/d"),
            ("postgres://", "@h/d"),
        ] {
            let text = format!("{before}{password}{behind}");
            // Behind no user the first colon is the one between user and password.
            if before == "postgres://" && password.contains(':') {
                continue;
            }
            assert!(
                matches!(fault(&text), Fault::Login(_)),
                "{text}: {:?}",
                fault(&text)
            );
            let told = told(&text);
            assert!(
                told.contains(character) && told.contains(code),
                "{text}: {told}"
            );
            assert!(!told.contains(password), "{text}: {told}");
            assert!(DatabaseUrl::may_hold_password(&text), "{text}");
        }
    }
}

#[test]
fn where_it_is_open_what_is_meant_it_is_refused() {
    for text in [
        // An `@` behind the host: it may be the one that ends the login.
        "postgres://u:p@ss/word?x@host/d",
        "postgres://u:p@h/d?application_name=a@b",
        "postgres://h:5432/d?user=u&application_name=a@b",
        "postgres://u:p@h/d#x@y",
        "postgres://h/d?user=u&password=p@ss",
        "postgres://u:p@h/d?options=-c a=b",
        // A raw `&` in a password among the parameters.
        "postgres://h/d?user=u&password=pa&host=evil",
        "postgres://h/d?user=u&password=pa&password=ss",
        "postgres://h/d?user=u&password=pa&ss",
        "postgres://h/d?user=u&password=pa&ss=1",
        "postgres://h/d?user=u&password=pa#ss",
    ] {
        fault(text);
    }
    // Encoded it is all the same character.
    let one = url("postgres://u:p@h/d?application_name=a%40b");
    assert_eq!(one.parameter(Parameter::ApplicationName), Some("a@b"));
}

#[test]
fn what_is_pasted_instead_is_named() {
    let many = "postgresql://u:hush@h/d";
    for (text, wanted) in [
        ("", Fault::Empty),
        ("  \n", Fault::Empty),
        ("\"postgresql://u:hush@h/d", Fault::Quote),
        ("jdbc:postgresql://h/d?user=u&password=hush", Fault::Jdbc),
        ("postgresql+asyncpg://u:hush@h/d", Fault::Driver),
        ("postgres+psycopg2://u:hush@h/d", Fault::Driver),
        ("psql postgresql://u:hush@h/d", Fault::Command),
        ("psql -h h -U u", Fault::Command),
        ("docker exec db psql postgres://u:hush@h/d", Fault::Ahead),
        ("Connection string: postgresql://u:hush@h/d", Fault::Ahead),
        ("pg_dump \"postgresql://u:hush@h/d\"", Fault::Command),
        ("host=h user=u password=hush", Fault::Keywords),
        ("user=u password=hush", Fault::Keywords),
        ("dbname = d host = h", Fault::Keywords),
        ("sb_secret_hush", Fault::Key),
        ("eyJhush", Fault::Key),
        ("sbp_hush", Fault::AccessToken),
        (
            "https://abcdefghijklmnopqrst.supabase.co",
            Fault::WebAddress,
        ),
        ("mysql://u:hush@h/d", Fault::OtherDatabase),
        ("postgresql:u:hush@h/d", Fault::Slashes),
        ("postgresql:/u:hush@h/d", Fault::Slashes),
        ("u:hush@h/d", Fault::Scheme),
        ("postgresq://u:hush@h/d", Fault::Scheme),
        ("hush", Fault::Scheme),
        (
            "postgresql://postgres:[YOUR-PASSWORD]@h/d",
            Fault::Placeholder,
        ),
        ("postgresql://postgres:[your-password]", Fault::Placeholder),
        ("postgresql://postgres:<password>@h/d", Fault::Placeholder),
        ("postgresql://postgres:{password}@h/d", Fault::Placeholder),
        ("postgresql://postgres:***@h/d", Fault::Placeholder),
        ("postgresql://postgres:$DB_PASSWORD@h/d", Fault::Placeholder),
        (
            "postgresql://postgres:${DB_PASSWORD}@h/d",
            Fault::Placeholder,
        ),
        (
            "postgresql://postgres:your_password@h/d",
            Fault::Placeholder,
        ),
        (
            "postgresql://postgres:YOUR-PASSWORD-HERE@h/d",
            Fault::Placeholder,
        ),
        (
            "postgresql://h/d?user=u&password=[YOUR-PASSWORD]",
            Fault::Placeholder,
        ),
        (
            "postgresql://postgres.[YOUR-PROJECT-REF]:hush@h/d",
            Fault::PlaceholderPart("user"),
        ),
        (
            "postgresql://postgres:hush@db.<ref>.supabase.co/d",
            Fault::PlaceholderPart("host"),
        ),
        (
            "postgresql://postgres:hush@db.[YOUR-REF].supabase.co/d",
            Fault::PlaceholderPart("host"),
        ),
        ("postgresql://postgres:hush@[HOST]:5432/d", Fault::Ipv6),
        (
            "postgresql://u:hush@h/<database>",
            Fault::Raw(['<', '>'].into()),
        ),
        (
            "postgresql://u:hush@/d",
            Fault::NoHost { has_password: true },
        ),
        (
            "postgresql:///d?user=u",
            Fault::NoHost {
                has_password: false,
            },
        ),
        (
            "postgresql://:hush@h/d",
            Fault::NoUser { has_password: true },
        ),
        (
            "postgresql://h/d",
            Fault::NoUser {
                has_password: false,
            },
        ),
        ("postgresql://u:hush@h:0/d", Fault::Port),
        ("postgresql://u:hush@h:65536/d", Fault::Port),
        ("postgresql://u:hush@h:+1/d", Fault::Port),
        ("postgresql://postgres:hush/d", Fault::Port),
        ("postgresql://u:hush@h/d?port=99999", Fault::Port),
        ("postgresql://u:hush@::1/d", Fault::Ipv6),
        ("postgresql://u:hush@[hush]/d", Fault::Ipv6),
        ("postgresql://u:hush@a,b:1,/d", Fault::Host),
        ("postgresql://u:hush@a%20b/d", Fault::Host),
        ("postgresql://u:hush@a/d?port=1,2", Fault::Counts),
        ("postgresql://u:hush@a/d?hostaddr=hush", Fault::Address),
        ("postgresql://u:hush@a/d?hostaddr=::1,::2", Fault::Counts),
        (
            "postgresql://u:hush@a/d?sslmode=hush",
            Fault::Value(Parameter::SslMode),
        ),
        (
            "postgresql://u:hush@a/d?connect_timeout=hush",
            Fault::Value(Parameter::ConnectTimeout),
        ),
        (
            "postgresql://u:hush@a/d?sslpassword=hush",
            Fault::Unsupported("sslpassword"),
        ),
        ("postgresql://u:hush@a/d?hush=1", Fault::UnknownParameter),
        ("postgresql://u:hush@a/d?hush", Fault::Unset),
        ("postgresql://u:hush%00@a/d", Fault::Bytes),
        ("postgresql://u%FF:hush@a/d", Fault::Bytes),
    ] {
        assert_eq!(fault(text), wanted, "{text}");
        assert!(!told(text).contains("hush"), "{text}: {}", told(text));
    }
    for front in [
        "DATABASE_URL=",
        "export DATABASE_URL=",
        "DATABASE_URL: ",
        "$env:DATABASE_URL = ",
        "export SUPABASE_DB_URL=\"",
        "\"DATABASE_URL\": ",
        "set X=",
        "url = ",
    ] {
        let text = format!("{front}{many}");
        let found = fault(&text);
        assert!(
            matches!(found, Fault::Assignment | Fault::Quote),
            "{text}: {found:?}"
        );
        assert!(!told(&text).contains("hush"), "{text}");
    }
}

#[test]
fn harmless_surroundings_are_left_out_and_said() {
    let bare = "postgres://u:p@h/d";
    for (around, said) in [
        (format!("{bare}\n"), None),
        (format!(" {bare}\t "), Some("White space")),
        (format!("\u{feff}{bare}"), Some("Invisible")),
        (format!("{bare}\u{a0}\u{200b}"), Some("Invisible")),
        (format!("\"{bare}\""), Some("quotes")),
        (format!("'{bare}'\n"), Some("quotes")),
        (format!("“ {bare}”"), Some("quotes")),
    ] {
        let (text, note) = trimmed(&around);
        assert_eq!(text, bare);
        assert_eq!(note.is_some(), said.is_some(), "{around:?}");
        assert!(note.unwrap_or_default().contains(said.unwrap_or_default()));
        assert_eq!(url(&around), url(bare));
    }
}

#[test]
fn a_pooler_of_a_link_file_is_read_without_its_placeholder() {
    let text = "postgresql://postgres.abcdefghijklmnopqrst:[YOUR-PASSWORD]@aws-0-eu-central-1.pooler.supabase.com:6543/postgres";
    let one = DatabaseUrl::parse_without_password(text).unwrap();
    assert_eq!(one.project_ref(), Some("abcdefghijklmnopqrst"));
    let whole = one.with_port(5432).with_password("p@s:/ ä");
    assert_eq!(
        whole.text().expose_secret(),
        "postgresql://postgres.abcdefghijklmnopqrst:p%40s%3A%2F%20%C3%A4@aws-0-eu-central-1.pooler.supabase.com:5432/postgres"
    );
    assert_eq!(
        url("postgres://postgres:x@db.abcdefghijklmnopqrst.supabase.co/d").project_ref(),
        Some("abcdefghijklmnopqrst")
    );
    assert_eq!(
        url("postgres://postgres.abcdefghijklmnopqrst@evil.org/d").project_ref(),
        None
    );
}

#[test]
fn a_url_without_a_password_may_be_typed() {
    for text in [
        "postgresql://postgres@localhost:5432/postgres",
        "postgresql://localhost/postgres",
        "postgresql://postgres:@localhost/x",
        "host=localhost user=me",
    ] {
        assert!(!DatabaseUrl::may_hold_password(text), "{text}");
    }
    for text in [
        "postgresql://me:pw@localhost/x",
        "postgres://me:p@w/d@localhost/x",
        "postgresql://localhost/x?user=u&password=pw",
        "postgresql://localhost/x?password=pw",
        "postgresql:///x?password=pw",
        "host=localhost password=pw",
        "postgresql://postgres:hush",
        "psql postgres://me:pw@h/x",
    ] {
        assert!(DatabaseUrl::may_hold_password(text), "{text}");
    }
}
