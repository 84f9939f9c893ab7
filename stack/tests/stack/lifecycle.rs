//! Postgres never outlives the stack, however the stack ends, and no temporary folder is left.

use super::child::{Running, nothing_is_left, open_folder, processes_naming, spawn};
use super::{connect, shared};
use std::time::{Duration, Instant};
use supadeck_stack::{Error, Options, Stack};

#[test]
fn orderly_end_leaves_nothing() {
    let child = Running::start("serve", &[]);
    assert_eq!(child.line("ready"), "yes");
    child.leaves_nothing();
}

#[test]
fn killed_process_leaves_nothing() {
    let child = Running::start("serve", &[]);
    child.signal("KILL", false);
    child.leaves_nothing();
}

#[test]
fn terminated_process_leaves_nothing() {
    let child = Running::start("serve", &[]);
    child.signal("TERM", false);
    child.leaves_nothing();
}

#[test]
fn interrupt_from_the_terminal_leaves_nothing() {
    let child = Running::start("serve", &[]);
    // Ctrl-C reaches the whole process group: the watchdog must not be in it.
    child.signal("INT", true);
    child.leaves_nothing();
}

#[test]
fn panic_leaves_nothing() {
    let child = Running::start("panic", &[]);
    child.leaves_nothing();
}

#[test]
fn process_killed_while_it_starts_leaves_nothing() {
    // At various moments: in initdb, while Postgres starts, in the bootstrap.
    for delay_ms in [40, 250, 700, 900, 1100] {
        let folder = open_folder();
        let mut child = spawn("serve", folder.path(), &[]);
        let begun = Instant::now();
        while std::fs::read_dir(folder.path()).unwrap().next().is_none() {
            assert!(
                begun.elapsed() < Duration::from_secs(20),
                "the child made no folder"
            );
            std::thread::sleep(Duration::from_millis(1));
        }
        std::thread::sleep(Duration::from_millis(delay_ms));
        child.kill().unwrap();
        child.wait().unwrap();
        nothing_is_left(folder.path());
    }
}

#[tokio::test]
async fn dropped_stack_is_gone_when_drop_returns() {
    let stack = Stack::start(Options::default()).await.unwrap();
    let url = stack.info().db_url.clone();
    let db = connect(&url).await;
    let folder: String = db
        .query_one("show data_directory", &[])
        .await
        .unwrap()
        .get(0);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let scratch = std::path::Path::new(&folder).parent().unwrap();
        assert_eq!(
            std::fs::metadata(scratch).unwrap().permissions().mode() & 0o777,
            0o700
        );
    }
    drop(stack);
    assert!(!std::path::Path::new(&folder).exists());
    assert_eq!(processes_naming(&folder), Vec::<String>::new());
    assert!(
        tokio_postgres::connect(&url, tokio_postgres::NoTls)
            .await
            .is_err()
    );
}

#[tokio::test]
async fn two_stacks_run_side_by_side() {
    let other = Stack::start(Options::default()).await.unwrap();
    let (a, b) = (shared().await.info(), other.info());
    assert!(a.url != b.url && a.jwt_secret != b.jwt_secret && a.secret_key != b.secret_key);
    connect(&a.db_url).await;
    connect(&b.db_url).await;
    other.stop().await.unwrap();
    connect(&a.db_url)
        .await
        .batch_execute("select 1")
        .await
        .unwrap();
}

#[tokio::test]
async fn taken_port_is_named() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let error = Stack::start(Options {
        port: Some(port),
        ..Options::default()
    })
    .await
    .unwrap_err();
    assert!(
        matches!(error, Error::Port { port: named, .. } if named == port),
        "{error}"
    );
}

#[tokio::test]
async fn postgres_is_reached_from_this_machine_only() {
    let db = connect(&shared().await.info().db_url).await;
    let addresses: String = db
        .query_one("show listen_addresses", &[])
        .await
        .unwrap()
        .get(0);
    assert_eq!(addresses, "127.0.0.1");
    let wrong = shared()
        .await
        .info()
        .db_url
        .replace("postgres:", "postgres:x");
    let refused = tokio_postgres::connect(&wrong, tokio_postgres::NoTls)
        .await
        .err()
        .unwrap();
    assert_eq!(refused.code().unwrap().code(), "28P01");
}

#[test]
fn stack_started_in_one_runtime_works_in_another() {
    let runtime = || {
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap()
    };
    let stack = runtime()
        .block_on(Stack::start(Options::default()))
        .unwrap();
    runtime().block_on(async {
        connect(&stack.info().db_url)
            .await
            .batch_execute("create table t (id int)")
            .await
            .unwrap();
        stack.reload_schema("postgres").await.unwrap();
        let http = super::http::Http::new(&stack.info().url, &stack.info().publishable_key);
        assert_eq!(http.get("/rest/v1/t").await.status, 200);
        stack.stop().await.unwrap();
    });
}
