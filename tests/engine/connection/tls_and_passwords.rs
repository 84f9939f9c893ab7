//! Getting in: TLS and its words, wrong passwords, hosts and databases. Each is a clear problem, none tells a password.

use crate::fixture::pooler::Pooler;
use crate::fixture::{TestProject, database};
use std::time::Duration;
use supadeck::domain::problem::{Kind, Problem};
use supadeck::ports::Database;

async fn refused(url: &str, secret: &str) -> Problem {
    let database = database(url);
    let problem = database.history().await.unwrap_err();
    for told in [
        format!("{problem:?}"),
        format!("{database:?}"),
        problem.to_string(),
    ] {
        assert!(!told.contains(secret), "{told}");
    }
    problem
}

#[tokio::test]
async fn every_way_of_not_getting_in_is_a_clear_problem() {
    let project = TestProject::new().await;
    let (login, rest) = project.url.rsplit_once('@').unwrap();
    let (user, password) = login.rsplit_once(':').unwrap();
    let (server, _) = rest.split_once('/').unwrap();

    let problem = refused(&format!("{user}:wr%40ng@{rest}"), "wr@ng").await;
    assert_eq!(
        (problem.kind, problem.code.as_deref()),
        (Kind::Auth, Some("28P01"))
    );
    let problem = refused(&format!("{user}@{rest}"), password).await;
    assert_eq!(problem.kind, Kind::Auth);
    assert!(problem.what.contains("wants a password"), "{problem}");
    let problem = refused(&format!("{login}@{server}/nowhere"), password).await;
    assert_eq!(
        (problem.kind, problem.code.as_deref()),
        (Kind::Database, Some("3D000"))
    );
    let problem = refused(&format!("{login}@nowhere.invalid/postgres"), password).await;
    assert_eq!((problem.kind, problem.retry), (Kind::Network, true));
    let closed = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let problem = refused(&format!("{login}@{closed}/postgres"), password).await;
    assert_eq!(problem.kind, Kind::Network);
    assert!(problem.why.contains("refused"), "{problem}");
    let problem = refused(&format!("{}?sslmode=require", project.url), password).await;
    assert!(problem.what.contains("does not offer TLS"), "{problem}");
    project
        .db
        .batch_execute("create role narrow login password 'narrow' connection limit 0")
        .await
        .unwrap();
    let problem = refused(&format!("postgresql://narrow:narrow@{rest}"), "hush").await;
    assert_eq!(
        (problem.code.as_deref(), problem.retry),
        (Some("53300"), true)
    );
    project
        .db
        .batch_execute(&format!(
            "alter role current_user in database {} set standard_conforming_strings = off",
            rest.split_once('/').unwrap().1
        ))
        .await
        .unwrap();
    let problem = refused(&project.url, password).await;
    assert!(
        problem.what.contains("standard_conforming_strings"),
        "{problem}"
    );
}

#[tokio::test]
async fn a_silent_server_is_given_up_in_time() {
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!(
        "postgresql://u:hush@{}/d?connect_timeout=1",
        silent.local_addr().unwrap()
    );
    let answer = tokio::time::timeout(Duration::from_secs(20), refused(&url, "hush")).await;
    let problem = answer.unwrap();
    assert_eq!(problem.kind, Kind::Network);
    assert!(problem.what.contains("did not answer"), "{problem}");
}

#[tokio::test]
async fn options_and_special_characters_of_a_url_arrive() {
    let project = TestProject::new().await;
    let url = format!(
        "{}?options=-c%20application_name%3Dodd%2520one&connect_timeout=5",
        project.url
    );
    let history = database(&url).history().await.unwrap();
    assert_eq!(history.target.role, "postgres");
    project
        .db
        .batch_execute("create role odd login password 'p@s:s/w#%d'; grant connect on database postgres to odd")
        .await
        .unwrap();
    let (_, rest) = project.url.rsplit_once('@').unwrap();
    let history = database(&format!("postgresql://odd:p%40s%3As%2Fw%23%25d@{rest}"))
        .history()
        .await
        .unwrap();
    assert_eq!(history.target.role, "odd");
}

#[tokio::test]
async fn certificates_are_checked_as_far_as_sslmode_says() {
    let project = TestProject::new().await;
    let Some(pooler) = Pooler::start(&project).await else {
        return;
    };
    let file = |name: &str| pooler.folder.path().join(name).display().to_string();
    let (root, other) = (file("root.crt"), file("other.crt"));
    for (host, parameters) in [
        ("localhost", "sslmode=disable".to_owned()),
        ("localhost", String::new()),
        ("127.0.0.1", "sslmode=require".to_owned()),
        ("127.0.0.1", format!("sslmode=verify-ca&sslrootcert={root}")),
        (
            "localhost",
            format!("sslmode=verify-full&sslrootcert={root}"),
        ),
        // A self-signed server certificate is its own root.
        (
            "localhost",
            format!("sslmode=verify-full&sslrootcert={}", file("server.crt")),
        ),
    ] {
        let answer = database(&pooler.url(host, &parameters)).history().await;
        assert!(answer.is_ok(), "{host} {parameters}: {answer:?}");
    }
    for (host, parameters, kind) in [
        (
            "127.0.0.1",
            format!("sslmode=verify-full&sslrootcert={root}"),
            Kind::Network,
        ),
        (
            "localhost",
            format!("sslmode=verify-ca&sslrootcert={other}"),
            Kind::Network,
        ),
        (
            "localhost",
            format!("sslmode=require&sslrootcert={other}"),
            Kind::Network,
        ),
        (
            "localhost",
            "sslmode=verify-full&sslrootcert=system".to_owned(),
            Kind::Network,
        ),
        (
            "localhost",
            format!("sslmode=verify-ca&sslrootcert={}", file("none.crt")),
            Kind::Config,
        ),
        (
            "localhost",
            format!("sslmode=verify-ca&sslrootcert={}", file("log")),
            Kind::Config,
        ),
    ] {
        let problem = database(&pooler.url(host, &parameters))
            .history()
            .await
            .unwrap_err();
        assert_eq!(problem.kind, kind, "{host} {parameters}: {problem:?}");
        assert!(problem.hint.is_some());
    }
}
