//! Every way over a Postgres connection, with TLS checked as far as it can be: direct, through a pooler in session mode, and
//! through one in transaction mode. The whole life of a project goes over each.

use crate::fixture::pooler::{Pooler, certificates, has};
use crate::fixture::tls::turn_tls_on;
use crate::fixture::{TestProject, connect, database, ends, everything, run, until, watch};
use std::time::Duration;
use supadeck::domain::migration::resolution::Repair;
use supadeck::domain::migration::{PlanRequest, StepEnd};
use supadeck::domain::problem::Kind;
use supadeck::domain::run_event::RunEvent;
use supadeck::ops::migration::{self, Workspace};
use supadeck::ops::seed;
use supadeck::ports::Database as _;
use supadeck_stack::{Options, Stack};

/// Applies, seeds, fails, cancels, repairs and rolls back over an address.
async fn whole_life(project: &TestProject, schema: &Workspace) {
    project.up("1_a.sql", "create table a (b int);\nset search_path = '';");
    project.down("1_a.sql", "drop table a;");
    project.up("2_b.sql", "create table b ();");
    project.down("2_b.sql", "drop table b;");
    project.write("supabase/seed.sql", "copy a from stdin;\n1\n2\n\\.\n");
    let plan = migration::plan(schema, &everything()).await.unwrap();
    assert!(run(schema, &plan).await.is_complete());
    let seeds = seed::plan(schema, &[], false).await.unwrap();
    let outcome = seed::run(schema, &seeds, &crate::fixture::run_control())
        .await
        .unwrap();
    assert!(outcome.problem.is_none(), "{outcome:?}");
    assert_eq!(project.texts("select sum(b)::text from a").await, ["3"]);

    project.up("3_c.sql", "create table c ();\nselect 1 / 0;");
    let plan = migration::plan(schema, &everything()).await.unwrap();
    let outcome = run(schema, &plan).await;
    assert_eq!(ends(&outcome), [StepEnd::RolledBack]);
    assert_eq!(outcome.problem.unwrap().code.as_deref(), Some("22012"));

    project.up("3_c.sql", "create table c ();\nselect pg_sleep(600);");
    let plan = migration::plan(schema, &everything()).await.unwrap();
    let (watch, mut news) = watch();
    let (cancel, same) = (watch.cancel.clone(), schema.clone());
    let running = tokio::spawn(async move { migration::run(&same, &plan, &watch).await.unwrap() });
    while !matches!(
        news.recv().await,
        Some(RunEvent::StatementDone {
            step: 0,
            done: 1,
            ..
        })
    ) {}
    until(&project.db, "select exists (select from pg_stat_activity where wait_event = 'PgSleep' and datname = current_database())").await;
    cancel.cancel();
    let outcome = tokio::time::timeout(Duration::from_mins(1), running)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(outcome.problem.unwrap().kind, Kind::Cancelled);
    assert!(!project.has("c").await);

    let third = ["3".to_owned()];
    migration::repair(schema, &third, Repair::Applied)
        .await
        .unwrap();
    migration::repair(schema, &third, Repair::Reverted)
        .await
        .unwrap();
    let plan = migration::plan(
        schema,
        &PlanRequest::RollbackTo {
            version: "0".into(),
        },
    )
    .await
    .unwrap();
    assert!(run(schema, &plan).await.is_complete());
    assert!(project.versions().await.is_empty() && !project.has("a").await);
}

#[tokio::test]
async fn the_whole_life_goes_through_a_session_pooler_with_the_name_checked() {
    let project = TestProject::new().await;
    let Some(pooler) = Pooler::start_in("session", &project).await else {
        return;
    };
    let root = pooler.folder.path().join("root.crt").display().to_string();
    let schema = project.through(&pooler.url(
        "localhost",
        &format!("sslmode=verify-full&sslrootcert={root}"),
    ));
    whole_life(&project, &schema).await;
    // A session of one's own is enough for a file outside a transaction.
    project.up("1_a.sql", "create table a (b int);");
    project.up(
        "2_b.sql",
        "-- supadeck: no-transaction\ncreate index concurrently i on a (b);",
    );
    std::fs::remove_file(project.root.path().join("supabase/migrations/3_c.sql")).unwrap();
    let plan = migration::plan(&schema, &everything()).await.unwrap();
    let outcome = run(&schema, &plan).await;
    assert!(outcome.is_complete(), "{outcome:?}");
    assert!(project.has("i").await);
}

#[tokio::test]
async fn the_whole_life_goes_through_a_transaction_pooler_with_the_chain_checked() {
    let project = TestProject::new().await;
    let Some(pooler) = Pooler::start(&project).await else {
        return;
    };
    let root = pooler.folder.path().join("root.crt").display().to_string();
    let schema = project.through(&pooler.url(
        "127.0.0.1",
        &format!("sslmode=verify-ca&sslrootcert={root}"),
    ));
    whole_life(&project, &schema).await;
}

#[tokio::test]
async fn the_whole_life_goes_over_a_direct_connection_with_tls() {
    if !has("openssl") {
        println!("skipped: openssl is not installed");
        return;
    }
    // A cluster of its own: TLS is a setting of all of it.
    let stack = Stack::start(Options::default()).await.unwrap();
    let project = TestProject::on(stack.create_database("direct").await.unwrap()).await;
    let admin = connect(&stack.superuser_url("direct")).await;
    let folder = tempfile::tempdir().unwrap();
    certificates(folder.path());
    turn_tls_on(&admin, folder.path()).await;
    let url = project.url.replace("127.0.0.1", "localhost");
    let with = |parameters: &str| {
        format!(
            "{url}{}{parameters}",
            if url.contains('?') { '&' } else { '?' }
        )
    };
    let root = folder.path().join("root.crt").display().to_string();
    let strict = with(&format!("sslmode=verify-full&sslrootcert={root}"));
    whole_life(&project, &project.through(&strict)).await;
    for parameters in [
        "sslmode=require".to_owned(),
        format!("sslmode=verify-ca&sslrootcert={root}"),
    ] {
        let history = database(&with(&parameters)).history().await;
        assert!(history.is_ok(), "{parameters}: {history:?}");
    }
    let encrypted = "select exists (select from pg_stat_ssl s join pg_stat_activity a using (pid) where s.ssl and a.application_name like 'supadeck%')";
    let session = database(&strict)
        .session(project.schema.limits)
        .await
        .unwrap();
    until(&admin, encrypted).await;
    drop(session);
    let other = folder.path().join("other.crt").display().to_string();
    for parameters in [
        format!("sslmode=verify-full&sslrootcert={other}"),
        format!("sslmode=verify-ca&sslrootcert={other}"),
        "sslmode=verify-full&sslrootcert=system".to_owned(),
    ] {
        let problem = database(&with(&parameters)).history().await.unwrap_err();
        assert_eq!(problem.kind, Kind::Network, "{parameters}: {problem:?}");
    }
    let by_address = strict.replace("localhost", "127.0.0.1");
    let problem = database(&by_address).history().await.unwrap_err();
    assert_eq!(problem.kind, Kind::Network, "{problem:?}");
    stack.stop().await.unwrap();
}
