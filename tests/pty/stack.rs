//! One stack for all tests of this binary, and a database with schema and demo data for each.

use crate::support::{self, blocking_stack, runtime, served_database};
use std::process::Command;
use supadeck_stack::Info;

/// A project of its own with schema and demo data, put there by the program's own subcommands.
pub fn project(name: &str) -> Info {
    let info = runtime().block_on(served_database(name));
    for args in [
        &["migration", "apply", "--yes"],
        &["seed", "apply", "--yes"],
    ] {
        let output = Command::new(env!("CARGO_BIN_EXE_supadeck"))
            .args(args)
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .env("SUPABASE_DB_URL", &info.db_url)
            .env("SUPABASE_URL", &info.url)
            .env("SUPADECK_KEYRING", "off")
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "{args:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
    let reloading = blocking_stack().reload_schema(name);
    runtime().block_on(reloading).unwrap();
    info
}

/// The first column of what a statement gives, as text.
pub fn query(info: &Info, statement: &str) -> Vec<String> {
    support::query(&info.db_url, statement)
}

/// What the program is given to reach a project.
pub fn variables(info: &Info) -> Vec<(&'static str, &str)> {
    info.env_lines()
}

/// The migrations of this repository, oldest first, as `VERSION_name`.
pub fn migrations() -> Vec<String> {
    let files = support::sql_files(&support::root().join("migrations"));
    let names = files.iter().map(|file| file.file_stem().unwrap());
    names
        .map(|name| name.to_str().unwrap().to_owned())
        .collect()
}

/// What the deck says when all of them are applied.
pub fn all_applied() -> String {
    format!("{} applied", migrations().len())
}

/// The name of a migration without its version.
pub fn short(name: &str) -> &str {
    name.split_once('_').unwrap().1
}
