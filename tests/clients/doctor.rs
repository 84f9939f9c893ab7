//! What the doctor says about a project that is well, one that is empty, and one that is not there.

use crate::test_project::{TestProject, empty, limits, weeksmith};
use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;
use supadeck::adapters::clock::SystemClock;
use supadeck::adapters::connect::{Project, RoleChoice, Settings, profiles, resolve_with};
use supadeck::adapters::postgres::PgDatabase;
use supadeck::adapters::secrets::SecretStore;
use supadeck::ops::doctor::{Check, LeftOut, PendingChecks, State, Subject, Way, check};

async fn look(project: &Project, settings: &Settings) -> Vec<Check> {
    let subject = Subject {
        profile: &project.profile,
        profiles: &*profiles(settings).unwrap(),
        secrets: &*project.secrets,
        rest: &*project.rest,
        auth: &*project.auth,
        identity: &project.identity,
        has_publishable_key: project.has_publishable_key,
        has_service_key: project.has_service_key,
        left_out: LeftOut::default(),
        database: None,
        clock: &SystemClock,
        waits: &PendingChecks::default(),
    };
    check(&subject).await
}

async fn states(test_project: &TestProject) -> Vec<(&'static str, State)> {
    let project = test_project.project(RoleChoice::Anon).await;
    let checks = look(&project, &test_project.settings()).await;
    checks
        .iter()
        .map(|check| (check.name, check.state))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_project_that_is_well() {
    let test_project = weeksmith("doctor_well").await;
    let found = states(&test_project).await;
    for name in [
        "config",
        "url",
        "clock",
        "rest",
        "auth",
        "publishable key",
        "weeksmith",
    ] {
        assert!(found.contains(&(name, State::Ok)), "{name}: {found:?}");
    }
    // A key that is known is not used before the service role was chosen.
    assert!(found.contains(&("secret key", State::Skip)), "{found:?}");
    let service = test_project.project(RoleChoice::Service).await;
    let checks = look(&service, &test_project.settings()).await;
    let key = checks.iter().find(|check| check.name == "secret key");
    assert_eq!(key.unwrap().state, State::Ok);
    assert!(found.contains(&("keyring", State::Warn)));
    assert!(found.contains(&("session", State::Skip)));
    assert!(found.contains(&("database", State::Skip)));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_project_only_lacks_the_schema() {
    let test_project = empty("doctor_empty").await;
    let found = states(&test_project).await;
    assert!(found.contains(&("weeksmith", State::Skip)), "{found:?}");
    assert!(
        found.iter().all(|(_, state)| *state != State::Fail),
        "{found:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn one_table_that_cannot_be_read_is_found() {
    let test_project = weeksmith("doctor_goal").await;
    let (mut project, alice) = test_project.as_user("alice@example.com").await;
    project.identity = alice;
    let settings = test_project.settings();
    let weeksmith = async |project: &Project| {
        let checks = look(project, &settings).await;
        let found = checks.into_iter().find(|check| check.name == "weeksmith");
        found.unwrap()
    };
    assert_eq!(weeksmith(&project).await.state, State::Ok);
    for (breaks, mends) in [
        (
            "revoke select on goal from authenticated",
            "grant select on goal to authenticated",
        ),
        (
            "create policy p on goal as restrictive using (1 / (random() * 0)::int = 0)",
            "drop policy p on goal",
        ),
    ] {
        test_project.db.batch_execute(breaks).await.unwrap();
        let check = weeksmith(&project).await;
        assert_eq!(check.state, State::Fail, "{breaks}: {check:?}");
        assert!(check.what.starts_with("goal cannot be read."), "{check:?}");
        test_project.db.batch_execute(mends).await.unwrap();
    }
    // A session that is over is blamed, and not REST.
    project.auth.sign_out(&project.identity).await.unwrap();
    let checks = look(&project, &settings).await;
    let check = checks
        .iter()
        .find(|check| check.name == "weeksmith")
        .unwrap();
    assert_eq!(check.state, State::Skip, "{check:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_project_that_is_not_there() {
    let home = tempfile::tempdir().unwrap();
    let settings = Settings {
        // Port 9 of the loopback: nobody listens.
        url: Some("http://127.0.0.1:9".into()),
        publishable_key: Some("sb_publishable_x".to_owned().into()),
        config_dir: Some(home.path().to_path_buf()),
        ..Settings::default()
    };
    let project = resolve_with(&settings, Arc::new(SecretStore::memory()), limits())
        .await
        .unwrap();
    let found = look(&project, &settings).await;
    let state = |name: &str| found.iter().find(|check| check.name == name).unwrap().state;
    assert_eq!(state("url"), State::Fail);
    assert_eq!(state("publishable key"), State::Skip);
    assert_eq!(state("weeksmith"), State::Skip);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_says_nothing_is_given_up_and_named() {
    let home = tempfile::tempdir().unwrap();
    // The system takes the connections, and nobody ever answers.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let at = silent.local_addr().unwrap();
    let settings = Settings {
        url: Some(format!("http://{at}")),
        publishable_key: Some("sb_publishable_x".to_owned().into()),
        config_dir: Some(home.path().to_path_buf()),
        ..Settings::default()
    };
    let project = resolve_with(&settings, Arc::new(SecretStore::memory()), limits())
        .await
        .unwrap();
    let database = PgDatabase::parse(&format!("postgresql://u:p@{at}/d").into()).unwrap();
    let subject = Subject {
        profile: &project.profile,
        profiles: &*profiles(&settings).unwrap(),
        secrets: &*project.secrets,
        rest: &*project.rest,
        auth: &*project.auth,
        identity: &project.identity,
        has_publishable_key: true,
        has_service_key: false,
        left_out: LeftOut::default(),
        database: Some(Ok(Way {
            name: format!("the database at {at}"),
            database: &database,
        })),
        clock: &SystemClock,
        waits: &PendingChecks::of(Duration::from_millis(50)),
    };
    let checks = check(&subject).await;
    for (name, who) in [
        ("rest", "REST"),
        ("auth", "Auth"),
        ("database", "The database"),
    ] {
        let check = checks.iter().find(|check| check.name == name).unwrap();
        assert_eq!(check.state, State::Fail, "{check:?}");
        assert!(check.what.starts_with(who), "{check:?}");
        assert!(check.what.contains(&at.to_string()), "{check:?}");
    }
}
