//! What a file leaves in its session, in the books or half done: no other file meets it, and nobody is told otherwise.

use crate::fixture::{TestProject, ends, everything, run};
use crate::run::{go_on, project_of_many as many};
use crate::support::fake_management_api::FakeManagementApi;
use supadeck::domain::migration::{Direction, PlanRequest, StepEnd};
use supadeck::domain::problem::Kind;
use supadeck::ops::migration::{self, Workspace};

/// A trigger that drops a version's row in silence.
const DROPS: &str = "create function drops() returns trigger language plpgsql as \
    $$ begin if new.version = '15' then return null; end if; return new; end $$; \
    create trigger drops before insert on supabase_migrations.schema_migrations for each row execute function drops()";

#[tokio::test]
async fn a_row_that_the_history_does_not_take_is_no_success() {
    // As the first of a message, behind others of it, and statement by statement.
    for live_files in [0, 100] {
        let mut project = many(|_| "").await;
        project.schema.limits.live_files = live_files;
        project.up("1_first.sql", "create table first ();");
        let only = PlanRequest::Apply {
            to: Some("1".into()),
            include_out_of_order: false,
        };
        let plan = project.plan(only).await.unwrap();
        assert!(run(&project.schema, &plan).await.is_complete());
        project.db.batch_execute(DROPS).await.unwrap();
        let outcome = project.apply().await;
        let problem = outcome.problem.clone().unwrap();
        assert_eq!(problem.code.as_deref(), Some("SD006"), "{problem}");
        assert_eq!(ends(&outcome)[5], StepEnd::RolledBack);
        assert!(project.has("t14").await && !project.has("t15").await && !project.has("t16").await);
        assert_eq!(project.versions().await.len(), 6);
    }
}

#[tokio::test]
async fn a_file_that_resets_its_settings_where_nobody_sees_it_is_applied_like_any() {
    const HIDDEN: &str = "do $$ begin execute 're' || 'set all'; end $$;";
    for at in [0, 3, 11] {
        let project = many(move |file| if file == at { HIDDEN } else { "" }).await;
        let outcome = project.apply().await;
        assert!(outcome.is_complete(), "{outcome:?}");
        assert_eq!(crate::run::agreed(&project).await, crate::run::FILES);
    }
}

#[tokio::test]
async fn operators_that_a_file_puts_in_front_decide_nothing_of_ours() {
    const SHADOWS: &str = "create function public.never(text, text) returns boolean language sql as 'select false'; \
        create operator public.= (leftarg = text, rightarg = text, function = public.never); \
        create operator public.<> (leftarg = text, rightarg = text, function = public.never); \
        set search_path = public, pg_catalog;";
    for live_files in [0, 100] {
        let mut project = many(|at| if at == 4 { SHADOWS } else { "" }).await;
        project.schema.limits.live_files = live_files;
        let outcome = project.apply().await;
        assert!(outcome.is_complete(), "{outcome:?}");
        assert_eq!(crate::run::agreed(&project).await, crate::run::FILES);
    }
    // Over the Management API too.
    let project = TestProject::new().await;
    let api = FakeManagementApi::start(&project.url).await;
    project.up("1_a.sql", format!("create table a ();\n{SHADOWS}\n"));
    project.up("2_b.sql", "create table b ();");
    let schema = Workspace::new(project.root.path(), api.database());
    let plan = migration::plan(&schema, &everything()).await.unwrap();
    let outcome = run(&schema, &plan).await;
    assert!(outcome.is_complete(), "{outcome:?}");
    assert_eq!(project.versions().await, ["1", "2"]);
}

#[tokio::test]
async fn a_temporary_table_is_gone_for_the_next_file() {
    for live_files in [0, 100] {
        let mut project = many(|at| match at {
            2 => "create temp table stage (a int); insert into stage values (1);",
            5 => "create temp table stage (a int);",
            8 => "create table stage (a int); insert into stage values (42);",
            _ => "",
        })
        .await;
        project.schema.limits.live_files = live_files;
        assert!(project.apply().await.is_complete());
        assert_eq!(
            project.texts("select a::text from public.stage").await,
            ["42"]
        );
    }
}

#[tokio::test]
async fn a_key_of_the_files_own_is_not_taken_for_the_historys() {
    let project = TestProject::new().await;
    project.up(
        "1_a.sql",
        "create table schema_migrations (v text, unique (v) deferrable initially deferred); insert into schema_migrations values ('a'), ('a');",
    );
    let outcome = project.apply().await;
    assert_eq!(ends(&outcome), [StepEnd::RolledBack]);
    assert_eq!(outcome.problem.unwrap().code.as_deref(), Some("23505"));
}

#[tokio::test]
async fn a_database_that_begins_read_only_keeps_its_journal() {
    let project = TestProject::new().await;
    project
        .db
        .batch_execute("do $$ begin execute format('alter database %I set default_transaction_read_only = on', current_database()); end $$")
        .await
        .unwrap();
    project.up("1_a.sql", "create table a ();");
    project.up("2_b.sql", "select 1/0;");
    assert_eq!(
        ends(&project.apply().await),
        [StepEnd::Done, StepEnd::RolledBack]
    );
    project.up(
        "2_b.sql",
        "-- supadeck: no-transaction\nset default_transaction_read_only = off;\ncreate table b ();\ncreate table c ();",
    );
    let outcome = project.apply().await;
    assert!(outcome.is_complete(), "{outcome:?}");
    let journal =
        "select version || ' ' || outcome from supabase_migrations.supadeck_journal order by id";
    assert_eq!(
        project.texts(journal).await,
        ["1 done", "2 failed", "2 done"]
    );
}

#[tokio::test]
async fn a_run_that_goes_on_has_the_session_that_the_file_set() {
    let project = TestProject::new().await;
    let file = "-- supadeck: no-transaction\ncreate schema app;\ncreate table app.t (a int);\ncreate table public.t (a int);\n\
        set search_path = app;\nselect * from public.go;\ninsert into t values (2);";
    project.up("1_a.sql", file);
    assert_eq!(ends(&project.apply().await), [StepEnd::Interrupted]);
    project
        .db
        .batch_execute("create table public.go ()")
        .await
        .unwrap();
    let plan = project.plan(go_on(Direction::Apply, false)).await.unwrap();
    assert_eq!(plan.steps[0].begin_at, 4);
    let outcome = run(&project.schema, &plan).await;
    assert!(outcome.is_complete(), "{outcome:?}");
    assert_eq!(
        outcome.steps[0].notices,
        ["supadeck: ran `set search_path = app` again for the new session."]
    );
    let counts = "select (select count(*) from app.t) || ' ' || (select count(*) from public.t)";
    assert_eq!(project.texts(counts).await, ["1 0"]);
}

#[tokio::test]
async fn a_run_whose_session_cannot_be_had_again_does_not_go_on() {
    let project = TestProject::new().await;
    project.up(
        "1_a.sql",
        "-- supadeck: no-transaction\ncreate temp table s as select 1 as a;\nselect 1/0;\ncreate table a as select * from s;",
    );
    assert_eq!(ends(&project.apply().await), [StepEnd::Interrupted]);
    let refused = project.plan(go_on(Direction::Apply, false)).await;
    let problem = refused.unwrap_err();
    assert_eq!(problem.kind, Kind::Conflict);
    assert!(problem.why.contains("a temporary object"), "{problem}");
    assert!(project.plan(go_on(Direction::Apply, true)).await.is_ok());
}

#[tokio::test]
async fn an_invalid_index_is_not_passed_over() {
    for begins in ["", " if not exists"] {
        let project = TestProject::new().await;
        project
            .db
            .batch_execute("create table t (a int); insert into t values (1), (1)")
            .await
            .unwrap();
        project.up(
            "1_a.sql",
            format!("create unique index concurrently{begins} i on t (a);"),
        );
        let outcome = project.apply().await;
        assert_eq!(ends(&outcome), [StepEnd::Interrupted]);
        let hint = outcome.problem.unwrap().hint.unwrap();
        assert!(
            hint.contains("`drop index concurrently public.i`"),
            "{hint}"
        );
        for from_start in [false, true] {
            // Without it, the server says so.
            let plan = project.plan(go_on(Direction::Apply, from_start)).await;
            match plan {
                Ok(plan) => {
                    assert!(begins.is_empty() && !run(&project.schema, &plan).await.is_complete());
                }
                Err(problem) => assert!(problem.what.contains("public.i"), "{problem}"),
            }
        }
        project
            .db
            .batch_execute("drop index i; delete from t")
            .await
            .unwrap();
        let plan = project.plan(go_on(Direction::Apply, false)).await.unwrap();
        assert!(run(&project.schema, &plan).await.is_complete());
        assert_eq!(project.states().await, ["1 applied"]);
        let valid = "select indisvalid::text from pg_index where indexrelid = 'i'::regclass";
        assert_eq!(project.texts(valid).await, ["true"]);
    }
}

#[tokio::test]
async fn an_index_of_a_partitioned_table_that_waits_for_its_parts_is_in_nobodys_way() {
    let project = TestProject::new().await;
    project.up(
        "1_a.sql",
        "-- supadeck: no-transaction\ncreate table p (a int) partition by range (a);\ncreate table p1 partition of p for values from (0) to (9);\n\
        create index i on only p (a);\nselect * from go;\ncreate index concurrently i1 on p1 (a);\nalter index i attach partition i1;",
    );
    let outcome = project.apply().await;
    assert_eq!(ends(&outcome), [StepEnd::Interrupted]);
    assert!(!outcome.problem.unwrap().to_string().contains("invalid"));
    project
        .db
        .batch_execute("create table go ()")
        .await
        .unwrap();
    let plan = project.plan(go_on(Direction::Apply, false)).await.unwrap();
    assert!(run(&project.schema, &plan).await.is_complete());
}

#[tokio::test]
async fn a_procedure_that_commits_and_fails_is_in_doubt() {
    let project = TestProject::new().await;
    project
        .db
        .batch_execute("create table t (a int); create procedure p() language plpgsql as $$ begin insert into t values (1); commit; raise 'no'; end $$")
        .await
        .unwrap();
    project.up(
        "1_a.sql",
        "-- supadeck: no-transaction\ncall p();\ncreate table a ();",
    );
    let outcome = project.apply().await;
    assert_eq!(ends(&outcome), [StepEnd::Interrupted]);
    let problem = outcome.problem.unwrap();
    assert!(
        problem
            .detail
            .unwrap()
            .contains("may have committed a part"),
    );
    let listing = migration::list(&project.schema).await.unwrap();
    let note = listing.entries[0].note.clone().unwrap();
    assert!(
        note.contains("may or may not have been done, or only in part"),
        "{note}"
    );
}

#[tokio::test]
async fn what_is_read_differently_behind_it_is_refused() {
    for file in [
        "set client_encoding = 'LATIN1';\nselect 1;",
        "set names 'latin1';",
        "set session standard_conforming_strings to off;",
        "begin;\ncreate table a ();\nrollback and chain;\ncreate table b ();",
        "-- supadeck: no-transaction\nbegin;\ncreate table a ();\nabort and chain;\ncreate table b ();\ncommit;",
    ] {
        let project = TestProject::new().await;
        project.up("1_a.sql", file);
        let refused = project.plan(everything()).await;
        assert!(refused.is_err(), "{file}: {refused:?}");
    }
    let project = TestProject::new().await;
    project.up(
        "1_a.sql",
        "set client_encoding = 'UTF8';\nset standard_conforming_strings = on;",
    );
    assert!(project.apply().await.is_complete());
}

#[tokio::test]
async fn a_string_that_goes_on_behind_a_comment_is_one() {
    let text = "comment on table t is E'a' -- first line\n  'b\\'; c\\'d';";
    for live_files in [0, 100] {
        let mut project = TestProject::new().await;
        project.schema.limits.live_files = live_files;
        project.up("1_a.sql", "create table t ();");
        project.up("2_b.sql", text);
        let outcome = project.apply().await;
        assert!(outcome.is_complete(), "{outcome:?}");
        let comment = "select obj_description('t'::regclass)";
        assert_eq!(project.texts(comment).await, ["ab'; c'd"]);
        assert_eq!(project.states().await, ["1 applied", "2 applied"]);
    }
}
