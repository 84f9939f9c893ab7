//! What the test binaries share: the stack that all tests of a binary run on, databases on it, and the project's own SQL files.
//! Each binary takes it in by its path and uses a part of it.
#![allow(dead_code)]

pub mod chance;
pub mod fake_management_api;

use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use supadeck_stack::{Info, Options, Stack};
use tokio::runtime::Runtime;
use tokio::sync::OnceCell;
use tokio_postgres::{Client, NoTls, SimpleQueryMessage};

/// The password of the demo accounts.
pub const PASSWORD: &str = "weeksmith-demo";

/// Nobody drops a static. The stack's watchdog stops Postgres when the pipe to this process closes, which is when it
/// exits, however it does: after the last test, after a panic, after a kill; one test a process or all in one.
static STACK: OnceCell<Stack> = OnceCell::const_new();

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().unwrap());

/// The stack of this process.
pub async fn stack() -> &'static Stack {
    let start = || async { Stack::start(Options::default()).await.unwrap() };
    STACK.get_or_init(start).await
}

/// The runtime of tests that are not async themselves.
pub fn runtime() -> &'static Runtime {
    &RUNTIME
}

/// The stack for a test that is not async itself.
pub fn blocking_stack() -> &'static Stack {
    RUNTIME.block_on(stack())
}

/// Makes a database like that of a new Supabase project, with REST and Auth in front of it.
pub async fn served_database(name: &str) -> Info {
    stack().await.create_database(name).await.unwrap();
    stack().await.serve_database(name).await.unwrap()
}

/// Drops the database of a test that has ended: each holds connections of a server that has 300.
pub fn drop_database(name: &str) {
    if let Some(stack) = STACK.get() {
        stack.drop_database_later(name);
    }
}

/// Connects; the connection ends with the client.
pub async fn connect(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(async move {
        // What breaks it reaches the client's next call.
        let _ = connection.await;
    });
    client
}

/// The first column of what a statement gives, as text, without nulls.
pub async fn first_column(client: &Client, statement: &str) -> Vec<String> {
    let messages = client.simple_query(statement).await.unwrap();
    let rows = messages.iter().filter_map(|message| match message {
        SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
        _ => None,
    });
    rows.collect()
}

/// The same over a connection of its own, for a test that is not async itself.
pub fn query(url: &str, statement: &str) -> Vec<String> {
    RUNTIME.block_on(async { first_column(&connect(url).await, statement).await })
}

/// A client for HTTP on loopback.
pub fn http() -> reqwest::Client {
    // Only the first call of a process installs it; the provider is the same every time.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().no_proxy().build().unwrap()
}

/// Signs an account in with its password and gives the access token.
pub async fn sign_in(http: &reqwest::Client, info: &Info, email: &str, password: &str) -> String {
    let answer = http
        .post(format!("{}/auth/v1/token?grant_type=password", info.url))
        .header("apikey", &info.publishable_key)
        .header("content-type", "application/json")
        .body(json!({ "email": email, "password": password }).to_string())
        .send()
        .await
        .unwrap();
    let session: Value = serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap();
    match &session["access_token"] {
        Value::String(token) => token.clone(),
        _ => panic!("{email} cannot sign in: {session}"),
    }
}

/// The folder of the package.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The `.sql` files right in a folder, by name.
pub fn sql_files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|end| end == "sql"))
        .collect();
    files.sort();
    files
}

/// Puts the values of psql's `\set name value` in place of `:'name'`; the seeds use no more of psql than that.
pub fn without_psql(text: &str) -> String {
    let mut values: Vec<(String, String)> = Vec::new();
    let mut statements = String::new();
    for line in text.lines() {
        if let Some(command) = line.strip_prefix('\\') {
            let words: Vec<&str> = command.split_whitespace().collect();
            let ["set", name, value] = words[..] else {
                panic!("a seed uses {line}")
            };
            values.push((format!(":'{name}'"), format!("'{value}'")));
            continue;
        }
        statements += line;
        statements.push('\n');
    }
    let values = values.iter();
    values.fold(statements, |text, (name, value)| text.replace(name, value))
}
