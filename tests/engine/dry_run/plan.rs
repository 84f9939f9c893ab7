//! Dry runs on a real Postgres: what they say will change, be locked and be lost is what happens, and nothing remains.

use crate::fixture::database_contents::database_contents;
use crate::fixture::dry_run::{in_use, rehearse, rehearse_with, told};
use crate::fixture::{TestProject, connect, database, everything, watch};
use supadeck::domain::dry_run::{End, Environment, LossKind, Report};
use supadeck::domain::migration::PlanRequest;
use supadeck::domain::problem::Kind;
use supadeck::domain::snapshot::difference::ChangeKind;
use supadeck::ops::migration::{self, Workspace};

/// A file, and what is told of it: locks, changes, losses.
type Case<'a> = (&'a str, &'a [&'a str], &'a [&'a str], &'a [&'a str]);

#[tokio::test]
#[rustfmt::skip]
async fn what_changes_is_locked_and_is_lost_is_right_for_each_kind_of_migration() {
    let cases: &[Case<'_>] = &[
        ("alter table parent add column extra int default 5",
            &["public.parent access exclusive"], &["+ column public.parent.extra"], &[]),
        ("alter table child alter column id type bigint",
            &["public.child access exclusive rewritten"], &["~ sequence public.child_id_seq", "~ column public.child.id"], &[]),
        ("alter table child alter column note type varchar(40)",
            &["public.child access exclusive"], &["~ column public.child.note"], &[]),
        ("create index child_parent on child (parent_id)",
            &["public.child share"], &["+ index child_parent on public.child"], &[]),
        ("alter table child add constraint child_parent_fk foreign key (parent_id) references parent",
            &["public.child share row exclusive", "public.parent share row exclusive"], &["+ constraint child_parent_fk on public.child"], &[]),
        ("alter table child alter column note set not null",
            &["public.child access exclusive"], &[], &[]),
        ("drop materialized view total; drop table child",
            &["public.child access exclusive", "public.total access exclusive"],
            &["- sequence public.child_id_seq", "- table public.child", "- materialized view public.total"],
            &["TableDropped public.child.* Some(20)"]),
        ("alter table parent drop column old",
            &["public.parent access exclusive"], &["- column public.parent.old"], &["ColumnDropped public.parent.old Some(7)"]),
        ("truncate child",
            &["public.child access exclusive"], &[], &["TableEmptied public.child.* Some(20)"]),
        ("do $$ begin delete from child where id > 15; end $$",
            &["public.child row exclusive"], &[], &["RowsDeleted public.child.* Some(5)"]),
        ("update parent set old = null",
            &["public.parent row exclusive"], &[], &["RowsChanged public.parent.* Some(20)"]),
        ("update parent set old = null; update parent set name = 'x'; delete from parent where id > 15",
            &["public.parent row exclusive"], &[], &["RowsDeleted public.parent.* Some(5)", "RowsChanged public.parent.* Some(20)"]),
        ("delete from child where id > 15; update child set note = 'x'; truncate child; insert into child (parent_id) values (1); delete from child",
            &["public.child access exclusive"], &[], &["TableEmptied public.child.* Some(20)"]),
        ("alter type mood add value 'c' before 'b'", &[], &["~ type public.mood"], &[]),
        ("create or replace function f() returns int language sql as 'select 2'", &[], &["~ function public.f()"], &[]),
        ("alter table parent enable row level security; alter policy everybody on parent using (false)",
            &["public.parent access exclusive"], &["~ table public.parent", "~ policy everybody on public.parent"], &[]),
        ("create table fresh (id int primary key, of_child int references child); insert into fresh values (1, 1)",
            &["public.child share row exclusive"], &["+ table public.fresh"], &[]),
        ("comment on table parent is 'The very first.'",
            &["public.parent share update exclusive"], &["~ table public.parent"], &[]),
        ("revoke select on parent from anon", &[], &["~ table public.parent"], &[]),
        ("refresh materialized view total",
            &["public.total access exclusive rewritten", "public.child access share"], &[], &[]),
        ("alter table parent rename to elders",
            &["public.parent access exclusive"],
            &["> table public.parent is renamed to elders", "~ view public.names"], &[]),
    ];
    let project = in_use().await;
    for (sql, locks, changes, losses) in cases {
        if sql.contains("set not null") {
            project.db.batch_execute("update child set note = 'x'").await.unwrap();
        }
        project.up("2_case.sql", sql);
        let report = rehearse(&project, everything()).await;
        let problem = &report.problem;
        if sql.contains("set not null") {
            assert_eq!(told(&report).1, ["~ column public.child.note"], "{sql}");
            continue;
        }
        assert!(problem.is_none(), "{sql}: {problem:?}");
        let found = told(&report);
        let found = (&found.0[..], &found.1[..], &found.2[..]);
        assert_eq!(format!("{found:?}"), format!("{:?}", (locks, changes, losses)), "{sql}");
    }
}

#[tokio::test]
async fn a_rollback_is_rehearsed_with_the_rows_it_would_cost() {
    let project = in_use().await;
    let report = rehearse(&project, PlanRequest::RollbackLast { count: 1 }).await;
    assert!(report.problem.is_none(), "{report:?}");
    let dropped: Vec<_> = report
        .losses
        .iter()
        .map(|loss| (loss.way, loss.table.as_str(), loss.rows, loss.counted))
        .collect();
    assert_eq!(
        dropped,
        [
            (LossKind::TableDropped, "public.child", Some(20), true),
            (LossKind::TableDropped, "public.parent", Some(20), true)
        ]
    );
    assert_eq!(report.difference.count(ChangeKind::Added), 0);
}

#[tokio::test]
async fn each_statement_has_its_rows_notices_place_and_locks() {
    let project = in_use().await;
    project.up(
        "2_a.sql",
        "-- first\ndo $$ begin raise notice 'hello'; update parent set name = 'x' where id < 4; end $$;\n\n  lock table child;\nselect 1 from child;",
    );
    project.up("3_b.sql", "alter table parent add column b int;");
    let report = rehearse(&project, everything()).await;
    let first = &report.steps[0].statements[0];
    assert_eq!((first.statement, first.line, first.rows), (1, Some(2), 0));
    assert_eq!(first.notices, ["NOTICE: hello"]);
    assert_eq!(first.changed[0].rows.updated, 3);
    let second = &report.steps[0].statements[1];
    assert_eq!(
        (second.line, second.locks[0].table.as_str()),
        (Some(4), "public.child")
    );
    let third = &report.steps[0].statements[2];
    assert_eq!((third.rows, third.locks.len()), (20, 0));
    let of_b = report.steps[1].difference.as_ref().unwrap();
    assert_eq!(of_b.changes.len(), 1);
    let held: Vec<_> = report
        .locks
        .iter()
        .map(|held| (held.table.as_str(), held.version.as_str(), held.statement))
        .collect();
    assert_eq!(held, [("public.child", "2", 2), ("public.parent", "3", 1)]);
}

#[tokio::test]
async fn a_failing_statement_is_shown_with_its_place_and_stops_the_rest() {
    let project = in_use().await;
    project.up("2_a.sql", "alter table parent add column a int;");
    project.up(
        "3_b.sql",
        "create table b ();\ninsert into parent\n  values ('x');",
    );
    project.up("4_c.sql", "create table c ();");
    let report = rehearse(&project, everything()).await;
    let ends: Vec<End> = report.steps.iter().map(|step| step.end).collect();
    assert_eq!(ends, [End::Passed, End::Failed, End::NotReached]);
    let problem = report.problem.as_ref().unwrap();
    assert_eq!(problem.kind, Kind::Database);
    assert!(
        problem.what.contains("statement 2 of 2, line 3, column 11"),
        "{problem:?}"
    );
    assert!(problem.detail.as_ref().unwrap().contains('^'));
    let failed = report.steps[1].statements.last().unwrap();
    assert_eq!(
        (failed.statement, failed.problem.as_ref()),
        (2, Some(problem))
    );
    assert_eq!(told(&report).1, ["+ column public.parent.a"]);
}

#[tokio::test]
async fn a_lock_is_held_as_long_as_a_later_file_waits_in_vain_and_the_holder_is_named() {
    let project = in_use().await;
    project.up("2_a.sql", "alter table parent add column a int;");
    project.up("3_b.sql", "select 1; alter table child add column b int;");
    let other = connect(&project.url).await;
    let lock = "set application_name = 'somebody'; begin; lock table child in share mode";
    other.batch_execute(lock).await.unwrap();
    let mut schema = project.schema.clone();
    schema.limits.lock_timeout = std::time::Duration::from_secs(2);
    let report = rehearse_with(&schema, &project, everything(), &watch().0).await;
    let parent = &report.locks[0];
    assert_eq!(parent.table, "public.parent");
    assert!(
        parent.rehearsal_held_ms >= 2000 && parent.held_ms < 2000,
        "{parent:?}"
    );
    let failed = report.steps[1].statements.last().unwrap();
    assert!(failed.took_ms >= 2000, "{failed:?}");
    assert!(report.steps[1].took_ms >= 2000);
    let problem = report.problem.unwrap();
    assert_eq!(problem.code.as_deref(), Some("55P03"));
    for part in ["public.child", "application somebody", "lock table child"] {
        assert!(problem.why.contains(part), "{part}: {problem}");
    }
}

#[tokio::test]
async fn what_only_a_commit_would_find_is_found() {
    let project = in_use().await;
    project.up(
        "2_a.sql",
        "alter table child add foreign key (parent_id) references parent deferrable initially deferred;\n\
        insert into child (parent_id) values (99);",
    );
    let report = rehearse(&project, everything()).await;
    let problem = report.problem.unwrap();
    assert_eq!(problem.code.as_deref(), Some("23503"));
    assert!(
        problem.what.contains("when it was committed"),
        "{problem:?}"
    );
}

#[tokio::test]
async fn a_file_outside_a_transaction_is_skipped_and_the_rest_goes_on() {
    let project = in_use().await;
    project.up(
        "2_a.sql",
        "create index concurrently i on child (parent_id);",
    );
    project.up("3_b.sql", "create table b ();");
    let report = rehearse(&project, everything()).await;
    let ends: Vec<End> = report.steps.iter().map(|step| step.end).collect();
    assert_eq!(ends, [End::Skipped, End::Passed]);
    assert!(
        report.steps[0]
            .note
            .as_ref()
            .unwrap()
            .contains("--on scratch")
    );
}

#[tokio::test]
async fn the_history_builds_a_scratch_database_on_which_a_plan_really_runs() {
    let project = in_use().await;
    project.up("2_a.sql", "alter type mood add value 'c';");
    project.up(
        "3_b.sql",
        "create table moods (m mood default 'c'); alter table parent drop column old;",
    );
    project.up(
        "4_c.sql",
        "create index concurrently i on child (parent_id);",
    );
    let on_target = rehearse(&project, everything()).await;
    // In one transaction the new value cannot be used yet.
    assert_eq!(on_target.steps[1].end, End::Unsure);
    let failed = on_target.steps[1].statements.last().unwrap();
    let problem = failed.problem.as_ref().unwrap();
    assert_eq!(problem.code.as_deref(), Some("55P04"));
    assert!(problem.why.contains("2_a adds the value"), "{problem}");
    assert!(problem.hint.as_ref().unwrap().contains("--on scratch"));

    let plan = project.plan(everything()).await.unwrap();
    let before = database_contents(&project).await;
    let scratch = TestProject::new().await;
    let there = Workspace::new(project.root.path(), database(&scratch.url));
    migration::rebuild(
        &project.schema,
        &there,
        &mut migration::Passing::default(),
        &watch().0,
    )
    .await
    .unwrap();
    let stage = database(&scratch.url);
    let report = migration::rehearse_on_scratch(
        &there,
        stage.as_ref(),
        &plan,
        &mut migration::Passing::default(),
        &watch().0,
    )
    .await
    .unwrap();
    assert!(report.problem.is_none(), "{report:?}");
    assert_eq!(report.on, Environment::Scratch);
    let (locks, changes, losses) = told(&report);
    assert_eq!(locks, ["public.parent access exclusive"]);
    assert_eq!(
        changes,
        [
            "~ type public.mood",
            "+ table public.moods",
            "- column public.parent.old",
            "+ index i on public.child"
        ]
    );
    // A scratch database has no data, so it says nothing about how much there is.
    assert_eq!(losses, ["ColumnDropped public.parent.old None"]);
    assert_eq!(database_contents(&project).await, before);
}

/// Dry-runs everything pending on a scratch database.
async fn on_scratch(project: &TestProject) -> Report {
    let plan = project.plan(everything()).await.unwrap();
    let scratch = TestProject::new().await;
    let there = Workspace::new(project.root.path(), database(&scratch.url));
    migration::rebuild(
        &project.schema,
        &there,
        &mut migration::Passing::default(),
        &watch().0,
    )
    .await
    .unwrap();
    let stage = database(&scratch.url);
    migration::rehearse_on_scratch(
        &there,
        stage.as_ref(),
        &plan,
        &mut migration::Passing::default(),
        &watch().0,
    )
    .await
    .unwrap()
}

#[tokio::test]
async fn what_fails_on_scratch_outside_a_transaction_remains_nowhere_and_says_so() {
    let project = in_use().await;
    project.up(
        "2_a.sql",
        "-- supadeck: no-transaction\ncreate index concurrently i on child (parent_id);\n\
        insert into child (parent_id) values (1), (1);\n\
        create unique index concurrently u on child (parent_id);\nselect 1;",
    );
    let report = on_scratch(&project).await;
    let problem = report.problem.as_ref().unwrap();
    let said = format!("{problem} {:?} {:?}", problem.detail, problem.hint);
    for part in [
        "stopped at statement 3 of 4 on the scratch database",
        "the project's own database is as it was",
        "Statements 1 to 2 would remain done, public.u would be left behind and invalid",
        "Fix the file, and plan again.",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    for part in ["--resume", "repair", "remains."] {
        assert!(!said.contains(part), "{part}: {said}");
    }
    assert!(report.difference.is_empty(), "{:?}", report.difference);
    let step = &report.steps[0];
    assert_eq!(step.end, End::Failed);
    let failed = step.statements.last().unwrap();
    assert_eq!(
        (failed.statement, failed.line, failed.problem.as_ref()),
        (3, Some(4), Some(problem))
    );
    assert!(!project.has("i").await);
}

#[tokio::test]
async fn rows_that_a_migration_inserted_on_scratch_are_none_of_the_target() {
    let project = in_use().await;
    project.up("2_a.sql", "insert into child (parent_id) values (1), (2);");
    project.up("3_b.sql", "delete from child where id > 0;");
    let losses = told(&on_scratch(&project).await).2;
    assert_eq!(losses, ["RowsDeleted public.child.* None"]);
}

#[tokio::test]
async fn what_fails_on_scratch_is_not_blamed_on_the_target() {
    let project = in_use().await;
    project.up("2_a.sql", "set role anon; create table pg_catalog.x ();");
    let problem = on_scratch(&project).await.problem.unwrap();
    assert_eq!(problem.code.as_deref(), Some("42501"));
    let hint = problem.hint.as_deref().unwrap();
    assert!(hint.contains("scratch database lacks"), "{hint}");
    assert!(
        problem.what.contains("on the scratch database"),
        "{problem}"
    );
}

#[tokio::test]
async fn a_history_without_statements_does_not_build_a_scratch_database() {
    let project = in_use().await;
    project
        .db
        .batch_execute("update supabase_migrations.schema_migrations set statements = null")
        .await
        .unwrap();
    let scratch = TestProject::new().await;
    let there = Workspace::new(project.root.path(), database(&scratch.url));
    let refused = migration::rebuild(
        &project.schema,
        &there,
        &mut migration::Passing::default(),
        &watch().0,
    )
    .await
    .unwrap_err();
    assert!(refused.what.contains("version 1"), "{refused}");
}

#[tokio::test]
async fn a_rehearsal_through_a_pooler_leaves_nothing_on_the_shared_connection() {
    let project = in_use().await;
    let Some(pooler) = crate::fixture::pooler::Pooler::start(&project).await else {
        return;
    };
    let url = pooler.url("127.0.0.1", "sslmode=disable");
    let schema = project.through(&url);
    // The driver looks the type of the result up, with statements of its own.
    project.up(
        "2_a.sql",
        "set search_path = ''; set statement_timeout = '1h'; select 'a'::public.mood; drop view public.names;",
    );
    let plan = migration::plan(&schema, &everything()).await.unwrap();
    let before = database_contents(&project).await;
    for _ in 0..3 {
        let report = migration::dry_run(&schema, database(&url).as_ref(), &plan, &watch().0)
            .await
            .unwrap();
        assert!(report.problem.is_none(), "{report:?}");
        assert_eq!(told(&report).1, ["- view public.names"]);
    }
    assert_eq!(database_contents(&project).await, before);
    let shared = connect(&url).await;
    let left = shared
        .simple_query("select name from pg_prepared_statements union all select 'search_path' where current_setting('search_path') = ''")
        .await
        .unwrap();
    assert_eq!(
        left.iter()
            .filter(|one| matches!(one, tokio_postgres::SimpleQueryMessage::Row(_)))
            .count(),
        0
    );
}
