//! Tricky files: what supadeck stores of them is what the Supabase CLI stores.

use crate::fixture::TestProject;
use crate::fixture::corpus::files;
use crate::fixture::supabase_cli::{cli, succeeds};
use supadeck::domain::sql::split::statements;

#[test]
fn the_statements_of_the_corpus_do_not_change_unnoticed() {
    let shown: Vec<String> = files()
        .iter()
        .map(|(name, text)| format!("{name} {:#?}\n", statements(text)))
        .collect();
    let shown = shown.concat();
    insta::assert_snapshot!(shown);
}

#[tokio::test]
async fn the_statements_of_the_corpus_are_those_of_the_supabase_cli() {
    if cli().is_none() {
        return;
    }
    let project = TestProject::new().await;
    let files = files();
    let mut arguments = vec!["migration", "repair", "--yes", "--status", "applied"];
    let versions: Vec<String> = (1..=files.len())
        .map(|number| format!("{number:03}"))
        .collect();
    for ((_, text), version) in files.iter().zip(&versions) {
        project.up(&format!("{version}_x.sql"), text);
    }
    arguments.extend(versions.iter().map(String::as_str));
    succeeds(&project, &arguments);
    for ((name, text), version) in files.iter().zip(&versions) {
        let stored = project
            .texts(&format!("select unnest(statements) from supabase_migrations.schema_migrations where version = '{version}'"))
            .await;
        assert_eq!(statements(text), stored, "{name}");
    }
}

/// Random files, to find what the corpus lacks: `cargo test --test engine -- --ignored random_files`.
#[tokio::test]
#[ignore = "an exploration: its differences are judged by a person"]
async fn random_files_are_split_as_the_supabase_cli_does() {
    const PIECES: &[&str] = &[
        "select",
        " ",
        "\n",
        ";",
        ";",
        "'",
        "\"",
        "$$",
        "$a$",
        "$",
        "--",
        "/*",
        "*/",
        "(",
        ")",
        "E'",
        "e'",
        "\\",
        "begin",
        "atomic",
        "end",
        "case",
        "a",
        "1",
        "_",
        ".",
        "as",
        "\r\n",
        "\t",
        "ä",
        "\u{a0}",
        "\u{feff}",
        "\u{85}",
        "-",
        "/",
        "[",
        "]",
        "begin atomic ",
        "U&'",
        "::",
        ":",
        "''",
        "b'",
        "\u{2028}",
        "\u{3000}",
        " end ",
        " case ",
    ];
    if cli().is_none() {
        return;
    }
    let project = TestProject::new().await;
    let seed = std::env::var("SEED")
        .ok()
        .and_then(|seed| seed.parse().ok())
        .unwrap_or(1_u64);
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state >> 33).unwrap() % below
    };
    let texts: Vec<String> = (0..600)
        .map(|_| (0..=next(14)).map(|_| PIECES[next(PIECES.len())]).collect())
        .collect();
    let versions: Vec<String> = (100..100 + texts.len())
        .map(|number| number.to_string())
        .collect();
    let mut arguments = vec!["migration", "repair", "--yes", "--status", "applied"];
    arguments.extend(versions.iter().map(String::as_str));
    for (text, version) in texts.iter().zip(&versions) {
        project.up(&format!("{version}_x.sql"), text);
    }
    succeeds(&project, &arguments);
    let mut differences = 0;
    for (text, version) in texts.iter().zip(&versions) {
        let stored = project
            .texts(&format!("select unnest(statements) from supabase_migrations.schema_migrations where version = '{version}'"))
            .await;
        let ours = statements(text);
        if ours != stored {
            differences += 1;
            println!(
                "{text:?}\n   cli {stored:?}\n  ours {ours:?}  unclosed {}",
                supadeck::domain::sql::split::unclosed(text).is_some()
            );
        }
    }
    assert_eq!(differences, 0);
}
