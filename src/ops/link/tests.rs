//! Tests of what is read from a linked directory.

#![allow(clippy::unwrap_used)]
use super::*;

fn shown(url: Option<SecretString>) -> Option<String> {
    url.map(|url| secrecy::ExposeSecret::expose_secret(&url).to_owned())
}

const PROJECT: &str = "abcdefghijklmnopqrst";

fn project(files: &[(&str, &str)]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = dir.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    dir
}

#[test]
fn everything_that_the_cli_leaves_is_found() {
    let dir = project(&[
        (
            CONFIG,
            "project_id = \"weeksmith\"\n[api]\nport = 1\n[db]\nmajor_version = 17\n",
        ),
        (REF, "abcdefghijklmnopqrst\n"),
        (
            POOLER,
            "postgresql://postgres.abcdefghijklmnopqrst:[YOUR-PASSWORD]@aws-0-eu-central-1.pooler.supabase.com:6543/postgres",
        ),
        (VERSION, "17.4.1.054"),
    ]);
    let link = read(Some(dir.path())).unwrap();
    assert_eq!(link.project_ref.as_deref(), Some(PROJECT));
    assert_eq!(link.project_id.as_deref(), Some("weeksmith"));
    assert_eq!(link.postgres_version.as_deref(), Some("17.4.1.054"));
    assert_eq!(
        link.local.map(|local| (local.api_port, local.db_port)),
        Some((1, DB_PORT))
    );
    assert_eq!(
        shown(link.database_url("p@s:/ ä")).as_deref(),
        Some(
            "postgresql://postgres.abcdefghijklmnopqrst:p%40s%3A%2F%20%C3%A4@aws-0-eu-central-1.pooler.supabase.com:5432/postgres?sslmode=require"
        )
    );
    let newer = project(&[(
        HOME,
        r#"{"ref":"abcdefghijklmnopqrst","versions":{"postgres":"17.6"}}"#,
    )]);
    let link = read(Some(newer.path())).unwrap();
    assert_eq!(
        link.url().as_deref(),
        Some("https://abcdefghijklmnopqrst.supabase.co")
    );
    assert!(
        shown(link.database_url("x"))
            .unwrap()
            .contains("@db.abcdefghijklmnopqrst.supabase.co:5432/")
    );
}

#[test]
fn a_pooler_of_somebody_else_never_gets_the_password() {
    for url in [
        "postgresql://postgres.abcdefghijklmnopqrst@pooler.example.org:6543/postgres",
        "postgresql://postgres.abcdefghijklmnopqrst@evil.org/aws.pooler.supabase.com",
        "postgresql://postgres.abcdefghijklmnopqrst@evil.org?x=.pooler.supabase.com",
        "postgresql://postgres.abcdefghijklmnopqrst@pooler.supabase.com.evil.org:5432/postgres",
        "postgresql://postgres.zyxwvutsrqponmlkjihg@aws.pooler.supabase.com:6543/postgres",
        "postgresql://postgres@aws.pooler.supabase.com:6543/postgres",
        "postgresql://postgres.abcdefghijklmnopqrst@aws.pooler.supabase.com/postgres?host=evil.org",
        "postgresql://postgres.abcdefghijklmnopqrst@aws.pooler.supabase.com/postgres?hostaddr=192.0.2.1",
        "postgresql://postgres.abcdefghijklmnopqrst@evil.org,aws.pooler.supabase.com/postgres",
        "postgresql://postgres.abcdefghijklmnopqrst:a@evil.org@aws.pooler.supabase.com/postgres",
        "https://aws.pooler.supabase.com",
        "",
    ] {
        let dir = project(&[(REF, PROJECT), (POOLER, url)]);
        let link = read(Some(dir.path())).unwrap();
        assert_eq!((link.pooler.as_ref(), link.notes.len()), (None, 1), "{url}");
    }
}

#[test]
fn what_stands_in_a_file_by_mistake_is_not_repeated() {
    for (name, text) in [
        (CONFIG, "[api]\nport = \"hunter2\""),
        (CONFIG, "[api]\nport = 918273"),
        (CONFIG, "project_id = [\"hunter2\"]"),
        (REF, "postgres://u:hunter2@h/x"),
        (REF, "hunter2"),
        (HOME, r#"{"ref":"hunter2"}"#),
        (HOME, r#"{"ref":["hunter2"]}"#),
    ] {
        let dir = project(&[(name, text)]);
        let told = format!("{:?}", read(Some(dir.path())).unwrap_err());
        assert!(
            !told.contains("hunter2") && !told.contains("918273"),
            "{told}"
        );
    }
    let dir = project(&[
        (CONFIG, "project_id = \"sb_secret_hunter2hunter2\""),
        (REF, PROJECT),
        (VERSION, "postgres://u:hunter2@h/x"),
    ]);
    let link = read(Some(dir.path())).unwrap();
    assert!(!format!("{link:?}").contains("hunter2"), "{link:?}");
}

#[test]
fn files_that_are_wrong_are_named() {
    for (name, text) in [
        (CONFIG, "project_id = "),
        (REF, "../../etc"),
        (REF, "ABCDEFGHIJKLMNOPQRST"),
        (HOME, "{}"),
        (HOME, "nonsense"),
    ] {
        let dir = project(&[(name, text)]);
        let problem = read(Some(dir.path())).unwrap_err();
        assert_eq!(problem.kind, Kind::Config, "{name} {text}");
        assert!(problem.what.contains(name), "{problem}");
    }
    let dir = project(&[(REF, PROJECT), (HOME, r#"{"ref":"zyxwvutsrqponmlkjihg"}"#)]);
    assert_eq!(read(Some(dir.path())).unwrap_err().kind, Kind::Conflict);
    let nothing = read(Some(project(&[]).path())).unwrap();
    assert_eq!((nothing.project_ref, nothing.local), (None, None));
}
