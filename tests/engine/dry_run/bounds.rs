//! What bounds a dry run: it commits nothing, waits for nobody for long, and ends when it is told to, cut off or late.

use crate::fixture::database_contents::database_contents;
use crate::fixture::dry_run::{ASLEEP, in_use, rehearse, rehearse_with, told};
use crate::fixture::{connect, database, everything, until, watch};
use std::time::Duration;
use supadeck::domain::dry_run::End;
use supadeck::domain::dry_run::recording::FileScript;
use supadeck::domain::problem::Kind;
use supadeck::domain::script::{Limits, Part, RunError};
use supadeck::ops::migration;
use supadeck::ports::DryRunDatabase;
use tokio_util::sync::CancellationToken;

/// A file of one statement, as a splitter that goes wrong would make it.
fn file(statement: &'static str) -> FileScript {
    FileScript {
        step: 0,
        parts: vec![Part {
            statement: 0,
            sql: statement.into(),
            data: None,
        }],
        wants_snapshot: false,
    }
}

#[tokio::test]
async fn nothing_can_commit() {
    let project = in_use().await;
    project
        .db
        .batch_execute("create procedure sly() language plpgsql as $$ begin insert into parent values (50); commit; end $$")
        .await
        .unwrap();
    for sql in [
        "insert into parent values (51); do $$ begin commit; end $$;",
        "insert into parent values (52); call sly();",
        "insert into parent values (53); do $$ begin execute 'commit'; end $$;",
        "insert into parent values (54); do $$ begin rollback; insert into parent values (55); end $$;",
    ] {
        project.up("2_sly.sql", sql);
        let report = rehearse(&project, everything()).await;
        assert_eq!(report.steps[0].end, End::Failed, "{sql}");
    }
    let stage = database(&project.url);
    let token = CancellationToken::new();
    let mut session = stage.open_dry_run(Limits::default()).await.unwrap();
    let before = database_contents(&project).await;
    // As a splitter that goes wrong would send it: the server takes one command at a time.
    let ended = session
        .run_file(
            &file("create table evil (); commit; create table worse ()"),
            &mut |_| {},
            &token,
        )
        .await;
    let halt = ended.unwrap().failed.unwrap().halt;
    assert!(
        matches!(&halt, RunError::Refused(refused) if refused.code == "42601"),
        "{halt:?}"
    );
    session.end().await.unwrap();
    assert_eq!(database_contents(&project).await, before);

    let mut session = stage.open_dry_run(Limits::default()).await.unwrap();
    let ended = session
        .run_file(&file("create table evil ()"), &mut |_| {}, &token)
        .await;
    assert_eq!(ended.unwrap().failed, None);
    // A COMMIT is never sent: what it would check stands in its place.
    let ended = session.run_file(&file("commit"), &mut |_| {}, &token).await;
    assert_eq!(ended.unwrap().failed, None);
    session.end().await.unwrap();
    assert_eq!(database_contents(&project).await, before);

    let mut session = stage.open_dry_run(Limits::default()).await.unwrap();
    let ended = session
        .run_file(&file("rollback"), &mut |_| {}, &token)
        .await;
    assert_eq!(ended.unwrap().failed.unwrap().halt, RunError::Escaped);
    session.end().await.unwrap();
    assert_eq!(database_contents(&project).await, before);
}

#[tokio::test]
async fn a_cancelled_rehearsal_leaves_nothing() {
    let project = in_use().await;
    project.up("2_slow.sql", "drop view names; select pg_sleep(60);");
    let before = database_contents(&project).await;
    let plan = project.plan(everything()).await.unwrap();
    let (watch, _news) = watch();
    let cancel = watch.cancel.clone();
    let (schema, stage) = (project.schema.clone(), database(&project.url));
    let running =
        tokio::spawn(
            async move { migration::dry_run(&schema, stage.as_ref(), &plan, &watch).await },
        );
    until(&project.db, ASLEEP).await;
    cancel.cancel();
    let report = running.await.unwrap().unwrap();
    assert_eq!(report.problem.unwrap().kind, Kind::Cancelled);
    assert_eq!(database_contents(&project).await, before);
}

#[tokio::test]
async fn a_rehearsal_whose_connection_is_cut_leaves_nothing() {
    let project = in_use().await;
    project.up("2_slow.sql", "drop view names; select pg_sleep(60);");
    let before = database_contents(&project).await;
    let plan = project.plan(everything()).await.unwrap();
    let (schema, stage) = (project.schema.clone(), database(&project.url));
    let running = tokio::spawn(async move {
        migration::dry_run(&schema, stage.as_ref(), &plan, &watch().0).await
    });
    until(&project.db, ASLEEP).await;
    project
        .texts("select pg_terminate_backend(pid)::text from pg_stat_activity where wait_event = 'PgSleep' and datname = current_database()")
        .await;
    let report = running.await.unwrap().unwrap();
    assert_eq!(report.problem.unwrap().kind, Kind::Network);
    assert_eq!(database_contents(&project).await, before);
}

#[tokio::test]
async fn a_lock_is_waited_for_no_longer_than_the_limit_even_if_the_file_says_so() {
    let project = in_use().await;
    project.up(
        "2_wait.sql",
        "set lock_timeout = 0; set statement_timeout = 0; reset all; alter table parent add column a int;",
    );
    let other = connect(&project.url).await;
    other
        .batch_execute("begin; lock table parent in access share mode")
        .await
        .unwrap();
    let mut schema = project.schema.clone();
    schema.limits.lock_timeout = Duration::from_millis(200);
    let report = rehearse_with(&schema, &project, everything(), &watch().0).await;
    let problem = report.problem.unwrap();
    assert_eq!(problem.code.as_deref(), Some("55P03"), "{problem:?}");
    assert_eq!(problem.kind, Kind::Conflict);
    other.batch_execute("rollback").await.unwrap();
}

#[tokio::test]
async fn a_statement_is_stopped_at_its_limit() {
    let project = in_use().await;
    project.up(
        "2_slow.sql",
        "set statement_timeout = 0; select pg_sleep(60);",
    );
    let mut schema = project.schema.clone();
    schema.limits.statement_timeout = Some(Duration::from_millis(200));
    let report = rehearse_with(&schema, &project, everything(), &watch().0).await;
    assert_eq!(report.problem.unwrap().code.as_deref(), Some("57014"));
}

#[tokio::test]
async fn another_runner_is_not_waited_for() {
    let project = in_use().await;
    project.up("2_a.sql", "select 1;");
    let other = connect(&project.url).await;
    other
        .batch_execute("begin; select pg_advisory_xact_lock(x'737570616465636b'::bigint)")
        .await
        .unwrap();
    let plan = project.plan(everything()).await.unwrap();
    let stage = database(&project.url);
    let refused = migration::dry_run(&project.schema, stage.as_ref(), &plan, &watch().0)
        .await
        .unwrap_err();
    assert_eq!((refused.kind, refused.retry), (Kind::Conflict, true));
}

#[tokio::test]
async fn settings_and_roles_of_a_file_hold_while_it_is_rehearsed() {
    let project = in_use().await;
    project.up(
        "2_a.sql",
        "create schema other; set search_path = other; create table here (); set role anon; \
        do $$ begin if current_user <> 'anon' then raise 'role'; end if; end $$; reset role; create table too ();",
    );
    let report = rehearse(&project, everything()).await;
    assert!(report.problem.is_none(), "{report:?}");
    assert_eq!(
        told(&report).1,
        ["+ schema other", "+ table other.here", "+ table other.too"]
    );
}

#[tokio::test]
async fn sequences_that_moved_are_told() {
    let project = in_use().await;
    project.up("2_a.sql", "insert into child (parent_id) values (1);");
    let plan = project.plan(everything()).await.unwrap();
    let stage = database(&project.url);
    let report = migration::dry_run(&project.schema, stage.as_ref(), &plan, &watch().0)
        .await
        .unwrap();
    assert_eq!(report.sequences, ["public.child_id_seq"]);
    assert!(report.problem.is_none());
}
