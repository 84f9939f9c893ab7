//! What is told of the files of one message is theirs, and only what the server has answered counts as done, whoever writes the
//! history meanwhile.

use crate::fixture::fault_proxy::{FaultProxy, Rule};
use crate::fixture::{TestProject, connect, ends, everything, run, until, watch};
use crate::run::{FILES, agreed, project_of_many};
use std::time::Duration;
use supadeck::domain::migration::{Outcome, StepEnd};
use supadeck::domain::problem::Kind;
use supadeck::ops::migration;

const ASLEEP: &str = "select exists (select from pg_stat_activity where wait_event = 'PgSleep' and datname = current_database())";

/// Runs everything while somebody writes versions into the history, as the file sleeps.
async fn with_foreign_rows(project: &TestProject, versions: &[&str]) -> Outcome {
    let schema = project.schema.clone();
    let plan = project.plan(everything()).await.unwrap();
    let (watch, _news) = watch();
    let running =
        tokio::spawn(async move { migration::run(&schema, &plan, &watch).await.unwrap() });
    until(&project.db, ASLEEP).await;
    for version in versions {
        let sql = "insert into supabase_migrations.schema_migrations (version) values";
        let insert = format!("{sql} ('{version}')");
        project.db.batch_execute(&insert).await.unwrap();
    }
    running.await.unwrap()
}

fn four_are_done(outcome: &Outcome, fifth: StepEnd) {
    let ends = ends(outcome);
    assert!(
        ends[..4].iter().all(|end| *end == StepEnd::Done),
        "{outcome:?}"
    );
    assert_eq!(ends[4], fifth, "{outcome:?}");
    assert!(
        ends[5..].iter().all(|end| *end == StepEnd::NotRun),
        "{outcome:?}"
    );
}

#[tokio::test]
async fn a_row_of_somebody_else_makes_no_file_done() {
    // Longer than the look-out waits before it looks, in a file that then does not get its lock.
    let mut project = project_of_many(|at| {
        if at == 4 {
            "select pg_sleep(1.2); lock table busy;"
        } else {
            ""
        }
    })
    .await;
    project.schema.limits.lock_timeout = Duration::from_millis(300);
    project.schema.limits.lock_pause = Duration::from_millis(10);
    let busy = "create table busy ()";
    project.db.batch_execute(busy).await.unwrap();
    let other = connect(&project.url).await;
    other.batch_execute("begin; lock table busy").await.unwrap();
    let outcome = with_foreign_rows(&project, &["14"]).await;
    four_are_done(&outcome, StepEnd::NotRun);
    assert_eq!(outcome.problem.unwrap().kind, Kind::Conflict);
    assert!(!project.has("t14").await);
}

#[tokio::test]
async fn a_failure_is_that_of_the_file_which_failed() {
    for (versions, kind, end) in [
        (&["14"][..], Kind::Database, StepEnd::RolledBack),
        (&["14", "15", "21"], Kind::Database, StepEnd::RolledBack),
    ] {
        let project = project_of_many(|at| {
            if at == 4 {
                "select pg_sleep(1.2);\nselect 1 / 0;"
            } else {
                ""
            }
        })
        .await;
        let outcome = with_foreign_rows(&project, versions).await;
        let problem = outcome.problem.clone().unwrap();
        assert_eq!(problem.kind, kind, "{problem}");
        assert!(problem.what.contains("14_t"), "{problem}");
        // Somebody says it is applied, and that is what the list will show; this run did not do it.
        assert_eq!(ends(&outcome)[4], end, "{outcome:?}");
        let failed =
            "select version from supabase_migrations.supadeck_journal where outcome = 'failed'";
        assert_eq!(project.texts(failed).await, ["14"]);
        assert!(!project.has("t14").await);
    }
}

#[tokio::test]
async fn answers_that_are_swallowed_behind_the_last_commit_are_found_out() {
    // The message goes out and is carried out; only its own line is silent.
    let project = project_of_many(|at| {
        if at == FILES - 1 {
            "select pg_sleep(1);"
        } else {
            ""
        }
    })
    .await;
    let line = FaultProxy::new(
        &project.url,
        Rule::SilentBehind("reload schema'; commit"),
        true,
    )
    .await;
    let mut schema = project.through(&line.url);
    schema.limits.live_files = 0;
    schema.limits.silence = Duration::from_secs(2);
    let plan = migration::plan(&schema, &everything()).await.unwrap();
    let outcome = run(&schema, &plan).await;
    assert!(line.is_cut());
    assert!(
        ends(&outcome).iter().all(|end| *end == StepEnd::Done),
        "{outcome:?}"
    );
    assert_eq!(outcome.problem.unwrap().kind, Kind::Network);
    assert_eq!(agreed(&project).await, FILES);
}

#[tokio::test]
async fn the_time_of_a_file_is_its_own_though_the_answers_come_together() {
    // Too short for the look-out; the second sleeps as its transaction ends. Whatever numbers look like here.
    let slow = [
        "select pg_sleep(0.2);",
        "create function slow() returns trigger language plpgsql as $$ begin perform pg_sleep(0.2); return null; end $$; \
        create table late (id int); create constraint trigger slow after insert on late deferrable initially deferred \
        for each row execute function slow(); insert into late values (1);",
    ];
    for slow in slow {
        for slow_at in [0, 7, FILES - 1] {
            let project = project_of_many(|at| if at == slow_at { slow } else { "" }).await;
            let odd = "do $$ begin execute format('alter database %I set extra_float_digits = -10', current_database()); end $$";
            project.db.batch_execute(odd).await.unwrap();
            let outcome = project.apply().await;
            let slowest = outcome.steps.iter().max_by_key(|step| step.took).unwrap();
            assert_eq!(slowest.version, (10 + slow_at).to_string(), "{outcome:?}");
            assert!(slowest.took.as_millis() >= 200, "{outcome:?}");
            let took: Vec<_> = outcome.steps.iter().map(|step| step.took).collect();
            assert!(took.iter().all(|took| !took.is_zero()), "{took:?}");
        }
    }
}

#[tokio::test]
async fn what_a_trigger_sets_as_its_transaction_ends_is_not_there_for_the_next_file() {
    let project = project_of_many(|at| {
        if at == 4 {
            "create function sly() returns trigger language plpgsql as $$ begin \
            perform set_config('search_path', 'evil', false); return null; end $$; create schema evil; \
            create table late (id int); create constraint trigger sly after insert on late deferrable initially deferred \
            for each row execute function sly(); insert into late values (1);"
        } else {
            ""
        }
    })
    .await;
    assert!(project.apply().await.is_complete());
    assert_eq!(agreed(&project).await, FILES);
    assert!(project.has("public.t15").await && !project.has("evil.t15").await);
}

#[tokio::test]
async fn rows_in_another_encoding_are_not_looked_at() {
    for latin in [0, 4, FILES - 1] {
        let project = project_of_many(|at| {
            if at == latin {
                "select set_config('client_encoding', 'LATIN1', false); select chr(228), 1;"
            } else {
                ""
            }
        })
        .await;
        let outcome = project.apply().await;
        assert!(outcome.is_complete(), "{outcome:?}");
        assert_eq!(agreed(&project).await, FILES);
    }
}

#[tokio::test]
async fn what_a_transaction_does_as_it_ends_has_the_files_limits_wherever_it_stands() {
    for late in [0, 4] {
        let project = project_of_many(|at| {
            if at == late {
                "create function slow() returns trigger language plpgsql as $$ begin perform pg_sleep(5); return null; end $$; \
                create table late (id int); create constraint trigger slow after insert on late deferrable initially deferred \
                for each row execute function slow(); set local statement_timeout = '1s'; insert into late values (1);"
            } else {
                ""
            }
        })
        .await;
        let outcome = project.apply().await;
        assert_eq!(ends(&outcome)[late], StepEnd::RolledBack, "{outcome:?}");
        let problem = outcome.problem.unwrap();
        assert!(problem.what.contains("committed"), "{problem}");
        assert_eq!(agreed(&project).await, late);
    }
}
