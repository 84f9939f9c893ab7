//! What a database is recognised by: the same by every way, another for another database, and absent where the server does
//! not tell.

use crate::fixture::pooler::Pooler;
use crate::fixture::{TestProject, stack};
use supadeck::adapters::postgres::PgDatabase;
use supadeck::domain::production::Mark;
use supadeck::ports::Database as _;

async fn mark(url: &str) -> Mark {
    let database = PgDatabase::parse(&url.to_owned().into()).unwrap();
    let (history, seeds) = (
        database.history().await.unwrap(),
        database.seeds().await.unwrap(),
    );
    assert_eq!(history.target.mark, seeds.target.mark);
    *history.target.mark
}

#[tokio::test]
async fn a_database_is_the_same_by_every_way() {
    let (project, other) = (TestProject::new().await, TestProject::new().await);
    let first = mark(&project.url).await;
    let id = first.id.clone().unwrap();
    assert!(
        id.split('/').all(|part| part.parse::<u64>().is_ok()),
        "{id}"
    );
    assert_ne!(mark(&other.url).await.id, first.id);
    assert_eq!(
        mark(&project.url.replace("127.0.0.1", "localhost")).await,
        first
    );
    for mode in ["transaction", "session"] {
        if let Some(pooler) = Pooler::start_in(mode, &project).await {
            assert_eq!(
                mark(&pooler.url("127.0.0.1", "sslmode=disable")).await,
                first
            );
        }
    }
}

#[tokio::test]
async fn a_server_that_does_not_tell_can_be_read_all_the_same() {
    let project = TestProject::new().await;
    let database = project
        .url
        .rsplit('/')
        .next()
        .unwrap()
        .split('?')
        .next()
        .unwrap();
    let admin = stack().await.superuser_url(database);
    let (client, connection) = tokio_postgres::connect(&admin, tokio_postgres::NoTls)
        .await
        .unwrap();
    tokio::spawn(connection);
    let revoke = "revoke execute on function pg_catalog.pg_control_system() from public";
    client.batch_execute(revoke).await.unwrap();
    assert_eq!(mark(&project.url).await.id, None);
}
