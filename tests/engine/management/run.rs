//! The engine over the Management API: the same history as over Postgres, and a true report however the API behaves.

use crate::fixture::{TestProject, ends, everything, run, until, watch};
use crate::management::{HTML, agreed, begun, schema};
use crate::support::fake_management_api::{FakeManagementApi, Manner, REF, TOKEN, patience};
use std::sync::Arc;
use std::time::Duration;
use supadeck::adapters::management::{ManagementDatabase, Timeouts};
use supadeck::domain::migration::{PlanRequest, StepEnd};
use supadeck::domain::problem::Kind;
use supadeck::domain::run_event::RunEvent;
use supadeck::ops::migration::{self, Workspace};
use supadeck::ops::seed;
use supadeck::ports::Database as _;

/// Live mode asks for the mark again and again: it is another one where any row of the history changes, and only then.
#[tokio::test]
async fn the_mark_of_the_history_changes_with_its_rows_over_both_ways() {
    let project = TestProject::new().await;
    let api = FakeManagementApi::start(&project.url).await;
    let over_api = schema(&project, &api);
    let mark = async || {
        let mark = migration::history_mark(&project.schema).await.unwrap();
        assert_eq!(migration::history_mark(&over_api).await.unwrap(), mark);
        mark
    };
    let none = mark().await;
    assert_eq!(mark().await, none, "there is no table");
    // A table of an older tool has a version and nothing else.
    let sql = "create schema supabase_migrations; \
        create table supabase_migrations.schema_migrations (version text not null primary key)";
    project.db.batch_execute(sql).await.unwrap();
    let mut marks = vec![none, mark().await];
    for sql in [
        "insert into supabase_migrations.schema_migrations values ('1')",
        "insert into supabase_migrations.schema_migrations values ('2')",
        "update supabase_migrations.schema_migrations set version = version where version = '1'",
        "delete from supabase_migrations.schema_migrations where version = '2'",
    ] {
        project.db.batch_execute(sql).await.unwrap();
        let new = mark().await;
        assert_eq!(mark().await, new);
        assert!(!marks.contains(&new), "{sql}");
        marks.push(new);
    }
}

#[tokio::test]
async fn the_history_is_the_same_as_over_postgres() {
    let files = [
        (
            "10_a.sql",
            "-- Tables\ncreate table a (b text);\n\n/* ä */ insert into a values ('x; $sd$ \\ ''y');",
        ),
        ("11_wrapped.sql", "begin;\ncreate table w ();\ncommit;"),
        (
            "12_reset.sql",
            "set role postgres; reset all;\ncreate table r (); set search_path = ''; -- end",
        ),
        ("13_comment.sql", "-- nothing"),
        (
            "14_block.sql",
            "do $$ begin raise notice 'hey'; end $$;\nselect 1 as supadeck, 2;",
        ),
    ];
    let (direct, remote) = (TestProject::new().await, TestProject::new().await);
    let api = FakeManagementApi::start(&remote.url).await;
    let over_api = schema(&remote, &api);
    for project in [&direct, &remote] {
        // A hosted history has a place for the way back.
        project.db.batch_execute("create schema supabase_migrations; create table supabase_migrations.schema_migrations (version text primary key, rollback text[], created_by text)").await.unwrap();
        for (name, text) in files {
            project.up(name, text);
            let undone = format!("drop table if exists {};", &name[3..4]);
            project.down(name, &undone);
        }
    }
    let plan = migration::plan(&over_api, &everything()).await.unwrap();
    assert_eq!(plan.target.host, format!("project {REF} (Management API)"));
    assert_eq!(
        (plan.target.role.as_str(), plan.target.database.is_empty()),
        ("postgres", false)
    );
    let outcome = run(&over_api, &plan).await;
    assert!(outcome.is_complete(), "{outcome:?}");
    assert!(direct.apply().await.is_complete());
    let rows =
        "select to_jsonb(m)::text from supabase_migrations.schema_migrations m order by version";
    let lines = "select concat_ws('|', version, direction, sha256, who, host, outcome) from supabase_migrations.supadeck_journal order by id";
    for sql in [rows, lines, "select b from a"] {
        let here = remote.texts(sql).await;
        assert_eq!(here, direct.texts(sql).await);
        assert!(!here.is_empty());
    }
    let (a, b) = (
        migration::list(&over_api).await.unwrap(),
        migration::list(&direct.schema).await.unwrap(),
    );
    assert_eq!(format!("{:?}", states(&a)), format!("{:?}", states(&b)));
    let wish = PlanRequest::RollbackTo {
        version: "0".into(),
    };
    let plan = migration::plan(&over_api, &wish).await.unwrap();
    assert!(run(&over_api, &plan).await.is_complete());
    assert!(remote.versions().await.is_empty() && !remote.has("a").await && !remote.has("r").await);
}

fn states(listing: &supadeck::domain::migration::MigrationList) -> Vec<(String, &'static str)> {
    let entries = listing.entries.iter();
    entries
        .map(|entry| (entry.version.clone(), entry.state.word()))
        .collect()
}

#[tokio::test]
async fn the_projects_own_migrations_go_up_and_down() {
    let project = TestProject::new().await;
    let api = FakeManagementApi::start(&project.url).await;
    let schema = Workspace::new(env!("CARGO_MANIFEST_DIR"), api.database());
    let up = migration::plan(&schema, &everything()).await.unwrap();
    let outcome = run(&schema, &up).await;
    assert!(outcome.is_complete() && up.steps.len() >= 4, "{outcome:?}");
    let plan = seed::plan(&schema, &[], false).await.unwrap();
    let outcome = seed::run(&schema, &plan, &crate::fixture::run_control())
        .await
        .unwrap();
    assert!(outcome.problem.is_none(), "{outcome:?}");
    assert!(project.has("goal").await);
    let down = migration::plan(
        &schema,
        &PlanRequest::RollbackTo {
            version: "0".into(),
        },
    )
    .await
    .unwrap();
    let outcome = run(&schema, &down).await;
    assert!(outcome.is_complete(), "{outcome:?}");
    assert!(!project.has("goal").await && project.versions().await.is_empty());
}

#[tokio::test]
async fn a_migration_that_outlasts_the_gateway_is_awaited() {
    let (project, api, _) = begun().await;
    project.up("2_b.sql", "create table b ();\nselect pg_sleep(4);");
    let patience = Timeouts {
        script: Duration::from_secs(1),
        ..patience()
    };
    let schema = Workspace::new(project.root.path(), api.with(patience));
    let plan = migration::plan(&schema, &everything()).await.unwrap();
    let outcome = run(&schema, &plan).await;
    assert_eq!(ends(&outcome), [StepEnd::Done], "{outcome:?}");
    assert!(outcome.problem.unwrap().hint.unwrap().contains("is done"));
    assert!(agreed(&project).await);
}

#[tokio::test]
async fn cancelling_stops_the_server_and_awaits_its_answer() {
    let (project, api, schema) = begun().await;
    for manner in [None, Some(Manner::Silent)] {
        project.up("2_b.sql", "create table b ();\nselect pg_sleep(600);");
        let plan = migration::plan(&schema, &everything()).await.unwrap();
        let is_silent = manner.is_some();
        if let Some(manner) = manner {
            api.misbehave("table b", manner, 1);
        }
        let (watch, mut news) = watch();
        let (cancel, mut same) = (watch.cancel.clone(), schema.clone());
        same.limits.cancel_timeout = Duration::from_secs(3);
        let running =
            tokio::spawn(async move { migration::run(&same, &plan, &watch).await.unwrap() });
        until(&project.db, "select exists (select from pg_stat_activity where wait_event = 'PgSleep' and datname = current_database())").await;
        cancel.cancel();
        let outcome = running.await.unwrap();
        assert_eq!(ends(&outcome), [StepEnd::RolledBack], "{outcome:?}");
        let kind = outcome.problem.unwrap().kind;
        assert_eq!(
            kind,
            if is_silent {
                Kind::Network
            } else {
                Kind::Cancelled
            }
        );
        assert!(!agreed(&project).await);
        let mut told = false;
        while let Ok(progress) = news.try_recv() {
            told |= progress == RunEvent::Cancelling;
        }
        assert!(told);
    }
}

#[tokio::test]
async fn a_file_that_runs_outside_a_transaction_is_refused() {
    let (project, api, schema) = begun().await;
    project.up(
        "2_b.sql",
        "-- supadeck: no-transaction\ncreate table b ();\nvacuum b;",
    );
    let plan = migration::plan(&schema, &everything()).await.unwrap();
    let told = supadeck::domain::migration::plan_summary::out_of_place(&plan).unwrap();
    assert!(told.contains("--db-url"), "{told}");
    let (watch, _news) = watch();
    let refused = migration::run(&schema, &plan, &watch).await.unwrap_err();
    assert!(refused.why.contains("--db-url"), "{refused}");
    assert_eq!(api.count("vacuum"), 0);
    assert!(!agreed(&project).await);
}

#[tokio::test]
async fn what_is_too_large_for_the_api_is_told_so_with_a_way_out() {
    for body in [
        "",
        "<html>413 Request Entity Too Large</html>",
        r#"{"message":"request entity too large"}"#,
    ] {
        let (project, api, schema) = begun().await;
        project.write("seeds/a.sql", "insert into a default values;");
        api.misbehave(
            "create table b",
            Manner::Instead("413 Payload Too Large", "", body),
            1,
        );
        let plan = migration::plan(&schema, &everything()).await.unwrap();
        let outcome = run(&schema, &plan).await;
        assert_eq!(ends(&outcome), [StepEnd::RolledBack], "{outcome:?}");
        api.misbehave(
            "insert into a",
            Manner::Instead("413 Payload Too Large", "", body),
            1,
        );
        let plan = seed::plan(&schema, &[], false).await.unwrap();
        let seeded = seed::run(&schema, &plan, &crate::fixture::run_control())
            .await
            .unwrap();
        assert_eq!(seeded.steps[0].end, StepEnd::RolledBack, "{seeded:?}");
        for problem in [outcome.problem.unwrap(), seeded.problem.unwrap()] {
            assert!(
                problem.why.contains("too large for the Management API"),
                "{problem}"
            );
            assert!(
                problem.hint.clone().unwrap().contains("--db-url"),
                "{problem}"
            );
            assert!(
                !problem.to_string().contains("connection was lost"),
                "{problem}"
            );
        }
        assert!(!agreed(&project).await);
        // The rows of a seed are counted over the API too.
        let plan = seed::plan(&schema, &[], false).await.unwrap();
        let seeded = seed::run(&schema, &plan, &crate::fixture::run_control())
            .await
            .unwrap();
        assert_eq!(seeded.steps[0].rows, 1, "{seeded:?}");
    }
}

#[tokio::test]
async fn reading_the_history_is_one_call() {
    let (_bench, api, schema) = begun().await;
    let before = api.count("");
    assert_eq!(migration::list(&schema).await.unwrap().entries.len(), 2);
    assert_eq!(api.count(""), before + 1);
    let log = schema.database.journal(10, None).await.unwrap();
    assert!(log.is_kept && log.lines.len() == 1, "{log:?}");
}

#[tokio::test]
async fn a_refusal_says_which_statement_and_where() {
    let (project, api, schema) = begun().await;
    project.up(
        "2_b.sql",
        "create table b ();\n\ninsert into b values (ünknown);\nselect 1;",
    );
    let plan = migration::plan(&schema, &everything()).await.unwrap();
    let outcome = run(&schema, &plan).await;
    assert_eq!(ends(&outcome), [StepEnd::RolledBack]);
    let problem = outcome.problem.unwrap();
    assert_eq!(
        (problem.kind, problem.code.as_deref()),
        (Kind::Database, Some("42703"))
    );
    assert!(
        problem.what.contains("statement 2 of 3, line 3, column 23"),
        "{problem}"
    );
    assert!(!agreed(&project).await);
    let line = "select concat_ws('|', outcome, failing_statement) from supabase_migrations.supadeck_journal where version = '2'";
    assert_eq!(project.texts(line).await, ["failed|2"]);
    for (status, body) in [
        ("400 Bad Request", ""),
        ("400 Bad Request", r#"{"message":"relation is there"}"#),
        ("500 Internal Server Error", ""),
    ] {
        api.misbehave("table b", Manner::Error(status, body), 1);
        let outcome = run(&schema, &plan).await;
        assert_eq!(ends(&outcome), [StepEnd::RolledBack], "{status} {body}");
        let problem = outcome.problem.unwrap();
        assert!(problem.to_string().contains(&status[..3]), "{problem}");
        assert!(!agreed(&project).await);
    }
    // The server ends the session itself.
    project.up(
        "2_b.sql",
        "create table b ();\nselect pg_terminate_backend(pg_backend_pid());",
    );
    let plan = migration::plan(&schema, &everything()).await.unwrap();
    let outcome = run(&schema, &plan).await;
    assert_eq!(ends(&outcome), [StepEnd::RolledBack]);
    assert_eq!(outcome.problem.unwrap().kind, Kind::Network);
    assert!(!agreed(&project).await);
}

#[tokio::test]
async fn a_wrong_token_or_project_is_said_so() {
    let project = TestProject::new().await;
    let api = FakeManagementApi::start(&project.url).await;
    for (reference, token, kind) in [
        (REF, "sbp_hush", Kind::Auth),
        ("zyxwvutsrqponmlkjihg", TOKEN, Kind::Config),
    ] {
        let database = ManagementDatabase::new(api.access(reference, token));
        let problem = database.history().await.unwrap_err();
        assert_eq!(problem.kind, kind, "{problem}");
        assert!(problem.hint.is_some());
        let told = format!("{problem:?} {database:?}");
        assert!(!told.contains("hush") && !told.contains(TOKEN), "{told}");
    }
    api.misbehave(
        "schema_migrations",
        Manner::Instead("502 Bad Gateway", "", HTML),
        1,
    );
    api.misbehave("schema_migrations", Manner::CutOff, 1);
    let history = api.database().history().await.unwrap();
    assert!(history.rows.is_empty(), "reading is repeated");
}

#[tokio::test]
async fn seeds_run_in_one_call_and_copy_is_refused() {
    let (project, _, schema) = begun().await;
    project.write(
        "supabase/seed.sql",
        "create table s (n int);\ninsert into s select generate_series(1, 7);\nupdate s set n = 0;",
    );
    let plan = seed::plan(&schema, &[], false).await.unwrap();
    let outcome = seed::run(&schema, &plan, &crate::fixture::run_control())
        .await
        .unwrap();
    assert!(outcome.problem.is_none(), "{outcome:?}");
    assert_eq!(
        outcome.steps[0].notices,
        ["Rows in all: inserted 7, updated 7, deleted 0."]
    );
    let listed = seed::list(&schema).await.unwrap();
    assert_eq!(
        listed.target.host,
        format!("project {REF} (Management API)")
    );
    project.write("supabase/seed.sql", "copy s from stdin;\n1\n\\.\n");
    let plan = seed::plan(&schema, &[], true).await.unwrap();
    let outcome = seed::run(&schema, &plan, &crate::fixture::run_control())
        .await
        .unwrap();
    let problem = outcome.problem.unwrap();
    assert!(problem.to_string().contains("COPY") && problem.hint.unwrap().contains("--db-url"));
    assert_eq!(project.texts("select count(*)::text from s").await, ["7"]);
}

#[tokio::test]
async fn a_role_without_a_journal_of_its_own_still_applies() {
    let project = TestProject::new().await;
    let api = FakeManagementApi::start(&project.url).await;
    let database: Arc<ManagementDatabase> = api.database();
    project.db.batch_execute("create schema supabase_migrations; create table supabase_migrations.schema_migrations (version text primary key)").await.unwrap();
    let history = database.history().await.unwrap();
    assert!(history.rows.is_empty());
    let stored = database.stored(&["1".to_owned()]).await.unwrap();
    assert!(stored.is_empty() && database.seeds().await.unwrap().rows.is_empty());
}
