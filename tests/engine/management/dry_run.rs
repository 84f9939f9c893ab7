//! Dry runs over the Management API: the report of one call is that of a connection, nothing remains, and what goes wrong
//! on the way is said.

use crate::fixture::database_contents::database_contents;
use crate::fixture::dry_run::{ASLEEP, dry_run_by, in_use, over_both_transports, traces};
use crate::fixture::{TestProject, connect, everything, until, watch};
use crate::management::{HTML, LOCK};
use crate::support::fake_management_api::{FakeManagementApi, Manner, patience};
use std::time::Duration;
use supadeck::adapters::management::{ManagementDatabase, Timeouts};
use supadeck::domain::dry_run::{End, Report};
use supadeck::domain::migration::PlanRequest;
use supadeck::domain::problem::{Kind, Problem};
use supadeck::domain::run_event::RunEvent;
use supadeck::ops::migration::{self, Workspace};
use supadeck::ports::DryRunDatabase;

/// The same, and makes sure that nothing whatsoever remains.
async fn rehearse(
    project: &TestProject,
    schema: &Workspace,
    stage: &dyn DryRunDatabase,
    wish: &PlanRequest,
) -> Result<Report, Problem> {
    let before = traces(project).await;
    let report = dry_run_by(schema, stage, wish).await;
    assert_eq!(traces(project).await, before, "{report:?}");
    report
}

async fn over_api(
    project: &TestProject,
    database: &ManagementDatabase,
    wish: &PlanRequest,
) -> Result<Report, Problem> {
    let schema = Workspace::new(project.root.path(), std::sync::Arc::new(database.clone()));
    rehearse(project, &schema, database, wish).await
}

/// A project in use, with a procedure that commits and a function that complains.
async fn project() -> (TestProject, FakeManagementApi) {
    let project = in_use().await;
    let api = FakeManagementApi::start(&project.url).await;
    project
        .db
        .batch_execute("create procedure sly() language plpgsql as $$ begin insert into parent values (50); commit; end $$; create function loud(what text) returns int language plpgsql as $$ begin raise exception '%', what using detail = 'd', hint = 'h'; end $$")
        .await
        .unwrap();
    (project, api)
}

#[tokio::test]
#[rustfmt::skip]
async fn the_report_is_that_of_a_connection() {
    let (project, api) = project().await;
    for sql in [
        "alter table child alter column id type bigint; update child set note = 'x' where id < 4; select * from child",
        "alter table parent drop column old; drop view names; alter table parent drop column name",
        "drop materialized view total; drop table child",
        "truncate child; insert into child (parent_id) values (1); truncate child",
        "do $$ begin raise notice 'hey'; delete from child where id > 15; end $$; refresh materialized view total",
        "alter type mood add value 'c' before 'b'; comment on type mood is 'ä ''x''; --'",
        "create type size as enum ('s'); alter type size add value 'm'; create table sizes (s size default 's')",
        "create function g() returns text language sql as $sd$ select '$$; commit; $sd1$'::text $sd$; create or replace function f() returns int language plpgsql as $supadeck$ begin return '2'; end $supadeck$; select g(), f()",
        "create function h() returns int begin atomic; select 1; select case when true then 2 end; end; select h()",
        "reset all; create table r (); reset all; create index on child (parent_id)",
        "discard plans; discard temp; discard sequences; create table r ()",
        "create schema other; set search_path = other; create table here (); set role anon; do $$ begin if current_user <> 'anon' then raise 'role'; end if; end $$; reset role; create table too (); drop table public.child cascade",
        "set search_path = ''; set local lock_timeout = 0; set statement_timeout = 0; alter table public.parent rename to elders",
        "set quote_all_identifiers = on; set datestyle = german; set intervalstyle = sql_standard; create table w (a interval default '1 day', b date default '2026-01-31'::date)",
        "begin;\ncreate table w ();\ncommit;",
        "-- nothing",
        "create table made as select * from child; explain select 1; show search_path; prepare p as select $1::int; execute p(3); declare c cursor for select * from child; fetch 2 from c; close c; listen x; notify x",
        "insert into child (parent_id) select 1 from generate_series(1, 3); update child set note = 'y' where parent_id = 1; delete from child where note = 'y'",
        "select 'a\\b', e'a\\nb', U&'\\0041', '%', '$1', $q$ ' $q$; create table \"Od d\" (\"a\"\"b\" int); insert into \"Od d\" values (1)",
        "alter table parent enable row level security; alter policy everybody on parent using (false); grant select (id) on parent to anon; alter default privileges grant select on tables to anon",
        "create temp table t (a int) on commit drop; insert into t values (1); create table fresh (id int primary key, c int references child); create trigger t after insert on fresh execute function pg_catalog.suppress_redundant_updates_trigger()",
        "create table p (a int) partition by list (a); create table p1 partition of p for values in (1); insert into p values (1); lock table child",
        "select set_config('standard_conforming_strings', 'off', false); set escape_string_warning = off; select 'a\\\\b'; create view odd as select 'x\\\\y'::text as z",
        "set plpgsql.extra_errors = 'all'; set extra_float_digits = -15; set jit = on; set datestyle = german; set lc_numeric = 'C'; create table e (); drop table child cascade",
    ] {
        project.up("2_case.sql", sql);
        let report = over_both_transports(&project, &api, &everything()).await;
        assert!(report.problem.is_none(), "{sql}: {:?}", report.problem);
    }
}

#[tokio::test]
async fn a_failure_is_told_as_over_a_connection() {
    let (project, api) = project().await;
    project.up("3_next.sql", "create table behind ();");
    for (sql, code) in [
        (
            "alter type mood add value 'c'; create table moods (m mood default 'c')",
            "55P04",
        ),
        (
            "grant all on schema public to anon; set role anon; create table of_anon (); select 1; alter table parent add column x int",
            "42501",
        ),
        (
            "reset session authorization; lock table child in share mode; set session authorization anon",
            "42501",
        ),
        (
            "alter table child add foreign key (parent_id) references parent deferrable initially deferred; insert into child (parent_id) values (99)",
            "23503",
        ),
        (
            "alter table child add unique (note) deferrable initially deferred; set constraints all immediate; insert into child (parent_id, note) values (1, 'a'), (1, 'a')",
            "23505",
        ),
        (
            "select 1;\n-- two\nselect 2;\n  create tabel x ();\nselect 4",
            "42601",
        ),
        (
            "create table b ();\ninsert into parent\n  values ('x')",
            "22P02",
        ),
        ("select 1; select *\nfrom nowhere", "42P01"),
        ("select 1;\n\nselect nothing from parent", "42703"),
        ("insert into parent (id) values (1)", "23505"),
        ("select 1; select loud('no \u{1b}[31m\u{202e}way')", "P0001"),
        ("do $$ begin execute 'selec 1'; end $$", "42601"),
        ("do $$ begin assert false, 'so'; end $$", "P0004"),
        (
            "insert into parent values (51); do $$ begin commit; end $$",
            "2D000",
        ),
        ("insert into parent values (52); call sly()", "2D000"),
    ] {
        project.up("2_case.sql", sql);
        let report = over_both_transports(&project, &api, &everything()).await;
        let found = report
            .problem
            .as_ref()
            .and_then(|problem| problem.code.as_deref());
        assert_eq!(found, Some(code), "{sql}: {:?}", report.problem);
        assert_eq!(report.steps[1].end, End::NotReached);
    }
}

#[tokio::test]
async fn the_report_of_a_rollback_and_of_many_files_is_that_of_a_connection() {
    let project = in_use().await;
    let api = FakeManagementApi::start(&project.url).await;
    let report =
        over_both_transports(&project, &api, &PlanRequest::RollbackLast { count: 1 }).await;
    assert_eq!(report.losses[0].rows, Some(20));
    project.up(
        "2_a.sql",
        "create index concurrently i on child (parent_id);",
    );
    let report = over_both_transports(&project, &api, &everything()).await;
    assert_eq!(report.steps[0].end, End::Skipped);
    for number in 30..57 {
        project.up(
            &format!("{number}_more.sql"),
            format!("create table t{number} (); insert into child (parent_id) values ({number});"),
        );
        if number == 36 || number == 56 {
            let report = over_both_transports(&project, &api, &everything()).await;
            assert!(report.problem.is_none(), "{report:?}");
            assert_eq!(report.sequences, ["public.child_id_seq"]);
            assert_eq!(report.steps[1].difference.is_some(), number == 36);
        }
    }
}

#[tokio::test]
async fn what_a_block_cannot_run_is_refused_in_words_of_its_own() {
    let project = in_use().await;
    let api = FakeManagementApi::start(&project.url).await;
    for (sql, word) in [
        ("select 1; savepoint a; rollback to a", "SAVEPOINT"),
        ("select 1; select * into copied from child", "SELECT … INTO"),
    ] {
        project.up("2_case.sql", sql);
        let report = over_api(&project, &api.database(), &everything())
            .await
            .unwrap();
        // A run can, so nothing is known of the file, and it has not failed.
        assert!(report.problem.is_none(), "{report:?}");
        let step = report.steps.last().unwrap();
        assert_eq!(step.end, End::Unsure);
        assert!(step.note.as_ref().unwrap().contains(word), "{step:?}");
        let problem = step.statements[1].problem.clone().unwrap();
        assert!(problem.why.contains(word), "{problem}");
        assert!(problem.hint.unwrap().contains("--on scratch"));
    }
    project.up("2_case.sql", "select 1");
    let versions = ["2".to_owned()];
    let (database, watch) = (api.database(), watch().0);
    let refused =
        migration::verify_on_target(&project.schema, database.as_ref(), &versions, &watch).await;
    let problem = refused.unwrap_err();
    assert!(problem.hint.unwrap().contains("--on scratch"));
}

#[tokio::test]
async fn a_rehearsal_is_two_calls() {
    let project = in_use().await;
    let api = FakeManagementApi::start(&project.url).await;
    project.up("2_a.sql", "alter table parent drop column old;");
    project.up("3_b.sql", "drop table child cascade;");
    let (before, history) = (api.count(""), api.count("schema_migrations"));
    let report = over_api(&project, &api.database(), &everything())
        .await
        .unwrap();
    assert!(report.problem.is_none(), "{report:?}");
    let history = api.count("schema_migrations") - history;
    assert_eq!(api.count("") - before, 2 + history);
}

#[tokio::test]
async fn a_lock_another_runner_and_a_limit_are_told_as_such() {
    let project = in_use().await;
    let api = FakeManagementApi::start(&project.url).await;
    project.up(
        "2_wait.sql",
        "set lock_timeout = 0; set statement_timeout = 0; reset all; alter table parent add column a int;",
    );
    let other = connect(&project.url).await;
    other
        .batch_execute("begin; lock table parent in access share mode")
        .await
        .unwrap();
    let database = api.database();
    let mut schema = Workspace::new(project.root.path(), database.clone());
    schema.limits.lock_timeout = Duration::from_millis(200);
    let report = rehearse(&project, &schema, database.as_ref(), &everything())
        .await
        .unwrap();
    let problem = report.problem.unwrap();
    assert_eq!(
        (problem.kind, problem.code.as_deref()),
        (Kind::Conflict, Some("55P03"))
    );
    assert!(problem.what.contains("statement 4 of 4"), "{problem}");
    other.batch_execute("rollback").await.unwrap();

    schema.limits.statement_timeout = Some(Duration::from_millis(200));
    project.up(
        "2_wait.sql",
        "set statement_timeout = 0; select pg_sleep(60);",
    );
    let report = rehearse(&project, &schema, database.as_ref(), &everything())
        .await
        .unwrap();
    assert_eq!(report.problem.unwrap().code.as_deref(), Some("57014"));

    other.batch_execute(LOCK).await.unwrap();
    let problem = over_api(&project, &database, &everything())
        .await
        .unwrap_err();
    assert_eq!(
        (problem.kind, problem.retry),
        (Kind::Conflict, true),
        "{problem}"
    );
}

#[tokio::test]
async fn a_rehearsal_that_takes_too_long_for_a_call_says_where_it_stopped() {
    let project = in_use().await;
    let api = FakeManagementApi::start(&project.url).await;
    project.up("2_a.sql", "select pg_sleep(4.1); create table never ();");
    let patience = Timeouts {
        script: Duration::from_secs(8),
        ..patience()
    };
    let mut schema = Workspace::new(project.root.path(), api.with(patience));
    schema.limits.statement_timeout = Some(Duration::from_secs(10));
    let stage = api.with(patience);
    let report = rehearse(&project, &schema, stage.as_ref(), &everything())
        .await
        .unwrap();
    let problem = report.problem.unwrap();
    assert!(problem.what.contains("statement 2 of 2"), "{problem}");
    assert!(problem.hint.unwrap().contains("--db-url"));
}

#[tokio::test]
async fn cancelling_stops_the_server_and_leaves_nothing() {
    let project = in_use().await;
    let api = FakeManagementApi::start(&project.url).await;
    project.up(
        "2_slow.sql",
        "drop view names; select pg_sleep(600); select 1;",
    );
    let before = database_contents(&project).await;
    let database = api.database();
    let schema = Workspace::new(project.root.path(), database.clone());
    let plan = migration::plan(&schema, &everything()).await.unwrap();
    let (watch, mut news) = watch();
    let cancel = watch.cancel.clone();
    let running =
        tokio::spawn(
            async move { migration::dry_run(&schema, database.as_ref(), &plan, &watch).await },
        );
    until(&project.db, ASLEEP).await;
    cancel.cancel();
    let report = running.await.unwrap().unwrap();
    assert_eq!(report.problem.unwrap().kind, Kind::Cancelled);
    assert_eq!(report.steps[0].statements.len(), 2);
    assert_eq!(database_contents(&project).await, before);
    let mut told = false;
    while let Ok(progress) = news.try_recv() {
        told |= progress == RunEvent::Cancelling;
    }
    assert!(told);
}

/// Dry-runs while the call with a word is answered like this; what was said. Nothing remains, and the next one is fine.
async fn said(word: &'static str, manner: Manner) -> Option<Problem> {
    let project = in_use().await;
    let api = FakeManagementApi::start(&project.url).await;
    project.up("2_a.sql", "drop materialized view total; drop table child;");
    api.misbehave(word, manner.clone(), 1);
    let database = api.database();
    let found = over_api(&project, &database, &everything()).await;
    assert!(api.is_spent(), "{manner:?}");
    assert!(!format!("{found:?}").contains("sbp_"));
    let at_work = "select exists (select from pg_stat_activity where strpos(query, 'supadeck-run') > 0 and pid <> pg_backend_pid() and datname = current_database() and state <> 'idle')::text";
    assert_eq!(project.texts(at_work).await, ["false"]);
    let again = over_api(&project, &database, &everything()).await.unwrap();
    assert!(
        again.problem.is_none() && again.losses.len() == 1,
        "{again:?}"
    );
    found.map_or_else(Some, |report| report.problem)
}

/// A word of the call that dry-runs, and one of the call that asks afterwards.
const FIRST: &str = "supadeck.act";
const SECOND: &str = "txid_status";

#[tokio::test]
async fn whatever_the_api_answers_it_is_said_and_nothing_remains() {
    let lost = [
        (
            Manner::Instead("500 Internal Server Error", "", ""),
            Kind::Network,
        ),
        (Manner::Instead("502 Bad Gateway", "", HTML), Kind::Network),
        (Manner::Instead("400 Bad Request", "", ""), Kind::Database),
        (Manner::Instead("201 Created", "", "[]"), Kind::Network),
        (Manner::ResetBefore, Kind::Network),
        (
            Manner::Behind(
                "500 Internal Server Error",
                "",
                r#"{"message":"Failed to run sql query"}"#,
            ),
            Kind::Network,
        ),
        (
            Manner::Behind(
                "400 Bad Request",
                "",
                r#"{"message":"Connection terminated unexpectedly"}"#,
            ),
            Kind::Database,
        ),
        (Manner::Behind("201 Created", "", ""), Kind::Network),
        (Manner::CutOff, Kind::Network),
        (Manner::ResetAfter, Kind::Network),
    ];
    let all = lost.map(|(manner, kind)| async move {
        let problem = said(FIRST, manner.clone()).await.unwrap();
        assert_eq!(problem.kind, kind, "{manner:?}: {problem}");
        assert!(
            problem.what.contains("was lost, and nothing of it remains"),
            "{problem}"
        );
    });
    futures_util::future::join_all(all).await;
}

#[tokio::test]
async fn what_did_not_run_is_told_as_not_begun() {
    for (manner, kind) in [
        (Manner::Instead("401 Unauthorized", "", "{}"), Kind::Auth),
        (Manner::Instead("403 Forbidden", "", "{}"), Kind::Denied),
        (
            Manner::Instead("429 Too Many Requests", "retry-after: 3600\r\n", ""),
            Kind::Network,
        ),
    ] {
        let problem = said(FIRST, manner.clone()).await.unwrap();
        assert_eq!(problem.kind, kind, "{manner:?}: {problem}");
        assert!(!problem.what.contains("lost"), "{problem}");
    }
    let turns = Manner::Instead("429 Too Many Requests", "retry-after: 1\r\n", "");
    assert_eq!(said(FIRST, turns.clone()).await, None);
    assert_eq!(said(SECOND, turns).await, None);
    // Asking is repeated.
    for manner in [
        Manner::CutOff,
        Manner::ResetBefore,
        Manner::Instead("502 Bad Gateway", "", HTML),
    ] {
        assert_eq!(said(SECOND, manner).await, None);
    }
    let problem = said(SECOND, Manner::Instead("403 Forbidden", "", "{}"))
        .await
        .unwrap();
    assert_eq!(problem.kind, Kind::Denied);
}

#[tokio::test]
async fn a_rehearsal_whose_answer_never_comes_is_stopped_on_the_server() {
    let project = in_use().await;
    let api = FakeManagementApi::start(&project.url).await;
    project.up("2_slow.sql", "drop view names; select pg_sleep(600);");
    let patience = Timeouts {
        script: Duration::from_secs(1),
        ..patience()
    };
    let problem = over_api(&project, &api.with(patience), &everything())
        .await
        .unwrap_err();
    assert_eq!(problem.kind, Kind::Network, "{problem}");
    assert!(problem.what.contains("nothing of it remains"), "{problem}");
    let locks = "select count(*)::text from pg_locks where relation = 'names'::regclass and pid <> pg_backend_pid()";
    assert_eq!(project.texts(locks).await, ["0"]);
    assert_eq!(
        project
            .texts(&format!(
                "select ({})::text",
                ASLEEP.trim_start_matches("select ")
            ))
            .await,
        ["false"]
    );

    // One that comes after everybody has looked does nothing at all.
    project.up("2_slow.sql", "insert into child (parent_id) values (1);");
    api.misbehave(FIRST, Manner::Late, 1);
    let problem = over_api(&project, &api.with(patience), &everything())
        .await
        .unwrap_err();
    assert_eq!(problem.kind, Kind::Network, "{problem}");
    let value = "select last_value::text from child_id_seq";
    let before = project.texts(value).await;
    api.release().await;
    assert_eq!(
        project.texts(value).await,
        before,
        "it was said that nothing can come of it"
    );
}

#[tokio::test]
async fn where_nobody_can_be_asked_nothing_is_claimed() {
    let project = in_use().await;
    let api = FakeManagementApi::start(&project.url).await;
    project.up("2_a.sql", "drop table child cascade;");
    let database = api.database();
    let schema = Workspace::new(project.root.path(), database.clone());
    let plan = migration::plan(&schema, &everything()).await.unwrap();
    let before = traces(&project).await;
    api.misbehave("", Manner::CutOff, usize::MAX);
    let found = migration::dry_run(&schema, database.as_ref(), &plan, &watch().0).await;
    let problem = found.unwrap_err();
    assert_eq!(problem.kind, Kind::Network, "{problem}");
    assert!(problem.what.contains("nobody knows yet"), "{problem}");
    assert_eq!(traces(&project).await, before);
}

#[tokio::test]
async fn a_server_that_ends_the_session_leaves_nothing() {
    let project = in_use().await;
    let api = FakeManagementApi::start(&project.url).await;
    project.up(
        "2_a.sql",
        "drop view names; do $$ begin execute 'select pg_' || chr(116) || 'erminate_backend(pg_backend_pid())'; end $$;",
    );
    let problem = over_api(&project, &api.database(), &everything())
        .await
        .unwrap_err();
    assert_eq!(problem.kind, Kind::Network, "{problem}");
}
