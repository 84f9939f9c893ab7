//! Migrations that do what a migration should not: to their session, their role, their transaction, or the server. Each ends
//! with a message of its own, and leaves nothing but what it says.

use crate::fixture::supabase_cli::{cli, said, supabase};
use crate::fixture::{TestProject, connect, ends, everything, run, watch};
use std::time::Duration;
use supadeck::domain::migration::{Outcome, StepEnd};
use supadeck::domain::problem::Kind;
use supadeck::domain::run_event::RunEvent;
use supadeck::ops::migration;

/// Runs one file in both ways of sending it; what is left must be nothing.
async fn each_way(sql: &str) -> [Outcome; 2] {
    let mut outcomes = Vec::new();
    for live_files in [8, 0] {
        let project = TestProject::new().await;
        project.up("1_a.sql", format!("create table a ();\n{sql}"));
        project.up("2_b.sql", "create table b ();");
        let plan = project.plan(everything()).await.unwrap();
        let mut schema = project.schema.clone();
        schema.limits.live_files = live_files;
        let outcome = run(&schema, &plan).await;
        assert_eq!(
            ends(&outcome),
            [StepEnd::RolledBack, StepEnd::NotRun],
            "{sql}: {outcome:?}"
        );
        assert!(
            !project.has("a").await && project.versions().await.is_empty(),
            "{sql}"
        );
        // The next run stands where it stood, and the other files are as good as before.
        project.up("1_a.sql", "create table a ();");
        assert!(project.apply().await.is_complete(), "{sql}");
        outcomes.push(outcome);
    }
    outcomes.try_into().unwrap()
}

#[tokio::test]
async fn a_file_that_ends_its_own_session_leaves_nothing() {
    for outcome in
        each_way("select pg_terminate_backend(pg_backend_pid());\ncreate table c ();").await
    {
        let problem = outcome.problem.unwrap();
        assert_eq!(problem.kind, Kind::Network, "{problem:?}");
        assert!(problem.why.contains("terminating connection"), "{problem}");
        assert!(problem.hint.unwrap().contains("Nothing of it remains"));
    }
}

#[tokio::test]
async fn a_full_disk_and_a_full_memory_are_told_as_such() {
    for (code, message, hint) in [
        (
            "53100",
            "could not extend file: No space left on device",
            "disk is full",
        ),
        ("53200", "out of memory", "ran out of memory"),
    ] {
        let raise = format!(
            "do $$ begin raise exception '{message}' using errcode = '{code}'; end $$;\ncreate table c ();"
        );
        for outcome in each_way(&raise).await {
            let problem = outcome.problem.unwrap();
            assert_eq!(
                (problem.kind, problem.code.as_deref()),
                (Kind::Database, Some(code))
            );
            assert!(problem.what.contains("nothing of it remains"), "{problem}");
            assert!(problem.hint.as_ref().unwrap().contains(hint), "{problem:?}");
        }
    }
}

#[tokio::test]
async fn a_block_that_commits_is_refused_and_pointed_outside() {
    for outcome in each_way("do $$ begin create table d (); commit; end $$;").await {
        let problem = outcome.problem.unwrap();
        assert_eq!(problem.code.as_deref(), Some("2D000"), "{problem:?}");
        assert!(problem.hint.unwrap().contains("supadeck: no-transaction"));
    }
    let project = TestProject::new().await;
    project.up(
        "1_a.sql",
        "-- supadeck: no-transaction\ndo $$ begin create table d (); commit; create table e (); end $$;",
    );
    assert!(project.apply().await.is_complete());
    assert!(project.has("d").await && project.has("e").await);
}

#[tokio::test]
async fn a_statement_that_hides_from_the_reader_is_pointed_outside() {
    for outcome in each_way("create function f() returns void language plpgsql as $f$ begin execute 'vacuum'; end $f$;\nselect f();").await {
        let problem = outcome.problem.unwrap();
        assert_eq!(problem.code.as_deref(), Some("25001"), "{problem:?}");
        assert!(problem.hint.unwrap().contains("supadeck: no-transaction"));
    }
}

#[tokio::test]
async fn roles_settings_and_the_search_path_stay_in_their_file() {
    for live_files in [8, 0] {
        let project = TestProject::new().await;
        project.up("1_a.sql", "create table a ();\nset role anon;");
        project.up("2_b.sql", "create table b as select current_user::text as who;\nset search_path = '';\nset statement_timeout = 300;");
        project.up("3_c.sql", "create table c as select current_schema()::text as place, pg_sleep(0.5)::text as slept;\nreset all;\nreset role;");
        project.up("4_d.sql", "set lock_timeout = 0;\nselect set_config('standard_conforming_strings', 'off', false);\nset default_transaction_read_only = on;");
        project.up("5_e.sql", "create table e (t text default 'a\\');");
        let plan = project.plan(everything()).await.unwrap();
        let mut schema = project.schema.clone();
        schema.limits.live_files = live_files;
        let outcome = run(&schema, &plan).await;
        assert!(outcome.is_complete(), "{outcome:?}");
        assert_ne!(project.texts("select who from b").await, ["anon"]);
        assert_eq!(project.texts("select place from c").await, ["public"]);
        assert_eq!(project.versions().await.len(), 5);
    }
}

#[tokio::test]
async fn a_session_that_renames_itself_is_not_taken_for_dead() {
    for sql in [
        "set application_name = 'mine';\nselect pg_sleep(3);",
        "select pg_sleep(0.5);\nset application_name = 'mine';\nselect pg_sleep(3);",
        "-- supadeck: no-transaction\nselect pg_sleep(0.5);\nset application_name = 'mine';\nselect pg_sleep(3);",
    ] {
        let project = TestProject::new().await;
        project.up("1_a.sql", sql);
        let plan = project.plan(everything()).await.unwrap();
        let mut schema = project.schema.clone();
        schema.limits.silence = Duration::from_millis(400);
        let outcome = run(&schema, &plan).await;
        assert!(outcome.is_complete(), "{sql}: {outcome:?}");
    }
}

#[tokio::test]
async fn a_lock_is_tried_again_and_its_holder_is_named() {
    let project = TestProject::new().await;
    project
        .db
        .batch_execute("create table a (b int)")
        .await
        .unwrap();
    project.up("1_a.sql", "create table c ();\nalter table a add column d int;\ndo $$ begin raise notice 'once'; end $$;");
    let plan = project.plan(everything()).await.unwrap();
    let other = connect(&format!("{}?application_name=blocker", project.url)).await;
    other
        .batch_execute("begin; select /* why */ * from a")
        .await
        .unwrap();
    let mut schema = project.schema.clone();
    schema.limits.lock_timeout = Duration::from_millis(1_500);
    schema.limits.lock_pause = Duration::from_millis(50);
    let (watch, mut news) = watch();
    let running =
        tokio::spawn(async move { migration::run(&schema, &plan, &watch).await.unwrap() });
    let mut blocker = None;
    loop {
        match news.recv().await.unwrap() {
            RunEvent::Blocked { blocker: found, .. } => blocker = Some(found),
            RunEvent::TryingAgain { attempt, of, .. } => {
                assert_eq!((attempt, of), (2, 3));
                break;
            }
            _ => {}
        }
    }
    let blocker = blocker.unwrap();
    assert_eq!(blocker.table.as_deref(), Some("public.a"));
    assert_eq!(blocker.holder.application, "blocker");
    assert!(blocker.holder.query.unwrap().contains("/* why */"));
    // Nothing of the first try is left meanwhile.
    assert!(!project.has("c").await);
    other.batch_execute("rollback").await.unwrap();
    let outcome = running.await.unwrap();
    assert!(outcome.is_complete(), "{outcome:?}");
    assert_eq!(outcome.steps[0].notices, ["NOTICE: once"]);
    // What was waited for in vain is counted apart.
    let step = &outcome.steps[0];
    assert!(step.waited >= Duration::from_millis(1_500), "{step:?}");
}

#[tokio::test]
async fn trying_again_can_be_cancelled_and_comes_to_an_end() {
    let project = TestProject::new().await;
    project
        .db
        .batch_execute("create table a (b int)")
        .await
        .unwrap();
    project.up("1_a.sql", "alter table a add column d int;");
    let plan = project.plan(everything()).await.unwrap();
    let other = connect(&project.url).await;
    other.batch_execute("begin; lock table a").await.unwrap();
    let mut schema = project.schema.clone();
    schema.limits.lock_timeout = Duration::from_millis(20);
    schema.limits.lock_pause = Duration::from_millis(5);
    let (quick, mut news) = watch();
    let outcome = migration::run(&schema, &plan, &quick).await.unwrap();
    assert_eq!(outcome.problem.unwrap().code.as_deref(), Some("55P03"));
    let mut again = 0;
    while let Ok(progress) = news.try_recv() {
        again += usize::from(matches!(progress, RunEvent::TryingAgain { .. }));
    }
    assert_eq!(again, 2);
    schema.limits.lock_pause = Duration::from_hours(1);
    let (watch, mut news) = watch();
    let cancel = watch.cancel.clone();
    let running =
        tokio::spawn(async move { migration::run(&schema, &plan, &watch).await.unwrap() });
    while !matches!(news.recv().await, Some(RunEvent::TryingAgain { .. })) {}
    cancel.cancel();
    let outcome = tokio::time::timeout(Duration::from_secs(20), running)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(outcome.problem.unwrap().kind, Kind::Cancelled);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_supabase_cli_beside_never_makes_it_both_or_half() {
    if cli().is_none() {
        return;
    }
    let project = TestProject::new().await;
    project.up("10_a.sql", "create table log (version text, half int);");
    assert!(project.apply().await.is_complete());
    for version in 11..25 {
        project.up(
            &format!("{version}_t.sql"),
            format!("insert into log values ('{version}', 1);\nselect pg_sleep(0.05);\ninsert into log values ('{version}', 2);"),
        );
    }
    let plan = project.plan(everything()).await.unwrap();
    let schema = project.schema.clone();
    let ours = tokio::spawn(async move {
        // The CLI needs a moment to start; this one is there when it comes.
        run(&schema, &plan).await
    });
    let theirs = tokio::task::block_in_place(|| supabase(&project, &["migration", "up", "--yes"]));
    let outcome = ours.await.unwrap();
    let all = "select version || ' ' || string_agg(half::text, ',' order by half) from log group by version order by version";
    let doubled: Vec<String> = project
        .texts(all)
        .await
        .into_iter()
        .filter(|row| !row.ends_with(" 1,2"))
        .collect();
    assert!(
        doubled.is_empty(),
        "{doubled:?} {outcome:?} {}",
        said(&theirs)
    );
    let recorded = project.versions().await.len() - 1;
    assert_eq!(
        project.texts(all).await.len(),
        recorded,
        "{outcome:?} {}",
        said(&theirs)
    );
    let done = outcome
        .steps
        .iter()
        .filter(|step| step.end == StepEnd::Done)
        .count();
    assert!(done <= recorded);
    if let Some(problem) = &outcome.problem {
        assert_eq!(problem.kind, Kind::Conflict, "{problem:?}");
    }
    // Whoever came too late starts again from what is there.
    project.apply().await;
    assert_eq!(project.versions().await.len(), 15);
    assert_eq!(project.texts(all).await.len(), 14);
}
