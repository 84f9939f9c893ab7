//! REST by a PostgREST process: the plumbing with a stand-in that only echoes, everything else with the real one where
//! there is one.

use super::child::{Running, open_folder, processes_naming};
use super::http::Http;
use super::kept::probes;
use super::{add_user, connect};
use axum::Router;
use axum::extract::Request;
use serde_json::json;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use supadeck_stack::{Error, Options, Stack};

/// The stand-in: answers with what it was asked, on the socket that PostgREST would use.
#[cfg(unix)]
#[tokio::test]
#[ignore = "the child process of another test"]
async fn echo() {
    let Some(socket) = std::env::var_os("PGRST_SERVER_UNIX_SOCKET") else {
        println!("skipped: PGRST_SERVER_UNIX_SOCKET is not set");
        return;
    };
    let answer = |request: Request| async move {
        let header = request.headers().get("authorization");
        let authorization = header.map(|value| value.to_str().unwrap().to_owned());
        axum::Json(json!({ "uri": request.uri().to_string(), "authorization": authorization }))
    };
    let listener = tokio::net::UnixListener::bind(socket).unwrap();
    axum::serve(listener, Router::new().fallback(answer))
        .await
        .unwrap();
}

/// A program that is found in the process list by the folder it is in.
#[cfg(unix)]
fn stand_in(folder: &Path) -> PathBuf {
    use std::os::unix::fs::PermissionsExt;
    let script = folder.join("postgrest");
    let me = std::env::current_exe().unwrap();
    let text = format!(
        "#!/bin/sh\nexec '{}' --exact postgrest::echo '{}' --ignored --nocapture\n",
        me.display(),
        folder.display()
    );
    std::fs::write(&script, text).unwrap();
    std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o755)).unwrap();
    script
}

#[cfg(unix)]
#[test]
fn process_does_not_outlive_a_killed_stack() {
    let folder = open_folder();
    let script = stand_in(folder.path());
    let child = Running::start("serve", &[("SUPADECK_POSTGREST", script.to_str().unwrap())]);
    assert_eq!(child.line("ready"), "yes");
    let is_there = || !processes_naming(folder.path().to_str().unwrap()).is_empty();
    assert!(is_there());
    child.signal("KILL", false);
    child.leaves_nothing();
    let begun = Instant::now();
    while is_there() {
        assert!(
            begun.elapsed() < Duration::from_secs(10),
            "PostgREST is still there"
        );
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[cfg(unix)]
#[tokio::test]
async fn requests_reach_the_process_as_postgrest_expects_them() {
    let folder = open_folder();
    let script = stand_in(folder.path());

    let stack = Stack::start(Options {
        postgrest: Some(script),
        ..Options::default()
    })
    .await
    .unwrap();
    let info = stack.info();
    let answer = Http::new(&info.url, &info.secret_key)
        .get("/rest/v1/goal?select=id&limit=1")
        .await;
    assert_eq!(
        answer.json()["uri"],
        "/goal?select=id&limit=1",
        "{answer:?}"
    );
    assert_eq!(
        answer.json()["authorization"],
        format!("Bearer {}", info.service_role_key)
    );
    stack.stop().await.unwrap();
}

#[tokio::test]
async fn process_that_ends_at_once_is_reported() {
    let options = Options {
        postgrest: Some(PathBuf::from("/bin/false")),
        ..Options::default()
    };
    let error = Stack::start(options).await.unwrap_err();
    assert!(matches!(error, Error::Rest { .. }), "{error}");
}

#[tokio::test]
async fn real_postgrest_serves_the_same() {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let on_path = std::env::split_paths(&path)
        .map(|folder| folder.join("postgrest"))
        .find(|file| file.is_file());
    let Some(binary) = std::env::var_os("SUPADECK_POSTGREST")
        .map(PathBuf::from)
        .or(on_path)
    else {
        eprintln!("skipped: there is no postgrest on PATH and SUPADECK_POSTGREST is not set");
        return;
    };
    let stack = Stack::start(Options {
        postgrest: Some(binary),
        ..Options::default()
    })
    .await
    .unwrap();
    let info = stack.info();
    let db = connect(&info.db_url).await;
    db.batch_execute("create table notes (id int primary key); insert into notes values (1)")
        .await
        .unwrap();
    add_user(&db, "alice@example.com", "authenticated").await;
    let http = Http::new(&info.url, &info.publishable_key);
    let session = http.sign_in("alice@example.com").await;
    let alice = http.bearer(session["access_token"].as_str().unwrap());
    assert!(stack.has_real_postgrest());
    stack.reload_schema("postgres").await.unwrap();
    let notes = alice.get("/rest/v1/notes").await;
    assert_eq!(notes.json(), json!([{ "id": 1 }]), "{notes:?}");
    let server = notes.headers["server"].to_str().unwrap();
    assert!(server.starts_with("postgrest/"), "{server}");
    assert_eq!(probes(&info.db_url).await, Vec::<String>::new());
    stack.stop().await.unwrap();
}
