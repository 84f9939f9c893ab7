//! Keys and tokens as people paste them.
#![allow(clippy::unwrap_used)]

use super::*;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

fn jwt(claims: &str) -> String {
    format!(
        "eyJhbGciOiJIUzI1NiJ9.{}.c2ln",
        URL_SAFE_NO_PAD.encode(claims)
    )
}

fn source() -> Source {
    Source::variable("SUPABASE_PUBLISHABLE_KEY")
}

fn key(text: &str) -> Result<Given<ApiKey>, Problem> {
    api_key(&text.to_owned().into(), &source())
}

fn token(text: &str) -> Result<Given<SecretString>, Problem> {
    access_token(&text.to_owned().into(), &source())
}

#[test]
fn what_stands_around_a_key_is_left_out_and_said() {
    let plain = "sb_publishable_Ab1_-x";
    for (text, said) in [
        (plain.to_owned(), None),
        (format!("{plain}\n"), None),
        (format!("  {plain} "), Some("white space")),
        (format!("\u{feff}{plain}"), Some("invisible")),
        (format!("{plain}\u{200b}\u{a0}"), Some("invisible")),
        (format!("\"{plain}\""), Some("quotes")),
        (format!("'{plain}'"), Some("quotes")),
        (format!("“{plain}”"), Some("quotes")),
        (format!("Bearer {plain}"), Some("Bearer")),
        (format!("bearer  {plain}"), Some("Bearer")),
        (format!("apikey: {plain}"), Some("name")),
        (format!("Authorization: Bearer {plain}"), Some("name")),
        (format!("SUPABASE_ANON_KEY={plain}"), Some("name")),
        (
            format!("export SUPABASE_ANON_KEY=\"{plain}\""),
            Some("name"),
        ),
        (format!("SUPABASE_ANON_KEY = '{plain}';"), Some("name")),
        (format!("{plain},"), Some("comma")),
    ] {
        let given = key(&text).unwrap_or_else(|problem| panic!("{text}: {problem}"));
        assert_eq!(given.value.expose(), plain, "{text}");
        assert_eq!(
            given.note.is_some(),
            said.is_some(),
            "{text}: {:?}",
            given.note
        );
        let note = given.note.unwrap_or_default();
        assert!(note.contains(said.unwrap_or_default()), "{text}: {note}");
        assert!(!note.contains("Ab1"), "{note}");
    }
    let anon = jwt(r#"{"role":"anon"}"#);
    assert_eq!(
        key(&format!("\"{anon}\"")).unwrap().value.form(),
        KeyForm::LegacyAnon
    );
    let service = jwt(r#"{"role":"service_role"}"#);
    assert!(key(&service).unwrap().value.is_secret());
    let sbp = "sbp_0123456789abcdef0123456789abcdef01234567";
    for text in [
        sbp.to_owned(),
        format!("Bearer {sbp}"),
        format!("SUPABASE_ACCESS_TOKEN='{sbp}'"),
    ] {
        assert_eq!(token(&text).unwrap().value.expose_secret(), sbp);
    }
}

#[test]
fn what_is_no_key_is_named_before_it_is_sent() {
    let user = jwt(r#"{"role":"authenticated","sub":"1"}"#);
    let anon = jwt(r#"{"role":"anon"}"#);
    for (text, why) in [
        ("", "nothing"),
        ("\"\"", "nothing"),
        ("SUPABASE_ANON_KEY=\"\"", "nothing"),
        ("sbp_hush0123456789", "access token"),
        ("SUPABASE_ANON_KEY=sbp_hush0123456789", "access token"),
        ("<anon key>", "placeholder"),
        ("<hush>", "placeholder"),
        ("[YOUR-ANON-KEY]", "placeholder"),
        ("your-anon-key", "placeholder"),
        ("YOUR_ANON_KEY", "placeholder"),
        ("your_supabase_anon_key", "placeholder"),
        ("anon-key", "placeholder"),
        ("sb_publishable_...", "placeholder"),
        ("sb_secret_…", "placeholder"),
        ("sb_secret_xxxxxxxx", "placeholder"),
        ("sb_secret_<key>", "placeholder"),
        ("sb_secret_", "prefix alone"),
        ("sb_publishable_", "prefix alone"),
        ("sb_secret_hush…", "cut off"),
        ("sb_secret_hush...", "cut off"),
        ("eyJhush...", "cut off"),
        ("eyJhush", "cut off"),
        (&anon[..anon.len() - 4], "cut off"),
        (&anon[..30], "cut off"),
        ("sb_secret_hush•••••", "masked"),
        ("sb_secret_hush****", "masked"),
        ("sb_secret_hu sh", "a space"),
        ("sb_secret_hu\nsh", "line break"),
        ("sb_secret_hu\u{200b}sh", "U+200B"),
        ("sb_secret_hüsh", "`ü`"),
        ("sb_secret_hu/sh", "`/`"),
        ("postgresql://postgres:hush@h/d", "database URL"),
        ("https://x.supabase.co/hush", "web address"),
        (&user, "another role"),
        (
            "super-secret-jwt-token-with-at-least-32-characters-long",
            "JWT secret",
        ),
        (
            "aGVsbG8gaGVsbG8gaGVsbG8gaGVsbG8gaGVsbG8gaGVsbG8=",
            "JWT secret",
        ),
        ("SUPABASE_ANON_KEY", "name of a variable"),
        ("hush", "A key is sb_publishable_"),
        ("sb_hush", "A key is sb_publishable_"),
    ] {
        let Err(problem) = key(text) else {
            panic!("{text} was taken");
        };
        assert!(problem.why.contains(why), "{text}: {problem}");
        let told = format!("{problem:?}");
        assert!(
            told.contains("SUPABASE_PUBLISHABLE_KEY") && problem.hint.is_some(),
            "{told}"
        );
        assert!(!told.contains("hush"), "{told}");
    }
}

#[test]
fn what_is_no_token_is_named_before_it_is_sent() {
    for (text, why) in [
        ("sb_secret_hush", "API key"),
        ("sb_publishable_hush", "API key"),
        (&jwt(r#"{"role":"service_role"}"#), "API key"),
        (&jwt(r#"{"role":"authenticated"}"#), "another role"),
        ("sbp_", "prefix alone"),
        ("sbp_...", "placeholder"),
        ("sbp_hush…", "cut off"),
        ("<hush>", "placeholder"),
        ("your-access-token", "placeholder"),
        ("postgres://u:hush@h/d", "database URL"),
        ("hush", "begins with sbp_"),
        ("sbp_hu sh", "a space"),
        ("sbp_hu-sh", "`-`"),
    ] {
        let Err(problem) = token(text) else {
            panic!("{text} was taken");
        };
        assert!(problem.why.contains(why), "{text}: {problem}");
        assert!(!format!("{problem:?}").contains("hush"), "{problem:?}");
    }
}

#[test]
fn a_legacy_key_says_whose_it_is() {
    let is_foreign = |text: &str, url: &str| {
        let url = ProjectUrl::parse(url).unwrap();
        is_of_another_project(&key(text).unwrap().value, &url)
    };
    const OTHERS: [&str; 8] = [
        "https://zyxwvutsrqponmlkjihg.supabase.co",
        "http://127.0.0.1:54321",
        "http://localhost:54321",
        "http://[::1]:54321",
        "http://api.localhost",
        "http://0.0.0.0:54321",
        "https://192.168.1.7",
        "https://[2001:db8::1]",
    ];
    for role in ["anon", "service_role"] {
        let own = jwt(&format!(
            r#"{{"role":"{role}","ref":"abcdefghijklmnopqrst"}}"#
        ));
        for url in [
            "https://abcdefghijklmnopqrst.supabase.co",
            "https://api.example.org",
        ] {
            assert!(!is_foreign(&own, url), "{url}");
        }
        for url in OTHERS {
            assert!(is_foreign(&own, url), "{url}");
            for unknown in ["", r#","ref":null"#] {
                let text = jwt(&format!(r#"{{"role":"{role}"{unknown}}}"#));
                assert!(!is_foreign(&text, url), "{url}");
            }
            assert!(!is_foreign("sb_publishable_x", url), "{url}");
        }
        // The keys of local stacks name no hosted project.
        let local = jwt(&format!(r#"{{"role":"{role}","ref":"local"}}"#));
        assert!(!is_foreign(&local, OTHERS[1]));
        assert!(is_foreign(&local, OTHERS[0]));
    }
}

/// Found by the fuzz target: what stood inside seven names was taken with the last of them.
#[test]
fn what_stays_wrapped_is_no_key() {
    let jwt = jwt(r#"{"role":"anon"}"#);
    for depth in 0..40 {
        let whole = format!("{}{jwt}", "a=".repeat(depth));
        match key(&whole) {
            Ok(given) => assert_eq!(given.value.expose(), jwt, "{depth}"),
            Err(problem) => assert!(depth > 6, "{depth}: {problem:?}"),
        }
    }
    let (_, claims) = jwt.split_once('.').unwrap();
    assert!(key(&format!("l\"!.{claims}")).is_err());
}
