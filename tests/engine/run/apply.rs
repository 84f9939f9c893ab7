//! Applying: what is done, what is stored, and what a failure leaves.

use crate::fixture::{TestProject, ends, everything, run, watch};
use supadeck::domain::migration::{PlanRequest, StepEnd};
use supadeck::domain::problem::Kind;
use supadeck::domain::run_event::RunEvent;
use supadeck::ops::migration;

#[tokio::test]
async fn pending_files_are_applied_in_order_and_recorded() {
    let project = TestProject::new().await;
    project.up("2_b.sql", "insert into a values (1);\n-- done\n");
    project.up("1_a.sql", "create table a (b int);");
    project.up("3_c.sql", "");
    let outcome = project.apply().await;
    assert!(outcome.is_complete(), "{outcome:?}");
    assert_eq!(
        outcome.history,
        Some(vec!["1".into(), "2".into(), "3".into()])
    );
    assert_eq!(
        project
            .texts("select concat_ws('|', version, name, array_to_string(statements, '~'), cardinality(statements)) from supabase_migrations.schema_migrations order by version")
            .await,
        ["1|a|create table a (b int)|1", "2|b|insert into a values (1)~-- done|2", "3|c||0"]
    );
    assert_eq!(
        project
            .texts("select concat_ws('|', version, direction, length(sha256), outcome, who like '% as postgres', started <= finished) from supabase_migrations.supadeck_journal order by id")
            .await,
        ["1|apply|64|done|t|t", "2|apply|64|done|t|t", "3|apply|64|done|t|t"]
    );
    assert_eq!(
        project.states().await,
        ["1 applied", "2 applied", "3 applied"]
    );
    assert!(project.plan(everything()).await.unwrap().steps.is_empty());
}

#[tokio::test]
async fn a_failing_statement_leaves_nothing_of_its_file() {
    let project = TestProject::new().await;
    project.up("1_a.sql", "create table a (b int);");
    project.up(
        "2_b.sql",
        "create table c ();\n\n-- ünüsual\nselect nothing\n  from nowhere;\ncreate table d ();",
    );
    project.up("3_e.sql", "create table e ();");
    let outcome = project.apply().await;
    assert_eq!(
        ends(&outcome),
        [StepEnd::Done, StepEnd::RolledBack, StepEnd::NotRun]
    );
    let problem = outcome.problem.unwrap();
    assert_eq!(problem.kind, Kind::Database);
    assert_eq!(problem.code.as_deref(), Some("42P01"));
    assert_eq!(
        problem.what,
        "Migration 2_b failed at statement 2 of 3, line 5, column 8, and nothing of it remains."
    );
    assert!(
        problem
            .detail
            .unwrap()
            .contains("5 |   from nowhere;\n  |        ^")
    );
    assert!(!project.has("c").await && !project.has("d").await && !project.has("e").await);
    assert_eq!(project.versions().await, ["1"]);
    assert_eq!(outcome.history, Some(vec!["1".into()]));
    assert_eq!(
        project
            .texts("select concat_ws('|', version, outcome, failing_statement, error like '%nowhere%') from supabase_migrations.supadeck_journal order by id")
            .await,
        ["1|done|", "2|failed|2|t"].map(|line| line.trim_end_matches('|').to_owned())
    );
}

#[tokio::test]
async fn many_files_fail_as_clearly_as_few() {
    let project = TestProject::new().await;
    for number in 10..22 {
        project.up(
            &format!("{number}_t.sql"),
            format!("create table t{number} ();\n"),
        );
    }
    project.up(
        "15_t.sql",
        "create table ä ();\nselect 'ö', oops;\ncreate table t15 ();",
    );
    project.up("20_t.sql", "create table t20 (; nonsense");
    let outcome = project.apply().await;
    let problem = outcome.problem.clone().unwrap();
    assert_eq!(
        problem.what,
        "Migration 15_t failed at statement 2 of 3, line 2, column 13, and nothing of it remains."
    );
    assert_eq!(project.versions().await, ["10", "11", "12", "13", "14"]);
    assert!(!project.has("\"ä\"").await);
    project.up(
        "15_t.sql",
        "create table t15 ();\ndo $$ begin raise exception 'late' using hint = 'Look up.'; end $$;",
    );
    let problem = project.apply().await.problem.unwrap();
    assert!(
        problem.what.contains("statement 2 of 2, line 2, column 1"),
        "{problem}"
    );
    assert_eq!(problem.hint.as_deref(), Some("Look up."));
    project.up("15_t.sql", "create table t15 ();");
    assert_eq!(
        project.apply().await.problem.unwrap().code.as_deref(),
        Some("42601")
    );
    assert_eq!(project.versions().await.len(), 10);
}

#[tokio::test]
async fn a_failure_at_commit_is_told_as_such() {
    let project = TestProject::new().await;
    project.up(
        "1_a.sql",
        "create table a (b int primary key, c int references a deferrable initially deferred);\ninsert into a values (1, 2);",
    );
    let outcome = project.apply().await;
    assert_eq!(ends(&outcome), [StepEnd::RolledBack]);
    let problem = outcome.problem.unwrap();
    assert_eq!(
        problem.what,
        "Migration 1_a failed when it was committed, and nothing of it remains."
    );
    assert_eq!(problem.code.as_deref(), Some("23503"));
    assert!(!project.has("a").await);
    assert!(project.versions().await.is_empty());
}

#[tokio::test]
async fn a_pair_of_begin_and_commit_counts_as_our_transaction() {
    let project = TestProject::new().await;
    project.up(
        "1_a.sql",
        "-- c\nbegin;\ncreate table a ();\nselect 1/0;\ncommit;\n",
    );
    let outcome = project.apply().await;
    assert_eq!(ends(&outcome), [StepEnd::RolledBack]);
    assert!(
        outcome
            .problem
            .unwrap()
            .what
            .contains("statement 3 of 4, line 4")
    );
    assert!(!project.has("a").await);
    project.up("1_a.sql", "-- c\nbegin;\ncreate table a ();\ncommit;\n");
    assert!(project.apply().await.is_complete());
    assert_eq!(
        project
            .texts("select unnest(statements) from supabase_migrations.schema_migrations")
            .await,
        ["-- c\nbegin", "create table a ()", "commit"]
    );
}

#[tokio::test]
async fn settings_of_a_file_stay_in_it_and_do_not_reach_the_books() {
    let project = TestProject::new().await;
    project.up(
        "1_a.sql",
        "set search_path = '';\nselect set_config('standard_conforming_strings', 'off', false);\nset role anon;\nset statement_timeout = '1h';\nselect set_config('client_min_messages', 'error', false);",
    );
    project.up("2_b.sql", "reset all;\ncreate table b as select current_user::text as who, current_setting('search_path') as path, current_setting('statement_timeout') as timeout;");
    project.up("3_c.sql", "set local role service_role;\nselect '\\';");
    let outcome = project.apply().await;
    assert!(outcome.is_complete(), "{outcome:?}");
    assert_eq!(project.versions().await, ["1", "2", "3"]);
    assert_eq!(
        project.texts("select who from public.b").await,
        ["postgres"]
    );
    assert_ne!(project.texts("select path from public.b").await, [""]);
}

#[tokio::test]
async fn every_step_statement_and_notice_is_told() {
    let project = TestProject::new().await;
    project.up(
        "1_a.sql",
        "create table if not exists a ();\n-- only words\n;\ncreate table if not exists a ();\ndo $$ begin raise warning E'odd\\x1b[2J'; end $$;",
    );
    let plan = project.plan(everything()).await.unwrap();
    let (watch, mut news) = watch();
    let outcome = migration::run(&project.schema, &plan, &watch)
        .await
        .unwrap();
    assert_eq!(
        outcome.steps[0].notices,
        [
            "NOTICE: relation \"a\" already exists, skipping",
            "WARNING: odd␛[2J"
        ]
    );
    let mut told = Vec::new();
    while let Ok(progress) = news.try_recv() {
        told.push(match progress {
            RunEvent::StepDone { step, .. } => format!("done {step}"),
            RunEvent::StepStarted { step } => format!("started {step}"),
            RunEvent::StatementDone { done, .. } => format!("statement {done}"),
            RunEvent::Notice { text, .. } => text[..6].to_owned(),
            other => format!("{other:?}"),
        });
    }
    // Statements are on their way while the first is answered, so a notice may come before the news of an earlier one.
    assert!(told.contains(&"NOTICE".to_owned()) && told.last() == Some(&"done 0".to_owned()));
    told.retain(|one| one != "NOTICE" && one != "WARNIN");
    assert_eq!(
        told,
        [
            "started 0",
            "statement 1",
            "statement 3",
            "statement 4",
            "done 0"
        ]
    );
}

#[tokio::test]
async fn only_wanted_versions_are_applied() {
    let project = TestProject::new().await;
    for version in ["1", "2", "4"] {
        project.up(&format!("{version}_x.sql"), "select 1;");
    }
    let to = |version: &str, include_out_of_order| PlanRequest::Apply {
        to: Some(version.into()),
        include_out_of_order,
    };
    let plan = project.plan(to("2", false)).await.unwrap();
    assert!(run(&project.schema, &plan).await.is_complete());
    assert_eq!(project.versions().await, ["1", "2"]);
    assert_eq!(
        project.plan(to("3", false)).await.unwrap_err().kind,
        Kind::Usage
    );
    assert!(project.apply().await.is_complete());
    project.up("3_late.sql", "select 1;");
    let refused = project.plan(everything()).await.unwrap_err();
    assert_eq!(refused.kind, Kind::Conflict);
    assert!(refused.what.contains('3'), "{refused}");
    let plan = project.plan(to("3", true)).await.unwrap();
    assert!(run(&project.schema, &plan).await.is_complete());
    assert_eq!(project.versions().await, ["1", "2", "3", "4"]);
}

#[tokio::test]
async fn what_was_shown_is_what_runs() {
    let project = TestProject::new().await;
    let file = project.up("1_a.sql", "create table a ();");
    let plan = project.plan(everything()).await.unwrap();
    std::fs::write(&file, "drop schema public cascade;").unwrap();
    let refused = migration::run(&project.schema, &plan, &watch().0)
        .await
        .unwrap_err();
    assert_eq!(refused.kind, Kind::Conflict);
    assert!(!project.has("supabase_migrations.schema_migrations").await);
}

#[tokio::test]
async fn a_long_file_fails_at_the_right_statement_and_leaves_nothing() {
    let project = TestProject::new().await;
    let statement = |number: usize| match number {
        150 => "select 'oops' + 1;\n".to_owned(),
        151 => format!("select length('{}');\n", "x".repeat(3_000_000)),
        _ => format!("create table t{number} ();\n"),
    };
    let text: Vec<String> = (1..=300).map(statement).collect();
    project.up("1_a.sql", text.concat());
    let problem = project.apply().await.problem.unwrap();
    assert!(
        problem.what.contains("statement 150 of 300, line 150"),
        "{problem}"
    );
    assert!(!project.has("t1").await && !project.has("t300").await);
    project.up("1_a.sql", text.concat().replace("'oops' + 1", "1"));
    assert!(project.apply().await.is_complete());
    assert!(project.has("t300").await);
    assert_eq!(project.states().await, ["1 applied"]);
}
