//! Lines that go silent, locks that somebody keeps, and repairs whose answer is lost: all end in bounded time, and say
//! no more than is known.

use crate::fixture::fault_proxy::{FaultProxy, Rule};
use crate::fixture::pooler::Pooler;
use crate::fixture::{TestProject, connect, database, until};
use std::sync::Arc;
use std::time::Duration;
use supadeck::adapters::postgres::PgDatabase;
use supadeck::domain::migration::resolution::Repair;
use supadeck::domain::problem::{Kind, Problem};
use supadeck::domain::script::Failure;
use supadeck::ops::migration::{self, Workspace};
use supadeck::ports::Database as _;

/// Enough for every limit of these tests on a busy machine, and far from no limit at all.
const BOUND: Duration = Duration::from_secs(30);

fn quick(url: &str) -> PgDatabase {
    PgDatabase::parse(&url.to_owned().into())
        .unwrap()
        .with_statement_limit(Duration::from_secs(1))
}

fn note() -> Failure {
    Failure {
        version: "1".into(),
        direction: supadeck::domain::migration::Direction::Apply,
        sha256: String::new(),
        outcome: "failed",
        took: Duration::ZERO,
        statement: None,
        done: None,
        error: "Journal this.".into(),
    }
}

/// What reading the four books ends in.
async fn reads(database: &PgDatabase) -> [Problem; 4] {
    let failure = note();
    let versions = ["1".to_owned()];
    let all = async {
        [
            database.history().await.unwrap_err(),
            database.stored(&versions).await.unwrap_err(),
            database.seeds().await.unwrap_err(),
            database.note(&failure).await.unwrap_err(),
        ]
    };
    tokio::time::timeout(BOUND, all).await.unwrap()
}

#[tokio::test]
async fn reading_over_a_silent_line_ends() {
    let project = TestProject::new().await;
    for word in ["schema_migrations m", "seed_files", "supadeck_journal"] {
        let line = FaultProxy::new(&project.url, Rule::SilentBehind(word), true).await;
        let database = quick(&line.url);
        let reading = async {
            match word {
                "seed_files" => database.seeds().await.map(drop),
                "supadeck_journal" => database.note(&note()).await,
                _ => database.stored(&["1".to_owned()]).await.map(drop),
            }
        };
        let problem = tokio::time::timeout(BOUND, reading)
            .await
            .unwrap()
            .unwrap_err();
        assert!(line.is_cut());
        assert_eq!((problem.kind, problem.retry), (Kind::Network, true));
        assert!(problem.why.contains("did not answer"), "{problem}");
    }
    let line = FaultProxy::new(&project.url, Rule::SilentBehind("current_user"), true).await;
    let schema = Workspace::new(project.root.path(), Arc::new(quick(&line.url)));
    let listing = migration::list(&schema);
    let problem = tokio::time::timeout(BOUND, listing)
        .await
        .unwrap()
        .unwrap_err();
    assert_eq!((problem.kind, problem.retry), (Kind::Network, true));
}

#[tokio::test]
async fn somebody_elses_lock_is_not_waited_for_without_end() {
    let project = TestProject::new().await;
    project.up("1_a.sql", "create table a ();");
    assert!(project.apply().await.is_complete());
    let other = connect(&project.url).await;
    let lock = "begin; lock table supabase_migrations.schema_migrations, supabase_migrations.seed_files, supabase_migrations.supadeck_journal in access exclusive mode";
    other.batch_execute(lock).await.unwrap();
    for problem in reads(&quick(&project.url)).await {
        assert_eq!(
            (problem.kind, problem.code.as_deref(), problem.retry),
            (Kind::Conflict, Some("55P03"), true),
            "{problem:?}"
        );
    }
    let Some(pooler) = Pooler::start(&project).await else {
        return;
    };
    let pooled = pooler.url("127.0.0.1", "pgbouncer=true");
    for problem in reads(&quick(&pooled)).await {
        assert_eq!(problem.code.as_deref(), Some("55P03"), "{problem:?}");
    }
    other.batch_execute("rollback").await.unwrap();
    quick(&pooled).history().await.unwrap();
    // The limits were the messages' own: whoever gets the server's connection next has none of them.
    let next = connect(&pooled.replace("pgbouncer=true", "")).await;
    for setting in ["lock_timeout", "statement_timeout"] {
        let own = shown(&other, setting).await;
        assert_eq!(shown(&next, setting).await, own, "{setting}");
        assert!(own.is_some());
    }
}

/// What a session says of a setting.
async fn shown(session: &tokio_postgres::Client, setting: &str) -> Option<String> {
    let rows = session.simple_query(&format!("show {setting}")).await;
    rows.unwrap().iter().find_map(|message| match message {
        tokio_postgres::SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
        _ => None,
    })
}

/// Repairs version 1 to applied over a line; what was said, and whether the history has it in the end.
async fn repaired(rule: Rule, open_again: bool) -> (Result<usize, Problem>, bool) {
    let project = TestProject::new().await;
    project.up("1_a.sql", "create table a ();");
    let line = FaultProxy::new(&project.url, rule, open_again).await;
    let schema = Workspace::new(project.root.path(), database(&line.url));
    let versions = ["1".to_owned()];
    let repairing = migration::repair(&schema, &versions, Repair::Applied);
    let said = tokio::time::timeout(Duration::from_mins(2), repairing)
        .await
        .unwrap();
    assert!(line.is_cut());
    until(
        &project.db,
        "select not exists (select from pg_stat_activity where application_name like 'supadeck%' and datname = current_database())",
    )
    .await;
    let is_there = project.versions().await == ["1"];
    (said.map(|listing| listing.entries.len()), is_there)
}

#[tokio::test]
async fn a_repair_whose_answer_is_lost_is_judged_by_the_history() {
    let (said, is_there) = repaired(Rule::CutBehind("repair_applied"), true).await;
    // The server may have been ended before COMMIT; then that is what is said.
    assert_eq!(said.is_ok(), is_there, "{said:?}");
    if let Err(problem) = said {
        assert!(problem.what.contains("was not changed"), "{problem}");
    }
    let (said, is_there) = repaired(Rule::CutBefore("repair_applied"), true).await;
    let problem = said.unwrap_err();
    assert!(!is_there);
    assert_eq!((problem.kind, problem.retry), (Kind::Network, true));
    assert!(problem.what.contains("was not changed"), "{problem}");
}

#[tokio::test]
async fn a_repair_that_nobody_can_judge_is_called_unknown() {
    let (said, is_there) = repaired(Rule::CutBehind("repair_applied"), false).await;
    let problem = said.unwrap_err();
    assert!(is_there);
    assert_eq!(problem.kind, Kind::Network);
    assert!(problem.what.contains("is not known whether"), "{problem}");
}

#[tokio::test]
async fn a_repair_that_cannot_be_read_again_is_called_done() {
    let (said, is_there) = repaired(Rule::LastBehind("repair_applied"), false).await;
    let problem = said.unwrap_err();
    assert!(is_there);
    assert!(
        problem.what.contains("was changed, but could not be read"),
        "{problem}"
    );
}
