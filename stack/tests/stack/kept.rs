//! Kept data: reopened with the same secrets, also after everything was killed, and by one stack at a time.

use super::child::{Running, open_folder, processes_naming};
use super::connect;
use std::process::Command;
use supadeck_stack::{Error, Options, Stack};

fn keeping(folder: &std::path::Path) -> Options {
    Options {
        data: Some(folder.to_path_buf()),
        ..Options::default()
    }
}

/// The functions that a wait for REST has made.
pub(crate) async fn probes(url: &str) -> Vec<String> {
    let question = "select proname::text from pg_proc where proname like 'supadeck%' order by 1";
    let rows = connect(url).await.query(question, &[]).await.unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}

#[tokio::test]
async fn data_and_keys_survive_a_stop() {
    let folder = open_folder();
    let data = folder.path().join("kept");
    let stack = Stack::start(keeping(&data)).await.unwrap();
    let before = stack.info().clone();
    connect(&before.db_url)
        .await
        .batch_execute("create table t as select 42 as answer")
        .await
        .unwrap();
    // What a stack leaves that is killed while it waits for a real PostgREST; the second one is somebody's own.
    connect(&stack.superuser_url("postgres"))
        .await
        .batch_execute(
            "create function supadeck_probe_1() returns void language sql as ''; \
             create function supadeck_probe_2() returns void language sql as ''; \
             alter function supadeck_probe_2() owner to postgres",
        )
        .await
        .unwrap();
    let second = Stack::start(keeping(&data)).await.unwrap_err();
    assert!(matches!(second, Error::DataInUse { .. }), "{second}");
    stack.stop().await.unwrap();

    let stack = Stack::start(keeping(&data)).await.unwrap();
    let after = stack.info();
    assert_eq!(
        (&after.secret_key, &after.anon_key),
        (&before.secret_key, &before.anon_key)
    );
    let row = connect(&after.db_url)
        .await
        .query_one("select answer from t", &[])
        .await
        .unwrap();
    assert_eq!(row.get::<_, i32>(0), 42);
    assert_eq!(probes(&after.db_url).await, ["supadeck_probe_2"]);
    stack.create_database("another").await.unwrap();
    drop(stack);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(data.join("stack.json"))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}

#[tokio::test]
async fn data_survives_the_killing_of_everything() {
    let folder = open_folder();
    let data = folder.path().join("kept");
    let child = Running::keeping(&data);
    let db = connect(child.db_url()).await;
    db.batch_execute("create table t as select 42 as answer")
        .await
        .unwrap();

    child.signal("STOP", false);
    for line in processes_naming(data.to_str().unwrap()) {
        let id = line.split_whitespace().next().unwrap();
        assert!(
            Command::new("kill")
                .args(["-KILL", id])
                .status()
                .unwrap()
                .success()
        );
    }
    child.signal("KILL", false);
    let stack = Stack::start(keeping(&data)).await.unwrap();
    let row = connect(&stack.info().db_url)
        .await
        .query_one("select answer from t", &[])
        .await
        .unwrap();
    assert_eq!(row.get::<_, i32>(0), 42);
    stack.stop().await.unwrap();
}

#[tokio::test]
async fn data_is_reopened_right_after_its_stack_was_killed() {
    let folder = open_folder();
    let data = folder.path().join("kept");
    let child = Running::keeping(&data);
    connect(child.db_url())
        .await
        .batch_execute("create table t as select 42 as answer")
        .await
        .unwrap();
    child.signal("KILL", false);
    // The watchdog is still stopping the old Postgres.
    let stack = Stack::start(keeping(&data)).await.unwrap();
    connect(&stack.info().db_url)
        .await
        .query_one("select answer from t", &[])
        .await
        .unwrap();
    drop(stack);
    child.leaves_nothing();
}

#[tokio::test]
async fn unfinished_cluster_is_made_again() {
    let folder = open_folder();
    let data = folder.path().join("kept");
    std::fs::create_dir_all(data.join("postgres").join("base")).unwrap();
    std::fs::write(data.join("unfinished"), "").unwrap();
    let stack = Stack::start(keeping(&data)).await.unwrap();
    assert!(!data.join("unfinished").exists());
    drop(stack);
}

#[tokio::test]
async fn folder_with_other_things_is_left_alone() {
    let folder = open_folder();
    std::fs::write(folder.path().join("thesis.txt"), "years of work").unwrap();
    let refused = Stack::start(keeping(folder.path())).await.unwrap_err();
    assert!(refused.to_string().contains("thesis.txt"), "{refused}");
    assert_eq!(
        std::fs::read_to_string(folder.path().join("thesis.txt")).unwrap(),
        "years of work"
    );

    let cluster = open_folder();
    std::fs::create_dir_all(cluster.path().join("postgres").join("base")).unwrap();
    assert!(Stack::start(keeping(cluster.path())).await.is_err());
    assert!(cluster.path().join("postgres").join("base").exists());
}

#[cfg(unix)]
#[tokio::test]
async fn folder_that_the_account_cannot_enter_is_explained() {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    let closed = tempfile::tempdir().unwrap();
    std::fs::set_permissions(closed.path(), std::fs::Permissions::from_mode(0o700)).unwrap();
    if std::fs::metadata(closed.path()).unwrap().uid() != 0 {
        eprintln!("skipped: only root runs Postgres as another account");
        return;
    }
    let refused = Stack::start(keeping(&closed.path().join("kept")))
        .await
        .unwrap_err()
        .to_string();
    assert!(
        refused.contains("cannot enter") && refused.contains("/var/lib"),
        "{refused}"
    );
}
