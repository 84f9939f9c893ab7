//! The plain SQL checks of `tests/sql`, with psql: they include each other and use its variables.

use crate::test_database::{migrated, root, sql_files, stack};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::str::FromStr;
use tokio_postgres::Config;

/// Files that are included, not run.
const INCLUDED: [&str; 2] = ["harness.sql", "fixture.sql"];

#[tokio::test]
async fn sql_checks_pass() {
    let Some(psql) = psql() else {
        println!("skipped: there is no psql on PATH or beside the server's programs");
        return;
    };
    // The client stays: nobody else may drop the database meanwhile.
    let _owner = migrated("sql_check").await;
    let login = Config::from_str(&stack().await.superuser_url("sql_check")).unwrap();
    let mut files = sql_files(&root().join("tests/sql"));
    files.retain(|file| !INCLUDED.iter().any(|name| file.ends_with(name)));
    assert!(!files.is_empty());
    for file in files {
        // The password goes through the environment: a command line can be read by others.
        let output = Command::new(&psql)
            .args(["-X", "-f"])
            .arg(&file)
            .env("PGHOST", "127.0.0.1")
            .env("PGPORT", login.get_ports()[0].to_string())
            .env("PGUSER", login.get_user().unwrap())
            .env(
                "PGPASSWORD",
                String::from_utf8_lossy(login.get_password().unwrap()).as_ref(),
            )
            .env("PGDATABASE", "sql_check")
            .env("PGCLIENTENCODING", "UTF8")
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        let failed = String::from_utf8_lossy(&output.stderr);
        let name = file.file_name().unwrap().to_string_lossy();
        assert!(output.status.success(), "{name}:\n{said}{failed}");
        let last = said.lines().last().unwrap_or_default();
        assert!(
            last.ends_with(" checks passed"),
            "{name} ended with: {last}"
        );
        println!("{name}: {last}");
    }
}

/// psql from `SUPADECK_POSTGRES`, from `PATH`, or from where distributions and Homebrew put it; the newest.
fn psql() -> Option<PathBuf> {
    let given = std::env::var_os("SUPADECK_POSTGRES").map(PathBuf::from);
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<PathBuf> = given
        .into_iter()
        .flat_map(|folder| [folder.join("bin"), folder])
        .chain(std::env::split_paths(&path))
        .collect();
    for parent in ["/usr/lib/postgresql", "/opt/homebrew/opt", "/usr/local/opt"] {
        let mut versions: Vec<PathBuf> = std::fs::read_dir(Path::new(parent))
            .into_iter()
            .flatten()
            .flatten()
            .map(|entry| entry.path().join("bin"))
            .collect();
        versions.sort();
        folders.extend(versions.into_iter().rev());
    }
    folders
        .into_iter()
        .map(|folder| folder.join("psql"))
        .find(|program| program.is_file())
}
