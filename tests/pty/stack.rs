//! One stack for all tests of this binary, and a database with schema and demo data for each.

use std::process::Command;
use std::sync::LazyLock;
use supadeck_stack::{Info, Options, Stack};

static RUNTIME: LazyLock<tokio::runtime::Runtime> =
    LazyLock::new(|| tokio::runtime::Runtime::new().unwrap());
static STACK: LazyLock<Stack> =
    LazyLock::new(|| RUNTIME.block_on(Stack::start(Options::default())).unwrap());

/// A project of its own with schema and demo data, put there by the program's own subcommands.
pub fn project(name: &str) -> Info {
    // Forced here: a runtime cannot be entered from inside itself.
    let stack = &*STACK;
    let info = RUNTIME.block_on(async {
        stack.create_database(name).await.unwrap();
        stack.serve_database(name).await.unwrap()
    });
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
    RUNTIME.block_on(stack.reload_schema(name)).unwrap();
    info
}

/// The first column of what a statement gives, as text.
pub fn query(info: &Info, statement: &str) -> Vec<String> {
    RUNTIME.block_on(async {
        let connected = tokio_postgres::connect(&info.db_url, tokio_postgres::NoTls).await;
        let (client, connection) = connected.unwrap();
        tokio::spawn(connection);
        let messages = client.simple_query(statement).await.unwrap();
        let rows = messages.iter().filter_map(|message| match message {
            tokio_postgres::SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
            _ => None,
        });
        rows.collect()
    })
}

/// What the program is given to reach a project.
pub fn variables(info: &Info) -> Vec<(&'static str, &str)> {
    info.env_lines()
}

/// The migrations of this repository, oldest first, as `VERSION_name`.
pub fn migrations() -> Vec<String> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/migrations");
    let entries = std::fs::read_dir(folder).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names
        .filter_map(|name| name.strip_suffix(".sql").map(str::to_owned))
        .collect();
    names.sort();
    names
}

/// What the deck says when all of them are applied.
pub fn all_applied() -> String {
    format!("{} applied", migrations().len())
}

/// The name of a migration without its version.
pub fn short(name: &str) -> &str {
    name.split_once('_').unwrap().1
}
